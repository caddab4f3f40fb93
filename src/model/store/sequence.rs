//! Slots in an order that changes in the middle all the time.
//!
//! In a plain list of 100,000 slots, one that comes or goes moves 200 KB on average, and to know where one stands is to
//! look through all. Here they stand in blocks, and each slot knows its block: both cost what one block costs.

use std::cmp::Ordering;

use super::Slot;

/// A block that grows beyond it is halved.
const FULL: usize = 512;

/// Blocks are filled so far when all of them are made at once: there is room for some before they have to be halved.
const FILLED: usize = 384;

/// The slot is not in the sequence.
const NOWHERE: u32 = u32::MAX;

/// Slots in order, each at most once.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// From first to last, none of them empty.
    blocks: Vec<Block>,
    /// Where each block is in `blocks`, by its number.
    places: Vec<u32>,
    /// Numbers that no block has any more.
    spare: Vec<u32>,
    /// The number of each slot's block.
    homes: Vec<u32>,
    length: usize,
}

#[derive(Debug)]
struct Block {
    number: u32,
    slots: Vec<Slot>,
}

impl Sequence {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// From first to last.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = Slot> {
        self.blocks.iter().flat_map(|block| block.slots.iter().copied())
    }

    /// The slot at a position.
    pub(super) fn get(&self, mut position: usize) -> Option<Slot> {
        for Block { slots, .. } in &self.blocks {
            match slots.get(position) {
                Some(&slot) => return Some(slot),
                None => position -= slots.len(),
            }
        }
        None
    }

    pub(super) fn contains(&self, slot: Slot) -> bool {
        self.homes.get(slot as usize).is_some_and(|&home| home != NOWHERE)
    }

    /// Where a slot stands.
    pub(super) fn position(&self, slot: Slot) -> Option<usize> {
        let (block, at) = self.find(slot)?;
        Some(self.blocks.iter().take(block).map(|block| block.slots.len()).sum::<usize>() + at)
    }

    /// The slots right before and right after one that is there.
    pub(super) fn neighbours(&self, slot: Slot) -> (Option<Slot>, Option<Slot>) {
        let Some((block, at)) = self.find(slot) else { return (None, None) };
        let slots = |block: usize| self.blocks.get(block).map(|block| block.slots.as_slice());
        let own = slots(block).unwrap_or_default();
        let before = match at.checked_sub(1) {
            Some(before) => own.get(before),
            None => block.checked_sub(1).and_then(slots).and_then(|slots| slots.last()),
        };
        let after = own.get(at + 1).or_else(|| slots(block + 1)?.first());
        (before.copied(), after.copied())
    }

    /// Takes a slot out; whether it was there.
    pub(super) fn remove(&mut self, slot: Slot) -> bool {
        let Some((place, at)) = self.find(slot) else { return false };
        self.homes[slot as usize] = NOWHERE;
        self.length -= 1;
        let slots = &mut self.blocks[place].slots;
        slots.remove(at);
        if slots.is_empty() {
            self.spare.push(self.blocks.remove(place).number);
            self.number(place);
        }
        true
    }

    /// Puts a slot that is not there where it belongs in a sequence that is sorted by `compare`.
    pub(super) fn insert(&mut self, slot: Slot, compare: impl Fn(Slot, Slot) -> Ordering) {
        // The first block that ends after it; behind everything stands what lists bring, since they come in order.
        let less = |other: Slot| compare(other, slot).is_lt();
        let ends_before = |block: &Block| block.slots.last().is_none_or(|&last| less(last));
        if self.blocks.last().is_none_or(ends_before) {
            return self.push(slot);
        }
        let place = self.blocks.partition_point(ends_before);
        let Some(block) = self.blocks.get_mut(place) else { return };
        let at = block.slots.partition_point(|&other| less(other));
        block.slots.insert(at, slot);
        let number = block.number;
        self.settle(slot, number);
        self.halve(place);
    }

    /// Puts a slot that is not there behind all others.
    pub(super) fn push(&mut self, slot: Slot) {
        match self.blocks.last_mut() {
            Some(block) if block.slots.len() < FILLED => {
                block.slots.push(slot);
                let number = block.number;
                self.settle(slot, number);
            }
            _ => {
                let (number, place) = (self.spare_number(), self.blocks.len());
                let mut slots = Vec::with_capacity(FULL + 1);
                slots.push(slot);
                self.blocks.push(Block { number, slots });
                self.settle(slot, number);
                self.number(place);
            }
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.places.clear();
        self.spare.clear();
        self.homes.clear();
        self.length = 0;
    }

    /// Holds these slots, in this order, and nothing else. `slots` as [`Store::rows`](super::Store) counts them.
    pub(super) fn assign(&mut self, order: &[Slot], slots: usize) {
        self.homes.clear();
        self.homes.resize(slots, NOWHERE);
        self.length = order.len();
        let parts = order.chunks(FILLED);
        self.blocks.truncate(parts.len());
        self.places = (0..parts.len() as u32).collect();
        self.spare.clear();
        for (number, part) in (0..).zip(parts) {
            match self.blocks.get_mut(number as usize) {
                Some(block) => {
                    block.number = number;
                    block.slots.clear();
                    block.slots.extend_from_slice(part);
                }
                None => {
                    let mut slots = Vec::with_capacity(FULL + 1);
                    slots.extend_from_slice(part);
                    self.blocks.push(Block { number, slots });
                }
            }
            for &slot in part {
                if let Some(home) = self.homes.get_mut(slot as usize) {
                    *home = number;
                }
            }
        }
    }

    /// Which block a slot is in, and where in that.
    fn find(&self, slot: Slot) -> Option<(usize, usize)> {
        let home = *self.homes.get(slot as usize)?;
        let place = *self.places.get(home as usize)? as usize;
        let at = self.blocks.get(place)?.slots.iter().position(|&other| other == slot)?;
        Some((place, at))
    }

    /// A slot has come, into the block of this number.
    fn settle(&mut self, slot: Slot, number: u32) {
        let slot = slot as usize;
        if slot >= self.homes.len() {
            self.homes.resize(slot + 1, NOWHERE);
        }
        self.homes[slot] = number;
        self.length += 1;
    }

    fn halve(&mut self, place: usize) {
        if self.blocks[place].slots.len() <= FULL {
            return;
        }
        let mut upper = Vec::with_capacity(FULL + 1);
        upper.extend(self.blocks[place].slots.drain(FULL / 2..));
        let number = self.spare_number();
        for &slot in &upper {
            self.homes[slot as usize] = number;
        }
        self.blocks.insert(place + 1, Block { number, slots: upper });
        self.number(place + 1);
    }

    /// A number that no block has.
    fn spare_number(&mut self) -> u32 {
        self.spare.pop().unwrap_or_else(|| {
            self.places.push(0);
            self.places.len() as u32 - 1
        })
    }

    /// Blocks from `place` on stand elsewhere now.
    fn number(&mut self, place: usize) {
        for (block, at) in self.blocks.iter().zip(0..).skip(place) {
            self.places[block.number as usize] = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sequence: &Sequence, expected: &[Slot]) {
        assert_eq!(sequence.iter().collect::<Vec<_>>(), expected);
        assert!(sequence.iter().rev().eq(expected.iter().rev().copied()));
        assert_eq!((sequence.len(), sequence.is_empty()), (expected.len(), expected.is_empty()));
        assert!(sequence.blocks.iter().all(|block| (1..=FULL).contains(&block.slots.len())));
        let step = 1 + expected.len() / 50;
        for (at, &slot) in expected.iter().enumerate().step_by(step) {
            assert_eq!((sequence.get(at), sequence.position(slot)), (Some(slot), Some(at)));
            let before = at.checked_sub(1).map(|at| expected[at]);
            assert_eq!(sequence.neighbours(slot), (before, expected.get(at + 1).copied()));
        }
        assert_eq!(sequence.get(expected.len()), None);
    }

    #[test]
    fn whatever_comes_and_goes_the_order_is_kept() {
        let mut state = 0x2545_f491_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % below
        };
        let (mut sequence, mut expected) = (Sequence::default(), Vec::new());
        let mut blocks = 0;
        // It grows, shrinks to nothing, and grows again.
        for round in 0..40 {
            let grows = [true, true, true, false, false, false, false, true][round % 8];
            for _ in 0..600 {
                let slot = random(4000) as Slot;
                match expected.binary_search(&slot) {
                    Err(at) if grows => {
                        expected.insert(at, slot);
                        sequence.insert(slot, |a, b| a.cmp(&b));
                        assert!(sequence.contains(slot));
                    }
                    Err(_) => assert!(!sequence.remove(slot) && sequence.position(slot).is_none()),
                    Ok(at) if !grows => {
                        expected.remove(at);
                        assert!(sequence.remove(slot) && !sequence.contains(slot));
                    }
                    Ok(_) => {}
                }
            }
            if !grows && round % 8 == 6 {
                for slot in expected.drain(..) {
                    assert!(sequence.remove(slot));
                }
            }
            check(&sequence, &expected);
            blocks = blocks.max(sequence.blocks.len());
        }
        assert!(blocks > 4 && sequence.places.len() <= 2 * blocks, "{blocks} blocks, {} numbers", sequence.places.len());
    }

    #[test]
    fn all_at_once_is_as_one_by_one() {
        let mut sequence = Sequence::default();
        for length in [0, 1, FILLED, FILLED + 1, 5000, 700, 0] {
            let order: Vec<Slot> = (0..length as Slot).rev().collect();
            sequence.assign(&order, length);
            check(&sequence, &order);
            sequence.push(length as Slot);
            sequence.insert(length as Slot + 1, |a, b| b.cmp(&a));
            let rest: Vec<Slot> = order.iter().copied().chain([length as Slot]).collect();
            sequence.remove(length as Slot + 1);
            check(&sequence, &rest);
        }
        sequence.clear();
        check(&sequence, &[]);
    }
}
