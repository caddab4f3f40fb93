//! What keys write: letters, lines with their indentation, blocks that move in and out, what is cut and pasted.

use super::Editor;
use super::buffer::{At, LARGEST, at};
use super::motion::Move;
use crate::keymap::Key;
use crate::view::text;

/// One step of indentation, as Kubernetes writes YAML.
pub const STEP: usize = 2;

impl Editor {
    /// A key that stands for no command. False where it means nothing here.
    pub fn key(&mut self, key: Key) -> bool {
        if !self.is_ready() {
            return false;
        }
        if let Some(letter) = key.typed() {
            return self.letter(letter);
        }
        let name = Key::print_all(&[key]);
        let (name, select) = name.strip_prefix("shift-").map_or((name.as_str(), false), |name| (name, true));
        let (name, select) = match name {
            "ctrl-shift-left" | "alt-shift-left" => ("ctrl-left", true),
            "ctrl-shift-right" | "alt-shift-right" => ("ctrl-right", true),
            "ctrl-shift-home" => ("ctrl-home", true),
            "ctrl-shift-end" => ("ctrl-end", true),
            name => (name, select),
        };
        if self.popup.is_some() && !select {
            match name {
                "up" => return self.choose(-1),
                "down" => return self.choose(1),
                "pgup" => return self.choose(-8),
                "pgdn" => return self.choose(8),
                "enter" if !self.completions().is_empty() => return self.take(),
                _ => {}
            }
        }
        let page = self.height.saturating_sub(1).max(1) as isize;
        let to = match name {
            "left" | "ctrl-b" => Move::Left,
            "right" => Move::Right,
            "up" => Move::Lines(-1),
            "down" => Move::Lines(1),
            "pgup" => Move::Lines(-page),
            "pgdn" => Move::Lines(page),
            "home" | "ctrl-a" => Move::Home,
            "end" | "ctrl-e" => Move::End,
            "ctrl-left" | "alt-left" | "alt-b" => Move::WordLeft,
            "ctrl-right" | "alt-right" | "alt-f" => Move::WordRight,
            "ctrl-home" => Move::Top,
            "ctrl-end" => Move::Bottom,
            _ if key.is_backspace() => return self.backspace(),
            "enter" => return self.newline(),
            "del" | "ctrl-d" => return self.delete(Editor::right),
            "ctrl-w" | "alt-backspace" | "ctrl-backspace" => return self.delete(Editor::word_left),
            "ctrl-del" | "alt-d" => return self.delete(Editor::word_right),
            "ctrl-u" => return self.delete(|_, here| at(here.row, 0)),
            "alt-a" => {
                self.popup = None;
                self.buffer.select(At::default(), at(usize::MAX, usize::MAX));
                return true;
            }
            _ => return false,
        };
        self.go(to, select);
        true
    }

    fn letter(&mut self, letter: char) -> bool {
        if self.buffer.bytes() + letter.len_utf8() > LARGEST {
            self.note = Some(full());
            return true;
        }
        self.buffer.type_letter(letter);
        self.changed();
        true
    }

    /// Takes away what is selected, else what lies between the cursor and another place.
    fn delete(&mut self, to: impl Fn(&Editor, At) -> At) -> bool {
        let here = self.buffer.cursor();
        let (from, to) = self.buffer.selection().unwrap_or_else(|| {
            let other = to(self, here);
            (here.min(other), here.max(other))
        });
        if from != to {
            self.buffer.replace(from, to, "");
            self.changed();
        }
        true
    }

    /// In the indentation, one step of it; else a letter; at the beginning of a line, the end of the one above.
    fn backspace(&mut self) -> bool {
        let here = self.buffer.cursor();
        let before = &self.buffer.line(here.row)[..here.byte];
        let blank = !before.is_empty() && before.bytes().all(|byte| byte == b' ');
        if blank && self.buffer.selection().is_none() {
            let to = (here.byte - 1) / STEP * STEP;
            return self.delete(|_, here| at(here.row, to));
        }
        self.delete(Editor::left)
    }

