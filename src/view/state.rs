//! Everything that is on the screen, and what it is drawn from. Owned by the loop alone; nothing here waits.

use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::acting::{Acts, Clashing, Question, Scaling};
use super::chosen::Chosen;
use super::details::Details;
use super::editor::Editor;
use super::forwards::Forwards;
use super::hits::Hits;
use super::log::{Json, LogView, Stamps};
use super::picker::{Picker, Purpose};
use super::place::{Pane, Place};
use super::prompt::Line;
use super::table::TableView;
use super::tables::{Table, TableKey, Tables};
use super::text_view::TextView;
use crate::keymap::{self, Keymap, Mode};
use crate::kinds::catalog::Catalog;
use crate::kinds::{self};
use crate::model::act::Entry;
use crate::model::folder::Folder;
use crate::model::kind::Kind;
use crate::model::log::{LogSettings, Wanted};
use crate::model::metrics::Metrics;
use crate::model::policy::Policy;
use crate::model::reference::Reference;
use crate::model::rights::{Attempt, Rights};
use crate::model::row::Row;
use crate::model::scope::Scope;
use crate::model::session::DEBUG_IMAGE;
use crate::model::state::{Context, Link};
use crate::model::time::{Clock, Seconds};
use crate::theme::Theme;

/// One thing on the screen: a table or a text.
pub enum View {
    /// Rows.
    Table(Box<TableView>),
    /// Text: describe, help.
    Text(Box<TextView>),
    /// What containers say.
    Log(Box<LogView>),
    /// A text that is edited.
    Edit(Box<Editor>),
}

impl View {
    /// The text that is edited, if this is one.
    pub fn as_editor(&mut self) -> Option<&mut Editor> {
        match self {
            View::Edit(editor) => Some(editor),
            _ => None,
        }
    }
}

/// What has the keyboard before the view has.
pub enum Overlay {
    /// Nothing.
    None,
    /// The filter of the table, with the filter as it was before.
    Filter(Line, String),
    /// A search in a text; in the help, which is kept meanwhile.
    Search(Line, Option<Box<TextView>>),
    /// What is to be put in place of something in a text that is edited: first what, then (with it) by what.
    Replace(Line, Option<String>),
    /// A list to choose from.
    Picker(Box<Picker>),
    /// All keys.
    Help(Box<TextView>),
    /// A question before something is written.
    Ask(Box<Question>),
    /// How many replicas there are to be.
    Scale(Box<Scaling>),
    /// What comes of the act of this number.
    Acts(u64),
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good to know; goes away by itself.
    Info,
    /// Something was not done; stays until the next key.
    Error,
}

/// A line for the person, at the bottom.
#[derive(Clone, Debug)]
pub struct Message {
    /// The words.
    pub text: Arc<str>,
    /// How it is meant.
    pub tone: Tone,
    /// Since when.
    pub since: Instant,
}

/// What is in use, where metrics.k8s.io is served.
#[derive(Debug, Default)]
pub struct Usage {
    /// Of pods.
    pub pods: Metrics,
    /// Of nodes.
    pub nodes: Metrics,
    /// Why there are none.
    pub absent: Option<Arc<str>>,
}

/// One way to go on in a sequence of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The next key.
    pub key: String,
    /// The command line that it ends in; empty where more keys follow.
    pub command: Arc<str>,
    /// What that does.
    pub doc: &'static str,
    /// Why it cannot be done now.
    pub refused: Option<Arc<str>>,
}

/// What the bottom line offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The command line; its key comes from the key map.
    pub command: &'static str,
    /// What it does, in a word or two.
    pub label: &'static str,
    /// It cannot be done now.
    pub refused: bool,
}

