//! The Events pane: what is said of the same object, for the same reason, in one row, with how often and what was said
//! last. A row is there as long as one of its events is: the server forgets events after an hour, unless it was told
//! otherwise.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Feeds, Weave, columns, no_labels};
use crate::kinds::{Head, events, number, text, wide};
use crate::model::facts::{EventFacts, Facts};
use crate::model::kind::Kind;
use crate::model::row::{Cell, Column, Health, Row, Source, Uid};
use crate::model::store::{Delta, Sort};

const HEADS: &[Head] = &[
    text("LAST SEEN"),
    text("TYPE"),
    text("REASON"),
    text("OBJECT"),
    number("COUNT"),
    text("MESSAGE"),
    wide("FIRST SEEN"),
    wide("SOURCE"),
    Head { wide: true, ..number("EVENTS") },
];

/// The newest first: LAST SEEN is the first cell of this pane, and of single events too.
pub const NEWEST_FIRST: Sort = Sort { by: Some(Source::Cell(0)), descending: false };

/// What the events of one row have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Group {
    namespace: Arc<str>,
    object_kind: Arc<str>,
    object_name: Arc<str>,
    /// Another object of the same name is another object.
    object: Option<Uid>,
    reason: Arc<str>,
    /// `Warning` or `Normal`.
    kind: Arc<str>,
}

impl Group {
    fn of(namespace: &Arc<str>, event: &EventFacts) -> Group {
        // Kubelets give a node's name for its UID, controllers its UID: both mean the same node.
        let object = event.object_uid.clone().filter(|_| &*event.object_kind != "Node");
        Group {
            namespace: namespace.clone(),
            object_kind: event.object_kind.clone(),
            object_name: event.object_name.clone(),
            object,
            reason: event.reason.clone(),
            kind: event.kind.clone(),
        }
    }

    fn uid(&self) -> Uid {
        let Group { namespace, object_kind, object_name, object, reason, kind } = self;
        let object = object.as_ref().map(Uid::to_string).unwrap_or_default();
        Uid::Other(format!("events/{namespace}/{object_kind}/{object_name}/{object}/{kind}/{reason}").into())
    }
}

/// Groups events.
pub struct EventGroups {
    kind: Arc<Kind>,
    /// Which group each event is in.
    events: FxHashMap<Uid, Arc<Group>>,
    groups: FxHashMap<Arc<Group>, FxHashMap<Uid, Box<EventFacts>>>,
}

impl Default for EventGroups {
    fn default() -> Self {
        let kind = Kind {
            kind: "Events".into(),
            plural: "events".into(),
            singular: "group of events".into(),
            namespaced: true,
            ..Kind::default()
        };
        EventGroups { kind: Arc::new(kind), events: FxHashMap::default(), groups: FxHashMap::default() }
    }
}

impl Weave for EventGroups {
    fn columns(&self) -> Arc<[Column]> {
        columns(HEADS)
    }

    fn feeds(&self) -> Feeds {
        Feeds::of(&[&events::EVENT])
    }

    fn note(&self) -> Option<String> {
        (!self.events.is_empty()).then(|| format!("{} events", self.events.len()))
    }

    fn weave(&mut self, _: usize, deltas: Vec<Delta>, out: &mut Vec<Delta>) {
        let mut touched: FxHashSet<Arc<Group>> = FxHashSet::default();
        for delta in deltas {
            match delta {
                Delta::Upsert(Row { uid, namespace, facts: Facts::Event(event), .. }) => {
                    let group = Group::of(&namespace, &event);
                    let group = self.groups.get_key_value(&group).map_or_else(|| Arc::new(group), |(known, _)| known.clone());
                    if let Some(before) = self.events.insert(uid.clone(), group.clone())
                        && before != group
                    {
                        self.leave(&before, &uid);
                        touched.insert(before);
                    }
                    self.groups.entry(group.clone()).or_default().insert(uid, event);
                    touched.insert(group);
                }
                Delta::Upsert(_) => {}
                Delta::Remove(uid) => {
                    if let Some(group) = self.events.remove(&uid) {
                        self.leave(&group, &uid);
                        touched.insert(group);
                    }
                }
            }
        }
        out.extend(touched.iter().map(|group| self.row(group).map_or_else(|| Delta::Remove(group.uid()), Delta::Upsert)));
    }
}

impl EventGroups {
    fn leave(&mut self, group: &Arc<Group>, event: &Uid) {
        if let Some(members) = self.groups.get_mut(group) {
            members.remove(event);
            if members.is_empty() {
                self.groups.remove(group);
            }
        }
    }

