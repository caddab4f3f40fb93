//! A table as kubectl prints it, taken apart again, and compared cell by cell.

use std::collections::BTreeMap;

/// Columns whose words are (or hold) an age, which grows between two looks.
const AGES: &[&str] = &["AGE", "LAST SEEN", "FIRST SEEN", "LAST SCHEDULE", "DURATION", "RESTARTS", "SYNCED"];

/// Seconds that may lie between the two looks.
const SLACK: u64 = 5;

/// A printed table.
#[derive(Debug, PartialEq)]
pub struct Printed {
    /// The headers.
    pub headers: Vec<String>,
    /// The rows' cells, as many as there are headers.
    pub rows: Vec<Vec<String>>,
}

impl Printed {
    /// Takes a table apart by where its headers stand: cells may be empty, and hold single spaces.
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let Some(head) = lines.next() else { return Printed { headers: Vec::new(), rows: Vec::new() } };
        let head: Vec<char> = head.chars().collect();
        let starts: Vec<usize> =
            (0..head.len()).filter(|&i| head[i] != ' ' && (i == 0 || (head[i - 1] == ' ' && (i == 1 || head[i - 2] == ' ')))).collect();
        let cells = |line: &[char]| -> Vec<String> {
            let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
            let part = |(&start, end): (&usize, usize)| -> String {
                line.get(start..end.min(line.len())).unwrap_or_default().iter().collect::<String>().trim().to_owned()
            };
            starts.iter().zip(ends).map(part).collect()
        };
        Printed { headers: cells(&head), rows: lines.map(|line| cells(&line.chars().collect::<Vec<_>>())).collect() }
    }

    /// Where a column is.
    pub fn column(&self, header: &str) -> Option<usize> {
        self.headers.iter().position(|h| h == header)
    }

    /// A column's cells.
    pub fn cells<'a>(&'a self, header: &str) -> impl Iterator<Item = &'a str> {
        let column = self.column(header).unwrap_or_else(|| panic!("no column {header} in {:?}", self.headers));
        self.rows.iter().map(move |row| row[column].as_str())
    }

    /// The rows by namespace and name, with their cells by header.
    pub fn objects(&self) -> BTreeMap<String, BTreeMap<&str, &str>> {
        let mut objects = BTreeMap::new();
        for row in &self.rows {
            let cells: BTreeMap<&str, &str> = self.headers.iter().map(String::as_str).zip(row.iter().map(String::as_str)).collect();
            let key: Vec<&str> = ["NAMESPACE", "NAME"].iter().filter_map(|h| cells.get(h).copied()).collect();
            objects.insert(key.join("/"), cells);
        }
        objects
    }
}

/// What kubectl prints that we print otherwise or not at all. Columns that only we have are our own affair. Fewer than
/// `least` objects are a difference too: a comparison of nothing proves nothing.
pub fn differences(kubectl: &Printed, ours: &Printed, least: usize) -> Vec<String> {
    let (theirs, mine) = (kubectl.objects(), ours.objects());
    let mut found = Vec::new();
    if theirs.len() < least {
        found.push(format!("kubectl prints {} objects, and {least} are needed for a comparison", theirs.len()));
    }
    found.extend(kubectl.headers.iter().filter(|h| !ours.headers.contains(h)).map(|h| format!("no column {h}")));
    found.extend(mine.keys().filter(|key| !theirs.contains_key(*key)).map(|key| format!("{key} is not there")));
    if ours.rows.len() != mine.len() {
        found.push(format!("{} rows for {} objects", ours.rows.len(), mine.len()));
    }
    for (key, cells) in &theirs {
        let Some(own) = mine.get(key) else {
            found.push(format!("{key} is missing"));
            continue;
        };
        for (header, cell) in cells {
            let Some(own) = own.get(header) else { continue };
            let same = own == cell || (AGES.contains(header) && same_but_for_time(cell, own));
            if !same {
                found.push(format!("{key} {header}: kubectl {cell:?}, kubetui {own:?}"));
            }
        }
    }
    found
}

