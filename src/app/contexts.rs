//! From context to context: what one begins with, and what is kept of one that is left.

use tokio::sync::mpsc;

use super::surface::Surface;
use super::{App, WAITING, forwards, tasks};
use crate::cluster::link;
use crate::commands;
use crate::model::scope::Scope;
use crate::model::state::{Context, Link};
use crate::remember::Remembered;
use crate::view::place::Pane;
use crate::view::state::View;
use crate::view::tables::TableKey;

impl<S: Surface> App<S> {
    /// Begins with a context: scope and view as asked for, as the settings have them, as remembered, or as the kubeconfig
    /// has it.
    pub(super) fn enter(&mut self, scope: Option<Scope>, resource: Option<String>) {
        let settings = self.settle();
        let known = self.memory.get(&self.state.context.name).cloned();
        let own = self.state.context.namespace.clone();
        let scope = scope
            .or_else(|| settings.namespace.map(|said| said.value))
            .or_else(|| known.as_ref().map(|known| Scope::parse(known.namespaces.iter().map(String::as_str))))
            .unwrap_or_else(|| if own.is_empty() { Scope::All } else { Scope::one(&own) });
        self.state.set_scope(scope);
        let pane = settings.pane.map(|said| said.value);
        self.wanted = resource.or(pane).or_else(|| known.map(|known| known.view).filter(|view| !view.is_empty()));
        self.open_wanted(false);
        let _ = self.surface.set_title(&self.state.context.name);
    }

    /// Opens the view that was asked for, once its kind is known. `last`: the server has said all it knows.
    pub(super) fn open_wanted(&mut self, last: bool) {
        let Some(name) = self.wanted.clone() else { return };
        let kind = name.split_whitespace().next().unwrap_or_default();
        let known = Pane::named(kind).is_some() || self.state.catalog.find(kind).is_ok();
        if known || last {
            self.wanted = None;
            let mut effects = Vec::new();
            let mut context = commands::Context { state: &mut self.state, effects: &mut effects };
            if let Err(why) = commands::open_resource(&mut context, &name) {
                self.state.error(why);
            }
        }
    }

    /// Keeps the view and the namespaces for the next time.
    pub(super) fn remember(&mut self) {
        if matches!(self.state.link, Link::Idle | Link::Connecting { .. }) {
            return;
        }
        let view = match (self.state.pane(), self.state.stack.first()) {
            (Some(pane), _) => pane.title().to_lowercase(),
            (None, Some(View::Table(view))) if matches!(view.place.key, TableKey::Events(_)) => "events".to_owned(),
            (None, Some(View::Table(view))) => view.place.key.kind().map(|kind| kind.full_name()).unwrap_or_default(),
            _ => String::new(),
        };
        // A view that waits for its kind to be known is the one that is meant.
        let view = self.wanted.clone().unwrap_or(view);
        let namespaces = match &self.state.scope {
            Scope::All => Vec::new(),
            Scope::Some(names) => names.iter().map(|name| name.to_string()).collect(),
        };
        self.memory.set(&self.state.context.name, Remembered { view, namespaces, sort: String::new() });
        if let Err(error) = self.memory.save() {
            tracing::warn!(%error, "the last view could not be kept");
        }
    }

    /// Goes to another context: nothing of the one before stays.
    pub(super) fn connect(&mut self, name: &str) {
        self.remember();
        let found = self.state.contexts.iter().find(|context| &*context.name == name).cloned();
        let context = found.unwrap_or_else(|| Context { name: name.into(), ..Context::default() });
        let again = context.name == self.state.context.name;
        let scope = again.then(|| self.state.scope.clone());
        let view = again.then(|| self.memory.get(name).map(|known| known.view.clone()).filter(|view| !view.is_empty())).flatten();
        let options = &mut self.route.options;
        options.context = Some(name.to_owned());
        if !again {
            // Flags that were meant for the first context would be wrong for another.
            options.cluster = None;
            options.user = None;
            options.token = None;
        }
        let (out, events) = mpsc::channel(WAITING);
        self.watches.clear();
        self.fed.clear();
        self.follows.clear();
        self.logs.clear();
        // Begun or not, nothing more of it is done: nobody would see what comes of it.
        for (_, act) in self.acts.drain() {
            act.stop();
        }
        self.polls = tasks::Polls::default();
        self.events = events;
        self.out = out;
        let left = std::mem::replace(&mut self.link, link::spawn(self.route.clone(), self.state.clock.clone(), self.out.clone()));
        let going_on = self.forwards.leave(left);
        self.state.reset(context, Scope::All);
        self.name_left();
        if going_on > 0 {
            self.state.info(forwards::go_on(going_on));
        }
        self.alarm = None;
        self.enter(scope, view);
        self.touch();
    }
}
