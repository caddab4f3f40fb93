//! Rollouts: restart, image, pause and resume, undo. All of them change the pod template or how it is rolled out.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Case, Prepared, Work, arrow};
use crate::cluster::write::fields::{Field, step};
use crate::kinds::describe::json::Json;
use crate::kinds::revisions::{self, Revision};
use crate::model::act::Note;

/// The annotation by which kubectl makes a template differ (kubectl's ObjectRestarter).
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

pub(super) fn restart(case: &Case<'_>) -> Result<Prepared, String> {
    if case.object.flag("spec.paused") {
        return Err("it is paused: resume it first, a restart would wait for that".into());
    }
    let now = Timestamp::from_second(case.gate.link.now()).map(|at| at.to_string()).unwrap_or_default();
    let pointer = format!("/spec/template/metadata/annotations/{}", step(RESTARTED));
    let field = Field::new(case.object, pointer, Some(json!(now)));
    let count = replicas(case.object);
    let mut notes = strategy(case.object);
    notes.extend(case.managers());
    let change = match count {
        0 => "it has no pods: the next ones will be new".to_owned(),
        1 => "its pod is replaced by a new one".to_owned(),
        count => format!("its {count} pods are replaced by new ones"),
    };
    let write = case.fields("restart", with_guard(case, vec![field]), format!("restarted: {change}"))?;
    Ok(Prepared { change, notes, work: Work::Rollout(Box::new(write)) })
}

/// And it is tested that nobody paused the Deployment meanwhile: what is written would not be rolled out.
fn with_guard(case: &Case<'_>, mut fields: Vec<Field>) -> Vec<Field> {
    if &*case.target.kind.kind == "Deployment" {
        fields.push(Field::new(case.object, "/spec/paused", case.object.pointer("/spec/paused").cloned()));
    }
    fields
}

fn replicas(object: &Value) -> i64 {
    match object.text("kind") {
        "DaemonSet" => object.int("status.desiredNumberScheduled"),
        _ => object.at("spec.replicas").as_i64().unwrap_or(1),
    }
}

/// What its strategy makes of a new template.
fn strategy(object: &Value) -> Vec<Note> {
    let kind = if object.has("spec.strategy.type") { object.text("spec.strategy.type") } else { object.text("spec.updateStrategy.type") };
    match kind {
        "Recreate" => vec![Note::warning("Recreate: all its pods end before the new ones start")],
        "OnDelete" => vec![Note::warning("OnDelete: pods stay as they are until somebody deletes them")],
        _ if object.flag("spec.paused") => vec![Note::warning("it is paused: nothing is rolled out until it is resumed")],
        _ => Vec::new(),
    }
}

pub(super) fn pause(case: &Case<'_>, paused: bool) -> Result<Prepared, String> {
    let verb = if paused { "pause" } else { "resume" };
    if case.object.flag("spec.paused") == paused {
        return Err(if paused { "it is paused already" } else { "it is not paused" }.into());
    }
    // `paused: false` is left out by the API.
    let field = Field::new(case.object, "/spec/paused", paused.then_some(Value::Bool(true)));
    let change = if paused { "its rollout stops where it is" } else { "its rollout goes on" }.to_owned();
    let write = case.fields(verb, vec![field], change.clone())?;
    Ok(Prepared { change, notes: case.managers(), work: Work::Write(Box::new(write)) })
}

/// Where a kind has its pod spec.
fn pod_spec(kind: &str) -> &'static str {
    match kind {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    }
}

pub(super) fn image(case: &Case<'_>, images: &[(std::sync::Arc<str>, std::sync::Arc<str>)]) -> Result<Prepared, String> {
    let spec = pod_spec(&case.target.kind.kind);
    let mut fields = Vec::new();
    let mut words = Vec::new();
    let mut known: Vec<String> = Vec::new();
    let mut met = vec![false; images.len()];
    for list in ["initContainers", "containers"] {
        let containers = case.object.pointer(&format!("{spec}/{list}")).and_then(Value::as_array);
        for (at, container) in containers.into_iter().flatten().enumerate() {
            let name = container.text("name");
            known.push(name.to_owned());
            // As in kubectl, `*` is every container.
            let Some(which) = images.iter().position(|(wanted, _)| **wanted == *name || &**wanted == "*") else { continue };
            met[which] = true;
            let base = format!("{spec}/{list}/{at}");
            let field = Field::new(case.object, format!("{base}/image"), Some(json!(&*images[which].1)));
            if !field.idle() {
                words.push(arrow(name, &field));
                // The place in the list is tested to be that container's still.
                fields.push(Field::new(case.object, format!("{base}/name"), Some(json!(name))));
                fields.push(field);
            }
        }
    }
    if let Some(at) = met.iter().position(|met| !met) {
        return Err(format!("it has no container {:?}: {}", &*images[at].0, known.join(", ")));
    }
    if words.is_empty() {
        return Err("it has these images already".into());
    }
    let mut notes = strategy(case.object);
    notes.extend(case.managers());
    let change = words.join(", ");
    let write = case.fields("image", fields, change.clone())?;
    let work = if case.object.has("spec.template") { Work::Rollout(Box::new(write)) } else { Work::Write(Box::new(write)) };
    Ok(Prepared { change, notes, work })
}

pub(super) async fn undo(case: &Case<'_>, wanted: Option<i64>) -> Result<Prepared, String> {
    if case.object.flag("spec.paused") {
        return Err("it is paused: resume it first (kubectl rollout undo asks the same)".into());
    }
    let (group, version, plural) = revisions::keeper(&case.target.kind).ok_or("it has no revisions")?;
    let keepers = case.lists.objects(&*case.kind(group, version, plural)?, &case.target.namespace).await?;
    let all = revisions::of(&case.target.kind, &case.target.uid.to_string(), &keepers);
    let current = &case.object["spec"]["template"];
    let is_current = |revision: &Revision| revisions::same_template(&revision.template, current);
    let Revision { number, template, .. } = match wanted {
        Some(wanted) => all.iter().find(|revision| revision.number == wanted).ok_or_else(|| {
            let numbers: Vec<String> = all.iter().rev().map(|revision| revision.number.to_string()).collect();
            format!("there is no revision {wanted}: {}", numbers.join(", "))
        })?,
        None => {
            let older = all.iter().position(is_current).map_or(&all[..], |at| &all[at..]);
            older.iter().find(|revision| !is_current(revision)).ok_or("there is no revision before the current one")?
        }
    };
    if revisions::same_template(template, current) {
        return Err(format!("its template is that of revision {number} already"));
    }
    let field = Field::new(case.object, "/spec/template", Some(template.clone()));
    let mut notes = images(current, template);
    notes.extend(strategy(case.object));
    notes.extend(case.managers());
    let change = format!("back to revision {number}");
    let write = case.fields("rollout-undo", with_guard(case, vec![field]), format!("{change} →"))?;
    let write = crate::cluster::write::send::Write { done: change.clone(), ..write };
    Ok(Prepared { change, notes, work: Work::Rollout(Box::new(write)) })
}

/// Which images become which.
fn images(from: &Value, to: &Value) -> Vec<Note> {
    let old: Map<String, Value> = from.list("spec.containers").iter().map(|c| (c.text("name").to_owned(), c["image"].clone())).collect();
    to.list("spec.containers")
        .iter()
        .filter(|container| old.get(container.text("name")) != Some(&container["image"]))
        .map(|c| {
            let before = old.get(c.text("name")).and_then(Value::as_str).unwrap_or("none");
            Note::plain(format!("{} {before} → {}", c.text("name"), c.text("image")))
        })
        .collect()
}
