use serde_json::{Value, json};

use super::revision::REVISION;
use super::*;
use crate::demo::controllers::ground::Ground;

fn web(replicas: i64, strategy: Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": {"team": "shop"}},
        "spec": {
            "replicas": replicas, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "strategy": strategy,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}},
        },
    })
}

fn rolling(surge: Value, unavailable: Value) -> Value {
    json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}})
}

fn set_image(ground: &mut Ground, image: &str) {
    let containers = Tree::from(json!([{"name": "c", "image": image}]));
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.template.spec.containers", containers));
}

fn deployment(ground: &Ground) -> Tree {
    ground.tree(DEPLOYMENT, "web")
}

fn progressing(ground: &Ground) -> (String, String) {
    let d = deployment(ground);
    let condition = d.item("status.conditions", "type", "Progressing");
    (condition.text("status").into(), condition.text("reason").into())
}

/// Sizes of the ReplicaSets by revision.
fn sizes(ground: &Ground) -> Vec<(i64, i64)> {
    let mut sizes: Vec<_> = ground.all(REPLICA_SET).iter().map(|rs| (revision::revision(rs), scaling::size(rs))).collect();
    sizes.sort_unstable();
    sizes
}

fn started(replicas: i64, strategy: Value) -> Ground {
    let mut ground = Ground::new();
    ground.make(DEPLOYMENT, web(replicas, strategy));
    ground.world.settle();
    ground.rest();
    ground
}

#[test]
fn a_new_deployment_comes_up() {
    let ground = started(3, rolling(json!("25%"), json!("25%")));
    let d = deployment(&ground);
    let replica_sets = ground.all(REPLICA_SET);
    let rs = &replica_sets[0];
    let expected = Tree::from(json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3,
        "availableReplicas": 3, "terminatingReplicas": 0}));
    let mut status = d["status"].clone();
    let conditions = status.take("conditions").expect("conditions");
    assert_eq!(status, expected);
    assert_eq!(conditions.items().iter().map(|c| c.text("type")).collect::<Vec<_>>(), ["Available", "Progressing"]);
    assert_eq!(conditions[1].text("message"), format!("ReplicaSet \"{}\" has successfully progressed.", rs.name));
    assert_eq!(conditions[1].text("reason"), "NewReplicaSetAvailable");
    let annotations = Tree::texts([("team", "shop"), (REVISION, "1"), (scaling::DESIRED, "3"), (scaling::MAX, "4")]);
    assert_eq!(*rs.tree.at("metadata.annotations"), annotations);
    assert_eq!(d.at("metadata.annotations")[REVISION], "1");
    let hash = rs.labels()["pod-template-hash"].as_str().expect("hash");
    assert_eq!(*rs.name, format!("web-{hash}"));
    assert_eq!(rs.tree.at("spec.selector.matchLabels"), rs.labels());
    assert!(ground.active().iter().all(|pod| pod.labels().same(rs.tree.at("spec.template.metadata.labels"))));
    assert_eq!(ground.said("ScalingReplicaSet"), [format!("Scaled up replica set {} from 0 to 3", rs.name)]);
    assert_eq!(ground.said("SuccessfulCreate").len(), 3);
}

#[test]
fn a_rolling_update_keeps_within_its_bounds() {
    for (replicas, surge, unavailable, max, least) in [
        (4, json!(1), json!(0), 5, 4),
        (4, json!(0), json!(1), 4, 3),
        (10, json!("25%"), json!("25%"), 13, 8),
        (3, json!(3), json!(3), 6, 0),
        (1, json!("25%"), json!("25%"), 2, 1),
        (7, json!("30%"), json!(2), 10, 5),
    ] {
        let mut ground = started(replicas, rolling(surge.clone(), unavailable.clone()));
        let start = ground.world.store.version();
        set_image(&mut ground, "web:2");
        let mut steps = 0;
        // One pod becomes ready at a time: what holds at each step holds at any speed.
        loop {
            let active = ground.active();
            let available = active.iter().filter(|pod| pods::is_ready(pod)).count() as i64;
            assert!(active.len() as i64 <= max, "{surge} {unavailable}: {} pods", active.len());
            assert!(available >= least, "{surge} {unavailable}: {available} available");
            let Some(next) = active.into_iter().find(|pod| !pods::is_ready(pod)) else { break };
            ground.ready(&next, true);
            ground.end_pods();
            steps += 1;
        }
        assert_eq!((steps, sizes(&ground)), (replicas, vec![(1, 0), (2, replicas)]), "{surge} {unavailable}");
        // And at every version in between: the pods as the history tells them.
        let (mut active, mut available) = (replicas, replicas);
        for change in ground.world.store.since("pods", start).expect("remembered") {
            let now = (change.verb != Verb::Deleted).then_some(&change.object);
            let count = |pod: Option<&Arc<Object>>| {
                let active = pod.filter(|pod| pods::is_active(pod));
                (i64::from(active.is_some()), i64::from(active.is_some_and(|pod| pods::is_ready(pod))))
            };
            let (before, after) = (count(change.before.as_ref()), count(now));
            active += after.0 - before.0;
            available += after.1 - before.1;
            assert!(active <= max && available >= least, "{surge} {unavailable}: {active} pods, {available} available");
        }
        assert_eq!(progressing(&ground), ("True".into(), "NewReplicaSetAvailable".into()));
    }
}

