//! One object as text, for as long as somebody reads it: what `kubectl describe` says of it, made again whenever the object, its
//! events or what stands beside it changes; or its YAML; or its revisions; or what others do to it while somebody edits it.
//! Meanwhile each change of it is told ([`Event::Changed`]). And whose an object is.
//!
//! The object itself, the values of a secret too, stays here: only the text leaves, which has sizes for them until somebody
//! asks for the values in its YAML ([`Looks`]). An editor has the object anyway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::connect::Session;
use super::error::ClusterError;
use super::frames::{Decoder, is_protobuf};
use super::link::LinkHandle;
use super::request::{self, Stream};
use super::watch::{Handle, jitter};
use crate::event::{Described, Event, Page};
use crate::kinds::changes as told;
use crate::kinds::describe::{self, EVENTS, Related};
use crate::kinds::events::EVENT;
use crate::kinds::revisions::{self, Revisions};
use crate::kinds::shown::{self, Looks};
use crate::kinds::taken::Moved;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::{Owner, Uid};
use crate::model::time::Seconds;

mod said;

use said::{Changes, all, changes, next};

/// Texts come no faster than this: nobody reads faster.
const GAP: Duration = Duration::from_millis(500);
/// How often what cannot be watched is read again, and the ages in the text are brought up to date.
const EVERY: Duration = Duration::from_secs(5);
/// Between two tries; doubled each time.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// Describes the object with this UID (never another one of its name) until the handle is dropped or the object is gone.
/// Everything there is to say comes as [`Event::Described`] with `number`.
pub fn describe(number: u64, subject: Reference, link: LinkHandle, out: mpsc::Sender<Event>) -> Handle {
    spawn(number, subject, Want::Description, link, out)
}

/// The revisions of the workload with this UID, as [`describe`] says what there is to say of it.
pub fn revisions(number: u64, subject: Reference, link: LinkHandle, out: mpsc::Sender<Event>) -> Handle {
    spawn(number, subject, Want::Revisions, link, out)
}

/// The YAML of the object with this UID, as somebody looks at it; the last one when it is gone.
pub fn yaml(number: u64, subject: Reference, looks: watch::Receiver<Looks>, link: LinkHandle, out: mpsc::Sender<Event>) -> Handle {
    spawn(number, subject, Want::Yaml(looks), link, out)
}

/// What the object with this UID has become since an editor took it as `known`: the fields that are others.
pub fn moves(number: u64, subject: Reference, known: watch::Receiver<Arc<Value>>, link: LinkHandle, out: mpsc::Sender<Event>) -> Handle {
    spawn(number, subject, Want::Moves(known), link, out)
}

fn spawn(number: u64, subject: Reference, want: Want, link: LinkHandle, out: mpsc::Sender<Event>) -> Handle {
    Handle::spawn(Follower { number, subject, want, link, out, object: Arc::default(), said: None }.run())
}

/// The owner of the object with this UID, the controlling one if it has several; `None` when it has none, or its name is
/// another object's now.
///
/// # Errors
/// It cannot be read; [`ClusterError::NotFound`] where it is gone.
pub async fn owner_of(session: &Session, kind: &Kind, namespace: &str, name: &str, uid: &Uid) -> Result<Option<Owner>, ClusterError> {
    let path = request::object(kind, namespace, name);
    let (content_type, bytes) = request::get_bytes(session, &path, &Decoder::accept_one()).await?;
    let row = Decoder::new(Arc::new(kind.clone()), true).one(is_protobuf(&content_type), &bytes)?;
    Ok(row.owner.filter(|_| row.uid == *uid).map(Arc::unwrap_or_clone))
}

/// What is wanted of the object.
#[derive(Clone)]
enum Want {
    /// What describes it.
    Description,
    /// Its revisions.
    Revisions,
    /// Its YAML, as it is looked at.
    Yaml(watch::Receiver<Looks>),
    /// What differs from the object as somebody knows it.
    Moves(watch::Receiver<Arc<Value>>),
}

impl Want {
    /// Ends when it is looked at otherwise; never, where that cannot be, or nobody looks any more.
    async fn looked(&mut self) {
        let changed = match self {
            Want::Yaml(looks) => looks.changed().await.is_ok(),
            Want::Moves(known) => known.changed().await.is_ok(),
            Want::Description | Want::Revisions => false,
        };
        if !changed {
            std::future::pending::<()>().await;
        }
    }
}

struct Follower {
    number: u64,
    subject: Reference,
    want: Want,
    link: LinkHandle,
    out: mpsc::Sender<Event>,
    /// The object as it was last told of.
    object: Arc<Value>,
    said: Option<Described>,
}

