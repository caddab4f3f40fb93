use serde_json::{Value, json};

use crate::demo::controllers::ground::Ground;
use crate::demo::controllers::job;
use crate::demo::tree::Tree;

/// A CronJob of every five minutes, made at 08:00.
fn start(spec: Value) -> Ground {
    let mut ground = Ground::new();
    let mut cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"}, "spec": {
        "schedule": "*/5 * * * *", "concurrencyPolicy": "Allow", "successfulJobsHistoryLimit": 1,
        "jobTemplate": {"metadata": {"labels": {"app": "tick"}}, "spec": {"template": {"spec": {"containers": []}}}}}});
    for (key, value) in spec.as_object().expect("a map") {
        cron["spec"][key] = value.clone();
    }
    ground.make("cronjobs.batch", cron);
    ground.world.settle();
    ground
}

/// 08:00 in minutes since 1970.
const EIGHT: i64 = 1_795_248_000 / 60;

fn named(minutes: &[i64]) -> Vec<String> {
    minutes.iter().map(|minute| format!("tick-{}", EIGHT + minute)).collect()
}

fn end(ground: &mut Ground, name: &str) {
    let now = ground.world.now_text();
    ground.change("jobs.batch", name, |tree| {
        tree.push("status.conditions", Tree::texts([("type", "Complete"), ("status", "True")]));
        tree.set("status.completionTime", now);
    });
}

#[test]
fn there_is_a_job_at_each_time_and_old_ones_go() {
    let mut ground = start(json!({}));
    assert!(ground.names("jobs.batch").is_empty());
    ground.pass(300);
    assert_eq!(ground.names("jobs.batch"), named(&[5]));
    let made = ground.tree("jobs.batch", &named(&[5])[0]);
    assert_eq!(made.at("metadata.annotations")["batch.kubernetes.io/cronjob-scheduled-timestamp"], *"2026-11-21T08:05:00Z");
    let status = ground.tree("cronjobs.batch", "tick")["status"].clone();
    assert_eq!((status.text("lastScheduleTime"), status["active"].items().len()), ("2026-11-21T08:05:00Z", 1));
    ground.pass(10);
    end(&mut ground, &named(&[5])[0]);
    let status = ground.tree("cronjobs.batch", "tick")["status"].clone();
    assert_eq!((status.text("lastSuccessfulTime"), status["active"].items().len()), ("2026-11-21T08:05:10Z", 0));
    assert_eq!(ground.said("SawCompletedJob"), [format!("Saw completed job: {}, condition: Complete", named(&[5])[0])]);
    ground.pass(300);
    end(&mut ground, &named(&[10])[0]);
    assert_eq!(ground.names("jobs.batch"), named(&[10]), "one is kept");
    assert!(ground.all("jobs.batch").iter().all(|job| job::finished(job).is_some()));
}

#[test]
fn policies_say_what_happens_when_one_runs() {
    for (policy, minutes) in [("Allow", &[5, 10][..]), ("Forbid", &[5]), ("Replace", &[10])] {
        let mut ground = start(json!({"concurrencyPolicy": policy}));
        ground.pass(600);
        assert_eq!(ground.names("jobs.batch"), named(minutes), "{policy}");
        let told = !ground.said("JobAlreadyActive").is_empty();
        assert_eq!(told, policy == "Forbid");
    }
    let mut ground = start(json!({"concurrencyPolicy": "Forbid"}));
    ground.pass(630);
    end(&mut ground, &named(&[5])[0]);
    assert_eq!(ground.names("jobs.batch"), named(&[5, 10]), "it is made up for");
}

#[test]
fn what_was_missed_is_made_once() {
    let mut ground = start(json!({"suspend": true}));
    ground.pass(3600);
    assert!(ground.names("jobs.batch").is_empty());
    ground.change("cronjobs.batch", "tick", |tree| tree.set("spec.suspend", false));
    assert_eq!(ground.names("jobs.batch"), named(&[60]));
    let mut late = start(json!({"suspend": true, "startingDeadlineSeconds": 60}));
    late.pass(3600 + 120);
    late.change("cronjobs.batch", "tick", |tree| tree.set("spec.suspend", false));
    assert!(late.names("jobs.batch").is_empty(), "it is too late for that");
    late.pass(180);
    assert_eq!(late.names("jobs.batch"), named(&[65]));
}

#[test]
fn a_schedule_that_is_none_is_told() {
    let ground = start(json!({"schedule": "a b c"}));
    assert_eq!(ground.said("UnparseableSchedule"), ["unparseable schedule: \"a b c\" : expected exactly 5 fields, found 3: [a b c]"]);
}
