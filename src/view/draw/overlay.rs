//! What lies over the view: a list to choose from, the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_end, text_view, wipe};
use crate::theme::Scope;
use crate::view::hits::{Hits, Spot};
use crate::view::picker::{Picker, Purpose};
use crate::view::state::{Overlay, State};
use crate::view::text;
use crate::view::wrap::broken_lines;

/// A list has no more rows than this.
const ROWS: u16 = 18;
/// No more columns are kept for names before what is said of them.
const NAMES: usize = 32;
/// How wide a list is that opened by itself.
const ASKS: u16 = 84;
/// The reason takes no more rows than this.
const REASON: usize = 6;

/// Draws what lies over the body.
pub fn draw(state: &mut State, buffer: &mut Buffer, body: Rect, hits: &mut Hits) {
    if let Overlay::Help(view) | Overlay::Search(_, Some(view)) = &mut state.overlay {
        wipe(buffer, body, &state.theme);
        text_view::text(view, &state.theme, buffer, body);
        return;
    }
    let Overlay::Picker(picker) = &state.overlay else { return };
    let title = match picker.purpose {
        Purpose::Contexts => "Contexts",
        Purpose::Namespaces => "Namespaces",
        Purpose::Themes => "Themes",
        Purpose::Keymaps => "Key maps",
        Purpose::Containers => "Log of",
        Purpose::Leaving => "Leave",
        Purpose::Palette => "Go to",
        Purpose::Choosing => "Choose",
    };
    // A list that one asked for grows from the bottom, where one types; one that asks by itself stands in the middle.
    let asks = !picker.reason.is_empty();
    let names = picker.shown().map(|(_, choice)| text::width(&text::safe(&choice.name))).max().unwrap_or(0).min(NAMES) as u16;
    let width = if asks { body.width.min(ASKS) } else { body.width };
    let safe = text::safe(&picker.reason);
    let reason = broken_lines(&safe, width.saturating_sub(4).into(), REASON.min((body.height / 2).into()));
    let said = said(picker, width.saturating_sub(4).into());
    let above = 1 + said.len() as u16 + if asks { reason.len() as u16 + 1 } else { 0 };
    let rows = (picker.shown().len() as u16).max(u16::from(said.is_empty())).min(body.height.saturating_sub(above)).min(ROWS);
    let height = (rows + above).min(body.height);
    let area = if asks {
        Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 3, width, height }
    } else {
        Rect { x: body.x, y: body.bottom() - height, width, height }
    };
    wipe(buffer, area, &state.theme);
    let rule = state.theme.style(Scope::Rule);
    put(buffer, area.x, area.y, &"─".repeat(width as usize), width, rule);
    put(buffer, area.x + 2, area.y, &format!(" {title} "), width.saturating_sub(4), state.theme.style(Scope::TextHeading));
    let mut y = area.y + 1;
    for line in &reason {
        put(buffer, area.x + 2, y, line, width.saturating_sub(4), state.theme.style(Scope::Error));
        y += 1;
    }
    y += u16::from(asks);
    for (words, look) in &said {
        put(buffer, area.x + 2, y, words, width.saturating_sub(4), state.theme.style(*look));
        y += 1;
    }
    let room = area.bottom().saturating_sub(y) as usize;
    let first = (picker.at() + 1).saturating_sub(room);
    for (place, (chosen, choice)) in picker.shown().enumerate().skip(first).take(room) {
        hits.put(Rect { x: area.x, y, width, height: 1 }, Spot::Choice(place));
        let refused = choice.refused.is_some();
        let look = if refused { Scope::KeyDisabled } else { Scope::Text };
        let end = put_end(buffer, area.x + 2, y, &choice.name, width.saturating_sub(4), state.theme.style(look));
        let x = end.max(area.x + 2 + names) + 2;
        let about = choice.refused.as_ref().unwrap_or(&choice.about);
        put_end(buffer, x, y, about, area.right().saturating_sub(x + 1), state.theme.style(Scope::Dim));
        if chosen {
            buffer.set_style(Rect { x: area.x, y, width, height: 1 }, state.theme.style(Scope::Cursor));
            put(buffer, area.x, y, "▌", 1, state.theme.style(Scope::CursorBar));
        }
        y += 1;
    }
    if picker.shown().len() == 0 && y < area.bottom() {
        let words = match picker.purpose {
            Purpose::Palette if picker.at_first_word() => "nothing of that name: enter says what is like it",
            // Not everything that can be typed can be listed.
            Purpose::Palette => "",
            Purpose::Namespaces => "nothing of that name is known: enter looks at it all the same",
            Purpose::Choosing if picker.is_free() => "enter takes what is typed",
            Purpose::Contexts | Purpose::Themes | Purpose::Keymaps | Purpose::Containers | Purpose::Leaving | Purpose::Choosing => {
                "nothing of that name"
            }
        };
        put(buffer, area.x + 2, y, words, width.saturating_sub(4), state.theme.style(Scope::Dim));
    }
}

/// What is known of the line that is typed: what came of it, else what the command takes and does, and why it cannot.
fn said(picker: &Picker, width: usize) -> Vec<(String, Scope)> {
    let lines = |words: &str, most: usize, look: Scope| {
        let safe = text::safe(words);
        broken_lines(&safe, width, most).into_iter().map(move |line| (line, look)).collect::<Vec<_>>()
    };
    if let Some(error) = &picker.error {
        return lines(error, REASON, Scope::Error);
    }
    let Some(usage) = picker.usage() else { return Vec::new() };
    let mut said = lines(&format!("{}   {}", usage.line, usage.doc), 2, Scope::Strong);
    if let Some(why) = &usage.refused {
        said.extend(lines(&format!("not now: {why}"), 2, Scope::Progressing));
    }
    said
}
