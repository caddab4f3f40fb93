//! The port-forwards that are open, as the screen has them: the table `:forwards`, and a text about one.

use crate::event::Update;
use crate::kinds::panes::forwards;
use crate::model::forward::{Forward, Goes, Told, bytes};
use crate::model::row::Uid;
use crate::model::state::Truth;
use crate::model::store::Delta;
use crate::model::time::{self, Seconds};

use super::tables::{TableKey, Tables};
use super::text_view::{Fill, TextView};

/// So many texts about forwards are kept up to date.
const TEXTS: usize = 50;

/// All that are open, the oldest first.
#[derive(Debug, Default)]
pub struct Forwards {
    all: Vec<Forward>,
    /// Rows of the table whose forwards have ended.
    gone: Vec<Uid>,
    /// The table does not show what there is.
    stale: bool,
    /// Texts about forwards: the text's number and the forward's.
    texts: Vec<(u64, u64)>,
}

impl Forwards {
    /// One was opened.
    pub fn open(&mut self, forward: Forward) {
        self.all.push(forward);
        self.stale = true;
    }

    /// One has ended.
    pub fn close(&mut self, number: u64) -> Option<Forward> {
        let at = self.all.iter().position(|forward| forward.number == number)?;
        self.stale = true;
        self.gone.push(forwards::uid(number));
        Some(self.all.remove(at))
    }

    /// Takes what one says; false where there is none of that number.
    pub fn take(&mut self, number: u64, told: &Told, now: Seconds) -> bool {
        let Some(forward) = self.all.iter_mut().find(|forward| forward.number == number) else { return false };
        forward.take(told, now);
        self.stale = true;
        true
    }

