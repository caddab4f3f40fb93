//! VolumeAttributesClasses stay as long as a claim or a volume is of them (`pkg/controller/volume/vacprotection`).

use super::{CLAIMS_OF, Controller, VOLUMES_OF, unhold};
use crate::demo::store::{Change, Object, Ref, Verb};
use crate::demo::world::World;

/// The row of the controller.
pub static ATTRIBUTES: Controller = Controller { name: NAME, see, sync };

const NAME: &str = "volumeattributesclass-protection";
const RESOURCE: &str = "volumeattributesclasses.storage.k8s.io";
const FINALIZER: &str = "kubernetes.io/vac-protection";

/// Where claims and volumes name their class.
const NAMED: [&str; 3] = [
    "spec.volumeAttributesClassName",
    "status.currentVolumeAttributesClassName",
    "status.modifyVolumeStatus.targetVolumeAttributesClassName",
];

fn classes(object: &Object) -> impl Iterator<Item = &str> {
    NAMED.into_iter().map(|path| object.tree.text(path)).filter(|name| !name.is_empty())
}

fn see(world: &mut World, change: &Change) {
    match &*change.object.resource {
        RESOURCE => world.look(NAME, change.object.reference()),
        CLAIMS_OF | VOLUMES_OF if change.verb != Verb::Added => {
            let left = change.before.as_ref().unwrap_or(&change.object);
            for name in classes(left) {
                world.look(NAME, Ref::new(RESOURCE, "", name));
            }
        }
        _ => {}
    }
}

/// `processVAC`.
fn sync(world: &mut World, about: &Ref) {
    let Some(class) = world.find(about) else { return };
    if !class.terminating() {
        return;
    }
    let of_it = |object: &std::sync::Arc<Object>| classes(object).any(|name| name == &*class.name);
    let used = [CLAIMS_OF, VOLUMES_OF].into_iter().any(|resource| world.store.list(resource, None).any(of_it));
    if !used {
        world.update(about, |tree| unhold(tree, FINALIZER));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::demo::controllers::Controller;
    use crate::demo::world::{Deletion, World};

    static ONLY: &[&Controller] = &[&super::ATTRIBUTES];

    #[test]
    fn a_class_goes_when_its_last_claim_has_another() {
        let mut world = World::kept_by(ONLY, 1_795_248_000_000, 1);
        world.create("namespaces", json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}).into()).expect("is made");
        let class =
            json!({"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttributesClass", "metadata": {"name": "gold"}, "driverName": "a.b"});
        let class = world.create(super::RESOURCE, class.into()).expect("is made").reference();
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
            "spec": {"accessModes": ["ReadWriteOnce"], "volumeAttributesClassName": "gold", "resources": {"requests": {"storage": "1Gi"}}}});
        let claim = world.create(super::CLAIMS_OF, claim.into()).expect("is made").reference();
        world.delete(&class, &Deletion::default()).expect("is there");
        world.settle();
        assert!(world.find(&class).is_some_and(|class| class.terminating()));
        world.update(&claim, |tree| drop(tree.remove("spec.volumeAttributesClassName")));
        world.settle();
        assert!(world.find(&class).is_none());
    }
}
