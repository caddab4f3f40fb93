//! Which pod and which container are meant, as far as that can be told; else what has to be chosen.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster::connect::Session;
use crate::cluster::write::plan::PATIENCE;
use crate::cluster::write::read::{self, Lists};
use crate::cluster::write::{Gate, effects};
use crate::kinds::describe::json::Json;
use crate::kinds::{ability, pods};
use crate::model::act::{Act, Intent};
use crate::model::facts::Facts;
use crate::model::reference::Reference;
use crate::model::row::Row;
use crate::model::session::{Choosing, Entering, Missing, NO_TARGET, Way};

/// kubectl's annotation for the container that is meant where none is named.
const DEFAULT: &str = "kubectl.kubernetes.io/default-container";

/// What came of an intent.
#[derive(Debug)]
pub(in crate::cluster::write) enum Resolved {
    /// The pod is named, and all that there is to be known.
    Whole(Intent),
    /// This is to be chosen first.
    Open(Choosing),
}

/// Fills in what an intent to go into a container leaves open.
///
/// # Errors
/// There is nothing to go into: why.
pub(in crate::cluster::write) async fn resolve(gate: &Gate, intent: &Intent, entering: &Entering) -> Result<Resolved, String> {
    let [target] = intent.targets.as_slice() else {
        return Err(format!("{} goes into one pod at a time: mark one, or none", entering.verb()));
    };
    let verb = entering.verb();
    let kind = gate.catalog.of_block(&pods::POD);
    for kind in [&target.kind, &kind] {
        if let Some(why) = gate.policy.denied(verb, kind, &target.namespace) {
            return Err(why);
        }
    }
    ability::able(verb, &target.kind)?;
    let mut link = gate.link.clone();
    let session = tokio::time::timeout(PATIENCE, link.session()).await.map_err(|_| "there is no connection to the cluster".to_owned())?;
    let named = |why: String| format!("{}: {why}", target.title());
    let pod = if *target.kind == *kind { target.clone() } else { newest(gate, &session, target).await.map_err(named)? };
    let entering = &match *target.kind == *kind {
        true => entering.clone(),
        false => Entering { of: Some(Box::new(target.clone())), ..entering.clone() },
    };
    let named = |why: String| format!("{}: {why}", pod.title());
    let object = read::object(&session, &pod).await.map_err(named)?;
    let intent = |entering: Entering| Intent { act: Act::Enter(Box::new(entering)), targets: vec![pod.clone()] };
    let missing = |entering: &Entering, missing, why, choices| {
        Ok(Resolved::Open(Choosing { intent: intent(entering.clone()), missing, why, choices }))
    };
    if let Way::Debug(image) = &entering.way {
        if image.is_none() {
            let why = format!("{}: the image of the debug container", pod.title());
            return missing(entering, Missing::Image, why, images(&entering.image));
        }
        return match target_of(&object, entering.container.as_deref()).map_err(named)? {
            Some(name) => Ok(Resolved::Whole(intent(Entering { container: Some(name), ..entering.clone() }))),
            None => {
                let why = format!("{}: whose processes does the debug container see?", pod.title());
                let mut choices = running(&object);
                choices.retain(|(name, _)| !is_ephemeral(&object, name));
                choices.push((NO_TARGET.into(), "none but its own".to_owned()));
                missing(entering, Missing::Target, why, choices)
            }
        };
    }
    match container(&object, entering.container.as_deref()).map_err(named)? {
        Some(name) => Ok(Resolved::Whole(intent(Entering { container: Some(name), ..entering.clone() }))),
        None => {
            let choices = running(&object);
            let why = format!("{} has {} containers that run: which one?", pod.title(), choices.len());
            missing(entering, Missing::Container, why, choices)
        }
    }
}

/// What can be chosen as the image of a debug container.
pub(super) fn images(usual: &Arc<str>) -> Vec<(Arc<str>, String)> {
    let known = [
        ("busybox", "a shell and the usual small tools"),
        ("alpine", "the same, and packages: apk add"),
        ("nicolaka/netshoot", "tools for the network"),
    ];
    let about = known.iter().find(|(name, _)| *name == &**usual).map_or("the usual one", |(_, about)| about);
    let others = known.iter().filter(|(name, _)| *name != &**usual).map(|(name, about)| (Arc::from(*name), (*about).to_owned()));
    std::iter::once((usual.clone(), about.to_owned())).chain(others).collect()
}

