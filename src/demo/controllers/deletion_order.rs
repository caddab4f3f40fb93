//! Which pods go first when there are too many: kube-controller-manager's `ActivePodsWithRanks`.

use arcstr::ArcStr;
use std::cmp::Ordering;
use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::HashMap;
use std::sync::Arc;

use super::pods;
use crate::demo::store::Object;
use crate::demo::world::{Millis, SECOND};
use crate::model::time;

/// The annotation by which somebody says which pods are dearer than others.
const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Puts first what is to go first: unassigned, pending, not ready, cheap, next to many of its kind, ready for a short time,
/// restarted often, new. `beside` counts the active pods of its kind on each node.
pub fn sort(pods: &mut [Arc<Object>], beside: &HashMap<ArcStr, usize>, now: Millis) {
    pods.sort_by_cached_key(|pod| Place::of(pod, beside, now));
}

/// Number of active pods on each node.
pub fn count_by_node<'a>(pods: impl Iterator<Item = &'a Arc<Object>>) -> HashMap<ArcStr, usize> {
    let mut count = HashMap::new();
    for pod in pods.filter(|pod| pods::is_active(pod)) {
        *count.entry(pod.tree.text("spec.nodeName").into()).or_default() += 1;
    }
    count
}

#[derive(PartialEq, Eq)]
struct Place {
    unassigned: bool,
    phase: u8,
    ready: bool,
    cost: i64,
    beside: usize,
    /// Of the time it is ready, and of its age: one more for each doubling.
    ready_rank: Option<u32>,
    restarts: i64,
    age_rank: u32,
    uid: ArcStr,
}

impl Place {
    fn of(pod: &Object, beside: &HashMap<ArcStr, usize>, now: Millis) -> Place {
        let rank = |since: Millis| u32::try_from(now - since).unwrap_or(0).checked_ilog2().map_or(0, |log| log + 1);
        let restarts = pod.tree.at("status.containerStatuses").items().iter().map(|status| status.int("restartCount", 0)).max();
        Place {
            unassigned: pod.tree.text("spec.nodeName").is_empty(),
            phase: match pod.tree.text("status.phase") {
                "" | "Pending" => 0,
                "Unknown" => 1,
                _ => 2,
            },
            ready: pods::is_ready(pod),
            cost: pod.tree.at("metadata.annotations")[COST].as_str().and_then(|cost| cost.parse().ok()).unwrap_or(0),
            beside: beside.get(pod.tree.text("spec.nodeName")).copied().unwrap_or(0),
            ready_rank: pods::ready_since(pod).map(rank),
            restarts: restarts.unwrap_or(0),
            age_rank: time::parse(pod.tree.text("metadata.creationTimestamp")).map_or(0, |at| rank(at * SECOND)),
            uid: pod.uid.clone(),
        }
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Place) -> Ordering {
        (other.unassigned.cmp(&self.unassigned))
            .then(self.phase.cmp(&other.phase))
            .then(self.ready.cmp(&other.ready))
            .then(self.cost.cmp(&other.cost))
            .then(other.beside.cmp(&self.beside))
            .then(match (self.ready_rank, other.ready_rank) {
                (Some(a), Some(b)) => a.cmp(&b),
                (None, Some(_)) => Less,
                (Some(_), None) => Greater,
                (None, None) => Equal,
            })
            .then(other.restarts.cmp(&self.restarts))
            .then(self.age_rank.cmp(&other.age_rank))
            .then(self.uid.cmp(&other.uid))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::demo::controllers::ground::Ground;

    #[test]
    fn what_is_worth_least_goes_first() {
        let mut ground = Ground::new();
        let mut pod = |name: &str, node: &str, ready: &str, annotations: Value| {
            ground.make(
                "pods",
                json!({"metadata": {"name": name, "annotations": annotations}, "spec": {"nodeName": node}, "status": {
                    "phase": "Running", "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": "2026-11-21T07:00:00Z"}]}}),
            )
        };
        let mut pods = vec![
            pod("dear", "n2", "True", json!({COST: "7"})),
            pod("alone", "n2", "True", json!({})),
            pod("crowded", "n1", "True", json!({})),
            pod("cheap", "n2", "True", json!({COST: "-7"})),
            pod("unready", "n2", "False", json!({})),
            pod("unassigned", "", "False", json!({})),
        ];
        let beside = HashMap::from([("n1".into(), 5), ("n2".into(), 4)]);
        sort(&mut pods, &beside, ground.world.now());
        let names: Vec<_> = pods.iter().map(|pod| &*pod.name).collect();
        assert_eq!(names, ["unassigned", "unready", "cheap", "crowded", "alone", "dear"]);
    }
}
