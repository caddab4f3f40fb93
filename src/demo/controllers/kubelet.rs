//! The kubelets: each pod that is bound to a node whose kubelet lives is pulled, started, probed, restarted and stopped.
//!
//! What a pod does next follows from its spec, from the status that is stored in it and from the time. What is remembered
//! beside that ([`Kubelets`]) is only what a real kubelet keeps in memory too, and forgets when it restarts: pulls and
//! back-offs under way. A pod that runs and has nothing to do has no timer.

mod behaviour;
mod containers;
mod ending;
mod images;
mod needs;
mod pod;
mod probes;
mod settled;

use arcstr::ArcStr;
use std::collections::HashMap;
use std::sync::Arc;

use super::Controller;
use super::nodes::is_stopped;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, World};

pub use images::hash;
pub use settled::{Shared, settled};

/// See the module.
pub static KUBELET: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "kubelet";

/// What kubelets keep in memory, by the UID of the pod.
#[derive(Default)]
pub struct Kubelets {
    memos: HashMap<ArcStr, Memo>,
}

#[derive(Default)]
struct Memo {
    /// The next step is not before this.
    step_at: Millis,
    /// The containers will have stopped by then.
    stop_at: Option<Millis>,
    /// Image → its pull.
    pulls: HashMap<ArcStr, images::Pull>,
    /// Container → restarts at which its back-off began anew.
    calm: HashMap<ArcStr, i64>,
    /// Container and probe → when its failure was told last.
    told: HashMap<(ArcStr, &'static str), Millis>,
}

/// One look at a pod.
struct Look<'a> {
    world: &'a mut World,
    pod: Arc<Object>,
    node: Arc<Object>,
    memo: Memo,
    now: Millis,
    next: Option<Millis>,
}

impl Look<'_> {
    fn wake(&mut self, at: Millis) {
        // A time of the status has no parts of a second: never look again in the same instant.
        let at = at.max(self.now + 50);
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    fn say(&mut self, kind: &str, reason: &str, message: &str, field: &str) {
        self.world.event_in(&self.pod, field, kind, reason, message, "kubelet");
    }

    fn annotation(&self, name: &str) -> Option<Millis> {
        self.pod.tree["metadata"]["annotations"].get(name)?.as_str().and_then(behaviour::duration)
    }
}

fn see(world: &mut World, change: &Change) {
    let pod = &change.object;
    if &*pod.resource != "pods" {
        return;
    }
    if change.verb == Verb::Deleted {
        world.kubelets.memos.remove(&pod.uid);
        return;
    }
    if pod.tree["spec"]["nodeName"].is_null() {
        return;
    }
    let nothing_for_us = match &change.before {
        // Its own reports, and those of others about it, are no reason to look.
        Some(before) => {
            let meta = |key: &str| before.tree["metadata"][key].equals(&pod.tree["metadata"][key]);
            before.tree["spec"].equals(&pod.tree["spec"])
                && ["deletionTimestamp", "deletionGracePeriodSeconds", "annotations"].into_iter().all(meta)
        }
        // It was made with the status of a pod that runs.
        None => pod.tree.item("status.conditions", "type", "Ready")["status"] == "True" && !pod.terminating(),
    };
    if !nothing_for_us {
        world.look(NAME, pod.reference());
    }
}

/// Looks at every pod of a node: its kubelet has just come back.
pub fn look_at_all(world: &mut World, node: &str) {
    let pods: Vec<Ref> = world.store.on_node(node).map(|pod| pod.reference()).collect();
    for pod in pods {
        world.look(NAME, pod);
    }
}

fn sync(world: &mut World, about: &Ref) {
    let Some(pod) = world.find(about) else { return };
    let Some(node) = world.get("nodes", "", pod.tree.text("spec.nodeName")) else { return };
    if is_stopped(&node) {
        return;
    }
    let memo = world.kubelets.memos.remove(&pod.uid).unwrap_or_default();
    let now = world.now();
    let mut look = Look { world, pod: pod.clone(), node, memo, now, next: None };
    let mut tree = pod.tree.clone();
    let done = if pod.terminating() { ending::step(&mut look, &mut tree) } else { pod::step(&mut look, &mut tree) };
    let Look { memo, next, .. } = look;
    world.commit(&pod, tree);
    match done {
        Done::Stays => {
            if next.is_some() {
                world.kubelets.memos.insert(pod.uid.clone(), memo);
            }
            if let Some(next) = next {
                world.look_at(NAME, about.clone(), next);
            }
        }
        Done::Goes => ending::delete(world, &pod),
    }
}

/// The first process of a container has ended: it was a shell, and somebody who was attached to it left it by `exit`.
pub fn exited(world: &mut World, pod: &Ref, container: &str, code: i64) {
    let now = world.now_text();
    let reason = if code == 0 { "Completed" } else { "Error" };
    world.update(pod, |tree| {
        for list in ["status.containerStatuses", "status.initContainerStatuses", "status.ephemeralContainerStatuses"] {
            if tree.item(list, "name", container).at("state.running").is_null() {
                continue;
            }
            for status in tree.at_mut(list).items_mut().iter_mut().filter(|status| status.text("name") == container) {
                containers::note_end(status, now.clone(), code, reason);
            }
        }
    });
    world.look(NAME, pod.clone());
}

/// What is to be done with the pod after a look.
enum Done {
    Stays,
    Goes,
}

/// `name_namespace(uid)`: how kubelets write a pod.
fn formatted(pod: &Object) -> String {
    format!("{}_{}({})", pod.name, pod.namespace, pod.uid)
}

/// `spec.containers{web}`: what an event of a container is about.
fn field(list: &str, container: &Tree) -> String {
    format!("spec.{list}{{{}}}", container.text("name"))
}

#[cfg(test)]
mod tests;
