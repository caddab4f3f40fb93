//! Running pipelines: what a command reads, where it writes to, and what it does to the shell that runs it.

use std::sync::PoisonError;

use super::commands::{self, Call};
use super::parse::{self, Command, Pipeline, Redirect, When, Word};
use super::{Front, Shell, Step, archive, files};

/// Most bytes that a command reads from standard input and a session keeps: an archive is unpacked into memory.
const MOST_READ: usize = 64 << 20;

/// How a command went that is not only text.
pub(super) enum Effect {
    /// It ended.
    Done(i32),
    /// `exit`.
    Leave(i32),
    /// `exec`, `sh -c`: these words are run; true when the shell ends with them.
    Run(Vec<String>, bool),
    /// `sleep`, for milliseconds.
    Sleep(i64),
    /// `top` on a terminal.
    Top,
}

impl Shell {
    /// Runs the next pipeline.
    pub(super) fn step(&mut self) {
        let Some(Step::Run(pipeline)) = self.steps.pop_front() else { return };
        let runs = match pipeline.when {
            When::Always => true,
            When::Good => self.session.status == 0,
            When::Bad => self.session.status != 0,
        };
        if !runs {
            return;
        }
        let first = pipeline.commands.first().map(|command| self.words(command)).unwrap_or_default();
        let redirected = pipeline.commands.first().is_some_and(|c| c.redirects.iter().any(|r| matches!(r, Redirect::In(_))));
        if !redirected && commands::reads(&first) {
            if self.session.tty {
                self.editor.begin("");
            }
            self.front = Front::Reading(pipeline, Vec::new());
            if !self.stdin {
                self.finish_reading();
            }
            return;
        }
        self.run(&pipeline, Vec::new());
    }

    /// The whole of an archive was read: `tar` does not wait for the end of its input.
    pub(super) fn archive_is_whole(&self) -> bool {
        let Front::Reading(pipeline, given) = &self.front else { return false };
        let tar = pipeline.commands.first().is_some_and(|c| self.words(c).first().is_some_and(|w| w.ends_with("tar")));
        tar && given.len() >= 1024 && given[given.len() - 1024..].iter().all(|b| *b == 0) && archive::read(given).is_ok()
            || given.len() > MOST_READ
    }

    /// A bare `cat` says at once what it has read.
    pub(super) fn pass_on(&mut self) {
        let Front::Reading(pipeline, given) = &mut self.front else { return };
        let [only] = pipeline.commands.as_slice() else { return };
        if only.redirects.is_empty() && only.words.len() == 1 && only.words[0].whole(&|_| String::new()).ends_with("cat") {
            let text = std::mem::take(given);
            self.write(&text, false);
        }
    }

    /// The command that reads has all that it gets.
    pub(super) fn finish_reading(&mut self) {
        if let Front::Reading(pipeline, given) = std::mem::replace(&mut self.front, Front::Shell) {
            self.run(&pipeline, given);
            if self.steps.is_empty()
                && self.interactive.is_some()
                && self.stdin
                && matches!(self.front, Front::Shell)
                && self.exit.is_none()
            {
                self.prompt();
            }
        }
    }

    fn value(&self, name: &str) -> String {
        match name {
            "?" => self.session.status.to_string(),
            "$" => "42".into(),
            "#" => "0".into(),
            "PWD" => self.session.folder.clone(),
            name => match name.split_once(":-") {
                Some((name, otherwise)) => Some(self.value(name)).filter(|v| !v.is_empty()).unwrap_or_else(|| otherwise.into()),
                None => self.session.vars.get(name).cloned().unwrap_or_default(),
            },
        }
    }

    fn words(&self, command: &Command) -> Vec<String> {
        let assigned = command.words.iter().take_while(|w| w.assignment().is_some()).count();
        command.words[assigned..].iter().flat_map(|word| word.expand(&|name| self.value(name))).collect()
    }

