//! A session in a container has the terminal: what is typed goes there as it is, what it says is shown as it is. The loop goes
//! on beside it: what the cluster says is taken, and nothing is drawn.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, timeout_at};

use super::surface::Surface;
use super::{App, WAITING};
use crate::event::{Input, Spoken, Typed, Wires};
use crate::terminal::signals::Signal;
use crate::terminal::through::Heard;
use crate::view::state::Overlay;
use crate::view::text;

mod escape;

use escape::{Escape, Wish};

/// What is typed and cannot be sent yet, in bytes: a connection that hangs does not take all memory.
const HELD: usize = 4 << 20;
/// When a session ends by itself, nothing typed counts before nothing was typed for so long; and that is not waited for longer
/// than [`RESTS_AT_MOST`].
const RESTS: Duration = Duration::from_millis(250);
const RESTS_AT_MOST: Duration = Duration::from_secs(2);
/// So many bytes are put on the terminal before the next key is looked for.
const PIECE: usize = 64 << 10;

/// A session, while it has the terminal.
struct Talk {
    wires: Wires,
    escape: Escape,
    /// What is to be sent, in order.
    held: VecDeque<Typed>,
    bytes: usize,
    /// It is over, and the last words wait to be read.
    over: bool,
    /// The person left it: what is typed after that is for us.
    left: bool,
    /// The last byte that was shown.
    last: u8,
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    On,
    Back,
}

impl Talk {
    fn hold(&mut self, bytes: Vec<u8>) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let fits = self.bytes + bytes.len() <= HELD;
        if fits {
            self.bytes += bytes.len();
            self.held.push_back(Typed::Bytes(Bytes::from(bytes)));
        }
        fits
    }

    /// What is said at the beginning: where one is, and how one gets out.
    fn heading(&self) -> String {
        let ways = match self.wires.input {
            Input::On if self.wires.attached => "enter may bring a prompt; enter ~ . leaves, ~ ? says more",
            Input::On => "enter ~ . leaves, ~ ? says more",
            Input::Off => "its output only: ~ i types into it, ctrl-c leaves and stops nothing",
            Input::None => "its output only, it takes no input: ctrl-c leaves and stops nothing",
        };
        format!("{} ({ways})", text::safe(&self.wires.title))
    }

    fn help(&self) -> String {
        let input = if self.wires.input == Input::Off { "  ~i  what is typed goes in\r\n" } else { "" };
        format!("\r\nat the beginning of a line:\r\n  ~.  leave, whatever hangs\r\n{input}  ~~  a tilde\r\n  ~?  this\r\n")
    }
}

/// Bytes of a program without a terminal for one in raw mode, which does not go to the first column at the end of a line by
/// itself. `last` is the byte before, and after.
fn lines_returned(bytes: &[u8], last: &mut u8) -> Vec<u8> {
    let mut returned = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    for &byte in bytes {
        if byte == b'\n' && *last != b'\r' {
            returned.push(b'\r');
        }
        returned.push(byte);
        *last = byte;
    }
    returned
}

/// A line of our own between the session's.
fn line(words: &str) -> Vec<u8> {
    format!("\x1b[0m\r\n── kubetui: {words}\r\n").into_bytes()
}

impl<S: Surface> App<S> {
    /// Leaves the terminal to a session until that is over. `Some`: the program is to end with this code.
    pub(super) async fn talk(
        &mut self,
        number: u64,
        wires: Wires,
        signals: &mut mpsc::Receiver<Signal>,
        second: &mut Interval,
    ) -> io::Result<Option<u8>> {
        if matches!(self.state.overlay, Overlay::Acts(shown) if shown == number) {
            self.state.overlay = Overlay::None;
        }
        if let Err(error) = self.surface.pass() {
            self.state.error(format!("the terminal cannot be handed over: {error}"));
            return Ok(None);
        }
        let mut talk = Talk { wires, escape: Escape::new(), held: VecDeque::new(), bytes: 0, over: false, left: false, last: 0 };
        self.talking = true;
        if let Ok((width, height)) = self.surface.size() {
            talk.held.push_back(Typed::Size(width, height));
        }
        let ended = match self.surface.put(&line(&talk.heading())) {
            Ok(()) => self.until_over(&mut talk, signals, second).await,
            Err(error) => Err(error),
        };
        self.talking = false;
        let left = talk.left;
        drop(talk);
        if matches!(ended, Ok(None)) && !self.quit {
            if !left {
                self.let_it_rest().await?;
            }
            self.surface.take_back()?;
            // The window may have another size, and what was said meanwhile was not read.
            if let Some(message) = &mut self.state.message {
                message.since = std::time::Instant::now();
            }
            self.state.dirty = true;
            self.draw()?;
        } else {
            // It ends: what the session has left behind is put right nevertheless. Where the terminal is gone, that has a reason
            // of its own already.
            drop(self.surface.take_back());
        }
        ended
    }

