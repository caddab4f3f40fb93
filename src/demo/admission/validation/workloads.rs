//! Validation of what makes pods: `pkg/apis/apps/validation`, `pkg/apis/batch/validation`, and ReplicationControllers.

use crate::demo::refusal::Cause;
use crate::demo::tree::Tree;

use super::causes::Causes;
use super::{names, pods};

/// A Deployment, ReplicaSet, DaemonSet, StatefulSet or ReplicationController, new or changed.
pub(super) fn check(causes: &mut Causes, resource: &str, new: &Tree, old: Option<&Tree>) {
    let spec = &new["spec"];
    match resource {
        "deployments.apps" => {
            causes.nonnegative(spec, "spec", &["replicas"]);
            selector(causes, spec, "deployment");
            template(causes, spec, "ReplicaSet", &[]);
            strategy(causes, &spec["strategy"]);
            causes.nonnegative(spec, "spec", &["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]);
            if let Some(deadline) = spec["progressDeadlineSeconds"].as_i64().filter(|&d| d <= spec.int("minReadySeconds", 0)) {
                causes.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
            }
        }
        "replicasets.apps" => {
            causes.nonnegative(spec, "spec", &["replicas", "minReadySeconds"]);
            selector(causes, spec, "deployment");
            template(causes, spec, "ReplicaSet", &[]);
        }
        "daemonsets.apps" => daemon_set(causes, spec),
        "statefulsets.apps" => stateful_set(causes, spec, old.is_some()),
        _ => controller(causes, spec),
    }
    let Some(old) = old else { return };
    match resource {
        "statefulsets.apps" => {
            let mut clone = spec.clone();
            for field in [
                "replicas",
                "ordinals",
                "template",
                "updateStrategy",
                "revisionHistoryLimit",
                "persistentVolumeClaimRetentionPolicy",
                "minReadySeconds",
            ] {
                if clone[field].equals(&old["spec"][field]) {
                    continue;
                }
                if old["spec"][field].is_null() {
                    clone.take(field);
                } else {
                    clone.put(field, &old["spec"][field]);
                }
            }
            if !clone.equals(&old["spec"]) {
                causes.forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
            }
        }
        "replicationcontrollers" => {}
        _ => causes.immutable("spec.selector", &spec["selector"], old.at("spec.selector")),
    }
}

fn selector(causes: &mut Causes, spec: &Tree, kind: &str) {
    let selector = &spec["selector"];
    if selector.is_null() {
        return causes.required("spec.selector", "");
    }
    if !causes.selector("spec.selector", selector) {
        causes.invalid("spec.selector", selector, "invalid label selector");
    } else if selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty() {
        causes.invalid("spec.selector", selector, &format!("empty selector is invalid for {kind}"));
    }
}

fn template(causes: &mut Causes, spec: &Tree, kind: &str, volumes: &[&str]) {
    let wanted = &spec["selector"];
    let sound = wanted["matchExpressions"]
        .items()
        .iter()
        .all(|e| !e["values"].is_empty() || matches!(e.text("operator"), "Exists" | "DoesNotExist"));
    if !sound {
        return;
    }
    let empty = !wanted.is_null() && wanted["matchLabels"].is_empty() && wanted["matchExpressions"].is_empty();
    if !empty {
        causes.selects("spec", wanted, &spec["template"]);
    }
    template_spec(causes, &spec["template"], "spec.template", volumes);
    always(causes, &spec["template"], kind);
}

/// `ValidatePodTemplateSpec`.
fn template_spec(causes: &mut Causes, template: &Tree, at: &str, volumes: &[&str]) {
    causes.labels(&format!("{at}.labels"), template.at("metadata.labels"));
    for (key, _) in template.at("metadata.annotations").entries() {
        for message in names::qualified(&key.to_lowercase()) {
            causes.invalid(&format!("{at}.annotations"), key, &message);
        }
    }
    pods::spec(causes, &template["spec"], &format!("{at}.spec"), volumes);
    if !template.at("spec.ephemeralContainers").is_empty() {
        causes.forbidden(&format!("{at}.spec.ephemeralContainers"), "ephemeral containers not allowed in pod template");
    }
}

fn always(causes: &mut Causes, template: &Tree, kind: &str) {
    let policy = template.text("spec.restartPolicy");
    // A template that is not there has no policy either, and was refused for its containers.
    if policy != "Always" && !template["spec"].is_empty() {
        causes.0.push(Cause::not_supported("spec.template.spec.restartPolicy", policy, &["Always"]));
    }
    if !template.at("spec.activeDeadlineSeconds").is_null() {
        causes.forbidden("spec.template.spec.activeDeadlineSeconds", &format!("activeDeadlineSeconds in {kind} is not Supported"));
    }
}

/// A strategy of a type that there is none of.
fn unknown_strategy(causes: &mut Causes, field: &str, strategy: &Tree, supported: &str) {
    let json = format!(r#"{{"Type":{:?},"RollingUpdate":{:?}}}"#, strategy.text("type"), strategy["rollingUpdate"]);
    let detail = format!("supported values: {supported}");
    causes.printed("FieldValueNotSupported", field, "Unsupported value", &json, &detail);
}

fn nothing(value: &Tree) -> bool {
    value.as_i64() == Some(0) || value.as_str().is_some_and(|t| t.trim_end_matches('%').parse::<i64>() == Ok(0))
}

fn strategy(causes: &mut Causes, strategy: &Tree) {
    let rolling = &strategy["rollingUpdate"];
    match strategy.text("type") {
        "Recreate" if !rolling.is_null() => {
            causes.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let at = "spec.strategy.rollingUpdate";
            causes.count_or_percent(&format!("{at}.maxUnavailable"), &rolling["maxUnavailable"], false);
            causes.count_or_percent(&format!("{at}.maxSurge"), &rolling["maxSurge"], false);
            if nothing(&rolling["maxUnavailable"]) && nothing(&rolling["maxSurge"]) {
                causes.invalid(&format!("{at}.maxUnavailable"), &rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0");
            }
            at_most_all(causes, &format!("{at}.maxUnavailable"), &rolling["maxUnavailable"]);
        }
        _ => unknown_strategy(causes, "spec.strategy", strategy, r#""Recreate", "RollingUpdate""#),
    }
}

/// `IsNotMoreThan100Percent`.
fn at_most_all(causes: &mut Causes, field: &str, value: &Tree) {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')).and_then(|n| n.parse::<i64>().ok());
    if percent.is_some_and(|p| p > 100) {
        causes.invalid(field, value, "must not be greater than 100%");
    }
}

fn daemon_set(causes: &mut Causes, spec: &Tree) {
    causes.selector("spec.selector", &spec["selector"]);
    causes.selects("spec", &spec["selector"], &spec["template"]);
    let selector = &spec["selector"];
    if !selector.is_null() && selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty() {
        causes.invalid("spec.selector", selector, "empty selector is invalid for daemonset");
    }
    template_spec(causes, &spec["template"], "spec.template", &[]);
    always(causes, &spec["template"], "DaemonSet");
    causes.nonnegative(spec, "spec", &["minReadySeconds"]);
    let strategy = &spec["updateStrategy"];
    let rolling = &strategy["rollingUpdate"];
    match strategy.text("type") {
        "OnDelete" => {}
        "RollingUpdate" => {
            let at = "spec.updateStrategy.rollingUpdate";
            for field in ["maxUnavailable", "maxSurge"] {
                causes.count_or_percent(&format!("{at}.{field}"), &rolling[field], true);
            }
            match (nothing(&rolling["maxUnavailable"]), nothing(&rolling["maxSurge"])) {
                (true, true) => causes.required(&format!("{at}.maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                (false, false) => {
                    causes.invalid(&format!("{at}.maxSurge"), &rolling["maxSurge"], "may not be set when maxUnavailable is non-zero");
                }
                _ => {}
            }
        }
        _ => unknown_strategy(causes, "spec.updateStrategy", strategy, r#""RollingUpdate", "OnDelete""#),
    }
    causes.nonnegative(spec, "spec", &["revisionHistoryLimit"]);
}

fn stateful_set(causes: &mut Causes, spec: &Tree, changed: bool) {
    let policy = spec.text("podManagementPolicy");
    if !matches!(policy, "OrderedReady" | "Parallel") {
        causes.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
    }
    let strategy = &spec["updateStrategy"];
    match strategy.text("type") {
        "OnDelete" if !strategy["rollingUpdate"].is_null() => {
            causes.invalid(
                "spec.updateStrategy.rollingUpdate",
                &strategy["rollingUpdate"],
                "only allowed for updateStrategy 'RollingUpdate'",
            );
        }
        "OnDelete" => {}
        "RollingUpdate" => causes.nonnegative(&strategy["rollingUpdate"], "spec.updateStrategy.rollingUpdate", &["partition"]),
        _ => causes.invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'"),
    }
    if !changed {
        for (at, claim) in spec["volumeClaimTemplates"].items().iter().enumerate() {
            super::storage::claim_spec(causes, &claim["spec"], &format!("spec.volumeClaimTemplates[{at}].spec"));
        }
    }
    causes.nonnegative(spec, "spec", &["replicas", "minReadySeconds", "ordinals.start"]);
    if !changed && !spec.text("serviceName").is_empty() {
        causes.rule("spec.serviceName", spec.text("serviceName"), names::label);
    }
    selector(causes, spec, "statefulset");
    let claims: Vec<&str> = spec["volumeClaimTemplates"].items().iter().map(|c| c.text("metadata.name")).collect();
    template(causes, spec, "StatefulSet", &claims);
}

fn controller(causes: &mut Causes, spec: &Tree) {
    causes.nonnegative(spec, "spec", &["minReadySeconds"]);
    if spec["selector"].is_empty() {
        causes.required("spec.selector", "");
    }
    causes.nonnegative(spec, "spec", &["replicas"]);
    let template = &spec["template"];
    if template.is_null() {
        return causes.required("spec.template", "");
    }
    let labels = template.at("metadata.labels");
    if spec["selector"].entries().any(|(key, value)| labels[key] != *value) {
        causes.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
    }
    template_spec(causes, template, "spec.template", &[]);
    always(causes, template, "ReplicationController");
}

/// A Job.
pub(super) fn job(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    let spec = &new["spec"];
    if old.is_none() && !spec.flag("manualSelector") {
        let labels = spec.at("template.metadata.labels");
        let (uid, name) = (new.text("metadata.uid"), new.text("metadata.name"));
        for (key, wanted) in [
            ("controller-uid", uid),
            ("job-name", name),
            ("batch.kubernetes.io/controller-uid", uid),
            ("batch.kubernetes.io/job-name", name),
        ] {
            let found = labels[key].as_str().unwrap_or("");
            if found != wanted {
                causes.invalid("spec.template.metadata.labels", labels, &format!("must be '{wanted}'"));
            }
        }
    }
    job_spec(causes, spec, "spec");
    if spec["selector"].is_null() {
        causes.required("spec.selector", "");
    } else {
        causes.selector("spec.selector", &spec["selector"]);
    }
    causes.selects("spec", &spec["selector"], &spec["template"]);
    let Some(old) = old else { return };
    let before = &old["spec"];
    let elastic = spec.text("completionMode") == "Indexed" && spec["completions"].equals(&spec["parallelism"]);
    if !elastic {
        causes.immutable("spec.completions", &spec["completions"], &before["completions"]);
    }
    causes.immutable("spec.selector", &spec["selector"], &before["selector"]);
    causes.immutable("spec.template", &spec["template"], &before["template"]);
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        causes.immutable(&format!("spec.{field}"), &spec[field], &before[field]);
    }
}

/// `validateJobSpec`.
fn job_spec(causes: &mut Causes, spec: &Tree, at: &str) {
    let counts = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    causes.nonnegative(spec, at, &counts);
    causes.one_of(&format!("{at}.completionMode"), &spec["completionMode"], &["NonIndexed", "Indexed"], false);
    if spec.text("completionMode") == "Indexed" && spec["completions"].is_null() {
        causes.required(&format!("{at}.completions"), "when completion mode is Indexed");
    }
    causes.one_of(&format!("{at}.podReplacementPolicy"), &spec["podReplacementPolicy"], &["Failed", "TerminatingOrFailed"], false);
    template_spec(causes, &spec["template"], &format!("{at}.template"), &[]);
    let field = format!("{at}.template.spec.restartPolicy");
    match spec.text("template.spec.restartPolicy") {
        "OnFailure" | "Never" => {}
        "Always" => causes.required(&field, "valid values: \"OnFailure\", \"Never\""),
        other => causes.0.push(Cause::not_supported(field, other, &["OnFailure", "Never"])),
    }
}

/// A CronJob.
pub(super) fn cron_job(causes: &mut Causes, new: &Tree, old: Option<&Tree>) {
    let spec = &new["spec"];
    let schedule = spec.text("schedule");
    if schedule.is_empty() {
        causes.required("spec.schedule", "");
    } else {
        if let Err(why) = super::cron::parse(schedule) {
            causes.invalid("spec.schedule", schedule, &why);
        }
        if schedule.contains("TZ") {
            causes.invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
    }
    causes.nonnegative(spec, "spec", &["startingDeadlineSeconds"]);
    if let Some(zone) = spec["timeZone"].as_str() {
        if zone.is_empty() {
            causes.invalid("spec.timeZone", "", "timeZone must be nil or non-empty string");
        } else if zone.eq_ignore_ascii_case("local") {
            causes.invalid("spec.timeZone", zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        } else if jiff::tz::TimeZone::get(zone).is_err() {
            causes.invalid("spec.timeZone", zone, &format!("unknown time zone {zone}"));
        }
    }
    causes.one_of("spec.concurrencyPolicy", &spec["concurrencyPolicy"], &["Allow", "Forbid", "Replace"], true);
    job_spec(causes, spec.at("jobTemplate.spec"), "spec.jobTemplate.spec");
    causes.nonnegative(spec, "spec", &["successfulJobsHistoryLimit", "failedJobsHistoryLimit"]);
    let name = new.text("metadata.name");
    if old.is_none() && name.len() > 52 {
        causes.invalid("metadata.name", name, "must be no more than 52 characters");
    }
}
