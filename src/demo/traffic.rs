//! What containers say: a pure function of the container and the time. Nothing is stored, so that a hundred thousand pods that
//! have been talking for a month cost nothing, and the last ten lines cost ten lines.
//!
//! The life of a container is cut into seconds. A second has some lines (usually none to six), told from a hash of the pod, the
//! container, the restart and the second. Before the first second comes the program's start-up, after the last its end.

use std::fmt::Write;

use crate::demo::container::{Behaviour, Container};

mod dice;
mod edges;
mod voices;

use dice::Dice;

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Nanoseconds since 1970.
    pub at_ns: i64,
    /// Where it was written to.
    pub stream: Stream,
    /// Without the newline.
    pub text: String,
}

impl Line {
    /// The line's time as the kubelet writes it (`2006-01-02T15:04:05.000000000Z07:00`).
    pub fn time(&self) -> String {
        jiff::Timestamp::from_nanosecond(self.at_ns.into()).map_or_else(|_| String::new(), |t| format!("{t:.9}"))
    }
}

/// Nanoseconds in a millisecond.
const NS: i64 = 1_000_000;
const SECOND_MS: i64 = 1000;
const HOUR_MS: i64 = 3_600_000;
/// A kubelet keeps a file of 10 MiB (`containerLogMaxSize`), here for a day at most.
const KEPT_BYTES: i64 = 10 << 20;
const KEPT_MS: i64 = 24 * HOUR_MS;

/// Lines of a container with `from_ms <= time < to_ms`, oldest first; what rotation took away is not among them.
pub fn lines(container: &Container, from_ms: i64, to_ms: i64) -> impl Iterator<Item = Line> + Send + use<> {
    let to_ms = container.finished_ms.map_or(to_ms, |end| to_ms.min(end + 1));
    let from_ms = from_ms.max(kept_from(container, to_ms));
    let c = container.clone();
    let first = second(&c, from_ms);
    let last = second(&c, to_ms.saturating_sub(1));
    let wanted = from_ms * NS..to_ms * NS;
    (first..=last).flat_map(move |s| said(&c, s)).filter(move |line| wanted.contains(&line.at_ns))
}

/// The last `count` lines before `to_ms`, oldest first. It looks at no more of the log than it has to.
pub fn last(container: &Container, count: usize, to_ms: i64) -> Vec<Line> {
    let to_ms = container.finished_ms.map_or(to_ms, |end| to_ms.min(end + 1));
    let from = kept_from(container, to_ms);
    let (mut found, mut s) = (Vec::new(), second(container, to_ms.saturating_sub(1)));
    while found.len() < count && s >= second(container, from) {
        let lines = said(container, s);
        found.extend(lines.into_iter().rev().filter(|l| l.at_ns < to_ms * NS && l.at_ns >= from * NS));
        s -= 1;
    }
    found.truncate(count);
    found.reverse();
    found
}

/// The time of the oldest line that rotation left at `now_ms`. Files are rotated by the hour of a container's life, so that this
/// does not move with every line.
pub fn kept_from(container: &Container, now_ms: i64) -> i64 {
    let (thousandths, bytes) = pace(container.behaviour);
    let room = (KEPT_BYTES / bytes * SECOND_MS).saturating_mul(SECOND_MS) / thousandths.max(1);
    let too_old = now_ms - container.started_ms - room.min(KEPT_MS);
    container.started_ms + if too_old > 0 { (too_old / HOUR_MS + 1) * HOUR_MS } else { 0 }
}

/// The second of a container's life at a time. Seconds begin where the container began.
fn second(c: &Container, at_ms: i64) -> i64 {
    (at_ms - c.started_ms).div_euclid(SECOND_MS).max(0)
}

/// Lines in a thousand seconds, and bytes of a line (more or less).
fn pace(behaviour: Behaviour) -> (i64, i64) {
    match behaviour {
        Behaviour::Web => (2600, 170),
        Behaviour::Gateway => (2200, 330),
        Behaviour::Api => (1700, 220),
        Behaviour::Logfmt => (900, 140),
        Behaviour::Database => (500, 130),
        Behaviour::Cache => (500, 90),
        Behaviour::Worker => (1200, 110),
        Behaviour::Job => (1000, 100),
        Behaviour::Crash => (800, 110),
        Behaviour::Quiet => (50, 60),
    }
}

/// What was said in one second of a life, its start and its end included, in order.
fn said(c: &Container, second: i64) -> Vec<Line> {
    let begins = c.started_ms + second * SECOND_MS;
    let mut lines: Vec<Line> = Vec::new();
    let banner = edges::banner(c);
    let banner_ms = edges::BANNER_MS * banner.len() as i64;
    if second == 0 || begins <= c.started_ms + banner_ms {
        for (n, (stream, text)) in banner.into_iter().enumerate() {
            let at = c.started_ms + edges::BANNER_MS * n as i64;
            if (begins..begins + SECOND_MS).contains(&at) {
                lines.push(Line { at_ns: at * NS + 104_729 * (n as i64 + 1) % NS, stream, text });
            }
        }
    }
    let mut dice = Dice::of(c, second);
    for at_ms in moments(c.behaviour, &mut dice, begins) {
        if at_ms < c.started_ms + banner_ms || c.finished_ms.is_some_and(|end| at_ms >= end) {
            continue;
        }
        let mut text = String::new();
        let at_ns = at_ms * NS + dice.below(NS as u64) as i64;
        // Writing to a String does not fail.
        let stream = voices::speak(&mut text, c, at_ms, &mut dice).unwrap_or(Stream::Stdout);
        lines.push(Line { at_ns, stream, text });
    }
    if let Some(end) = c.finished_ms.filter(|end| (begins..begins + SECOND_MS).contains(end)) {
        // All of the end at one moment: whoever has heard everything up to it misses nothing.
        for (n, (stream, text)) in edges::end(c).into_iter().enumerate() {
            lines.push(Line { at_ns: end * NS + 1000 * n as i64, stream, text });
        }
    }
    lines.sort_by_key(|line| line.at_ns);
    lines
}

