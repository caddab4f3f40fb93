//! Bytes of a log into lines with their times.

use bytes::{Buf, Bytes, BytesMut};

use crate::model::log::{Kind, LARGEST, Nanoseconds};

/// A line, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Its time, where it has one.
    pub(super) at: Option<Nanoseconds>,
    pub(super) kind: Kind,
    pub(super) text: Bytes,
    /// The line ends with it.
    pub(super) ended: bool,
}

/// Bytes of a stream into lines.
#[derive(Debug, Default)]
pub(super) struct Reader {
    held: BytesMut,
    /// The beginning of the line that is held was given away already.
    within: bool,
}

impl Reader {
    /// There is something to be shown of a line that has not ended: beyond its time.
    pub(super) fn can_be_shown(&self) -> bool {
        !self.held.is_empty() && (self.within || self.held.contains(&b' '))
    }

    pub(super) fn push(&mut self, bytes: Bytes) -> Vec<Read> {
        self.held.extend_from_slice(&bytes);
        let mut found = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.held) {
            let mut line = self.held.split_to(end).freeze();
            self.held.advance(1);
            if line.last() == Some(&b'\r') {
                line.truncate(line.len() - 1);
            }
            while line.len() > LARGEST {
                let piece = line.split_to(LARGEST);
                found.push(self.piece(piece, false));
            }
            // What was given away may have been all of it: then this says that it has ended.
            found.push(self.piece(line, true));
            self.within = false;
        }
        while self.held.len() > LARGEST {
            let piece = self.held.split_to(LARGEST).freeze();
            found.push(self.piece(piece, false));
        }
        found
    }

    /// What is held, though it has not ended.
    pub(super) fn rest(&mut self) -> Vec<Read> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let rest = self.held.split().freeze();
        vec![self.piece(rest, false)]
    }

    fn piece(&mut self, mut text: Bytes, ended: bool) -> Read {
        if std::mem::replace(&mut self.within, true) {
            return Read { at: None, kind: Kind::Rest, text, ended };
        }
        let stamp = stamp(&text);
        if let Some((_, length)) = stamp {
            text.advance(length);
        }
        // Without a time it is no line of the container, but what the kubelet has to say instead.
        Read { at: stamp.map(|(at, _)| at), kind: Kind::Text, text, ended }
    }
}

/// The time that a line begins with, and how long that is with the space after it.
fn stamp(line: &[u8]) -> Option<(Nanoseconds, usize)> {
    let end = line.iter().take(40).position(|byte| *byte == b' ').unwrap_or(line.len().min(40));
    let text = std::str::from_utf8(&line[..end]).ok()?;
    let time: jiff::Timestamp = text.parse().ok()?;
    let at = Nanoseconds::try_from(time.as_nanosecond()).ok()?;
    Some((at, (end + 1).min(line.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_lines_wherever_they_are_cut() {
        let text = b"2026-11-21T20:00:00.5Z one\n2026-11-21T20:00:01+01:00 two\r\nno time\n2026-11-21T20:00:02Z\n";
        let whole = Reader::default().push(Bytes::from_static(text));
        let words: Vec<&[u8]> = whole.iter().map(|read| &read.text[..]).collect();
        assert_eq!(words, [&b"one"[..], b"two", b"no time", b""]);
        assert_eq!(whole[0].at.map(|at| at % 1_000_000_000), Some(500_000_000));
        assert_eq!(whole[0].at.zip(whole[1].at).map(|(one, two)| one - two), Some(3_599_500_000_000));
        assert_eq!(whole[2].at, None);
        assert!(whole.iter().all(|read| read.ended));
        for cut in 0..text.len() {
            let mut reader = Reader::default();
            let mut read = reader.push(Bytes::copy_from_slice(&text[..cut]));
            read.extend(reader.push(Bytes::copy_from_slice(&text[cut..])));
            assert_eq!(read, whole, "cut at {cut}");
            assert!(reader.rest().is_empty());
        }
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces() {
        let mut reader = Reader::default();
        let mut long = b"2026-11-21T20:00:00Z ".to_vec();
        long.resize(LARGEST * 2 + 100, b'x');
        let mut read = reader.push(long.clone().into());
        read.extend(reader.rest());
        read.extend(reader.push(Bytes::from_static(b"yz\nnext\n")));
        let kinds: Vec<Kind> = read.iter().map(|read| read.kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Rest, Kind::Rest, Kind::Rest, Kind::Text]);
        let total: usize = read[..4].iter().map(|read| read.text.len()).sum();
        assert_eq!(total, long.len() - 21 + 2);
        // Given away whole, and then its end comes.
        let mut reader = Reader::default();
        reader.push(Bytes::from_static(b"half"));
        assert!(!reader.can_be_shown(), "its time may not be whole");
        assert_eq!(reader.rest().len(), 1);
        let end = reader.push(Bytes::from_static(b"\nnew\n"));
        assert!(end.len() == 2 && end[0].text.is_empty() && end[0].ended && end[0].kind == Kind::Rest);
    }
}
