//! Signals: the loop is told, and given a moment; a loop that does not answer does not keep the terminal raw.

#[cfg(not(unix))]
use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End now: the number of SIGTERM, SIGHUP, SIGINT or SIGQUIT. The exit code is 128 more than that. If the process still
    /// runs two seconds later, or at a second signal, the terminal is restored and the process dies of the signal.
    Quit(i32),
    /// The process was stopped and goes on (SIGCONT): somebody else had the terminal. [`super::Screen::repaint`] is due,
    /// and every watch is stale until it has proved otherwise.
    Resumed,
}

#[cfg(unix)]
pub(super) use unix::stop;
#[cfg(unix)]
pub use unix::watch;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::process;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::Signal;
    use crate::terminal::{is_lent, restore};

    /// How long the loop may take to end in order.
    const GRACE: Duration = Duration::from_secs(2);
    /// How long restoring may take: a terminal stopped by ctrl-s takes no bytes at all.
    const RESTORE: Duration = Duration::from_millis(500);
    /// How long to wait for a stop that may not come: a process group that nobody can continue is never stopped.
    const STOP: Duration = Duration::from_millis(200);

    /// Starts the thread that listens for signals. `tell` must not block: it is for a `try_send`.
    ///
    /// # Errors
    /// When the handlers or the thread cannot be made.
    pub fn watch(tell: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
        let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGCONT])?;
        let listen = move || {
            loop {
                let arrived: Vec<i32> = signals.wait().collect();
                for signal in arrived {
                    match signal {
                        SIGCONT => tell(Signal::Resumed),
                        // ctrl-c and ctrl-\ are meant for the program that has the terminal; we only share its group.
                        SIGINT | SIGQUIT if is_lent() => {}
                        signal => {
                            tell(Signal::Quit(signal));
                            wait_for_the_end(&mut signals);
                            die_of(signal);
                        }
                    }
                }
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(listen).map(drop)
    }

    fn wait_for_the_end(signals: &mut Signals) {
        let end = Instant::now() + GRACE;
        while Instant::now() < end && signals.pending().all(|signal| signal == SIGCONT) {
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn die_of(signal: i32) -> ! {
        let (done, wait) = mpsc::channel();
        thread::spawn(move || {
            restore();
            let _ = done.send(());
        });
        let _ = wait.recv_timeout(RESTORE);
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        process::exit(128 + signal)
    }

    /// Stops the whole foreground process group, as ctrl-z does (a shell script that runs us has to stop too, or the
    /// shell never gets its terminal back), and returns when it goes on.
    pub(crate) fn stop() -> io::Result<()> {
        let goes_on = Arc::new(AtomicBool::new(false));
        let handler = signal_hook::flag::register(SIGCONT, Arc::clone(&goes_on))?;
        let sent = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        // Another thread may be the one that takes the signal: this one must not go on drawing before the stop.
        let end = Instant::now() + STOP;
        while sent.is_ok() && !goes_on.load(Ordering::Relaxed) && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
        signal_hook::low_level::unregister(handler);
        Ok(sent?)
    }
}

/// There are no such signals here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn watch(_tell: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// # Errors
/// Always: a process cannot be stopped by ctrl-z here.
#[cfg(not(unix))]
pub(super) fn stop() -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this platform has no ctrl-z"))
}
