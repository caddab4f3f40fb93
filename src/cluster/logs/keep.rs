//! The lines of a log in their order: the newest in memory, the others in the file, and what the view has not heard of yet.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::merge::Raw;
use crate::model::log::filter::Sieve;
use crate::model::log::spool::Spool;
use crate::model::log::{Block, Kind, Line, Lines, Nanoseconds, Slot, Source, Splice, Tally, Update};

/// Bytes of lines that stay in memory.
const HOT: usize = 24 << 20;
/// What is said now and is older than the newest line by no more than this is put where it belongs; what is older stands
/// where it came. Nodes whose clocks differ by more would push everybody's newest lines out of sight.
const SKEW: Nanoseconds = 5_000_000_000;

/// All lines.
pub(super) struct Keep {
    slots: Vec<Slot>,
    /// The newest lines: a block that grows.
    open: Lines,
    /// Blocks of [`Keep::slots`] from here on are in memory.
    hot_from: usize,
    hot: usize,
    spool: Result<Arc<Spool>, Arc<str>>,
    /// What is in the file, in the order in which it was written: where, how long, and which block.
    written: VecDeque<(u64, usize, u64)>,
    next: u64,
    dropped: u64,
    /// What went wrong with the file, and nobody was told of yet.
    trouble: Option<String>,
    /// Sources whose last line was put in before others: the rest of it goes there, too.
    put_in: FxHashSet<u16>,
    /// The latest time of each source.
    last: FxHashMap<u16, Nanoseconds>,
    pub(super) sources: Vec<Source>,
    pub(super) sieve: Sieve,
    heard: Heard,
}

/// What the view has.
#[derive(Default)]
struct Heard {
    /// So many slots, of which those before `from` are as they are.
    slots: usize,
    from: usize,
    /// So many went at the beginning since.
    gone: usize,
    sources: usize,
    tallies: Vec<(usize, Tally)>,
    /// The open block has changed.
    open: bool,
}

impl Keep {
    /// Nothing yet; `folder` is where the file goes that may hold `limit` bytes.
    pub(super) fn new(folder: Option<&Path>, limit: u64) -> Keep {
        let spool = folder.ok_or_else(|| "there is no folder for it".into()).and_then(|folder| {
            let made = std::fs::create_dir_all(folder).and_then(|()| Spool::new(folder, limit));
            made.map(Arc::new).map_err(|error| format!("{}: {error}", folder.display()).into())
        });
        Keep {
            slots: Vec::new(),
            open: Lines::default(),
            hot_from: 0,
            hot: 0,
            spool,
            written: VecDeque::new(),
            next: 0,
            dropped: 0,
            trouble: None,
            put_in: FxHashSet::default(),
            last: FxHashMap::default(),
            sources: Vec::new(),
            sieve: Sieve::default(),
            heard: Heard::default(),
        }
    }

    /// The place of a source, which is new; `None` where there are too many.
    pub(super) fn source(&mut self, source: Source) -> Option<u16> {
        let number = u16::try_from(self.sources.len()).ok().filter(|number| *number < u16::MAX)?;
        self.sources.push(source);
        Some(number)
    }

    /// The latest time of all lines before the open ones.
    fn sealed_high(&self) -> Nanoseconds {
        self.slots.last().map_or(Nanoseconds::MIN, |slot| slot.block.high)
    }

    fn high(&self) -> Nanoseconds {
        self.open.iter().map(|line| line.at).max().unwrap_or(Nanoseconds::MIN).max(self.sealed_high())
    }

    /// Adds a line of the program's own where it belongs now: at the end, or at a moment.
    pub(super) fn note(&mut self, source: u16, kind: Kind, at: Nanoseconds, words: String) {
        // Clocks differ: what happens now stands at the end.
        let at = if kind == Kind::Note { at.max(self.high()) } else { at };
        self.add(vec![(source, Raw { at, kind, live: false, text: words.into() })]);
    }

    /// Adds lines, the earliest first.
    pub(super) fn add(&mut self, lines: Vec<(u16, Raw)>) {
        let mut high = self.high();
        let mut late = Vec::new();
        for (source, raw) in lines {
            // The order of one source is its own, whatever its times: two outputs are stamped by two writers.
            let order = if raw.kind.is_said() {
                let last = self.last.entry(source).or_insert(Nanoseconds::MIN);
                *last = raw.at.max(*last);
                *last
            } else {
                raw.at
            };
            // The rest of a line stands behind its beginning, whatever stands between them in time.
            let belongs = match raw.kind {
                Kind::Rest => !self.put_in.contains(&source),
                _ => order >= high || (raw.live && high.saturating_sub(order) > SKEW),
            };
            if belongs {
                if raw.kind == Kind::Text {
                    self.put_in.remove(&source);
                }
                high = high.max(raw.at);
                self.append(source, &raw);
            } else {
                if raw.kind == Kind::Text {
                    self.put_in.insert(source);
                }
                late.push((source, raw, order));
            }
        }
        if !late.is_empty() {
            self.insert(late);
        }
    }

