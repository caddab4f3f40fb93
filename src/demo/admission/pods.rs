//! The defaults of pods and of their templates, and their quality of service.

use crate::demo::tree::Tree;
use crate::kinds::describe::quantity::Quantity;

use super::defaults::PROBE;
use super::table::Given::{Bool, Empty, Int, Text};
use super::table::{Row, fill, fill_items};

/// `SetDefaults_PodSpec`.
const SPEC: &[Row] = &[
    ("dnsPolicy", Text("ClusterFirst")),
    ("restartPolicy", Text("Always")),
    ("securityContext", Empty),
    ("terminationGracePeriodSeconds", Int(30)),
    ("schedulerName", Text("default-scheduler")),
];

/// `SetDefaults_Container`, and what is below it.
const CONTAINER: &[Row] = &[
    ("terminationMessagePath", Text("/dev/termination-log")),
    ("terminationMessagePolicy", Text("File")),
    ("ports[].protocol", Text("TCP")),
    ("env[].valueFrom?.fieldRef?.apiVersion", Text("v1")),
    // No default, but a quantity that is no pointer: its zero is written.
    ("env[].valueFrom?.resourceFieldRef?.divisor", Text("0")),
    ("lifecycle?.postStart?.httpGet?.path", Text("/")),
    ("lifecycle?.postStart?.httpGet?.scheme", Text("HTTP")),
    ("lifecycle?.preStop?.httpGet?.path", Text("/")),
    ("lifecycle?.preStop?.httpGet?.scheme", Text("HTTP")),
];

/// The defaults of volumes' sources.
const VOLUME: &[Row] = &[
    ("secret?.defaultMode", Int(0o644)),
    ("configMap?.defaultMode", Int(0o644)),
    ("downwardAPI?.defaultMode", Int(0o644)),
    ("downwardAPI?.items[].fieldRef?.apiVersion", Text("v1")),
    ("downwardAPI?.items[].resourceFieldRef?.divisor", Text("0")),
    ("projected?.defaultMode", Int(0o644)),
    ("projected?.sources[].serviceAccountToken?.expirationSeconds", Int(3600)),
    ("projected?.sources[].downwardAPI?.items[].fieldRef?.apiVersion", Text("v1")),
    ("projected?.sources[].downwardAPI?.items[].resourceFieldRef?.divisor", Text("0")),
    ("hostPath?.type", Text("")),
    ("ephemeral?.volumeClaimTemplate?.spec.volumeMode", Text("Filesystem")),
    ("iscsi?.iscsiInterface", Text("default")),
];

/// The lists of containers of a pod's spec.
pub(super) const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Fills in the pods' spec at a path.
pub(super) fn fill_in(tree: &mut Tree, at: &str) {
    let before = tree.at(at);
    let mut spec = before.clone();
    // The older name of the same: the conversion of PodSpec in core/v1.
    let account = if spec.text("serviceAccountName").is_empty() { spec.text("serviceAccount") } else { spec.text("serviceAccountName") };
    if !account.is_empty() {
        let account = account.to_owned();
        spec.set("serviceAccountName", account.as_str());
        spec.set("serviceAccount", account);
    }
    fill(&mut spec, SPEC);
    for list in CONTAINERS {
        fill_items(&mut spec, list, CONTAINER);
        let incomplete = |c: &Tree| c.text("imagePullPolicy").is_empty() || PROBES.iter().any(|&p| !c[p].is_null() && lacks_probe(&c[p]));
        if spec[list].items().iter().any(incomplete) {
            spec.slot(list).items_mut().iter_mut().for_each(container);
        }
    }
    fill_items(&mut spec, "volumes", VOLUME);
    if spec["volumes"].items().iter().any(sourceless) {
        for volume in spec.slot("volumes").items_mut().iter_mut().filter(|v| sourceless(v)) {
            volume.put("emptyDir", Tree::map());
        }
    }
    if !spec.same(before) {
        tree.set(at, spec);
    }
}

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

fn lacks_probe(probe: &Tree) -> bool {
    let mut whole = probe.clone();
    fill(&mut whole, PROBE);
    !whole.same(probe)
}

fn sourceless(volume: &Tree) -> bool {
    !volume.entries().any(|(key, source)| key != "name" && !source.is_null())
}

fn container(container: &mut Tree) {
    if container.text("imagePullPolicy").is_empty() {
        let policy = if tag_of(container.text("image")) == "latest" { "Always" } else { "IfNotPresent" };
        container.set("imagePullPolicy", policy);
    }
    for probe in PROBES {
        if !container[probe].is_null() {
            fill(container.slot(probe), PROBE);
        }
    }
}

/// The tag of an image: `latest` where it has neither tag nor digest (`parsers.ParseImageName`).
fn tag_of(image: &str) -> &str {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rfind('/').map_or(name, |at| &name[at + 1..]);
    match (last.split_once(':'), digest) {
        (Some((_, tag)), _) => tag,
        (None, Some(_)) => "",
        (None, None) if image.is_empty() => "",
        (None, None) => "latest",
    }
}

