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
    let modes = [help_mode(state), Mode::Table, Mode::Text, Mode::Log, Mode::Edit, Mode::Picker, Mode::Prompt, Mode::Confirm];
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
        keys: keys_of(state, command).join(", "),
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
    fn the_keys_of_a_command_are_all_of_its_lines() {
        let state = state();
        let keys = keys_of(&state, crate::commands::find("view").unwrap());
        assert_eq!(keys, ["1", "2", "3", "4", "5"]);
    }
}
