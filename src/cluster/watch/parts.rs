//! What of a kind is looked at by which watch: one over everything, or one for each of a few namespaces.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::Task;
use crate::cluster::link::LinkHandle;
use crate::event::{Event, Update, WatchId};
use crate::model::scope::WatchSpec;

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
    Handle::spawn(async move {
        let task = |part, namespace, fallback| Task::new(id, part, spec.clone(), namespace, fallback, link.clone(), out.clone());
        // Dropped with this task, and the parts with it.
        let mut running = tokio::task::JoinSet::new();
        let names = if spec.kind.namespaced { spec.scope.names().filter(|names| names.len() <= FEW) } else { None };
        let mut split: Vec<Arc<str>> = match names {
            Some(names) if names.len() > 1 => names.to_vec(),
            one => {
                let one = one.and_then(|names| names.first().cloned());
                running.spawn(task(0, one, fallback.clone()).run());
                Vec::new()
            }
        };
        let mut last = 0u16;
        loop {
            let parts: Vec<u16> = (last + 1..).take(split.len()).collect();
            last += parts.len() as u16;
            if !parts.is_empty() {
                // Said before the parts can say anything: none of them is overlooked because it is slower than another.
                let update = Update { split: parts.clone(), ..Update::default() };
                if out.send(Event::Watch(id, Box::new(update))).await.is_err() {
                    return;
                }
            }
            for (part, namespace) in parts.into_iter().zip(split) {
                running.spawn(task(part, Some(namespace), None).run());
            }
            match running.join_next().await {
                // Over all is forbidden: one each.
                Some(ended) => split = ended.unwrap_or_default(),
                None => return,
            }
        }
    })
}
