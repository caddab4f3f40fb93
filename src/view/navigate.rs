//! Going from view to view: panes as they were left, down and back, the history, other namespaces, another cluster.

use super::details::Details;
use super::log::LogView;
use super::place::{Pane, Place};
use super::state::{Overlay, State, Usage, View};
use super::table::TableView;
use super::tables::TableKey;
use super::text_view::TextView;
use crate::kinds::catalog::Catalog;
use crate::model::policy::Policy;
use crate::model::rights::Rights;
use crate::model::scope::Scope;
use crate::model::state::{Context, Link};

/// How many places one can go back.
const HISTORY: usize = 100;

impl State {
    /// The places of the stack, to come back to.
    fn places(&self) -> Vec<Place> {
        let place = |view: &View| match view {
            View::Table(view) => Some(view.place.clone()),
            View::Text(_) | View::Log(_) | View::Edit(_) => None,
        };
        self.stack.iter().filter_map(place).collect()
    }

    /// Remembers where one is as a new place in the history; what lay ahead is forgotten.
    pub(super) fn visit(&mut self) {
        let places = self.places();
        let same = |a: &[Place], b: &[Place]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_table(b));
        if let Some(current) = self.history.get_mut(self.visited)
            && same(current, &places)
        {
            *current = places;
            return;
        }
        self.history.truncate(self.visited + 1);
        self.history.push(places);
        if self.history.len() > HISTORY {
            self.history.remove(0);
        }
        self.visited = self.history.len() - 1;
    }

    /// Before one leaves: cursor and filter as they are now belong to the place.
    fn leave(&mut self) {
        let places = self.places();
        if let Some(current) = self.history.get_mut(self.visited) {
            *current = places;
        }
    }

    /// Every text that is open, those of panes that are not on the screen too.
    pub fn texts(&self) -> impl Iterator<Item = &TextView> {
        self.stack.iter().chain(self.parked.values().flatten()).filter_map(|view| match view {
            View::Text(text) => Some(&**text),
            View::Table(_) | View::Log(_) | View::Edit(_) => None,
        })
    }

    /// The same, to be filled.
    pub fn texts_mut(&mut self) -> impl Iterator<Item = &mut TextView> {
        self.stack.iter_mut().chain(self.parked.values_mut().flatten()).filter_map(|view| match view {
            View::Text(text) => Some(&mut **text),
            View::Table(_) | View::Log(_) | View::Edit(_) => None,
        })
    }

    /// Every log that is open, those of panes that are not on the screen too.
    pub fn logs_mut(&mut self) -> impl Iterator<Item = &mut LogView> {
        self.stack.iter_mut().chain(self.parked.values_mut().flatten()).filter_map(|view| match view {
            View::Log(log) => Some(&mut **log),
            View::Table(_) | View::Text(_) | View::Edit(_) => None,
        })
    }

    /// One step back or forward in the history of views. False at its end.
    pub fn travel(&mut self, forward: bool) -> bool {
        let to = if forward { self.visited + 1 } else { self.visited.wrapping_sub(1) };
        self.revisit(to)
    }

    /// To where one was before a table that was called by name, and all that one went down to from it, in whatever namespaces;
    /// one stays in those that one looks at. False where that was nowhere.
    pub fn leave_root(&mut self) -> bool {
        let everywhere = |key: &TableKey| key.in_scope(Scope::All);
        let Some(View::Table(root)) = self.stack.first() else { return false };
        let root = everywhere(&root.place.key);
        let roots = |at: &usize| self.history[*at].first();
        let before = (0..self.visited).rev().find(|at| {
            roots(at).is_some_and(|place| everywhere(&place.key) != root && (place.pane.is_some() || *place.key.scope() == self.scope))
        });
        let Some((at, place)) = before.and_then(|at| Some((at, self.history[at].first()?))) else { return false };
        match place.pane {
            Some(pane) if *place.key.scope() != self.scope => {
                self.show_pane(pane);
                true
            }
            _ => self.revisit(at),
        }
    }

    fn revisit(&mut self, to: usize) -> bool {
        if self.history.get(to).is_none_or(|places| places.is_empty()) {
            return false;
        }
        self.leave();
        self.keep_texts();
        self.park();
        self.visited = to;
        let places = self.history[to].clone();
        if let Some(place) = places.first()
            && place.key.kind().is_none_or(|kind| kind.namespaced)
            && place.key != TableKey::Forwards
            && self.scope != *place.key.scope()
        {
            self.scope = place.key.scope().clone();
            self.absent.clear();
            // The panes that were put aside show other namespaces.
            self.parked.clear();
        }
        self.stack = places.into_iter().map(|place| View::Table(Box::new(TableView::new(place)))).collect();
        self.dirty = true;
        true
    }

    /// Puts the stack aside where it belongs to a pane.
    fn park(&mut self) {
        if let Some(pane) = self.pane() {
            self.parked.insert(pane, std::mem::take(&mut self.stack));
        }
    }

    /// Shows a pane, as it was left.
    pub fn show_pane(&mut self, pane: Pane) {
        self.keep_texts();
        if self.pane() == Some(pane) {
            // The pane's key again leads to its root.
            self.stack.truncate(1);
        } else {
            self.leave();
            self.park();
            self.stack = self.parked.remove(&pane).filter(|stack| !stack.is_empty()).unwrap_or_else(|| vec![self.root(pane)]);
        }
        self.visit();
        self.dirty = true;
    }

    /// Shows a pane that was called by its name: its table, whatever was opened from there last.
    pub fn show_root(&mut self, pane: Pane) {
        self.show_pane(pane);
        if self.stack.len() > 1 {
            self.show_pane(pane);
        }
    }

    /// Shows a table that is no pane, from its root.
    pub fn show_table(&mut self, place: Place) {
        self.keep_texts();
        self.leave();
        self.park();
        self.stack = vec![View::Table(Box::new(TableView::new(place)))];
        self.visit();
        self.dirty = true;
    }

    /// Goes down into something.
    pub fn push(&mut self, view: View) {
        self.leave();
        self.stack.push(view);
        self.visit();
        self.dirty = true;
    }

    /// One view back. False when this is the first.
    pub fn pop(&mut self) -> bool {
        if self.stack.len() < 2 {
            return false;
        }
        self.leave();
        self.stack.pop();
        self.visit();
        self.dirty = true;
        true
    }

    /// Looks at other namespaces. Every pane follows, from its root.
    pub fn set_scope(&mut self, scope: Scope) {
        if self.scope == scope {
            return;
        }
        self.leave();
        self.keep_texts();
        self.scope = scope.clone();
        self.absent.clear();
        self.parked.clear();
        self.stack.truncate(1);
        if let Some(View::Table(view)) = self.stack.first() {
            let place = &view.place;
            let key = place.key.in_scope(scope).normal();
            let place = Place { key, relation: None, crumb: "".into(), cursor: None, ..place.clone() };
            self.stack = vec![View::Table(Box::new(TableView::new(place)))];
        }
        self.visit();
        self.dirty = true;
    }

    /// Another cluster: nothing of the one before stays.
    pub fn reset(&mut self, context: Context, scope: Scope) {
        self.keep_texts();
        self.policy = Policy::of(&context.name);
        self.acts.forget();
        self.context = context;
        self.scope = scope;
        self.absent.clear();
        self.link = Link::Idle;
        self.catalog = Catalog::builtin();
        self.tables.clear();
        self.usage = Usage::default();
        self.rights = Rights::default();
        self.details = Details::default();
        self.parked.clear();
        self.history.clear();
        self.visited = 0;
        self.overlay = Overlay::None;
        self.message = None;
        self.stack = vec![self.root(Pane::Pods)];
        self.visit();
        self.dirty = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::{self, Keymap};
    use crate::model::time::Clock;
    use crate::theme::{self, Depth, Theme};

    fn state() -> State {
        let (theme, _) = Theme::load(theme::DARK, None, Depth::Truecolor);
        let (keymap, _) = Keymap::load(keymap::DEFAULT, None, &[]);
        State::new(Clock::system(), theme, keymap, Context::default(), Vec::new(), Scope::All)
    }

    #[test]
    fn a_text_of_a_pane_that_was_left_is_still_open() {
        let mut state = state();
        let text = TextView::new("pod/web", None);
        let id = text.id;
        state.push(View::Text(Box::new(text)));
        state.show_pane(Pane::Services);
        assert_eq!(state.texts().map(|text| text.id).collect::<Vec<_>>(), [id]);
        for text in state.texts_mut() {
            text.set("as it is now");
        }
        state.show_pane(Pane::Pods);
        assert!(matches!(state.stack.last(), Some(View::Text(text)) if text.lines == ["as it is now"]));
        assert!(state.pop());
        assert_eq!(state.texts().count(), 0);
    }

    #[test]
    fn a_table_that_was_called_by_name_is_left_and_not_gone_round_in() {
        let mut state = state();
        let (events, nodes) = (crate::kinds::events::EVENT.as_kind(), crate::kinds::nodes::NODE.as_kind());
        let place = |kind: &crate::model::kind::Kind| Place::new(TableKey::Kind(std::sync::Arc::new(kind.clone()), Scope::All));
        for kind in [&events, &nodes] {
            state.show_table(place(kind));
            state.push(View::Table(Box::new(TableView::new(place(&crate::kinds::pods::POD.as_kind())))));
            assert!(state.pop());
        }
        assert!(state.leave_root());
        assert_eq!(state.table_view().and_then(|view| view.place.key.kind()).map(|kind| &*kind.plural), Some("events"));
        assert!(state.leave_root());
        assert_eq!(state.pane(), Some(Pane::Pods));
    }

    #[test]
    fn a_pane_that_is_called_by_its_name_is_shown_from_its_table() {
        let mut state = state();
        state.show_pane(Pane::Pods);
        state.push(View::Text(Box::new(TextView::new("pod/web", None))));
        state.show_pane(Pane::Services);
        state.show_pane(Pane::Pods);
        assert_eq!(state.stack.len(), 2, "by its key it is as it was left");
        state.show_pane(Pane::Services);
        state.show_root(Pane::Pods);
        assert_eq!((state.stack.len(), state.pane()), (1, Some(Pane::Pods)));
    }

    #[test]
    fn the_namespaces_stay_when_a_table_is_left() {
        let mut state = state();
        state.show_table(Place::new(TableKey::Events(Scope::All)));
        for name in ["a", "b"] {
            state.set_scope(Scope::one(name));
        }
        assert!(state.leave_root());
        assert_eq!((state.pane(), state.scope.clone()), (Some(Pane::Pods), Scope::one("b")));
    }

    #[test]
    fn panes_follow_when_one_goes_back_to_other_namespaces() {
        let mut state = state();
        state.set_scope(Scope::one("b"));
        state.show_pane(Pane::Services);
        state.show_pane(Pane::Pods);
        while state.scope != Scope::All {
            assert!(state.travel(false));
        }
        state.show_pane(Pane::Services);
        assert_eq!(state.table_view().map(|view| view.place.key.scope().clone()), Some(Scope::All));
    }
}
