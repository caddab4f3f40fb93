//! One row type for every kind: one store, one table, one filter and one sort.

use std::fmt;
use std::sync::Arc;

use super::facts::Facts;
use super::kind::Kind;
use super::time::{self, Seconds};

/// A `metadata.uid`. The API server makes RFC 4122 UUIDs; a kubelet's mirror pods and some aggregated servers have
/// other strings, or none, and those are kept as they are.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Uid {
    /// A hyphenated lower-case UUID, in 16 bytes.
    Uuid([u8; 16]),
    /// Anything else, verbatim.
    Other(Arc<str>),
}

impl Uid {
    /// Reads a UID; whatever is not a hyphenated lower-case UUID is kept verbatim, so that printing gives it back.
    pub fn new(text: &str) -> Uid {
        parse_uuid(text).map_or_else(|| Uid::Other(text.into()), Uid::Uuid)
    }
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut out = [0u8; 16];
    let mut nibbles = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        out[nibbles / 2] |= value << (4 * (1 - nibbles % 2));
        nibbles += 1;
    }
    Some(out)
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Uid::Uuid(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
            Uid::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// How an object does, in three words. Progressing and unhealthy objects are what the "not healthy" filter leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// As it should be; a completed Job or pod too.
    #[default]
    Healthy,
    /// On the way: creating, rolling out, terminating, pending for a short while.
    Progressing,
    /// Wrong until somebody does something.
    Unhealthy,
}

/// One cell, typed so that it sorts by value and is spelled as kubectl spells it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing there: kubectl's `<none>`.
    None,
    /// Not known: kubectl's `<unknown>`.
    Unknown,
    /// Verbatim text, interned. The empty text is an empty cell.
    Text(Arc<str>),
    /// A whole number.
    Number(i64),
    /// A resource quantity: its canonical spelling, and its value in thousandths for sorting.
    Quantity(Arc<str>, i64),
    /// A moment, printed as the age since then (`3h`, `5d2h`).
    Age(Seconds),
    /// From a start to an end, or until now: kubectl's DURATION of a Job.
    Span(Seconds, Option<Seconds>),
    /// `have/want`, as in READY.
    Ratio(u32, u32),
    /// A word for the state, and how good that state is.
    Status(Arc<str>, Health),
    /// Restarts of a pod's containers and the last one's time: `3 (5m ago)`.
    Restarts(u32, Option<Seconds>),
}

impl Cell {
    /// The text, or kubectl's `<none>` when there is none.
    pub fn text_or_none(text: Arc<str>) -> Cell {
        if text.is_empty() { Cell::None } else { Cell::Text(text) }
    }

    /// The age since a moment, or kubectl's `<unknown>` when there is none.
    pub fn age_or_unknown(then: Option<Seconds>) -> Cell {
        then.map_or(Cell::Unknown, Cell::Age)
    }

    /// The text as kubectl prints it at `now`.
    pub fn write(&self, out: &mut String, now: Seconds) {
        use fmt::Write;
        // Writing to a String cannot fail.
        let _ = match self {
            Cell::None => out.write_str("<none>"),
            Cell::Unknown => out.write_str("<unknown>"),
            Cell::Text(text) | Cell::Quantity(text, _) | Cell::Status(text, _) => out.write_str(text),
            Cell::Number(number) => write!(out, "{number}"),
            Cell::Age(then) => {
                time::write_age(out, now - then);
                Ok(())
            }
            Cell::Span(start, end) => {
                time::write_age(out, end.unwrap_or(now) - start);
                Ok(())
            }
            Cell::Ratio(have, want) => write!(out, "{have}/{want}"),
            Cell::Restarts(count, None) => write!(out, "{count}"),
            Cell::Restarts(count, Some(then)) => {
                let _ = write!(out, "{count} (");
                time::write_age(out, now - then);
                out.write_str(" ago)")
            }
        };
    }

    /// [`Cell::write`] into a new string.
    pub fn text(&self, now: Seconds) -> String {
        let mut out = String::new();
        self.write(&mut out, now);
        out
    }
}

/// The object that controls another one (`ownerReferences` with `controller: true`, else the first).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// `apps/v1`, `v1`, …
    pub api_version: Arc<str>,
    /// `ReplicaSet`, …
    pub kind: Arc<str>,
    /// The owner's name, in the same namespace (or of cluster scope).
    pub name: Arc<str>,
    /// The owner's UID.
    pub uid: Uid,
}

