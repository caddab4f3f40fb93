//! What can be put into the clipboard: names, a cell, the kubectl command.

use super::kubectl::{full_name, kubectl_of};
use super::{Context, Refusal, act, forward, palette};
use crate::effect::Effect;
use crate::kinds::printed;
use crate::model::row::Source;
use crate::view::state::{Overlay, State, View};

/// What can be copied of an object, and what that is.
pub static WHAT: &[(&str, &str)] = &[
    ("name", "Copy its name"),
    ("namespace/name", "Copy its namespace and name"),
    ("cell", "Copy what stands under a column"),
    ("text", "Copy the whole text"),
    ("url", "Copy the URL of the port-forward that leads to it"),
    ("kubectl", "Copy the kubectl command that shows it, or does what is asked"),
];

/// There is something to copy: an object, a table, or what is asked.
pub fn can_copy(state: &State) -> Result<(), Refusal> {
    match state.view() {
        _ if planned(state).is_some() => Ok(()),
        Some(View::Table(_)) => Ok(()),
        Some(View::Text(_)) => Ok(()),
        Some(View::Log(_) | View::Edit(_)) => Ok(()),
        _ => Err("there is no object here".into()),
    }
}

/// Copies the name, the namespace and name, a cell, or the kubectl command.
pub fn copy(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let (what, rest) = args.split_once(' ').unwrap_or((args, ""));
    let none = || "there is no object under the cursor".to_owned();
    let text = match what {
        "name" => act::targets(c.state).iter().map(|object| object.name.to_string()).collect::<Vec<_>>(),
        "namespace/name" => act::targets(c.state).iter().map(full_name).collect(),
        "cell" if rest.is_empty() => {
            // Which column is chosen from those that there are.
            palette::open_with(c.state, "copy cell ");
            return Ok(());
        }
        "cell" => cells(c.state, rest)?,
        "text" => {
            let Some(text) = c.state.text_mut() else { return Err("only a text is copied whole".into()) };
            let (lines, text) = (text.lines.len(), text.content.clone());
            c.effects.push(Effect::Copy { said: format!("the whole text, {lines} lines"), text });
            return Ok(());
        }
        "url" => forward::urls(c.state)?,
        "kubectl" => match planned(c.state) {
            Some(lines) => lines.to_vec(),
            None => vec![kubectl_of(c.state).ok_or("kubectl has no command for this")?],
        },
        _ => {
            let names: Vec<&str> = WHAT.iter().map(|(name, _)| *name).collect();
            return Err(format!("{what:?} cannot be copied: {}", names.join(", ")));
        }
    };
    let said = match text.as_slice() {
        [] => return Err(none()),
        [one] => one.replace('\n', " "),
        several => format!("{} lines", several.len()),
    };
    c.effects.push(Effect::Copy { said, text: text.join("\n") });
    Ok(())
}

/// The kubectl commands of what is asked, or is on its way.
fn planned(state: &State) -> Option<&[String]> {
    let plan = match &state.overlay {
        Overlay::Ask(question) => question.plan.as_ref()?,
        Overlay::Acts(number) => &state.acts.get(*number)?.plan,
        _ => return None,
    };
    Some(&plan.kubectl)
}

/// What stands under a column.
fn cells(state: &State, name: &str) -> Result<Vec<String>, Refusal> {
    let Some(view) = state.table_view() else { return Err("only in a table".into()) };
    let Some(column) = view.columns().map(|(_, column)| column).find(|column| column.name.eq_ignore_ascii_case(name)) else {
        let names: Vec<String> = view.columns().map(|(_, column)| column.name.to_lowercase()).collect();
        return Err(format!("there is no column {name:?}: {}", names.join(", ")));
    };
    let nodes = view.place.key.kind().is_some_and(|kind| &*kind.plural == "nodes" && kind.group.is_empty());
    let metrics = if nodes { &state.usage.nodes } else { &state.usage.pods };
    let measured = matches!(column.source, Source::Cpu | Source::Memory).then_some(metrics);
    Ok(view.meant(&state.tables).into_iter().map(|row| printed::cell(row, column, measured, state.now())).collect())
}