    /// Takes what is still typed into a session that is over without the person's doing, or answered to what it asked the
    /// terminal last: none of it is a key of ours.
    async fn let_it_rest(&mut self) -> io::Result<()> {
        let end = Instant::now() + RESTS_AT_MOST;
        while Instant::now() < end {
            match timeout_at(end.min(Instant::now() + RESTS), self.surface.heard()).await {
                Ok(Some(heard)) => drop(heard?),
                Ok(None) => {
                    self.quit = true;
                    break;
                }
                Err(_) => break,
            }
        }
        Ok(())
    }

    async fn until_over(&mut self, talk: &mut Talk, signals: &mut mpsc::Receiver<Signal>, second: &mut Interval) -> io::Result<Option<u8>> {
        let typed = talk.wires.typed.clone();
        while !self.quit {
            self.reconcile();
            let waits = !talk.held.is_empty() && !talk.over;
            tokio::select! {
                biased;
                heard = self.surface.heard() => match heard {
                    Some(heard) => if self.heard(talk, heard?)? == Next::Back {
                        return Ok(None);
                    },
                    // Whoever typed is gone, and the terminal with them.
                    None => self.quit = true,
                },
                signal = signals.recv() => match signal {
                    Some(Signal::Quit(number)) => return Ok(Some(128u8.saturating_add(u8::try_from(number).unwrap_or(0)))),
                    Some(Signal::Resumed) => {
                        self.surface.repaint()?;
                        if let Ok((width, height)) = self.surface.size() {
                            talk.held.push_back(Typed::Size(width, height));
                        }
                    }
                    None => {}
                },
                room = typed.reserve(), if waits => match room {
                    Ok(room) => if let Some(typed) = talk.held.pop_front() {
                        if let Typed::Bytes(bytes) = &typed {
                            talk.bytes = talk.bytes.saturating_sub(bytes.len());
                        }
                        room.send(typed);
                    },
                    // It is over, which is about to be said.
                    Err(_) => talk.held.clear(),
                },
                _ = second.tick() => self.tick(),
                spoken = talk.wires.said.recv(), if !talk.over => {
                    if self.spoken(talk, spoken)? == Next::Back {
                        return Ok(None);
                    }
                    // A flood of output does not keep the cluster's words waiting.
                    for _ in 0..WAITING {
                        let Ok(event) = self.said.try_recv().or_else(|_| self.events.try_recv()) else { break };
                        self.take(event).await?;
                    }
                }
                event = self.said.recv() => if let Some(event) = event {
                    self.take(event).await?;
                },
                event = self.events.recv() => if let Some(event) = event {
                    self.take(event).await?;
                    for _ in 0..WAITING {
                        match self.events.try_recv() {
                            Ok(event) => self.take(event).await?,
                            Err(_) => break,
                        }
                    }
                },
            }
        }
        Ok(None)
    }

