//! Texts and numbers: in which style, and how they are written in it.

use serde_json::Number;

use super::{Out, WIDTH, resolve};

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// Between `'`.
    Single,
    /// Between `"`, with escapes.
    Double,
    /// After `|`, line by line.
    Literal,
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml takes everything beyond the Basic Multilingual Plane for unprintable.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}') && c != '\u{FEFF}'
}

/// It has no break in it.
pub(super) fn is_one_line(text: &str) -> bool {
    !text.chars().any(is_break)
}

/// What the letters of a text allow (`yaml_emitter_analyze_scalar`).
struct Allowed {
    plain: bool,
    single: bool,
    literal: bool,
}

fn allowed(text: &str) -> Allowed {
    let mut allowed = Allowed { plain: true, single: true, literal: !text.is_empty() };
    let mut before = None;
    let mut letters = text.chars().peekable();
    let document = text.starts_with("---") || text.starts_with("...");
    let mut previous_space = false;
    let mut indicator = document;
    while let Some(c) = letters.next() {
        let next = letters.peek().copied();
        let blank_follows = next.is_none_or(|next| matches!(next, ' ' | '\t'));
        indicator |= match (before, c) {
            (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`') => true,
            (None, '?' | '-') | (_, ':') => blank_follows,
            (Some(before), '#') => matches!(before, ' ' | '\t' | '\0') || is_break(before),
            _ => false,
        };
        // A reader of YAML 1.2 breaks no line at the separators of Unicode, and takes the indentation behind one for text.
        let special = !is_printable(c) || matches!(c, '\u{2028}' | '\u{2029}');
        let breaks = is_break(c);
        if c == ' ' {
            if before.is_none() || next.is_none() {
                allowed.plain = false;
            }
            if next.is_none() {
                allowed.literal = false;
            }
        } else if breaks {
            allowed.plain = false;
        }
        if special || (breaks && previous_space) {
            allowed = Allowed { plain: false, single: false, literal: false };
            break;
        }
        previous_space = c == ' ';
        before = Some(c);
    }
    allowed.plain &= !indicator;
    allowed
}

/// The style of a text; a key before a colon has one line (`stringv`, `yaml_emitter_select_scalar_style`).
pub(super) fn style(text: &str, simple_key: bool) -> Style {
    let allowed = allowed(text);
    let several = text.contains('\n');
    match () {
        () if several && allowed.literal && !simple_key => Style::Literal,
        // A plain `<<` would merge another map into this one.
        () if several || !resolve::is_text(text) || (simple_key && text == "<<") => Style::Double,
        () if allowed.plain => Style::Plain,
        () if allowed.single => Style::Single,
        () => Style::Double,
    }
}

/// A number as Go prints it after it has gone through Go's JSON: whole ones without an exponent as long as they fit into 64
/// bits, others in the shortest form that is the same number (`strconv.FormatFloat(f, 'g', -1, 64)`).
pub(super) fn number(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    if float.fract() == 0.0 && float > -9.3e18 && float < 1.85e19 {
        // Negative zero is zero.
        let whole = format!("{:.0}", float + 0.0);
        if whole.parse::<i64>().is_ok() || whole.parse::<u64>().is_ok() {
            return whole;
        }
    }
    let shortest = format!("{float:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return float.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The letter after a backslash; `None` for what is written by its number.
fn escape(c: char) -> Option<char> {
    Some(match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{B}' => 'v',
        '\u{C}' => 'f',
        '\r' => 'r',
        '\u{1B}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{A0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => return None,
    })
}

impl Out {
    /// A long line is broken at a space: another line says the same.
    fn folds(&self, allow: bool, previous_space: bool) -> bool {
        allow && !previous_space && self.column > WIDTH
    }

    pub(super) fn write_plain(&mut self, text: &str, fold: bool) {
        if !self.whitespace {
            self.put(' ');
        }
        let mut spaces = false;
        let mut letters = text.chars().peekable();
        while let Some(c) = letters.next() {
            if c == ' ' && self.folds(fold, spaces) && letters.peek() != Some(&' ') {
                self.indent();
            } else {
                self.put(c);
            }
            spaces = c == ' ';
            self.indention &= spaces;
        }
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_single(&mut self, text: &str, fold: bool) {
        self.sign("'", true);
        let (mut spaces, mut first) = (false, true);
        let mut letters = text.chars().peekable();
        while let Some(c) = letters.next() {
            let inner = !first && letters.peek().is_some_and(|next| *next != ' ');
            if c == ' ' && inner && self.folds(fold, spaces) {
                self.indent();
            } else {
                if c == '\'' {
                    self.put(c);
                }
                self.put(c);
            }
            spaces = c == ' ';
            self.indention &= spaces;
            first = false;
        }
        self.sign("'", false);
    }

    pub(super) fn write_double(&mut self, text: &str, fold: bool) {
        self.sign("\"", true);
        // go-yaml looks for a byte order mark at the beginning of the text, whichever letter it is at.
        let all = text.starts_with('\u{FEFF}');
        let (mut spaces, mut first) = (false, true);
        let mut letters = text.chars().peekable();
        while let Some(c) = letters.next() {
            if all || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.put('\\');
                match escape(c) {
                    Some(letter) => self.put(letter),
                    None => {
                        let code = u32::from(c);
                        let number = match code {
                            0..=0xFF => format!("x{code:02X}"),
                            0x100..=0xFFFF => format!("u{code:04X}"),
                            _ => format!("U{code:08X}"),
                        };
                        number.chars().for_each(|c| self.put(c));
                    }
                }
                spaces = false;
            } else if c == ' ' {
                if !first && letters.peek().is_some() && self.folds(fold, spaces) {
                    self.indent();
                    if letters.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
            first = false;
        }
        self.sign("\"", false);
    }

    pub(super) fn write_literal(&mut self, text: &str) {
        self.sign("|", true);
        if text.starts_with([' ', '\n']) {
            self.sign("2", false);
        }
        match text.strip_suffix('\n') {
            None => self.sign("-", false),
            Some(rest) if rest.is_empty() || rest.ends_with('\n') => self.sign("+", false),
            Some(_) => {}
        }
        self.comment();
        self.end_line();
        self.whitespace = true;
        self.indention = true;
        let mut breaks = true;
        for c in text.chars() {
            if c == '\n' {
                self.end_line();
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.indent();
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}
