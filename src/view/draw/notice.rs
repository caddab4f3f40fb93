//! What stands where rows would stand: empty, loading, forbidden, away. Each says what is so and what to press.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put_end;
use crate::keymap::Mode;
use crate::model::scope::Scope as Namespaces;
use crate::model::state::{Link, Truth};
use crate::theme::Scope;
use crate::view::state::State;
use crate::view::tables::TableKey;
use crate::view::text;

/// Why there are no rows.
pub fn empty(state: &State, buffer: &mut Buffer, area: Rect) {
    let Some(view) = state.table_view() else { return };
    let Some(table) = state.tables.get(&view.place.key) else { return };
    let what = plural(&view.place.key);
    let key = |command: &str| state.keymap.keys_for(command, Mode::Table).into_iter().next().unwrap_or_else(|| format!(":{command}"));
    let (total, ..) = view.counts();
    let (look, title, more): (Scope, String, Vec<String>) = match (&state.link, &table.truth()) {
        (_, Truth::Live | Truth::Polling { .. }) if total > 0 => {
            let mut what = Vec::new();
            if !view.place.filter.is_empty() {
                what.push(format!("/{}", view.place.filter));
            }
            if view.place.unhealthy {
                what.push("only what is not healthy".into());
            }
            let title = if view.place.unhealthy && view.place.filter.is_empty() {
                format!("All {total} {plural} are healthy", plural = plural(&view.place.key))
            } else {
                format!("None of {total} matches {}", what.join(", "))
            };
            (Scope::Dim, title, vec![format!("{} shows them again", key("back"))])
        }
        (_, Truth::Live | Truth::Polling { .. }) => {
            let scope = view.place.key.scope();
            let place = if view.place.key.kind().is_some_and(|kind| !kind.namespaced) || *scope == Namespaces::All {
                String::new()
            } else {
                format!(" in {}", state.placed(scope))
            };
            let from = if view.place.crumb.is_empty() { String::new() } else { format!(" of {}", view.place.crumb) };
            let hint = if place.is_empty() {
                format!("{} goes to another kind", key("palette"))
            } else {
                format!("{} all namespaces   {} another one", key("all-namespaces"), key("namespaces"))
            };
            (Scope::Dim, format!("No {what}{from}{place}"), vec![hint])
        }
        (_, Truth::Forbidden { why }) => (
            Scope::Forbidden,
            format!("You may not see {what} here"),
            vec![why.to_string(), format!("{} another namespace   {} another context", key("namespaces"), key("contexts"))],
        ),
        (_, Truth::Missing { why }) => (Scope::Warning, format!("The server does not know {what}"), vec![why.to_string()]),
        (Link::Connecting { doing, .. }, _) => (Scope::Syncing, capital(doing), Vec::new()),
        (Link::Unauthorized { why, login }, _) => {
            let hint = if *login {
                format!("{} logs in   {} another context", key("login"), key("contexts"))
            } else {
                format!("{} another context; the kubeconfig is read again when it changes", key("contexts"))
            };
            (Scope::Forbidden, "You are not logged in".into(), vec![why.to_string(), hint])
        }
        (Link::Up { .. }, Truth::Stale { why, .. }) => (
            Scope::Stale,
            format!("{} cannot be read now", capital(&what)),
            vec![why.to_string(), format!("trying again   {} now", key("retry"))],
        ),
        (Link::Down { why, .. }, _) | (_, Truth::Stale { why, .. }) => (
            Scope::Stale,
            format!("{} does not answer", if state.context.server.is_empty() { "The cluster" } else { &state.context.server }),
            vec![why.to_string(), format!("trying again   {} now   {} another context", key("retry"), key("contexts"))],
        ),
        (_, Truth::Starting | Truth::Syncing) => (Scope::Syncing, format!("Loading {what}…"), Vec::new()),
    };
    let lines = more.len() as u16 + 1;
    let mut y = area.y + area.height.saturating_sub(lines) / 3;
    for (at, line) in std::iter::once(&title).chain(&more).enumerate() {
        if y >= area.bottom() {
            break;
        }
        let style = state.theme.style(if at == 0 { look } else { Scope::Dim });
        let room = area.width.saturating_sub(4);
        let wide = text::width(&text::safe(line)).min(room as usize) as u16;
        put_end(buffer, area.x + (area.width - wide) / 2, y, line, room, style);
        y += 1;
    }
}

/// What the rows of a table are called.
pub fn plural(key: &TableKey) -> String {
    match key {
        TableKey::Kind(kind, _) | TableKey::Picked(kind, ..) | TableKey::Nodes(kind) => kind.plural.to_string(),
        TableKey::Services(_) => "services".into(),
        TableKey::Labels(_) => "labels".into(),
        TableKey::Labelled(_, key, value) => format!("objects with {key}={value}"),
        TableKey::Rollouts(_) => "rollouts".into(),
        TableKey::Containers(..) => "containers".into(),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
