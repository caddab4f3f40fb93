//! What a kind's strategy does to a new object (`PrepareForCreate`), save what services get.

use crate::demo::tree::Tree;
use crate::demo::world::World;

use super::pods;

/// Kinds whose strategy counts generations: those of `pkg/registry` that set `Generation = 1`.
const COUNTED: &[&str] = &[
    "pods",
    "podtemplates",
    "replicationcontrollers",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "priorityclasses.scheduling.k8s.io",
    "ingresses.networking.k8s.io",
    "ingressclasses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "endpointslices.discovery.k8s.io",
    "poddisruptionbudgets.policy",
    "flowschemas.flowcontrol.apiserver.k8s.io",
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
];

/// Takes away what a caller may not say of a new object. Nodes may have a status: kubelets register with one.
pub(super) fn clear(resource: &str, tree: &mut Tree) {
    if resource != "nodes" {
        tree.remove("status");
    }
}

/// Fills in what is not of the caller's choice.
pub(super) fn prepare(world: &mut World, resource: &str, custom: bool, tree: &mut Tree) {
    if custom || COUNTED.contains(&resource) {
        tree.set("metadata.generation", 1);
    } else {
        tree.remove("metadata.generation");
    }
    match resource {
        "pods" => pod(world, tree),
        "daemonsets.apps" => tree.at_mut("metadata.annotations").put("deprecated.daemonset.template.generation", "1"),
        "jobs.batch" if !tree.flag("spec.manualSelector") => job(tree),
        "namespaces" if !tree.at("spec.finalizers").items().iter().any(|f| *f == "kubernetes") => {
            tree.push("spec.finalizers", "kubernetes");
        }
        "persistentvolumes" => {
            let now = world.now_text();
            tree.set("status.lastPhaseTransitionTime", now);
            finalize(tree, "kubernetes.io/pv-protection");
        }
        "persistentvolumeclaims" => finalize(tree, "kubernetes.io/pvc-protection"),
        "volumeattributesclasses.storage.k8s.io" => finalize(tree, "kubernetes.io/vac-protection"),
        // A new node has not been heard of: the admission plugin TaintNodesByCondition.
        "nodes" => {
            let key = "node.kubernetes.io/not-ready";
            if !tree.at("spec.taints").items().iter().any(|t| t.text("key") == key && t.text("effect") == "NoSchedule") {
                tree.push("spec.taints", Tree::texts([("key", key), ("effect", "NoSchedule")]));
            }
        }
        _ => {}
    }
}

fn finalize(tree: &mut Tree, finalizer: &str) {
    if !tree.at("metadata.finalizers").items().iter().any(|f| *f == finalizer) {
        tree.push("metadata.finalizers", finalizer);
    }
}

fn pod(world: &mut World, tree: &mut Tree) {
    let quality = pods::quality(&tree["spec"]);
    let mut status = Tree::texts([("phase", "Pending"), ("qosClass", quality)]);
    // applySchedulingGatedCondition
    if !tree.at("spec.schedulingGates").is_empty() {
        let mut condition = Tree::texts([
            ("type", "PodScheduled"),
            ("status", "False"),
            ("reason", "SchedulingGated"),
            ("message", "Scheduling is blocked due to non-empty scheduling gates"),
        ]);
        condition.put("lastProbeTime", Tree::Null);
        let now = world.now_text();
        condition.put("lastTransitionTime", now);
        status.put("conditions", vec![condition]);
    }
    tree.put("status", status);
}

/// `generateSelector`.
fn job(tree: &mut Tree) {
    let (name, uid) = (tree.at("metadata.name").clone(), tree.at("metadata.uid").clone());
    let labels = tree.at_mut("spec.template.metadata.labels");
    for (key, value) in [
        ("job-name", &name),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("batch.kubernetes.io/controller-uid", &uid),
    ] {
        if labels[key].is_null() {
            labels.put(key, value);
        }
    }
    super::defaults::labels_of_template(tree);
    let selector = tree.at_mut("spec.selector.matchLabels");
    if selector["batch.kubernetes.io/controller-uid"].is_null() {
        selector.put("batch.kubernetes.io/controller-uid", uid);
    }
}
