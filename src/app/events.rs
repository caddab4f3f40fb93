//! What tasks report, taken into the state.

use std::io;
use std::sync::Arc;

use super::App;
use super::surface::Surface;
use crate::event::{Described, Event, Measured, Measurement};
use crate::keymap::Mode;
use crate::model::state::Link;
use crate::view::picker::Purpose;
use crate::view::state::Overlay;
use crate::view::text_view::{About, Fill};

impl<S: Surface> App<S> {
    pub(super) async fn take(&mut self, event: Event) -> io::Result<()> {
        if let Event::Wrote(entry) = &event
            && entry.outcome.as_ref().is_err_and(|why| why.contains("forbidden"))
        {
            // Rights are not as they were when they were asked for.
            self.state.rights.doubt();
        }
        match event {
            Event::Watch(id, update) => {
                let Some((key, feed)) = self.fed.get(&id).cloned() else { return Ok(()) };
                let kept = self.kept(&key);
                let now = self.state.now();
                if self.state.tables.apply(&key, feed, *update, kept.as_ref(), now) {
                    self.state.dirty = true;
                    self.touch();
                }
                return Ok(());
            }
            Event::Link(link) => self.linked(link),
            Event::Contexts(contexts) => {
                if let Some(loaded) = self.link.handle.loaded() {
                    self.route.loaded = (*loaded).clone();
                }
                if !contexts.iter().any(|context| context.name == self.state.context.name) {
                    self.state
                        .error(format!("the kubeconfig has no context {:?} any more; what is shown goes on", &*self.state.context.name));
                }
                self.state.contexts = contexts;
            }
            Event::Moved => {
                let name = self.state.context.name.clone();
                self.connect(&name);
                self.state.info(format!("the kubeconfig changed: {name} is another cluster or user now"));
            }
            Event::Note(note) => {
                if self.state.message.as_ref().is_none_or(|message| message.text != note) {
                    self.state.error(note);
                }
            }
            Event::Discovered(Ok(catalog)) => {
                self.polls.discovering = false;
                let first = self.polls.discovered.is_none();
                self.polls.discovered = Some(std::time::Instant::now());
                if let (true, Some(note)) = (first, catalog.notes.first()) {
                    self.state.info(note.as_str());
                }
                self.state.catalog = *catalog;
                self.open_wanted(true);
            }
            Event::Discovered(Err(why)) => {
                tracing::warn!(%why, "discovery");
                if let Some(wanted) = &self.wanted {
                    self.state.error(format!("{wanted} cannot be opened yet: the server does not say what it serves: {why}"));
                }
                self.polls.discovering = false;
                self.polls.undiscovered = Some(std::time::Instant::now());
            }
            Event::Absent(scope, names) => {
                if scope == self.state.scope && names != self.state.absent {
                    if !names.is_empty() {
                        self.state.error(format!("there is no namespace {}", names.join(", ")));
                    }
                    self.state.absent = names;
                }
            }
            Event::Measured(measurement) => self.measured(measurement),
            Event::Owner(of, owner) => {
                self.state.details.owner(&of, owner);
                self.ask_owner();
            }
            Event::Act(number, said) => self.acted(number, said).await?,
            Event::Forward(number, told) => {
                if !self.forwarded(number, told) {
                    return Ok(());
                }
            }
            Event::Drafted(number, heard) => self.drafted(number, heard),
            Event::Wrote(entry) => self.wrote(*entry),
            // To whoever waits for it. Wires that are dropped end the session.
            Event::Session(number, wires) => {
                if !self.talking && matches!(self.state.overlay, Overlay::Acts(shown) if shown == number) {
                    self.session = Some((number, wires));
                }
            }
            Event::Rights(ask, said) => {
                if !self.state.rights.tell(ask, said, std::time::Instant::now()) {
                    return Ok(());
                }
            }
            Event::Log(number, update) => {
                if !self.take_log(number, *update) {
                    return Ok(());
                }
            }
            Event::Described(number, described) => self.described(number, described),
            Event::Editor(number, found) => {
                self.found(number, found);
                // It was opened for a program outside.
                if self.state.editor_mut(number).is_some_and(|editor| editor.outside && editor.is_ready()) {
                    self.outside(number)?;
                }
            }
            Event::Kept(number, written) => {
                self.draft_kept(number, written);
                return Ok(());
            }
            Event::Left(left) => self.offer_drafts(left),
            Event::Revealed(number) => {
                if !self.allowed(number) {
                    self.revealed(number);
                }
            }
            Event::Changed(uid, at, rows) => self.seen().object(uid, at, rows),
            Event::Composed(composed) => self.composed(composed).await?,
            Event::Listed(folder, entries) => self.state.folder.take(&folder, entries),
            Event::Exported(Ok(words)) => self.state.info(words),
            Event::Exported(Err(why)) => self.state.error(why),
            Event::Explained(number, schema) => self.explained(number, schema),
            Event::Compared(number, compared) => self.compared(number, compared),
        }
        self.state.dirty = true;
        self.touch();
        Ok(())
    }

