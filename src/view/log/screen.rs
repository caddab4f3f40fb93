//! What of a log is on the screen: the first line, the cursor, and how a key moves them.

use super::lay::{Lay, Piece};
use super::read::At;
use super::{Json, LogView};
use crate::model::log::{Kind, Source};

/// One row of the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it shows, from left to right.
    pub pieces: Vec<Piece>,
    /// The number of its line.
    pub seq: u64,
    /// It belongs to the line under the cursor.
    pub cursor: bool,
    /// Its line is marked.
    pub marked: bool,
    /// The source of its line, to tell it by a colour.
    pub source: u16,
    /// The filter leaves it as one of the lines round another one.
    pub around: bool,
    /// Lines that are not shown are between it and the row above.
    pub apart: bool,
}

impl LogView {
    fn all(&mut self) -> (&mut super::Reader, (&[super::Slot], &[Source]), &super::Sieve, usize) {
        (&mut self.reader, (&self.slots, &self.sources), &self.sieve, self.context)
    }

    /// Where the cursor is: at the last line, while the end is followed.
    pub(super) fn cursor_at(&mut self) -> Option<At> {
        let (cursor, follow) = (self.cursor, self.follow);
        let (reader, all, sieve, context) = self.all();
        match cursor.filter(|_| !follow) {
            Some(at) => reader.near(all, sieve, context, at, true),
            // One that is read from its start begins there.
            None => reader.end(all, sieve, context, follow),
        }
    }

    /// Puts the cursor on a line; the end is not followed any more.
    pub(super) fn go(&mut self, at: At) {
        if self.follow {
            self.fit();
            self.missed = 0;
            self.paused = true;
        }
        self.follow = false;
        if let (Some(before), Some((top, rows))) = (self.cursor, &mut self.top)
            && before < at
            && *top == at
        {
            // It is read from its beginning.
            *rows = 0;
        }
        self.cursor = Some(at);
    }

    /// The line after this one, or before it.
    fn next(&mut self, at: At, forward: bool) -> Option<At> {
        let (reader, all, sieve, context) = self.all();
        reader.step(all, sieve, context, at, forward)
    }

    /// Moves the cursor by lines. A line that is taller than the screen is scrolled first. Downward from the last line, the
    /// end is followed again.
    pub fn step(&mut self, by: isize) {
        self.reader.begin();
        let Some(mut at) = self.cursor_at() else { return };
        if by == 1 && self.hidden_below(at) {
            if let Some((top, rows)) = self.top {
                self.top = self.below((top, rows), 1);
            }
            return;
        }
        if by == -1
            && let Some((top, rows)) = self.top
            && top == at
            && rows > 0
        {
            self.set_follow_off(at);
            self.top = Some((top, rows - 1));
            return;
        }
        let mut moved = 0;
        while moved < by.unsigned_abs() {
            let Some(next) = self.next(at, by > 0) else { break };
            at = next;
            moved += 1;
        }
        if moved == 0 && by > 0 && !self.reader.unsure() {
            return self.set_follow(true);
        }
        self.go(at);
    }

    fn set_follow_off(&mut self, at: At) {
        if self.follow {
            self.go(at);
        }
    }

    /// To the first line, or the last, which is followed.
    pub fn to_end(&mut self, last: bool) {
        self.reader.begin();
        if last {
            return self.set_follow(true);
        }
        let (reader, all, sieve, context) = self.all();
        if let Some(at) = reader.end(all, sieve, context, false) {
            self.go(at);
        }
    }

    /// So many rows down or up, with the cursor.
    pub fn page(&mut self, by: isize) {
        self.reader.begin();
        let Some(at) = self.cursor_at() else { return };
        let (mut at, mut rows) = (at, 0);
        loop {
            let Some(next) = self.next(at, by > 0) else {
                if by > 0 && rows == 0 && !self.reader.unsure() {
                    return self.set_follow(true);
                }
                break;
            };
            rows += self.rows_of(next);
            at = next;
            if rows >= by.unsigned_abs() {
                break;
            }
        }
        self.go(at);
    }

    /// Sideways, where lines are not wrapped.
    pub fn sideways(&mut self, by: isize) {
        if !self.wrap {
            self.left = self.left.saturating_add_signed(by);
        }
    }

    /// Puts the cursor on the line of a row of the screen. False where there is none.
    pub fn select(&mut self, seq: u64) -> bool {
        let drawn = self.drawn.iter().find(|(drawn, _)| *drawn == seq).map(|(_, at)| *at);
        // Something may have come before it since.
        let Some(at) = drawn.filter(|at| self.reader.seq(&self.slots, *at) == Some(seq)) else { return false };
        self.go(at);
        true
    }

    /// How many rows a line takes.
    fn rows_of(&mut self, at: At) -> usize {
        self.laid(at).map_or(1, |(_, rows)| rows.len().max(1))
    }

    fn laid(&mut self, at: At) -> Option<(u64, Vec<Vec<Piece>>)> {
        let lines = self.reader.lines(&self.slots, at.slot)?;
        let line = lines.get(at.line)?;
        let json: Json = self.json_of(line.seq);
        let names = if self.several() { self.name_width() } else { 0 };
        let lay = Lay {
            width: self.width.max(1),
            left: self.left,
            wrap: self.wrap,
            most: self.height.max(1) * 2 + self.top.map_or(0, |(_, rows)| rows),
            stamps: self.stamps,
            json,
            names,
            search: self.sieve.search.as_ref(),
            now: self.now,
        };
        let source = self.sources.get(usize::from(line.source)).filter(|_| line.kind.is_said());
        Some((line.seq, lay.rows(&line, source, self.containers.len() > 1 || self.several_containers())))
    }

