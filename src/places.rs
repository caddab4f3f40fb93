//! The folders in which the program keeps what is its own: `config` is written by people, `state` by the program.

use std::path::{Path, PathBuf};

/// The folder of the user's themes, key maps and settings: `$XDG_CONFIG_HOME/kubetui` or `~/.config/kubetui`,
/// `~/Library/Application Support/kubetui` on macOS, `%APPDATA%\kubetui` on Windows. `None` where there is no home.
pub fn config_folder() -> Option<PathBuf> {
    folder(Purpose::Config, std::env::consts::OS, &environment)
}

/// The folder of what the program remembers: `$XDG_STATE_HOME/kubetui` or `~/.local/state/kubetui`,
/// `~/Library/Application Support/kubetui` on macOS, `%LOCALAPPDATA%\kubetui` on Windows. `None` where there is no home.
pub fn state_folder() -> Option<PathBuf> {
    folder(Purpose::State, std::env::consts::OS, &environment)
}

fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

#[derive(Clone, Copy)]
enum Purpose {
    Config,
    State,
}

fn folder(purpose: Purpose, os: &str, env: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored; an empty one is relative.
    let absolute = |name: &str| env(name).filter(|path| path.is_absolute());
    let home = |below: &str| absolute("HOME").map(|home| home.join(Path::new(below)));
    let (xdg, below, windows) = match purpose {
        Purpose::Config => ("XDG_CONFIG_HOME", ".config", "APPDATA"),
        Purpose::State => ("XDG_STATE_HOME", ".local/state", "LOCALAPPDATA"),
    };
    let base = match os {
        "windows" => env(windows).filter(|path| !path.as_os_str().is_empty()),
        "macos" => absolute(xdg).or_else(|| home("Library/Application Support")),
        _ => absolute(xdg).or_else(|| home(below)),
    };
    base.map(|base| base.join("kubetui"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(os: &str, purpose: Purpose, vars: &[(&str, &str)]) -> Option<PathBuf> {
        folder(purpose, os, &|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
    }

    #[test]
    fn each_platform_has_its_folders() {
        let home = ("HOME", "/home/ann");
        assert_eq!(with("linux", Purpose::State, &[home]), Some("/home/ann/.local/state/kubetui".into()));
        assert_eq!(with("linux", Purpose::Config, &[home]), Some("/home/ann/.config/kubetui".into()));
        assert_eq!(with("linux", Purpose::State, &[home, ("XDG_STATE_HOME", "/s")]), Some("/s/kubetui".into()));
        assert_eq!(with("macos", Purpose::State, &[home]), Some("/home/ann/Library/Application Support/kubetui".into()));
        assert_eq!(with("windows", Purpose::State, &[("LOCALAPPDATA", "L")]), Some(Path::new("L").join("kubetui")));
    }

    #[test]
    fn relative_and_missing_homes_are_not_used() {
        assert_eq!(with("linux", Purpose::State, &[]), None);
        assert_eq!(with("linux", Purpose::State, &[("XDG_STATE_HOME", "state"), ("HOME", "/h")]), Some("/h/.local/state/kubetui".into()));
    }
}
