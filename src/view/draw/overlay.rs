//! What lies over the view: a list to choose from, the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_end, text_view};
use crate::theme::Scope;
use crate::view::picker::Purpose;
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
pub fn draw(state: &mut State, buffer: &mut Buffer, body: Rect) {
    if let Overlay::Help(view) = &mut state.overlay {
        clear(buffer, body);
        buffer.set_style(body, state.theme.style(Scope::Popup));
        text_view::text(view, &state.theme, buffer, body);
        return;
    }
    let Overlay::Picker(picker) = &state.overlay else { return };
    let title = match picker.purpose {
        Purpose::Contexts => "Contexts",
        Purpose::Namespaces => "Namespaces",
        Purpose::Themes => "Themes",
        Purpose::Keymaps => "Key maps",
        Purpose::Palette => "Go to",
    };
    // A list that one asked for grows from the bottom, where one types; one that asks by itself stands in the middle.
    let asks = !picker.reason.is_empty();
    let names = picker.shown().map(|(_, choice)| text::width(&text::safe(&choice.name))).max().unwrap_or(0).min(NAMES) as u16;
    let width = if asks { body.width.min(ASKS) } else { body.width };
    let safe = text::safe(&picker.reason);
    let reason = broken_lines(&safe, width.saturating_sub(4).into(), REASON.min((body.height / 2).into()));
    let above = 1 + if asks { reason.len() as u16 + 1 } else { 0 };
    let rows = (picker.shown().len() as u16).max(1).min(body.height.saturating_sub(above)).min(ROWS);
    let height = (rows + above).min(body.height);
    let area = if asks {
        Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 3, width, height }
    } else {
        Rect { x: body.x, y: body.bottom() - height, width, height }
    };
    clear(buffer, area);
    buffer.set_style(area, state.theme.style(Scope::Popup));
    let rule = state.theme.style(Scope::Rule);
    put(buffer, area.x, area.y, &"─".repeat(width as usize), width, rule);
    put(buffer, area.x + 2, area.y, &format!(" {title} "), width.saturating_sub(4), state.theme.style(Scope::TextHeading));
    let mut y = area.y + 1;
    for line in &reason {
        put(buffer, area.x + 2, y, line, width.saturating_sub(4), state.theme.style(Scope::Error));
        y += 1;
    }
    y += u16::from(asks);
    let room = area.bottom().saturating_sub(y) as usize;
    let first = (picker.at() + 1).saturating_sub(room);
    for (chosen, choice) in picker.shown().skip(first).take(room) {
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
    if picker.shown().len() == 0 {
        let words = match picker.purpose {
            Purpose::Palette => "nothing of that name: enter says what is like it",
            Purpose::Namespaces => "nothing of that name is known: enter looks at it all the same",
            Purpose::Contexts | Purpose::Themes | Purpose::Keymaps => "nothing of that name",
        };
        put(buffer, area.x + 2, y, words, width.saturating_sub(4), state.theme.style(Scope::Dim));
    }
}

pub(super) fn clear(buffer: &mut Buffer, area: Rect) {
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            buffer[(x, y)].reset();
        }
    }
}
