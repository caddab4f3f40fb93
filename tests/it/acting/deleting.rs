//! Delete and evict: what goes along, what stays, what holds, and what a budget allows.

use serde_json::{Value, json};

use super::Desk;
use crate::cluster::Kubectl;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{condition, config_map, controller, deployment, leaving, name, names, pod, uid, workload};

/// What this suite's objects are held by.
const KEEP: &str = "kubetui.test/keep";

/// Something that is held. Where a scenario fails, it is let go of all the same, or its namespace would stay.
struct Held<'a>(&'a Ground, &'static str, String);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let Held(ground, kind, name) = self;
        if let Some(kubectl) = Kubectl::from_env().filter(|_| ground.is_real() && std::thread::panicking()) {
            let patch = ["--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#];
            let _ = kubectl.run(&[&["patch", "-n", ground.namespace(), *kind, &**name], &patch[..]].concat(), "");
        }
    }
}

/// Lets go of a held object.
async fn let_go(ground: &Ground, path: &str) {
    ground.patch(path, Patch::Merge, &json!({"metadata": {"finalizers": null}})).await.ok();
}

async fn ready(ground: &Ground, path: &str, replicas: u32) {
    ground.until_is(path, &[("/status/readyReplicas", json!(replicas))]).await;
}

pub async fn what_goes_with_an_object_is_counted(ground: &Ground) {
    ground.post(&ground.core("configmaps"), &config_map("one", json!({}))).await.ok();
    for name in ["web", "api"] {
        ground.post(&ground.apps("deployments"), &deployment(name, 2, "app:1")).await.ok();
    }
    let desk = Desk::open(ground, "configmaps");
    desk.on("one");
    desk.press("D");
    desk.question(&["Delete configmap/one", "it is deleted"]);
    // The default answer is No.
    desk.press("enter");
    desk.without("yes, ");
    ground.get(&ground.core("configmaps/one")).await.ok();
    desk.press("D");
    desk.yes(&["Delete configmap/one"]);
    desk.see("configmap/one: deleted");
    ground.get(&ground.core("configmaps/one")).await.refused(404, "NotFound");

    // Another object of the same name is not the one that was asked about.
    let made = ground.post(&ground.core("configmaps"), &config_map("two", json!({}))).await.ok();
    desk.on("two");
    desk.command("delete");
    desk.question(&["Delete configmap/two"]);
    ground.delete(&ground.core("configmaps/two"), &json!(null)).await.ok();
    let again = ground.post(&ground.core("configmaps"), &config_map("two", json!({}))).await.ok();
    desk.yes(&[]);
    desk.see("it was made anew meanwhile: the one there now is another object of the same name");
    assert_ne!(uid(&again), uid(&made));
    assert_eq!(uid(&ground.get(&ground.core("configmaps/two")).await.ok()), uid(&again));
    desk.press("esc");
    desk.without("✗");

    let (web, api) = (ground.apps("deployments/web"), ground.apps("deployments/api"));
    ready(ground, &web, 2).await;
    ready(ground, &api, 2).await;
    desk.view("deployments", "web");
    desk.command("delete");
    desk.yes(&["Delete deployment/web", "1 replicaset and 2 pods go too"]);
    ground.until_gone(&web).await;
    ground.until_count(&ground.core("pods?labelSelector=app%3Dweb"), 0).await;

    // Foreground: it stays until the last of them is gone.
    let pods = ground.until_count(&ground.core("pods?labelSelector=app%3Dapi"), 2).await;
    let held = ground.core(&format!("pods/{}", name(&pods[0])));
    ground.patch(&held, Patch::Merge, &json!({"metadata": {"finalizers": [KEEP]}})).await.ok();
    let _held = Held(ground, "pod", name(&pods[0]).to_owned());
    desk.on("api");
    desk.refused("delete everything", "is not understood here");
    desk.command("delete foreground");
    desk.yes(&["Delete deployment/api", "it is deleted after what it owns", "1 replicaset and 2 pods go too"]);
    ground.until_object(&held, |pod| (!leaving(pod)).then(|| "not deleted".to_owned())).await;
    let waiting = ground.get(&api).await.ok();
    assert_eq!((leaving(&waiting), &waiting["metadata"]["finalizers"]), (true, &json!(["foregroundDeletion"])));
    desk.refused("delete", "it is being deleted already, and held by foregroundDeletion");
    desk.refused("delete everything", "is not understood here");
    let_go(ground, &held).await;
    ground.until_gone(&api).await;
}

pub async fn orphans_stay_and_a_stateful_set_asks_for_its_name(ground: &Ground) {
    ground.post(&ground.apps("deployments"), &deployment("web", 1, "app:1")).await.ok();
    ground.post(&ground.apps("statefulsets"), &workload("StatefulSet", "db", 1, "app:1")).await.ok();
    let (web, db) = (ground.apps("deployments/web"), ground.apps("statefulsets/db"));
    ready(ground, &web, 1).await;
    ready(ground, &db, 1).await;
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.command("delete orphan");
    desk.yes(&["it is deleted, and what it owns stays", "1 replicaset and 1 pod stay, without an owner"]);
    ground.until_gone(&web).await;
    let sets = ground.items(&ground.apps("replicasets")).await;
    assert_eq!((sets.len(), controller(&sets[0])), (1, None), "it stays, and is nobody's");

    desk.view("statefulsets", "db");
    desk.press("D");
    // Neither a y nor another name is an answer.
    desk.answers(&["type db to go on (guard rail (by default))"], "db", "y");
    desk.see("\"y\" is not what is asked for: nothing was sent");
    desk.press("esc");
    desk.without("type db to go on");
    ground.get(&db).await.ok();
    desk.press("D");
    desk.types(&["Delete statefulset/db", "1 pod goes too"], "db");
    ground.until_gone(&db).await;
}

