//! What is known of the connection and of each watch: the words in which the screen does not lie.

use std::sync::Arc;

use super::time::Seconds;

/// How true the rows of one watch are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Truth {
    /// Asked for, nothing is here yet.
    #[default]
    Starting,
    /// The initial list is coming in: what is here is true, and not all.
    Syncing,
    /// Complete, and changes arrive as they happen.
    Live,
    /// Complete as of the last list; read again every so many seconds, because watching is not possible.
    Polling {
        /// Seconds between two lists.
        every: u64,
        /// Why it is not watched.
        why: Arc<str>,
    },
    /// Was true at `since`, and nobody knows what happened after it.
    Stale {
        /// When the last word from the server came.
        since: Seconds,
        /// What is wrong with the connection.
        why: Arc<str>,
    },
    /// The server refuses.
    Forbidden {
        /// The server's own words.
        why: Arc<str>,
    },
    /// The server does not know this kind (any more).
    Missing {
        /// The server's own words.
        why: Arc<str>,
    },
}

impl Truth {
    /// How bad, to tell the worst of several watches: the higher the worse.
    fn rank(&self) -> u8 {
        match self {
            Truth::Live => 0,
            Truth::Polling { .. } => 1,
            Truth::Syncing => 2,
            Truth::Starting => 3,
            Truth::Missing { .. } => 4,
            Truth::Forbidden { .. } => 5,
            Truth::Stale { .. } => 6,
        }
    }

    /// The one that a person must know of two watches that feed one table.
    pub fn worse<'a>(&'a self, other: &'a Truth) -> &'a Truth {
        if other.rank() > self.rank() { other } else { self }
    }

    /// All rows of the moment are here.
    pub fn complete(&self) -> bool {
        matches!(self, Truth::Live | Truth::Polling { .. })
    }
}

/// Where the connection to the cluster stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// On the way, and doing what the text says.
    #[default]
    Idle,
    /// Connecting since.
    Connecting {
        /// Since when.
        since: Seconds,
        /// To where: a server's URL, or a plugin that is asked for credentials.
        doing: Arc<str>,
    },
    /// The server answers.
    Up {
        /// `v1.36.3`.
        version: Arc<str>,
    },
    /// The server does not answer.
    Down {
        /// When it answered last; `None` when it never did.
        since: Option<Seconds>,
        /// Why, in one line.
        why: Arc<str>,
    },
    /// The server answers that it does not know us, or the credential plugin failed.
    Unauthorized {
        /// The server's or the plugin's own words.
        why: Arc<str>,
        /// A login command can be run from here.
        login: bool,
    },
}

/// A context of the kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Its name.
    pub name: Arc<str>,
    /// Its cluster's name.
    pub cluster: Arc<str>,
    /// Its user's name, may be empty.
    pub user: Arc<str>,
    /// Its own namespace, may be empty.
    pub namespace: Arc<str>,
    /// The server's URL, may be empty.
    pub server: Arc<str>,
}
