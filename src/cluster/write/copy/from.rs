//! From a container to this machine.

use tokio::sync::watch;

use super::super::Gate;
use super::super::channel::{Came, Channel, ERROR, Receiver, STDERR, STDOUT, Sender};
use super::super::command::{Ending, Tail};
use super::super::enter::status::End;
use super::tally::Tally;
use super::unpack::{Target, Unpacked, unpack};
use super::{Copied, Job, Progress, pipe};
use crate::cluster::connect::Session;

/// What is copied where.
#[derive(Clone, Debug)]
pub(super) struct From {
    /// The path in the container, as it is said.
    pub(super) source: String,
    /// The folder that `tar` goes to, and the name in it that it packs: `.` where it packs all of it.
    pub(super) folder: String,
    pub(super) name: String,
    pub(super) target: Target,
}

/// How the container's side ended.
enum Heard {
    /// So.
    End(End),
    /// Whoever unpacks takes no more.
    Full,
}

pub(super) async fn copy(gate: &Gate, session: &Session, job: &Job, way: &From, progress: Progress<'_>) -> Copied {
    // What is named may be a link to what is meant; links within a folder stay links.
    let mode = if way.name == "." { "cf" } else { "chf" };
    let words = ["tar", mode, "-", "-C", &way.folder, &way.name];
    let channel = match gate.open(session, &job.command(&words, false).door()).await {
        Ok(channel) => channel,
        Err(why) => return (Err(format!("{why}: nothing was copied")), Tally::default()),
    };
    let Channel { mut to, mut from } = channel;
    let (sender, reader) = pipe::incoming();
    let (tell, told) = watch::channel(Tally::default());
    let target = way.target.clone();
    let unpacking = tokio::task::spawn_blocking(move || unpack(reader, &target, &tell));
    let mut stderr = Tail::default();
    let single = way.name != ".";
    let end = tokio::select! {
        end = hear(&mut to, &mut from, &sender, &mut stderr) => end,
        () = progress.stopped() => Heard::End(End::Left),
        () = progress.tell("", told, |tally| tally.expected.filter(|_| single)) => Heard::End(End::Left),
    };
    match &end {
        // What came so far is not the end of it.
        Heard::End(End::Cut(why)) => drop(sender.send(Err(why.clone())).await),
        Heard::End(End::Left) => drop(sender.send(Err("stopped".into())).await),
        Heard::End(_) | Heard::Full => {}
    }
    drop(sender);
    to.close().await;
    match unpacking.await {
        Ok(unpacked) => (outcome(job, way, &end, &unpacked, &stderr.words()), unpacked.tally),
        Err(error) => (Err(format!("what came could not be unpacked: {error}")), Tally::default()),
    }
}

/// Hands on what the container sends until it has ended.
async fn hear(
    to: &mut Sender,
    from: &mut Receiver,
    sender: &tokio::sync::mpsc::Sender<Result<bytes::Bytes, String>>,
    stderr: &mut Tail,
) -> Heard {
    let mut ending = Ending::default();
    let broken = loop {
        let came = tokio::select! {
            came = from.next() => came,
            () = ending.over() => break None,
            // What was read last can be the end of the archive: the word of the end follows.
            () = sender.closed(), if !ending.is_said() => return Heard::Full,
        };
        match came {
            Came::Bytes(STDOUT, bytes) => {
                if !bytes.is_empty() && sender.send(Ok(bytes)).await.is_err() {
                    return Heard::Full;
                }
            }
            Came::Bytes(STDERR, bytes) => stderr.add(&bytes),
            Came::Bytes(ERROR, bytes) => ending.take(&bytes),
            Came::Bytes(..) => {}
            Came::Quiet => {
                if let Err(why) = to.ping().await {
                    break Some(why);
                }
            }
            Came::End(why) => break why,
        }
    };
    Heard::End(ending.come_to(broken))
}

fn outcome(job: &Job, way: &From, end: &Heard, unpacked: &Unpacked, stderr: &str) -> Result<String, String> {
    let tally = &unpacked.tally;
    let to = way.target.path.display();
    let mut more = String::new();
    for (said, what) in [(&unpacked.refused, "refused"), (&unpacked.skipped, "left out")] {
        if !said.is_empty() {
            more.push_str(&format!("; {}", said.words(what)));
        }
    }
    let broken = unpacked.broken.as_ref().map(|(why, _)| why.clone());
    let why = match end {
        Heard::End(End::Exited(0)) => broken,
        Heard::End(ended) => Some(job.failed(ended, stderr)),
        Heard::Full => Some(broken.unwrap_or_else(|| "it could not be written".to_owned())),
    };
    match why {
        None if unpacked.refused.is_empty() => Ok(format!("{} to {to}{more}", tally.words())),
        None => Err(format!("not all of it: {} to {to}{more}", tally.words())),
        Some(why) => {
            let current = unpacked.broken.as_ref().and_then(|(_, current)| current.as_ref());
            let current = current.map(|name| format!(", and {name} is not whole")).unwrap_or_default();
            let partial = if tally.files + tally.folders + tally.links == 0 {
                "nothing was written".to_owned()
            } else {
                format!("it is partial: {} in {to}{current}", tally.words())
            };
            Err(format!("{why}: {partial}{more}"))
        }
    }
}