    /// Runs it on the disk, which nobody else sees meanwhile.
    fn run(&mut self, pipeline: &Pipeline, given: Vec<u8>) {
        let disk = self.disk.clone();
        let mut shared = disk.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut self.session.files, &mut shared);
        self.run_here(pipeline, given);
        std::mem::swap(&mut self.session.files, &mut shared);
    }

    fn run_here(&mut self, pipeline: &Pipeline, given: Vec<u8>) {
        let mut input = given;
        let count = pipeline.commands.len();
        for (n, command) in pipeline.commands.iter().enumerate() {
            let words = self.words(command);
            let assigned: Vec<(String, Word)> =
                command.words.iter().map_while(Word::assignment).map(|(name, value)| (name.to_owned(), value)).collect();
            // An assignment stays when no command follows; before a command it is for that command alone.
            let before = (!words.is_empty()).then(|| self.session.vars.clone());
            for (name, value) in assigned {
                let value = value.whole(&|name| self.value(name));
                self.session.vars.insert(name, value);
            }
            let (out, err, effect) = match self.read_from(command) {
                Err(error) => (Vec::new(), error.into_bytes(), Effect::Done(1)),
                Ok(from) => {
                    let stdin = from.unwrap_or_else(|| std::mem::take(&mut input));
                    let mut call = Call { words: &words, stdin, session: &mut self.session, out: Vec::new(), err: Vec::new() };
                    let effect = commands::run(&mut call);
                    (call.out, call.err, effect)
                }
            };
            if let Some(before) = before.filter(|_| !commands::sets_variables(&words)) {
                self.session.vars = before;
            }
            let (placed, effect) = match self.place(command, out, err, n + 1 == count) {
                Ok(left) => (left, effect),
                Err(()) => (Vec::new(), Effect::Done(1)),
            };
            input = placed;
            if n + 1 == count {
                self.take_effect(effect);
            } else if let Effect::Done(status) | Effect::Leave(status) = effect {
                self.session.status = status;
            }
        }
    }

    fn take_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Done(status) => self.session.status = status,
            Effect::Leave(status) => self.leave(status),
            Effect::Sleep(ms) => self.front = Front::Sleeping(self.session.now_ms.saturating_add(ms)),
            Effect::Top => self.draw(),
            Effect::Run(words, ends) => self.inner(&words, ends),
        }
    }

    /// A shell in the shell (`sh -c TEXT`, `sh`), or what replaces it (`exec`).
    fn inner(&mut self, words: &[String], ends: bool) {
        let Some((first, arguments)) = words.split_first() else { return };
        if ends {
            self.steps.clear();
        }
        if !commands::is_shell(first) {
            let command = Command { words: words.iter().map(|w| Word::literal(w)).collect(), redirects: Vec::new() };
            self.steps.push_front(Step::Run(Pipeline { when: When::Always, commands: vec![command] }));
            if ends {
                self.interactive = None;
            }
            return;
        }
        let Some(at) = arguments.iter().position(|a| a.starts_with('-') && a.ends_with('c')) else {
            match &mut self.interactive {
                Some(inner) => *inner += u32::from(!ends),
                None => {
                    self.interactive = Some(0);
                    self.session.status = 0;
                }
            }
            return;
        };
        match parse::parse(arguments.get(at + 1).map_or("", String::as_str)) {
            Ok(lines) => {
                if ends {
                    self.interactive = None;
                } else {
                    self.steps.push_front(Step::Return);
                }
                self.session.status = 0;
                lines.into_iter().rev().for_each(|line| self.steps.push_front(Step::Run(line)));
            }
            Err(error) => {
                self.write(format!("sh: {error}\n").as_bytes(), true);
                self.session.status = 2;
            }
        }
    }

    fn read_from(&self, command: &Command) -> Result<Option<Vec<u8>>, String> {
        let mut found = None;
        for redirect in &command.redirects {
            if let Redirect::In(word) = redirect {
                let name = word.whole(&|name| self.value(name));
                let bytes = self.session.files.read(&files::absolute(&self.session.folder, &name));
                found = Some(bytes.map_err(|why| format!("sh: can't open {name}: {}\n", why.to_lowercase()))?.to_vec());
            }
        }
        Ok(found)
    }

    /// Output to where it goes; what is left for the next command is returned. `Err` when a file cannot be written, which was said.
    fn place(&mut self, command: &Command, out: Vec<u8>, err: Vec<u8>, last: bool) -> Result<Vec<u8>, ()> {
        #[derive(Clone)]
        enum To {
            Next,
            Error,
            File(String, bool),
        }
        let mut to = [To::Next, To::Error];
        for redirect in &command.redirects {
            match redirect {
                Redirect::In(_) => {}
                Redirect::Out(from, word, add) => {
                    let name = files::absolute(&self.session.folder, &word.whole(&|name| self.value(name)));
                    if let Err(why) = self.session.files.write(&name, &[], *add, self.session.now_ms) {
                        self.write(format!("sh: can't create {name}: {}\n", why.to_lowercase()).as_bytes(), true);
                        return Err(());
                    }
                    to[usize::from(*from == 2)] = To::File(name, true);
                }
                Redirect::Same(from, into) => to[usize::from(*from == 2)] = to[usize::from(*into == 2)].clone(),
            }
        }
        let mut next = Vec::new();
        for (bytes, to) in [(out, &to[0]), (err, &to[1])] {
            match to {
                To::Next if last => self.write(&bytes, false),
                To::Next => next.extend_from_slice(&bytes),
                To::Error => self.write(&bytes, true),
                To::File(name, add) => {
                    // It could be created a moment ago, so it can be written.
                    let _ = self.session.files.write(name, &bytes, *add, self.session.now_ms);
                }
            }
        }
        Ok(next)
    }
}
