//! What stands under a column, in full and as it came from the cluster: for output and the clipboard. The screen shortens
//! and colours its own.

use super::panes::containers::{cpu, memory};
use crate::model::metrics::Metrics;
use crate::model::row::{Cell, Column, Row, Source};
use crate::model::time::Seconds;

/// A row's text under a column at `now`; use of CPU and memory comes from `metrics`, and is `<unknown>` without.
pub fn cell(row: &Row, column: &Column, metrics: Option<&Metrics>, now: Seconds) -> String {
    let usage = || metrics.and_then(|metrics| metrics.get(&row.namespace, &row.name));
    match column.source {
        Source::Namespace => row.namespace.to_string(),
        Source::Name => row.name.to_string(),
        Source::Cell(at) => row.cells.get(usize::from(at)).map(|cell| cell.text(now)).unwrap_or_default(),
        Source::Age => Cell::age_or_unknown((row.created != 0).then_some(row.created)).text(now),
        Source::Labels if row.labels.is_empty() => Cell::None.text(now),
        Source::Labels => row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","),
        Source::Cpu => usage().map_or_else(|| Cell::Unknown.text(now), |usage| cpu(usage.cpu)),
        Source::Memory => usage().map_or_else(|| Cell::Unknown.text(now), |usage| memory(usage.memory)),
    }
}
