//! The terminal while a session elsewhere has it: its bytes go as they are, in both directions. Raw mode stays on, so that
//! ctrl-c and ctrl-z are bytes too.

use std::io;

use super::traces::Traces;

/// What comes from whoever has the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// What was typed or pasted, as the terminal sends it.
    Bytes(Vec<u8>),
    /// Another size: columns and rows.
    Size(u16, u16),
}

/// The terminal, passed through.
pub struct Through {
    keyboard: Keyboard,
    traces: Traces,
}

impl Through {
    /// Begins to read from the terminal. Nobody else reads from it.
    ///
    /// # Errors
    /// There is none to read from.
    pub fn begin() -> io::Result<Through> {
        Ok(Through { keyboard: Keyboard::open()?, traces: Traces::default() })
    }

    /// What comes next; `None` when nothing will any more. Cancel-safe: what is not given is not read, and stays for whoever
    /// reads next.
    pub async fn next(&mut self) -> Option<io::Result<Heard>> {
        self.keyboard.next().await
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.traces.read(bytes);
        super::write_now(bytes)
    }

    /// A program with a screen of its own was there, and ended: nothing of it is to be seen any more.
    pub fn was_full(&self) -> bool {
        self.traces.was_full()
    }

    /// Puts right what a program elsewhere has left behind.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn undo(&mut self) -> io::Result<()> {
        super::write_now(&self.traces.undo())
    }
}

#[cfg(unix)]
use unix::Keyboard;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, IsTerminal};
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::Heard;

    /// Bytes that are read at once.
    const PIECE: usize = 4096;

    /// Where keys come from: standard input, or what controls the process where that is something else.
    enum Tty {
        Stdin(io::Stdin),
        Other(File),
    }

    impl AsFd for Tty {
        fn as_fd(&self) -> BorrowedFd<'_> {
            match self {
                Tty::Stdin(stdin) => stdin.as_fd(),
                Tty::Other(file) => file.as_fd(),
            }
        }
    }

    impl AsRawFd for Tty {
        fn as_raw_fd(&self) -> RawFd {
            self.as_fd().as_raw_fd()
        }
    }

    /// Reads a terminal that others read too, at other times: it is never made non-blocking, which all of them would share,
    /// and is read only when there is something.
    pub(super) struct Keyboard {
        tty: AsyncFd<Tty>,
        resized: Signal,
    }

    impl Keyboard {
        pub(super) fn open() -> io::Result<Keyboard> {
            let stdin = io::stdin();
            let tty = if stdin.is_terminal() { Tty::Stdin(stdin) } else { Tty::Other(File::open("/dev/tty")?) };
            // What it was deprecated for in favour of an unsafe function, a descriptor that is closed meanwhile, cannot be: the
            // terminal is owned by what is registered.
            #[allow(deprecated)]
            let tty = AsyncFd::with_interest(tty, Interest::READABLE)?;
            Ok(Keyboard { tty, resized: signal(SignalKind::window_change())? })
        }

        pub(super) async fn next(&mut self) -> Option<io::Result<Heard>> {
            loop {
                tokio::select! {
                    biased;
                    _ = self.resized.recv() => return Some(crossterm::terminal::size().map(|(width, height)| Heard::Size(width, height))),
                    ready = self.tty.readable() => {
                        let mut guard = match ready {
                            Ok(guard) => guard,
                            Err(error) => return Some(Err(error)),
                        };
                        let tty = guard.get_inner();
                        if !is_readable(tty) {
                            guard.clear_ready();
                            continue;
                        }
                        let mut piece = [0; PIECE];
                        // Past std's buffer, which would keep what the next reader is to have.
                        match rustix::io::read(tty, &mut piece) {
                            Ok(0) => return None,
                            Ok(count) => return Some(Ok(Heard::Bytes(piece[..count].to_vec()))),
                            Err(rustix::io::Errno::INTR) => {}
                            Err(rustix::io::Errno::AGAIN) => guard.clear_ready(),
                            // Linux says so when the window is closed.
                            Err(rustix::io::Errno::IO) => return None,
                            Err(error) => return Some(Err(error.into())),
                        }
                    }
                }
            }
        }
    }

    fn is_readable(tty: &impl AsFd) -> bool {
        let mut fds = [PollFd::new(tty, PollFlags::IN)];
        matches!(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(1..))
    }
}

#[cfg(not(unix))]
use elsewhere::Keyboard;

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    use crossterm::event::{Event, EventStream};
    use futures::StreamExt;

    use super::Heard;
    use crate::terminal::bytes;

    /// A console gives keys, not bytes: they are spelled as xterm spells them.
    pub(super) struct Keyboard {
        input: EventStream,
    }

    impl Keyboard {
        pub(super) fn open() -> io::Result<Keyboard> {
            Ok(Keyboard { input: EventStream::new() })
        }

        pub(super) async fn next(&mut self) -> Option<io::Result<Heard>> {
            loop {
                match self.input.next().await? {
                    Ok(Event::Key(key)) => {
                        let spelled = bytes::of(&key);
                        if !spelled.is_empty() {
                            return Some(Ok(Heard::Bytes(spelled)));
                        }
                    }
                    Ok(Event::Paste(text)) => return Some(Ok(Heard::Bytes(text.into_bytes()))),
                    Ok(Event::Resize(width, height)) => return Some(Ok(Heard::Size(width, height))),
                    Ok(_) => {}
                    Err(error) => return Some(Err(error)),
                }
            }
        }
    }
}
