//! The volume claims of a StatefulSet's pods: made before the pod, kept or deleted as the set says
//! (`persistentVolumeClaimRetentionPolicy`).

use super::{COMPONENT, identity};
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::{World, controlled_by};

const RESOURCE: &str = "persistentvolumeclaims";

/// `data-web-0`.
pub fn name(set: &Object, template: &str, ordinal: i64) -> String {
    format!("{template}-{}-{ordinal}", set.name)
}

fn references(set: &Object, ordinal: i64) -> impl Iterator<Item = Ref> {
    let templates = set.tree.at("spec.volumeClaimTemplates").items();
    templates.iter().map(move |template| Ref::new(RESOURCE, &set.namespace, &name(set, template.text("metadata.name"), ordinal)))
}

/// Makes the claims that a pod has none of yet.
///
/// # Errors
/// One could not be made, or is on its way out.
pub fn make(world: &mut World, set: &Object, pod: &str, ordinal: i64) -> Result<(), String> {
    for template in set.tree.at("spec.volumeClaimTemplates").items() {
        let name = name(set, template.text("metadata.name"), ordinal);
        if let Some(there) = world.get(RESOURCE, &set.namespace, &name) {
            if there.terminating() {
                return Err(format!("pvc {name} is being deleted"));
            }
            continue;
        }
        let mut claim = template.clone();
        claim.set("apiVersion", "v1");
        claim.set("kind", "PersistentVolumeClaim");
        claim.set("metadata.name", name.clone());
        claim.set("metadata.namespace", &set.namespace);
        for (key, value) in set.tree.at("spec.selector.matchLabels").entries() {
            claim.at_mut("metadata.labels").put(key, value);
        }
        claim.set("status.phase", "Pending");
        let set_name = &set.name;
        match world.create(RESOURCE, claim) {
            Ok(_) => {
                let message = format!("Create Claim {name} Pod {pod} in StatefulSet {set_name} success");
                world.event(set, "Normal", "SuccessfulCreate", &message, COMPONENT);
            }
            Err(refusal) => {
                let why = refusal.message;
                let message = format!("Create Claim {name} for Pod {pod} in StatefulSet {set_name} failed error: {why}");
                world.event(set, "Warning", "FailedCreate", &message, COMPONENT);
                return Err(format!("failed to create PVC {name}: {why}"));
            }
        }
    }
    Ok(())
}

/// A claim belongs to a pod of this name that is gone: it is about to go too (`PodClaimIsStale`).
pub fn are_stale(world: &World, set: &Object, pod: &str, ordinal: i64) -> bool {
    references(set, ordinal).filter_map(|claim| world.find(&claim)).any(|claim| {
        let owners = claim.tree.at("metadata.ownerReferences").items();
        owners.iter().any(|owner| owner["kind"] == "Pod" && owner["name"] == *pod)
    })
}

/// Makes a pod's claims belong to whom they shall go with: the set, the pod, or nobody
/// (`updateClaimOwnerRefForSetAndPod`). `condemned` is a pod that the set has no place for.
pub fn keep_or_not(world: &mut World, set: &Object, pod: &Object, condemned: bool) {
    let Some(ordinal) = identity::ordinal(set, pod) else { return };
    let policy = set.tree.at("spec.persistentVolumeClaimRetentionPolicy");
    let with_set = policy["whenDeleted"] == "Delete";
    let with_pod = policy["whenScaled"] == "Delete" && condemned;
    // One that goes with its pod is not the set's any more.
    let wanted = [(with_set && !with_pod, set), (with_pod, pod)];
    for claim in references(set, ordinal).collect::<Vec<_>>() {
        let Some(stored) = world.find(&claim) else { continue };
        let owners = stored.tree.at("metadata.ownerReferences").items();
        let foreign = |owner: &Tree| owner["uid"] != *set.uid && owner["uid"] != *pod.uid;
        let has = |owner: &Object| owners.iter().any(|o| o["uid"] == *owner.uid);
        if owners.iter().any(|owner| foreign(owner) && owner.flag("controller")) || wanted.iter().all(|(yes, owner)| *yes == has(owner)) {
            continue;
        }
        world.update(&claim, |tree| {
            tree.retain("metadata.ownerReferences", foreign);
            for (_, owner) in wanted.iter().filter(|(yes, _)| *yes) {
                tree.push("metadata.ownerReferences", controlled_by(owner));
            }
        });
    }
}
