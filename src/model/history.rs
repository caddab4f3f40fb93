//! What was seen to change, for as long as somebody looked: cells of rows that are watched in tables, and whole objects that
//! are described, shown as YAML or edited. Nothing of it is stored anywhere else, and values of Secrets are never in it.
//!
//! So that it costs no more on a large cluster than on a small one, the last [`KEPT`] changes of all objects together are kept,
//! and no more of them than say [`WEIGHT`] bytes: 11 MB in all, with what it takes to find them again.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::edit;
use super::row::{Cell, Column, Health, Row, Source, Uid};
use super::time::Seconds;
use std::sync::Arc;

/// So many changes are kept, of all objects together.
pub const KEPT: usize = 20_000;
/// So many bytes of cells and of lines of whole objects.
pub const WEIGHT: usize = 8 << 20;
/// A change of one object is told in no more lines.
const LINES: usize = 300;
/// The same change that several tables see is one: as far back as this, in changes of the object and in seconds.
const SAME: (usize, Seconds) = (4, 30);

/// A cell, or what else one knows a row by, that is another one now.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The column, or `label app`, `health`, `message`, `deletion`.
    pub name: Arc<str>,
    /// What was there.
    pub before: Cell,
    /// What is there.
    pub now: Cell,
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Parts of its row.
    Row(Box<[Said]>),
    /// Fields of the whole object: lines that are gone, new, and round them; and how many lines more there were.
    Object(Box<[edit::Row]>, usize),
}

/// A change that was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// When.
    pub at: Seconds,
    /// What.
    pub what: What,
    uid: Uid,
    /// The change of the same object before it.
    before: Option<u64>,
}

/// All changes that were seen, the newest of them as far as they are kept.
#[derive(Debug, Default)]
pub struct History {
    ring: VecDeque<Seen>,
    /// The number of the first one that is kept.
    first: u64,
    /// The newest change of each object that has some.
    last: FxHashMap<Uid, u64>,
    weight: usize,
}

/// What of a table's rows can be told: the cell and its column's name.
pub type Told = Box<[(u16, Arc<str>)]>;

/// Columns of servers' tables that are others whenever one looks.
const PASSING: [&str; 2] = ["AGE", "LAST SEEN"];

/// The cells of a table that say something of the object itself: all of them, or those whose columns are among `own`.
pub fn told(columns: &[Column], own: Option<&[Column]>) -> Told {
    let is_own = |column: &&Column| own.is_none_or(|own| own.iter().any(|other| other.name == column.name));
    let cell = |column: &Column| match column.source {
        Source::Cell(at) if !PASSING.contains(&&*column.name) => Some((at, column.name.clone())),
        _ => None,
    };
    columns.iter().filter(is_own).filter_map(cell).collect()
}

impl History {
    /// Notes that a row is another one now. Rows of no object are not noted, and neither are events: they are told of others.
    pub fn row(&mut self, old: &Row, new: &Row, told: &Told, at: Seconds) {
        if new.kind.version.is_empty() || &*new.kind.plural == "events" || matches!(&new.uid, Uid::Other(text) if text.is_empty()) {
            return;
        }
        let mut said = Vec::new();
        for (cell, name) in told {
            if let (Some(before), Some(now)) = (old.cells.get(usize::from(*cell)), new.cells.get(usize::from(*cell)))
                && before != now
            {
                said.push(Said { name: name.clone(), before: before.clone(), now: now.clone() });
            }
        }
        if old.labels != new.labels {
            labels(old, new, &mut said);
        }
        let mut word = |name: &str, before: Cell, now: Cell| said.push(Said { name: name.into(), before, now });
        if old.condition != new.condition {
            word("health", health(old.condition), health(new.condition));
        }
        if old.message != new.message {
            let text = |text: &Option<Arc<str>>| text.clone().map_or(Cell::None, Cell::Text);
            word("message", text(&old.message), text(&new.message));
        }
        if old.deleting.is_some() != new.deleting.is_some() {
            let asked = |row: &Row| if row.deleting.is_some() { Cell::Text("asked for".into()) } else { Cell::None };
            word("deletion", asked(old), asked(new));
        }
        if said.is_empty() {
            return;
        }
        let what = What::Row(said.into());
        let known = self.of(&new.uid).take(SAME.0).any(|seen| seen.what == what && at - seen.at < SAME.1);
        if !known {
            self.push(new.uid.clone(), at, what);
        }
    }