    /// Takes what was typed.
    fn heard(&mut self, talk: &mut Talk, heard: Heard) -> io::Result<Next> {
        let bytes = match heard {
            Heard::Size(width, height) => {
                talk.held.push_back(Typed::Size(width, height));
                return Ok(Next::On);
            }
            // The last words were read.
            Heard::Bytes(_) if talk.over => return Ok(Next::Back),
            Heard::Bytes(bytes) => bytes,
        };
        let (mut sent, wishes) = talk.escape.take(&bytes);
        if talk.wires.input != Input::On {
            talk.escape.dropped();
            // ctrl-c, ctrl-d and q: nothing that is typed gets there, so they are for us.
            if sent.iter().any(|byte| matches!(byte, 3 | 4 | b'q')) {
                talk.left = true;
                return Ok(Next::Back);
            }
            sent.clear();
        }
        if !talk.hold(sent) {
            self.surface.put(&line("what was typed is lost: the other side takes nothing (enter ~ . leaves)"))?;
        }
        for wish in wishes {
            match (wish, talk.wires.input) {
                (Wish::Leave, _) => {
                    talk.left = true;
                    return Ok(Next::Back);
                }
                (Wish::Help, _) => self.surface.put(talk.help().as_bytes())?,
                (Wish::Input, Input::Off) => talk.held.push_back(Typed::Input),
                (Wish::Input, Input::On) => self.surface.put(&line("what is typed goes in already"))?,
                (Wish::Input, Input::None) => self.surface.put(&line("the container takes no standard input (stdin: false)"))?,
            }
        }
        Ok(Next::On)
    }

    /// Takes what the session says; [`None`]: nothing more will come.
    fn spoken(&mut self, talk: &mut Talk, spoken: Option<Spoken>) -> io::Result<Next> {
        match spoken {
            Some(Spoken::Bytes(bytes)) => {
                let mut piece = bytes.to_vec();
                let mut then = None;
                // A flood is written in large pieces, and keys are looked for between them.
                while piece.len() < PIECE {
                    match talk.wires.said.try_recv() {
                        Ok(Spoken::Bytes(bytes)) => piece.extend_from_slice(&bytes),
                        Ok(other) => {
                            then = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                if !talk.wires.tty {
                    piece = lines_returned(&piece, &mut talk.last);
                }
                self.surface.put(&piece)?;
                return then.map_or(Ok(Next::On), |then| self.spoken(talk, Some(then)));
            }
            Some(Spoken::Input(Ok(()))) => {
                talk.wires.input = Input::On;
                talk.escape = Escape::new();
                let once = if talk.wires.once { ", and its standard input ends with that: stdinOnce" } else { "" };
                self.surface.put(&line(&format!("what is typed goes in now (enter ~ . leaves{once})")))?;
            }
            Some(Spoken::Input(Err(why))) => self.surface.put(&line(&format!("what is typed does not go in: {}", text::safe(&why))))?,
            Some(Spoken::Ended { words, good }) => {
                let words = text::safe(&words).into_owned();
                if talk.wires.waits && !self.surface.was_full() {
                    self.surface.put(&line(&format!("{words}; any key goes back")))?;
                    talk.over = true;
                    return Ok(Next::On);
                }
                if !good {
                    self.surface.put(&line(&words))?;
                }
                return Ok(Next::Back);
            }
            None => return Ok(Next::Back),
        }
        Ok(Next::On)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cluster_says_does_not_steer_the_terminal() {
        let (_, said) = mpsc::channel(1);
        let (typed, _) = mpsc::channel(1);
        let title = "a shell in x/\u{1b}]52;c;ZXZpbA==\u{7}\u{202e}web".to_owned();
        let wires = Wires { title, tty: true, attached: false, once: false, input: Input::On, waits: false, said, typed };
        let talk = Talk { wires, escape: Escape::new(), held: VecDeque::new(), bytes: 0, over: false, left: false, last: 0 };
        let bytes = line(&talk.heading());
        let text = String::from_utf8(bytes).expect("text");
        assert!(text.starts_with("\u{1b}[0m\r\n") && text.ends_with("\r\n"), "{text:?}");
        assert_eq!(text.matches('\u{1b}').count(), 1, "our own alone: {text:?}");
        assert!(!text.contains('\u{7}') && !text.contains('\u{202e}') && text.contains("web"), "{text:?}");
    }

    #[test]
    fn lines_of_files_begin_at_the_first_column() {
        let mut last = 0;
        assert_eq!(lines_returned(b"a\nb\r\nc\r", &mut last), b"a\r\nb\r\nc\r");
        assert_eq!(lines_returned(b"\n\n", &mut last), b"\n\r\n", "cut between the two");
    }
}
