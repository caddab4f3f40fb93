//! What metrics-server would measure: deterministic waves around what pods ask for.

use super::controllers::kubelet::hash;
use super::controllers::loads::{Amounts, amount};
use super::store::Object;
use super::tree::Tree;
use super::world::{Millis, SECOND};
use crate::model::time::{parse, rfc3339};

/// metrics-server's `--metric-resolution`.
const WINDOW: i64 = 15;

/// What a container uses that asks for nothing: thousandths of a CPU, and bytes.
const CPU: i64 = 20;
const MEMORY: i64 = 64 * 1024 * 1024;

/// A `PodMetrics` of `metrics.k8s.io/v1beta1`; `None` while there is nothing to measure: the pod does not run, or not yet long
/// enough for a window. The annotations `kubetui.test/cpu` and `kubetui.test/memory` say what all its containers use together.
pub fn pod(pod: &Tree, now: Millis) -> Option<Tree> {
    let window = now.div_euclid(SECOND).div_euclid(WINDOW) * WINDOW;
    let usage = usages(pod, window)?;
    let containers = usage.into_iter().map(|(name, cpu, memory)| {
        let mut container = Tree::texts([("name", &*name)]);
        container.set("usage", measured(cpu, memory));
        container
    });
    let mut metrics = envelope("PodMetrics", pod, window);
    metrics.set("metadata.namespace", pod.at("metadata.namespace"));
    metrics.set("containers", containers.collect::<Vec<_>>());
    Some(metrics)
}

/// A `NodeMetrics`: what its pods use and what the system needs. `None` for a node whose kubelet does not answer.
pub fn node<'a>(node: &Tree, pods: impl Iterator<Item = &'a Object>, now: Millis) -> Option<Tree> {
    if node.item("status.conditions", "type", "Ready")["status"] != "True" {
        return None;
    }
    let window = now.div_euclid(SECOND).div_euclid(WINDOW) * WINDOW;
    let has = Amounts::of(node.at("status.capacity"));
    // The kubelet, the runtime and the kernel: some hundredths of the machine.
    let (mut cpu, mut memory) = (has.cpu / 50, has.memory / 1000 / 25);
    for pod in pods {
        for (_, c, m) in usages(&pod.tree, window).unwrap_or_default() {
            cpu += c;
            memory += m;
        }
    }
    let mut metrics = envelope("NodeMetrics", node, window);
    metrics.set("usage", measured(cpu.min(has.cpu), memory.min(has.memory / 1000)));
    Some(metrics)
}

fn envelope(kind: &str, of: &Tree, window: i64) -> Tree {
    let mut metrics = Tree::texts([("apiVersion", "metrics.k8s.io/v1beta1"), ("kind", kind)]);
    metrics.set("metadata.name", of.at("metadata.name"));
    metrics.set("metadata.creationTimestamp", rfc3339(window));
    let labels = of.at("metadata.labels");
    if !labels.is_empty() {
        metrics.set("metadata.labels", labels);
    }
    metrics.set("timestamp", rfc3339(window));
    metrics.set("window", format!("{WINDOW}s"));
    metrics
}

/// `usage`: nanocores and KiB, as metrics-server writes them.
fn measured(cpu: i64, memory: i64) -> Tree {
    Tree::texts([("cpu", &*format!("{}n", cpu.max(1) * 1_000_000 + 1)), ("memory", &*format!("{}Ki", memory / 1024))])
}

