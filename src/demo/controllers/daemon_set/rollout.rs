//! The next step of a rolling update: pods of an old template go, within `maxUnavailable` and `maxSurge`
//! (`rollingUpdate` of `update.go`).

use arcstr::ArcStr;
use std::sync::Arc;

use super::super::int_or_percent::scaled;
use super::{ByNode, Look};
use crate::demo::store::Object;

/// What is to be done.
#[derive(Default)]
pub struct Steps {
    pub delete: Vec<Arc<Object>>,
    /// Nodes that get another pod.
    pub create: Vec<ArcStr>,
}

/// The new pod comes before the old one goes: `AllowsSurge`.
pub fn surges(set: &Object) -> bool {
    set.tree.text("spec.updateStrategy.type") != "OnDelete"
        && scaled(set.tree.at("spec.updateStrategy.rollingUpdate.maxSurge"), 1, true) > 0
}

/// A pod, where there is one.
type Maybe<'a> = Option<&'a Arc<Object>>;

/// Old and new pod of a node; `None` when there are more: that is put right first.
fn pair<'a>(look: &Look<'_>, pods: &'a [Arc<Object>]) -> Option<(Maybe<'a>, Maybe<'a>)> {
    let (mut old, mut new) = (None, None);
    for pod in pods.iter().filter(|pod| !pod.terminating()) {
        let slot = if look.template.made(pod) { &mut new } else { &mut old };
        if slot.replace(pod).is_some() {
            return None;
        }
    }
    Some((old, new))
}

/// The next step.
pub(super) fn next(look: &Look<'_>, by_node: &ByNode) -> Steps {
    let mut by_node = by_node.clone();
    let mut desired = 0;
    for node in look.nodes.iter().filter(|node| look.template.fits(node).0) {
        desired += 1;
        by_node.entry(node.name.clone()).or_default();
    }
    let limits = look.set.tree.at("spec.updateStrategy.rollingUpdate");
    let surge = scaled(&limits["maxSurge"], desired, true);
    let unavailable = scaled(&limits["maxUnavailable"], desired, true);
    if surge > 0 {
        with_surge(look, &by_node, surge, desired)
    } else {
        in_place(look, &by_node, if desired > 0 { unavailable.max(1) } else { unavailable })
    }
}

fn in_place(look: &Look<'_>, by_node: &ByNode, most: i64) -> Steps {
    let mut unavailable = 0;
    let mut steps = Steps::default();
    let mut candidates = Vec::new();
    for pods in by_node.values() {
        match pair(look, pods) {
            Some((Some(old), None)) if look.available(old) => candidates.push(old.clone()),
            // It serves nobody: it may go at any time.
            Some((Some(old), None)) => {
                steps.delete.push(old.clone());
                unavailable += 1;
            }
            Some((None, Some(new))) if look.available(new) => {}
            _ => unavailable += 1,
        }
    }
    steps.delete.extend(candidates.into_iter().take(usize::try_from(most - unavailable).unwrap_or(0)));
    steps
}

fn with_surge(look: &Look<'_>, by_node: &ByNode, most: i64, desired: i64) -> Steps {
    let (mut surge, mut available) = (0, 0);
    let mut steps = Steps::default();
    let (mut candidates, mut unwanted) = (Vec::new(), Vec::new());
    for (name, pods) in by_node {
        let Some((old, new)) = pair(look, pods) else {
            surge += 1;
            continue;
        };
        available += i64::from(old.or(new).is_some_and(|pod| look.available(pod)));
        let Some(old) = old else { continue };
        let wanted = || look.nodes.iter().any(|node| node.name == *name && look.template.fits(node).0);
        match new {
            Some(new) if look.available(new) => steps.delete.push(old.clone()),
            Some(_) => surge += 1,
            None if look.available(old) && wanted() => candidates.push(name.clone()),
            None if look.available(old) => unwanted.push(old.clone()),
            None if wanted() => steps.create.push(name.clone()),
            None => steps.delete.push(old.clone()),
        }
    }
    steps.delete.extend(unwanted.into_iter().take(usize::try_from(available - desired).unwrap_or(0)));
    steps.create.extend(candidates.into_iter().take(usize::try_from(most - surge).unwrap_or(0)));
    steps
}
