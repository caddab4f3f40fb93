//! The gate: the only module that sends what is not a read. Everything that changes a cluster passes it.
//!
//! A command's [`Intent`](crate::model::act::Intent) becomes a task ([`begin`]). It reads each object anew ([`plan`]), says
//! what will happen to how many, and waits for the answer; then it carries it out ([`run`]), one request an object with
//! preconditions ([`fields`]), and keeps a [`journal`]. What was prepared never leaves the task: what is sent is what was
//! asked. Read-only mode and guard rails ([`Policy`]) are asked when planning, and once more by the one function that
//! sends ([`send`]).

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use self::enter::Resolved;
use self::journal::Journal;
use super::link::LinkHandle;
use crate::event::Event;
use crate::kinds::catalog::Catalog;
use crate::model::act::{Act, Entry, Intent, Said};
use crate::model::policy::Policy;
use crate::model::reference::Reference;

pub mod access;
mod acts;
mod alive;
mod apply;
mod channel;
mod command;
mod copy;
mod edit;
mod effects;
mod enter;
mod fields;
mod forward;
pub mod journal;
mod managed;
mod plan;
mod read;
mod reveal;
mod run;
mod send;

pub use apply::{Piped, compare};

/// An act does not wait longer than this for the journal's disk.
const DISK: Duration = Duration::from_secs(2);

/// What every act of one context goes through.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The connection.
    pub link: LinkHandle,
    /// What the context allows.
    pub policy: Policy,
    /// The context's name.
    pub context: Arc<str>,
    /// The user's name in the kubeconfig.
    pub user: Arc<str>,
    /// The server's URL: a context's name may be another cluster's tomorrow.
    pub server: Arc<str>,
    /// The kinds that there are.
    pub catalog: Arc<Catalog>,
    /// What was written, newest last, as far as it can be taken back.
    pub journal: Arc<[Entry]>,
    /// Where what is written is kept.
    pub disk: Journal,
    /// What was piped into the program at its start.
    pub piped: Piped,
    /// The program ends, and waits for no answer any more.
    pub leaving: watch::Receiver<bool>,
    /// Where to say what happens.
    pub out: mpsc::Sender<Event>,
}

impl Gate {
    /// Keeps what was written: on disk first, whoever may be there to hear of it.
    async fn note(&self, entry: Entry) {
        // What `:journal` shows in this run holds no more than what another run finds.
        let mut entry = journal::redact(&entry);
        entry.outcome = journal::bounded(entry.outcome);
        entry.number = self.disk.number();
        let (disk, kept) = (self.disk.clone(), entry.clone());
        let writing = tokio::task::spawn_blocking(move || disk.write(&kept));
        match tokio::time::timeout(DISK, writing).await {
            Ok(Ok(Err(why))) => drop(self.out.send(Event::Note(why.into())).await),
            Ok(_) => {}
            // It goes on, and so does what is journalled.
            Err(_) => tracing::warn!("the journal's disk is slow"),
        }
        let _ = self.out.send(Event::Wrote(Box::new(entry))).await;
    }

    /// What the journal has of a verb on an object that was begun with this GET; what is otherwise is put in by the caller. Its
    /// number comes when it is kept.
    fn entry(&self, verb: &str, object: &Reference, path: String, sent: Value, outcome: Result<String, String>) -> Entry {
        let Reference { kind, namespace, name, uid } = object;
        Entry {
            number: 0,
            time: self.link.now(),
            context: self.context.to_string(),
            user: self.user.to_string(),
            server: self.server.to_string(),
            verb: verb.to_owned(),
            api_version: kind.api_version(),
            kind: kind.kind.to_string(),
            resource: kind.plural.to_string(),
            namespace: namespace.to_string(),
            name: name.to_string(),
            uid: uid.to_string(),
            method: "GET".to_owned(),
            path,
            sent,
            before: Value::Null,
            after: Value::Null,
            outcome,
        }
    }

    /// Ends when the program does.
    async fn left(&self) {
        let mut leaving = self.leaving.clone();
        if leaving.wait_for(|leaving| *leaving).await.is_err() {
            // Nobody will say it any more.
            std::future::pending::<()>().await;
        }
    }
}

/// Where an act stands with the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Not answered yet.
    Open,
    /// Do it.
    Yes,
    /// Begin nothing more.
    Stop,
}

/// An act as the loop holds it. Dropped before it was confirmed, it ends; after that it goes on to its end.
#[derive(Debug)]
pub struct Handle {
    answer: watch::Sender<Answer>,
    task: AbortHandle,
}

impl Handle {
    /// The person said yes.
    pub fn confirm(&self) {
        self.answer.send_if_modified(|answer| {
            let open = *answer == Answer::Open;
            if open {
                *answer = Answer::Yes;
            }
            open
        });
    }

    /// Nothing more is begun; what is on the way is not taken back.
    pub fn stop(&self) {
        self.answer.send_replace(Answer::Stop);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if *self.answer.borrow() == Answer::Open {
            self.task.abort();
        }
    }
}

/// Begins an act: what it says comes as [`Event::Act`] with this number.
pub fn begin(gate: Gate, number: u64, intent: Intent) -> Handle {
    let (answer, answered) = watch::channel(Answer::Open);
    let task = tokio::spawn(async move {
        let saying = Saying { number, out: gate.out.clone() };
        if let Act::Apply(manifests) = &intent.act {
            return apply::apply(&gate, &saying, manifests, answered).await;
        }
        let intent = match &intent.act {
            Act::Enter(entering) => match enter::resolve(&gate, &intent, entering).await {
                Ok(Resolved::Whole(intent)) => intent,
                Ok(Resolved::Open(choosing)) => return saying.say(Said::Choose(Box::new(choosing))).await,
                Err(why) => return saying.say(Said::Refused(why.into())).await,
            },
            Act::Create(draft) => match edit::resolve(&gate, &intent, draft).await {
                Ok(intent) => intent,
                Err(why) => return saying.say(Said::Refused(why.into())).await,
            },
            _ => intent,
        };
        match plan::prepare(&gate, &intent).await {
            Ok((plan, prepared)) => {
                saying.say(Said::Plan(Box::new(plan))).await;
                run::carry_out(&gate, &saying, prepared, answered).await;
            }
            Err(why) => saying.say(Said::Refused(why.into())).await,
        }
    });
    Handle { answer, task: task.abort_handle() }
}

/// Where an act's words go.
struct Saying {
    number: u64,
    out: mpsc::Sender<Event>,
}

impl Saying {
    async fn say(&self, said: Said) {
        // Without a loop there is nobody to say it to.
        let _ = self.out.send(Event::Act(self.number, said)).await;
    }
}
