//! What lies over the view: a list to choose from, the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_end, text_view};
use crate::theme::Scope;
use crate::view::picker::Purpose;
use crate::view::state::{Overlay, State};
use crate::view::text;

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
        Purpose::Palette => "Go to",
    };
    let widest = picker.shown().map(|(_, choice)| text::width(&choice.name) + text::width(&choice.about) + 6).max().unwrap_or(0);
    let width = (widest.max(text::width(&picker.reason) + 4) as u16).clamp(36, 90).min(body.width);
    let reason = !picker.reason.is_empty();
    let extra = 1 + u16::from(reason) * 2;
    let rows = (picker.shown().len() as u16).max(1).min(body.height.saturating_sub(extra + 1)).min(18);
    let height = (rows + extra).min(body.height);
    // The palette and the lists grow from the bottom, where one types.
    let area = Rect { x: body.x, y: body.bottom() - height, width, height };
    let area = if reason { Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 3, ..area } } else { area };
    clear(buffer, area);
    buffer.set_style(area, state.theme.style(Scope::Popup));
    let rule = state.theme.style(Scope::Rule);
    put(buffer, area.x, area.y, &"─".repeat(width as usize), width, rule);
    put(buffer, area.x + 2, area.y, &format!(" {title} "), width.saturating_sub(4), state.theme.style(Scope::TextHeading));
    let mut y = area.y + 1;
    if reason {
        put_end(buffer, area.x + 2, y, &picker.reason, width.saturating_sub(4), state.theme.style(Scope::Error));
        y += 2;
    }
    let room = area.bottom().saturating_sub(y) as usize;
    let first = (picker.at() + 1).saturating_sub(room);
    for (chosen, choice) in picker.shown().skip(first).take(room) {
        let refused = choice.refused.is_some();
        let look = if refused { Scope::KeyDisabled } else { Scope::Text };
        let x = put_end(buffer, area.x + 2, y, &choice.name, width.saturating_sub(4), state.theme.style(look));
        let about = choice.refused.as_ref().unwrap_or(&choice.about);
        put_end(buffer, x + 2, y, about, area.right().saturating_sub(x + 3), state.theme.style(Scope::Dim));
        if chosen {
            buffer.set_style(Rect { x: area.x, y, width, height: 1 }, state.theme.style(Scope::Cursor));
            put(buffer, area.x, y, "▌", 1, state.theme.style(Scope::CursorBar));
        }
        y += 1;
    }
    if picker.shown().len() == 0 {
        let words =
            if picker.purpose == Purpose::Palette { "nothing of that name: enter says what is like it" } else { "nothing of that name" };
        put(buffer, area.x + 2, y, words, width.saturating_sub(4), state.theme.style(Scope::Dim));
    }
}

fn clear(buffer: &mut Buffer, area: Rect) {
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            buffer[(x, y)].reset();
        }
    }
}
