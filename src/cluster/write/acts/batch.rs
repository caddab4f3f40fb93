//! Jobs and CronJobs: trigger, suspend and resume, retry.

use serde_json::{Map, Value, json};

use super::{Case, Prepared, Work};
use crate::cluster::write::fields::Field;
use crate::cluster::write::send::{Content, Write};
use crate::kinds::bare::JOB_LABELS;
use crate::kinds::describe::json::Json;
use crate::model::act::Note;
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// The longest name of a Job: its pods' names and labels are made of it.
const NAME: usize = 63;

pub(super) fn suspend(case: &Case<'_>, suspend: bool) -> Result<Prepared, String> {
    if case.object.flag("spec.suspend") == suspend {
        return Err(if suspend { "it is suspended already" } else { "it is not suspended" }.into());
    }
    let field = Field::new(case.object, "/spec/suspend", Some(json!(suspend)));
    let active = case.object.list("status.active").len();
    let mut notes = Vec::new();
    if suspend && active > 0 {
        notes.push(Note::plain(format!("{active} running Job{} go on", if active == 1 { "" } else { "s" })));
    }
    notes.extend(case.managers());
    let change = if suspend { "no new Jobs are made" } else { "Jobs are made again, at their times" }.to_owned();
    let write = case.fields("suspend", vec![field], change.clone())?;
    Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) })
}

/// As `kubectl create job --from=cronjob/x`: the template, the annotation, and the CronJob as owner.
pub(super) fn trigger(case: &Case<'_>) -> Result<Prepared, String> {
    let template = &case.object["spec"]["jobTemplate"];
    let name = fresh(case, &case.target.name, "manual");
    let mut annotations = template.at("metadata.annotations").as_object().cloned().unwrap_or_default();
    annotations.insert("cronjob.kubernetes.io/instantiate".into(), json!("manual"));
    let mut job = job(case, &name, template.at("metadata.labels"), &template["spec"]);
    job["metadata"]["annotations"] = annotations.into();
    job["metadata"]["ownerReferences"] = json!([{
        "apiVersion": case.target.kind.api_version(),
        "kind": "CronJob",
        "name": &*case.target.name,
        "uid": case.target.uid.to_string(),
        "controller": true,
    }]);
    let mut notes = Vec::new();
    let active = case.object.list("status.active").len();
    if active > 0 {
        notes.push(Note::warning(format!("{active} of its Jobs run now: this one runs beside them")));
    }
    made(case, "trigger", &name, job, notes)
}

pub(super) fn retry(case: &Case<'_>) -> Result<Prepared, String> {
    let finished = case
        .object
        .list("status.conditions")
        .iter()
        .any(|condition| matches!(condition.text("type"), "Complete" | "Failed") && condition.text("status") == "True");
    let mut notes = vec![Note::plain(format!("job/{} stays as it is", case.target.name))];
    if !finished {
        notes.insert(0, Note::warning("it has not ended yet: the new one runs beside it"));
    }
    let mut old = case.object.clone();
    without_own_selector(&mut old);
    let mut spec = old["spec"].take();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("suspend");
    }
    let name = fresh(case, &case.target.name, "retry");
    let job = job(case, &name, old.at("metadata.labels"), &spec);
    made(case, "retry-job", &name, job, notes)
}

/// A Job in the namespace of what it is made of.
fn job(case: &Case<'_>, name: &str, labels: &Value, spec: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": &*case.target.namespace,
            "labels": labels.as_object().cloned().unwrap_or_default(),
        },
        "spec": spec,
    })
}

/// Takes out what the server made for this Job alone: its selector, and the labels that it selects by.
pub(super) fn without_own_selector(job: &mut Value) {
    if let Some(spec) = job.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("selector");
        spec.remove("manualSelector");
    }
    strip(job.pointer_mut("/spec/template/metadata/labels"));
    strip(job.pointer_mut("/metadata/labels"));
}

fn strip(labels: Option<&mut Value>) {
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        labels.retain(|key, _| !JOB_LABELS.contains(&key.as_str()));
    }
}

fn made(case: &Case<'_>, verb: &'static str, name: &str, job: Value, notes: Vec<Note>) -> Result<Prepared, String> {
    let kind = case.kind("batch", "v1", "jobs")?;
    let object = Reference { kind, namespace: case.target.namespace.clone(), name: name.into(), uid: Uid::new("") };
    let change = format!("job/{name} is made");
    let write = Write { object, seen: Value::Object(Map::new()), verb, subresource: "", body: Content::Create(job), done: change.clone() };
    Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) })
}

/// A name that is not taken: of the old one and the time.
fn fresh(case: &Case<'_>, of: &str, what: &str) -> String {
    // A second retry of a retry does not make the name longer.
    let base = of.rsplit_once(&format!("-{what}-")).map_or(of, |(base, _)| base);
    let end = format!("-{what}-{:x}", case.gate.link.now());
    let room = base.floor_char_boundary(NAME.saturating_sub(end.len()));
    format!("{}{end}", base[..room].trim_end_matches(['-', '.']))
}
