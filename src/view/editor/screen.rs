//! Which part of the text is on the screen, and what stands under the mouse.

use super::Editor;
use super::buffer::{At, at};
use crate::view::paint::Part;
use crate::view::text;

/// So many lines stay between the cursor and the edge, where there are any.
const EDGE: usize = 2;

impl Editor {
    /// The text has so much room; the cursor is brought into it where it was moved.
    pub fn fit(&mut self, width: usize, height: usize) {
        let size = (width.max(1), height.max(1));
        if size != (self.width, self.height) {
            // What was seen of the cursor stays seen when the window gets another size, and nothing below the text is.
            self.follow = true;
            self.top = self.top.min(self.buffer.lines().len().saturating_sub(size.1));
            (self.width, self.height) = size;
        }
        let here = self.buffer.cursor();
        let last = self.buffer.lines().len() - 1;
        if std::mem::take(&mut self.follow) {
            let edge = EDGE.min((self.height - 1) / 2);
            if here.row < self.top + edge {
                self.top = here.row.saturating_sub(edge);
            } else if here.row + edge >= self.top + self.height {
                self.top = (here.row + edge + 1).saturating_sub(self.height);
            }
            let column = text::columns(self.buffer.line(here.row), here.byte);
            if column + 1 < self.width {
                self.left = 0;
            } else if column < self.left + 4 || column + 1 >= self.left + self.width {
                self.left = (column + self.width / 3 + 1).saturating_sub(self.width);
            }
        }
        self.top = self.top.min(last.saturating_sub(EDGE.min(last)));
    }

    /// Scrolls by so many lines; the cursor stays where it is in the text.
    pub fn scroll(&mut self, by: isize) {
        let most = self.buffer.lines().len().saturating_sub(self.height);
        self.top = self.top.saturating_add_signed(by).min(most);
        self.follow = false;
    }

    /// Scrolls by so many columns.
    pub fn sideways(&mut self, by: isize) {
        let shown = self.buffer.lines().iter().skip(self.top).take(self.height);
        let widest = shown.map(|line| text::columns(line, line.len())).max().unwrap_or(0);
        self.left = self.left.saturating_add_signed(by).min(widest.saturating_sub(8));
        self.follow = false;
    }

    /// The place at a column and row of the screen's text; beyond it, one line or letter further.
    fn place_at(&self, x: isize, y: isize) -> At {
        let row = self.top.saturating_add_signed(y).min(self.buffer.lines().len() - 1);
        at(row, text::byte_at(self.buffer.line(row), self.left.saturating_add_signed(x)).0)
    }

    /// The mouse was pressed at a column and row of the screen's text, or (`drag`) drawn there, which selects.
    pub fn point(&mut self, x: isize, y: isize, drag: bool) {
        self.popup = None;
        self.goal = None;
        let place = self.place_at(x, y);
        self.buffer.go(place, drag);
        self.follow = drag;
    }

    /// What the parts of a line are.
    pub fn parts(&mut self, row: usize) -> Vec<Part> {
        self.paint.parts(self.buffer.lines(), row)
    }
}
