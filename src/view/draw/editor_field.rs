//! What the schema says of the field under the cursor of an editor, and what is wrong in its line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::kinds::schema::{Level, Spotted, Type};
use crate::theme::{Scope, Theme};
use crate::view::editor::Editor;
use crate::view::text;
use crate::view::wrap::broken_lines;

/// So many values of an enumeration are listed.
const VALUES: usize = 12;
/// No more rows are made of a description.
const LONGEST: usize = 60;

/// A piece of a line, and its look.
type Piece = (String, Scope);

/// Draws it beside the text, or (low) below it.
pub fn draw(editor: &Editor, theme: &Theme, buffer: &mut Buffer, area: Rect, beside: bool) {
    let width = usize::from(area.width);
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    let wrapped = |words: &str, look: Scope, most: usize, rows: &mut Vec<Vec<Piece>>| {
        rows.extend(broken_lines(&text::safe(words), width, most).into_iter().map(|line| vec![(line, look)]));
    };
    let spotted = editor.spotted();
    let path = spotted.map(|spotted| spotted.path.as_str()).filter(|path| !path.is_empty());
    let of = spotted.and_then(|spotted| spotted.of.as_ref());
    let wrong = editor.sign_here().map(|sign| {
        let who = if sign.server { "the server: " } else { "" };
        (format!("✗ {who}{}", sign.message), if sign.level == Level::Refused { Scope::Error } else { Scope::Warning })
    });
    let kind = || format!("{}, {}", editor.kind.kind, editor.kind.api_version());
    if beside {
        match path {
            Some(path) => rows.extend(steps(path, width).into_iter().map(|line| vec![(line, Scope::Strong)])),
            None => wrapped(&kind(), Scope::Strong, 4, &mut rows),
        }
        if let (Some(spotted), Some(of)) = (spotted, of) {
            rows.push(facts(spotted, of));
            rows.extend(more(of, width));
        }
        if let Some((words, look)) = &wrong {
            rows.push(Vec::new());
            wrapped(words, *look, 8, &mut rows);
        }
        rows.push(Vec::new());
        for paragraph in description(editor, of).split('\n').filter(|paragraph| !paragraph.trim().is_empty()) {
            wrapped(paragraph, Scope::Dim, LONGEST, &mut rows);
        }
    } else {
        if let Some((words, look)) = wrong.as_ref().filter(|_| area.height == 1) {
            wrapped(words, *look, 1, &mut rows);
        }
        let mut first = vec![(path.map_or_else(kind, str::to_owned), Scope::Strong)];
        if let (Some(spotted), Some(of)) = (spotted, of) {
            first.push(("  ".into(), Scope::Text));
            first.extend(facts(spotted, of));
        }
        rows.push(first);
        if let Some((words, look)) = &wrong {
            wrapped(words, *look, 2, &mut rows);
        }
        let words: Vec<String> = of.map(|of| more(of, width)).unwrap_or_default().into_iter().flatten().map(|(words, _)| words).collect();
        wrapped(&words.join("   "), Scope::Text, 1, &mut rows);
        wrapped(&description(editor, of), Scope::Dim, usize::from(area.height).saturating_sub(rows.len()), &mut rows);
    }
    for (row, y) in rows.iter().zip(area.y..area.bottom()) {
        let mut x = area.x;
        for (words, look) in row {
            let room = area.right().saturating_sub(x);
            x = put(buffer, x, y, &text::fit_end(&text::safe(words), room.into()), room, theme.style(*look));
        }
    }
}

/// A path in as many lines as it needs, broken between its fields.
fn steps(path: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for (at, step) in path.split('.').enumerate() {
        let step = format!("{}{step}", if at > 0 { "." } else { "" });
        match lines.last_mut() {
            Some(line) if line.is_empty() || text::width(line) + text::width(&step) <= width => line.push_str(&step),
            _ => lines.push(format!("  {step}")),
        }
    }
    lines
}

/// `<string>  required`
fn facts(spotted: &Spotted, of: &Type) -> Vec<Piece> {
    let mut row = vec![(format!("<{}>", of.name()), Scope::TextLiteral)];
    if spotted.required {
        row.push(("  required".into(), Scope::Warning));
    }
    row
}

/// The default and the values that are allowed, each in lines.
fn more(of: &Type, width: usize) -> Vec<Vec<Piece>> {
    let word = |value: &serde_json::Value| match value.as_str() {
        Some("") => "\"\"".to_owned(),
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let mut rows = Vec::new();
    // What is empty says nothing.
    let empty = |value: &&serde_json::Value| value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_str() == Some("");
    if let Some(default) = of.default().filter(|value| !empty(value)) {
        rows.push(format!("default: {}", word(default)));
    }
    let values = of.enumeration();
    if !values.is_empty() {
        let more = if values.len() > VALUES { ", …" } else { "" };
        rows.push(format!("one of: {}{more}", values.iter().take(VALUES).map(word).collect::<Vec<_>>().join(", ")));
    }
    let lines = rows.iter().flat_map(|row| broken_lines(&text::safe(row), width, 4));
    lines.map(|line| vec![(line, Scope::Text)]).collect()
}

/// What is said of the field, or why nothing is.
fn description(editor: &Editor, of: Option<&Type>) -> String {
    match (of.and_then(Type::description), &editor.schemaless) {
        (Some(said), _) if !said.is_empty() => said.to_owned(),
        (_, Some(why)) => format!("there is no schema: {why}"),
        _ if editor.schema.is_none() => "the schema is on its way…".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_broken_between_its_fields() {
        assert_eq!(steps("spec.template.spec.containers[].image", 24), ["spec.template.spec", "  .containers[].image"]);
        assert_eq!(steps("spec", 2), ["spec"]);
    }
}
