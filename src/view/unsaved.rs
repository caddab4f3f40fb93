//! Texts that are edited, wherever they are: on the screen, below what is on it, put aside. What was typed outlives the view
//! that it was typed in.

use std::time::{Duration, Instant};

use super::editor::Editor;
use super::state::{State, View};
use crate::model::reference::Reference;

/// So long a second try to leave counts as one that knows what is not saved.
const WARNED: Duration = Duration::from_secs(5);

impl State {
    /// The text that is edited on the screen.
    pub fn editor(&self) -> Option<&Editor> {
        match self.stack.last() {
            Some(View::Edit(editor)) => Some(editor),
            _ => None,
        }
    }

    /// The same, to be typed into.
    pub fn editing(&mut self) -> Option<&mut Editor> {
        match self.stack.last_mut() {
            Some(View::Edit(editor)) => Some(editor),
            _ => None,
        }
    }

    /// An editor by its number, wherever it is.
    pub fn editor_mut(&mut self, id: u64) -> Option<&mut Editor> {
        let views = self.stack.iter_mut().chain(self.parked.values_mut().flatten());
        let shown = views.filter_map(|view| match view {
            View::Edit(editor) => Some(&mut **editor),
            _ => None,
        });
        shown.chain(self.unsaved.iter_mut().map(|editor| &mut **editor)).find(|editor| editor.id == id)
    }

    /// This editor is among the views of this context.
    pub fn edits(&self, id: u64) -> bool {
        self.stack.iter().chain(self.parked.values().flatten()).any(|view| matches!(view, View::Edit(editor) if editor.id == id))
    }

    /// Every text that is not saved.
    pub fn changed_texts(&self) -> impl Iterator<Item = &Editor> {
        let views = self.stack.iter().chain(self.parked.values().flatten());
        let shown = views.filter_map(|view| match view {
            View::Edit(editor) => Some(&**editor),
            _ => None,
        });
        shown.chain(self.unsaved.iter().map(|editor| &**editor)).filter(|editor| editor.is_changed())
    }

    /// Before views go: those in which something was typed are kept, and it is said how to come back to them. The others end.
    pub(super) fn keep_texts(&mut self) {
        let mut kept = Vec::new();
        let keep = |stack: &mut Vec<View>, kept: &mut Vec<Box<Editor>>| {
            for view in std::mem::take(stack) {
                match view {
                    View::Edit(editor) if editor.is_changed() => kept.push(editor),
                    View::Edit(_) => {}
                    other => stack.push(other),
                }
            }
        };
        keep(&mut self.stack, &mut kept);
        for stack in self.parked.values_mut() {
            keep(stack, &mut kept);
        }
        if let Some(last) = kept.last() {
            let (name, key) = (last.name(), self.keymap.keys_for("unsaved", crate::keymap::Mode::Table).into_iter().next());
            self.info(format!("{name} is not saved: {} goes back to it", key.unwrap_or_else(|| ":unsaved".into())));
        }
        self.unsaved.append(&mut kept);
    }

    /// The text about an object that was left and is not saved; taken out.
    pub fn take_unsaved(&mut self, subject: Option<&Reference>) -> Option<Box<Editor>> {
        let same = |of: &Reference, subject: &Reference| of.uid == subject.uid && of.name == subject.name && of.kind == subject.kind;
        let at = self.unsaved.iter().rposition(|editor| {
            let about = subject.is_none_or(|subject| editor.subject.as_ref().is_some_and(|of| same(of, subject)));
            about && editor.context == self.context.name && editor.server == self.context.server
        });
        at.map(|at| self.unsaved.remove(at))
    }

    /// One may leave the program: nothing is typed that is not saved, or it was said just now that it is.
    ///
    /// # Errors
    /// What is not saved, in words.
    pub fn may_forget(&mut self) -> Result<(), String> {
        let names: Vec<String> = self.changed_texts().map(Editor::name).collect();
        if names.is_empty() || self.warned.is_some_and(|at| at.elapsed() < WARNED) {
            return Ok(());
        }
        let words = format!("not saved: {}; quit again to leave without it", names.join(", "));
        self.warned = Some(Instant::now());
        Err(words)
    }
}
