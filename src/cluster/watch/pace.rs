//! How long to wait before a watch is opened again.

use std::time::Duration;

/// Between two tries where the server refuses or does not know the kind: rights and definitions change.
pub const REFUSED: Duration = Duration::from_secs(20);
/// No server is left alone longer than this because it asks for it.
pub const BUSY: Duration = Duration::from_secs(60);
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(8));
/// Before a watch that ended in good order is opened again.
const AGAIN: Duration = Duration::from_millis(20);
/// Between two looks whether more may be read, or is there, than is looked at.
const WIDENING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(300));
/// A watch that lasted so long ended as watches do; one that did not may be ended for a reason that lasts.
const STEADY: Duration = Duration::from_secs(5);
/// With a longer pause between two watches, rows are old for a time that a person would notice.
const NOTICED: Duration = Duration::from_millis(500);

/// The pauses of one watch.
#[derive(Debug)]
pub struct Pace {
    backoff: Duration,
    /// The pause after the next watch that ends early in good order.
    again: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { backoff: BACKOFF.0, again: AGAIN }
    }
}

impl Pace {
    /// All is well, or about to be: the next failure is a first one.
    pub fn steady(&mut self) {
        self.backoff = BACKOFF.0;
    }

    /// The pause after a failure: twice as long each time.
    pub fn failed(&mut self) -> Duration {
        let pause = jitter(self.backoff);
        self.backoff = (self.backoff * 2).min(BACKOFF.1);
        pause
    }

    /// The pause after a watch that ended in good order, and whether it is one that a person would notice: none to speak of
    /// as a rule, longer and longer where a server, or a proxy before it, ends each at once.
    pub fn ended(&mut self, lasted: Duration) -> (Duration, bool) {
        if lasted >= STEADY {
            self.again = AGAIN;
        }
        let pause = self.again;
        self.again = (pause * 2).min(BACKOFF.1);
        (pause, pause >= NOTICED)
    }
}

/// The pauses between two looks whether there is more to see: rights and namespaces change now and then. Each look costs a
/// request, so they come less and less often; what is found begins them anew.
#[derive(Debug)]
pub struct Widening(Duration);

impl Default for Widening {
    fn default() -> Self {
        Widening(WIDENING.0)
    }
}

impl Widening {
    /// Twice as long each time, up to a limit.
    pub fn next_pause(&mut self) -> Duration {
        let pause = jitter(self.0);
        self.0 = (self.0 * 2).min(WIDENING.1);
        pause
    }
}

/// Between half and the whole of `pause`, so that many clients do not come back in step.
pub fn jitter(pause: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    let random = std::hash::RandomState::new().build_hasher().finish();
    pause / 2 + pause.mul_f64((random % 1024) as f64 / 2048.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_that_lasts_is_opened_again_at_once_and_others_are_not() {
        let mut pace = Pace::default();
        assert_eq!(pace.ended(Duration::from_secs(1800)), (AGAIN, false));
        assert_eq!(pace.ended(Duration::from_secs(1800)), (AGAIN, false));
        let last = (0..20).map(|_| pace.ended(Duration::ZERO)).last();
        assert_eq!(last, Some((BACKOFF.1, true)));
        assert_eq!(pace.ended(STEADY), (AGAIN, false));
    }

    #[test]
    fn more_is_looked_for_soon_and_then_less_and_less_often() {
        let mut pauses = Widening::default();
        let all: Vec<Duration> = (0..20).map(|_| pauses.next_pause()).collect();
        assert!(all[0] >= WIDENING.0 / 2 && all[0] <= WIDENING.0, "{all:?}");
        assert!(all[19] >= WIDENING.1 / 2 && all.iter().all(|pause| *pause <= WIDENING.1), "{all:?}");
    }

    #[test]
    fn failures_wait_longer_and_longer_up_to_a_limit() {
        let mut pace = Pace::default();
        for expected in [250, 500, 1000] {
            let (expected, pause) = (Duration::from_millis(expected), pace.failed());
            assert!(pause >= expected / 2 && pause <= expected, "{pause:?}");
        }
        assert!((0..20).map(|_| pace.failed()).all(|pause| pause <= BACKOFF.1));
        pace.steady();
        assert!(pace.failed() <= BACKOFF.0);
    }
}
