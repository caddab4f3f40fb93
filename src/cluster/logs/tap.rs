//! The log of one life of one container: opened, read, opened again when it breaks, and never told twice. What was rotated
//! away meanwhile is told as a gap.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use rustc_hash::FxHashMap;
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
use crate::model::log::{Kind, LARGEST, Nanoseconds, Since, Source};
use crate::model::row::Uid;

/// Between two tries; doubled each time.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(10));
/// A line that does not end is shown after so long as it is.
const UNENDED: Duration = Duration::from_millis(500);
/// KiB of one stream that wait to be merged.
const WAITING: u32 = 512;
/// So many of the last lines are remembered, to tell them when they come again.
const RECENT: usize = 1 << 16;
/// A stream that is followed may say nothing for as long as it likes, its first byte too.
const EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Bytes at the beginning of a line by which it is known again, with its time.
const HEAD: usize = 4096;
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

/// What was told: enough of it to know it again when it comes a second time. Whole seconds are asked for, and lines of two
/// outputs can come in another order than their times.
#[derive(Clone, Debug, Default)]
struct Told {
    /// The latest time.
    at: Nanoseconds,
    /// The lines of the last seconds, by time and text.
    recent: VecDeque<(Nanoseconds, u64)>,
    /// The last line has not ended.
    open: Option<Unended>,
}

/// A line that has not ended.
#[derive(Clone, Debug)]
struct Unended {
    at: Nanoseconds,
    /// So many of its bytes were told.
    bytes: usize,
    /// Its beginning, by which it is known again.
    head: Vec<u8>,
}

impl Told {
    fn push(&mut self, at: Nanoseconds, text: &[u8], ended: bool) {
        self.at = self.at.max(at);
        if ended {
            self.recent.push_back((at, hash(text)));
            self.open = None;
        } else {
            self.open = Some(Unended { at, bytes: text.len(), head: text[..text.len().min(HEAD)].to_vec() });
        }
        // What is asked for begins with the second of the latest line.
        let from = self.at.div_euclid(SECOND) * SECOND;
        while self.recent.len() > RECENT || self.recent.front().is_some_and(|(at, _)| *at < from - SECOND) {
            self.recent.pop_front();
        }
    }

    /// More of the line that has not ended.
    fn more(&mut self, text: &[u8], ended: bool) {
        let Some(open) = &mut self.open else { return };
        open.bytes += text.len();
        let room = HEAD.saturating_sub(open.head.len());
        open.head.extend_from_slice(&text[..text.len().min(room)]);
        if ended {
            self.recent.push_back((open.at, hash(&open.head)));
            self.open = None;
        }
    }
}

fn hash(text: &[u8]) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    text[..text.len().min(HEAD)].hash(&mut hasher);
    hasher.finish()
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

/// What was told already, when a stream is opened again.
#[derive(Debug)]
struct Again {
    told: Told,
    /// By time and text, and how often.
    known: FxHashMap<(Nanoseconds, u64), u32>,
    /// The first line decides whether anything is missing.
    first: bool,
    /// The line before belonged to what was told; or so many bytes of it did.
    left_out: bool,
    skip: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// It was told.
    Told,
    /// It was not.
    New,
    /// It was not, and nothing of what was told last is there any more: lines are missing since then.
    After(Nanoseconds),
    /// So many of its bytes were told.
    Remainder(usize),
}

impl Again {
    fn new(told: Told) -> Again {
        let mut known = FxHashMap::default();
        for line in &told.recent {
            *known.entry(*line).or_insert(0) += 1;
        }
        Again { told, known, first: true, left_out: false, skip: 0 }
    }