/// The newest ready pod of a workload or a service.
async fn newest(gate: &Gate, session: &Session, target: &Reference) -> Result<Reference, String> {
    let object = read::object(session, target).await?;
    // Services and ReplicationControllers have a map of labels there.
    let selector = object.at("spec.selector");
    let labels = json!({ "matchLabels": selector });
    let plain = matches!(&*target.kind.plural, "services" | "replicationcontrollers");
    let selector = Some(if plain { &labels } else { selector }).filter(|_| selector.as_object().is_some_and(|map| !map.is_empty()));
    let selector = selector.and_then(effects::selector).ok_or("it has no selector, and so no pods of its own")?;
    let kind = gate.catalog.of_block(&pods::POD);
    let lists = Lists::new(session);
    let rows = lists.rows(&kind, Some(&target.namespace)).await.ok_or("its pods cannot be listed")?;
    let own: Vec<&Row> = rows.iter().filter(|row| selector.matches(&row.labels)).collect();
    let ready = |row: &&&Row| row.deleting.is_none() && matches!(&row.facts, Facts::Pod(pod) if pod.ready);
    match own.iter().filter(ready).max_by_key(|row| row.created) {
        Some(row) => Ok(Reference { kind, ..Reference::of(row) }),
        None if own.is_empty() => Err("it has no pods".into()),
        None => Err(format!("none of its {} pods is ready: go to one of them", own.len())),
    }
}

/// The lists of containers of a spec, and of their statuses.
const LISTS: [(&str, &str); 3] = [
    ("spec.containers", "status.containerStatuses"),
    ("spec.initContainers", "status.initContainerStatuses"),
    ("spec.ephemeralContainers", "status.ephemeralContainerStatuses"),
];

/// A container's own part of the spec.
pub(super) fn spec<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    LISTS.iter().flat_map(|(list, _)| pod.list(list)).find(|container| container.text("name") == name)
}

/// It is one of the debug containers.
pub(super) fn is_ephemeral(pod: &Value, name: &str) -> bool {
    pod.list("spec.ephemeralContainers").iter().any(|container| container.text("name") == name)
}

/// What a container does now; `null` where nothing was reported.
pub(super) fn state<'a>(pod: &'a Value, name: &str) -> &'a Value {
    let mut all = LISTS.iter().flat_map(|(_, list)| pod.list(list));
    all.find(|status| status.text("name") == name).map_or(&Value::Null, |status| status.at("state"))
}

/// What a container that does not run does: `CrashLoopBackOff: back-off …`, `ended with 1`.
pub(super) fn idle(state: &Value) -> String {
    let said = |state: &Value| match (state.text("reason"), state.text("message")) {
        ("", "") => None,
        (reason, "") => Some(reason.to_owned()),
        ("", message) => Some(message.to_owned()),
        (reason, message) => Some(format!("{reason}: {message}")),
    };
    if state.has("terminated") {
        let ended = state.at("terminated");
        let reason = said(ended).map(|reason| format!(" ({reason})")).unwrap_or_default();
        return format!("it ended with {}{reason}", ended.int("exitCode"));
    }
    said(state.at("waiting")).unwrap_or_else(|| "it has not started yet".to_owned())
}

/// Names of the containers that run, with what they are.
fn running(pod: &Value) -> Vec<(Arc<str>, String)> {
    let of = |list: &'static str, what: &'static str| {
        let runs = |container: &&Value| state(pod, container.text("name")).has("running");
        pod.list(list).iter().filter(runs).map(move |c| (Arc::from(c.text("name")), format!("{what}{}", c.text("image"))))
    };
    let app = of("spec.containers", "");
    app.chain(of("spec.initContainers", "init: ")).chain(of("spec.ephemeralContainers", "ephemeral: ")).collect()
}

