//! Pod states over both wires, against what kubectl's `printPod` says of them (the cases of printers_test.go are here).

use super::*;
use crate::kinds::wires::{cells, row};
use crate::model::facts::{Role, State};
use crate::model::row::{Health, Row};
use serde_json::{Value, json};

/// 2026-01-01T00:10:00Z.
const NOW: i64 = 1_767_226_200;

fn waiting(name: &str, reason: &str, message: &str) -> Value {
    json!({"name": name, "ready": false, "restartCount": 0, "state": {"waiting": {"reason": reason, "message": message}}})
}

fn running(name: &str, ready: bool) -> Value {
    json!({"name": name, "ready": ready, "started": true, "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}})
}

fn ended(name: &str, code: i32, reason: &str) -> Value {
    json!({"name": name, "restartCount": 0, "state": {"terminated": {"exitCode": code, "reason": reason, "finishedAt": "2026-01-01T00:01:00Z"}}})
}

/// The same container after `count` restarts, the last one five minutes before [`NOW`].
fn restarted(mut container: Value, count: i32) -> Value {
    container["restartCount"] = count.into();
    container["lastState"] = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:05:00Z"}});
    container
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message})
}

fn is(kind: &str) -> Value {
    condition(kind, "True", "", "")
}

/// A pod with one init container `i`, one sidecar `s` and two containers `a` and `b`, of which those exist that have a status.
fn pod(phase: &str, init: &[Value], main: &[Value], conditions: &[Value]) -> Value {
    let named = |statuses: &[Value]| -> Vec<Value> {
        let spec = |name: &Value| json!({"name": name, "restartPolicy": if name == "s" { "Always" } else { "" }});
        statuses.iter().map(|status| spec(&status["name"])).collect()
    };
    json!({
        "spec": {"initContainers": named(init), "containers": if main.is_empty() { vec![json!({"name": "a"})] } else { named(main) }},
        "status": {"phase": phase, "initContainerStatuses": init, "containerStatuses": main, "conditions": conditions},
    })
}

/// What a pod must look like: READY, STATUS, RESTARTS, health, message.
type Want<'a> = (&'a str, &'a str, &'a str, Health, Option<&'a str>);

#[track_caller]
fn check(object: Value, want: Want<'_>) -> Row {
    let row = row(&POD, object);
    let cells = cells(&row, NOW);
    assert_eq!((cells[0].as_str(), cells[1].as_str(), cells[2].as_str(), row.condition, row.message.as_deref()), want);
    assert!(matches!(&row.cells[1], Cell::Status(_, health) if *health == row.condition));
    row
}

#[test]
fn containers_that_run() {
    use Health::{Healthy, Progressing, Unhealthy};
    let ready = [is("Ready")];
    let unready = [condition("Ready", "False", "ContainersNotReady", "containers with unready status: [b]")];
    check(pod("Running", &[], &[running("a", true), running("b", true)], &ready), ("2/2", "Running", "0", Healthy, None));
    check(
        pod("Running", &[], &[running("a", true), running("b", false)], &unready),
        ("1/2", "Running", "0", Progressing, Some("containers with unready status: [b]")),
    );
    // The node is away: the containers count as ready, the pod does not.
    check(
        pod("Running", &[], &[running("a", true)], &[condition("Ready", "False", "NodeNotReady", "")]),
        ("1/1", "Running", "0", Progressing, Some("NodeNotReady")),
    );
    // One has done its work, the other goes on.
    check(pod("Running", &[], &[ended("a", 0, "Completed"), running("b", true)], &ready), ("1/2", "Running", "0", Healthy, None));
    check(
        pod("Running", &[], &[ended("a", 0, "Completed"), running("b", true)], &unready),
        ("1/2", "NotReady", "0", Progressing, Some("containers with unready status: [b]")),
    );
    check(
        pod("Running", &[], &[ended("a", 0, "Completed"), ended("b", 1, "Error")], &[]),
        ("0/2", "Error", "0", Unhealthy, Some("b: Error, exit code 1")),
    );
    // kubectl says Completed of this pod; the crash loop counts nevertheless.
    check(
        pod("Running", &[], &[ended("a", 0, "Completed"), waiting("b", "CrashLoopBackOff", "")], &[]),
        ("0/2", "Completed", "0", Unhealthy, Some("b: CrashLoopBackOff")),
    );
}

