//! Deployments at rest, StatefulSets, DaemonSets and ReplicationControllers.

use serde_json::{Value, json};

use super::*;

pub async fn deployment_is_created_read_and_listed(ground: &Ground) {
    let created = ground.post(&ground.apps("deployments"), &deployment("web", 2, "app:1")).await;
    assert_eq!(created.code, 201);
    let created = created.body;
    assert_eq!((&created["metadata"]["generation"], &created["status"]), (&json!(1), &json!({})));
    assert_eq!(created["spec"]["strategy"]["rollingUpdate"], json!({"maxSurge": "25%", "maxUnavailable": "25%"}));
    assert_eq!((&created["spec"]["revisionHistoryLimit"], &created["spec"]["progressDeadlineSeconds"]), (&json!(10), &json!(600)));
    let path = ground.apps("deployments/web");
    let available = ground.until_is(&path, &[("/status/availableReplicas", json!(2)), ("/status/observedGeneration", json!(1))]).await;
    assert_eq!(uid(&available), uid(&created));
    assert_eq!(available["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    let available_condition = condition(&available, "Available");
    assert_eq!((text(available_condition, "/status"), text(available_condition, "/reason")), ("True", "MinimumReplicasAvailable"));
    assert_eq!(available_condition["message"], "Deployment has minimum availability.");
    let done = ground
        .until_object(&path, |d| {
            let progressing = condition(d, "Progressing");
            (progressing["reason"] != "NewReplicaSetAvailable").then(|| progressing.to_string())
        })
        .await;

    let sets = ground.items(&ground.apps("replicasets")).await;
    assert_eq!(sets.len(), 1);
    let set = &sets[0];
    assert_eq!(controller(set), Some(("Deployment", "web")));
    let hash = text(set, "/metadata/labels/pod-template-hash");
    assert_eq!(name(set), format!("web-{hash}"));
    assert_eq!(set["spec"]["selector"]["matchLabels"], json!({"app": "web", "pod-template-hash": hash}));
    assert_eq!(condition(&done, "Progressing")["message"], format!("ReplicaSet \"web-{hash}\" has successfully progressed."));
    let pods = ground.items(&ground.core("pods")).await;
    assert_eq!(pods.len(), 2);
    for pod in &pods {
        assert_eq!(controller(pod), Some(("ReplicaSet", name(set))));
        assert_eq!(text(pod, "/metadata/generateName"), format!("web-{hash}-"));
        assert!(name(pod).starts_with(text(pod, "/metadata/generateName")));
        assert_eq!(pod["metadata"]["ownerReferences"][0]["blockOwnerDeletion"], true);
        assert_eq!(text(pod, "/status/phase"), "Running");
    }

    let list = ground.get(&ground.apps("deployments")).await.ok();
    assert_eq!((text(&list, "/kind"), text(&list, "/apiVersion")), ("DeploymentList", "apps/v1"));
    assert_eq!(names(list["items"].as_array().unwrap()), ["web"]);
    assert!(list["items"][0].get("kind").is_none(), "what is in a list does not repeat its kind");
    let missing = ground.get(&ground.apps("deployments/other")).await.refused(404, "NotFound");
    assert_eq!(missing["message"], "deployments.apps \"other\" not found");
    assert_eq!(missing["details"], json!({"name": "other", "group": "apps", "kind": "deployments"}));
    let again = ground.post(&ground.apps("deployments"), &deployment("web", 2, "app:1")).await.refused(409, "AlreadyExists");
    assert_eq!(again["message"], "deployments.apps \"web\" already exists");
}

pub async fn deployment_is_scaled(ground: &Ground) {
    let path = ground.apps("deployments/web");
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    ground.until_is(&path, &[("/status/availableReplicas", json!(1))]).await;
    let scale_path = format!("{path}/scale");
    let mut scale = ground.get(&scale_path).await.ok();
    assert_eq!((text(&scale, "/kind"), text(&scale, "/apiVersion")), ("Scale", "autoscaling/v1"));
    assert_eq!((&scale["spec"], &scale["status"]), (&json!({"replicas": 1}), &json!({"replicas": 1, "selector": "app=web"})));
    scale["spec"]["replicas"] = json!(3);
    let scaled = ground.put(&scale_path, &scale).await.ok();
    assert_eq!((&scaled["spec"]["replicas"], &scaled["status"]["replicas"]), (&json!(3), &json!(1)));
    let before = ground.until_is(&path, &[("/status/availableReplicas", json!(3)), ("/spec/replicas", json!(3))]).await;
    assert_eq!(before["metadata"]["generation"], 2);
    assert_eq!(ground.items(&ground.apps("replicasets")).await.len(), 1, "scaling is no rollout");
    let stale = ground.put(&scale_path, &scale).await.refused(409, "Conflict");
    assert!(text(&stale, "/message").contains("the object has been modified"), "{stale}");

    // The pods that stay are the older ones that are ready.
    let patched = ground.patch(&scale_path, Patch::Merge, &json!({"spec": {"replicas": 2}})).await.ok();
    assert_eq!(text(&patched, "/kind"), "Scale");
    ground.until_is(&path, &[("/status/replicas", json!(2)), ("/status/observedGeneration", json!(3))]).await;
    ground.patch(&path, Patch::Merge, &json!({"spec": {"replicas": 0}})).await.ok();
    ground.until_count(&ground.core("pods"), 0).await;
    let none = ground.until_is(&path, &[("/status/replicas", json!(null)), ("/status/observedGeneration", json!(4))]).await;
    assert_eq!(none["spec"]["replicas"], 0);
    let negative = ground.patch(&scale_path, Patch::Merge, &json!({"spec": {"replicas": -1}})).await.refused(422, "Invalid");
    assert_eq!(causes(&negative), [("spec.replicas", "FieldValueInvalid")]);
}

pub async fn stateful_set_starts_and_shrinks_in_order(ground: &Ground) {
    let mut set = workload("StatefulSet", "db", 3, "app:1");
    set["spec"]["volumeClaimTemplates"] =
        json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
    // Without somebody who provides volumes, claims must have one before a pod is placed.
    for index in 0..3 {
        let claim = format!("data-db-{index}");
        ground.post("/api/v1/persistentvolumes", &volume(ground, &claim)).await.ok();
    }
    let mut watch = ground.watch(&ground.core("pods?watch=1")).await;
    ground.post(&ground.apps("statefulsets"), &set).await.ok();
    let path = ground.apps("statefulsets/db");
    ground.until_is(&path, &[("/status/readyReplicas", json!(3)), ("/status/availableReplicas", json!(3))]).await;
    let mut order = Vec::new();
    watch
        .all_until("the third pod", |event| {
            note(&mut order, event);
            order.last().is_some_and(|o| o == "db-2 ready")
        })
        .await;
    assert_eq!(order, ["db-0 made", "db-0 ready", "db-1 made", "db-1 ready", "db-2 made", "db-2 ready"]);
    let pod = ground.get(&ground.core("pods/db-1")).await.ok();
    assert_eq!(controller(&pod), Some(("StatefulSet", "db")));
    assert_eq!(pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"], "db-1");
    assert_eq!(pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"], "1");
    assert_eq!((text(&pod, "/spec/hostname"), text(&pod, "/spec/subdomain")), ("db-1", "db"));
    let claims = ground.items(&ground.core("persistentvolumeclaims")).await;
    assert_eq!(names(&claims), ["data-db-0", "data-db-1", "data-db-2"]);
    assert_eq!(claims[0]["metadata"]["labels"], json!({"app": "db"}));
    assert!(claims.iter().all(|claim| text(claim, "/status/phase") == "Bound"), "{claims:?}");
    assert_eq!(text(&pod, "/spec/volumes/0/persistentVolumeClaim/claimName"), "data-db-1");

    ground.patch(&path, Patch::Merge, &json!({"spec": {"replicas": 1}})).await.ok();
    let mut order = Vec::new();
    watch
        .all_until("the end of the second pod", |event| {
            note(&mut order, event);
            order.last().is_some_and(|o| o == "db-1 gone")
        })
        .await;
    assert_eq!(order, ["db-2 leaving", "db-2 gone", "db-1 leaving", "db-1 gone"]);
    ground.until_is(&path, &[("/status/replicas", json!(1)), ("/status/readyReplicas", json!(1))]).await;
    assert_eq!(ground.items(&ground.core("persistentvolumeclaims")).await.len(), 3, "claims outlive their pods");
    for index in 0..3 {
        ground.delete(&format!("/api/v1/persistentvolumes/{}-data-db-{index}", ground.namespace()), &json!(null)).await.ok();
    }
}

/// What an event says of a pod, once.
fn note(order: &mut Vec<String>, event: &Value) {
    let pod = &event["object"];
    let what = match (text(event, "/type"), leaving(pod), ready(pod)) {
        ("ADDED", _, false) => "made",
        ("DELETED", _, _) => "gone",
        (_, true, _) => "leaving",
        (_, _, true) => "ready",
        _ => return,
    };
    let entry = format!("{} {what}", name(pod));
    if !order.contains(&entry) {
        order.push(entry);
    }
}

fn volume(ground: &Ground, claim: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": format!("{}-{claim}", ground.namespace())},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": "/none"},
            "claimRef": {"namespace": ground.namespace(), "name": claim},
        },
    })
}

