//! The batch group: Job and CronJob.

use super::conditions::{self, JobCondition};
use super::partial::{LabelSelector, ObjectMeta, Time};
use super::template::{Containers, PodTemplate, selector_cell};
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, number, text, wide};
use crate::model::facts::{Condition, Facts, WorkloadFacts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `batch.v1.Job`.
    Job {
        1 metadata: one ObjectMeta,
        2 spec: one JobSpec,
        3 status: one JobStatus,
    }
    /// `batch.v1.JobSpec`.
    JobSpec {
        1 parallelism: int,
        2 completions: int,
        4 selector: one LabelSelector,
        6 template: one PodTemplate,
        7 backoff_limit: int,
        10 suspend: flag,
    }
    /// `batch.v1.JobStatus`.
    JobStatus {
        1 conditions: many JobCondition,
        2 start_time: one Time,
        3 completion_time: one Time,
        4 active: int,
        5 succeeded: int,
        6 failed: int,
        9 ready: int,
    }
    /// `batch.v1.CronJob`.
    CronJob {
        1 metadata: one ObjectMeta,
        2 spec: one CronJobSpec,
        3 status: one CronJobStatus,
    }
    /// `batch.v1.CronJobSpec`.
    CronJobSpec {
        1 schedule: text,
        4 suspend: flag,
        5 job_template: one JobTemplate,
        8 time_zone: text,
    }
    /// `batch.v1.JobTemplateSpec`.
    JobTemplate {
        2 spec: one JobSpec,
    }
    /// `batch.v1.CronJobStatus`.
    CronJobStatus {
        1 active: many ActiveJob,
        4 last_schedule_time: one Time,
    }
    /// `core.v1.ObjectReference` of a running Job: only that there is one counts.
    ActiveJob {
        3 name: text,
    }
}

/// Jobs.
pub static JOB: Block = Block {
    group: "batch",
    version: "v1",
    kind: "Job",
    plural: "jobs",
    singular: "job",
    short: &[],
    namespaced: true,
    columns: &[NAME, text("STATUS"), text("COMPLETIONS"), text("DURATION"), AGE, wide("CONTAINERS"), wide("IMAGES"), wide("SELECTOR")],
    enter: Enter::OwnedPods,
    decode: decode::<Job>,
    encode: encode::<Job>,
};

/// CronJobs.
pub static CRON_JOB: Block = Block {
    group: "batch",
    version: "v1",
    kind: "CronJob",
    plural: "cronjobs",
    singular: "cronjob",
    short: &["cj"],
    namespaced: true,
    columns: &[
        NAME,
        text("SCHEDULE"),
        text("TIMEZONE"),
        text("SUSPEND"),
        number("ACTIVE"),
        text("LAST SCHEDULE"),
        AGE,
        wide("CONTAINERS"),
        wide("IMAGES"),
        wide("SELECTOR"),
    ],
    enter: Enter::OwnedJobs,
    decode: decode::<CronJob>,
    encode: encode::<CronJob>,
};

impl Object for Job {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printJob`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let containers = Containers::of(spec.template.as_ref(), interner);
        let (selector, selector_text) = selector_cell(spec.selector.as_ref(), interner);
        let conditions = conditions::facts(&status.conditions, interner);
        let (word, cause) = state(&conditions, meta.deletion_timestamp.is_some());
        let health = health(word, &status);
        let succeeded = status.succeeded.unwrap_or(0);
        let completions = match (spec.completions, spec.parallelism.unwrap_or(0)) {
            (Some(wanted), _) => Cell::Ratio(succeeded.max(0) as u32, wanted.max(0) as u32),
            (None, parallel @ 2..) => Cell::Text(interner.text(&format!("{succeeded}/1 of {parallel}"))),
            (None, _) => Cell::Ratio(succeeded.max(0) as u32, 1),
        };
        let duration = match status.start_time {
            Some(start) => Cell::Span(start.at(), status.completion_time.map(|t| t.at())),
            None => Cell::Text(interner.text("")),
        };
        let failed = status.failed.unwrap_or(0);
        let message = match cause {
            Some(condition) if health == Health::Unhealthy => Some(conditions::words(condition)),
            _ if health == Health::Progressing && failed > 0 => {
                Some(interner.text(&format!("{failed} failed pods, backoff limit {}", spec.backoff_limit.unwrap_or(6))))
            }
            _ => None,
        };
        let active = status.active.unwrap_or(0);
        let cells =
            vec![Cell::Status(interner.text(word), health), completions, duration, containers.names, containers.images, selector_text];
        let facts = WorkloadFacts {
            selector,
            desired: spec.parallelism.unwrap_or(1),
            current: active,
            updated: active,
            ready: status.ready.unwrap_or(0),
            available: status.ready.unwrap_or(0),
            paused: spec.suspend.unwrap_or(false),
            conditions,
            images: containers.pairs,
            ports: containers.ports,
            ..WorkloadFacts::default()
        };
        Printed { cells, facts: Facts::Workload(Box::new(facts)), condition: health, message, ..Printed::default() }
    }
}

/// The word under STATUS in `printJob`'s order, and the condition that it comes from.
fn state(conditions: &[Condition], deleting: bool) -> (&'static str, Option<&Condition>) {
    let first = |kinds: &[&'static str]| kinds.iter().find_map(|&kind| Some((kind, Some(conditions::with(conditions, kind, "True")?))));
    first(&["Complete", "Failed"])
        .or(deleting.then_some(("Terminating", None)))
        .or_else(|| first(&["Suspended", "FailureTarget", "SuccessCriteriaMet"]))
        .unwrap_or(("Running", None))
}

/// A running Job is as it should be while all its pods are ready and none has failed; a suspended one, because somebody wants it so.
fn health(word: &str, status: &JobStatus) -> Health {
    match word {
        "Failed" | "FailureTarget" => Health::Unhealthy,
        "Terminating" => Health::Progressing,
        "Running" if status.failed.unwrap_or(0) > 0 => Health::Progressing,
        "Running" if status.start_time.is_none() => Health::Progressing,
        "Running" if status.ready.unwrap_or(0) < status.active.unwrap_or(0) => Health::Progressing,
        _ => Health::Healthy,
    }
}

impl Object for CronJob {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printCronJob`.
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let job = spec.job_template.unwrap_or_default().spec.unwrap_or_default();
        let containers = Containers::of(job.template.as_ref(), interner);
        let (_, selector_text) = selector_cell(job.selector.as_ref(), interner);
        let suspend = match spec.suspend {
            Some(true) => "True",
            Some(false) => "False",
            None => "<unset>",
        };
        let cells = vec![
            Cell::Text(interner.text(&spec.schedule)),
            if spec.time_zone.is_empty() { Cell::None } else { Cell::Text(interner.text(&spec.time_zone)) },
            Cell::Text(interner.text(suspend)),
            Cell::Number(status.active.len() as i64),
            status.last_schedule_time.map_or(Cell::None, |t| Cell::Age(t.at())),
            containers.names,
            containers.images,
            selector_text,
        ];
        Printed { cells, ..Printed::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cells, heads, row};
    use super::*;

