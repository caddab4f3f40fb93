//! Where a scenario is played: a cluster's API, a namespace of its own, and that cluster's time.
//!
//! A scenario waits with [`Ground::until`] and [`Watch::next`] only. On a real cluster these look again and again; on the
//! demo they put its clock forward between two looks, so that nobody sleeps there.

use std::cell::Cell;
use std::time::{Duration, Instant};

use http::{Method, Request};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kubetui::demo::Options;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::watching::Watch;
use crate::cluster::Cluster;

/// What controllers, kubelets and a busy machine may take together; on the demo, of its own time.
const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks at a real cluster.
const LOOK: Duration = Duration::from_millis(60);

/// Where a demo's time begins: 2026-11-21T12:00:00Z, in milliseconds since 1970.
const NOON: i64 = 1_795_262_400_000;

/// How far the demo's clock goes between two looks.
const STEP: u64 = 250;

/// How the time passes here.
pub enum Time {
    /// By itself.
    Real,
    /// Only when it is told to, by so many milliseconds.
    Told(Box<dyn Fn(u64)>),
}

/// A cluster's API and a namespace of the scenario's own, which goes with it.
pub struct Ground {
    client: Client,
    kubeconfig: Kubeconfig,
    namespace: String,
    time: Time,
    runtime: Option<Runtime>,
    /// Held while it is used: the real cluster's programs must not be stopped meanwhile.
    _cluster: Option<Cluster>,
}

/// An answer of the API, whatever its code.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status code.
    pub code: u16,
    /// The object, the list or the `Status`; a string when it is not JSON.
    pub body: Value,
}

/// The kinds of patches, by their media types.
#[derive(Clone, Copy)]
pub enum Patch {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl Patch {
    fn media_type(self) -> &'static str {
        match self {
            Patch::Json => "application/json-patch+json",
            Patch::Merge => "application/merge-patch+json",
            Patch::Strategic => "application/strategic-merge-patch+json",
            Patch::Apply => "application/apply-patch+yaml",
        }
    }
}

/// The real control plane, or `None` when there is none.
pub fn real(name: &str) -> Option<Ground> {
    let cluster = Cluster::from_env()?;
    let mut kubeconfig = Kubeconfig::read_from(cluster.kubeconfig()).expect("the kubeconfig can be read");
    // `Kubeconfig::read_from` makes its paths absolute, so that the file itself is not needed again.
    kubeconfig.current_context.get_or_insert_with(|| "admin".to_owned());
    Some(Ground::new(name, kubeconfig, Time::Real, Some(cluster)))
}

/// A demo of the scenario's own, with a time of its own.
pub fn demo(name: &str) -> Option<Ground> {
    demo_with(name, Options { empty: true, ..Options::default() })
}

/// The demo as people see it, with all that is in it.
pub fn whole_demo(name: &str) -> Option<Ground> {
    demo_with(name, Options::default())
}

fn demo_with(name: &str, options: Options) -> Option<Ground> {
    let demo = kubetui::demo::start_at(NOON, options).expect("the demo starts");
    let kubeconfig = Kubeconfig::from_yaml(&demo.kubeconfig()).expect("a kubeconfig");
    Some(Ground::new(name, kubeconfig, Time::Told(Box::new(move |milliseconds| demo.pass(milliseconds as i64))), None))
}

/// Plays a scenario, and takes its namespace away whatever comes of it.
pub fn play(ground: Option<Ground>, scenario: impl AsyncFnOnce(&Ground)) {
    let Some(mut ground) = ground else { return };
    let runtime = ground.runtime.take().expect("it was made with one");
    let ending = Ending { ground, runtime };
    ending.runtime.block_on(async {
        ending.ground.settle_in().await;
        scenario(&ending.ground).await;
    });
}

/// Deletes the namespace, also after a panic.
struct Ending {
    ground: Ground,
    runtime: Runtime,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let path = format!("/api/v1/namespaces/{}", self.ground.namespace);
        // A scenario that fails has a better reason to tell than this.
        self.runtime.block_on(async {
            let request = Request::delete(path).body(Body::empty()).expect("a request");
            drop(self.ground.client.send(request).await);
        });
    }
}

impl Ground {
    /// A ground on the server that a kubeconfig's current context leads to; `name` tells its namespace from others.
    pub fn new(name: &str, kubeconfig: Kubeconfig, time: Time, cluster: Option<Cluster>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(client(&kubeconfig, None));
        let namespace = format!("sc-{}-{}", name.replace('_', "-"), std::process::id());
        let namespace = if namespace.len() > 63 { namespace[namespace.len() - 60..].trim_matches('-').to_owned() } else { namespace };
        Ground { client, kubeconfig, namespace, time, runtime: Some(runtime), _cluster: cluster }
    }

