//! What this user may do, as far as the server has said it: the rules of a namespace (`SelfSubjectRulesReview`) where they
//! are complete, else single answers (`SelfSubjectAccessReview`). Nothing here asks: a question that has no answer yet, or
//! an old one, is noted, and the loop takes the notes when the cursor rests. Unknown counts as allowed.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::kind::Kind;

mod rule;

pub use rule::{Attempt, Rule};

/// What was said is asked for again after so long.
const REFRESH: Duration = Duration::from_secs(300);
/// What was asked for is not asked for again before this, whether or not an answer came.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many questions are kept; the newest ones are about what is on the screen.
const QUESTIONS: usize = 16;
/// So many single answers are kept.
const ANSWERS: usize = 1000;
/// The namespace whose rules are looked at for what lives in none: they hold the rules of all ClusterRoleBindings too.
const ANY_NAMESPACE: &str = "default";

/// A question to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The rules of a namespace.
    Rules(Arc<str>),
    /// Whether this may be done.
    Access(Attempt),
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The rules of the namespace; `None`: they are not all of them, or the server does not tell them.
    Rules(Option<Vec<Rule>>),
    /// It may be done or not; `None`: the server does not say.
    Access(Option<bool>),
    /// No answer: the connection. It is asked again.
    Nothing,
}

#[derive(Debug)]
struct Known<T> {
    what: T,
    at: Instant,
    /// Something happened that does not fit.
    doubted: bool,
}

impl<T> Known<T> {
    fn old(&self, now: Instant) -> bool {
        self.doubted || now.saturating_duration_since(self.at) >= REFRESH
    }
}

/// What is known of this user's rights in one context.
#[derive(Debug, Default)]
pub struct Rights {
    rules: FxHashMap<Arc<str>, Known<Option<Vec<Rule>>>>,
    answers: FxHashMap<Attempt, Known<Option<bool>>>,
    /// What was asked since, and when.
    asked: FxHashMap<Ask, Instant>,
    /// What somebody wanted to know and is not known, or was said too long ago; the newest is the last. Looking at rights
    /// is reading; that it leaves a note is nobody's business but the loop's.
    open: RefCell<Vec<Ask>>,
}

impl Rights {
    /// Whether it may be done; `None` when that is not known (yet). What was said last counts until it is said anew.
    pub fn may(&self, attempt: &Attempt, now: Instant) -> Option<bool> {
        let inside = !attempt.namespace.is_empty();
        match &self.rules(attempt, now)?.what {
            Some(rules) => {
                let allowed = rules.iter().any(|rule| rule.allows(attempt));
                // Rules of a namespace hold there. For what lives in none they are too many, with the RoleBindings of that
                // namespace among them: a No is certain, a Yes is not.
                if inside || !allowed {
                    return Some(allowed);
                }
                self.answer(attempt, now)
            }
            None => self.answer(attempt, now),
        }
    }

    /// The rules that hold for it.
    fn rules(&self, attempt: &Attempt, now: Instant) -> Option<&Known<Option<Vec<Rule>>>> {
        let namespace = if attempt.namespace.is_empty() { ANY_NAMESPACE.into() } else { attempt.namespace.clone() };
        let rules = self.rules.get(&namespace);
        if rules.is_none_or(|known| known.old(now)) {
            self.note(Ask::Rules(namespace));
        }
        rules
    }

    /// By single answers. What may be done to all names may be done to each; only where that is denied is it asked for the
    /// one, because a rule may name it.
    fn answer(&self, attempt: &Attempt, now: Instant) -> Option<bool> {
        let all = attempt.of_all_names();
        match self.single(&all, now) {
            Some(false) if !attempt.name.is_empty() => self.single(attempt, now),
            answer => answer,
        }
    }

    fn single(&self, attempt: &Attempt, now: Instant) -> Option<bool> {
        let known = self.answers.get(attempt);
        if known.is_none_or(|known| known.old(now)) {
            self.note(Ask::Access(attempt.clone()));
        }
        known?.what
    }

    fn note(&self, ask: Ask) {
        let mut open = self.open.borrow_mut();
        open.retain(|other| *other != ask);
        open.push(ask);
        if open.len() > QUESTIONS {
            open.remove(0);
        }
    }

    /// Wants the rules that hold for an object, before anything is tried.
    pub fn look(&self, kind: &Kind, namespace: &str, name: &str, now: Instant) {
        self.rules(&Attempt::new("get", kind, "", namespace, name), now);
    }

    /// The questions to ask now, the ones about what is on the screen first. They count as asked.
    pub fn take(&mut self, now: Instant) -> Vec<Ask> {
        self.asked.retain(|_, at| now.saturating_duration_since(*at) < PATIENCE);
        let mut asks = self.open.take();
        asks.retain(|ask| !self.asked.contains_key(ask));
        asks.reverse();
        self.asked.extend(asks.iter().map(|ask| (ask.clone(), now)));
        asks
    }

    /// Takes what the server said. Whether that is news.
    pub fn tell(&mut self, ask: Ask, said: Said, now: Instant) -> bool {
        // An answer that was on the way when it was doubted may be as old as the one before.
        let doubted = !self.asked.contains_key(&ask);
        match (ask, said) {
            (Ask::Rules(namespace), Said::Rules(what)) => {
                let known = Known { what, at: now, doubted };
                let news = self.rules.get(&namespace).is_none_or(|before| before.what != known.what);
                self.rules.insert(namespace, known);
                news
            }
            (Ask::Access(attempt), Said::Access(what)) => {
                if self.answers.len() >= ANSWERS {
                    self.answers.clear();
                }
                let before = self.answers.insert(attempt, Known { what, at: now, doubted });
                before.is_none_or(|before| before.what != what)
            }
            _ => false,
        }
    }

    /// The server refused something, or is another one since the connection was lost: everything is asked again as it is
    /// needed, and what was said counts until then.
    pub fn doubt(&mut self) {
        self.rules.values_mut().for_each(|known| known.doubted = true);
        self.answers.values_mut().for_each(|known| known.doubted = true);
        self.asked.clear();
    }
}

#[cfg(test)]
mod tests;