pub async fn stateful_set_updates_above_its_partition(ground: &Ground) {
    let mut set = workload("StatefulSet", "db", 3, "app:1");
    set["spec"]["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}});
    ground.post(&ground.apps("statefulsets"), &set).await.ok();
    let path = ground.apps("statefulsets/db");
    let before = ground.until_is(&path, &[("/status/readyReplicas", json!(3))]).await;
    let first = text(&before, "/status/currentRevision").to_owned();
    assert!(first.starts_with("db-"), "{first}");
    let mut watch = ground.watch(&ground.core("pods?watch=1")).await;
    for _ in 0..3 {
        watch.change("the pods that are there").await;
    }
    ground
        .patch(&path, Patch::Strategic, &json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}}}))
        .await
        .ok();
    let mut order = Vec::new();
    watch
        .all_until("the second pod anew", |event| {
            note(&mut order, event);
            order.last().is_some_and(|o| o == "db-1 ready")
        })
        .await;
    assert_eq!(order, ["db-2 leaving", "db-2 gone", "db-2 made", "db-2 ready", "db-1 leaving", "db-1 gone", "db-1 made", "db-1 ready"]);
    let after = ground.until_is(&path, &[("/status/updatedReplicas", json!(2)), ("/status/readyReplicas", json!(3))]).await;
    assert_eq!(text(&after, "/status/currentRevision"), first);
    let second = text(&after, "/status/updateRevision");
    assert_ne!(second, first);
    for (pod, revision, image) in [("db-0", first.as_str(), "app:1"), ("db-1", second, "app:2"), ("db-2", second, "app:2")] {
        let pod = ground.get(&ground.core(&format!("pods/{pod}"))).await.ok();
        assert_eq!(text(&pod, "/metadata/labels/controller-revision-hash"), revision);
        assert_eq!(text(&pod, "/spec/containers/0/image"), image);
    }
    ground.patch(&path, Patch::Merge, &json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})).await.ok();
    let done = ground.until_is(&path, &[("/status/currentRevision", json!(second)), ("/status/readyReplicas", json!(3))]).await;
    assert_eq!(number(&done, "/status/currentReplicas"), 3);
    let mut revisions: Vec<i64> = ground.items(&ground.apps("controllerrevisions")).await.iter().map(|r| number(r, "/revision")).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [1, 2]);
}

