//! The same acts as kubectl commands.

use serde_json::Value;

use super::{Act, Change, Grace, Propagation};
use crate::model::reference::Reference;
use crate::model::shell::quoted;

/// A patch that is longer than this (bytes) is no line that anybody writes down.
const LONGEST: usize = 4 << 10;

/// `kubectl --context prod -n shop`.
fn begun(object: &Reference, context: &str) -> String {
    let mut line = format!("kubectl --context {}", quoted(context));
    if !object.namespace.is_empty() {
        line.push_str(&format!(" -n {}", quoted(&object.namespace)));
    }
    line
}

/// `deployment.apps/web`.
fn titled(object: &Reference) -> String {
    let full = if object.kind.group.is_empty() { object.kind.singular.to_string() } else { object.kind.full_name() };
    quoted(&format!("{full}/{}", object.name))
}

/// A JSON patch as a kubectl command, without its tests for one state of the object; `None` for one that is too long for a line.
pub fn patch(object: &Reference, context: &str, subresource: &str, operations: &[Value]) -> Option<String> {
    let states = ["/metadata/uid", "/metadata/resourceVersion"];
    let is_state = |operation: &Value| operation["op"] == "test" && states.iter().any(|path| operation["path"] == *path);
    let operations: Vec<&Value> = operations.iter().filter(|operation| !is_state(operation)).collect();
    let patch = serde_json::to_string(&operations).ok().filter(|patch| patch.len() <= LONGEST)?;
    let of = match subresource.trim_start_matches('/') {
        "" => String::new(),
        name => format!(" --subresource={name}"),
    };
    Some(format!("{} patch {}{of} --type=json -p {}", begun(object, context), titled(object), quoted(&patch)))
}

