//! The bottom line: what one types, what was said, how much matches, and what can be done with the row under the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_end, wipe};
use crate::keymap::Mode;
use crate::kinds::schema::Level;
use crate::theme::Scope;
use crate::view::editor::Editor;
use crate::view::hits::Hits;
use crate::view::log::LogView;
use crate::view::picker::Purpose;
use crate::view::prompt::Line;
use crate::view::state::{Hint, Overlay, State, Tone, View};
use crate::view::text;
use crate::view::text_view::TextView;
use crate::view::wrap::broken_lines;

/// A sentence has no more rows than this.
const SAID: usize = 6;
/// Between two hints.
const GAP: u16 = 3;

/// Draws the footer. Gives where the terminal's cursor belongs while one types.
pub fn draw(state: &State, buffer: &mut Buffer, area: Rect, hits: &mut Hits) -> Option<(u16, u16)> {
    let typed = match &state.overlay {
        Overlay::Filter(line, _) => Some(('/', line)),
        Overlay::Search(line, _) => Some(('/', line)),
        Overlay::Replace(line, None) => Some(('⌕', line)),
        Overlay::Replace(line, Some(_)) => Some(('→', line)),
        Overlay::Picker(picker) => Some((if picker.purpose == Purpose::Palette { ':' } else { '›' }, &picker.line)),
        Overlay::Ask(question) if question.types() => Some(('›', &question.line)),
        Overlay::Scale(scaling) => Some(('›', &scaling.line)),
        Overlay::None | Overlay::Help(_) | Overlay::Ask(_) | Overlay::Acts(_) => None,
    };
    if let Some((sign, line)) = typed {
        return Some(prompt(state, buffer, area, sign, line));
    }
    let mut x = area.x + 1;
    let end = area.right();
    if let Some(message) = &state.message {
        let look = if message.tone == Tone::Error { Scope::Error } else { Scope::Info };
        sentence(state, buffer, area, &message.text, look);
        return None;
    }
    if !state.pressed.keys().is_empty() {
        x = put(
            buffer,
            x,
            area.y,
            &format!("{} ", crate::keymap::Key::print_all(state.pressed.keys())),
            end.saturating_sub(x),
            state.theme.style(Scope::Key),
        );
        // Several ways stand above.
        for way in state.pending.iter().filter(|_| state.pending.len() == 1) {
            x = put(buffer, x + 1, area.y, &way.key, end.saturating_sub(x + 1), state.theme.style(Scope::Key));
            x = put(buffer, x + 1, area.y, &way.command, end.saturating_sub(x + 1), state.theme.style(Scope::KeyLabel)) + 1;
        }
        return None;
    }
    for (words, look) in counted(state) {
        x = put_end(buffer, x, area.y, &words, end.saturating_sub(x), state.theme.style(look));
        x += 2;
    }
    hints(state, buffer, Rect { x: x + 1, width: end.saturating_sub(x + 1), ..area }, hits);
    None
}

/// What was said: the way out of it often stands at its end, so that a long sentence has as many rows as it needs, over what is
/// above it.
fn sentence(state: &State, buffer: &mut Buffer, area: Rect, words: &str, look: Scope) {
    let width = area.width.saturating_sub(2);
    // The top line and half of what is below it stay.
    let most = usize::from(area.y / 2).clamp(1, SAID);
    let lines = broken_lines(&text::safe(words), width.into(), most);
    let rows = lines.len() as u16;
    if rows > 1 {
        let top = area.bottom() - rows;
        wipe(buffer, Rect { y: top - 1, height: rows + 1, ..area }, &state.theme);
        put(buffer, area.x, top - 1, &"─".repeat(area.width.into()), area.width, state.theme.style(Scope::Rule));
    }
    for (line, y) in lines.iter().zip(area.bottom().saturating_sub(rows)..) {
        put(buffer, area.x + 1, y, line, width, state.theme.style(look));
    }
}

