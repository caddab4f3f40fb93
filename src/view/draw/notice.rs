//! What stands where rows would stand: empty, loading, forbidden, away. Each says what is so and what to press.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::keymap::Mode;
use crate::model::scope::Scope as Namespaces;
use crate::model::state::{Link, Truth};
use crate::theme::Scope;
use crate::view::state::State;
use crate::view::tables::TableKey;
use crate::view::text;
use crate::view::wrap::broken_lines;

/// The server's own words take no more rows than this.
const WORDS: usize = 4;
/// Lines are not longer than this: a line across a wide screen is hard to read.
const LINE: u16 = 76;

/// What is so, why, and what to press.
struct Notice {
    look: Scope,
    title: String,
    /// In the words of whoever refuses; empty where there is nothing more to say.
    why: String,
    /// Keys and what they do.
    ways: Vec<(String, &'static str)>,
}

/// Why there are no rows.
pub fn empty(state: &State, buffer: &mut Buffer, area: Rect) {
    let Some(notice) = notice(state) else { return };
    let room = area.width.saturating_sub(4).min(LINE);
    let why = text::safe(&notice.why);
    let why = broken_lines(&why, room as usize, WORDS);
    let ways = rows_of_ways(&notice.ways, room);
    let lines = (1 + why.len() + if ways.is_empty() { 0 } else { ways.len() + 1 }) as u16;
    let mut y = area.y + area.height.saturating_sub(lines) / 3;
    let centre = |wide: usize| area.x + (area.width - (wide as u16).min(area.width)) / 2;
    let title = text::safe(&notice.title);
    let title = text::fit_end(&title, area.width.saturating_sub(2) as usize);
    let dim = state.theme.style(Scope::Dim);
    if y < area.bottom() {
        put(buffer, centre(text::width(&title)), y, &title, area.width, state.theme.style(notice.look));
    }
    y += 1;
    // The keys are worth more than the last of the words.
    let space = area.bottom().saturating_sub(y + ways.len() as u16) as usize;
    for line in why.iter().take(space) {
        put(buffer, centre(text::width(line)), y, line, area.width, dim);
        y += 1;
    }
    // An empty line before the keys, where there is room for one.
    if y + (ways.len() as u16) < area.bottom() {
        y += 1;
    }
    for ways in ways {
        if y >= area.bottom() {
            return;
        }
        let mut x = centre(wide(ways));
        for (key, label) in ways {
            x = put(buffer, x, y, key, area.right().saturating_sub(x), state.theme.style(Scope::Key));
            x = put(buffer, x + 1, y, label, area.right().saturating_sub(x + 1), dim) + 3;
        }
        y += 1;
    }
}

fn wide(ways: &[(String, &str)]) -> usize {
    ways.iter().map(|(key, label)| text::width(key) + 1 + text::width(label) + 3).sum::<usize>().saturating_sub(3)
}

/// The keys in one row where they fit, else one below the other.
fn rows_of_ways<'a>(ways: &'a [(String, &'static str)], room: u16) -> Vec<&'a [(String, &'static str)]> {
    if wide(ways) <= room as usize { ways.chunks(ways.len().max(1)).collect() } else { ways.chunks(1).collect() }
}

fn notice(state: &State) -> Option<Notice> {
    let view = state.table_view()?;
    let table = state.tables.get(&view.place.key)?;
    let what = plural(&view.place.key);
    let way = |command: &str, label: &'static str| {
        (state.keymap.keys_for(command, Mode::Table).into_iter().next().unwrap_or_else(|| format!(":{command}")), label)
    };
    let notice =
        |look: Scope, title: String, why: &str, ways: Vec<(String, &'static str)>| Notice { look, title, why: why.to_owned(), ways };
    let (total, ..) = view.counts();
    Some(match (&state.link, &table.truth()) {
        (_, Truth::Live | Truth::Polling { .. }) if total > 0 => {
            let title = match (view.place.unhealthy, &*view.place.filter) {
                (true, "") => format!("All {total} {what} are healthy"),
                (true, filter) => format!("None of {total} {what} matches /{filter} and is not healthy"),
                (false, filter) => format!("None of {total} {what} matches /{filter}"),
            };
            notice(Scope::Text, title, "", vec![way("back", "shows them again")])
        }
        _ if view.place.key == TableKey::Forwards => {
            let ways = vec![way("port-forward", "on a pod, a service or a workload opens one"), way("back", "goes back")];
            notice(Scope::Text, "No port-forward is open".into(), "", ways)
        }
        (_, Truth::Live | Truth::Polling { .. }) => {
            let scope = view.place.key.scope();
            let anywhere = view.place.key.kind().is_some_and(|kind| !kind.namespaced) || *scope == Namespaces::All;
            let place = if anywhere { String::new() } else { format!(" in {scope}") };
            let from = if view.place.crumb.is_empty() { String::new() } else { format!(" of {}", view.place.crumb) };
            let ways = match (view.place.crumb.is_empty(), anywhere) {
                (false, _) => vec![way("back", "goes back")],
                (true, true) => vec![way("palette", "goes to another kind")],
                (true, false) => vec![way("all-namespaces", "all namespaces"), way("namespaces", "another namespace")],
            };
            notice(Scope::Text, format!("No {what}{from}{place}"), &state.absence(scope), ways)
        }
        (_, Truth::Forbidden { why }) => {
            let ways = vec![way("namespaces", "another namespace"), way("contexts", "another context")];
            notice(Scope::Forbidden, format!("You may not see {what} here"), why, ways)
        }
        (_, Truth::Missing { why }) => {
            notice(Scope::Warning, format!("The server does not know {what}"), why, vec![way("palette", "goes to another kind")])
        }
        (Link::Connecting { doing, .. }, _) => {
            notice(Scope::Syncing, format!("{}…", capital(doing)), "", vec![way("contexts", "another context")])
        }
        (Link::Unauthorized { why, login }, _) if *login || state.login_command => {
            notice(Scope::Forbidden, "You are not logged in".into(), why, vec![way("login", "logs in"), way("contexts", "another context")])
        }
        (Link::Unauthorized { why, .. }, _) => {
            let why = format!("{why}. The kubeconfig is read again when it changes.");
            notice(Scope::Forbidden, "You are not logged in".into(), &why, vec![way("contexts", "another context")])
        }
        (Link::Up { .. }, Truth::Stale { why, .. }) => notice(
            Scope::Stale,
            format!("{} cannot be read now", capital(&what)),
            &format!("{why}. Trying again."),
            vec![way("retry", "tries now")],
        ),
        (Link::Down { why, .. }, _) | (_, Truth::Stale { why, .. }) => {
            let server = if state.context.server.is_empty() { "The cluster" } else { &state.context.server };
            let why = format!("{why}. Trying again.");
            let ways = vec![way("retry", "tries now"), way("contexts", "another context")];
            notice(Scope::Stale, format!("{server} does not answer"), &why, ways)
        }
        (_, Truth::Starting | Truth::Syncing) => notice(Scope::Syncing, format!("Loading {what}…"), "", Vec::new()),
    })
}

/// What the rows of a table are called.
pub fn plural(key: &TableKey) -> String {
    match key {
        TableKey::Kind(kind, _) | TableKey::Picked(kind, ..) | TableKey::Nodes(kind) => kind.plural.to_string(),
        TableKey::Services(_) => "services".into(),
        TableKey::Labels(_) => "labels".into(),
        TableKey::Labelled(..) => "objects".into(),
        TableKey::Rollouts(_) => "rollouts".into(),
        TableKey::Events(_) => "events".into(),
        TableKey::Containers(..) => "containers".into(),
        TableKey::Forwards => "forwards".into(),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
