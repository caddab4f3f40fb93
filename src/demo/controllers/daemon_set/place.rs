//! The pod of a DaemonSet for one node, and which nodes there is to be one on (`daemonset_util.go`).

use super::super::scheduler;
use super::super::{pods, revisions};
use crate::demo::store::Object;
use crate::demo::tree::Tree;

/// Taints that every daemon tolerates, with their effect.
const TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// One more for those on the network of their node.
const NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// The label with the number that templates had before they had a hash.
const GENERATION_LABEL: &str = "pod-template-generation";
const GENERATION: &str = "deprecated.daemonset.template.generation";

const REQUIRED: &str = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";

/// The template with what every daemon gets: `CreatePodTemplate`.
pub struct Template {
    tree: Tree,
    hash: String,
    generation: Option<String>,
}

impl Template {
    /// The one of a DaemonSet, with the hash of its revision.
    pub fn of(set: &Object, hash: &str) -> Template {
        let mut tree = set.tree.at("spec.template").clone();
        let network = tree.flag("spec.hostNetwork").then_some(&NETWORK);
        for (key, effect) in TOLERATED.iter().chain(network) {
            let toleration = Tree::texts([("key", *key), ("operator", "Exists"), ("effect", *effect)]);
            let same = |other: &Tree| other["key"] == *key && other["effect"] == *effect && other["operator"] == "Exists";
            if !tree.at("spec.tolerations").items().iter().any(same) {
                tree.push("spec.tolerations", toleration);
            }
        }
        let generation = set.tree.at("metadata.annotations")[GENERATION].as_str().filter(|n| n.parse::<i64>().is_ok()).map(str::to_owned);
        let labels = tree.at_mut("metadata.labels");
        if let Some(generation) = &generation {
            labels.put(GENERATION_LABEL, generation.as_str());
        }
        labels.put(revisions::POD_LABEL, hash);
        Template { tree, hash: hash.to_owned(), generation }
    }

    /// A pod for a node: the scheduler takes it there because of its affinity.
    pub fn pod(&self, set: &Object, node: &str) -> Tree {
        let mut pod = pods::from_template(&self.tree, set);
        let mut field = Tree::texts([("key", "metadata.name"), ("operator", "In")]);
        field.push("values", node);
        let mut term = Tree::map();
        term.push("matchFields", field);
        pod.at_mut("spec").set(&format!("{REQUIRED}.nodeSelectorTerms"), Tree::list_of(vec![term]));
        pod
    }

    /// A pod is of this template: `IsPodUpdated`.
    pub fn made(&self, pod: &Object) -> bool {
        let generation = self.generation.as_deref();
        pod.labels()[revisions::POD_LABEL] == *self.hash
            || generation.is_some_and(|generation| pod.labels()[GENERATION_LABEL] == *generation)
    }

    /// Whether a pod is to be started on a node, and whether one that is there may stay: `NodeShouldRunDaemonPod`.
    pub fn fits(&self, node: &Object) -> (bool, bool) {
        let spec = &self.tree["spec"];
        let named = spec.text("nodeName");
        let labelled = spec["nodeSelector"].entries().all(|(key, value)| node.labels()[key] == *value);
        let required = spec.at(REQUIRED);
        if !(named.is_empty() || *named == *node.name) || !labelled || !(required.is_null() || scheduler::node_selector(required, node)) {
            return (false, false);
        }
        let repels = |effects: &[&str]| {
            let taints = node.tree.at("spec.taints").items().iter();
            taints.filter(|taint| effects.contains(&taint.text("effect"))).any(|taint| !scheduler::tolerated(&spec["tolerations"], taint))
        };
        (!repels(&["NoExecute", "NoSchedule"]), !repels(&["NoExecute"]))
    }
}

/// The node that a pod is on, or is for: `GetTargetNodeName`.
pub fn target(pod: &Object) -> Option<&str> {
    let bound = pod.tree.text("spec.nodeName");
    if !bound.is_empty() {
        return Some(bound);
    }
    let terms = pod.tree["spec"].at(REQUIRED)["nodeSelectorTerms"].items();
    let mut fields = terms.iter().flat_map(|term| term["matchFields"].items());
    fields.find(|field| field["key"] == "metadata.name" && field["operator"] == "In")?["values"][0].as_str()
}
