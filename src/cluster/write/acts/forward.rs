//! Port-forward, as far as the question: which port of which pods is meant, and a port of this machine that is free.

use std::sync::Arc;

use bytes::Bytes;

use super::{Case, Prepared, Work};
use crate::cluster::frames::Decoder;
use crate::cluster::list;
use crate::cluster::write::forward::listen::Listening;
use crate::cluster::write::forward::{By, Opening, VERB};
use crate::kinds;
use crate::model::act::Note;
use crate::model::facts::{Facts, Selector};
use crate::model::forward::choice::Need;
use crate::model::forward::{Forwarding, Goes, ports};
use crate::model::row::Row;

pub(super) async fn forward(case: &Case<'_>, asked: &Forwarding) -> Result<Prepared, String> {
    let row = row(case)?;
    let meant = ports::meant(&row.facts, &asked.remote)?;
    let kind = case.kind("", "v1", "pods")?;
    let namespace = &case.target.namespace;
    if let Some(why) = case.gate.policy.denied(VERB, &kind, namespace) {
        return Err(why);
    }
    let (by, need) = behind(&row)?;
    let select: Vec<(&str, &str)> = match &by {
        By::Name(_) => Vec::new(),
        By::Labels(labels) if labels.is_empty() => Vec::new(),
        By::Labels(labels) => vec![("labelSelector", labels)],
    };
    let rows = match &by {
        By::Name(_) => vec![row],
        By::Labels(_) => list::selected(case.session, &kind, namespace, &select).await.map_err(|error| error.to_string())?.rows,
    };
    let listening = Listening::open(asked, meant.same).await?;
    let opening = Opening { target: case.target.clone(), asked: asked.clone(), listening, kind, by, wanted: meant.wanted, need, rows };
    let (goes, _) = opening.goes();
    let mut notes = Vec::new();
    match (&goes, &opening.by) {
        (Goes::Waits(why), _) => notes.push(Note::warning(format!("nothing answers there now: {why}"))),
        (_, By::Labels(_)) => notes.push(Note::plain("it goes on to another ready pod when this one goes")),
        (_, By::Name(_)) => {}
    }
    Ok(Prepared { change: opening.words(&goes), notes, work: Work::Forward(Arc::new(opening)) })
}

/// The object as its table shows it.
fn row(case: &Case<'_>) -> Result<Row, String> {
    let kind = &case.target.kind;
    let unknown = || format!("nothing is known of the ports of {}", kind.full_name());
    kinds::block(kind).ok_or_else(unknown)?;
    let bytes = serde_json::to_vec(case.object).map_err(|error| error.to_string())?;
    Decoder::new(kind.clone(), false).one(false, &Bytes::from(bytes)).map_err(|error| error.to_string())
}

/// How the pods behind an object are found, and which of them do.
fn behind(row: &Row) -> Result<(By, Need), String> {
    match &row.facts {
        Facts::Pod(pod) if matches!(&*pod.phase, "Succeeded" | "Failed") => {
            Err(format!("it is {}: nothing listens in it any more", pod.phase))
        }
        Facts::Pod(_) => Ok((By::Name((&*row.name).into()), Need::Running)),
        Facts::Service(service) => {
            let selector = service.selector.as_deref().ok_or("it has no selector")?;
            Ok((labels(selector), if service.publishes_not_ready { Need::Running } else { Need::Ready }))
        }
        Facts::Workload(workload) => Ok((labels(workload.selector.as_deref().ok_or("it has no selector")?), Need::Ready)),
        _ => Err("it has no pods".into()),
    }
}

fn labels(selector: &Selector) -> By {
    By::Labels(if selector.requirements.is_empty() { "".into() } else { selector.to_string().into() })
}
