//! What a command wants done outside the screen. Commands make effects, the loop carries them out: a command never waits.

use std::path::PathBuf;
use std::sync::Arc;

use crate::kinds::shown::Looks;
use crate::model::act::Intent;
use crate::model::apply::Manifests;
use crate::model::kind::Kind;
use crate::model::log::{Ask, Wanted};
use crate::model::reference::Reference;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Stop, as ctrl-z stops any program.
    Suspend,
    /// Draw everything anew, whatever the terminal shows.
    Redraw,
    /// Hand the terminal to the login plugin of the context.
    Login,
    /// Try the connection now.
    Retry,
    /// Show another context's cluster.
    Connect(Arc<str>),
    /// Open this view as soon as the server has said what it serves: a kind, namespaces, a filter.
    Open(String),
    /// Fill the text view of this number with what `kubectl describe` says of an object, for as long as it is open.
    Describe(u64, Reference),
    /// Fill the text view of this number with an object's YAML, for as long as it is open.
    Yaml(u64, Reference, Looks),
    /// Look at that YAML otherwise.
    Look(u64, Looks),
    /// Fill the text view of this number with the schema of a kind, at a path of fields.
    Explain(u64, Arc<Kind>, Vec<Box<str>>),
    /// Fill the text view of this number with the revisions of a workload, for as long as it is open.
    Revisions(u64, Reference),
    /// Read what a new object is begun with, or is written to a file.
    Make(Making),
    /// The same, once the gate has let the values of so many Secrets be shown under this number.
    MakeShown(u64, usize, Making),
    /// Fill the editor of this number with an object, decoded where it is a Secret, and with the schema of its kind.
    Edit(u64, Reference),
    /// Fill the editor of this number with the schema of its kind.
    Schema(u64, Arc<Kind>),
    /// Open an editor with the text of an object that is to be made, beside the schema of its kind.
    Compose {
        /// Its kind.
        kind: Arc<Kind>,
        /// What stands in the top line.
        title: String,
        /// The text to begin with.
        text: String,
    },
    /// Have the text of this editor edited by the program of `$EDITOR`.
    Outside(u64),
    /// Open the text of this place among those that earlier runs left behind.
    TakeUp(usize),
    /// Put what others have changed into the text of this editor.
    TakeIn(u64),
    /// Fill the text view of this number with what would come of applying these.
    Compare(u64, Manifests),
    /// Read the log of this number, for as long as it is open.
    Logs(u64, Box<Wanted>),
    /// Ask something of whoever keeps that log.
    Log(u64, Ask),
    /// Take the mouse, or give it back to the terminal.
    Mouse(bool),
    /// Put a text into the clipboard.
    Copy {
        /// What it is, for the person.
        said: String,
        /// The text, verbatim.
        text: String,
    },
    /// Ask what an act would do: the question of this number.
    Ask(u64, Intent),
    /// The person said yes to it.
    Confirm(u64),
    /// It is not wanted, or nothing more of it is to be begun.
    Stop(u64),
    /// End the port-forward of this number.
    Unforward(u64),
}

/// What is read of the cluster so that something can be made of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Making {
    /// A text for a new object, from the schema of its kind.
    New {
        /// Its kind.
        kind: Arc<Kind>,
        /// Its name.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// A text for a new object like one that is there.
    Copy {
        /// That one.
        of: Reference,
        /// The name of the new one.
        name: String,
    },
    /// A file with objects as they can be made again.
    File {
        /// Which objects.
        objects: Vec<Reference>,
        /// A file that is not there yet.
        path: PathBuf,
    },
}
