//! What can follow the keys of a sequence that has begun: a small list above the bottom line, where there are several ways.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_end, wipe};
use crate::theme::Scope;
use crate::view::hits::Hits;
use crate::view::state::{State, Way};
use crate::view::text;

/// The list is no wider than this.
const WIDEST: u16 = 84;

impl Way {
    /// What it does, or why it cannot.
    fn words(&self) -> &str {
        self.refused.as_deref().unwrap_or(self.doc)
    }
}

/// Draws the ways to go on, right above the bottom line.
pub fn draw(state: &State, buffer: &mut Buffer, body: Rect, hits: &mut Hits) {
    let ways = &state.pending;
    if ways.len() < 2 || body.height < 2 {
        return;
    }
    let widest = |words: fn(&Way) -> &str| ways.iter().map(|way| text::width(words(way))).max().unwrap_or(0) as u16;
    let (keys, commands, docs) = (widest(|way| &way.key), widest(|way| &way.command), widest(Way::words));
    let width = (keys + commands + docs + 8).min(WIDEST).min(body.width);
    let rows = (ways.len() as u16).min(body.height - 1);
    let area = Rect { x: body.x, y: body.bottom() - rows - 1, width, height: rows + 1 };
    wipe(buffer, area, &state.theme);
    put(buffer, area.x, area.y, &"─".repeat(width.into()), width, state.theme.style(Scope::Rule));
    let pressed = format!(" {} … ", crate::keymap::Key::print_all(state.pressed.keys()));
    put(buffer, area.x + 2, area.y, &pressed, width.saturating_sub(4), state.theme.style(Scope::TextHeading));
    for (way, y) in ways.iter().zip(area.y + 1..area.bottom()) {
        let room = |x: u16| area.right().saturating_sub(x + 1);
        let x = area.x + 2;
        let (key_look, look) = if way.refused.is_some() { (Scope::KeyDisabled, Scope::KeyDisabled) } else { (Scope::Key, Scope::Text) };
        put(buffer, x, y, &way.key, room(x), state.theme.style(key_look));
        let x = x + keys + 2;
        let command = if way.command.is_empty() { "…" } else { &way.command };
        put_end(buffer, x, y, command, room(x), state.theme.style(look));
        let x = x + commands + 2;
        put_end(buffer, x, y, way.words(), room(x), state.theme.style(Scope::Dim));
        if !way.command.is_empty() {
            hits.run(area.x, y, width, way.command.clone());
        }
    }
}
