//! Logs of many containers as one: who belongs is watched, each life of a container is read by a [`tap`], lines are put in
//! order by [`merge`], and kept by [`keep`]. One task does it, for as long as its handle lives; everything it has to say comes
//! as [`Event::Log`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use self::keep::Keep;
use self::merge::Merge;
use self::tap::{Heard, Tap};
use super::link::LinkHandle;
use super::watch::{self, Handle as Task};
use crate::event::{Event, WatchId};
use crate::model::log::{Ask, Block, Kind, Nanoseconds, Since, Streams, Tally, Wanted};

mod keep;
mod members;
mod merge;
mod save;
mod tap;

use members::{Change, Members};

/// The view hears of lines no more often than this.
const FRAME: Duration = Duration::from_millis(30);
/// Lines are taken from the streams so many at a time.
const MOST: usize = 4096;
/// What happens to many streams at once is one line.
const TOGETHER: Duration = Duration::from_millis(400);
/// So many streams are opened at once.
const DOORS: usize = 32;
/// Blocks are counted so many at a time.
const COUNTED: usize = 64;

/// A log as the loop holds it: it ends when this is dropped.
#[derive(Debug)]
pub struct Handle {
    asks: mpsc::UnboundedSender<Ask>,
    _task: Task,
}

impl Handle {
    /// Asks something of it.
    pub fn ask(&self, ask: Ask) {
        // It cannot have ended before its handle.
        let _ = self.asks.send(ask);
    }
}

/// Begins to read. What does not fit in memory goes to a file in `folder`.
pub fn spawn(number: u64, wanted: Wanted, folder: Option<PathBuf>, link: LinkHandle, out: mpsc::Sender<Event>) -> Handle {
    // A person asks, and no faster than keys are pressed.
    let (asks, asked) = mpsc::unbounded_channel();
    let gathering = Gather::new(number, wanted, folder, link, out);
    Handle { asks, _task: Task::spawn(gathering.run(asked)) }
}

/// The two ends of a channel, both held here: one for whoever is begun, one to hear them.
type Both<T> = (mpsc::Sender<T>, mpsc::Receiver<T>);

/// What is said of several streams together.
#[derive(Default)]
struct Together {
    due: Option<Instant>,
    /// Streams that are read again, and for how long they were not.
    back: Vec<(u16, Duration)>,
    /// Those of them that miss lines.
    gaps: usize,
    joined: Vec<(u16, String)>,
    ended: Vec<(u16, String)>,
}

struct Gather {
    number: u64,
    wanted: Wanted,
    link: LinkHandle,
    out: mpsc::Sender<Event>,
    members: Members,
    keep: Keep,
    merge: Merge,
    taps: FxHashMap<u16, Task>,
    failed: FxHashMap<u16, Arc<str>>,
    heard: Both<(u16, Heard)>,
    counted: Both<FxHashMap<u64, Tally>>,
    saved: Both<Result<String, String>>,
    counting: Option<Task>,
    doors: Arc<Semaphore>,
    together: Together,
    /// A person said that as many may be opened as there are.
    agreed: bool,
    /// Containers that wait for that.
    held: usize,
    /// The first pods are known: those that come now join.
    settled: bool,
    ended: usize,
    said: Streams,
    words: Option<Result<String, String>>,
    containers: Vec<Arc<str>>,
}

impl Gather {
    fn new(number: u64, wanted: Wanted, folder: Option<PathBuf>, link: LinkHandle, out: mpsc::Sender<Event>) -> Gather {
        let keep = Keep::new(folder.as_deref(), wanted.spool);
        Gather {
            number,
            members: Members::new(&wanted),
            wanted,
            link,
            out,
            keep,
            merge: Merge::default(),
            taps: FxHashMap::default(),
            failed: FxHashMap::default(),
            heard: mpsc::channel(256),
            counted: mpsc::channel(8),
            saved: mpsc::channel(8),
            counting: None,
            doors: Arc::new(Semaphore::new(DOORS)),
            together: Together::default(),
            agreed: false,
            held: 0,
            settled: false,
            ended: 0,
            said: Streams::default(),
            words: None,
            containers: Vec::new(),
        }
    }

