//! Applies what was planned, in order: what others need first. What fails costs nothing but what needs it.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;
use serde_json::Value;
use tokio::sync::watch;

use super::migrate;
use super::order;
use super::plan::Ready;
use super::resolve::Item;
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::request;
use crate::cluster::write::plan::PATIENCE;
use crate::cluster::write::run::{connected, stopped};
use crate::cluster::write::send::{MANAGER, Write};
use crate::cluster::write::{Answer, Gate, Saying, fields, read};
use crate::kinds::describe::json::Json;
use crate::model::act::{Said, Step};
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// So many objects of one rank at once.
const AT_ONCE: usize = 5;
/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(300);
/// A definition has so long to be established and served, as helm waits for it.
const ESTABLISHED: Duration = Duration::from_secs(60);
/// A new namespace has so long to get the account that pods are made with.
const ACCOUNT: Duration = Duration::from_secs(15);
/// So often a migration is tried that others get ahead of. (kubectl's `maxPatchRetry`)
const TRIES: usize = 5;

/// Applies them. `ready` has the places of `items`.
pub(super) async fn carry_out(gate: &Gate, saying: &Saying, items: &[Item], ready: Vec<Option<Ready>>, answer: watch::Receiver<Answer>) {
    let mut failed = vec![false; items.len()];
    let mut waiting: Vec<(usize, Ready)> = ready.into_iter().enumerate().filter_map(|(at, ready)| Some((at, ready?))).collect();
    while let Some((first, _)) = waiting.first() {
        let rank = order::rank(&items[*first].object.kind.kind);
        let many = waiting.iter().take_while(|(at, _)| order::rank(&items[*at].object.kind.kind) == rank).count();
        let rest = waiting.split_off(many);
        let broken = &failed;
        let all: Vec<_> = waiting
            .into_iter()
            .map(|(at, ready)| {
                let answer = answer.clone();
                async move {
                    let lost = items[at].needs.iter().find(|need| broken[**need]);
                    let step = match lost {
                        _ if *answer.borrow() != Answer::Yes => Step::Left,
                        Some(lost) => Step::Failed(format!("not begun: {} is not there", items[*lost].object.title())),
                        None => one(gate, saying, at, items, ready, answer).await,
                    };
                    let done = matches!(step, Step::Done(_));
                    saying.say(Said::Step(at, step)).await;
                    (at, done)
                }
            })
            .collect();
        let done: Vec<(usize, bool)> = stream::iter(all).buffer_unordered(AT_ONCE).collect().await;
        for (at, done) in done {
            failed[at] = !done;
        }
        waiting = rest;
    }
}

async fn one(gate: &Gate, saying: &Saying, at: usize, items: &[Item], ready: Ready, mut answer: watch::Receiver<Answer>) -> Step {
    saying.say(Said::Step(at, Step::Doing(Vec::new()))).await;
    let session = match connected(gate, &mut answer).await {
        Ok(session) => session,
        Err(step) => return step,
    };
    let Ready { mut write, migrates } = ready;
    let new = write.seen.is_null();
    if new && let Some(found) = came(&session, &items[at]).await {
        if items[at].needs.is_empty() {
            return Step::Failed("somebody has made it meanwhile: apply it again to see what would change".to_owned());
        }
        // In a namespace that is new a controller makes what belongs into every one: the default service account.
        write.object.uid = Uid::new(found.text("metadata.uid"));
        write.seen = found;
        write.done = "made with its namespace, and applied".to_owned();
    }
    if !new
        && !write.seen.is_null()
        && let Err(why) = still(&session, &mut write).await
    {
        return Step::Failed(why);
    }
    if migrates && let Err(why) = migrated(gate, &session, &items[at], &write.seen).await {
        return Step::Failed(format!("its owners stay as they are, and so does it: {why}"));
    }
    if let Err(failure) = gate.send(&session, &write).await {
        let moved = if migrates { format!("; what kubectl apply owned of it is {}'s already", MANAGER) } else { String::new() };
        return Step::Failed(format!("{}{moved}", failure.words()));
    }
    let done = write.done;
    let waits = match Wait::of(at, items, new) {
        Some(wait) => waited(gate, saying, at, &wait, &mut answer).await,
        None => Ok(()),
    };
    match waits {
        Ok(()) => Step::Done(done),
        Err(why) => Step::Failed(format!("{done}, but {why}")),
    }
}

/// What others have changed since it was planned was seen by nobody, and is not to be undone as ours: it has to be as it was,
/// but for what changes by itself.
async fn still(session: &Session, write: &mut Write) -> Result<(), String> {
    let now = read::object(session, &write.object).await?;
    if now["metadata"]["resourceVersion"] != write.seen["metadata"]["resourceVersion"] {
        let (before, _) = fields::apart(&write.seen, &now);
        if before.as_object().is_some_and(|fields| !fields.is_empty()) {
            return Err("others have changed it meanwhile: apply it again to see what would change".to_owned());
        }
        write.seen = now;
    }
    Ok(())
}

