//! What users may do, as the program finds it out, against what the server itself says of the same request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kubetui::cluster::connect::{self, Options, Session};
use kubetui::cluster::kubeconfig::{Loaded, Paths};
use kubetui::cluster::write::access;
use kubetui::commands;
use kubetui::keymap::{self, Keymap};
use kubetui::model::kind::Kind;
use kubetui::model::rights::{Attempt, Rights};
use kubetui::model::scope::Scope;
use kubetui::model::state::Context;
use kubetui::model::time::Clock;
use kubetui::theme::{self, Depth, Theme};
use kubetui::view::state::State;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::wait::wait_until;

/// Somebody who asks.
pub struct Asker {
    runtime: tokio::runtime::Runtime,
    session: Session,
    /// How many questions went over the wire.
    pub asked: usize,
}

impl Asker {
    /// As a user of a kubeconfig, or as somebody else.
    pub fn new(kubeconfig: &std::path::Path, options: &Options) -> Asker {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let loaded = Loaded::load(&Paths::of(Some(kubeconfig))).expect("the kubeconfig can be read");
        let session = runtime.block_on(connect::open(&loaded, options)).expect("a session");
        Asker { runtime, session, asked: 0 }
    }

    fn of(kubeconfig: &std::path::Path, context: &str) -> Asker {
        Asker::new(kubeconfig, &Options { context: Some(context.to_owned()), ..Options::default() })
    }

    /// Looks, asks what is noted, and looks again until nothing is left to ask.
    pub fn settle<T>(&mut self, rights: &mut Rights, look: impl Fn(&Rights) -> T) -> T {
        for _ in 0..5 {
            let seen = look(rights);
            let asks = rights.take(Instant::now());
            if asks.is_empty() {
                return seen;
            }
            for ask in asks {
                let said = self.runtime.block_on(access::ask(&self.session, &ask));
                self.asked += 1;
                rights.tell(ask, said, Instant::now());
            }
        }
        panic!("there is no end of questions");
    }
}

/// One thing to try: verb, `resource.group/subresource`, namespace (none: cluster scope), name.
type Try = (&'static str, &'static str, &'static str, &'static str);

fn kind_of(resource: &str, namespaced: bool) -> (Kind, &str) {
    let (full, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (plural, group) = full.split_once('.').unwrap_or((full, ""));
    (Kind { group: group.into(), version: "v1".into(), plural: plural.into(), namespaced, ..Kind::default() }, subresource)
}

/// What the program finds out.
fn found(asker: &mut Asker, rights: &mut Rights, tries: &[Try]) -> Vec<Option<bool>> {
    let one = |(verb, resource, namespace, name): &Try| {
        let (kind, subresource) = kind_of(resource, !namespace.is_empty());
        Attempt::new(verb, &kind, subresource, namespace, name)
    };
    // One by one, as a cursor would go.
    tries.iter().map(|attempt| asker.settle(rights, |rights| rights.may(&one(attempt), Instant::now()))).collect()
}

/// What the server says of each: one SelfSubjectAccessReview for one request, all of them by one kubectl.
fn said(cluster: &Cluster, who: &[&str], tries: &[Try]) -> Vec<Option<bool>> {
    let review = |(verb, resource, namespace, name): &Try| {
        let (kind, subresource) = kind_of(resource, true);
        // RequestInfo: a namespace is asked for inside itself, and what is created has no name yet.
        let own = *resource == "namespaces" && *verb != "create";
        let name = if *verb == "create" && subresource.is_empty() { "" } else { name };
        let attributes = json!({
            "verb": verb, "group": *kind.group, "resource": *kind.plural, "subresource": subresource,
            "namespace": if own { name } else { namespace }, "name": name,
        });
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}})
    };
    let reviews: Vec<Value> = tries.iter().map(review).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": reviews}).to_string();
    let arguments = [&["create", "--validate=false", "-o", "json", "-f", "-"], who].concat();
    let answer = cluster.try_kubectl(&arguments, &list).expect("kubectl");
    // One document after the other.
    let documents = serde_json::Deserializer::from_str(&answer).into_iter::<Value>().map(|document| document.expect("json"));
    documents.map(|document| document["status"]["allowed"].as_bool()).collect()
}

