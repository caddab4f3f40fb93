//! What the terminal is able to do, as far as the environment tells.

use std::io::IsTerminal;

use super::background::Answer;
use crate::theme::{self, Depth};

/// Whether there is a terminal on stdout to draw on.
pub fn has_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// How many colours the terminal has.
pub fn depth() -> Depth {
    depth_of(&environment)
}

/// The name of the theme to use when nobody chose one, after what the terminal has answered; else as far as the environment
/// tells.
pub fn theme(answer: Answer) -> &'static str {
    match answer {
        Answer::Light(true) => theme::LIGHT,
        Answer::Light(false) => theme::DARK,
        Answer::None | Answer::Unasked | Answer::Owed => theme_of(&environment),
    }
}

/// Whether the window's title can be set, and brought back when the program ends.
pub fn can_keep_title() -> bool {
    keeps_title(&environment)
}

fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

fn depth_of(env: Env<'_>) -> Depth {
    // https://no-color.org: present and not empty, whatever it holds.
    if env("NO_COLOR").is_some() {
        return Depth::None;
    }
    if env("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit")) || env("WT_SESSION").is_some() {
        return Depth::Truecolor;
    }
    let term = env("TERM").unwrap_or_default();
    let named = |names: &[&str]| names.iter().any(|name| term.contains(name));
    match term.as_str() {
        "dumb" => Depth::None,
        // No TERM: a console of Windows, where crossterm has seen to it that it understands colours.
        "" if cfg!(windows) => Depth::Truecolor,
        _ if named(&["-direct", "truecolor", "kitty", "alacritty", "foot", "wezterm", "ghostty", "contour"]) => Depth::Truecolor,
        _ if named(&["256"]) => Depth::Indexed,
        _ => Depth::Ansi,
    }
}

/// `COLORFGBG` is `text;background` or `text;other;background` in ANSI colours, from rxvt, Konsole and others.
fn theme_of(env: Env<'_>) -> &'static str {
    let background = env("COLORFGBG").and_then(|colours| colours.rsplit(';').next()?.parse::<u8>().ok());
    match background {
        Some(7 | 9..=15) => theme::LIGHT,
        _ => theme::DARK,
    }
}

/// Terminals that have xterm's stack of titles. One that has not would keep our title after we are gone; over SSH a
/// plain `xterm` may be anything.
fn keeps_title(env: Env<'_>) -> bool {
    let term = env("TERM").unwrap_or_default();
    let own = ["alacritty", "foot", "ghostty", "wezterm", "contour", "tmux", "xterm-kitty", "xterm-ghostty"];
    if own.iter().any(|name| term.starts_with(name)) {
        return true;
    }
    let without = env("TERM_PROGRAM").is_some_and(|program| matches!(program.as_str(), "Apple_Terminal" | "vscode"))
        || env("TERMINAL_EMULATOR").is_some();
    term.starts_with("xterm") && !without && env("SSH_CONNECTION").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(vars: &[(&str, &str)], ask: fn(Env<'_>) -> T) -> T {
        ask(&|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn depth_comes_from_the_environment() {
        for (vars, depth) in [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], Depth::Truecolor),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Depth::None),
            (&[("TERM", "xterm-256color")], Depth::Indexed),
            (&[("TERM", "screen-256color")], Depth::Indexed),
            (&[("TERM", "xterm-kitty")], Depth::Truecolor),
            (&[("TERM", "xterm")], Depth::Ansi),
            (&[("TERM", "linux")], Depth::Ansi),
            (&[("TERM", "dumb")], Depth::None),
            (&[("WT_SESSION", "x")], Depth::Truecolor),
        ] {
            assert_eq!(with(vars, depth_of), depth, "{vars:?}");
        }
    }

    #[test]
    fn a_light_terminal_that_says_so_gets_the_light_theme() {
        assert_eq!(with(&[("COLORFGBG", "0;15")], theme_of), theme::LIGHT);
        assert_eq!(with(&[("COLORFGBG", "0;default;7")], theme_of), theme::LIGHT);
        assert_eq!(with(&[("COLORFGBG", "15;0")], theme_of), theme::DARK);
        assert_eq!(with(&[], theme_of), theme::DARK);
    }

    #[test]
    fn titles_are_left_alone_where_they_would_stay() {
        assert!(with(&[("TERM", "xterm-256color")], keeps_title));
        assert!(with(&[("TERM", "tmux-256color"), ("SSH_CONNECTION", "x")], keeps_title));
        assert!(!with(&[("TERM", "xterm-256color"), ("SSH_CONNECTION", "x")], keeps_title));
        assert!(!with(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "vscode")], keeps_title));
        assert!(!with(&[("TERM", "linux")], keeps_title));
    }
}
