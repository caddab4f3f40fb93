//! One life of a container, as those who look into it need it: what a pod's status says, put together.

use crate::demo::tree::Tree;

/// One life of a container: from a start to its end, or until now. A restart is another life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's UID.
    pub uid: String,
    /// The container's name.
    pub name: String,
    /// The image as the pod's spec names it.
    pub image: String,
    /// The node that runs it.
    pub node: String,
    /// The pod's address; empty when it has none yet.
    pub pod_ip: String,
    /// The environment that the spec gives, in order.
    pub env: Vec<(String, String)>,
    /// `command` and `args` of the spec.
    pub command: Vec<String>,
    /// The spec's `workingDir`; empty when the image decides.
    pub working_dir: String,
    /// The spec has `stdin: true`.
    pub stdin: bool,
    /// The spec has `tty: true`.
    pub tty: bool,
    /// Milliseconds since 1970.
    pub started_ms: i64,
    /// Milliseconds since 1970; `None` while it runs. Kubernetes tells whole seconds, so this is the last millisecond of the
    /// second: nothing that was said while it ran is later.
    pub finished_ms: Option<i64>,
    /// Number of lives before this one.
    pub restart: u32,
    /// What it ended with; `None` while it runs.
    pub exit_code: Option<i32>,
    /// Why it ended: `Completed`, `Error`, `OOMKilled`; empty while it runs.
    pub reason: String,
    /// What kind of program it is.
    pub behaviour: Behaviour,
}

/// What kind of program a container runs, told from its image, its name and its pod's owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Access lines in the combined format, as nginx and Apache write them.
    Web,
    /// Access lines as JSON: gateways and sidecars.
    Gateway,
    /// A service that logs JSON.
    #[default]
    Api,
    /// A service that logs `key=value`.
    Logfmt,
    /// A database server.
    Database,
    /// A cache (Redis).
    Cache,
    /// Takes jobs from a queue, and colours its levels.
    Worker,
    /// Works towards an end and says how far it is.
    Job,
    /// Tries to reach something that is not there, until it gives up.
    Crash,
    /// Says what it did every now and then, and nothing else.
    Quiet,
}

impl Behaviour {
    /// By the image's last part and the container's name; `job` when a Job owns the pod. The first rule that fits wins.
    pub fn of(image: &str, name: &str, job: bool) -> Behaviour {
        let image = image.rsplit('/').next().unwrap_or(image);
        let image = image.split(['@', ':']).next().unwrap_or(image);
        let has = |words: &[&str]| words.iter().any(|word| image.contains(word) || name.contains(word));
        match () {
            () if has(&["crash", "broken", "fail"]) && !job => Behaviour::Crash,
            () if job => Behaviour::Job,
            () if has(&["postgres", "mysql", "mariadb", "database", "mongo"]) || name == "db" => Behaviour::Database,
            () if has(&["redis", "valkey", "memcached", "cache"]) => Behaviour::Cache,
            () if has(&["envoy", "traefik", "gateway", "proxy", "istio", "caddy"]) => Behaviour::Gateway,
            () if has(&["nginx", "httpd", "apache", "web", "frontend", "ingress", "static"]) => Behaviour::Web,
            () if has(&["worker", "queue", "consumer", "celery", "sidekiq", "mailer"]) => Behaviour::Worker,
            () if has(&["busybox", "pause", "sleep", "alpine", "debian", "ubuntu"]) => Behaviour::Quiet,
            () if has(&["controller", "operator", "exporter", "agent", "collector", "prometheus", "scheduler"]) => Behaviour::Logfmt,
            () => Behaviour::Api,
        }
    }
}

/// The lists of containers in a pod's spec, and their statuses, in the order in which the API server visits them
/// (`podutil.VisitContainers`).
const LISTS: [(&str, &str); 3] = [
    ("spec.initContainers", "status.initContainerStatuses"),
    ("spec.containers", "status.containerStatuses"),
    ("spec.ephemeralContainers", "status.ephemeralContainerStatuses"),
];

/// Names of all containers of a pod: init containers first.
pub fn names(pod: &Tree) -> Vec<&str> {
    LISTS.iter().flat_map(|(spec, _)| pod.at(spec).items()).map(|c| c.text("name")).collect()
}

/// The status of a container; `Null` where there is none.
pub fn status<'a>(pod: &'a Tree, name: &str) -> &'a Tree {
    static NONE: Tree = Tree::Null;
    LISTS.iter().map(|(_, status)| pod.item(status, "name", name)).find(|found| !found.is_null()).unwrap_or(&NONE)
}

/// Ports that containers of a pod say they listen on, with their names.
pub fn ports(pod: &Tree) -> impl Iterator<Item = (u16, &str)> {
    pod.at("spec.containers")
        .items()
        .iter()
        .flat_map(|c| c["ports"].items())
        .filter_map(|p| Some((u16::try_from(p["containerPort"].as_i64()?).ok()?, p.text("name"))))
}

impl Container {
    /// The life whose log is asked for: the running one, the one that ended last, or (`previous`) the one before; `None` where
    /// there is none. What a waiting container did last is told by `lastState` (kubelet's `validateContainerLogStatus`).
    pub fn of(pod: &Tree, name: &str, previous: bool) -> Option<Container> {
        let status = status(pod, name);
        let (state, last) = (&status["state"], status.at("lastState.terminated"));
        let count = u32::try_from(status.int("restartCount", 0)).unwrap_or(0);
        let current = ["running", "terminated"].into_iter().map(|key| &state[key]).find(|life| !life.is_null());
        match (current, previous) {
            (Some(life), false) => Container::living(pod, name, life, count),
            (Some(_), true) => Container::living(pod, name, last, count.saturating_sub(1)),
            // While it waits, the count is still that of the life that ended.
            (None, _) => Container::living(pod, name, last, count),
        }
    }

