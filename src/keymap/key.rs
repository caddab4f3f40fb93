//! One key as it is pressed, as it is written in a key map (`ctrl-z`, `shift-tab`, `?`), and as it is shown.
//!
//! Terminals have several spellings for one key, and some keys share one: ctrl-i *is* tab there. [`Key`] knows a single
//! form of each, so that what a file says and what a terminal sends are equal when they are the same key.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key with its modifiers, in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Names of keys that are no characters; the first name of each is the one that is printed.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("return", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("escape", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("del", KeyCode::Delete),
    ("delete", KeyCode::Delete),
    ("ins", KeyCode::Insert),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pageup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("pgdown", KeyCode::PageDown),
    ("pagedown", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
    ("minus", KeyCode::Char('-')),
];

impl Key {
    /// The one form of a key.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Key {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let mut code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            code => code,
        };
        if let KeyCode::Char(c) = code {
            // Which character shift makes is the keyboard's affair, and the terminal has told us already. Only a letter
            // can come with shift and still in lower case.
            let upper = modifiers.contains(KeyModifiers::SHIFT) && c.is_ascii_lowercase();
            code = KeyCode::Char(if upper { c.to_ascii_uppercase() } else { c });
            modifiers -= KeyModifiers::SHIFT;
        }
        if let (KeyCode::Char(c), true) = (code, modifiers.contains(KeyModifiers::CONTROL)) {
            // With ctrl, terminals send one of 32 control codes: case is lost, and these keys share a code.
            let (same, ctrl) = match c.to_ascii_lowercase() {
                'i' => (KeyCode::Tab, false),
                'm' => (KeyCode::Enter, false),
                '[' | '3' => (KeyCode::Esc, false),
                '@' | '2' => (KeyCode::Char(' '), true),
                '4' => (KeyCode::Char('\\'), true),
                '5' => (KeyCode::Char(']'), true),
                '6' => (KeyCode::Char('^'), true),
                '7' | '_' => (KeyCode::Char('/'), true),
                '8' | '?' => (KeyCode::Backspace, false),
                lower => (KeyCode::Char(lower), true),
            };
            code = same;
            modifiers.set(KeyModifiers::CONTROL, ctrl);
        }
        Key { code, modifiers }
    }

    /// The key of an event; `None` for a release, and for a press of a modifier or of a key that no map can name.
    pub fn of(event: &KeyEvent) -> Option<Key> {
        if event.kind == KeyEventKind::Release || event.modifiers.intersects(KeyModifiers::SUPER | KeyModifiers::HYPER) {
            return None;
        }
        let key = Key::new(event.code, event.modifiers);
        match key.code {
            KeyCode::Char(c) => (!c.is_control()).then_some(key),
            KeyCode::F(_) => Some(key),
            code => NAMES.iter().any(|(_, named)| *named == code).then_some(key),
        }
    }

    /// The key without modifiers (but see [`Key::new`] for what is folded into it).
    pub fn code(self) -> KeyCode {
        self.code
    }

    /// Control and alt, and shift where it is not part of the character.
    pub fn modifiers(self) -> KeyModifiers {
        self.modifiers
    }

    /// The character that the key types into a prompt; `None` for keys that do something instead.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }

    /// Deletes to the left in a prompt: backspace, and ctrl-h, which is what some terminals send for it.
    pub fn is_backspace(self) -> bool {
        let ctrl_h = self.code == KeyCode::Char('h') && self.modifiers == KeyModifiers::CONTROL;
        ctrl_h || (self.code == KeyCode::Backspace && self.modifiers.is_empty())
    }

    /// Reads one key as a key map writes it. Modifiers stand before it in any order: `ctrl-alt-x`, `C-x`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Key, String> {
        let (mut rest, mut modifiers) = (text, KeyModifiers::NONE);
        // A dash with nothing behind it is the key `-` itself: `ctrl--`.
        while let Some((name, after)) = rest.split_once('-').filter(|(name, after)| !name.is_empty() && !after.is_empty()) {
            modifiers |= match name {
                "C" => KeyModifiers::CONTROL,
                "A" | "M" => KeyModifiers::ALT,
                "S" => KeyModifiers::SHIFT,
                name => match name.to_ascii_lowercase().as_str() {
                    "ctrl" | "control" => KeyModifiers::CONTROL,
                    "alt" | "meta" | "option" => KeyModifiers::ALT,
                    "shift" => KeyModifiers::SHIFT,
                    _ => return Err(format!("{text:?} is no key: {name:?} is none of ctrl, alt and shift")),
                },
            };
            rest = after;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (None, _) => return Err("a key is missing".to_owned()),
            (Some(c), None) if c.is_control() || c == ' ' => {
                return Err(format!("{text:?} is no key: write it by name, such as space or tab"));
            }
            (Some(c), None) => KeyCode::Char(c),
            _ => named(rest).ok_or_else(|| {
                let known = NAMES.iter().map(|(name, _)| *name);
                format!("{text:?} is no key{}", crate::problem::did_you_mean(rest, known))
            })?,
        };
        Ok(Key::new(code, modifiers))
    }

    /// Reads a sequence: keys with spaces between them, `g g`.
    ///
    /// # Errors
    /// Those of [`Key::parse`], for the first key that is wrong.
    pub fn parse_all(text: &str) -> Result<Vec<Key>, String> {
        let keys: Vec<Key> = text.split_whitespace().map(Key::parse).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err("a key is missing".to_owned()) } else { Ok(keys) }
    }

    /// A sequence as a key map writes it.
    pub fn print_all(keys: &[Key]) -> String {
        keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }
}

