//! A text that is edited: its lines with their numbers, looks and marks, the list of what could stand at the cursor, and beside
//! it what the schema says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{editor_field, put, put_end, wipe};
use crate::kinds::schema::Level;
use crate::kinds::shown::is_secret;
use crate::theme::{Scope, Theme};
use crate::view::editor::{Editor, Meanwhile, Stage};
use crate::view::hits::{Hits, Spot};
use crate::view::state::{State, View};
use crate::view::text;
use crate::view::wrap::broken_lines;

/// From this width on the schema stands beside the text.
const WIDE: u16 = 110;
/// Below it, so many rows high is what stands below the text, its rule included; on a low screen it has one row of words.
const STRIP: u16 = 4;
/// Screens lower than this are low.
const LOW: u16 = 12;
/// Lower ones have no room for it.
const LOWEST: u16 = 5;
/// The server's words take no more rows than this.
const SAID: usize = 3;
/// No more fields than this are named that others have changed.
const FIELDS: usize = 4;
/// The list has no more rows than this, nor columns.
const ROWS: usize = 9;
const COLUMNS: usize = 60;

/// Draws the editor on the screen. Gives where the terminal's cursor belongs.
pub fn draw(state: &mut State, buffer: &mut Buffer, area: Rect, hits: &mut Hits) -> Option<(u16, u16)> {
    let leave = state.keymap.keys_for("leave", crate::keymap::Mode::Edit).into_iter().next().unwrap_or_default();
    let merge = state.keymap.keys_for("text-merge", crate::keymap::Mode::Edit).into_iter().next();
    let merge = merge.unwrap_or_else(|| ":text-merge".to_owned());
    let theme = &state.theme;
    let Some(View::Edit(editor)) = state.stack.last_mut() else { return None };
    let words = match &editor.stage {
        Stage::Ready => None,
        Stage::Loading => Some(("Loading…".to_owned(), Scope::Dim)),
        Stage::Failed(why) => Some((format!("It cannot be edited: {why}. {leave} leaves."), Scope::Error)),
    };
    if let Some((words, look)) = words {
        let lines = broken_lines(&text::safe(&words), area.width.saturating_sub(4).into(), 4);
        for (line, y) in lines.iter().zip(area.y + u16::from(area.height > 1)..area.bottom()) {
            put(buffer, area.x + 2, y, line, area.width.saturating_sub(4), theme.style(look));
        }
        return None;
    }
    let area = notices(editor, &merge, theme, buffer, area);
    let (area, field) = split(area);
    let cursor = lines(editor, theme, buffer, area, hits);
    if let Some(field) = field {
        let beside = field.x > area.x;
        let rule = theme.style(Scope::Rule);
        if beside {
            for y in field.y..field.bottom() {
                put(buffer, field.x, y, "│", 1, rule);
            }
        } else {
            put(buffer, field.x, field.y, &"─".repeat(field.width.into()), field.width, rule);
        }
        let inner = if beside {
            Rect { x: field.x + 2, width: field.width.saturating_sub(3), ..field }
        } else {
            Rect { x: field.x + 1, y: field.y + 1, width: field.width.saturating_sub(2), height: field.height.saturating_sub(1) }
        };
        editor_field::draw(editor, theme, buffer, inner, beside);
    }
    if let Some((x, y)) = cursor {
        popup(editor, theme, buffer, area, (x, y));
    }
    cursor
}

/// The text, and where the schema stands, if there is room.
fn split(area: Rect) -> (Rect, Option<Rect>) {
    if area.width >= WIDE {
        let width = (area.width * 2 / 5).clamp(40, 76);
        let text = Rect { width: area.width - width, ..area };
        (text, Some(Rect { x: text.right(), width, ..area }))
    } else if area.height >= LOWEST {
        let height = if area.height >= LOW { STRIP } else { 2 };
        let text = Rect { height: area.height - height, ..area };
        (text, Some(Rect { y: text.bottom(), height, ..area }))
    } else {
        (area, None)
    }
}