/// Moments of a second at which something is said. Traffic comes and goes by the minute, and a second has the more lines the
/// more the dice say.
fn moments(behaviour: Behaviour, dice: &mut Dice, begins: i64) -> Vec<i64> {
    let (thousandths, _) = pace(behaviour);
    let busy = 60 + dice.below(81) as i64;
    let mean = thousandths * busy / 100;
    let sure = mean / 1000;
    let count = sure + i64::from((dice.below(1000) as i64) < mean % 1000) + i64::from(sure > 0 && dice.below(4) == 0)
        - i64::from(sure > 0 && dice.below(4) == 0);
    (0..count).map(|_| begins + dice.below(SECOND_MS as u64) as i64).collect()
}

/// A time as the programs write it, in UTC (`strftime`'s letters).
fn stamp(out: &mut String, at_ms: i64, format: &str) -> std::fmt::Result {
    match jiff::Timestamp::from_millisecond(at_ms) {
        Ok(time) => write!(out, "{}", time.strftime(format)),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T10:00:00Z.
    const START: i64 = 1_795_255_200_000;

    fn container(image: &str) -> Container {
        let behaviour = Behaviour::of(image, "app", false);
        Container {
            uid: "u-1".into(),
            pod: "web-1".into(),
            name: "app".into(),
            image: image.into(),
            started_ms: START,
            behaviour,
            ..Container::default()
        }
    }

    const IMAGES: [&str; 10] =
        ["nginx:1.29", "envoy:1", "orders:2", "metrics-agent:1", "postgres:17", "redis:8", "worker:1", "busybox", "crash:1", "migrate"];

    #[test]
    fn however_it_is_cut_the_log_is_the_same() {
        for image in IMAGES {
            let c = container(image);
            let whole: Vec<Line> = lines(&c, 0, START + 120_000).collect();
            let mut cut: Vec<Line> = lines(&c, 0, START + 33_333).collect();
            cut.extend(lines(&c, START + 33_333, START + 33_334));
            cut.extend(lines(&c, START + 33_334, START + 120_000));
            assert_eq!(whole, cut, "{image}");
            assert!(whole.is_sorted_by_key(|l| l.at_ns), "{image}");
            assert!(whole.iter().all(|l| !l.text.is_empty() && !l.text.contains('\n')), "{image}");
            let tail = last(&c, 7, START + 120_000);
            assert_eq!(tail, whole[whole.len().saturating_sub(7)..], "{image}");
        }
    }

    #[test]
    fn it_talks_at_a_believable_pace() {
        for (image, least, most) in [("nginx:1.29", 1.5, 4.0), ("orders:2", 1.0, 3.0), ("postgres:17", 0.2, 1.2)] {
            let per_second = lines(&container(image), START, START + 1_000_000).count() as f64 / 1000.0;
            assert!((least..most).contains(&per_second), "{image}: {per_second}");
        }
    }

    #[test]
    fn a_month_old_log_is_rotated_and_quick_at_its_end() {
        let c = container("nginx:1.29");
        let month = START + 30 * 24 * HOUR_MS;
        let from = kept_from(&c, month);
        assert!(month - from <= KEPT_MS && month - from > HOUR_MS, "{}", month - from);
        assert_eq!(kept_from(&c, month + 1000), from, "the start of the log does not move with every second");
        let bytes: usize = lines(&c, 0, month).map(|l| l.text.len() + 1).sum();
        assert!((KEPT_BYTES / 4..KEPT_BYTES * 3 / 2).contains(&(bytes as i64)), "{bytes}");
        let before = std::time::Instant::now();
        assert_eq!(last(&c, 10, month).len(), 10);
        assert!(before.elapsed().as_millis() < 50, "{:?}", before.elapsed());
    }

    #[test]
    fn a_failed_life_ends_with_its_reason_and_others_say_something_else() {
        let mut c = container("crash:1");
        c.finished_ms = Some(START + 5_999);
        c.exit_code = Some(1);
        let said: Vec<Line> = lines(&c, 0, START + 1_000_000).collect();
        let end = said.last().unwrap();
        assert_eq!(end.stream, Stream::Stderr);
        assert!(end.at_ns >= (START + 5_999) * NS && end.at_ns < (START + 6_000) * NS);
        let mut running = c.clone();
        running.finished_ms = None;
        let up_to_the_end: Vec<Line> = lines(&running, 0, START + 5_999).collect();
        assert_eq!(said[..up_to_the_end.len()], up_to_the_end, "what was said before the end stays said");
        let other = Container { restart: 1, ..running };
        assert_ne!(lines(&other, 0, START + 5_999).collect::<Vec<_>>(), up_to_the_end);
    }

    #[test]
    fn times_are_written_with_all_nine_digits() {
        assert_eq!(Line { at_ns: START * NS + 120, stream: Stream::Stdout, text: String::new() }.time(), "2026-11-21T10:00:00.000000120Z");
    }
}