    /// A new line that stands where the text goes on.
    fn newline(&mut self) -> bool {
        self.popup = None;
        let (from, to) = self.buffer.selection().unwrap_or((self.buffer.cursor(), self.buffer.cursor()));
        let before = &self.buffer.line(from.row)[..from.byte];
        if before.trim() == "-" && self.buffer.line(to.row)[to.byte..].trim().is_empty() {
            // An item that was begun and is not wanted: the list ends.
            let end = self.buffer.within(at(to.row, usize::MAX));
            self.buffer.replace(at(from.row, 0), end, "");
            self.changed();
            return true;
        }
        let within_text = self.paint.is_text(self.buffer.lines(), from.row);
        let next = format!("\n{}", indentation(before, within_text));
        self.buffer.replace(from, to, &next);
        self.changed();
        true
    }

    /// Tab: takes what is offered, moves the selected lines in, or goes to the next step.
    pub fn indent(&mut self) {
        if self.popup.is_some() && !self.completions().is_empty() {
            self.take();
            return;
        }
        if self.buffer.selection().is_some_and(|(from, to)| from.row != to.row) {
            return self.shift(true);
        }
        if self.complete() {
            return;
        }
        let here = self.buffer.cursor();
        let column = text::columns(self.buffer.line(here.row), here.byte);
        let spaces = " ".repeat(STEP - column % STEP);
        let (from, to) = self.buffer.selection().unwrap_or((here, here));
        self.buffer.replace(from, to, &spaces);
        self.changed();
    }

    /// Moves the selected lines, or the cursor's, one step in or out.
    pub fn shift(&mut self, deeper: bool) {
        let here = self.buffer.cursor();
        let selection = self.buffer.selection();
        let (from, to) = selection.unwrap_or((here, here));
        // A line that is selected up to its beginning only is not meant.
        let last = if to.byte == 0 && to.row > from.row { to.row - 1 } else { to.row };
        let by = |row: usize| {
            let line = self.buffer.line(row);
            let indent = line.len() - line.trim_start_matches(' ').len();
            if line.trim().is_empty() && deeper {
                0
            } else if deeper {
                STEP
            } else {
                indent.min(STEP)
            }
        };
        let moved: Vec<(usize, usize)> = (from.row..=last).map(|row| (row, by(row))).filter(|(_, by)| *by > 0).collect();
        if moved.is_empty() {
            return;
        }
        // One replacement: what a replacement costs is not paid for each line.
        let lines: Vec<String> = (from.row..=last)
            .map(|row| match moved.binary_search_by_key(&row, |(of, _)| *of).ok().and_then(|at| moved.get(at)) {
                Some((_, by)) if deeper => format!("{}{}", " ".repeat(*by), self.buffer.line(row)),
                Some((_, by)) => self.buffer.line(row)[*by..].to_owned(),
                None => self.buffer.line(row).to_owned(),
            })
            .collect();
        let end = self.buffer.within(at(last, usize::MAX));
        self.buffer.begin();
        self.buffer.replace(at(from.row, 0), end, &lines.join("\n"));
        let shifted = |place: At| match moved.iter().find(|(row, _)| *row == place.row) {
            Some((_, by)) if deeper && place.byte > 0 => at(place.row, place.byte + by),
            Some((_, by)) if !deeper => at(place.row, place.byte.saturating_sub(*by)),
            _ => place,
        };
        match selection {
            Some((from, to)) if here == from => self.buffer.select(shifted(to), shifted(from)),
            Some((from, to)) => self.buffer.select(shifted(from), shifted(to)),
            None => self.buffer.go(if deeper && here.byte == 0 { here } else { shifted(here) }, false),
        }
        self.buffer.end();
        self.changed();
    }

    /// Takes the cursor's line away, or those that are selected.
    pub fn delete_line(&mut self) {
        let here = self.buffer.cursor();
        let (from, to) = self.buffer.selection().unwrap_or((here, here));
        let last = self.buffer.lines().len() - 1;
        let end = |row| self.buffer.within(at(row, usize::MAX));
        let (from, to) = match (from.row, to.row) {
            (from, to) if to < last => (at(from, 0), at(to + 1, 0)),
            (0, to) => (at(0, 0), end(to)),
            (from, to) => (end(from - 1), end(to)),
        };
        if from != to {
            self.buffer.replace(from, to, "");
            self.buffer.go(at(from.row, here.byte), false);
            self.changed();
        }
    }

