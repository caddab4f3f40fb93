//! What a program elsewhere leaves behind in the terminal when it is cut off: the modes that it set and did not reset. Its
//! bytes go through unchanged; this only reads along.

/// DEC private modes that a program may leave set, and that would be in the way of whoever comes next: keys as an
/// application has them, movements of the mouse, focus, pastes in brackets, the alternate screen, and others.
const LEFT_SET: [u16; 20] = [1, 5, 6, 9, 66, 69, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 47, 1047, 1049, 2004, 2026];
/// Those that are set at first, and that it may leave reset: lines that wrap, the cursor.
const LEFT_RESET: [u16; 2] = [7, 25];
/// What is put right in any case: a soft reset, and what some terminals have no such reset for, or take it to mean otherwise
/// (lines that wrap); a keyboard that is locked, letters that are inserted, lines that begin anew; colours, letters, the keypad.
const ALWAYS: &[u8] = b"\x1b[!p\x1b[?7h\x1b[2l\x1b[4l\x1b[20l\x1b[0m\x1b(B\x0f\x1b>";
/// A sequence that is longer is none.
const LONGEST: usize = 64;

/// Where in a sequence the last byte was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    Escape,
    /// Behind `ESC [`.
    Control,
    /// In a text that ends with ST or BEL: a title, say.
    Quoted,
    QuotedEscape,
}

/// What was set and not reset so far.
#[derive(Debug, Default)]
pub struct Traces {
    at: At,
    sequence: Vec<u8>,
    set: Vec<u16>,
    reset: Vec<u16>,
    /// Keys are told apart that are the same otherwise (xterm's modifyOtherKeys, kitty's protocol).
    keys: bool,
    kitty: bool,
    /// The part of the screen that scrolls.
    margins: bool,
    /// A screen of its own was on, at any time.
    full: bool,
}