/// The filter in force, how much it leaves, and marks.
fn counted(state: &State) -> Vec<(String, Scope)> {
    let mut pieces = Vec::new();
    if let Overlay::Help(help) = &state.overlay {
        read(help, &mut pieces);
        return pieces;
    }
    match state.stack.last() {
        Some(View::Table(view)) => {
            let (total, unhealthy, matched) = view.counts();
            if let Some(mistake) = &view.mistake {
                pieces.push((format!("/{}", view.place.filter), Scope::Prompt));
                pieces.push((mistake.message.clone(), Scope::Error));
            } else if !view.place.filter.is_empty() {
                pieces.push((format!("/{}", view.place.filter), Scope::Prompt));
            }
            if view.place.unhealthy {
                pieces.push(("not healthy".into(), Scope::Prompt));
            }
            if matched != total {
                pieces.push((format!("{matched} of {total}"), Scope::Dim));
            } else if view.place.pane.is_none() && total > 0 {
                // The panes say it in their tabs.
                pieces.push((
                    if unhealthy > 0 { format!("{unhealthy} of {total} not healthy") } else { format!("{total} in all") },
                    Scope::Dim,
                ));
            }
            if !view.marks.is_empty() {
                let words = match view.mark_counts() {
                    (shown, 0) => format!("{shown} marked"),
                    (0, hidden) => format!("{hidden} marked, hidden by the filter"),
                    (shown, hidden) => format!("{shown} marked, {hidden} more hidden by the filter"),
                };
                pieces.push((words, Scope::Mark));
            }
            // What the table is not, or not all of: it stands there for as long as it is so.
            if let Some(note) = state.tables.get(&view.place.key).and_then(|table| table.note()) {
                pieces.push((note, Scope::Info));
            }
        }
        Some(View::Text(view)) => read(view, &mut pieces),
        Some(View::Log(view)) => said(view, &mut pieces),
        Some(View::Edit(editor)) => typed(editor, &mut pieces),
        None => {}
    }
    pieces
}

/// How many lines there are, whether the end is followed, what is left of them and what is found.
fn said(view: &LogView, pieces: &mut Vec<(String, Scope)>) {
    if view.follow {
        pieces.push(("following".into(), Scope::Live));
    } else if view.missed > 0 {
        pieces.push((format!("paused, {} new", view.missed), Scope::Info));
    } else if !view.paused {
        pieces.push(("standing".into(), Scope::Info));
    } else {
        pieces.push(("paused".into(), Scope::Info));
    }
    let lines = view.lines();
    let counting = || format!("counting {} %", view.counted());
    if !view.filter.is_empty() {
        pieces.push((format!("f {}", view.filter), Scope::Prompt));
        match &view.mistake {
            Some(mistake) => pieces.push((mistake.clone(), Scope::Error)),
            None => pieces.push((view.counts().map_or_else(counting, |(left, _)| format!("{left} of {lines}")), Scope::Dim)),
        }
    } else {
        pieces.push((if lines == 1 { "1 line".into() } else { format!("{lines} lines") }, Scope::Dim));
    }
    if !view.searched().is_empty() {
        pieces.push((format!("/{}", view.searched()), Scope::Prompt));
        let words = match view.counts() {
            Some((_, 0)) => "not found".to_owned(),
            Some((_, found)) => view.search_at.map_or_else(|| format!("{found} found"), |at| format!("{at} of {found}")),
            None => counting(),
        };
        pieces.push((words, Scope::Dim));
    }
    if let Some(held) = view.streams.asks.filter(|_| lines > 0) {
        pieces.push((format!("{held} more containers wait: enter reads them"), Scope::Warning));
    }
    if !view.marks.is_empty() {
        pieces.push((format!("{} marked", view.marks.len()), Scope::Mark));
    }
}