pub async fn daemon_set_runs_where_nodes_fit(ground: &Ground) {
    let nodes = ground.nodes().await;
    let fitting = |selector: &dyn Fn(&Value) -> bool| {
        let open = |node: &Value| {
            let taints = node.pointer("/spec/taints").and_then(Value::as_array);
            taints.is_none_or(|taints| taints.iter().all(|taint| taint["key"] == "node.kubernetes.io/unschedulable"))
        };
        nodes.iter().filter(|node| open(node) && selector(node)).count()
    };
    let chosen = text(&nodes[0], "/metadata/labels/kubernetes.io~1hostname").to_owned();
    let mut everywhere = workload("DaemonSet", "agent", 0, "app:1");
    everywhere["spec"]["template"]["spec"]["tolerations"] = json!([]);
    let mut one = workload("DaemonSet", "one", 0, "app:1");
    one["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": chosen});
    let mut none = workload("DaemonSet", "none", 0, "app:1");
    none["spec"]["template"]["spec"]["nodeSelector"] = json!({"nowhere": "true"});
    for set in [&everywhere, &one, &none] {
        ground.post(&ground.apps("daemonsets"), set).await.ok();
    }
    for (set, count) in [("agent", fitting(&|_| true)), ("one", 1), ("none", 0)] {
        let counts = ["desiredNumberScheduled", "currentNumberScheduled", "numberReady"];
        ground
            .until_object(&ground.apps(&format!("daemonsets/{set}")), |found| {
                let right = number(found, "/status/observedGeneration") == 1
                    && counts.iter().all(|key| number(found, &format!("/status/{key}")) == count as i64);
                (!right).then(|| format!("not {count}: {}", found["status"]))
            })
            .await;
    }
    let pods = ground.items(&ground.core("pods?labelSelector=app%3Done")).await;
    assert_eq!(text(&pods[0], "/spec/nodeName"), name(&nodes[0]));
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0";
    assert_eq!(pods[0].pointer(terms).unwrap(), &json!({"key": "metadata.name", "operator": "In", "values": [name(&nodes[0])]}));
    let mut tolerated: Vec<&str> = pods[0]["spec"]["tolerations"].as_array().unwrap().iter().map(|t| text(t, "/key")).collect();
    tolerated.sort_unstable();
    let expected = ["disk-pressure", "memory-pressure", "not-ready", "pid-pressure", "unreachable", "unschedulable"];
    assert_eq!(tolerated, expected.map(|key| format!("node.kubernetes.io/{key}")));
}

