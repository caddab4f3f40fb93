//! What makes a pod of a StatefulSet the one it is: its name, its labels, its volumes (`stateful_set_utils.go`).

use super::super::{pods, revisions};
use super::claims;
use crate::demo::store::Object;
use crate::demo::tree::Tree;
use crate::demo::world::World;

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// `web-0`.
pub fn pod_name(set: &Object, ordinal: i64) -> String {
    format!("{}-{ordinal}", set.name)
}

/// The number in the name of one of the set's pods; `None` for a pod that has another kind of name.
pub fn ordinal(set: &Object, pod: &Object) -> Option<i64> {
    let digits = pod.name.strip_prefix(&*set.name)?.strip_prefix('-')?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// A pod of a template: `newStatefulSetPod`.
pub fn pod(set: &Object, template: &Tree, revision: &str, ordinal: i64) -> Tree {
    let mut pod = pods::from_template(template, set);
    let name = pod_name(set, ordinal);
    pod.set("metadata.name", name.clone());
    let labels = pod.at_mut("metadata.labels");
    labels.put(POD_NAME, name.clone());
    labels.put(POD_INDEX, ordinal.to_string());
    labels.put(revisions::POD_LABEL, revision);
    pod.set("spec.hostname", name);
    let service = set.tree.text("spec.serviceName");
    if !service.is_empty() {
        pod.set("spec.subdomain", service);
    }
    let templates = set.tree.at("spec.volumeClaimTemplates").items();
    if !templates.is_empty() {
        let claimed = templates.iter().map(|claim| {
            let name = claim.text("metadata.name");
            let mut volume = Tree::texts([("name", name)]);
            volume.set("persistentVolumeClaim.claimName", claims::name(set, name, ordinal));
            volume
        });
        let others = pod.at("spec.volumes").items().iter();
        let others = others.filter(|volume| templates.iter().all(|claim| claim.at("metadata.name") != volume.text("name"))).cloned();
        let volumes = Tree::list_of(claimed.chain(others).collect());
        pod.set("spec.volumes", volumes);
    }
    pod
}

/// Gives a pod back the labels that name it: `updateIdentity`.
pub fn restore(world: &mut World, set: &Object, pod: &Object) {
    let Some(ordinal) = ordinal(set, pod) else { return };
    let index = ordinal.to_string();
    if pod.labels()[POD_NAME] == *pod.name && pod.labels()[POD_INDEX] == *index {
        return;
    }
    world.update(&pod.reference(), |tree| {
        let labels = tree.at_mut("metadata.labels");
        labels.put(POD_NAME, &pod.name);
        labels.put(POD_INDEX, index);
    });
}