pub async fn finalizers_hold_and_are_taken_away_by_name(ground: &Ground) {
    let path = ground.core("configmaps/held");
    let mut held = config_map("held", json!({}));
    held["metadata"]["finalizers"] = json!([KEEP, "kubetui.test/other"]);
    ground.post(&ground.core("configmaps"), &held).await.ok();
    let _held = Held(ground, "configmap", "held".to_owned());
    let desk = Desk::open(ground, "configmaps");
    desk.on("held");
    desk.press("D");
    desk.yes(&["Delete configmap/held", &format!("finalizer {KEEP}: it stays until whoever set it has cleaned up")]);
    desk.see(&format!("configmap/held: being deleted: {KEEP}, kubetui.test/other hold it"));
    ground.until_object(&path, |held| (!leaving(held)).then(|| "not deleted".to_owned())).await;
    desk.press("D");
    desk.see("it is being deleted already, and held by");
    desk.put_away();
    desk.refused("unfinalize no.such/one", "it has no finalizer \"no.such/one\"");
    desk.press("m f");
    desk.driver.type_text("kubetui.test/other");
    desk.press("enter");
    desk.types(&["Take a finalizer from configmap/held", "what kubetui.test/other was to clean up stays behind"], "held");
    ground.until_is(&path, &[("/metadata/finalizers", json!([KEEP]))]).await;
    desk.command(&format!("unfinalize {KEEP}"));
    desk.types(&["nothing else holds it: it goes at once"], "held");
    ground.until_gone(&path).await;
}

pub async fn grace_and_force_are_sent(ground: &Ground) {
    for name in ["timed", "slow"] {
        let mut pod = pod(name, "app:1");
        pod["metadata"]["annotations"] = json!({"kubetui.test/terminating-for": "10m"});
        pod["spec"]["terminationGracePeriodSeconds"] = json!(600);
        ground.post(&ground.core("pods"), &pod).await.ok();
    }
    let desk = Desk::open(ground, "pods");
    for (name, line, seconds) in [("timed", "delete --grace 77", 77), ("slow", "delete", 600)] {
        let path = ground.core(&format!("pods/{name}"));
        ground.until_is(&path, &[("/status/phase", json!("Running"))]).await;
        desk.on(name);
        desk.command(line);
        desk.yes(&[&format!("Delete pod/{name}")]);
        let going = ground.until_object(&path, |pod| (!leaving(pod)).then(|| "not deleted".to_owned())).await;
        assert_eq!(going["metadata"]["deletionGracePeriodSeconds"], seconds);
        desk.refused("delete", "it is being deleted already");
        // What takes too long is forced.
        desk.command("delete --force");
        desk.yes(&[&format!("Force the deletion of pod/{name}"), "force: it goes out of the API at once"]);
        ground.until_gone(&path).await;
    }
    ground.post(&ground.core("pods"), &pod("one", "app:1")).await.ok();
    desk.on("one");
    desk.refused("delete --grace soon", "\"soon\" is no number of seconds");
}

pub async fn an_eviction_asks_the_budget(ground: &Ground) {
    ground.post(&ground.apps("replicasets"), &workload("ReplicaSet", "payments", 2, "app:1")).await.ok();
    ready(ground, &ground.apps("replicasets/payments"), 2).await;
    let budget: Value = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "payments-pdb"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "payments"}}}});
    ground.post(&ground.path("policy/v1", "poddisruptionbudgets"), &budget).await.ok();
    let guard = ground.path("policy/v1", "poddisruptionbudgets/payments-pdb");
    ground.until_is(&guard, &[("/status/currentHealthy", json!(2)), ("/status/disruptionsAllowed", json!(0))]).await;
    let pods = ground.items(&ground.core("pods")).await;
    let first = names(&pods)[0].to_owned();
    let path = ground.core(&format!("pods/{first}"));
    let desk = Desk::open(ground, "pods");
    desk.on(&first);
    desk.press("v");
    desk.yes(&[&format!("Evict pod/{first}"), "blocked by payments-pdb: 0 allowed, 2/2 needed", "ReplicaSet/payments makes a new one"]);
    desk.see("✗");
    desk.see("blocked by payments-pdb: 0 allowed, 2/2 needed");
    desk.press("esc");
    desk.without("✗");
    assert_eq!(condition(&ground.get(&path).await.ok(), "Ready")["status"], "True", "it runs on");
    // A deletion asks no budget, and the question says so.
    desk.press("D");
    desk.question(&["a deletion does not ask payments-pdb: 0 allowed, 2/2 needed: evict does"]);
    desk.no();
    ground.patch(&guard, Patch::Merge, &json!({"spec": {"minAvailable": 1}})).await.ok();
    ground.until_is(&guard, &[("/status/disruptionsAllowed", json!(1))]).await;
    desk.command("evict --grace 0");
    desk.yes(&["budget payments-pdb: 1 allowed, 2/1 needed"]);
    desk.see(&format!("pod/{first}: evicted"));
    ground.until_gone(&path).await;
}