/// Whether two cells are the same up to durations that differ by no more than the time between two looks.
fn same_but_for_time(one: &str, other: &str) -> bool {
    let words = |cell: &str| cell.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (words(one), words(other));
    one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a == b || near(a, b))
}

/// Whether two words are durations as kubectl prints them (`5m`, `(3m20s`), and may be of the same moment.
fn near(one: &str, other: &str) -> bool {
    let (Some((a, a_step)), Some((b, b_step))) = (duration(one), duration(other)) else { return false };
    // A printed duration stands for everything from itself to the next that could be printed.
    a <= b + b_step + SLACK && b <= a + a_step + SLACK
}

/// Seconds of a duration in kubectl's words, and the steps in which `duration.HumanDuration` counts at that length.
fn duration(word: &str) -> Option<(u64, u64)> {
    let mut seconds = 0;
    let mut digits = String::new();
    for c in word.trim_matches(['(', ')']).chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            'y' => 365 * 86400,
            _ => return None,
        };
        seconds += digits.parse::<u64>().ok()? * unit;
        digits.clear();
    }
    let step = match seconds {
        0..600 => 1,
        600..28800 => 60,
        28800..691200 => 3600,
        _ => 86400,
    };
    (digits.is_empty() && !word.is_empty()).then_some((seconds, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PODS: &str = "\
NAMESPACE   NAME    READY   STATUS    RESTARTS     AGE   NOMINATED NODE   NOTE
fx-a        one     1/1     Running   3 (5m ago)   61s   <none>           two words
fx-b        two     0/1               0            2d    <none>
";

    #[test]
    fn cells_stand_under_their_headers() {
        let table = Printed::parse(PODS);
        assert_eq!(table.headers, ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "NOMINATED NODE", "NOTE"]);
        assert_eq!(table.rows[0], ["fx-a", "one", "1/1", "Running", "3 (5m ago)", "61s", "<none>", "two words"]);
        assert_eq!(table.rows[1], ["fx-b", "two", "0/1", "", "0", "2d", "<none>", ""]);
        assert_eq!(table.objects()["fx-b/two"]["AGE"], "2d");
    }

    #[test]
    fn a_column_of_our_own_and_time_that_passes_are_no_difference() {
        let ours = PODS
            .replace("NOTE     ", "NOTE")
            .replace("61s", "63s")
            .replace("NOTE", "NOTE        CPU")
            .replace("two words", "two words   5m");
        assert_eq!(differences(&Printed::parse(PODS), &Printed::parse(&ours), 2), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_told() {
        let kubectl = Printed::parse(PODS);
        for (from, to, told) in [
            ("Running", "Runnin ", "fx-a/one STATUS: kubectl \"Running\", kubetui \"Runnin\""),
            ("3 (5m", "4 (5m", "RESTARTS"),
            ("3 (5m", "3 (9m", "RESTARTS"),
            ("61s", "75s", "AGE"),
            ("READY", "RADIO", "no column READY"),
            ("two     ", "tow     ", "fx-b/two is missing"),
            ("fx-b        two", "fx-a        one", "is missing"),
        ] {
            let found = differences(&kubectl, &Printed::parse(&PODS.replacen(from, to, 1)), 2);
            assert!(found.iter().any(|d| d.contains(told)), "{told} in {found:?}");
        }
        let nothing = Printed::parse("");
        assert!(!differences(&nothing, &nothing, 1).is_empty(), "nothing was compared");
    }

    #[test]
    fn durations_are_near_when_they_may_be_of_one_moment() {
        for (one, other) in [("119s", "2m"), ("9m59s", "10m"), ("179m", "3h"), ("7h59m", "8h"), ("47h", "2d"), ("2d", "2d1h"), ("3s", "6s")]
        {
            assert!(near(one, other) && near(other, one), "{one} {other}");
        }
        for (one, other) in [("10s", "20s"), ("5m", "6m"), ("3h", "3h2m"), ("2d", "4d"), ("<none>", "5m"), ("5", "6"), ("5q", "5m")] {
            assert!(!near(one, other) && !near(other, one), "{one} {other}");
        }
    }
}
