//! Drives the real program by keys and reads its screen: everything but the terminal itself is what a person runs.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use kubetui::app::surface::Surface;
use kubetui::app::{self, Start};
use kubetui::cluster::connect::{self, Options};
use kubetui::cluster::kubeconfig::{Loaded, Paths};
use kubetui::cluster::link::{self, Route};
use kubetui::cluster::write::Piped;
use kubetui::cluster::write::journal::Journal;
use kubetui::commands;
use kubetui::config::{Config, Flags};
use kubetui::drafts::Drafts;
use kubetui::keymap::{self, Key, Keymap};
use kubetui::model::scope::Scope;
use kubetui::model::state::Context;
use kubetui::model::time::{Clock, Seconds};
use kubetui::remember::Memory;
use kubetui::terminal::through::Heard;
use kubetui::terminal::traces::Traces;
use kubetui::theme::{self, Depth, Theme};
use kubetui::view::chosen::Chosen;
use kubetui::view::state::State;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use ratatui::{Frame, Terminal};
use tokio::sync::mpsc;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

mod setup;

pub use setup::Setup;

/// How long anything may take before a test fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Shown {
    text: String,
    /// What the text is of, with its looks.
    buffer: Buffer,
    /// Lines in which something is struck through.
    struck: Vec<String>,
    frames: u64,
    /// Every picture that differs from the one before it, while they are kept.
    kept: Option<Vec<String>>,
    /// How much of what was sent has been taken.
    taken: u64,
    /// The mouse is the program's.
    mouse: bool,
    /// What was put into the clipboard.
    copied: Vec<String>,
    /// A session elsewhere has the terminal.
    passed: bool,
    /// What sessions have put on the terminal, all of them.
    put: Vec<u8>,
}

struct Glass {
    terminal: Terminal<TestBackend>,
    input: mpsc::UnboundedReceiver<Input>,
    /// What is typed into sessions.
    bytes: mpsc::UnboundedReceiver<Heard>,
    traces: Traces,
    shown: Arc<Mutex<Shown>>,
}

impl Surface for Glass {
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        assert!(!lock(&self.shown).passed, "nothing is drawn while a session has the terminal");
        self.terminal.draw(render).map_err(io::Error::other)?;
        let buffer = self.terminal.backend().buffer();
        let width = buffer.area.width.max(1) as usize;
        let line = |row: &[Cell]| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned();
        let text: Vec<String> = buffer.content.chunks(width).map(line).collect();
        let struck = |row: &&[Cell]| row.iter().any(|cell| cell.modifier.contains(Modifier::CROSSED_OUT) && cell.symbol() != " ");
        let struck = buffer.content.chunks(width).filter(struck).map(line).collect();
        let mut shown = lock(&self.shown);
        let text = text.join("\n");
        if let Some(kept) = shown.kept.as_mut().filter(|kept| kept.last() != Some(&text)) {
            kept.push(text.clone());
        }
        shown.text = text;
        shown.buffer.clone_from(buffer);
        shown.struck = struck;
        shown.frames += 1;
        Ok(())
    }

    async fn next(&mut self) -> Option<io::Result<Input>> {
        let input = self.input.recv().await?;
        lock(&self.shown).taken += 1;
        if let Input::Resize(width, height) = input {
            self.terminal.backend_mut().resize(width, height);
        }
        Some(Ok(input))
    }

    fn repaint(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn hand_over<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        Ok(work())
    }

    fn pass(&mut self) -> io::Result<()> {
        self.traces = Traces::default();
        lock(&self.shown).passed = true;
        Ok(())
    }

    async fn heard(&mut self) -> Option<io::Result<Heard>> {
        // What a test presses is typed into the session, too, as in any terminal.
        let heard = tokio::select! {
            heard = self.bytes.recv() => heard?,
            input = self.input.recv() => {
                lock(&self.shown).taken += 1;
                match input? {
                    Input::Key(key) => Heard::Bytes(kubetui::terminal::bytes::of(&key)),
                    Input::Paste(text) => Heard::Bytes(text.into_bytes()),
                    Input::Resize(width, height) => Heard::Size(width, height),
                    _ => Heard::Bytes(Vec::new()),
                }
            }
        };
        if let Heard::Size(width, height) = heard {
            self.terminal.backend_mut().resize(width, height);
        }
        Some(Ok(heard))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut shown = lock(&self.shown);
        assert!(shown.passed, "a session shows nothing before it has the terminal");
        shown.put.extend_from_slice(bytes);
        self.traces.read(bytes);
        Ok(())
    }

    fn was_full(&self) -> bool {
        self.traces.was_full()
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        let area = self.terminal.backend().buffer().area;
        Ok((area.width, area.height))
    }

    fn take_back(&mut self) -> io::Result<()> {
        lock(&self.shown).passed = false;
        Ok(())
    }

    fn set_title(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        lock(&self.shown).mouse = on;
        Ok(())
    }

    fn copy(&mut self, text: &str) -> Result<String, String> {
        lock(&self.shown).copied.push(text.to_owned());
        Ok("by the test".to_owned())
    }
}

