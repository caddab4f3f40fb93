//! Where on the screen is what a click can mean. The drawing leaves it behind with each frame: there is no second copy of
//! its arithmetic.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use crate::model::row::Uid;

/// What a click means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// The object of a row of the table, whatever stands in that row by now.
    Row(Uid),
    /// A line of the log, by its number.
    Line(u64),
    /// A command line: a tab, the header of a column, a key of the bottom line.
    Run(Arc<str>),
    /// The text that is edited: its upper left cell.
    Text(u16, u16),
    /// A place in the list that one chooses from.
    Choice(usize),
}

/// The spots of one frame.
#[derive(Debug, Default)]
pub struct Hits {
    spots: Vec<(Rect, Spot)>,
}

impl Hits {
    /// Forgets everything: a frame begins, or something is drawn that all the rest lies below.
    pub fn clear(&mut self) {
        self.spots.clear();
    }

    /// Something that can be clicked was drawn here.
    pub fn put(&mut self, area: Rect, spot: Spot) {
        if !area.is_empty() {
            self.spots.push((area, spot));
        }
    }

    /// A command line was drawn on one row.
    pub fn run(&mut self, x: u16, y: u16, width: u16, line: impl Into<Arc<str>>) {
        self.put(Rect { x, y, width, height: 1 }, Spot::Run(line.into()));
    }

    /// What is at a cell; what was drawn last lies on top.
    pub fn at(&self, x: u16, y: u16) -> Option<&Spot> {
        self.spots.iter().rev().find(|(area, _)| area.contains(Position { x, y })).map(|(_, spot)| spot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_drawn_last_lies_on_top() {
        let mut hits = Hits::default();
        hits.put(Rect::new(0, 1, 10, 3), Spot::Choice(1));
        hits.run(2, 2, 3, "quit");
        hits.run(0, 9, 0, "nowhere");
        assert_eq!(
            (hits.at(1, 2), hits.at(4, 2), hits.at(5, 2)),
            (Some(&Spot::Choice(1)), Some(&Spot::Run("quit".into())), Some(&Spot::Choice(1)))
        );
        assert_eq!((hits.at(10, 1), hits.at(0, 4), hits.at(0, 9)), (None, None, None));
        hits.clear();
        assert_eq!(hits.at(1, 2), None);
    }
}