    /// Makes the namespace, and waits for what the first pod in it needs.
    async fn settle_in(&self) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        self.post("/api/v1/namespaces", &namespace).await.ok();
        self.until("the default service account", async || self.get(&self.core("serviceaccounts/default")).await.there()).await;
    }

    /// The namespace's name.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Lets so many milliseconds go by, where the time only passes when it is told to.
    pub fn pass(&self, milliseconds: u64) {
        if let Time::Told(advance) = &self.time {
            advance(milliseconds);
        }
    }

    /// Whether this is a real cluster, whose time nobody can put forward.
    pub fn is_real(&self) -> bool {
        matches!(self.time, Time::Real)
    }

    /// Writes its kubeconfig, for a program of its own that looks at it.
    pub fn write_kubeconfig(&self, path: &std::path::Path) {
        // JSON is YAML.
        let text = serde_json::to_string(&self.kubeconfig).expect("a kubeconfig");
        std::fs::write(path, text).expect("written");
    }

    /// The path of something of the core group in the namespace.
    pub fn core(&self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/{rest}", self.namespace)
    }

    /// The path of something of `apps/v1` in the namespace.
    pub fn apps(&self, rest: &str) -> String {
        self.path("apps/v1", rest)
    }

    /// The path of something of `batch/v1` in the namespace.
    pub fn batch(&self, rest: &str) -> String {
        self.path("batch/v1", rest)
    }

    /// The path of something of another group in the namespace.
    pub fn path(&self, group_version: &str, rest: &str) -> String {
        format!("/apis/{group_version}/namespaces/{}/{rest}", self.namespace)
    }

    /// Reads an object or a list.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    /// Reads what is asked for by `Accept`.
    pub async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.call(Method::GET, path, &[("accept", accept)], None).await
    }

    /// Creates.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, &[("content-type", "application/json")], Some(body.to_string())).await
    }

    /// Creates from text as it is, which may be no JSON at all.
    pub async fn post_text(&self, path: &str, media_type: &str, body: &str) -> Answer {
        self.call(Method::POST, path, &[("content-type", media_type)], Some(body.to_owned())).await
    }

    /// Replaces.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, &[("content-type", "application/json")], Some(body.to_string())).await
    }

    /// Patches.
    pub async fn patch(&self, path: &str, patch: Patch, body: &Value) -> Answer {
        self.call(Method::PATCH, path, &[("content-type", patch.media_type())], Some(body.to_string())).await
    }

    /// Deletes with `DeleteOptions`, or with none when they are null.
    pub async fn delete(&self, path: &str, options: &Value) -> Answer {
        let body = (!options.is_null()).then(|| options.to_string());
        self.call(Method::DELETE, path, &[("content-type", "application/json")], body).await
    }

    /// The same cluster as another user, by the name of a context of the kubeconfig.
    pub async fn post_as(&self, context: &str, path: &str, body: &Value) -> Answer {
        let client = client(&self.kubeconfig, Some(context)).await;
        let request = Request::post(path).header("content-type", "application/json");
        send(&client, request.body(Body::from(body.to_string().into_bytes())).expect("a request")).await
    }

    /// Reads as another user.
    pub async fn get_as_user(&self, context: &str, path: &str) -> Answer {
        let client = client(&self.kubeconfig, Some(context)).await;
        send(&client, Request::get(path).body(Body::empty()).expect("a request")).await
    }

    async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |text| Body::from(text.into_bytes()));
        send(&self.client, request.body(body).expect("a request")).await
    }

    /// The objects of a list, which must succeed.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        match self.get(path).await.ok()["items"].take() {
            Value::Array(items) => items,
            other => panic!("{path}: no list but {other}"),
        }
    }

    /// The nodes on which pods run; those without a host name are another suite's, and come and go.
    pub async fn nodes(&self) -> Vec<Value> {
        self.items("/api/v1/nodes?labelSelector=kubernetes.io%2Fhostname").await
    }

    /// Opens a watch; the path has its parameters, `watch=1` among them.
    pub async fn watch(&self, path: &str) -> Watch<'_> {
        self.watch_as(path, "application/json").await
    }

    /// The same for another media type.
    pub async fn watch_as(&self, path: &str, accept: &str) -> Watch<'_> {
        assert!(path.contains("watch="), "{path} is no watch");
        let request = Request::get(path).header("accept", accept).body(Body::empty()).expect("a request");
        let response = self.client.send(request).await.unwrap_or_else(|e| panic!("{path}: {e}"));
        let code = response.status().as_u16();
        Watch { ground: self, code, body: response.into_body(), buffer: Vec::new(), ended: false }
    }

    /// Looks until it becomes so; panics with the last reason when patience is out.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
        let waiting = Waiting::new(self);
        loop {
            match look().await {
                Ok(found) => return found,
                Err(why) => assert!(waiting.may_go_on(), "{}: waited in vain for {what}: {why}", self.namespace),
            }
            waiting.step(LOOK).await;
        }
    }

    /// Waits until an object at a path is as it should be: `wrong` says what is not, or nothing.
    pub async fn until_object(&self, path: &str, wrong: impl Fn(&Value) -> Option<String>) -> Value {
        self.until(path, async || {
            let object = self.get(path).await.there()?;
            match wrong(&object) {
                None => Ok(object),
                Some(why) => Err(why),
            }
        })
        .await
    }

    /// Waits until the values at these JSON pointers are these; a missing one counts as null.
    pub async fn until_is(&self, path: &str, expected: &[(&str, Value)]) -> Value {
        self.until_object(path, |object| {
            expected.iter().find_map(|(pointer, value)| {
                let found = object.pointer(pointer).unwrap_or(&Value::Null);
                (found != value).then(|| format!("{pointer} is {found}, not {value}: {}", object["status"]))
            })
        })
        .await
    }

    /// Waits until a path leads to nothing any more.
    pub async fn until_gone(&self, path: &str) {
        self.until(&format!("the end of {path}"), async || {
            let answer = self.get(path).await;
            if answer.code == 404 { Ok(()) } else { Err(format!("{} {}", answer.code, answer.body["metadata"])) }
        })
        .await;
    }

    /// Waits until a list has so many objects.
    pub async fn until_count(&self, path: &str, count: usize) -> Vec<Value> {
        self.until(&format!("{count} of {path}"), async || {
            let items = self.items(path).await;
            if items.len() == count { Ok(items) } else { Err(format!("there are {}", items.len())) }
        })
        .await
    }
}