pub async fn replication_controller_keeps_its_pods(ground: &Ground) {
    let controller_object = json!({
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "old"},
        "spec": {"replicas": 2, "template": template("old", "app:1")},
    });
    let created = ground.post(&ground.core("replicationcontrollers"), &controller_object).await.ok();
    assert_eq!(created["spec"]["selector"], json!({"app": "old"}), "the selector is the template's labels");
    assert_eq!(created["metadata"]["labels"], json!({"app": "old"}));
    let path = ground.core("replicationcontrollers/old");
    ground.until_is(&path, &[("/status/readyReplicas", json!(2))]).await;
    let pods = ground.items(&ground.core("pods")).await;
    assert_eq!(controller(&pods[0]), Some(("ReplicationController", "old")));
    ground.delete(&ground.core(&format!("pods/{}", name(&pods[0]))), &json!(null)).await.ok();
    ground
        .until("another pod", async || {
            let now = ground.items(&ground.core("pods")).await;
            let fine = now.iter().filter(|pod| ready(pod) && uid(pod) != uid(&pods[0])).count() == 2;
            if fine { Ok(()) } else { Err(format!("{:?}", names(&now))) }
        })
        .await;
    let scale = ground.patch(&format!("{path}/scale"), Patch::Merge, &json!({"spec": {"replicas": 1}})).await.ok();
    assert_eq!(text(&scale, "/status/selector"), "app=old");
    ground.until_is(&path, &[("/status/replicas", json!(1)), ("/status/observedGeneration", json!(2))]).await;
}
