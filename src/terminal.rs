//! The terminal: taken whole, and given back on every way out. [`Screen`] is the guard; the panic hook and the signal
//! thread give the terminal back where no guard is dropped.
//!
//! There is one terminal, so who has it is process-wide state: three atomics that the hook and the thread can read. Leave
//! the program by returning from `main`, never by `process::exit`.

use std::io::{self, Stdout, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Once, OnceLock};
use std::thread::{self, ThreadId};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
#[cfg(windows)]
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};

use crate::view::text;

pub mod background;
pub mod bytes;
pub mod clipboard;
pub mod detect;
pub mod input;
pub mod signals;
pub mod through;
pub mod traces;
mod writer;

use writer::FrameWriter;

/// Nobody has asked for the terminal, or it was given back.
const FREE: u8 = 0;
/// It is ours: raw mode, alternate screen.
const OURS: u8 = 1;
/// Somebody else has it for a while: a login, or the shell after ctrl-z.
const LENT: u8 = 2;
/// A session elsewhere has it, through us: raw mode is ours, what is shown is not.
const PASSED: u8 = 3;

static HOLDER: AtomicU8 = AtomicU8::new(FREE);
static MOUSE: AtomicBool = AtomicBool::new(false);
static TITLE: AtomicBool = AtomicBool::new(false);
/// The thread that draws. A panic anywhere else does not end the program, and must not take its screen away.
static DRAWS: OnceLock<ThreadId> = OnceLock::new();

