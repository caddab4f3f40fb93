//! From a key, a paste or a resize to what it means now.

use std::io;

use crossterm::event::Event as Input;

use super::App;
use super::surface::Surface;
use crate::commands;
use crate::keymap::{Key, Outcome};
use crate::view::state::{Overlay, Tone};

/// Lines by which a question is scrolled at once.
const SCROLL: usize = 5;

impl<S: Surface> App<S> {
    pub(super) async fn input(&mut self, input: Input) -> io::Result<()> {
        match input {
            Input::Key(event) => {
                if let Some(key) = Key::of(&event) {
                    self.key(key).await?;
                }
            }
            Input::Paste(text) => self.paste(&text),
            Input::Resize(..) => self.state.dirty = true,
            Input::Mouse(event) => self.mouse(event).await?,
            Input::FocusGained | Input::FocusLost => {}
        }
        Ok(())
    }

    async fn key(&mut self, key: Key) -> io::Result<()> {
        self.state.dirty = true;
        let mode = self.state.mode();
        let outcome = self.state.keymap.trie(mode).feed(&mut self.state.pressed, key);
        self.state.pending.clear();
        if self.too_soon(key, &outcome) {
            self.state.pressed.clear();
            return Ok(());
        }
        match outcome {
            Outcome::Command(line) => {
                self.run(&line).await?;
                if self.state.mode() != mode {
                    self.state.pressed.clear();
                }
            }
            Outcome::Pending(ways) => {
                self.state.pending = commands::ways(&self.state, ways);
            }
            Outcome::None if commands::typing(&self.state) => self.typed(key),
            Outcome::None => {
                if self.has_error() {
                    self.state.message = None;
                }
            }
        }
        Ok(())
    }

    /// A key that comes while the question cannot have been read yet: only leaving it is taken from it, and not by enter,
    /// which may be the one that asked.
    fn too_soon(&mut self, key: Key, outcome: &Outcome) -> bool {
        let leaves = matches!(outcome, Outcome::Command(line) if &**line == "cancel") && Key::print_all(&[key]) != "enter";
        match &mut self.state.overlay {
            Overlay::Ask(question) if !question.settled() && !leaves => {
                question.hurried();
                true
            }
            _ => false,
        }
    }

    /// An error stands at the bottom. It was read when the next key comes; esc only puts it away.
    fn has_error(&self) -> bool {
        self.state.message.as_ref().is_some_and(|message| message.tone == Tone::Error)
    }

    /// Runs a command line of a key or of a click.
    pub(super) async fn run(&mut self, line: &str) -> io::Result<()> {
        if self.has_error() && line != "back" {
            self.state.message = None;
        }
        let mut effects = Vec::new();
        commands::run(&mut self.state, &mut effects, line);
        self.carry_out(effects).await?;
        if line == "palette" {
            self.rediscover();
        }
        Ok(())
    }

    /// A key that belongs to the line that is typed.
    fn typed(&mut self, key: Key) {
        self.state.message = None;
        if matches!(self.state.overlay, Overlay::None) {
            return self.write(key);
        }
        let name = Key::print_all(&[key]);
        let line = match &mut self.state.overlay {
            Overlay::Filter(line, _) | Overlay::Search(line, _) | Overlay::Replace(line, _) => line,
            Overlay::Picker(picker) => &mut picker.line,
            Overlay::Scale(scaling) => {
                match key.typed() {
                    Some(sign @ ('+' | '-')) => {
                        if !scaling.step(if sign == '+' { 1 } else { -1 }) {
                            self.state.error("how many there are is not known: type the number");
                        }
                        return;
                    }
                    Some(letter) if !letter.is_ascii_digit() => {
                        self.state.error("a number: digits, + or -");
                        return;
                    }
                    _ => {}
                }
                &mut scaling.line
            }
            Overlay::Ask(question) => {
                // What is asked can be longer than the screen.
                match &*name {
                    "up" => return question.top = question.top.saturating_sub(1),
                    "down" => return question.top += 1,
                    "pgup" => return question.top = question.top.saturating_sub(SCROLL),
                    "pgdn" => return question.top += SCROLL,
                    _ => &mut question.line,
                }
            }
            Overlay::None | Overlay::Help(_) | Overlay::Acts(_) => return,
        };
        let empty = line.text().is_empty();
        match &*name {
            _ if key.is_backspace() => {
                if !line.backspace() && empty {
                    // As in vim: nothing left to take away is the way out.
                    let mut effects = Vec::new();
                    commands::run(&mut self.state, &mut effects, "cancel");
                    return;
                }
            }
            "del" => line.delete(),
            "left" | "ctrl-b" => line.left(),
            "right" | "ctrl-f" => line.right(),
            "home" | "ctrl-a" => line.home(),
            "end" | "ctrl-e" => line.end(),
            "ctrl-w" | "alt-backspace" => line.delete_word(),
            "ctrl-u" => line.delete_to_start(),
            _ => {
                let Some(letter) = key.typed() else { return };
                if !line.insert(letter.encode_utf8(&mut [0; 4])) {
                    self.state.error("the line is full");
                    return;
                }
            }
        }
        commands::typed(&mut self.state);
    }

    fn paste(&mut self, text: &str) {
        self.state.dirty = true;
        if matches!(self.state.overlay, Overlay::None) && self.state.editor().is_some() {
            return self.paste_text(text);
        }
        let line = match &mut self.state.overlay {
            Overlay::Filter(line, _) | Overlay::Search(line, _) | Overlay::Replace(line, _) => line,
            Overlay::Picker(picker) => &mut picker.line,
            Overlay::Ask(question) if question.types() && question.settled() => &mut question.line,
            Overlay::Ask(question) => {
                question.hurried();
                self.state.info("a paste is no answer");
                return;
            }
            Overlay::Scale(_) => {
                self.state.info("the number is typed, not pasted");
                return;
            }
            Overlay::None | Overlay::Help(_) | Overlay::Acts(_) => {
                // What is pasted is no command: each letter of it would be one.
                self.state.info("nothing here takes a paste: / or : does");
                return;
            }
        };
        let whole = line.insert(text.trim_end_matches(['\r', '\n']));
        commands::typed(&mut self.state);
        if !whole {
            self.state.error("the paste is longer than the line can be: only its beginning was taken");
        }
    }
}