    /// Notes that a whole object is another one now, in lines of its YAML without values of Secrets.
    pub fn object(&mut self, uid: Uid, at: Seconds, mut rows: Vec<edit::Row>) {
        let more = rows.len().saturating_sub(LINES);
        rows.truncate(LINES);
        let what = What::Object(rows.into(), more);
        // It may be looked at in several ways at a time.
        let known = self.of(&uid).take(SAME.0).any(|seen| seen.what == what && at - seen.at < SAME.1);
        if !known {
            self.push(uid, at, what);
        }
    }

    fn push(&mut self, uid: Uid, at: Seconds, what: What) {
        self.weight += what.weight();
        let number = self.first + self.ring.len() as u64;
        let before = self.last.insert(uid.clone(), number);
        self.ring.push_back(Seen { at, what, uid, before });
        while self.ring.len() > KEPT || self.weight > WEIGHT {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.weight -= oldest.what.weight();
            if self.last.get(&oldest.uid) == Some(&self.first) {
                self.last.remove(&oldest.uid);
            }
            self.first += 1;
        }
    }

    /// What was seen to change of an object, the newest first.
    pub fn of(&self, uid: &Uid) -> impl Iterator<Item = &Seen> {
        let at = |number: u64| self.ring.get(usize::try_from(number.checked_sub(self.first)?).ok()?);
        std::iter::successors(self.newest(uid).and_then(at), move |seen| seen.before.and_then(at))
    }

    /// The number of the newest change of an object: it is another one when there is another change.
    pub fn newest(&self, uid: &Uid) -> Option<u64> {
        self.last.get(uid).copied()
    }
}

impl What {
    /// The bytes that it says.
    fn weight(&self) -> usize {
        match self {
            What::Row(said) => {
                let text = |cell: &Cell| if let Cell::Text(text) | Cell::Status(text, _) = cell { text.len() } else { 0 };
                size_of_val(&**said) + said.iter().map(|said| said.name.len() + text(&said.before) + text(&said.now)).sum::<usize>()
            }
            What::Object(rows, _) => {
                let line = |row: &edit::Row| match row {
                    edit::Row::Gap(_) => 0,
                    edit::Row::Same { text, .. } => text.len(),
                    edit::Row::Gone(side) | edit::Row::New(side) => side.text.len() + size_of_val(side.changed.as_slice()),
                };
                size_of_val(&**rows) + rows.iter().map(line).sum::<usize>()
            }
        }
    }
}

fn labels(old: &Row, new: &Row, said: &mut Vec<Said>) {
    let text = |value: Option<&Arc<str>>| value.cloned().map_or(Cell::None, Cell::Text);
    let keys = old.labels.iter().map(|(key, _)| (key, true)).chain(new.labels.iter().map(|(key, _)| (key, false)));
    for (key, is_old) in keys {
        let (before, now) = (old.label(key), new.label(key));
        // What is on both sides is told once.
        if before != now && (is_old || before.is_none()) {
            said.push(Said { name: format!("label {key}").into(), before: text(before), now: text(now) });
        }
    }
}

