//! A command in a container, without a terminal: what it says, and what it ends with. It is run as it stands, word by word:
//! no shell reads it.

use std::time::Duration;

use tokio::time::Instant;

use super::Gate;
use super::channel::{Came, Channel, ERROR, REMOTE_COMMAND, STDERR, STDOUT};
use super::enter::status::{self, End};
use super::send::Door;
use crate::cluster::connect::Session;
use crate::cluster::request;
use crate::model::reference::Reference;

/// So much of what goes to standard error is kept: the last of it.
const TAIL: usize = 4 << 10;
/// What was written last can come after the word of the end; a server that does not close then is not waited for longer.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// A command to be run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command<'a> {
    /// The name that guard rails know it by: `copy`.
    pub(super) verb: &'static str,
    pub(super) pod: &'a Reference,
    pub(super) container: &'a str,
    /// The program and its arguments.
    pub(super) words: &'a [&'a str],
    /// It gets a standard input.
    pub(super) stdin: bool,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// `None`: it says more than was wanted, and was not heard to the end.
    pub(super) ended: Option<End>,
    pub(super) stdout: Vec<u8>,
    /// The last of it.
    pub(super) stderr: Tail,
}

/// The last bytes of something.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(TAIL);
        self.0.drain(..over);
    }

    /// The last lines that say something, in one.
    pub(super) fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(3)..].join("; ")
    }
}

impl Command<'_> {
    /// The way into the container.
    pub(super) fn door(&self) -> Door {
        let mut query: Vec<(&str, &str)> = self.words.iter().map(|word| ("command", *word)).collect();
        query.push(("container", self.container));
        query.extend([("stdin", "true")].into_iter().filter(|_| self.stdin));
        query.extend([("stdout", "true"), ("stderr", "true")]);
        let subresource = format!("/exec{}", request::query(&query));
        Door { pod: self.pod.clone(), verb: self.verb, subresource, protocols: REMOTE_COMMAND }
    }
}

/// What was heard last of a command: how it ended, where that was said.
#[derive(Debug, Default)]
pub(super) struct Ending {
    said: Option<(End, Instant)>,
}

impl Ending {
    /// Takes the word of the end.
    pub(super) fn take(&mut self, status: &[u8]) {
        self.said = Some((status::end(status), Instant::now()));
    }

    /// It has ended.
    pub(super) fn is_said(&self) -> bool {
        self.said.is_some()
    }

    /// Nothing more is waited for.
    pub(super) async fn over(&self) {
        match &self.said {
            Some((_, at)) => tokio::time::sleep_until(*at + AFTERWARDS).await,
            None => std::future::pending().await,
        }
    }

    /// How it ended, if the connection has ended for this reason.
    pub(super) fn come_to(self, broken: Option<String>) -> End {
        match self.said {
            Some((end, _)) => end,
            None => End::Cut(broken.unwrap_or_else(|| "the connection was closed before the command ended".to_owned())),
        }
    }
}

impl Gate {
    /// Runs a command that reads nothing, and hears it to its end, or until it has said more than `most` bytes.
    ///
    /// # Errors
    /// The context does not allow it, the server refuses it, or the connection broke.
    pub(super) async fn run(&self, session: &Session, command: &Command<'_>, most: usize) -> Result<Output, String> {
        let Channel { mut to, mut from } = self.open(session, &command.door()).await?;
        let mut output = Output { ended: None, stdout: Vec::new(), stderr: Tail::default() };
        let mut ending = Ending::default();
        let broken = loop {
            let came = tokio::select! {
                came = from.next() => came,
                () = ending.over() => break None,
            };
            match came {
                Came::Bytes(STDOUT, bytes) => output.stdout.extend_from_slice(&bytes),
                Came::Bytes(STDERR, bytes) => output.stderr.add(&bytes),
                Came::Bytes(ERROR, bytes) => ending.take(&bytes),
                Came::Bytes(..) => {}
                Came::Quiet => to.ping().await?,
                Came::End(why) => break why,
            }
            if output.stdout.len() > most {
                to.close().await;
                return Ok(output);
            }
        };
        to.close().await;
        match ending.come_to(broken) {
            End::Cut(why) => Err(why),
            end => {
                output.ended = Some(end);
                Ok(output)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_an_error_are_kept() {
        let mut tail = Tail::default();
        assert_eq!(tail.words(), "");
        tail.add(&vec![b'x'; 9000]);
        tail.add(b"\ntar: a: changed\n\ntar: b: gone\r\ntar: exiting\n");
        assert_eq!(tail.words(), "tar: a: changed; tar: b: gone; tar: exiting");
        assert!(tail.0.len() <= TAIL);
    }
}
