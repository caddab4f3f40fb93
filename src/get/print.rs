//! The four forms that rows are printed in.

use std::fmt::Write;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::cli::Output;
use crate::kinds::printed;
use crate::model::kind::Kind;
use crate::model::metrics::Metrics;
use crate::model::row::{Column, Health, Row, Source};
use crate::model::store::{Listing, Store};
use crate::model::time::{self, Seconds};
use crate::view::text;

/// kubectl puts so many spaces between columns.
const GAP: usize = 3;
/// And no column has less than this, the spaces after it counted.
const NARROWEST: usize = 6;

/// What is printed.
pub struct Printed<'a> {
    /// Rows and columns.
    pub store: &'a Store,
    /// Which of the rows, in which order.
    pub listing: &'a Listing,
    /// What is in use; without it, there are no such columns.
    pub metrics: Option<&'a Metrics>,
    /// The time that ages are counted to.
    pub now: Seconds,
    /// What the rows are.
    pub kind: &'a Kind,
    /// More than one namespace is looked at: their column is shown.
    pub namespaces: bool,
}

/// The whole text. Whatever would steer a terminal is a symbol in it, or an escape in JSON.
pub fn print(printed: &Printed<'_>, output: Output) -> String {
    match output {
        Output::Table => printed.table(false),
        Output::Wide => printed.table(true),
        Output::Json => printed.json(),
        Output::Name => printed.names(),
    }
}

impl Printed<'_> {
    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.listing.slots().filter_map(|slot| self.store.row(slot))
    }

    /// Columns whose values are known.
    fn columns(&self) -> impl Iterator<Item = &Column> {
        self.store.columns().iter().filter(|column| self.metrics.is_some() || !matches!(column.source, Source::Cpu | Source::Memory))
    }

    /// As kubectl's printer has it: nothing at all where there are no rows.
    fn table(&self, wide: bool) -> String {
        if self.listing.is_empty() {
            return String::new();
        }
        let shown = |column: &&Column| (wide || !column.wide) && (self.namespaces || column.source != Source::Namespace);
        let columns: Vec<&Column> = self.columns().filter(shown).collect();
        let head = columns.iter().map(|column| text::safe(&column.name).into_owned()).collect();
        let body = self.rows().map(|row| columns.iter().map(|column| line(&self.cell(row, column))).collect());
        let lines: Vec<Vec<String>> = std::iter::once(head).chain(body).collect();
        let width = |at: usize| lines.iter().map(|line| text::width(&line[at]) + GAP).max().unwrap_or(0).max(NARROWEST);
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        let mut out = String::new();
        for line in &lines {
            let start = out.len();
            for (cell, width) in line.iter().zip(&widths) {
                out.push_str(cell);
                out.extend(std::iter::repeat_n(' ', width - text::width(cell)));
            }
            out.truncate(start + out[start..].trim_end_matches(' ').len());
            out.push('\n');
        }
        out
    }

    /// kubectl's NamePrinter: `pod/web-1`, `deployment.apps/web`.
    fn names(&self) -> String {
        let kind = self.kind.kind.to_lowercase();
        let dot = if self.kind.group.is_empty() { "" } else { "." };
        let mut out = String::new();
        for row in self.rows() {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{kind}{dot}{}/{}", self.kind.group, text::safe(&row.name));
        }
        out
    }

    /// One array, an object a line.
    fn json(&self) -> String {
        let api_version = self.kind.api_version();
        let objects = self.rows().map(|row| {
            let object = Object {
                kind: &self.kind.kind,
                api_version: &api_version,
                namespace: &row.namespace,
                name: &row.name,
                uid: row.uid.to_string(),
                labels: Pairs(row.labels.iter().map(|(key, value)| (&**key, value.to_string())).collect()),
                created: (row.created != 0).then(|| time::rfc3339(row.created)),
                health: match row.health(self.now) {
                    Health::Healthy => "healthy",
                    Health::Progressing => "progressing",
                    Health::Unhealthy => "unhealthy",
                },
                message: row.message.as_deref(),
                cells: Pairs(self.columns().map(|column| (&*column.name, self.cell(row, column))).collect()),
            };
            // Texts alone: nothing in it can fail.
            escaped(&serde_json::to_string(&object).unwrap_or_default())
        });
        let objects: Vec<String> = objects.collect();
        if objects.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", objects.join(",\n")) }
    }

    /// What stands under a column, as it came from the cluster.
    fn cell(&self, row: &Row, column: &Column) -> String {
        printed::cell(row, column, self.metrics, self.now)
    }
}

/// A cell of a table: its first line, as kubectl cuts it.
fn line(cell: &str) -> String {
    match cell.find(['\n', '\r', '\u{c}']) {
        Some(end) => format!("{}...", text::safe(&cell[..end])),
        None => text::safe(cell).into_owned(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    kind: &'a str,
    api_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
    uid: String,
    labels: Pairs<'a>,
    created: Option<String>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    cells: Pairs<'a>,
}

/// An object whose fields keep their order.
struct Pairs<'a>(Vec<(&'a str, String)>);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// JSON in which nothing steers or hides: such a character can only stand within a string, where it can be escaped.
fn escaped(json: &str) -> String {
    if text::safe(json) == json {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}
