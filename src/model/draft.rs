//! A text that somebody writes and that is to become an object: what the editor gives to the gate, and what it hears of it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::edit::{Answer, Conflict, Place};
use super::reference::Reference;
use super::time::Seconds;

/// A text that is to be stored: of an object that is there, or of one that is to be made. What it is about is the target of
/// its [`Intent`](super::act::Intent).
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// The editor that it is of; it hears of it ([`Heard`]).
    pub editor: u64,
    /// The text, as it was typed.
    pub text: Arc<str>,
    /// What the text is held against: the object as it was read when the text was begun, or as it was saved or taken in last;
    /// `null` where it is to be made.
    pub base: Arc<Value>,
    /// The object as the server last gave it to the editor: what differs from that was done by others since.
    pub seen: Arc<Value>,
    /// Which side each conflict goes to, in their order; with the object that they were about, as others have made it.
    pub answers: Option<(Arc<[Answer]>, Arc<Value>)>,
}

/// It may hold values of a Secret: what is logged of it is how long it is.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft of {} bytes in editor {}", self.text.len(), self.editor)
    }
}

/// A text may be that of a Secret: the word stands in it. What is taken for one that is none is only not kept.
pub fn names_secret(text: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices("Secret").any(|(at, found)| {
        let rest = &text[at + found.len()..];
        let rest = rest.strip_prefix("List").unwrap_or(rest);
        !word(text[..at].chars().next_back()) && !word(rest.chars().next())
    })
}

/// Something that is wrong with a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Where in its text; `None` where nobody says.
    pub at: Option<Place>,
    /// One clause.
    pub message: String,
    /// The server says so; else the program does, before it asks.
    pub server: bool,
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
    /// It is stored.
    Saved {
        /// The text that is.
        text: Arc<str>,
        /// The same as an object, as it was written: what the next change is held against.
        written: Arc<Value>,
        /// Which object it is: where it was made, that was not known before.
        of: Reference,
        /// As it is now, but for what others did since the text heard of them: that is not in the text.
        known: Arc<Value>,
    },
}

/// As [`Draft`].
impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Heard::Wrong(blames) => f.debug_tuple("Wrong").field(blames).finish(),
            Heard::Clash { conflicts, of, .. } => write!(f, "Clash of {} fields of {}", conflicts.len(), of.title()),
            Heard::Saved { text, of, .. } => write!(f, "Saved {} bytes of {}", text.len(), of.title()),
        }
    }
}

/// A text, and what it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The context that it was written in.
    pub context: String,
    /// On which server: a context's name may be another cluster's tomorrow.
    pub server: String,
    /// When it was last changed, in seconds since 1970.
    pub time: Seconds,
    /// API group, empty for the core one.
    pub group: String,
    /// `v1`.
    pub version: String,
    /// `deployments`.
    pub plural: String,
    /// Empty for cluster scope.
    pub namespace: String,
    /// The object's name; empty where it is to be made.
    pub name: String,
    /// The object's UID; empty where it is to be made.
    pub uid: String,
    /// What the editor calls it.
    pub title: String,
    /// What the text is held against: the object as it was read when the text was begun, or as it was saved or taken in last;
    /// `null` where it is to be made.
    pub base: Value,
    /// The object as the server had given it then; `null` where that is the same.
    #[serde(default)]
    pub known: Value,
    /// The text.
    pub text: String,
}

/// A text that an earlier run left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kept: Kept,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_word() {
        for text in ["kind: Secret\n", "a\nkind:   \"Secret\"", "{\"kind\":\"Secret\"}", "kind: SecretList", "kind:\n  Secret"] {
            assert!(names_secret(text), "{text}");
        }
        for text in ["kind: ConfigMap", "secretName: a", "kind: SecretProviderClass", "kind: SealedSecret", "MySecret: 1"] {
            assert!(!names_secret(text), "{text}");
        }
    }
}
