//! Drain: cordon the node, then evict what is on it, as `kubectl drain` does; what a DaemonSet or the kubelet itself put
//! there stays.

use std::sync::Arc;

use serde_json::Value;

use super::delete::{AT_ONCE, eviction};
use super::{Case, Prepared, Work, node};
use crate::cluster::connect::Session;
use crate::cluster::request;
use crate::cluster::write::effects;
use crate::cluster::write::send::{Content, Write};
use crate::kinds;
use crate::kinds::describe::json::Json;
use crate::model::act::{Grace, Note};
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// What makes a pod a copy of a file of the kubelet's (core/v1 MirrorPodAnnotationKey).
const MIRROR: &str = "kubernetes.io/config.mirror";

pub(super) async fn drain(case: &Case<'_>, grace: Grace) -> Result<Prepared, String> {
    let name = &case.target.name;
    let kind = Arc::new(kinds::pods::POD.as_kind());
    let pods = pods_on(case.session, name).await?;

    let mut evictions = Vec::new();
    let (mut daemons, mut mirrors) = (0, 0);
    let mut unmanaged: Vec<String> = Vec::new();
    let mut emptied: Vec<String> = Vec::new();
    let mut notes = Vec::new();
    if grace == Some(0) {
        notes.push(Note::warning(AT_ONCE));
    }
    for pod in pods {
        let metadata = pod.at("metadata");
        let controller = metadata.list("ownerReferences").iter().find(|owner| owner.flag("controller"));
        let ended = matches!(pod.text("status.phase"), "Succeeded" | "Failed");
        match stays(&pod) {
            Some(Stays::Mirror) => {
                mirrors += 1;
                continue;
            }
            Some(Stays::Daemon) => {
                daemons += 1;
                continue;
            }
            None => {}
        }
        for verb in ["drain", "evict"] {
            if let Some(why) = case.gate.policy.denied(verb, &kind, metadata.text("namespace")) {
                return Err(why);
            }
        }
        let title = format!("{}/{}", metadata.text("namespace"), metadata.text("name"));
        if controller.is_none() && !ended {
            unmanaged.push(title.clone());
        }
        if pod.list("spec.volumes").iter().any(|volume| volume.has("emptyDir")) && !ended {
            emptied.push(title);
        }
        for budget in effects::budgets(case.lists, metadata.text("namespace"), &pod).await.into_iter().filter(|b| b.allowed <= 0) {
            let note = Note::warning(format!("waits for {}", budget.words()));
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let body = eviction(case, metadata.text("namespace"), metadata.text("name"), metadata.text("uid"), grace);
        let object = Reference {
            kind: kind.clone(),
            namespace: metadata.text("namespace").into(),
            name: metadata.text("name").into(),
            uid: Uid::new(metadata.text("uid")),
        };
        evictions.push(Write {
            object,
            seen: pod,
            verb: "drain",
            subresource: "/eviction",
            body: Content::Evict(body),
            done: "evicted".into(),
        });
    }
    if !unmanaged.is_empty() {
        notes.insert(0, Note::warning(format!("nothing manages {}: gone for good", listed(&unmanaged))));
    }
    if !emptied.is_empty() {
        notes.insert(0, Note::warning(format!("emptyDir volumes go with what is in them: {}", listed(&emptied))));
    }
    if daemons > 0 {
        notes.push(Note::plain(format!("{daemons} of DaemonSets stay")));
    }
    if mirrors > 0 {
        notes.push(Note::plain(format!("{mirrors} of the kubelet's own stay")));
    }
    let cordon = match node::cordon(case, true) {
        Ok(Prepared { work: Work::Write(mut write), .. }) => {
            write.verb = "drain";
            Some(write)
        }
        _ => {
            notes.push(Note::plain("it is cordoned already"));
            None
        }
    };
    if evictions.is_empty() && cordon.is_none() {
        return Err("it is cordoned, and nothing on it is to be evicted".into());
    }
    let change = format!("cordoned, and {} pod{} evicted", evictions.len(), if evictions.len() == 1 { "" } else { "s" });
    Ok(Prepared { change, notes, work: Work::Drain(cordon, evictions, name.clone()) })
}

/// The pods that a node has now.
pub(in crate::cluster::write) async fn pods_on(session: &Session, node: &str) -> Result<Vec<Value>, String> {
    let kind = kinds::pods::POD.as_kind();
    let path = format!("{}{}", kind.path(None), request::query(&[("fieldSelector", &format!("spec.nodeName={node}"))]));
    let unread = |why: &str| format!("the pods on it cannot be read: {why}");
    let mut list: Value = request::get_json(session, &path).await.map_err(|error| unread(&error.to_string()))?;
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(pods)) => Ok(pods),
        _ => Err(unread("the answer is no list")),
    }
}

/// Why a drain leaves a pod where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster::write) enum Stays {
    /// A copy of a file of the kubelet's.
    Mirror,
    /// A DaemonSet would make it anew at once.
    Daemon,
}

/// Whether a drain leaves a pod, and why.
pub(in crate::cluster::write) fn stays(pod: &Value) -> Option<Stays> {
    let ended = matches!(pod.text("status.phase"), "Succeeded" | "Failed");
    let controller = pod.list("metadata.ownerReferences").iter().find(|owner| owner.flag("controller"));
    if pod.at("metadata").get("annotations").is_some_and(|annotations| annotations.get(MIRROR).is_some()) {
        Some(Stays::Mirror)
    } else {
        (controller.is_some_and(|owner| owner.text("kind") == "DaemonSet") && !ended).then_some(Stays::Daemon)
    }
}

/// The first few of them, and how many more.
pub(in crate::cluster::write) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let more = names.len().saturating_sub(SHOWN);
    let mut words = names[..names.len().min(SHOWN)].join(", ");
    if more > 0 {
        words.push_str(&format!(" and {more} more"));
    }
    words
}