/// `SetDefaults_Pod`: what only pods get, and templates do not.
pub(super) fn fill_in_pod(tree: &mut Tree) {
    let mut spec = tree["spec"].clone();
    for list in ["containers", "initContainers"] {
        let wants = |c: &Tree| c.at("resources.limits").entries().any(|(name, _)| c.at("resources.requests")[name].is_null());
        if spec[list].items().iter().any(wants) {
            for container in spec.slot(list).items_mut().iter_mut().filter(|c| wants(c)) {
                let limits = container.at("resources.limits").clone();
                for (name, limit) in limits.entries() {
                    if container.at("resources.requests")[name].is_null() {
                        container.at_mut("resources.requests").put(name, limit);
                    }
                }
            }
        }
        let unbound = |p: &Tree| p["hostPort"].as_i64().unwrap_or(0) == 0 && !p["containerPort"].is_null();
        if spec.flag("hostNetwork") && spec[list].items().iter().any(|c| c["ports"].items().iter().any(unbound)) {
            for container in spec.slot(list).items_mut() {
                if container["ports"].items().iter().any(unbound) {
                    for port in container.slot("ports").items_mut().iter_mut().filter(|p| unbound(p)) {
                        let number = port["containerPort"].clone();
                        port.put("hostPort", number);
                    }
                }
            }
        }
    }
    fill(&mut spec, &[("enableServiceLinks", Bool(true))]);
    // Pod-level requests follow pod-level limits (`defaultPodRequests`, where no container says more).
    let limits = spec.at("resources.limits").clone();
    for (name, limit) in limits.entries() {
        if spec.at("resources.requests")[name].is_null() {
            let total = total(&spec, "requests", name);
            let amount = if total.sign() == 0 { limit.clone() } else { total.to_string().into() };
            spec.at_mut("resources.requests").put(name, amount);
        }
    }
    if !spec.same(&tree["spec"]) {
        tree.put("spec", spec);
    }
}

/// What the containers of a spec ask for of a resource together, as `resourcehelper.PodRequests` and `PodLimits` count: init
/// containers run one after the other, save those that go on as sidecars.
pub(super) fn total(spec: &Tree, which: &str, name: &str) -> Quantity {
    let amount = |c: &Tree| Quantity::parse(c["resources"][which][name].as_str().unwrap_or("0"));
    let mut sum = Quantity::ZERO;
    spec["containers"].items().iter().for_each(|c| sum.add(amount(c)));
    let mut sidecars = Quantity::ZERO;
    let mut most = Quantity::ZERO;
    for container in spec["initContainers"].items() {
        let mut now = amount(container);
        if container.text("restartPolicy") == "Always" {
            sum.add(now);
            sidecars.add(now);
            now = sidecars;
        } else {
            now.add(sidecars);
        }
        if now.compare(most).is_gt() {
            most = now;
        }
    }
    let mut total = if most.compare(sum).is_gt() { most } else { sum };
    total.add(Quantity::parse(spec["overhead"][name].as_str().unwrap_or("0")));
    total
}

/// Names and amounts of resources.
type Amounts = Vec<(String, Quantity)>;

/// `qos.ComputePodQOS`.
pub(super) fn quality(spec: &Tree) -> &'static str {
    let counted = |list: &Tree| -> Amounts {
        let positive = list.entries().filter(|(name, _)| matches!(*name, "cpu" | "memory"));
        let read = positive.map(|(name, amount)| (name.to_owned(), Quantity::parse(amount.as_str().unwrap_or("0"))));
        read.filter(|(_, amount)| amount.sign() > 0).collect()
    };
    let whole = [&spec["resources"]].into_iter().filter(|r| !r.is_empty());
    let each = || spec["containers"].items().iter().chain(spec["initContainers"].items()).map(|c| &c["resources"]);
    let all: Vec<&Tree> = if spec["resources"].is_empty() { each().collect() } else { whole.collect() };
    let said: Vec<_> = all.iter().map(|r| (counted(&r["requests"]), counted(&r["limits"]))).collect();
    if said.iter().all(|(requests, limits)| requests.is_empty() && limits.is_empty()) {
        return "BestEffort";
    }
    let exact = |(requests, limits): &(Amounts, Amounts)| {
        limits.len() == 2 && requests.len() == 2 && requests.iter().zip(limits).all(|(r, l)| r.0 == l.0 && r.1.compare(l.1).is_eq())
    };
    if said.iter().all(exact) { "Guaranteed" } else { "Burstable" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn images_have_tags() {
        for (image, tag) in [
            ("nginx", "latest"),
            ("nginx:1", "1"),
            ("host:5000/nginx", "latest"),
            ("host:5000/a/nginx:latest", "latest"),
            ("nginx@sha256:abc", ""),
            ("nginx:2@sha256:abc", "2"),
        ] {
            assert_eq!(tag_of(image), tag, "{image}");
        }
    }

    #[test]
    fn quality_is_what_the_containers_say_together() {
        let of = |resources: serde_json::Value| quality(&json!({"containers": [{"resources": resources}]}).into());
        assert_eq!(of(json!({})), "BestEffort");
        assert_eq!(of(json!({"requests": {"cpu": "1"}})), "Burstable");
        assert_eq!(of(json!({"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1000m", "memory": "1024Mi"}})), "Guaranteed");
        assert_eq!(of(json!({"requests": {"ephemeral-storage": "1"}})), "BestEffort");
    }

    #[test]
    fn init_containers_count_once_and_sidecars_always() {
        let spec: Tree = json!({
            "initContainers": [{"restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}}, {"resources": {"requests": {"cpu": "2"}}}],
            "containers": [{"resources": {"requests": {"cpu": "500m"}}}, {"resources": {"requests": {"cpu": "1"}}}],
        })
        .into();
        assert_eq!(total(&spec, "requests", "cpu").to_string(), "2100m");
    }
}
