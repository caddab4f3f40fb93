//! What containers have said: lines in blocks, in memory or in a file, in the order of their timestamps. One task keeps
//! them (`cluster::logs`), the view has the same blocks and reads them; blocks never change, so nobody waits for anybody.

use std::sync::Arc;

use super::row::Uid;
use super::time::Seconds;

mod block;
pub mod fields;
pub mod filter;
mod pick;
pub mod plain;
pub mod spool;

pub use block::{Block, LARGEST, Lines, MOST};
pub use pick::Target;

/// Nanoseconds since 1970.
pub type Nanoseconds = i64;

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A container said it.
    #[default]
    Text = 0,
    /// It goes on from the line before: that was too long to be kept in one piece, or did not end for a while.
    Rest = 1,
    /// Something happened to the log itself: a container joined, ended, was reconnected. The program's own words.
    Note = 2,
    /// Lines are missing here. The program's own words.
    Gap = 3,
}

impl Kind {
    fn of(byte: u8) -> Kind {
        match byte {
            1 => Kind::Rest,
            2 => Kind::Note,
            3 => Kind::Gap,
            _ => Kind::Text,
        }
    }

    /// A container said it.
    pub fn is_said(self) -> bool {
        matches!(self, Kind::Text | Kind::Rest)
    }
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Names it for as long as the log lasts.
    pub seq: u64,
    /// When, as the node has it.
    pub at: Nanoseconds,
    /// The place of its source in the list of sources.
    pub source: u16,
    /// What it is.
    pub kind: Kind,
    /// As it came, without its line break: any bytes.
    pub text: &'a [u8],
}

/// Who says something: one life of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The pod's namespace.
    pub namespace: Arc<str>,
    /// The pod's name.
    pub pod: Arc<str>,
    /// The pod.
    pub uid: Uid,
    /// The container.
    pub container: Arc<str>,
    /// How often the container had been restarted before this life.
    pub life: u32,
}

impl Source {
    /// The same container, whatever its life.
    pub fn same_container(&self, other: &Source) -> bool {
        self.uid == other.uid && self.container == other.container
    }
}

/// How far back a log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So many of the last lines of each container.
    Tail(u32),
    /// Everything that there is.
    Start,
    /// What was said in the last so many seconds.
    Seconds(Seconds),
}

impl Since {
    /// In words, for the header: `last 5m`.
    pub fn words(self) -> String {
        match self {
            Since::Tail(lines) => format!("last {lines} of each"),
            Since::Start => "from the start".to_owned(),
            Since::Seconds(seconds) if seconds % 3600 == 0 => format!("last {}h", seconds / 3600),
            Since::Seconds(seconds) if seconds % 60 == 0 => format!("last {}m", seconds / 60),
            Since::Seconds(seconds) => format!("last {seconds}s"),
        }
    }
}

/// What of a log is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Whose.
    pub target: Target,
    /// These containers; all where it is empty.
    pub containers: Vec<Arc<str>>,
    /// The lives before the last restarts, in place of those that are.
    pub previous: bool,
    /// How far back.
    pub since: Since,
    /// With more streams than this, it is asked first.
    pub most: usize,
    /// The bytes that the file may hold.
    pub spool: u64,
}

/// How much of a log is read and kept, where nobody says otherwise for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// So many of the last lines of each container are read first.
    pub tail: u32,
    /// With more streams than this, it is asked first.
    pub most: usize,
    /// The bytes that the file may hold.
    pub spool: u64,
}

impl Default for LogSettings {
    fn default() -> LogSettings {
        LogSettings { tail: 1000, most: 50, spool: 1 << 30 }
    }
}

/// How many lines of a block meet a filter and a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Which filter and search: [`filter::Sieve::generation`].
    pub generation: u32,
    /// Lines that the filter leaves.
    pub left: u32,
    /// Lines that the filter leaves and the search finds.
    pub found: u32,
}

/// A block in its place.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The lines.
    pub block: Arc<Block>,
    /// What the newest filter and search make of it, once that is known.
    pub tally: Tally,
}

/// A change in the list of blocks.
#[derive(Clone, Debug, Default)]
pub struct Splice {
    /// From this place on …
    pub at: usize,
    /// … so many go …
    pub gone: usize,
    /// … and these come.
    pub new: Vec<Slot>,
}

/// What became of the streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    /// Containers that are read from now.
    pub open: usize,
    /// Containers whose stream is on its way, for the first time or again.
    pub waiting: usize,
    /// Containers that have ended, or were read to their end.
    pub ended: usize,
    /// Why some cannot be read.
    pub failed: Option<Arc<str>>,
    /// So many streams would be opened, and nobody has said that they may.
    pub asks: Option<usize>,
    /// Every pod that there is now is known.
    pub complete: bool,
    /// Nothing of it has any container that could be read: why.
    pub empty: Option<Arc<str>>,
}

/// News of a log, all of it to be applied at once.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Sources that were not there before.
    pub sources: Vec<Source>,
    /// Changes in the list of blocks, one after the other.
    pub splices: Vec<Splice>,
    /// Counts of blocks that were there already, by their places after the splices.
    pub tallies: Vec<(usize, Tally)>,
    /// The streams, where that changed.
    pub streams: Option<Streams>,
    /// All names of containers that one can choose from, where that changed.
    pub containers: Option<Vec<Arc<str>>>,
    /// Lines that were dropped at the beginning since the log was opened: the file was full.
    pub dropped: u64,
    /// Something to be said at the bottom: what was saved, what could not be; `Err` where it went wrong.
    pub said: Option<Result<String, String>>,
}

/// What the view asks of whoever keeps the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Count by this filter and search.
    Sift(Box<filter::Sieve>),
    /// Open as many streams as there are.
    Agree,
    /// Write it to a file.
    Save(Saving),
}

/// What is to be written where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    /// The file, which must not be there yet.
    pub path: std::path::PathBuf,
    /// Only what the filter leaves.
    pub filtered: bool,
    /// With the time of each line, as `kubectl logs --timestamps`.
    pub stamps: bool,
}

/// Applies changes to a list of blocks.
pub fn splice(slots: &mut Vec<Slot>, change: Splice) {
    let from = change.at.min(slots.len());
    let to = (from + change.gone).min(slots.len());
    slots.splice(from..to, change.new);
}
