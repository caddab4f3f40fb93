//! Chance that is the same every time: names, UIDs and jitter from a seed.

/// A small generator (xorshift64*): quick, repeatable, and not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// The letters of generated names: apimachinery's `rand.alphanums`, which cannot spell words.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`; 0 when that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The high bits are the better ones.
        if limit == 0 { 0 } else { (self.bits() >> 11) % limit }
    }

    /// What `generateName` appends: five letters.
    pub fn suffix(&mut self) -> String {
        (0..5).map(|_| char::from(LETTERS[self.below(LETTERS.len() as u64) as usize])).collect()
    }

    /// A UUID of version 4.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        let tail = b & 0xffff_ffff_ffff;
        format!("{:08x}-{:04x}-4{:03x}-{:04x}-{tail:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, 0x8000 | (b >> 48 & 0x3fff))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_and_uids_differ() {
        let (mut a, mut b) = (Random::new(7), Random::new(7));
        assert_eq!((a.suffix(), a.uid()), (b.suffix(), b.uid()));
        let uids: HashSet<String> = (0..10_000).map(|_| a.uid()).collect();
        assert_eq!(uids.len(), 10_000);
        assert!(uids.iter().all(|uid| uid.len() == 36 && uid.as_bytes()[14] == b'4' && b"89ab".contains(&uid.as_bytes()[19])));
    }
}