/// The container that is meant, if it runs; `None` where it has to be chosen.
fn container(pod: &Value, wanted: Option<&str>) -> Result<Option<Arc<str>>, String> {
    let all: Vec<&str> = LISTS.iter().flat_map(|(list, _)| pod.list(list)).map(|container| container.text("name")).collect();
    let annotated = pod.at("metadata.annotations").get(DEFAULT).and_then(Value::as_str).filter(|name| all.contains(name));
    let only = match pod.list("spec.containers") {
        [one] => Some(one.text("name")),
        _ => None,
    };
    let running = running(pod);
    let name = match (wanted.or(annotated).or(only), running.as_slice()) {
        (Some(name), _) => name,
        (None, [(one, _)]) => one,
        (None, []) => return Err("none of its containers runs".into()),
        (None, _) => return Ok(None),
    };
    if !all.contains(&name) {
        return Err(format!("it has no container {name:?}: {}", all.join(", ")));
    }
    match state(pod, name) {
        state if state.has("running") => Ok(Some(name.into())),
        state => Err(format!("container {name} does not run: {}", idle(state))),
    }
}

/// Whose processes a debug container is to see; `None` where that has to be chosen. What was chosen may be nobody's.
fn target_of(pod: &Value, wanted: Option<&str>) -> Result<Option<Arc<str>>, String> {
    if let Some("") = wanted {
        return Ok(Some("".into()));
    }
    if !pod.has("spec.nodeName") {
        return Err("it is on no node yet: nothing of it would run".into());
    }
    if pod.has("metadata.deletionTimestamp") {
        return Err("it is being deleted".into());
    }
    let apps: Vec<&str> = pod.list("spec.containers").iter().map(|container| container.text("name")).collect();
    match (wanted, apps.as_slice()) {
        (Some(name), _) if is_ephemeral(pod, name) => Err(format!("{name} is a debug container itself: name another with --target")),
        (Some(name), _) if spec(pod, name).is_some() => Ok(Some(name.into())),
        (Some(name), _) => Err(format!("it has no container {name:?}: {}", apps.join(", "))),
        (None, [one]) => Ok(Some((*one).into())),
        (None, _) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(containers: &[(&str, Value)], annotation: Option<&str>) -> Value {
        let specs: Vec<Value> = containers.iter().map(|(name, _)| json!({"name": name, "image": "i"})).collect();
        let statuses: Vec<Value> = containers.iter().map(|(name, state)| json!({"name": name, "state": state})).collect();
        json!({"metadata": {"annotations": {DEFAULT: annotation}}, "spec": {"containers": specs, "nodeName": "n"}, "status": {"containerStatuses": statuses}})
    }

    #[test]
    fn a_container_is_named_annotated_alone_or_chosen() {
        let runs = || json!({"running": {}});
        let two = [("app", runs()), ("proxy", runs())];
        assert_eq!(container(&pod(&two[..1], None), None), Ok(Some("app".into())));
        assert_eq!(container(&pod(&two, None), None), Ok(None));
        assert_eq!(container(&pod(&two, Some("proxy")), None), Ok(Some("proxy".into())));
        assert_eq!(container(&pod(&two, Some("gone")), None), Ok(None), "an annotation that means nothing");
        assert_eq!(container(&pod(&two, Some("proxy")), Some("app")), Ok(Some("app".into())));
        assert_eq!(container(&pod(&two, None), Some("x")), Err("it has no container \"x\": app, proxy".into()));
        let waits = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}});
        let one = [("app", waits), ("proxy", runs())];
        assert_eq!(container(&pod(&one, None), None), Ok(Some("proxy".into())), "the only one that runs");
        assert_eq!(container(&pod(&one, None), Some("app")), Err("container app does not run: CrashLoopBackOff: back-off 10s".into()));
        let ended = json!({"terminated": {"exitCode": 1, "reason": "Error"}});
        assert_eq!(container(&pod(&[("app", ended)], None), None), Err("container app does not run: it ended with 1 (Error)".into()));
        assert_eq!(container(&pod(&[("a", Value::Null), ("b", Value::Null)], None), None), Err("none of its containers runs".into()));
    }

    #[test]
    fn a_debug_container_sees_the_only_one_the_named_one_or_none() {
        let pod = pod(&[("app", Value::Null), ("proxy", Value::Null)], None);
        assert_eq!(target_of(&pod, None), Ok(None));
        assert_eq!(target_of(&pod, Some("")), Ok(Some("".into())));
        assert_eq!(target_of(&pod, Some("proxy")), Ok(Some("proxy".into())));
        assert!(target_of(&pod, Some("x")).is_err());
        assert_eq!(images(&"mine".into()).len(), 4);
        assert_eq!(images(&"busybox".into()).len(), 3);
    }
}
