//! The palette `:` and the prompts: what was typed or chosen becomes a view, a scope, a context or a command.

use std::sync::Arc;

use super::{
    ALIASES, COMMANDS, Command, Context, Group, Refusal, act, args, chosen, clash, editor, events, find, logs, paths, session, views,
};
use crate::effect::Effect;
use crate::model::folder::Folder;
use crate::model::kind::Kind;
use crate::model::pattern::pattern;
use crate::model::scope::Scope;
use crate::view::lists::ALL_NAMESPACES;
use crate::view::picker::{Choice, Offer, Picker, Purpose, Usage};
use crate::view::place::{Pane, Place};
use crate::view::prompt::Line;
use crate::view::state::{Overlay, State, View};
use crate::view::tables::TableKey;

/// No more namespaces than this stand among what can be typed first.
const NAMESPACES: usize = 1000;
/// So many lines are kept to be brought back.
const LINES: usize = 200;

/// Opens the palette, with a line to go on with.
pub fn open(c: &mut Context<'_>, line: &str) -> Result<(), Refusal> {
    open_with(c.state, line);
    Ok(())
}

/// Opens the palette with this line typed.
pub fn open_with(state: &mut State, line: &str) {
    state.folder = Folder::default();
    let mut picker = Picker::new(Purpose::Palette, "".into(), Vec::new(), None);
    picker.line = Line::new(line);
    state.overlay = Overlay::Picker(Box::new(picker));
    offer(state);
}

/// What a first word means.
enum Meaning {
    /// One of the commands.
    Command(&'static Command),
    /// A pane or a kind.
    Kind,
    /// Nothing that is known.
    Unknown,
}

/// A kind's whole name means the kind, although a command may have it too: `:namespaces` is their table.
fn meaning(state: &State, word: &str) -> Meaning {
    let plural = state.catalog.preferred().iter().any(|kind| *kind.plural == *word);
    match find(word) {
        Some(command) if !plural => Meaning::Command(command),
        _ if Pane::named(word).is_some() || state.catalog.find(word).is_ok() => Meaning::Kind,
        _ => Meaning::Unknown,
    }
}

/// Puts into the open palette what can stand where its cursor is. Nothing else is changed.
pub fn offer(state: &mut State) {
    let Overlay::Picker(picker) = &state.overlay else { return };
    if picker.purpose != Purpose::Palette {
        return;
    }
    let before = picker.line.before().to_owned();
    // Within a word nothing can be put in its place.
    let within = picker.line.after().starts_with(|c: char| !c.is_whitespace());
    let start = before.len() - before.trim_start().len();
    let (first, rest) = before[start..].split_once(' ').map_or((&before[start..], None), |(first, rest)| (first, Some(rest)));
    let meant = meaning(state, first);
    args::look(state, if let Meaning::Command(command) = &meant { Some(command) } else { None });
    if let (Meaning::Command(command), Some(rest)) = (&meant, rest) {
        paths::look(state, command, &before, before.len() - rest.len());
    }
    let found = match (&meant, rest) {
        (_, None) => Offer { choices: palette_choices(state), from: start, ..Offer::default() },
        (Meaning::Command(command), Some(rest)) => args::offer(state, command, &before, before.len() - rest.len()),
        (Meaning::Kind, Some(rest)) => args::of_kind(state, first, &before, before.len() - rest.len()),
        (Meaning::Unknown, Some(_)) => Offer { from: before.len(), free: true, ..Offer::default() },
    };
    let usage = usage(state, first, &meant);
    let found = Offer { free: found.free || within, usage, ..found };
    if let Overlay::Picker(picker) = &mut state.overlay {
        picker.offer(found);
    }
}

/// What is said of a line that begins with this word.
fn usage(state: &State, word: &str, meant: &Meaning) -> Option<Usage> {
    match meant {
        Meaning::Command(command) => {
            Some(Usage { line: command.usage().into(), doc: command.doc.into(), refused: (command.applies)(state).err().map(Arc::from) })
        }
        Meaning::Kind => {
            let doc = match (Pane::named(word), state.catalog.find(word)) {
                (Some(pane), _) => format!("Show the pane {}", pane.title()),
                (None, Ok(kind)) => format!("Show {}", kind.full_name()),
                (None, Err(_)) => return None,
            };
            Some(Usage { line: format!("{word} [-n NAMES] [-A] [FILTER]").into(), doc: doc.into(), refused: None })
        }
        Meaning::Unknown => None,
    }
}

/// Everything that can be typed after `:` as a first word: kinds, then commands, with the reason where one cannot be done,
/// then contexts and namespaces.
pub fn palette_choices(state: &State) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for pane in Pane::ALL {
        let name = pane.title().to_lowercase();
        let short = state.catalog.find(&name).map(|kind| other_names(&kind)).unwrap_or_default();
        choices.push(Choice::new(name, "pane").known_as(short));
    }
    for kind in state.catalog.preferred() {
        let known = choices.iter().any(|choice| choice.name == kind.plural);
        if known && kind.group.is_empty() {
            continue;
        }
        let name = if known { kind.full_name() } else { kind.plural.to_string() };
        let short: Vec<&str> = kind.short.iter().map(|s| &**s).collect();
        let group = if kind.group.is_empty() { kind.version.to_string() } else { kind.api_version() };
        let about =
            if short.is_empty() { format!("{}  {group}", kind.kind) } else { format!("{}  {group}  ({})", kind.kind, short.join(", ")) };
        let also = if known { String::new() } else { other_names(kind) };
        choices.push(Choice::new(name, about).known_as(also));
    }
    for command in COMMANDS.iter().filter(|command| !matches!(command.group, Group::Editing | Group::Move)) {
        let about = if command.args.is_empty() { command.doc.to_owned() } else { format!("{}  {}", command.args, command.doc) };
        let refused = (command.applies)(state).err().map(Arc::from);
        let also: Vec<&str> = ALIASES.iter().filter(|(_, name)| *name == command.name).map(|(alias, _)| *alias).collect();
        choices.push(Choice { refused, ..Choice::new(command.name, about).known_as(also.join(" ")) });
    }
    let line = |command: &str, name: &str, about: &str| Choice::new(format!("{command} {name}"), about);
    choices.extend(state.contexts.iter().map(|context| line("ctx", &context.name, "context")));
    let namespaces = args::namespaces(state).into_iter().skip(1).take(NAMESPACES);
    choices.extend(namespaces.map(|namespace| line("ns", &namespace.name, "namespace")));
    choices
}

