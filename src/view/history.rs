//! What was seen to change of one object, and what was written to it from here: one text, the newest first.

use super::text_view::{About, TextView};
use super::unified;
use crate::model::act::Entry;
use crate::model::history::{History, Seen, What};
use crate::model::reference::Reference;
use crate::model::row::{Cell, Uid};
use crate::model::state::Context;
use crate::model::time::{self, Seconds};

/// What the text was made of, to be made again when that is more: the newest change, and how many entries the journal has.
pub type Stamp = Option<(Option<u64>, usize, Option<u64>)>;

/// Brings the text up to date, where it is one of these.
pub fn fill(view: &mut TextView, history: &History, journal: &[Entry], context: &Context) {
    let (About::History { since, stamp }, Some(subject)) = (&view.about, view.subject.clone()) else { return };
    let now = Some((history.newest(&subject.uid), journal.len(), journal.last().map(|entry| entry.number)));
    if *stamp == now {
        return;
    }
    let since = *since;
    let own = |entry: &&Entry| written(entry, &subject, context);
    let text = text(&subject, since, history.of(&subject.uid), journal.iter().rev().filter(own));
    view.set_painted(&text, unified::paint);
    view.about = About::History { since, stamp: now };
}

/// The entry is of this object, in this context.
fn written(entry: &Entry, subject: &Reference, context: &Context) -> bool {
    let here = *entry.context == *context.name && *entry.server == *context.server;
    // What was made by an entry had no UID yet.
    let uid = entry.uid.is_empty() || Uid::new(&entry.uid) == subject.uid;
    here && uid && *entry.resource == *subject.kind.plural && *entry.namespace == *subject.namespace && *entry.name == *subject.name
}

fn text<'a>(subject: &Reference, since: Seconds, seen: impl Iterator<Item = &'a Seen>, written: impl Iterator<Item = &'a Entry>) -> String {
    let mut text = format!("{}: seen to change, and written from here, the newest first\n", subject.title());
    let mut seen = seen.peekable();
    let mut written = written.peekable();
    if seen.peek().is_none() && written.peek().is_none() {
        text.push_str("\n    Nothing yet. What changes from now on is written here as long as this is open.\n");
    }
    while seen.peek().is_some() || written.peek().is_some() {
        let later = match (seen.peek(), written.peek()) {
            (Some(seen), Some(entry)) => entry.time > seen.at,
            (None, _) => true,
            (_, None) => false,
        };
        text.push('\n');
        if let Some(entry) = written.next_if(|_| later) {
            own(&mut text, entry);
        } else if let Some(seen) = seen.next() {
            change(&mut text, seen);
        }
    }
    text.push_str(&format!(
        "\n{} the whole object is watched from here on\n    \
         Before that what is told is what was seen: columns, labels and health while\n    \
         a table had it, its fields while it was described or shown as YAML.\n",
        time::rfc3339(since)
    ));
    text
}

fn change(text: &mut String, seen: &Seen) {
    let at = time::rfc3339(seen.at);
    match &seen.what {
        What::Row(said) => {
            text.push_str(&format!("{at} in its table\n"));
            let width = said.iter().map(|said| said.name.chars().count()).max().unwrap_or(0);
            for said in said {
                // Two spaces keep it apart from what a diff calls gone or new.
                text.push_str(&format!(
                    "      {:width$}  {} → {}\n",
                    said.name,
                    spelled(&said.before, seen.at),
                    spelled(&said.now, seen.at)
                ));
            }
        }
        What::Object(rows, more) => {
            text.push_str(&format!("{at} in the object\n"));
            unified::push(text, rows);
            if *more > 0 {
                text.push_str(&format!("    … and {more} lines more\n"));
            }
        }
    }
}

fn spelled(cell: &Cell, at: Seconds) -> String {
    match cell {
        Cell::None => "none".to_owned(),
        cell => match cell.text(at) {
            empty if empty.is_empty() => "\"\"".to_owned(),
            text => text,
        },
    }
}

fn own(text: &mut String, entry: &Entry) {
    let outcome = match &entry.outcome {
        Ok(words) => words.clone(),
        Err(why) => format!("not done: {why}"),
    };
    text.push_str(&format!("{} written from here: #{} {}\n      {outcome}\n", time::rfc3339(entry.time), entry.number, entry.verb));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::edit;
    use crate::model::kind::Kind;

    fn subject() -> Reference {
        let kind = Kind { version: "v1".into(), plural: "pods".into(), singular: "pod".into(), ..Kind::default() };
        Reference { kind: Arc::new(kind), namespace: "n".into(), name: "web".into(), uid: Uid::new("u") }
    }

    fn entry(number: u64, time: Seconds, uid: &str, name: &str) -> Entry {
        let value = || serde_json::Value::Null;
        Entry {
            number,
            time,
            context: "here".into(),
            user: "me".into(),
            server: "s".into(),
            verb: "label".into(),
            api_version: "v1".into(),
            kind: "Pod".into(),
            resource: "pods".into(),
            namespace: "n".into(),
            name: name.into(),
            uid: uid.into(),
            method: "PATCH".into(),
            path: String::new(),
            sent: value(),
            before: value(),
            after: value(),
            outcome: Ok("labelled".into()),
        }
    }

    #[test]
    fn what_was_seen_and_what_was_written_stand_in_the_order_of_their_times() {
        let mut history = History::default();
        let mut view = TextView::new("t", Some(subject()));
        view.about = About::History { since: 5, stamp: None };
        let context = Context { name: "here".into(), server: "s".into(), ..Context::default() };
        fill(&mut view, &history, &[], &context);
        assert!(view.content.contains("Nothing yet"), "{}", view.content);

        history.object(Uid::new("u"), 100, edit::unified(&edit::side_by_side("a: 1\n", "a: 2\n"), 1));
        let journal = [entry(1, 50, "u", "web"), entry(2, 200, "", "web"), entry(3, 300, "other", "web"), entry(4, 300, "u", "db")];
        fill(&mut view, &history, &journal, &context);
        let heads: Vec<&str> = view.content.lines().filter(|line| line.starts_with("1970")).collect();
        assert_eq!(
            heads[..3],
            [
                "1970-01-01T00:03:20Z written from here: #2 label",
                "1970-01-01T00:01:40Z in the object",
                "1970-01-01T00:00:50Z written from here: #1 label"
            ]
        );
        assert!(view.content.contains("    - a: 1\n    + a: 2\n"), "{}", view.content);
        let before = view.content.clone();
        view.content.push('x');
        fill(&mut view, &history, &journal, &context);
        assert_eq!(view.content, format!("{before}x"), "it is not made again without a reason");
    }
}