#[test]
fn containers_that_do_not() {
    use Health::{Progressing, Unhealthy};
    check(pod("Pending", &[], &[waiting("a", "ContainerCreating", "")], &[]), ("0/1", "ContainerCreating", "0", Progressing, None));
    check(pod("Pending", &[], &[], &[]), ("0/1", "Pending", "0", Progressing, None));
    for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "RunContainerError"] {
        check(
            pod("Pending", &[], &[waiting("a", reason, "no such thing")], &[]),
            ("0/1", reason, "0", Unhealthy, Some("a: no such thing")),
        );
    }
    check(
        pod("Running", &[], &[ended("a", 137, "OOMKilled")], &[]),
        ("0/1", "OOMKilled", "0", Unhealthy, Some("a: OOMKilled, exit code 137")),
    );
    check(pod("Running", &[], &[ended("a", 3, "")], &[]), ("0/1", "ExitCode:3", "0", Unhealthy, Some("a: exit code 3")));
    let mut killed = ended("a", 137, "");
    killed["state"]["terminated"]["signal"] = 9.into();
    check(pod("Running", &[], &[killed], &[]), ("0/1", "Signal:9", "0", Unhealthy, Some("a: signal 9")));
    let looping = waiting("a", "CrashLoopBackOff", "back-off 5m0s restarting failed container=a pod=web_shop(u)");
    check(
        pod("Running", &[], &[restarted(looping.clone(), 7), running("b", true)], &[]),
        ("1/2", "CrashLoopBackOff", "7 (5m ago)", Unhealthy, Some("a: OOMKilled, exit code 137, back-off 5m0s")),
    );
    let mut spoke = restarted(looping, 2);
    spoke["lastState"]["terminated"]["message"] = "panic: no\n\n  DATABASE_URL ".into();
    check(
        pod("Running", &[], &[spoke], &[]),
        ("0/1", "CrashLoopBackOff", "2 (5m ago)", Unhealthy, Some("a: OOMKilled, exit code 137, back-off 5m0s: panic: no DATABASE_URL")),
    );
}

#[test]
fn restarts_unsettle_for_ten_minutes() {
    let row = check(
        pod("Running", &[], &[restarted(running("a", true), 3)], &[is("Ready")]),
        ("1/1", "Running", "3 (5m ago)", Health::Healthy, None),
    );
    assert_eq!((row.health(NOW), row.health(NOW + 300)), (Health::Progressing, Health::Healthy));
    // A count without a last state has no time; a completed pod is settled.
    let mut lost = running("a", true);
    lost["restartCount"] = 3.into();
    assert_eq!(check(pod("Running", &[], &[lost], &[is("Ready")]), ("1/1", "Running", "3", Health::Healthy, None)).unsettled_until, 0);
    let done = check(
        pod("Succeeded", &[], &[restarted(ended("a", 0, "Completed"), 1)], &[]),
        ("0/1", "Completed", "1 (5m ago)", Health::Healthy, None),
    );
    assert_eq!(done.health(NOW), Health::Healthy);
}

#[test]
fn init_containers() {
    use Health::{Healthy, Progressing, Unhealthy};
    let main = [waiting("a", "PodInitializing", "")];
    let incomplete = condition("Initialized", "False", "ContainersNotInitialized", "containers with incomplete status: [i]");
    check(
        pod("Pending", &[running("i", false), waiting("j", "PodInitializing", "")], &main, &[incomplete]),
        ("0/1", "Init:0/2", "0", Progressing, Some("containers with incomplete status: [i]")),
    );
    check(
        pod("Pending", &[ended("i", 0, "Completed"), waiting("j", "PodInitializing", "")], &main, &[]),
        ("0/1", "Init:1/2", "0", Progressing, None),
    );
    check(pod("Pending", &[ended("i", 0, "Completed")], &main, &[is("Initialized")]), ("0/1", "PodInitializing", "0", Progressing, None));
    check(pod("Pending", &[ended("i", 1, "Error")], &main, &[]), ("0/1", "Init:Error", "0", Unhealthy, Some("i: Error, exit code 1")));
    check(pod("Pending", &[ended("i", 2, "")], &main, &[]), ("0/1", "Init:ExitCode:2", "0", Unhealthy, Some("i: exit code 2")));
    let mut killed = ended("i", 137, "");
    killed["state"]["terminated"]["signal"] = 9.into();
    check(pod("Pending", &[killed], &main, &[]), ("0/1", "Init:Signal:9", "0", Unhealthy, Some("i: signal 9")));
    check(
        pod("Pending", &[restarted(waiting("i", "CrashLoopBackOff", "back-off 10s restarting failed container=i"), 4)], &main, &[]),
        ("0/1", "Init:CrashLoopBackOff", "4 (5m ago)", Unhealthy, Some("i: OOMKilled, exit code 137, back-off 10s")),
    );
    check(
        pod("Pending", &[waiting("i", "ImagePullBackOff", "")], &main, &[]),
        ("0/1", "Init:ImagePullBackOff", "0", Unhealthy, Some("i: ImagePullBackOff")),
    );
    // Restarts of init containers are forgotten when they are through.
    check(
        pod("Running", &[restarted(ended("i", 0, "Completed"), 4)], &[running("a", true)], &[is("Ready"), is("Initialized")]),
        ("1/1", "Running", "0", Healthy, None),
    );
}

