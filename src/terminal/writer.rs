//! What ratatui draws with: a frame reaches the terminal in one piece or not at all.

use std::io::{self, Write};

/// What opens and closes a synchronised update (DEC mode 2026): the terminal shows what is between them at once.
pub(super) const BEGIN: &[u8] = b"\x1b[?2026h";
pub(super) const END: &[u8] = b"\x1b[?2026l";

/// Gathers a frame, which ratatui flushes in several pieces, and writes it when its synchronised update is complete. A
/// frame that was begun and never ended is dropped, as is everything while the terminal is not ours.
pub struct FrameWriter<W: Write> {
    out: W,
    ours: fn() -> bool,
    frame: Vec<u8>,
}

impl<W: Write> FrameWriter<W> {
    pub(super) fn new(out: W, ours: fn() -> bool) -> FrameWriter<W> {
        FrameWriter { out, ours, frame: Vec::with_capacity(16 * 1024) }
    }
}

impl<W: Write> Write for FrameWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes == BEGIN {
            // What is left of a frame that failed half way.
            self.frame.clear();
        }
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.starts_with(BEGIN) && !self.frame.ends_with(END) {
            return Ok(());
        }
        let written = if (self.ours)() { self.out.write_all(&self.frame).and_then(|()| self.out.flush()) } else { Ok(()) };
        self.frame.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_piece() {
        let mut out = Vec::new();
        let mut writer = FrameWriter::new(&mut out, || true);
        for part in [BEGIN, b"one", b"two"] {
            writer.write_all(part).unwrap();
            writer.flush().unwrap();
        }
        assert!(writer.out.is_empty());
        writer.write_all(END).unwrap();
        writer.flush().unwrap();
        writer.write_all(b"plain").unwrap();
        writer.flush().unwrap();
        assert_eq!(out, [BEGIN, b"onetwo", END, b"plain"].concat());
    }

    #[test]
    fn half_a_frame_and_what_comes_too_late_are_dropped() {
        let mut out = Vec::new();
        let mut writer = FrameWriter::new(&mut out, || true);
        for part in [BEGIN, b"half", BEGIN, b"whole", END] {
            writer.write_all(part).unwrap();
        }
        writer.flush().unwrap();
        writer.write_all(BEGIN).unwrap();
        drop(writer);
        assert_eq!(out, [BEGIN, b"whole", END].concat());
        let mut late = FrameWriter::new(Vec::new(), || false);
        late.write_all(b"late").unwrap();
        late.flush().unwrap();
        assert!(late.out.is_empty() && late.frame.is_empty());
    }
}
