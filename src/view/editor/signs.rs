//! What is wrong in the text, at its places: what the schema says while one types, and what the server said.

use super::Editor;
use super::buffer::{Touched, at};
use crate::kinds::schema::{Level, Mark};
use crate::model::draft::Blame;
use crate::model::edit::Place;

/// So many are shown; a text with more is no object.
const MOST: usize = 500;

/// Something that is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// The line, from 0.
    pub row: usize,
    /// Its bytes in the line.
    pub from: usize,
    /// The byte behind it; not beyond the end of the line.
    pub to: usize,
    /// How bad it is.
    pub level: Level,
    /// One clause.
    pub message: String,
    /// The server said so.
    pub server: bool,
}

impl Editor {
    /// What the check of a version of the text has found. Of an older version it is nothing.
    pub fn checked(&mut self, version: u64, marks: &[Mark]) {
        self.checking = false;
        if version != self.buffer.version() {
            return;
        }
        self.proved = version;
        self.signs.retain(|sign| sign.server);
        let fresh: Vec<Sign> = marks.iter().take(MOST).map(|mark| self.sign(mark.at, mark.level, &mark.message, false)).collect();
        self.signs.extend(fresh);
        self.signs.sort_by_key(|sign| (sign.row, sign.from));
    }

    /// What the server has against the text that was to be saved. What has no place is said above the text until it is changed.
    pub fn blame(&mut self, blames: &[Blame]) {
        self.leaving = false;
        self.signs.retain(|sign| !sign.server);
        let placed: Vec<Sign> =
            blames.iter().filter_map(|blame| Some(self.sign(blame.at?, Level::Refused, &blame.message, blame.server))).take(MOST).collect();
        self.said = blames.iter().filter(|blame| blame.at.is_none()).map(|blame| blame.message.clone()).collect();
        if let Some(first) = placed.first() {
            self.buffer.go(at(first.row, first.from), false);
            self.follow = true;
        }
        self.signs.extend(placed);
        self.signs.sort_by_key(|sign| (sign.row, sign.from));
    }

    fn sign(&self, place: Place, level: Level, message: &str, server: bool) -> Sign {
        let row = place.line.saturating_sub(1).min(self.buffer.lines().len() - 1);
        let line = self.buffer.line(row);
        let column = place.column.saturating_sub(1);
        let from =
            if line.is_ascii() { column.min(line.len()) } else { line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte) };
        let to = line.floor_char_boundary(from.saturating_add(place.end.saturating_sub(place.start).max(1)));
        Sign { row, from, to: to.max(from), level, message: message.to_owned(), server }
    }

    /// Signs go where their lines go. What the server said of a line that is touched may be right by now.
    pub(super) fn shift_signs(&mut self, touched: &Touched) {
        let Touched { row, before, after } = *touched;
        self.signs.retain_mut(|sign| {
            if sign.row >= row + before {
                sign.row = sign.row + after - before;
            } else if sign.row >= row {
                return !sign.server && sign.row < row + after;
            }
            true
        });
    }

    /// What is wrong in the text, from its top on.
    pub fn signs(&self) -> &[Sign] {
        &self.signs
    }

    /// In words how much is wrong, and how bad the worst of it is. What the server says of a line in which something was found
    /// here already is mostly the same.
    pub fn problems(&self) -> Option<(String, Level)> {
        let worst = self.signs.iter().map(|sign| sign.level).max()?;
        let told = |sign: &Sign| sign.server && self.signs.iter().any(|other| !other.server && other.row == sign.row);
        let words = match self.signs.iter().filter(|sign| !told(sign)).count() {
            1 => "1 problem".into(),
            count if count < MOST => format!("{count} problems"),
            _ => format!("{MOST} problems or more"),
        };
        Some((words, worst))
    }

    /// What is wrong in the cursor's line: first what the cursor stands on.
    pub fn sign_here(&self) -> Option<&Sign> {
        let here = self.buffer.cursor();
        let on = |sign: &&Sign| sign.row == here.row;
        self.signs.iter().filter(on).min_by_key(|sign| (!(sign.from..=sign.to).contains(&here.byte), sign.level != Level::Refused))
    }

    /// To the next place that is wrong, or the one before; round the ends. False where nothing is wrong.
    pub fn go_sign(&mut self, forward: bool) -> bool {
        self.popup = None;
        let here = (self.buffer.cursor().row, self.buffer.cursor().byte);
        let place = |sign: &&Sign| (sign.row, sign.from);
        let next = if forward {
            self.signs.iter().find(|sign| place(sign) > here).or(self.signs.first())
        } else {
            self.signs.iter().rev().find(|sign| place(sign) < here).or(self.signs.last())
        };
        let Some(next) = next.map(|sign| at(sign.row, sign.from)) else { return false };
        self.buffer.go(next, false);
        (self.follow, self.goal) = (true, None);
        true
    }
}