/// What else kubectl takes for a kind.
fn other_names(kind: &Kind) -> String {
    let mut names: Vec<&str> = kind.short.iter().map(|name| &**name).collect();
    names.push(&kind.singular);
    names.join(" ")
}

/// Puts the choice under the cursor into the line, or the first one; where it stands there already, goes to the next, unless
/// what is typed counts as it is.
pub fn complete(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Overlay::Picker(picker) = &mut c.state.overlay else { return Ok(()) };
    if picker.purpose != Purpose::Palette {
        picker.step(1);
        return Ok(());
    }
    // Within a word: the rest of it stands there already.
    if picker.line.after().starts_with(|c: char| !c.is_whitespace()) || (picker.chosen().is_none() && !picker.choose(0)) {
        return Ok(());
    }
    let before = picker.line.text().to_owned();
    let first = picker.at_first_word();
    picker.line = picker.completed();
    picker.error = None;
    let name = picker.line.text().trim().to_owned();
    let takes = first
        && match meaning(c.state, &name) {
            Meaning::Command(command) => !command.args.is_empty(),
            Meaning::Kind => true,
            Meaning::Unknown => false,
        };
    if let Overlay::Picker(picker) = &mut c.state.overlay {
        if takes && picker.line.after().is_empty() {
            picker.line.insert(" ");
        }
        if picker.line.text() != before {
            picker.edited();
        } else if !picker.is_free() {
            picker.step(1);
        }
    }
    offer(c.state);
    Ok(())
}

