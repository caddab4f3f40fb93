//! The program in a real terminal: a pseudo-terminal that is read as xterm reads it. What is taken is given back on every
//! way out.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use crate::driver::DEADLINE;
use crate::keys::{Dice, nowhere};

mod hostile;
mod session;
mod unsaved;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// Nothing that a person's own settings could change.
const VARIABLES: &[&str] = &[
    "NO_COLOR",
    "COLORTERM",
    "COLORFGBG",
    "KUBECONFIG",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "TMUX",
    "TERM_PROGRAM",
];

/// A program in a terminal of its own.
struct Window {
    pty: Arc<Pty>,
    child: Child,
    /// What the terminal was sent.
    sent: Arc<Mutex<Vec<u8>>>,
    _home: tempfile::TempDir,
}

impl Window {
    /// `kubetui` over contexts whose server is a closed port.
    fn open(contexts: &[&str], variables: &[(&str, &str)]) -> Window {
        Window::start(contexts, variables, |program, config| Command::new(program).arg("--kubeconfig").arg(config))
    }

    /// A shell with job control that runs `kubetui`, and goes on when it stops or ends.
    fn shell() -> Window {
        Window::start(&["here"], &[], |program, config| {
            // What the shell prints is what the test reads; `read` keeps it from going on by itself.
            let script = r#"set -m; "$0" --kubeconfig "$1"; echo "stopped: $?"; read -r line; fg >/dev/null; echo "ended: $?""#;
            Command::new("bash").args(["--norc", "--noprofile", "-c", script]).arg(program).arg(config)
        })
    }

