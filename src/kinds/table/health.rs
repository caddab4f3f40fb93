//! What can be said of an object's health when only the columns that the server prints are known.
//!
//! It is little, and it is kept little: a word counts only in a column whose name says that it is a state, and only when
//! it means the same wherever it is used. What is not listed here is healthy, because a guess would raise false alarms
//! for every custom resource that nobody here has heard of.

use crate::model::row::Health;

/// Columns that hold a state in a word.
const STATES: &[&str] = &["STATUS", "PHASE", "STATE", "HEALTH", "HEALTH STATUS"];

/// Columns that hold the status of a condition that should be True.
const CONDITIONS: &[&str] = &["READY", "SYNCED", "AVAILABLE", "ESTABLISHED", "HEALTHY"];

/// States that need somebody.
const UNHEALTHY: &[&str] =
    &["Failed", "Failure", "Error", "Degraded", "Unhealthy", "Lost", "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull"];

/// States that pass.
const PROGRESSING: &[&str] =
    &["Pending", "Progressing", "Creating", "Provisioning", "Updating", "Deleting", "Terminating", "InProgress", "Reconciling"];

/// The health that the text of a cell stands for under that header; `None` when nothing can be said.
pub fn of(column: &str, text: &str) -> Option<Health> {
    if STATES.contains(&column) {
        return match text {
            _ if UNHEALTHY.contains(&text) => Some(Health::Unhealthy),
            _ if PROGRESSING.contains(&text) => Some(Health::Progressing),
            _ => None,
        };
    }
    if CONDITIONS.contains(&column) {
        // An APIService adds the reason: `False (MissingEndpoints)`.
        return match text.split_once(' ').map_or(text, |(word, _)| word) {
            "True" => Some(Health::Healthy),
            "False" => Some(Health::Unhealthy),
            "Unknown" => Some(Health::Progressing),
            _ => None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_in_known_columns_count() {
        for (column, text, health) in [
            ("READY", "False", Some(Health::Unhealthy)),
            ("READY", "True", Some(Health::Healthy)),
            ("READY", "1/2", None),
            ("READY", "", None),
            ("AVAILABLE", "False (MissingEndpoints)", Some(Health::Unhealthy)),
            ("SYNCED", "Unknown", Some(Health::Progressing)),
            ("PHASE", "Failed", Some(Health::Unhealthy)),
            ("STATUS", "Pending", Some(Health::Progressing)),
            ("STATUS", "Wibbling", None),
            ("SUSPENDED", "False", None),
            ("NOTE", "Failed", None),
        ] {
            assert_eq!(of(column, text), health, "{column} {text}");
        }
    }
}
