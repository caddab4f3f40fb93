//! Standard input that is no terminal: `cat web.yaml | kubetui`. It is set aside, and the terminal takes its place, so that
//! keys are read, and programs that log in are asked, as always.

use std::fs::File;

/// What was piped into the program; `None` where its standard input is the terminal, or where there is no terminal that
/// could take its place. Nothing of it is read here.
#[cfg(unix)]
pub fn set_aside() -> Option<File> {
    use std::io::{self, IsTerminal};

    let stdin = io::stdin();
    if stdin.is_terminal() {
        return None;
    }
    let piped = rustix::io::dup(&stdin).ok()?;
    match terminal().and_then(|terminal| rustix::stdio::dup2_stdin(&terminal).map_err(io::Error::from)) {
        Ok(()) => Some(File::from(piped)),
        Err(error) => {
            // Keys are looked for in /dev/tty then, which may do.
            tracing::warn!(%error, "the terminal does not take the place of standard input");
            Some(File::from(piped))
        }
    }
}

/// The terminal that is drawn on, by its own name: macOS cannot wait for what comes from `/dev/tty`.
#[cfg(unix)]
fn terminal() -> std::io::Result<File> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use rustix::fs::{Mode, OFlags, open};

    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let by_name = rustix::termios::ttyname(std::io::stdout(), Vec::new())
        .and_then(|name| open(OsStr::from_bytes(name.as_bytes()), flags, Mode::empty()));
    let opened = by_name.or_else(|_| open("/dev/tty", flags, Mode::empty()))?;
    Ok(File::from(opened))
}

/// What was piped into the program; `None` where its standard input is the console. Keys are read from the console anyway.
#[cfg(windows)]
pub fn set_aside() -> Option<File> {
    use std::io::IsTerminal;
    use std::os::windows::io::AsHandle;

    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return None;
    }
    stdin.as_handle().try_clone_to_owned().ok().map(File::from)
}

/// Nobody knows of terminals here.
#[cfg(not(any(unix, windows)))]
pub fn set_aside() -> Option<File> {
    None
}