/// What is to be known of the whole text, above it. Gives what is left.
fn notices(editor: &Editor, merge: &str, theme: &Theme, buffer: &mut Buffer, area: Rect) -> Rect {
    let mut rows: Vec<(String, Scope)> = Vec::new();
    if editor.is_secret() {
        let what = if is_secret(&editor.kind) { "decoded, and" } else { "it names a Secret, and is" };
        rows.push((format!("{what} in memory only: what is typed here is kept on no disk"), Scope::Warning));
    }
    if let Some(words) = meanwhile(editor, merge, area.width.saturating_sub(4).into()) {
        rows.push((words, Scope::Warning));
    }
    let known = rows.len();
    for said in &editor.said {
        let left = SAID.saturating_sub(rows.len() - known);
        rows.extend(
            broken_lines(&text::safe(said), area.width.saturating_sub(4).into(), left).into_iter().map(|line| (line, Scope::Error)),
        );
    }
    rows.truncate(usize::from(area.height.saturating_sub(3)));
    for ((words, look), y) in rows.iter().zip(area.y..) {
        let sign = if *look == Scope::Error { "✗" } else { "!" };
        put(buffer, area.x, y, sign, 1, theme.style(*look));
        put(buffer, area.x + 2, y, words, area.width.saturating_sub(3), theme.style(*look));
    }
    let used = rows.len() as u16;
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// What others have done since, in one row: as many of the fields as it has room for.
fn meanwhile(editor: &Editor, merge: &str, room: usize) -> Option<String> {
    let moved = match &editor.meanwhile {
        Meanwhile::Nothing => return None,
        Meanwhile::Gone => {
            return Some("it was deleted meanwhile: what is typed can be copied, and not saved".to_owned());
        }
        Meanwhile::Changed(moved) => moved,
    };
    let begun = if moved.leaving { "it is being deleted" } else { "changed by others meanwhile" };
    if moved.fields.is_empty() {
        return Some(begun.to_owned());
    }
    let end = format!("; {merge} takes it in");
    let words = |count: usize| {
        let named = moved.fields.iter().take(count).map(|field| text::safe(field)).collect::<Vec<_>>().join(", ");
        let more = match moved.fields.len() - count {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{begun}: {named}{more}{end}")
    };
    let fits = |words: &String| text::width(words) <= room;
    let most = moved.fields.len().min(FIELDS);
    (1..=most)
        .rev()
        .map(words)
        .find(fits)
        .or_else(|| Some(format!("{begun}: {} fields{end}", moved.fields.len())).filter(fits))
        .or(Some(begun.to_owned()))
}

/// Draws the lines. Gives where the cursor is, if that is on the screen.
fn lines(editor: &mut Editor, theme: &Theme, buffer: &mut Buffer, area: Rect, hits: &mut Hits) -> Option<(u16, u16)> {
    let digits = editor.buffer.lines().len().to_string().len().max(2) as u16;
    // A sign, the number, a blank.
    let gutter = digits + 3;
    let inner = Rect { x: area.x + gutter, width: area.width.saturating_sub(gutter + 1), ..area };
    editor.fit(inner.width.into(), inner.height.into());
    hits.put(inner, Spot::Text(inner.x, inner.y));
    let here = editor.buffer.cursor();
    let mut cursor = None;
    for (row, y) in (editor.top..editor.buffer.lines().len()).zip(inner.y..inner.bottom()) {
        let worst = editor.signs().iter().filter(|sign| sign.row == row).map(|sign| sign.level).max();
        if let Some(level) = worst {
            put(buffer, area.x, y, "●", 1, theme.style(look(level)));
        }
        let number = if row == here.row { Scope::Strong } else { Scope::Dim };
        put(buffer, area.x + 2, y, &format!("{:>width$}", row + 1, width = digits.into()), digits, theme.style(number));
        line(editor, theme, buffer, Rect { y, height: 1, ..inner }, row);
        if row == here.row {
            let column = text::columns(editor.buffer.line(row), here.byte);
            if let Some(x) = column.checked_sub(editor.left).filter(|x| *x <= inner.width.into()) {
                cursor = Some((inner.x + x as u16, y));
            }
        }
    }
    cursor
}

fn look(level: Level) -> Scope {
    match level {
        Level::Refused => Scope::Error,
        Level::Dropped => Scope::Warning,
    }
}

/// Draws the part of a line that is on the screen.
fn line(editor: &mut Editor, theme: &Theme, buffer: &mut Buffer, area: Rect, row: usize) {
    let parts = editor.parts(row);
    let line = editor.buffer.line(row);
    let (from, column) = text::byte_at(line, editor.left);
    // A wide letter that begins before the edge is not seen.
    let (from, skipped) = if column < editor.left { (text::next_cell(line, from), 1) } else { (from, 0) };
    let wide = usize::from(area.width);
    let until = line.floor_char_boundary(from.saturating_add(wide * 4).min(line.len()));
    let found = editor.found(line, from..until);
    let signs: Vec<_> = editor.signs().iter().filter(|sign| sign.row == row).collect();
    let selected = editor.buffer.selection().filter(|(start, end)| start.row <= row && row <= end.row);
    let selected =
        selected.map(|(start, end)| (if start.row == row { start.byte } else { 0 }, if end.row == row { end.byte } else { usize::MAX }));
    let is_selected = |byte: usize| selected.is_some_and(|(start, end)| start <= byte && byte < end);
    let mut x = skipped;
    let mut part = 0;
    for cell in text::cells(line, from) {
        if x + cell.width > wide {
            put(buffer, area.right(), area.y, "›", 1, theme.style(Scope::Dim));
            break;
        }
        let byte = cell.at.start;
        while parts.get(part).is_some_and(|(range, _)| range.end <= byte) {
            part += 1;
        }
        let own = parts.get(part).filter(|(range, _)| range.contains(&byte)).map_or(Scope::Text, |(_, scope)| *scope);
        let mut style: Style = theme.style(own);
        if cell.shown != line[cell.at.clone()] {
            // A symbol for what cannot be shown.
            style = theme.style(Scope::Dim);
        }
        if let Some(sign) = signs.iter().find(|sign| sign.from <= byte && byte < sign.to) {
            style = style.patch(theme.style(look(sign.level))).add_modifier(Modifier::UNDERLINED);
        }
        if found.iter().any(|range| range.contains(&byte)) {
            style = style.patch(theme.style(if is_selected(byte) { Scope::MatchCurrent } else { Scope::Match }));
        } else if is_selected(byte) {
            style = style.patch(theme.style(Scope::Selection));
        }
        put(buffer, area.x + x as u16, area.y, &cell.shown, cell.width as u16, style);
        x += cell.width;
    }
    if x < wide && is_selected(line.len()) && editor.left <= text::columns(line, line.len()) {
        put(buffer, area.x + x as u16, area.y, " ", 1, theme.style(Scope::Selection));
    }
    if editor.left > 0 && !line.is_empty() {
        put(buffer, area.x.saturating_sub(1), area.y, "‹", 1, theme.style(Scope::Dim));
    }
}

/// The list of what could stand at the cursor, below it or above.
fn popup(editor: &Editor, theme: &Theme, buffer: &mut Buffer, area: Rect, cursor: (u16, u16)) {
    let Some(popup) = &editor.popup else { return };
    let all = editor.completions();
    let names = all.iter().map(|one| text::width(&text::safe(&one.text))).max().unwrap_or(0).min(COLUMNS / 2);
    let kinds = all.iter().map(|one| text::width(&text::safe(&one.of)) + 3).max().unwrap_or(0);
    let waiting = "looking for what there is…";
    let rows = all.len().clamp(1, ROWS);
    let more = if all.len() > rows { format!("{} of {}, ", popup.chosen + 1, all.len()) } else { String::new() };
    let words = format!(" {more}enter takes, esc closes ");
    let inner = if all.is_empty() { text::width(waiting) } else { (names + kinds).min(COLUMNS) };
    let width = (inner.max(words.len()) + 4).min(area.width.into()) as u16;
    let (below, above) = (area.bottom().saturating_sub(cursor.1 + 1), cursor.1.saturating_sub(area.y));
    let wanted = rows as u16 + 1;
    let is_below = below >= wanted || below >= above;
    let height = wanted.min(if is_below { below } else { above });
    if height < 2 {
        return;
    }
    let typed = editor.spotted().map_or(0, |spotted| text::width(&text::safe(&spotted.cursor.typed)) as u16);
    let x = cursor.0.saturating_sub(typed + 2).min(area.right().saturating_sub(width)).max(area.x);
    let y = if is_below { cursor.1 + 1 } else { cursor.1 - height };
    wipe(buffer, Rect { x, y, width, height }, theme);
    // What it lies over begins behind its edge.
    let rule = theme.style(Scope::Rule);
    let (first_row, edge, corners) = if is_below { (y, y + height - 1, "╰╯") } else { (y + 1, y, "╭╮") };
    let line = "─".repeat(usize::from(width - 2));
    let (left, right) = corners.split_at("╰".len());
    put(buffer, x, edge, &format!("{left}{line}{right}"), width, rule);
    put_end(buffer, x + 2, edge, &words, width.saturating_sub(4), theme.style(Scope::Dim));
    let rows = usize::from(height - 1);
    for y in first_row..first_row + height - 1 {
        put(buffer, x, y, "│", 1, rule);
        put(buffer, x + width - 1, y, "│", 1, rule);
    }
    if all.is_empty() {
        put(buffer, x + 2, first_row, waiting, width.saturating_sub(4), theme.style(Scope::Dim));
    }
    let first = (popup.chosen + 1).saturating_sub(rows);
    for ((place, one), y) in all.iter().enumerate().skip(first).take(rows).zip(first_row..) {
        if place == popup.chosen {
            buffer.set_style(Rect { x: x + 1, y, width: width - 2, height: 1 }, theme.style(Scope::Cursor));
            put(buffer, x, y, "▌", 1, theme.style(Scope::CursorBar));
        }
        let look = if one.required { Scope::Strong } else { Scope::Text };
        put_end(buffer, x + 2, y, &one.text, width.saturating_sub(4), theme.style(look));
        let of = x + 2 + names as u16 + 2;
        let words = if one.required { format!("{}*", one.of) } else { one.of.clone() };
        put_end(buffer, of, y, &words, (x + width).saturating_sub(of + 2), theme.style(Scope::Dim));
    }
}
