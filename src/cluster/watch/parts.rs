//! What of a kind is looked at by which watch: one over everything, or one for each of a few namespaces.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::Task;
use super::pace::Widening;
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::link::LinkHandle;
use crate::cluster::list;
use crate::event::{Event, Update, WatchId};
use crate::model::scope::{Scope, WatchSpec};

/// With more names than this, one watch over all namespaces is cheaper than one each.
pub const FEW: usize = 4;

/// Stops what was spawned when dropped.
#[derive(Debug)]
pub struct Handle(AbortHandle);

impl Handle {
    /// Runs a task for as long as this lives.
    pub fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Handle {
        Handle(tokio::spawn(task).abort_handle())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts watching. `fallback` is the namespace to look at where all of them are forbidden.
pub fn spawn(id: WatchId, spec: WatchSpec, fallback: Option<Arc<str>>, link: LinkHandle, out: mpsc::Sender<Event>) -> Handle {
    let parts = Parts { id, spec, link, out, running: JoinSet::new(), watched: Vec::new(), last: 0 };
    Handle::spawn(parts.run(fallback))
}

/// The watches of one kind, one or several. Those that run end when this is dropped.
struct Parts {
    id: WatchId,
    spec: WatchSpec,
    link: LinkHandle,
    out: mpsc::Sender<Event>,
    running: JoinSet<Vec<Arc<str>>>,
    /// The namespaces that have a watch each; none while one watch is over all.
    watched: Vec<Arc<str>>,
    /// The number of the last part.
    last: u16,
}

impl Parts {
    async fn run(mut self, fallback: Option<Arc<str>>) {
        let names = if self.spec.kind.namespaced { self.spec.scope.names().filter(|names| names.len() <= FEW) } else { None };
        let mut split: Vec<Arc<str>> = match names {
            Some(names) if names.len() > 1 => names.to_vec(),
            one => {
                let one = one.and_then(|names| names.first().cloned());
                self.start(0, one, fallback);
                Vec::new()
            }
        };
        let patterns = self.spec.scope.names().is_none();
        loop {
            if !self.split(std::mem::take(&mut split)).await {
                return;
            }
            let looks = patterns && !self.watched.is_empty();
            split = tokio::select! {
                ended = self.running.join_next() => match ended {
                    // Over all is forbidden: one each.
                    Some(ended) => ended.unwrap_or_default(),
                    None => return,
                },
                names = made_since(&self.spec.scope, &self.watched, self.link.mark()), if looks => names,
            };
        }
    }

    fn start(&mut self, part: u16, namespace: Option<Arc<str>>, fallback: Option<Arc<str>>) {
        let task = Task::new(self.id, part, self.spec.clone(), namespace, fallback, self.link.clone(), self.out.clone());
        self.running.spawn(task.run());
    }

    /// Starts a watch for each of these namespaces. False when the loop is gone.
    async fn split(&mut self, names: Vec<Arc<str>>) -> bool {
        let parts: Vec<u16> = (self.last + 1..).take(names.len()).collect();
        self.last += parts.len() as u16;
        if !parts.is_empty() {
            // Said before the parts can say anything: none of them is overlooked because it is slower than another.
            let update = Update { split: parts.clone(), ..Update::default() };
            if self.out.send(Event::Watch(self.id, Box::new(update))).await.is_err() {
                return false;
            }
        }
        for (part, namespace) in parts.into_iter().zip(names) {
            self.watched.push(namespace.clone());
            self.start(part, Some(namespace), None);
        }
        true
    }
}

/// The namespaces there are that a scope of patterns means.
pub(super) async fn named(session: &Session, scope: &Scope) -> Result<Vec<Arc<str>>, ClusterError> {
    Ok(list::namespaces(session).await?.into_iter().filter(|name| scope.contains(name)).collect())
}

/// Ends when there are namespaces that the patterns mean and that are not watched yet, with their names. Looked for now
/// and then, and when a person asks for another try: with a watch for each, none is over all to tell of them.
async fn made_since(scope: &Scope, watched: &[Arc<str>], mut link: LinkHandle) -> Vec<Arc<str>> {
    let mut pauses = Widening::default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(pauses.next_pause()) => {}
            () = link.renewed() => link = link.mark(),
        }
        let session = link.session().await;
        let mut names = named(&session, scope).await.unwrap_or_default();
        names.retain(|name| !watched.contains(name));
        if !names.is_empty() {
            return names;
        }
    }
}