    fn append(&mut self, source: u16, raw: &Raw) {
        let seq = self.number();
        self.open.push(Line { seq, at: raw.at, source, kind: raw.kind, text: &raw.text });
        self.heard.open = true;
        if self.open.is_full() {
            self.seal();
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The open block becomes one of the others.
    fn seal(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let block = Block::new(std::mem::take(&mut self.open), self.sealed_high());
        self.heard.from = self.heard.from.min(self.slots.len());
        self.put(self.slots.len(), 0, vec![block]);
        self.heard.open = false;
    }

    /// Puts blocks in the place of others.
    fn put(&mut self, at: usize, gone: usize, new: Vec<Block>) {
        self.heard.from = self.heard.from.min(at);
        self.hot += new.iter().map(Block::memory).sum::<usize>();
        self.hot -= self.slots[at..at + gone].iter().map(|slot| slot.block.memory()).sum::<usize>();
        self.hot_from = self.hot_from.min(at);
        let new: Vec<Slot> = new.into_iter().map(|block| self.slot(block)).collect();
        self.slots.splice(at..at + gone, new);
    }

    fn slot(&self, block: Block) -> Slot {
        let tally = block.lines().map(|lines| self.sieve.tally(&lines, &self.sources)).unwrap_or_default();
        Slot { block: Arc::new(block), tally }
    }

    /// Puts late lines where they belong.
    fn insert(&mut self, late: Vec<(u16, Raw, Nanoseconds)>) {
        self.seal();
        let mut late = VecDeque::from(late);
        while let Some((_, _, first)) = late.front() {
            // After everything that is as early: the order in which it came.
            let at = self.slots.partition_point(|slot| slot.block.high <= *first);
            let Some(slot) = self.slots.get(at) else {
                if let Some((source, raw, _)) = late.pop_front() {
                    self.append(source, &raw);
                    self.seal();
                }
                continue;
            };
            let until = slot.block.high;
            let before = at.checked_sub(1).map_or(Nanoseconds::MIN, |before| self.slots[before].block.high);
            let Ok(old) = slot.block.lines() else {
                // It cannot be read any more: what comes late stands behind it.
                let Some((source, raw, _)) = late.pop_front() else { break };
                let mut one = Lines::default();
                one.push(Line { seq: self.number(), at: raw.at, source, kind: raw.kind, text: &raw.text });
                self.put(at + 1, 0, vec![Block::new(one, until)]);
                continue;
            };
            let mut blocks = Vec::new();
            let mut lines = Lines::default();
            let (mut high, mut floor) = (before, before);
            let mut push = |line: Line<'_>, lines: &mut Lines| {
                lines.push(line);
                if lines.is_full() {
                    let block = Block::new(std::mem::take(lines), floor);
                    floor = block.high;
                    blocks.push(block);
                }
            };
            let mut said = false;
            for line in old.iter() {
                high = high.max(line.at);
                let belongs = |(_, raw, order): &(u16, Raw, Nanoseconds), said: bool| {
                    (*order < high && *order < until) || (said && raw.kind == Kind::Rest)
                };
                while late.front().is_some_and(|line| belongs(line, said)) {
                    let Some((source, raw, _)) = late.pop_front() else { break };
                    self.next += 1;
                    said = true;
                    push(Line { seq: self.next, at: raw.at, source, kind: raw.kind, text: &raw.text }, &mut lines);
                }
                push(line, &mut lines);
            }
            if !lines.is_empty() {
                blocks.push(Block::new(lines, floor));
            }
            self.put(at, 1, blocks);
            if self.hot > 2 * HOT {
                // Late lines for many blocks would bring all of them back at once.
                self.trouble = self.relieve().or(self.trouble.take());
            }
        }
        self.reopen();
    }

    /// The last block grows on, where there is room in it.
    fn reopen(&mut self) {
        let Some(lines) = self.slots.last().and_then(|slot| slot.block.lines().ok()).filter(|lines| !lines.is_full()) else { return };
        if !self.open.is_empty() {
            return;
        }
        self.open = (*lines).clone();
        self.heard.open = true;
        self.put(self.slots.len() - 1, 1, Vec::new());
        self.hot_from = self.hot_from.min(self.slots.len());
    }

    /// Moves what is too much for the memory into the file. The words for a person, where that went wrong.
    pub(super) fn relieve(&mut self) -> Option<String> {
        let mut said = self.trouble.take();
        while self.hot > HOT && self.hot_from < self.slots.len() {
            let at = self.hot_from;
            if self.slots[at].block.memory() == 0 {
                self.hot_from += 1;
                continue;
            }
            let block = self.slots[at].block.clone();
            let spooled = match &self.spool {
                Ok(spool) => {
                    let spool = spool.clone();
                    self.make_room(&spool, block.memory());
                    block.spooled(&spool).map_err(|error| error.to_string().into())
                }
                Err(why) => Err(why.clone()),
            };
            // Room may have been made by dropping this very block, or those before it.
            let Some(at) = self.slots.iter().position(|slot| slot.block.id == block.id) else { continue };
            match spooled {
                Ok(Some(new)) => {
                    if let Some((offset, bytes)) = new.on_disk() {
                        self.written.push_back((offset, bytes, new.id));
                    }
                    self.hot -= block.memory();
                    self.slots[at].block = Arc::new(new);
                    self.heard.from = self.heard.from.min(at);
                    self.hot_from = at + 1;
                }
                Ok(None) => self.hot_from = at + 1,
                // The disk is full: what is on it stays, and is written round from now on.
                Err(why) if self.spool.as_ref().is_ok_and(|spool| spool.next() > 0 && spool.shrink()) => {
                    said = Some(format!("the file for older lines cannot grow any more: {why}"));
                }
                Err(why) => {
                    if self.spool.is_ok() {
                        said = Some(format!("older lines are dropped: they cannot be kept on disk: {why}"));
                        self.spool = Err(why);
                    } else if self.dropped == 0 {
                        said = Some(format!("older lines are dropped: they cannot be kept on disk: {why}"));
                    }
                    self.drop_first(at + 1);
                }
            }
        }
        said
    }

    /// Drops what the next so many bytes are written over, and everything before it.
    fn make_room(&mut self, spool: &Spool, bytes: usize) {
        let from = spool.place(bytes);
        let to = from + bytes as u64;
        let left = spool.next();
        while let Some(&(offset, length, id)) = self.written.front() {
            // Round again: what is behind the place where it was left is the oldest too.
            let stale = !self.slots.iter().any(|slot| slot.block.id == id);
            // Behind where it was left, when it begins anew: from the round before.
            let hit = (offset < to && from < offset + length as u64) || (from < left && offset >= left);
            if !(stale || hit) {
                return;
            }
            self.written.pop_front();
            if let Some(at) = self.slots.iter().position(|slot| slot.block.id == id).filter(|_| hit) {
                self.drop_first(at + 1);
            }
        }
    }

    fn drop_first(&mut self, count: usize) {
        let gone: Vec<Slot> = self.slots.drain(..count).collect();
        self.dropped += gone.iter().map(|slot| slot.block.count as u64).sum::<u64>();
        self.hot -= gone.iter().map(|slot| slot.block.memory()).sum::<usize>();
        self.hot_from = self.hot_from.saturating_sub(count);
        let known = count.min(self.heard.slots);
        self.heard.gone += known;
        self.heard.slots -= known;
        self.heard.from = self.heard.from.saturating_sub(count);
        self.heard.tallies =
            std::mem::take(&mut self.heard.tallies).into_iter().filter_map(|(at, tally)| Some((at.checked_sub(count)?, tally))).collect();
    }

    /// Another filter or search: every block has to be counted anew. The newest first, as they are looked at.
    pub(super) fn sift(&mut self, sieve: Sieve) -> Vec<Arc<Block>> {
        self.sieve = sieve;
        self.heard.open = !self.open.is_empty();
        self.heard.tallies.clear();
        self.slots.iter().rev().map(|slot| slot.block.clone()).collect()
    }

    /// Takes what was counted.
    pub(super) fn counted(&mut self, tallies: &FxHashMap<u64, Tally>) {
        for (at, slot) in self.slots.iter_mut().enumerate() {
            if let Some(tally) = tallies.get(&slot.block.id).filter(|tally| tally.generation == self.sieve.generation) {
                slot.tally = *tally;
                self.heard.tallies.push((at, *tally));
            }
        }
    }

    /// All blocks, the open one too.
    pub(super) fn snapshot(&self) -> Vec<Arc<Block>> {
        let open = (!self.open.is_empty()).then(|| Arc::new(Block::new(self.open.clone(), self.sealed_high())));
        self.slots.iter().map(|slot| slot.block.clone()).chain(open).collect()
    }

    /// What the view has not heard of; `None` where it knows all.
    pub(super) fn news(&mut self) -> Option<Update> {
        let mut update = Update { dropped: self.dropped, ..Update::default() };
        // Others come with what counts them.
        let unchanged = self.heard.from.min(self.slots.len());
        if self.heard.gone > 0 {
            update.splices.push(Splice { at: 0, gone: std::mem::take(&mut self.heard.gone), new: Vec::new() });
        }
        if self.heard.from < self.slots.len() || self.heard.open {
            let from = self.heard.from.min(self.slots.len());
            let mut new = self.slots[from..].to_vec();
            if !self.open.is_empty() {
                new.push(self.slot(Block::new(self.open.clone(), self.sealed_high())));
            }
            update.splices.push(Splice { at: from, gone: self.heard.slots - from, new });
            self.heard.slots = self.slots.len() + usize::from(!self.open.is_empty());
            self.heard.from = self.slots.len();
            self.heard.open = false;
        }
        update.tallies = std::mem::take(&mut self.heard.tallies).into_iter().filter(|(at, _)| *at < unchanged).collect();
        update.sources = self.sources[self.heard.sources..].to_vec();
        self.heard.sources = self.sources.len();
        let news = !(update.splices.is_empty() && update.tallies.is_empty() && update.sources.is_empty());
        news.then_some(update)
    }
}

#[cfg(test)]
mod tests;