fn named(name: &str) -> Option<KeyCode> {
    let name = name.to_ascii_lowercase();
    let function = name.strip_prefix('f').and_then(|number| number.parse().ok()).filter(|number| matches!(number, 1..=24));
    function.map(KeyCode::F).or_else(|| NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")] {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "f{number}"),
            code => f.write_str(NAMES.iter().find(|(_, named)| *named == code).map_or("?", |(name, _)| name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for text in [
            "a",
            "G",
            "?",
            "-",
            "space",
            "enter",
            "esc",
            "tab",
            "shift-tab",
            "ctrl-z",
            "ctrl-space",
            "alt-x",
            "alt-X",
            "ctrl-alt-x",
            "f5",
            "f12",
            "pgup",
            "pgdn",
            "shift-left",
            "ctrl-/",
            "ctrl-\\",
            "ctrl--",
            "del",
            "ä",
            "backspace",
            "ctrl-h",
            "alt-enter",
        ] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(Key::print_all(&Key::parse_all("g  g").unwrap()), "g g");
    }

    #[test]
    fn one_key_has_one_form() {
        for (one, other) in [
            ("ctrl-i", "tab"),
            ("C-m", "enter"),
            ("ctrl-[", "esc"),
            ("ctrl-_", "ctrl-/"),
            ("ctrl-@", "ctrl-space"),
            ("shift-g", "G"),
            ("ctrl-Z", "ctrl-z"),
            ("PageDown", "pgdn"),
            ("return", "enter"),
            ("minus", "-"),
            ("Ctrl-X", "C-x"),
            ("shift-?", "?"),
        ] {
            assert_eq!(Key::parse(one), Key::parse(other), "{one} {other}");
        }
    }

    #[test]
    fn what_terminals_send_is_what_files_say() {
        let ctrl = KeyModifiers::CONTROL;
        let shift = KeyModifiers::SHIFT;
        for (code, modifiers, text) in [
            (KeyCode::Char('G'), shift, "G"),
            (KeyCode::Char('G'), KeyModifiers::NONE, "G"),
            (KeyCode::Char('?'), shift, "?"),
            (KeyCode::Char(' '), ctrl, "ctrl-space"),
            (KeyCode::BackTab, shift, "shift-tab"),
            (KeyCode::Char('7'), ctrl, "ctrl-/"),
            (KeyCode::Char('4'), ctrl, "ctrl-\\"),
            (KeyCode::Char('Z'), ctrl | shift, "ctrl-z"),
            (KeyCode::Char('j'), ctrl, "ctrl-j"),
        ] {
            assert_eq!(Key::of(&KeyEvent::new(code, modifiers)), Some(Key::parse(text).unwrap()), "{text}");
        }
        let mut released = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE);
        released.kind = KeyEventKind::Release;
        assert_eq!(Key::of(&released), None);
        assert_eq!(Key::of(&KeyEvent::new(KeyCode::CapsLock, KeyModifiers::NONE)), None);
        assert_eq!(Key::of(&KeyEvent::new(KeyCode::Char('q'), KeyModifiers::SUPER)), None);
    }

    #[test]
    fn typing_and_deleting() {
        assert_eq!(Key::parse("space").unwrap().typed(), Some(' '));
        assert_eq!(Key::parse("G").unwrap().typed(), Some('G'));
        assert_eq!(Key::parse("ctrl-g").unwrap().typed(), None);
        assert!(Key::parse("ctrl-h").unwrap().is_backspace() && Key::parse("backspace").unwrap().is_backspace());
        assert!(!Key::parse("h").unwrap().is_backspace());
    }

    #[test]
    fn mistakes_are_explained() {
        assert_eq!(Key::parse("entr").unwrap_err(), "\"entr\" is no key; did you mean enter?");
        assert_eq!(Key::parse("crtl-x").unwrap_err(), "\"crtl-x\" is no key: \"crtl\" is none of ctrl, alt and shift");
        assert!(Key::parse_all(" ").is_err() && Key::parse("f25").is_err() && Key::parse("ctrl-").is_err());
    }
}
