//! Where the program is seen and typed into: a terminal, or a test.

use std::io;
use std::time::Instant;

use crossterm::event::{Event as Input, EventStream};
use futures::StreamExt;
use futures::future::poll_immediate;
use ratatui::Frame;

use crate::terminal::Screen;
use crate::terminal::background::{self, Answer, Late};
use crate::terminal::clipboard::Clipboard;

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
    input: EventStream,
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
        Ok(Terminal { screen, input: EventStream::new(), clipboard: Clipboard::new(), answer, late })
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
            let input = self.input.next().await;
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
        // The stream reads keys in the background: it goes before, and a new one comes after.
        let Terminal { screen, input, .. } = self;
        drop(std::mem::replace(input, EventStream::new()));
        let done = screen.hand_over(work);
        *input = EventStream::new();
        done
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
