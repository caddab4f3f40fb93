//! The text that is edited: lines, a cursor, a selection, and what can be undone. It knows nothing of YAML or of the screen.
//! What a key changes costs as much as what it changes, however long the text is.

mod tags;

use std::collections::VecDeque;

use tui_textarea::{CursorMove, TextArea};

/// The largest text, in bytes: an API server takes no larger body of a request. (apiserver's `MaxRequestBodyBytes`)
pub const LARGEST: usize = 3 << 20;
/// A change is made by a text area, which has no more of the text than this many bytes round it: after each change it maps all
/// that it has anew, and it cannot be sent beyond 65,535 columns.
const NEAR: usize = 1 << 10;
/// What was changed is kept for undo up to so many bytes.
const KEPT: usize = 64 << 20;

/// A place in the text: before a byte of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The line, from 0.
    pub row: usize,
    /// The byte in it, at the edge of a character.
    pub byte: usize,
}

/// A place.
pub fn at(row: usize, byte: usize) -> At {
    At { row, byte }
}

/// Lines that took the place of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The first of them.
    pub row: usize,
    /// So many there were.
    pub before: usize,
    /// So many there are.
    pub after: usize,
}

/// A text put in place of another one.
#[derive(Clone, Debug)]
struct Edit {
    from: At,
    old: String,
    new: String,
}

/// What one undo takes back.
#[derive(Clone, Debug)]
struct Change {
    edits: Vec<Edit>,
    /// Where the cursor was.
    before: At,
    /// Where it was then.
    after: At,
    /// Something begins with it ([`Buffer::put_tag`]).
    tag: Option<usize>,
}

impl Change {
    fn bytes(&self) -> usize {
        self.edits.iter().map(|edit| edit.old.len() + edit.new.len()).sum()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Buffer {
    lines: Vec<String>,
    cursor: At,
    anchor: Option<At>,
    bytes: usize,
    version: u64,
    past: VecDeque<Change>,
    /// So many changes of the past are in the text; those behind were undone.
    done: usize,
    /// After so many of them the text was as it is stored; empty where no undo leads back to that.
    stored: Vec<usize>,
    kept: usize,
    /// The last tag of the changes that are kept no longer.
    floor: usize,
    /// The next letter belongs to the same change as the last one.
    joins: bool,
    /// The changes that are being made are one.
    open: Option<Change>,
    touched: Vec<Touched>,
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer::new("")
    }
}

impl Buffer {
    /// With the cursor at its beginning.
    pub fn new(text: &str) -> Buffer {
        let lines: Vec<String> = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect();
        let bytes = lines.iter().map(|line| line.len() + 1).sum::<usize>() - 1;
        Buffer {
            lines,
            cursor: At::default(),
            anchor: None,
            bytes,
            version: 1,
            past: VecDeque::new(),
            done: 0,
            stored: vec![0],
            kept: 0,
            floor: 0,
            joins: false,
            open: None,
            touched: Vec::new(),
        }
    }