    /// The life after `restart` restarts, if the pod's status still tells of it.
    pub fn life(pod: &Tree, name: &str, restart: u32) -> Option<Container> {
        [false, true].into_iter().filter_map(|previous| Container::of(pod, name, previous)).find(|c| c.restart == restart)
    }

    /// It runs.
    pub fn runs(&self) -> bool {
        self.finished_ms.is_none()
    }

    fn living(pod: &Tree, name: &str, life: &Tree, restart: u32) -> Option<Container> {
        let started_ms = milliseconds(life.text("startedAt"))?;
        let spec = LISTS.iter().map(|(spec, _)| pod.item(spec, "name", name)).find(|found| !found.is_null())?;
        let owner = pod.at("metadata.ownerReferences").items();
        let image = spec.text("image");
        Some(Container {
            namespace: pod.text("metadata.namespace").into(),
            pod: pod.text("metadata.name").into(),
            uid: pod.text("metadata.uid").into(),
            name: name.into(),
            image: image.into(),
            node: pod.text("spec.nodeName").into(),
            pod_ip: pod.text("status.podIP").into(),
            env: spec["env"].items().iter().filter_map(|entry| Some((entry.text("name").into(), variable(pod, entry)?))).collect(),
            command: ["command", "args"].iter().flat_map(|k| spec[*k].items()).filter_map(|w| w.as_str()).map(Into::into).collect(),
            working_dir: spec.text("workingDir").into(),
            stdin: spec.flag("stdin"),
            tty: spec.flag("tty"),
            started_ms,
            finished_ms: milliseconds(life.text("finishedAt")).map(|ms| ms + 999),
            restart,
            exit_code: life["exitCode"].as_i64().and_then(|code| i32::try_from(code).ok()),
            reason: life.text("reason").into(),
            behaviour: Behaviour::of(image, name, owner.iter().any(|o| o.text("kind") == "Job")),
        })
    }
}

/// The value of a variable, as far as the pod itself tells it; what stands in a secret or a config map is named, not told.
fn variable(pod: &Tree, entry: &Tree) -> Option<String> {
    let from = &entry["valueFrom"];
    if let Some(path) = from.at("fieldRef.fieldPath").as_str() {
        return pod.at(path).as_str().map(Into::into);
    }
    for (key, what) in [("secretKeyRef", "secret"), ("configMapKeyRef", "config map")] {
        if !from[key].is_null() {
            return Some(format!("<{} of {what} {}>", from[key].text("key"), from[key].text("name")));
        }
    }
    from.is_null().then(|| entry.text("value").into())
}

/// Milliseconds since 1970 of an RFC 3339 time.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(|t| t.as_millisecond())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(statuses: serde_json::Value) -> Tree {
        json!({
            "metadata": {"name": "web-1", "namespace": "shop", "uid": "u-1"},
            "spec": {"nodeName": "node-1", "initContainers": [{"name": "wait", "image": "busybox"}], "containers": [
                {"name": "app", "image": "registry.example/web:1.2", "ports": [{"containerPort": 8080, "name": "http"}], "env": [
                    {"name": "A", "value": "1"}, {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                    {"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]}]},
            "status": {"podIP": "10.244.0.7", "containerStatuses": statuses}
        })
        .into()
    }

    #[test]
    fn a_running_container_and_the_life_before() {
        let pod = pod(json!([{"name": "app", "restartCount": 3, "state": {"running": {"startedAt": "2026-11-21T10:00:00Z"}},
            "lastState": {"terminated": {"startedAt": "2026-11-21T09:00:00Z", "finishedAt": "2026-11-21T09:59:00Z", "exitCode": 1}}}]));
        let now = Container::of(&pod, "app", false).unwrap();
        assert_eq!((now.restart, now.finished_ms, now.behaviour), (3, None, Behaviour::Web));
        let env: Vec<_> = now.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(env, ["A=1", "IP=10.244.0.7", "P=<password of secret db>"]);
        let before = Container::of(&pod, "app", true).unwrap();
        assert_eq!((before.restart, before.exit_code), (2, Some(1)));
        assert_eq!(before.finished_ms.unwrap() - before.started_ms, 59 * 60_000 + 999);
        assert_eq!(Container::life(&pod, "app", 2), Some(before));
        assert_eq!(Container::life(&pod, "app", 1), None);
        assert_eq!(names(&pod), ["wait", "app"]);
        assert_eq!(ports(&pod).collect::<Vec<_>>(), [(8080, "http")]);
    }

    #[test]
    fn a_waiting_container_tells_of_the_life_that_ended() {
        let back_off = pod(json!([{"name": "app", "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"startedAt": "2026-11-21T09:00:00Z", "finishedAt": "2026-11-21T09:00:03Z", "exitCode": 2}}}]));
        assert_eq!(Container::of(&back_off, "app", false).map(|c| c.restart), Some(2));
        assert_eq!(Container::of(&pod(json!([{"name": "app", "state": {"waiting": {}}}])), "app", false), None);
        assert_eq!(Container::of(&pod(json!([])), "app", true), None);
    }
}
