//! CronJobs and Jobs, and a Service for what runs.

use serde_json::{Value, json};

use super::Desk;
use crate::scenarios::ground::Ground;
use crate::scenarios::objects::{condition, controller, deployment, job, name, pod, template, text, uid};

pub async fn a_cron_job_is_triggered_and_suspended(ground: &Ground) {
    let mut template = template("night", "app:1");
    template["spec"]["restartPolicy"] = json!("Never");
    template["metadata"]["annotations"] = json!({"kubetui.test/run-for": "300ms"});
    // Never by itself, while this runs: the 30th of February.
    let night = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "night"}, "spec": {"schedule": "0 0 30 2 *",
        "jobTemplate": {"metadata": {"labels": {"of": "night"}}, "spec": {"template": template}}}});
    let made = ground.post(&ground.batch("cronjobs"), &night).await.ok();
    let path = ground.batch("cronjobs/night");
    let desk = Desk::open(ground, "cronjobs");
    desk.on("night");
    desk.press("t t");
    desk.yes(&["Make a Job of cronjob/night", "job/night-manual-"]);
    desk.see("is made");
    let jobs = ground.until_count(&ground.batch("jobs"), 1).await;
    assert!(name(&jobs[0]).starts_with("night-manual-"), "{}", name(&jobs[0]));
    assert_eq!(controller(&jobs[0]), Some(("CronJob", "night")));
    assert_eq!(text(&jobs[0], "/metadata/ownerReferences/0/uid"), uid(&made));
    assert_eq!(text(&jobs[0], "/metadata/annotations/cronjob.kubernetes.io~1instantiate"), "manual");
    assert_eq!(text(&jobs[0], "/metadata/labels/of"), "night");
    ground
        .until_object(&ground.batch(&format!("jobs/{}", name(&jobs[0]))), |job| {
            (condition(job, "Complete")["status"] != "True").then(|| job["status"].to_string())
        })
        .await;

    desk.press("t s");
    desk.yes(&["Suspend cronjob/night", "no new Jobs are made"]);
    ground.until_is(&path, &[("/spec/suspend", json!(true))]).await;
    desk.refused("suspend", "it is suspended already");
    desk.command("unsuspend");
    desk.yes(&["Unsuspend cronjob/night", "Jobs are made again, at their times"]);
    ground.until_is(&path, &[("/spec/suspend", json!(false))]).await;
    desk.press("t u");
    desk.see("it is not suspended");
}

pub async fn a_job_is_retried_and_stays(ground: &Ground) {
    let mut failing = job("report", "fail:1");
    failing["spec"]["backoffLimit"] = json!(0);
    failing["metadata"]["labels"] = json!({"team": "shop"});
    let old = ground.post(&ground.batch("jobs"), &failing).await.ok();
    let path = ground.batch("jobs/report");
    let failed = |job: &Value| (condition(job, "Failed")["status"] != "True").then(|| job["status"].to_string());
    ground.until_object(&path, failed).await;
    let desk = Desk::open(ground, "jobs");
    desk.on("report");
    desk.press("t r");
    desk.yes(&["Make a new Job like job/report", "job/report stays as it is", "job/report-retry-"]);
    let jobs = ground.until_count(&ground.batch("jobs"), 2).await;
    let again = jobs.iter().find(|job| name(job) != "report").expect("a new one");
    assert!(name(again).starts_with("report-retry-"), "{}", name(again));
    assert_eq!(again["metadata"]["labels"]["team"], "shop");
    assert_eq!(text(again, "/spec/selector/matchLabels/batch.kubernetes.io~1controller-uid"), uid(again), "its selector is its own");
    assert_eq!(text(again, "/spec/template/spec/containers/0/image"), "fail:1");
    let kept = ground.get(&path).await.ok();
    assert_eq!((uid(&kept), &kept["metadata"]["deletionTimestamp"]), (uid(&old), &Value::Null));
    ground.until_object(&ground.batch(&format!("jobs/{}", name(again))), failed).await;
    desk.view("configmaps", "kube-root-ca.crt");
    desk.refused("retry-job", "retry-job is for jobs, not for configmaps");
}

pub async fn a_service_is_made_for_what_runs(ground: &Ground) {
    let mut web = deployment("web", 1, "app:1");
    web["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 8080}]);
    ground.post(&ground.apps("deployments"), &web).await.ok();
    ground.post(&ground.core("pods"), &pod("lone", "app:1")).await.ok();
    let desk = Desk::open(ground, "deployments");
    desk.on("web");
    desk.press("m e");
    desk.yes(&["Make a Service for deployment/web", "service/web is made: ClusterIP, port 8080", "it selects app=web"]);
    let made = ground.until(&ground.core("services/web"), async || ground.get(&ground.core("services/web")).await.there()).await;
    assert_eq!((&made["spec"]["selector"], &made["spec"]["type"]), (&json!({"app": "web"}), &json!("ClusterIP")));
    assert_eq!(made["spec"]["ports"], json!([{"protocol": "TCP", "port": 8080, "targetPort": 8080}]));
    desk.command("expose 80:8080 --name front --type NodePort");
    desk.yes(&["service/front is made: NodePort, port 80 → 8080"]);
    let front = ground.until("the second one", async || ground.get(&ground.core("services/front")).await.there()).await;
    let port = &front["spec"]["ports"][0];
    assert_eq!((&port["port"], &port["targetPort"], &front["spec"]["type"]), (&json!(80), &json!(8080), &json!("NodePort")));
    assert!(port["nodePort"].as_i64().is_some_and(|port| port >= 30000), "{port}");
    // What is there already is said by the server.
    desk.command("expose");
    desk.yes(&[]);
    desk.see("already exists");
    desk.press("esc");
    desk.without("✗");
    desk.view("pods", "lone");
    desk.refused("expose", "no port is declared: name one, as in :expose 80 or :expose 80:8080");
    desk.command("expose 80");
    desk.yes(&["service/lone is made: ClusterIP, port 80"]);
    let lone = ground.until("the third one", async || ground.get(&ground.core("services/lone")).await.there()).await;
    assert_eq!(lone["spec"]["selector"], json!({"app": "lone"}));
}