impl Traces {
    /// Reads along.
    pub fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.at = match (self.at, byte) {
                (At::Text, 0x1b) => At::Escape,
                (At::Text, _) => At::Text,
                (At::Quoted, 0x1b) => At::QuotedEscape,
                (At::Quoted, 0x07) => At::Text,
                (At::Quoted, _) => At::Quoted,
                (At::QuotedEscape, b'\\') => At::Text,
                (At::Escape | At::QuotedEscape, b'[') => {
                    self.sequence.clear();
                    At::Control
                }
                (At::Escape, b']' | b'P' | b'_' | b'^' | b'X') => At::Quoted,
                (At::Escape, b'c') => {
                    // Everything as it was at first.
                    *self = Traces { full: self.full, ..Traces::default() };
                    At::Text
                }
                (At::Escape | At::QuotedEscape | At::Control, 0x1b) => At::Escape,
                (At::Escape | At::QuotedEscape, _) => At::Text,
                (At::Control, 0x40..=0x7e) => {
                    self.control(byte);
                    At::Text
                }
                (At::Control, _) if self.sequence.len() < LONGEST => {
                    self.sequence.push(byte);
                    At::Control
                }
                (At::Control, _) => At::Text,
            };
        }
    }

    fn control(&mut self, last: u8) {
        let sequence = std::mem::take(&mut self.sequence);
        let text = String::from_utf8_lossy(&sequence);
        match (text.chars().next(), last) {
            (Some('?'), b'h' | b'l') => {
                for mode in text[1..].split(';').filter_map(|mode| mode.parse().ok()) {
                    self.mode(mode, last == b'h');
                }
            }
            (Some('>'), b'm') => self.keys = text.contains(';'),
            (Some('>' | '='), b'u') => self.kitty = true,
            (_, b'r') if text.chars().all(|c| c.is_ascii_digit() || c == ';') => self.margins = !text.is_empty(),
            _ => {}
        }
    }

    fn mode(&mut self, mode: u16, on: bool) {
        self.full |= on && matches!(mode, 47 | 1047 | 1049);
        let (list, left) = if LEFT_SET.contains(&mode) {
            (&mut self.set, on)
        } else if LEFT_RESET.contains(&mode) {
            (&mut self.reset, !on)
        } else {
            return;
        };
        list.retain(|known| *known != mode);
        if left {
            list.push(mode);
        }
    }

    /// A screen of its own was on, and is not any more: what it said last is not to be seen.
    pub fn was_full(&self) -> bool {
        self.full && !self.set.iter().any(|mode| matches!(mode, 47 | 1047 | 1049))
    }

    /// What puts the terminal right, and forgets. Colours, letters and the keypad are put right in any case.
    pub fn undo(&mut self) -> Vec<u8> {
        // What was begun and not ended is not to swallow what follows: ST ends a title, CAN anything else.
        let mut bytes = match self.at {
            At::Text => Vec::new(),
            At::Quoted | At::QuotedEscape => b"\x1b\\".to_vec(),
            At::Escape | At::Control => b"\x18".to_vec(),
        };
        if self.margins {
            // It moves the cursor, which is to stay.
            bytes.extend_from_slice(b"\x1b7\x1b[r\x1b8");
        }
        for mode in self.set.iter().rev() {
            bytes.extend_from_slice(format!("\x1b[?{mode}l").as_bytes());
        }
        for mode in self.reset.iter().rev() {
            bytes.extend_from_slice(format!("\x1b[?{mode}h").as_bytes());
        }
        if self.keys {
            bytes.extend_from_slice(b"\x1b[>4m");
        }
        if self.kitty {
            bytes.extend_from_slice(b"\x1b[=0;1u");
        }
        bytes.extend_from_slice(ALWAYS);
        *self = Traces::default();
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(bytes: &[u8]) -> String {
        // However it is cut into pieces.
        let whole = {
            let mut traces = Traces::default();
            traces.read(bytes);
            traces.undo()
        };
        let mut traces = Traces::default();
        bytes.iter().for_each(|byte| traces.read(&[*byte]));
        assert_eq!(traces.undo(), whole);
        let text = String::from_utf8(whole).expect("text");
        text.strip_suffix(&*String::from_utf8_lossy(ALWAYS)).expect("what is always put right").to_owned()
    }

    #[test]
    fn what_was_set_is_reset_and_nothing_else() {
        assert_eq!(left(b"plain \x1b[31mred\x1b[0m"), "");
        assert_eq!(left(b"\x1b[?1049h\x1b[?1h\x1b[?25l\x1b[?25h\x1b[?1l\x1b[?1049l"), "", "a program that ended well");
        assert_eq!(left(b"\x1b[?1049h\x1b[?1;2004h\x1b[?25l"), "\x1b[?2004l\x1b[?1l\x1b[?1049l\x1b[?25h");
        assert_eq!(left(b"\x1b[?1000h\x1b[?1006h\x1b[?1000l"), "\x1b[?1006l");
        assert_eq!(left(b"\x1b[2;10r"), "\x1b7\x1b[r\x1b8");
        assert_eq!(left(b"\x1b[2;10r\x1b[r\x1b[?7h"), "");
        assert_eq!(left(b"\x1b[>4;2m\x1b[>1u"), "\x1b[>4m\x1b[=0;1u");
        assert_eq!(left(b"\x1b[>4;2m\x1b[>4m"), "");
        assert_eq!(left(b"\x1b[?1049h\x1bc"), "", "a reset");
    }

    #[test]
    fn texts_hide_what_is_in_them_and_halves_are_ended() {
        assert_eq!(left(b"\x1b]0;[?1049h\x07"), "");
        assert_eq!(left(b"\x1b]0;\x1b\\\x1b[?1049h"), "\x1b[?1049l");
        assert_eq!(left(b"\x1b]0;half"), "\x1b\\");
        assert_eq!(left(b"\x1b[?10"), "\x18");
    }

    #[test]
    fn a_full_screen_program_is_told_from_one_that_prints() {
        let was_full = |bytes: &[u8]| {
            let mut traces = Traces::default();
            traces.read(bytes);
            traces.was_full()
        };
        assert!(was_full(b"\x1b[?1049hvim\x1b[?1049l"));
        assert!(!was_full(b"\x1b[?1049hvim") && !was_full(b"ls"));
    }
}