    fn start(contexts: &[&str], variables: &[(&str, &str)], command: impl FnOnce(&str, &Path) -> Command) -> Window {
        let home = tempfile::tempdir().expect("a home");
        let config = nowhere(home.path(), contexts);
        let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(ROWS, COLUMNS)).expect("its size");
        let mut command = command(env!("CARGO_BIN_EXE_kubetui"), &config);
        for variable in VARIABLES {
            command = command.env_remove(variable);
        }
        command = command.env("HOME", home.path()).env("TERM", "xterm-256color");
        for (name, value) in variables {
            command = command.env(name, value);
        }
        let child = command.spawn(pts).expect("it starts");
        let pty = Arc::new(pty);
        let sent = Arc::new(Mutex::new(Vec::new()));
        let (from, to) = (pty.clone(), sent.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Linux says EIO when the last program has closed the terminal.
            while let Ok(count @ 1..) = (&*from).read(&mut buffer) {
                to.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..count]);
            }
        });
        Window { pty, child, sent, _home: home }
    }

    fn bytes(&self) -> Vec<u8> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the terminal shows.
    fn screen(&self) -> vt100::Parser {
        let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
        parser.process(&self.bytes());
        parser
    }

    #[track_caller]
    fn wait(&self, what: &str, is: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + DEADLINE;
        loop {
            let parser = self.screen();
            if is(parser.screen()) {
                return;
            }
            assert!(Instant::now() < end, "waited in vain for {what}; the terminal shows:\n{}", parser.screen().contents());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[track_caller]
    fn see(&self, words: &str) {
        self.wait(words, |screen| screen.contents().contains(words));
    }

    /// Up, and with the terminal to itself.
    #[track_caller]
    fn wait_until_up(&self) {
        self.see("does not answer");
        assert!(self.screen().screen().alternate_screen(), "it draws on the alternate screen");
        assert!(self.is_raw(), "and keys reach it one by one");
        let parser = self.screen();
        assert_eq!(
            parser.screen().mouse_protocol_mode(),
            vt100::MouseProtocolMode::ButtonMotion,
            "and clicks, and movements only while a button is held"
        );
        assert_eq!(parser.screen().mouse_protocol_encoding(), vt100::MouseProtocolEncoding::Sgr);
    }

    fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    fn is_raw(&self) -> bool {
        let modes = tcgetattr(&*self.pty).expect("the terminal's modes").local_modes;
        !modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it is there");
    }

    #[track_caller]
    fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                // What it wrote last may still be on its way.
                std::thread::sleep(Duration::from_millis(50));
                return status;
            }
            assert!(Instant::now() < end, "it does not end; the terminal shows:\n{}", self.screen().screen().contents());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The terminal is as it was before.
    #[track_caller]
    fn assert_restored(&self) {
        self.assert_modes_restored();
        assert_eq!(self.screen().screen().contents().trim(), "", "nothing is left behind");
    }

    /// The same, but for what it shows: keys that nobody read are echoed.
    #[track_caller]
    fn assert_modes_restored(&self) {
        let parser = self.screen();
        let screen = parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pastes come as they are");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!self.is_raw(), "lines are edited and echoed again");
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_screen_comes_up_at_once_and_says_what_it_does() {
    let start = Instant::now();
    let window = Window::open(&["here"], &[]);
    window.see("here ▸");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    window.wait_until_up();
    // What a connection is given before it is called unreachable is more.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn the_terminal_is_given_back_by_every_way_out() {
    type Way = (&'static str, fn(&Window), i32);
    let ways: [Way; 6] = [
        // The list of contexts is open: the first ctrl-c leaves it.
        ("ctrl-c", |window| window.press("\u{3}\u{3}"), 0),
        (":q", |window| window.press("\u{3}:q\r"), 0),
        ("Q", |window| window.press("\u{3}Q"), 0),
        ("SIGTERM", |window| window.signal(Signal::TERM), 143),
        ("SIGHUP", |window| window.signal(Signal::HUP), 129),
        ("SIGINT", |window| window.signal(Signal::INT), 130),
    ];
    for (name, leave, code) in ways {
        let mut window = Window::open(&["here"], &[]);
        window.wait_until_up();
        leave(&window);
        let status = window.ended();
        assert_eq!(status.code(), Some(code), "{name}: {status}");
        window.assert_restored();
    }
}

/// Whatever is pressed and clicked, the terminal is as it was when the program has ended.
#[test]
fn random_keys_leave_the_terminal_as_it_was() {
    let mut dice = Dice::new("random_keys_leave_the_terminal_as_it_was");
    // ctrl-z stops the program, which nobody here continues.
    let letters: Vec<char> = (' '..='~').chain(('\u{1}'..='\u{1f}').filter(|c| *c != '\u{1a}')).collect();
    let others = ["\u{1b}[A", "\u{1b}[B", "\u{1b}[5~", "\u{1b}[6~", "\u{1b}OP", "\u{1b}[Z", "\u{1b}[200~paste\n\u{1b}[201~", ":q", "é日"];
    for _ in 0..4 {
        let mut window = Window::open(&["here", "there"], &[]);
        window.wait_until_up();
        for _ in 0..40 {
            let mut keys = String::new();
            for _ in 0..50 {
                match dice.below(10) {
                    0 => keys.push_str(dice.of::<&str>(&others)),
                    1 => {
                        let (button, x, y) = (*dice.of(&[0, 2, 64, 65]), dice.below(80) + 1, dice.below(24) + 1);
                        keys.push_str(&format!("\u{1b}[<{button};{x};{y}M"));
                    }
                    _ => keys.push(*dice.of(&letters)),
                }
            }
            // It may have been quit; then nobody reads.
            if window.child.try_wait().expect("it can be waited for").is_some() || (&*window.pty).write_all(keys.as_bytes()).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let end = Instant::now() + DEADLINE;
        while window.child.try_wait().expect("it can be waited for").is_none() {
            assert!(Instant::now() < end, "it does not end:\n{}", window.screen().screen().contents());
            // What was begun is left, and then the program.
            let _ = (&*window.pty).write_all(b"\x03");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(window.ended().code(), Some(0));
        window.assert_modes_restored();
    }
}

/// `cat web.yaml | kubetui`: keys come from the terminal, and what was piped waits until it is asked for.
#[test]
fn what_is_piped_into_it_is_no_key() {
    let mut window = Window::start(&["here"], &[], |program, config| {
        let script = r#"printf 'kind: X\nkind: Q\n' | "$0" --kubeconfig "$1"; echo "ended: $?""#;
        Command::new("bash").args(["--norc", "--noprofile", "-c", script]).arg(program).arg(config)
    });
    window.wait_until_up();
    window.press("\u{3}");
    window.wait("the list gone", |screen| !screen.contents().contains("Contexts"));
    for _ in 0..2 {
        window.press(":diff -\r");
        window.see("standard input:2:1: kind is here twice");
        window.press("q");
        window.wait("the text gone", |screen| !screen.contents().contains("standard input:2:1"));
    }
    window.press("Q");
    window.see("ended: 0");
    assert!(window.ended().success());
    let parser = window.screen();
    assert!(!parser.screen().alternate_screen() && !parser.screen().hide_cursor());
}

#[test]
fn the_mouse_is_given_back_and_taken_again() {
    let mut window = Window::open(&["here"], &[]);
    window.wait_until_up();
    window.press("\u{3}M");
    window.wait("the mouse given back", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    window.press("M");
    window.wait("the mouse taken", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::ButtonMotion);
    // A click on a tab shows the pane.
    window.wait("the tabs", |screen| screen.contents().contains("2 Services") || screen.contents().contains("1 Pods"));
    window.press("Q");
    assert!(window.ended().success());
    window.assert_restored();
}

#[test]
fn what_is_copied_without_a_display_goes_by_the_terminal() {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode("kubectl --context here -n default get pods");
    let plain = format!("\u{1b}]52;c;{text}\u{7}");
    let past = format!("\u{1b}Ptmux;\u{1b}\u{1b}]52;c;{text}\u{7}\u{1b}\\");
    for (variables, tmux) in [(&[][..], false), (&[("SSH_CONNECTION", "x"), ("DISPLAY", "localhost:10")], false), (&[("TMUX", "x")], true)]
    {
        let mut window = Window::open(&["here"], variables);
        window.wait_until_up();
        window.press("\u{3}ck");
        window.see("OSC 52");
        let sent = String::from_utf8_lossy(&window.bytes()).into_owned();
        assert!(sent.contains(&plain), "{variables:?}");
        assert_eq!(sent.contains(&past), tmux, "{variables:?}");
        window.press("\u{3}");
        assert!(window.ended().success());
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_brings_the_screen_back() {
    let mut window = Window::shell();
    window.wait_until_up();
    // Out of the list, which takes ctrl-z too, but would hide what is behind it.
    window.press("\u{3}");
    window.wait("the list gone", |screen| !screen.contents().contains("Contexts"));
    window.press("\u{1a}");
    window.see("stopped: 148");
    {
        let parser = window.screen();
        assert!(!parser.screen().alternate_screen() && !parser.screen().hide_cursor(), "{}", parser.screen().contents());
        assert!(!window.is_raw());
    }
    window.press("\n");
    window.wait("the screen again", |screen| screen.alternate_screen() && screen.contents().contains("does not answer"));
    assert!(window.is_raw());
    // Keys are for it again.
    window.press("?");
    window.see("Go down: to the pods");
    window.press("\u{3}");
    window.see("ended: 0");
    assert!(window.ended().success());
    let parser = window.screen();
    assert!(!parser.screen().alternate_screen() && !parser.screen().hide_cursor());
}

/// The parameters of every SGR that was sent.
fn looks(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let sgr = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    };
    text.split("\u{1b}[").skip(1).filter_map(sgr).collect()
}

/// The colours that an SGR asks for: `truecolour`, `indexed` or `ansi`.
fn colours(parameters: &str) -> Vec<&'static str> {
    let mut numbers = parameters.split([';', ':']).filter_map(|number| number.parse::<u32>().ok());
    let mut found = Vec::new();
    while let Some(number) = numbers.next() {
        match number {
            38 | 48 | 58 => match (numbers.next(), numbers.next()) {
                (Some(2), _) => {
                    // The other two of red, green and blue.
                    numbers.nth(1);
                    found.push("truecolour");
                }
                // crossterm writes the sixteen colours by their indices.
                (Some(5), Some(0..=15)) => found.push("ansi"),
                _ => found.push("indexed"),
            },
            30..=37 | 40..=47 | 90..=97 | 100..=107 => found.push("ansi"),
            _ => {}
        }
    }
    found
}

#[test]
fn colours_are_those_that_the_terminal_has() {
    for (variables, only) in [
        (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], Some("truecolour")),
        (&[("TERM", "xterm-256color")], Some("indexed")),
        (&[("TERM", "xterm")], Some("ansi")),
        (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], None),
        (&[("TERM", "dumb")], None),
    ] {
        let mut window = Window::open(&["here"], variables);
        window.wait_until_up();
        window.press("\u{3}\u{3}");
        window.ended();
        let looks = looks(&window.bytes());
        assert!(!looks.is_empty(), "{variables:?}: bold and the like are used in any case");
        let used: Vec<&str> = looks.iter().flat_map(|look| colours(look)).collect();
        match only {
            // Some looks of a theme for 256 colours are among the first sixteen.
            Some("indexed") => assert!(used.contains(&"indexed") && !used.contains(&"truecolour"), "{variables:?}: {looks:?}"),
            Some(only) => assert!(!used.is_empty() && used.iter().all(|colour| *colour == only), "{variables:?}: {looks:?}"),
            None => assert!(used.is_empty(), "{variables:?}: {looks:?}"),
        }
    }
}

/// The colour of the accent in the light theme, as it is sent.
const LIGHT_ACCENT: &str = "38;2;26;86;176";
/// And in the dark one.
const DARK_ACCENT: &str = "38;2;130;183;255";
const TRUE: &[(&str, &str)] = &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
/// A light background, and what a terminal says that it is.
const ANSWER: &str = "\u{1b}]11;rgb:fdfd/f6f6/e3e3\u{1b}\\\u{1b}[?62;4c";

fn sent(window: &Window) -> String {
    String::from_utf8_lossy(&window.bytes()).into_owned()
}

#[test]
fn a_light_terminal_that_says_so_when_it_is_asked_gets_the_light_theme() {
    // An answer has to come in time, which a busy machine may not let it.
    let light = (0..5).any(|_| {
        let mut window = Window::open(&["here"], TRUE);
        window.wait("the question", |_| sent(&window).contains("\u{1b}]11;?\u{1b}\\\u{1b}[c"));
        window.press(ANSWER);
        window.wait_until_up();
        assert!(!window.screen().screen().contents().contains("rgb"), "nothing of the answer is taken for keys");
        window.press("\u{3}\u{3}");
        window.ended();
        sent(&window).contains(LIGHT_ACCENT) && !sent(&window).contains(DARK_ACCENT)
    });
    assert!(light);
}

#[test]
fn an_answer_that_comes_late_is_not_taken_for_keys() {
    let mut window = Window::open(&["here"], TRUE);
    // The list of contexts is open: what was a key would be typed there.
    window.wait_until_up();
    assert!(sent(&window).contains(DARK_ACCENT) && !sent(&window).contains(LIGHT_ACCENT));
    window.press(ANSWER);
    window.press("xyz");
    window.see("xyz");
    let shown = window.screen().screen().contents();
    assert!(!shown.contains("rgb") && !shown.contains("11;") && !shown.contains("e3"), "{shown}");
    window.press("\u{3}\u{3}");
    window.ended();
    window.assert_restored();
}

#[test]
fn a_terminal_that_would_not_understand_is_not_asked() {
    for variables in [&[("TERM", "dumb")][..], &[("TERM", "linux")], &[("TERM", "xterm"), ("NO_COLOR", "1")]] {
        let mut window = Window::open(&["here"], variables);
        window.wait_until_up();
        assert!(!sent(&window).contains("]11;"), "{variables:?}");
        window.press("\u{3}\u{3}");
        window.ended();
    }
}

/// A name can hold anything that YAML can write.
#[test]
fn control_and_bidirectional_characters_never_reach_the_terminal() {
    let mut window = Window::open(&[r#""ctx\e]0;evil\a\e[31m\u202egnol""#, r#""other\u2066\u0007""#], &[]);
    // Of the bytes themselves: the emulator leaves out U+FFFD, by which an override is shown.
    let sent = || String::from_utf8_lossy(&window.bytes()).into_owned();
    window.wait("the names in symbols", |_| sent().contains("ctx␛]0;evil␇␛[31m\u{fffd}gnol") && sent().contains("other\u{fffd}␇"));
    window.press("\u{3}\u{3}");
    window.ended();
    let sent = String::from_utf8(window.bytes()).expect("UTF-8");
    assert!(!sent.contains('\u{202e}') && !sent.contains('\u{2066}'), "no override reaches the terminal");
    assert!(!sent.contains("\u{1b}]0;evil") && !sent.contains("\u{1b}[31m"), "nothing that steers it does");
    // A title is set by an escape sequence that ends with BEL; no other BEL is sent.
    let titles = sent.matches("\u{1b}]0;").count();
    assert_eq!(sent.matches('\u{7}').count(), titles, "{titles} titles");
}

#[test]
fn resizing_the_window_draws_it_anew() {
    let window = Window::open(&["here"], &[]);
    window.wait_until_up();
    for (rows, columns) in [(1, 1), (2, 2), (10, 40), (70, 250), (24, 80)] {
        window.pty.resize(Size::new(rows, columns)).expect("resized");
        std::thread::sleep(Duration::from_millis(60));
    }
    window.press("\u{3}?");
    window.wait("the help after all that", |screen| screen.contents().contains("Go down: to the pods"));
}

#[test]
fn without_a_terminal_there_is_one_line_and_exit_code_2() {
    let home = tempfile::tempdir().expect("a folder");
    let ran = crate::binary::kubetui::<&str>(&nowhere(home.path(), &["here"]), &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.contains("no terminal on stdout"), "{}", ran.err);
}
