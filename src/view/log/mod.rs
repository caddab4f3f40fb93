//! A log on the screen: where one is in it, what of it is shown, and how. Lines come from blocks that somebody else keeps
//! ([`crate::model::log`]); a place is a line, whatever comes and goes around it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashSet;

use crate::model::log::filter::{Filter, Sieve};
use crate::model::log::{self, Kind, Slot, Source, Streams, Update, Wanted};
use crate::model::pattern::pattern;

mod colour;
mod lay;
mod read;
mod screen;

pub use lay::{Look, Piece};
pub use screen::Row;

use read::{At, Reader};

/// How the time of a line is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamps {
    /// Not at all.
    #[default]
    Off,
    /// As the clock on the wall here.
    Local,
    /// As everywhere.
    Utc,
    /// How long ago.
    Ago,
}

/// How lines in JSON are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Json {
    /// As they came.
    Raw,
    /// Level and message first, then the other fields, in one line.
    #[default]
    Folded,
    /// A line each field.
    Unfolded,
}

/// A log.
pub struct LogView {
    /// Names it for the task that fills it; another one when it is read anew.
    pub number: u64,
    /// What is read.
    pub wanted: Wanted,
    /// Who says something.
    pub sources: Vec<Source>,
    /// The streams.
    pub streams: Streams,
    /// Names of containers that there are.
    pub containers: Vec<Arc<str>>,
    /// Lines that were dropped at the beginning.
    pub dropped: u64,
    /// The end is followed.
    pub follow: bool,
    /// A person went away from the end: what comes from then on is counted.
    pub paused: bool,
    /// Lines that came since the end is not followed any more.
    pub missed: usize,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// The first column of text on the screen.
    pub left: usize,
    /// Times of lines.
    pub stamps: Stamps,
    /// Lines in JSON.
    pub json: Json,
    /// So many lines round each one that the filter leaves are shown, too.
    pub context: usize,
    /// Rows that fit on the screen, as last drawn.
    pub height: usize,
    /// Columns, as last drawn.
    pub width: usize,
    /// Lines that are marked, by their numbers.
    pub marks: BTreeSet<u64>,
    /// Lines whose JSON is shown otherwise than all the others'.
    turned: FxHashSet<u64>,
    slots: Vec<Slot>,
    reader: Reader,
    sieve: Sieve,
    searched: String,
    /// The line under the cursor.
    cursor: Option<At>,
    /// The first line on the screen, and how many of its rows are above it.
    top: Option<(At, usize)>,
    now: crate::model::time::Seconds,
    /// The lines of the last frame, with their places then.
    drawn: Vec<(u64, At)>,
    /// The newest filter and search that whoever keeps the lines has been told of.
    pub sifted: u32,
    /// Which of the matches the cursor is on, or after; as last drawn.
    pub search_at: Option<usize>,
    /// What is wrong with the filter that is typed.
    pub mistake: Option<String>,
    /// The filter, as it was typed.
    pub filter: String,
}

