//! What can be done to objects, the question that is asked first, and what came of it. Plain data: commands make an
//! [`Intent`], the gate (`cluster::write`) makes a [`Plan`] of it and carries it out, the view shows both.

use std::sync::Arc;

use super::apply::Manifests;
use super::copying::Copying;
use super::draft::Draft;
use super::edit::Pair;
use super::forward::Forwarding;
use super::policy::Demand;
use super::reference::Reference;
use super::session::{Choosing, Entering, Way};
use super::time::Seconds;

pub mod kubectl;

/// A change of a label, an annotation or a taint: what is to be there, or that it goes.
pub type Change = (Arc<str>, Option<Arc<str>>);

/// One thing to do to each of some objects.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// So many replicas; and how many the person counted from, where that was the screen.
    Scale(i32, Option<i32>),
    /// An autoscaler's minimum and maximum.
    Bounds(i32, i32),
    /// Every pod anew, by the workload's own strategy: `kubectl rollout restart`.
    Restart,
    /// Containers by name (`*` is all of them) and their new images.
    Image(Vec<(Arc<str>, Arc<str>)>),
    /// The rollout stops where it is.
    Pause,
    /// The rollout goes on.
    Resume,
    /// Back to a revision; to the one before the current where none is named.
    Undo(Option<i64>),
    /// Labels of the object itself.
    Label(Vec<Change>),
    /// Annotations of the object itself.
    Annotate(Vec<Change>),
    /// The object goes.
    Delete(Deletion),
    /// A finalizer is taken away: whoever set it does not clean up any more.
    Unfinalize(Arc<str>),
    /// The pod goes if its budgets allow it.
    Evict(Grace),
    /// Nothing new is scheduled onto the node.
    Cordon,
    /// It is again.
    Uncordon,
    /// Cordon, then evict what is on the node.
    Drain(Grace),
    /// Taints by `key:effect`, with their value; or that they go.
    Taint(Vec<Change>),
    /// A Job from a CronJob, now.
    Trigger,
    /// A CronJob makes no Jobs, or does again.
    Suspend(bool),
    /// A new Job like a finished one, which stays.
    Retry,
    /// A Service for what runs.
    Expose(Exposing),
    /// Files to or from a container.
    Copy(Copying),
    /// A port of this machine leads to one of its ports.
    Forward(Forwarding),
    /// The journal's entry of this number is taken back.
    TakeBack(u64),
    /// Into a container.
    Enter(Box<Entering>),
    /// The values of a Secret are shown in the text of this number.
    Reveal(u64),
    /// It becomes what somebody wrote.
    Edit(Draft),
    /// It is made as somebody wrote it.
    Create(Draft),
    /// All that is written in files.
    Apply(Manifests),
}

/// Seconds that containers have to end by themselves; `None` is what each pod says itself.
pub type Grace = Option<u32>;

/// What becomes of an object's dependents when it is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They go afterwards.
    #[default]
    Background,
    /// They go first.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

impl Propagation {
    /// As the API has it.
    pub fn name(self) -> &'static str {
        match self {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        }
    }
}

/// How to delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deletion {
    /// What becomes of dependents.
    pub propagation: Propagation,
    /// Time to end.
    pub grace: Grace,
    /// Out of the API at once, whatever still runs: `--grace-period=0 --force`.
    pub force: bool,
}

