//! The Events pane: groups of events, or each of them, and what a group is about.

use std::sync::Arc;

use super::{Context, Refusal};
use crate::kinds;
use crate::kinds::panes::events::NEWEST_FIRST;
use crate::model::facts::{EventFacts, Facts};
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::view::place::Place;
use crate::view::state::State;
use crate::view::tables::TableKey;

/// The kind of events, in either of the groups that serve them.
pub fn is_event(kind: &Kind) -> bool {
    &*kind.plural == "events" && matches!(&*kind.group, "" | "events.k8s.io")
}

/// Shows the pane, or each event; the newest first.
pub fn show(c: &mut Context<'_>, single: bool) {
    c.state.show_table(place(c.state, single));
}

fn place(state: &State, single: bool) -> Place {
    let scope = state.scope.clone();
    let key = if single { TableKey::Kind(state.kind_of(&kinds::events::EVENT), scope) } else { TableKey::Events(scope) };
    Place { sorting: NEWEST_FIRST, ..Place::new(key) }
}

/// Events are on the screen.
pub fn on_events(state: &State) -> Result<(), Refusal> {
    let single = |key: &TableKey| matches!(key, TableKey::Kind(kind, _) if is_event(kind));
    let shown = state.table_view().map(|view| &view.place.key);
    let shown = shown.is_some_and(|key| matches!(key, TableKey::Events(_)) || single(key));
    if shown { Ok(()) } else { Err("only among events: :events shows them".into()) }
}

/// Each event, or groups of them again. The filter stays.
pub fn group(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(view) = c.state.table_view() else { return Ok(()) };
    let single = matches!(view.place.key, TableKey::Events(_));
    let place = Place { filter: view.place.filter.clone(), unhealthy: view.place.unhealthy, ..place(c.state, single) };
    c.state.show_table(place);
    Ok(())
}

/// The kind of what an event is about.
pub fn kind_of(state: &State, event: &EventFacts) -> Result<Arc<Kind>, Refusal> {
    let preferred = || state.catalog.preferred().iter().find(|kind| kind.kind == event.object_kind);
    let found =
        if event.object_version.is_empty() { preferred() } else { state.catalog.referred(&event.object_version, &event.object_kind) };
    found.cloned().ok_or_else(|| match &*event.object_kind {
        "" => "the event does not say what it is about".to_owned(),
        kind => format!("the server does not list {kind} of {}", event.object_version),
    })
}

/// What the group of events under the cursor is about; `None` where there is no such group.
pub fn about_group(state: &State) -> Option<Result<Reference, Refusal>> {
    let row = state.selected().filter(|row| row.kind.version.is_empty())?;
    let Facts::Event(event) = &row.facts else { return None };
    let about = |kind: Arc<Kind>| Reference {
        namespace: if kind.namespaced { row.namespace.clone() } else { "".into() },
        name: event.object_name.clone(),
        // A kubelet gives a node's name for its UID; without one it is whatever has the name.
        uid: event.object_uid.clone().filter(|_| &*event.object_kind != "Node").unwrap_or_else(|| Uid::new("")),
        kind,
    };
    Some(kind_of(state, event).map(about))
}

#[cfg(test)]
mod tests {
    use super::super::palette::tests::state;
    use super::*;
    use crate::commands::run_line;

    fn shown(state: &State) -> (bool, String) {
        let view = state.table_view().expect("a table");
        assert_eq!(view.place.sorting, NEWEST_FIRST);
        (matches!(view.place.key, TableKey::Events(_)), view.place.filter.clone())
    }

    #[test]
    fn events_come_in_groups_unless_each_is_asked_for() {
        let mut state = state();
        let mut effects = Vec::new();
        assert!(on_events(&state).is_err());
        let mut run = |state: &mut State, line: &str| run_line(&mut Context { state, effects: &mut effects }, line);
        run(&mut state, "events").expect("opens");
        assert_eq!(shown(&state), (true, String::new()));
        run(&mut state, "ev all BackOff").expect("opens");
        assert_eq!(shown(&state), (false, "BackOff".into()));
        run(&mut state, "group").expect("goes back");
        assert_eq!(shown(&state), (true, "BackOff".into()), "the filter stays");
        run(&mut state, "group").expect("and again");
        assert_eq!(shown(&state), (false, "BackOff".into()));
        run(&mut state, "view events").expect("opens");
        assert_eq!(shown(&state), (true, String::new()));
    }

    #[test]
    fn an_event_leads_to_the_kind_that_it_names() {
        let state = state();
        let event =
            |version: &str, kind: &str| EventFacts { object_version: version.into(), object_kind: kind.into(), ..EventFacts::default() };
        let plural = |event: EventFacts| kind_of(&state, &event).map(|kind| kind.plural.to_string());
        assert_eq!(plural(event("apps/v1", "Deployment")), Ok("deployments".into()));
        assert_eq!(plural(event("", "StatefulSet")), Ok("statefulsets".into()));
        assert!(plural(event("a.io/v1", "Deployment")).is_err());
        assert!(plural(event("", "")).is_err());
    }
}
