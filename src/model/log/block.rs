//! Lines, some hundred together: in memory as they are read, or in the spool's file.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::spool::Spool;
use super::{Kind, Line, Nanoseconds};

/// Bytes of text in a block, about: one piece of a very long line is no longer than this.
pub const LARGEST: usize = 64 << 10;
/// Lines in a block.
pub const MOST: usize = 512;
/// Bytes that a line takes beside its text.
const ENTRY: usize = 24;

/// Where a line is in the text, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    seq: u64,
    at: Nanoseconds,
    end: u32,
    source: u16,
    kind: Kind,
}

/// Lines one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    entries: Vec<Entry>,
    text: Vec<u8>,
}

impl Lines {
    /// Adds a line at the end.
    pub fn push(&mut self, line: Line<'_>) {
        self.text.extend_from_slice(line.text);
        // No block comes near 4 GiB: see `is_full`.
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { seq: line.seq, at: line.at, end, source: line.source, kind: line.kind });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One of them.
    pub fn get(&self, at: usize) -> Option<Line<'_>> {
        let entry = self.entries.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.entries[before].end);
        let text = self.text.get(start as usize..entry.end as usize)?;
        Some(Line { seq: entry.seq, at: entry.at, source: entry.source, kind: entry.kind, text })
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Line<'_>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// The place of the line with this number.
    pub fn find(&self, seq: u64) -> Option<usize> {
        self.entries.iter().position(|entry| entry.seq == seq)
    }

    /// It has as many lines, or as much text, as a block should.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MOST || self.text.len() >= LARGEST
    }

    /// Bytes that it takes, in memory and in a file.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.entries.len() * ENTRY
    }

    /// As it is put into a file.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes());
        for Entry { seq, at, end, source, kind } in &self.entries {
            out.extend_from_slice(&seq.to_le_bytes());
            out.extend_from_slice(&at.to_le_bytes());
            out.extend_from_slice(&end.to_le_bytes());
            out.extend_from_slice(&source.to_le_bytes());
            out.extend_from_slice(&[*kind as u8, 0]);
        }
        out.extend_from_slice(&self.text);
        out
    }

    fn decode(count: usize, bytes: &[u8]) -> Option<Lines> {
        let (head, text) = bytes.split_at_checked(count.checked_mul(ENTRY)?)?;
        let entry = |raw: &[u8]| {
            let (seq, raw) = raw.split_first_chunk()?;
            let (at, raw) = raw.split_first_chunk()?;
            let (end, raw) = raw.split_first_chunk()?;
            let (source, raw) = raw.split_first_chunk()?;
            let kind = Kind::of(*raw.first()?);
            let (seq, at) = (u64::from_le_bytes(*seq), Nanoseconds::from_le_bytes(*at));
            Some(Entry { seq, at, end: u32::from_le_bytes(*end), source: u16::from_le_bytes(*source), kind })
        };
        Some(Lines { entries: head.chunks_exact(ENTRY).map(entry).collect::<Option<_>>()?, text: text.to_vec() })
    }
}

#[derive(Debug)]
enum Place {
    Memory(Arc<Lines>),
    Disk { spool: Arc<Spool>, offset: u64, bytes: usize },
}

/// Lines that do not change any more; other lines are another block.
#[derive(Debug)]
pub struct Block {
    /// Names it, for as long as the program runs.
    pub id: u64,
    /// How many lines.
    pub count: usize,
    /// The latest time of it and of everything before it: where a late line belongs is found by this.
    pub high: Nanoseconds,
    /// The number of its first line.
    pub first: u64,
    place: Place,
}

impl Block {
    /// Of lines, in memory. `before` is the [`Block::high`] of the block before it.
    pub fn new(lines: Lines, before: Nanoseconds) -> Block {
        let high = lines.entries.iter().map(|entry| entry.at).max().unwrap_or(before).max(before);
        let first = lines.entries.first().map_or(0, |entry| entry.seq);
        Block { id: next(), count: lines.len(), high, first, place: Place::Memory(Arc::new(lines)) }
    }

    /// The same lines, in the file. `None` where they are there already.
    ///
    /// # Errors
    /// The disk: full, or broken.
    pub fn spooled(&self, spool: &Arc<Spool>) -> io::Result<Option<Block>> {
        let Place::Memory(lines) = &self.place else { return Ok(None) };
        let bytes = lines.encode();
        let offset = spool.write(&bytes)?;
        let place = Place::Disk { spool: spool.clone(), offset, bytes: bytes.len() };
        // The same lines, and the same name: what was counted of them holds.
        Ok(Some(Block { id: self.id, count: self.count, high: self.high, first: self.first, place }))
    }

    /// Its lines; read from the file where they are there, which takes some microseconds.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lines(&self) -> io::Result<Arc<Lines>> {
        match &self.place {
            Place::Memory(lines) => Ok(lines.clone()),
            Place::Disk { spool, offset, bytes } => {
                let read = spool.read(*offset, *bytes)?;
                // What was dropped is overwritten a moment before everybody has heard of it.
                let lines = Lines::decode(self.count, &read).filter(|lines| lines.get(0).is_some_and(|line| line.seq == self.first));
                lines
                    .map(Arc::new)
                    .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "these lines were dropped: the log's file was full"))
            }
        }
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        match &self.place {
            Place::Memory(lines) => lines.bytes(),
            Place::Disk { .. } => 0,
        }
    }

    /// Where it is in the file, and how long it is there.
    pub fn on_disk(&self) -> Option<(u64, usize)> {
        match &self.place {
            Place::Memory(_) => None,
            Place::Disk { offset, bytes, .. } => Some((*offset, *bytes)),
        }
    }
}

fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: u64) -> Lines {
        let mut lines = Lines::default();
        for seq in 0..count {
            let text = format!("line {seq} \u{1b}[31m");
            let kind = if seq % 7 == 3 { Kind::Rest } else { Kind::Text };
            lines.push(Line { seq, at: 1_000 - seq as i64, source: (seq % 3) as u16, kind, text: text.as_bytes() });
        }
        lines.push(Line { seq: count, at: 5, source: 0, kind: Kind::Gap, text: b"\xff\x00" });
        lines
    }

    #[test]
    fn what_goes_to_disk_comes_back_as_it_was() {
        let spool = Arc::new(Spool::new(&std::env::temp_dir(), 1 << 20).unwrap());
        let block = Block::new(lines(100), 7_000);
        assert_eq!((block.count, block.high, block.first), (101, 7_000, 0));
        let spooled = block.spooled(&spool).unwrap().unwrap();
        assert_eq!(*spooled.lines().unwrap(), lines(100));
        assert_eq!((spooled.memory(), spooled.count, spooled.high), (0, 101, 7_000));
        assert!(spooled.spooled(&spool).unwrap().is_none());
        let last = spooled.lines().unwrap();
        assert_eq!(last.get(100).unwrap(), Line { seq: 100, at: 5, source: 0, kind: Kind::Gap, text: b"\xff\x00" });
        assert_eq!(last.find(42), Some(42));
        assert!(last.get(101).is_none());
    }

    #[test]
    fn bytes_that_are_no_block_are_refused() {
        assert!(Lines::decode(2, &[0; 47]).is_none());
        assert!(Lines::decode(usize::MAX, &[0; 47]).is_none());
        assert_eq!(Lines::decode(0, b"").unwrap(), Lines::default());
        // An end beyond the text is no line.
        let mut raw = lines(0).encode();
        raw[16] = 200;
        assert!(Lines::decode(1, &raw).unwrap().get(0).is_none());
    }
}