/// The Service to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposing {
    /// Its name; that of the object where none is given.
    pub name: Option<Arc<str>>,
    /// Its port; what the containers declare where none is given.
    pub port: Option<u16>,
    /// The pods' port, by number or name; the same as the port where none is given.
    pub target: Option<Arc<str>>,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`; `ClusterIP` where none is given.
    pub kind: Option<Arc<str>>,
}

impl Act {
    /// The command's name: what rails and the journal call it.
    pub fn verb(&self) -> &'static str {
        match self {
            Act::Scale(..) => "scale",
            Act::Bounds(..) => "bounds",
            Act::Restart => "restart",
            Act::Image(_) => "image",
            Act::Pause => "pause",
            Act::Resume => "resume",
            Act::Undo(_) => "rollout-undo",
            Act::Label(_) => "label",
            Act::Annotate(_) => "annotate",
            Act::Delete(_) => "delete",
            Act::Unfinalize(_) => "unfinalize",
            Act::Evict(_) => "evict",
            Act::Cordon => "cordon",
            Act::Uncordon => "uncordon",
            Act::Drain(_) => "drain",
            Act::Taint(_) => "taint",
            Act::Trigger => "trigger",
            Act::Suspend(_) => "suspend",
            Act::Retry => "retry-job",
            Act::Expose(_) => "expose",
            Act::Copy(_) => "copy",
            Act::Forward(_) => "port-forward",
            Act::TakeBack(_) => "undo",
            Act::Enter(entering) => entering.verb(),
            Act::Reveal(_) => "reveal",
            Act::Edit(_) => "edit",
            Act::Create(_) => "create",
            Act::Apply(_) => "apply",
        }
    }

    /// How a question begins: `Restart`.
    pub fn question(&self) -> String {
        match self {
            Act::Scale(to, _) => format!("Scale to {to}:"),
            Act::Bounds(min, max) => format!("Between {min} and {max} replicas:"),
            Act::Restart => "Restart".into(),
            Act::Image(_) => "Set the image of".into(),
            Act::Pause => "Pause the rollout of".into(),
            Act::Resume => "Resume the rollout of".into(),
            Act::Undo(None) => "Undo the last rollout of".into(),
            Act::Undo(Some(revision)) => format!("Back to revision {revision}:"),
            Act::Label(_) => "Label".into(),
            Act::Annotate(_) => "Annotate".into(),
            Act::Delete(Deletion { force: true, .. }) => "Force the deletion of".into(),
            Act::Delete(_) => "Delete".into(),
            Act::Unfinalize(_) => "Take a finalizer from".into(),
            Act::Evict(_) => "Evict".into(),
            Act::Cordon => "Cordon".into(),
            Act::Uncordon => "Uncordon".into(),
            Act::Drain(_) => "Drain".into(),
            Act::Taint(_) => "Taint".into(),
            Act::Trigger => "Make a Job of".into(),
            Act::Suspend(true) => "Suspend".into(),
            Act::Suspend(false) => "Unsuspend".into(),
            Act::Retry => "Make a new Job like".into(),
            Act::Expose(_) => "Make a Service for".into(),
            Act::Copy(copying) => if copying.into { "Copy into" } else { "Copy from" }.into(),
            Act::Forward(how) => format!("Forward port {} of", how.remote),
            Act::TakeBack(_) => "Take back what was done to".into(),
            Act::Enter(entering) => entering.question(),
            Act::Reveal(_) => "Show the values of".into(),
            Act::Edit(_) => "Save".into(),
            Act::Create(_) => "Make".into(),
            Act::Apply(manifests) => format!("Apply {}:", manifests.typed),
        }
    }

    /// What it demands by itself, before any rail.
    pub fn demand(&self) -> Demand {
        match self {
            // The pending target was the question.
            Act::Scale(..) => Demand::Free,
            // Both paths were typed; what would be replaced is asked for by the plan.
            Act::Copy(_) => Demand::Free,
            // Nothing changes in the cluster, and the port was chosen.
            Act::Forward(_) => Demand::Free,
            // Nothing changes, and whoever presses the key knows what a Secret is.
            Act::Reveal(_) => Demand::Free,
            Act::Unfinalize(_) => Demand::Name,
            // A debug container stays in its pod for as long as that is there; the rest changes nothing by itself.
            Act::Enter(entering) if !matches!(entering.way, Way::Debug(_)) => Demand::Free,
            _ => Demand::Confirm,
        }
    }
}

/// What a command wants done.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// What.
    pub act: Act,
    /// To which objects, as the person saw them.
    pub targets: Vec<Reference>,
}

/// How a note of a plan is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Good to know.
    Plain,
    /// It may not be what one wants: other objects that go too, somebody who will revert it.
    Warning,
}

/// A line of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// One sentence, of the program's or the server's own words.
    pub text: String,
    /// How it is meant.
    pub weight: Weight,
}

impl Note {
    /// Good to know.
    pub fn plain(text: impl Into<String>) -> Note {
        Note { text: text.into(), weight: Weight::Plain }
    }

    /// A warning.
    pub fn warning(text: impl Into<String>) -> Note {
        Note { text: text.into(), weight: Weight::Warning }
    }
}

/// What will happen to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Which one.
    pub object: Reference,
    /// What changes, from what the server has now: `replicas 3 → 5`. Or why nothing is done to it.
    pub change: Result<String, String>,
    /// What else follows from it.
    pub notes: Vec<Note>,
    /// What the server would store against what it has, line by line, secrets covered; empty where that is not worth it.
    pub diff: Arc<[Pair]>,
}

/// The question: what will happen to how many. Made from objects that were read just now.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What.
    pub act: Act,
    /// `Delete 3 pods of shop?`
    pub title: String,
    /// To which.
    pub targets: Vec<Target>,
    /// What is true of all of it.
    pub notes: Vec<Note>,
    /// What has to be done before it is sent.
    pub demand: Demand,
    /// What has to be typed, where a name is demanded.
    pub typed: String,
    /// Why that is demanded: where a rail was written.
    pub why: String,
    /// The same as a kubectl command, one a line.
    pub kubectl: Vec<String>,
    /// What would be better done: words, and the command line to finish.
    pub instead: Option<(String, String)>,
}

impl Plan {
    /// Objects that something will be done to.
    pub fn count(&self) -> usize {
        self.targets.iter().filter(|target| target.change.is_ok()).count()
    }
}

/// Where one object of a running act stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not begun.
    Waiting,
    /// On the way, with what it waits for: `3 of 5 updated`, `blocked 2m by payments-pdb: 0 allowed, 2/2 needed`.
    Doing(Vec<String>),
    /// Done: `3 → 5`.
    Done(String),
    /// Not done, with the server's own reason.
    Failed(String),
    /// Not begun, because it was cancelled.
    Left,
}

/// Why nothing can be asked, and what could be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Why, in as many lines as there are reasons.
    pub why: String,
    /// What could be done: words, and the command line to finish.
    pub instead: Option<(String, String)>,
}

impl From<String> for Obstacle {
    fn from(why: String) -> Obstacle {
        Obstacle { why, instead: None }
    }
}

/// What the gate's task of one act says.
#[derive(Clone, Debug)]
pub enum Said {
    /// The question; the task waits for the answer.
    Plan(Box<Plan>),
    /// Nothing can be asked: why.
    Refused(Obstacle),
    /// Something has to be chosen first; nothing more of this act follows, unless it was confirmed already.
    Choose(Box<Choosing>),
    /// Where the object of this place in the plan stands.
    Step(usize, Step),
    /// All that was to be done was tried.
    Ended,
}

/// A written act, as the journal has it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// Counts up from 1 in one run.
    pub number: u64,
    /// When, in seconds since 1970.
    pub time: Seconds,
    /// In which context.
    pub context: String,
    /// As which user of the kubeconfig.
    pub user: String,
    /// On which server.
    #[serde(default)]
    pub server: String,
    /// The command's name.
    pub verb: String,
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `deployments`: the name in paths.
    pub resource: String,
    /// Empty for cluster scope.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The object's UID, empty where it was made by this.
    pub uid: String,
    /// `PATCH`, `POST`, `DELETE`.
    pub method: String,
    /// The path it went to.
    pub path: String,
    /// What was sent, without values of Secrets.
    pub sent: serde_json::Value,
    /// What was there before of what was changed; of what was deleted, all of it.
    pub before: serde_json::Value,
    /// What is there now of it.
    pub after: serde_json::Value,
    /// What came of it; the server's reason where it failed.
    pub outcome: Result<String, String>,
}
