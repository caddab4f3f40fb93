//! A text that somebody writes and that is to become an object: what the editor gives to the gate, and what it hears of it.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::edit::{Answer, Conflict, Place};
use super::reference::Reference;

/// A text that is to be stored: of an object that is there, or of one that is to be made. What it is about is the target of
/// its [`Intent`](super::act::Intent).
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// The editor that it is of; it hears of it ([`Heard`]).
    pub editor: u64,
    /// The text, as it was typed.
    pub text: Arc<str>,
    /// The object as it was read when the text was begun; `null` where it is to be made.
    pub base: Arc<Value>,
    /// Which side each conflict goes to, in their order; with the object that they were about, as others have made it.
    pub answers: Option<(Arc<[Answer]>, Arc<Value>)>,
}

/// It may hold values of a Secret: what is logged of it is how long it is.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft of {} bytes in editor {}", self.text.len(), self.editor)
    }
}

/// Something that is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Where in its text; `None` where nobody says.
    pub at: Option<Place>,
    /// One clause, ours or the server's.
    pub message: String,
}

/// What comes of a draft.
#[derive(Clone, PartialEq)]
pub enum Heard {
    /// It cannot be stored as it is.
    Wrong(Vec<Blame>),
    /// Others have changed the same fields since it was begun: one answer each is wanted before it is saved again.
    Clash {
        /// The draft, to be given to the gate again with the answers.
        draft: Draft,
        /// What it is of.
        of: Reference,
        /// Where, in the order of the answers.
        conflicts: Vec<Conflict>,
        /// The object as they have made it.
        theirs: Arc<Value>,
    },
    /// It is stored: the object as it is now.
    Saved(Arc<Value>),
}

/// As [`Draft`].
impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Heard::Wrong(blames) => f.debug_tuple("Wrong").field(blames).finish(),
            Heard::Clash { conflicts, of, .. } => write!(f, "Clash of {} fields of {}", conflicts.len(), of.title()),
            Heard::Saved(_) => write!(f, "Saved"),
        }
    }
}
