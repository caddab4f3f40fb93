use arcstr::ArcStr;
use serde_json::{Value, json};

use super::super::nodes::{NodeSpec, make};
use super::*;
use crate::demo::world::{Deletion, SECOND};

const NOON: Millis = 1_795_248_000_000;

fn world() -> World {
    let mut world = World::kept_by(crate::demo::controllers::NODES, NOON, 1);
    let shop = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    world.create("namespaces", shop.into()).expect("is made");
    make(&mut world, 1, &NodeSpec::default()).expect("is made");
    world.settle();
    world
}

fn start(world: &mut World, spec: Value) -> Ref {
    start_owned(world, spec, json!({}))
}

fn start_owned(world: &mut World, spec: Value, meta: Value) -> Ref {
    let mut tree: Tree = json!({"apiVersion": "v1", "kind": "Pod", "spec": spec}).into();
    tree.set("metadata", Tree::from(meta));
    tree.set("metadata.namespace", "shop");
    tree.set("metadata.name", "web");
    tree.set("metadata.generation", 1);
    let pod = world.create("pods", tree).expect("is made").reference();
    world.settle();
    pod
}

fn image(image: &str) -> Value {
    json!({"restartPolicy": "Always", "containers": [{"name": "app", "image": image}]})
}

fn run(world: &mut World, millis: Millis) {
    world.run_until(world.now() + millis);
}

fn status(world: &World, pod: &Ref) -> Tree {
    world.find(pod).expect("is there").tree["status"].clone()
}

fn app(world: &World, pod: &Ref) -> Tree {
    status(world, pod)["containerStatuses"][0].clone()
}

fn ready(world: &World, pod: &Ref) -> bool {
    status(world, pod).item("conditions", "type", "Ready")["status"] == "True"
}

fn told(world: &World) -> Vec<String> {
    let about = |o: &&Arc<Object>| o.tree["involvedObject"]["kind"] == "Pod";
    let mut all: Vec<_> = world.store.list("events", Some("shop")).filter(about).collect();
    all.sort_by_key(|event| event.version);
    all.iter().map(|e| format!("{} {}", e.tree.text("reason"), e.tree.text("message"))).collect()
}

#[test]
fn a_pod_is_placed_pulled_started_and_ready_in_visible_steps() {
    let mut world = world();
    let pod = start(&mut world, image("nginx:1.29"));
    let first = status(&world, &pod);
    assert_eq!((first.text("phase"), first["containerStatuses"][0].at("state.waiting").text("reason")), ("Pending", "ContainerCreating"));
    assert_eq!(first.item("conditions", "type", "PodReadyToStartContainers")["status"].as_str(), Some("False"));
    run(&mut world, 4 * SECOND);
    let last = status(&world, &pod);
    assert_eq!(last.text("phase"), "Running");
    let kinds: Vec<&str> = last["conditions"].items().iter().map(|c| c.text("type")).collect();
    assert_eq!(kinds, ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]);
    assert!(last["conditions"].items().iter().all(|c| c["status"] == "True" && c.int("observedGeneration", 0) == 1), "{last:?}");
    assert!(last.text("podIP").starts_with("10.64.0.") && last.text("hostIP") == "10.0.0.10", "{last:?}");
    assert_eq!(last["containerStatuses"][0].text("image"), "docker.io/library/nginx:1.29");
    let told = told(&world);
    let reasons: Vec<&str> = told.iter().filter_map(|t| t.split(' ').next()).collect();
    assert_eq!(reasons, ["Scheduled", "Pulling", "Pulled", "Created", "Started"]);
    assert!(told[2].starts_with("Pulled Successfully pulled image \"nginx:1.29\" in ") && told[2].contains("Image size: "), "{told:?}");
    // Nothing is to be done for it any more: what is due next are heartbeats.
    let version = world.find(&pod).map(|p| p.version);
    run(&mut world, 3600 * SECOND);
    assert_eq!(world.find(&pod).map(|p| p.version), version);
    let event = world.store.list("events", Some("shop")).find(|e| e.tree["reason"] == "Started").expect("was told").clone();
    assert_eq!(event.tree.at("involvedObject.fieldPath").as_str(), Some("spec.containers{app}"));
}