#[test]
fn sidecars() {
    use Health::{Healthy, Progressing, Unhealthy};
    let up = [is("Ready"), is("Initialized")];
    check(
        pod("Running", &[ended("i", 0, "Completed"), restarted(running("s", true), 2)], &[restarted(running("a", true), 1)], &up),
        ("2/2", "Running", "3 (5m ago)", Healthy, None),
    );
    check(pod("Running", &[running("s", false)], &[running("a", true)], &[is("Initialized")]), ("1/2", "Running", "0", Progressing, None));
    let mut starting = running("s", false);
    starting["started"] = false.into();
    check(
        pod("Pending", &[starting, waiting("i", "PodInitializing", "")], &[waiting("a", "PodInitializing", "")], &[]),
        ("0/2", "Init:0/2", "0", Progressing, None),
    );
    check(
        pod("Running", &[restarted(waiting("s", "CrashLoopBackOff", ""), 5)], &[running("a", true)], &[is("Initialized")]),
        ("1/2", "Init:CrashLoopBackOff", "5 (5m ago)", Unhealthy, Some("s: OOMKilled, exit code 137")),
    );
    // Sidecars are killed when the work is done.
    check(pod("Succeeded", &[ended("s", 143, "Error")], &[ended("a", 0, "Completed")], &up), ("0/2", "Completed", "0", Healthy, None));
}

#[test]
fn pods_that_have_no_node() {
    use Health::{Progressing, Unhealthy};
    let nowhere = "0/3 nodes are available: 3 Insufficient cpu.";
    check(
        pod("Pending", &[], &[], &[condition("PodScheduled", "False", "Unschedulable", nowhere)]),
        ("0/1", "Pending", "0", Unhealthy, Some(nowhere)),
    );
    let gated = condition("PodScheduled", "False", "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates");
    check(
        pod("Pending", &[], &[], &[gated]),
        ("0/1", "SchedulingGated", "0", Progressing, Some("Scheduling is blocked due to non-empty scheduling gates")),
    );
}

#[test]
fn pods_that_end() {
    use Health::{Healthy, Progressing, Unhealthy};
    let with = |mut object: Value, deleting: bool, reason: &str, message: &str| {
        if deleting {
            object["metadata"] = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
        }
        object["status"]["reason"] = reason.into();
        object["status"]["message"] = message.into();
        object
    };
    let up = || pod("Running", &[], &[running("a", true)], &[is("Ready")]);
    check(with(up(), true, "", ""), ("1/1", "Terminating", "0", Progressing, None));
    check(with(pod("Running", &[], &[ended("a", 137, "Error")], &[]), true, "", ""), ("0/1", "Terminating", "0", Progressing, None));
    let gone = "Node n which was running pod p is unresponsive";
    check(with(up(), true, "NodeLost", gone), ("1/1", "Unknown", "0", Unhealthy, Some(gone)));
    check(with(up(), false, "NodeLost", gone), ("1/1", "NodeLost", "0", Unhealthy, Some(gone)));
    check(with(pod("Unknown", &[], &[], &[]), false, "", ""), ("0/1", "Unknown", "0", Unhealthy, None));
    let low = "The node was low on resource: memory.";
    check(with(pod("Failed", &[], &[], &[]), false, "Evicted", low), ("0/1", "Evicted", "0", Unhealthy, Some(low)));
    // A finished pod that is deleted keeps its word.
    check(
        with(pod("Failed", &[], &[ended("a", 1, "Error")], &[]), true, "", ""),
        ("0/1", "Error", "0", Unhealthy, Some("a: Error, exit code 1")),
    );
    check(with(pod("Succeeded", &[], &[ended("a", 0, "Completed")], &[]), true, "", ""), ("0/1", "Completed", "0", Progressing, None));
    check(pod("Succeeded", &[], &[], &[]), ("0/1", "Succeeded", "0", Healthy, None));
    check(pod("Failed", &[], &[], &[]), ("0/1", "Failed", "0", Unhealthy, None));
}

#[test]
fn readiness_gates_and_addresses() {
    let mut object = pod(
        "Running",
        &[],
        &[running("a", true)],
        &[
            condition("Ready", "False", "ReadinessGatesNotReady", "the status of pod readiness gate \"lb\" is not \"True\", but False"),
            condition("lb", "False", "", "target registration in progress"),
            is("dns"),
        ],
    );
    object["spec"]["readinessGates"] = json!([{"conditionType": "lb"}, {"conditionType": "dns"}, {"conditionType": "none"}]);
    let row = check(object.clone(), ("1/1", "Running", "0", Health::Progressing, Some("lb: target registration in progress")));
    assert_eq!(cells(&row, NOW)[3..], ["<none>", "<none>", "<none>", "1/3"]);

    object["spec"]["nodeName"] = "node-1".into();
    object["status"]["podIP"] = "10.0.0.7".into();
    object["status"]["nominatedNodeName"] = "node-2".into();
    object["spec"]["readinessGates"] = json!(null);
    assert_eq!(cells(&crate::kinds::wires::row(&POD, object), NOW)[3..], ["10.0.0.7", "node-1", "node-2", "<none>"]);
}

