//! Chance that is the same every time it is asked.

use crate::demo::container::Container;

/// Numbers that follow from a container, its restart and a moment (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(c: &Container, moment: i64) -> Dice {
        // FNV-1a over what names the life.
        let bytes = c.uid.bytes().chain(c.name.bytes()).chain(c.restart.to_le_bytes()).chain(moment.to_le_bytes());
        Dice(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is not zero.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    /// One of a few.
    pub(super) fn of_these<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        choices[(self.roll() % N as u64) as usize]
    }

    /// Mostly small, seldom large: milliseconds that a call took.
    pub(super) fn took(&mut self) -> u64 {
        let scale = self.of_these([4, 9, 9, 20, 20, 45, 90, 400]);
        1 + self.below(scale)
    }
}
