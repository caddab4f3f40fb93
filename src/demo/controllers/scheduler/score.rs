//! Which of the nodes that fit is the best: the default plugins' scores and weights, for what is known of the nodes.

use super::super::loads::{Host, Load};
use super::filter::Wish;
use super::terms;
use crate::demo::store::Object;
use crate::demo::world::World;

/// What a pod that asks for nothing is taken to ask for: `DefaultMilliCPURequest`, `DefaultMemoryRequest`.
const CPU: i64 = 100;
const MEMORY: i64 = 200 * 1024 * 1024 * 1000;

/// The best of these places among the nodes; the first of equals. `None` when there is none.
pub fn best(world: &World, pod: &Object, wish: &Wish, fits: &[usize]) -> Option<usize> {
    let spec = &pod.tree["spec"];
    let preferred = spec.at("affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution").items();
    let owner = pod.controller_uid();
    let default = Load::default();
    let raw: Vec<[i64; 4]> = fits
        .iter()
        .map(|&at| {
            let host = &world.loads.hosts()[at];
            let load = world.loads.of(&host.node.name).unwrap_or(&default);
            let affinity = preferred
                .iter()
                .filter(|term| terms::node_term(&term["preference"], &host.node))
                .map(|term| term.int("weight", 0))
                .sum::<i64>();
            let soft = host.node.tree["spec"]["taints"].items().iter();
            let taints = soft.filter(|t| t["effect"] == "PreferNoSchedule" && !terms::tolerated(&spec["tolerations"], t)).count();
            let kin = if owner.is_empty() { 0 } else { load.owners.get(owner).copied().unwrap_or(0) };
            [free(host, load, wish), affinity, taints as i64, i64::from(kin)]
        })
        .collect();
    let most = |which: usize| raw.iter().map(|scores| scores[which]).max().unwrap_or(0);
    let (affinity, taints, kin) = (most(1), most(2), most(3));
    let part = |value: i64, of: i64| if of == 0 { 0 } else { value * 100 / of };
    // The weights of the default profile: TaintToleration 3, NodeAffinity 2, PodTopologySpread 2, NodeResourcesFit 1.
    let score = |s: &[i64; 4]| s[0] + 2 * part(s[1], affinity) + 3 * (100 - part(s[2], taints)) + 2 * (100 - part(s[3], kin));
    let mut best: Option<(i64, usize)> = None;
    for (scores, &at) in raw.iter().zip(fits) {
        let score = score(scores);
        if best.is_none_or(|(other, _)| score > other) {
            best = Some((score, at));
        }
    }
    best.map(|(_, at)| at)
}

/// The plugin's `LeastAllocated`: 100 for an empty node, 0 for a full one.
fn free(host: &Host, load: &Load, wish: &Wish) -> i64 {
    let share = |has: i64, used: i64, asked: i64, otherwise: i64| {
        let left = has - used - if asked == 0 { otherwise } else { asked };
        if has <= 0 { 0 } else { (left.max(0) as i128 * 100 / has as i128) as i64 }
    };
    let cpu = share(host.allocatable.cpu, load.asked.cpu, wish.asks.cpu, CPU);
    let memory = share(host.allocatable.memory, load.asked.memory, wish.asks.memory, MEMORY);
    (cpu + memory) / 2
}