#[test]
fn a_second_pod_finds_the_image_present() {
    let mut world = world();
    let pod = start(&mut world, image("nginx:1.29"));
    run(&mut world, 4 * SECOND);
    world.delete(&pod, &Deletion::now()).expect("is there");
    start(&mut world, image("nginx:1.29"));
    run(&mut world, SECOND);
    assert!(told(&world).contains(&"Pulled Container image \"nginx:1.29\" already present on machine".to_owned()), "{:?}", told(&world));
}

#[test]
fn a_crash_loop_backs_off_10_seconds_and_doubles() {
    let mut world = world();
    let pod = start(&mut world, image("crash:1"));
    let mut ends = Vec::new();
    let mut waited = Vec::new();
    for _ in 0..7000 {
        run(&mut world, 100);
        let app = app(&world, &pod);
        let end = app.at("lastState.terminated").text("finishedAt").to_owned();
        if !end.is_empty() && ends.last() != Some(&end) {
            ends.push(end);
        }
        let message = app.at("state.waiting").text("message").to_owned();
        if app.at("state.waiting").text("reason") == "CrashLoopBackOff" && waited.last() != Some(&message) {
            waited.push(message);
        }
    }
    let waits: Vec<&str> = waited.iter().filter_map(|m| m.split(' ').nth(1)).collect();
    assert_eq!(waits, ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"]);
    assert!(waited[0].ends_with(&format!("restarting failed container=app pod={}", formatted(&world.find(&pod).expect("is there")))));
    assert_eq!(app(&world, &pod).int("restartCount", 0), 7);
    assert_eq!(status(&world, &pod).text("phase"), "Running");
    assert!(told(&world).iter().any(|t| t.starts_with("BackOff Back-off restarting failed container app in pod web_shop(")));
}

#[test]
fn what_cannot_be_pulled_backs_off() {
    let mut world = world();
    let pod = start(&mut world, image("shop/no-such:2"));
    run(&mut world, 3 * SECOND);
    assert_eq!(app(&world, &pod).at("state.waiting").text("reason"), "ErrImagePull");
    run(&mut world, 3 * SECOND);
    let waiting = app(&world, &pod).at("state.waiting").clone();
    assert_eq!(waiting.text("reason"), "ImagePullBackOff");
    assert!(
        waiting.text("message").starts_with("Back-off pulling image \"shop/no-such:2\": ErrImagePull: failed to pull and unpack image")
    );
    run(&mut world, 120 * SECOND);
    let pulls = world.store.list("events", Some("shop")).find(|e| e.tree["reason"] == "Pulling").map(|e| e.tree.int("count", 0));
    assert_eq!(pulls, Some(4), "at 0, 10, 30 and 70 seconds");
    assert_eq!(status(&world, &pod).text("phase"), "Pending");
}

#[test]
fn init_containers_go_one_after_another_and_sidecars_stay() {
    let mut world = world();
    let pod = start(
        &mut world,
        json!({"restartPolicy": "Always", "containers": [{"name": "app", "image": "app:1"}], "initContainers": [
            {"name": "first", "image": "first:1"}, {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}, {"name": "last", "image": "last:1"}]}),
    );
    run(&mut world, 700);
    assert_eq!(
        status(&world, &pod).item("conditions", "type", "Initialized").text("message"),
        "containers with incomplete status: [first proxy last]"
    );
    assert_eq!(app(&world, &pod).at("state.waiting").text("reason"), "PodInitializing");
    run(&mut world, 20 * SECOND);
    let last = status(&world, &pod);
    let init: Vec<bool> = last["initContainerStatuses"].items().iter().map(|s| s.flag("ready")).collect();
    assert_eq!((init, ready(&world, &pod)), (vec![true; 3], true));
    assert!(!last["initContainerStatuses"][1]["state"]["running"].is_null());
    let started: Vec<Tree> =
        world.store.list("events", Some("shop")).filter(|e| e.tree["reason"] == "Started").map(|e| e.tree.clone()).collect();
    let mut started: Vec<(i64, String)> =
        started.iter().map(|e| (e.int("metadata.resourceVersion", 0), e.text("involvedObject.fieldPath").to_owned())).collect();
    started.sort();
    assert_eq!(started.len(), 4, "{started:?}");
    let never = start_in(
        &mut world,
        "stuck",
        json!({"restartPolicy": "Always", "containers": [{"name": "app", "image": "app:1"}],
        "initContainers": [{"name": "db", "image": "wait-for-db:1"}]}),
    );
    run(&mut world, 600 * SECOND);
    assert_eq!(status(&world, &never).text("phase"), "Pending");
}

fn start_in(world: &mut World, name: &str, spec: Value) -> Ref {
    let mut tree: Tree = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop"}, "spec": spec}).into();
    tree.set("metadata.name", name);
    let pod = world.create("pods", tree).expect("is made").reference();
    world.settle();
    pod
}

#[test]
fn a_jobs_pod_ends_well_or_badly() {
    for (name, phase, code) in [("work:1", "Succeeded", 0), ("fail:1", "Failed", 1)] {
        let mut world = world();
        let job = json!({"ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "work", "uid": "j", "controller": true}]});
        let spec = json!({"restartPolicy": "Never", "containers": [{"name": "app", "image": name}],
            "initContainers": [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}]});
        let pod = start_owned(&mut world, spec, job);
        run(&mut world, 20 * SECOND);
        let last = status(&world, &pod);
        assert_eq!(last.text("phase"), phase, "{last:?}");
        assert_eq!(last["containerStatuses"][0].at("state.terminated").int("exitCode", 9), code);
        assert_eq!(last["initContainerStatuses"][0].at("state.terminated").int("exitCode", 9), 0, "the sidecar goes too");
        let why = if code == 0 { "PodCompleted" } else { "PodFailed" };
        assert_eq!(last.item("conditions", "type", "Ready").text("reason"), why);
    }
}

#[test]
fn probes_take_their_time() {
    let mut world = world();
    let mut spec = image("app:1");
    spec["containers"][0]["startupProbe"] = json!({"initialDelaySeconds": 4, "periodSeconds": 1, "httpGet": {"port": 80}});
    spec["containers"][0]["readinessProbe"] =
        json!({"initialDelaySeconds": 8, "periodSeconds": 2, "successThreshold": 2, "httpGet": {"port": 80}});
    let pod = start(&mut world, spec);
    let mut seen = Vec::new();
    for _ in 0..200 {
        run(&mut world, 100);
        let app = app(&world, &pod);
        let now = (!app["state"]["running"].is_null(), app.flag("started"), app.flag("ready"));
        if seen.last().is_none_or(|(_, last)| *last != now) {
            seen.push((world.now(), now));
        }
    }
    let states: Vec<_> = seen.iter().map(|(_, s)| *s).collect();
    assert_eq!(states, [(false, false, false), (true, false, false), (true, true, false), (true, true, true)]);
    let after = |i: usize| (seen[i].0 - seen[1].0 + 500) / SECOND;
    // The start is stored in whole seconds: up to one may be missing.
    assert!((3..=4).contains(&after(2)) && (9..=10).contains(&after(3)), "{seen:?}");
}

#[test]
fn what_is_never_ready_says_so_and_flaky_comes_and_goes() {
    let mut world = world();
    let mut spec = image("never-ready:1");
    spec["containers"][0]["readinessProbe"] = json!({"periodSeconds": 10, "httpGet": {"port": 80}});
    let pod = start(&mut world, spec);
    run(&mut world, 65 * SECOND);
    assert!(!ready(&world, &pod));
    let unhealthy = world.store.list("events", Some("shop")).find(|e| e.tree["reason"] == "Unhealthy").expect("is told").clone();
    assert_eq!(unhealthy.tree.text("message"), "Readiness probe failed: HTTP probe failed with statuscode: 503");
    assert!((6..=7).contains(&unhealthy.tree.int("count", 0)), "{unhealthy:?}");
    let flaky = start_in(&mut world, "flaky", image("flaky:1"));
    let mut changes = 0;
    let mut last = ready(&world, &flaky);
    for _ in 0..180 {
        run(&mut world, SECOND);
        let now = ready(&world, &flaky);
        changes += usize::from(now != last);
        last = now;
    }
    assert!((5..=7).contains(&changes), "{changes}");
}

#[test]
fn out_of_memory_kills_again_and_again() {
    let mut world = world();
    let pod = start(&mut world, image("oom:1"));
    run(&mut world, 150 * SECOND);
    let app = app(&world, &pod);
    assert_eq!((app.at("lastState.terminated").text("reason"), app.at("lastState.terminated").int("exitCode", 0)), ("OOMKilled", 137));
    assert!(app.int("restartCount", 0) >= 2, "{app:?}");
}

#[test]
fn deletion_gives_time_to_stop() {
    let mut world = world();
    let beginning = world.store.version();
    let pod = start(&mut world, image("app:1"));
    run(&mut world, 5 * SECOND);
    world.delete(&pod, &Deletion::default()).expect("is there");
    world.settle();
    assert!(told(&world).contains(&"Killing Stopping container app".to_owned()));
    assert!(world.find(&pod).is_some(), "it has its time");
    run(&mut world, SECOND);
    assert!(world.find(&pod).is_none());
    let last = world.store.since("pods", beginning).expect("is remembered").last().expect("is the last").object.clone();
    assert_eq!(
        (last.tree.at("status.phase").as_str(), last.tree["status"]["containerStatuses"][0].at("state.terminated").int("exitCode", 9)),
        (Some("Succeeded"), 0)
    );

    let slow = start_owned(&mut world, image("app:1"), json!({"annotations": {"kubetui.test/terminating-for": "20s"}}));
    run(&mut world, 5 * SECOND);
    world.delete(&slow, &Deletion::default()).expect("is there");
    run(&mut world, 19 * SECOND);
    assert!(world.find(&slow).is_some());
    run(&mut world, SECOND);
    assert!(world.find(&slow).is_none());

    let mut spec = image("app:1");
    spec["containers"][0]["lifecycle"] = json!({"preStop": {"exec": {"command": ["sh", "-c", "sleep 60"]}}});
    let stubborn = start(&mut world, spec);
    run(&mut world, 5 * SECOND);
    world.delete(&stubborn, &Deletion { grace: Some(10), ..Deletion::default() }).expect("is there");
    run(&mut world, 9 * SECOND);
    assert!(world.find(&stubborn).is_some());
    run(&mut world, SECOND);
    assert!(world.find(&stubborn).is_none(), "killed when its grace is over");
}

#[test]
fn what_is_missing_is_named() {
    let mut world = world();
    let mut spec = image("app:1");
    spec["containers"][0]["env"] = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]);
    let pod = start(&mut world, spec);
    run(&mut world, 4 * SECOND);
    let waiting = app(&world, &pod).at("state.waiting").clone();
    assert_eq!((waiting.text("reason"), waiting.text("message")), ("CreateContainerConfigError", "configmap \"settings\" not found"));
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "shop", "name": "settings"}, "data": {"b": "1"}});
    let map = world.create("configmaps", map.into()).expect("is made").reference();
    run(&mut world, 15 * SECOND);
    assert_eq!(app(&world, &pod).at("state.waiting").text("message"), "couldn't find key a in ConfigMap shop/settings");
    world.update(&map, |tree| tree.set("data.a", "2"));
    run(&mut world, 15 * SECOND);
    assert!(ready(&world, &pod));
    let mut spec = image("app:1");
    spec["volumes"] = json!([{"name": "tls", "secret": {"secretName": "tls"}}]);
    let pod = start_in(&mut world, "mounts", spec);
    run(&mut world, 10 * SECOND);
    assert_eq!(app(&world, &pod).at("state.waiting").text("reason"), "ContainerCreating");
    assert!(told(&world).contains(&"FailedMount MountVolume.SetUp failed for volume \"tls\" : secret \"tls\" not found".to_owned()));
}