/// How a try ended, when not with an error.
enum End {
    /// The object is not there any more.
    Gone,
    /// The server closed a stream in good order, or forgot where it was.
    Again,
}

/// What the text is made of.
#[derive(Default)]
struct Material {
    object: Arc<Value>,
    answers: BTreeMap<&'static str, Value>,
    /// By UID.
    events: BTreeMap<String, Value>,
    /// Why the events could not be read.
    failure: Option<String>,
}

impl Follower {
    async fn run(mut self) {
        let mut pause = BACKOFF.0;
        loop {
            let mut link = self.link.mark();
            let session = self.link.session().await;
            let began = Instant::now();
            let end = self.follow(&session, &mut self.link.mark()).await;
            if began.elapsed() > BACKOFF.1 {
                pause = BACKOFF.0;
            }
            match end {
                Ok(End::Gone) => return self.gone().await,
                Ok(End::Again) => {}
                Err(error) => {
                    tracing::debug!(kind = %self.subject.kind.plural, %error, "follow");
                    if error.is_login() {
                        link.refused(&error);
                    }
                    self.link.suspect();
                    self.say(Described::Failed(error.to_string().into())).await;
                }
            }
            let until = Instant::now() + jitter(pause);
            let mut want = self.want.clone();
            loop {
                tokio::select! {
                    () = tokio::time::sleep_until(until) => break,
                    () = link.renewed() => break,
                    () = want.looked() => self.look_again().await,
                }
            }
            pause = (pause * 2).min(BACKOFF.1);
        }
    }

    /// It is gone; its last YAML can be looked at otherwise for as long as it is open.
    async fn gone(&mut self) {
        self.say(Described::Gone).await;
        let mut want = self.want.clone();
        while matches!(want, Want::Yaml(_)) {
            want.looked().await;
            self.look_again().await;
        }
    }

    /// The same object as it is looked at now, where what is known of it is old.
    async fn look_again(&mut self) {
        let before = self.said.clone();
        if self.object.is_null() {
            return;
        }
        let object = self.object.clone();
        if self.tell(&mut Material { object, ..Material::default() }).await.is_ok()
            && let Some(before @ (Described::Gone | Described::Failed(_))) = before
        {
            self.say(before).await;
        }
    }

    async fn say(&mut self, word: Described) {
        if self.said.as_ref() != Some(&word) {
            self.said = Some(word.clone());
            // When the loop is gone, this task will be aborted with it.
            let _ = self.out.send(Event::Described(self.number, word)).await;
        }
    }

    /// The object's own UID, and nobody else's. What is known by its name alone is whatever has that.
    fn is_it(&self, object: &Value) -> bool {
        self.subject.uid == Uid::new("") || Uid::new(meta(object, "uid")) == self.subject.uid
    }

