//! The top line: where one is, the panes with their counts, and how true it all is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{notice, put, put_end};
use crate::model::scope::Scope as Namespaces;
use crate::model::state::{Link, Truth};
use crate::model::time;
use crate::theme::Scope;
use crate::view::place::Pane;
use crate::view::state::{State, View};
use crate::view::text;
use crate::view::text_view::Fill;

/// Words, a look.
type Piece = (String, Scope);

/// Between the parts of the line.
const GAP: u16 = 3;
/// What stands between the steps of the way here.
const STEP: &str = " ▸ ";
/// From this width on there is room for the reasons, too.
const ROOMY: u16 = 140;

/// How much the tabs say: they give way to where one is and how true it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tabs {
    /// Names and counts, well apart.
    Apart,
    /// Names and counts.
    Close,
    /// The name of the one that is lit, keys of the others; what is not healthy is counted for all.
    Keys,
    /// Only the one that is lit, without its key.
    Lit,
}

/// Draws the header.
pub fn draw(state: &State, buffer: &mut Buffer, area: Rect) {
    let right = truth(state);
    let right_width = width(&right).min(area.width as usize * 2 / 3) as u16;
    let room = area.width.saturating_sub(right_width + 2);
    let way = way(state, area.width);
    let whole = width(&joined(&way)) as u16;
    let fits = |tabs: &Vec<Piece>| !tabs.is_empty() && whole + GAP + width(tabs) as u16 + GAP <= room + 1;
    let all = [Tabs::Apart, Tabs::Close, Tabs::Keys, Tabs::Lit].map(|how| tabs(state, how));
    let chosen = all.iter().find(|tabs| fits(tabs)).or_else(|| {
        // Nothing fits: the way here is shortened, but not to nothing.
        all.last().filter(|tabs| !tabs.is_empty() && width(tabs) as u16 + 2 * GAP + 16 <= room)
    });
    let tabs_width = chosen.map_or(0, |tabs| width(tabs) as u16);
    let way_room = if chosen.is_some() { room - tabs_width - GAP } else { room };
    let mut x = area.x + 1;
    let end = area.x + way_room;
    for (words, look) in &shortened(way, end.saturating_sub(x) as usize) {
        x = put_end(buffer, x, area.y, words, end.saturating_sub(x), state.theme.style(*look));
    }
    if let Some(tabs) = chosen {
        // In the middle where there is room, so that they do not jump with the namespace's name.
        let middle = area.x + area.width.saturating_sub(tabs_width) / 2;
        let last = (area.x + room).saturating_sub(tabs_width + GAP - 1);
        let mut x = (x + GAP).max(middle.min(last));
        for (words, look) in tabs {
            x = put(buffer, x, area.y, words, area.right().saturating_sub(x), state.theme.style(*look));
        }
    }
    let mut x = area.right().saturating_sub(right_width + 1);
    for (words, look) in &right {
        x = put_end(buffer, x, area.y, words, (area.right()).saturating_sub(x), state.theme.style(*look));
    }
}

fn width(pieces: &[Piece]) -> usize {
    pieces.iter().map(|(words, _)| text::width(&text::safe(words))).sum()
}

/// The steps that lead here: context, namespaces, what one came from, what it is.
fn way(state: &State, width: u16) -> Vec<Piece> {
    let name = if state.context.name.is_empty() { "no context" } else { &state.context.name };
    let scope = if state.scope == Namespaces::All && width < 60 { "all".to_owned() } else { state.scope.to_string() };
    let mut steps = vec![(name.to_owned(), Scope::Header), (scope, Scope::Text)];
    for view in &state.stack {
        match view {
            View::Table(view) if view.place.pane.is_none() => {
                if !view.place.crumb.is_empty() {
                    steps.push((view.place.crumb.to_string(), Scope::Dim));
                }
                steps.push((notice::plural(&view.place.key), Scope::Accent));
            }
            View::Table(_) => {}
            View::Text(view) => steps.push((view.title.to_string(), Scope::Accent)),
        }
    }
    steps
}

fn joined(steps: &[Piece]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(steps.len() * 2);
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            pieces.push((STEP.to_owned(), Scope::Dim));
        }
        pieces.push(step.clone());
    }
    pieces
}

/// The way here in so much room: steps in its middle are left out first. The cluster that one is in, and what one looks at,
/// stay.
fn shortened(steps: Vec<Piece>, room: usize) -> Vec<Piece> {
    let hole = || ("…".to_owned(), Scope::Dim);
    let without = |kept: usize, from: usize| {
        let mut some: Vec<Piece> = steps[..kept].to_vec();
        some.push(hole());
        some.extend_from_slice(&steps[from..]);
        joined(&some)
    };
    let whole = joined(&steps);
    if width(&whole) <= room {
        return whole;
    }
    let shorter = (3..steps.len()).map(|from| without(2, from)).chain((2..steps.len()).map(|from| without(1, from)));
    let mut shortest = whole;
    for pieces in shorter {
        if width(&pieces) <= room {
            return pieces;
        }
        shortest = pieces;
    }
    // The end of a pod's name tells it from the others.
    let last = shortest.pop();
    if let Some((words, look)) = last {
        let words = text::safe(&words).into_owned();
        let rest = room.saturating_sub(width(&shortest)).max(room / 3);
        shortest.push((text::fit_middle(&words, rest).into_owned(), look));
    }
    shortest
}

fn tabs(state: &State, how: Tabs) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let lit = state.pane();
    for (at, pane) in Pane::ALL.into_iter().enumerate() {
        let chosen = lit == Some(pane);
        if how == Tabs::Lit && !chosen {
            continue;
        }
        let look = if chosen { Scope::TabActive } else { Scope::TabInactive };
        if !pieces.is_empty() {
            pieces.push((if how == Tabs::Apart { "   " } else { "  " }.into(), look));
        }
        let named = chosen || matches!(how, Tabs::Apart | Tabs::Close);
        pieces.push(match (named, how) {
            (true, Tabs::Lit) => (pane.title().to_owned(), look),
            (true, _) => (format!("{} {}", at + 1, pane.title()), look),
            (false, _) => ((at + 1).to_string(), look),
        });
        let Some(table) = state.tables.get(&state.pane_key(pane)) else { continue };
        // A number that is not complete yet would be a lie.
        if named && (table.truth().complete() || !table.store.is_empty()) {
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
    let roomy = state.size.0 >= ROOMY;
    let stale = |then: i64, why: &str| {
        let since = time::age((now - then).max(0));
        if roomy { format!("◌ stale {since}: {why}") } else { format!("◌ stale {since}") }
    };
    let (words, look) = match (&state.link, &shown) {
        (Link::Unauthorized { .. }, _) => ("✗ not logged in".into(), Scope::Forbidden),
        (_, Truth::Stale { since: then, why }) => (stale(*then, why), Scope::Stale),
        (Link::Down { since: Some(then), why }, _) => (stale(*then, why), Scope::Stale),
        (Link::Down { since: None, .. }, _) => ("✗ unreachable".into(), Scope::Forbidden),
        (Link::Idle | Link::Connecting { .. }, Truth::Starting) => ("◌ connecting".into(), Scope::Syncing),
        (_, Truth::Starting | Truth::Syncing) => ("◌ syncing".into(), Scope::Syncing),
        (_, Truth::Live) => ("● live".into(), Scope::Live),
        (_, Truth::Polling { every, why }) if roomy => (format!("○ polling every {every}s: {why}"), Scope::Syncing),
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