fn health(health: Health) -> Cell {
    Cell::Text(
        match health {
            Health::Healthy => "healthy",
            Health::Progressing => "progressing",
            Health::Unhealthy => "not healthy",
        }
        .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::super::facts::Facts;
    use super::super::kind::Kind;
    use super::super::row::Align;
    use super::*;

    fn row(uid: &str, status: &str, label: &str) -> Row {
        Row {
            kind: Arc::new(Kind { version: "v1".into(), plural: "pods".into(), ..Kind::default() }),
            uid: Uid::new(uid),
            version: "1".into(),
            namespace: "n".into(),
            name: "web".into(),
            labels: [("app".into(), label.into())].into(),
            owner: None,
            created: 0,
            deleting: None,
            cells: [Cell::Text(status.into()), Cell::Number(3), Cell::Text(status.into())].into(),
            facts: Facts::None,
            condition: Health::Healthy,
            unsettled_until: 0,
            message: None,
        }
    }

    fn columns() -> Vec<Column> {
        let column = |name: &str, at| Column { name: name.into(), source: Source::Cell(at), wide: false, align: Align::Left };
        vec![column("STATUS", 0), column("PODS", 1), column("AGE", 2)]
    }

    #[test]
    fn what_changed_of_a_row_is_told_once_the_newest_first() {
        let told = told(&columns(), None);
        let mut history = History::default();
        history.row(&row("u", "Running", "a"), &row("u", "Failed", "a"), &told, 10);
        // Another table sees the same.
        history.row(&row("u", "Running", "a"), &row("u", "Failed", "a"), &told, 11);
        history.row(&row("u", "Failed", "a"), &row("u", "Failed", "b"), &told, 12);
        history.row(&row("other", "A", "a"), &row("other", "B", "a"), &told, 13);
        history.row(&row("u", "Failed", "b"), &row("u", "Failed", "b"), &told, 14);
        let seen: Vec<String> = history
            .of(&Uid::new("u"))
            .flat_map(|seen| match &seen.what {
                What::Row(said) => said
                    .iter()
                    .map(|said| format!("{} {} {} → {}", seen.at, said.name, said.before.text(0), said.now.text(0)))
                    .collect::<Vec<_>>(),
                What::Object(..) => Vec::new(),
            })
            .collect();
        assert_eq!(seen, ["12 label app a → b", "10 STATUS Running → Failed"]);
    }

    #[test]
    fn a_table_of_several_kinds_tells_of_its_own_columns_alone() {
        let own = &columns()[..1];
        assert_eq!(told(&columns(), Some(own)).iter().map(|(at, name)| (*at, &**name)).collect::<Vec<_>>(), [(0, "STATUS")]);
    }

    #[test]
    fn a_change_stays_small() {
        assert!(size_of::<Seen>() <= 96 && size_of::<Said>() <= 80, "{} and {}", size_of::<Seen>(), size_of::<Said>());
    }

    #[test]
    fn no_more_is_kept_than_is_said() {
        let told = told(&columns(), None);
        let mut history = History::default();
        for number in 0..KEPT + 100 {
            let uid = format!("u{}", number % (KEPT + 50));
            history.row(&row(&uid, "a", "x"), &row(&uid, &format!("b{number}"), "x"), &told, number as i64);
        }
        assert_eq!((history.ring.len(), history.first), (KEPT, 100));
        assert!(history.of(&Uid::new("u60")).next().is_none(), "it is forgotten");
        assert_eq!(history.of(&Uid::new("u10")).count(), 1, "the older one of the two is forgotten");
        assert!(history.last.len() <= KEPT);
        let line = |text: String| edit::Row::New(edit::Side { line: 1, text, changed: Vec::new() });
        for number in 0..100i64 {
            history.object(
                Uid::new("big"),
                number * 100,
                (0..LINES + 5).map(|at| line(format!("{at} {number} {}", "x".repeat(1000)))).collect(),
            );
        }
        assert!(history.weight <= WEIGHT && history.ring.len() < 100, "{} in {}", history.weight, history.ring.len());
        assert!(matches!(history.of(&Uid::new("big")).next().map(|seen| &seen.what), Some(What::Object(rows, 5)) if rows.len() == LINES));
    }
}
