//! The volume claims of a pod: bound, to be bound by whoever provides volumes, or bound once a node is chosen
//! (the plugin `VolumeBinding`).

use std::sync::Arc;

use super::terms;
use crate::demo::store::{Object, Ref};
use crate::demo::tree::Tree;
use crate::demo::world::World;

/// The node that a provisioner is to make a volume for.
const SELECTED: &str = "volume.kubernetes.io/selected-node";

/// What the claims of a pod ask of its node.
#[derive(Default)]
pub struct Claims {
    /// Claims that wait for a node.
    late: Vec<Arc<Object>>,
    /// Volumes that are bound.
    volumes: Vec<Arc<Object>>,
}

/// Looks at the claims of a pod.
///
/// # Errors
/// Why it can go nowhere, in the scheduler's words.
pub fn read(world: &World, pod: &Object) -> Result<Claims, String> {
    let mut claims = Claims::default();
    for volume in pod.tree.at("spec.volumes").items() {
        let ephemeral = !volume["ephemeral"].is_null();
        let name = match volume.at("persistentVolumeClaim.claimName").as_str() {
            Some(name) => name.to_owned(),
            None if ephemeral => format!("{}-{}", pod.name, volume.text("name")),
            None => continue,
        };
        let Some(claim) = world.get("persistentvolumeclaims", &pod.namespace, &name) else {
            return Err(if ephemeral {
                format!("waiting for ephemeral volume controller to create the persistentvolumeclaim {name:?}")
            } else {
                format!("persistentvolumeclaim {name:?} not found")
            });
        };
        if claim.tree.text("status.phase") == "Lost" {
            return Err(format!(
                "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {:?}",
                claim.tree.text("spec.volumeName")
            ));
        }
        if claim.terminating() {
            return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        let bound = claim.tree.text("spec.volumeName");
        if !bound.is_empty() {
            claims.volumes.extend(world.get("persistentvolumes", "", bound));
            continue;
        }
        let class = world.get("storageclasses.storage.k8s.io", "", claim.tree.text("spec.storageClassName"));
        if class.is_some_and(|class| class.tree.text("volumeBindingMode") == "WaitForFirstConsumer") {
            claims.late.push(claim);
        } else {
            return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
        }
    }
    Ok(claims)
}

impl Claims {
    /// Why the volumes keep the pod away from a node.
    pub fn refuses(&self, node: &Object) -> Option<&'static str> {
        let elsewhere = |volume: &Arc<Object>| {
            let required = volume.tree.at("spec.nodeAffinity.required");
            !required.is_null() && !terms::node_selector(required, node)
        };
        if self.volumes.iter().any(elsewhere) {
            return Some("node(s) didn't match PersistentVolume's node affinity");
        }
        // A node was chosen already: its volume may be there by now.
        let chosen = |claim: &Arc<Object>| claim.tree.at("metadata.annotations")[SELECTED].as_str().is_some_and(|name| *name != *node.name);
        self.late.iter().any(chosen).then_some("node(s) didn't find available persistent volumes to bind")
    }

    /// Tells provisioners the node. True when there is somebody to wait for.
    pub fn choose(&self, world: &mut World, node: &Object) -> bool {
        for claim in &self.late {
            let reference: Ref = claim.reference();
            world.update(&reference, |tree| tree.at_mut("metadata.annotations").put(SELECTED, Tree::from(&node.name)));
        }
        !self.late.is_empty()
    }
}
