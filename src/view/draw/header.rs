//! The top line: where one is, the panes with their counts, and how true it all is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{notice, put, put_end};
use crate::model::state::{Link, Truth};
use crate::model::time;
use crate::theme::Scope;
use crate::view::place::Pane;
use crate::view::state::{State, View};
use crate::view::text;
use crate::view::text_view::Fill;

/// Words, a look.
type Piece = (String, Scope);

/// Draws the header.
pub fn draw(state: &State, buffer: &mut Buffer, area: Rect) {
    let right = truth(state);
    let right_width = width(&right).min(area.width as usize / 2) as u16;
    let mut left = place(state);
    let tabs = tabs(state, area.width >= 110);
    let room = area.width.saturating_sub(right_width + 2);
    let tabs_width = width(&tabs) as u16;
    // The tabs give way on a narrow screen to where one is and how true it is.
    let with_tabs = room >= tabs_width + 18;
    let left_room = if with_tabs { room - tabs_width - 3 } else { room };
    shorten(&mut left, left_room.saturating_sub(1) as usize);
    let mut x = area.x + 1;
    let end = x + left_room.saturating_sub(1);
    for (words, look) in &left {
        x = put_end(buffer, x, area.y, words, end.saturating_sub(x), state.theme.style(*look));
    }
    if with_tabs {
        // In the middle where there is room, so that it does not jump with the namespace's name.
        let middle = area.x + area.width.saturating_sub(tabs_width) / 2;
        let mut x = (x + 3).max(middle.min(area.x + room - tabs_width));
        for (words, look) in &tabs {
            x = put(buffer, x, area.y, words, area.right().saturating_sub(x), state.theme.style(*look));
        }
    }
    let mut x = area.right().saturating_sub(right_width + 1);
    for (words, look) in &right {
        x = put_end(buffer, x, area.y, words, (area.right()).saturating_sub(x), state.theme.style(*look));
    }
}

/// Takes out of the way between the cluster and here what does not fit: where one is matters more than how one came.
fn shorten(pieces: &mut Vec<Piece>, room: usize) {
    const FIXED: usize = 3;
    if width(pieces) <= room || pieces.len() < FIXED + 3 {
        return;
    }
    pieces.insert(FIXED, (" ▸ …".into(), Scope::Dim));
    while width(pieces) > room && pieces.len() > FIXED + 3 {
        pieces.remove(FIXED + 1);
    }
}

fn width(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(words, _)| text::width(&text::safe(words))).sum()
}

fn place(state: &State) -> Vec<Piece> {
    let name = if state.context.name.is_empty() { "no context" } else { &state.context.name };
    let mut pieces = vec![(name.to_owned(), Scope::Header), (" ▸ ".into(), Scope::Dim), (state.scope.to_string(), Scope::Text)];
    for view in &state.stack {
        match view {
            View::Table(view) => {
                if view.place.pane.is_none() {
                    pieces.push((" ▸ ".into(), Scope::Dim));
                    if !view.place.crumb.is_empty() {
                        pieces.push((format!("{} ▸ ", view.place.crumb), Scope::Dim));
                    }
                    pieces.push((notice::plural(&view.place.key), Scope::Accent));
                }
            }
            View::Text(view) => {
                pieces.push((" ▸ ".into(), Scope::Dim));
                pieces.push((view.title.to_string(), Scope::Accent));
            }
        }
    }
    pieces
}

fn tabs(state: &State, names: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let lit = state.pane();
    for (at, pane) in Pane::ALL.into_iter().enumerate() {
        let look = if lit == Some(pane) { Scope::TabActive } else { Scope::TabInactive };
        if at > 0 {
            pieces.push((if names { "   " } else { "  " }.into(), look));
        }
        pieces.push((format!("{} {}", at + 1, pane.title()), look));
        let Some(table) = state.tables.get(&state.pane_key(pane)) else { continue };
        // A number that is not complete yet would be a lie.
        if table.truth().complete() || !table.store.is_empty() {
            let more = if table.truth() == Truth::Syncing { "…" } else { "" };
            pieces.push((format!(" {}{more}", table.store.len()), look));
        }
        if table.store.unhealthy() > 0 {
            pieces.push((format!(" !{}", table.store.unhealthy()), Scope::TabBad));
        }
    }
    pieces
}

/// How true what is on the screen is.
fn truth(state: &State) -> Vec<Piece> {
    let now = state.clock.now();
    let since = |then: i64| time::age((now - then).max(0));
    let mut pieces: Vec<Piece> = Vec::new();
    let shown = match state.stack.last() {
        Some(View::Table(view)) => {
            let table = state.tables.get(&view.place.key);
            if let Some(note) = table.and_then(|table| table.note()) {
                pieces.push((format!("{note}  "), Scope::Warning));
            }
            table.map(|table| table.truth()).unwrap_or_default()
        }
        Some(View::Text(view)) => match &view.fill {
            Fill::Live | Fill::Fixed => Truth::Live,
            Fill::Loading => Truth::Starting,
            Fill::Gone => {
                pieces.push(("gone: its last state  ".into(), Scope::Gone));
                Truth::Live
            }
            Fill::Stale(why) => {
                pieces.push((format!("old: {why}  "), Scope::Stale));
                Truth::Starting
            }
        },
        None => Truth::Starting,
    };
    let (words, look) = match (&state.link, &shown) {
        (Link::Unauthorized { .. }, _) => ("✗ not logged in".into(), Scope::Forbidden),
        (_, Truth::Stale { since: then, .. }) => (format!("◌ stale {}", since(*then)), Scope::Stale),
        (Link::Down { since: Some(then), .. }, _) => (format!("◌ stale {}", since(*then)), Scope::Stale),
        (Link::Down { since: None, .. }, _) => ("✗ unreachable".into(), Scope::Forbidden),
        (Link::Idle | Link::Connecting { .. }, Truth::Starting) => ("◌ connecting".into(), Scope::Syncing),
        (_, Truth::Starting | Truth::Syncing) => ("◌ syncing".into(), Scope::Syncing),
        (_, Truth::Live) => ("● live".into(), Scope::Live),
        (_, Truth::Polling { every, .. }) => (format!("○ polling every {every}s"), Scope::Syncing),
        (_, Truth::Forbidden { .. }) => ("✗ forbidden".into(), Scope::Forbidden),
        (_, Truth::Missing { .. }) => ("✗ not served".into(), Scope::Forbidden),
    };
    pieces.push((words, look));
    if let Link::Up { version } = &state.link
        && state.size.0 >= 100
        && !version.is_empty()
    {
        pieces.push((format!("  {version}"), Scope::Dim));
    }
    pieces
}
