//! The log of one life of one container: opened, read, opened again when it breaks, and never told twice. What was rotated
//! away meanwhile is told as a gap.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;

use super::merge::Raw;
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::link::LinkHandle;
use crate::cluster::request;
use crate::cluster::watch::jitter;
use crate::kinds::pods::POD;
use crate::model::log::{Kind, Nanoseconds, Since, Source};
use crate::model::row::Uid;

mod again;
mod reader;

use again::{Again, Taken, Told};
use reader::{Read, Reader};

/// Between two tries; doubled each time.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(10));
/// A line that does not end is shown after so long as it is.
const UNENDED: Duration = Duration::from_millis(500);
/// KiB of one stream that wait to be merged.
const WAITING: u32 = 512;
/// A stream that is followed may say nothing for as long as it likes, its first byte too.
const EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Nanoseconds of a second.
const SECOND: Nanoseconds = 1_000_000_000;

/// What a stream has to say.
#[derive(Debug)]
pub(super) enum Heard {
    /// Lines; the permit is given back when they have gone on.
    Lines(Vec<Raw>, OwnedSemaphorePermit),
    /// It is read again after so long, and goes on where it was; or lines are missing between these two.
    Back(Duration, Option<(Nanoseconds, Nanoseconds)>),
    /// It cannot be read now, and is tried again.
    Failed(Arc<str>),
    /// Nothing more comes: why, where that is worth a word.
    Ended(Option<String>),
}

/// What to read.
pub(super) struct Tap {
    pub(super) number: u16,
    pub(super) source: Source,
    pub(super) since: Since,
    pub(super) follow: bool,
    pub(super) previous: bool,
    /// When it began, by the program's clock: what is said after that is live.
    pub(super) began: Nanoseconds,
    pub(super) link: LinkHandle,
    pub(super) out: mpsc::Sender<(u16, Heard)>,
    /// So many streams are opened at once.
    pub(super) doors: Arc<Semaphore>,
}

/// How a try ended.
enum End {
    /// The server closed it in good order.
    Closed,
    Failed(ClusterError),
}

impl Fate {
    /// As it stands in the log.
    fn words(self) -> String {
        match self {
            Fate::Runs => "goes on".to_owned(),
            Fate::Ended(how) => how,
            Fate::Restarted(_) => "ended, and was started anew".to_owned(),
            Fate::Gone => "is gone with its pod".to_owned(),
        }
    }
}

/// What became of the container.
enum Fate {
    Runs,
    /// It ended, and how.
    Ended(String),
    /// It has another life by now, so many later.
    Restarted(u32),
    Gone,
}

