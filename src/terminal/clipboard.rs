//! The clipboard: of the display where there is one, and of the terminal (OSC 52) where the display is somewhere else: over
//! SSH, in tmux, without a display.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Screen;

/// xterm takes no more than 100,000 bytes of an escape sequence, which is so much text in base64.
const MOST: usize = 74_994;

/// A way into a clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// That of the display, which the program runs beside.
    Display,
    /// By the terminal, which runs beside the display: an escape sequence. Whether it does it, it does not say.
    Terminal,
    /// The same through tmux: once for tmux itself (`set-clipboard on`), once past it (`allow-passthrough on`).
    Tmux,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Display => "clipboard",
            Way::Terminal => "by the terminal, OSC 52",
            Way::Tmux => "by tmux and the terminal, OSC 52",
        }
    }
}

type Env<'a> = &'a dyn Fn(&str) -> bool;

/// Which ways lead to the person who looks at this terminal.
fn ways(is_set: Env<'_>) -> Vec<Way> {
    let far = ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].iter().any(|name| is_set(name));
    let display = cfg!(any(target_os = "macos", windows)) || is_set("WAYLAND_DISPLAY") || is_set("DISPLAY");
    let mut ways = Vec::new();
    if display && !far {
        ways.push(Way::Display);
    }
    if is_set("TMUX") {
        ways.push(Way::Tmux);
    } else if ways.is_empty() {
        ways.push(Way::Terminal);
    }
    ways
}

/// What is written to the terminal.
fn sequence(way: Way, text: &str) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    match way {
        Way::Display => Vec::new(),
        Way::Terminal => plain.into_bytes(),
        // https://github.com/tmux/tmux/wiki/FAQ: each escape within is doubled.
        Way::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")).into_bytes(),
    }
}

/// Copies texts. It lives as long as the program: on X11 and Wayland a text is there for as long as somebody offers it.
pub struct Clipboard {
    ways: Vec<Way>,
    display: Option<arboard::Clipboard>,
}

impl Default for Clipboard {
    fn default() -> Clipboard {
        Clipboard::new()
    }
}

impl Clipboard {
    /// By the ways that the environment tells of; nothing is opened before it is needed.
    pub fn new() -> Clipboard {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Clipboard { ways: ways(&is_set), display: None }
    }

    /// Puts a text into the clipboard, by every way that there is; says by which.
    ///
    /// # Errors
    /// There is no way: the text is too long for a terminal, or the terminal is gone.
    pub fn copy(&mut self, text: &str, screen: &mut Screen) -> Result<String, String> {
        let ways = self.ways.clone();
        let display = &mut self.display;
        copy_by(&ways, text, &mut |text| to_display(display, text), &mut |bytes| screen.write_past(bytes).map_err(|e| e.to_string()))
    }
}

fn to_display(display: &mut Option<arboard::Clipboard>, text: &str) -> Result<(), String> {
    let failed = |error: arboard::Error| error.to_string();
    if display.is_none() {
        *display = Some(arboard::Clipboard::new().map_err(failed)?);
    }
    match display {
        Some(clipboard) => clipboard.set_text(text).map_err(failed),
        None => Err("there is no display".to_owned()),
    }
}

type Put<'a, T> = &'a mut dyn FnMut(&T) -> Result<(), String>;

fn copy_by(ways: &[Way], text: &str, display: Put<'_, str>, terminal: Put<'_, [u8]>) -> Result<String, String> {
    let mut worked = Vec::new();
    let mut failed = Vec::new();
    let mut left = ways.to_vec();
    while !left.is_empty() {
        let way = left.remove(0);
        let done = match way {
            Way::Display => display(text),
            _ if text.len() > MOST => Err(format!("{} bytes are more than terminals take by OSC 52 ({MOST})", text.len())),
            _ => terminal(&sequence(way, text)),
        };
        match done {
            Ok(()) => worked.push(way.name()),
            Err(why) => {
                tracing::debug!(?way, %why, "clipboard");
                failed.push(why);
                // A display that is not there leaves the terminal.
                if way == Way::Display && left.is_empty() {
                    left.push(Way::Terminal);
                }
            }
        }
    }
    if worked.is_empty() { Err(failed.join("; ")) } else { Ok(worked.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[&str]) -> Vec<Way> {
        ways(&|name| set.contains(&name))
    }

    #[test]
    #[cfg(not(any(target_os = "macos", windows)))]
    fn the_way_leads_to_whoever_looks_at_the_terminal() {
        assert_eq!(with(&["DISPLAY"]), [Way::Display]);
        assert_eq!(with(&["WAYLAND_DISPLAY"]), [Way::Display]);
        assert_eq!(with(&[]), [Way::Terminal], "no display: a console, a container");
        assert_eq!(with(&["DISPLAY", "SSH_CONNECTION"]), [Way::Terminal], "the display of the other machine is not the person's");
        assert_eq!(with(&["DISPLAY", "TMUX"]), [Way::Display, Way::Tmux]);
        assert_eq!(with(&["TMUX", "SSH_TTY"]), [Way::Tmux]);
    }

    #[test]
    fn sequences_are_those_of_xterm_and_tmux() {
        assert_eq!(sequence(Way::Terminal, "shop/web"), b"\x1b]52;c;c2hvcC93ZWI=\x07");
        let tmux = sequence(Way::Tmux, "shop/web");
        assert_eq!(tmux, b"\x1b]52;c;c2hvcC93ZWI=\x07\x1bPtmux;\x1b\x1b]52;c;c2hvcC93ZWI=\x07\x1b\\");
    }

    fn run(ways: &[Way], text: &str, display: Result<(), String>) -> (Result<String, String>, Vec<u8>) {
        let mut written = Vec::new();
        let mut show = |_: &str| display.clone();
        let done = copy_by(ways, text, &mut show, &mut |bytes| {
            written.extend_from_slice(bytes);
            Ok(())
        });
        (done, written)
    }

    #[test]
    fn a_display_that_does_not_answer_leaves_the_terminal() {
        let (done, written) = run(&[Way::Display], "x", Ok(()));
        assert_eq!((done.as_deref(), written.len()), (Ok("clipboard"), 0));
        let (done, written) = run(&[Way::Display], "x", Err("no X server".into()));
        assert_eq!(done.as_deref(), Ok("by the terminal, OSC 52"));
        assert_eq!(written, sequence(Way::Terminal, "x"));
    }

    #[test]
    fn what_is_too_long_for_a_terminal_is_refused_and_not_cut() {
        let (done, written) = run(&[Way::Terminal], &"x".repeat(MOST + 1), Ok(()));
        assert!(done.is_err_and(|why| why.contains("74995 bytes")));
        assert!(written.is_empty());
        let (done, _) = run(&[Way::Display, Way::Tmux], &"x".repeat(MOST + 1), Ok(()));
        assert_eq!(done.as_deref(), Ok("clipboard"), "a display takes it");
        let (done, written) = run(&[Way::Terminal], &"x".repeat(MOST), Ok(()));
        assert!(done.is_ok() && written.len() < 100_010, "{}", written.len());
    }
}
