//! Port-forward, as far as the question: which port of which pods is meant, and a port of this machine that is free.

use std::sync::Arc;

use super::{Case, Prepared, Work};
use crate::cluster::list;
use crate::cluster::write::forward::aim::{self, Aim, By};
use crate::cluster::write::forward::listen::Listening;
use crate::cluster::write::forward::{Opening, VERB};
use crate::model::act::Note;
use crate::model::forward::{Forwarding, Goes};

pub(super) async fn forward(case: &Case<'_>, asked: &Forwarding) -> Result<Prepared, String> {
    let row = aim::row(&case.target.kind, case.object)?;
    let (aim, same) = Aim::of(&row, &asked.remote)?;
    let kind = case.kind("", "v1", "pods")?;
    let namespace = &case.target.namespace;
    // The way leads into a pod, whatever it is asked of.
    if let Some(why) = case.gate.policy.denied(VERB, &kind, namespace) {
        return Err(why);
    }
    let rows = match &aim.by {
        By::Name(_) => vec![row],
        By::Labels(labels) => {
            let select = [("labelSelector", &**labels)];
            let select = if labels.is_empty() { &[][..] } else { &select[..] };
            list::selected(case.session, &kind, namespace, select).await.map_err(|error| error.to_string())?.rows
        }
    };
    let listening = Listening::open(asked, same).await?;
    let opening = Opening { target: case.target.clone(), asked: asked.clone(), listening, kind, aim, rows };
    let (goes, _) = opening.goes();
    let mut notes = Vec::new();
    match (&goes, &opening.aim.by) {
        (Goes::Waits(why), _) => notes.push(Note::warning(format!("nothing answers there now: {why}"))),
        (_, By::Labels(_)) => notes.push(Note::plain("it goes on to another ready pod when this one goes")),
        (_, By::Name(_)) => {}
    }
    Ok(Prepared { change: opening.words(&goes), notes, work: Work::Forward(Arc::new(opening)) })
}
