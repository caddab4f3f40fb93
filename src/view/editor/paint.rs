//! What the parts of the lines on the screen are. What a line is the continuation of is kept from the beginning of the text as
//! far as was looked, and anew from the first line that was touched.

use super::buffer::Touched;
use crate::view::paint::{Part, Within, yaml_line};

/// See the module.
#[derive(Debug, Default)]
pub struct Paint {
    /// What each line is the continuation of, from the first one on; as far as is known.
    within: Vec<Within>,
}

impl Paint {
    /// Lines took the place of others.
    pub fn touched(&mut self, touched: &Touched) {
        self.within.truncate(touched.row + 1);
    }

    fn before(&mut self, lines: &[String], row: usize) -> Within {
        if self.within.is_empty() {
            self.within.push(Within::default());
        }
        while self.within.len() <= row {
            let last = self.within.len() - 1;
            let mut within = self.within[last];
            yaml_line(lines.get(last).map_or("", String::as_str), &mut within);
            self.within.push(within);
        }
        self.within[row]
    }

    /// The parts of a line.
    pub fn parts(&mut self, lines: &[String], row: usize) -> Vec<Part> {
        let mut within = self.before(lines, row);
        let parts = yaml_line(lines.get(row).map_or("", String::as_str), &mut within);
        if self.within.len() == row + 1 {
            self.within.push(within);
        }
        parts
    }

    /// What is typed at the end of a line goes on with a text of several lines, in which nothing means anything.
    pub fn is_text(&mut self, lines: &[String], row: usize) -> bool {
        let before = self.before(lines, row);
        let after = self.before(lines, row + 1);
        before != Within::default() && after == before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Scope;

    #[test]
    fn what_is_touched_is_looked_at_anew() {
        let mut lines: Vec<String> = ["a: |", "  b: 1", "c: 2"].map(str::to_owned).into();
        let mut paint = Paint::default();
        assert_eq!(paint.parts(&lines, 1), [(0..6, Scope::TextString)]);
        assert_eq!(paint.parts(&lines, 2)[0], (0..1, Scope::TextKey));
        assert!(paint.is_text(&lines, 1) && !paint.is_text(&lines, 0) && !paint.is_text(&lines, 2));
        lines[0] = "a:".into();
        paint.touched(&Touched { row: 0, before: 1, after: 1 });
        assert_eq!(paint.parts(&lines, 1)[0], (2..3, Scope::TextKey));
    }
}