/// Where the cursor is in a text that is edited, what is wrong with it, and what is searched for.
fn typed(editor: &Editor, pieces: &mut Vec<(String, Scope)>) {
    if !editor.is_ready() {
        return;
    }
    let (line, column) = editor.place();
    pieces.push((format!("{line}:{column}"), Scope::Dim));
    if let Some((words, worst)) = editor.problems() {
        pieces.push((words, if worst == Level::Refused { Scope::Error } else { Scope::Warning }));
    }
    if let Some((text, at, of)) = editor.searched() {
        pieces.push((format!("/{text}"), Scope::Prompt));
        pieces.push((if of == 0 { "not found".into() } else { format!("{at} of {of}") }, Scope::Dim));
    }
}

/// How far one has read in a text, and what is searched for in it.
fn read(view: &TextView, pieces: &mut Vec<(String, Scope)>) {
    let last = (view.top + view.height).min(view.lines.len());
    pieces.push((format!("{last}/{}", view.lines.len()), Scope::Dim));
    if let Some((at, of)) = view.search_place() {
        pieces.push((format!("/{}", view.searched()), Scope::Prompt));
        pieces.push((if of == 0 { "not found".into() } else { format!("{at} of {of}") }, Scope::Dim));
    }
}

/// Keys and what they do; what cannot be done now is grey.
fn hints(state: &State, buffer: &mut Buffer, area: Rect, hits: &mut Hits) {
    let mode = match state.mode() {
        mode @ (Mode::Text | Mode::Log | Mode::Edit) => mode,
        _ => Mode::Table,
    };
    let help = "help";
    let mut x = area.x;
    // The help is always there, at the right end.
    let help_key = state.keymap.keys_for(help, mode).into_iter().next().unwrap_or_default();
    let help_width = (text::width(&help_key) + 9) as u16;
    let end = area.right().saturating_sub(help_width + 1);
    for Hint { command, label, refused } in &state.hints {
        let Some(key) = state.keymap.keys_for(command, mode).into_iter().next() else { continue };
        let wide = (text::width(&key) + text::width(label) + 4) as u16;
        if x + wide > end {
            break;
        }
        let (key_look, label_look) = if *refused { (Scope::KeyDisabled, Scope::KeyDisabled) } else { (Scope::Key, Scope::KeyLabel) };
        let start = x;
        x = put(buffer, x, area.y, &key, end.saturating_sub(x), state.theme.style(key_look));
        x = put(buffer, x + 1, area.y, label, end.saturating_sub(x + 1), state.theme.style(label_look));
        hits.run(start, area.y, x - start, *command);
        x += GAP;
    }
    // A box says all of its keys itself.
    if area.width > help_width && !matches!(state.mode(), Mode::Confirm | Mode::Acts) {
        let x = put(buffer, area.right() - help_width, area.y, &help_key, help_width, state.theme.style(Scope::Key));
        put(buffer, x + 1, area.y, "all keys", 8, state.theme.style(Scope::KeyLabel));
        hits.run(area.right() - help_width, area.y, help_width, help);
    }
}

