//! The folders in which the program keeps what is its own: `config` is written by people, `state` by the program.

use std::fs;
use std::io::{self, Write};
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

/// The folder of what ends with the run: `$XDG_RUNTIME_DIR/kubetui`, else `$XDG_CACHE_HOME/kubetui` or `~/.cache/kubetui`,
/// `~/Library/Caches/kubetui` on macOS, `%LOCALAPPDATA%\kubetui` on Windows. `None` where there is no home.
pub fn run_folder() -> Option<PathBuf> {
    folder(Purpose::Run, std::env::consts::OS, &environment)
}

/// The folder of what is too much for the memory, on a disk: `$XDG_CACHE_HOME/kubetui` or `~/.cache/kubetui`,
/// `~/Library/Caches/kubetui` on macOS, `%LOCALAPPDATA%\kubetui` on Windows. `None` where there is no home.
pub fn cache_folder() -> Option<PathBuf> {
    folder(Purpose::Cache, std::env::consts::OS, &environment)
}

/// Puts a file in the place of another one in a single step, readable by its owner only from its first byte on. Folders
/// that are not there are made.
///
/// # Errors
/// When the folder or the file cannot be written. What was there is there still.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link (people keep such files elsewhere) stays a link: what it points at is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    // Left over from a program of the same number that died on the way.
    let _ = fs::remove_file(&fresh);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&fresh).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    let moved = written.and_then(|()| fs::rename(&fresh, &path));
    if moved.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    moved
}

fn environment(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

#[derive(Clone, Copy)]
enum Purpose {
    Config,
    State,
    Run,
    Cache,
}

fn folder(purpose: Purpose, os: &str, env: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored; an empty one is relative.
    let absolute = |name: &str| env(name).filter(|path| path.is_absolute());
    let home = |below: &str| absolute("HOME").map(|home| home.join(Path::new(below)));
    let (xdg, below, library, windows) = match purpose {
        Purpose::Config => ("XDG_CONFIG_HOME", ".config", "Library/Application Support", "APPDATA"),
        Purpose::State => ("XDG_STATE_HOME", ".local/state", "Library/Application Support", "LOCALAPPDATA"),
        Purpose::Run | Purpose::Cache => ("XDG_CACHE_HOME", ".cache", "Library/Caches", "LOCALAPPDATA"),
    };
    let runtime = matches!(purpose, Purpose::Run).then(|| absolute("XDG_RUNTIME_DIR")).flatten();
    let base = match os {
        "windows" => env(windows).filter(|path| !path.as_os_str().is_empty()),
        "macos" => runtime.or_else(|| absolute(xdg)).or_else(|| home(library)),
        _ => runtime.or_else(|| absolute(xdg)).or_else(|| home(below)),
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
        assert_eq!(with("linux", Purpose::Run, &[home]), Some("/home/ann/.cache/kubetui".into()));
        assert_eq!(with("linux", Purpose::Run, &[home, ("XDG_RUNTIME_DIR", "/run/user/7")]), Some("/run/user/7/kubetui".into()));
        assert_eq!(with("linux", Purpose::State, &[home, ("XDG_RUNTIME_DIR", "/run/user/7")]), with("linux", Purpose::State, &[home]));
        assert_eq!(with("linux", Purpose::Cache, &[home, ("XDG_RUNTIME_DIR", "/run/user/7")]), Some("/home/ann/.cache/kubetui".into()));
        assert_eq!(with("macos", Purpose::Run, &[home]), Some("/home/ann/Library/Caches/kubetui".into()));
        assert_eq!(with("windows", Purpose::State, &[("LOCALAPPDATA", "L")]), Some(Path::new("L").join("kubetui")));
    }

    #[test]
    fn relative_and_missing_homes_are_not_used() {
        assert_eq!(with("linux", Purpose::State, &[]), None);
        assert_eq!(with("linux", Purpose::State, &[("XDG_STATE_HOME", "state"), ("HOME", "/h")]), Some("/h/.local/state/kubetui".into()));
    }
}
