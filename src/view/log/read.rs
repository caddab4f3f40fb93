//! Places in a log, and going from line to line under a filter. Blocks that are in the file are read when they are looked at,
//! and some are kept; what a filter leaves of a block is worked out once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::log::filter::Sieve;
use crate::model::log::{Lines, Slot, Source, Splice};

/// Blocks that are kept at hand.
const KEPT: usize = 48;
/// Through so many blocks of which nobody has counted what a filter leaves one key, or one frame, looks: a megabyte of text, some
/// milliseconds. The others follow when they are counted. (Not a time: what a screen shows does not depend on how busy the
/// machine is.)
const BUDGET: usize = 16;
/// Of so many blocks it is remembered what a filter leaves.
const LEFT: usize = 1024;

/// A line: its block's place, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) slot: usize,
    pub(super) line: usize,
}

/// Where a line is after a change.
pub(super) fn moved(at: At, slots: &[Slot], change: &Splice) -> At {
    if at.slot < change.at {
        return at;
    }
    let after = change.at + change.gone;
    if at.slot >= after {
        return At { slot: at.slot - change.gone + change.new.len(), ..at };
    }
    let Some(old) = slots.get(at.slot) else { return at };
    if let Some(place) = change.new.iter().position(|slot| slot.block.id == old.block.id) {
        return At { slot: change.at + place, ..at };
    }
    let seq = old.block.lines().ok().and_then(|lines| lines.get(at.line).map(|line| line.seq));
    let found = seq.and_then(|seq| {
        // The same lines in the file have the same first one.
        let same = change.new.iter().position(|slot| slot.block.first == old.block.first && slot.block.count > at.line);
        let mut places = same.into_iter().chain(0..change.new.len());
        places.find_map(|place| Some(At { slot: change.at + place, line: change.new[place].block.lines().ok()?.find(seq)? }))
    });
    // It was dropped: the first that is left.
    found.unwrap_or(At { slot: change.at, line: 0 })
}

/// Reads blocks.
#[derive(Default)]
pub(super) struct Reader {
    lines: FxHashMap<u64, (u64, Arc<Lines>)>,
    left: FxHashMap<u64, Arc<[u16]>>,
    clock: u64,
    /// Blocks that nobody has counted and that this key, or this frame, has looked through.
    looked: usize,
    /// Not all of them were: what was not found may be there.
    unsure: bool,
}

impl Reader {
    /// A key, or a frame, begins.
    pub(super) fn begin(&mut self) {
        self.looked = 0;
        self.unsure = false;
    }

    /// Something was not looked through: what was not found may be there.
    pub(super) fn unsure(&self) -> bool {
        self.unsure
    }

    /// It is not known what is in a block, and too many of them were looked through already.
    fn too_many(&mut self, known: bool) -> bool {
        let too_many = !known && self.looked >= BUDGET;
        self.unsure |= too_many;
        too_many
    }

    /// What the filter leaves of a block was counted, or looked at; beyond the ends there is nothing.
    fn knows(&self, slots: &[Slot], sieve: &Sieve, slot: usize) -> bool {
        slots.get(slot).is_none_or(|slot| slot.tally.generation == sieve.generation || self.left.contains_key(&slot.block.id))
    }

    /// The filter is another one.
    pub(super) fn forget(&mut self) {
        self.left.clear();
    }

    /// The lines of a block; `None` where they cannot be read (any more).
    pub(super) fn lines(&mut self, slots: &[Slot], slot: usize) -> Option<Arc<Lines>> {
        let block = &slots.get(slot)?.block;
        if block.memory() > 0 {
            return block.lines().ok();
        }
        self.clock += 1;
        if let Some((used, lines)) = self.lines.get_mut(&block.id) {
            *used = self.clock;
            return Some(lines.clone());
        }
        let lines = block.lines().ok()?;
        if self.lines.len() >= KEPT {
            let oldest = self.lines.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            oldest.map(|id| self.lines.remove(&id));
        }
        self.lines.insert(block.id, (self.clock, lines.clone()));
        Some(lines)
    }

    /// The number of a line.
    pub(super) fn seq(&mut self, slots: &[Slot], at: At) -> Option<u64> {
        self.lines(slots, at.slot)?.get(at.line).map(|line| line.seq)
    }

    /// The lines of a block that the filter leaves.
    fn left(&mut self, slots: &[Slot], sources: &[Source], sieve: &Sieve, slot: usize) -> Arc<[u16]> {
        let Some(there) = slots.get(slot) else { return Arc::new([]) };
        if there.tally.generation == sieve.generation && there.tally.left == 0 {
            return Arc::new([]);
        }
        let id = there.block.id;
        if let Some(left) = self.left.get(&id) {
            return left.clone();
        }
        self.looked += usize::from(!self.knows(slots, sieve, slot));
        let Some(lines) = self.lines(slots, slot) else { return Arc::new([]) };
        let left: Arc<[u16]> = if sieve.filter.is_none() {
            (0..lines.len() as u16).collect()
        } else {
            lines.iter().enumerate().filter(|(_, line)| sieve.leaves(line, sources)).map(|(at, _)| at as u16).collect()
        };
        if self.left.len() >= LEFT {
            self.left.clear();
        }
        self.left.insert(id, left.clone());
        left
    }

