//! The Rollouts pane, first form: every Deployment, StatefulSet and DaemonSet with what its rollout is at.

use std::sync::Arc;

use super::{Feeds, Weave, columns, reprint};
use crate::kinds::{AGE, Head, NAME, apps, number, text, wide};
use crate::model::facts::Facts;
use crate::model::row::{Cell, Column, Health, Row};
use crate::model::store::Delta;

const HEADS: &[Head] = &[
    NAME,
    text("READY"),
    text("PROGRESS"),
    number("UPDATED"),
    number("AVAILABLE"),
    text("KIND"),
    text("STRATEGY"),
    text("REVISION"),
    AGE,
    wide("IMAGES"),
];

/// Makes the rows of the Rollouts pane.
#[derive(Debug, Default)]
pub struct Rollouts;

impl Weave for Rollouts {
    fn columns(&self) -> Arc<[Column]> {
        columns(HEADS)
    }

    fn feeds(&self) -> Feeds {
        Feeds::of(&[&apps::DEPLOYMENT, &apps::STATEFUL_SET, &apps::DAEMON_SET])
    }

    fn weave(&mut self, _: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        out.extend(deltas.into_iter().map(|delta| match delta {
            Delta::Upsert(row) => Delta::Upsert(rollout(row)),
            Delta::Remove(uid) => Delta::Remove(uid),
        }));
    }
}

fn rollout(row: Row) -> Row {
    let Facts::Workload(facts) = &row.facts else { return row };
    let (progress, health) = facts.progress.clone().unwrap_or_else(|| ("".into(), Health::Healthy));
    let strategy = match (&*facts.strategy, &*facts.max_surge, &*facts.max_unavailable) {
        (strategy, "", "") => strategy.to_owned(),
        (strategy, surge, unavailable) => {
            let or_zero = |text: &str| if text.is_empty() { "0".to_owned() } else { text.to_owned() };
            format!("{strategy} +{} −{}", or_zero(surge), or_zero(unavailable))
        }
    };
    let count = |n: i32| n.max(0) as u32;
    let images: Vec<&str> = facts.images.iter().map(|(_, image)| &**image).collect();
    let cells = vec![
        Cell::Ratio(count(facts.ready), count(facts.desired)),
        Cell::Status(progress, health),
        Cell::Number(facts.updated.into()),
        Cell::Number(facts.available.into()),
        Cell::Text(row.kind.kind.clone()),
        Cell::Text(strategy.into()),
        Cell::Text(facts.revision.clone()),
        Cell::Text(images.join(",").into()),
    ];
    let condition = row.condition.max(health);
    Row { condition, ..reprint(row, cells) }
}
