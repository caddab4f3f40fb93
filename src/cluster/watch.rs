//! One watch: a streaming list where the server has it, pages where it has not, polling where watching is forbidden;
//! resumed by resourceVersion, and always honest about how true its rows are.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::connect::Session;
use super::error::ClusterError;
use super::feed::Feed;
use super::frames::Decoder;
use super::link::LinkHandle;
use super::request;
use crate::event::{Event, WatchId};
use crate::model::row::{Row, Uid};
use crate::model::scope::{self, Scope, WatchSpec};
use crate::model::state::Truth;

mod pace;
mod pages;
mod parts;
mod stream;

pub(super) use pace::jitter;
use pace::{BUSY, Pace, REFUSED};
pub use parts::{FEW, Handle, spawn};

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

/// One try of a task: names where it has to be split.
type Round<'a> = BoxFuture<'a, Option<Vec<Arc<str>>>>;

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
    async fn run(self) -> Vec<Arc<str>> {
        self.rounds(|task| task.round().boxed()).await
    }

    /// One try after the other. One that panics fails like any other: it is said, and tried again after a pause.
    async fn rounds(mut self, round: fn(&mut Task) -> Round<'_>) -> Vec<Arc<str>> {
        loop {
            match AssertUnwindSafe(round(&mut self)).catch_unwind().await {
                Ok(Some(names)) => return names,
                Ok(None) => {}
                Err(panic) => {
                    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
                    // A fresh list puts right whatever it was in the middle of.
                    self.version = None;
                    self.decoder = Decoder::new(self.spec.kind.clone(), self.spec.metadata_only);
                    self.say_stale(format!("kubetui made a mistake: {}", words.unwrap_or("the log says which")).into());
                    let pause = self.pace.failed();
                    self.rest(pause).await;
                }
            }
        }
    }

    /// One try, and the pause after it. Names: it has to be split.
    async fn round(&mut self) -> Option<Vec<Arc<str>>> {
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
                return None;
            }
            End::NoStreaming => {
                self.streaming = false;
                return None;
            }
            End::NoWatch(error) => {
                self.polling = Some(error.to_string().into());
                return None;
            }
            End::Failed(error) => error,
        };
        tracing::debug!(kind = %self.spec.kind.plural, %error, "watch");
        let why: Arc<str> = error.to_string().into();
        let pause = match &error {
            ClusterError::Forbidden(_) => {
                // What could be read before and cannot be any more must go from the screen's truth, not silently.
                if let Some(names) = self.narrower(&session).await {
                    return Some(names).filter(|names| !names.is_empty());
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
                self.say_stale(why);
                self.link.suspect();
                if let ClusterError::TooManyRequests { retry_after: Some(asked), .. } = &error {
                    // As it asks, whatever else happens.
                    self.feed.until(tokio::time::sleep((*asked).min(BUSY))).await;
                }
                self.pace.failed()
            }
        };
        self.rest(pause).await;
        None
    }

    /// As of the first failure: that others hear of the server says nothing of these rows.
    fn say_stale(&mut self, why: Arc<str>) {
        let since = *self.stale.get_or_insert(self.heard.max(self.link.heard()));
        self.feed.truth(Truth::Stale { since, why });
    }

    /// The pause before another try; cut short when there is a reason for one.
    async fn rest(&mut self, pause: Duration) {
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

    /// The server said something.
    fn hear(&mut self) {
        self.heard = self.link.now();
        self.link.alive();
        self.last = self.link.mark();
    }

    /// The rows are what the server has.
    fn proved(&mut self, truth: Truth) {
        self.stale = None;
        self.feed.truth(truth);
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
                    let known = self.feed.until(parts::named(session, &self.spec.scope)).await.unwrap_or_default();
                    let plain = patterns.iter().filter(|name| scope::is_name(name) && !known.contains(name)).cloned();
                    plain.chain(known.iter().cloned()).collect()
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

    /// The path of what is looked at.
    fn path(&self, query: &[(&str, &str)]) -> String {
        self.path_in(self.namespace.as_deref(), query)
    }

    /// The path of the same in a namespace, or (`None`) in all of them.
    fn path_in(&self, namespace: Option<&str>, query: &[(&str, &str)]) -> String {
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
        format!("{}{}", self.spec.kind.path(namespace), request::query(&all))
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::cluster::connect::Options;
    use crate::cluster::kubeconfig::{Loaded, Paths};
    use crate::cluster::link::{self, Route};
    use crate::model::time::Clock;

    static ROUNDS: AtomicUsize = AtomicUsize::new(0);

    /// The first two tries panic; the third splits.
    fn breaks(task: &mut Task) -> Round<'_> {
        async {
            assert_eq!(task.version, None, "what was half known is read anew");
            task.version = Some("7".into());
            task.last = task.link.mark();
            tokio::task::yield_now().await;
            assert!(ROUNDS.fetch_add(1, Ordering::SeqCst) >= 2, "an odd object");
            Some(vec!["over".into()])
        }
        .boxed()
    }

    #[tokio::test]
    async fn a_try_that_panics_is_said_and_tried_again() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let text = "current-context: c\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\ncontexts: [{name: c, context: {cluster: c}}]\n";
        std::fs::write(&file, text).expect("is written");
        let paths = Paths::of(Some(file.path()));
        let route = Route { loaded: Loaded::load(&paths).expect("loads"), paths, options: Options::default() };
        let (out, mut events) = mpsc::channel(64);
        // The link's own words go elsewhere.
        let link = link::spawn(route, Clock::fixed(1000), mpsc::channel(64).0);
        let kind = Arc::new(crate::kinds::pods::POD.as_kind());
        let spec = WatchSpec { kind, scope: Scope::All, fields: None, labels: None, metadata_only: false };
        let task = Task::new(WatchId(1), 3, spec, None, None, link.handle.clone(), out);
        let names = tokio::time::timeout(Duration::from_secs(10), task.rounds(breaks)).await.expect("it goes on");
        assert_eq!((&*names[0], ROUNDS.load(Ordering::SeqCst)), ("over", 3));
        let Ok(Event::Watch(WatchId(1), update)) = events.try_recv() else { panic!("nothing was said") };
        let why = "kubetui made a mistake: an odd object".into();
        assert_eq!((update.part, update.truth), (3, Some(Truth::Stale { since: 1000, why })));
    }
}