    /// What is selected, else the cursor's line, with how many lines that are; it is kept to be pasted. `cut` takes it away.
    pub fn copy(&mut self, cut: bool) -> (String, usize) {
        let whole = self.buffer.selection().is_none();
        let row = self.buffer.cursor().row;
        let text = match self.buffer.selection() {
            Some((from, to)) => self.buffer.between(from, to),
            None => format!("{}\n", self.buffer.line(row)),
        };
        self.clip.clone_from(&text);
        if cut && whole {
            self.delete_line();
        } else if cut && let Some((from, to)) = self.buffer.selection() {
            self.buffer.replace(from, to, "");
            self.changed();
        }
        let lines = text.trim_end_matches('\n').matches('\n').count() + 1;
        (text, lines)
    }

    /// Puts in what was copied here last. A whole line is put in above the cursor's.
    pub fn paste_own(&mut self) -> Result<(), String> {
        let clip = self.clip.clone();
        if clip.is_empty() {
            return Err("nothing was copied here yet; what other programs have copied is pasted with the terminal's own key".into());
        }
        let here = self.buffer.cursor();
        if clip.ends_with('\n') && self.buffer.selection().is_none() && !clip.trim_end_matches('\n').contains('\n') {
            self.buffer.go(at(here.row, 0), false);
            self.paste(&clip)?;
            self.buffer.go(at(here.row + 1, here.byte), false);
            return Ok(());
        }
        self.paste(&clip)
    }

    /// Puts a text in place of what is selected, as one change.
    ///
    /// # Errors
    /// The text would be larger than any server takes; nothing is changed then.
    pub fn paste(&mut self, pasted: &str) -> Result<(), String> {
        if !self.is_ready() {
            return Err("there is no text here yet".into());
        }
        let (from, to) = self.buffer.selection().unwrap_or((self.buffer.cursor(), self.buffer.cursor()));
        if self.buffer.bytes() + pasted.len() > LARGEST {
            let megabytes = |bytes: usize| format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
            return Err(format!(
                "nothing was pasted: {} more would make the text larger than the {} that a server takes",
                megabytes(pasted.len()),
                megabytes(LARGEST)
            ));
        }
        // Terminals send a carriage return for the end of a line.
        let text = if pasted.contains('\r') { pasted.replace("\r\n", "\n").replace('\r', "\n") } else { pasted.to_owned() };
        self.buffer.replace(from, to, &text);
        self.changed();
        Ok(())
    }
}

/// What is said where nothing more fits.
fn full() -> String {
    format!("the text has {} MiB, which is all that a server takes", LARGEST >> 20)
}

/// What a line begins with that follows text before the cursor: as far in as that; one step further behind `key:`; in a list
/// behind an item its dash, and behind an item that opens a map, below its first key.
fn indentation(before: &str, within_text: bool) -> String {
    let spaces = before.len() - before.trim_start_matches(' ').len();
    let indent = " ".repeat(spaces);
    let rest = before[spaces..].trim_end();
    if within_text || rest.is_empty() || rest.starts_with('#') {
        return indent;
    }
    let bare = rest.split(" #").next().unwrap_or(rest).trim_end();
    let mut inner = bare;
    let mut dashes = 0;
    while let Some(after) = inner.strip_prefix("- ") {
        dashes += inner.len() - after.trim_start().len();
        inner = after.trim_start();
    }
    let opens =
        inner.ends_with(':') || inner.ends_with(": |") || inner.ends_with(": >") || inner.ends_with(": |-") || inner.ends_with(": >-");
    let is_map = opens || inner.contains(": ");
    match (dashes, opens) {
        (_, true) => " ".repeat(spaces + dashes + STEP),
        (0, false) => indent,
        // A value in a list: the next one. A field of an item: the next field.
        (_, false) if is_map => " ".repeat(spaces + dashes),
        (_, false) => format!("{indent}- "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_where_the_text_goes_on() {
        for (before, next) in [
            ("", ""),
            ("a: 1", ""),
            ("  a: 1", "  "),
            ("  a:", "    "),
            ("  a: # why", "    "),
            ("  a: |", "    "),
            ("  - name: x", "    "),
            ("  - name:", "      "),
            ("  - x", "  - "),
            ("  - - x", "  - "),
            ("  # note:", "  "),
            ("    ", "    "),
        ] {
            assert_eq!(indentation(before, false), next, "{before:?}");
        }
        assert_eq!(indentation("  - x:", true), "  ", "in a text nothing means anything");
    }
}
