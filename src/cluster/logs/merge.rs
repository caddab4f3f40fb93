//! Many streams into one, by their timestamps. A line goes on as soon as every stream that is about to say something has a
//! later one, or after it has waited for [`HOLD`]: a stream that has nothing to say does not hold the others up.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::model::log::{Kind, Nanoseconds};

/// A line waits no longer than this for an earlier one of another stream.
pub(super) const HOLD: Duration = Duration::from_millis(250);
/// A stream that has said something so recently is waited for.
const BUSY: Duration = Duration::from_millis(60);

/// A line as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) at: Nanoseconds,
    pub(super) kind: Kind,
    /// It was said while we listened: not read from before.
    pub(super) live: bool,
    pub(super) text: Bytes,
}

/// Lines that came together; the permit lets the stream read on once they have gone on.
struct Batch {
    came: Instant,
    lines: VecDeque<Raw>,
    _permit: Option<OwnedSemaphorePermit>,
}

struct Queue {
    batches: VecDeque<Batch>,
    /// When it last said something, or began.
    heard: Instant,
    /// Its first line, or the word that there is none, has not come.
    opening: bool,
    done: bool,
}

impl Queue {
    fn head(&self) -> Option<(&Raw, Instant)> {
        let batch = self.batches.front()?;
        Some((batch.lines.front()?, batch.came))
    }

    /// Until when it is waited for, if it is.
    fn awaited(&self) -> Option<Instant> {
        (!self.done && self.batches.is_empty()).then_some(self.heard + if self.opening { HOLD } else { BUSY })
    }
}

/// The streams, by the places of their sources.
#[derive(Default)]
pub(super) struct Merge {
    queues: Vec<Option<Queue>>,
}

impl Merge {
    /// A stream begins.
    pub(super) fn begin(&mut self, source: u16, now: Instant) {
        let place = usize::from(source);
        if self.queues.len() <= place {
            self.queues.resize_with(place + 1, || None);
        }
        self.queues[place] = Some(Queue { batches: VecDeque::new(), heard: now, opening: true, done: false });
    }

    /// Lines of a stream, in its order.
    pub(super) fn push(&mut self, source: u16, lines: Vec<Raw>, permit: Option<OwnedSemaphorePermit>, now: Instant) {
        let Some(queue) = self.queues.get_mut(usize::from(source)).and_then(Option::as_mut) else { return };
        (queue.heard, queue.opening) = (now, false);
        if !lines.is_empty() {
            queue.batches.push_back(Batch { came: now, lines: lines.into(), _permit: permit });
        }
    }

    /// A stream says nothing more.
    pub(super) fn end(&mut self, source: u16) {
        if let Some(queue) = self.queues.get_mut(usize::from(source)).and_then(Option::as_mut) {
            queue.done = true;
        }
    }

    /// The lines whose turn has come, the earliest first, no more than `most`; and when to look again.
    pub(super) fn take(&mut self, now: Instant, most: usize, out: &mut Vec<(u16, Raw)>) -> Option<Instant> {
        let mut heads: BinaryHeap<Reverse<(Nanoseconds, u16)>> = BinaryHeap::new();
        let mut awaited: Option<Instant> = None;
        for (source, queue) in self.queues.iter().enumerate().filter_map(|(at, queue)| Some((at as u16, queue.as_ref()?))) {
            if let Some((head, _)) = queue.head() {
                heads.push(Reverse((head.at, source)));
            }
            awaited = awaited.max(queue.awaited());
        }
        while let Some(Reverse((_, source))) = heads.pop() {
            let Some(queue) = self.queues.get_mut(usize::from(source)).and_then(Option::as_mut) else { continue };
            let Some((_, came)) = queue.head() else { continue };
            if out.len() >= most {
                return Some(now);
            }
            if let Some(until) = awaited.filter(|until| *until > now)
                && now < came + HOLD
            {
                return Some(until.min(came + HOLD));
            }
            let Some(batch) = queue.batches.front_mut() else { continue };
            if let Some(raw) = batch.lines.pop_front() {
                out.push((source, raw));
            }
            if batch.lines.is_empty() {
                queue.batches.pop_front();
            }
            match queue.head() {
                Some((head, _)) => heads.push(Reverse((head.at, source))),
                None => awaited = awaited.max(queue.awaited()),
            }
        }
        self.queues.iter_mut().for_each(|queue| {
            if queue.as_ref().is_some_and(|queue| queue.done && queue.batches.is_empty()) {
                *queue = None;
            }
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(at: Nanoseconds) -> Raw {
        Raw { at, kind: Kind::Text, live: true, text: Bytes::new() }
    }

    fn taken(merge: &mut Merge, now: Instant) -> (Vec<Nanoseconds>, Option<Instant>) {
        let mut out = Vec::new();
        let wake = merge.take(now, usize::MAX, &mut out);
        (out.into_iter().map(|(_, raw)| raw.at).collect(), wake)
    }

    #[test]
    fn one_stream_waits_for_nobody() {
        let (mut merge, now) = (Merge::default(), Instant::now());
        merge.begin(0, now);
        merge.push(0, vec![raw(3), raw(1)], None, now);
        // The order within a stream is the stream's.
        assert_eq!(taken(&mut merge, now), (vec![3, 1], None));
    }

    #[test]
    fn lines_are_put_in_order_while_streams_are_busy() {
        let (mut merge, now) = (Merge::default(), Instant::now());
        merge.begin(0, now);
        merge.begin(1, now);
        merge.push(0, vec![raw(1), raw(5)], None, now);
        let (lines, wake) = taken(&mut merge, now);
        assert_eq!((lines, wake), (Vec::<Nanoseconds>::new(), Some(now + HOLD)), "the other one has not opened yet");
        merge.push(1, vec![raw(2), raw(3)], None, now);
        let (lines, wake) = taken(&mut merge, now);
        assert_eq!((lines, wake), (vec![1, 2, 3], Some(now + BUSY)));
        assert_eq!(taken(&mut merge, now + BUSY), (vec![5], None));
    }

    #[test]
    fn a_silent_stream_holds_nobody_up() {
        let (mut merge, now) = (Merge::default(), Instant::now());
        merge.begin(0, now);
        merge.begin(1, now);
        let later = now + Duration::from_secs(1);
        merge.push(0, vec![raw(7)], None, later);
        assert_eq!(taken(&mut merge, later).0, vec![7]);
        merge.push(1, vec![], None, later);
        merge.push(0, vec![raw(8)], None, later);
        assert_eq!(taken(&mut merge, later).0, Vec::<Nanoseconds>::new(), "it has just been heard");
        merge.end(1);
        assert_eq!(taken(&mut merge, later).0, vec![8], "it has ended");
    }

    #[test]
    fn no_more_are_taken_than_wanted() {
        let (mut merge, now) = (Merge::default(), Instant::now());
        merge.begin(0, now);
        merge.push(0, (0..10).map(raw).collect(), None, now);
        let mut out = Vec::new();
        assert_eq!(merge.take(now, 4, &mut out), Some(now));
        assert_eq!(out.len(), 4);
        assert_eq!(merge.take(now, 100, &mut out), None);
        assert_eq!(out.len(), 10);
    }
}
