//! Claims: which volume one gets, or why it gets none (`syncUnboundClaim`, `syncBoundClaim`).

use std::sync::Arc;

use super::{AGAIN, CLAIM, CLAIM_FINALIZER, CLASSES_OF, COMPONENT, MAKING, PROVISION, PROVISIONER_NAME, SELECTED, VOLUMES_OF};
use super::{set_phase, unhold, users};
use crate::demo::selector;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::World;
use crate::model::quantity;

/// Of a claim that got its volume once.
const COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// Of what the controller bound by itself.
const BY_US: &str = "pv.kubernetes.io/bound-by-controller";

/// How a volume names its claim.
pub fn reference(claim: &Object) -> Tree {
    let mut reference =
        Tree::texts([("apiVersion", "v1"), ("kind", "PersistentVolumeClaim"), ("name", &*claim.name), ("namespace", &*claim.namespace)]);
    reference.set("uid", &claim.uid);
    reference.set("resourceVersion", claim.version.to_string());
    reference
}

/// One look at a claim.
pub fn claim(world: &mut World, about: &Ref) {
    let Some(claim) = world.find(about) else { return };
    if claim.terminating() {
        if users(world, &claim).iter().all(|pod| pod.tree.text("spec.nodeName").is_empty()) {
            world.update(about, |tree| unhold(tree, CLAIM_FINALIZER));
        }
        return;
    }
    if !claim.tree.at("metadata.finalizers").items().iter().any(|held| *held == CLAIM_FINALIZER) {
        world.update(about, |tree| tree.push("metadata.finalizers", CLAIM_FINALIZER));
    }
    let named = claim.tree.text("spec.volumeName");
    if !named.is_empty() {
        return chosen(world, &claim, named);
    }
    if claim.tree.text("status.phase").is_empty() {
        world.update(about, |tree| tree.set("status.phase", "Pending"));
    }
    let class_name = claim.tree.text("spec.storageClassName");
    let class = world.get(CLASSES_OF, "", class_name);
    let late = class.as_ref().is_some_and(|class| class.tree.text("volumeBindingMode") == "WaitForFirstConsumer");
    let waits = late && claim.tree.at("metadata.annotations")[SELECTED].is_null();
    if let Some(volume) = match_volume(world, &claim, waits) {
        return bind(world, &claim, &volume, true);
    }
    if waits {
        let first = users(world, &claim).into_iter().find(|pod| pod.tree.text("spec.nodeName").is_empty());
        let (reason, message) = match first {
            Some(pod) => ("WaitForPodScheduled", format!("waiting for pod {} to be scheduled", pod.name)),
            None => ("WaitForFirstConsumer", "waiting for first consumer to be created before binding".to_owned()),
        };
        world.event(&claim, "Normal", reason, &message, COMPONENT);
        return world.look_in(CLAIM, about.clone(), AGAIN);
    }
    world.look_in(CLAIM, about.clone(), AGAIN);
    let Some(class) = class else {
        let (kind, reason, message) = if class_name.is_empty() {
            ("Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set".to_owned())
        } else {
            ("Warning", "ProvisioningFailed", format!("storageclass.storage.k8s.io {class_name:?} not found"))
        };
        return world.event(&claim, kind, reason, &message, COMPONENT);
    };
    let who = class.tree.text("provisioner");
    if who == "kubernetes.io/no-provisioner" {
        return;
    }
    if claim.tree.at("metadata.annotations")[PROVISIONER_NAME].is_null() {
        world.update(about, |tree| {
            let annotations = tree.at_mut("metadata.annotations");
            annotations.put(PROVISIONER_NAME, who);
            annotations.put("volume.beta.kubernetes.io/storage-provisioner", who);
        });
        let message = format!("External provisioner is provisioning volume for claim \"{}/{}\"", claim.namespace, claim.name);
        world.event(&claim, "Normal", "Provisioning", &message, who);
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{who}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        world.event(&claim, "Normal", "ExternalProvisioning", &message, COMPONENT);
    }
    world.look_in(PROVISION, about.clone(), MAKING);
}

