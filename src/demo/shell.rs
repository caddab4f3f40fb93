//! What `exec` runs: a toy shell with the commands that people try, on files that were made up for the session. It reads bytes
//! and writes bytes, and somebody else tells it the time: it knows neither sockets nor tasks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use crate::demo::container::Container;

mod archive;
mod commands;
mod files;
mod line;
mod parse;
mod run;
mod screen;

use files::Files;
use line::{Editor, Typed};
use parse::{Pipeline, When, Word};

/// What a shell has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// To standard output; with a terminal all goes there.
    Stdout(Vec<u8>),
    /// To standard error.
    Stderr(Vec<u8>),
    /// It ended with this code; nothing follows.
    Exit(i32),
}

/// The files of one life of a container: all who come in meanwhile see the same, and a restart begins anew.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Mutex<Files>>);

impl Disk {
    /// As it is before anybody came.
    pub fn of(container: &Container) -> Disk {
        Disk(Arc::new(Mutex::new(Files::of(container, commands::names(&container.image)))))
    }
}

/// What commands see and change.
struct Session {
    c: Container,
    files: Files,
    folder: String,
    vars: BTreeMap<String, String>,
    status: i32,
    now_ms: i64,
    /// Columns and rows of the terminal.
    size: (u16, u16),
    tty: bool,
}

/// What waits in line.
enum Step {
    Run(Pipeline),
    /// The end of an inner shell: what `exit` skips to.
    Return,
}

/// What has the terminal.
enum Front {
    /// The shell itself.
    Shell,
    /// A pipeline whose first command reads standard input, and what it has read.
    Reading(Pipeline, Vec<u8>),
    /// Until a moment.
    Sleeping(i64),
    /// The screen of `top`, drawn again at a moment.
    Top(i64),
}

/// A command that runs in a container: a shell, or any other.
pub struct Shell {
    session: Session,
    disk: Disk,
    steps: VecDeque<Step>,
    front: Front,
    editor: Editor,
    /// It takes command lines from standard input, and this many inner shells do.
    interactive: Option<u32>,
    /// Standard input that nobody has read yet.
    pending: Vec<u8>,
    ended: bool,
    stdin: bool,
    out: Vec<Out>,
    exit: Option<i32>,
}

const REDRAWN_MS: i64 = 2000;

impl Shell {
    /// Starts a command on files of its own.
    #[cfg(test)]
    pub(super) fn start(container: &Container, command: &[String], stdin: bool, tty: bool, now_ms: i64) -> Result<Shell, String> {
        Shell::start_on(Disk::of(container), container, command, stdin, tty, now_ms)
    }

    /// Starts a command. `stdin`: standard input is connected. An error is worded as the runtime words it (`runc`).
    pub fn start_on(disk: Disk, container: &Container, command: &[String], stdin: bool, tty: bool, now_ms: i64) -> Result<Shell, String> {
        // What is on the disk is there while a command runs.
        let files = Files::of(container, commands::names(&container.image));
        let Some((first, arguments)) = command.split_first() else { return Err("exec: no command".into()) };
        if !commands::is_there(&files, first) {
            return Err(match first.contains('/') {
                true if files.is_folder(first) => format!("exec: {first:?}: is a directory"),
                true => format!("exec: {first:?}: stat {first}: no such file or directory"),
                false => format!("exec: {first:?}: executable file not found in $PATH"),
            });
        }
        let folder = if container.working_dir.is_empty() { "/".to_owned() } else { files::absolute("/", &container.working_dir) };
        let given = container.env.iter().map(|(k, v)| (k.clone(), v.clone()));
        let mut vars: BTreeMap<String, String> = [
            ("HOME", "/root"),
            ("HOSTNAME", &container.pod),
            ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
            ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
            ("KUBERNETES_SERVICE_PORT", "443"),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        vars.extend(given);
        if tty {
            vars.insert("TERM".into(), "xterm".into());
        }
        let session = Session { c: container.clone(), files, folder, vars, status: 0, now_ms, size: (80, 24), tty };
        let mut shell = Shell {
            session,
            disk,
            steps: VecDeque::new(),
            front: Front::Shell,
            editor: Editor::default(),
            interactive: None,
            pending: Vec::new(),
            ended: !stdin,
            stdin,
            out: Vec::new(),
            exit: None,
        };
        if commands::is_shell(first) && arguments.iter().all(|a| matches!(a.as_str(), "-i" | "-l" | "-il" | "--login")) {
            shell.interactive = Some(0);
            shell.prompt();
        } else {
            let words = command.iter().map(|word| Word::literal(word)).collect();
            let command = parse::Command { words, redirects: Vec::new() };
            shell.steps.push_back(Step::Run(Pipeline { when: When::Always, commands: vec![command] }));
        }
        shell.go_on();
        Ok(shell)
    }

    /// What there is to say, since the last time.
    pub fn take(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.out)
    }