/// Name, thousandths of a CPU and bytes for each container that runs.
fn usages(pod: &Tree, window: i64) -> Option<Vec<(String, i64, i64)>> {
    let started = parse(pod.text("status.startTime"))?;
    if pod.text("status.phase") != "Running" || window < started + WINDOW {
        return None;
    }
    let annotations = pod.at("metadata.annotations");
    let said = |key: &str| annotations.get(key).map(amount);
    let (cpu, memory) = (said("kubetui.test/cpu"), said("kubetui.test/memory").map(|m| m / 1000));
    let statuses = || pod.at("status.containerStatuses").items().iter().chain(pod.at("status.initContainerStatuses").items());
    let running: Vec<&Tree> = statuses().filter(|s| !s["state"]["running"].is_null()).collect();
    let share = running.len().max(1) as i64;
    let uid = pod.text("metadata.uid");
    let used = running.into_iter().map(|status| {
        let name = status.text("name");
        let list = ["containers", "initContainers"].map(|list| pod["spec"].item(list, "name", name));
        let container = list.into_iter().find(|c| !c.is_null()).unwrap_or(status);
        let asked = Amounts::of(container.at("resources.requests"));
        let base = |asked: i64, otherwise: i64| if asked > 0 { asked } else { otherwise };
        let wave = wave(hash(&format!("{uid}/{name}")), window);
        let cpu = cpu.map_or_else(|| (base(asked.cpu, CPU) as f64 * (0.25 + 0.6 * wave)) as i64, |all| all / share);
        let steady = memory.map_or_else(|| (base(asked.memory / 1000, MEMORY) as f64 * (0.6 + 0.2 * wave)) as i64, |all| all / share);
        (name.to_owned(), cpu, steady)
    });
    Some(used.collect())
}

/// Between 0 and 1: a slow wave and a quick one, of which each container has its own.
fn wave(seed: u64, at: i64) -> f64 {
    let turn = |period: f64, shift: u64| ((at as f64 / period + (shift % 1000) as f64 / 1000.0) * std::f64::consts::TAU).sin();
    (0.5 + 0.35 * turn(420.0 + (seed % 300) as f64, seed >> 10) + 0.15 * turn(75.0, seed >> 20)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn running(annotations: serde_json::Value) -> Tree {
        json!({"metadata": {"name": "web", "namespace": "shop", "uid": "u", "annotations": annotations},
            "spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "200m", "memory": "100Mi"}}}]},
            "status": {"phase": "Running", "startTime": "2026-11-21T08:00:00Z", "containerStatuses": [{"name": "app", "state": {"running": {}}}]}})
        .into()
    }

    const NOON: Millis = 1_795_248_000_000;

    #[test]
    fn pods_use_around_what_they_ask_for() {
        let web = running(json!({}));
        assert!(pod(&web, NOON + 5 * SECOND).is_none(), "no window has passed");
        let mut seen = std::collections::BTreeSet::new();
        for minute in 1..30 {
            let metrics = pod(&web, NOON + minute * 60 * SECOND).expect("runs");
            let usage = metrics["containers"][0]["usage"].clone();
            let cpu = amount(&usage["cpu"]);
            assert!((50..=180).contains(&cpu), "{usage:?}");
            seen.insert(cpu);
        }
        assert!(seen.len() > 10, "it moves");
        let a = pod(&web, NOON + 61 * SECOND);
        assert_eq!(a, pod(&web, NOON + 74 * SECOND), "it is measured every 15 seconds");
    }

    #[test]
    fn annotations_say_what_is_used_and_nodes_sum_it_up() {
        let busy = running(json!({"kubetui.test/cpu": "1500m", "kubetui.test/memory": "1Gi"}));
        let metrics = pod(&busy, NOON + 60 * SECOND).expect("runs");
        assert_eq!(metrics["containers"][0]["usage"]["memory"].as_str(), Some("1048576Ki"));
        assert_eq!(amount(&metrics["containers"][0]["usage"]["cpu"]), 1501);
        let host: Tree = json!({"metadata": {"name": "n"}, "status": {"capacity": {"cpu": "8", "memory": "32Gi"},
            "conditions": [{"type": "Ready", "status": "True"}]}})
        .into();
        let one = crate::demo::store::Store::default().put("pods", busy);
        let (idle, loaded) = (node(&host, std::iter::empty(), NOON), node(&host, [&*one].into_iter(), NOON + 60 * SECOND));
        let cpu = |metrics: Option<Tree>| amount(metrics.expect("is ready").at("usage.cpu"));
        assert_eq!(cpu(loaded) - cpu(idle), 1500);
    }
}
