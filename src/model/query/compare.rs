//! Typed comparisons: `restarts>3`, `age<2h`, `status!=Running`.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::Context;
use crate::model::row::{Align, Cell, Column, Row, Source};
use crate::model::time::Seconds;
use crate::model::{address, quantity};

/// What a comparison asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Op {
    /// `=`, `!=`, …
    pub(super) fn sign(self) -> &'static str {
        match self {
            Op::Equal => "=",
            Op::NotEqual => "!=",
            Op::Less => "<",
            Op::AtMost => "<=",
            Op::Greater => ">",
            Op::AtLeast => ">=",
        }
    }

    /// Asks for an order, not only for equality.
    pub(super) fn orders(self) -> bool {
        !matches!(self, Op::Equal | Op::NotEqual)
    }

    /// What cannot be compared (`None`) is not equal and not in any order.
    fn holds(self, ordering: Option<Ordering>) -> bool {
        match self {
            Op::Equal => ordering == Some(Ordering::Equal),
            Op::NotEqual => ordering != Some(Ordering::Equal),
            Op::Less => ordering == Some(Ordering::Less),
            Op::Greater => ordering == Some(Ordering::Greater),
            Op::AtMost => ordering.is_some_and(Ordering::is_le),
            Op::AtLeast => ordering.is_some_and(Ordering::is_ge),
        }
    }
}

/// One column compared with one value.
#[derive(Clone, Debug)]
pub(super) struct Compare {
    source: Source,
    op: Op,
    value: Value,
}

/// A value in every way it can be read: which one counts is up to the cell that it meets.
#[derive(Clone, Debug)]
struct Value {
    text: Box<str>,
    /// Thousandths.
    number: Option<i64>,
    /// Seconds, and the smallest unit that was written.
    duration: Option<(i64, i64)>,
    ratio: Option<(u32, u32)>,
    address: Option<IpAddr>,
}

impl Compare {
    /// Compares `column` with a value as written. The error says, for a person, what the value is not.
    pub(super) fn new(column: &Column, op: Op, text: &str) -> Result<Compare, String> {
        let value = Value {
            text: text.into(),
            number: quantity::millis(text).or_else(|| binary(text)),
            duration: duration(text),
            ratio: text.split_once('/').and_then(|(have, want)| Some((have.parse().ok()?, want.parse().ok()?))),
            address: address::parse(text),
        };
        let asks_for_nothing = !op.orders() && is_hole(text);
        let fits = asks_for_nothing
            || match column.source {
                Source::Namespace | Source::Name => true,
                Source::Labels => !op.orders(),
                Source::Age => value.duration.is_some(),
                Source::Cpu | Source::Memory => value.number.is_some(),
                Source::Cell(_) => {
                    let words = !op.orders() && column.align == Align::Left;
                    words || value.number.is_some() || value.duration.is_some() || value.ratio.is_some() || value.address.is_some()
                }
            };
        if fits {
            return Ok(Compare { source: column.source, op, value });
        }
        Err(match column.source {
            Source::Age => format!("{text} is not an age such as 90s, 15m, 2h or 1d12h"),
            Source::Cpu => format!("{text} is not an amount of CPU such as 500m or 2"),
            Source::Memory => format!("{text} is not an amount of memory such as 500Mi or 2Gi"),
            Source::Labels => "labels have no order: only = and != compare them".to_owned(),
            Source::Namespace | Source::Name | Source::Cell(_) => format!("{text} is not a number"),
        })
    }

    /// The answer changes with what is measured.
    pub(super) fn uses_metrics(&self) -> bool {
        matches!(self.source, Source::Cpu | Source::Memory)
    }

    /// The answer changes with time. A cell can be a time as well: one that is compared with a duration may be.
    pub(super) fn uses_time(&self) -> bool {
        self.source == Source::Age || matches!(self.source, Source::Cell(_)) && self.value.duration.is_some()
    }

    /// Whether the row's value compares as asked.
    pub(super) fn matches(&self, row: &Row, context: Context<'_>) -> bool {
        match self.source {
            Source::Namespace => self.text(&row.namespace),
            Source::Name => self.text(&row.name),
            Source::Age if row.created == 0 => self.hole("<unknown>"),
            Source::Age => self.span(context.now - row.created),
            Source::Cell(at) => row.cells.get(usize::from(at)).map_or_else(|| self.hole("<none>"), |cell| self.cell(cell, context.now)),
            Source::Labels if row.labels.is_empty() => self.hole("<none>"),
            Source::Labels => self.text(&labels(row)),
            Source::Cpu => self.usage(context.metrics.get(&row.namespace, &row.name).map(|usage| usage.cpu)),
            Source::Memory => {
                let bytes = context.metrics.get(&row.namespace, &row.name).map(|usage| usage.memory);
                self.usage(bytes.map(|bytes| bytes.saturating_mul(1000)))
            }
        }
    }

