//! The top line: where one is, the panes with their counts, and how true it all is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{notice, put, put_end};
use crate::model::forward::Goes;
use crate::model::log::Streams;
use crate::model::scope::Scope as Namespaces;
use crate::model::state::{Link, Truth};
use crate::model::time;
use crate::theme::Scope;
use crate::view::editor::Meanwhile;
use crate::view::hits::Hits;
use crate::view::place::Pane;
use crate::view::state::{State, View};
use crate::view::text;
use crate::view::text_view::Fill;

/// Words, a look.
type Piece = (String, Scope);

/// Stands before the context in which nothing is written.
const READ_ONLY: &str = "read-only";
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
    /// Names; the count of the one that is lit; what is not healthy is counted for all.
    Names,
    /// The name of the one that is lit, keys of the others; what is not healthy is counted for all.
    Keys,
    /// Only the one that is lit, without its key.
    Lit,
}

/// Draws the header.
pub fn draw(state: &State, buffer: &mut Buffer, area: Rect, hits: &mut Hits) {
    let mut right = truth(state);
    right.extend(forwards(state));
    let limit = area.width as usize * 2 / 3;
    let over = width(&right).saturating_sub(limit);
    if over > 0
        && let [(note, _), _, ..] = right.as_mut_slice()
    {
        // A remark gives way: how true it all is has the last word.
        let room = text::width(note).saturating_sub(over + 2);
        *note = if room < 8 { String::new() } else { format!("{}  ", text::fit_end(note.trim_end(), room)) };
    }
    let right_width = width(&right).min(limit) as u16;
    let right_x = area.right().saturating_sub(right_width + 1);
    let mut left_x = area.x + 1;
    if state.policy.read_only.is_some() {
        left_x = put(buffer, left_x, area.y, READ_ONLY, area.width, state.theme.style(Scope::Warning)) + 1;
    }
    let room = right_x.saturating_sub(left_x + 2);
    let way = way(state, area.width);
    let (whole, least) = (width(&joined(&way)) as u16, shortest(&way));
    let all = [(Tabs::Apart, GAP), (Tabs::Close, GAP), (Tabs::Names, GAP), (Tabs::Keys, GAP), (Tabs::Lit, 2)]
        .map(|(how, gap)| (tabs(state, how), gap));
    let tabs_wide = |tabs: &[(Piece, Pane)]| width(tabs.iter().map(|(piece, _)| piece)) as u16;
    let fits = |(tabs, gap): &&(Vec<(Piece, Pane)>, u16), way: u16| !tabs.is_empty() && way + gap + tabs_wide(tabs) <= room;
    // Where none fits, the way here may lose its middle, but not its ends.
    let chosen = all.iter().find(|tabs| fits(tabs, whole)).or_else(|| all.last().filter(|tabs| fits(tabs, least)));
    let (tabs, gap) = chosen.map_or((&[][..], 0), |(tabs, gap)| (tabs, *gap));
    let tabs_width = tabs_wide(tabs);
    let end = left_x + room.saturating_sub(tabs_width + gap);
    let mut x = left_x;
    for (words, look) in &shortened(way, end.saturating_sub(x) as usize) {
        x = put_end(buffer, x, area.y, words, end.saturating_sub(x), state.theme.style(*look));
    }
    // In the middle where there is room, so that they do not jump with the namespace's name.
    let middle = area.x + area.width.saturating_sub(tabs_width) / 2;
    let mut x = (x + gap).max(middle.min(end + gap));
    for ((words, look), pane) in tabs {
        let start = x;
        let lit = *look == Scope::TabActive && state.policy.danger;
        let style = state.theme.style(*look);
        let style = if lit { style.add_modifier(Modifier::UNDERLINED) } else { style };
        x = put(buffer, x, area.y, words, area.right().saturating_sub(x), style);
        hits.run(start, area.y, x - start, format!("view {}", pane.title().to_lowercase()));
    }
    let mut x = right_x;
    let open = usize::from(state.forwards.iter().len() > 0);
    for (at, (words, look)) in right.iter().enumerate() {
        let start = x;
        x = put_end(buffer, x, area.y, words, area.right().saturating_sub(x), state.theme.style(*look));
        if at + open == right.len() && open > 0 {
            hits.run(start, area.y, x - start, "forwards");
        }
    }
    if state.policy.danger {
        // Looks that were chosen for another background give way; the words, and what is bold, stay.
        buffer.set_style(area, state.theme.style(Scope::HeaderDanger));
    }
}

fn width<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> usize {
    pieces.into_iter().map(|(words, _)| text::width(&text::safe(words))).sum()
}

/// What becomes of a log's streams, in words, and how true that makes it.
fn streams(streams: &Streams, pieces: &mut Vec<Piece>) -> Truth {
    let containers = |count: usize| if count == 1 { "1 container".to_owned() } else { format!("{count} containers") };
    if streams.waiting > 0 {
        let all = streams.open + streams.waiting;
        pieces.push((format!("◌ {} of {all} not read  ", streams.waiting), Scope::Stale));
    } else if streams.open > 0 {
        pieces.push((format!("{}  ", containers(streams.open)), Scope::Text));
    } else if streams.ended > 0 {
        pieces.push((format!("{} ended  ", containers(streams.ended)), Scope::Dim));
    }
    if streams.complete { Truth::Live } else { Truth::Starting }
}

