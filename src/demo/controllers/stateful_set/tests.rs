use serde_json::{Value, json};

use crate::demo::controllers::ground::Ground;
use crate::demo::world::Deletion;

fn set(spec: Value) -> Value {
    let mut set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {
        "replicas": 3, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "db:1"}]}},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}});
    for (key, value) in spec.as_object().expect("a map") {
        set["spec"][key] = value.clone();
    }
    set
}

#[test]
fn pods_come_one_after_the_other_and_go_the_other_way() {
    let mut ground = Ground::new();
    ground.make("statefulsets.apps", set(json!({"ordinals": {"start": 5}, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]})));
    ground.world.settle();
    assert_eq!(ground.names("pods"), ["db-5"]);
    let pod = ground.tree("pods", "db-5");
    assert_eq!(pod.at("metadata.labels")["apps.kubernetes.io/pod-index"], *"5");
    assert_eq!((pod.text("spec.hostname"), pod.text("spec.subdomain")), ("db-5", "db"));
    assert_eq!(pod.at("spec.volumes")[0].text("persistentVolumeClaim.claimName"), "data-db-5");
    ground.pass(60);
    assert_eq!(ground.names("pods"), ["db-5"], "the first is not ready");
    ground.rest();
    assert_eq!(ground.names("pods"), ["db-5", "db-6", "db-7"]);
    let status = ground.tree("statefulsets.apps", "db");
    for field in ["replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"] {
        assert_eq!(status["status"].int(field, 0), 3, "{field}");
    }
    ground.change("statefulsets.apps", "db", |tree| tree.set("spec.replicas", 1));
    let going: Vec<_> = ground.all("pods").into_iter().filter(|pod| pod.terminating()).map(|pod| pod.name.to_string()).collect();
    assert_eq!(going, ["db-7"]);
    ground.rest();
    assert_eq!(ground.names("pods"), ["db-5"]);
    assert_eq!(ground.names("persistentvolumeclaims"), ["data-db-5", "data-db-6", "data-db-7"], "claims stay");
    assert_eq!(
        ground.said("SuccessfulDelete"),
        ["Delete Pod db-7 in StatefulSet db successful", "Delete Pod db-6 in StatefulSet db successful"]
    );
    assert_eq!(
        ground.said("SuccessfulCreate")[..2],
        ["Create Claim data-db-5 Pod db-5 in StatefulSet db success", "Create Pod db-5 in StatefulSet db successful"]
    );
}

#[test]
fn an_update_goes_from_the_last_to_the_partition_and_back() {
    let mut ground = Ground::new();
    ground.make("statefulsets.apps", set(json!({"podManagementPolicy": "Parallel"})));
    ground.world.settle();
    assert_eq!(ground.names("pods").len(), 3, "all at once");
    ground.rest();
    let image = |ground: &Ground, n: u8| ground.tree("pods", &format!("db-{n}")).at("spec.containers")[0].text("image").to_owned();
    ground.change("statefulsets.apps", "db", |tree| {
        tree.set("spec.updateStrategy.rollingUpdate.partition", 1);
        tree.at_mut("spec.template.spec.containers").items_mut()[0].set("image", "db:2");
    });
    let going: Vec<_> = ground.all("pods").into_iter().filter(|pod| pod.terminating()).map(|pod| pod.name.to_string()).collect();
    assert_eq!(going, ["db-2"], "one at a time");
    ground.rest();
    assert_eq!([0, 1, 2].map(|n| image(&ground, n)), ["db:1", "db:2", "db:2"]);
    let status = ground.tree("statefulsets.apps", "db")["status"].clone();
    assert_eq!((status.int("currentReplicas", 0), status.int("updatedReplicas", 0)), (1, 2));
    assert_ne!(status.text("currentRevision"), status.text("updateRevision"));
    // A pod below the partition comes back as it was.
    ground.world.delete(&crate::demo::store::Ref::new("pods", "shop", "db-0"), &Deletion::now()).expect("is there");
    ground.rest();
    assert_eq!(image(&ground, 0), "db:1");
    ground.change("statefulsets.apps", "db", |tree| {
        tree.set("spec.updateStrategy.rollingUpdate.partition", 0);
        tree.at_mut("spec.template.spec.containers").items_mut()[0].set("image", "db:1");
    });
    ground.rest();
    assert_eq!([0, 1, 2].map(|n| image(&ground, n)), ["db:1", "db:1", "db:1"]);
    let mut numbers: Vec<_> = ground.all("controllerrevisions.apps").iter().map(|revision| revision.tree.int("revision", 0)).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3], "an undo makes the old revision the newest");
}

#[test]
fn failed_pods_are_replaced_and_claims_go_with_the_set() {
    let mut ground = Ground::new();
    let policy = json!({"whenDeleted": "Delete", "whenScaled": "Delete"});
    ground.make(
        "statefulsets.apps",
        set(json!({"replicas": 2, "persistentVolumeClaimRetentionPolicy": policy, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]})),
    );
    ground.world.settle();
    ground.rest();
    let owner =
        |ground: &Ground, name: &str| ground.tree("persistentvolumeclaims", name).at("metadata.ownerReferences")[0].text("kind").to_owned();
    assert_eq!(owner(&ground, "data-db-1"), "StatefulSet");
    let before = ground.tree("pods", "db-0").text("metadata.uid").to_owned();
    ground.change("pods", "db-0", |tree| tree.set("status.phase", "Failed"));
    assert_ne!(ground.tree("pods", "db-0").text("metadata.uid"), before);
    ground.rest();
    ground.change("statefulsets.apps", "db", |tree| tree.set("spec.replicas", 1));
    assert_eq!(owner(&ground, "data-db-1"), "Pod", "it goes with its pod");
}