/// Everything on the screen.
pub struct State {
    /// The program's clock.
    pub clock: Clock,
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// Their names.
    pub chosen: Chosen,
    /// What the context allows.
    pub policy: Policy,
    /// A program of the settings logs in: it can be run whether there is a credential plugin or not.
    pub login_command: bool,
    /// The image that is offered for a debug container.
    pub debug_image: Arc<str>,
    /// The keys of a sequence pressed so far.
    pub pressed: keymap::State,
    /// What can follow them.
    pub pending: Vec<Way>,
    /// Where on the screen is what a click can mean, as of the last frame.
    pub hits: Hits,
    /// The mouse is ours; else the terminal selects text with it.
    pub mouse: bool,
    /// What was typed into the palette, the newest last.
    pub lines: Vec<Arc<str>>,
    /// What the bottom line offers now.
    pub hints: Vec<Hint>,
    /// The context that is shown.
    pub context: Context,
    /// All contexts of the kubeconfig.
    pub contexts: Vec<Context>,
    /// Where the connection stands.
    pub link: Link,
    /// The kinds that there are.
    pub catalog: Catalog,
    /// The tables that are fed.
    pub tables: Tables,
    /// CPU and memory.
    pub usage: Usage,
    /// What this user may do, as far as it is known.
    pub rights: Rights,
    /// The namespaces that are looked at.
    pub scope: Scope,
    /// Namespaces of the scope that are not there.
    pub absent: Vec<Arc<str>>,
    /// What one went through to get here; the last is on the screen. Never empty.
    pub stack: Vec<View>,
    /// The stacks of the panes that are not on the screen.
    pub(super) parked: FxHashMap<Pane, Vec<View>>,
    /// Where one was: chains of places, and which of them is now.
    pub(super) history: Vec<Vec<Place>>,
    pub(super) visited: usize,
    /// Texts that were left and are not saved: they are opened again where they were.
    pub unsaved: Vec<Box<Editor>>,
    /// The editor of a Secret that is asked for.
    pub revealing: Option<Box<Editor>>,
    /// When one was last told what is not saved, on the way out.
    pub warned: Option<Instant>,
    /// What has the keyboard.
    pub overlay: Overlay,
    /// What was written and is being written.
    pub acts: Acts,
    /// How much of a log is read and kept.
    pub logs: LogSettings,
    /// How the last log was looked at: the next one is, too.
    pub log_looks: (Stamps, bool, Json),
    /// The log of which a container is being chosen.
    pub choosing: Option<Box<Wanted>>,
    /// Texts that earlier runs left behind: what they are called, and when they were last changed.
    pub left: Vec<(Arc<str>, Seconds)>,
    /// What has to be decided before a text can be saved.
    pub clash: Option<Box<Clashing>>,
    /// The folder of this machine that a path leads into while it is typed.
    pub folder: Folder,
    /// The port-forwards that are open, of every context.
    pub forwards: Forwards,
    /// What was written in this run, the newest last.
    pub journal: Vec<Entry>,
    /// A line for the person.
    pub message: Option<Message>,
    /// Details of the row under the cursor are wanted.
    pub details_wanted: bool,
    /// What is known of the row under the cursor beyond the row.
    pub details: Details,
    /// Width and height of the terminal, in cells.
    pub size: (u16, u16),
    /// The screen has to be drawn.
    pub dirty: bool,
}

impl State {
    /// With the Pods pane over a scope.
    pub fn new(clock: Clock, theme: Theme, keymap: Keymap, context: Context, contexts: Vec<Context>, scope: Scope) -> State {
        let mut state = State {
            clock,
            theme,
            keymap,
            chosen: Chosen::default(),
            policy: Policy::of(&context.name),
            login_command: false,
            debug_image: DEBUG_IMAGE.into(),
            pressed: keymap::State::default(),
            pending: Vec::new(),
            hits: Hits::default(),
            mouse: true,
            lines: Vec::new(),
            hints: Vec::new(),
            context,
            contexts,
            link: Link::Idle,
            catalog: Catalog::builtin(),
            tables: Tables::default(),
            usage: Usage::default(),
            rights: Rights::default(),
            scope,
            absent: Vec::new(),
            stack: Vec::new(),
            parked: FxHashMap::default(),
            history: Vec::new(),
            visited: 0,
            unsaved: Vec::new(),
            revealing: None,
            warned: None,
            overlay: Overlay::None,
            acts: Acts::default(),
            logs: LogSettings::default(),
            log_looks: (Stamps::Off, false, Json::default()),
            choosing: None,
            clash: None,
            left: Vec::new(),
            folder: Folder::default(),
            forwards: Forwards::default(),
            journal: Vec::new(),
            message: None,
            details_wanted: true,
            details: Details::default(),
            size: (80, 24),
            dirty: true,
        };
        state.stack = vec![state.root(Pane::Pods)];
        state.visit();
        state
    }

