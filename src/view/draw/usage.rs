//! CPU and memory of a row: what is used, a bar, and what it is measured by. The parts stand under each other down the
//! column, which is as wide as what has been on the screen needs.

use std::fmt::Write;

use crate::kinds::panes::containers::{cpu, memory};
use crate::model::facts::{Facts, Resources};
use crate::model::metrics::Metrics;
use crate::model::row::Row;
use crate::view::table::Spent;

/// What one row uses of one resource.
pub struct Use {
    /// `250m`; empty where nobody measured it.
    pub used: String,
    /// What was asked for, or the share of the node; empty where there is none.
    pub of: String,
    /// Used of asked for.
    pub share: Option<f64>,
}

/// CPU.
pub fn cpu_of(row: &Row, metrics: &Metrics, nodes: bool) -> Use {
    of(row, metrics, nodes, |resources| resources.cpu, cpu)
}

/// Memory.
pub fn memory_of(row: &Row, metrics: &Metrics, nodes: bool) -> Use {
    of(row, metrics, nodes, |resources| resources.memory, memory)
}

fn of(row: &Row, metrics: &Metrics, nodes: bool, pick: fn(Resources) -> i64, spell: fn(i64) -> String) -> Use {
    let whole = match &row.facts {
        Facts::Pod(pod) => pick(pod.requests),
        Facts::Node(node) => pick(node.allocatable),
        _ => 0,
    };
    let used = metrics.get(&row.namespace, &row.name).map(pick);
    let share = used.filter(|_| whole > 0).map(|used| used as f64 / whole as f64);
    let of = match share {
        Some(share) if nodes => format!("{:.0}%", share * 100.0),
        _ if nodes || whole == 0 => String::new(),
        _ => spell(whole),
    };
    Use { used: used.map(spell).unwrap_or_default(), of, share }
}

/// Makes room for what a row uses. Columns never get narrower while one scrolls: a table that breathes is hard to read.
pub fn widen(spent: [Spent; 2], row: &Row, metrics: &Metrics, nodes: bool) -> [Spent; 2] {
    let wider =
        |spent: Spent, row: &Use| Spent { used: spent.used.max(row.used.len() as u16).max(1), of: spent.of.max(row.of.len() as u16) };
    [wider(spent[0], &cpu_of(row, metrics, nodes)), wider(spent[1], &memory_of(row, metrics, nodes))]
}

impl Use {
    /// `12m ▂ 250m` in a column of this width, its parts so wide; without the last part where there is no room for it.
    pub fn write(&self, spent: Spent, width: u16, line: &mut String) {
        let (left, right) = (usize::from(spent.used), usize::from(spent.of));
        let used = if self.used.is_empty() { "–" } else { &self.used };
        let bar = self.share.map_or(' ', bar);
        // Writing to a String cannot fail.
        let _ = match (right, usize::from(width) >= left + 3 + right) {
            (0, _) => write!(line, "{used:>left$}"),
            (_, true) => write!(line, "{used:>left$} {bar} {of:>right$}", of = self.of),
            (_, false) => write!(line, "{used:>left$} {bar}"),
        };
    }
}

/// One of eight heights for a share of what was asked for; more than that is full.
fn bar(share: f64) -> char {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BARS[((share * 8.0) as usize).min(7)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_under_each_other() {
        let spent = Spent { used: 4, of: 5 };
        let write = |used: &str, of: &str, share, width| {
            let mut line = String::new();
            Use { used: used.into(), of: of.into(), share }.write(spent, width, &mut line);
            line
        };
        assert_eq!(write("12m", "250m", Some(0.05), 12), " 12m ▁  250m");
        assert_eq!(write("430m", "10m", Some(43.0), 12), "430m █   10m");
        assert_eq!(write("", "64Mi", None, 12), "   –    64Mi");
        assert_eq!(write("12m", "250m", Some(0.5), 6), " 12m ▅");
    }
}