    fn take(&mut self, at: Nanoseconds, kind: Kind, text: &[u8], _ended: bool) -> Taken {
        if kind != Kind::Text {
            if self.skip > 0 {
                let told = self.skip.min(text.len());
                self.skip -= told;
                return Taken::Remainder(told);
            }
            return if self.left_out { Taken::Told } else { Taken::New };
        }
        self.skip = 0;
        self.left_out = false;
        let first = std::mem::take(&mut self.first);
        if let Some(Unended { bytes: told, .. }) =
            self.told.open.take_if(|open| open.at == at && text.starts_with(&open.head[..open.head.len().min(text.len())]))
        {
            // It had not ended, and comes from its beginning now.
            let here = told.min(text.len());
            self.skip = told - here;
            return Taken::Remainder(here);
        }
        // A long line comes in pieces, and is known by its first one.
        if let Some(times) = self.known.get_mut(&(at, hash(text))).filter(|times| **times > 0) {
            *times -= 1;
            self.left_out = true;
            return Taken::Told;
        }
        if at < self.told.at.div_euclid(SECOND) * SECOND {
            // Older than what was asked for.
            self.left_out = true;
            return Taken::Told;
        }
        if first && at > self.told.at { Taken::After(self.told.at) } else { Taken::New }
    }
}

/// A line, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    /// Its time, where it has one.
    at: Option<Nanoseconds>,
    kind: Kind,
    text: Bytes,
    /// The line ends with it.
    ended: bool,
}

/// Bytes of a stream into lines.
#[derive(Debug, Default)]
struct Reader {
    held: BytesMut,
    /// The beginning of the line that is held was given away already.
    within: bool,
}

impl Reader {
    /// There is something to be shown of a line that has not ended: beyond its time.
    fn can_be_shown(&self) -> bool {
        !self.held.is_empty() && (self.within || self.held.contains(&b' '))
    }

    fn push(&mut self, bytes: Bytes) -> Vec<Read> {
        self.held.extend_from_slice(&bytes);
        let mut found = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.held) {
            let mut line = self.held.split_to(end).freeze();
            self.held.advance(1);
            if line.last() == Some(&b'\r') {
                line.truncate(line.len() - 1);
            }
            while line.len() > LARGEST {
                let piece = line.split_to(LARGEST);
                found.push(self.piece(piece, false));
            }
            // What was given away may have been all of it: then this says that it has ended.
            found.push(self.piece(line, true));
            self.within = false;
        }
        while self.held.len() > LARGEST {
            let piece = self.held.split_to(LARGEST).freeze();
            found.push(self.piece(piece, false));
        }
        found
    }

    /// What is held, though it has not ended.
    fn rest(&mut self) -> Vec<Read> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let rest = self.held.split().freeze();
        vec![self.piece(rest, false)]
    }

    fn piece(&mut self, mut text: Bytes, ended: bool) -> Read {
        if std::mem::replace(&mut self.within, true) {
            return Read { at: None, kind: Kind::Rest, text, ended };
        }
        let stamp = stamp(&text);
        if let Some((_, length)) = stamp {
            text.advance(length);
        }
        // Without a time it is no line of the container, but what the kubelet has to say instead.
        Read { at: stamp.map(|(at, _)| at), kind: Kind::Text, text, ended }
    }
}