    /// Now.
    pub fn now(&self) -> Seconds {
        self.clock.now()
    }

    /// The table of a pane.
    pub fn pane_key(&self, pane: Pane) -> TableKey {
        let scope = self.scope.clone();
        match pane {
            Pane::Pods => TableKey::Kind(self.kind_of(&kinds::pods::POD), scope),
            Pane::Services => TableKey::Services(scope),
            Pane::Labels => TableKey::Labels(scope),
            Pane::Rollouts => TableKey::Rollouts(scope),
        }
    }

    /// The kind of a block as discovery says it, or as the block does.
    pub fn kind_of(&self, block: &'static kinds::Block) -> Arc<Kind> {
        self.catalog.of_block(block)
    }

    pub(super) fn root(&self, pane: Pane) -> View {
        let place = Place { pane: Some(pane), ..Place::new(self.pane_key(pane)) };
        View::Table(Box::new(TableView::new(place)))
    }

    /// What is on the screen.
    pub fn view(&self) -> Option<&View> {
        self.stack.last()
    }

    /// The table on the screen.
    pub fn table_view(&self) -> Option<&TableView> {
        match self.stack.last() {
            Some(View::Table(view)) => Some(view),
            _ => None,
        }
    }

    /// The table on the screen and what feeds it.
    pub fn table_mut(&mut self) -> Option<(&mut TableView, &Table)> {
        let Some(View::Table(view)) = self.stack.last_mut() else { return None };
        let table = self.tables.look(&view.place.key);
        Some((view, table))
    }

    /// The text on the screen, help included.
    pub fn text_mut(&mut self) -> Option<&mut TextView> {
        if let Overlay::Help(text) | Overlay::Search(_, Some(text)) = &mut self.overlay {
            return Some(text);
        }
        match self.stack.last_mut() {
            Some(View::Text(view)) => Some(view),
            _ => None,
        }
    }

    /// Which namespaces of a scope are not there, where nothing is in it; empty when all are, or nobody knows.
    pub fn absence(&self, scope: &Scope) -> String {
        if self.absent.is_empty() || *scope != self.scope {
            String::new()
        } else {
            format!("There is no namespace {}.", self.absent.join(", "))
        }
    }

    /// What is known of another object does not stand beside the one under the cursor.
    fn details_follow(&mut self) {
        let (Some(of), Some(_)) = (&self.details.of, self.table_view()) else { return };
        if self.selected().is_none_or(|row| row.uid != of.uid) {
            self.details = Details::default();
        }
    }

    /// The object under the cursor.
    pub fn selected(&self) -> Option<&Row> {
        self.table_view()?.selected(&self.tables)
    }

    /// What an action is about: the object that is described, or the one under the cursor.
    pub fn subject(&self) -> Option<Reference> {
        match self.stack.last()? {
            View::Table(view) => view.selected(&self.tables).map(Reference::of),
            View::Text(view) => view.subject.clone(),
            View::Edit(editor) => editor.subject.clone(),
            View::Log(_) => None,
        }
    }

    /// The pane whose tab is lit.
    pub fn pane(&self) -> Option<Pane> {
        self.stack.iter().find_map(|view| match view {
            View::Table(view) => view.place.pane,
            View::Text(_) | View::Log(_) | View::Edit(_) => None,
        })
    }

    /// The log on the screen.
    pub fn log_mut(&mut self) -> Option<&mut LogView> {
        match self.stack.last_mut() {
            Some(View::Log(log)) => Some(log),
            _ => None,
        }
    }

    /// Whether this user may do something to an object, or (no name) to all of a kind; `None` when that is not known. The
    /// subresource (`scale`) is empty for the object itself, the namespace for cluster scope.
    pub fn may(&self, verb: &str, kind: &Kind, subresource: &str, namespace: &str, name: &str) -> Option<bool> {
        self.rights.may(&Attempt::new(verb, kind, subresource, namespace, name), Instant::now())
    }

