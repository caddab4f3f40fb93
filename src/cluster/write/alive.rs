//! Whether the other side of an open way into a pod lives. It is asked for a sign of life when it says nothing; while it takes
//! nothing of what is sent, it can neither be asked nor answer, and is not to be taken for dead: a slow program is no broken
//! connection. That is believed for as long as the link to the same server holds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::channel::Receiver;
use crate::cluster::link::LinkHandle;

/// What the half that sends and the half that listens know of each other.
#[derive(Debug)]
pub(super) struct Alive {
    /// The other side is to be asked for a sign of life.
    ask: Notify,
    /// What is sent is not taken, right now.
    sending: AtomicBool,
    /// As it was when it last held.
    link: Mutex<LinkHandle>,
}

impl Alive {
    /// Of a way that was opened a moment ago over this link.
    pub(super) fn new(link: &LinkHandle) -> Alive {
        Alive { ask: Notify::new(), sending: AtomicBool::new(false), link: Mutex::new(link.mark()) }
    }

    /// Ends when the other side is to be asked for a sign of life.
    pub(super) async fn asked(&self) {
        self.ask.notified().await;
    }

    /// Waits for what the other side has to take, which may take its time.
    pub(super) async fn sending<T>(&self, send: impl Future<Output = T>) -> T {
        self.sending.store(true, Ordering::Relaxed);
        let sent = send.await;
        self.sending.store(false, Ordering::Relaxed);
        sent
    }

    /// Nothing was heard for a while.
    pub(super) fn quiet(&self, from: &mut Receiver) {
        if self.is_excused() {
            from.pardon();
        } else {
            self.ask.notify_one();
        }
    }

    fn is_excused(&self) -> bool {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = !link.is_broken();
        if !holds && link.is_renewed() {
            *link = link.mark();
        }
        holds && self.sending.load(Ordering::Relaxed)
    }
}
