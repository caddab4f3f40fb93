//! Where the cursor goes: by letters as they are shown, by words, lines and pages.

use super::Editor;
use super::buffer::{At, at};
use crate::view::text;

/// What a move is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// One letter before; at the beginning of a line, to the end of the one above.
    Left,
    /// One letter further.
    Right,
    /// So many lines, up where it is negative; in the same column as far as there is one.
    Lines(isize),
    /// To the beginning of the word before.
    WordLeft,
    /// Behind the word.
    WordRight,
    /// To the first letter of the line; from there to its beginning.
    Home,
    /// To the end of the line.
    End,
    /// To the beginning of the text.
    Top,
    /// To its end.
    Bottom,
}

/// What a letter belongs to, as far as words go.
#[derive(PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Sign,
}

fn class(letter: char) -> Class {
    if letter.is_whitespace() {
        Class::Blank
    } else if letter.is_alphanumeric() || letter == '_' {
        Class::Word
    } else {
        Class::Sign
    }
}

impl Editor {
    /// Moves the cursor, and selects what it passes where that is wanted.
    pub fn go(&mut self, to: Move, select: bool) {
        self.popup = None;
        let here = self.buffer.cursor();
        let goal = match to {
            Move::Lines(_) => Some(self.goal.unwrap_or_else(|| text::columns(self.buffer.line(here.row), here.byte))),
            _ => None,
        };
        let next = match to {
            // What is selected is left at the side that the move goes to.
            Move::Left if !select && let Some((from, _)) = self.buffer.selection() => from,
            Move::Right if !select && let Some((_, to)) = self.buffer.selection() => to,
            Move::Left => self.left(here),
            Move::Right => self.right(here),
            Move::Lines(by) => {
                let last = self.buffer.lines().len() - 1;
                let row = here.row.saturating_add_signed(by).min(last);
                at(row, text::byte_at(self.buffer.line(row), goal.unwrap_or(0)).0)
            }
            Move::WordLeft => self.word_left(here),
            Move::WordRight => self.word_right(here),
            Move::Home => {
                let line = self.buffer.line(here.row);
                let first = line.len() - line.trim_start().len();
                at(here.row, if here.byte == first { 0 } else { first })
            }
            Move::End => at(here.row, usize::MAX),
            Move::Top => At::default(),
            Move::Bottom => at(usize::MAX, usize::MAX),
        };
        self.buffer.go(next, select);
        self.goal = goal;
        self.follow = true;
    }

    /// One letter before; at the beginning of a line, the end of the one above.
    pub(super) fn left(&self, here: At) -> At {
        match here.byte {
            0 if here.row == 0 => here,
            0 => self.buffer.within(at(here.row - 1, usize::MAX)),
            byte => at(here.row, text::previous_cell(self.buffer.line(here.row), byte)),
        }
    }

    /// One letter further; at the end of a line, at the beginning of the next one.
    pub(super) fn right(&self, here: At) -> At {
        let line = self.buffer.line(here.row);
        if here.byte < line.len() {
            at(here.row, text::next_cell(line, here.byte))
        } else if here.row + 1 < self.buffer.lines().len() {
            at(here.row + 1, 0)
        } else {
            here
        }
    }

    pub(super) fn word_left(&self, here: At) -> At {
        if here.byte == 0 {
            return self.left(here);
        }
        let before = &self.buffer.line(here.row)[..here.byte];
        let words = before.trim_end();
        let Some(last) = words.chars().next_back() else { return at(here.row, 0) };
        at(here.row, words.trim_end_matches(|c| class(c) == class(last)).len())
    }

    pub(super) fn word_right(&self, here: At) -> At {
        let line = self.buffer.line(here.row);
        let rest = &line[here.byte..];
        let Some(first) = rest.trim_start().chars().next() else {
            return if rest.is_empty() { self.right(here) } else { at(here.row, line.len()) };
        };
        at(here.row, line.len() - rest.trim_start().trim_start_matches(|c| class(c) == class(first)).len())
    }
}