    fn linked(&mut self, link: Link) {
        match &link {
            Link::Up { .. } => {
                // It may be another server, or this one with other rules.
                self.state.rights.doubt();
                let alarm = self.alarm.take();
                if alarm.is_some() && alarm == self.state.message.as_ref().map(|message| message.text.clone()) {
                    self.state.message = None;
                }
                if let Overlay::Picker(picker) = &self.state.overlay
                    && picker.purpose == Purpose::Contexts
                    && !picker.reason.is_empty()
                {
                    // It opened because the cluster did not answer; now it does.
                    self.state.overlay = Overlay::None;
                }
                self.discover();
            }
            // Never reached: other contexts are offered, and this one is tried on.
            Link::Down { since: None, why } => {
                let reason = format!("{} does not answer: {why}. Trying again; ctrl-r tries now", self.state.context.name);
                self.state.offer_contexts(reason.into());
            }
            // Rows stay, and hide what would stand in their place: the reason is said below them, once.
            Link::Down { since: Some(_), why } => {
                // In an editor that key is another one.
                let key = self.state.keymap.keys_for("retry", self.state.mode()).into_iter().next();
                let now = key.map(|key| format!("; {key} tries now")).unwrap_or_default();
                self.alarm(&format!("{why}. Trying again{now}"));
            }
            Link::Unauthorized { why, login } => {
                let login = if *login { format!("; {} logs in", self.key_of("login")) } else { String::new() };
                self.alarm(&format!("{why}{login}"));
            }
            _ => {}
        }
        self.state.link = link;
    }

    /// The first key of a command in tables.
    pub(super) fn key_of(&self, command: &str) -> String {
        self.key_in(Mode::Table, command)
    }

    /// The first key of a command; how to type it where it has none.
    pub(super) fn key_in(&self, mode: Mode, command: &str) -> String {
        self.state.keymap.keys_for(command, mode).into_iter().next().unwrap_or_else(|| format!(":{command}"))
    }

    /// Says what is wrong with the connection, until a key is pressed or it is right again.
    fn alarm(&mut self, words: &str) {
        let words: Arc<str> = words.into();
        if self.alarm.as_ref() != Some(&words) {
            self.alarm = Some(words.clone());
            self.state.error(words);
        }
    }

    fn measured(&mut self, measurement: Measurement) {
        self.polls.measuring = false;
        let now = self.state.now();
        let usage = if measurement.nodes { &mut self.state.usage.nodes } else { &mut self.state.usage.pods };
        match measurement.found {
            // The watches say that the server is away; the last figures stay until it is back.
            Measured::Unknown => {}
            Measured::Entries(entries) => {
                self.state.usage.absent = None;
                let entries = entries.iter().map(|(namespace, name, usage)| (namespace.as_str(), name.as_str(), *usage));
                usage.replace(measurement.namespace.as_deref(), now, entries);
            }
            Measured::Absent(why) => {
                usage.clear();
                if self.state.usage.absent.is_none() && self.state.message.is_none() {
                    self.state.info(format!("no metrics: {why}"));
                }
                self.state.usage.absent = Some(why);
            }
        }
    }

    fn described(&mut self, number: u64, described: Described) {
        self.heard_of_edited(number, &described);
        for text in self.state.texts_mut().filter(|text| text.id == number) {
            match &described {
                Described::Text(content) => {
                    text.set(content);
                    text.fill = Fill::Live;
                }
                Described::Yaml(page) => {
                    // What the changes of a whole object are read from.
                    if !matches!(text.about, About::History { .. }) {
                        text.set_yaml(&page.text, &page.looks);
                    }
                    text.fill = Fill::Live;
                }
                Described::Revisions(revisions) => {
                    text.set_revisions(revisions);
                    text.fill = Fill::Live;
                }
                // Of texts that are edited.
                Described::Moved(_) => {}
                Described::Gone => text.fill = Fill::Gone,
                Described::Failed(why) => text.fill = Fill::Stale(why.clone()),
            }
        }
    }
}
