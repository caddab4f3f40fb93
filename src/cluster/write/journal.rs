//! The journal of what was written to clusters, on disk: one [`Entry`] a line, as JSON, in `journal.jsonl` of the state
//! folder. Readable by its owner only, and without any value of a Secret. Several running programs append to the same file,
//! and a line that a crash cut off costs that line alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::act::Entry;

mod redact;
mod spoken;

pub use redact::{NOT_KEPT, redact};

/// The journal that is written to.
const NAME: &str = "journal.jsonl";
/// The one before it; there is no third.
const OLD: &str = "journal.1.jsonl";
/// Held by the program that rotates.
const LOCK: &str = "journal.lock";
/// A journal does not grow beyond this, in bytes.
const MOST: u64 = 8 * 1024 * 1024;

/// An outcome is kept up to so many bytes: what a server says at length does not push out everything else.
const LONGEST: usize = 8 << 10;

/// Words, or the first of them and a sign that there were more, where they have more than `most` bytes.
pub(super) fn cut(words: &str, most: usize) -> String {
    if words.len() <= most { words.to_owned() } else { format!("{}…", &words[..words.floor_char_boundary(most)]) }
}

/// An outcome of no more than [`LONGEST`] bytes.
pub(super) fn bounded(outcome: Result<String, String>) -> Result<String, String> {
    match outcome {
        Ok(words) => Ok(cut(&words, LONGEST)),
        Err(words) => Err(cut(&words, LONGEST)),
    }
}

/// Where entries are kept. Cheap to clone; every clone writes to the same file.
///
/// [`Journal::write`] and [`Journal::read`] wait for the disk: callers on the loop or in a task that others wait for use
/// `tokio::task::spawn_blocking`.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    place: Option<Arc<Place>>,
    /// The number of the last entry of this run.
    last: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Place {
    /// `None` where the platform names no folder.
    folder: Option<PathBuf>,
    /// At most so many bytes.
    most: u64,
    /// What was last said to be wrong, for as long as it is.
    trouble: Mutex<Option<String>>,
}

impl Journal {
    /// A journal in a folder, usually [`crate::places::state_folder`]; it is made by the first entry. Where there is none
    /// ([`None`]), the first entry says so. [`Journal::default`] keeps nothing, and says nothing.
    pub fn open(folder: Option<PathBuf>) -> Journal {
        Journal::sized(folder, MOST)
    }

    fn sized(folder: Option<PathBuf>, most: u64) -> Journal {
        Journal { place: Some(Arc::new(Place { folder, most, trouble: Mutex::new(None) })), last: Arc::default() }
    }

    /// The number of the next entry: they count up from 1 in one run, or from where [`Journal::recall`] left off.
    pub fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// [`Journal::read`], with the entries numbered anew, so that each has a number of its own in this run.
    pub fn recall(&self, most: usize) -> Vec<Entry> {
        let mut entries = self.read(most);
        for entry in &mut entries {
            entry.number = self.number();
        }
        entries
    }

    /// Appends an entry, [redacted](redact), with one system call.
    ///
    /// # Errors
    /// In words for the person, when it could not be kept. The same trouble is said once: until an entry is kept again,
    /// further ones that are lost for the same reason are `Ok`, and only in the log. It is no reason not to send a write.
    pub fn write(&self, entry: &Entry) -> Result<(), String> {
        let Some(place) = &self.place else { return Ok(()) };
        let told = place.append(entry).err();
        let mut trouble = place.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let news = told.is_some() && *trouble != told;
        trouble.clone_from(&told);
        match told {
            Some(why) => {
                tracing::warn!(%why, "journal");
                if news { Err(why) } else { Ok(()) }
            }
            None => Ok(()),
        }
    }

    /// The newest entries of this run and earlier ones, of all contexts, at most so many; the newest is the last, by time, and in
    /// the same second by number. Lines that cannot be read are passed over; a journal that cannot be read is empty.
    pub fn read(&self, most: usize) -> Vec<Entry> {
        let Some(folder) = self.place.as_ref().and_then(|place| place.folder.as_deref()) else { return Vec::new() };
        let mut entries: Vec<Entry> = Vec::new();
        for name in [NAME, OLD] {
            if entries.len() >= most {
                break;
            }
            let bytes = match fs::read(folder.join(name)) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    tracing::warn!(%error, name, "the journal cannot be read");
                    continue;
                }
            };
            let lines = bytes.rsplit(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let read = lines.filter_map(|line| match serde_json::from_slice(line) {
                Ok(entry) => Some(entry),
                Err(error) => {
                    tracing::warn!(%error, name, "a line of the journal is damaged");
                    None
                }
            });
            entries.extend(read.take(most - entries.len()));
        }
        entries.reverse();
        // Tasks that wrote at the same moment may have overtaken each other.
        entries.sort_by_key(|entry| (entry.time, entry.number));
        entries
    }
}

impl Place {
    fn append(&self, entry: &Entry) -> Result<(), String> {
        let Some(folder) = &self.folder else { return Err("the journal is not kept: there is no folder for it".into()) };
        let path = folder.join(NAME);
        let failed = |error: &dyn std::fmt::Display| format!("the journal is not kept in {}: {error}", path.display());
        let mut line = serde_json::to_vec(&redact(entry)).map_err(|e| failed(&e))?;
        line.push(b'\n');
        self.put(folder, &path, &line).map_err(|e| failed(&e))
    }

    fn put(&self, folder: &Path, path: &Path, line: &[u8]) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = own(path)?;
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.full(&file, length)? {
            self.rotate(folder, path, length)?;
            file = own(path)?;
        }
        // What a crash cut off is not the beginning of this line.
        if torn(&mut file)? {
            let whole = [b"\n", line].concat();
            return file.write_all(&whole);
        }
        file.write_all(line)
    }

    /// A file that holds something is not made longer than it may be.
    fn full(&self, file: &File, more: u64) -> io::Result<bool> {
        let length = file.metadata()?.len();
        Ok(length > 0 && length.saturating_add(more) > self.most)
    }

    /// Makes the journal the old one. Whoever still has it open appends to it there, so nothing is lost.
    fn rotate(&self, folder: &Path, path: &Path, more: u64) -> io::Result<()> {
        let lock = own(&folder.join(LOCK))?;
        // A file system without locks is one that hardly two programs share at the same moment.
        let locked = lock.lock();
        // Another program may have done it while this one waited: the journal is looked at again.
        let full = match fs::metadata(path) {
            Ok(found) => found.len() > 0 && found.len().saturating_add(more) > self.most,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        let moved = if full { fs::rename(path, folder.join(OLD)) } else { Ok(()) };
        if locked.is_ok() {
            let _ = lock.unlock();
        }
        moved
    }
}

/// Opens a file to be appended to, made where it is not there; its owner's alone from its first byte on.
fn own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // It was there, and somebody opened it to others.
        let found = file.metadata()?;
        if found.is_file() && found.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

/// The file does not end with the end of a line.
fn torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests;
