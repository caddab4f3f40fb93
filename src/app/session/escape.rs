//! What is typed in a session and is meant for us: `~` at the beginning of a line, as ssh has it. Everything else goes
//! through as it is.

/// What a person wants of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// `~.`: out, whatever hangs.
    Leave,
    /// `~i`: what is typed is to go in.
    Input,
    /// `~?`: what there is.
    Help,
}

/// Around what is pasted, where the program that reads asked for it.
const PASTE: [&[u8; 6]; 2] = [b"\x1b[200~", b"\x1b[201~"];

/// Where in a line the last byte was.
#[derive(Debug)]
pub(super) struct Escape {
    /// Nothing is in the line yet.
    begins: bool,
    /// A `~` stands at its beginning, and was not sent yet.
    held: bool,
    /// What comes is pasted: nothing in it is a wish.
    pasted: bool,
    /// So many bytes of what ends or begins a paste have come.
    marked: usize,
}

impl Escape {
    pub(super) fn new() -> Escape {
        Escape { begins: true, held: false, pasted: false, marked: 0 }
    }

    /// Takes what was typed: what of it is to be sent, and what is wished. Nothing that follows a [`Wish::Leave`] is sent.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (Vec<u8>, Vec<Wish>) {
        let (mut sent, mut wishes) = (Vec::with_capacity(bytes.len() + 1), Vec::new());
        for &byte in bytes {
            self.mark(byte);
            if std::mem::take(&mut self.held) {
                let wish = match byte {
                    b'.' => Some(Wish::Leave),
                    b'i' => Some(Wish::Input),
                    b'?' => Some(Wish::Help),
                    _ => None,
                };
                if let Some(wish) = wish {
                    wishes.push(wish);
                    if wish == Wish::Leave {
                        return (sent, wishes);
                    }
                    continue;
                }
                sent.push(b'~');
                self.begins = false;
                if byte == b'~' {
                    continue;
                }
            } else if byte == b'~' && self.begins && !self.pasted {
                self.held = true;
                continue;
            }
            sent.push(byte);
            self.begins = matches!(byte, b'\r' | b'\n');
        }
        (sent, wishes)
    }

    /// What was typed was for nobody: the line is as empty as before.
    pub(super) fn dropped(&mut self) {
        self.begins = true;
    }

    fn mark(&mut self, byte: u8) {
        let marker = PASTE[usize::from(self.pasted)];
        self.marked = if byte == marker[self.marked] { self.marked + 1 } else { usize::from(byte == marker[0]) };
        if self.marked == marker.len() {
            self.pasted = !self.pasted;
            self.marked = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> (String, Vec<Wish>) {
        // In one piece and byte by byte it is the same.
        let (sent, wishes) = Escape::new().take(bytes);
        let mut escape = Escape::new();
        let (mut pieces, mut wished) = (Vec::new(), Vec::new());
        for byte in bytes {
            if wished.contains(&Wish::Leave) {
                break;
            }
            let (sent, wishes) = escape.take(&[*byte]);
            pieces.extend(sent);
            wished.extend(wishes);
        }
        assert_eq!((&pieces, &wished), (&sent, &wishes));
        (String::from_utf8(sent).expect("text"), wishes)
    }

    #[test]
    fn a_tilde_at_the_beginning_of_a_line_is_for_us() {
        assert_eq!(all(b"~."), (String::new(), vec![Wish::Leave]));
        assert_eq!(all(b"ls\r~."), ("ls\r".into(), vec![Wish::Leave]));
        assert_eq!(all(b"~i~?x"), ("x".into(), vec![Wish::Input, Wish::Help]));
        assert_eq!(all(b"~.rm -rf /\r"), (String::new(), vec![Wish::Leave]), "nothing behind it is sent");
    }

    #[test]
    fn every_other_byte_goes_through() {
        for text in ["cd ~/x\r", "a~.\r", "ls ~\r", "\x1b[5~.", "~/bin\r", "é\r\u{3}\u{1a}"] {
            assert_eq!(all(text.as_bytes()), (text.to_owned(), vec![]), "{text:?}");
        }
        assert_eq!(all(b"~~.\r"), ("~.\r".into(), vec![]), "two are one, and no wish");
        assert_eq!(all(b"~x~.\r"), ("~x~.\r".into(), vec![]));
    }

    #[test]
    fn what_is_pasted_is_no_wish() {
        let pasted = "\x1b[200~line\r~.\r~i\x1b[201~";
        assert_eq!(all(pasted.as_bytes()), (pasted.to_owned(), vec![]));
        let after = format!("{pasted}\r~.");
        assert_eq!(all(after.as_bytes()), (format!("{pasted}\r"), vec![Wish::Leave]));
        assert_eq!(all(b"\x1b\x1b[200~\r~."), ("\x1b\x1b[200~\r~.".into(), vec![]));
    }
}
