//! Which events are told one by one, which together, and which not at all: client-go's `EventCorrelator` with its defaults.

use arcstr::ArcStr;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::{Millis, SECOND};

/// Different messages of a kind about an object that are told one by one, less one.
const SIMILAR: usize = 10;
/// After this time without one, counting begins anew.
const FORGOTTEN: Millis = 600 * SECOND;
/// Events about an object that a component may tell at once.
const BURST: f64 = 25.0;
/// In this time it may tell one more.
const REFILL: Millis = 300 * SECOND;
/// Entries of each memory: `maxLruCacheEntries`.
const KEPT: usize = 4096;

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is told.
    Alone,
    /// It is told together with others like it.
    Combined,
    /// It is not told.
    Spam,
}

/// About whom (UID), type, reason and component.
type Kind = (ArcStr, String, String, String);

/// What was told lately, and how much each component may tell yet.
#[derive(Default)]
pub struct Correlator {
    similar: HashMap<Kind, (Millis, HashSet<String>)>,
    /// About whom and by whom → when there were how many left to tell.
    left: HashMap<(ArcStr, String), (Millis, f64)>,
}

impl Correlator {
    /// What becomes of an event that is to be told now.
    pub fn judge(&mut self, now: Millis, about: &ArcStr, kind: &str, reason: &str, message: &str, component: &str) -> Verdict {
        make_room(&mut self.left, |(at, _)| now - at < REFILL * BURST as i64);
        let (at, left) = self.left.entry((about.clone(), component.to_owned())).or_insert((now, BURST));
        *left = BURST.min(*left + (now - *at) as f64 / REFILL as f64);
        *at = now;
        let heard = *left >= 1.0;
        if heard {
            *left -= 1.0;
        }
        make_room(&mut self.similar, |(at, _)| now - at < FORGOTTEN);
        let key = (about.clone(), kind.to_owned(), reason.to_owned(), component.to_owned());
        let (last, messages) = self.similar.entry(key).or_insert_with(|| (now, HashSet::new()));
        if now - *last > FORGOTTEN {
            messages.clear();
        }
        *last = now;
        let combined = match messages.contains(message) {
            true => messages.len() >= SIMILAR,
            false if messages.len() + 1 < SIMILAR => {
                messages.insert(message.to_owned());
                false
            }
            false => true,
        };
        match (heard, combined) {
            (false, _) => Verdict::Spam,
            (true, true) => Verdict::Combined,
            (true, false) => Verdict::Alone,
        }
    }
}

/// Forgets what is not of use any more, and everything where that is not enough.
fn make_room<K: Eq + Hash, V>(memory: &mut HashMap<K, V>, of_use: impl Fn(&V) -> bool) {
    if memory.len() >= KEPT {
        memory.retain(|_, value| of_use(value));
    }
    if memory.len() >= KEPT {
        memory.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_similar_is_combined_and_what_is_too_much_is_not_told() {
        let mut correlator = Correlator::default();
        let about: ArcStr = "uid".into();
        let mut say = |now: Millis, message: &str| correlator.judge(now, &about, "Normal", "SuccessfulCreate", message, "rs");
        let verdicts: Vec<_> = (0..40).map(|n| say(0, &n.to_string())).collect();
        assert!(verdicts[..9].iter().all(|verdict| *verdict == Verdict::Alone), "{verdicts:?}");
        assert!(verdicts[9..25].iter().all(|verdict| *verdict == Verdict::Combined), "{verdicts:?}");
        assert!(verdicts[25..].iter().all(|verdict| *verdict == Verdict::Spam), "{verdicts:?}");
        assert_eq!(say(REFILL, "0"), Verdict::Alone, "one of the first is no news");
        assert_eq!(say(REFILL, "0"), Verdict::Spam);
        assert_eq!(say(4 * FORGOTTEN, "41"), Verdict::Alone);
    }
}
