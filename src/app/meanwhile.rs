//! What others do to objects while their texts are edited: heard of, and put into the text when somebody asks for it.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value;
use tokio::sync::watch;

use super::App;
use super::surface::Surface;
use crate::cluster::follow;
use crate::event::{Described, Event, Found};
use crate::keymap::Mode;
use crate::kinds::schema::Guided;
use crate::kinds::taken::{self, Merge};
use crate::view::editor::Meanwhile;

/// The object of each text that is open, as its editor knows it.
pub type Known = FxHashMap<u64, watch::Sender<Arc<Value>>>;

impl<S: Surface> App<S> {
    /// After a frame: the object of the text on the screen is followed, and held against what the editor knows by now.
    pub(super) fn follow_edited(&mut self) {
        let (context, handle, out) = (self.state.context.name.clone(), self.link.handle.clone(), self.out.clone());
        let Some(editor) = self.state.editing().filter(|editor| editor.is_ready() && editor.context == context) else { return };
        let (Some(subject), known) = (&editor.subject, editor.known()) else { return };
        if known.is_null() {
            return;
        }
        let number = editor.id;
        if let Some(sender) = self.known.get(&number).filter(|_| self.follows.contains_key(&number)) {
            sender.send_if_modified(|before| {
                let other = !Arc::ptr_eq(before, known);
                if other {
                    *before = known.clone();
                }
                other
            });
            return;
        }
        let (sender, receiver) = watch::channel(known.clone());
        self.known.insert(number, sender);
        self.follows.insert(number, follow::moves(number, subject.clone(), receiver, handle, out));
    }

    /// What was heard of an object whose text is open.
    pub(super) fn heard_of_edited(&mut self, number: u64, described: &Described) {
        let Some(editor) = self.state.editor_mut(number) else { return };
        match described {
            Described::Moved(moved) if moved.fields.is_empty() && !moved.leaving => editor.meanwhile = Meanwhile::Nothing,
            Described::Moved(moved) => editor.meanwhile = Meanwhile::Changed(moved.clone()),
            Described::Gone => editor.meanwhile = Meanwhile::Gone,
            // What is known stays known; that the server does not answer is said elsewhere.
            _ => {}
        }
    }

    /// Puts what others have done into a text, beside the loop.
    pub(super) fn take_in(&mut self, number: u64) {
        let out = self.say.clone();
        let Some(editor) = self.state.editor_mut(number) else { return };
        let Meanwhile::Changed(moved) = &editor.meanwhile else { return };
        let (version, kind, base, known, now) =
            (editor.buffer.version(), editor.kind.clone(), editor.base().clone(), editor.known().clone(), moved.object.clone());
        let (of, text) = (Guided(editor.schema.clone()), editor.text());
        tokio::task::spawn_blocking(move || {
            let taken = taken::take_in(&kind, &of, &base, &known, &now, &text);
            let _ = out.blocking_send(Event::Editor(number, Found::Taken(version, [base, known], taken)));
        });
    }

    /// It is there, or why it cannot be.
    pub(super) fn taken_in(&mut self, number: u64, version: u64, base: &Arc<Value>, known: &Arc<Value>, merged: Result<Merge, String>) {
        let Some(editor) = self.state.editor_mut(number) else { return };
        if editor.buffer.version() != version || !Arc::ptr_eq(editor.base(), base) || !Arc::ptr_eq(editor.known(), known) {
            // Something was typed or saved meanwhile.
            self.take_in(number);
            return;
        }
        match merged {
            Ok(merge) => {
                editor.take_in(merge);
                let undo = self.key_in(Mode::Edit, "text-undo");
                self.state.info(format!("taken in; {undo} takes it out again"));
            }
            Err(why) => self.state.error(why),
        }
    }
}