#[test]
fn a_deadline_ends_a_pod() {
    let mut world = world();
    let mut spec = image("app:1");
    spec["activeDeadlineSeconds"] = json!(20);
    let pod = start(&mut world, spec);
    run(&mut world, 19 * SECOND);
    assert!(ready(&world, &pod));
    run(&mut world, 2 * SECOND);
    let last = status(&world, &pod);
    assert_eq!((last.text("phase"), last.text("reason")), ("Failed", "DeadlineExceeded"));
}

#[test]
fn resources_may_change_while_it_runs_and_debuggers_join() {
    let mut world = world();
    let mut spec = image("app:1");
    spec["containers"][0]["resources"] = json!({"requests": {"cpu": "100m"}});
    let pod = start(&mut world, spec);
    run(&mut world, 5 * SECOND);
    assert_eq!(app(&world, &pod).at("allocatedResources.cpu").as_str(), Some("100m"));
    world.update(&pod, |tree| {
        tree.set("spec.ephemeralContainers", Tree::from(json!([{"name": "debug", "image": "busybox:1"}])));
        tree.at_mut("spec.containers").items_mut()[0].set("resources.requests.cpu", "300m");
    });
    run(&mut world, 5 * SECOND);
    let last = status(&world, &pod);
    assert_eq!(last["containerStatuses"][0].at("resources.requests.cpu").as_str(), Some("300m"));
    assert_eq!((last["containerStatuses"][0].int("restartCount", 9), last.int("observedGeneration", 0)), (0, 2));
    assert!(!last["ephemeralContainerStatuses"][0]["state"]["running"].is_null(), "{last:?}");
}