fn lock(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running program.
pub struct Driver {
    keys: mpsc::UnboundedSender<Input>,
    bytes: mpsc::UnboundedSender<Heard>,
    shown: Arc<Mutex<Shown>>,
    thread: Option<std::thread::JoinHandle<io::Result<u8>>>,
    _signals: mpsc::Sender<kubetui::terminal::signals::Signal>,
}

impl Driver {
    /// Presses keys, spelled as in a key map: `"j j enter"`.
    pub fn press(&self, keys: &str) {
        for key in Key::parse_all(keys).expect("keys") {
            self.send(Input::Key(event(&key)));
        }
    }

    /// Types text.
    pub fn type_text(&self, text: &str) {
        for letter in text.chars() {
            self.send(Input::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)));
        }
    }

    /// Sends anything else: a paste, a resize.
    pub fn send(&self, input: Input) {
        self.keys.send(input).expect("the program runs");
    }

    /// The same, where the program may be gone already: whether it was there.
    pub fn offer(&self, input: Input) -> bool {
        self.keys.send(input).is_ok()
    }

    /// Types bytes into the session that has the terminal.
    pub fn type_bytes(&self, bytes: &str) {
        self.bytes.send(Heard::Bytes(bytes.as_bytes().to_vec())).expect("the program runs");
    }

    /// The window has another size while a session has it.
    pub fn resize_session(&self, width: u16, height: u16) {
        self.bytes.send(Heard::Size(width, height)).expect("the program runs");
    }

    /// A session has the terminal.
    pub fn in_session(&self) -> bool {
        lock(&self.shown).passed
    }

    /// What sessions have put on the terminal.
    pub fn session(&self) -> String {
        String::from_utf8_lossy(&lock(&self.shown).put).into_owned()
    }

    /// How many inputs have been taken.
    pub fn taken(&self) -> u64 {
        lock(&self.shown).taken
    }

    /// It has not ended.
    pub fn runs(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Whether the mouse is the program's.
    pub fn has_mouse(&self) -> bool {
        lock(&self.shown).mouse
    }

    /// What was put into the clipboard last.
    pub fn copied(&self) -> Option<String> {
        lock(&self.shown).copied.last().cloned()
    }

    /// What a mouse does at the first cell of these words; so many cells further.
    #[track_caller]
    pub fn mouse(&self, kind: MouseEventKind, words: &str, further: u16) {
        let screen = self.see(words);
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(words)).expect("the words");
        let before = line.split(words).next().unwrap_or_default();
        let column = unicode_width::UnicodeWidthStr::width(before) as u16 + further;
        self.send(Input::Mouse(MouseEvent { kind, column, row: row as u16, modifiers: KeyModifiers::NONE }));
    }

    /// A click on the first of these words.
    #[track_caller]
    pub fn click(&self, words: &str) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), words, 0);
    }

    /// What is on the screen, without spaces at the ends of lines.
    pub fn screen(&self) -> String {
        lock(&self.shown).text.clone()
    }

    /// The same with its looks.
    pub fn buffer(&self) -> Buffer {
        lock(&self.shown).buffer.clone()
    }

    /// The lines of the screen in which something is struck through.
    pub fn struck(&self) -> Vec<String> {
        lock(&self.shown).struck.clone()
    }

    /// From now on every picture is kept, this one first.
    pub fn record(&self) {
        let mut shown = lock(&self.shown);
        shown.kept = Some(vec![shown.text.clone()]);
    }

    /// The pictures since [`Driver::record`], each different from the one before it.
    pub fn recorded(&self) -> Vec<String> {
        lock(&self.shown).kept.take().expect("pictures were kept")
    }

    /// How often it was drawn.
    pub fn frames(&self) -> u64 {
        lock(&self.shown).frames
    }

    /// Waits until the screen is as described, and gives it.
    #[track_caller]
    pub fn wait(&self, what: &str, mut is: impl FnMut(&str) -> bool) -> String {
        self.wait_for(DEADLINE, what, &mut is)
    }

    /// [`Driver::wait`] with a limit of the test's own.
    #[track_caller]
    pub fn wait_for(&self, limit: Duration, what: &str, mut is: impl FnMut(&str) -> bool) -> String {
        let end = Instant::now() + limit;
        loop {
            let screen = self.screen();
            if is(&screen) {
                return screen;
            }
            assert!(
                self.thread.as_ref().is_some_and(|thread| !thread.is_finished()),
                "the program ended while waiting for {what}:\n{screen}"
            );
            assert!(Instant::now() < end, "waited {limit:?} in vain for {what}; the screen is:\n{screen}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for words anywhere on the screen.
    #[track_caller]
    pub fn see(&self, words: &str) -> String {
        self.wait(words, |screen| screen.contains(words))
    }

    /// The line that has these words.
    #[track_caller]
    pub fn line(&self, words: &str) -> String {
        let screen = self.see(words);
        screen.lines().find(|line| line.contains(words)).unwrap_or_default().to_owned()
    }

    /// Types a command after `:`.
    pub fn command(&self, line: &str) {
        self.press(":");
        self.type_text(line);
        self.press("enter");
    }

    /// Quits, and gives the exit code. What is being typed is left first.
    pub fn quit(self) -> u8 {
        // ctrl-c leaves a prompt; a second one quits. The program may be gone before it comes, and a session has its own.
        let end = Instant::now() + DEADLINE;
        while self.runs() && Instant::now() < end {
            if self.in_session() {
                let _ = self.bytes.send(Heard::Bytes(b"\r~.".to_vec()));
            }
            for _ in 0..2 {
                let _ = self.keys.send(Input::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
            }
            let again = Instant::now() + Duration::from_secs(2);
            while self.runs() && !self.in_session() && Instant::now() < again {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        self.ended()
    }

    /// Waits for the program, which was told to quit, and gives the exit code.
    pub fn ended(mut self) -> u8 {
        let thread = self.thread.take().expect("runs");
        let end = Instant::now() + DEADLINE;
        while !thread.is_finished() {
            assert!(Instant::now() < end, "the program does not end:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
        thread.join().expect("no panic").expect("no error")
    }
}

/// Commands by name, and how often each was run.
pub type Ran = Arc<Mutex<BTreeMap<String, u64>>>;

/// Counts commands by what the log says of them.
struct Counter(Ran);

impl<S: tracing::Subscriber> Layer<S> for Counter {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: tracing_subscriber::layer::Context<'_, S>) -> bool {
        metadata.target() == "kubetui::commands"
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Name<'a>(&'a Ran);
        impl tracing::field::Visit for Name<'_> {
            fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
                if field.name() == "command" {
                    *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(value.to_owned()).or_default() += 1;
                }
            }
            fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
        }
        if event.metadata().target() == "kubetui::commands" {
            event.record(&mut Name(&self.0));
        }
    }
}

/// The terminal's event for a key.
pub fn event(key: &Key) -> KeyEvent {
    KeyEvent::new(key.code(), key.modifiers())
}
