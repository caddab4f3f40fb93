//! An API server that does what a test tells it to: a few objects, lists and watches of them over plain HTTP, and any
//! answer that a real server, a proxy before it or an old version of it may give instead.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kubetui::kinds::envelope::{RawExtension, TypeMeta, Unknown, WatchEvent};
use kubetui::kinds::{self, Block, List, ListMeta};
use prost::Message;
use serde_json::{Value, json};

mod http;
mod wire;

pub use http::{Answer, Request};
pub use wire::{bookmark, error, frame};

use http::{chunk, read, whole};
use wire::sealed;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// A `Status` document.
pub fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code})
}

enum Piece {
    Bytes(Vec<u8>),
    /// The end, in good order.
    End,
    /// The connection is cut, in the middle of whatever it was at.
    Cut,
}

/// A stream that is open.
struct Open {
    plural: String,
    content_type: String,
    to: Sender<Piece>,
}

type Script = Box<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

struct Shared {
    script: Mutex<Arc<Script>>,
    requests: Mutex<Vec<Request>>,
    open: Mutex<Vec<Open>>,
    world: Mutex<World>,
    over: AtomicBool,
}

/// The objects, by plural, and everything that happened to them.
#[derive(Default)]
struct World {
    version: u64,
    objects: BTreeMap<&'static str, BTreeMap<String, Value>>,
    happened: Vec<(u64, &'static str, &'static str, Value)>,
}