/// The steps that lead here: context, namespaces, what one came from, what it is.
fn way(state: &State, width: u16) -> Vec<Piece> {
    let name = if state.context.name.is_empty() { "no context" } else { &state.context.name };
    let scope = if state.scope == Namespaces::All && width < 100 { "all".to_owned() } else { state.scope.to_string() };
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
            View::Edit(editor) => steps.push((editor.title.to_string(), Scope::Accent)),
            View::Log(view) => {
                steps.push((view.wanted.target.title.to_string(), Scope::Dim));
                steps.push(("logs".into(), Scope::Accent));
            }
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

/// How wide the way is with nothing between its ends.
fn shortest(steps: &[Piece]) -> u16 {
    let ends = [steps.first(), steps.last()].into_iter().flatten().cloned().collect::<Vec<_>>();
    let hole = if steps.len() > 2 { 4 } else { 0 };
    (width(&joined(&ends)) + hole) as u16
}

/// The way here in so much room: the steps after the first are left out one by one. The cluster that one is in, and what one
/// looks at, stay.
fn shortened(steps: Vec<Piece>, room: usize) -> Vec<Piece> {
    let without = |from: usize| {
        let mut some = vec![steps[0].clone(), ("…".to_owned(), Scope::Dim)];
        some.extend_from_slice(&steps[from..]);
        joined(&some)
    };
    let whole = joined(&steps);
    if width(&whole) <= room {
        return whole;
    }
    let mut shortest = whole;
    for pieces in (2..steps.len()).map(without) {
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

/// The tabs, each piece with the pane that it is of.
fn tabs(state: &State, how: Tabs) -> Vec<(Piece, Pane)> {
    let mut pieces = Vec::new();
    let lit = state.pane();
    for (at, pane) in Pane::ALL.into_iter().enumerate() {
        let chosen = lit == Some(pane);
        if how == Tabs::Lit && !chosen {
            continue;
        }
        let look = if chosen { Scope::TabActive } else { Scope::TabInactive };
        if !pieces.is_empty() {
            pieces.push(((if how == Tabs::Apart { "   " } else { "  " }.into(), look), pane));
        }
        let named = chosen || matches!(how, Tabs::Apart | Tabs::Close | Tabs::Names);
        let name = match (named, how) {
            (true, Tabs::Lit) => pane.title().to_owned(),
            (true, _) => format!("{} {}", at + 1, pane.title()),
            (false, _) => (at + 1).to_string(),
        };
        pieces.push(((name, look), pane));
        let Some(table) = state.tables.get(&state.pane_key(pane)) else { continue };
        // A number that is not complete yet would be a lie.
        let counted = chosen || matches!(how, Tabs::Apart | Tabs::Close);
        if counted && (table.truth().complete() || !table.store.is_empty()) {
            let more = if table.truth() == Truth::Syncing { "…" } else { "" };
            pieces.push(((format!(" {}{more}", table.store.len()), look), pane));
        }
        if table.store.unhealthy() > 0 {
            pieces.push(((format!(" !{}", table.store.unhealthy()), Scope::TabBad), pane));
        }
    }
    pieces
}

/// How many port-forwards are open, and whether one of them leads nowhere.
fn forwards(state: &State) -> Option<Piece> {
    let count = state.forwards.iter().len();
    let waits = state.forwards.iter().any(|forward| matches!(forward.goes, Goes::Waits(_)));
    (count > 0).then(|| (format!("  ⇄ {count}"), if waits { Scope::Warning } else { Scope::Info }))
}

/// How true what is on the screen is.
fn truth(state: &State) -> Vec<Piece> {
    let now = state.clock.now();
    let mut pieces: Vec<Piece> = Vec::new();
    let shown = match state.stack.last() {
        Some(View::Log(view)) => {
            pieces.push((format!("{}  ", view.what()), Scope::Dim));
            streams(&view.streams, &mut pieces)
        }
        Some(View::Table(view)) => state.tables.get(&view.place.key).map(|table| table.truth()).unwrap_or_default(),
        Some(View::Edit(editor)) if editor.is_ready() && matches!(state.link, Link::Up { .. }) => {
            // A text that is typed is no live one: what there is to know is whether it is saved.
            return vec![match (editor.is_changed(), &editor.subject) {
                _ if editor.meanwhile == Meanwhile::Gone => ("✗ gone".into(), Scope::Gone),
                (false, _) if editor.meanwhile != Meanwhile::Nothing => ("◌ changed by others".into(), Scope::Stale),
                (true, _) => ("● not saved".into(), Scope::Warning),
                (false, Some(_)) => ("● saved".into(), Scope::Live),
                (false, None) => ("○ not made yet".into(), Scope::Syncing),
            }];
        }
        Some(View::Edit(editor)) if editor.is_ready() => Truth::Live,
        Some(View::Edit(_)) => Truth::Starting,
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
        // Nothing was ever here that could be old.
        (Link::Down { since: None, .. }, _) => ("✗ unreachable".into(), Scope::Forbidden),
        (_, Truth::Stale { since: then, why }) => (stale(*then, why), Scope::Stale),
        (Link::Down { since: Some(then), why }, _) => (stale(*then, why), Scope::Stale),
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
