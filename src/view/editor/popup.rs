//! What could stand at the cursor: what is known of the field there, and the list of what can be put in.

use serde_json::Value;

use super::Editor;
use super::buffer::{At, at};
use super::names::Names;
use super::typing::STEP;
use crate::kinds::named::{self, Named};
use crate::kinds::schema::{Completion, Form, Spotted, Type, field_at};
use crate::model::edit::Spot;
use crate::model::yaml;

/// What is known of the field of longer texts than this, in bytes, is found by a task.
pub const AT_ONCE: usize = 128 << 10;

/// The list of what could stand at the cursor.
#[derive(Debug, Default)]
pub struct Popup {
    /// Which of the completions is chosen.
    pub chosen: usize,
    /// A person went there.
    pub moved: bool,
}

/// What a place in a text is, and which names would be worth knowing there.
pub fn spot(of: &Type, text: &str, line: usize, column: usize, names: &Names) -> (Spotted, Option<Named>) {
    let wanted = std::cell::Cell::new(None);
    let known = |path: &[&str]| {
        let Some(named) = named::at(path) else { return Vec::new() };
        wanted.set(Some(named));
        names.get(named)
    };
    let spotted = field_at(of, text, line, column, &known);
    (spotted, wanted.get())
}

impl Editor {
    /// What is known of the place under the cursor; `None` while it is not known, or there is no schema.
    pub fn spotted(&self) -> Option<&Spotted> {
        self.spotted.as_ref().map(|(_, spotted)| spotted)
    }

    /// The place under the cursor as the schema's reader counts it: line and column from 1, in characters.
    pub fn place(&self) -> (usize, usize) {
        let here = self.buffer.cursor();
        let before = &self.buffer.line(here.row)[..here.byte];
        (here.row + 1, 1 + if before.is_ascii() { before.len() } else { before.chars().count() })
    }

    /// Brings what is known of the cursor's place up to date where that costs nothing. What is wanted else: a task's work.
    pub fn look(&mut self) {
        let now = (self.buffer.version(), self.buffer.cursor());
        if self.spotted.as_ref().is_some_and(|(of, _)| *of == now) || !self.is_ready() {
            return;
        }
        let Some(schema) = self.schema.as_ref().filter(|_| self.buffer.bytes() <= AT_ONCE) else { return };
        let (line, column) = self.place();
        let (spotted, named) = spot(schema, &self.buffer.text(), line, column, &self.names);
        self.take_spot(now, spotted, named);
    }

    /// A look that a task had: of which version and cursor. What is old is left.
    pub fn take_spot(&mut self, of: (u64, At), spotted: Spotted, named: Option<Named>) {
        self.spotting = None;
        if of != (self.buffer.version(), self.buffer.cursor()) {
            return;
        }
        if let Some(named) = named {
            self.names.want(named);
        }
        if spotted.completions.is_empty() && named.is_none_or(|named| self.names.is_known(named)) {
            self.popup = None;
        }
        if let Some(popup) = &mut self.popup {
            popup.chosen = if popup.moved { popup.chosen.min(spotted.completions.len().saturating_sub(1)) } else { 0 };
        }
        self.spotted = Some((of, spotted));
    }

    /// The place for which somebody has to look, if that was not done or begun.
    pub fn unspotted(&self) -> Option<(u64, At)> {
        let now = (self.buffer.version(), self.buffer.cursor());
        let known = self.spotted.as_ref().is_some_and(|(of, _)| *of == now) || self.spotting.is_some();
        (self.is_ready() && self.schema.is_some() && !known).then_some(now)
    }

    /// What could stand here instead of the word under the cursor.
    pub fn completions(&self) -> &[Completion] {
        self.spotted.as_ref().map_or(&[], |(_, spotted)| &spotted.completions)
    }

    /// Opens the list of what could stand here.
    ///
    /// # Errors
    /// Nothing is known that could, or nothing yet.
    pub fn suggest(&mut self) -> Result<(), String> {
        self.look();
        if let (None, Some(why)) = (&self.schema, &self.schemaless) {
            return Err(format!("nothing is known of what could stand here: {why}"));
        }
        if self.schema.is_none() {
            return Err("the schema of this kind is on its way: try again in a moment".into());
        }
        let waits = self.names.waits() || self.spotting.is_some() || self.unspotted().is_some();
        if self.completions().is_empty() && !waits {
            return Err("nothing is known that could stand here".into());
        }
        self.popup = Some(Popup::default());
        Ok(())
    }

