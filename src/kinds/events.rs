//! Events, in the core group's form: `events.k8s.io` serves the same objects.

use std::sync::Arc;

use super::partial::{ObjectMeta, Time};
use super::{Block, Enter, Head, NAME, Object, Printed, decode, encode, number, text, wide};
use crate::model::facts::{EventFacts, Facts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health, Uid};

crate::partial! {
    /// `core.v1.Event`.
    Event {
        1 metadata: one ObjectMeta,
        2 involved_object: one InvolvedObject,
        3 reason: text,
        4 message: text,
        5 source: one EventSource,
        6 first_timestamp: one Time,
        7 last_timestamp: one Time,
        8 count: int,
        #[serde(rename = "type")]
        9 kind: text,
        10 event_time: one Time,
        11 series: one EventSeries,
        14 reporting_component: text,
        15 reporting_instance: text,
    }

    /// `core.v1.ObjectReference` to what an event is about.
    InvolvedObject {
        1 kind: text,
        3 name: text,
        4 uid: text,
        5 api_version: text,
        7 field_path: text,
    }

    /// `core.v1.EventSource`.
    EventSource {
        1 component: text,
        2 host: text,
    }

    /// `core.v1.EventSeries`.
    EventSeries {
        1 count: int,
        2 last_observed_time: one Time,
    }
}

/// Events.
pub static EVENT: Block = Block {
    group: "",
    version: "v1",
    kind: "Event",
    plural: "events",
    singular: "event",
    short: &["ev"],
    namespaced: true,
    columns: &[
        text("LAST SEEN"),
        text("TYPE"),
        text("REASON"),
        text("OBJECT"),
        wide("SUBOBJECT"),
        wide("SOURCE"),
        text("MESSAGE"),
        wide("FIRST SEEN"),
        Head { wide: true, ..number("COUNT") },
        Head { wide: true, ..NAME },
    ],
    enter: Enter::Describe,
    decode: decode::<Event>,
    encode: encode::<Event>,
};

impl Object for Event {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printEvent`. A warning is what is wrong, in the cluster's own words.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let seconds = |time: Option<Time>| time.and_then(|t| t.seconds);
        let first = seconds(self.first_timestamp).or(seconds(self.event_time));
        let (last, count) = match &self.series {
            Some(series) => (seconds(series.last_observed_time), series.count.unwrap_or(0)),
            None => (seconds(self.last_timestamp).or(first), self.count.filter(|&count| count != 0).unwrap_or(1)),
        };
        let object = self.involved_object.unwrap_or_default();
        let mut target = object.kind.to_lowercase();
        if !object.name.is_empty() {
            target.push('/');
            target.push_str(&object.name);
        }
        let source = self.source.unwrap_or_default();
        let source = source_words(
            first_not_empty(&source.component, &self.reporting_component),
            first_not_empty(&source.host, &self.reporting_instance),
            interner,
        );
        let kind = interner.text(&self.kind);
        let reason = interner.text(&self.reason);
        let message: Arc<str> = interner.text(self.message.trim());
        let condition = if &*kind == "Warning" { Health::Unhealthy } else { Health::Healthy };
        let cells = vec![
            Cell::age_or_unknown(last),
            Cell::Status(kind.clone(), condition),
            Cell::Text(reason.clone()),
            Cell::Text(interner.text(&target)),
            Cell::Text(interner.text(&object.field_path)),
            Cell::Text(source.clone()),
            Cell::Text(message.clone()),
            Cell::age_or_unknown(first),
            Cell::Number(count.into()),
        ];
        let created = meta.creation_timestamp.map_or(0, |t| t.at());
        let facts = EventFacts {
            kind,
            reason,
            message: message.clone(),
            count: count.into(),
            last: last.or(first).unwrap_or(created),
            first: first.unwrap_or(created),
            source,
            object_version: interner.text(&object.api_version),
            object_kind: interner.text(&object.kind),
            object_name: interner.text(&object.name),
            object_uid: (!object.uid.is_empty()).then(|| Uid::new(&object.uid)),
        };
        Printed {
            cells,
            facts: Facts::Event(Box::new(facts)),
            condition,
            message: (condition != Health::Healthy).then_some(message),
            ..Printed::default()
        }
    }
}

fn first_not_empty<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

/// kubectl's `formatEventSourceComponentInstance`.
fn source_words(component: &str, instance: &str, interner: &mut Interner) -> Arc<str> {
    if instance.is_empty() { interner.text(component) } else { interner.text(&format!("{component}, {instance}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::wires::{cells, row};
    use serde_json::json;

    const NOW: i64 = 1_767_226_200; // 2026-01-01T00:10:00Z

    #[test]
    fn an_event_of_the_old_form() {
        let event = row(
            &EVENT,
            json!({
                "type": "Warning", "reason": "BackOff", "message": " Back-off restarting\n", "count": 4,
                "involvedObject": {"kind": "Pod", "name": "web-1", "uid": "u", "fieldPath": "spec.containers{app}"},
                "source": {"component": "kubelet", "host": "node-1"}, "reportingComponent": "other", "eventTime": null,
                "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:09:30Z",
            }),
        );
        let want = ["30s", "Warning", "BackOff", "pod/web-1", "spec.containers{app}", "kubelet, node-1", "Back-off restarting", "10m", "4"];
        assert_eq!(cells(&event, NOW), want);
        assert_eq!((event.condition, event.message.as_deref()), (Health::Unhealthy, Some("Back-off restarting")));
        let Facts::Event(facts) = &event.facts else { panic!("no facts") };
        assert_eq!((&*facts.object_kind, facts.object_uid.as_ref(), facts.last), ("Pod", Some(&Uid::new("u")), NOW - 30));
    }

    #[test]
    fn an_event_of_the_new_form() {
        let mut event = json!({
            "type": "Normal", "reason": "Scheduled", "eventTime": "2026-01-01T00:05:00.123456Z",
            "involvedObject": {"kind": "Node"}, "reportingComponent": "default-scheduler", "reportingInstance": "s-0",
        });
        let want = ["5m", "Normal", "Scheduled", "node", "", "default-scheduler, s-0", "", "5m", "1"];
        assert_eq!(cells(&row(&EVENT, event.clone()), NOW), want);

        event["series"] = json!({"count": 7, "lastObservedTime": "2026-01-01T00:09:59.5Z"});
        let row = row(&EVENT, event);
        assert_eq!([&cells(&row, NOW)[0], &cells(&row, NOW)[8]], ["1s", "7"]);
        assert_eq!((row.condition, &row.message), (Health::Healthy, &None));
    }

    #[test]
    fn an_event_without_times() {
        let event = row(&EVENT, json!({"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}}));
        assert_eq!([&cells(&event, NOW)[0], &cells(&event, NOW)[7]], ["<unknown>", "<unknown>"]);
        let Facts::Event(facts) = &event.facts else { panic!("no facts") };
        assert_eq!(facts.last, NOW - 600);
    }
}
