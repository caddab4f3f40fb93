//! Nodes: cordon, uncordon, taint.

use serde_json::{Value, json};

use super::{Case, Prepared, Work};
use crate::cluster::write::effects;
use crate::cluster::write::fields::Field;
use crate::kinds::describe::json::Json;
use crate::model::act::{Change, Note};

pub(super) fn cordon(case: &Case<'_>, cordon: bool) -> Result<Prepared, String> {
    let verb = if cordon { "cordon" } else { "uncordon" };
    if case.object.flag("spec.unschedulable") == cordon {
        return Err(if cordon { "it is cordoned already" } else { "it is not cordoned" }.into());
    }
    let field = Field::new(case.object, "/spec/unschedulable", cordon.then_some(Value::Bool(true)));
    let (change, notes) = if cordon {
        ("nothing new is scheduled onto it", vec![Note::plain("what runs there stays")])
    } else {
        ("pods are scheduled onto it again", Vec::new())
    };
    let write = case.fields(verb, vec![field], change.to_owned())?;
    Ok(Prepared { change: change.to_owned(), notes, work: Work::Write(Box::new(write)) })
}

/// The effects there are (core/v1 TaintEffect).
const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub(super) async fn taint(case: &Case<'_>, changes: &[Change]) -> Result<Prepared, String> {
    let mut taints: Vec<Value> = case.object.list("spec.taints").to_vec();
    let mut words = Vec::new();
    let mut notes = Vec::new();
    for (key_effect, value) in changes {
        let (key, effect) = key_effect.rsplit_once(':').unwrap_or((key_effect, ""));
        let same = |taint: &Value| taint.text("key") == key && (effect.is_empty() || taint.text("effect") == effect);
        match value {
            None => {
                let before = taints.len();
                taints.retain(|taint| !same(taint));
                if taints.len() == before {
                    return Err(format!("it has no taint {key_effect}"));
                }
                words.push(format!("- {key_effect}"));
            }
            Some(value) => {
                if !EFFECTS.contains(&effect) {
                    return Err(format!("{effect:?} is no effect: {}", EFFECTS.join(", ")));
                }
                let mut taint = json!({"key": key, "effect": effect});
                if !value.is_empty() {
                    taint["value"] = json!(&**value);
                }
                let equals = if value.is_empty() { String::new() } else { format!("={value}") };
                words.push(format!("+ {key}{equals}:{effect}"));
                taints.retain(|taint| !same(taint));
                taints.push(taint);
                if effect == "NoExecute" {
                    notes.extend(effects::of_no_execute(case, key, value).await);
                }
            }
        }
    }
    let field = Field::new(case.object, "/spec/taints", (!taints.is_empty()).then_some(Value::Array(taints)));
    let change = words.join("  ");
    let write = case.fields("taint", vec![field], change.clone())?;
    Ok(Prepared { change, notes, work: Work::Write(Box::new(write)) })
}
