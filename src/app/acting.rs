//! Acts between the screen and the gate: questions that are asked, answers, and what is said of what is done.

use std::sync::Arc;
use std::time::Duration;

use super::App;
use super::surface::Surface;
use crate::cluster::write::{self, Gate};
use crate::commands::{act, session};
use crate::event::Event;
use crate::model::act::{Act, Entry, Intent, Said};
use crate::model::apply::Comparison;
use crate::model::policy::Demand;
use crate::model::row::Uid;
use crate::view::acting::{Outcome, SETTLE};
use crate::view::comparison;
use crate::view::state::{Overlay, View};
use crate::view::text;

/// So many entries of the journal are kept at hand.
const JOURNAL: usize = 500;
/// On the way out, what was sent is given so long to be answered.
const ANSWERED: Duration = Duration::from_secs(2);
/// And then the journal so long to be written.
const NOTED: Duration = Duration::from_secs(1);

impl<S: Surface> App<S> {
    /// What every act of the context goes through.
    pub(super) fn gate(&self) -> Gate {
        Gate {
            link: self.link.handle.clone(),
            policy: self.state.policy.clone(),
            context: self.state.context.name.clone(),
            user: self.state.context.user.clone(),
            server: self.state.context.server.clone(),
            catalog: self.state.catalog.clone().into(),
            journal: self.state.journal.clone().into(),
            disk: self.journal.clone(),
            piped: self.piped.clone(),
            leaving: self.leave.subscribe(),
            out: self.say.clone(),
        }
    }

    /// Has the gate plan an act.
    pub(super) fn ask(&mut self, number: u64, intent: Intent) {
        self.acts.insert(number, write::begin(self.gate(), number, intent));
    }

    /// What would come of applying has come, or why nobody knows.
    pub(super) fn compared(&mut self, number: u64, compared: Result<Box<Comparison>, Arc<str>>) {
        for text in self.state.texts_mut().filter(|text| text.id == number) {
            match &compared {
                Ok(comparison) => comparison::fill(text, comparison),
                Err(why) => comparison::refused(text, why),
            }
        }
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
            Said::Choose(choosing) => {
                if asked {
                    self.acts.remove(&number);
                }
                // What has been opened meanwhile stays, and what is offered can be asked for by name.
                let shown = matches!(self.state.overlay, Overlay::Acts(shown) if shown == number);
                if asked || shown || matches!(self.state.overlay, Overlay::None) {
                    session::choose(&mut self.state, *choosing);
                }
            }
            Said::Refused(obstacle) => {
                self.acts.remove(&number);
                // What is longer than the bottom line, or has something to choose from, has a box.
                let fits = text::width(&obstacle.why) + 2 <= usize::from(self.state.size.0) && obstacle.instead.is_none();
                match &mut self.state.overlay {
                    Overlay::Ask(question) if asked && !fits => {
                        question.refused = Some(obstacle);
                        question.since = std::time::Instant::now();
                    }
                    overlay if asked => {
                        *overlay = Overlay::None;
                        self.state.error(obstacle.why);
                    }
                    _ => {}
                }
            }
            said => match self.state.acts.take(number, said) {
                Outcome::Open => {}
                Outcome::Done(uid, _) => self.unmark(&uid),
                Outcome::Ended(words, failed) => {
                    self.acts.remove(&number);
                    let free = matches!(self.state.overlay, Overlay::None);
                    let shown = matches!(self.state.overlay, Overlay::Acts(shown) if shown == number);
                    // A session that came to nothing to be seen leaves no box behind.
                    let entered = self.state.acts.get(number).is_some_and(|running| matches!(running.plan.act, Act::Enter(_)));
                    match (failed, shown) {
                        (false, true) if entered => {
                            self.state.overlay = Overlay::None;
                            self.state.info(words);
                        }
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

    /// What earlier runs have written.
    pub(super) fn recall(&mut self) {
        self.state.journal = self.journal.recall(JOURNAL);
    }

    /// Something was written, and is on disk.
    pub(super) fn wrote(&mut self, entry: Entry) {
        self.state.journal.push(entry);
        if self.state.journal.len() > JOURNAL {
            self.state.journal.remove(0);
        }
    }

    /// The program ends: nothing more is begun, and what was sent gets a moment to be answered, so that the journal says what
    /// came of it. What is not answered then is in the journal too, as not known.
    pub(super) async fn wind_up(&mut self) {
        for act in self.acts.values() {
            act.stop();
        }
        self.forwards.stop_all();
        let mut end = tokio::time::Instant::now() + ANSWERED;
        while self.state.acts.open().next().is_some() || self.forwards.any() {
            match tokio::time::timeout_at(end, self.said.recv()).await {
                Ok(Some(Event::Act(number, said))) => drop(self.state.acts.take(number, said)),
                Ok(Some(Event::Forward(number, told))) => drop(self.forwarded(number, told)),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) if *self.leave.borrow() => break,
                Err(_) => {
                    self.leave.send_replace(true);
                    end += NOTED;
                }
            }
        }
    }

    /// When the question on the screen begins to take answers.
    pub(super) fn settles(&self) -> Option<tokio::time::Instant> {
        match &self.state.overlay {
            Overlay::Ask(question) if (question.plan.is_some() || question.refused.is_some()) && !question.settled() => {
                Some(tokio::time::Instant::from_std(question.since + SETTLE))
            }
            _ => None,
        }
    }
}