/// Takes what was typed or chosen.
pub fn accept(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    match std::mem::replace(&mut c.state.overlay, Overlay::None) {
        Overlay::Filter(..) | Overlay::None => Ok(()),
        Overlay::Ask(question) => act::accept(c, question),
        Overlay::Scale(scaling) => act::scaled(c, *scaling),
        Overlay::Replace(line, what) => editor::replaced(c, &line, what),
        Overlay::Acts(_) => Ok(()),
        Overlay::Help(text) => {
            c.state.overlay = Overlay::Help(text);
            Ok(())
        }
        Overlay::Search(line, help) => {
            if let Err(wrong) = pattern(line.text()) {
                // Said where it can be put right.
                c.state.overlay = Overlay::Search(line, help);
                return Err(wrong);
            }
            if let Some(help) = help {
                c.state.overlay = Overlay::Help(help);
            }
            if let (Overlay::None, Some(editor)) = (&c.state.overlay, c.state.stack.last_mut().and_then(View::as_editor)) {
                return editor.search(line.text());
            }
            if let Some(text) = c.state.text_mut() {
                return text.search(line.text());
            }
            if let Some(log) = c.state.log_mut() {
                return log.search(line.text());
            }
            Ok(())
        }
        Overlay::Picker(picker) => {
            let chosen = picker.chosen().cloned();
            match (picker.purpose, chosen) {
                (Purpose::Contexts, Some(choice)) => views::ctx(c, &choice.name),
                (Purpose::Namespaces, Some(choice)) if &*choice.name == ALL_NAMESPACES => views::ns(c, "*"),
                (Purpose::Namespaces, Some(choice)) => views::ns(c, &choice.name),
                // What cannot be listed can still be typed.
                (Purpose::Namespaces, None) if !picker.line.text().trim().is_empty() => views::ns(c, picker.line.text().trim()),
                (Purpose::Themes, Some(choice)) => chosen::theme(c, &choice.name),
                (Purpose::Keymaps, Some(choice)) => chosen::keymap(c, &choice.name),
                (Purpose::Themes | Purpose::Keymaps, None) => Ok(()),
                (Purpose::Containers, Some(choice)) => logs::chosen(c, &choice.name),
                (Purpose::Containers, None) => Ok(()),
                (Purpose::Leaving, choice) => choice.map_or(Ok(()), |choice| editor::left(c, &choice.name)),
                (Purpose::Contexts, None) => views::ctx(c, picker.line.text().trim()),
                (Purpose::Namespaces, None) => Ok(()),
                (Purpose::Palette, _) => take_line(c, picker),
                (Purpose::Choosing, _) => session::chosen(c, picker),
                (Purpose::Left, _) => {
                    c.effects.extend(picker.place().map(Effect::TakeUp));
                    Ok(())
                }
                (Purpose::Clash, Some(choice)) => clash::answer(c, &choice.name),
                (Purpose::Clash, None) => {
                    c.state.overlay = Overlay::Picker(picker);
                    Err("mine or theirs".into())
                }
            }
        }
    }
}

/// Runs the palette's line. One that is wrong stays, with the reason, to be put right.
fn take_line(c: &mut Context<'_>, mut picker: Box<Picker>) -> Result<(), Refusal> {
    let whole = if picker.at_first_word() { !matches!(meaning(c.state, picker.word()), Meaning::Unknown) } else { picker.is_whole() };
    // Letters that are in a name somewhere lead to a view, and to nothing that does something: that has to begin so.
    let word = picker.word().to_lowercase();
    // `ctx dev` begins with `dev`, too.
    let begins = |choice: &Choice| choice.begins(&word) || choice.name.split(' ').any(|part| part.to_lowercase().starts_with(&word));
    let guessed = picker.chosen().filter(|choice| !picker.moved() && !whole && picker.at_first_word() && !begins(choice));
    if let Some(choice) = guessed
        && let Meaning::Command(_) = meaning(c.state, choice.name.split(' ').next().unwrap_or_default())
    {
        picker.error = Some(format!("nothing begins with {:?}: ↓ and enter take what is like it", picker.word()).into());
        picker.recalled = None;
        c.state.overlay = Overlay::Picker(picker);
        return Ok(());
    }
    let line = if picker.moved() || !whole { picker.completed() } else { picker.line.clone() };
    let line = line.text().trim().to_owned();
    if line.is_empty() {
        return Ok(());
    }
    c.state.remember_line(&line, LINES);
    if let Err(why) = run_line(c, &line) {
        if !matches!(c.state.overlay, Overlay::None) {
            return Err(why);
        }
        // What was chosen is what was tried.
        if picker.moved() && *picker.line.text().trim() != *line {
            picker.line = Line::new(line.as_str());
            picker.edited();
        }
        picker.error = Some(why.into());
        picker.recalled = None;
        c.state.overlay = Overlay::Picker(picker);
    }
    Ok(())
}

/// Leaves everything as it was.
pub fn cancel(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    match std::mem::replace(&mut c.state.overlay, Overlay::None) {
        Overlay::Filter(_, before) => {
            if let Some((view, _)) = c.state.table_mut() {
                view.filter(&before);
            }
            if let Some(log) = c.state.log_mut() {
                log.filter(&before);
            }
        }
        Overlay::Ask(question) => {
            c.effects.push(Effect::Stop(question.number));
            c.state.info("nothing was done");
        }
        Overlay::Picker(picker) if picker.purpose == Purpose::Clash => {
            c.state.clash = None;
            c.state.info("nothing was saved");
        }
        Overlay::Search(_, Some(help)) => c.state.overlay = Overlay::Help(help),
        Overlay::Help(_)
        | Overlay::Search(_, None)
        | Overlay::Replace(..)
        | Overlay::Picker(_)
        | Overlay::Scale(_)
        | Overlay::Acts(_)
        | Overlay::None => {}
    }
    Ok(())
}

/// Moves in the list; in a palette where nothing is typed, up goes to the lines typed before.
pub fn choose(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    if recall(c.state, by) {
        offer(c.state);
    } else if let Overlay::Picker(picker) = &mut c.state.overlay {
        picker.step(by);
    }
    Ok(())
}