fn agree(who: &str, tries: &[Try], found: &[Option<bool>], said: &[Option<bool>]) {
    assert_eq!(found.len(), said.len());
    for ((attempt, found), said) in tries.iter().zip(found).zip(said) {
        assert!(said.is_some(), "{who} {attempt:?}: the server says something");
        assert_eq!(found, said, "{who} {attempt:?}");
    }
}

const TRIES: &[Try] = &[
    ("get", "pods", "team-1", "web"),
    ("delete", "pods", "team-1", "web"),
    ("create", "pods", "team-1", "web"),
    ("create", "pods/exec", "team-1", "web"),
    ("create", "pods/eviction", "team-1", "web"),
    ("get", "pods/log", "team-1", "web"),
    ("get", "secrets", "team-1", "db"),
    ("patch", "deployments.apps", "team-1", "web"),
    ("patch", "deployments.apps/scale", "team-1", "web"),
    ("get", "deployments.apps/scale", "team-1", "web"),
    ("delete", "deployments.apps", "default", "web"),
    ("create", "jobs.batch", "team-1", ""),
    ("delete", "rolebindings.rbac.authorization.k8s.io", "team-1", "x"),
    ("patch", "widgets.example.com", "team-1", "x"),
    ("get", "nodes", "", "node-1"),
    ("patch", "nodes", "", "node-1"),
    ("delete", "persistentvolumes", "", "pv"),
    ("get", "namespaces", "", "team-1"),
    ("delete", "namespaces", "", "team-1"),
    ("delete", "namespaces", "", "default"),
    ("create", "namespaces", "", "fresh"),
    ("create", "selfsubjectaccessreviews.authorization.k8s.io", "", ""),
];

#[test]
fn every_user_of_the_control_plane_may_what_its_server_says() {
    let Some(cluster) = Cluster::from_env() else { return };
    let mut yes = Vec::new();
    for user in ["admin", "viewer", "poller", "team-1", "nobody"] {
        let (mut asker, mut rights) = (Asker::of(cluster.kubeconfig(), user), Rights::default());
        let found = found(&mut asker, &mut rights, TRIES);
        agree(user, TRIES, &found, &said(&cluster, &["--context", user], TRIES));
        yes.push(found.iter().filter(|answer| **answer == Some(true)).count());
        // The rules of three namespaces, and answers for what lives in none and is not denied by all rules.
        assert!(asker.asked <= 3 + 8, "{user}: {} questions", asker.asked);
    }
    assert_eq!((yes[0], yes[4]), (TRIES.len(), 1), "the administrator may everything, nobody may ask");
    assert!(yes[1] > 4 && yes[3] > yes[1], "{yes:?}");
}

/// Roles and bindings of a user that exists only in them.
struct Bound<'a> {
    cluster: &'a Cluster,
    objects: String,
}

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        let _ = self.cluster.try_kubectl(&["delete", "--ignore-not-found", "--wait=false", "-f", "-"], &self.objects);
    }
}

const TESTER: &str = "rights-tester";

/// `get nodes` by a RoleBinding (which opens nothing), one deployment by its name, every scale, and what begins with one.
const BOUND: &str = r#"
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: rights-tester}, rules: [
  {verbs: [get, patch], apiGroups: [""], resources: [nodes, namespaces]},
  {verbs: [patch], apiGroups: [apps], resources: [deployments], resourceNames: [web]},
  {verbs: [get, patch], apiGroups: ["*"], resources: ["*/scale"]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rights-tester, namespace: default},
 subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: rights-tester}],
 roleRef: {kind: ClusterRole, apiGroup: rbac.authorization.k8s.io, name: rights-tester}}
"#;

/// A binding to a role that is not there: the server says that the rules may not be all of them.
const DANGLING: &str = r#"
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rights-tester-dangling, namespace: default},
 subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: rights-tester}],
 roleRef: {kind: Role, apiGroup: rbac.authorization.k8s.io, name: rights-tester-is-not-there}}
"#;

const BOUND_TRIES: &[Try] = &[
    ("patch", "deployments.apps", "default", "web"),
    ("patch", "deployments.apps", "default", "db"),
    ("patch", "deployments.apps", "default", ""),
    ("patch", "deployments.apps/scale", "default", "db"),
    ("patch", "widgets.example.com/scale", "default", "db"),
    ("delete", "deployments.apps", "default", "web"),
    ("patch", "deployments.apps", "kube-system", "web"),
    ("get", "nodes", "", "node-1"),
    ("patch", "nodes", "", "node-1"),
    ("delete", "nodes", "", "node-1"),
    ("patch", "namespaces", "", "default"),
    ("patch", "namespaces", "", "kube-system"),
];

