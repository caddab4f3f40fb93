//! Completion indexes: the pods of Indexed Jobs have numbers, and a Job remembers which of them succeeded or failed
//! (`indexed_job_utils.go`).

use std::collections::BTreeSet;
use std::fmt;

use crate::demo::store::Object;

/// The annotation and the label of a pod's index.
pub const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// The annotation of how often pods of its index had failed before.
pub const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// The annotation of how often they had failed without being counted.
pub const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

fn number(pod: &Object, annotation: &str) -> Option<i64> {
    pod.tree.at("metadata.annotations")[annotation].as_str()?.parse().ok().filter(|n| *n >= 0)
}

/// A pod's index.
pub fn of(pod: &Object) -> Option<i64> {
    number(pod, INDEX)
}

/// How often pods of its index had failed before, as it counts.
pub fn failures(pod: &Object) -> i64 {
    number(pod, FAILURES).unwrap_or(0)
}

/// How often they had failed at all.
pub fn all_failures(pod: &Object) -> i64 {
    failures(pod) + number(pod, IGNORED).unwrap_or(0)
}

/// A set of indexes, written as `0,2-4`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Indexes(BTreeSet<i64>);

impl Indexes {
    /// Reads one; what is not below `completions` is left out, and so is what cannot be read.
    pub fn parse(text: &str, completions: i64) -> Indexes {
        let ranges = text.split(',').filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some((first.parse::<i64>().ok()?, last.parse::<i64>().ok()?))
        });
        Indexes(ranges.flat_map(|(first, last)| first..=last.min(completions - 1)).collect())
    }

    /// Adds some.
    pub fn extend(&mut self, more: impl IntoIterator<Item = i64>) {
        self.0.extend(more);
    }

    /// Whether it is among them.
    pub fn has(&self, index: i64) -> bool {
        self.0.contains(&index)
    }

    /// How many.
    pub fn len(&self) -> i64 {
        self.0.len() as i64
    }

    /// How many of them are among others.
    pub fn among(&self, others: &Indexes) -> i64 {
        self.0.intersection(&others.0).count() as i64
    }
}

impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.iter().copied().peekable();
        let mut comma = "";
        while let Some(first) = rest.next() {
            let mut last = first;
            while let Some(next) = rest.next_if_eq(&(last + 1)) {
                last = next;
            }
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
            comma = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_the_api_has_them() {
        for text in ["", "0", "0,1", "0-2", "1,3-5,7,8"] {
            assert_eq!(Indexes::parse(text, 100).to_string(), text);
        }
        assert_eq!(Indexes::parse("1,3-5", 5).to_string(), "1,3,4");
    }
}
