//! Logs that are open: who reads them, and what comes of it.

use super::App;
use super::surface::Surface;
use crate::cluster::logs;
use crate::model::log::{Ask, Update, Wanted};
use crate::places;

impl<S: Surface> App<S> {
    /// Begins to read a log, for as long as its view is open.
    pub(super) fn read_log(&mut self, number: u64, wanted: Wanted) {
        let handle = logs::spawn(number, wanted, places::cache_folder(), self.link.handle.clone(), self.out.clone());
        self.logs.insert(number, handle);
    }

    /// Asks something of whoever keeps a log.
    pub(super) fn ask_log(&mut self, number: u64, ask: Ask) {
        if let Some(handle) = self.logs.get(&number) {
            handle.ask(ask);
        }
    }

    /// Has lines counted by filters and searches that are new.
    pub(super) fn sift_logs(&mut self) {
        for log in self.state.logs_mut() {
            let generation = log.sieve().generation;
            if log.sifted != generation
                && let Some(handle) = self.logs.get(&log.number)
            {
                log.sifted = generation;
                handle.ask(Ask::Sift(Box::new(log.sieve().clone())));
            }
        }
    }

    /// Logs that nobody looks at any more are not read any more.
    pub(super) fn close_logs(&mut self) {
        let open: Vec<u64> = self.state.logs_mut().map(|log| log.number).collect();
        self.logs.retain(|number, _| open.contains(number));
    }

    /// Takes news of a log. False where nobody looks at it.
    pub(super) fn take_log(&mut self, number: u64, mut update: Update) -> bool {
        let said = update.said.take();
        let Some(log) = self.state.logs_mut().find(|log| log.number == number) else { return false };
        log.take(update);
        match said {
            Some(Ok(words)) => self.state.info(words),
            Some(Err(words)) => self.state.error(words),
            None => {}
        }
        true
    }
}
