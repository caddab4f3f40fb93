//! Jobs and CronJobs.

use serde_json::{Value, json};

use super::*;

pub async fn a_job_runs_to_its_completions(ground: &Ground) {
    let mut count = job("count", "app:1");
    count["spec"]["completions"] = json!(3);
    count["spec"]["parallelism"] = json!(2);
    let mut watch = ground.watch(&ground.core("pods?watch=1")).await;
    ground.post(&ground.batch("jobs"), &count).await.ok();
    let done = finished(ground, "count", "Complete").await;
    assert_eq!((number(&done, "/status/succeeded"), number(&done, "/status/active")), (3, 0));
    assert_eq!(text(condition(&done, "Complete"), "/reason"), "CompletionsReached");
    assert_eq!(condition(&done, "SuccessCriteriaMet")["status"], "True");
    assert!(!text(&done, "/status/completionTime").is_empty() && !text(&done, "/status/startTime").is_empty());
    let mut active: Vec<String> = Vec::new();
    let mut ended: Vec<String> = Vec::new();
    while ended.len() < 3 {
        let (_, pod) = watch.change("pods of the job").await;
        let (name, over) = (name(&pod).to_owned(), matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed"));
        active.retain(|other| *other != name);
        if over {
            if !ended.contains(&name) {
                ended.push(name)
            }
        } else {
            active.push(name)
        }
        assert!(active.len() <= 2, "more than the parallelism: {active:?}");
    }
    let pods = ground.items(&ground.core("pods")).await;
    assert_eq!(pods.len(), 3);
    let labels = &pods[0]["metadata"]["labels"];
    assert_eq!((&labels["batch.kubernetes.io/job-name"], &labels["job-name"]), (&json!("count"), &json!("count")));
    assert_eq!(labels["batch.kubernetes.io/controller-uid"], done["metadata"]["uid"]);
    assert_eq!(controller(&pods[0]), Some(("Job", "count")));
    let status =
        ground.patch(&ground.batch("jobs/count"), Patch::Merge, &json!({"spec": {"completions": 5}})).await.refused(422, "Invalid");
    assert_eq!(causes(&status), [("spec.completions", "FieldValueInvalid")]);
}

async fn finished(ground: &Ground, job: &str, how: &str) -> Value {
    ground
        .until_object(&ground.batch(&format!("jobs/{job}")), |job| {
            (condition(job, how)["status"] != "True").then(|| job["status"].to_string())
        })
        .await
}

pub async fn a_job_that_fails_gives_up_at_its_limit(ground: &Ground) {
    let mut failing = job("failing", "fail:1");
    failing["spec"]["backoffLimit"] = json!(0);
    ground.post(&ground.batch("jobs"), &failing).await.ok();
    let done = finished(ground, "failing", "Failed").await;
    let failed = condition(&done, "Failed");
    assert_eq!(
        (text(failed, "/reason"), text(failed, "/message")),
        ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    );
    assert_eq!((number(&done, "/status/failed"), number(&done, "/status/succeeded")), (1, 0));
    assert_eq!(text(&ground.items(&ground.core("pods")).await[0], "/status/phase"), "Failed");
}

pub async fn a_job_is_retried_after_a_while(ground: &Ground) {
    let mut failing = job("again", "fail:1");
    failing["spec"]["backoffLimit"] = json!(1);
    // The first retry comes after some ten seconds.
    ground.post(&ground.batch("jobs"), &failing).await.ok();
    let done = finished(ground, "again", "Failed").await;
    assert_eq!(number(&done, "/status/failed"), 2);
    let times: Vec<i64> = {
        let pods = ground.items(&ground.core("pods")).await;
        let mut times: Vec<i64> =
            pods.iter().map(|pod| text(pod, "/metadata/creationTimestamp").parse::<jiff::Timestamp>().unwrap().as_second()).collect();
        times.sort_unstable();
        times
    };
    assert!(times.len() == 2 && times[1] - times[0] >= 9, "{times:?}");
}

pub async fn a_finished_job_goes_after_its_time(ground: &Ground) {
    let mut short = job("short", "app:1");
    // Long enough to be seen finished, whatever the pace of the looks.
    short["spec"]["ttlSecondsAfterFinished"] = json!(5);
    ground.post(&ground.batch("jobs"), &short).await.ok();
    finished(ground, "short", "Complete").await;
    ground.until_gone(&ground.batch("jobs/short")).await;
    ground.until_count(&ground.core("pods"), 0).await;
}

pub async fn a_suspended_job_waits(ground: &Ground) {
    let mut waiting = job("waiting", "app:1");
    waiting["spec"]["suspend"] = json!(true);
    ground.post(&ground.batch("jobs"), &waiting).await.ok();
    let suspended = finished(ground, "waiting", "Suspended").await;
    assert_eq!(text(condition(&suspended, "Suspended"), "/reason"), "JobSuspended");
    assert!(ground.items(&ground.core("pods")).await.is_empty());
    ground.patch(&ground.batch("jobs/waiting"), Patch::Merge, &json!({"spec": {"suspend": false}})).await.ok();
    let done = finished(ground, "waiting", "Complete").await;
    assert_eq!(text(condition(&done, "Suspended"), "/status"), "False");
}

pub async fn a_cron_job_owns_its_jobs(ground: &Ground) {
    let template = job("unused", "app:1")["spec"].take();
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"},
        "spec": {"schedule": "* * * * *", "suspend": ground.is_real(), "jobTemplate": {"spec": template}}});
    let made = ground.post(&ground.batch("cronjobs"), &cron).await.ok();
    if ground.is_real() {
        // A minute is long in real time: the job is made by hand, as `kubectl create job --from` does.
        let mut job = job("by-hand", "app:1");
        job["metadata"]["annotations"] = json!({"cronjob.kubernetes.io/instantiate": "manual"});
        job["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": uid(&made), "controller": true}]);
        ground.post(&ground.batch("jobs"), &job).await.ok();
    } else {
        ground.until_count(&ground.batch("jobs"), 1).await;
        ground.patch(&ground.batch("cronjobs/nightly"), Patch::Merge, &json!({"spec": {"suspend": true}})).await.ok();
        let after = ground.get(&ground.batch("cronjobs/nightly")).await.ok();
        let minute = text(&after, "/status/lastScheduleTime").parse::<jiff::Timestamp>().expect("a time");
        assert_eq!(minute.as_second() % 60, 0);
        let jobs = ground.items(&ground.batch("jobs")).await;
        assert_eq!(name(&jobs[0]), format!("nightly-{}", minute.as_second() / 60));
    }
    let jobs = ground.items(&ground.batch("jobs")).await;
    assert_eq!(controller(&jobs[0]), Some(("CronJob", "nightly")));
    finished(ground, name(&jobs[0]), "Complete").await;
    ground.delete(&ground.batch("cronjobs/nightly"), &json!({"propagationPolicy": "Background"})).await.ok();
    ground.until_count(&ground.batch("jobs"), 0).await;
    ground.until_count(&ground.core("pods"), 0).await;
}