/// A claim that has its volume, or asks for one by name.
fn chosen(world: &mut World, claim: &Arc<Object>, name: &str) {
    let had = !claim.tree.at("metadata.annotations")[COMPLETED].is_null();
    let volume = world.get(VOLUMES_OF, "", name);
    let of = volume.as_ref().map(|volume| volume.tree.at("spec.claimRef").clone()).unwrap_or_default();
    let free = of.is_null() || of.text("uid").is_empty() && of["name"] == *claim.name && of["namespace"] == *claim.namespace;
    match volume {
        Some(volume) if free || of["uid"] == *claim.uid => bind(world, claim, &volume, had),
        _ if had && claim.tree.text("status.phase") != "Lost" => {
            world.update(&claim.reference(), |tree| {
                tree.set("status.phase", "Lost");
                tree.remove("status.capacity");
                tree.remove("status.accessModes");
            });
            let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            world.event(claim, "Warning", "ClaimLost", message, COMPONENT);
        }
        Some(_) if !had => {
            world.update(&claim.reference(), |tree| tree.set("status.phase", "Pending"));
            let message = format!("volume {name:?} already bound to a different claim.");
            world.event(claim, "Warning", "FailedBinding", &message, COMPONENT);
        }
        _ => {}
    }
}

/// The smallest volume that is free and large enough: `findByClaim`. A claim that waits for its first pod gets only one
/// that was made for it.
fn match_volume(world: &World, claim: &Object, waits: bool) -> Option<Arc<Object>> {
    let size = |of: &Tree| of.as_str().and_then(quantity::millis).unwrap_or(0);
    let (spec, wanted) = (&claim.tree["spec"], size(claim.tree.at("spec.resources.requests.storage")));
    let labels = selector::of(&spec["selector"]);
    let mode = |spec: &Tree| spec["volumeMode"].as_str().unwrap_or("Filesystem").to_owned();
    let fits = |volume: &&Arc<Object>| {
        let of = volume.tree.at("spec.claimRef");
        let ours =
            of["name"] == *claim.name && of["namespace"] == *claim.namespace && (of.text("uid").is_empty() || of["uid"] == *claim.uid);
        let has_modes = spec["accessModes"].items().iter().all(|mode| volume.tree.at("spec.accessModes").items().contains(mode));
        (ours || of.is_null() && !waits && !volume.terminating())
            && volume.tree.text("spec.storageClassName") == spec.text("storageClassName")
            && mode(&volume.tree["spec"]) == mode(spec)
            && has_modes
            && size(volume.tree.at("spec.capacity.storage")) >= wanted
            && selector::matches(&labels, volume.labels())
    };
    let all = world.store.list(VOLUMES_OF, None).filter(fits);
    all.min_by_key(|volume| (volume.tree.at("spec.claimRef").is_null(), size(volume.tree.at("spec.capacity.storage")))).cloned()
}

/// Makes volume and claim each other's.
fn bind(world: &mut World, claim: &Arc<Object>, volume: &Arc<Object>, by_us: bool) {
    let now = world.now_text();
    world.update(&volume.reference(), |tree| {
        if tree.text("spec.claimRef.uid").is_empty() {
            if tree.at("spec.claimRef").is_null() {
                tree.at_mut("metadata.annotations").put(BY_US, "yes");
            }
            tree.set("spec.claimRef", reference(claim));
        }
        set_phase(tree, "Bound", &now);
    });
    world.update(&claim.reference(), |tree| {
        tree.set("spec.volumeName", &volume.name);
        let annotations = tree.at_mut("metadata.annotations");
        annotations.put(COMPLETED, "yes");
        if by_us {
            annotations.put(BY_US, "yes");
        }
        tree.set("status.phase", "Bound");
        tree.set("status.accessModes", volume.tree.at("spec.accessModes"));
        tree.set("status.capacity", volume.tree.at("spec.capacity"));
    });
}