/// It was to be made, and somebody else has made it since.
async fn came(session: &Session, item: &Item) -> Option<Value> {
    let path = request::object(&item.object.kind, &item.object.namespace, &item.object.name);
    request::get_json::<Value>(session, &path).await.ok()
}

/// Moves what client-side `kubectl apply` owns to this program.
async fn migrated(gate: &Gate, session: &Session, item: &Item, seen: &Value) -> Result<(), String> {
    let mut object = item.object.clone();
    object.uid = Uid::new(seen.text("metadata.uid"));
    for _ in 0..TRIES {
        let live = read::object(session, &object).await?;
        if migrate::clients(&live).is_empty() {
            return Ok(());
        }
        match gate.send(session, &migrate::patch(&object, &live)).await {
            Ok(_) => return Ok(()),
            Err(failure) => {
                let now = read::object(session, &object).await?;
                if now.text("metadata.resourceVersion") == live.text("metadata.resourceVersion") {
                    return Err(failure.words().to_owned());
                }
            }
        }
    }
    Err(format!("it was changed by others {TRIES} times meanwhile"))
}

/// What is waited for before what needs it is begun.
enum Wait {
    /// Until the objects of a definition can be made: its path, and those of its objects.
    Definition(String, Vec<String>),
    /// Until bare pods can be made in a new namespace: the path of the account that they get.
    Account(String),
}

impl Wait {
    fn of(at: usize, items: &[Item], new: bool) -> Option<Wait> {
        let Reference { kind, name, .. } = &items[at].object;
        match (&*kind.kind, kind.group.is_empty()) {
            ("CustomResourceDefinition", false) => {
                let mut objects: Vec<String> = Vec::new();
                for kind in items.iter().map(|item| &item.object.kind).filter(|kind| kind.full_name() == **name) {
                    let path = format!("{}?limit=1", kind.path(None));
                    if !objects.contains(&path) {
                        objects.push(path);
                    }
                }
                Some(Wait::Definition(request::object(kind, "", name), objects))
            }
            ("Namespace", true) if new && items.iter().any(|item| &*item.object.kind.kind == "Pod" && item.object.namespace == *name) => {
                Some(Wait::Account(format!("/api/v1/namespaces/{}/serviceaccounts/default", request::segment(name))))
            }
            _ => None,
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Wait::Definition(..) => "until it is established",
            Wait::Account(_) => "for its default service account",
        }
    }

    /// Whether it is over.
    ///
    /// # Errors
    /// It never will be.
    async fn over(&self, session: &Session) -> Result<bool, String> {
        let (path, objects) = match self {
            Wait::Definition(path, objects) => (path, objects),
            Wait::Account(path) => return Ok(!missing(session, path).await),
        };
        let definition = match request::get_json::<Value>(session, path).await {
            Ok(definition) => definition,
            Err(ClusterError::NotFound(_)) => return Err("it is gone".to_owned()),
            Err(_) => return Ok(false),
        };
        let conditions = definition.list("status.conditions");
        if let Some(why) = conditions.iter().find(|one| one.text("type") == "NamesAccepted" && one.text("status") == "False") {
            return Err(format!("its names are not accepted: {}", why.text("message")));
        }
        if !conditions.iter().any(|one| one.text("type") == "Established" && one.text("status") == "True") {
            return Ok(false);
        }
        // The server that is asked may not have heard of it yet.
        for path in objects {
            if missing(session, path).await {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

async fn missing(session: &Session, path: &str) -> bool {
    matches!(request::get_json::<Value>(session, path).await, Err(ClusterError::NotFound(_)))
}

async fn waited(gate: &Gate, saying: &Saying, at: usize, wait: &Wait, answer: &mut watch::Receiver<Answer>) -> Result<(), String> {
    let began = Instant::now();
    let within = if let Wait::Account(_) = wait { ACCOUNT } else { ESTABLISHED };
    let mut said = false;
    while began.elapsed() < within {
        let mut link = gate.link.clone();
        let session = tokio::select! {
            session = tokio::time::timeout(PATIENCE, link.session()) => session.ok(),
            () = stopped(answer) => return Err("it was not waited for".to_owned()),
        };
        if let Some(session) = session
            && wait.over(&session).await?
        {
            return Ok(());
        }
        if !said {
            said = true;
            saying.say(Said::Step(at, Step::Doing(vec![format!("waiting {}", wait.words())]))).await;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stopped(answer) => return Err("it was not waited for".to_owned()),
        }
    }
    if let Wait::Account(_) = wait {
        // A pod that comes too early says so itself.
        return Ok(());
    }
    Err(format!("in {} s it was not established", within.as_secs()))
}
