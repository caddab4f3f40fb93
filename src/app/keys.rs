//! From a key, a paste or a resize to what it means now.

use std::io;

use crossterm::event::Event as Input;

use super::App;
use super::surface::Surface;
use crate::commands;
use crate::keymap::{Key, Outcome};
use crate::view::state::{Overlay, Tone};

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
        let name = Key::print_all(&[key]);
        let line = match &mut self.state.overlay {
            Overlay::Filter(line, _) | Overlay::Search(line, _) => line,
            Overlay::Picker(picker) => &mut picker.line,
            Overlay::Scale(scaling) => {
                match key.typed() {
                    Some('+') => return scaling.step(1),
                    Some('-') => return scaling.step(-1),
                    Some(letter) if !letter.is_ascii_digit() => {
                        self.state.error("a number: digits, + or -");
                        return;
                    }
                    _ => {}
                }
                &mut scaling.line
            }
            Overlay::Ask(question) => &mut question.line,
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
        let line = match &mut self.state.overlay {
            Overlay::Filter(line, _) | Overlay::Search(line, _) => line,
            Overlay::Picker(picker) => &mut picker.line,
            Overlay::None | Overlay::Help(_) | Overlay::Ask(_) | Overlay::Scale(_) | Overlay::Acts(_) => {
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
