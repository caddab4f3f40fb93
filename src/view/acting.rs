//! What is asked before something is written, and what comes of it: the question, the pending target of a scale, acts on
//! their way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::prompt::Line;
use crate::model::act::{Act, Intent, Obstacle, Plan, Said, Step};
use crate::model::draft::Draft;
use crate::model::edit::{Answer, Conflict};
use crate::model::policy::Demand;
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// A question takes no answer before it has been on the screen for so long without any key: keys typed ahead, and those that
/// are held down, are not an answer.
pub const SETTLE: Duration = Duration::from_millis(300);
/// Leaving although something is on its way is asked for again within this time.
const AGAIN: Duration = Duration::from_secs(10);
/// So many acts that ended are kept to be looked at.
const KEPT: usize = 20;

/// A question, from the key to the answer.
#[derive(Debug)]
pub struct Question {
    /// The act's number.
    pub number: u64,
    /// What was wanted.
    pub intent: Intent,
    /// What will happen; `None` while the objects are read.
    pub plan: Option<Box<Plan>>,
    /// Why it cannot be done, where that is longer than the bottom line or something else is offered.
    pub refused: Option<Obstacle>,
    /// Since when the question can be read, and no key came.
    pub since: Instant,
    /// What was typed, where a name is demanded.
    pub line: Line,
    /// The first line of it that is shown.
    pub top: usize,
}

impl Question {
    /// An answer counts.
    pub fn settled(&self) -> bool {
        (self.plan.is_some() || self.refused.is_some()) && self.since.elapsed() >= SETTLE
    }

    /// What was demanded to be typed is typed.
    pub fn answered(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| self.line.text().trim() == plan.typed)
    }

    /// A key came before an answer counts: it was typed ahead, or is held down. The question waits for a moment of quiet.
    pub fn hurried(&mut self) {
        self.since = Instant::now();
    }

    /// A name has to be typed.
    pub fn types(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| matches!(plan.demand, Demand::Name | Demand::Context))
    }
}

/// The number of replicas to come, while it is chosen.
#[derive(Debug)]
pub struct Scaling {
    /// Whose.
    pub targets: Vec<Reference>,
    /// What the first one wants now, where that is known.
    pub from: Option<i32>,
    /// The number typed so far.
    pub line: Line,
}

impl Scaling {
    /// The number as it stands.
    pub fn to(&self) -> Option<i32> {
        self.line.text().trim().parse().ok().filter(|number| *number >= 0)
    }

    /// One more or one fewer than what is typed, or is there now; false where neither is known.
    pub fn step(&mut self, by: i32) -> bool {
        let Some(base) = self.to().or(self.from) else { return false };
        self.line = Line::new(base.saturating_add(by).max(0).to_string());
        true
    }
}

/// Fields that others have changed too, while it is asked whose value is stored.
#[derive(Debug)]
pub struct Clashing {
    /// What is to be saved.
    pub draft: Draft,
    /// Whose.
    pub of: Reference,
    /// The fields.
    pub conflicts: Vec<Conflict>,
    /// The object as others have made it.
    pub theirs: Arc<serde_json::Value>,
    /// What was answered so far, in their order.
    pub answers: Vec<Answer>,
}

/// An act on its way, or ended.
#[derive(Debug)]
pub struct Running {
    /// Its number.
    pub number: u64,
    /// What was asked.
    pub plan: Box<Plan>,
    /// Where each object stands; the same places as in the plan.
    pub steps: Vec<Step>,
    /// All that was to be done was tried.
    pub ended: bool,
    /// It was told to begin nothing more.
    pub stopping: bool,
    /// The first line that is shown.
    pub top: usize,
}

impl Running {
    /// How many are done, failed, and not ended.
    pub fn counts(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for (step, target) in self.steps.iter().zip(&self.plan.targets) {
            match step {
                _ if target.change.is_err() => {}
                Step::Done(_) => counts.0 += 1,
                Step::Failed(_) => counts.1 += 1,
                Step::Waiting | Step::Doing(_) => counts.2 += 1,
                Step::Left => {}
            }
        }
        counts
    }

    /// It is worth a list: several objects, or one that takes its time.
    pub fn listed(&self) -> bool {
        // Until a session has the terminal, what is typed is for nothing else.
        self.plan.count() > 1 || matches!(self.plan.act, Act::Drain(_) | Act::Enter(_) | Act::Copy(_))
    }

    /// It is on its way into a container, and will have the terminal.
    pub fn enters(&self) -> bool {
        !self.ended && matches!(self.plan.act, Act::Enter(_))
    }

    /// `restart: 3 done, 1 failed`.
    pub fn summary(&self) -> String {
        let (done, failed, open) = self.counts();
        let left = self.steps.iter().filter(|step| **step == Step::Left).count();
        let mut words = vec![format!("{done} done")];
        for (count, what) in [(failed, "failed"), (open, "on the way"), (left, "left as they were")] {
            if count > 0 {
                words.push(format!("{count} {what}"));
            }
        }
        format!("{}: {}", self.plan.act.verb(), words.join(", "))
    }
}

/// Acts that were confirmed, the newest last.
#[derive(Debug, Default)]
pub struct Acts {
    last: u64,
    running: Vec<Running>,
    /// When the person was last told, on the way out, that something is on its way.
    warned: Option<Instant>,
}

