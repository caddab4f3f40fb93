//! Volumes for claims: those that are there, and new ones of a StorageClass (`pkg/controller/volume/persistentvolume`, the
//! protection controllers, and an external provisioner).

use std::sync::Arc;

use serde_json::json;

use super::Controller;
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::{Deletion, Millis, SECOND, World};

pub mod attributes;
mod bind;
#[cfg(test)]
mod tests;

/// The row of the binder of claims.
pub static CLAIMS: Controller = Controller { name: CLAIM, see, sync: bind::claim };

/// The row of the binder of volumes. Its changes are seen by the row above.
pub static VOLUMES: Controller = Controller { name: VOLUME, see: |_, _| {}, sync: volume };

/// The row of the provisioner, which is outside of Kubernetes.
pub static PROVISIONER: Controller = Controller { name: PROVISION, see: |_, _| {}, sync: provision };

const CLAIM: &str = "persistentvolume-claim";
const VOLUME: &str = "persistentvolume-volume";
const PROVISION: &str = "external-provisioner";

const CLAIMS_OF: &str = "persistentvolumeclaims";
const VOLUMES_OF: &str = "persistentvolumes";
const CLASSES_OF: &str = "storageclasses.storage.k8s.io";
const COMPONENT: &str = "persistentvolume-controller";

const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";
const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";

/// The node that the scheduler chose for the first pod of a claim.
const SELECTED: &str = "volume.kubernetes.io/selected-node";
/// Who is to make the volume.
const PROVISIONER_NAME: &str = "volume.kubernetes.io/storage-provisioner";

/// How long a provisioner takes.
const MAKING: Millis = 2 * SECOND;

/// How often what waits is looked at again: `PVClaimBinderSyncPeriod`.
const AGAIN: Millis = 15 * SECOND;

fn see(world: &mut World, change: &Change) {
    let object = &change.object;
    match &*object.resource {
        "pods" => {
            let volumes = object.tree.at("spec.volumes").items();
            let told = |path: &str| change.before.as_ref().is_none_or(|before| !before.tree.at(path).same(object.tree.at(path)));
            if volumes.iter().all(|volume| volume["persistentVolumeClaim"].is_null())
                || change.verb == Verb::Modified && !["spec.nodeName", "status.phase", "metadata.deletionTimestamp"].into_iter().any(told)
            {
                return;
            }
            for name in volumes.iter().filter_map(|volume| volume.at("persistentVolumeClaim.claimName").as_str()) {
                world.look(CLAIM, Ref::new(CLAIMS_OF, &object.namespace, name));
            }
        }
        CLAIMS_OF => {
            world.look(CLAIM, object.reference());
            let volume = object.tree.text("spec.volumeName");
            if !volume.is_empty() {
                world.look(VOLUME, Ref::new(VOLUMES_OF, "", volume));
            }
        }
        VOLUMES_OF => {
            world.look(VOLUME, object.reference());
            let claim = object.tree.at("spec.claimRef");
            if !claim.is_null() {
                world.look(CLAIM, Ref::new(CLAIMS_OF, claim.text("namespace"), claim.text("name")));
            } else if change.verb == Verb::Added {
                look_at_unbound(world);
            }
        }
        CLASSES_OF => look_at_unbound(world),
        _ => {}
    }
}

fn look_at_unbound(world: &mut World) {
    let unbound = world.store.list(CLAIMS_OF, None).filter(|claim| claim.tree.text("status.phase") != "Bound");
    for claim in unbound.map(|claim| claim.reference()).collect::<Vec<_>>() {
        world.look(CLAIM, claim);
    }
}

/// Sets a volume's phase, and since when.
fn set_phase(tree: &mut Tree, phase: &str, now: &Tree) {
    if tree.text("status.phase") != phase {
        tree.set("status.phase", phase);
        tree.set("status.lastPhaseTransitionTime", now);
    }
}

fn unhold(tree: &mut Tree, finalizer: &str) {
    tree.retain("metadata.finalizers", |held| *held != *finalizer);
}

/// A volume: whose it is, and what becomes of it when its claim is gone (`syncVolume`).
fn volume(world: &mut World, about: &Ref) {
    let Some(volume) = world.find(about) else { return };
    let reference = volume.tree.at("spec.claimRef");
    let uid = reference.text("uid");
    let claim = world.get(CLAIMS_OF, reference.text("namespace"), reference.text("name")).filter(|claim| *claim.uid == *uid);
    let phase = match (uid, &claim) {
        ("", _) => "Available",
        (_, Some(_)) => "Bound",
        (_, None) => "Released",
    };
    let now = world.now_text();
    let known = world.update(about, |tree| {
        set_phase(tree, phase, &now);
        let held = tree.at("metadata.finalizers").items().iter().any(|held| *held == VOLUME_FINALIZER);
        if !volume.terminating() && !held {
            tree.push("metadata.finalizers", VOLUME_FINALIZER);
        } else if volume.terminating() && phase != "Bound" {
            unhold(tree, VOLUME_FINALIZER);
        }
    });
    let Some(known) = known.filter(|known| world.find(&known.reference()).is_some()) else { return };
    if phase == "Released" && known.tree.text("spec.persistentVolumeReclaimPolicy") == "Delete" && !known.terminating() {
        // Whoever made it takes it away.
        world.update(about, |tree| unhold(tree, VOLUME_FINALIZER));
        let _gone = world.delete(about, &Deletion::default());
    }
}

/// Makes the volume of a claim that waits for one: what a CSI provisioner does.
fn provision(world: &mut World, about: &Ref) {
    let Some(claim) = world.find(about).filter(|claim| claim.tree.text("spec.volumeName").is_empty() && !claim.terminating()) else {
        return;
    };
    let Some(class) = world.get(CLASSES_OF, "", claim.tree.text("spec.storageClassName")) else { return };
    let who = class.tree.text("provisioner");
    let name = format!("pvc-{}", claim.uid);
    if world.get(VOLUMES_OF, "", &name).is_some() {
        return;
    }
    let policy = Some(class.tree.text("reclaimPolicy")).filter(|policy| !policy.is_empty()).unwrap_or("Delete");
    let mode = Some(claim.tree.text("spec.volumeMode")).filter(|mode| !mode.is_empty()).unwrap_or("Filesystem");
    let mut volume = Tree::from(json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": who}, "finalizers": [VOLUME_FINALIZER]},
        "spec": {
            "csi": {"driver": who, "fsType": "ext4", "volumeHandle": format!("vol-{}", claim.uid)},
            "persistentVolumeReclaimPolicy": policy, "storageClassName": &*class.name, "volumeMode": mode,
        },
        "status": {"phase": "Pending"},
    }));
    volume.set("spec.capacity.storage", claim.tree.at("spec.resources.requests.storage"));
    volume.set("spec.accessModes", claim.tree.at("spec.accessModes"));
    volume.set("spec.claimRef", bind::reference(&claim));
    if world.create(VOLUMES_OF, volume).is_ok() {
        world.event(&claim, "Normal", "ProvisioningSucceeded", &format!("Successfully provisioned volume {name}"), who);
    }
}

/// Pods that have a claim and have not ended.
fn users(world: &World, claim: &Object) -> Vec<Arc<Object>> {
    let has = |pod: &&Arc<Object>| {
        let mut volumes = pod.tree.at("spec.volumes").items().iter();
        volumes.any(|volume| volume.at("persistentVolumeClaim.claimName") == &*claim.name) && !super::pods::has_ended(pod)
    };
    world.store.list("pods", Some(&claim.namespace)).filter(has).cloned().collect()
}