    /// The object as it is; `None` when it is gone.
    async fn get(&self, session: &Session) -> Result<Option<Arc<Value>>, ClusterError> {
        let Reference { kind, namespace, name, .. } = &self.subject;
        match request::get_json::<Value>(session, &request::object(kind, namespace, name)).await {
            Ok(object) => Ok(Some(object).filter(|object| self.is_it(object)).map(Arc::new)),
            Err(ClusterError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the watch of the object. Without a version it begins with the object as it is: the object's own version may be
    /// one that the server does not remember.
    async fn watch(&self, session: &Session) -> Result<Option<Stream>, ClusterError> {
        let Reference { kind, namespace, name, .. } = &self.subject;
        if !kind.watchable {
            return Ok(None);
        }
        let fields = format!("metadata.name={name}");
        let query = request::query(&[("watch", "1"), ("fieldSelector", &fields)]);
        let path = format!("{}{query}", kind.path(Some(namespace)));
        match request::open_stream(session, &path, request::JSON).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if error.is_transient() || error.is_login() => Err(error),
            // It could be read, and only cannot be watched: it is read again and again instead.
            Err(_) => Ok(None),
        }
    }

    async fn follow(&mut self, session: &Session, link: &mut LinkHandle) -> Result<End, ClusterError> {
        let (object, watch) = unbroken(link, async { Ok(futures::join!(self.get(session), self.watch(session))) }).await?;
        let Some(object) = object? else { return Ok(End::Gone) };
        let mut watch = watch?.map(changes);
        let (answers, heard) =
            unbroken(link, async { Ok(futures::join!(self.related(session, &object), self.events(session, &object))) }).await?;
        let mut want = self.want.clone();
        if !self.object.is_null() {
            // While the connection was away.
            self.changed(&self.object.clone(), &object).await;
        }
        let mut material = Material { object, answers, ..Material::default() };
        let mut events = material.take(heard);
        self.link.alive();
        self.tell(&mut material).await?;

        // The watch has shown that the object was there when it began.
        let mut confirmed = false;
        let mut changed = false;
        let mut told = Instant::now();
        let mut tick = told + EVERY;
        let mut due = None;
        loop {
            let wake = due.unwrap_or(tick).min(tick);
            tokio::select! {
                error = link.broken() => return Err(error),
                said = next(&mut watch) => {
                    let change = match said {
                        Some(Ok(change)) => change,
                        None | Some(Err(ClusterError::Expired(_))) => return Ok(End::Again),
                        Some(Err(error)) => return Err(error),
                    };
                    if change.kind == "BOOKMARK" {
                        // Not asked for, and not the object.
                        continue;
                    }
                    if change.kind == "DELETED" || !self.is_it(&change.object) {
                        return Ok(End::Gone);
                    }
                    confirmed = true;
                    if meta(&change.object, "resourceVersion") != meta(&material.object, "resourceVersion") {
                        let before = std::mem::replace(&mut material.object, Arc::new(change.object));
                        self.changed(&before, &material.object).await;
                        changed = true;
                        // What an editor has stored itself it hears from the gate, and is not to be told of.
                        due.get_or_insert(if matches!(want, Want::Moves(_)) { Instant::now() } else { told } + GAP);
                    }
                }
                said = next(&mut events) => match said {
                    Some(Ok(change)) => {
                        let uid = meta(&change.object, "uid").to_owned();
                        if change.kind == "DELETED" {
                            material.events.remove(&uid);
                        } else {
                            material.events.insert(uid, change.object);
                        }
                        due.get_or_insert(told + GAP);
                    }
                    // Read as a list at the next tick, and watched from there on.
                    None | Some(Err(_)) => events = None,
                },
                () = want.looked() => match want {
                    Want::Moves(_) => {
                        // What was told is of what was known before.
                        self.said = None;
                        due = Some(Instant::now() + GAP);
                    }
                    _ => due = Some(Instant::now()),
                },
                () = tokio::time::sleep_until(wake) => {
                    let ticked = Instant::now() >= tick;
                    if ticked && (watch.is_none() || !confirmed) {
                        let Some(object) = unbroken(link, self.get(session)).await? else { return Ok(End::Gone) };
                        let before = std::mem::replace(&mut material.object, object);
                        self.changed(&before, &material.object).await;
                    }
                    if ticked && events.is_none() {
                        let heard = unbroken(link, async { Ok(self.events(session, &material.object).await) }).await?;
                        events = material.take(heard);
                    }
                    if ticked || changed {
                        material.answers = unbroken(link, async { Ok(self.related(session, &material.object).await) }).await?;
                        changed = false;
                    }
                    self.tell(&mut material).await?;
                    told = Instant::now();
                    due = None;
                    if ticked {
                        tick = told + EVERY;
                    }
                }
            }
        }
    }

    /// The object's events, and the watches that go on from them; the watches are `None` where they cannot be had.
    async fn events(&self, session: &Session, object: &Value) -> Result<Heard, ClusterError> {
        let described = matches!(self.want, Want::Description);
        let uids = if described { describe::event_uids(&self.subject.kind, object) } else { Vec::new() };
        // Events of what has no namespace may be in any.
        let namespace = Some(&*self.subject.namespace).filter(|namespace| !namespace.is_empty());
        let path = &EVENT.as_kind().path(namespace);
        let each = uids.iter().map(|uid| async move {
            let fields = format!("involvedObject.uid={uid}");
            let list: Events = request::get_json(session, &format!("{path}{}", request::query(&[("fieldSelector", &fields)]))).await?;
            let version = list.metadata.resource_version;
            let query = request::query(&[("watch", "1"), ("fieldSelector", &fields), ("resourceVersion", &version)]);
            let stream = request::open_stream(session, &format!("{path}{query}"), request::JSON).await;
            Ok::<_, ClusterError>((list.items.unwrap_or_default(), stream.ok()))
        });
        let mut heard = Heard { events: BTreeMap::new(), streams: Some(Vec::new()) };
        for answer in join_all(each).await {
            let (items, stream) = answer?;
            heard.events.extend(items.into_iter().map(|event| (meta(&event, "uid").to_owned(), event)));
            heard.streams = heard.streams.zip(stream).map(|(mut streams, stream)| {
                streams.push(changes(stream));
                streams
            });
        }
        Ok(heard)
    }

    /// What stands beside the object, where it is described; where it cannot be read, the reason.
    async fn related(&self, session: &Session, object: &Value) -> BTreeMap<&'static str, Value> {
        let wanted = match self.want {
            Want::Yaml(_) | Want::Moves(_) => Vec::new(),
            Want::Revisions => revisions::related(&self.subject.kind, object),
            Want::Description => describe::related(&self.subject.kind, object),
        };
        let each = wanted.into_iter().map(|Related { path, key }| async move {
            let answer = request::get_json::<Value>(session, &path).await;
            (key, answer.unwrap_or_else(|error| json!({ "error": error.to_string() })))
        });
        join_all(each).await.into_iter().collect()
    }

    /// Says what changed of the object, if anything did that one would tell. Values of a Secret are covered here.
    async fn changed(&self, before: &Arc<Value>, now: &Arc<Value>) {
        if Arc::ptr_eq(before, now) || meta(before, "resourceVersion") == meta(now, "resourceVersion") {
            return;
        }
        let (kind, uid, at) = (self.subject.kind.clone(), Uid::new(meta(now, "uid")), self.link.now());
        let (before, now) = (before.clone(), now.clone());
        let rows = tokio::task::spawn_blocking(move || told::lines(&kind, &before, &now)).await.unwrap_or_default();
        if !rows.is_empty() {
            let _ = self.out.send(Event::Changed(uid, at, rows)).await;
        }
    }

    /// Says the text of the material, if it is another one.
    async fn tell(&mut self, material: &mut Material) -> Result<(), ClusterError> {
        self.object = material.object.clone();
        let (kind, now, mut moved) = (self.subject.kind.clone(), self.link.now(), std::mem::take(material));
        let mut want = self.want.clone();
        // Of a node with hundreds of pods, or of a very large object, it takes a while.
        let made = tokio::task::spawn_blocking(move || {
            let word = match &mut want {
                Want::Yaml(looks) => {
                    let looks = looks.borrow().clone();
                    Described::Yaml(Page { text: shown::text(&kind, &moved.object, &looks), looks })
                }
                Want::Moves(known) => {
                    let known = known.borrow().clone();
                    // A watch may be behind what a write has answered.
                    let now = if older(&moved.object, &known) { &known } else { &moved.object };
                    Described::Moved(Moved::since(&known, now))
                }
                Want::Revisions => match Revisions::of(&kind, &moved.object, &moved.answers, now) {
                    Ok(revisions) => Described::Revisions(Arc::new(revisions)),
                    Err(why) => Described::Failed(why.into()),
                },
                Want::Description => Described::Text(moved.text(&kind, now)),
            };
            (moved, word)
        });
        let (moved, word) = made.await.map_err(|e| ClusterError::Decode(format!("the text cannot be made: {e}")))?;
        *material = moved;
        self.say(word).await;
        Ok(())
    }
}

/// What the server has of events.
struct Heard {
    events: BTreeMap<String, Value>,
    streams: Option<Vec<Changes>>,
}

impl Material {
    fn text(&mut self, kind: &Kind, now: Seconds) -> String {
        self.answers.remove(EVENTS);
        self.answers.extend(self.failure.as_ref().map(|why| (EVENTS, json!({ "error": why }))));
        let events: Vec<Value> = self.events.values().cloned().collect();
        describe::describe(kind, &self.object, &self.answers, &events, now)
    }