#[test]
fn a_binding_in_a_namespace_opens_nothing_outside_it_and_a_broken_one_hides_nothing() {
    let Some(cluster) = Cluster::from_env() else { return };
    let bound = Bound { cluster: &cluster, objects: format!("{BOUND}---{DANGLING}") };
    cluster.try_kubectl(&["apply", "-f", "-"], BOUND).expect("bound");
    let options = Options { context: Some("admin".into()), impersonate: Some(TESTER.into()), ..Options::default() };
    let expected = [true, false, false, true, true, false, false, false, false, false, true, false].map(Some);
    let who = ["--context", "admin", "--as", TESTER];
    // The authorizer hears of bindings by a watch.
    let settled = |what: &str| {
        wait_until(Duration::from_secs(10), what, || {
            let said = said(&cluster, &who, BOUND_TRIES);
            if said == expected { Ok(()) } else { Err(format!("{said:?}")) }
        });
    };
    settled("the binding");
    let mut asker = Asker::new(cluster.kubeconfig(), &options);
    let mut rights = Rights::default();
    agree("complete", BOUND_TRIES, &found(&mut asker, &mut rights, BOUND_TRIES), &expected);
    assert_eq!(asker.asked, 2 + 4, "two namespaces; get and patch of nodes, for all and for the one");

    cluster.try_kubectl(&["apply", "-f", "-"], DANGLING).expect("bound");
    // What was known before counts no more after a doubt, whichever way it is found out.
    wait_until(Duration::from_secs(10), "the broken binding", || {
        let (mut asker, mut rights) = (Asker::new(cluster.kubeconfig(), &options), Rights::default());
        let found = found(&mut asker, &mut rights, BOUND_TRIES);
        agree("incomplete", BOUND_TRIES, &found, &expected);
        if asker.asked > 12 { Ok(()) } else { Err(format!("{} questions: the rules count as complete", asker.asked)) }
    });
    drop(bound);
}

/// What the screen says of it.
#[test]
fn a_user_of_the_demo_is_told_what_is_forbidden() {
    let demo = kubetui::demo::start(kubetui::demo::Options { empty: true, ..Default::default() }).expect("the demo starts");
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, demo.kubeconfig()).expect("is written");
    let allowed = |user: &str, tries: &[Try]| -> Vec<Result<(), String>> {
        let (theme, _) = Theme::load(theme::DARK, None, Depth::Truecolor);
        let (keymap, _) = Keymap::load(keymap::DEFAULT, None, &commands::names());
        let name: Arc<str> = user.into();
        let context = Context { name: name.clone(), user: name, ..Context::default() };
        let mut state = State::new(Clock::system(), theme, keymap, context, Vec::new(), Scope::All);
        let asked: Vec<(Kind, &str)> = tries.iter().map(|(_, resource, namespace, _)| kind_of(resource, !namespace.is_empty())).collect();
        let all = |state: &State| -> Vec<Result<(), String>> {
            let each = tries.iter().zip(&asked);
            each.map(|((verb, _, namespace, name), (kind, subresource))| state.allowed(verb, kind, subresource, namespace, name)).collect()
        };
        assert!(all(&state).iter().all(Result::is_ok), "unknown counts as allowed");
        found(&mut Asker::of(&kubeconfig, user), &mut state.rights, tries);
        all(&state)
    };
    let tries: &[Try] = &[
        ("patch", "deployments.apps/scale", "shop", "web"),
        ("get", "pods", "shop", "web"),
        ("delete", "nodes", "", "node-1"),
        ("delete", "namespaces", "", "shop"),
    ];
    let no = |words: &str| Err(words.to_owned());
    assert_eq!(
        allowed("demo-viewer", tries),
        [
            no("demo-viewer may not patch deployments/scale in shop"),
            Ok(()),
            no("demo-viewer may not delete nodes"),
            no("demo-viewer may not delete namespace shop")
        ]
    );
    assert_eq!(allowed("demo-team-shop", tries), [Ok(()), Ok(()), no("demo-team-shop may not delete nodes"), Ok(())]);
    assert!(allowed("demo", tries).iter().all(Result::is_ok));
    assert!(allowed("demo-nobody", tries).iter().all(Result::is_err));
}
