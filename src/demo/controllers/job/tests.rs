use serde_json::{Value, json};

use crate::demo::controllers::ground::Ground;
use crate::demo::store::{Ref, Verb};
use crate::demo::tree::Tree;
use crate::demo::world::Deletion;

fn job(spec: Value) -> Value {
    let labels = json!({"batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "sum"});
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "sum"}, "spec": {
        "parallelism": 1, "completions": 1, "backoffLimit": 6, "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
        "template": {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c"}]}}}});
    for (key, value) in spec.as_object().expect("a map") {
        job["spec"][key] = value.clone();
    }
    job
}

fn start(spec: Value) -> Ground {
    let mut ground = Ground::new();
    ground.make("jobs.batch", job(spec));
    ground.world.settle();
    ground
}

fn end(ground: &mut Ground, code: i64) {
    let name = ground.active()[0].name.to_string();
    let at = ground.world.now_text();
    ground.change("pods", &name, |tree| {
        tree.set("status.phase", if code == 0 { "Succeeded" } else { "Failed" });
        let mut status = Tree::texts([("name", "c")]);
        status.set("state.terminated.exitCode", code);
        status.set("state.terminated.finishedAt", at);
        tree.set("status.containerStatuses", Tree::list_of(vec![status]));
    });
}

fn conditions(ground: &Ground) -> Vec<(String, String)> {
    let job = ground.tree("jobs.batch", "sum");
    let all = job.at("status.conditions").items().iter();
    all.map(|c| (c.text("type").to_owned(), c.text("reason").to_owned())).collect()
}

fn pair(kind: &str, reason: &str) -> (String, String) {
    (kind.into(), reason.into())
}

#[test]
fn a_job_is_complete_when_enough_pods_succeeded() {
    let mut ground = start(json!({"parallelism": 2, "completions": 3, "ttlSecondsAfterFinished": 60}));
    assert_eq!(ground.active().len(), 2);
    assert_eq!(ground.all("pods")[0].tree.at("metadata.finalizers")[0], *"batch.kubernetes.io/job-tracking");
    for left in [2, 1, 0] {
        end(&mut ground, 0);
        assert_eq!(ground.active().len(), left);
    }
    assert_eq!(conditions(&ground), [pair("SuccessCriteriaMet", "CompletionsReached"), pair("Complete", "CompletionsReached")]);
    let status = ground.tree("jobs.batch", "sum")["status"].clone();
    assert_eq!((status.int("succeeded", 0), status.int("ready", 9), status.int("terminating", 9)), (3, 0, 0));
    assert!(!status["completionTime"].is_null() && status["active"].is_null());
    assert!(ground.all("pods").iter().all(|pod| pod.tree.at("metadata.finalizers").is_null()));
    assert_eq!(ground.said("Completed"), ["Job completed"]);
    ground.pass(60);
    assert!(ground.names("jobs.batch").is_empty() && ground.names("pods").is_empty(), "its time is over");
}

#[test]
fn pods_are_counted_before_they_are_let_go() {
    let mut ground = start(json!({}));
    let version = ground.world.store.version();
    end(&mut ground, 0);
    let uncounted = |tree: &Tree| tree.at("status.uncountedTerminatedPods.succeeded").items().len();
    let told: Vec<_> = ground.world.store.since("jobs.batch", version).expect("remembered").filter(|c| c.verb == Verb::Modified).collect();
    let steps: Vec<_> = told.iter().map(|c| (uncounted(&c.object.tree), c.object.tree.int("status.succeeded", 0))).collect();
    assert_eq!(steps, [(1, 0), (0, 1)]);
}

#[test]
fn failures_are_waited_for_longer_each_time_until_there_are_too_many() {
    let mut ground = start(json!({"backoffLimit": 2}));
    for wait in [10, 20] {
        end(&mut ground, 1);
        ground.pass(wait - 1);
        assert_eq!(ground.active().len(), 0, "{wait}");
        ground.pass(1);
        assert_eq!(ground.active().len(), 1, "{wait}");
    }
    end(&mut ground, 1);
    assert_eq!(conditions(&ground), [pair("FailureTarget", "BackoffLimitExceeded"), pair("Failed", "BackoffLimitExceeded")]);
    assert_eq!(ground.tree("jobs.batch", "sum").int("status.failed", 0), 3);
    assert_eq!(ground.said("BackoffLimitExceeded"), ["Job has reached the specified backoff limit"]);
}

#[test]
fn a_deadline_ends_it_when_its_pods_are_gone() {
    let mut ground = start(json!({"activeDeadlineSeconds": 30}));
    let pod = ground.active()[0].clone();
    ground.ready(&pod, true);
    ground.pass(30);
    assert_eq!(conditions(&ground), [pair("FailureTarget", "DeadlineExceeded")]);
    assert_eq!(ground.tree("jobs.batch", "sum").int("status.terminating", 0), 1);
    ground.end_pods();
    assert_eq!(conditions(&ground)[1], pair("Failed", "DeadlineExceeded"));
    assert!(ground.all("pods").is_empty());
}

#[test]
fn what_is_suspended_has_no_pods_and_goes_on_later() {
    let mut ground = start(json!({"suspend": true}));
    assert_eq!((ground.active().len(), conditions(&ground)), (0, vec![pair("Suspended", "JobSuspended")]));
    assert!(ground.tree("jobs.batch", "sum").at("status.startTime").is_null());
    ground.change("jobs.batch", "sum", |tree| tree.set("spec.suspend", false));
    assert_eq!((ground.active().len(), conditions(&ground)), (1, vec![pair("Suspended", "JobResumed")]));
    ground.change("jobs.batch", "sum", |tree| tree.set("spec.suspend", true));
    assert!(ground.all("pods").is_empty() && ground.tree("jobs.batch", "sum").int("status.failed", 0) == 0, "that is no failure");
}

#[test]
fn indexes_are_done_each_once() {
    let mut ground =
        start(json!({"completionMode": "Indexed", "parallelism": 3, "completions": 4, "backoffLimitPerIndex": 1, "backoffLimit": 100}));
    let pods = ground.active();
    assert_eq!(pods.iter().map(|pod| pod.tree.text("spec.hostname").to_owned()).collect::<Vec<_>>(), ["sum-0", "sum-1", "sum-2"]);
    assert!(pods[0].name.starts_with("sum-0-"));
    assert!(!pods[0].tree.at("spec.containers")[0].item("env", "name", "JOB_COMPLETION_INDEX").is_null());
    end(&mut ground, 0);
    let status = ground.tree("jobs.batch", "sum")["status"].clone();
    assert_eq!((status.text("completedIndexes"), status.int("succeeded", 0)), ("0", 1));
    end(&mut ground, 1);
    ground.pass(10);
    let again = ground.active().into_iter().find(|pod| pod.name.starts_with("sum-1-")).expect("it is tried again");
    assert_eq!(again.tree.at("metadata.annotations")["batch.kubernetes.io/job-index-failure-count"], *"1");
    end(&mut ground, 1);
    end(&mut ground, 0);
    end(&mut ground, 0);
    let status = ground.tree("jobs.batch", "sum")["status"].clone();
    assert_eq!((status.text("completedIndexes"), status.text("failedIndexes"), status.int("failed", 0)), ("0,2,3", "1", 2));
    assert_eq!(conditions(&ground)[1], pair("Failed", "FailedIndexes"));
}

#[test]
fn a_policy_says_what_a_failure_means() {
    let rule = |action: &str, code: i64| json!({"action": action, "onExitCodes": {"operator": "In", "values": [code]}});
    let mut ground = start(json!({"backoffLimit": 0, "podFailurePolicy": {"rules": [rule("Ignore", 7), rule("FailJob", 42)]}}));
    end(&mut ground, 7);
    ground.pass(10);
    assert_eq!((ground.active().len(), ground.tree("jobs.batch", "sum").int("status.failed", 0)), (1, 0));
    let name = ground.active()[0].name.clone();
    end(&mut ground, 42);
    let why = format!("Container c for pod shop/{name} failed with exit code 42 matching FailJob rule at index 1");
    assert_eq!(ground.tree("jobs.batch", "sum").item("status.conditions", "type", "Failed").text("message"), why);
}

#[test]
fn nothing_is_held_when_the_job_is_gone() {
    let mut ground = start(json!({}));
    ground
        .world
        .delete(
            &Ref::new("jobs.batch", "shop", "sum"),
            &Deletion { propagation: Some(crate::demo::world::Propagation::Background), ..Deletion::default() },
        )
        .expect("is there");
    ground.world.settle();
    assert!(ground.names("pods").is_empty());
}