fn prompt(state: &State, buffer: &mut Buffer, area: Rect, sign: char, line: &Line) -> (u16, u16) {
    let x = put(buffer, area.x + 1, area.y, &sign.to_string(), 1, state.theme.style(Scope::Prompt));
    // What does not fit is scrolled away to the left: the cursor stays in sight.
    let room = area.width.saturating_sub(x - area.x + 2) as usize;
    let before = text::safe(line.before());
    let mut skipped = before.as_ref();
    while text::width(skipped) > room.saturating_sub(1) {
        let Some(first) = skipped.chars().next() else { break };
        skipped = &skipped[first.len_utf8()..];
    }
    let after = text::safe(&line.text()[line.before().len()..]);
    let look = state.theme.style(if line.is_selected() { Scope::Selection } else { Scope::Text });
    let cursor = put(buffer, x, area.y, skipped, room as u16, look);
    let mut x = put(buffer, cursor, area.y, &after, area.right().saturating_sub(cursor), state.theme.style(Scope::Text));
    if let (Overlay::Filter(..), Some(View::Log(view))) = (&state.overlay, state.view()) {
        let (words, look) = match &view.mistake {
            Some(mistake) => (mistake.clone(), Scope::Error),
            None => (view.counts().map_or_else(String::new, |(left, _)| format!("{left} of {}", view.lines())), Scope::Dim),
        };
        x = put_end(buffer, x + 2, area.y, &words, area.right().saturating_sub(x + 3), state.theme.style(look));
    }
    if let (Overlay::Filter(..), Some(view)) = (&state.overlay, state.table_view()) {
        let (words, look) = match &view.mistake {
            Some(mistake) => (mistake.message.clone(), Scope::Error),
            None => {
                let (total, _, matched) = view.counts();
                (format!("{matched} of {total}"), Scope::Dim)
            }
        };
        x = put_end(buffer, x + 2, area.y, &words, area.right().saturating_sub(x + 3), state.theme.style(look));
    }
    // What was wrong with it is said where it is typed.
    let boxed = matches!(state.overlay, Overlay::Ask(_) | Overlay::Scale(_));
    if let Some(message) = state.message.as_ref().filter(|message| message.tone == Tone::Error && !boxed) {
        x = put_end(buffer, x + 2, area.y, &message.text, area.right().saturating_sub(x + 3), state.theme.style(Scope::Error));
    }
    ways_out(state, buffer, Rect { x: x + GAP, width: area.right().saturating_sub(x + GAP), ..area });
    (cursor.min(area.right().saturating_sub(1)), area.y)
}

/// Which keys end the typing, at the right end, where there is room for both.
fn ways_out(state: &State, buffer: &mut Buffer, area: Rect) {
    let (accept, cancel) = match &state.overlay {
        Overlay::Filter(..) => ("keep", "as before"),
        Overlay::Search(..) => ("search", "leave"),
        Overlay::Replace(_, None) => ("replace by …", "leave"),
        Overlay::Replace(_, Some(_)) => ("replace all", "leave"),
        Overlay::Picker(picker) if picker.purpose == Purpose::Leaving => ("do it", "go on editing"),
        Overlay::Picker(_) => ("go", "leave"),
        Overlay::Ask(_) => ("go on", "nothing is done"),
        Overlay::Scale(_) => ("scale", "leave"),
        Overlay::None | Overlay::Help(_) | Overlay::Acts(_) => return,
    };
    let mode = state.mode();
    let key = |command: &str| state.keymap.keys_for(command, mode).into_iter().next();
    let palette = matches!(&state.overlay, Overlay::Picker(picker) if picker.purpose == Purpose::Palette);
    let complete = Some(("complete", "complete")).filter(|_| palette);
    let ways = complete.into_iter().chain([("accept", accept), ("cancel", cancel)]);
    let mut ways: Vec<(String, &str)> = ways.filter_map(|(command, label)| Some((key(command)?, label))).collect();
    let wide = |ways: &[(String, &str)]| {
        let wide: usize = ways.iter().map(|(key, label)| text::width(key) + 1 + text::width(label) + GAP as usize).sum();
        (wide as u16).saturating_sub(GAP - 1)
    };
    // How to leave is worth more.
    if palette && wide(&ways) > area.width && ways.len() > 2 {
        ways.remove(0);
    }
    let wide = wide(&ways);
    if ways.is_empty() || wide > area.width {
        return;
    }
    let mut x = area.right() - wide;
    for (key, label) in ways {
        x = put(buffer, x, area.y, &key, area.right().saturating_sub(x), state.theme.style(Scope::Key));
        x = put(buffer, x + 1, area.y, label, area.right().saturating_sub(x + 1), state.theme.style(Scope::KeyLabel)) + GAP;
    }
}