    /// Tab behind a word that was begun: the rest of it, where only one thing can be meant, else the list. False where tab is
    /// meant as indentation.
    pub(super) fn complete(&mut self) -> bool {
        self.look();
        let Some((_, spotted)) = &self.spotted else { return false };
        let typed = &spotted.cursor.typed;
        let begun = !typed.is_empty() && *typed == spotted.cursor.word && self.buffer.selection().is_none();
        let starts = spotted.completions.iter().filter(|one| one.text.starts_with(typed.as_str())).count();
        if !begun || starts == 0 || spotted.completions.iter().all(|one| one.text == *typed) {
            return false;
        }
        self.popup = Some(Popup::default());
        if starts == 1 { self.take() } else { true }
    }

    /// Moves in the list.
    pub(super) fn choose(&mut self, by: isize) -> bool {
        let count = self.completions().len();
        if let Some(popup) = &mut self.popup
            && count > 0
        {
            let edge = (by > 0 && popup.chosen + 1 == count) || (by < 0 && popup.chosen == 0);
            popup.chosen = match by {
                1 if edge => 0,
                -1 if edge => count - 1,
                by => popup.chosen.saturating_add_signed(by).min(count - 1),
            };
            popup.moved = true;
        }
        true
    }

    /// Puts what is chosen in place of the word under the cursor.
    pub(super) fn take(&mut self) -> bool {
        let Some(popup) = self.popup.take() else { return false };
        let Some((_, spotted)) = &self.spotted else { return true };
        let Some(completion) = spotted.completions.get(popup.chosen).cloned() else { return true };
        let row = self.buffer.cursor().row;
        let line = self.buffer.line(row);
        let byte = |column: usize| line.char_indices().nth(column - 1).map_or(line.len(), |(byte, _)| byte);
        let (from, to) = (byte(spotted.cursor.columns.0), byte(spotted.cursor.columns.1));
        let put = if is_field(&completion, spotted) {
            field(line, from, to, &completion)
        } else {
            let text = spotted.of.as_ref().is_some_and(|of| of.form() == Form::String);
            value(line, from, &completion, text)
        };
        self.buffer.replace(at(row, from), at(row, to), &put);
        self.changed();
        true
    }
}

/// A name of a field, and no value.
fn is_field(completion: &Completion, spotted: &Spotted) -> bool {
    spotted.cursor.spot == Spot::Key && !completion.of.is_empty()
}

/// The field with its colon, and the beginning of what is below it; only its name where the rest is there already.
fn field(line: &str, from: usize, to: usize, completion: &Completion) -> String {
    let name = &completion.text;
    if !line[to..].trim().is_empty() {
        return name.clone();
    }
    let before = &line[..from];
    let alone = before.bytes().all(|byte| matches!(byte, b' ' | b'-'));
    match completion.opens && alone {
        true if completion.of.starts_with("[]") => format!("{name}:\n{}- ", " ".repeat(before.len())),
        true => format!("{name}:\n{}", " ".repeat(before.len() + STEP)),
        false => format!("{name}: "),
    }
}

/// The value as YAML, in quotes where it would be something else without.
fn value(line: &str, from: usize, completion: &Completion, text: bool) -> String {
    let word = if text { yaml::print(&Value::from(completion.text.as_str())).trim_end().to_owned() } else { completion.text.clone() };
    if line[..from].ends_with(':') { format!(" {word}") } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completion(text: &str, of: &str, opens: bool) -> Completion {
        Completion { text: text.into(), of: of.into(), required: false, opens }
    }

    #[test]
    fn a_field_comes_with_what_it_needs() {
        assert_eq!(field("  im", 2, 4, &completion("image", "string", false)), "image: ");
        assert_eq!(field("  - en", 4, 6, &completion("env", "[]EnvVar", true)), "env:\n    - ");
        assert_eq!(field("  - re", 4, 6, &completion("resources", "ResourceRequirements", true)), "resources:\n      ");
        assert_eq!(field("  imag: x", 2, 6, &completion("image", "string", false)), "image", "the rest is there");
        assert_eq!(field("a: {re", 4, 6, &completion("resources", "Object", true)), "resources: ");
    }

    #[test]
    fn a_value_is_what_it_is_meant_to_be() {
        assert_eq!(value("a: ", 3, &completion("Always", "", false), true), "Always");
        assert_eq!(value("a: ", 3, &completion("123", "", false), true), "\"123\"");
        assert_eq!(value("a: ", 3, &completion("true", "", false), false), "true");
        assert_eq!(value("a:", 2, &completion("web", "", false), true), " web");
    }
}
