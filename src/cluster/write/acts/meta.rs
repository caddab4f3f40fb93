//! Labels, annotations and finalizers of the object itself.

use serde_json::{Value, json};

use super::{Case, Prepared, Work};
use crate::cluster::write::effects;
use crate::cluster::write::fields::{Field, step};
use crate::cluster::write::managed;
use crate::kinds::describe::json::Json;
use crate::model::act::{Change, Note};

pub(super) async fn label(case: &Case<'_>, changes: &[Change]) -> Result<Prepared, String> {
    let mut prepared = change(case, "label", "labels", changes)?;
    prepared.notes = effects::of_labels(case, changes).await.into_iter().chain(prepared.notes).collect();
    Ok(prepared)
}

pub(super) fn annotate(case: &Case<'_>, changes: &[Change]) -> Result<Prepared, String> {
    change(case, "annotate", "annotations", changes)
}

fn change(case: &Case<'_>, verb: &'static str, map: &str, changes: &[Change]) -> Result<Prepared, String> {
    let fields: Vec<Field> = changes
        .iter()
        .map(|(key, value)| Field::new(case.object, format!("/metadata/{map}/{}", step(key)), value.as_ref().map(|v| json!(&**v))))
        .collect();
    let words: Vec<String> = changes
        .iter()
        .zip(&fields)
        .filter(|(_, field)| !field.idle())
        .map(|((key, _), field)| match (&field.from, &field.to) {
            (Some(from), Some(to)) => format!("{key}: {} → {}", text(from), text(to)),
            (None, Some(to)) => format!("+ {key}={}", text(to)),
            _ => format!("- {key}={}", field.from.as_ref().map(text).unwrap_or_default()),
        })
        .collect();
    if words.is_empty() {
        return Err("it has these already".into());
    }
    let change = words.join("  ");
    let write = case.fields(verb, fields, change.clone())?;
    Ok(Prepared { change, notes: managed::notes(case.object, false), work: Work::Write(Box::new(write)) })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn unfinalize(case: &Case<'_>, finalizer: &str) -> Result<Prepared, String> {
    let all = case.object.texts("metadata.finalizers");
    if !all.contains(&finalizer) {
        let why = if all.is_empty() { "it has none".to_owned() } else { all.join(", ") };
        return Err(format!("it has no finalizer {finalizer:?}: {why}"));
    }
    let left: Vec<&str> = all.iter().copied().filter(|name| *name != finalizer).collect();
    let field = Field::new(case.object, "/metadata/finalizers", (!left.is_empty()).then(|| json!(left)));
    let mut notes = vec![Note::warning(format!("what {finalizer} was to clean up stays behind"))];
    if !case.object.has("metadata.deletionTimestamp") {
        notes.push(Note::plain("it is not being deleted: nothing waits for this finalizer"));
    } else if left.is_empty() {
        notes.push(Note::warning("nothing else holds it: it goes at once"));
    }
    let change = format!("- finalizer {finalizer}");
    let write = case.fields("unfinalize", vec![field], change.clone())?;
    Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) })
}