impl Tap {
    pub(super) async fn run(mut self) {
        let credits = Arc::new(Semaphore::new(WAITING as usize));
        let mut told = None;
        let mut pause = BACKOFF.0;
        let mut away: Option<Instant> = None;
        loop {
            let mut link = self.link.mark();
            let session = self.link.session().await;
            let began = Instant::now();
            let before = told.as_ref().map(|told: &Told| told.at);
            let (end, held) = self.try_to_read(&session, &credits, &mut told, self.previous, &mut away).await;
            if began.elapsed() > BACKOFF.1 || told.as_ref().map(|told| told.at) != before {
                pause = BACKOFF.0;
            }
            away.get_or_insert_with(Instant::now);
            match end {
                End::Closed if !self.follow => {
                    self.tell_rest(&credits, held).await;
                    return self.say(Heard::Ended(None)).await;
                }
                End::Closed => match self.fate(&session).await {
                    // A follower's time ran out, or the kubelet was restarted.
                    Ok(Fate::Runs) | Err(_) => {}
                    Ok(fate) => {
                        self.tell_rest(&credits, held).await;
                        return self.say(Heard::Ended(Some(fate.words()))).await;
                    }
                },
                End::Failed(error) => {
                    tracing::debug!(pod = %self.source.pod, container = %self.source.container, %error, "log");
                    match error {
                        ClusterError::NotFound(_) => return self.say(Heard::Ended(Some(Fate::Gone.words()))).await,
                        // It was seen to run, and the kubelet has not come so far.
                        ClusterError::Invalid(ref why) if why.contains("waiting to start") => {}
                        ClusterError::Forbidden(_) | ClusterError::Invalid(_) if told.is_none() => {
                            return self.say(Heard::Ended(Some(format!("cannot be read: {error}")))).await;
                        }
                        ref error if error.is_login() => link.refused(error),
                        _ => self.link.suspect(),
                    }
                    self.say(Heard::Failed(error.to_string().into())).await;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(jitter(pause)) => {}
                () = link.renewed() => {}
            }
            pause = (pause * 2).min(BACKOFF.1);
            // What is read under the same name can be another life by now, or another pod.
            if self.follow && self.replaced(&credits, &mut told).await {
                return;
            }
        }
    }

    /// Reads until it ends, or the connection is found broken.
    async fn try_to_read(
        &self,
        session: &Session,
        credits: &Arc<Semaphore>,
        told: &mut Option<Told>,
        previous: bool,
        away: &mut Option<Instant>,
    ) -> (End, Vec<Read>) {
        let mut link = self.link.mark();
        tokio::select! {
            end = self.read(session, credits, told, previous, away) => end,
            error = link.broken() => (End::Failed(error), Vec::new()),
        }
    }

    /// Whether the container has another life by now: then what is left of this one is read, and it ends.
    async fn replaced(&mut self, credits: &Arc<Semaphore>, told: &mut Option<Told>) -> bool {
        let session = self.link.session().await;
        let how = match self.fate(&session).await {
            Ok(Fate::Restarted(1)) => {
                let (end, held) = self.try_to_read(&session, credits, told, true, &mut None).await;
                match end {
                    End::Closed => {
                        self.tell_rest(credits, held).await;
                        Fate::Restarted(1).words()
                    }
                    End::Failed(error) => format!("was started anew; its last lines cannot be read: {error}"),
                }
            }
            Ok(Fate::Restarted(times)) => format!("was started anew {times} times; the lines of the lives between are gone"),
            Ok(Fate::Gone) => "is gone with its pod; its last lines cannot be read any more".to_owned(),
            // What it said at last can still be read.
            Ok(Fate::Ended(_) | Fate::Runs) | Err(_) => return false,
        };
        self.say(Heard::Ended(Some(how))).await;
        true
    }

    /// Says what was held back for its end, which does not come any more.
    async fn tell_rest(&self, credits: &Arc<Semaphore>, held: Vec<Read>) {
        let raw = |read: Read| Raw { at: read.at.unwrap_or(self.began), kind: read.kind, live: false, text: read.text };
        self.deliver(credits, held.into_iter().map(raw).collect()).await;
    }

    /// Gives lines away. Who reads faster than they are taken waits, and TCP holds the rest back.
    async fn deliver(&self, credits: &Arc<Semaphore>, lines: Vec<Raw>) {
        let bytes: usize = lines.iter().map(|raw| raw.text.len() + 64).sum();
        if lines.is_empty() {
            return;
        }
        let some = u32::try_from(bytes >> 10).unwrap_or(WAITING).clamp(1, WAITING);
        let Ok(permit) = credits.clone().acquire_many_owned(some).await else { return };
        self.say(Heard::Lines(lines, permit)).await;
    }

    async fn say(&self, heard: Heard) {
        // Nobody listens any more: the task ends with its listener.
        let _ = self.out.send((self.number, heard)).await;
    }

    fn path(&self, told: Option<&Told>, previous: bool) -> String {
        let mut query = vec![("container", self.source.container.to_string()), ("timestamps", "true".to_owned())];
        if self.follow && !previous {
            query.push(("follow", "true".to_owned()));
        }
        if previous {
            query.push(("previous", "true".to_owned()));
        }
        match (told, self.since) {
            // Whole seconds: what comes twice by that is left out.
            (Some(told), _) => query.push(("sinceTime", second(told.at))),
            (None, Since::Tail(lines)) => query.push(("tailLines", lines.to_string())),
            (None, Since::Seconds(seconds)) => query.push(("sinceSeconds", seconds.max(1).to_string())),
            (None, Since::Start) => {}
        }
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let pod = request::object(&POD.as_kind(), &self.source.namespace, &self.source.pod);
        format!("{pod}/log{}", request::query(&query))
    }

    /// Reads until it ends; what was told before is left out. Gives how it ended, and what had not ended then.
    async fn read(
        &self,
        session: &Session,
        credits: &Arc<Semaphore>,
        told: &mut Option<Told>,
        previous: bool,
        away: &mut Option<Instant>,
    ) -> (End, Vec<Read>) {
        let path = self.path(told.as_ref(), previous);
        let opened = {
            // A stream that is silent from the start answers with its first line: it must not keep the door.
            let door = self.doors.acquire().await;
            let patient = session.with_timeout(EVER);
            let opening = request::open_stream(&patient, &path, "*/*");
            tokio::pin!(opening);
            match tokio::time::timeout(Duration::from_secs(1), &mut opening).await {
                Ok(opened) => opened,
                Err(_) => {
                    drop(door);
                    opening.await
                }
            }
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => return (End::Failed(error), Vec::new()),
        };
        // What was said before this is caught up with, and put where it belongs.
        let live_from = self.link.now().saturating_mul(SECOND);
        let mut again = told.clone().map(Again::new);
        let mut reader = Reader::default();
        loop {
            // A line that is held is shown after a while, ended or not.
            let patience = if reader.can_be_shown() { UNENDED } else { EVER };
            let (lines, end) = match tokio::time::timeout(patience, stream.next()).await {
                Ok(Some(Ok(bytes))) => {
                    self.link.alive();
                    (reader.push(bytes), None)
                }
                Ok(Some(Err(error))) => (Vec::new(), Some(End::Failed(error))),
                Ok(None) => (Vec::new(), Some(End::Closed)),
                Err(_) => (reader.rest(), None),
            };
            if let Some(end) = end {
                return (end, reader.rest());
            }
            let mut kept = Vec::with_capacity(lines.len());
            // Noted once they are given away: what was read and not said is read again.
            let mut said: Vec<(Option<Nanoseconds>, Kind, Bytes, bool)> = Vec::with_capacity(lines.len());
            let mut last = told.as_ref().map(|told| told.at);
            for Read { at: stamp, kind, mut text, ended } in lines {
                let at = stamp.or(last).unwrap_or(self.began);
                last = Some(at);
                if let (Some(sieve), true) = (&mut again, stamp.is_some() || kind == Kind::Rest) {
                    let taken = sieve.take(at, kind, &text, ended);
                    if kind == Kind::Text
                        && let Some(away) = away.take()
                    {
                        let gap = if let Taken::After(before) = taken { Some((before, at)) } else { None };
                        self.say(Heard::Back(away.elapsed(), gap)).await;
                    }
                    match taken {
                        Taken::Told => continue,
                        Taken::New | Taken::After(_) => {}
                        Taken::Remainder(told) => {
                            text.advance(told.min(text.len()));
                            said.push((None, Kind::Rest, text.clone(), ended));
                            if !text.is_empty() {
                                kept.push(Raw { at, kind: Kind::Rest, live: at >= live_from, text });
                            }
                            continue;
                        }
                    }
                }
                said.push((stamp, kind, text.clone(), ended));
                // An end alone is nothing to be shown.
                if kind == Kind::Text || !text.is_empty() {
                    kept.push(Raw { at, kind, live: at >= live_from, text });
                }
            }
            self.deliver(credits, kept).await;
            for (stamp, kind, text, ended) in said {
                match (kind, stamp) {
                    (Kind::Text, Some(at)) => told.get_or_insert_default().push(at, &text, ended),
                    (Kind::Rest, _) => told.iter_mut().for_each(|told| told.more(&text, ended)),
                    // The kubelet's own words have no time, and are not found again by one.
                    _ => {}
                }
            }
        }
    }

    /// What became of the container, as the server has it.
    async fn fate(&self, session: &Session) -> Result<Fate, ClusterError> {
        let path = request::object(&POD.as_kind(), &self.source.namespace, &self.source.pod);
        let pod: Value = match request::get_json(session, &path).await {
            Ok(pod) => pod,
            Err(ClusterError::NotFound(_)) => return Ok(Fate::Gone),
            Err(error) => return Err(error),
        };
        if pod.pointer("/metadata/uid").and_then(Value::as_str).is_some_and(|uid| Uid::new(uid) != self.source.uid) {
            return Ok(Fate::Gone);
        }
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
        let statuses = lists.iter().filter_map(|list| pod.pointer("/status")?.get(list)?.as_array()).flatten();
        let mine = statuses.into_iter().find(|status| status.get("name").and_then(Value::as_str) == Some(&*self.source.container));
        let Some(status) = mine else { return Ok(Fate::Runs) };
        let restarts = status.get("restartCount").and_then(Value::as_u64).unwrap_or(0);
        let later = restarts.saturating_sub(u64::from(self.source.life));
        if later > 0 {
            return Ok(Fate::Restarted(u32::try_from(later).unwrap_or(u32::MAX)));
        }
        let ended = status.pointer("/state/terminated").or_else(|| {
            let waits = status.pointer("/state/waiting").is_some();
            status.pointer("/lastState/terminated").filter(|_| waits)
        });
        Ok(match ended {
            None => Fate::Runs,
            Some(how) => {
                let reason = how.get("reason").and_then(Value::as_str).unwrap_or_default();
                let code = how.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
                Fate::Ended(if reason.is_empty() || (reason == "Completed" && code == 0) {
                    format!("ended: exit {code}")
                } else {
                    format!("ended: exit {code} ({reason})")
                })
            }
        })
    }
}

/// RFC 3339, cut to the second: what the API takes.
fn second(at: Nanoseconds) -> String {
    let time = jiff::Timestamp::from_second(at.div_euclid(1_000_000_000)).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_that_is_asked_for() {
        assert_eq!(second(1_795_291_200_999_999_999), "2026-11-21T20:00:00Z");
        assert_eq!(second(-1), "1969-12-31T23:59:59Z");
    }
}