#[test]
fn settled_pods_are_like_those_that_were_started_and_share_their_parts() {
    let mut world = world();
    let mut spec = image("app:1");
    spec["initContainers"] = json!([{"name": "first", "image": "first:1"}]);
    let pod = start(&mut world, spec);
    run(&mut world, 20 * SECOND);
    let lived = world.find(&pod).expect("is there");
    let node = world.store.list("nodes", None).next().expect("is there").clone();
    let mut shared = Shared::default();
    let since: ArcStr = "2026-11-21T08:00:00Z".into();
    let ready = settled(&lived.tree, &node, "10.64.0.9", &since, &mut shared);
    let keys = |tree: &Tree| tree.entries().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(&ready), keys(&lived.tree["status"]));
    for list in ["containerStatuses", "initContainerStatuses"] {
        assert_eq!(keys(&ready[list][0]), keys(&lived.tree["status"][list][0]));
        assert_eq!(ready[list][0]["containerID"], lived.tree["status"][list][0]["containerID"]);
    }
    let mut other = lived.tree.clone();
    other.set("metadata.uid", "another");
    let second = settled(&other, &node, "10.64.0.10", &since, &mut shared);
    assert!(second["conditions"].same(&ready["conditions"]) && second["hostIPs"].same(&ready["hostIPs"]));
    assert!(second["containerStatuses"][0]["state"].same(&ready["containerStatuses"][0]["state"]));
    assert_ne!(second["containerStatuses"][0]["containerID"], ready["containerStatuses"][0]["containerID"]);
}
