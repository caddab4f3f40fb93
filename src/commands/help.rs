//! The help: what can be done with what is under the cursor first, then everything else; what cannot be done stands below
//! what can, with the reason.

use super::{Command, Context, Group, Refusal, help_mode};
use crate::keymap::Mode;
use crate::view::state::{Overlay, State};
use crate::view::text_view::{Fill, TextView};
use crate::view::wrap::broken_lines;

/// So wide is the column of keys in the help; more keys of a command go on below.
const KEYS: usize = 14;

/// All keys, from the key map and the command table.
pub fn help(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let mut view = TextView::new("keys and commands", None);
    view.fill = Fill::Fixed;
    view.set(text(c.state).trim_end());
    c.state.overlay = Overlay::Help(Box::new(view));
    Ok(())
}

/// The keys of a command in the mode that one is in, else in one that has some: its own line, and those with arguments.
pub fn keys_of(state: &State, command: &Command) -> Vec<String> {
    keys_in(state, command, &[help_mode(state), Mode::Table, Mode::Text, Mode::Log, Mode::Edit, Mode::Picker, Mode::Prompt, Mode::Confirm])
}

/// The keys that do it here: what has none is called by its name. Prompts and lists have modes of their own, which are named
/// above them.
fn keys_here(state: &State, command: &Command) -> Vec<String> {
    match command.group {
        Group::Editing => keys_in(state, command, &[Mode::Picker, Mode::Prompt, Mode::Confirm]),
        _ => keys_in(state, command, &[help_mode(state)]),
    }
}

/// The keys of the first of these modes that has some.
fn keys_in(state: &State, command: &Command, modes: &[Mode]) -> Vec<String> {
    let of = |mode: &Mode| {
        let bound = state
            .keymap
            .bindings(*mode)
            .iter()
            .filter(|binding| binding.command.as_deref().is_some_and(|line| line.split(' ').next() == Some(command.name)));
        bound.map(|binding| crate::keymap::Key::print_all(&binding.keys)).collect::<Vec<String>>()
    };
    modes.iter().map(of).find(|keys| !keys.is_empty()).unwrap_or_default()
}

/// One command of the help.
struct Entry {
    command: &'static Command,
    keys: String,
    name: String,
    refused: Option<Refusal>,
}

fn text(state: &State) -> String {
    let entry = |command: &'static Command| Entry {
        command,
        keys: keys_here(state, command).join(", "),
        name: command.usage(),
        refused: (command.applies)(state).err(),
    };
    let entries: Vec<Entry> = super::COMMANDS.iter().map(entry).collect();
    let name_width = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0);
    // What a line has no room for goes on below its beginning. A long usage gives way on a narrow screen.
    let name_width = name_width.min((usize::from(state.size.0) / 3).max(16));
    let room = usize::from(state.size.0).saturating_sub(KEYS + name_width + 10).max(20);
    let mut text = String::new();
    for group in Group::ALL {
        text.push_str(&title(state, group));
        text.push('\n');
        let (refused, possible): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().filter(|entry| entry.command.group == group).partition(|entry| entry.refused.is_some());
        for entry in possible.into_iter().chain(refused) {
            let why = entry.refused.as_ref().map(|why| format!("   ({why})")).unwrap_or_default();
            let keys = broken_lines(&entry.keys, KEYS, usize::MAX);
            let names = broken_lines(&format!(":{}", entry.name), name_width + 1, usize::MAX);
            let docs = broken_lines(&format!("{}{why}", entry.command.doc), room, usize::MAX);
            for at in 0..keys.len().max(docs.len()).max(names.len()) {
                let part = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
                let line = format!("  {:<KEYS$}  {:<width$}  {}", part(&keys), part(&names), part(&docs), width = name_width + 1);
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        text.push('\n');
    }
    text
}

/// The group; that of the object names it.
fn title(state: &State, group: Group) -> String {
    match (group, state.subject()) {
        (Group::Object, Some(subject)) => format!("{}: {}", group.title(), subject.title()),
        _ => group.title().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::palette::tests::state;

    #[test]
    fn what_cannot_be_done_stands_below_what_can_with_the_reason() {
        let mut state = state();
        state.size = (200, 50);
        let text = text(&state);
        let object: Vec<&str> =
            text.lines().skip_while(|line| !line.starts_with("Object")).skip(1).take_while(|line| !line.is_empty()).collect();
        let refused: Vec<bool> = object.iter().map(|line| line.ends_with(')')).collect();
        assert!(refused.is_sorted() && refused.contains(&true) && refused.contains(&false), "{object:#?}");
        assert!(text.contains("(there is no object under the cursor)"));
    }

    #[test]
    fn a_key_of_another_mode_is_not_said_to_do_it_here() {
        let mut state = state();
        let keys = |state: &State, name: &str| keys_here(state, crate::commands::find(name).unwrap());
        assert_eq!(keys(&state, "describe"), ["d"]);
        assert!(keys(&state, "since").is_empty() && keys(&state, "wrap").is_empty(), "these are keys of texts and logs");
        assert!(!keys(&state, "complete").is_empty(), "lists have their own section");
        assert!(!keys_of(&state, crate::commands::find("wrap").unwrap()).is_empty());
        state.push(crate::view::state::View::Text(Box::new(TextView::new("t", None))));
        assert_eq!(keys(&state, "wrap"), ["w"]);
        assert!(keys(&state, "describe").is_empty() && keys(&state, "owner").is_empty());
    }

    #[test]
    fn the_keys_of_a_command_are_all_of_its_lines() {
        let state = state();
        let keys = keys_of(&state, crate::commands::find("view").unwrap());
        assert_eq!(keys, ["1", "2", "3", "4", "5"]);
    }
}