    fn several_containers(&self) -> bool {
        self.sources.iter().skip(1).any(|source| source.container != self.sources[0].container)
    }

    /// The columns for who says something.
    fn name_width(&self) -> usize {
        let several = self.several_containers() || self.containers.len() > 1;
        let wide = |source: &Source| source.pod.len() + if several { source.container.len() + 1 } else { 0 };
        let widest = self.sources.iter().rev().take(500).map(wide).max().unwrap_or(0);
        widest.min(self.width / 3).min(36)
    }

    /// Part of the line is below the screen.
    fn hidden_below(&mut self, at: At) -> bool {
        let Some((top, rows)) = self.top.filter(|_| !self.follow) else { return false };
        top == at && self.rows_of(at).saturating_sub(rows) > self.height
    }

    /// So many rows further down.
    fn below(&mut self, (mut at, mut rows): (At, usize), by: usize) -> Option<(At, usize)> {
        for _ in 0..by {
            if rows + 1 < self.rows_of(at) {
                rows += 1;
            } else {
                at = self.next(at, true)?;
                rows = 0;
            }
        }
        Some((at, rows))
    }

    /// So that this line's last row is the screen's last one: the first line, and how many of its rows are above.
    fn top_for(&mut self, last: At) -> (At, usize) {
        let mut at = last;
        let mut rows = self.rows_of(at);
        while rows < self.height {
            let Some(before) = self.next(at, false) else { return (at, 0) };
            at = before;
            rows += self.rows_of(at);
        }
        (at, rows - self.height)
    }

    /// Makes the first line of the screen such that the cursor is on it.
    fn fit(&mut self) {
        let Some(cursor) = self.cursor_at() else {
            self.top = None;
            return;
        };
        if self.follow {
            self.top = Some(self.top_for(cursor));
            return;
        }
        self.cursor = Some(cursor);
        let top = self.top.and_then(|(at, rows)| {
            let (reader, all, sieve, context) = self.all();
            let near = reader.near(all, sieve, context, at, true)?;
            Some((near, if near == at { rows } else { 0 }))
        });
        let Some((at, rows)) = top else {
            self.top = Some(self.top_for(cursor));
            return;
        };
        if cursor < at {
            self.top = Some((cursor, 0));
            return;
        }
        let taken = self.rows_of(at);
        let rows = rows.min(taken.saturating_sub(1));
        self.top = Some((at, rows));
        // From the top to the cursor's last row.
        let (mut place, mut used) = (at, taken - rows);
        while place != cursor && used <= self.height {
            let Some(next) = self.next(place, true) else { break };
            place = next;
            used += self.rows_of(place);
        }
        let tall = place == cursor && self.rows_of(cursor) > self.height;
        if (place != cursor || used > self.height) && !(tall && at == cursor) {
            self.top = Some(if self.rows_of(cursor) > self.height { (cursor, 0) } else { self.top_for(cursor) });
        }
        // There is no room below the last line while there are lines above the first.
        let (at, rows) = self.top.unwrap_or((cursor, 0));
        let bottom = self.top_for_last();
        if bottom.is_some_and(|bottom| bottom < (at, rows)) {
            self.top = bottom;
        }
    }

    fn top_for_last(&mut self) -> Option<(At, usize)> {
        let (reader, all, sieve, context) = self.all();
        let last = reader.end(all, sieve, context, true)?;
        Some(self.top_for(last))
    }

    /// The rows of the screen.
    pub fn rows(&mut self, width: usize, height: usize, now: i64) -> Vec<Row> {
        (self.width, self.height, self.now) = (width, height, now);
        self.reader.begin();
        self.drawn.clear();
        self.fit();
        let Some((mut at, mut skip)) = self.top else { return Vec::new() };
        let cursor = self.cursor_at();
        self.search_at = self.search_place().map(|(at, _)| at);
        let mut out = Vec::with_capacity(height);
        let mut above: Option<At> = None;
        while let Some(lines) = self.reader.lines(&self.slots, at.slot) {
            let Some(line) = lines.get(at.line) else { break };
            let (seq, source) = (line.seq, line.source);
            self.drawn.push((seq, at));
            let marked = self.marks.contains(&seq) && line.kind != Kind::Note;
            let Some((_, rows)) = self.laid(at) else { break };
            let around = self.context > 0 && self.sieve.filter.is_some() && !self.sieve.leaves(&line, &self.sources);
            // Of lines that a filter leaves by themselves nobody thinks that they are neighbours.
            let follows = |above: At| match at.slot - above.slot {
                0 => at.line == above.line + 1,
                1 => at.line == 0 && above.line + 1 == self.slots[above.slot].block.count,
                _ => false,
            };
            let mut apart = self.context > 0 && self.sieve.filter.is_some() && above.is_some_and(|above| !follows(above));
            for pieces in rows.into_iter().skip(skip) {
                if out.len() >= height {
                    return out;
                }
                out.push(Row { pieces, seq, cursor: cursor == Some(at), marked, source, around, apart: std::mem::take(&mut apart) });
            }
            skip = 0;
            above = Some(at);
            let Some(next) = self.next(at, true) else { break };
            at = next;
        }
        out
    }

    /// The first line of the log is on the screen.
    pub fn at_start(&mut self) -> bool {
        let (reader, all, sieve, context) = self.all();
        let first = reader.end(all, sieve, context, false);
        self.top.map(|(at, rows)| (Some(at), rows)) == Some((first, 0))
    }
}