    async fn run(mut self, mut asked: mpsc::UnboundedReceiver<Ask>) {
        let (tell, mut told) = mpsc::channel(64);
        let watches: Vec<Task> = self
            .wanted
            .target
            .watches
            .iter()
            .enumerate()
            .map(|(at, spec)| watch::spawn(WatchId(at as u64), spec.clone(), None, self.link.clone(), tell.clone()))
            .collect();
        let _watches = watches;
        let mut wake: Option<Instant> = None;
        let mut dirty = true;
        let mut said = Instant::now() - FRAME;
        loop {
            let due = [wake, self.together.due, dirty.then_some(said + FRAME)].into_iter().flatten().min();
            tokio::select! {
                biased;
                ask = asked.recv() => match ask {
                    Some(ask) => self.asked(ask),
                    None => return,
                },
                event = told.recv() => if let Some(Event::Watch(WatchId(watch), update)) = event {
                    self.members.take(watch, *update);
                    self.look();
                },
                heard = self.heard.1.recv() => if let Some((source, heard)) = heard {
                    self.hear(source, heard);
                    // What is there already belongs to the same frame.
                    while let Ok((source, heard)) = self.heard.1.try_recv() {
                        self.hear(source, heard);
                    }
                },
                tallies = self.counted.1.recv() => if let Some(tallies) = tallies {
                    self.keep.counted(&tallies);
                },
                saved = self.saved.1.recv() => self.words = saved.or(self.words.take()),
                () = sleep_until(due), if due.is_some() => {}
            }
            dirty = true;
            let now = Instant::now();
            let mut lines = Vec::new();
            wake = self.merge.take(now, MOST, &mut lines);
            if !lines.is_empty() {
                self.keep.add(lines);
            }
            if self.together.due.is_some_and(|due| due <= now) {
                self.tell_together();
            }
            if let Some(why) = self.keep.relieve() {
                self.words = Some(Err(why));
            }
            if said + FRAME <= now {
                self.tell().await;
                said = Instant::now();
                dirty = false;
            }
        }
    }

    fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Agree => {
                self.agreed = true;
                self.look();
            }
            Ask::Sift(sieve) => {
                let sieve = *sieve;
                let blocks = self.keep.sift(sieve.clone());
                let (sources, out) = (self.keep.sources.clone(), self.counted.0.clone());
                // The one before is of no use any more.
                self.counting = Some(Task::spawn(async move {
                    for some in blocks.chunks(COUNTED) {
                        let (some, sieve, sources) = (some.to_vec(), sieve.clone(), sources.clone());
                        let tally = move |block: &Arc<Block>| Some((block.id, sieve.tally(&*block.lines().ok()?, &sources)));
                        let count = tokio::task::spawn_blocking(move || some.iter().filter_map(tally).collect());
                        let Ok(tallies) = count.await else { return };
                        if out.send(tallies).await.is_err() {
                            return;
                        }
                    }
                }));
            }
            Ask::Save(saving) => {
                let (blocks, sources, sieve) = (self.keep.snapshot(), self.keep.sources.clone(), self.keep.sieve.clone());
                let out = self.saved.0.clone();
                tokio::spawn(async move {
                    let saved = tokio::task::spawn_blocking(move || save::save(&saving, &blocks, &sources, &sieve)).await;
                    let _ = out.send(saved.unwrap_or_else(|error| Err(error.to_string()))).await;
                });
            }
        }
    }

    /// Opens what is to be read and is not, and says who is gone.
    fn look(&mut self) {
        let complete = self.members.complete();
        // How many there are is known when all of them are.
        if !self.agreed && !self.settled && (!complete || self.members.streams() > self.wanted.most) {
            return;
        }
        let now = self.now();
        let room = if self.agreed { usize::MAX } else { self.wanted.most.saturating_sub(self.taps.len()) };
        let changes = self.members.changes(room);
        self.held = self.members.held();
        for change in changes {
            match change {
                Change::New { source, life_of, fresh } => {
                    let Some(number) = self.keep.source(source.clone()) else { continue };
                    // Whoever joins later is read from the moment it joined, and what begins later from its beginning.
                    let since = match (self.settled, fresh) {
                        (false, _) => self.wanted.since,
                        (true, true) => Since::Start,
                        (true, false) => Since::Seconds(1),
                    };
                    if self.settled && !self.wanted.previous {
                        self.together.joined.push((number, life_of));
                        self.together.due.get_or_insert(Instant::now() + TOGETHER);
                    }
                    self.merge.begin(number, Instant::now());
                    let tap = Tap {
                        number,
                        source,
                        since,
                        follow: !self.wanted.previous,
                        previous: self.wanted.previous,
                        began: now,
                        link: self.link.clone(),
                        out: self.heard.0.clone(),
                        doors: self.doors.clone(),
                    };
                    self.taps.insert(number, Task::spawn(tap.run()));
                }
            }
        }
        self.settled |= complete;
    }

    /// The program's clock, as finely as the lines have it.
    fn now(&self) -> Nanoseconds {
        self.link.now().saturating_mul(1_000_000_000)
    }

    fn hear(&mut self, source: u16, heard: Heard) {
        let now = Instant::now();
        match heard {
            Heard::Lines(lines, permit) => {
                self.failed.remove(&source);
                self.merge.push(source, lines, Some(permit), now);
            }
            Heard::Back(away, gap) => {
                self.failed.remove(&source);
                self.together.back.push((source, away));
                self.together.due.get_or_insert(now + TOGETHER);
                let Some((from, to)) = gap else { return };
                let words = format!(
                    "{}: {} of its lines are missing here: they were rotated away while it was not read",
                    self.name(source),
                    spell(to - from)
                );
                self.keep.note(source, Kind::Gap, to, words);
                self.together.gaps += 1;
            }
            Heard::Failed(why) => drop(self.failed.insert(source, why)),
            Heard::Ended(how) => {
                self.failed.remove(&source);
                self.merge.end(source);
                if self.taps.remove(&source).is_some() {
                    self.ended += 1;
                }
                if let Some(how) = how {
                    self.together.ended.push((source, how));
                    self.together.due.get_or_insert(now + TOGETHER);
                }
            }
        }
    }

    /// `web-1/app`.
    fn name(&self, source: u16) -> String {
        match self.keep.sources.get(usize::from(source)) {
            Some(source) => format!("{}/{}", source.pod, source.container),
            None => "a container".to_owned(),
        }
    }

    /// Puts what happened to streams into the log: a line each, or one for many.
    fn tell_together(&mut self) {
        let Together { joined, back, gaps, ended, .. } = std::mem::take(&mut self.together);
        let now = self.now();
        if let Some(longest) = back.iter().map(|(_, away)| *away).max() {
            let (source, _) = back[0];
            // One can be lost and found several times in this while.
            let many = back.iter().map(|(source, _)| source).collect::<std::collections::BTreeSet<_>>().len();
            let who = if many == 1 { self.name(source) } else { format!("{many} containers") };
            let verb = if many == 1 { "is" } else { "are" };
            let away = spell(Nanoseconds::try_from(longest.as_nanos()).unwrap_or(Nanoseconds::MAX));
            let whole = match gaps {
                0 => "nothing is missing",
                1 => "lines are missing: the gap says where",
                _ => "lines are missing: gaps say where",
            };
            self.keep.note(source, Kind::Note, now, format!("{who} {verb} read again after {away}: {whole}"));
        }
        for (all, few) in [(ended, 5), (joined, 5)] {
            if all.len() > few {
                let words = all[0].1.split(':').next().unwrap_or_default();
                self.keep.note(all[0].0, Kind::Note, now, format!("{} containers: {words}", all.len()));
                continue;
            }
            for (source, how) in all {
                let words = format!("{} {how}", self.name(source));
                self.keep.note(source, Kind::Note, now, words);
            }
        }
    }

    /// Says what is new.
    async fn tell(&mut self) {
        let streams = Streams {
            open: self.taps.len() - self.failed.len().min(self.taps.len()),
            waiting: self.failed.len(),
            ended: self.ended,
            failed: self.failed.values().next().cloned(),
            asks: match (self.agreed, self.settled) {
                (false, false) if self.members.complete() => Some(self.members.streams()),
                (false, true) if self.held > 0 => Some(self.held),
                _ => None,
            },
            complete: self.members.complete(),
            empty: if self.keep.sources.is_empty() { self.members.nothing(self.wanted.previous) } else { None },
        };
        let containers = self.members.containers();
        let news = self.keep.news();
        if news.is_none() && streams == self.said && self.words.is_none() && containers == self.containers {
            return;
        }
        let mut update = news.unwrap_or_default();
        if streams != self.said {
            self.said = streams.clone();
            update.streams = Some(streams);
        }
        if containers != self.containers {
            self.containers.clone_from(&containers);
            update.containers = Some(containers);
        }
        update.said = self.words.take();
        // Without a loop there is nobody to say it to.
        let _ = self.out.send(Event::Log(self.number, Box::new(update))).await;
    }
}

/// A length of time, as a person says it: `12 s`, `3 min`.
fn spell(length: Nanoseconds) -> String {
    let seconds = length / 1_000_000_000;
    match seconds {
        0 => format!("{} ms", (length / 1_000_000).max(1)),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
