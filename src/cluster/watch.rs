//! One watch: a streaming list where the server has it, pages where it has not, polling where watching is forbidden;
//! resumed by resourceVersion, and always honest about how true its rows are.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::connect::Session;
use super::error::ClusterError;
use super::feed::Feed;
use super::frames::{Decoder, Frame, Splitter, is_protobuf};
use super::link::LinkHandle;
use super::list;
use super::request;
use crate::event::{Event, WatchId};
use crate::model::row::{Row, Uid};
use crate::model::scope::{self, Scope, WatchSpec};
use crate::model::state::Truth;

mod pace;
mod pages;
mod parts;

pub(super) use pace::jitter;
use pace::{BUSY, Pace, REFUSED};
pub use parts::{FEW, Handle, spawn};

/// A streaming list that sends neither an event nor its end for so long is none: the server ignores the parameter.
const NO_END: Duration = Duration::from_secs(4);
/// The API server sends bookmarks about once a minute; a stream without a word for longer is opened again.
const SILENCE: Duration = Duration::from_secs(150);

/// How a try ended.
enum End {
    /// The server closed the stream in good order, as it does every half hour or so.
    Closed,
    /// The resourceVersion is too old (410), or from another life of the server's storage.
    Expired,
    /// The server does not do streaming lists.
    NoStreaming,
    /// The server does not let us watch, or has no watch for the kind.
    NoWatch(ClusterError),
    /// Anything else.
    Failed(ClusterError),
}

struct Task {
    spec: WatchSpec,
    namespace: Option<Arc<str>>,
    fallback: Option<Arc<str>>,
    link: LinkHandle,
    /// The link as of the server's last word to this watch: what is renewed after that is worth another try at once.
    last: LinkHandle,
    feed: Feed,
    decoder: Decoder,
    /// What the loop has of this part: what a fresh list has to take away.
    known: FxHashSet<Uid>,
    /// Where to resume.
    version: Option<Box<str>>,
    streaming: bool,
    polling: Option<Arc<str>>,
    pace: Pace,
    /// All namespaces are forbidden, and `namespace` is the one to look at instead.
    fell_back: bool,
    /// That was said.
    noted: bool,
    /// When the server's last word came.
    heard: i64,
    /// Since when the rows are stale, if they are.
    stale: Option<i64>,
}

type Fresh = IndexMap<Uid, Row, FxBuildHasher>;

impl Task {
    fn new(
        id: WatchId,
        part: u16,
        spec: WatchSpec,
        namespace: Option<Arc<str>>,
        fallback: Option<Arc<str>>,
        link: LinkHandle,
        out: mpsc::Sender<Event>,
    ) -> Task {
        let decoder = Decoder::new(spec.kind.clone(), spec.metadata_only);
        let polling = (!spec.kind.watchable).then(|| format!("the server has no watch for {}", spec.kind.plural).into());
        let heard = link.now();
        Task {
            spec,
            namespace,
            fallback,
            last: link.mark(),
            link,
            feed: Feed::new(id, part, out),
            decoder,
            known: FxHashSet::default(),
            version: None,
            streaming: true,
            polling,
            pace: Pace::default(),
            fell_back: false,
            noted: false,
            heard,
            stale: None,
        }
    }

    /// Runs for ever, or until it has to be split into one watch for each of the namespaces that it returns.
    async fn run(mut self) -> Vec<Arc<str>> {
        loop {
            let mut link = self.link.mark();
            self.last = link.clone();
            let session = self.feed.until(link.session()).await;
            let began = Instant::now();
            let end = self.attempt(&session).await;
            let error = match end {
                End::Closed | End::Expired => {
                    if matches!(end, End::Expired) {
                        self.version = None;
                        self.feed.truth(Truth::Syncing);
                    }
                    let (pause, noticed) = self.pace.ended(began.elapsed());
                    if noticed {
                        let since = *self.stale.get_or_insert(self.heard);
                        self.feed.truth(Truth::Stale { since, why: "the server ends every watch at once".into() });
                    }
                    self.feed.until(tokio::time::sleep(pause)).await;
                    continue;
                }
                End::NoStreaming => {
                    self.streaming = false;
                    continue;
                }
                End::NoWatch(error) => {
                    self.polling = Some(error.to_string().into());
                    continue;
                }
                End::Failed(error) => error,
            };
            tracing::debug!(kind = %self.spec.kind.plural, %error, "watch");
            let why: Arc<str> = error.to_string().into();
            let pause = match &error {
                ClusterError::Forbidden(_) => {
                    // What could be read before and cannot be any more must go from the screen's truth, not silently.
                    if let Some(names) = self.narrower(&session).await {
                        if names.is_empty() {
                            continue;
                        }
                        return names;
                    }
                    if std::mem::take(&mut self.fell_back) {
                        // Next time all of them first: rights change.
                        self.look_at(None);
                    }
                    self.feed.truth(Truth::Forbidden { why });
                    REFUSED
                }
                ClusterError::NotFound(_) if self.known.is_empty() => {
                    self.feed.truth(Truth::Missing { why });
                    REFUSED
                }
                _ => {
                    if error.is_login() {
                        link.refused(&error);
                    }
                    // As of the first failure: that others hear of the server says nothing of these rows.
                    let since = *self.stale.get_or_insert(self.heard.max(self.link.heard()));
                    self.feed.truth(Truth::Stale { since, why });
                    self.link.suspect();
                    if let ClusterError::TooManyRequests { retry_after: Some(asked) } = &error {
                        // As it asks, whatever else happens.
                        self.feed.until(tokio::time::sleep((*asked).min(BUSY))).await;
                    }
                    self.pace.failed()
                }
            };
            let renewed = self.feed.until(async {
                tokio::select! {
                    () = tokio::time::sleep(pause) => false,
                    () = self.last.renewed() => true,
                }
            });
            if renewed.await {
                // The server is back, if not quite: it is asked often while it starts.
                self.pace.steady();
            }
        }
    }

