//! What was told of a log, to know it again when it comes a second time: after a reconnect nothing stands twice, and what is
//! missing is noticed.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::SECOND;
use crate::model::log::{Kind, Nanoseconds};

/// So many of the last lines are remembered, to tell them when they come again.
const RECENT: usize = 1 << 16;
/// Bytes at the beginning of a line by which it is known again, with its time.
const HEAD: usize = 4096;

/// What was told: enough of it to know it again when it comes a second time. Whole seconds are asked for, and lines of two
/// outputs can come in another order than their times.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The latest time.
    pub(super) at: Nanoseconds,
    /// The lines of the last seconds, by time and text.
    recent: VecDeque<(Nanoseconds, u64)>,
    /// The last line has not ended.
    open: Option<Unended>,
}

/// A line that has not ended.
#[derive(Clone, Debug)]
struct Unended {
    at: Nanoseconds,
    /// So many of its bytes were told.
    bytes: usize,
    /// Its beginning, by which it is known again.
    head: Vec<u8>,
}

impl Told {
    pub(super) fn push(&mut self, at: Nanoseconds, text: &[u8], ended: bool) {
        self.at = self.at.max(at);
        if ended {
            self.recent.push_back((at, hash(text)));
            self.open = None;
        } else {
            self.open = Some(Unended { at, bytes: text.len(), head: text[..text.len().min(HEAD)].to_vec() });
        }
        // What is asked for begins with the second of the latest line.
        let from = self.at.div_euclid(SECOND) * SECOND;
        while self.recent.len() > RECENT || self.recent.front().is_some_and(|(at, _)| *at < from - SECOND) {
            self.recent.pop_front();
        }
    }

    /// More of the line that has not ended.
    pub(super) fn more(&mut self, text: &[u8], ended: bool) {
        let Some(open) = &mut self.open else { return };
        open.bytes += text.len();
        let room = HEAD.saturating_sub(open.head.len());
        open.head.extend_from_slice(&text[..text.len().min(room)]);
        if ended {
            self.recent.push_back((open.at, hash(&open.head)));
            self.open = None;
        }
    }
}

fn hash(text: &[u8]) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    text[..text.len().min(HEAD)].hash(&mut hasher);
    hasher.finish()
}

/// What was told already, when a stream is opened again.
#[derive(Debug)]
pub(super) struct Again {
    told: Told,
    /// By time and text, and how often.
    known: FxHashMap<(Nanoseconds, u64), u32>,
    /// The first line decides whether anything is missing.
    first: bool,
    /// The line before belonged to what was told; or so many bytes of it did.
    left_out: bool,
    skip: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was told.
    Told,
    /// It was not.
    New,
    /// It was not, and nothing of what was told last is there any more: lines are missing since then.
    After(Nanoseconds),
    /// So many of its bytes were told.
    Remainder(usize),
}

impl Again {
    pub(super) fn new(told: Told) -> Again {
        let mut known = FxHashMap::default();
        for line in &told.recent {
            *known.entry(*line).or_insert(0) += 1;
        }
        Again { told, known, first: true, left_out: false, skip: 0 }
    }

    pub(super) fn take(&mut self, at: Nanoseconds, kind: Kind, text: &[u8], _ended: bool) -> Taken {
        if kind != Kind::Text {
            if self.skip > 0 {
                let told = self.skip.min(text.len());
                self.skip -= told;
                return Taken::Remainder(told);
            }
            return if self.left_out { Taken::Told } else { Taken::New };
        }
        self.skip = 0;
        self.left_out = false;
        let first = std::mem::take(&mut self.first);
        if let Some(Unended { bytes: told, .. }) =
            self.told.open.take_if(|open| open.at == at && text.starts_with(&open.head[..open.head.len().min(text.len())]))
        {
            // It had not ended, and comes from its beginning now.
            let here = told.min(text.len());
            self.skip = told - here;
            return Taken::Remainder(here);
        }
        // A long line comes in pieces, and is known by its first one.
        if let Some(times) = self.known.get_mut(&(at, hash(text))).filter(|times| **times > 0) {
            *times -= 1;
            self.left_out = true;
            return Taken::Told;
        }
        if at < self.told.at.div_euclid(SECOND) * SECOND {
            // Older than what was asked for.
            self.left_out = true;
            return Taken::Told;
        }
        if first && at > self.told.at { Taken::After(self.told.at) } else { Taken::New }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[(Nanoseconds, &str)]) -> Told {
        let mut told = Told::default();
        lines.iter().for_each(|(at, text)| told.push(*at, text.as_bytes(), true));
        told
    }

    fn all(again: &mut Again, lines: &[(Nanoseconds, Kind, &str)]) -> Vec<Taken> {
        lines.iter().map(|(at, kind, text)| again.take(*at, *kind, text.as_bytes(), true)).collect()
    }

    #[test]
    fn what_was_told_is_not_told_again() {
        let mut again = Again::new(told(&[(7, "a"), (10, "b"), (10, "b"), (9, "late")]));
        let text = Kind::Text;
        let taken = all(
            &mut again,
            &[(7, text, "a"), (7, Kind::Rest, "a2"), (9, text, "late"), (10, text, "b"), (10, text, "b"), (10, text, "b"), (11, text, "c")],
        );
        // In whichever order; a third line of the same words is a new one.
        assert_eq!(taken, [Taken::Told, Taken::Told, Taken::Told, Taken::Told, Taken::Told, Taken::New, Taken::New]);
    }

    #[test]
    fn a_gap_is_noticed_by_what_is_missing() {
        assert_eq!(Again::new(told(&[(10, "a")])).take(12, Kind::Text, b"x", true), Taken::After(10));
        let mut again = Again::new(told(&[(10, "a"), (9, "b")]));
        assert_eq!(all(&mut again, &[(9, Kind::Text, "b"), (12, Kind::Text, "x")]), [Taken::Told, Taken::New]);
    }

    #[test]
    fn a_line_that_was_cut_goes_on_where_it_was() {
        let mut before = told(&[(10, "a")]);
        before.push(11, b"half a li", false);
        before.more(b"n", false);
        let mut again = Again::new(before);
        let taken = all(&mut again, &[(10, Kind::Text, "a"), (11, Kind::Text, "half a line"), (11, Kind::Text, "half a line")]);
        assert_eq!(taken, [Taken::Told, Taken::Remainder(10), Taken::New], "the second one is another line");
        // In pieces, of which the first was told.
        let mut before = told(&[]);
        before.push(11, b"one", false);
        before.more(b"tw", false);
        let mut again = Again::new(before);
        let taken = all(&mut again, &[(11, Kind::Text, "one"), (11, Kind::Rest, "two"), (11, Kind::Rest, "three")]);
        assert_eq!(taken, [Taken::Remainder(3), Taken::Remainder(2), Taken::New]);
    }
}
