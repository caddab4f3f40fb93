//! A log: its lines, a bar before the one under the cursor, and what is said where there are none.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{put, put_end};
use crate::model::log::Since;
use crate::theme::{Scope, Theme, colour::Colour};
use crate::view::hits::{Hits, Spot};
use crate::view::log::{LogView, Look, Row};
use crate::view::state::{State, View};
use crate::view::text;
use crate::view::wrap::broken_lines;

/// What tells sources from one another, where there are colours; their names do in any case.
const NAMES: [Scope; 6] = [Scope::Accent, Scope::TextString, Scope::TextNumber, Scope::TextKey, Scope::TextLiteral, Scope::TextHeading];

/// Draws the log on the screen.
pub fn draw(state: &mut State, buffer: &mut Buffer, area: Rect, hits: &mut Hits) {
    let now = state.now();
    let theme = &state.theme;
    let Some(View::Log(log)) = state.stack.last_mut() else { return };
    let mut area = area;
    if log.dropped > 0 && log.at_start() && area.height > 2 {
        let words = format!("{} older lines were dropped: the file for them is full (logs.spool in config.toml)", log.dropped);
        put_end(buffer, area.x + 2, area.y, &words, area.width.saturating_sub(3), theme.style(Scope::Warning));
        area = Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let rows = log.rows(area.width.saturating_sub(2).into(), area.height.into(), now);
    if rows.is_empty() {
        return empty(log, theme, buffer, area);
    }
    for (row, y) in rows.into_iter().zip(area.y..area.bottom()) {
        let line = Rect { y, height: 1, ..area };
        hits.put(line, Spot::Line(row.seq));
        one(log, theme, buffer, line, &row);
    }
}

fn one(log: &LogView, theme: &Theme, buffer: &mut Buffer, area: Rect, row: &Row) {
    if row.cursor {
        put(buffer, area.x, area.y, "▌", 1, theme.style(Scope::CursorBar));
    } else if row.marked {
        put(buffer, area.x, area.y, "✓", 1, theme.style(Scope::Mark));
    } else if row.apart {
        put(buffer, area.x, area.y, "┈", 1, theme.style(Scope::Dim));
    }
    let mut x = area.x + 1;
    for piece in &row.pieces {
        let room = area.right().saturating_sub(x);
        x = put(buffer, x, area.y, &piece.text, room, style(log, theme, &piece.look, row.source));
    }
    if row.around {
        buffer.set_style(Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, theme.style(Scope::Dim));
    }
    if row.cursor && !log.follow {
        buffer.set_style(Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }, theme.style(Scope::Cursor));
    }
    if row.marked {
        buffer.set_style(area, theme.style(Scope::Mark));
    }
}

fn style(log: &LogView, theme: &Theme, look: &Look, source: u16) -> Style {
    let base = if look.name {
        // A container keeps its colour over its lives.
        let who = log.sources.get(usize::from(source));
        let number = who.map_or(0, |who| {
            who.pod.bytes().chain(who.container.bytes()).fold(7usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte))
        });
        theme.style(NAMES[number % NAMES.len()])
    } else {
        theme.style(look.scope)
    };
    let depth = theme.depth();
    let own = Style {
        fg: look.own.fg.and_then(|full| Colour { full, few: None }.of_text(depth)),
        bg: look.own.bg.and_then(|full| Colour { full, few: None }.of_background(depth)),
        ..look.own
    };
    let style = base.patch(own);
    if look.found { style.patch(theme.style(Scope::Match)) } else { style }
}

/// Says what is so, and what to press.
fn empty(log: &LogView, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    let filtered = log.sieve().filter.is_some() && log.lines() > 0;
    let words: Vec<String> = if let Some(count) = log.streams.asks {
        vec![
            format!("{count} containers would be read at once."),
            format!("More than {} is asked about: each is a connection to the API server.", log.wanted.most),
            "enter reads them all; o chooses containers; esc goes back, to mark fewer.".to_owned(),
        ]
    } else if filtered && log.counts().is_none() {
        vec![format!("Looking through {} lines: {} % so far…", log.lines(), log.counted())]
    } else if filtered {
        vec![
            format!("None of {} lines is left by the filter {:?}.", log.lines(), log.filter),
            "What comes and is left stands here; esc takes the filter away.".to_owned(),
        ]
    } else if let Some(why) = &log.streams.empty {
        vec![why.to_string()]
    } else if let Some(why) = &log.streams.failed {
        vec![format!("It cannot be read now: {why}"), "It is tried again.".to_owned()]
    } else if !log.streams.complete {
        vec!["Looking for the containers…".to_owned()]
    } else if log.streams.open > 0 {
        let from = match log.wanted.since {
            Since::Seconds(_) => format!("Nothing was said in the {}.", log.wanted.since.words()),
            _ => "Nothing was said yet.".to_owned(),
        };
        vec![from, "What is said from now on stands here; 1 reads from the start.".to_owned()]
    } else {
        vec!["The log is empty.".to_owned()]
    };
    let mut y = area.y + u16::from(area.height > 2);
    for (at, line) in words.iter().enumerate() {
        let look = theme.style(if at == 0 { Scope::Text } else { Scope::Dim });
        for row in broken_lines(&text::safe(line), area.width.saturating_sub(4).into(), 8) {
            if y >= area.bottom() {
                return;
            }
            put(buffer, area.x + 2, y, &row, area.width.saturating_sub(3), look);
            y += 1;
        }
    }
}
