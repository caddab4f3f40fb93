//! Deletion: of owners, with grace, with preconditions, of namespaces, and eviction under a budget.

use serde_json::{Value, json};

use super::*;

/// A ReplicaSet's owner and its two pods, running.
async fn owner_and_owned(ground: &Ground) -> Vec<String> {
    ground.post(&ground.apps("replicasets"), &workload("ReplicaSet", "set", 2, "app:1")).await.ok();
    ground.until_is(&ground.apps("replicasets/set"), &[("/status/readyReplicas", json!(2))]).await;
    let pods = ground.items(&ground.core("pods")).await;
    names(&pods).into_iter().map(str::to_owned).collect()
}

pub async fn background_deletion_takes_the_owned_along(ground: &Ground) {
    owner_and_owned(ground).await;
    let answer = ground.delete(&ground.apps("replicasets/set"), &json!({"propagationPolicy": "Background"})).await.ok();
    assert_eq!((&answer["kind"], &answer["status"]), (&json!("Status"), &json!("Success")));
    assert_eq!((&answer["details"]["name"], &answer["details"]["kind"]), (&json!("set"), &json!("replicasets")));
    ground.get(&ground.apps("replicasets/set")).await.refused(404, "NotFound");
    ground.until_count(&ground.core("pods"), 0).await;
}

