//! How wide each column is, and which fit: computed from the widths that the store keeps, never from all rows.

use crate::model::row::{Align, Column, Source};
use crate::model::store::Store;
use crate::view::text;

/// Between two columns.
pub const GAP: u16 = 2;
/// No column of text asks for more than this, the last one apart.
const LONGEST: u16 = 64;
/// A name is not shortened below this, as long as anything else can give way.
const NAME: u16 = 24;
/// No other column is shortened below this.
const OTHER: u16 = 14;
/// CPU or memory in use, a bar, and the request.
pub const USAGE: u16 = 13;

/// A column that is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Its place in the table's columns.
    pub index: usize,
    /// First cell, from the left of the area.
    pub x: u16,
    /// Cells.
    pub width: u16,
}

/// Fits columns into `width` cells; `left` columns after the name are scrolled away. Gives also how many did not fit to
/// the right.
pub fn fit<'a>(columns: impl Iterator<Item = (usize, &'a Column)>, store: &Store, left: usize, width: u16) -> (Vec<Fitted>, usize) {
    let mut wanted: Vec<(usize, &Column, u16)> = columns.map(|(index, column)| (index, column, natural(index, column, store))).collect();
    // What identifies the row stays when the rest scrolls.
    let fixed = wanted.iter().position(|(_, column, _)| column.source == Source::Name || &*column.name == "NAME").map_or(0, |at| at + 1);
    let left = left.min(wanted.len().saturating_sub(fixed + 1));
    wanted.drain(fixed..fixed + left);
    let total = |wanted: &[(usize, &Column, u16)]| wanted.iter().map(|(_, _, width)| width + GAP).sum::<u16>().saturating_sub(GAP);
    // The widest gives way first, a cell at a time; a name last.
    while total(&wanted) > width {
        let give = |(at, (_, column, width)): (usize, &(usize, &Column, u16))| {
            let least = if column.source == Source::Name { NAME } else { OTHER };
            (*width > least && column.align == Align::Left).then(|| (width - least, at))
        };
        let Some((_, at)) = wanted.iter().enumerate().filter_map(give).max() else { break };
        wanted[at].2 -= 1;
    }
    let mut fitted = Vec::with_capacity(wanted.len());
    let mut x = 0;
    let count = wanted.len();
    for (index, _, own) in wanted {
        if x >= width || (x + own > width && !fitted.is_empty() && width - x < 6) {
            break;
        }
        fitted.push(Fitted { index, x, width: own.min(width - x) });
        x += own + GAP;
    }
    let hidden = count - fitted.len();
    (fitted, hidden)
}

fn natural(index: usize, column: &Column, store: &Store) -> u16 {
    // Room for the arrow of the sorted column.
    let head = text::width(&column.name) as u16 + 2;
    let cells = match column.source {
        Source::Cpu | Source::Memory => USAGE,
        _ => u16::from(store.width(index)),
    };
    cells.min(LONGEST).max(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn columns() -> Arc<[Column]> {
        let column = |name: &str, source| Column { name: name.into(), source, wide: false, align: Align::Left };
        [
            column("NAMESPACE", Source::Namespace),
            column("NAME", Source::Name),
            column("STATUS", Source::Cell(0)),
            column("AGE", Source::Age),
        ]
        .into()
    }

    #[test]
    fn columns_that_do_not_fit_are_left_out_to_the_right() {
        let columns = columns();
        let store = Store::new(columns.clone());
        let (fitted, hidden) = fit(columns.iter().enumerate(), &store, 0, 200);
        assert_eq!((fitted.len(), hidden), (4, 0));
        let (fitted, hidden) = fit(columns.iter().enumerate(), &store, 0, 22);
        assert_eq!((fitted.len(), hidden), (2, 2));
        let (fitted, _) = fit(columns.iter().enumerate(), &store, 1, 200);
        assert_eq!(fitted.iter().map(|f| f.index).collect::<Vec<_>>(), [0, 1, 3]);
        for width in 0..40 {
            let (fitted, _) = fit(columns.iter().enumerate(), &store, 0, width);
            assert!(fitted.iter().all(|f| f.x + f.width <= width));
        }
    }
}
