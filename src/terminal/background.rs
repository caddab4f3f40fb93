//! Asking the terminal whether it is dark or light: xterm's OSC 11, which most terminals answer with the colour of their
//! background, and behind it the question what the terminal is (DA1), which all of them answer: the second answer says that
//! the first will not come.
//!
//! An answer that comes after the deadline would be taken for keys; [`Late`] takes it out of them.

use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyModifiers};

/// A terminal on this machine answers within a millisecond, one at the end of a slow line within some hundred.
pub const DEADLINE: Duration = Duration::from_millis(250);
/// An answer is not waited for longer than this: what looks like one is keys again.
const FORGOTTEN: Duration = Duration::from_secs(10);
/// No answer is longer: `]11;rgba:ffff/ffff/ffff/ffff`, and some room.
const LONGEST: usize = 40;

/// What came of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Light, or dark.
    Light(bool),
    /// It has answered, and does not say.
    None,
    /// Nothing was asked: there is nobody to answer, or keys are waiting.
    Unasked,
    /// Nothing came in time. It may come yet.
    Owed,
}

/// Asks. The terminal is in raw mode, and nobody else reads from it.
pub fn ask() -> Answer {
    let answer = if can_ask(&|name| std::env::var(name).unwrap_or_default()) { exchange(DEADLINE) } else { Answer::Unasked };
    tracing::debug!(?answer, "the terminal's background");
    answer
}

/// Whether a terminal of this environment is likely to understand. GNU screen, the console of Linux and dumb terminals do
/// not know the first question; tmux answers for itself.
fn can_ask(env: &dyn Fn(&str) -> String) -> bool {
    let term = env("TERM");
    let inside_screen = term.starts_with("screen") && env("TMUX").is_empty();
    !inside_screen && !["", "dumb", "linux"].contains(&term.as_str()) && !term.starts_with("vt")
}

#[cfg(unix)]
fn exchange(within: Duration) -> Answer {
    use std::io::{self, IsTerminal, Write};

    let stdin = io::stdin();
    // What was typed ahead is for the program, and not to be eaten here.
    if !stdin.is_terminal() || readable(&stdin, Duration::ZERO) {
        return Answer::Unasked;
    }
    let mut out = io::stdout().lock();
    if out.write_all(b"\x1b]11;?\x1b\\\x1b[c").and_then(|()| out.flush()).is_err() {
        return Answer::Unasked;
    }
    let end = Instant::now() + within;
    let mut came = Vec::new();
    loop {
        if !readable(&stdin, end.saturating_duration_since(Instant::now())) {
            return Answer::Owed;
        }
        let mut some = [0; 128];
        // Past std's buffer, which would keep what crossterm is to read.
        match rustix::io::read(&stdin, &mut some) {
            Ok(count @ 1..) => came.extend_from_slice(&some[..count]),
            _ => return Answer::None,
        }
        if let Some(answer) = read(&came) {
            return answer;
        }
        if came.len() > 4096 {
            return Answer::Owed;
        }
    }
}

#[cfg(unix)]
fn readable(stdin: &std::io::Stdin, within: Duration) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let within = Timespec { tv_sec: i64::try_from(within.as_secs()).unwrap_or(0), tv_nsec: within.subsec_nanos().into() };
    let mut fds = [PollFd::new(stdin, PollFlags::IN)];
    matches!(poll(&mut fds, Some(&within)), Ok(1..))
}

#[cfg(not(unix))]
fn exchange(_: Duration) -> Answer {
    Answer::Unasked
}

/// What the bytes say, once the second answer is among them.
fn read(came: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(came);
    let after = &text[text.find("\x1b[?")? + 3..];
    after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('c').then_some(())?;
    let colour = text.split_once("\x1b]11;").and_then(|(_, rest)| rest.split(['\x07', '\x1b']).next());
    Some(colour.and_then(is_light).map_or(Answer::None, Answer::Light))
}

/// XParseColor's `rgb:R/G/B` with one to four hexadecimal digits each (`rgba:` has an alpha behind them), or `#RRGGBB`.
fn is_light(colour: &str) -> Option<bool> {
    let share = |digits: &str| {
        let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok().filter(|count| (1..=4).contains(count))?)? - 1;
        Some(f64::from(u32::from_str_radix(digits, 16).ok()?) / f64::from(most))
    };
    let parts: Vec<f64> = match colour.split_once(':') {
        Some(("rgb" | "rgba", parts)) => parts.split('/').map(share).collect::<Option<_>>()?,
        _ => {
            let hex = colour.strip_prefix('#').filter(|hex| hex.is_ascii() && hex.len() % 3 == 0 && !hex.is_empty())?;
            let each = hex.len() / 3;
            (0..3).map(|i| share(&hex[i * each..(i + 1) * each])).collect::<Option<_>>()?
        }
    };
    let [red, green, blue, ..] = parts[..] else { return None };
    // The luma of BT.601: how light a colour is to the eye.
    Some(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)
}

