//! From this machine into a container.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::super::Gate;
use super::super::alive::Alive;
use super::super::channel::{Came, Channel, ERROR, Receiver, STDERR, STDIN, STDOUT, Sender};
use super::super::command::Tail;
use super::super::enter::status::{self, End};
use super::pack::{Packed, Survey, pack};
use super::tally::Tally;
use super::{Copied, Job, Progress, READ_BACK, back, pipe};
use crate::cluster::connect::Session;

/// A server that has no word for the end of the input: its `tar` has found the end of the archive by then.
const UNSAID: Duration = Duration::from_secs(3);
/// What was sent last waits in the kernels and programs on the way, and a question for a sign of life waits behind it.
const DRAINS: Duration = Duration::from_secs(60);
/// Why sending broke is often said by the other side a moment later.
const WHY: Duration = Duration::from_secs(2);

/// What is copied where.
#[derive(Clone, Debug)]
pub(super) struct Into {
    pub(super) source: PathBuf,
    /// The folder in the container, which is there, and the name that it gets in it.
    pub(super) folder: String,
    pub(super) name: String,
    pub(super) survey: Survey,
}

impl Into {
    /// The path that it gets.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.folder.trim_end_matches('/'), self.name)
    }
}

/// How the container's side ended.
enum Sent {
    /// So.
    End(End),
    /// All was sent, and the server has no word for the end of it.
    Unsaid,
}

pub(super) async fn copy(gate: &Gate, session: &Session, job: &Job, way: &Into, progress: Progress<'_>) -> Copied {
    let words = ["tar", "xmf", "-", "-C", &way.folder];
    let channel = match gate.open(session, &job.command(&words, true).door()).await {
        Ok(channel) => channel,
        Err(why) => return (Err(format!("{why}: nothing was copied")), Tally::default()),
    };
    let Channel { mut to, mut from } = channel;
    let (writer, bytes) = pipe::outgoing();
    let (tell, told) = watch::channel(Tally::default());
    let (source, name) = (way.source.clone(), way.name.clone());
    let packing = tokio::task::spawn_blocking(move || pack(&source, &name, writer, &tell));
    let mut stderr = Tail::default();
    let total = way.survey.tally.bytes;
    let alive = Alive::new(&gate.link);
    let end = tokio::select! {
        end = send(&alive, &mut to, &mut from, bytes, &mut stderr) => end,
        () = progress.stopped() => Sent::End(End::Left),
        () = progress.tell("", told, |_| Some(total)) => Sent::End(End::Left),
    };
    to.close().await;
    // Its reader is gone with `send`: it ends by itself, if it has not.
    let packed = match packing.await {
        Ok(packed) => packed,
        Err(error) => return (Err(format!("it could not be packed: {error}")), Tally::default()),
    };
    let outcome = outcome(gate, session, job, way, &progress, end, &packed, &stderr.words()).await;
    (outcome, packed.tally)
}

/// Sends what is packed, and hears what the container says meanwhile.
async fn send(alive: &Alive, to: &mut Sender, from: &mut Receiver, mut bytes: mpsc::Receiver<Bytes>, stderr: &mut Tail) -> Sent {
    let sending = async {
        loop {
            tokio::select! {
                more = bytes.recv() => match more {
                    Some(more) => alive.sending(to.send(STDIN, &more)).await?,
                    None => break,
                },
                () = alive.asked() => to.ping().await?,
            }
        }
        if !to.end(STDIN).await? {
            tokio::time::sleep(UNSAID).await;
            return Ok::<(), String>(());
        }
        alive.sending(tokio::time::sleep(DRAINS)).await;
        loop {
            alive.asked().await;
            to.ping().await?;
        }
    };
    let hearing = hear(from, alive, stderr);
    tokio::pin!(hearing);
    let heard = tokio::select! {
        heard = &mut hearing => heard,
        sent = sending => match sent {
            Ok(()) => return Sent::Unsaid,
            Err(why) => match tokio::time::timeout(WHY, hearing).await {
                Ok(end) if !matches!(end, End::Cut(_)) => end,
                _ => End::Cut(why),
            },
        },
    };
    Sent::End(heard)
}

/// Hears what the container says until it has ended.
async fn hear(from: &mut Receiver, alive: &Alive, stderr: &mut Tail) -> End {
    loop {
        match from.next().await {
            Came::Bytes(STDERR | STDOUT, bytes) => stderr.add(&bytes),
            Came::Bytes(ERROR, bytes) => return status::end(&bytes),
            Came::Bytes(..) => {}
            Came::Quiet => alive.quiet(from),
            Came::End(why) => return End::Cut(why.unwrap_or_else(|| "the connection was closed before tar ended".to_owned())),
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "all that is known at the end")]
async fn outcome(
    gate: &Gate,
    session: &Session,
    job: &Job,
    way: &Into,
    progress: &Progress<'_>,
    end: Sent,
    packed: &Packed,
    stderr: &str,
) -> Result<String, String> {
    let to = way.path();
    let partial = || format!("what is in {to} is partial, or old");
    match &end {
        Sent::End(End::Exited(0)) | Sent::Unsaid => {}
        Sent::End(End::Left) => return Err(format!("stopped after {}: {}", packed.tally.words(), partial())),
        Sent::End(ended) => {
            let nothing = super::no_tar(&job.container, ended).is_some();
            let partial = if nothing { "nothing was copied".to_owned() } else { partial() };
            return Err(format!("{}: {partial}", job.failed(ended, stderr)));
        }
    }
    if let Some(why) = &packed.broken {
        return Err(format!("{why}: {}", partial()));
    }
    let mut words = format!("{} to {to}", packed.tally.words());
    if !packed.skipped.is_empty() {
        words.push_str(&format!("; {}", packed.skipped.words("left out")));
    }
    if !packed.wrong.is_empty() {
        return Err(format!("not all of it: {words}; {}", packed.wrong.words("not as they are here")));
    }
    if packed.tally.bytes > READ_BACK {
        return match end {
            Sent::Unsaid => Err(format!("{words} was sent; whether tar has taken it all is not known")),
            _ => Ok(format!("{words}; tar has taken it, and it was not read back")),
        };
    }
    let checked = tokio::select! {
        checked = back::check(gate, session, job, way, packed, progress) => checked,
        () = progress.stopped() => return Ok(format!("{words}; tar has taken it, and it was not read back to the end")),
    };
    match checked {
        Ok(()) => Ok(format!("{words}; read back, and the same")),
        Err(why) => Err(format!("{words} was sent, and read back it is not the same: {why}")),
    }
}
