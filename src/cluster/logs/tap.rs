//! The log of one life of one container: opened, read, opened again when it breaks, and never told twice. What was rotated
//! away meanwhile is told as a gap.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
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
/// Batches of one stream that wait to be merged.
const WAITING: usize = 8;
/// A stream that is followed may say nothing for as long as it likes, its first byte too.
const EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What a stream has to say.
#[derive(Debug)]
pub(super) enum Heard {
    /// Lines; the permit is given back when they have gone on.
    Lines(Vec<Raw>, OwnedSemaphorePermit),
    /// It is read again after so long.
    Back(Duration),
    /// Lines are missing between these two.
    Gap(Nanoseconds, Nanoseconds),
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

/// What became of the container.
enum Fate {
    Runs,
    /// It ended, and how.
    Ended(String),
    /// It has another life by now, so many later.
    Restarted(u32),
    Gone,
}

/// Where a stream is: what was told last, and how often at that moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    at: Nanoseconds,
    times: u32,
}

impl Tap {
    pub(super) async fn run(mut self) {
        let credits = Arc::new(Semaphore::new(WAITING));
        let mut told = None;
        let mut pause = BACKOFF.0;
        let mut since: Option<Instant> = None;
        loop {
            let mut link = self.link.mark();
            let session = self.link.session().await;
            let mut broken = link.clone();
            let began = Instant::now();
            let before = told;
            let end = tokio::select! {
                end = self.read(&session, &credits, &mut told, self.previous, &mut since) => end,
                error = broken.broken() => End::Failed(error),
            };
            if began.elapsed() > BACKOFF.1 || told != before {
                pause = BACKOFF.0;
            }
            since.get_or_insert_with(Instant::now);
            match end {
                End::Closed if !self.follow => return self.say(Heard::Ended(None)).await,
                End::Closed => match self.fate(&session).await {
                    // A follower's time ran out, or the kubelet was restarted.
                    Ok(Fate::Runs) | Err(_) => {}
                    Ok(Fate::Ended(how)) => return self.say(Heard::Ended(Some(how))).await,
                    Ok(Fate::Restarted(_)) => return self.say(Heard::Ended(Some("ended, and was started anew".into()))).await,
                    Ok(Fate::Gone) => return self.say(Heard::Ended(Some("is gone with its pod".into()))).await,
                },
                End::Failed(error) => {
                    tracing::debug!(pod = %self.source.pod, container = %self.source.container, %error, "log");
                    match error {
                        ClusterError::NotFound(_) => return self.say(Heard::Ended(Some("is gone with its pod".into()))).await,
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
            if self.follow && told.is_some() && self.replaced(&credits, &mut told).await {
                return;
            }
        }
    }

    /// Whether the container has another life by now: then what is left of this one is read, and it ends.
    async fn replaced(&mut self, credits: &Arc<Semaphore>, told: &mut Option<Told>) -> bool {
        let session = self.link.session().await;
        let how = match self.fate(&session).await {
            Ok(Fate::Restarted(1)) => {
                let read = self.read(&session, credits, told, true, &mut None).await;
                match read {
                    End::Closed => "ended, and was started anew".to_owned(),
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

    async fn say(&self, heard: Heard) {
        // Nobody listens any more: the task ends with its listener.
        let _ = self.out.send((self.number, heard)).await;
    }

    fn path(&self, told: Option<Told>, previous: bool) -> String {
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

    /// Reads until it ends. What was told before is left out.
    async fn read(
        &self,
        session: &Session,
        credits: &Arc<Semaphore>,
        told: &mut Option<Told>,
        previous: bool,
        away: &mut Option<Instant>,
    ) -> End {
        let path = self.path(*told, previous);
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
            Err(error) => return End::Failed(error),
        };
        let mut sieve = told.map(Again::new);
        let mut reader = Reader::default();
        loop {
            // A line that is held is shown after a while, ended or not.
            let patience = if reader.is_empty() { EVER } else { UNENDED };
            let (lines, end) = match tokio::time::timeout(patience, stream.next()).await {
                Ok(Some(Ok(bytes))) => {
                    self.link.alive();
                    if let Some(away) = away.take().filter(|_| told.is_some()) {
                        self.say(Heard::Back(away.elapsed())).await;
                    }
                    (reader.push(bytes), None)
                }
                Ok(Some(Err(error))) => (reader.rest(), Some(End::Failed(error))),
                Ok(None) => (reader.rest(), Some(End::Closed)),
                Err(_) => (reader.rest(), None),
            };
            let mut kept = Vec::with_capacity(lines.len());
            let mut now = *told;
            for (at, kind, text) in lines {
                let at = at.or(now.map(|told| told.at)).unwrap_or(self.began);
                if let Some(again) = &mut sieve {
                    match again.take(at, kind) {
                        Taken::Told => continue,
                        Taken::New => {}
                        Taken::After(before) => {
                            self.say(Heard::Gap(before, at)).await;
                            sieve = None;
                        }
                        Taken::Done => sieve = None,
                    }
                }
                if kind == Kind::Text {
                    match &mut now {
                        Some(now) if now.at == at => now.times += 1,
                        _ => now = Some(Told { at, times: 1 }),
                    }
                }
                kept.push(Raw { at, kind, live: at >= self.began, text });
            }
            if !kept.is_empty() {
                // The stream waits where nobody takes its lines: TCP holds the rest back.
                let Ok(permit) = credits.clone().acquire_owned().await else { return End::Closed };
                self.say(Heard::Lines(kept, permit)).await;
                // Not before: what was read and not said is read again.
                *told = now;
            }
            if let Some(end) = end {
                return end;
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
    /// So many of that moment have come again.
    seen: u32,
    /// The line before belonged to what was told.
    left_out: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// It was told.
    Told,
    /// It was not; more that were may come.
    New,
    /// It was not, and what was told last is not there any more: lines are missing since then.
    After(Nanoseconds),
    /// It was not, and nothing that was comes any more.
    Done,
}

impl Again {
    fn new(told: Told) -> Again {
        Again { told, seen: 0, left_out: false }
    }

    fn take(&mut self, at: Nanoseconds, kind: Kind) -> Taken {
        if kind != Kind::Text {
            return if self.left_out { Taken::Told } else { Taken::New };
        }
        self.left_out = true;
        if at < self.told.at {
            return Taken::Told;
        }
        if at == self.told.at {
            self.seen += 1;
            self.left_out = self.seen <= self.told.times;
            return if self.left_out { Taken::Told } else { Taken::New };
        }
        self.left_out = false;
        if self.seen > 0 { Taken::Done } else { Taken::After(self.told.at) }
    }
}

/// A line, or a part of one, with its time where it has one.
type Read = (Option<Nanoseconds>, Kind, Bytes);

/// Bytes of a stream into lines.
#[derive(Debug, Default)]
struct Reader {
    held: BytesMut,
    /// The beginning of the line that is held was given away already.
    within: bool,
}

impl Reader {
    fn is_empty(&self) -> bool {
        self.held.is_empty()
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
                found.push(self.piece(piece));
            }
            // What was given away may have been all of it.
            if !(self.within && line.is_empty()) {
                found.push(self.piece(line));
            }
            self.within = false;
        }
        while self.held.len() > LARGEST {
            let piece = self.held.split_to(LARGEST).freeze();
            found.push(self.piece(piece));
        }
        found
    }

    /// What is held, though it has not ended.
    fn rest(&mut self) -> Vec<Read> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let rest = self.held.split().freeze();
        vec![self.piece(rest)]
    }

    fn piece(&mut self, mut text: Bytes) -> Read {
        if std::mem::replace(&mut self.within, true) {
            return (None, Kind::Rest, text);
        }
        match stamp(&text) {
            Some((at, length)) => {
                text.advance(length);
                (Some(at), Kind::Text, text)
            }
            // Not a line of the container: what the kubelet has to say instead.
            None => (None, Kind::Text, text),
        }
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

    fn told(at: Nanoseconds, times: u32) -> Again {
        Again::new(Told { at, times })
    }

    #[test]
    fn what_was_told_is_not_told_again() {
        let mut again = told(10, 2);
        let all = [(7, Kind::Text), (7, Kind::Rest), (10, Kind::Text), (10, Kind::Text), (10, Kind::Text), (11, Kind::Text)];
        let taken: Vec<Taken> = all.into_iter().map(|(at, kind)| again.take(at, kind)).collect();
        assert_eq!(taken, [Taken::Told, Taken::Told, Taken::Told, Taken::Told, Taken::New, Taken::Done]);
    }

    #[test]
    fn a_gap_is_noticed_by_what_is_missing() {
        assert_eq!(told(10, 1).take(12, Kind::Text), Taken::After(10));
        let mut again = told(10, 1);
        assert_eq!(again.take(9, Kind::Text), Taken::Told);
        assert_eq!(again.take(12, Kind::Text), Taken::After(10));
    }

    #[test]
    fn bytes_become_lines_wherever_they_are_cut() {
        let text = b"2026-11-21T20:00:00.5Z one\n2026-11-21T20:00:01+01:00 two\r\nno time\n2026-11-21T20:00:02Z\n";
        let whole = Reader::default().push(Bytes::from_static(text));
        let words: Vec<&[u8]> = whole.iter().map(|(_, _, text)| &text[..]).collect();
        assert_eq!(words, [&b"one"[..], b"two", b"no time", b""]);
        assert_eq!(whole[0].0.map(|at| at % 1_000_000_000), Some(500_000_000));
        assert_eq!(whole[0].0.zip(whole[1].0).map(|(one, two)| one - two), Some(3_599_500_000_000));
        assert_eq!(whole[2].0, None);
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
        let kinds: Vec<Kind> = read.iter().map(|(_, kind, _)| *kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Rest, Kind::Rest, Kind::Rest, Kind::Text]);
        let total: usize = read[..4].iter().map(|(_, _, text)| text.len()).sum();
        assert_eq!(total, long.len() - 21 + 2);
        // Given away whole, and then its end comes.
        let mut reader = Reader::default();
        reader.push(Bytes::from_static(b"half"));
        assert_eq!(reader.rest().len(), 1);
        assert_eq!(reader.push(Bytes::from_static(b"\nnew\n")).len(), 1);
    }

    #[test]
    fn the_second_that_is_asked_for() {
        assert_eq!(second(1_795_291_200_999_999_999), "2026-11-21T20:00:00Z");
        assert_eq!(second(-1), "1969-12-31T23:59:59Z");
    }
}