pub async fn foreground_deletion_waits_for_the_owned(ground: &Ground) {
    let pods = owner_and_owned(ground).await;
    let path = ground.core(&format!("pods/{}", pods[0]));
    // One pod is kept, so that the wait can be seen.
    ground.patch(&path, Patch::Merge, &json!({"metadata": {"finalizers": ["kubetui.test/keep"]}})).await.ok();
    let answer = ground.delete(&ground.apps("replicasets/set"), &json!({"propagationPolicy": "Foreground"})).await.ok();
    assert_eq!(answer["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    assert!(leaving(&answer));
    ground.until_gone(&ground.core(&format!("pods/{}", pods[1]))).await;
    ground.until_object(&path, |pod| (!leaving(pod)).then(|| "not deleted".to_owned())).await;
    let waiting = ground.get(&ground.apps("replicasets/set")).await.ok();
    assert_eq!(waiting["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    ground.patch(&path, Patch::Merge, &json!({"metadata": {"finalizers": null}})).await.ok();
    ground.until_gone(&path).await;
    ground.until_gone(&ground.apps("replicasets/set")).await;
}

pub async fn orphans_stay_without_their_owner(ground: &Ground) {
    let pods = owner_and_owned(ground).await;
    ground.delete(&ground.apps("replicasets/set"), &json!({"propagationPolicy": "Orphan"})).await.ok();
    ground.until_gone(&ground.apps("replicasets/set")).await;
    let left = ground.items(&ground.core("pods")).await;
    assert_eq!(names(&left), pods);
    assert!(left.iter().all(|pod| pod["metadata"].get("ownerReferences").is_none() && !leaving(pod)), "{left:?}");
    // Another set with the same selector adopts them.
    let mut other = workload("ReplicaSet", "third", 2, "app:1");
    other["spec"]["selector"] = json!({"matchLabels": {"app": "set"}});
    other["spec"]["template"]["metadata"]["labels"] = json!({"app": "set"});
    ground.post(&ground.apps("replicasets"), &other).await.ok();
    ground.until_is(&ground.apps("replicasets/third"), &[("/status/readyReplicas", json!(2))]).await;
    let adopted = ground.items(&ground.core("pods?labelSelector=app%3Dset")).await;
    assert_eq!(names(&adopted), pods);
    assert!(adopted.iter().all(|pod| controller(pod) == Some(("ReplicaSet", "third"))), "{adopted:?}");
}

pub async fn grace_and_finalizers_keep_what_is_deleted(ground: &Ground) {
    let mut slow = pod("slow-to-go", "app:1");
    slow["metadata"]["annotations"] = json!({"kubetui.test/terminating-for": "1s"});
    slow["spec"]["terminationGracePeriodSeconds"] = json!(20);
    ground.post(&ground.core("pods"), &slow).await.ok();
    let path = ground.core("pods/slow-to-go");
    ground.until_is(&path, &[("/status/phase", json!("Running"))]).await;
    let going = ground.delete(&path, &json!(null)).await.ok();
    assert_eq!((text(&going, "/kind"), number(&going, "/metadata/deletionGracePeriodSeconds")), ("Pod", 20));
    let deletion: jiff::Timestamp = text(&going, "/metadata/deletionTimestamp").parse().expect("a time");
    let again = ground.delete(&path, &json!({"gracePeriodSeconds": 5})).await.ok();
    let sooner: jiff::Timestamp = text(&again, "/metadata/deletionTimestamp").parse().expect("a time");
    assert_eq!(number(&again, "/metadata/deletionGracePeriodSeconds"), 5);
    assert!(sooner < deletion, "grace is shortened");
    ground.until_gone(&path).await;

    let mut now = pod("now", "app:1");
    now["metadata"]["annotations"] = json!({"kubetui.test/terminating-for": "60s"});
    ground.post(&ground.core("pods"), &now).await.ok();
    ground.delete(&ground.core("pods/now"), &json!({"gracePeriodSeconds": 0})).await.ok();
    ground.get(&ground.core("pods/now")).await.refused(404, "NotFound");

    let mut kept = config_map("kept", json!({}));
    kept["metadata"]["finalizers"] = json!(["kubetui.test/keep"]);
    ground.post(&ground.core("configmaps"), &kept).await.ok();
    let path = ground.core("configmaps/kept");
    let going = ground.delete(&path, &json!(null)).await.ok();
    assert!(leaving(&going) && going["metadata"]["deletionGracePeriodSeconds"] == 0, "{going}");
    let more = json!({"metadata": {"finalizers": ["kubetui.test/keep", "kubetui.test/more"]}});
    let status = ground.patch(&path, Patch::Merge, &more).await.refused(422, "Invalid");
    assert!(causes(&status).contains(&("metadata.finalizers", "FieldValueForbidden")), "{status}");
    ground.patch(&path, Patch::Merge, &json!({"metadata": {"finalizers": null}})).await.ok();
    ground.get(&path).await.refused(404, "NotFound");
}

pub async fn preconditions_protect_from_a_mistake(ground: &Ground) {
    let object = ground.post(&ground.core("configmaps"), &config_map("one", json!({}))).await.ok();
    let path = ground.core("configmaps/one");
    let wrong = "00000000-0000-0000-0000-000000000000";
    let status = ground.delete(&path, &json!({"preconditions": {"uid": wrong}})).await.refused(409, "Conflict");
    let message = text(&status, "/message");
    assert!(
        message.contains(&format!("the UID in the precondition ({wrong}) does not match the UID in record ({})", uid(&object))),
        "{message}"
    );
    let status = ground.delete(&path, &json!({"preconditions": {"resourceVersion": "1"}})).await.refused(409, "Conflict");
    let message = text(&status, "/message");
    let expected =
        format!("the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({})", version(&object));
    assert!(message.contains(&expected), "{message}");
    let right = json!({"preconditions": {"uid": uid(&object), "resourceVersion": version(&object)}});
    ground.delete(&path, &right).await.ok();
    ground.delete(&path, &right).await.refused(404, "NotFound");
}

pub async fn a_collection_is_deleted_by_its_selector(ground: &Ground) {
    for (name, tier) in [("a", "1"), ("b", "1"), ("c", "2")] {
        ground.post(&ground.core("configmaps"), &config_map(name, json!({"tier": tier}))).await.ok();
    }
    let gone = ground.delete(&ground.core("configmaps?labelSelector=tier%3D1"), &json!(null)).await.ok();
    assert_eq!((text(&gone, "/kind"), names(gone["items"].as_array().unwrap())), ("ConfigMapList", vec!["a", "b"]));
    let left = ground.items(&ground.core("configmaps?labelSelector=tier")).await;
    assert_eq!(names(&left), ["c"]);
}

pub async fn a_namespace_goes_with_its_contents(ground: &Ground) {
    let other = format!("{}-more", ground.namespace());
    let path = format!("/api/v1/namespaces/{other}");
    ground.post("/api/v1/namespaces", &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}})).await.ok();
    let mut kept = config_map("kept", json!({}));
    kept["metadata"]["finalizers"] = json!(["kubetui.test/keep"]);
    ground.post(&format!("{path}/configmaps"), &kept).await.ok();
    ground.post(&format!("/apis/apps/v1/namespaces/{other}/deployments"), &deployment("web", 1, "app:1")).await.ok();
    let going = ground.delete(&path, &json!(null)).await.ok();
    assert_eq!((text(&going, "/kind"), text(&going, "/status/phase")), ("Namespace", "Terminating"));
    assert_eq!(going["spec"]["finalizers"], json!(["kubernetes"]));
    let status = ground.post(&format!("{path}/configmaps"), &config_map("late", json!({}))).await.refused(403, "Forbidden");
    let message =
        format!("configmaps \"late\" is forbidden: unable to create new content in namespace {other} because it is being terminated");
    assert_eq!(status["message"], message);
    assert_eq!(status["details"]["causes"][0]["reason"], "NamespaceTerminating");
    ground.until_gone(&format!("/apis/apps/v1/namespaces/{other}/deployments/web")).await;
    let waiting = ground
        .until_object(&path, |namespace| {
            let remaining = condition(namespace, "NamespaceFinalizersRemaining");
            (remaining["status"] != "True").then(|| namespace["status"].to_string())
        })
        .await;
    assert_eq!(
        condition(&waiting, "NamespaceFinalizersRemaining")["message"],
        "Some content in the namespace has finalizers remaining: kubetui.test/keep in 1 resource instances"
    );
    ground.patch(&format!("{path}/configmaps/kept"), Patch::Merge, &json!({"metadata": {"finalizers": null}})).await.ok();
    ground.until_gone(&path).await;
}

pub async fn an_eviction_honours_the_budget(ground: &Ground) {
    let pods = owner_and_owned(ground).await;
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "guard"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "set"}}}});
    ground.post(&ground.path("policy/v1", "poddisruptionbudgets"), &budget).await.ok();
    let guard = ground.path("policy/v1", "poddisruptionbudgets/guard");
    ground.until_is(&guard, &[("/status/currentHealthy", json!(2)), ("/status/disruptionsAllowed", json!(0))]).await;
    let evict = |name: &str| -> Value { json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}) };
    let path = ground.core(&format!("pods/{}/eviction", pods[0]));
    let status = ground.post(&path, &evict(&pods[0])).await.refused(429, "TooManyRequests");
    assert_eq!(status["message"], "Cannot evict pod as it would violate the pod's disruption budget.");
    assert_eq!(
        status["details"]["causes"],
        json!([{"reason": "DisruptionBudget", "message": "The disruption budget guard needs 2 healthy pods and has 2 currently"}])
    );
    ground.patch(&guard, Patch::Merge, &json!({"spec": {"minAvailable": 1}})).await.ok();
    ground.until_is(&guard, &[("/status/disruptionsAllowed", json!(1)), ("/status/desiredHealthy", json!(1))]).await;
    let answer = ground.post(&path, &evict(&pods[0])).await;
    assert_eq!((answer.code, &answer.body["status"]), (201, &json!("Success")));
    ground.until_gone(&ground.core(&format!("pods/{}", pods[0]))).await;
    ground.until_is(&ground.apps("replicasets/set"), &[("/status/readyReplicas", json!(2))]).await;
    ground.until_is(&guard, &[("/status/disruptionsAllowed", json!(1)), ("/status/expectedPods", json!(2))]).await;
}