#[test]
fn what_is_undone_gets_a_new_number_and_remembers_the_old() {
    let mut ground = started(2, rolling(json!(1), json!(0)));
    set_image(&mut ground, "web:2");
    ground.rest();
    set_image(&mut ground, "web:1");
    ground.rest();
    assert_eq!(sizes(&ground), [(2, 0), (3, 2)]);
    let first = ground.all(REPLICA_SET).into_iter().find(|rs| scaling::size(rs) == 2).expect("is there");
    assert_eq!(first.tree.at("metadata.annotations")["deployment.kubernetes.io/revision-history"], "1");
    assert_eq!(deployment(&ground).at("metadata.annotations")[REVISION], "3");
    assert_eq!(deployment(&ground).int("metadata.generation", 0), 3);
}

#[test]
fn one_that_is_paused_scales_but_does_not_roll() {
    let mut ground = started(2, rolling(json!(1), json!(0)));
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.paused", true));
    assert_eq!(progressing(&ground), ("Unknown".into(), "DeploymentPaused".into()));
    set_image(&mut ground, "web:2");
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.replicas", 5));
    ground.rest();
    assert_eq!(sizes(&ground), [(1, 5)]);
    ground.change(DEPLOYMENT, "web", |tree| drop(tree.remove("spec.paused")));
    ground.rest();
    assert_eq!(sizes(&ground), [(1, 0), (2, 5)]);
    assert_eq!(progressing(&ground), ("True".into(), "NewReplicaSetAvailable".into()));
}

#[test]
fn recreate_waits_until_the_old_are_gone() {
    let mut ground = started(3, json!({"type": "Recreate"}));
    let old: Vec<_> = ground.active().iter().map(|pod| pod.uid.clone()).collect();
    set_image(&mut ground, "web:2");
    ground.pass(5);
    assert_eq!((ground.active().len(), ground.all("pods").len()), (0, 3), "the old have their grace");
    assert_eq!(sizes(&ground), [(1, 0)]);
    ground.end_pods();
    assert_eq!(sizes(&ground), [(1, 0), (2, 3)]);
    assert!(ground.active().iter().all(|pod| !old.contains(&pod.uid)));
    ground.rest();
    assert_eq!(progressing(&ground), ("True".into(), "NewReplicaSetAvailable".into()));
}

#[test]
fn the_deadline_counts_from_the_last_sign_of_progress() {
    let mut ground = started(2, rolling(json!(1), json!(0)));
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.progressDeadlineSeconds", 60));
    set_image(&mut ground, "web:none");
    ground.pass(55);
    assert_eq!(progressing(&ground), ("True".into(), "ReplicaSetUpdated".into()));
    ground.pass(10);
    assert_eq!(progressing(&ground), ("False".into(), "ProgressDeadlineExceeded".into()));
    let d = deployment(&ground);
    assert!(d.item("status.conditions", "type", "Progressing").text("message").ends_with("has timed out progressing."));
    assert_eq!((d.int("status.availableReplicas", 0), d.int("status.unavailableReplicas", 0)), (2, 1));
    set_image(&mut ground, "web:1");
    ground.rest();
    assert_eq!(progressing(&ground), ("True".into(), "NewReplicaSetAvailable".into()));
}

#[test]
fn scaling_in_the_middle_is_shared_out() {
    let mut ground = started(10, rolling(json!(3), json!(2)));
    set_image(&mut ground, "web:2");
    assert_eq!(sizes(&ground), [(1, 8), (2, 5)]);
    // Upstream's example: 8 and 5 of 13 become 11 and 7 of 18.
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.replicas", 15));
    assert_eq!(sizes(&ground), [(1, 11), (2, 7)]);
    ground.rest();
    assert_eq!(sizes(&ground), [(1, 0), (2, 15)]);
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.replicas", 0));
    ground.rest();
    assert_eq!((sizes(&ground), ground.active().len()), (vec![(1, 0), (2, 0)], 0));
}

