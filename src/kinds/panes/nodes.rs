//! Nodes with what is on them: kubectl's columns, how many pods of how many, and what their requests take.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Feeds, Weave, columns, reprint};
use crate::kinds::{AGE, CPU, Head, MEM, NAME, nodes, number, pods, text, wide};
use crate::model::facts::{Facts, NodeFacts, Resources};
use crate::model::row::{Cell, Column, Row, Uid};
use crate::model::store::Delta;

const HEADS: &[Head] = &[
    NAME,
    text("STATUS"),
    text("ROLES"),
    text("PODS"),
    CPU,
    number("CPU REQ"),
    MEM,
    number("MEM REQ"),
    text("PRESSURE"),
    text("TAINTS"),
    text("ZONE"),
    text("TYPE"),
    AGE,
    text("VERSION"),
    wide("INTERNAL-IP"),
    wide("EXTERNAL-IP"),
    wide("OS-IMAGE"),
    wide("KERNEL-VERSION"),
    wide("CONTAINER-RUNTIME"),
];

/// What the pods of a node ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Load {
    pods: u32,
    requests: Resources,
}

/// Joins nodes with the pods on them.
#[derive(Debug, Default)]
pub struct Nodes {
    nodes: FxHashMap<Arc<str>, Row>,
    names: FxHashMap<Uid, Arc<str>>,
    /// Of each pod that takes room: its node, and what it asks for.
    pods: FxHashMap<Uid, (Arc<str>, Resources)>,
    loads: FxHashMap<Arc<str>, Load>,
}

impl Weave for Nodes {
    fn columns(&self) -> Arc<[Column]> {
        // Nodes have no namespace.
        columns(HEADS)[1..].into()
    }

    fn feeds(&self) -> Feeds {
        Feeds::of(&[&nodes::NODE, &pods::POD])
    }

    fn weave(&mut self, feed: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        let mut touched: Vec<Arc<str>> = Vec::new();
        for delta in deltas {
            match (feed, delta) {
                (0, Delta::Upsert(row)) => {
                    let name: Arc<str> = (&*row.name).into();
                    self.names.insert(row.uid.clone(), name.clone());
                    self.nodes.insert(name.clone(), row);
                    touched.push(name);
                }
                (0, Delta::Remove(uid)) => {
                    if let Some(name) = self.names.remove(&uid)
                        && self.nodes.get(&name).is_some_and(|row| row.uid == uid)
                    {
                        self.nodes.remove(&name);
                    }
                    out.push(Delta::Remove(uid));
                }
                (_, Delta::Upsert(row)) => {
                    let Facts::Pod(pod) = &row.facts else { continue };
                    // As the scheduler counts: a pod that has ended takes no room.
                    let room = !pod.node.is_empty() && !matches!(&*pod.phase, "Succeeded" | "Failed");
                    let now = room.then(|| (pod.node.clone(), pod.requests));
                    let before = match &now {
                        Some(now) => self.pods.insert(row.uid, now.clone()),
                        None => self.pods.remove(&row.uid),
                    };
                    if before != now {
                        self.shift(before, -1, &mut touched);
                        self.shift(now, 1, &mut touched);
                    }
                }
                (_, Delta::Remove(uid)) => {
                    let before = self.pods.remove(&uid);
                    self.shift(before, -1, &mut touched);
                }
            }
        }
        touched.sort();
        touched.dedup();
        for name in touched {
            if let Some(row) = self.nodes.get(&name) {
                let load = self.loads.get(&name).copied().unwrap_or_default();
                out.push(Delta::Upsert(loaded(row.clone(), load)));
            }
        }
    }
}

impl Nodes {
    fn shift(&mut self, pod: Option<(Arc<str>, Resources)>, by: i64, touched: &mut Vec<Arc<str>>) {
        let Some((node, requests)) = pod else { return };
        let load = self.loads.entry(node.clone()).or_default();
        load.pods = load.pods.saturating_add_signed(by as i32);
        load.requests.cpu += by * requests.cpu;
        load.requests.memory += by * requests.memory;
        touched.push(node);
    }
}

fn loaded(row: Row, load: Load) -> Row {
    let Facts::Node(facts) = &row.facts else { return row };
    // The block's columns are STATUS, ROLES, VERSION, INTERNAL-IP, EXTERNAL-IP, OS-IMAGE, KERNEL-VERSION, CONTAINER-RUNTIME.
    let own = |at: usize| row.cells.get(at).cloned().unwrap_or(Cell::None);
    let percent = |used: i64, of: i64| {
        if of <= 0 {
            return Cell::None;
        }
        let share = (used as f64 * 100.0 / of as f64).round() as i64;
        Cell::Quantity(format!("{share}%").into(), share)
    };
    let words = |list: String| if list.is_empty() { Cell::None } else { Cell::Text(list.into()) };
    let or_none = |word: &Arc<str>| if word.is_empty() { Cell::None } else { Cell::Text(word.clone()) };
    let taints: Vec<&str> = facts.taints.iter().map(|taint| &**taint).collect();
    let cells = vec![
        own(0),
        own(1),
        Cell::Ratio(load.pods, u32::try_from(facts.pods).unwrap_or(u32::MAX)),
        percent(load.requests.cpu, facts.allocatable.cpu),
        percent(load.requests.memory, facts.allocatable.memory),
        words(pressure(facts)),
        words(taints.join(",")),
        or_none(&facts.zone),
        or_none(&facts.instance),
        own(2),
        own(3),
        own(4),
        own(5),
        own(6),
        own(7),
    ];
    reprint(row, cells)
}

/// The kinds of pressure that a node is under: `Memory,Disk`.
fn pressure(facts: &NodeFacts) -> String {
    let under = facts.conditions.iter().filter(|condition| &*condition.status == "True");
    under.filter_map(|condition| condition.kind.strip_suffix("Pressure")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::intern::Interner;

    fn delta(block: &'static crate::kinds::Block, json: serde_json::Value) -> Delta {
        let mut interner = Interner::new(Arc::new(block.as_kind()));
        Delta::Upsert((block.decode)(crate::kinds::Wire::Json, json.to_string().as_bytes(), &mut interner).expect("decodes"))
    }

    fn pod(uid: &str, phase: &str, cpu: &str) -> Delta {
        let json = serde_json::json!({
            "metadata": {"name": uid, "namespace": "a", "uid": uid},
            "spec": {"nodeName": "n", "containers": [{"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}]},
            "status": {"phase": phase}
        });
        delta(&pods::POD, json)
    }

    #[test]
    fn pods_that_take_room_are_counted_on_their_node() {
        let mut nodes = Nodes::default();
        let mut out = Vec::new();
        let node = serde_json::json!({
            "metadata": {"name": "n", "uid": "node"},
            "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}, "conditions": [{"type": "MemoryPressure", "status": "True"}]}
        });
        nodes.weave(0, vec![delta(&nodes::NODE, node)], &mut out);
        nodes.weave(1, vec![pod("p1", "Running", "1"), pod("p2", "Running", "500m"), pod("p3", "Succeeded", "2")], &mut out);
        let texts = |out: &Vec<Delta>| match out.last() {
            Some(Delta::Upsert(row)) => row.cells.iter().map(|cell| cell.text(0)).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        assert_eq!(texts(&out)[2..7], ["2/110", "38%", "25%", "Memory", "k:NoSchedule"]);
        nodes.weave(1, vec![Delta::Remove(Uid::new("p1")), pod("p2", "Failed", "500m")], &mut out);
        assert_eq!(texts(&out)[2..5], ["0/110", "0%", "0%"]);
    }
}
