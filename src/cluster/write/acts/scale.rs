//! Scale: through the `scale` subresource, which every scalable kind has, custom resources included.

use serde_json::{Value, json};

use super::{Case, Prepared, Work, arrow};
use crate::cluster::write::Gate;
use crate::cluster::write::fields::Field;
use crate::cluster::write::read::{self, Lists};
use crate::cluster::write::send::Content;
use crate::kinds::describe::json::Json;
use crate::model::act::Note;
use crate::model::reference::Reference;
use crate::model::row::Uid;

const SCALE: &str = "/scale";

/// `seen` is what the person saw: another number now is a reason to ask.
pub(super) async fn scale(case: &Case<'_>, to: i32, seen: Option<i32>) -> Result<Prepared, String> {
    if to < 0 {
        return Err(format!("there cannot be {to} replicas"));
    }
    let scale = read::subresource(case.session, case.target, SCALE).await?;
    // The API leaves out a 0.
    let field = Field::new(&scale, "/spec/replicas", Some(json!(to)));
    let from = field.from.as_ref().and_then(Value::as_i64).unwrap_or(0);
    if from == i64::from(to) {
        return Err(format!("it has {to} replicas already"));
    }
    let mut notes = case.managers();
    if let Some(seen) = seen.filter(|seen| i64::from(*seen) != from) {
        notes.push(Note::warning(format!("the screen said {seen}: it is {from} by now")));
    }
    if let Some(found) = autoscaler(case.gate, case.lists, case.target).await {
        let words = format!("{} owns this number ({} to {}), and will set it again", found.object.title(), found.min, found.max);
        notes.insert(0, Note::warning(words));
    }
    let ready = scale.int("status.replicas");
    if to == 0 && ready > 0 {
        notes.push(Note::warning(format!("nothing of it runs then: {ready} {} end", pods(ready))));
    }
    let shown = Field { from: Some(json!(from)), ..field.clone() };
    let change = arrow("replicas", &shown);
    let write = case.write("scale", SCALE, scale, Content::Fields(vec![field]), change.clone());
    Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) })
}

fn pods(count: i64) -> &'static str {
    if count == 1 { "pod" } else { "pods" }
}

/// An autoscaler, and between which numbers it scales.
pub(in crate::cluster::write) struct Autoscaler {
    pub(in crate::cluster::write) object: Reference,
    pub(in crate::cluster::write) min: i64,
    pub(in crate::cluster::write) max: i64,
}

/// The autoscaler of an object, if it has one.
pub(in crate::cluster::write) async fn autoscaler(gate: &Gate, lists: &Lists<'_>, target: &Reference) -> Option<Autoscaler> {
    let kind = gate.catalog.exact("autoscaling", "v2", "horizontalpodautoscalers")?.clone();
    let found = lists.objects(&kind, &target.namespace).await.ok()?;
    let group = |api_version: &str| api_version.rsplit_once('/').map(|(group, _)| group.to_owned()).unwrap_or_default();
    let own = found.iter().find(|autoscaler| {
        let of = autoscaler.at("spec.scaleTargetRef");
        *of.text("name") == *target.name && *of.text("kind") == *target.kind.kind && group(of.text("apiVersion")) == *target.kind.group
    })?;
    let object = Reference {
        kind,
        namespace: target.namespace.clone(),
        name: own.text("metadata.name").into(),
        uid: Uid::new(own.text("metadata.uid")),
    };
    Some(Autoscaler { object, min: own.at("spec.minReplicas").as_i64().unwrap_or(1), max: own.int("spec.maxReplicas") })
}

pub(super) fn bounds(case: &Case<'_>, min: i32, max: i32) -> Result<Prepared, String> {
    let fields = vec![
        Field::new(case.object, "/spec/minReplicas", Some(json!(min))),
        Field::new(case.object, "/spec/maxReplicas", Some(json!(max))),
    ];
    let words: Vec<String> =
        ["minimum", "maximum"].iter().zip(&fields).filter(|(_, field)| !field.idle()).map(|(name, field)| arrow(name, field)).collect();
    let of = case.object.at("spec.scaleTargetRef");
    let notes = [vec![Note::plain(format!("it scales {}/{}", of.text("kind"), of.text("name")))], case.managers()].concat();
    let change = words.join(", ");
    let write = case.fields("bounds", fields, change.clone())?;
    Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) })
}
