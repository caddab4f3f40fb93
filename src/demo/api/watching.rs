//! Watches: what there is, where that is asked for, and then what happens, as it happens.
//!
//! A watch holds nothing but its place in the history of its resource. It reads on when the client has read, so that a
//! client that does not read costs nothing, and is told 410 when the history has moved on without it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::StatusCode;
use tokio::sync::watch;
use tokio::time::Instant;

use super::choose::Choice;
use super::form::Form;
use super::read::wanted_version;
use super::route::Route;
use crate::demo::http::{Answer, Body, Request};
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::resources::Resource;
use crate::demo::running::Running;
use crate::demo::store::{Change, Object, Verb};
use crate::demo::world::World;

/// Bytes that are written before the client has to read them.
const PIECE: usize = 64 * 1024;
/// Changes that are looked at while others wait for the world.
const AT_ONCE: usize = 1000;
/// How often a quiet watch is told the version. The API server does it about once a minute.
const BOOKMARKS: Duration = Duration::from_secs(55);
/// How long a watch lasts where it says nothing: the API server takes 30 to 60 minutes.
const LASTS: Duration = Duration::from_secs(45 * 60);

/// What is told before it begins.
enum Start {
    /// Nothing: from this version on.
    Version(u64),
    /// All there is, as new.
    State,
    /// All there is, and a bookmark after it: a streaming list.
    StreamingList,
}

/// Answers with a watch.
///
/// # Errors
/// What cannot be watched so.
pub fn answer(
    running: Arc<Running>,
    world: &World,
    request: &Request,
    route: &Route,
    choice: Choice,
    form: Form,
) -> Result<Answer, Refusal> {
    let start = start(world, request)?;
    let (initial, version) = match start {
        Start::Version(version) => (VecDeque::new(), version),
        Start::State | Start::StreamingList => {
            let all = world.store.list(&choice.key, choice.namespace.as_deref()).filter(|object| choice.has(object));
            (all.cloned().collect(), world.store.version())
        }
    };
    // A version that is forgotten is refused in the stream, as the API server does it.
    let expired = match start {
        Start::Version(version) => world.store.since(&choice.key, version).err(),
        _ => None,
    };
    let lasts = request.parameter("timeoutSeconds").and_then(|t| t.parse().ok()).filter(|&s| s > 0).map_or(LASTS, Duration::from_secs);
    let content_type = form.content_type(true);
    let watching = Watching {
        changes: running.changes(),
        running,
        resource: route.resource.clone(),
        choice,
        form,
        initial,
        says_end: matches!(start, Start::StreamingList),
        bookmarks: request.flag("allowWatchBookmarks") && request.parameter("allowWatchBookmarks").is_some(),
        version,
        first: true,
        until: Instant::now() + lasts,
        expired,
        over: false,
    };
    let pieces = stream::unfold(watching, |mut watching| async move { watching.next().await.map(|piece| (piece, watching)) });
    Ok(Answer { status: StatusCode::OK, content_type, headers: Vec::new(), body: Body::Pieces(Box::pin(pieces)) })
}

fn start(world: &World, request: &Request) -> Result<Start, Refusal> {
    let streaming = request.parameter("sendInitialEvents").filter(|t| !t.is_empty());
    let matching = request.parameter("resourceVersionMatch").unwrap_or("");
    let invalid = |cause: Cause| Refusal::invalid("ListOptions", "meta.k8s.io", "", vec![cause]);
    if let Some(asked) = streaming {
        if matching != "NotOlderThan" {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            return Err(invalid(Cause::forbidden("resourceVersionMatch", why)));
        }
        // It waits until the version is there; all are.
        wanted_version(request, world)?;
        if asked != "false" && !request.flag("allowWatchBookmarks") {
            return Err(invalid(Cause::forbidden(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for watch unless allowWatchBookmarks is true",
            )));
        }
        if asked != "false" {
            return Ok(Start::StreamingList);
        }
    } else if !matching.is_empty() {
        return Err(invalid(Cause::forbidden(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        )));
    }
    Ok(match wanted_version(request, world)? {
        None | Some(0) if streaming.is_some() => Start::Version(world.store.version()),
        None | Some(0) => Start::State,
        Some(version) => Start::Version(version),
    })
}