impl Act {
    /// The same as a kubectl command, for those who want to write it down. What kubectl has no verb for is a comment.
    pub fn kubectl(&self, object: &Reference, context: &str) -> String {
        if let Act::Apply(manifests) = self {
            // All of it at once, each object where it belongs.
            return format!("kubectl --context {} {}", quoted(context), manifests.kubectl());
        }
        let mut line = begun(object, context);
        let title = titled(object);
        let name = quoted(&object.name);
        let pairs = |changes: &[Change]| {
            let pair = |(key, value): &Change| match value {
                Some(value) => quoted(&format!("{key}={value}")),
                None => quoted(&format!("{key}-")),
            };
            changes.iter().map(pair).collect::<Vec<_>>().join(" ")
        };
        let seconds = |grace: &Grace| grace.map(|seconds| format!(" --grace-period={seconds}")).unwrap_or_default();
        let words = match self {
            Act::Scale(to, _) => format!("scale {title} --replicas={to}"),
            Act::Bounds(min, max) => {
                format!("patch {title} -p '{{\"spec\":{{\"minReplicas\":{min},\"maxReplicas\":{max}}}}}'")
            }
            Act::Restart => format!("rollout restart {title}"),
            Act::Image(images) => {
                let pairs: Vec<String> = images.iter().map(|(name, image)| quoted(&format!("{name}={image}"))).collect();
                format!("set image {title} {}", pairs.join(" "))
            }
            Act::Pause => format!("rollout pause {title}"),
            Act::Resume => format!("rollout resume {title}"),
            Act::Undo(None) => format!("rollout undo {title}"),
            Act::Undo(Some(revision)) => format!("rollout undo {title} --to-revision={revision}"),
            Act::Label(changes) => format!("label {title} --overwrite {}", pairs(changes)),
            Act::Annotate(changes) => format!("annotate {title} --overwrite {}", pairs(changes)),
            Act::Delete(how) => {
                let force = if how.force { " --grace-period=0 --force".to_owned() } else { seconds(&how.grace) };
                let cascade = match how.propagation {
                    Propagation::Background => "",
                    Propagation::Foreground => " --cascade=foreground",
                    Propagation::Orphan => " --cascade=orphan",
                };
                format!("delete {title}{cascade}{force}")
            }
            Act::Unfinalize(finalizer) => format!("edit {title}  # and take {finalizer} out of metadata.finalizers"),
            Act::Evict(_) => format!("delete {title}  # kubectl has no verb for an eviction: this asks no budget"),
            Act::Cordon => format!("cordon {name}"),
            Act::Uncordon => format!("uncordon {name}"),
            Act::Drain(grace) => format!("drain {name} --ignore-daemonsets --delete-emptydir-data --force{}", seconds(grace)),
            Act::Taint(changes) => {
                let taint = |(key, value): &Change| {
                    let (name, effect) = key.rsplit_once(':').map_or((&**key, ""), |(name, effect)| (name, effect));
                    let colon = if effect.is_empty() { "" } else { ":" };
                    match value {
                        None => quoted(&format!("{name}{colon}{effect}-")),
                        Some(value) if value.is_empty() => quoted(&format!("{name}{colon}{effect}")),
                        Some(value) => quoted(&format!("{name}={value}{colon}{effect}")),
                    }
                };
                format!("taint node {name} --overwrite {}", changes.iter().map(taint).collect::<Vec<_>>().join(" "))
            }
            Act::Trigger => format!("create job --from=cronjob/{name} {name}-manual"),
            Act::Suspend(suspend) => format!("patch {title} -p '{{\"spec\":{{\"suspend\":{suspend}}}}}'"),
            Act::Retry => format!("get {title} -o yaml  # and create it under another name, without what the server filled in"),
            Act::Expose(how) => {
                let port = how.port.map(|port| format!(" --port={port}")).unwrap_or_default();
                let target = how.target.as_ref().map(|target| format!(" --target-port={}", quoted(target))).unwrap_or_default();
                let kind = how.kind.as_ref().map(|kind| format!(" --type={kind}")).unwrap_or_default();
                let name = how.name.as_ref().map(|name| format!(" --name={}", quoted(name))).unwrap_or_default();
                format!("expose {title}{port}{target}{kind}{name}")
            }
            Act::Copy(copying) => copying.kubectl(object),
            Act::Forward(how) => format!("port-forward {title} {}", how.kubectl()),
            Act::TakeBack(number) => format!("get {title}  # kubetui :undo {number}"),
            Act::Enter(entering) => entering.kubectl(&name),
            Act::Reveal(_) => format!("get {title} -o yaml"),
            Act::Edit(_) => format!("edit {title}"),
            Act::Create(_) => "create -f -  # of what was written".to_owned(),
            Act::Apply(manifests) => manifests.kubectl(),
        };
        line.push(' ');
        line.push_str(&words);
        line
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::Deletion;
    use super::*;
    use crate::model::kind::Kind;
    use crate::model::row::Uid;

    #[test]
    fn acts_are_spelled_as_kubectl_has_them() {
        let kind = Kind { group: "apps".into(), version: "v1".into(), plural: "deployments".into(), ..Kind::default() };
        let web = Reference { kind: Arc::new(kind), namespace: "shop".into(), name: "web".into(), uid: Uid::new("u") };
        let line = |act: Act| act.kubectl(&web, "it's prod").replace("kubectl --context 'it'\\''s prod' -n shop ", "");
        assert_eq!(line(Act::Scale(5, None)), "scale deployments.apps/web --replicas=5");
        assert_eq!(
            line(Act::Label(vec![("a".into(), Some("1 2".into())), ("b".into(), None)])),
            "label deployments.apps/web --overwrite 'a=1 2' b-"
        );
        assert_eq!(
            line(Act::Delete(Deletion { force: true, ..Deletion::default() })),
            "delete deployments.apps/web --grace-period=0 --force"
        );
        let operations = [
            json!({"op": "test", "path": "/metadata/uid", "value": "u"}),
            json!({"op": "test", "path": "/spec/x", "value": 1}),
            json!({"op": "replace", "path": "/spec/x", "value": "it's"}),
        ];
        assert_eq!(
            patch(&web, "prod", "", &operations).as_deref(),
            Some(
                r#"kubectl --context prod -n shop patch deployments.apps/web --type=json -p '[{"op":"test","path":"/spec/x","value":1},{"op":"replace","path":"/spec/x","value":"it'\''s"}]'"#
            )
        );
        assert!(patch(&web, "prod", "/scale", &operations).is_some_and(|line| line.contains("/web --subresource=scale --type=json")));
        assert_eq!(patch(&web, "prod", "", &[json!({"op": "add", "path": "/x", "value": "x".repeat(LONGEST)})]), None);
        assert_eq!(line(Act::Taint(vec![("k:NoSchedule".into(), Some("v".into()))])), "taint node web --overwrite k=v:NoSchedule");
    }
}
