//! The events below a description: kubectl's `DescribeEvents`.

use serde_json::Value;

use super::json::{Json, or};
use super::metadata::since;
use super::writer::{Writer, line};
use super::{Context, EVENTS};
use crate::model::time::{self, Seconds};

/// The events in the order of their last time.
pub(super) fn describe(w: &mut Writer, cx: &Context<'_>, events: &[Value]) {
    if let (true, Err(error)) = (cx.answers.contains_key(EVENTS), cx.answer(EVENTS)) {
        line!(w, 0, "Events:\t<error: {error}>");
        return;
    }
    if events.is_empty() {
        line!(w, 0, "Events:\t<none>");
        return;
    }
    let mut events: Vec<&Value> = events.iter().collect();
    events.sort_by_key(|event| time::parse(event.text("lastTimestamp")));
    line!(w, 0, "Events:\n  Type\tReason\tAge\tFrom\tMessage");
    line!(w, 1, "----\t------\t----\t----\t-------");
    for event in events {
        let source = or(event.text("source.component"), event.text("reportingComponent"));
        let mut message = event.text("message").trim().to_owned();
        let field = event.text("involvedObject.fieldPath");
        if !field.is_empty() {
            message = format!("{field}: {message}");
        }
        line!(w, 1, "{}\t{}\t{}\t{source}\t{message}", event.text("type"), event.text("reason"), age(event, cx.now));
    }
}

/// How long ago, and how often over what time.
fn age(event: &Value, now: Seconds) -> String {
    let first = since(event, if event.has("eventTime") { "eventTime" } else { "firstTimestamp" }, now);
    if event.has("series") {
        format!("{} (x{} over {first})", since(event, "series.lastObservedTime", now), event.int("series.count"))
    } else if event.int("count") > 1 {
        format!("{} (x{} over {first})", since(event, "lastTimestamp", now), event.int("count"))
    } else {
        first
    }
}
