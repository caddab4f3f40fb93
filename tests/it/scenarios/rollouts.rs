//! Rolling updates, step by step: at every event within the bounds of `maxSurge` and `maxUnavailable`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// A rolling update of so many replicas, with the bounds that it must keep.
struct Rollout {
    replicas: i64,
    surge: Value,
    unavailable: Value,
    /// Never more replicas asked for than this, of old and new together.
    most: i64,
    /// Never fewer pods available than this.
    least: i64,
}

pub async fn rolls_one_more_and_none_less(ground: &Ground) {
    let rollout = Rollout { replicas: 3, surge: json!(1), unavailable: json!(0), most: 4, least: 3 };
    assert_eq!(play(ground, &rollout).await, [(3, 0), (3, 1), (2, 1), (2, 2), (1, 2), (1, 3), (0, 3)]);
}

pub async fn rolls_none_more_and_one_less(ground: &Ground) {
    let rollout = Rollout { replicas: 3, surge: json!(0), unavailable: json!(1), most: 3, least: 2 };
    assert_eq!(play(ground, &rollout).await, [(3, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2), (0, 3)]);
}

pub async fn rolls_by_quarters(ground: &Ground) {
    let rollout = Rollout { replicas: 5, surge: json!("25%"), unavailable: json!("25%"), most: 7, least: 4 };
    let steps = play(ground, &rollout).await;
    // Surge is rounded up, unavailability down.
    assert_eq!((steps[1], *steps.last().unwrap()), ((5, 2), (0, 5)), "{steps:?}");
}

pub async fn rolls_all_at_once(ground: &Ground) {
    let rollout = Rollout { replicas: 3, surge: json!("100%"), unavailable: json!(0), most: 6, least: 3 };
    let steps = play(ground, &rollout).await;
    assert_eq!((steps[1], *steps.last().unwrap()), ((3, 3), (0, 3)), "{steps:?}");
}

/// Rolls from `app:1` to `app:2`, checks every event in the order in which the cluster stored it, and returns the pairs of
/// replicas that the old and the new ReplicaSet were told.
async fn play(ground: &Ground, rollout: &Rollout) -> Vec<(i64, i64)> {
    let path = ground.apps("deployments/web");
    let mut web = deployment("web", rollout.replicas as u32, "app:1");
    web["spec"]["strategy"] = json!({"rollingUpdate": {"maxSurge": rollout.surge, "maxUnavailable": rollout.unavailable}});
    ground.post(&ground.apps("deployments"), &web).await.ok();
    ground.until_is(&path, &[("/status/availableReplicas", json!(rollout.replicas))]).await;
    let old = name(&ground.items(&ground.apps("replicasets")).await[0]).to_owned();

    let pods = ground.get(&ground.core("pods")).await.ok();
    let from = version(&pods).to_owned();
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    for pod in pods["items"].as_array().unwrap() {
        seen.insert(name(pod).to_owned(), pod.clone());
    }
    let mut pod_watch = ground.watch(&ground.core(&format!("pods?watch=1&resourceVersion={from}"))).await;
    let mut set_watch = ground.watch(&ground.apps(&format!("replicasets?watch=1&resourceVersion={from}"))).await;
    let change = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}}});
    ground.patch(&path, Patch::Strategic, &change).await.ok();
    let done = ground
        .until_object(&path, |web| {
            let status = &web["status"];
            let done = status["observedGeneration"] == web["metadata"]["generation"]
                && number(status, "/updatedReplicas") == rollout.replicas
                && number(status, "/replicas") == rollout.replicas
                && number(status, "/availableReplicas") == rollout.replicas;
            (!done).then(|| status.to_string())
        })
        .await;
    assert_eq!(done["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");

    let mut gone = 0;
    let mut events = pod_watch
        .all_until("the end of the old pods", |event| {
            gone += i64::from(event["type"] == "DELETED");
            gone == rollout.replicas
        })
        .await;
    let mut told: BTreeMap<String, i64> = BTreeMap::new();
    let settled = |event: &Value| {
        told.insert(name(&event["object"]).to_owned(), number(&event["object"], "/spec/replicas"));
        told.get(&old) == Some(&0) && told.values().sum::<i64>() == rollout.replicas
    };
    events.extend(set_watch.all_until("the end of the old ReplicaSet", settled).await);
    // What is stored is numbered in one order.
    events.sort_by_key(|event| version(&event["object"]).parse::<u64>().expect("a number"));

    told = BTreeMap::from([(old.clone(), rollout.replicas)]);
    let mut steps = vec![(rollout.replicas, 0)];
    for event in &events {
        let object = &event["object"];
        let here = format!("{} {} at {}", event["type"], name(object), version(object));
        if object["spec"].get("containers").is_none() {
            told.insert(name(object).to_owned(), number(object, "/spec/replicas"));
            let asked: i64 = told.values().sum();
            assert!(asked <= rollout.most, "{here}: {asked} replicas are asked for: {told:?}");
            let before = told.get(&old).copied().unwrap_or_default();
            let step = (before, asked - before);
            if steps.last() != Some(&step) {
                steps.push(step);
            }
            continue;
        }
        if event["type"] == "DELETED" {
            seen.remove(name(object));
        } else {
            seen.insert(name(object).to_owned(), object.clone());
        }
        let available = seen.values().filter(|pod| ready(pod)).count() as i64;
        assert!(available >= rollout.least, "{here}: only {available} are available");
        let of =
            |set: &str| seen.values().filter(|pod| !leaving(pod) && controller(pod).is_some_and(|owner| owner.1 == set)).count() as i64;
        let active: i64 = told.keys().map(|set| of(set)).sum();
        // A ReplicaSet that was just told to have fewer has not come to it yet: those pods are as good as leaving.
        let condemned: i64 = told.iter().map(|(set, replicas)| (of(set) - replicas).max(0)).sum();
        assert!(active - condemned <= rollout.most, "{here}: there are {active} pods: {told:?}");
        if event["type"] == "ADDED" {
            let set = controller(object).map(|owner| owner.1).unwrap_or_default();
            assert!(of(set) <= told[set], "{here}: {set} has {} pods, and was told {}", of(set), told[set]);
        }
    }
    steps
}
