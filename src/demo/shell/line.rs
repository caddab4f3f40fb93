//! A line that is typed: what the terminal's driver and the shell's editor do together.

/// What a key completed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Enter: the line.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    End,
}

/// A line while it is typed.
#[derive(Default)]
pub(super) struct Editor {
    prompt: String,
    text: Vec<char>,
    cursor: usize,
    history: Vec<String>,
    /// The line of the history that is shown; its length when none is.
    shown: usize,
    /// Bytes of a key that is not complete: UTF-8, or an escape sequence.
    begun: Vec<u8>,
    after_return: bool,
}

/// Newlines as a terminal wants them.
pub(super) fn cooked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    for byte in bytes {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

impl Editor {
    /// A new line begins after this prompt, which is on the screen already.
    pub(super) fn begin(&mut self, prompt: &str) {
        self.prompt = prompt.into();
        self.text.clear();
        self.cursor = 0;
        self.shown = self.history.len();
    }

    /// One byte that was typed. `echo` is for the terminal. Lines are remembered where `remembers`.
    pub(super) fn key(&mut self, byte: u8, remembers: bool, echo: &mut Vec<u8>) -> Option<Typed> {
        let after_return = std::mem::take(&mut self.after_return);
        if !self.begun.is_empty() || byte == 0x1b || byte >= 0x80 {
            self.begun.push(byte);
            self.longer(echo);
            return None;
        }
        match byte {
            b'\n' if after_return => {}
            b'\r' | b'\n' => {
                self.after_return = byte == b'\r';
                echo.extend_from_slice(b"\r\n");
                let line: String = std::mem::take(&mut self.text).into_iter().collect();
                self.cursor = 0;
                if remembers && !line.trim().is_empty() && self.history.last() != Some(&line) {
                    self.history.push(line.clone());
                }
                return Some(Typed::Line(line));
            }
            3 => {
                echo.extend_from_slice(b"^C\r\n");
                self.text.clear();
                return Some(Typed::Interrupt);
            }
            4 if self.text.is_empty() => {
                echo.extend_from_slice(b"\r\n");
                return Some(Typed::End);
            }
            4 => self.delete(echo),
            1 => self.go(0, echo),
            5 => self.go(self.text.len(), echo),
            2 => self.go(self.cursor.saturating_sub(1), echo),
            6 => self.go(self.cursor + 1, echo),
            8 | 127 if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
                self.redraw(echo);
            }
            11 => {
                self.text.truncate(self.cursor);
                self.redraw(echo);
            }
            12 => {
                echo.extend_from_slice(b"\x1b[H\x1b[2J");
                self.redraw(echo);
            }
            14 => self.recall(true, echo),
            16 => self.recall(false, echo),
            21 => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
                self.redraw(echo);
            }
            23 => {
                let kept: String = self.text[..self.cursor].iter().collect();
                let start = kept.trim_end().rfind(' ').map_or(0, |at| kept[..=at].chars().count());
                self.text.drain(start..self.cursor);
                self.cursor = start;
                self.redraw(echo);
            }
            byte if byte >= 0x20 => self.insert(char::from(byte), echo),
            _ => {}
        }
        None
    }

    /// A key of several bytes: done when it is complete.
    fn longer(&mut self, echo: &mut Vec<u8>) {
        if self.begun[0] != 0x1b {
            match std::str::from_utf8(&self.begun) {
                Ok(text) => {
                    let c = text.chars().next();
                    self.begun.clear();
                    c.into_iter().for_each(|c| self.insert(c, echo));
                }
                Err(error) if error.error_len().is_some() => self.begun.clear(),
                Err(_) => {}
            }
            return;
        }
        let whole = match self.begun.as_slice() {
            [_] | [_, b'[' | b'O'] => false,
            [_, b'[' | b'O', .., last] => (0x40..=0x7e).contains(last),
            _ => true,
        };
        if !whole {
            return;
        }
        let key = std::mem::take(&mut self.begun);
        match &key[1..] {
            b"[A" | b"OA" => self.recall(false, echo),
            b"[B" | b"OB" => self.recall(true, echo),
            b"[C" | b"OC" => self.go(self.cursor + 1, echo),
            b"[D" | b"OD" => self.go(self.cursor.saturating_sub(1), echo),
            b"[H" | b"OH" | b"[1~" => self.go(0, echo),
            b"[F" | b"OF" | b"[4~" => self.go(self.text.len(), echo),
            b"[3~" => self.delete(echo),
            _ => {}
        }
    }

    fn insert(&mut self, c: char, echo: &mut Vec<u8>) {
        self.text.insert(self.cursor, c);
        self.cursor += 1;
        if self.cursor == self.text.len() {
            echo.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            self.redraw(echo);
        }
    }

    fn delete(&mut self, echo: &mut Vec<u8>) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
            self.redraw(echo);
        }
    }

    fn go(&mut self, to: usize, echo: &mut Vec<u8>) {
        self.cursor = to.min(self.text.len());
        self.redraw(echo);
    }

    fn recall(&mut self, newer: bool, echo: &mut Vec<u8>) {
        let last = self.history.len();
        self.shown = if newer { (self.shown + 1).min(last) } else { self.shown.saturating_sub(1) };
        self.text = self.history.get(self.shown).map(|line| line.chars().collect()).unwrap_or_default();
        self.cursor = self.text.len();
        self.redraw(echo);
    }

    fn redraw(&self, echo: &mut Vec<u8>) {
        let text: String = self.text.iter().collect();
        echo.extend_from_slice(format!("\r{}{text}\x1b[K", self.prompt).as_bytes());
        let back = self.text.len() - self.cursor;
        if back > 0 {
            echo.extend_from_slice(format!("\x1b[{back}D").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(keys: &str) -> Option<Typed> {
        let mut editor = Editor { history: vec!["first".into(), "second".into()], ..Editor::default() };
        editor.begin("# ");
        keys.bytes().filter_map(|byte| editor.key(byte, true, &mut Vec::new())).next()
    }

    #[test]
    fn keys_edit_the_line() {
        for (keys, text) in [
            ("abc\r", "abc"),
            ("ac\x1b[Db\r", "abc"),
            ("abx\x7fc\r", "abc"),
            ("xx\x15abc\r", "abc"),
            ("bc\x01a\r", "abc"),
            ("abcd\x1b[D\x0b\r", "abc"),
            ("one two\x17\r", "one "),
            ("\x1b[A\r", "second"),
            ("\x1b[A\x1b[A\x1b[B\r", "second"),
            ("\x1b[A\x1b[B\r", ""),
            ("é\x1b[3~ß\r", "éß"),
            ("ab\x1b[D\x04c\r", "ac"),
        ] {
            assert_eq!(line(keys), Some(Typed::Line(text.into())), "{keys:?}");
        }
        assert_eq!(line("abc\x03"), Some(Typed::Interrupt));
        assert_eq!(line("\x04"), Some(Typed::End));
        assert_eq!(line("a\x04"), None);
    }

    #[test]
    fn what_is_typed_at_the_end_is_echoed_and_no_more() {
        let (mut editor, mut echo) = (Editor::default(), Vec::new());
        for byte in "añ\r\n".bytes() {
            editor.key(byte, true, &mut echo);
        }
        assert_eq!(String::from_utf8(echo).unwrap(), "añ\r\n");
    }
}