/// One wait, with its deadline in the time of the ground.
pub(super) struct Waiting<'a> {
    time: &'a Time,
    start: Instant,
    told: Cell<u64>,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(ground: &'a Ground) -> Self {
        Waiting { time: &ground.time, start: Instant::now(), told: Cell::new(0) }
    }

    pub(super) fn may_go_on(&self) -> bool {
        // A told time that never gets anywhere is stopped too, but by a clock that a busy machine does not reach.
        Duration::from_millis(self.told.get()) < PATIENCE && self.start.elapsed() < PATIENCE
    }

    pub(super) async fn step(&self, pause: Duration) {
        match self.time {
            Time::Real => tokio::time::sleep(pause).await,
            Time::Told(advance) => {
                advance(STEP);
                self.told.set(self.told.get() + STEP);
                tokio::task::yield_now().await;
            }
        }
    }
}

impl Answer {
    /// The object. Panics with the server's words when it was refused.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.code), "refused with {}: {}", self.code, self.body);
        self.body
    }

    /// The object, or the server's words when it is not there or not given.
    pub fn there(self) -> Result<Value, String> {
        if (200..300).contains(&self.code) { Ok(self.body) } else { Err(format!("{}: {}", self.code, self.body["message"])) }
    }

    /// The `Status` of a refusal, whose code and reason are these.
    #[track_caller]
    pub fn refused(self, code: u16, reason: &str) -> Value {
        assert_eq!((self.code, self.body["reason"].as_str().unwrap_or_default()), (code, reason), "{}", self.body);
        assert_eq!(
            (&self.body["kind"], &self.body["status"], &self.body["code"]),
            (&json!("Status"), &json!("Failure"), &json!(code)),
            "{}",
            self.body
        );
        self.body
    }
}

async fn client(kubeconfig: &Kubeconfig, context: Option<&str>) -> Client {
    // The demo says in its contexts' names that it is one.
    let has = |name: &str| kubeconfig.contexts.iter().any(|c| c.name == name);
    let context = context.map(|name| if has(name) { name.to_owned() } else { format!("demo-{name}") });
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig.clone(), &options).await.expect("a kubeconfig that leads somewhere");
    // A refusal with 429 is an answer that scenarios look at.
    config.default_retry = false;
    Client::try_from(config).expect("a client")
}

async fn send(client: &Client, request: Request<Body>) -> Answer {
    let what = format!("{} {}", request.method(), request.uri());
    let response = client.send(request).await.unwrap_or_else(|e| panic!("{what}: {e}"));
    let code = response.status().as_u16();
    let json = response.headers().get("content-type").is_some_and(|of| of.to_str().is_ok_and(|of| of.contains("json")));
    let bytes = response.into_body().collect().await.unwrap_or_else(|e| panic!("{what}: {e}")).to_bytes();
    // A line of a log may be JSON, and is text all the same.
    let body = json.then(|| serde_json::from_slice(&bytes).ok()).flatten();
    let body = body.unwrap_or_else(|| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answer { code, body }
}

#[test]
fn told_time_goes_on_between_looks_and_runs_out() {
    use std::rc::Rc;
    let kubeconfig = "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], users: [{name: a, user: {}}], \
         clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]}";
    let now = Rc::new(Cell::new(0));
    let told = Rc::clone(&now);
    let time = Time::Told(Box::new(move |milliseconds| told.set(told.get() + milliseconds)));
    let mut ground = Ground::new("told", Kubeconfig::from_yaml(kubeconfig).expect("a kubeconfig"), time, None);
    let runtime = ground.runtime.take().expect("a runtime");
    let later = async || if now.get() >= 30_000 { Ok(now.get()) } else { Err("too early".to_owned()) };
    assert_eq!(runtime.block_on(ground.until("half a minute", later)), 30_000);
    let never = std::panic::AssertUnwindSafe(|| runtime.block_on(ground.until::<()>("nothing", async || Err("never".to_owned()))));
    std::panic::catch_unwind(never).expect_err("patience runs out");
    assert_eq!(now.get(), 30_000 + PATIENCE.as_millis() as u64);
}
