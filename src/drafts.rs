//! Texts that are being edited, on disk until they are saved or thrown away: what a crash, a kill or a lost terminal leaves
//! behind is offered to the next run. Each running program has a folder of its own, with a lock in it that ends with the
//! program; a folder whose lock is free was left behind. Readable by its owner only. A Secret is never given to it: what
//! decides that is the editor, and [`Drafts::keep`] once more.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::model::draft::{Kept, Left, names_secret};
use crate::places;

/// In the state folder.
const FOLDER: &str = "drafts";
/// Held for as long as the program runs.
const LOCK: &str = "lock";
/// Of a file with a text.
const EXTENSION: &str = "json";

/// Where texts are kept. Cheap to clone. Everything here waits for the disk: the loop has it done by `spawn_blocking`.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    root: Option<PathBuf>,
    /// This program's folder, once there was something to keep.
    own: Arc<Mutex<Option<Own>>>,
    /// Counts what is to be done, in the order in which it is asked for.
    last: Arc<AtomicU64>,
}

/// The place of something in the order in which it was asked for: what is done late undoes nothing that was asked for later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(u64);

#[derive(Debug)]
struct Own {
    folder: PathBuf,
    /// Locked for as long as it is open.
    _lock: File,
    /// What was done last for each editor.
    turns: FxHashMap<u64, Turn>,
}

impl Own {
    /// It is this one's turn: nothing later was done.
    fn takes(&mut self, editor: u64, turn: Turn) -> bool {
        let last = self.turns.entry(editor).or_default();
        let takes = turn >= *last;
        *last = turn.max(*last);
        takes
    }
}

impl Drafts {
    /// Texts in a folder, usually [`places::state_folder`]. Where there is none, and for [`Drafts::default`], nothing is kept.
    pub fn open(folder: Option<PathBuf>) -> Drafts {
        Drafts { root: folder.map(|folder| folder.join(FOLDER)), ..Drafts::default() }
    }

    /// To be taken where it is decided that something is kept or forgotten.
    pub fn turn(&self) -> Turn {
        Turn(self.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Keeps a text in the place of the one before of the same editor.
    ///
    /// # Errors
    /// It cannot be written: where, and why.
    pub fn keep(&self, editor: u64, turn: Turn, kept: &Kept) -> Result<(), String> {
        let Some(root) = self.root.as_deref().filter(|_| may(kept)) else { return Ok(()) };
        let wrong = |error: io::Error| format!("what is typed cannot be kept in {}: {error}", root.display());
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have cleared the state folder.
        let own = match &mut *own {
            Some(own) if own.folder.join(LOCK).exists() => own,
            own => own.insert(claim(root).map_err(wrong)?),
        };
        if !own.takes(editor, turn) {
            return Ok(());
        }
        let text = serde_json::to_vec(kept).map_err(|error| wrong(error.into()))?;
        places::replace(&file(&own.folder, editor), &text).map_err(wrong)
    }

    /// A text that was saved, or thrown away.
    pub fn forget(&self, editor: u64, turn: Turn) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = own.as_mut()
            && own.takes(editor, turn)
        {
            let _ = fs::remove_file(file(&own.folder, editor));
        }
    }

    /// What programs left behind that are gone, the newest first. A file that cannot be read stays, and is not offered.
    pub fn left(&self) -> Vec<Left> {
        let mut out = Vec::new();
        // In this order: whoever keeps something has its own folder before it waits for the others.
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|own| own.folder.clone());
        let Some(_alone) = self.root.as_deref().and_then(alone) else { return out };
        for folder in entries(self.root.as_deref()) {
            if !folder.is_dir() || Some(&folder) == own.as_ref() || !is_left(&folder) {
                continue;
            }
            let files: Vec<PathBuf> =
                entries(Some(&folder)).filter(|path| path.extension().is_some_and(|extension| extension == EXTENSION)).collect();
            if files.is_empty() {
                let _ = fs::remove_file(folder.join(LOCK));
                // What else is in it keeps it.
                let _ = fs::remove_dir(&folder);
            }
            for path in files {
                let kept = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
                out.extend(kept.map(|kept| Left { path, kept }));
            }
        }
        out.sort_by_key(|left| std::cmp::Reverse(left.kept.time));
        out
    }

    /// One that was left behind is another editor's now, or is thrown away.
    pub fn clear(&self, left: &Left) {
        let _ = fs::remove_file(&left.path);
    }
}

