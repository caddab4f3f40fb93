use serde_json::{Value, json};

use crate::demo::controllers::ground::Ground;
use crate::demo::store::Ref;
use crate::demo::world::Deletion;

fn class(ground: &mut Ground, name: &str, mode: &str) {
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
        "provisioner": "disks.example.com", "reclaimPolicy": "Delete", "volumeBindingMode": mode});
    ground.world.create("storageclasses.storage.k8s.io", class.into()).expect("is made");
}

fn claim(class: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {
        "storageClassName": class, "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}})
}

fn phase(ground: &Ground) -> String {
    ground.tree("persistentvolumeclaims", "data").text("status.phase").to_owned()
}

fn user() -> Value {
    json!({"metadata": {"name": "db"}, "spec": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}, "status": {"phase": "Pending"}})
}

#[test]
fn a_claim_gets_a_volume_of_its_class_and_takes_it_along() {
    let mut ground = Ground::new();
    class(&mut ground, "standard", "Immediate");
    let made = ground.make("persistentvolumeclaims", claim("standard"));
    ground.world.settle();
    assert_eq!(phase(&ground), "Pending");
    ground.pass(2);
    assert_eq!(phase(&ground), "Bound");
    let name = format!("pvc-{}", made.uid);
    let volume = ground.world.get("persistentvolumes", "", &name).expect("is made");
    assert_eq!((volume.tree.text("status.phase"), volume.tree.text("spec.capacity.storage")), ("Bound", "5Gi"));
    assert_eq!(ground.said("ProvisioningSucceeded"), [format!("Successfully provisioned volume {name}")]);
    ground.pass(60);
    assert_eq!(ground.said("ExternalProvisioning").len(), 1);
    let pod = ground.make("pods", user());
    ground.ready(&pod, true);
    ground.world.delete(&made.reference(), &Deletion::default()).expect("is there");
    ground.world.settle();
    assert_eq!(phase(&ground), "Bound", "a pod uses it");
    ground.world.delete(&pod.reference(), &Deletion::now()).expect("is there");
    ground.world.settle();
    assert!(ground.names("persistentvolumeclaims").is_empty());
    assert!(ground.world.get("persistentvolumes", "", &name).is_none(), "its class says so");
}

#[test]
fn late_claims_wait_for_a_node() {
    let mut ground = Ground::new();
    class(&mut ground, "fast", "WaitForFirstConsumer");
    ground.make("persistentvolumeclaims", claim("fast"));
    ground.pass(60);
    assert_eq!((phase(&ground).as_str(), ground.said("WaitForFirstConsumer").len()), ("Pending", 1));
    ground.make("pods", user());
    ground.pass(15);
    assert_eq!(ground.said("WaitForPodScheduled"), ["waiting for pod db to be scheduled"]);
    ground.change("persistentvolumeclaims", "data", |tree| {
        tree.at_mut("metadata.annotations").put("volume.kubernetes.io/selected-node", "n1")
    });
    ground.pass(2);
    assert_eq!(phase(&ground), "Bound");
}

#[test]
fn a_volume_that_is_there_is_taken_and_kept() {
    let mut ground = Ground::new();
    for (name, size) in [("large", "50Gi"), ("right", "10Gi"), ("small", "1Gi")] {
        let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": {
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce", "ReadWriteMany"], "persistentVolumeReclaimPolicy": "Retain"}});
        ground.world.create("persistentvolumes", volume.into()).expect("is made");
    }
    ground.world.settle();
    let phase_of = |ground: &Ground, name: &str| {
        ground.world.get("persistentvolumes", "", name).expect("is there").tree.text("status.phase").to_owned()
    };
    assert_eq!(phase_of(&ground, "right"), "Available");
    ground.make("persistentvolumeclaims", claim(""));
    ground.world.settle();
    assert_eq!(ground.tree("persistentvolumeclaims", "data").text("spec.volumeName"), "right");
    assert_eq!(ground.tree("persistentvolumeclaims", "data").text("status.capacity.storage"), "10Gi");
    ground.world.delete(&Ref::new("persistentvolumeclaims", "shop", "data"), &Deletion::default()).expect("is there");
    ground.world.settle();
    assert_eq!((phase_of(&ground, "right").as_str(), phase_of(&ground, "large").as_str()), ("Released", "Available"));
}

#[test]
fn a_class_that_is_not_there_is_told_until_it_is() {
    let mut ground = Ground::new();
    ground.make("persistentvolumeclaims", claim("none"));
    ground.pass(30);
    assert_eq!(phase(&ground), "Pending");
    assert_eq!(ground.said("ProvisioningFailed"), ["storageclass.storage.k8s.io \"none\" not found"]);
    class(&mut ground, "none", "Immediate");
    ground.pass(2);
    assert_eq!(phase(&ground), "Bound");
}