#[test]
fn facts_are_what_panes_relate_by() {
    let row = row(
        &POD,
        json!({
            "metadata": {"name": "db-0"},
            "spec": {
                "nodeName": "node-1", "serviceAccountName": "db",
                "initContainers": [
                    {"name": "wait", "image": "busybox", "resources": {"requests": {"cpu": "4"}}},
                    {"name": "mesh", "image": "proxy", "restartPolicy": "Always", "resources": {"requests": {"cpu": "5m"}, "limits": {"memory": "1Mi"}}},
                ],
                "containers": [{
                    "name": "db", "image": "postgres:17", "readinessProbe": {"periodSeconds": 5}, "startupProbe": {},
                    "ports": [{"name": "pg", "containerPort": 5432, "protocol": "TCP"}],
                    "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
                }],
                "ephemeralContainers": [{"name": "debug", "image": "busybox", "targetContainerName": "db"}],
                "volumes": [
                    {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}},
                    {"name": "tmp", "ephemeral": {"volumeClaimTemplate": {}}},
                    {"name": "config", "configMap": {"name": "db"}},
                ],
            },
            "status": {
                "phase": "Running", "podIP": "10.0.0.7",
                "conditions": [is("Ready"), is("Initialized"), condition("DisruptionTarget", "True", "EvictionByEvictionAPI", "drained")],
                "initContainerStatuses": [running("mesh", true), ended("wait", 0, "Completed")],
                "containerStatuses": [restarted(running("db", true), 2)],
                "ephemeralContainerStatuses": [waiting("debug", "ErrImagePull", "no")],
            },
        }),
    );
    let Facts::Pod(facts) = &row.facts else { panic!("no facts") };
    assert_eq!(
        (&*facts.node, &*facts.ip, &*facts.phase, facts.ready, &*facts.service_account),
        ("node-1", "10.0.0.7", "Running", true, "db")
    );
    let containers: Vec<_> = facts.containers.iter().map(|c| (&*c.spec.name, c.spec.role, c.ready)).collect();
    assert_eq!(
        containers,
        [("wait", Role::Init, false), ("mesh", Role::Sidecar, true), ("db", Role::App, true), ("debug", Role::Ephemeral, false)]
    );
    let db = &facts.containers[2];
    assert_eq!((&*db.spec.image, &*db.spec.probes, db.restarts), ("postgres:17", "readiness startup", 2));
    assert_eq!((&*db.spec.ports[0].name, db.spec.ports[0].number), ("pg", 5432));
    assert_eq!(db.last.as_ref().map(|l| (&*l.reason, l.code, l.finished)), Some(("OOMKilled", 137, Some(NOW - 300))));
    assert_eq!(db.state, State::Running(NOW - 600));
    assert!(matches!(&facts.containers[3].state, State::Waiting { reason, .. } if &**reason == "ErrImagePull"));
    assert_eq!((facts.requests.cpu, facts.requests.memory, facts.limits.memory), (255, 1 << 30, (2 << 30) + (1 << 20)));
    assert_eq!(facts.claims.join(" "), "data-db-0 db-0-tmp");
    assert_eq!(facts.conditions.iter().map(|c| &*c.kind).collect::<Vec<_>>(), ["DisruptionTarget"]);
    assert_eq!(row.condition, Health::Healthy, "a debug container's troubles are its own");
}

#[test]
fn a_pod_as_a_whole_may_say_what_it_needs() {
    let row = row(
        &POD,
        json!({"spec": {
            "resources": {"requests": {"cpu": "2"}, "limits": {"memory": "1Gi"}},
            "containers": [{"name": "a", "resources": {"requests": {"cpu": "1", "memory": "1Mi"}, "limits": {"cpu": "3"}}}],
        }}),
    );
    let Facts::Pod(facts) = &row.facts else { panic!("no facts") };
    assert_eq!((facts.requests.cpu, facts.requests.memory, facts.limits.cpu, facts.limits.memory), (2000, 1 << 20, 3000, 1 << 30));
}

#[test]
fn long_last_words_are_cut() {
    let mut object = pod("Failed", &[], &[], &[]);
    object["status"]["message"] = format!("{} {}", "é".repeat(299), "more").into();
    let message = row(&POD, object).message.expect("a message");
    assert_eq!((message.chars().count(), message.ends_with(" …")), (301, true));
}
