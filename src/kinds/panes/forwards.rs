//! The port-forwards that are open, as a table. No watch feeds it: the program itself does.

use std::sync::Arc;

use super::{Feeds, Weave, columns, no_labels, pseudo};
use crate::kinds::{AGE, From, Head, number, text};
use crate::model::forward::{Forward, Goes, bytes};
use crate::model::row::{Align, Cell, Column, Health, Row, Uid};
use crate::model::store::Delta;

const HEADS: &[Head] = &[
    Head { name: "LOCAL", wide: false, align: Align::Left, from: From::Name },
    text("TARGET"),
    text("PORT"),
    text("GOES TO"),
    number("OPEN"),
    number("TOTAL"),
    number("RECEIVED"),
    number("SENT"),
    number("FAILED"),
    AGE,
    text("CONTEXT"),
    text("LAST ERROR"),
];

/// The kind of the rows, in a word.
pub const KIND: &str = "Forward";

/// Takes rows as they are.
#[derive(Debug)]
pub struct Forwards;

impl Weave for Forwards {
    fn columns(&self) -> Arc<[Column]> {
        columns(HEADS)
    }

    fn feeds(&self) -> Feeds {
        Feeds::default()
    }

    fn weave(&mut self, _: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        out.extend(deltas);
    }
}

/// What a row is known by.
pub fn uid(number: u64) -> Uid {
    Uid::Other(format!("forward/{number}").into())
}

/// A forward as a row.
pub fn row(forward: &Forward) -> Row {
    let Forward { opened, counts, .. } = forward;
    let amount = |count: u64| Cell::Quantity(bytes(count).into(), i64::try_from(count).unwrap_or(i64::MAX));
    let whole = |count: u64| Cell::Number(i64::try_from(count).unwrap_or(i64::MAX));
    let last = forward.errors.back().map(|(_, why, _)| why.clone());
    let (goes, condition, message) = match &forward.goes {
        Goes::To(pod, port) => (format!("{pod}:{port}"), Health::Healthy, None),
        Goes::Waits(why) => ("waits".to_owned(), Health::Unhealthy, Some(why.clone())),
    };
    Row {
        kind: pseudo(KIND, "forwards"),
        uid: uid(forward.number),
        version: "".into(),
        namespace: opened.target.namespace.clone(),
        name: forward.address().into(),
        labels: no_labels(),
        owner: None,
        created: forward.since,
        deleting: None,
        cells: vec![
            Cell::Text(opened.target.title().into()),
            Cell::Text(opened.asked.remote.to_string().into()),
            Cell::Status(goes.into(), condition),
            whole(counts.open as u64),
            whole(counts.total),
            amount(counts.received),
            amount(counts.sent),
            whole(counts.errors),
            Cell::Text(opened.context.clone()),
            Cell::Text(last.clone().unwrap_or_default()),
        ]
        .into(),
        facts: crate::model::facts::Facts::None,
        condition,
        unsettled_until: 0,
        message: message.or(last),
    }
}