/// Brings an earlier line back, or the one after it. False where the list is meant.
fn recall(state: &mut State, by: isize) -> bool {
    let Overlay::Picker(picker) = &mut state.overlay else { return false };
    let lines = &state.lines;
    let here = picker.recalled.filter(|&at| !picker.moved() && lines.get(at).is_some_and(|line| **line == *picker.line.text()));
    let to = match here {
        Some(at) => at.saturating_add_signed(by),
        None if by < 0 && picker.purpose == Purpose::Palette && picker.line.text().is_empty() && picker.chosen().is_none() => {
            match lines.len().checked_sub(1) {
                Some(last) => last,
                None => return false,
            }
        }
        None => return false,
    };
    let line = lines.get(to).cloned();
    picker.recalled = line.as_ref().map(|_| to);
    picker.line = Line::new(line.as_deref().unwrap_or_default());
    picker.edited();
    true
}

/// The line that is typed was edited: filters and lists follow it.
pub fn typed(state: &mut State) {
    match &mut state.overlay {
        Overlay::Filter(line, _) => {
            let text = line.text().to_owned();
            if let Some(log) = state.log_mut() {
                log.filter(&text);
            } else if let Some((view, _)) = state.table_mut() {
                view.filter(&text);
            }
        }
        Overlay::Picker(picker) => {
            picker.edited();
            offer(state);
        }
        _ => {}
    }
}

/// Runs what was typed after `:`: a command and its arguments, or a kind, namespaces and a filter.
///
/// # Errors
/// It is neither a kind nor a command, and the words name what is like it; or it cannot be done.
pub fn run_line(c: &mut Context<'_>, line: &str) -> Result<(), Refusal> {
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match meaning(c.state, first) {
        Meaning::Command(command) => {
            super::ran(c.state, command);
            super::call(c, command, rest.trim())
        }
        Meaning::Kind | Meaning::Unknown => open_kind(c, first, rest),
    }
}

/// Opens a pane or a kind by a name that kubectl takes, also one that a command has (`node`, `ns`); namespaces and a filter
/// may follow it.
///
/// # Errors
/// There is no such kind; the words name what is like it.
pub fn open_resource(c: &mut Context<'_>, line: &str) -> Result<(), Refusal> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    open_kind(c, name, rest)
}

/// `:pods -n x app=web`: a pane or a kind, namespaces, a filter.
fn open_kind(c: &mut Context<'_>, word: &str, rest: &str) -> Result<(), Refusal> {
    let pane = Pane::named(word);
    let kind = match pane {
        Some(_) => None,
        None => match c.state.catalog.find(word) {
            Ok(kind) => Some(kind),
            Err(_) if !c.state.catalog.told => {
                c.state.info(format!("the server has not said yet what it serves: {word} opens when it has"));
                c.effects.push(Effect::Open(format!("{word} {rest}").trim_end().to_owned()));
                return Ok(());
            }
            Err(missing) => return Err(missing.to_string()),
        },
    };
    let events = kind.as_deref().is_some_and(events::is_event) && !word.contains('.');
    let mut words = rest.split_whitespace().peekable();
    // A filter for the word stands in quotes.
    let single = events && words.next_if_eq(&"all").is_some();
    let mut namespaces: Vec<&str> = Vec::new();
    let mut filter: Vec<&str> = Vec::new();
    let mut all = false;
    while let Some(word) = words.next() {
        match word {
            "-A" | "--all-namespaces" => all = true,
            "-n" | "--namespace" => namespaces.push(words.next().ok_or("-n needs a namespace")?),
            _ => match word.strip_prefix("--namespace=").or_else(|| word.strip_prefix("-n").filter(|name| !name.is_empty())) {
                Some(name) => namespaces.push(name),
                None => filter.push(word),
            },
        }
    }
    if all {
        c.state.set_scope(Scope::All);
    } else if !namespaces.is_empty() {
        c.state.set_scope(views::namespaces(namespaces)?);
    }
    match (pane, kind) {
        (Some(pane), _) => c.state.show_root(pane),
        (None, Some(kind)) if &*kind.plural == "pods" && kind.group.is_empty() => c.state.show_root(Pane::Pods),
        (None, Some(_)) if events => events::show(c, single),
        (None, Some(kind)) => {
            let key = TableKey::Kind(kind, c.state.scope.clone()).normal();
            c.state.show_table(Place::new(key));
        }
        (None, None) => {}
    }
    if !filter.is_empty()
        && let Some((view, _)) = c.state.table_mut()
    {
        view.filter(&filter.join(" "));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