/// Takes a late answer out of the keys. crossterm reads it as alt-], its letters one by one, and alt-\ or ctrl-g; the
/// second answer it knows and keeps to itself.
#[derive(Debug)]
pub struct Late {
    until: Instant,
    /// So many keys of the answer came.
    inside: Option<usize>,
    done: bool,
}

impl Late {
    /// After this answer, at this time.
    pub fn new(answer: Answer, now: Instant) -> Late {
        Late { until: now + FORGOTTEN, inside: None, done: answer != Answer::Owed }
    }

    /// The input is a part of the answer, and no key.
    pub fn takes(&mut self, input: &Input, now: Instant) -> bool {
        let Input::Key(key) = input else { return false };
        if self.done {
            return false;
        }
        if now > self.until {
            self.done = true;
            return false;
        }
        let KeyCode::Char(letter) = key.code else { return false };
        match (self.inside, key.modifiers) {
            (None, KeyModifiers::ALT) if letter == ']' => self.inside = Some(0),
            (Some(_), KeyModifiers::ALT) if letter == '\\' => self.done = true,
            (Some(_), KeyModifiers::CONTROL) if letter == 'g' => self.done = true,
            (Some(count), _) if count < LONGEST && (letter.is_ascii_hexdigit() || ";:/rgb#".contains(letter)) => {
                self.inside = Some(count + 1);
            }
            (Some(_), _) => {
                self.done = true;
                return false;
            }
            (None, _) => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyEvent;

    use super::*;

    #[test]
    fn colours_are_light_or_dark() {
        for (colour, light) in [
            ("rgb:ffff/ffff/ffff", Some(true)),
            ("rgb:0000/0000/0000", Some(false)),
            ("rgb:fd/f6/e3", Some(true)),
            ("rgb:1e1e/1e1e/2e2e", Some(false)),
            ("rgba:ffff/ffff/ffff/0000", Some(true)),
            ("rgb:f/f/f", Some(true)),
            ("#282c34", Some(false)),
            ("#fff", Some(true)),
            ("rgb:fffff/0/0", None),
            ("rgb:ff/ff", None),
            ("rgb:xx/ff/ff", None),
            ("#ffff", None),
            ("#ﬀﬀ", None),
            ("?", None),
            ("", None),
        ] {
            assert_eq!(is_light(colour), light, "{colour}");
        }
    }

    #[test]
    fn the_second_answer_ends_the_wait() {
        assert_eq!(read(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\"), None);
        assert_eq!(read(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;"), None);
        assert_eq!(read(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;4c"), Some(Answer::Light(true)));
        assert_eq!(read(b"\x1b]11;rgb:0/0/0\x07\x1b[?6c"), Some(Answer::Light(false)));
        assert_eq!(read(b"\x1b[?1;2c"), Some(Answer::None), "as a terminal that does not know the first question");
        assert_eq!(read(b"\x1b]11;what\x07\x1b[?6c"), Some(Answer::None));
    }

    #[test]
    fn who_does_not_understand_is_not_asked() {
        let with = |vars: &[(&str, &str)]| {
            can_ask(&|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()).unwrap_or_default())
        };
        assert!(with(&[("TERM", "xterm-256color")]) && with(&[("TERM", "tmux-256color"), ("TMUX", "x")]));
        assert!(with(&[("TERM", "screen-256color"), ("TMUX", "x")]), "tmux calls itself so, too");
        for term in ["", "dumb", "linux", "vt100", "screen", "screen.xterm-256color"] {
            assert!(!with(&[("TERM", term)]), "{term}");
        }
    }

    fn keys(late: &mut Late, text: &str) -> String {
        let now = Instant::now();
        let mut rest = String::new();
        let mut alt = false;
        for letter in text.chars() {
            if letter == '\x1b' {
                alt = true;
                continue;
            }
            let (letter, modifiers) = match letter {
                '\x07' => ('g', KeyModifiers::CONTROL),
                letter if alt => (letter, KeyModifiers::ALT),
                letter => (letter, KeyModifiers::NONE),
            };
            alt = false;
            if !late.takes(&Input::Key(KeyEvent::new(KeyCode::Char(letter), modifiers)), now) {
                rest.push(letter);
            }
        }
        rest
    }

    #[test]
    fn a_late_answer_is_taken_out_of_the_keys() {
        for end in ["\x1b\\", "\x07"] {
            let mut late = Late::new(Answer::Owed, Instant::now());
            assert_eq!(keys(&mut late, &format!("jk\x1b]11;rgb:1e1e/1E1e/2e2e{end}11dd\x1b]1")), "jk11dd]1");
        }
        let mut late = Late::new(Answer::Owed, Instant::now());
        assert_eq!(keys(&mut late, "\x1b]11;q1"), "q1", "what is no answer is keys again");
        let mut late = Late::new(Answer::Light(true), Instant::now());
        assert_eq!(keys(&mut late, "\x1b]11"), "]11", "nothing is owed");
        let mut late = Late::new(Answer::Owed, Instant::now() - FORGOTTEN * 2);
        assert_eq!(keys(&mut late, "\x1b]11"), "]11", "nothing is owed any more");
    }
}