/// A server. It ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// With no objects, and everything done as a current server does.
    pub fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let script: Script = Box::new(|_| None);
        let shared = Arc::new(Shared {
            script: Mutex::new(Arc::new(script)),
            requests: Mutex::default(),
            open: Mutex::default(),
            world: Mutex::new(World { version: 100, ..World::default() }),
            over: AtomicBool::new(false),
        });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = accepting.clone();
                std::thread::spawn(move || shared.serve(&stream));
            }
        });
        Server { address, shared }
    }

    /// Writes a kubeconfig that leads here, with `namespace` as the context's own where it is not empty.
    pub fn kubeconfig(&self, folder: &Path, namespace: &str) -> PathBuf {
        let mut context = json!({"cluster": "scripted"});
        if !namespace.is_empty() {
            context["namespace"] = json!(namespace);
        }
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "scripted",
            "clusters": [{"name": "scripted", "cluster": {"server": format!("http://{}", self.address)}}],
            "contexts": [{"name": "scripted", "context": context}],
        });
        let path = folder.join("kubeconfig");
        std::fs::write(&path, config.to_string()).expect("it can be written");
        path
    }

    /// From now on requests are answered by `script`; what it leaves alone is answered as a current server does.
    pub fn on(&self, script: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) {
        *lock(&self.shared.script) = Arc::new(Box::new(script));
    }

    /// As a current server again.
    pub fn behave(&self) {
        self.on(|_| None);
    }

    /// An object is there, or is otherwise now. Those who watch are told.
    pub fn put(&self, plural: &'static str, object: Value) {
        let known = lock(&self.shared.world).objects.get(plural).is_some_and(|all| all.contains_key(&uid(&object)));
        self.happen(plural, if known { "MODIFIED" } else { "ADDED" }, object);
    }

    /// An object goes. Those who watch are told.
    pub fn delete(&self, plural: &'static str, object: Value) {
        self.happen(plural, "DELETED", object);
    }

    /// An object is there or gone, and nobody is told: what happens while nobody watches.
    pub fn silently(&self, plural: &'static str, object: Value, there: bool) {
        let mut world = lock(&self.shared.world);
        world.change(plural, if there { "ADDED" } else { "DELETED" }, object);
        world.happened.clear();
    }

    fn happen(&self, plural: &'static str, what: &'static str, object: Value) {
        // Under one lock: a watch that begins now has it either from its list or from here.
        let mut world = lock(&self.shared.world);
        let object = world.change(plural, what, object);
        for open in lock(&self.shared.open).iter().filter(|open| open.plural == plural) {
            let _ = open.to.send(Piece::Bytes(frame(&open.content_type, plural, what, &object)));
        }
    }

    /// Sends the open watches of a kind something of one's own: `make` gets the stream's type.
    pub fn push(&self, plural: &str, make: impl Fn(&str) -> Vec<u8>) {
        for open in lock(&self.shared.open).iter().filter(|open| open.plural == plural) {
            let _ = open.to.send(Piece::Bytes(make(&open.content_type)));
        }
    }

    /// Ends the open watches of a kind in good order.
    pub fn end(&self, plural: &str) {
        self.part(plural, || Piece::End);
    }

    /// Cuts the connections of the open watches of a kind.
    pub fn cut(&self, plural: &str) {
        self.part(plural, || Piece::Cut);
    }

    fn part(&self, plural: &str, piece: impl Fn() -> Piece) {
        lock(&self.shared.open).retain(|open| {
            if open.plural == plural {
                let _ = open.to.send(piece());
            }
            open.plural != plural
        });
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// What was asked for so far of a kind.
    pub fn requests_of(&self, plural: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.is_of(plural)).collect()
    }

    /// What a current server says to this.
    pub fn usual(&self) -> impl Fn(&Request) -> Answer + Send + Sync + use<> {
        let shared = self.shared.clone();
        move |request| shared.usual(request)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Their threads end with what they wait for.
        lock(&self.shared.open).clear();
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

impl World {
    fn change(&mut self, plural: &'static str, what: &'static str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let all = self.objects.entry(plural).or_default();
        if what == "DELETED" {
            all.remove(&uid(&object));
        } else {
            all.insert(uid(&object), object.clone());
        }
        self.happened.push((self.version, plural, what, object.clone()));
        object
    }

    /// The objects that a request is about: of its kind, in its namespace.
    fn of(&self, request: &Request) -> Vec<Value> {
        let mut parts = request.path.rsplit('/');
        let plural = parts.next().unwrap_or_default();
        let namespace = parts.next().filter(|_| parts.next() == Some("namespaces"));
        let inside = |object: &&Value| namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace);
        self.objects.get(plural).map(|all| all.values().filter(inside).cloned().collect()).unwrap_or_default()
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut writer = stream;
        while let Some(request) = read(&mut reader) {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            lock(&self.requests).push(request.clone());
            let script = lock(&self.script).clone();
            let answer = match script(&request) {
                Some(answer) => answer,
                None if request.watches() => {
                    // Registered before anything more can happen.
                    let world = lock(&self.world);
                    let (content_type, first) = world.watch(&request);
                    let stream = self.register(&request, content_type, first);
                    drop(world);
                    if !stream(&mut writer) {
                        return;
                    }
                    continue;
                }
                None => self.usual(&request),
            };
            let goes_on = match answer {
                Answer::Whole { code, content_type, headers, body } => whole(&mut writer, code, &content_type, &headers, &body).is_ok(),
                Answer::Stream { content_type, first } => self.register(&request, content_type, first)(&mut writer),
            };
            if !goes_on {
                break;
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
    }

    /// Gives what writes the stream to its end; whether the connection can be used again.
    fn register(&self, request: &Request, content_type: String, first: Vec<u8>) -> impl FnOnce(&mut &TcpStream) -> bool + use<> {
        let (to, pieces) = mpsc::channel();
        let plural = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        lock(&self.open).push(Open { plural, content_type: content_type.clone(), to });
        move |writer| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n");
            let mut write = |bytes: &[u8]| -> bool { writer.write_all(bytes).and_then(|()| writer.flush()).is_ok() };
            if !write(head.as_bytes()) || !write(&chunk(&first)) {
                return false;
            }
            for piece in pieces {
                let goes_on = match piece {
                    Piece::Bytes(bytes) => write(&chunk(&bytes)),
                    Piece::End => return write(b"0\r\n\r\n"),
                    Piece::Cut => false,
                };
                if !goes_on {
                    break;
                }
            }
            let _ = writer.shutdown(Shutdown::Both);
            false
        }
    }

    fn usual(&self, request: &Request) -> Answer {
        let recorded = |text: &str| Answer::json(&serde_json::from_str(text).expect("recorded"));
        match request.path.as_str() {
            "/version" => Answer::json(&json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3-scripted"})),
            "/api" => recorded(include_str!("../../frames/discovery-api.json")),
            "/apis" => recorded(include_str!("../../frames/discovery-apis.json")),
            path if path.starts_with("/apis/metrics.k8s.io/") => {
                Answer::refusal(404, "NotFound", "the server could not find the requested resource")
            }
            path if path.ends_with("/selfsubjectrulesreviews") => {
                let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
                Answer::json(&json!({"status": {"resourceRules": everything, "nonResourceRules": [], "incomplete": false}}))
            }
            // A write is taken, and changes nothing: tests say what is there.
            _ if request.method != "GET" => Answer::json(&lock(&self.world).one(request).unwrap_or_else(|| request.body.clone())),
            _ if request.watches() => {
                let (content_type, first) = lock(&self.world).watch(request);
                Answer::Stream { content_type, first }
            }
            _ => {
                let world = lock(&self.world);
                world.one(request).map_or_else(|| world.list_or_nothing(request), |object| Answer::json(&object))
            }
        }
    }
}

impl World {
    /// The beginning of a watch: the list and its end, or what happened since a version.
    fn watch(&self, request: &Request) -> (String, Vec<u8>) {
        let plural = request.path.rsplit('/').next().unwrap_or_default();
        let content_type = chosen(request, plural, ";stream=watch");
        let mut first = Vec::new();
        match request.value("resourceVersion") {
            Some(version) => {
                let since: u64 = version.parse().unwrap_or_default();
                for (_, _, what, object) in self.happened.iter().filter(|(version, of, ..)| *version > since && *of == plural) {
                    first.extend(frame(&content_type, plural, what, object));
                }
            }
            None => {
                for object in self.of(request) {
                    first.extend(frame(&content_type, plural, "ADDED", &object));
                }
                first.extend(bookmark(&content_type, plural, self.version, true));
            }
        }
        (content_type, first)
    }

    /// The object that a path names, or its scale.
    fn one(&self, request: &Request) -> Option<Value> {
        let mut parts: Vec<&str> = request.path.split('/').collect();
        let scale = parts.pop_if(|last| *last == "scale").is_some();
        let [.., plural, name] = parts.as_slice() else { return None };
        let inside = |object: &&Value| {
            object["metadata"]["namespace"].as_str().is_none_or(|space| request.path.contains(&format!("/namespaces/{space}/")))
        };
        let object = self.objects.get(*plural)?.values().filter(inside).find(|object| object["metadata"]["name"] == **name)?;
        let replicas = json!({"replicas": object["spec"]["replicas"]});
        Some(if scale {
            json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": object["metadata"], "spec": replicas, "status": replicas})
        } else {
            object.clone()
        })
    }

    /// A list of a kind, or what is said of an object that is not there.
    fn list_or_nothing(&self, request: &Request) -> Answer {
        let mut parts = request.path.rsplit('/');
        let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        // A namespace's name is no kind, and `namespaces` is one.
        if self.objects.contains_key(before) && !self.objects.contains_key(last) {
            return Answer::refusal(404, "NotFound", &format!("{before} \"{last}\" not found"));
        }
        self.list(request)
    }

    /// A list, in pages where they are asked for; the token is where the next page begins.
    fn list(&self, request: &Request) -> Answer {
        let plural = request.path.rsplit('/').next().unwrap_or_default();
        let all = self.of(request);
        let from: usize = request.value("continue").and_then(|token| token.parse().ok()).unwrap_or(0);
        let limit: usize = request.value("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
        let until = from.saturating_add(limit).min(all.len());
        let proceed = if until < all.len() { until.to_string() } else { String::new() };
        let page = &all[from.min(until)..until];
        let content_type = chosen(request, plural, "");
        let version = self.version.to_string();
        let body = match block(plural).filter(|_| content_type.starts_with(PROTOBUF)) {
            Some(block) => {
                let items = page.iter().map(|object| (block.encode)(&object.clone().into()).expect("encodes").into()).collect();
                let list = List { metadata: Some(ListMeta { resource_version: version, proceed, remaining_item_count: None }), items };
                sealed(&format!("{}List", block.kind), list.encode_to_vec())
            }
            None => {
                let list = json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version, "continue": proceed}, "items": page});
                list.to_string().into_bytes()
            }
        };
        Answer::Whole { code: 200, content_type, headers: Vec::new(), body }
    }
}

fn block(plural: &str) -> Option<&'static Block> {
    kinds::BLOCKS.iter().copied().find(|block| block.plural == plural)
}

/// Protobuf where it is asked for and the kind has it, else JSON.
fn chosen(request: &Request, plural: &str, stream: &str) -> String {
    let protobuf = block(plural).is_some() && request.accept.starts_with(PROTOBUF);
    format!("{}{stream}", if protobuf { PROTOBUF } else { "application/json" })
}

/// A pod that runs.
pub fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "namespace": namespace, "uid": format!("uid-of-{namespace}-{name}"),
            "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"app": "scripted"},
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "app", "image": "web:1"}]},
        "status": {
            "phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": "app", "ready": true, "restartCount": 0, "image": "web:1", "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }],
        },
    })
}

/// How long the program may take for anything that needs no waiting.
pub const SOON: Duration = Duration::from_secs(15);
