//! Jobs and CronJobs.

use serde_json::Value;

use super::Context;
use super::json::{Json, or};
use super::metadata::{controlled_by, labels_and_annotations, moment, name_and_namespace, selector, yes_or_no};
use super::template::template;
use super::writer::{Writer, line};
use crate::model::time;

fn selector_line(w: &mut Writer, value: &Value) {
    match selector(value) {
        Ok(text) => line!(w, 0, "Selector:\t{text}"),
        Err(error) => line!(w, 0, "Selector:\tFailed to get selector: {error}"),
    }
}

/// A number, or `<unset>`.
fn number(object: &Value, path: &str) -> String {
    object.scalar(path).unwrap_or_else(|| "<unset>".to_owned())
}

pub(super) fn job(w: &mut Writer, cx: &Context<'_>) {
    let (job, spec, status) = (cx.object, cx.object.at("spec"), cx.object.at("status"));
    name_and_namespace(w, job);
    selector_line(w, spec.at("selector"));
    labels_and_annotations(w, job);
    controlled_by(w, job);
    if spec.has("parallelism") {
        line!(w, 0, "Parallelism:\t{}", spec.int("parallelism"));
    }
    line!(w, 0, "Completions:\t{}", number(spec, "completions"));
    for (title, field) in [
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ] {
        if let Some(text) = spec.scalar(field) {
            line!(w, 0, "{title}:\t{text}");
        }
    }
    for (title, field) in [("Start Time", "startTime"), ("Completed At", "completionTime")] {
        if status.has(field) {
            line!(w, 0, "{title}:\t{}", moment(status, field));
        }
    }
    if let (Some(start), Some(end)) = (time::parse(status.text("startTime")), time::parse(status.text("completionTime"))) {
        line!(w, 0, "Duration:\t{}", time::age(end - start));
    }
    if spec.has("activeDeadlineSeconds") {
        line!(w, 0, "Active Deadline Seconds:\t{}s", spec.int("activeDeadlineSeconds"));
    }
    let ready = if status.has("ready") { format!(" ({} Ready)", status.int("ready")) } else { String::new() };
    line!(
        w,
        0,
        "Pods Statuses:\t{} Active{ready} / {} Succeeded / {} Failed",
        status.int("active"),
        status.int("succeeded"),
        status.int("failed")
    );
    if spec.text("completionMode") == "Indexed" {
        line!(w, 0, "Completed Indexes:\t{}", indexes(status.text("completedIndexes")));
    }
    template(w, spec.at("template"));
}

/// kubectl's `capIndexesListOrNone`: cut at the first comma after 50 characters.
fn indexes(indexes: &str) -> String {
    match indexes.get(50..).and_then(|rest| rest.find(',')) {
        Some(at) => format!("{}...", &indexes[..=50 + at]),
        None => or(indexes, "<none>").to_owned(),
    }
}

pub(super) fn cron_job(w: &mut Writer, cx: &Context<'_>) {
    let (cron_job, spec) = (cx.object, cx.object.at("spec"));
    name_and_namespace(w, cron_job);
    labels_and_annotations(w, cron_job);
    line!(w, 0, "Schedule:\t{}", spec.text("schedule"));
    line!(w, 0, "Concurrency Policy:\t{}", spec.text("concurrencyPolicy"));
    line!(w, 0, "Suspend:\t{}", yes_or_no(spec.at("suspend")));
    line!(w, 0, "Time Zone:\t{}", number(spec, "timeZone"));
    line!(w, 0, "Successful Job History Limit:\t{}", number(spec, "successfulJobsHistoryLimit"));
    line!(w, 0, "Failed Job History Limit:\t{}", number(spec, "failedJobsHistoryLimit"));
    let unit = if spec.has("startingDeadlineSeconds") { "s" } else { "" };
    line!(w, 0, "Starting Deadline Seconds:\t{}{unit}", number(spec, "startingDeadlineSeconds"));
    let job = spec.at("jobTemplate.spec");
    if job.has("selector") {
        selector_line(w, job.at("selector"));
    } else {
        line!(w, 0, "Selector:\t<unset>");
    }
    line!(w, 0, "Parallelism:\t{}", number(job, "parallelism"));
    line!(w, 0, "Completions:\t{}", number(job, "completions"));
    if job.has("activeDeadlineSeconds") {
        line!(w, 0, "Active Deadline Seconds:\t{}s", job.int("activeDeadlineSeconds"));
    }
    template(w, job.at("template"));
    let status = cron_job.at("status");
    let last = if status.has("lastScheduleTime") { moment(status, "lastScheduleTime") } else { "<unset>".to_owned() };
    line!(w, 0, "Last Schedule Time:\t{last}");
    let active = status.list("active").iter().map(|job| job.text("name")).collect::<Vec<_>>().join(", ");
    line!(w, 0, "Active Jobs:\t{}", or(&active, "<none>"));
}

#[cfg(test)]
mod tests {
    use super::indexes;

    #[test]
    fn long_lists_of_indexes_are_cut_at_a_comma() {
        assert_eq!(indexes(""), "<none>");
        assert_eq!(indexes("1-5,7"), "1-5,7");
        let long = "10,".repeat(30);
        assert_eq!(indexes(&long), format!("{}...", &long[..51]));
        assert_eq!(indexes(&"1".repeat(80)), "1".repeat(80));
    }
}
