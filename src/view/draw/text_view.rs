//! A text: lines, search matches, a light look for headings and keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::put;
use crate::theme::{Scope, Theme};
use crate::view::state::{State, View};
use crate::view::text;
use crate::view::text_view::{Fill, TextView};

/// Draws the text on the screen.
pub fn draw(state: &mut State, buffer: &mut Buffer, area: Rect) {
    let Some(View::Text(view)) = state.stack.last_mut() else { return };
    text(view, &state.theme, buffer, area);
}

/// Draws a text into an area.
pub fn text(view: &mut TextView, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    view.height = area.height as usize;
    view.scroll(0);
    if view.lines.is_empty() {
        let words = match &view.fill {
            Fill::Loading => "Loading…".to_owned(),
            Fill::Gone => "It is gone.".to_owned(),
            Fill::Stale(why) => why.to_string(),
            Fill::Live | Fill::Fixed => String::new(),
        };
        let words = text::safe(&words);
        let y = area.y + u16::from(area.height > 1);
        put(buffer, area.x + 2, y, &text::fit_end(&words, area.width.saturating_sub(4).into()), area.width, theme.style(Scope::Dim));
        return;
    }
    let room = area.width.saturating_sub(2);
    let mut y = area.y;
    let mut at = view.top;
    while y < area.bottom() && at < view.lines.len() {
        y = line(view, theme, buffer, Rect { x: area.x + 1, y, width: room, height: area.bottom() - y }, at);
        at += 1;
    }
}

/// Draws one line, over several rows where it is wrapped; gives the row after it.
fn line(view: &TextView, theme: &Theme, buffer: &mut Buffer, area: Rect, at: usize) -> u16 {
    let content = &view.lines[at];
    let field = view.field().is_some_and(|(line, _)| line == at);
    if field {
        put(buffer, area.x - 1, area.y, "▌", 1, theme.style(Scope::CursorBar));
    } else if view.is_marked(at) {
        put(buffer, area.x - 1, area.y, "▎", 1, theme.style(Scope::Accent));
    }
    let parts = view.parts(at);
    let (found, current) = view.matches(at);
    let look = theme.style(if current { Scope::MatchCurrent } else { Scope::Match });
    let key_end = if parts.is_some() { 0 } else { key(content) };
    let heading = key_end == content.len() && !content.starts_with(' ');
    let mut x = 0u16;
    let mut y = area.y;
    let mut skip = if view.wrap { 0 } else { view.left };
    for (from, letter) in content.grapheme_indices(true) {
        let wide = text::width(letter) as u16;
        if skip > 0 {
            skip = skip.saturating_sub(wide as usize);
            continue;
        }
        if x + wide > area.width {
            if !view.wrap {
                put(buffer, area.right() - 1, y, "›", 1, theme.style(Scope::Dim));
                break;
            }
            y += 1;
            x = 0;
            if y >= area.bottom() {
                return y;
            }
        }
        let part = parts.and_then(|parts| parts.iter().find(|(range, _)| range.contains(&from)));
        let base: Style = if let Some((_, scope)) = part {
            let own = theme.style(*scope);
            if field && *scope == Scope::TextKey { own.patch(theme.style(Scope::Cursor)) } else { own }
        } else if from < key_end {
            theme.style(if heading { Scope::TextHeading } else { Scope::TextKey })
        } else {
            theme.style(Scope::Text)
        };
        let style = if found.iter().any(|range| range.contains(&from)) { base.patch(look) } else { base };
        put(buffer, area.x + x, y, letter, wide, style);
        x += wide;
    }
    y + 1
}

/// Where the `Key:` at the start of a line of a description ends; 0 when there is none.
fn key(line: &str) -> usize {
    let start = line.len() - line.trim_start().len();
    let rest = &line[start..];
    match rest.find(':') {
        Some(at) if at < 40 && rest[at + 1..].chars().next().is_none_or(|c| c == ' ') && !rest[..at].contains("  ") => start + at + 1,
        None if start == 0 && !rest.is_empty() && rest.len() < 24 && !rest.contains("  ") => line.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_description_are_told_from_text() {
        assert_eq!(key("Name:         web"), 5);
        assert_eq!(key("    Image:  nginx"), 10);
        assert_eq!(key("  Normal  Pulled  3m  kubelet  Image: x"), 0);
        assert_eq!(key("      http://x:80/y"), 0);
        assert_eq!(key("Events:"), 7);
    }
}