/// The next number of a log.
pub fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl LogView {
    /// Nothing yet.
    pub fn new(wanted: Wanted) -> LogView {
        LogView {
            number: number(),
            wanted,
            sources: Vec::new(),
            streams: Streams::default(),
            containers: Vec::new(),
            dropped: 0,
            follow: true,
            paused: false,
            missed: 0,
            wrap: false,
            left: 0,
            stamps: Stamps::Off,
            json: Json::default(),
            context: 0,
            height: 20,
            width: 80,
            marks: BTreeSet::new(),
            turned: FxHashSet::default(),
            slots: Vec::new(),
            reader: Reader::default(),
            sieve: Sieve::default(),
            searched: String::new(),
            cursor: None,
            top: None,
            now: 0,
            drawn: Vec::new(),
            sifted: 0,
            search_at: None,
            mistake: None,
            filter: String::new(),
        }
    }

    /// Is read anew: how it is looked at stays. Gives its new number.
    pub fn again(&mut self, wanted: Wanted) -> u64 {
        let fresh = LogView::new(wanted);
        let from_start = fresh.wanted.since == log::Since::Start || fresh.wanted.previous;
        self.number = fresh.number;
        self.wanted = fresh.wanted;
        self.sources = Vec::new();
        self.streams = Streams::default();
        self.slots = Vec::new();
        self.reader = Reader::default();
        (self.dropped, self.missed, self.sifted) = (0, 0, 0);
        self.marks.clear();
        self.turned.clear();
        (self.cursor, self.top) = (None, None);
        // One asks for the start to read from there.
        (self.follow, self.paused) = (!from_start, false);
        self.number
    }

    /// Takes news.
    pub fn take(&mut self, update: Update) {
        let before = self.lines();
        let dropped = self.dropped;
        self.sources.extend(update.sources);
        if self.follow {
            // The end is found anew for the next frame.
            (self.cursor, self.top) = (None, None);
        }
        for change in update.splices {
            self.cursor = self.cursor.map(|at| read::moved(at, &self.slots, &change));
            self.top = self.top.map(|(at, rows)| (read::moved(at, &self.slots, &change), rows));
            log::splice(&mut self.slots, change);
        }
        for (at, tally) in update.tallies {
            if let Some(slot) = self.slots.get_mut(at) {
                slot.tally = tally;
            }
        }
        self.dropped = update.dropped.max(self.dropped);
        if let Some(streams) = update.streams {
            self.streams = streams;
        }
        if let Some(containers) = update.containers {
            self.containers = containers;
        }
        if !self.follow {
            let stands = self.cursor.is_some() && self.paused;
            let came = self.lines() + usize::try_from(self.dropped - dropped).unwrap_or(usize::MAX);
            if stands {
                self.missed += came.saturating_sub(before);
            }
        }
    }

    /// How many lines there are.
    pub fn lines(&self) -> usize {
        self.slots.iter().map(|slot| slot.block.count).sum()
    }

    /// How many of them the filter leaves, and the search finds; `None` while they are counted.
    pub fn counts(&self) -> Option<(usize, usize)> {
        let known = self.slots.iter().all(|slot| slot.tally.generation == self.sieve.generation);
        known.then(|| {
            let (left, found) = self.slots.iter().fold((0, 0), |(left, found), slot| (left + slot.tally.left, found + slot.tally.found));
            (left as usize, found as usize)
        })
    }

    /// The share of lines that are counted, in hundredths.
    pub fn counted(&self) -> usize {
        let known = self.slots.iter().filter(|slot| slot.tally.generation == self.sieve.generation).count();
        known * 100 / self.slots.len().max(1)
    }

    /// What is looked for, to be counted by whoever keeps the lines.
    pub fn sieve(&self) -> &Sieve {
        &self.sieve
    }

    /// Filters. What is typed and is no filter yet changes nothing, and is said.
    pub fn filter(&mut self, text: &str) -> bool {
        self.filter = text.to_owned();
        match Filter::parse(text) {
            Ok(filter) => {
                self.mistake = None;
                if filter.as_ref().map(|filter| filter.text.as_str()) == self.sieve.filter.as_ref().map(|filter| filter.text.as_str()) {
                    return false;
                }
                self.sieve.filter = filter;
                self.sieved();
                true
            }
            // As in tables: a mistake hides nothing, and no other filter stands in for it.
            Err(why) => {
                self.mistake = Some(why);
                let was = self.sieve.filter.take().is_some();
                if was {
                    self.sieved();
                }
                was
            }
        }
    }

    fn sieved(&mut self) {
        self.sieve.generation += 1;
        self.reader.forget();
        if self.follow {
            (self.cursor, self.top) = (None, None);
        }
    }

    /// What is searched for, as it was typed.
    pub fn searched(&self) -> &str {
        &self.searched
    }

    /// Searches; the first match from the cursor on is gone to.
    ///
    /// # Errors
    /// The regex is none; the words say why.
    pub fn search(&mut self, text: &str) -> Result<(), String> {
        let search = if text.is_empty() { None } else { Some(pattern(text)?) };
        self.searched = text.to_owned();
        self.sieve.search = search;
        self.sieved();
        if !text.is_empty() {
            let cursor = self.cursor_at();
            if !cursor.is_some_and(|at| self.reader.found(&self.slots, &self.sieve, at)) {
                // What one reads is mostly above: the newest match is the one that is wanted.
                let _ = self.step_to_match(!self.follow) || self.step_to_match(self.follow);
            }
        }
        Ok(())
    }

    /// To the next match or the one before, round the ends. False when there is none.
    pub fn search_step(&mut self, forward: bool) -> bool {
        self.step_to_match(forward)
    }

    fn step_to_match(&mut self, forward: bool) -> bool {
        self.reader.begin();
        let Some(from) = self.cursor_at() else { return false };
        let found = self.reader.find(&self.slots, &self.sources, &self.sieve, from, forward);
        if let Some(at) = found {
            self.go(at);
        }
        found.is_some()
    }

    /// `3 of 7` matches, while a search is on; `None` while they are counted.
    pub fn search_place(&mut self) -> Option<(usize, usize)> {
        self.sieve.search.as_ref()?;
        let (_, all) = self.counts()?;
        let at = self.cursor_at()?;
        let before: usize = self.slots.iter().take(at.slot).map(|slot| slot.tally.found as usize).sum();
        let here = self.reader.found_until(&self.slots, &self.sources, &self.sieve, at);
        Some(((before + here).min(all), all))
    }

    /// The end is followed, or not any more.
    pub fn set_follow(&mut self, follow: bool) {
        if !follow {
            self.cursor = self.cursor_at();
        }
        self.follow = follow;
        self.paused = !follow;
        self.missed = 0;
        if follow {
            (self.cursor, self.top) = (None, None);
        }
    }

    /// Marks the line under the cursor, or takes its mark away, and goes on to the next.
    pub fn mark(&mut self) {
        let Some(seq) = self.cursor_at().and_then(|at| self.reader.seq(&self.slots, at)) else { return };
        if !self.marks.remove(&seq) {
            self.marks.insert(seq);
        }
        self.step(1);
    }

    /// Shows the JSON of the line under the cursor otherwise.
    pub fn unfold(&mut self) {
        let Some(seq) = self.cursor_at().and_then(|at| self.reader.seq(&self.slots, at)) else { return };
        self.set_follow(false);
        if !self.turned.remove(&seq) {
            self.turned.insert(seq);
        }
    }

    /// How the JSON of a line is shown.
    fn json_of(&self, seq: u64) -> Json {
        match (self.turned.contains(&seq), self.json) {
            (false, json) => json,
            (true, Json::Unfolded) => Json::Folded,
            (true, _) => Json::Unfolded,
        }
    }

    /// Marked lines, or the one under the cursor: as they are read, with a line break between them, and how many they are.
    pub fn copied(&mut self) -> (String, usize) {
        let mut lines: Vec<String> = Vec::new();
        let mut before = None;
        let mut add = |line: log::Line<'_>| {
            let text = log::plain::plain(line.text);
            let goes_on = line.kind == Kind::Rest && before.replace(line.source) == Some(line.source);
            before = Some(line.source);
            match lines.last_mut().filter(|_| goes_on) {
                Some(last) => last.push_str(&text),
                None => lines.push(text.into_owned()),
            }
        };
        if self.marks.is_empty() {
            if let Some(at) = self.cursor_at()
                && let Some(block) = self.reader.lines(&self.slots, at.slot)
                && let Some(line) = block.get(at.line)
            {
                add(line);
            }
        } else {
            for slot in 0..self.slots.len() {
                let Some(block) = self.reader.lines(&self.slots, slot) else { continue };
                block.iter().filter(|line| self.marks.contains(&line.seq)).for_each(&mut add);
            }
        }
        let count = lines.len();
        (lines.join("\n"), count)
    }

    /// Several containers speak: who says something is shown.
    pub fn several(&self) -> bool {
        self.sources.iter().skip(1).any(|source| !source.same_container(&self.sources[0]))
    }

    /// In a word or two, how much of it is read: for the header.
    pub fn what(&self) -> String {
        let mut words = if self.wanted.previous { "previous".to_owned() } else { self.wanted.since.words() };
        if !self.wanted.containers.is_empty() {
            words = format!("{}, {words}", self.wanted.containers.join(", "));
        }
        words
    }
}

#[cfg(test)]
mod tests;
