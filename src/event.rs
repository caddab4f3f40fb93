//! What reaches the loop from the tasks, on one bounded channel.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::kinds::catalog::Catalog;
use crate::kinds::explain::Schema;
use crate::kinds::named::Named;
use crate::kinds::revisions::Revisions;
use crate::kinds::schema::{Mark, Spotted, Type};
use crate::kinds::shown::Looks;
use crate::kinds::taken::{Merge, Moved};
use crate::model::act::{Entry, Said};
use crate::model::apply::Comparison;
use crate::model::draft;
use crate::model::edit;
use crate::model::folder;
use crate::model::forward;
use crate::model::kind::Kind;
use crate::model::log;
use crate::model::metrics::Usage;
use crate::model::rights;
use crate::model::row::{Column, Owner, Uid};
use crate::model::scope::Scope;
use crate::model::state::{Context, Link, Truth};
use crate::model::store::Delta;
use crate::model::time::Seconds;

/// Names one watch for as long as the program runs; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WatchId(pub u64);

/// Everything that happens outside the loop, keys apart.
#[derive(Debug)]
pub enum Event {
    /// A watch has something to say.
    Watch(WatchId, Box<Update>),
    /// The connection changed.
    Link(Link),
    /// The kubeconfig was read again, because it changed on disk: its contexts.
    Contexts(Vec<Context>),
    /// The context leads to another server or user than before: everything has to be read anew.
    Moved,
    /// What the description, or the YAML, of this number says now.
    Described(u64, Described),
    /// The whole object of this UID was seen to change at this time: lines of its YAML, secrets covered.
    Changed(Uid, Seconds, Vec<edit::Row>),
    /// A text for a new object is there, or why there is none.
    Composed(Result<Box<Composed>, Arc<str>>),
    /// What is in a folder of this machine that was typed so.
    Listed(Arc<str>, Vec<folder::Entry>),
    /// What came of an export: the words.
    Exported(Result<String, String>),
    /// The values of the Secret in the text of this number may be shown.
    Revealed(u64),
    /// The schema for the text of this number, or why there is none.
    Explained(u64, Result<Box<Schema>, Arc<str>>),
    /// What would come of applying, for the text of this number, or why nobody knows.
    Compared(u64, Result<Box<Comparison>, Arc<str>>),
    /// Something that a person should know, and that is no error of a watch.
    Note(Arc<str>),
    /// Which namespaces of this scope are not there.
    Absent(Scope, Vec<Arc<str>>),
    /// What the server serves.
    Discovered(Result<Box<Catalog>, Arc<str>>),
    /// What is in use: of nodes or of pods; of one namespace or of all.
    Measured(Measurement),
    /// What the act of this number says.
    Act(u64, Said),
    /// The act of this number has opened a session, which is to have the terminal. Whoever drops the wires leaves it.
    Session(u64, Box<Wires>),
    /// What the port-forward that the act of this number opened says.
    Forward(u64, forward::Told),
    /// What comes of the draft of this editor.
    Drafted(u64, draft::Heard),
    /// What a task has found for the editor of this number.
    Editor(u64, Found),
    /// The text of this editor is on disk, or why it is not.
    Kept(u64, Result<(), String>),
    /// Texts that earlier runs left behind.
    Left(Vec<draft::Left>),
    /// Something was written, or refused by the server.
    Wrote(Box<Entry>),
    /// What the log of this number has to say.
    Log(u64, Box<log::Update>),
    /// Who owns an owner; `None` when nobody does, or it cannot be read.
    Owner(Arc<Owner>, Option<Owner>),
    /// What this user may do, of what was asked.
    Rights(rights::Ask, rights::Said),
}

/// A session in a container, to whoever has the terminal.
#[derive(Debug)]
pub struct Wires {
    /// What it is, and where: `a shell in shop/web-1, container app`.
    pub title: String,
    /// There is a terminal on the other side: without one, its lines end as those of files do.
    pub tty: bool,
    /// It ran before: what it has shown so far is not seen.
    pub attached: bool,
    /// What is typed ends for it when it is left (`stdinOnce`).
    pub once: bool,
    /// Whether what is typed gets there.
    pub input: Input,
    /// When it has ended by itself, what it said last is there to be read until a key is pressed.
    pub waits: bool,
    /// What it says, and what there is to be said of it; it is over when nothing comes any more.
    pub said: mpsc::Receiver<Spoken>,
    /// What is typed into it.
    pub typed: mpsc::Sender<Typed>,
}

