//! What is wrong with text that is no JSON, in the words of Go's `encoding/json` (its scanner).

/// What the scanner expects next.
#[derive(Clone, Copy)]
enum Step {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    AfterEntry,
    AfterItem,
    Over,
}

/// The first fault; `None` where Go finds none.
pub(super) fn fault(text: &[u8]) -> Option<String> {
    let mut scanner = Scanner { text, at: 0, open: Vec::new() };
    scanner.document().err()
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// The containers that are open: true for an object.
    open: Vec<bool>,
}

impl Scanner<'_> {
    fn next(&mut self) -> Result<u8, String> {
        let byte = self.text.get(self.at).copied().ok_or("unexpected end of JSON input")?;
        self.at += 1;
        Ok(byte)
    }

    fn document(&mut self) -> Result<(), String> {
        let mut step = Step::Value;
        loop {
            while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
                self.at += 1;
            }
            if matches!(step, Step::Over) && self.at == self.text.len() {
                return Ok(());
            }
            let byte = self.next()?;
            step = match (step, byte) {
                (Step::ValueOrEnd, b']') | (Step::KeyOrEnd | Step::AfterEntry, b'}') | (Step::AfterItem, b']') => self.close(),
                (Step::Value | Step::ValueOrEnd, _) => self.value(byte)?,
                (Step::Key | Step::KeyOrEnd, b'"') => {
                    self.string()?;
                    Step::Colon
                }
                (Step::Colon, b':') => Step::Value,
                (Step::AfterEntry, b',') => Step::Key,
                (Step::AfterItem, b',') => Step::Value,
                (Step::Key | Step::KeyOrEnd, _) => return wrong(byte, "looking for beginning of object key string"),
                (Step::Colon, _) => return wrong(byte, "after object key"),
                (Step::AfterEntry, _) => return wrong(byte, "after object key:value pair"),
                (Step::AfterItem, _) => return wrong(byte, "after array element"),
                (Step::Over, _) => return wrong(byte, "after top-level value"),
            };
        }
    }

    fn after(&self) -> Step {
        match self.open.last() {
            Some(true) => Step::AfterEntry,
            Some(false) => Step::AfterItem,
            None => Step::Over,
        }
    }

    fn close(&mut self) -> Step {
        self.open.pop();
        self.after()
    }

    fn value(&mut self, byte: u8) -> Result<Step, String> {
        match byte {
            b'{' => {
                self.open.push(true);
                return Ok(Step::KeyOrEnd);
            }
            b'[' => {
                self.open.push(false);
                return Ok(Step::ValueOrEnd);
            }
            b'"' => self.string()?,
            b'-' => match self.next()? {
                digit @ b'0'..=b'9' => self.number(digit)?,
                other => return wrong(other, "in numeric literal"),
            },
            b'0'..=b'9' => self.number(byte)?,
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            _ => return wrong(byte, "looking for beginning of value"),
        }
        Ok(self.after())
    }

    fn string(&mut self) -> Result<(), String> {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next()? {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let byte = self.next()?;
                            if !byte.is_ascii_hexdigit() {
                                return wrong(byte, "in \\u hexadecimal character escape");
                            }
                        }
                    }
                    other => return wrong(other, "in string escape code"),
                },
                byte if byte < 0x20 => return wrong(byte, "in string literal"),
                _ => {}
            }
        }
    }

    fn digits(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn number(&mut self, first: u8) -> Result<(), String> {
        if first != b'0' {
            self.digits();
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            match self.next()? {
                b'0'..=b'9' => self.digits(),
                other => return wrong(other, "after decimal point in numeric literal"),
            }
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            let mut byte = self.next()?;
            if matches!(byte, b'+' | b'-') {
                byte = self.next()?;
            }
            if !byte.is_ascii_digit() {
                return wrong(byte, "in exponent of numeric literal");
            }
            self.digits();
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for expected in word.chars().skip(1) {
            let byte = self.next()?;
            if char::from(byte) != expected {
                return wrong(byte, &format!("in literal {word} (expecting '{expected}')"));
            }
        }
        Ok(())
    }
}

fn wrong<T>(byte: u8, place: &str) -> Result<T, String> {
    let shown = match byte {
        b'\'' => r"\'".to_owned(),
        b'"' => "\"".to_owned(),
        b'\\' => r"\\".to_owned(),
        b'\n' => r"\n".to_owned(),
        b'\r' => r"\r".to_owned(),
        b'\t' => r"\t".to_owned(),
        0..0x20 | 0x7f => format!("\\x{byte:02x}"),
        0x80..0xa0 => format!("\\u{:04x}", byte),
        _ => char::from(byte).to_string(),
    };
    Err(format!("invalid character '{shown}' {place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_worded_as_by_go() {
        let end = "unexpected end of JSON input";
        for (text, why) in [
            ("{apiVersion", "invalid character 'a' looking for beginning of object key string"),
            ("", end),
            ("{\"a\": [1, 2", end),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\": 1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("{\"a\": 'b'}", "invalid character '\\'' looking for beginning of value"),
            ("[tru3]", "invalid character '3' in literal true (expecting 'e')"),
            ("[-a]", "invalid character 'a' in numeric literal"),
            ("[1.a]", "invalid character 'a' after decimal point in numeric literal"),
            ("[1ea]", "invalid character 'a' in exponent of numeric literal"),
            ("[\"\\x\"]", "invalid character 'x' in string escape code"),
            ("[\"a\nb\"]", "invalid character '\\n' in string literal"),
            ("[01]", "invalid character '1' after array element"),
        ] {
            assert_eq!(fault(text.as_bytes()).as_deref(), Some(why), "{text}");
        }
        assert_eq!(fault(br#" {"a": [1, -2.5e+3, "b\u00e9", true, null, {}, []]} "#), None);
    }
}
