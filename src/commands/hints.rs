//! What the bottom line offers.

use super::{find, look, session};
use crate::keymap::Mode;
use crate::model::state::Link;
use crate::view::state::{Hint, Overlay, State};
use crate::view::tables::TableKey;

/// What the bottom line offers: what can be done with what is under the cursor, first what one wants most.
pub fn hints(state: &State) -> Vec<Hint> {
    let offered: &[(&'static str, &'static str)] = match state.mode() {
        Mode::Text if matches!(state.overlay, Overlay::Help(_)) => {
            &[("back", "back"), ("search", "search"), ("search-next", "next"), ("page-down", "page down")]
        }
        // The box has its own keys, and those of the table do nothing.
        Mode::Confirm | Mode::Acts => &[],
        Mode::Edit => &[
            ("leave", "leave"),
            ("save", "save"),
            ("text-merge", "take in"),
            ("problem-next", "problem"),
            ("suggest", "complete"),
            ("text-undo", "undo"),
            ("search", "search"),
            ("search-next", "next"),
            ("replace", "replace"),
            ("text-copy", "copy"),
            ("text-cut", "cut"),
            ("text-paste", "paste"),
            ("delete-line", "delete line"),
        ],
        Mode::Log => &[
            ("back", "back"),
            ("follow", "follow"),
            ("search", "search"),
            ("filter", "filter"),
            ("stamps", "times"),
            ("wrap", "wrap"),
            ("json", "json"),
            ("containers", "containers"),
            ("save", "save"),
        ],
        Mode::Text => &[
            ("back", "back"),
            ("reveal", "show"),
            ("into", "go in"),
            ("search", "search"),
            ("search-next", "next"),
            ("wrap", "wrap"),
            ("yaml", "yaml"),
            ("edit", "edit"),
            ("page-down", "page down"),
        ],
        // They have no logs, no YAML and no shell.
        _ if state.table_view().is_some_and(|view| view.place.key == TableKey::Forwards) => &[
            ("enter", "open"),
            ("copy url", "copy the URL"),
            ("delete", "end it"),
            ("filter", "filter"),
            ("palette", "go to"),
            ("back", "back"),
        ],
        _ => &[
            ("login", "log in"),
            ("retry", "try now"),
            ("enter", "open"),
            ("logs", "logs"),
            ("describe", "describe"),
            ("yaml", "yaml"),
            ("shell", "shell"),
            ("filter", "filter"),
            ("palette", "go to"),
            ("edit", "edit"),
            ("node", "node"),
            ("owner", "owner"),
            ("only-unhealthy", "not healthy"),
            ("mark", "mark"),
            ("back", "back"),
            ("namespaces", "namespaces"),
        ],
    };
    let hint = |(command, label): &(&'static str, &'static str)| {
        let refused = find(command.split(' ').next().unwrap_or(command)).is_some_and(|row| (row.applies)(state).is_err());
        // Nobody needs to be told that they need not log in, or try to connect.
        let needless = match *command {
            "login" => refused,
            "retry" => !matches!(state.link, Link::Down { .. }),
            "shell" => !session::has_pods(state),
            "reveal" | "yaml" | "edit" if state.mode() == Mode::Text => refused,
            "into" => !look::in_fields(state),
            "search-next" if state.mode() == Mode::Edit => state.editor().is_none_or(|editor| editor.searched().is_none()),
            "text-merge" => refused,
            "problem-next" => state.editor().is_none_or(|editor| editor.signs().is_empty()),
            _ => false,
        };
        (!needless).then_some(Hint { command, label, refused })
    };
    offered.iter().filter_map(hint).collect()
}
