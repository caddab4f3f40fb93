//! Copying files between a container and this machine: `tar` runs in the container and nothing else does, no shell either.
//!
//! [`plan`] looks what is there on both sides, so that the question can say what would be replaced. [`from`] unpacks here
//! what the container's `tar` sends, and [`into`] packs here what it reads. What is checked afterwards:
//!
//! - from a container: each file has as many bytes as the archive says, the archive has its own end, and `tar` ended well;
//! - into a container: `tar` ended well, and what it wrote is read back and compared byte by byte (by its CRC-32), up to
//!   [`READ_BACK`] bytes.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::watch;

use super::command::Command;
use super::enter::status::End;
use super::run::stopped;
use super::{Answer, Gate, Saying};
use crate::cluster::connect::Session;
use crate::model::act::{Entry, Said, Step};
use crate::model::reference::Reference;

mod back;
mod from;
mod into;
mod members;
mod pack;
mod paths;
mod pipe;
mod plan;
mod tally;
mod unpack;
mod whole;

pub(super) use plan::prepare;
use tally::Tally;

/// The verb that guard rails know it by.
const VERB: &str = "copy";
/// Up to so many bytes are read back after they were copied into a container.
const READ_BACK: u64 = 256 << 20;
/// How often one is told how far it is.
const TOLD: Duration = Duration::from_millis(250);

/// A copy that is prepared.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pod: Reference,
    container: String,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    From(from::From),
    Into(into::Into),
}

impl Job {
    fn command<'a>(&'a self, words: &'a [&'a str], stdin: bool) -> Command<'a> {
        Command { verb: VERB, pod: &self.pod, container: &self.container, words, stdin }
    }

    /// What is said where there is nothing to run.
    fn failed(&self, ended: &End, stderr: &str) -> String {
        no_tar(&self.container, ended).unwrap_or_else(|| match ended {
            End::Exited(code) if stderr.is_empty() => format!("tar ended with code {code}"),
            End::Exited(code) => format!("tar ended with code {code}: {stderr}"),
            End::Failed(why) | End::Cut(why) => why.clone(),
            End::Left => "stopped".to_owned(),
        })
    }

    fn entry(&self, gate: &Gate, outcome: Result<String, String>, tally: &Tally) -> Entry {
        let Reference { kind, namespace, name, .. } = &self.pod;
        let (from, to) = match &self.way {
            Way::From(way) => (format!("{}:{}", self.container, way.source), way.target.path.display().to_string()),
            Way::Into(way) => (way.source.display().to_string(), format!("{}:{}", self.container, way.path())),
        };
        let path = format!("{}/exec", crate::cluster::request::object(kind, namespace, name));
        let sent = json!({"container": self.container, "from": from, "to": to, "bytes": tally.bytes, "files": tally.files});
        gate.entry(VERB, &self.pod, path, sent, outcome)
    }
}

/// What to do in a container that has no `tar`, if that is why.
fn no_tar(container: &str, ended: &End) -> Option<String> {
    ended.is_missing().then(|| {
        format!("container {container} has no tar, which copying takes: a debug container that has it sees its files below /proc/1/root")
    })
}

/// Copies, and keeps in the journal that it was begun, and what came of it.
pub(super) async fn carry_out(
    gate: &Gate,
    session: &Session,
    saying: &Saying,
    at: usize,
    job: &Job,
    answer: watch::Receiver<Answer>,
) -> Step {
    // A program that is killed leaves this trace of it at least.
    gate.note(job.entry(gate, Ok("begun".to_owned()), &Tally::default())).await;
    let progress = Progress { saying, at, answer, since: Instant::now() };
    let (outcome, tally) = match &job.way {
        Way::From(way) => from::copy(gate, session, job, way, progress).await,
        Way::Into(way) => into::copy(gate, session, job, way, progress).await,
    };
    gate.note(job.entry(gate, outcome.clone(), &tally)).await;
    match outcome {
        Ok(words) => Step::Done(words),
        Err(words) => Step::Failed(words),
    }
}

/// What came of a copy, and how far it got.
type Copied = (Result<String, String>, Tally);

/// Who is told how far it is, and may stop it.
struct Progress<'a> {
    saying: &'a Saying,
    at: usize,
    answer: watch::Receiver<Answer>,
    since: Instant,
}

impl Progress<'_> {
    /// Ends when one is told to stop.
    async fn stopped(&self) {
        stopped(&mut self.answer.clone()).await;
    }

    /// Says how far it is, again and again.
    async fn tell(&self, doing: &str, tally: watch::Receiver<Tally>, total: impl Fn(&Tally) -> Option<u64>) {
        let mut said = None;
        loop {
            tokio::time::sleep(TOLD).await;
            let now = tally.borrow().clone();
            if said.as_ref() == Some(&now) {
                continue;
            }
            let words = tally::progress(&now, total(&now), self.since.elapsed().as_secs_f64());
            let mut lines = vec![format!("{doing}{words}")];
            lines.extend(Some(now.current.clone()).filter(|current| !current.is_empty()));
            said = Some(now);
            self.saying.say(Said::Step(self.at, Step::Doing(lines))).await;
        }
    }
}
