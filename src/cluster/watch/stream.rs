//! The stream of a watch: first what is there, where the server does that, and then what changes.

use std::time::Duration;

use tokio::time::Instant;

use super::pace::Widening;
use super::{End, Fresh, Task};
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::frames::{Frame, Splitter, is_protobuf};
use crate::cluster::link::LinkHandle;
use crate::cluster::request;
use crate::model::row::Row;
use crate::model::state::Truth;

/// A streaming list that sends neither an event nor its end for so long is none: the server ignores the parameter.
const NO_END: Duration = Duration::from_secs(4);
/// Nor is one that goes on so long after what it listed has begun to change: its end stands right behind the list.
const LATE: Duration = Duration::from_secs(10);
/// Nor one that takes longer than this, whatever it sends.
const LONGEST: Duration = Duration::from_secs(300);
/// The API server sends bookmarks about once a minute; a stream without a word for longer is opened again.
const SILENCE: Duration = Duration::from_secs(150);

impl Task {
    pub(super) async fn stream(&mut self, session: &Session) -> End {
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
        let mut latest = Instant::now() + LONGEST;
        // Until all namespaces may be read, where one is looked at instead of them.
        let (accept, all) = (self.decoder.accept(false), self.path_in(None, &[("limit", "1")]));
        let widened = widened(session, &all, &accept, self.link.mark());
        tokio::pin!(widened);
        let mut splitter = Splitter::new(protobuf);
        let mut frames = Vec::new();
        let mut quiet = Instant::now() + if syncing { NO_END } else { SILENCE };
        loop {
            if syncing && Instant::now() >= latest {
                return End::NoStreaming;
            }
            let chunk = tokio::select! {
                biased;
                error = link.broken() => return End::Failed(error),
                open = self.feed.send() => {
                    if open { continue }
                    return End::Closed;
                }
                () = &mut widened, if self.fell_back => {
                    self.fell_back = false;
                    self.look_at(None);
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
                        Frame::Upsert(row) => {
                            if self.upsert(*row, &mut fresh, syncing) {
                                latest = latest.min(Instant::now() + LATE);
                            }
                        }
                        Frame::Remove(row) => {
                            self.remove(*row, &mut fresh, syncing);
                            latest = latest.min(Instant::now() + LATE);
                        }
                        // The first one of a streaming list is its end.
                        Frame::Bookmark { initial_end: false, .. } if syncing => return End::NoStreaming,
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

    /// Whether the object was known before.
    fn upsert(&mut self, row: Row, fresh: &mut Option<Fresh>, syncing: bool) -> bool {
        if !syncing {
            self.version = Some(row.version.clone());
        }
        if !self.spec.scope.contains(&row.namespace) && self.namespace.is_none() {
            return false;
        }
        if let Some(fresh) = fresh {
            return fresh.insert(row.uid.clone(), row).is_some();
        }
        let known = !self.known.insert(row.uid.clone());
        self.feed.upsert(row);
        known
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
}

/// Ends when all namespaces may be read: one object is asked for now and then, or when a person asks for another try.
async fn widened(session: &Session, path: &str, accept: &str, mut link: LinkHandle) {
    let mut pauses = Widening::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(pauses.next_pause()) => {}
            () = link.renewed() => link = link.mark(),
        }
        if request::get_bytes(session, path, accept).await.is_ok() {
            return;
        }
    }
}
