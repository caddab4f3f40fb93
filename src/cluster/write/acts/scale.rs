//! Scale: through the `scale` subresource, which every scalable kind has, custom resources included.

use serde_json::{Value, json};

use super::{Case, Prepared, Work, arrow};
use crate::cluster::write::fields::Field;
use crate::cluster::write::read;
use crate::cluster::write::send::Content;
use crate::kinds::describe::json::Json;
use crate::model::act::Note;

const SCALE: &str = "/scale";

pub(super) async fn scale(case: &Case<'_>, to: i32) -> Result<Prepared, String> {
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
    if let Some((name, min, max)) = autoscaler(case).await {
        notes.insert(
            0,
            Note::warning(format!(
                "horizontalpodautoscaler/{name} owns this number ({min} to {max}), and will set it again: change its bounds instead"
            )),
        );
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

/// The autoscaler of the object: its name, minimum and maximum.
async fn autoscaler(case: &Case<'_>) -> Option<(String, i64, i64)> {
    let kind = case.kind("autoscaling", "v2", "horizontalpodautoscalers").ok()?;
    let found = read::objects(case.session, &kind, &case.target.namespace, &[]).await.ok()?;
    let group = |api_version: &str| api_version.rsplit_once('/').map(|(group, _)| group.to_owned()).unwrap_or_default();
    let own = found.into_iter().find(|autoscaler| {
        let target = autoscaler.at("spec.scaleTargetRef");
        *target.text("name") == *case.target.name
            && *target.text("kind") == *case.target.kind.kind
            && group(target.text("apiVersion")) == *case.target.kind.group
    })?;
    let min = own.at("spec.minReplicas").as_i64().unwrap_or(1);
    Some((own.text("metadata.name").to_owned(), min, own.int("spec.maxReplicas")))
}