/// The screen, for as long as this lives. It is made and used on one thread, which is that of the loop.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<FrameWriter<Stdout>>>,
    title: Option<String>,
    /// What is on the screen is not what was drawn last: the next frame writes all of it.
    unknown: bool,
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, and the mouse where it is wanted.
    ///
    /// # Errors
    /// When there is no terminal ([`detect::has_terminal`] says so before) or it refuses; it is as before then.
    pub fn enter(mouse: bool) -> io::Result<Screen> {
        DRAWS.get_or_init(|| thread::current().id());
        restore_before_panics();
        MOUSE.store(mouse, Ordering::Relaxed);
        let terminal = Terminal::new(CrosstermBackend::new(FrameWriter::new(io::stdout(), is_ours)))?;
        let screen = Screen { terminal, title: None, unknown: true };
        take(None)?;
        Ok(screen)
    }

    /// Draws a frame. Only what changed since the last one is written, in one piece.
    ///
    /// # Errors
    /// When the terminal cannot be written: it is gone.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.backend_mut().write_all(writer::BEGIN)?;
        if self.unknown {
            // Not `Terminal::clear`, which asks the terminal for its cursor and waits for an answer.
            let size = self.terminal.size()?;
            self.terminal.resize(size.into())?;
            self.unknown = false;
        }
        self.terminal.draw(render)?;
        self.terminal.backend_mut().write_all(writer::END)?;
        Write::flush(self.terminal.backend_mut())
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// When the terminal does not say.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// The window's title, `kubetui CONTEXT`, where the terminal can bring the old one back.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub fn set_title(&mut self, context: &str) -> io::Result<()> {
        let title = format!("kubetui {}", text::safe(context));
        if !detect::can_keep_title() || self.title.as_ref() == Some(&title) {
            return Ok(());
        }
        if is_ours() {
            let mut bytes = Vec::new();
            write_title(&mut bytes, &title, !TITLE.swap(true, Ordering::Relaxed))?;
            write_now(&bytes)?;
        }
        self.title = Some(title);
        Ok(())
    }

    /// Takes the mouse, or gives it back to the terminal (to select text with).
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if MOUSE.swap(on, Ordering::Relaxed) == on || !is_ours() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        write_mouse(&mut bytes, on);
        write_now(&bytes)
    }

    /// Writes what is no part of a frame: the terminal does something by it, and shows nothing.
    ///
    /// # Errors
    /// When the terminal is somebody else's, or cannot be written.
    pub fn write_past(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !is_ours() {
            return Err(io::Error::other("somebody else has the terminal"));
        }
        write_now(bytes)
    }

    /// Forgets what is on the screen: the next frame writes all of it. After a SIGCONT, modes are set again too; while the
    /// terminal is lent nothing happens, and while a session elsewhere has it the modes alone are set.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub fn repaint(&mut self) -> io::Result<()> {
        if HOLDER.load(Ordering::SeqCst) == PASSED {
            disable_raw_mode()?;
            return enable_raw_mode();
        }
        if !is_ours() {
            return Ok(());
        }
        // crossterm believes that the modes are still as it set them, and would do nothing.
        disable_raw_mode()?;
        enable_raw_mode()?;
        let mut bytes = Vec::new();
        write_modes(&mut bytes, MOUSE.load(Ordering::Relaxed));
        self.unknown = true;
        write_now(&bytes)
    }

    /// Stops the process as ctrl-z does everywhere, and comes back whole when it goes on. The caller's event stream may
    /// live on; what came over it before is to be dropped.
    ///
    /// # Errors
    /// When the platform has no such thing, or the terminal cannot be taken again.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.lend();
        let stopped = signals::stop();
        self.take_back()?;
        stopped
    }

    /// Gives the terminal to something interactive (a login) and takes it back. The caller drops its event stream before
    /// and makes a new one after: a reader of keys in the background would eat what is typed there. ctrl-c and ctrl-z belong
    /// to whoever has the terminal.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub fn hand_over<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        self.lend();
        let done = work();
        self.take_back()?;
        Ok(done)
    }

    /// The first half of [`Screen::hand_over`], for work that is awaited.
    pub fn lend(&mut self) {
        restore();
        HOLDER.store(LENT, Ordering::SeqCst);
    }

    /// Leaves the screen to a session elsewhere, whose bytes go through as they are: only raw mode stays.
    /// [`Screen::take_back`] ends it.
    ///
    /// # Errors
    /// When the terminal refuses; it is given back then.
    pub fn pass(&mut self) -> io::Result<()> {
        self.lend();
        HOLDER.store(PASSED, Ordering::SeqCst);
        let passed = enable_raw_mode();
        if passed.is_err() {
            restore();
        }
        passed
    }

    /// The second half of [`Screen::hand_over`], and of [`Screen::pass`].
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    pub fn take_back(&mut self) -> io::Result<()> {
        self.unknown = true;
        take(self.title.as_deref())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was, if it is ours. Whoever is first does it; errors are of no use any more.
pub fn restore() {
    let mut bytes = Vec::new();
    match HOLDER.swap(FREE, Ordering::SeqCst) {
        OURS => write_leave(&mut bytes, MOUSE.load(Ordering::Relaxed), TITLE.swap(false, Ordering::Relaxed)),
        // What was set there is not known here: all that a program usually sets.
        PASSED => bytes.extend_from_slice(AFTER_OTHERS),
        _ => return,
    }
    // The modes first: a terminal that takes no bytes has its line discipline back all the same.
    let _ = disable_raw_mode();
    let _ = write_now(&bytes);
}

/// Takes away what programs set, where nobody can say any more what it was: a text or sequence that was not ended, margins,
/// keys, mouse, focus, pastes, colours, letters; it shows the cursor. The alternate screen goes too: of one that is not there
/// only the place of the cursor comes of it.
const AFTER_OTHERS: &[u8] = b"\x1b\\\x18\x1b7\x1b[r\x1b8\x1b[?1l\x1b>\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l\x1b[0m\x1b(B\x0f\x1b[?7h\x1b[?25h\x1b[?47l";

fn is_ours() -> bool {
    HOLDER.load(Ordering::SeqCst) == OURS
}

#[cfg(any(unix, test))]
fn is_lent() -> bool {
    matches!(HOLDER.load(Ordering::SeqCst), LENT | PASSED)
}

fn take(title: Option<&str>) -> io::Result<()> {
    // From here on a signal or a panic restores, also if only half of it was done.
    HOLDER.store(OURS, Ordering::SeqCst);
    let mut bytes = Vec::new();
    if let Some(title) = title {
        TITLE.store(true, Ordering::Relaxed);
        write_title(&mut bytes, title, true)?;
    }
    let _ = queue!(bytes, EnterAlternateScreen);
    write_modes(&mut bytes, MOUSE.load(Ordering::Relaxed));
    let taken = enable_raw_mode().and_then(|()| write_now(&bytes));
    if taken.is_err() {
        restore();
    }
    taken
}

/// Past the frame writer, which may hold half a frame.
fn write_now(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Each mode for itself: an old console of Windows refuses some of them, and is fine without.
fn write_modes(out: &mut impl Write, mouse: bool) {
    let _ = queue!(out, EnableBracketedPaste);
    if mouse {
        write_mouse(out, true);
    }
    let _ = queue!(out, cursor::Hide, Clear(ClearType::All));
}

/// Buttons, the wheel, and movements while a button is held alone, with places beyond column 223. Not crossterm's command, which asks for every movement of the
/// mouse too: hundreds of events a second that mean nothing here.
#[cfg(not(windows))]
fn write_mouse(out: &mut impl Write, on: bool) {
    let _ = out.write_all(if on { b"\x1b[?1000h\x1b[?1002h\x1b[?1006h" } else { b"\x1b[?1006l\x1b[?1002l\x1b[?1000l" });
}

#[cfg(windows)]
fn write_mouse(out: &mut impl Write, on: bool) {
    let _ = if on { queue!(out, EnableMouseCapture) } else { queue!(out, DisableMouseCapture) };
}

fn write_leave(out: &mut impl Write, mouse: bool, title: bool) {
    // Half a frame may be the last that the terminal got.
    let _ = out.write_all(writer::END);
    let _ = queue!(out, SetAttribute(Attribute::Reset), cursor::Show);
    if mouse {
        write_mouse(out, false);
    }
    let _ = queue!(out, DisableBracketedPaste);
    let _ = queue!(out, LeaveAlternateScreen);
    if title {
        // xterm: take the title from the stack.
        let _ = out.write_all(b"\x1b[23;0t");
    }
}

fn write_title(out: &mut impl Write, title: &str, push: bool) -> io::Result<()> {
    if push {
        // xterm: put the title that there is on the stack.
        out.write_all(b"\x1b[22;0t")?;
    }
    queue!(out, SetTitle(title))
}

/// A panic of the thread that draws gives the terminal back before its message is printed. A panic of any other thread
/// goes to the log: its task fails, the program and its screen go on.
fn restore_before_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DRAWS.get() == Some(&thread::current().id()) {
                restore();
            }
            if matches!(HOLDER.load(Ordering::SeqCst), OURS | PASSED) {
                tracing::error!(thread = thread::current().name().unwrap_or("unnamed"), "{info}");
            } else {
                print(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The DEC private modes that a text sets (`h`) and resets (`l`), in order.
    fn modes(bytes: &[u8], to: char) -> Vec<u16> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let all = text.split("\x1b[?").skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            (rest[end..].starts_with(to)).then(|| rest[..end].parse().ok()).flatten()
        });
        all.collect()
    }

    #[test]
    fn what_is_set_is_reset() {
        for mouse in [false, true] {
            let (mut enter, mut leave) = (Vec::new(), Vec::new());
            queue!(enter, EnterAlternateScreen).unwrap();
            write_modes(&mut enter, mouse);
            write_leave(&mut leave, mouse, false);
            let (set, mut reset) = (modes(&enter, 'h'), modes(&leave, 'l'));
            assert!(set.contains(&1049) && set.contains(&2004), "{set:?}");
            assert_eq!(set.contains(&1000), mouse);
            // The end of a synchronised update closes a frame, not a mode of ours.
            reset.retain(|mode| *mode != 2026);
            let (mut set, mut reset) = (set, reset);
            assert_eq!(reset.last(), Some(&1049), "the alternate screen goes last");
            set.sort_unstable();
            reset.sort_unstable();
            assert_eq!(set, reset);
            assert_eq!((modes(&enter, 'l'), modes(&leave, 'h')), (vec![25], vec![25]), "the cursor is hidden and shown");
        }
    }

    #[test]
    fn a_title_is_put_on_the_stack_once_and_taken_back() {
        let (mut set, mut leave) = (Vec::new(), Vec::new());
        write_title(&mut set, "kubetui prod", true).unwrap();
        write_title(&mut set, "kubetui dev", false).unwrap();
        write_leave(&mut leave, false, true);
        assert_eq!(String::from_utf8(set).unwrap().matches("\x1b[22;0t").count(), 1);
        assert!(leave.ends_with(b"\x1b[23;0t"));
    }

    #[test]
    fn nothing_is_restored_that_was_not_taken() {
        assert!(!is_ours() && !is_lent());
        restore();
        assert!(!is_ours() && !is_lent());
    }
}