struct Watching {
    running: Arc<Running>,
    changes: watch::Receiver<u64>,
    resource: Arc<Resource>,
    choice: Choice,
    form: Form,
    initial: VecDeque<Arc<Object>>,
    /// A bookmark is due that ends the initial list.
    says_end: bool,
    bookmarks: bool,
    /// The version up to which everything was looked at.
    version: u64,
    /// Nothing was told yet.
    first: bool,
    until: Instant,
    expired: Option<Refusal>,
    over: bool,
}

impl Watching {
    /// The next piece of the stream; `None` when it is over.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        let mut out = Vec::new();
        if let Some(refusal) = self.expired.take() {
            self.form.error(&mut out, &refusal);
            self.over = true;
            return Some(out.into());
        }
        let now = self.now();
        while out.len() < PIECE
            && let Some(object) = self.initial.pop_front()
        {
            self.event(&mut out, "ADDED", &object, now);
        }
        if !out.is_empty() {
            return Some(out.into());
        }
        if std::mem::take(&mut self.says_end) {
            self.bookmark(&mut out, true);
            return Some(out.into());
        }
        let quiet = Instant::now() + BOOKMARKS;
        loop {
            // What changes from here on is noticed: it is looked at after this.
            self.changes.mark_unchanged();
            let looked = self.running.read(|world| {
                let changes: Vec<Change> = world.store.since(&self.choice.key, self.version)?.take(AT_ONCE).cloned().collect();
                let upto =
                    if changes.len() < AT_ONCE { world.store.version() } else { changes.last().map_or(self.version, |c| c.object.version) };
                Ok::<_, Refusal>((changes, upto))
            });
            let (changes, upto) = match looked {
                Ok(looked) => looked,
                Err(refusal) => {
                    self.form.error(&mut out, &refusal);
                    self.over = true;
                    return Some(out.into());
                }
            };
            self.version = upto;
            let now = self.now();
            for change in &changes {
                self.change(&mut out, change, now);
            }
            if !out.is_empty() {
                return Some(out.into());
            }
            if changes.len() == AT_ONCE {
                continue;
            }
            let wait = self.until.min(if self.bookmarks { quiet } else { self.until });
            match tokio::time::timeout_at(wait, self.changes.changed()).await {
                Ok(Ok(())) => {}
                // The cluster has ended.
                Ok(Err(_)) => return None,
                Err(_) if Instant::now() >= self.until => return None,
                Err(_) => {
                    self.bookmark(&mut out, false);
                    return Some(out.into());
                }
            }
        }
    }

    fn now(&self) -> i64 {
        self.running.now().div_euclid(1000)
    }

    /// A change, as the choice sees it: what comes into it is new, what leaves it is gone.
    fn change(&mut self, out: &mut Vec<u8>, change: &Change, now: i64) {
        let before = change.before.as_ref().is_some_and(|object| self.choice.has(object));
        let after = change.verb != Verb::Deleted && self.choice.has(&change.object);
        let what = match (before, after) {
            (false, false) => return,
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
        };
        if what == "DELETED"
            && change.verb == Verb::Modified
            && let Some(before) = &change.before
        {
            // What left is told as it was, with the version at which it left.
            let mut tree = before.tree.clone();
            tree.set("metadata.resourceVersion", change.object.version.to_string());
            let [resource, namespace, name, uid] = [&before.resource, &before.namespace, &before.name, &before.uid].map(Clone::clone);
            let left = Object { resource, namespace, name, uid, version: change.object.version, tree };
            return self.event(out, what, &left, now);
        }
        self.event(out, what, &change.object, now);
    }

    fn event(&mut self, out: &mut Vec<u8>, what: &str, object: &Object, now: i64) {
        self.form.event(out, what, &self.resource, object, self.first, now);
        self.first = false;
    }

    fn bookmark(&mut self, out: &mut Vec<u8>, end_of_list: bool) {
        self.form.bookmark(out, &self.resource, self.version, end_of_list, self.first);
        self.first = false;
    }
}