    /// Takes the events, or why there are none; gives the watches, `None` where events have to be read again.
    fn take(&mut self, heard: Result<Heard, ClusterError>) -> Option<Changes> {
        match heard {
            Ok(heard) => {
                self.events = heard.events;
                self.failure = None;
                // Nothing to watch is not a watch that ends.
                heard.streams.map(|streams| if streams.is_empty() { stream::pending().boxed() } else { all(streams) })
            }
            Err(error) => {
                self.events.clear();
                self.failure = Some(error.to_string());
                None
            }
        }
    }
}

#[derive(Deserialize)]
struct Events {
    metadata: EventsMeta,
    #[serde(default)]
    items: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventsMeta {
    #[serde(default)]
    resource_version: String,
}

/// Ends with an error when the connection is found broken before the work is done.
async fn unbroken<T>(link: &mut LinkHandle, work: impl Future<Output = Result<T, ClusterError>>) -> Result<T, ClusterError> {
    tokio::select! {
        error = link.broken() => Err(error),
        done = work => done,
    }
}

/// One state of an object was there before another: by their versions, which are numbers that go up (KEP-5504).
fn older(one: &Value, other: &Value) -> bool {
    let version = |object| meta(object, "resourceVersion").parse::<u64>().ok();
    version(one).zip(version(other)).is_some_and(|(one, other)| one < other)
}

/// A field of the metadata; empty where there is none.
fn meta<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get("metadata").and_then(|meta| meta.get(field)).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