/// Whether what is typed gets into a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// It does.
    On,
    /// It does once that is switched on ([`Typed::Input`]).
    Off,
    /// The container takes none.
    None,
}

/// What comes out of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// Bytes for the terminal, as they are.
    Bytes(Bytes),
    /// What is typed gets there from now on, or why not.
    Input(Result<(), String>),
    /// It is over: how.
    Ended {
        /// `exit code 0`.
        words: String,
        /// By itself, or because it was left; else it was cut off.
        good: bool,
    },
}

/// What goes into a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// What was typed.
    Bytes(Bytes),
    /// Columns and rows of the terminal.
    Size(u16, u16),
    /// What is typed is to get there from now on.
    Input,
}

/// What came of asking for use.
#[derive(Debug)]
pub enum Measured {
    /// Namespace, name and usage of each.
    Entries(Vec<(String, String, Usage)>),
    /// This cluster measures nothing, and why.
    Absent(Arc<str>),
    /// The question failed, and says nothing of metrics.
    Unknown,
}

/// One answer of metrics.k8s.io.
#[derive(Debug)]
pub struct Measurement {
    /// Of nodes; else of pods.
    pub nodes: bool,
    /// Of one namespace only.
    pub namespace: Option<String>,
    /// What was read.
    pub found: Measured,
}

/// What is known of an object that is described.
#[derive(Clone, Debug, PartialEq)]
pub enum Described {
    /// The text, as it is now.
    Text(String),
    /// Its YAML, as it is now.
    Yaml(Page),
    /// Its revisions, as they are now.
    Revisions(Arc<Revisions>),
    /// What it has become since an editor took it.
    Moved(Moved),
    /// The object is gone; another one of its name is another object.
    Gone,
    /// It cannot be read; what was shown before is old.
    Failed(Arc<str>),
}

/// A text that a new object is begun with. It may hold values of a Secret: what is logged of it is how long it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Composed {
    /// The kind of the object.
    pub kind: Arc<Kind>,
    /// What it is, for the person: `new deployment`.
    pub title: String,
    /// The text.
    pub text: String,
}

impl std::fmt::Debug for Composed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} bytes", self.title, self.text.len())
    }
}

/// The YAML of an object. It may hold values of a Secret: what is logged of it is how long it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// The text.
    pub text: String,
    /// How it was looked at.
    pub looks: Looks,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Page of {} bytes, {:?}", self.text.len(), self.looks)
    }
}

/// What a task has found for an editor. It may hold values of a Secret: what is logged of it is what it is.
pub enum Found {
    /// The object and its text, or why it cannot be read.
    Object(Result<(Arc<Value>, String), Arc<str>>),
    /// The schema of its kind, or why there is none.
    Schema(Result<Type, Arc<str>>),
    /// What is wrong in a version of the text.
    Marks(u64, Vec<Mark>),
    /// What is known of a place in a version of the text (row from 0, byte), and which names would be worth knowing there.
    Spot((u64, usize, usize), Box<Spotted>, Option<Named>),
    /// Names that exist in the cluster; none where they may not be seen.
    Names(Named, Vec<String>),
    /// What others changed, put into a version of the text that was held against a base and a known object; or why it cannot be.
    Taken(u64, [Arc<Value>; 2], Result<Merge, String>),
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Found::Object(_) => "Object",
            Found::Schema(_) => "Schema",
            Found::Marks(..) => "Marks",
            Found::Spot(..) => "Spot",
            Found::Names(..) => "Names",
            Found::Taken(..) => "Taken",
        })
    }
}

/// What a watch has to say, all of it to be applied at once.
#[derive(Debug, Default)]
pub struct Update {
    /// A watch over several namespaces can have a part for each; truth is told per part.
    pub part: u16,
    /// From now on this part is looked at in these parts instead: it has no truth of its own any more, and each of them has.
    pub split: Vec<u16>,
    /// The table's columns, where the server prints them.
    pub columns: Option<Arc<[Column]>>,
    /// Changes, the newest of each UID.
    pub deltas: Vec<Delta>,
    /// How true the rows are from now on.
    pub truth: Option<Truth>,
    /// A remark on the scope: "only namespace team-1: …". Stays until replaced; an empty one takes it back.
    pub note: Option<Arc<str>>,
}
