//! How far a copy is, and what is said of it.

use super::paths;
use crate::model::time;

/// No more than so many are named.
const NAMED: usize = 5;

/// What was copied so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Of files, the one that is copied now too.
    pub(super) bytes: u64,
    /// Of files that are whole.
    pub(super) kept: u64,
    /// How many it will be, where one file is copied.
    pub(super) expected: Option<u64>,
    /// Whole ones.
    pub(super) files: u64,
    pub(super) folders: u64,
    pub(super) links: u64,
    /// What is copied now.
    pub(super) current: String,
}

impl Tally {
    /// What is whole: `3 files, 2 folders, 1.2 MB`
    pub(super) fn words(&self) -> String {
        let mut words = vec![counted(self.files, "file")];
        words.extend([(self.folders, "folder"), (self.links, "link")].iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(*n, what)));
        words.push(bytes(self.kept));
        words.join(", ")
    }
}

/// `1 file`, `3 files`
pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A number of bytes, as people write it: `999 B`, `1.2 kB`, `3.4 GB`.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // What would be rounded to 1000 is one of the next.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `12.3 MB of 100.0 MB (12 %), 3 files, 41.0 MB/s, 2 s left`
pub(super) fn progress(tally: &Tally, total: Option<u64>, seconds: f64) -> String {
    let mut words = match total.filter(|total| *total > 0) {
        Some(total) => {
            let part = (tally.bytes as f64 / total as f64 * 100.0).min(100.0);
            format!("{} of {} ({part:.0} %)", bytes(tally.bytes), bytes(total))
        }
        None => bytes(tally.bytes),
    };
    words.push_str(&format!(", {}", counted(tally.files, "file")));
    if seconds >= 0.5 {
        let speed = tally.bytes as f64 / seconds;
        words.push_str(&format!(", {}/s", bytes(speed as u64)));
        if let Some(left) = total.and_then(|total| total.checked_sub(tally.bytes)).filter(|left| *left > 0 && speed >= 1.0) {
            words.push_str(&format!(", {} left", time::age((left as f64 / speed).ceil() as i64)));
        }
    }
    words
}

/// Things with what is to be said of each: all are counted, the first are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    count: u64,
    named: Vec<String>,
}

impl Said {
    /// One more.
    pub(super) fn add(&mut self, path: &[u8], why: &str) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(format!("{} ({why})", paths::shown(path)));
        }
    }

    /// There is none.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `2 refused: ../x (its path leads out of the folder), …`
    pub(super) fn words(&self, what: &str) -> String {
        let more = self.count.saturating_sub(self.named.len() as u64);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        format!("{} {what}: {}{more}", self.count, self.named.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_people_do() {
        let of = [0, 999, 1000, 99_950, 999_949, 999_950, 2 << 30, u64::MAX].map(bytes);
        assert_eq!(of, ["0 B", "999 B", "1.0 kB", "100.0 kB", "999.9 kB", "1.0 MB", "2.1 GB", "18.4 EB"].map(str::to_owned));
    }

    #[test]
    fn how_far_it_is() {
        let tally = Tally { bytes: 25_000_000, files: 3, ..Tally::default() };
        assert_eq!(progress(&tally, Some(100_000_000), 2.0), "25.0 MB of 100.0 MB (25 %), 3 files, 12.5 MB/s, 6s left");
        assert_eq!(progress(&tally, None, 0.1), "25.0 MB, 3 files");
        assert_eq!(Tally { files: 1, links: 2, ..Tally::default() }.words(), "1 file, 2 links, 0 B");
    }

    #[test]
    fn many_are_counted_and_some_named() {
        let mut said = Said::default();
        for at in 0..7 {
            said.add(format!("x{at}").as_bytes(), "why");
        }
        assert_eq!(said.words("refused"), "7 refused: x0 (why), x1 (why), x2 (why), x3 (why), x4 (why), and 2 more");
    }
}