    /// One of them.
    pub fn get(&self, number: u64) -> Option<&Forward> {
        self.all.iter().find(|forward| forward.number == number)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Forward> {
        self.all.iter()
    }

    /// The one of a row of the table.
    pub fn of_row(&self, uid: &Uid) -> Option<&Forward> {
        self.all.iter().find(|forward| forwards::uid(forward.number) == *uid)
    }

    /// Brings the table up to date, where it is not. Called before it is drawn.
    pub(super) fn feed(&mut self, tables: &mut Tables, now: Seconds) {
        let fresh = !tables.look(&TableKey::Forwards).truth().complete();
        if !std::mem::take(&mut self.stale) && !fresh {
            return;
        }
        let gone = self.gone.drain(..).map(Delta::Remove);
        let deltas = gone.chain(self.all.iter().map(|forward| Delta::Upsert(forwards::row(forward)))).collect();
        let update = Update { deltas, truth: Some(Truth::Live), ..Update::default() };
        tables.apply(&TableKey::Forwards, 0, update, None, now);
    }

    /// A text about one, which follows it for as long as it is open.
    pub fn describe(&mut self, number: u64, now: Seconds) -> Option<TextView> {
        let forward = self.get(number)?;
        let mut view = TextView::new(format!("forward/{}", forward.address()), None);
        view.set(&described(forward, now));
        view.fill = Fill::Live;
        // The end of an error is what one wants to know.
        view.wrap = true;
        if self.texts.len() >= TEXTS {
            self.texts.remove(0);
        }
        self.texts.push((view.id, number));
        Some(view)
    }

    /// Brings a text about a forward up to date.
    pub(super) fn fill(&self, view: &mut TextView, now: Seconds) {
        let Some((_, number)) = self.texts.iter().find(|(text, _)| *text == view.id) else { return };
        match self.get(*number) {
            Some(forward) => view.set(&described(forward, now)),
            None => view.fill = Fill::Gone,
        }
    }
}

/// Everything that is known of one.
fn described(forward: &Forward, now: Seconds) -> String {
    let Forward { opened, counts, goes, .. } = forward;
    let ago = |then: Seconds| time::age((now - then).max(0));
    let mut text = String::new();
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key:<13}{value}\n"));
    line("Local:", &opened.addresses.join(", "));
    line("URL:", &forward.url());
    line("Target:", &format!("{} in {}, port {}", opened.target.title(), opened.target.namespace, opened.asked.remote));
    line("Context:", &opened.context);
    line(
        "Goes to:",
        &match goes {
            Goes::To(pod, port) => format!("port {port} of pod/{pod}"),
            Goes::Waits(why) => format!("nowhere now: {why}"),
        },
    );
    line("Since:", &format!("{} ({} ago)", time::rfc3339(forward.since), ago(forward.since)));
    line("Received:", &bytes(counts.received));
    line("Sent:", &bytes(counts.sent));
    line("Connections:", &format!("{} open, {} in all, {} failed", counts.open, counts.total, counts.errors));
    if !forward.errors.is_empty() {
        text.push_str("\nFailed connections, the newest first:\n");
        for (at, why, often) in forward.errors.iter().rev() {
            let often = if *often > 1 { format!(" (×{often})") } else { String::new() };
            text.push_str(&format!("  {} ago{often}  {why}\n", ago(*at)));
        }
    }
    if !forward.moves.is_empty() {
        text.push_str("\nWhere it went, the newest first:\n");
        for (at, words) in forward.moves.iter().rev() {
            text.push_str(&format!("  {} ago  {words}\n", ago(*at)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::forward::{Counts, Forwarding, Opened};
    use crate::model::kind::Kind;
    use crate::model::reference::Reference;

    fn forward(number: u64) -> Forward {
        let target = Reference {
            kind: Arc::new(Kind { singular: "service".into(), ..Kind::default() }),
            namespace: "shop".into(),
            name: "web".into(),
            uid: Uid::new("u"),
        };
        let opened = Opened {
            target,
            asked: Forwarding::parse("http").unwrap(),
            context: "dev".into(),
            addresses: vec![format!("127.0.0.1:{}", 8000 + number)],
            port: 8000 + number as u16,
            goes: Goes::To("web-1".into(), 8080),
        };
        Forward::new(number, opened, 100)
    }

    fn rows(forwards: &mut Forwards, tables: &mut Tables) -> Vec<String> {
        forwards.feed(tables, 160);
        let table = tables.get(&TableKey::Forwards).unwrap();
        assert_eq!(table.truth(), Truth::Live);
        let cells = |row: &crate::model::row::Row| row.cells.iter().map(|cell| cell.text(160)).collect::<Vec<_>>().join("|");
        table.store.iter().map(|row| format!("{} {}", row.name, cells(row))).collect()
    }

    #[test]
    fn the_table_has_what_is_open_also_after_it_was_forgotten() {
        let (mut forwards, mut tables) = (Forwards::default(), Tables::default());
        assert_eq!(rows(&mut forwards, &mut tables), [""; 0]);
        forwards.open(forward(1));
        forwards.open(forward(2));
        let counts = Counts { received: 2048, sent: 5, open: 1, total: 3, errors: 1 };
        assert!(forwards.take(1, &Told::Counted(counts), 150) && forwards.take(1, &Told::Failed("no".into(), 1), 150));
        let first = "127.0.0.1:8001 service/web|http|web-1:8080|1|3|2.0 KiB|5 B|1|dev|no";
        let second = "127.0.0.1:8002 service/web|http|web-1:8080|0|0|0 B|0 B|0|dev|";
        assert_eq!(rows(&mut forwards, &mut tables), [first, second]);
        tables.clear();
        assert_eq!(rows(&mut forwards, &mut tables), [first, second]);
        assert!(forwards.close(2).is_some() && forwards.close(2).is_none());
        assert_eq!(rows(&mut forwards, &mut tables), [first]);
        assert!(!forwards.take(2, &Told::Counted(counts), 150), "what comes after the end is not heard");
    }

    #[test]
    fn a_text_about_one_follows_it_to_its_end() {
        let mut forwards = Forwards::default();
        forwards.open(forward(1));
        let mut view = forwards.describe(1, 160).unwrap();
        assert!(view.lines.iter().any(|line| line == "Goes to:     port 8080 of pod/web-1"), "{:?}", view.lines);
        forwards.take(1, &Told::Moved(Goes::Waits("there is no pod".into()), "it waits".into()), 160);
        forwards.take(1, &Told::Failed("no".into(), 4), 170);
        forwards.fill(&mut view, 180);
        for line in ["Goes to:     nowhere now: there is no pod", "  20s ago  it waits", "  10s ago (×4)  no"] {
            assert!(view.lines.iter().any(|known| known == line), "{line}: {:?}", view.lines);
        }
        assert_eq!(view.fill, Fill::Live);
        forwards.close(1);
        forwards.fill(&mut view, 190);
        assert_eq!(view.fill, Fill::Gone);
    }
}
