//! Keys as the bytes that xterm sends for them: for consoles that give keys instead.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The bytes of a key; none for one that has none, or that was let go.
pub fn of(key: &KeyEvent) -> Vec<u8> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let (shift, alt, ctrl) = (
        key.modifiers.contains(KeyModifiers::SHIFT),
        key.modifiers.contains(KeyModifiers::ALT),
        key.modifiers.contains(KeyModifiers::CONTROL),
    );
    // xterm's number of the modifiers that are held.
    let held = 1 + u8::from(shift) + 2 * u8::from(alt) + 4 * u8::from(ctrl);
    let cursor = |last: char| if held == 1 { format!("\x1b[{last}") } else { format!("\x1b[1;{held}{last}") };
    let numbered = |number: u8| if held == 1 { format!("\x1b[{number}~") } else { format!("\x1b[{number};{held}~") };
    let escaped = match key.code {
        KeyCode::Up => cursor('A'),
        KeyCode::Down => cursor('B'),
        KeyCode::Right => cursor('C'),
        KeyCode::Left => cursor('D'),
        KeyCode::Home => cursor('H'),
        KeyCode::End => cursor('F'),
        KeyCode::Insert => numbered(2),
        KeyCode::Delete => numbered(3),
        KeyCode::PageUp => numbered(5),
        KeyCode::PageDown => numbered(6),
        KeyCode::F(number @ 1..=4) if held == 1 => format!("\x1bO{}", char::from(b'P' + number - 1)),
        KeyCode::F(number @ 1..=4) => cursor(char::from(b'P' + number - 1)),
        KeyCode::F(number @ 5..=12) => numbered([15, 17, 18, 19, 20, 21, 23, 24][usize::from(number) - 5]),
        KeyCode::BackTab => "\x1b[Z".to_owned(),
        _ => String::new(),
    };
    if !escaped.is_empty() {
        return escaped.into_bytes();
    }
    let mut bytes = match key.code {
        KeyCode::Enter => vec![b'\r'],
        KeyCode::Tab => vec![b'\t'],
        KeyCode::Esc => vec![0x1b],
        KeyCode::Backspace => vec![if ctrl { 0x08 } else { 0x7f }],
        KeyCode::Null => vec![0],
        KeyCode::Char(letter) if ctrl => match letter.to_ascii_lowercase() {
            letter @ 'a'..='z' => vec![letter as u8 & 0x1f],
            ' ' | '@' | '2' => vec![0],
            '[' | '3' => vec![0x1b],
            '\\' | '4' => vec![0x1c],
            ']' | '5' => vec![0x1d],
            '^' | '6' => vec![0x1e],
            '_' | '-' | '/' | '7' => vec![0x1f],
            '8' | '?' => vec![0x7f],
            letter => letter.to_string().into_bytes(),
        },
        KeyCode::Char(letter) => letter.to_string().into_bytes(),
        _ => return Vec::new(),
    };
    if alt {
        bytes.insert(0, 0x1b);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_spelled_as_xterm_spells_them() {
        let spelled = |code, modifiers| String::from_utf8(of(&KeyEvent::new(code, modifiers))).expect("text");
        let none = KeyModifiers::NONE;
        assert_eq!(spelled(KeyCode::Char('é'), none), "é");
        assert_eq!(spelled(KeyCode::Char('c'), KeyModifiers::CONTROL), "\x03");
        assert_eq!(spelled(KeyCode::Char('x'), KeyModifiers::ALT), "\x1bx");
        assert_eq!(spelled(KeyCode::Up, none), "\x1b[A");
        assert_eq!(spelled(KeyCode::Left, KeyModifiers::CONTROL), "\x1b[1;5D");
        assert_eq!(spelled(KeyCode::PageDown, none), "\x1b[6~");
        assert_eq!((spelled(KeyCode::F(1), none), spelled(KeyCode::F(12), none)), ("\x1bOP".into(), "\x1b[24~".into()));
        assert_eq!(spelled(KeyCode::Enter, none), "\r");
        let mut released = KeyEvent::new(KeyCode::Char('a'), none);
        released.kind = KeyEventKind::Release;
        assert!(of(&released).is_empty());
    }
}