/// The time that a line begins with, and how long that is with the space after it.
fn stamp(line: &[u8]) -> Option<(Nanoseconds, usize)> {
    let end = line.iter().take(40).position(|byte| *byte == b' ').unwrap_or(line.len().min(40));
    let text = std::str::from_utf8(&line[..end]).ok()?;
    let time: jiff::Timestamp = text.parse().ok()?;
    let at = Nanoseconds::try_from(time.as_nanosecond()).ok()?;
    Some((at, (end + 1).min(line.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[(Nanoseconds, &str)]) -> Told {
        let mut told = Told::default();
        lines.iter().for_each(|(at, text)| told.push(*at, text.as_bytes(), true));
        told
    }

    fn all(again: &mut Again, lines: &[(Nanoseconds, Kind, &str)]) -> Vec<Taken> {
        lines.iter().map(|(at, kind, text)| again.take(*at, *kind, text.as_bytes(), true)).collect()
    }

    #[test]
    fn what_was_told_is_not_told_again() {
        let mut again = Again::new(told(&[(7, "a"), (10, "b"), (10, "b"), (9, "late")]));
        let text = Kind::Text;
        let taken = all(
            &mut again,
            &[(7, text, "a"), (7, Kind::Rest, "a2"), (9, text, "late"), (10, text, "b"), (10, text, "b"), (10, text, "b"), (11, text, "c")],
        );
        // In whichever order; a third line of the same words is a new one.
        assert_eq!(taken, [Taken::Told, Taken::Told, Taken::Told, Taken::Told, Taken::Told, Taken::New, Taken::New]);
    }

    #[test]
    fn a_gap_is_noticed_by_what_is_missing() {
        assert_eq!(Again::new(told(&[(10, "a")])).take(12, Kind::Text, b"x", true), Taken::After(10));
        let mut again = Again::new(told(&[(10, "a"), (9, "b")]));
        assert_eq!(all(&mut again, &[(9, Kind::Text, "b"), (12, Kind::Text, "x")]), [Taken::Told, Taken::New]);
    }

    #[test]
    fn a_line_that_was_cut_goes_on_where_it_was() {
        let mut before = told(&[(10, "a")]);
        before.push(11, b"half a li", false);
        before.more(b"n", false);
        let mut again = Again::new(before);
        let taken = all(&mut again, &[(10, Kind::Text, "a"), (11, Kind::Text, "half a line"), (11, Kind::Text, "half a line")]);
        assert_eq!(taken, [Taken::Told, Taken::Remainder(10), Taken::New], "the second one is another line");
        // In pieces, of which the first was told.
        let mut before = told(&[]);
        before.push(11, b"one", false);
        before.more(b"tw", false);
        let mut again = Again::new(before);
        let taken = all(&mut again, &[(11, Kind::Text, "one"), (11, Kind::Rest, "two"), (11, Kind::Rest, "three")]);
        assert_eq!(taken, [Taken::Remainder(3), Taken::Remainder(2), Taken::New]);
    }

    #[test]
    fn bytes_become_lines_wherever_they_are_cut() {
        let text = b"2026-11-21T20:00:00.5Z one\n2026-11-21T20:00:01+01:00 two\r\nno time\n2026-11-21T20:00:02Z\n";
        let whole = Reader::default().push(Bytes::from_static(text));
        let words: Vec<&[u8]> = whole.iter().map(|read| &read.text[..]).collect();
        assert_eq!(words, [&b"one"[..], b"two", b"no time", b""]);
        assert_eq!(whole[0].at.map(|at| at % 1_000_000_000), Some(500_000_000));
        assert_eq!(whole[0].at.zip(whole[1].at).map(|(one, two)| one - two), Some(3_599_500_000_000));
        assert_eq!(whole[2].at, None);
        assert!(whole.iter().all(|read| read.ended));
        for cut in 0..text.len() {
            let mut reader = Reader::default();
            let mut read = reader.push(Bytes::copy_from_slice(&text[..cut]));
            read.extend(reader.push(Bytes::copy_from_slice(&text[cut..])));
            assert_eq!(read, whole, "cut at {cut}");
            assert!(reader.rest().is_empty());
        }
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces() {
        let mut reader = Reader::default();
        let mut long = b"2026-11-21T20:00:00Z ".to_vec();
        long.resize(LARGEST * 2 + 100, b'x');
        let mut read = reader.push(long.clone().into());
        read.extend(reader.rest());
        read.extend(reader.push(Bytes::from_static(b"yz\nnext\n")));
        let kinds: Vec<Kind> = read.iter().map(|read| read.kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Rest, Kind::Rest, Kind::Rest, Kind::Text]);
        let total: usize = read[..4].iter().map(|read| read.text.len()).sum();
        assert_eq!(total, long.len() - 21 + 2);
        // Given away whole, and then its end comes.
        let mut reader = Reader::default();
        reader.push(Bytes::from_static(b"half"));
        assert!(!reader.can_be_shown(), "its time may not be whole");
        assert_eq!(reader.rest().len(), 1);
        let end = reader.push(Bytes::from_static(b"\nnew\n"));
        assert!(end.len() == 2 && end[0].text.is_empty() && end[0].ended && end[0].kind == Kind::Rest);
    }

    #[test]
    fn the_second_that_is_asked_for() {
        assert_eq!(second(1_795_291_200_999_999_999), "2026-11-21T20:00:00Z");
        assert_eq!(second(-1), "1969-12-31T23:59:59Z");
    }
}
