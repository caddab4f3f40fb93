//! The journal: what was written, and taking it back.

use super::{Context, Refusal};
use crate::kinds::catalog::Catalog;
use crate::model::act::{Act, Entry};
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::model::time;
use crate::view::state::{State, View};
use crate::view::text_view::{Fill, TextView};

/// Shows what was written in this context, the newest first.
pub fn journal(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let mut text = String::new();
    let now = c.state.now();
    for entry in own(c.state).rev() {
        push(&mut text, entry, now);
    }
    if text.is_empty() {
        return Err("nothing was written in this context yet".into());
    }
    let mut view = TextView::new("journal", None);
    view.fill = Fill::Fixed;
    view.set(text.trim_end());
    c.state.push(View::Text(Box::new(view)));
    Ok(())
}

/// Entries of the context that is shown.
fn own(state: &State) -> impl DoubleEndedIterator<Item = &Entry> {
    // The same name may be another cluster's.
    let here = |entry: &&Entry| *entry.context == *state.context.name && *entry.server == *state.context.server;
    state.journal.iter().filter(here)
}

/// `#12  3m  scale  deployment/web in shop  replicas 3 → 5`, and what exactly was sent.
fn push(text: &mut String, entry: &Entry, now: time::Seconds) {
    let place = if entry.namespace.is_empty() { String::new() } else { format!(" in {}", entry.namespace) };
    let outcome = match &entry.outcome {
        Ok(words) => words.clone(),
        Err(why) => format!("not done: {why}"),
    };
    text.push_str(&format!(
        "#{}  {}  {} ago  {}\n",
        entry.number,
        time::rfc3339(entry.time),
        time::age((now - entry.time).max(0)),
        entry.verb
    ));
    text.push_str(&format!("    object   {}/{}{place}\n", entry.kind.to_lowercase(), entry.name));
    text.push_str(&format!("    outcome  {outcome}\n"));
    text.push_str(&format!("    user     {}\n", entry.user));
    text.push_str(&format!("    sent     {} {}\n", entry.method, entry.path));
    if entry.method == "PATCH" {
        text.push_str(&format!("    before   {}\n    after    {}\n", entry.before, entry.after));
    }
    text.push('\n');
}

/// The last entry of the journal, or that of a number, is taken back, after saying what that does.
pub fn undo(c: &mut Context<'_>, number: &str) -> Result<(), Refusal> {
    let wanted = match number.trim_start_matches('#') {
        "" => None,
        number => Some(number.parse::<u64>().map_err(|_| format!("{number:?} is no number of the journal: :journal has them"))?),
    };
    let entry = match wanted {
        Some(wanted) => own(c.state).find(|entry| entry.number == wanted).ok_or_else(|| format!("the journal has no entry {wanted} here")),
        None => own(c.state)
            .rfind(|entry| entry.outcome.is_ok() && !belongs(entry) && !entered(entry))
            .ok_or_else(|| "nothing was written in this context yet".to_owned()),
    }?;
    let (target, number) = (subject(entry, &c.state.catalog)?, entry.number);
    super::act::ask_of(c, Act::TakeBack(number), vec![target])
}

/// One of the evictions of a drain: what can be taken back of that is its cordon.
fn belongs(entry: &Entry) -> bool {
    entry.verb == "drain" && entry.path.ends_with("/eviction")
}

/// Somebody went into a container: nothing of that can be taken back, and what was before it is meant.
fn entered(entry: &Entry) -> bool {
    entry.method == "GET" || entry.path.ends_with("/ephemeralcontainers")
}

/// The object that an entry is about.
fn subject(entry: &Entry, catalog: &Catalog) -> Result<Reference, Refusal> {
    let (group, version) = entry.api_version.split_once('/').unwrap_or(("", &entry.api_version));
    let kind = catalog.exact(group, version, &entry.resource).cloned();
    let kind = kind.ok_or_else(|| format!("the server does not serve {} of {}", entry.resource, entry.api_version))?;
    Ok(Reference { kind, namespace: entry.namespace.as_str().into(), name: entry.name.as_str().into(), uid: Uid::new(&entry.uid) })
}

/// Something was written that could be taken back.
pub fn can_undo(state: &State) -> Result<(), Refusal> {
    if let Some(why) = &state.policy.read_only {
        return Err(format!("read-only ({why})"));
    }
    own(state).next().map(|_| ()).ok_or_else(|| "nothing was written in this context yet".into())
}