    /// The row of a group; `None` where no event is left in it.
    fn row(&self, group: &Group) -> Option<Row> {
        let members = self.groups.get(group)?;
        // Of two in the same second the same one is the newest each time.
        let (_, newest) = members.iter().max_by_key(|(uid, event)| (event.last, *uid))?;
        let first = members.values().map(|event| event.first).min()?;
        let count: i64 = members.values().map(|event| event.count).sum();
        let condition = if &*group.kind == "Warning" { Health::Unhealthy } else { Health::Healthy };
        let object = match (group.object_kind.to_lowercase(), &*group.object_name) {
            (kind, "") => kind,
            (kind, name) => format!("{kind}/{name}"),
        };
        let cells = vec![
            Cell::Age(newest.last),
            Cell::Status(group.kind.clone(), condition),
            Cell::Text(group.reason.clone()),
            Cell::Text(object.as_str().into()),
            Cell::Number(count),
            Cell::Text(newest.message.clone()),
            Cell::Age(first),
            Cell::Text(newest.source.clone()),
            Cell::Number(members.len() as i64),
        ];
        Some(Row {
            kind: self.kind.clone(),
            uid: group.uid(),
            version: "".into(),
            namespace: group.namespace.clone(),
            name: format!("{} of {object}", group.reason).into(),
            labels: no_labels(),
            owner: None,
            created: first,
            deleting: None,
            cells: cells.into(),
            facts: Facts::Event(Box::new(EventFacts { count, first, ..EventFacts::clone(newest) })),
            condition,
            unsettled_until: 0,
            message: (condition != Health::Healthy).then(|| newest.message.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::testing;

    const NOW: i64 = testing::NOW;

    fn event(name: &str, uid: &str, about: Value, kind: &str, reason: &str, count: i64, ago: i64) -> Row {
        let at = crate::model::time::rfc3339(NOW - ago);
        let json = json!({
            "metadata": {"name": name, "namespace": "shop", "uid": uid}, "involvedObject": about, "type": kind, "reason": reason,
            "message": format!("{reason} as {name} says"), "count": count, "firstTimestamp": at, "lastTimestamp": at,
        });
        testing::row(&events::EVENT, &json.to_string())
    }

    fn pod(uid: &str) -> Value {
        json!({"kind": "Pod", "apiVersion": "v1", "namespace": "shop", "name": "web-1", "uid": uid})
    }

    fn woven(weave: &mut EventGroups, deltas: Vec<Delta>) -> Vec<String> {
        let mut out = Vec::new();
        weave.weave(0, deltas, &mut out);
        let say = |delta: &Delta| match delta {
            Delta::Upsert(row) => testing::cells(row)[..6].join("|"),
            Delta::Remove(uid) => format!("gone {uid}"),
        };
        let mut said: Vec<String> = out.iter().map(say).collect();
        said.sort();
        said
    }

    #[test]
    fn the_same_of_the_same_object_is_one_row() {
        let mut weave = EventGroups::default();
        let about = |name: &str, count, ago| Delta::Upsert(event(name, name, pod("u1"), "Warning", "BackOff", count, ago));
        let said = woven(&mut weave, vec![about("a", 3, 60), about("b", 4, 30)]);
        assert_eq!(said, ["30s|Warning|BackOff|pod/web-1|7|BackOff as b says"]);
        // The older one happens again, and is the newest by that.
        assert_eq!(woven(&mut weave, vec![about("a", 5, 2)]), ["2s|Warning|BackOff|pod/web-1|9|BackOff as a says"]);
        let other = Delta::Upsert(event("c", "c", pod("u2"), "Warning", "BackOff", 1, 9));
        assert_eq!(woven(&mut weave, vec![other]), ["9s|Warning|BackOff|pod/web-1|1|BackOff as c says"]);
        assert_eq!(weave.groups.len(), 2, "a pod of the same name is another pod");
        assert_eq!(weave.note().as_deref(), Some("3 events"));
    }

    #[test]
    fn a_row_goes_when_the_last_of_its_events_has_gone() {
        let mut weave = EventGroups::default();
        let about = |name: &str, kind: &str| Delta::Upsert(event(name, name, pod("u1"), kind, "Killing", 1, 5));
        assert_eq!(woven(&mut weave, vec![about("a", "Normal"), about("b", "Normal"), about("c", "Warning")]).len(), 2);
        let gone = |name: &str| Delta::Remove(Uid::new(name));
        assert_eq!(woven(&mut weave, vec![gone("a")]), ["5s|Normal|Killing|pod/web-1|1|Killing as b says"]);
        assert_eq!(woven(&mut weave, vec![gone("b")]), ["gone events/shop/Pod/web-1/u1/Normal/Killing"]);
        assert_eq!(woven(&mut weave, vec![gone("b")]), [""; 0]);
        assert_eq!((weave.groups.len(), weave.events.len()), (1, 1));
    }

    #[test]
    fn a_node_is_the_same_by_its_name_and_by_its_uid() {
        let mut weave = EventGroups::default();
        let node = |name: &str, uid: &str| {
            Delta::Upsert(event(name, name, json!({"kind": "Node", "name": "node-1", "uid": uid}), "Normal", "NodeReady", 1, 5))
        };
        let said = woven(&mut weave, vec![node("a", "node-1"), node("b", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")]);
        assert_eq!(said, ["5s|Normal|NodeReady|node/node-1|2|NodeReady as b says"]);
    }

    #[test]
    fn ten_thousand_events_come_in_and_change_without_a_pause() {
        let mut weave = EventGroups::default();
        let begun = std::time::Instant::now();
        let facts =
            |count: i64, last: i64| EventFacts { kind: "Normal".into(), reason: "Pulled".into(), count, last, ..EventFacts::default() };
        let base = event("a", "a", pod("u1"), "Normal", "Pulled", 1, 5);
        let row = |at: i64, count: i64| {
            let facts = EventFacts { object_name: format!("web-{}", at % 100).into(), object_kind: "Pod".into(), ..facts(count, NOW - at) };
            Delta::Upsert(Row { uid: Uid::new(&format!("e{at}")), facts: Facts::Event(Box::new(facts)), ..base.clone() })
        };
        assert_eq!(woven(&mut weave, (0..10_000).map(|at| row(at, 1)).collect()).len(), 100);
        for at in 0..100 {
            assert_eq!(woven(&mut weave, vec![row(at, 2)]).len(), 1);
        }
        // A hundred changes are a second's worth; without optimization, on a busy machine.
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
