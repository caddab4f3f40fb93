//! The way from a watch to the loop: bounded, and a storm is merged per UID before it.
//!
//! A watch that cannot send keeps only the newest change of each object and goes on reading: nothing grows without
//! bound, and the API server, which closes watches that do not read, keeps ours.

use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use rustc_hash::FxHasher;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::event::{Event, Update, WatchId};
use crate::model::row::{Column, Row, Uid};
use crate::model::state::Truth;
use crate::model::store::Delta;

/// Changes of one moment go together: the first at once, the next no sooner than this. Twenty pictures a second are
/// smooth, and a busy cluster then costs a few per cent of a core.
const GAP: Duration = Duration::from_millis(50);

/// So many changes do not wait for the gap: the initial list.
const FULL: usize = 500;

/// What a watch has to say and has not said yet.
#[derive(Debug)]
pub struct Feed {
    id: WatchId,
    part: u16,
    out: mpsc::Sender<Event>,
    changes: IndexMap<Uid, Delta, BuildHasherDefault<FxHasher>>,
    columns: Option<Arc<[Column]>>,
    truth: Option<Truth>,
    note: Option<Arc<str>>,
    said: Option<Truth>,
    last: Option<Instant>,
}

impl Feed {
    /// For one part of a watch.
    pub fn new(id: WatchId, part: u16, out: mpsc::Sender<Event>) -> Feed {
        Feed { id, part, out, changes: IndexMap::default(), columns: None, truth: None, note: None, said: None, last: None }
    }

    /// An object is there, new or changed.
    pub fn upsert(&mut self, row: Row) {
        self.changes.insert(row.uid.clone(), Delta::Upsert(row));
    }

    /// An object is gone.
    pub fn remove(&mut self, uid: Uid) {
        self.changes.insert(uid.clone(), Delta::Remove(uid));
    }

    /// The server's columns.
    pub fn columns(&mut self, columns: Arc<[Column]>) {
        self.columns = Some(columns);
    }

    /// How true the rows are after the changes so far. Saying the same again says nothing.
    pub fn truth(&mut self, truth: Truth) {
        if self.said.as_ref() != Some(&truth) {
            self.said = Some(truth.clone());
            self.truth = Some(truth);
        }
    }

    /// A remark on the scope.
    pub fn note(&mut self, note: Arc<str>) {
        self.note = Some(note);
    }

    fn empty(&self) -> bool {
        self.changes.is_empty() && self.columns.is_none() && self.truth.is_none() && self.note.is_none()
    }

    /// When to send next; `None` while there is nothing to say.
    fn due(&self) -> Option<Instant> {
        if self.empty() {
            return None;
        }
        let now = Instant::now();
        match self.last {
            Some(last) if self.changes.len() < FULL => Some((last + GAP).max(now)),
            _ => Some(now),
        }
    }

    /// Sends when it is time and the loop has room; waits for ever while there is nothing to say. Cancel-safe: what
    /// was not sent is still here. Returns false when the loop is gone.
    pub async fn send(&mut self) -> bool {
        let Some(due) = self.due() else { return std::future::pending().await };
        tokio::time::sleep_until(due).await;
        let Ok(permit) = self.out.reserve().await else { return false };
        let update = Update {
            part: self.part,
            columns: self.columns.take(),
            deltas: std::mem::take(&mut self.changes).into_values().collect(),
            truth: self.truth.take(),
            note: self.note.take(),
            ..Update::default()
        };
        permit.send(Event::Watch(self.id, Box::new(update)));
        self.last = Some(Instant::now());
        true
    }

    /// Sends all that there is to say; at once when there is nothing.
    pub async fn flush(&mut self) {
        if !self.empty() {
            // When the loop is gone, this task will be aborted with it.
            let _ = self.send().await;
        }
    }

    /// Goes on sending until `done` is.
    pub async fn until<T>(&mut self, done: impl Future<Output = T>) -> T {
        tokio::pin!(done);
        loop {
            tokio::select! {
                biased;
                result = &mut done => return result,
                open = self.send() => if !open {
                    // The loop is gone, and this task will be aborted with it.
                    return done.await;
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{Printed, assemble, partial::ObjectMeta};
    use crate::model::intern::Interner;

    fn row(uid: &str, version: &str) -> Row {
        let meta = ObjectMeta { uid: uid.into(), resource_version: version.into(), ..ObjectMeta::default() };
        assemble(&meta, Printed::default(), &mut Interner::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_storm_is_merged_per_object_while_the_loop_is_busy() {
        let (out, mut events) = mpsc::channel(1);
        let mut feed = Feed::new(WatchId(1), 0, out);
        feed.upsert(row("a", "1"));
        assert!(feed.send().await);
        // The channel is full now: what comes is merged.
        for version in 2..1000 {
            feed.upsert(row("a", &version.to_string()));
            feed.upsert(row("b", &version.to_string()));
            let sent = tokio::time::timeout(Duration::from_millis(1), feed.send()).await;
            assert!(sent.is_err());
        }
        feed.remove(Uid::new("b"));
        assert!(events.recv().await.is_some());
        assert!(feed.send().await);
        let Some(Event::Watch(_, update)) = events.recv().await else { panic!("no update") };
        assert_eq!(update.deltas.len(), 2);
        assert!(matches!(&update.deltas[0], Delta::Upsert(row) if &*row.version == "999"));
        assert!(matches!(&update.deltas[1], Delta::Remove(uid) if *uid == Uid::new("b")));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_to_say_is_flushed_at_once() {
        let (out, mut events) = mpsc::channel(8);
        let mut feed = Feed::new(WatchId(1), 0, out);
        feed.truth(Truth::Live);
        feed.flush().await;
        assert!(events.try_recv().is_ok());
        feed.truth(Truth::Live);
        feed.flush().await;
        assert!(events.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_truth_is_said_once() {
        let (out, _events) = mpsc::channel(8);
        let mut feed = Feed::new(WatchId(1), 0, out);
        feed.truth(Truth::Live);
        assert!(feed.send().await);
        feed.truth(Truth::Live);
        assert!(feed.due().is_none());
        feed.truth(Truth::Syncing);
        assert!(feed.due().is_some());
    }
}