    /// The server said something.
    fn hear(&mut self) {
        self.heard = self.link.now();
        self.link.alive();
        self.last = self.link.mark();
    }

    /// The server answered with objects: from now on what is seen is of `namespace`.
    fn admitted(&mut self) {
        if self.fell_back != self.noted {
            let note = match &self.namespace {
                Some(namespace) if self.fell_back => format!("only namespace {namespace}: all namespaces are forbidden"),
                _ => String::new(),
            };
            self.feed.note(note.into());
            self.noted = self.fell_back;
        }
    }

    /// Over all namespaces is forbidden. An empty answer: try again with what is set now; names: one watch each.
    async fn narrower(&mut self, session: &Session) -> Option<Vec<Arc<str>>> {
        if self.namespace.is_some() || !self.spec.kind.namespaced {
            return None;
        }
        if let Scope::Some(patterns) = &self.spec.scope {
            let names: Vec<Arc<str>> = match self.spec.scope.names() {
                Some(names) => names.to_vec(),
                None => {
                    let known = self.feed.until(list::namespaces(session)).await.unwrap_or_default();
                    let plain = patterns.iter().filter(|name| scope::is_name(name)).cloned();
                    plain.chain(known.into_iter().filter(|name| self.spec.scope.contains(name))).collect()
                }
            };
            if names.is_empty() {
                return None;
            }
            // Those that were seen come back, each from the watch of its own namespace, as far as it may be seen now.
            for uid in self.known.drain() {
                self.feed.remove(uid);
            }
            self.feed.flush().await;
            return Some(names);
        }
        let fallback = self.fallback.clone()?;
        self.look_at(Some(fallback));
        self.fell_back = true;
        Some(Vec::new())
    }

    /// Looks at another namespace, or at all: what was known is of the one before, and a fresh list takes its place.
    fn look_at(&mut self, namespace: Option<Arc<str>>) {
        self.namespace = namespace;
        self.version = None;
    }

    async fn attempt(&mut self, session: &Session) -> End {
        if let Some(why) = self.polling.clone() {
            return self.poll(session, why).await;
        }
        if self.version.is_none()
            && !self.streaming
            && let Err(error) = self.list(session).await
        {
            return End::Failed(error);
        }
        let end = self.stream(session).await;
        match end {
            // Only the right to watch may be missing.
            End::Failed(error @ (ClusterError::Forbidden(_) | ClusterError::Server { code: 405, .. })) => match self.list(session).await {
                Ok(()) => End::NoWatch(error),
                Err(error) => End::Failed(error),
            },
            end => end,
        }
    }

    fn path(&self, query: &[(&str, &str)]) -> String {
        let mut all: Vec<(&str, &str)> = query.to_vec();
        if let Some(fields) = &self.spec.fields {
            all.push(("fieldSelector", fields));
        }
        if let Some(labels) = &self.spec.labels {
            all.push(("labelSelector", labels));
        }
        if self.decoder.is_table() {
            all.push(("includeObject", "Metadata"));
        }
        format!("{}{}", self.spec.kind.path(self.namespace.as_deref()), request::query(&all))
    }