/// Of a Secret nothing is written.
fn may(kept: &Kept) -> bool {
    let secret = kept.group.is_empty() && kept.plural == "secrets";
    !secret && !names_secret(&kept.text)
}

fn file(folder: &Path, editor: u64) -> PathBuf {
    folder.join(format!("{editor}.{EXTENSION}"))
}

/// A folder of this program's own, with its lock.
fn claim(root: &Path) -> io::Result<Own> {
    fs::create_dir_all(root)?;
    // A folder that another program looks at before it is locked would seem to be left behind.
    let _alone = alone(root);
    let mut at = 0_u32;
    loop {
        let folder = root.join(format!("{}-{at}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => {}
            // Left behind by a program of the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && at < 1000 => {
                at += 1;
                continue;
            }
            Err(error) => return Err(error),
        }
        #[cfg(unix)]
        fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock().map_err(io::Error::from)?;
        return Ok(Own { folder, _lock: lock, turns: FxHashMap::default() });
    }
}

/// Nobody else claims a folder, or looks for some, for as long as this is there. `None` where nothing was ever kept.
fn alone(root: &Path) -> Option<File> {
    let lock = fs::OpenOptions::new().create(true).write(true).truncate(false).open(root.join(LOCK)).ok()?;
    lock.lock().ok()?;
    Some(lock)
}

/// Nobody holds the folder's lock.
fn is_left(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound && folder.is_dir(),
    }
}

fn entries(folder: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let found = folder.and_then(|folder| fs::read_dir(folder).ok());
    found.into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::time::Seconds;

    fn kept(name: &str, plural: &str, time: Seconds) -> Kept {
        Kept {
            context: "dev".into(),
            server: "https://here".into(),
            time,
            group: String::new(),
            version: "v1".into(),
            plural: plural.into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: "u".into(),
            title: format!("edit {name}"),
            base: json!({"a": 1}),
            known: serde_json::Value::Null,
            text: format!("name: {name}\n"),
        }
    }

    #[test]
    fn what_a_program_leaves_behind_is_offered_to_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let first = Drafts::open(Some(folder.path().into()));
        first.keep(1, first.turn(), &kept("a", "configmaps", 1)).unwrap();
        first.keep(2, first.turn(), &kept("b", "configmaps", 2)).unwrap();
        first.keep(1, first.turn(), &kept("a", "configmaps", 3)).unwrap();
        let second = Drafts::open(Some(folder.path().into()));
        assert!(second.left().is_empty(), "the first one runs still");
        second.keep(1, second.turn(), &kept("c", "configmaps", 4)).unwrap();
        drop(first);
        let left = second.left();
        assert_eq!(left.iter().map(|left| (&*left.kept.name, left.kept.time)).collect::<Vec<_>>(), [("a", 3), ("b", 2)]);
        second.clear(&left[0]);
        second.clear(&left[1]);
        assert!(second.left().is_empty());
        let own = second.own.lock().unwrap().as_ref().unwrap().folder.clone();
        let root = folder.path().join(FOLDER);
        let folders = entries(Some(&root)).filter(|path| path.is_dir());
        assert_eq!(folders.collect::<Vec<_>>(), [own], "an empty folder goes");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it_and_secrets_are_never_written() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let drafts = Drafts::open(Some(folder.path().into()));
        drafts.keep(1, drafts.turn(), &kept("s", "secrets", 1)).unwrap();
        assert!(!folder.path().join(FOLDER).exists());
        drafts.keep(1, drafts.turn(), &kept("a", "configmaps", 1)).unwrap();
        let own = drafts.own.lock().unwrap().as_ref().unwrap().folder.clone();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&own), mode(&file(&own, 1))), (0o700, 0o600));
        let (late, early) = (drafts.turn(), drafts.turn());
        drafts.forget(1, early);
        drafts.keep(1, late, &kept("a", "configmaps", 2)).unwrap();
        assert!(!file(&own, 1).exists());
    }

    #[test]
    fn where_nothing_can_be_written_it_says_so() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FOLDER), "a file").unwrap();
        let drafts = Drafts::open(Some(folder.path().into()));
        let why = drafts.keep(1, drafts.turn(), &kept("a", "configmaps", 1)).unwrap_err();
        assert!(why.starts_with("what is typed cannot be kept in "), "{why}");
        assert!(
            drafts.keep(1, drafts.turn(), &kept("a", "configmaps", 1)).is_err()
                && Drafts::default().keep(1, Turn::default(), &kept("a", "configmaps", 1)).is_ok()
        );
        assert!(Drafts::default().left().is_empty());
    }
}
