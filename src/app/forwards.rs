//! Open port-forwards: what holds them open, and what their tasks say.

use rustc_hash::FxHashMap;

use super::App;
use super::surface::Surface;
use crate::cluster::link::LinkOwner;
use crate::cluster::write::Handle;
use crate::model::forward::{Forward, Told};

/// What holds the open forwards open. They go on when another context is shown, over the connection of their own.
#[derive(Debug, Default)]
pub(super) struct Forwards {
    open: FxHashMap<u64, Open>,
    /// Connections of contexts that were left, which forwards still need.
    links: FxHashMap<u64, LinkOwner>,
    /// The number of the connection that is shown.
    link: u64,
}

#[derive(Debug)]
struct Open {
    handle: Handle,
    /// The number of its connection.
    link: u64,
}

/// What a person is told when forwards of a context go on that is left.
pub(super) fn go_on(count: usize) -> String {
    if count == 1 { "a port-forward goes on: :forwards".into() } else { format!("{count} port-forwards go on: :forwards") }
}

impl Forwards {
    /// Tells one to end; it says when it has.
    pub(super) fn stop(&self, number: u64) {
        if let Some(open) = self.open.get(&number) {
            open.handle.stop();
        }
    }

    /// Tells all of them to end.
    pub(super) fn stop_all(&self) {
        for open in self.open.values() {
            open.handle.stop();
        }
    }

    /// Some are open.
    pub(super) fn any(&self) -> bool {
        !self.open.is_empty()
    }

    /// Another context is shown: the connection is kept for as long as a forward needs it. How many there are in all.
    pub(super) fn leave(&mut self, link: LinkOwner) -> usize {
        self.links.insert(self.link, link);
        self.link += 1;
        self.prune();
        self.open.len()
    }

    fn prune(&mut self) {
        let open = &self.open;
        self.links.retain(|number, _| open.values().any(|forward| forward.link == *number));
    }
}

impl<S: Surface> App<S> {
    /// Takes what the task of a forward says. Whether it is to be seen at once.
    pub(super) fn forwarded(&mut self, number: u64, told: Told) -> bool {
        let now = self.state.now();
        match told {
            Told::Opened(opened) => {
                // Without its handle it has ended already: the context was left before it was open.
                let Some(handle) = self.acts.remove(&number) else { return false };
                self.forwards.open.insert(number, Open { handle, link: self.forwards.link });
                self.state.forwards.open(Forward::new(number, *opened, now));
            }
            Told::Ended => {
                self.forwards.open.remove(&number);
                self.forwards.prune();
                let Some(ended) = self.state.forwards.close(number) else { return false };
                self.state.info(format!("{} → {} is closed", ended.address(), ended.opened.target.title()));
            }
            // It is drawn with the next second.
            told @ Told::Counted(_) => {
                self.state.forwards.take(number, &told, now);
                return false;
            }
            Told::Moved(goes, words) => {
                let waits = matches!(goes, crate::model::forward::Goes::Waits(_));
                if !self.state.forwards.take(number, &Told::Moved(goes, words.clone()), now) {
                    return false;
                }
                if waits { self.state.error(words) } else { self.state.info(words) }
            }
            Told::Failed(why, count) => {
                if !self.state.forwards.take(number, &Told::Failed(why.clone(), count), now) {
                    return false;
                }
                let address = self.state.forwards.get(number).map(|forward| forward.address().to_owned()).unwrap_or_default();
                let words = format!("{address}: {why}");
                // A client that tries again and again is told of once.
                if self.state.message.as_ref().is_none_or(|message| *message.text != *words) {
                    self.state.error(words);
                }
            }
        }
        true
    }
}
