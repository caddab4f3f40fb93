//! Time: one clock for the whole program, and kubectl's way of spelling durations.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Seconds since 1970-01-01T00:00:00Z.
pub type Seconds = i64;

/// The program's own clock. Tests and the demo set it; otherwise it is the system's.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that stands still at `now` until [`Clock::set`].
    pub fn fixed(now: Seconds) -> Clock {
        Clock { fixed: Some(Arc::new(AtomicI64::new(now))) }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> Seconds {
        match &self.fixed {
            Some(fixed) => fixed.load(Ordering::Relaxed),
            None => std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64),
        }
    }

    /// Moves a fixed clock; the system's clock stays as it is.
    pub fn set(&self, now: Seconds) {
        if let Some(fixed) = &self.fixed {
            fixed.store(now, Ordering::Relaxed);
        }
    }
}

/// Reads an RFC 3339 time (`2026-11-21T07:31:00Z`, fractions too); `None` when it is not one.
pub fn parse(text: &str) -> Option<Seconds> {
    text.parse::<jiff::Timestamp>().ok().map(|t| t.as_second())
}

/// RFC 3339 in UTC, whole seconds, as the API writes it.
pub fn rfc3339(at: Seconds) -> String {
    jiff::Timestamp::from_second(at).map_or_else(|_| String::new(), |t| t.to_string())
}

/// Writes a duration the way kubectl does (`duration.HumanDuration` of apimachinery): two units where the first is
/// small, one where it is large.
pub fn write_age(out: &mut String, seconds: i64) {
    // Clock skew of up to a second between us and the server is "now", more is a clock that is wrong.
    let _ = match seconds {
        ..=-2 => out.write_str("<invalid>"),
        -1..=0 => out.write_str("0s"),
        1..120 => write!(out, "{seconds}s"),
        120..600 => two(out, seconds / 60, 'm', seconds % 60, 's'),
        600..10_800 => write!(out, "{}m", seconds / 60),
        10_800..28_800 => two(out, seconds / 3600, 'h', seconds / 60 % 60, 'm'),
        28_800..172_800 => write!(out, "{}h", seconds / 3600),
        172_800..691_200 => two(out, seconds / 86_400, 'd', seconds / 3600 % 24, 'h'),
        691_200..63_072_000 => write!(out, "{}d", seconds / 86_400),
        63_072_000..252_288_000 => two(out, seconds / 31_536_000, 'y', seconds / 86_400 % 365, 'd'),
        _ => write!(out, "{}y", seconds / 31_536_000),
    };
}

fn two(out: &mut String, first: i64, unit: char, second: i64, smaller: char) -> std::fmt::Result {
    if second == 0 { write!(out, "{first}{unit}") } else { write!(out, "{first}{unit}{second}{smaller}") }
}

/// [`write_age`] into a new string.
pub fn age(seconds: i64) -> String {
    let mut out = String::new();
    write_age(&mut out, seconds);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of apimachinery's duration_test.go.
    #[test]
    fn ages_are_spelled_as_apimachinery_spells_them() {
        const MINUTE: i64 = 60;
        const HOUR: i64 = 3600;
        const DAY: i64 = 24 * HOUR;
        for (seconds, text) in [
            (-3, "<invalid>"),
            (1, "1s"),
            (70, "70s"),
            (190, "3m10s"),
            (70 * MINUTE, "70m"),
            (47 * HOUR, "47h"),
            (49 * HOUR, "2d1h"),
            (8 * DAY + 2 * HOUR, "8d"),
            (367 * DAY, "367d"),
            (365 * 2 * DAY + 25 * HOUR, "2y1d"),
            (365 * 8 * DAY + 2 * HOUR, "8y"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 15 * MINUTE, "3h15m"),
            (8 * HOUR, "8h"),
        ] {
            assert_eq!(age(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn times_round_trip() {
        assert_eq!(parse("1970-01-01T00:01:00Z"), Some(60));
        assert_eq!(parse("1970-01-01T00:01:00.999999Z"), Some(60));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(rfc3339(60), "1970-01-01T00:01:00Z");
    }
}