    /// Bytes of standard input: what is typed, with a terminal.
    pub fn input(&mut self, bytes: &[u8]) -> Vec<Out> {
        if self.stdin && self.exit.is_none() {
            self.pending.extend_from_slice(bytes);
            self.go_on();
        }
        self.take()
    }

    /// Standard input has ended.
    pub fn eof(&mut self) -> Vec<Out> {
        self.ended = true;
        self.go_on();
        self.take()
    }

    /// The terminal has another size, in columns and rows.
    pub fn resize(&mut self, columns: u16, rows: u16) -> Vec<Out> {
        self.session.size = (columns.max(1), rows.max(1));
        if matches!(self.front, Front::Top(_)) {
            self.draw();
        }
        self.take()
    }

    /// The time is now this, in milliseconds since 1970.
    pub fn tick(&mut self, now_ms: i64) -> Vec<Out> {
        self.session.now_ms = now_ms;
        match self.front {
            Front::Sleeping(until) if until <= now_ms => {
                self.front = Front::Shell;
                self.session.status = 0;
                self.go_on();
            }
            Front::Top(again) if again <= now_ms => self.draw(),
            _ => {}
        }
        self.take()
    }

    /// It does something by itself as the time goes on.
    pub fn waits_for_time(&self) -> bool {
        matches!(self.front, Front::Sleeping(_) | Front::Top(_))
    }

    /// What it ended with.
    pub fn exit_code(&self) -> Option<i32> {
        self.exit
    }

    fn write(&mut self, bytes: &[u8], error: bool) {
        if bytes.is_empty() {
            return;
        }
        let bytes = if self.session.tty { line::cooked(bytes) } else { bytes.into() };
        match (self.out.last_mut(), error && !self.session.tty) {
            (Some(Out::Stdout(last)), false) | (Some(Out::Stderr(last)), true) => last.extend_from_slice(&bytes),
            (_, false) => self.out.push(Out::Stdout(bytes)),
            (_, true) => self.out.push(Out::Stderr(bytes)),
        }
    }

