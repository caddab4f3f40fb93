//! Acts between the screen and the gate: questions that are asked, answers, and what is said of what is done.

use std::time::Duration;

use super::App;
use super::surface::Surface;
use crate::cluster::write::{self, Gate, Handle};
use crate::commands::act;
use crate::model::act::{Entry, Intent, Said};
use crate::model::policy::Demand;
use crate::model::row::Uid;
use crate::view::acting::{Outcome, SETTLE};
use crate::view::state::{Overlay, View};

/// So many entries of the journal are kept at hand.
const JOURNAL: usize = 500;

/// What is on its way when the program ends is waited for so long.
const LAST: Duration = Duration::from_secs(3);
/// How often it is looked whether it is over.
const HEAR: Duration = Duration::from_millis(20);

impl<S: Surface> App<S> {
    /// Has the gate plan an act.
    pub(super) fn ask(&mut self, number: u64, intent: Intent) {
        let gate = Gate {
            link: self.link.handle.clone(),
            policy: self.state.policy.clone(),
            context: self.state.context.name.clone(),
            user: self.state.context.user.clone(),
            catalog: self.state.catalog.clone().into(),
            journal: self.state.journal.clone().into(),
            disk: self.journal.clone(),
            out: self.out.clone(),
        };
        self.acts.insert(number, write::begin(gate, number, intent));
    }

    /// The person said yes.
    pub(super) fn confirm(&mut self, number: u64) {
        if let Some(handle) = self.acts.get(&number) {
            handle.confirm();
        }
    }

    /// The person said no, or has had enough of it.
    pub(super) fn stop(&mut self, number: u64) {
        if self.state.acts.get(number).is_none() {
            // Never confirmed: it ends with its handle.
            self.acts.remove(&number);
        } else if let Some(handle) = self.acts.get(&number) {
            handle.stop();
        }
    }

    /// Takes what the gate says of an act.
    pub(super) async fn acted(&mut self, number: u64, said: Said) -> std::io::Result<()> {
        let asked = matches!(&self.state.overlay, Overlay::Ask(question) if question.number == number);
        match said {
            Said::Plan(plan) if asked && plan.demand == Demand::Free => {
                let mut effects = Vec::new();
                act::go(&mut self.state, &mut effects, number, plan);
                self.carry_out(effects).await?;
            }
            Said::Plan(plan) => match &mut self.state.overlay {
                Overlay::Ask(question) if asked => {
                    question.plan = Some(plan);
                    question.since = std::time::Instant::now();
                }
                // It was left before it could be asked.
                _ => self.stop(number),
            },
            Said::Refused(why) => {
                self.acts.remove(&number);
                if asked {
                    self.state.overlay = Overlay::None;
                    self.state.error(why);
                }
            }
            said => match self.state.acts.take(number, said) {
                Outcome::Open => {}
                Outcome::Done(uid, _) => self.unmark(&uid),
                Outcome::Ended(words, failed) => {
                    self.acts.remove(&number);
                    let free = matches!(self.state.overlay, Overlay::None);
                    let shown = matches!(self.state.overlay, Overlay::Acts(shown) if shown == number);
                    match (failed, shown) {
                        (_, true) => {}
                        // The server's whole reason, until it is put away.
                        (true, false) if free => self.state.overlay = Overlay::Acts(number),
                        (true, false) => self.state.error(words),
                        (false, false) => self.state.info(words),
                    }
                }
            },
        }
        Ok(())
    }

    /// What was done needs no mark any more; what failed stays marked.
    fn unmark(&mut self, uid: &Uid) {
        for view in &mut self.state.stack {
            if let View::Table(view) = view {
                view.unmark(uid);
            }
        }
    }

    /// What earlier runs have written; numbered anew, so that each has a number of its own here.
    pub(super) fn recall(&mut self) {
        let mut entries = self.journal.read(JOURNAL);
        for (entry, number) in entries.iter_mut().zip(1..) {
            entry.number = number;
        }
        self.state.journal = entries;
    }

    /// The program ends: nothing more is begun, and what was sent is waited for a little, because it is to be in the journal.
    pub(super) async fn wind_up(&mut self) {
        // What was only asked ends with its handle.
        self.acts.retain(|_, handle| handle.runs());
        self.acts.values().for_each(Handle::stop);
        let end = tokio::time::Instant::now() + LAST;
        while self.acts.values().any(Handle::runs) {
            // What it says is heard, so that it does not wait to be; a task that is done says nothing more.
            let heard = tokio::time::timeout(HEAR, self.events.recv()).await;
            if matches!(heard, Ok(None)) || tokio::time::Instant::now() >= end {
                break;
            }
        }
    }

    /// Something was written; the gate has kept it on disk.
    pub(super) fn wrote(&mut self, mut entry: Entry) {
        entry.number = self.state.journal.last().map_or(0, |last| last.number) + 1;
        self.state.journal.push(entry);
        if self.state.journal.len() > JOURNAL {
            self.state.journal.remove(0);
        }
    }

    /// When the question on the screen begins to take answers.
    pub(super) fn settles(&self) -> Option<tokio::time::Instant> {
        match &self.state.overlay {
            Overlay::Ask(question) if question.plan.is_some() && !question.settled() => {
                Some(tokio::time::Instant::from_std(question.since + SETTLE))
            }
            _ => None,
        }
    }
}