    async fn stream(&mut self, session: &Session) -> End {
        let initial = self.version.is_none();
        let path = match &self.version {
            Some(version) => self.path(&[("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", version)]),
            None => self.path(&[
                ("watch", "1"),
                ("allowWatchBookmarks", "true"),
                ("sendInitialEvents", "true"),
                ("resourceVersionMatch", "NotOlderThan"),
            ]),
        };
        let mut link = self.link.mark();
        let accept = self.decoder.accept(true);
        let opened = self.feed.until(async {
            tokio::select! {
                opened = request::open_stream(session, &path, &accept) => opened,
                error = link.broken() => Err(error),
            }
        });
        let mut body = match opened.await {
            Ok(stream) => stream,
            Err(ClusterError::Invalid(_)) if initial => return End::NoStreaming,
            Err(ClusterError::Expired(_)) => return End::Expired,
            Err(error) => return End::Failed(error),
        };
        let protobuf = is_protobuf(&body.content_type);
        self.hear();
        self.admitted();
        if !initial {
            self.proved(Truth::Live);
        } else if self.known.is_empty() {
            // Old rows would stay as they are until the fresh list is complete.
            self.feed.truth(Truth::Syncing);
        }
        let mut fresh: Option<Fresh> = (initial && !self.known.is_empty()).then(Fresh::default);
        let mut syncing = initial;
        let mut splitter = Splitter::new(protobuf);
        let mut frames = Vec::new();
        let mut quiet = Instant::now() + if syncing { NO_END } else { SILENCE };
        loop {
            let chunk = tokio::select! {
                biased;
                error = link.broken() => return End::Failed(error),
                open = self.feed.send() => {
                    if open { continue }
                    return End::Closed;
                }
                chunk = body.next() => chunk,
                () = tokio::time::sleep_until(quiet) => {
                    if syncing { return End::NoStreaming }
                    // Events have no periodic bookmarks: their silence says nothing.
                    if &*self.spec.kind.plural != "events" { return End::Closed }
                    quiet = Instant::now() + SILENCE;
                    continue;
                }
            };
            let bytes = match chunk {
                None if syncing => {
                    return End::Failed(ClusterError::Unreachable("the connection was closed before the list was complete".into()));
                }
                None => return End::Closed,
                Some(Err(error)) => return End::Failed(error),
                Some(Ok(bytes)) => bytes,
            };
            self.hear();
            splitter.push(&bytes);
            loop {
                let frame = match splitter.next_frame() {
                    Ok(Some(frame)) => frame,
                    Ok(None) => break,
                    Err(error) => return End::Failed(error),
                };
                if let Err(error) = self.decoder.frame(protobuf, frame, &mut frames) {
                    return End::Failed(error);
                }
                for frame in frames.drain(..) {
                    match frame {
                        Frame::Columns(columns) => self.feed.columns(columns),
                        Frame::Upsert(row) => self.upsert(*row, &mut fresh, syncing),
                        Frame::Remove(row) => self.remove(*row, &mut fresh, syncing),
                        // One before the end of the list is no place to resume from: what follows it would be lost.
                        Frame::Bookmark { initial_end: false, .. } if syncing => {}
                        Frame::Bookmark { version, initial_end } => {
                            self.version = Some(version);
                            if initial_end && syncing {
                                syncing = false;
                                if let Some(fresh) = fresh.take() {
                                    self.swap(fresh);
                                }
                                self.proved(Truth::Live);
                            }
                        }
                        Frame::Error(ClusterError::Expired(_)) => return End::Expired,
                        Frame::Error(error) => return End::Failed(error),
                    }
                }
            }
            if !syncing {
                self.pace.steady();
            }
            quiet = Instant::now() + if syncing { NO_END } else { SILENCE };
        }
    }

    /// The rows are what the server has.
    fn proved(&mut self, truth: Truth) {
        self.stale = None;
        self.feed.truth(truth);
    }

    fn upsert(&mut self, row: Row, fresh: &mut Option<Fresh>, syncing: bool) {
        if !syncing {
            self.version = Some(row.version.clone());
        }
        if !self.spec.scope.contains(&row.namespace) && self.namespace.is_none() {
            return;
        }
        if let Some(fresh) = fresh {
            fresh.insert(row.uid.clone(), row);
        } else {
            self.known.insert(row.uid.clone());
            self.feed.upsert(row);
        }
    }

    fn remove(&mut self, row: Row, fresh: &mut Option<Fresh>, syncing: bool) {
        if !syncing {
            self.version = Some(row.version);
        }
        if let Some(fresh) = fresh {
            fresh.swap_remove(&row.uid);
        } else if self.known.remove(&row.uid) {
            self.feed.remove(row.uid);
        }
    }

    /// A complete fresh list takes the place of what was known, at once: no row blinks.
    fn swap(&mut self, fresh: Fresh) {
        for uid in self.known.iter().filter(|uid| !fresh.contains_key(*uid)) {
            self.feed.remove(uid.clone());
        }
        self.known = fresh.keys().cloned().collect();
        for (_, row) in fresh {
            self.feed.upsert(row);
        }
    }
}
