//! Where the program is seen and typed into: a terminal, or a test.

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, EventStream};
use futures::StreamExt;
use futures::future::poll_immediate;
use ratatui::Frame;

use crate::terminal::Screen;
use crate::terminal::background::{self, Answer, Late};
use crate::terminal::clipboard::Clipboard;
use crate::terminal::through::{Heard, Through};

/// A screen with a keyboard.
pub trait Surface {
    /// Draws a frame.
    ///
    /// # Errors
    /// The terminal is gone.
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()>;

    /// The next input; `None` when there will be none any more. Cancel-safe.
    fn next(&mut self) -> impl Future<Output = Option<io::Result<Input>>>;

    /// The next input, if it is there already. Polled with the loop's own waker: crossterm's stream keeps the first one
    /// that it is given until an event comes, and with another one the loop would sleep through the next key.
    fn ready(&mut self) -> impl Future<Output = Option<io::Result<Input>>> {
        async { poll_immediate(self.next()).await.flatten() }
    }

    /// The next frame writes everything.
    ///
    /// # Errors
    /// The terminal is gone.
    fn repaint(&mut self) -> io::Result<()>;

    /// Stops the process, and comes back when it goes on.
    ///
    /// # Errors
    /// There is no such thing here.
    fn suspend(&mut self) -> io::Result<()>;

    /// Runs something that needs the terminal for itself.
    ///
    /// # Errors
    /// The terminal cannot be taken again.
    fn hand_over<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T>;

    /// Hands the screen to a session elsewhere: what is typed comes as bytes from now on ([`Surface::heard`]), and what the
    /// session says is put on the terminal as it is ([`Surface::put`]), until [`Surface::take_back`].
    ///
    /// # Errors
    /// The terminal cannot be handed over.
    fn pass(&mut self) -> io::Result<()>;

    /// What is typed meanwhile; `None` when nothing will be any more. Cancel-safe: what is not taken is there for the next
    /// reader.
    fn heard(&mut self) -> impl Future<Output = Option<io::Result<Heard>>>;

    /// Shows what the session says.
    ///
    /// # Errors
    /// The terminal is gone.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// A program with a screen of its own ran in the session and ended: nothing that could be read is left.
    fn was_full(&self) -> bool;

    /// Columns and rows.
    ///
    /// # Errors
    /// The terminal does not say.
    fn size(&self) -> io::Result<(u16, u16)>;

    /// The screen is ours again, whole, whatever the session has left behind.
    ///
    /// # Errors
    /// The terminal cannot be taken again.
    fn take_back(&mut self) -> io::Result<()>;

    /// The window's title.
    ///
    /// # Errors
    /// The terminal is gone.
    fn set_title(&mut self, context: &str) -> io::Result<()>;

    /// Takes the mouse, or gives it back to the terminal.
    ///
    /// # Errors
    /// The terminal is gone.
    fn set_mouse(&mut self, on: bool) -> io::Result<()>;

    /// Puts a text into the clipboard, and says by which way.
    ///
    /// # Errors
    /// Why it cannot be, in words for a person.
    fn copy(&mut self, text: &str) -> Result<String, String>;
}

/// The terminal that the program was started in.
pub struct Terminal {
    screen: Screen,
    /// Always there between two calls; see [`Terminal::listen_anew`].
    input: Option<EventStream>,
    /// A session elsewhere has the screen.
    through: Option<Through>,
    clipboard: Clipboard,
    answer: Answer,
    late: Late,
}

impl Terminal {
    /// Takes the terminal, and asks it whether it is dark or light where that is wanted: before anything else reads its
    /// answers, for [`background::DEADLINE`] at most.
    ///
    /// # Errors
    /// There is none.
    pub fn enter(ask: bool) -> io::Result<Terminal> {
        let screen = Screen::enter(false)?;
        let answer = if ask { background::ask() } else { Answer::Unasked };
        let late = Late::new(answer, Instant::now());
        Ok(Terminal { screen, input: Some(EventStream::new()), through: None, clipboard: Clipboard::new(), answer, late })
    }

    /// Ends the stream of keys, whose thread reads in the background, and begins another one, which reads nothing before it is
    /// asked. In this order: a new one waits for the old thread to have let go of the keyboard, and that lets go when the old
    /// stream is dropped.
    fn listen_anew(&mut self) {
        self.input = None;
        self.input = Some(EventStream::new());
    }

    /// Dark or light, as far as it said.
    pub fn answer(&self) -> Answer {
        self.answer
    }
}

impl Surface for Terminal {
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.screen.draw(render)
    }

    async fn next(&mut self) -> Option<io::Result<Input>> {
        loop {
            let input = self.input.as_mut()?.next().await;
            match &input {
                Some(Ok(event)) if self.late.takes(event, Instant::now()) => {}
                _ => return input,
            }
        }
    }

    fn repaint(&mut self) -> io::Result<()> {
        self.screen.repaint()
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.screen.suspend()
    }

    fn hand_over<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        // The stream reads keys in the background: what is typed there is not for it.
        self.listen_anew();
        self.screen.hand_over(work)
    }

    fn pass(&mut self) -> io::Result<()> {
        self.listen_anew();
        // What was typed before there was anything to be typed into is for nobody. Bytes of a remote shell are not made of it.
        while crossterm::event::poll(Duration::ZERO)? {
            crossterm::event::read()?;
        }
        let through = Through::begin()?;
        match self.screen.pass() {
            Ok(()) => self.through = Some(through),
            Err(error) => {
                self.screen.take_back()?;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn heard(&mut self) -> Option<io::Result<Heard>> {
        self.through.as_mut()?.next().await
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.through.as_mut().map_or(Ok(()), |through| through.put(bytes))
    }

    fn was_full(&self) -> bool {
        self.through.as_ref().is_some_and(Through::was_full)
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        self.screen.size().map(|size| (size.width, size.height))
    }

    fn take_back(&mut self) -> io::Result<()> {
        let Some(mut through) = self.through.take() else { return Ok(()) };
        through.undo()?;
        self.screen.take_back()
    }

    fn set_title(&mut self, context: &str) -> io::Result<()> {
        self.screen.set_title(context)
    }

    fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.screen.set_mouse(on)
    }

    fn copy(&mut self, text: &str) -> Result<String, String> {
        self.clipboard.copy(text, &mut self.screen)
    }
}
