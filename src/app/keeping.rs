//! What is typed and not saved, on disk while it is typed: kept, given up when it is saved or thrown away, and offered again
//! when a program that kept it is gone.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::App;
use super::surface::Surface;
use crate::commands::editor;
use crate::event::Event;
use crate::model::draft::{Kept, Left};
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::view::editor::Editor;
use crate::view::state::{Overlay, State, View};

/// What is on disk of an editor.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// The version that is there, or on its way there.
    version: u64,
    /// It is being written.
    busy: bool,
}

/// By the editors' numbers.
pub(super) type All = FxHashMap<u64, Keeping>;

/// A text as it is to be kept; `None` for what is to be on no disk.
fn kept(state: &State, editor: &Editor) -> Option<Kept> {
    if editor.is_secret() {
        return None;
    }
    let word = |of: fn(&Reference) -> String| editor.subject.as_ref().map(of).unwrap_or_default();
    Some(Kept {
        context: editor.context.to_string(),
        server: editor.server.to_string(),
        time: state.now(),
        group: editor.kind.group.to_string(),
        version: editor.kind.version.to_string(),
        plural: editor.kind.plural.to_string(),
        namespace: word(|of| of.namespace.to_string()),
        name: word(|of| of.name.to_string()),
        uid: word(|of| of.uid.to_string()),
        title: editor.title.to_string(),
        base: (**editor.base()).clone(),
        known: if Arc::ptr_eq(editor.base(), editor.known()) { serde_json::Value::Null } else { (**editor.known()).clone() },
        text: editor.text(),
    })
}

impl<S: Surface> App<S> {
    /// Writes what was typed since it was last written.
    pub(super) fn keep_drafts(&mut self) {
        let mut due = Vec::new();
        for editor in self.state.changed_texts() {
            let keeping = self.keeping.entry(editor.id).or_default();
            let version = editor.buffer.version();
            if keeping.busy || keeping.version == version {
                continue;
            }
            let Some(kept) = kept(&self.state, editor) else { continue };
            (keeping.version, keeping.busy) = (version, true);
            due.push((editor.id, self.drafts.turn(), kept));
        }
        for (id, turn, kept) in due {
            // It is heard of in any context: another one may be entered meanwhile.
            let (drafts, out) = (self.drafts.clone(), self.say.clone());
            tokio::spawn(async move {
                let written = tokio::task::spawn_blocking(move || drafts.keep(id, turn, &kept)).await;
                let written = written.map_err(|error| error.to_string()).and_then(|written| written);
                let _ = out.send(Event::Kept(id, written)).await;
            });
        }
    }

    /// Gives up what nobody edits any more.
    pub(super) fn forget_drafts(&mut self) {
        if self.keeping.is_empty() {
            return;
        }
        // One that turns out to be a Secret's is on disk no longer.
        let kept = self.state.changed_texts().filter(|editor| !editor.is_secret());
        let open: Vec<u64> = kept.map(|editor| editor.id).collect();
        let drafts = &self.drafts;
        self.keeping.retain(|id, keeping| {
            // What is on its way there would come back.
            let stays = keeping.busy || open.contains(id);
            if !stays {
                let (drafts, id) = (drafts.clone(), *id);
                let turn = drafts.turn();
                tokio::task::spawn_blocking(move || drafts.forget(id, turn));
            }
            stays
        });
    }

    /// One was written, or cannot be.
    pub(super) fn draft_kept(&mut self, id: u64, written: Result<(), String>) {
        if let Some(keeping) = self.keeping.get_mut(&id) {
            keeping.busy = false;
        }
        if let Err(why) = written {
            self.state.error(why);
        }
    }

    /// Before the program ends: what is typed and not saved is there for the next one.
    pub(super) fn keep_last(&mut self) {
        for editor in self.state.changed_texts() {
            if let Some(kept) = kept(&self.state, editor)
                && let Err(why) = self.drafts.keep(editor.id, self.drafts.turn(), &kept)
            {
                tracing::warn!(why, "draft");
            }
        }
    }

    /// Looks for what earlier programs left behind.
    pub(super) fn look_for_drafts(&self) {
        let (drafts, out) = (self.drafts.clone(), self.out.clone());
        tokio::spawn(async move {
            let left = tokio::task::spawn_blocking(move || drafts.left()).await.unwrap_or_default();
            let _ = out.send(Event::Left(left)).await;
        });
    }

    /// They are offered, as far as they are of this cluster.
    pub(super) fn offer_drafts(&mut self, left: Vec<Left>) {
        self.left = left;
        self.name_left();
        if self.state.left.is_empty() {
            return;
        }
        if matches!(self.state.overlay, Overlay::None) {
            editor::offer(&mut self.state);
        } else {
            self.state.info("something was not saved when the program ended: :unsaved");
        }
    }

    /// Those of this cluster, by their places: a context's name may be another cluster's tomorrow.
    fn left_here(&self) -> Vec<usize> {
        let context = &self.state.context;
        let here = |left: &Left| *left.kept.context == *context.name && *left.kept.server == *context.server;
        (0..self.left.len()).filter(|at| here(&self.left[*at])).collect()
    }

    /// The screen knows those that can be gone on with here.
    pub(super) fn name_left(&mut self) {
        let named = |at: usize| (self.left[at].kept.title.as_str().into(), self.left[at].kept.time);
        self.state.left = self.left_here().into_iter().map(named).collect();
    }

    /// Opens one that was left behind, by its place in [`State::left`]: it is this program's now.
    pub(super) fn take_up(&mut self, at: usize) {
        let Some(at) = self.left_here().get(at).copied() else { return };
        let left = self.left.remove(at);
        let found = self.state.catalog.exact(&left.kept.group, &left.kept.version, &left.kept.plural).cloned();
        let Some(kind) = found else {
            self.state.error(format!("{}: the server has no {} of {} any more", left.kept.title, left.kept.plural, left.kept.version));
            self.left.insert(at, left);
            return;
        };
        let kept = &left.kept;
        let mut editor = if kept.uid.is_empty() {
            let mut editor = Editor::new_object(kind.clone(), &kept.text, &*kept.title);
            editor.buffer.unstored();
            editor
        } else {
            let uid = Uid::new(&kept.uid);
            let of = Reference { kind: kind.clone(), namespace: kept.namespace.as_str().into(), name: kept.name.as_str().into(), uid };
            let mut editor = Editor::of(of);
            let text = crate::kinds::draft::text(&kind, &kept.base);
            let base = Arc::new(kept.base.clone());
            let known = if kept.known.is_null() { base.clone() } else { Arc::new(kept.known.clone()) };
            editor.restored(base, known, &text, &kept.text);
            editor
        };
        editor.context = self.state.context.name.clone();
        editor.server = self.state.context.server.clone();
        let (id, turn, kept, drafts) = (editor.id, self.drafts.turn(), left.kept.clone(), self.drafts.clone());
        self.keeping.insert(id, Keeping { version: editor.buffer.version(), busy: false });
        self.state.push(View::Edit(Box::new(editor)));
        self.name_left();
        self.fetch_schema(id, kind);
        // First it is kept as this program's: at no moment it is nowhere.
        tokio::task::spawn_blocking(move || {
            if drafts.keep(id, turn, &kept).is_ok() {
                drafts.clear(&left);
            }
        });
    }
}