    /// Bytes that are for the terminal as they are.
    fn raw(&mut self, bytes: Vec<u8>) {
        match self.out.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Out::Stdout(last)) => last.extend_from_slice(&bytes),
            _ => self.out.push(Out::Stdout(bytes)),
        }
    }

    fn prompt(&mut self) {
        if self.session.tty {
            let prompt = format!("{} # ", self.session.folder);
            self.editor.begin(&prompt);
            self.raw(prompt.into_bytes());
        }
    }

    fn draw(&mut self) {
        let screen = screen::top(&self.session, true);
        self.front = Front::Top(self.session.now_ms + REDRAWN_MS);
        self.raw(screen.into_bytes());
    }

    fn end(&mut self, code: i32) {
        if self.exit.is_none() {
            self.exit = Some(code);
            self.steps.clear();
            self.out.push(Out::Exit(code));
        }
    }

    /// Runs what can be run, and reads what can be read.
    fn go_on(&mut self) {
        while self.exit.is_none() {
            if matches!(self.front, Front::Shell) && !self.steps.is_empty() {
                self.step();
                if matches!(self.front, Front::Shell) && self.steps.is_empty() && self.interactive.is_some() && self.exit.is_none() {
                    self.prompt();
                }
                continue;
            }
            if matches!(self.front, Front::Shell) && self.interactive.is_none() {
                self.end(self.session.status);
                return;
            }
            let more = if self.session.tty { self.typed() } else { self.piped() };
            if !more {
                return;
            }
        }
    }

    /// Takes standard input where there is no terminal; false when there is nothing to be taken.
    fn piped(&mut self) -> bool {
        match &mut self.front {
            Front::Sleeping(_) => false,
            Front::Top(_) => {
                self.front = Front::Shell;
                true
            }
            Front::Reading(_, given) => {
                let new = std::mem::take(&mut self.pending);
                given.extend_from_slice(&new);
                let whole = new.is_empty() && self.ended || self.archive_is_whole();
                if !whole && !new.is_empty() {
                    self.pass_on();
                }
                if whole {
                    self.finish_reading();
                }
                whole || !new.is_empty() && self.ended
            }
            Front::Shell => {
                let Some(end) = self
                    .pending
                    .iter()
                    .position(|b| *b == b'\n')
                    .map(|at| at + 1)
                    .or((self.ended && !self.pending.is_empty()).then_some(self.pending.len()))
                else {
                    if self.ended {
                        self.end(self.session.status);
                    }
                    return false;
                };
                let line: Vec<u8> = self.pending.drain(..end).collect();
                self.command_line(&String::from_utf8_lossy(&line));
                true
            }
        }
    }

    /// Takes one key of a terminal; false when there is none.
    fn typed(&mut self) -> bool {
        if self.pending.is_empty() {
            if self.ended && !matches!(self.front, Front::Sleeping(_)) {
                match self.front {
                    Front::Reading(..) => self.finish_reading(),
                    _ => self.end(self.session.status),
                }
                return true;
            }
            return false;
        }
        let key = self.pending.remove(0);
        match self.front {
            Front::Sleeping(_) | Front::Top(_) => {
                let quits = key == 3 || key == b'q' && matches!(self.front, Front::Top(_));
                if quits {
                    let after = if key == 3 { "^C\n" } else { "" };
                    let top = matches!(self.front, Front::Top(_));
                    self.write(if top { "\x1b[?25h\n" } else { after }.as_bytes(), false);
                    self.interrupt(if top { 0 } else { 130 });
                }
            }
            Front::Shell | Front::Reading(..) => {
                let reading = matches!(self.front, Front::Reading(..));
                let mut echo = Vec::new();
                let typed = self.editor.key(key, !reading, &mut echo);
                self.raw(echo);
                match (typed, reading) {
                    (None, _) => {}
                    (Some(Typed::Line(text)), false) => {
                        self.command_line(&text);
                        if self.steps.is_empty() && self.exit.is_none() {
                            self.prompt();
                        }
                    }
                    (Some(Typed::Line(text)), true) => {
                        if let Front::Reading(_, given) = &mut self.front {
                            given.extend_from_slice(text.as_bytes());
                            given.push(b'\n');
                        }
                        self.editor.begin("");
                        self.pass_on();
                    }
                    (Some(Typed::Interrupt), _) => self.interrupt(130),
                    (Some(Typed::End), true) => self.finish_reading(),
                    (Some(Typed::End), false) => self.leave(self.session.status),
                }
            }
        }
        true
    }

    fn interrupt(&mut self, status: i32) {
        self.front = Front::Shell;
        self.session.status = status;
        self.steps.clear();
        if self.interactive.is_some() {
            self.prompt();
        }
    }

    fn command_line(&mut self, text: &str) {
        match parse::parse(text) {
            Ok(lines) => self.steps.extend(lines.into_iter().map(Step::Run)),
            Err(error) => {
                self.write(format!("sh: {error}\n").as_bytes(), true);
                self.session.status = 2;
            }
        }
    }

    /// `exit`: out of the innermost shell.
    fn leave(&mut self, code: i32) {
        self.session.status = code;
        if let Some(at) = self.steps.iter().position(|step| matches!(step, Step::Return)) {
            self.steps.drain(..=at);
            return;
        }
        self.steps.clear();
        match &mut self.interactive {
            Some(inner) if *inner > 0 => {
                *inner -= 1;
                self.prompt();
            }
            _ => self.end(code),
        }
    }
}

#[cfg(test)]
mod tests;
