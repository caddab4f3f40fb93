//! The palette `:` and the prompts: what was typed or chosen becomes a view, a scope, a context or a command.

use std::sync::Arc;

use super::{COMMANDS, Context, Group, Refusal, act, chosen, views};
use crate::effect::Effect;
use crate::model::scope::Scope;
use crate::view::picker::{Choice, Picker, Purpose};
use crate::view::place::{Pane, Place};
use crate::view::prompt::Line;
use crate::view::state::{ALL_NAMESPACES, Overlay, State};
use crate::view::tables::TableKey;

/// Opens the palette.
pub fn open(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let choices = palette_choices(c.state);
    c.state.overlay = Overlay::Picker(Box::new(Picker::new(Purpose::Palette, "".into(), choices, None)));
    Ok(())
}

/// Opens the palette with a line that is to be finished.
pub fn open_with(c: &mut Context<'_>, line: &str) -> Result<(), Refusal> {
    open(c, "")?;
    if let Overlay::Picker(picker) = &mut c.state.overlay {
        picker.line = Line::new(line);
        picker.narrow();
    }
    Ok(())
}

/// Everything that can be typed after `:` as a first word: kinds, then commands, with the reason where one cannot be done.
pub fn palette_choices(state: &State) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Pane::ALL.iter().map(|pane| choice(pane.title().to_lowercase(), "pane".into())).collect();
    for kind in state.catalog.preferred() {
        if choices.iter().any(|choice| choice.name == kind.plural) && kind.group.is_empty() {
            continue;
        }
        let known = choices.iter().any(|choice| choice.name == kind.plural);
        let name = if known { kind.full_name() } else { kind.plural.to_string() };
        let short: Vec<&str> = kind.short.iter().map(|s| &**s).collect();
        let group = if kind.group.is_empty() { kind.version.to_string() } else { kind.api_version() };
        let about =
            if short.is_empty() { format!("{}  {group}", kind.kind) } else { format!("{}  {group}  ({})", kind.kind, short.join(", ")) };
        choices.push(choice(name, about));
    }
    for command in COMMANDS.iter().filter(|command| !matches!(command.group, Group::Editing | Group::Move)) {
        let about = if command.args.is_empty() { command.doc.to_owned() } else { format!("{}  {}", command.args, command.doc) };
        let refused = (command.applies)(state).err().map(Arc::from);
        choices.push(Choice { refused, ..choice(command.name.to_owned(), about) });
    }
    choices
}

fn choice(name: String, about: String) -> Choice {
    Choice { name: name.into(), about: about.into(), refused: None }
}

/// Takes what was typed or chosen.
pub fn accept(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    match std::mem::replace(&mut c.state.overlay, Overlay::None) {
        Overlay::Filter(..) | Overlay::None => Ok(()),
        Overlay::Ask(question) => act::accept(c, question),
        Overlay::Scale(scaling) => act::scaled(c, *scaling),
        Overlay::Acts(_) => Ok(()),
        Overlay::Help(text) => {
            c.state.overlay = Overlay::Help(text);
            Ok(())
        }
        Overlay::Search(line) => match c.state.text_mut() {
            Some(text) => text.search(line.text()).map_err(|why| format!("/{}/ is no regular expression: {why}", line.text())),
            None => Ok(()),
        },
        Overlay::Picker(picker) => {
            let chosen = picker.chosen().cloned();
            match (picker.purpose, chosen) {
                (Purpose::Contexts, Some(choice)) => {
                    c.effects.push(Effect::Connect(choice.name));
                    Ok(())
                }
                (Purpose::Namespaces, Some(choice)) if &*choice.name == ALL_NAMESPACES => views::ns(c, "*"),
                (Purpose::Namespaces, Some(choice)) => views::ns(c, &choice.name),
                // What cannot be listed can still be typed.
                (Purpose::Namespaces, None) if !picker.line.text().trim().is_empty() => views::ns(c, picker.line.text().trim()),
                (Purpose::Themes, Some(choice)) => chosen::theme(c, &choice.name),
                (Purpose::Keymaps, Some(choice)) => chosen::keymap(c, &choice.name),
                (Purpose::Themes | Purpose::Keymaps, None) => Ok(()),
                (Purpose::Contexts, None) => views::ctx(c, picker.line.text().trim()),
                (Purpose::Namespaces, None) => Ok(()),
                (Purpose::Palette, chosen) => {
                    let typed = picker.line.text().trim().to_owned();
                    run_palette(c, &typed, chosen.as_ref())
                }
            }
        }
    }
}

/// Leaves everything as it was.
pub fn cancel(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    match std::mem::replace(&mut c.state.overlay, Overlay::None) {
        Overlay::Filter(_, before) => {
            if let Some((view, _)) = c.state.table_mut() {
                view.filter(&before);
            }
        }
        Overlay::Ask(question) => {
            c.effects.push(Effect::Stop(question.number));
            c.state.info("nothing was done");
        }
        Overlay::Help(_) | Overlay::Search(_) | Overlay::Picker(_) | Overlay::Scale(_) | Overlay::Acts(_) | Overlay::None => {}
    }
    Ok(())
}

/// Moves in the list.
pub fn choose(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    if let Overlay::Picker(picker) = &mut c.state.overlay {
        picker.step(by);
    }
    Ok(())
}

/// Runs what was typed after `:`. A first word that is a whole name counts as typed; else the choice under the cursor
/// stands for it.
///
/// # Errors
/// It is neither a kind nor a command; the words name what is like it.
pub fn run_palette(c: &mut Context<'_>, typed: &str, chosen: Option<&Choice>) -> Result<(), Refusal> {
    let (first, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    if first.is_empty() && chosen.is_none() {
        return Ok(());
    }
    let whole = super::find(first).is_some() || Pane::named(first).is_some() || c.state.catalog.find(first).is_ok();
    let word = match chosen {
        Some(choice) if !whole && rest.is_empty() => choice.name.to_string(),
        _ => first.to_owned(),
    };
    // A kind's whole name means the kind, although a command may have it too: `:namespaces` is their table.
    let kind = c.state.catalog.preferred().iter().any(|kind| *kind.plural == *word);
    if let Some(command) = super::find(&word).filter(|_| !kind) {
        (command.applies)(c.state)?;
        return (command.run)(c, rest.trim());
    }
    open_kind(c, &word, rest)
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
    let mut words = rest.split_whitespace();
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
        (Some(pane), _) => c.state.show_pane(pane),
        (None, Some(kind)) if &*kind.plural == "pods" && kind.group.is_empty() => c.state.show_pane(Pane::Pods),
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