    /// [`State::may`], where what is not known counts as allowed.
    ///
    /// # Errors
    /// It is forbidden: `demo-viewer may not patch deployments/scale in shop`.
    pub fn allowed(&self, verb: &str, kind: &Kind, subresource: &str, namespace: &str, name: &str) -> Result<(), String> {
        let attempt = Attempt::new(verb, kind, subresource, namespace, name);
        if self.rights.may(&attempt, Instant::now()) != Some(false) {
            return Ok(());
        }
        let user = if self.context.user.is_empty() { &self.context.name } else { &self.context.user };
        Err(format!("{user} may not {}", attempt.words()))
    }

    /// Which keys hold now.
    pub fn mode(&self) -> Mode {
        match (&self.overlay, self.stack.last()) {
            (Overlay::Filter(..) | Overlay::Search(..) | Overlay::Replace(..) | Overlay::Scale(_), _) => Mode::Prompt,
            (Overlay::Ask(question), _) if question.types() => Mode::Prompt,
            (Overlay::Ask(_), _) => Mode::Confirm,
            (Overlay::Acts(_), _) => Mode::Acts,
            (Overlay::Picker(_), _) => Mode::Picker,
            (Overlay::Help(_), _) | (Overlay::None, Some(View::Text(_))) => Mode::Text,
            (Overlay::None, Some(View::Log(_))) => Mode::Log,
            (Overlay::None, Some(View::Edit(_))) => Mode::Edit,
            (Overlay::None, _) => Mode::Table,
        }
    }

    /// Says something that goes away by itself.
    pub fn info(&mut self, text: impl Into<Arc<str>>) {
        self.say(text.into(), Tone::Info);
    }

    /// Says why something was not done.
    pub fn error(&mut self, text: impl Into<Arc<str>>) {
        self.say(text.into(), Tone::Error);
    }

    fn say(&mut self, text: Arc<str>, tone: Tone) {
        // An error stays until it is read.
        if tone == Tone::Info && self.message.as_ref().is_some_and(|message| message.tone == Tone::Error) {
            return;
        }
        self.message = Some(Message { text, tone, since: Instant::now() });
        self.dirty = true;
    }

    /// Keeps a line of the palette to be brought back; no more than `most` are kept.
    pub fn remember_line(&mut self, line: &str, most: usize) {
        if self.lines.last().is_none_or(|last| **last != *line) {
            self.lines.push(line.into());
        }
        let over = self.lines.len().saturating_sub(most);
        self.lines.drain(..over);
    }

    /// Brings what is on the screen up to date with what is known. Called before each draw. Whether rows look different
    /// now.
    pub fn refresh(&mut self) -> bool {
        let now = self.now();
        self.try_on();
        let metrics = match self.table_view().and_then(|view| view.place.key.kind()) {
            Some(kind) if &*kind.plural == "nodes" && kind.group.is_empty() => &self.usage.nodes,
            _ => &self.usage.pods,
        };
        let mut changed = false;
        match self.stack.last_mut() {
            Some(View::Table(view)) if view.place.key == TableKey::Forwards => self.forwards.feed(&mut self.tables, now),
            Some(View::Text(view)) => {
                self.forwards.fill(view, now);
                super::history::fill(view, &self.tables.history, &self.journal, &self.context);
            }
            _ => {}
        }
        if let Some(View::Table(view)) = self.stack.last_mut() {
            let table = self.tables.look(&view.place.key);
            changed = view.refresh(table, metrics, now);
        }
        // After the rows: a filter has just moved the cursor.
        self.details_follow();
        let refill = match &self.overlay {
            Overlay::Picker(picker) if picker.purpose == Purpose::Namespaces => Some(self.namespace_choices()),
            Overlay::Picker(picker) if picker.purpose == Purpose::Contexts => Some(self.context_choices()),
            _ => None,
        };
        if let (Some(choices), Overlay::Picker(picker)) = (refill, &mut self.overlay) {
            picker.refill(choices);
        }
        changed
    }
}
