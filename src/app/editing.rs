//! Texts that are edited: what fills them, what is found out about them while one types, and what comes of them. An editor has
//! one task of a sort at a time, of its newest version; what an older one says is not taken.

use std::sync::Arc;

use serde_json::Value;

use super::App;
use super::surface::Surface;
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::{list, request, schema};
use crate::commands::clash;
use crate::event::{Event, Found};
use crate::keymap::{Key, Mode};
use crate::kinds::{draft, proof};
use crate::model::draft::Heard;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::view::acting::Clashing;
use crate::view::editor::buffer::{At, at};
use crate::view::editor::{Editor, spot};
use crate::view::state::{Overlay, Tone, View};

/// No more names than this are offered of one kind.
const NAMES: usize = 5000;

/// The object as it is now, and its text.
async fn read(session: &Session, subject: &Reference) -> Result<(Arc<Value>, String), Arc<str>> {
    let path = request::object(&subject.kind, &subject.namespace, &subject.name);
    let object: Result<Value, ClusterError> = request::get_json(session, &path).await;
    let object = object.map_err(|error| Arc::<str>::from(error.to_string()))?;
    let uid = Uid::new(object["metadata"]["uid"].as_str().unwrap_or_default());
    if subject.uid != Uid::new("") && subject.uid != uid {
        return Err(format!("{} is gone: another object has its name now", subject.title()).into());
    }
    let kind = subject.kind.clone();
    // A megabyte takes some milliseconds.
    let printed = tokio::task::spawn_blocking(move || (draft::text(&kind, &object), Arc::new(object))).await;
    printed.map(|(text, object)| (object, text)).map_err(|error| error.to_string().into())
}

impl<S: Surface> App<S> {
    /// Fills an editor with an object, and with its schema.
    pub(super) fn open_editor(&mut self, number: u64, subject: Reference) {
        self.fetch_schema(number, subject.kind.clone());
        let (mut link, out) = (self.link.handle.clone(), self.out.clone());
        tokio::spawn(async move {
            let session = link.session().await;
            let found = read(&session, &subject).await;
            let _ = out.send(Event::Editor(number, Found::Object(found))).await;
        });
    }

    /// Asks for the schema of an editor's kind.
    pub(super) fn fetch_schema(&self, number: u64, kind: Arc<Kind>) {
        let (mut link, out) = (self.link.handle.clone(), self.out.clone());
        tokio::spawn(async move {
            let session = link.session().await;
            let found = schema::of(&session, &kind).await.map_err(|error| error.to_string().into());
            let _ = out.send(Event::Editor(number, Found::Schema(found))).await;
        });
    }

    /// Opens an editor for an object that is to be made.
    pub(super) fn compose(&mut self, kind: Arc<Kind>, title: &str, text: &str) {
        let mut editor = Editor::new_object(kind.clone(), text, title);
        (editor.context, editor.server) = (self.state.context.name.clone(), self.state.context.server.clone());
        self.fetch_schema(editor.id, kind);
        self.state.push(View::Edit(Box::new(editor)));
    }

    /// The gate lets the values of the Secret be seen for which an editor was to be opened. False where none was.
    pub(super) fn decode(&mut self, number: u64) -> bool {
        let Some(editor) = self.state.revealing.take_if(|editor| editor.id == number) else { return false };
        if let Some(subject) = editor.subject.clone() {
            self.open_editor(number, subject);
        }
        // What came of asking is not what one wants to read now.
        if matches!(self.state.overlay, Overlay::Acts(_)) {
            self.state.overlay = Overlay::None;
        }
        self.state.push(View::Edit(editor));
        true
    }

    /// Takes what a task has found.
    pub(super) fn found(&mut self, number: u64, found: Found) {
        let Some(editor) = self.state.editor_mut(number) else { return };
        match found {
            Found::Object(object) => editor.opened(object),
            Found::Schema(schema) => editor.described(schema),
            Found::Marks(version, marks) => editor.checked(version, &marks),
            Found::Spot((version, row, byte), spotted, named) => editor.take_spot((version, at(row, byte)), *spotted, named),
            Found::Names(named, names) => editor.named(named, names),
            Found::Taken(version, [base, known], taken) => return self.taken_in(number, version, &base, &known, taken),
        }
        editor.look();
    }