    /// The lines of a block that are shown: what the filter leaves, and so many lines round each of them.
    fn shown(&mut self, slots: &[Slot], sources: &[Source], sieve: &Sieve, context: usize, slot: usize) -> Arc<[u16]> {
        let left = self.left(slots, sources, sieve, slot);
        if context == 0 || sieve.filter.is_none() {
            return left;
        }
        let Some(count) = slots.get(slot).map(|slot| slot.block.count) else { return left };
        let before = slot.checked_sub(1).map(|before| (slots[before].block.count, self.left(slots, sources, sieve, before)));
        let after = self.left(slots, sources, sieve, slot + 1);
        if left.is_empty() && after.is_empty() && before.as_ref().is_none_or(|(_, before)| before.is_empty()) {
            return left;
        }
        let mut shown = vec![false; count];
        let mut around = |from: isize| {
            let first = (from - context as isize).max(0) as usize;
            let last = (from + context as isize + 1).clamp(0, count as isize) as usize;
            shown[first.min(last)..last].fill(true);
        };
        left.iter().for_each(|&at| around(at as isize));
        if let Some((length, before)) = before {
            before.last().into_iter().for_each(|&at| around(at as isize - length as isize));
        }
        after.first().into_iter().for_each(|&at| around(count as isize + at as isize));
        shown.iter().enumerate().filter(|(_, shown)| **shown).map(|(at, _)| at as u16).collect()
    }

    /// The next line that is shown, or the one before. `at` need not be shown.
    pub(super) fn step(
        &mut self,
        (slots, sources): (&[Slot], &[Source]),
        sieve: &Sieve,
        context: usize,
        at: At,
        forward: bool,
    ) -> Option<At> {
        let mut slot = at.slot;
        let mut from = Some(at.line);
        loop {
            slots.get(slot)?;
            // Lines round what is left may be those of its neighbours.
            let reach = usize::from(context > 0);
            let known = (slot.saturating_sub(reach)..=slot + reach).all(|slot| self.knows(slots, sieve, slot));
            if self.too_many(known) {
                return None;
            }
            let shown = self.shown(slots, sources, sieve, context, slot);
            let found = match (from, forward) {
                (Some(line), true) => shown.iter().find(|&&at| usize::from(at) > line),
                (Some(line), false) => shown.iter().rev().find(|&&at| usize::from(at) < line),
                (None, true) => shown.first(),
                (None, false) => shown.last(),
            };
            if let Some(&line) = found {
                return Some(At { slot, line: line.into() });
            }
            from = None;
            slot = if forward { slot + 1 } else { slot.checked_sub(1)? };
        }
    }

    /// A line that is shown, at this place or next to it: first looking forward where that is wanted.
    pub(super) fn near(&mut self, all: (&[Slot], &[Source]), sieve: &Sieve, context: usize, at: At, forward: bool) -> Option<At> {
        if self.shown(all.0, all.1, sieve, context, at.slot).iter().any(|&line| usize::from(line) == at.line) {
            return Some(at);
        }
        self.step(all, sieve, context, at, forward).or_else(|| self.step(all, sieve, context, at, !forward))
    }

    /// The first line that is shown, or the last.
    pub(super) fn end(&mut self, all: (&[Slot], &[Source]), sieve: &Sieve, context: usize, last: bool) -> Option<At> {
        let count = all.0.len();
        let at = if last { At { slot: count.checked_sub(1)?, line: usize::MAX } } else { At { slot: 0, line: usize::MAX } };
        if last {
            return self.step(all, sieve, context, at, false);
        }
        let shown = self.shown(all.0, all.1, sieve, context, 0);
        match shown.first() {
            Some(&line) => Some(At { slot: 0, line: line.into() }),
            None => self.step(all, sieve, context, at, true),
        }
    }

    /// Whether the search finds a line.
    pub(super) fn found(&mut self, slots: &[Slot], sieve: &Sieve, at: At) -> bool {
        self.lines(slots, at.slot).is_some_and(|lines| lines.get(at.line).is_some_and(|line| sieve.finds(&line)))
    }

    /// How many lines of its block, up to this one, the filter leaves and the search finds.
    pub(super) fn found_until(&mut self, slots: &[Slot], sources: &[Source], sieve: &Sieve, at: At) -> usize {
        let left = self.left(slots, sources, sieve, at.slot);
        let Some(lines) = self.lines(slots, at.slot) else { return 0 };
        left.iter().filter(|&&line| usize::from(line) <= at.line && lines.get(line.into()).is_some_and(|line| sieve.finds(&line))).count()
    }

    /// The next line that the filter leaves and the search finds, round the ends; the line itself, where it is the only one.
    pub(super) fn find(&mut self, slots: &[Slot], sources: &[Source], sieve: &Sieve, from: At, forward: bool) -> Option<At> {
        let count = slots.len();
        for step in 0..=count {
            let slot = if forward { (from.slot + step) % count } else { (from.slot + count - step % count) % count };
            let tally = slots[slot].tally;
            let known = tally.generation == sieve.generation;
            if known && tally.found == 0 {
                continue;
            }
            if self.too_many(known) {
                return None;
            }
            // Searching it is work, too, when what the filter leaves is at hand.
            let looked = self.looked + usize::from(!known);
            let left = self.left(slots, sources, sieve, slot);
            self.looked = looked;
            let Some(lines) = self.lines(slots, slot) else { continue };
            let meant = |line: usize| match (step, forward) {
                (0, true) => line > from.line,
                (0, false) => line < from.line,
                _ => true,
            };
            let mut hits = left
                .iter()
                .map(|&line| usize::from(line))
                .filter(|&line| meant(line) && lines.get(line).is_some_and(|line| sieve.finds(&line)));
            let hit = if forward { hits.next() } else { hits.next_back() };
            if let Some(line) = hit {
                return Some(At { slot, line });
            }
        }
        None
    }
}
