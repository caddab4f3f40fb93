//! How wide the columns are: for each, how many rows have which width, so that a column also narrows again.

use unicode_width::UnicodeWidthStr;

use crate::model::row::{Cell, Column, Row, Source};

/// No cell is measured wider, in terminal cells.
pub(super) const WIDEST: u8 = 253;

/// The longest usual age: `7y364d`. Ages change all the time, and a column that breathes is worse than a wide one.
const AGE: usize = 6;

/// The longest age of a restart that is worth room: `7d23h`.
const RESTART_AGE: usize = 5;

#[derive(Debug)]
pub(super) struct Widths(Vec<Histogram>);

#[derive(Clone, Debug)]
struct Histogram {
    rows: Box<[u32; WIDEST as usize + 1]>,
    widest: u8,
}

impl Widths {
    pub(super) fn new(columns: usize) -> Widths {
        Widths(vec![Histogram { rows: Box::new([0; WIDEST as usize + 1]), widest: 0 }; columns])
    }

    pub(super) fn widest(&self, column: usize) -> u8 {
        self.0.get(column).map_or(0, |histogram| histogram.widest)
    }

    pub(super) fn add(&mut self, row: &Row, columns: &[Column]) {
        for (histogram, column) in self.0.iter_mut().zip(columns) {
            histogram.add(width(row, column.source));
        }
    }

    pub(super) fn remove(&mut self, row: &Row, columns: &[Column]) {
        for (histogram, column) in self.0.iter_mut().zip(columns) {
            histogram.remove(width(row, column.source));
        }
    }

    pub(super) fn change(&mut self, old: &Row, new: &Row, columns: &[Column]) {
        for (histogram, column) in self.0.iter_mut().zip(columns) {
            let (old, new) = (width(old, column.source), width(new, column.source));
            if old != new {
                histogram.add(new);
                histogram.remove(old);
            }
        }
    }
}

impl Histogram {
    fn add(&mut self, width: u8) {
        self.rows[usize::from(width)] += 1;
        self.widest = self.widest.max(width);
    }

    fn remove(&mut self, width: u8) {
        self.rows[usize::from(width)] -= 1;
        while self.widest > 0 && self.rows[usize::from(self.widest)] == 0 {
            self.widest -= 1;
        }
    }
}

/// The width of a row's cell under a column, in terminal cells.
fn width(row: &Row, source: Source) -> u8 {
    let width = match source {
        Source::Namespace => text(&row.namespace),
        Source::Name => text(&row.name),
        Source::Cell(at) => row.cells.get(usize::from(at)).map_or(0, cell),
        Source::Age if row.created == 0 => "<unknown>".len(),
        Source::Age => AGE,
        Source::Labels if row.labels.is_empty() => "<none>".len(),
        Source::Labels => row.labels.iter().map(|(key, value)| text(key) + text(value) + 2).sum::<usize>() - 1,
        Source::Cpu | Source::Memory => 0,
    };
    width.min(usize::from(WIDEST)) as u8
}

fn cell(cell: &Cell) -> usize {
    match cell {
        Cell::None => "<none>".len(),
        Cell::Unknown => "<unknown>".len(),
        Cell::Text(value) | Cell::Quantity(value, _) | Cell::Status(value, _) => text(value),
        Cell::Number(number) => usize::from(*number < 0) + digits(number.unsigned_abs()),
        Cell::Age(_) | Cell::Span(..) => AGE,
        Cell::Ratio(have, want) => digits(u64::from(*have)) + 1 + digits(u64::from(*want)),
        Cell::Restarts(count, None) => digits(u64::from(*count)),
        Cell::Restarts(count, Some(_)) => digits(u64::from(*count)) + " ( ago)".len() + RESTART_AGE,
    }
}

/// Control characters are drawn as one symbol each, which is what both ways of measuring give.
fn text(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_wide_as_they_are_printed() {
        for (value, expected) in [
            (Cell::None, 6),
            (Cell::Text("日本".into()), 4),
            (Cell::Text("e\u{301}".into()), 1),
            (Cell::Text("a\u{1b}b".into()), 3),
            (Cell::Number(0), 1),
            (Cell::Number(-10), 3),
            (Cell::Number(i64::MIN), 20),
            (Cell::Ratio(9, 10), 4),
            (Cell::Restarts(12, None), 2),
        ] {
            assert_eq!(cell(&value), expected, "{value:?}");
        }
        // Times are given room for the longest usual one.
        assert!(cell(&Cell::Restarts(3, Some(0))) >= Cell::Restarts(3, Some(0)).text(7 * 86_400 + 23 * 3600).len());
        assert!(AGE >= crate::model::time::age(7 * 31_536_000 + 364 * 86_400).len());
    }
}