    /// Its lines, at least one.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// A line; empty beyond the last one.
    pub fn line(&self, row: usize) -> &str {
        self.lines.get(row).map_or("", String::as_str)
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// How long the text is, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Another number after each change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where one types.
    pub fn cursor(&self) -> At {
        self.cursor
    }

    /// What is selected, from and to.
    pub fn selection(&self) -> Option<(At, At)> {
        let anchor = self.anchor.filter(|anchor| *anchor != self.cursor)?;
        Some((anchor.min(self.cursor), anchor.max(self.cursor)))
    }

    /// The text is as it is stored.
    pub fn is_stored(&self) -> bool {
        self.stored.contains(&self.done)
    }

    /// How many changes lead here: [`Buffer::store`] takes it.
    pub fn mark(&mut self) -> usize {
        self.joins = false;
        self.done
    }

    /// The text was stored as it was at a mark.
    pub fn store(&mut self, mark: usize) {
        self.joins = false;
        self.stored = vec![mark];
    }

    /// As it is now it is stored, and as it was when it was stored before.
    pub fn store_too(&mut self) {
        self.joins = false;
        self.stored.push(self.done);
    }

    /// No undo leads to what is stored.
    pub fn unstored(&mut self) {
        self.stored.clear();
    }

    /// What was touched since this was asked last, in order.
    pub fn take_touched(&mut self) -> Vec<Touched> {
        std::mem::take(&mut self.touched)
    }

    /// The nearest place that there is.
    pub fn within(&self, to: At) -> At {
        let row = to.row.min(self.lines.len() - 1);
        at(row, self.line(row).floor_char_boundary(to.byte))
    }

    /// Puts the cursor somewhere; what lies between is selected, or nothing.
    pub fn go(&mut self, to: At, select: bool) {
        self.joins = false;
        self.anchor = if select { self.anchor.or(Some(self.cursor)) } else { None };
        self.cursor = self.within(to);
    }

    /// Selects from one place to another, where the cursor is then.
    pub fn select(&mut self, from: At, to: At) {
        self.joins = false;
        self.anchor = Some(self.within(from));
        self.cursor = self.within(to);
    }

    /// The text between two places.
    pub fn between(&self, from: At, to: At) -> String {
        if from.row == to.row {
            return self.line(from.row)[from.byte..to.byte].to_owned();
        }
        let mut out = self.line(from.row)[from.byte..].to_owned();
        for line in &self.lines[from.row + 1..to.row] {
            out.push('\n');
            out.push_str(line);
        }
        out.push('\n');
        out.push_str(&self.line(to.row)[..to.byte]);
        out
    }

    /// Everything until [`Buffer::end`] is one change.
    pub fn begin(&mut self) {
        self.joins = false;
        self.open.get_or_insert(Change { edits: Vec::new(), before: self.cursor, after: self.cursor, tag: None });
    }

    /// See [`Buffer::begin`].
    pub fn end(&mut self) {
        if let Some(mut change) = self.open.take().filter(|change| !change.edits.is_empty()) {
            change.after = self.cursor;
            self.keep(change);
        }
    }

    /// Puts text in place of what lies between two places; the cursor is behind it then, and nothing selected.
    pub fn replace(&mut self, from: At, to: At, new: &str) {
        if from == to && new.is_empty() {
            return;
        }
        // No line ends in more than a newline.
        let unix = new.contains('\r').then(|| new.replace("\r\n", "\n").replace('\r', "\n"));
        let new = unix.as_deref().unwrap_or(new);
        let before = self.cursor;
        let old = self.splice(from, to, new);
        self.anchor = None;
        self.cursor = behind(from, new);
        let edit = Edit { from, old, new: new.to_owned() };
        match &mut self.open {
            Some(change) => change.edits.push(edit),
            None => self.keep(Change { edits: vec![edit], before, after: self.cursor, tag: None }),
        }
        self.joins = false;
    }

    /// Types a letter: a word is one change. What is selected goes.
    pub fn type_letter(&mut self, letter: char) {
        let mut buffer = [0; 4];
        let new: &str = letter.encode_utf8(&mut buffer);
        if let Some((from, to)) = self.selection() {
            self.replace(from, to, new);
            self.joins = !letter.is_whitespace();
            return;
        }
        self.anchor = None;
        let here = self.cursor;
        if self.joins
            && self.open.is_none()
            && !letter.is_whitespace()
            && self.done == self.past.len()
            && let Some(change) = self.past.back_mut()
            && change.after == here
            && let [edit] = change.edits.as_mut_slice()
        {
            edit.new.push_str(new);
            self.kept += new.len();
            self.splice(here, here, new);
            self.cursor = behind(here, new);
            if let Some(change) = self.past.back_mut() {
                change.after = self.cursor;
            }
            return;
        }
        self.replace(here, here, new);
        self.joins = !letter.is_whitespace();
    }

    /// Takes the last change back. False where there is none.
    pub fn undo(&mut self) -> bool {
        self.joins = false;
        let Some(change) = self.done.checked_sub(1).and_then(|at| self.past.get(at)).cloned() else { return false };
        for edit in change.edits.iter().rev() {
            self.splice(edit.from, behind(edit.from, &edit.new), &edit.old);
        }
        self.done -= 1;
        (self.cursor, self.anchor) = (self.within(change.before), None);
        true
    }

    /// Makes the change again that was taken back last. False where there is none.
    pub fn redo(&mut self) -> bool {
        self.joins = false;
        let Some(change) = self.past.get(self.done).cloned() else { return false };
        for edit in &change.edits {
            self.splice(edit.from, behind(edit.from, &edit.old), &edit.new);
        }
        self.done += 1;
        (self.cursor, self.anchor) = (self.within(change.after), None);
        true
    }

    fn keep(&mut self, change: Change) {
        // What was undone is forgotten, and with it perhaps the way back to what is stored.
        self.stored.retain(|stored| *stored <= self.done);
        for undone in self.past.drain(self.done..) {
            self.kept -= undone.bytes();
        }
        self.kept += change.bytes();
        self.past.push_back(change);
        while self.kept > KEPT && self.past.len() > 1 {
            if let Some(oldest) = self.past.pop_front() {
                self.kept -= oldest.bytes();
                self.floor = oldest.tag.unwrap_or(self.floor);
                self.stored = self.stored.iter().filter_map(|stored| stored.checked_sub(1)).collect();
            }
        }
        self.done = self.past.len();
    }

    /// Gives what was there.
    fn splice(&mut self, from: At, to: At, new: &str) -> String {
        self.version += 1;
        let old = self.between(from, to);
        self.bytes = self.bytes + new.len() - old.len();
        self.touched.push(Touched { row: from.row, before: to.row - from.row + 1, after: new.matches('\n').count() + 1 });
        let (first, last) = (self.line(from.row), self.line(to.row));
        let begin = first.floor_char_boundary(from.byte.saturating_sub(NEAR));
        let end = last.ceil_char_boundary(to.byte.saturating_add(NEAR).min(last.len()));
        let (head, tail) = (first[..begin].to_owned(), last[end..].to_owned());
        let piece: Vec<String> = if from.row == to.row {
            vec![first[begin..end].to_owned()]
        } else {
            let between = self.lines[from.row + 1..to.row].iter().cloned();
            std::iter::once(first[begin..].to_owned()).chain(between).chain([last[..end].to_owned()]).collect()
        };
        let column = first[begin..from.byte].chars().count();
        let mut area = TextArea::new(piece);
        area.set_max_histories(0);
        area.move_cursor(CursorMove::Jump(0, u16::try_from(column).unwrap_or(u16::MAX)));
        area.delete_str(old.chars().count());
        area.insert_str(new);
        let mut fresh = area.into_lines();
        if let Some(first) = fresh.first_mut().filter(|_| !head.is_empty()) {
            first.insert_str(0, &head);
        }
        if let Some(last) = fresh.last_mut() {
            last.push_str(&tail);
        }
        self.lines.splice(from.row..=to.row, fresh);
        old
    }
}

/// The place behind a text that begins at a place.
fn behind(from: At, text: &str) -> At {
    match text.rfind('\n') {
        Some(last) => at(from.row + text.matches('\n').count(), text.len() - last - 1),
        None => at(from.row, from.byte + text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(buffer: &mut Buffer, text: &str) {
        text.chars().for_each(|letter| buffer.type_letter(letter));
    }

    #[test]
    fn long_lines_and_many_of_them_are_changed_where_one_is() {
        let long = "é".repeat(100_000);
        let many = "x\n".repeat(70_000);
        for (text, here) in
            [(format!("a\n{long}\nb"), at(1, 2 * 90_000)), (format!("{many}end"), at(70_000, 1)), (format!("{many}end"), at(69_999, 1))]
        {
            let mut buffer = Buffer::new(&text);
            let whole = |at: At| text.split('\n').take(at.row).map(|line| line.len() + 1).sum::<usize>() + at.byte;
            let mut expected = text.clone();
            expected.insert_str(whole(here), "new\nlines");
            buffer.replace(here, here, "new\nlines");
            assert!(buffer.text() == expected, "something is put in");
            assert_eq!((buffer.cursor(), buffer.bytes()), (at(here.row + 1, 5), expected.len()));
            assert!(buffer.undo() && buffer.text() == text && buffer.redo() && buffer.text() == expected);
            let end = at(here.row + 1, 5);
            buffer.replace(here, end, "");
            assert!(buffer.text() == text, "something is taken away");
        }
    }

    #[test]
    fn lines_end_in_a_newline_whatever_was_pasted() {
        let mut buffer = Buffer::new("a\r\nb");
        buffer.replace(at(0, 1), at(0, 1), "\r\nc\rd");
        assert_eq!((buffer.text(), buffer.bytes()), ("a\nc\nd\nb".to_owned(), 7));
        assert!(buffer.undo());
        assert_eq!(buffer.text(), "a\nb");
    }

    #[test]
    fn a_word_is_one_change_and_what_is_undone_comes_back() {
        let mut buffer = Buffer::new("a\nb");
        typed(&mut buffer, "one two");
        assert_eq!(buffer.text(), "one twoa\nb");
        assert!(buffer.undo());
        assert_eq!(buffer.text(), "one a\nb", "letters behind a space are a change of their own");
        assert!(buffer.undo() && buffer.undo() && !buffer.undo());
        assert_eq!((buffer.text().as_str(), buffer.is_stored()), ("a\nb", true));
        while buffer.redo() {}
        assert_eq!(buffer.text(), "one twoa\nb");
        buffer.undo();
        typed(&mut buffer, "x");
        assert!(!buffer.redo());
    }

    #[test]
    fn several_replacements_are_one_change() {
        let mut buffer = Buffer::new("a: 1\nb: 2\nc: 3");
        buffer.begin();
        buffer.replace(at(0, 3), at(1, 1), "x\ny\nz");
        buffer.replace(at(2, 0), at(2, 1), "Z");
        buffer.end();
        assert_eq!(buffer.text(), "a: x\ny\nZ: 2\nc: 3");
        assert_eq!(buffer.bytes(), buffer.text().len());
        assert_eq!(buffer.take_touched(), [Touched { row: 0, before: 2, after: 3 }, Touched { row: 2, before: 1, after: 1 }]);
        assert!(buffer.undo());
        assert_eq!((buffer.text().as_str(), buffer.bytes()), ("a: 1\nb: 2\nc: 3", 14));
        assert!(buffer.redo());
        assert_eq!(buffer.text(), "a: x\ny\nZ: 2\nc: 3");
    }

    #[test]
    fn what_is_stored_is_known_through_undo() {
        let mut buffer = Buffer::new("");
        typed(&mut buffer, "a");
        let mark = buffer.mark();
        typed(&mut buffer, "b");
        buffer.store(mark);
        assert!(!buffer.is_stored());
        buffer.undo();
        assert!(buffer.is_stored() && buffer.text() == "a");
        buffer.undo();
        assert!(!buffer.is_stored());
        typed(&mut buffer, "c");
        assert!(!buffer.is_stored(), "no undo leads back to what is stored");
    }

    #[test]
    fn what_is_selected_gives_way_to_what_is_typed() {
        let mut buffer = Buffer::new("one\ntwo\nthree");
        buffer.select(at(0, 1), at(2, 2));
        assert_eq!(buffer.selection().map(|(from, to)| buffer.between(from, to)).as_deref(), Some("ne\ntwo\nth"));
        buffer.type_letter('X');
        assert_eq!(buffer.text(), "oXree");
        buffer.undo();
        assert_eq!(buffer.text(), "one\ntwo\nthree");
        buffer.go(at(9, 99), false);
        assert_eq!(buffer.cursor(), at(2, 5));
    }
}