/// What a step of an act means for the rest of the screen.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Open,
    /// Done to this object: its mark goes.
    Done(Uid, String),
    /// The act ended: words, and whether anything failed.
    Ended(String, bool),
}

impl Acts {
    /// A number that no act has had.
    pub fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Another cluster: what was done to the one before is not shown any more. Numbers go on.
    pub fn forget(&mut self) {
        self.running.clear();
        self.warned = None;
    }

    /// A question was answered with yes.
    pub fn begin(&mut self, number: u64, plan: Box<Plan>) {
        let steps =
            plan.targets.iter().map(|target| target.change.as_ref().map_or_else(|why| Step::Failed(why.clone()), |_| Step::Waiting));
        let steps = steps.collect();
        self.running.push(Running { number, plan, steps, ended: false, stopping: false, top: 0 });
        while self.running.len() > KEPT && self.running.first().is_some_and(|first| first.ended) {
            self.running.remove(0);
        }
    }

    /// One act.
    pub fn get(&self, number: u64) -> Option<&Running> {
        self.running.iter().find(|running| running.number == number)
    }

    /// One act, to be changed.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Running> {
        self.running.iter_mut().find(|running| running.number == number)
    }

    /// The newest one.
    pub fn newest(&self) -> Option<&Running> {
        self.running.last()
    }

    /// Those that have not ended.
    pub fn open(&self) -> impl Iterator<Item = &Running> {
        self.running.iter().filter(|running| !running.ended)
    }

    /// Whether one may leave now: nothing is on its way, or one was told so a moment ago and asks again.
    pub fn may_leave(&mut self) -> bool {
        if self.open().next().is_none() || self.warned.is_some_and(|at| at.elapsed() < AGAIN) {
            return true;
        }
        self.warned = Some(Instant::now());
        false
    }

    /// Takes what the gate says of an act.
    pub fn take(&mut self, number: u64, said: Said) -> Outcome {
        let Some(running) = self.get_mut(number) else { return Outcome::Open };
        match said {
            Said::Step(at, step) => {
                let Some(place) = running.steps.get_mut(at) else { return Outcome::Open };
                *place = step.clone();
                match (step, running.plan.targets.get(at)) {
                    (Step::Done(words), Some(target)) => Outcome::Done(target.object.uid.clone(), words),
                    _ => Outcome::Open,
                }
            }
            Said::Ended => {
                running.ended = true;
                let (_, failed, _) = running.counts();
                let words = match (running.plan.targets.as_slice(), running.steps.as_slice()) {
                    ([target], [Step::Done(words) | Step::Failed(words)]) => format!("{}: {words}", target.object.title()),
                    _ => running.summary(),
                };
                Outcome::Ended(words, failed > 0)
            }
            Said::Plan(_) | Said::Refused(_) | Said::Choose(_) => Outcome::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::act::Target;
    use crate::model::kind::Kind;

    fn plan(names: &[&str]) -> Box<Plan> {
        let kind = Arc::new(Kind { singular: "pod".into(), ..Kind::default() });
        let target = |name: &&str| Target {
            object: Reference { kind: kind.clone(), namespace: "shop".into(), name: (*name).into(), uid: Uid::new(name) },
            change: Ok("it goes".into()),
            notes: Vec::new(),
            diff: Arc::default(),
        };
        Box::new(Plan {
            act: Act::Cordon,
            title: String::new(),
            targets: names.iter().map(target).collect(),
            notes: Vec::new(),
            demand: Demand::Confirm,
            typed: String::new(),
            why: String::new(),
            kubectl: Vec::new(),
            instead: None,
        })
    }

    #[test]
    fn what_came_of_it_is_counted_and_said() {
        let mut acts = Acts::default();
        let number = acts.number();
        acts.begin(number, plan(&["a", "b", "c"]));
        assert_eq!(acts.take(number, Said::Step(0, Step::Done("deleted".into()))), Outcome::Done(Uid::new("a"), "deleted".into()));
        assert_eq!(acts.take(number, Said::Step(1, Step::Failed("no".into()))), Outcome::Open);
        assert_eq!(acts.get(number).map(Running::counts), Some((1, 1, 1)));
        acts.take(number, Said::Step(2, Step::Left));
        assert_eq!(acts.open().count(), 1);
        assert_eq!(acts.take(number, Said::Ended), Outcome::Ended("cordon: 1 done, 1 failed, 1 left as they were".into(), true));
        assert_eq!(acts.open().count(), 0);
        let number = acts.number();
        acts.begin(number, plan(&["a"]));
        acts.take(number, Said::Step(0, Step::Done("deleted".into())));
        assert_eq!(acts.take(number, Said::Ended), Outcome::Ended("pod/a: deleted".into(), false));
    }

    #[test]
    fn a_pending_number_is_typed_or_stepped() {
        let mut scaling = Scaling { targets: Vec::new(), from: Some(3), line: Line::default() };
        scaling.step(1);
        assert_eq!(scaling.to(), Some(4));
        scaling.line = Line::new("0");
        scaling.step(-1);
        assert_eq!(scaling.to(), Some(0));
        scaling.line = Line::new("x");
        assert_eq!(scaling.to(), None);
        let mut unknown = Scaling { targets: Vec::new(), from: None, line: Line::default() };
        assert!(!unknown.step(1), "one more than nobody knows is no number");
        unknown.line = Line::new("5");
        assert!(unknown.step(-1));
        assert_eq!(unknown.to(), Some(4));
    }
}