    fn job(meta: &str, spec: &str, status: &str) -> crate::model::row::Row {
        row(
            &JOB,
            &format!(
                r#"{{"metadata":{{"name":"import","uid":"u"{meta}}},
                "spec":{{"selector":{{"matchLabels":{{"uid":"7"}}}},"backoffLimit":3,
                  "template":{{"spec":{{"containers":[{{"name":"c","image":"i:1"}}]}}}}{spec}}},"status":{{{status}}}}}"#
            ),
        )
    }

    #[test]
    fn jobs_print_as_kubectl_does() {
        assert_eq!(heads(&JOB), ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]);
        let running = r#""startTime":"2026-11-21T07:50:00Z","active":1,"ready":1"#;
        for (meta, spec, status, printed, health, message) in [
            ("", r#","completions":3"#, running.to_owned(), ["Running", "0/3", "10m"], Health::Healthy, None),
            ("", r#","completions":3"#, r#""active":1"#.into(), ["Running", "0/3", ""], Health::Progressing, None),
            ("", r#","parallelism":4"#, format!(r#"{running},"succeeded":2"#), ["Running", "2/1 of 4", "10m"], Health::Healthy, None),
            ("", r#","parallelism":1"#, running.to_owned(), ["Running", "0/1", "10m"], Health::Healthy, None),
            (
                "",
                r#","completions":1"#,
                format!(r#"{running},"failed":2"#),
                ["Running", "0/1", "10m"],
                Health::Progressing,
                Some("2 failed pods, backoff limit 3"),
            ),
            (
                "",
                r#","completions":1"#,
                r#""startTime":"2026-11-21T07:50:00Z","completionTime":"2026-11-21T07:50:07Z","succeeded":1,
                   "conditions":[{"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}]"#
                    .into(),
                ["Complete", "1/1", "7s"],
                Health::Healthy,
                None,
            ),
            (
                "",
                r#","completions":1"#,
                format!(
                    r#"{running},"conditions":[{{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"Job has reached the specified backoff limit"}}]"#
                ),
                ["Failed", "0/1", "10m"],
                Health::Unhealthy,
                Some("Job has reached the specified backoff limit"),
            ),
            (
                "",
                r#","completions":1,"suspend":true"#,
                r#""conditions":[{"type":"Suspended","status":"True","message":"Job suspended"}]"#.into(),
                ["Suspended", "0/1", ""],
                Health::Healthy,
                None,
            ),
            (
                r#","deletionTimestamp":"2026-11-21T08:00:00Z""#,
                r#","completions":1"#,
                running.to_owned(),
                ["Terminating", "0/1", "10m"],
                Health::Progressing,
                None,
            ),
        ] {
            let seen = job(meta, spec, &status);
            assert_eq!(cells(&seen)[..3], printed);
            assert_eq!(cells(&seen)[3..], ["c", "i:1", "uid=7"]);
            assert_eq!((seen.condition, seen.message.as_deref()), (health, message), "{printed:?}");
        }
    }

    #[test]
    fn cron_jobs_print_as_kubectl_does() {
        assert_eq!(
            heads(&CRON_JOB),
            ["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
        );
        let template = r#""jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"i:1"}]}}}}"#;
        let full = format!(
            r#"{{"metadata":{{"name":"a","uid":"u"}},"spec":{{"schedule":"*/5 * * * *","timeZone":"Europe/Berlin","suspend":true,{template}}},
            "status":{{"active":[{{"name":"a-1"}},{{"name":"a-2"}}],"lastScheduleTime":"2026-11-21T07:56:50Z"}}}}"#
        );
        assert_eq!(cells(&row(&CRON_JOB, &full)), ["*/5 * * * *", "Europe/Berlin", "True", "2", "3m10s", "c", "i:1", "<none>"]);
        let bare = format!(r#"{{"metadata":{{"name":"a","uid":"u"}},"spec":{{"schedule":"@daily","suspend":false,{template}}}}}"#);
        assert_eq!(cells(&row(&CRON_JOB, &bare)), ["@daily", "<none>", "False", "0", "<none>", "c", "i:1", "<none>"]);
    }
}