#[test]
fn history_is_kept_as_long_as_asked() {
    let mut ground = started(1, rolling(json!(1), json!(0)));
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.revisionHistoryLimit", 2));
    for version in 2..=6 {
        set_image(&mut ground, &format!("web:{version}"));
        ground.rest();
    }
    assert_eq!(sizes(&ground), [(4, 0), (5, 0), (6, 1)]);
}

#[test]
fn an_old_replica_set_is_adopted_and_a_name_that_is_taken_is_avoided() {
    let mut ground = Ground::new();
    let mut complete = Tree::from(web(2, json!({})));
    admission::default(&ground.world, DEPLOYMENT, &mut complete);
    let taken = format!("web-{}", pods::template_hash(complete.at("spec.template"), None));
    ground.make(
        REPLICA_SET,
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": taken, "labels": {"app": "other"}},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "other"}}, "template": {"metadata": {"labels": {"app": "other"}}}}}),
    );
    ground.make(
        REPLICA_SET,
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "older", "labels": {"app": "web"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "web:0"}]}}}}),
    );
    ground.make(DEPLOYMENT, web(2, rolling(json!(1), json!(0))));
    ground.world.settle();
    ground.rest();
    assert_eq!(deployment(&ground).int("status.collisionCount", 0), 1);
    let older = ground.tree(REPLICA_SET, "older");
    assert_eq!((older.at("metadata.ownerReferences")[0].text("name"), older.int("spec.replicas", 9)), ("web", 0));
    assert_eq!(ground.all(REPLICA_SET).len(), 3);
}

#[test]
fn a_template_without_its_defaults_is_one_revision() {
    let mut ground = started(2, rolling(json!(1), json!(0)));
    let (first, bare) = (deployment(&ground), web(2, rolling(json!(1), json!(0)))["spec"]["template"].clone());
    assert!(!first.at("spec.template").equals(&bare.clone().into()), "it is complete");
    // However it came about: the first is recognised, the next is made once.
    let mut tree = first.clone();
    tree.set("spec.template", Tree::from(bare));
    ground.world.store.put(DEPLOYMENT, tree.clone());
    ground.rest();
    assert_eq!(sizes(&ground), [(1, 2)]);
    tree.set("spec.template.spec.containers", Tree::from(json!([{"name": "c", "image": "web:2"}])));
    ground.world.store.put(DEPLOYMENT, tree);
    ground.rest();
    assert_eq!(sizes(&ground), [(1, 0), (2, 2)]);
    // What is changed through the world is complete.
    let bare = Tree::from(json!([{"name": "c", "image": "web:1"}]));
    ground.world.update(&Ref::new(DEPLOYMENT, "shop", "web"), |tree| tree.set("spec.template.spec.containers", bare));
    assert!(deployment(&ground).at("spec.template").equals(first.at("spec.template")));
    ground.rest();
    assert_eq!(sizes(&ground), [(2, 0), (3, 2)]);
}

#[test]
fn what_cannot_be_said_of_all_pods_is_said() {
    let mut ground = Ground::new();
    let mut all = web(1, json!({}));
    all["spec"]["selector"] = json!({});
    ground.make(DEPLOYMENT, all);
    ground.world.settle();
    assert_eq!(ground.said("SelectingAll"), ["This deployment is selecting all pods. A non-empty selector is required."]);
    assert_eq!((ground.all(REPLICA_SET).len(), deployment(&ground).int("status.observedGeneration", 0)), (0, 1));
}

#[test]
fn pods_that_cannot_be_made_are_a_failure_of_all_above_until_they_can() {
    let mut ground = started(2, rolling(json!(1), json!(0)));
    let shop = ground.world.find(&Ref::new("namespaces", "", "shop")).expect("is there");
    ground.world.store.remove(&shop.reference());
    ground.change(DEPLOYMENT, "web", |tree| tree.set("spec.replicas", 4));
    let failure = |ground: &Ground| {
        let rs = ground.all(REPLICA_SET).remove(0);
        [rs.tree.clone(), deployment(ground)].map(|tree| {
            let condition = tree.item("status.conditions", "type", "ReplicaFailure");
            (condition.text("reason").to_owned(), condition.text("message").to_owned())
        })
    };
    let why = ("FailedCreate".to_owned(), "namespaces \"shop\" not found".to_owned());
    assert_eq!(failure(&ground), [why.clone(), why]);
    ground.world.store.put("namespaces", shop.tree.clone());
    ground.pass(3);
    assert_eq!(failure(&ground), [const { (String::new(), String::new()) }; 2]);
    assert_eq!(ground.active().len(), 4);
}
