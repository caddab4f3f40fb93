//! From state to cells of the terminal. Nothing here changes anything but how many rows fit, and where a click means what.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::hits::Hits;
use super::state::{Overlay, State, View};
use super::text;
use crate::model::row::Align;
use crate::theme::{Scope, Theme};

mod acting;
mod columns;
mod details;
mod editor;
mod editor_field;
mod footer;
mod header;
mod log;
mod notice;
mod overlay;
mod pending;
mod review;
mod table;
mod text_view;
mod usage;

/// From this width on the details stand beside the table.
pub const WIDE: u16 = 160;
/// From this height on they stand below it, where it is not wide enough.
pub const HIGH: u16 = 30;

/// Draws everything.
pub fn draw(state: &mut State, frame: &mut Frame<'_>) {
    let area = frame.area();
    state.size = (area.width, area.height);
    let buffer = frame.buffer_mut();
    buffer.set_style(area, state.theme.style(Scope::Background).patch(state.theme.style(Scope::Text)));
    if area.width < 2 || area.height < 2 {
        state.hits.clear();
        return;
    }
    let [head, body, foot] = split(area);
    let mut hits = std::mem::take(&mut state.hits);
    hits.clear();
    header::draw(state, buffer, head, &mut hits);
    let mut typed = None;
    match state.stack.last() {
        Some(View::Table(_)) => table_and_details(state, buffer, body, &mut hits),
        Some(View::Text(_)) => text_view::draw(state, buffer, body),
        Some(View::Log(_)) => log::draw(state, buffer, body, &mut hits),
        Some(View::Edit(_)) => typed = editor::draw(state, buffer, body, &mut hits),
        None => {}
    }
    if !matches!(state.overlay, Overlay::None | Overlay::Filter(..) | Overlay::Search(_, None) | Overlay::Replace(..)) {
        // What lies over the view takes every click.
        hits.clear();
    }
    overlay::draw(state, buffer, body, &mut hits);
    acting::draw(state, buffer, body);
    pending::draw(state, buffer, body, &mut hits);
    let typed = typed.filter(|_| matches!(state.overlay, Overlay::None));
    let cursor = footer::draw(state, buffer, foot, &mut hits).or(typed);
    state.hits = hits;
    if let Some((x, y)) = cursor {
        frame.set_cursor_position((x, y));
    }
}

fn split(area: Rect) -> [Rect; 3] {
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
    [Rect { height: 1, ..area }, body, Rect { y: area.bottom() - 1, height: 1, ..area }]
}

/// A screen of this size (columns, rows) has room for the details of the row.
pub fn has_details(size: (u16, u16)) -> bool {
    let [_, body, _] = split(Rect::new(0, 0, size.0, size.1.max(2)));
    details_area(body).is_some()
}

/// Where the details of the row stand, if there is room: beside or below.
pub(super) fn details_area(body: Rect) -> Option<(Rect, Rect)> {
    if body.width >= WIDE && body.height >= 10 {
        let width = (body.width * 2 / 5).clamp(50, 90);
        let table = Rect { width: body.width - width - 1, ..body };
        Some((table, Rect { x: table.right() + 1, width, ..body }))
    } else if body.height >= HIGH - 2 {
        let height = (body.height / 3).clamp(8, 14);
        let table = Rect { height: body.height - height - 1, ..body };
        Some((table, Rect { y: table.bottom() + 1, height, ..body }))
    } else {
        None
    }
}

fn table_and_details(state: &mut State, buffer: &mut Buffer, body: Rect, hits: &mut Hits) {
    let places = details_area(body).filter(|_| state.details_wanted && !matches!(state.overlay, Overlay::Help(_)));
    let Some((area, details)) = places else {
        table::draw(state, buffer, body, hits);
        return;
    };
    table::draw(state, buffer, area, hits);
    let rule = state.theme.style(Scope::Rule);
    if details.x > area.x {
        for y in area.y..area.bottom() {
            buffer.set_string(area.right(), y, "│", rule);
        }
    } else {
        buffer.set_string(area.x, area.bottom(), "─".repeat(area.width as usize), rule);
    }
    details::draw(state, buffer, details);
}

/// Empties an area that something is drawn over: nothing of what lies below is seen.
fn wipe(buffer: &mut Buffer, area: Rect, theme: &Theme) {
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            buffer[(x, y)].reset();
        }
    }
    let below = theme.style(Scope::Background).patch(theme.style(Scope::Text));
    buffer.set_style(area, below.patch(theme.style(Scope::Popup)));
}

/// Writes text that is safe already, and gives the column after it. What is beside the screen is not written: a terminal can
/// be smaller than anything that was thought of.
fn put(buffer: &mut Buffer, x: u16, y: u16, words: &str, limit: u16, style: Style) -> u16 {
    if limit == 0 || x >= buffer.area.right() || y >= buffer.area.bottom() {
        return x;
    }
    buffer.set_stringn(x, y, words, limit as usize, style).0
}

/// Where a text is shortened that has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// At its end: words.
    End,
    /// In the middle, unless it is a sentence or a list: the end of a name or an image tells it from others.
    Middle,
}

/// Writes a cell of a table, made safe.
#[expect(clippy::too_many_arguments, reason = "where, what and how: each is one thing")]
fn put_cell(buffer: &mut Buffer, x: u16, y: u16, words: &str, width: u16, align: Align, cut: Cut, style: Style) {
    let safe = text::safe(words);
    let fitted = if cut == Cut::End || safe.contains([' ', ',']) {
        text::fit_end(&safe, width as usize)
    } else {
        text::fit_middle(&safe, width as usize)
    };
    let room = if align == Align::Right { width.saturating_sub(text::width(&fitted) as u16) } else { 0 };
    put(buffer, x + room, y, &fitted, width - room, style);
}

/// Writes text of the cluster: made safe and shortened at the end.
fn put_end(buffer: &mut Buffer, x: u16, y: u16, words: &str, limit: u16, style: Style) -> u16 {
    let safe = text::safe(words);
    put(buffer, x, y, &text::fit_end(&safe, limit as usize), limit, style)
}