    fn cell(&self, cell: &Cell, now: Seconds) -> bool {
        match cell {
            Cell::None => self.hole("<none>"),
            Cell::Unknown => self.hole("<unknown>"),
            Cell::Text(text) | Cell::Status(text, _) => self.text(text),
            Cell::Number(number) => self.number(number.saturating_mul(1000)),
            Cell::Quantity(_, millis) => self.number(*millis),
            Cell::Restarts(count, _) => self.number(i64::from(*count) * 1000),
            Cell::Age(then) => self.span(now - then),
            Cell::Span(start, end) => self.span(end.unwrap_or(now) - start),
            Cell::Ratio(have, want) => self.ratio(*have, *want),
        }
    }

    fn hole(&self, spelled: &str) -> bool {
        let same = self.value.text.is_empty() || *self.value.text == *spelled;
        self.op.holds(same.then_some(Ordering::Equal))
    }

    fn usage(&self, millis: Option<i64>) -> bool {
        millis.map_or_else(|| self.hole("<none>"), |millis| self.number(millis))
    }

    fn number(&self, millis: i64) -> bool {
        self.op.holds(self.value.number.map(|number| millis.cmp(&number)))
    }

    /// `age=3h` is what AGE shows as 3h and something: equality is to the unit that was written.
    fn span(&self, seconds: i64) -> bool {
        self.op.holds(self.value.duration.map(|(value, unit)| {
            let seconds = if self.op.orders() { seconds } else { seconds - seconds.rem_euclid(unit) };
            seconds.cmp(&value)
        }))
    }

    /// `ready=1/2` is exactly that, `ready<1/1` is less than complete, `ready<1` counts what is there.
    fn ratio(&self, have: u32, want: u32) -> bool {
        self.op.holds(match self.value.ratio {
            Some(other) if !self.op.orders() => ((have, want) == other).then_some(Ordering::Equal),
            Some((other_have, other_want)) => {
                Some((u64::from(have) * u64::from(other_want)).cmp(&(u64::from(other_have) * u64::from(want))))
            }
            None => self.value.number.map(|number| (i64::from(have) * 1000).cmp(&number)),
        })
    }

    fn text(&self, text: &str) -> bool {
        if !self.op.orders() {
            let same = same(text, &self.value.text) || self.value.address.is_some_and(|value| address::parse(text) == Some(value));
            return self.op.holds(same.then_some(Ordering::Equal));
        }
        let ordering = match (self.source, self.value.address) {
            (_, Some(value)) => address::parse(text).map(|address| address.cmp(&value)),
            (Source::Name | Source::Namespace, None) => Some(text.cmp(&self.value.text)),
            // Columns of other people's kinds can hold numbers as text.
            _ => quantity::millis(text).zip(self.value.number).map(|(a, b)| a.cmp(&b)),
        };
        self.op.holds(ordering)
    }
}

/// Texts are equal whatever their case.
fn same(a: &str, b: &str) -> bool {
    if a.is_ascii() || b.is_ascii() { a.eq_ignore_ascii_case(b) } else { a.to_lowercase() == b.to_lowercase() }
}

fn is_hole(text: &str) -> bool {
    matches!(text, "" | "<none>" | "<unknown>")
}

fn labels(row: &Row) -> String {
    let mut text = String::new();
    for (key, value) in row.labels.iter() {
        let comma = if text.is_empty() { "" } else { "," };
        text.extend([comma, key, "=", value]);
    }
    text
}

/// `1gi` for `1Gi`: there is nothing else that it could mean.
fn binary(text: &str) -> Option<i64> {
    let (at, unit) = text.char_indices().rev().nth(1)?;
    if !text.ends_with(['i', 'I']) || !unit.is_ascii_alphabetic() {
        return None;
    }
    let unit = if unit.eq_ignore_ascii_case(&'k') { 'K' } else { unit.to_ascii_uppercase() };
    quantity::millis(&format!("{}{unit}i", text.get(..at)?))
}

/// `90s`, `1d12h`: seconds, and seconds of the smallest unit. `None` when it is no duration.
fn duration(text: &str) -> Option<(i64, i64)> {
    let (mut total, mut smallest, mut rest) = (0i64, i64::MAX, text);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            'y' => 365 * 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        smallest = smallest.min(unit);
        rest = &tail[1..];
    }
    (!text.is_empty()).then_some((total, smallest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_their_seconds_and_unit() {
        for (text, expected) in [
            ("90s", Some((90, 1))),
            ("1d12h", Some((129_600, 3600))),
            ("2y", Some((63_072_000, 31_536_000))),
            ("1w", Some((604_800, 604_800))),
            ("", None),
            ("5", None),
            ("h", None),
            ("1h5", None),
            ("1ä", None),
            ("99999999999999999999s", None),
            ("9223372036854775807y", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn binary_units_may_be_written_small() {
        assert_eq!(binary("1gi"), quantity::millis("1Gi"));
        assert_eq!(binary("64KI"), quantity::millis("64Ki"));
        for text in ["1g", "gi", "1äi", "i", "", "1.i"] {
            assert_eq!(binary(text), None, "{text}");
        }
    }
}