/// Sorted by key.
pub type Labels = Arc<[(Arc<str>, Arc<str>)]>;

/// One object of the cluster, as far as tables and panes need it. Budget: 1.2 KB for a pod, all told.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is: tables that mix kinds (Rollouts, Labels) need it in each row.
    pub kind: Arc<Kind>,
    /// Identity: what the cursor, marks and every action hold on to.
    pub uid: Uid,
    /// `metadata.resourceVersion` of what is shown: opaque, never compared for order.
    pub version: Box<str>,
    /// Empty for objects of cluster scope.
    pub namespace: Arc<str>,
    /// `metadata.name`.
    pub name: Box<str>,
    /// `metadata.labels`, interned as a whole.
    pub labels: Labels,
    /// The controlling owner, if any.
    pub owner: Option<Arc<Owner>>,
    /// `metadata.creationTimestamp`; 0 where there is none.
    pub created: Seconds,
    /// `metadata.deletionTimestamp`, when it is on its way out.
    pub deleting: Option<Seconds>,
    /// One for each column whose source is [`Source::Cell`], in order.
    pub cells: Box<[Cell]>,
    /// What other panes relate this object by.
    pub facts: Facts,
    /// How it does, apart from what time decides (see [`Row::health`]).
    pub condition: Health,
    /// Not healthy until then: a container restarted less than ten minutes before.
    pub unsettled_until: Seconds,
    /// Why it is not healthy, in the cluster's own words, for a person. `None` where the status says it all.
    pub message: Option<Arc<str>>,
}

impl Row {
    /// How the object does at `now`.
    pub fn health(&self, now: Seconds) -> Health {
        if self.condition == Health::Healthy && now < self.unsettled_until { Health::Progressing } else { self.condition }
    }

    /// Whether nothing that is shown or related by differs: most changes of a busy cluster touch only the version.
    pub fn looks_like(&self, other: &Row) -> bool {
        self.uid == other.uid
            && self.cells == other.cells
            && self.facts == other.facts
            && self.labels == other.labels
            && self.condition == other.condition
            && self.unsettled_until == other.unsettled_until
            && self.message == other.message
            && self.deleting == other.deleting
            && self.owner == other.owner
            && self.created == other.created
            && self.name == other.name
            && self.namespace == other.namespace
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&Arc<str>> {
        self.labels.iter().find(|(k, _)| &**k == key).map(|(_, v)| v)
    }
}

/// Where a column's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// `Row::namespace`; shown when the scope has more than one namespace.
    Namespace,
    /// `Row::name`.
    Name,
    /// `Row::cells[i]`.
    Cell(u16),
    /// Age since `Row::created`.
    Age,
    /// `Row::labels` as `k=v,…`.
    Labels,
    /// CPU in use, from metrics.k8s.io, beside the request.
    Cpu,
    /// Memory in use, from metrics.k8s.io, beside the request.
    Memory,
}

/// Which side a cell keeps to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers that one compares down the column.
    Right,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// kubectl's header, upper case: `NOMINATED NODE`.
    pub name: Arc<str>,
    /// Where its value comes from.
    pub source: Source,
    /// Shown only when wide columns are on (kubectl's `-o wide`).
    pub wide: bool,
    /// Which side its cells keep to.
    pub align: Align,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_print_as_they_came() {
        for text in ["0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "", "d41d8cd98f00b204e9800998ecf8427e", "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"]
        {
            assert_eq!(Uid::new(text).to_string(), text);
        }
        assert!(matches!(Uid::new("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"), Uid::Uuid(_)));
    }

    #[test]
    fn cells_are_spelled_as_kubectl_spells_them() {
        assert_eq!(Cell::Restarts(3, Some(700)).text(1000), "3 (5m ago)");
        assert_eq!(Cell::Restarts(0, None).text(1000), "0");
        assert_eq!(Cell::Ratio(1, 2).text(0), "1/2");
        assert_eq!(Cell::Span(0, Some(200)).text(9999), "3m20s");
        assert_eq!(Cell::None.text(0), "<none>");
    }

    #[test]
    fn a_cell_stays_small() {
        assert!(size_of::<Cell>() <= 32, "{}", size_of::<Cell>());
        assert!(size_of::<Row>() <= 256, "{}", size_of::<Row>());
    }
}