    /// After a frame: what the editor on the screen would like to know is asked, and one that was to be left once it is saved is
    /// left.
    pub(super) fn tend_editor(&mut self) {
        let (out, say) = (self.out.clone(), self.say.clone());
        let Some(editor) = self.state.editing() else { return };
        if editor.leaving && !editor.is_changed() {
            self.state.pop();
            return;
        }
        let (number, namespace) = (editor.id, editor.subject.as_ref().map(|subject| subject.namespace.clone()).unwrap_or_default());
        editor.look();
        if let (Some(place), Some(of)) = (editor.unspotted(), editor.schema.clone()) {
            editor.begin_spot(place);
            let (text, names, (line, column)) = (editor.text(), editor.names.clone(), editor.place());
            let (version, At { row, byte }) = place;
            tokio::task::spawn_blocking(move || {
                let (spotted, named) = spot(&of, &text, line, column, &names);
                let _ = say.blocking_send(Event::Editor(number, Found::Spot((version, row, byte), Box::new(spotted), named)));
            });
        }
        let wanted = editor.names.take_wanted();
        for named in wanted {
            let kind = self.state.catalog.kinds.iter().find(|kind| *kind.group == *named.group && *kind.plural == *named.plural).cloned();
            let (link, out, namespace) = (self.link.handle.clone(), out.clone(), namespace.clone());
            let scope = self.state.scope.single().cloned();
            tokio::spawn(async move {
                // What may not be seen cannot be offered; that is all that it is.
                let names = match (kind, link.current()) {
                    (Some(kind), Some(session)) => {
                        let within = if namespace.is_empty() { scope } else { Some(namespace) };
                        let within = within.filter(|_| kind.namespaced);
                        list::names(&session, &kind, within.as_deref()).await.unwrap_or_default()
                    }
                    _ => Vec::new(),
                };
                let mut names = names;
                names.sort_unstable();
                names.dedup();
                names.truncate(NAMES);
                let _ = out.send(Event::Editor(number, Found::Names(named, names))).await;
            });
        }
    }

    /// When the text on the screen is to be checked.
    pub(super) fn check_due(&self) -> Option<tokio::time::Instant> {
        self.state.editor().and_then(Editor::check_due).map(tokio::time::Instant::from_std)
    }

    /// Has the text on the screen checked, beside the loop.
    pub(super) fn check_text(&mut self) {
        // Unlike what is read of a cluster, it is wanted in any context.
        let out = self.say.clone();
        let Some(editor) = self.state.editing() else { return };
        let version = editor.begin_check();
        let (number, of, kind, base, text) = (editor.id, editor.schema.clone(), editor.kind.clone(), editor.base().clone(), editor.text());
        tokio::task::spawn_blocking(move || {
            let marks = proof::marks(of.as_ref(), &kind, &base, &text);
            let _ = out.blocking_send(Event::Editor(number, Found::Marks(version, marks)));
        });
    }

    /// A key that is typed into the text on the screen.
    pub(super) fn write(&mut self, key: Key) {
        let Some(editor) = self.state.editing() else { return };
        if !editor.is_ready() {
            let leave = self.state.keymap.keys_for("leave", Mode::Edit).into_iter().next().unwrap_or_default();
            self.state.info(format!("there is no text here yet: {leave} leaves"));
            return;
        }
        editor.key(key);
        editor.look();
        if let Some(note) = editor.note.take() {
            self.state.error(note);
        }
    }

    /// A paste into the text on the screen: one change.
    pub(super) fn paste_text(&mut self, text: &str) {
        if self.state.message.as_ref().is_some_and(|message| message.tone == Tone::Error) {
            self.state.message = None;
        }
        if let Some(Err(why)) = self.state.editing().map(|editor| editor.paste(text)) {
            self.state.error(why);
        }
    }

    /// The mouse was pressed in the text whose upper left cell is at `origin`, or was drawn to there.
    pub(super) fn point(&mut self, x: u16, y: u16, origin: (u16, u16), drag: bool) {
        self.dragging = Some(origin);
        self.state.dirty = true;
        let beside = |at: u16, from: u16| isize::try_from(i32::from(at) - i32::from(from)).unwrap_or(0);
        if let Some(editor) = self.state.editing() {
            editor.point(beside(x, origin.0), beside(y, origin.1), drag);
        }
    }

    /// The mouse is drawn while it is pressed.
    pub(super) fn drag(&mut self, x: u16, y: u16) {
        if let Some(origin) = self.dragging.filter(|_| matches!(self.state.overlay, Overlay::None)) {
            self.point(x, y, origin, true);
        }
    }

    /// Takes what the gate says of a draft.
    pub(super) fn drafted(&mut self, number: u64, heard: Heard) {
        tracing::debug!(number, ?heard, "draft");
        match heard {
            Heard::Clash { draft, of, conflicts, theirs } => {
                // Before anything else is asked: the question that stands there ends with this.
                clash::ask(&mut self.state, Clashing { draft, of, conflicts, theirs, answers: Vec::new() });
            }
            Heard::Wrong(blames) => {
                if let Some(editor) = self.state.editor_mut(number) {
                    editor.blame(&blames);
                }
            }
            Heard::Saved { text, written, of, known } => {
                if self.state.editor_mut(number).is_some_and(|editor| editor.saved(&text, &of, written, known)) {
                    self.fetch_schema(number, of.kind);
                }
            }
        }
    }
}
