//! From an archive that a container sent to files of this machine. The archive is a stranger's: nothing is written outside of
//! the folder that was asked for, nothing through a link, and no half file stands under its name.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tar::EntryType;
use tokio::sync::watch;

use super::members::{Member, Members};
use super::paths;
use super::tally::{Said, Tally};
use super::whole::{Part, beside, make_link, rename, set_folder_mode};

/// Bytes that are read and written at once; a run of so many zeros is a hole in the file.
const CHUNK: usize = 64 << 10;

static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// Links are kept until the end: so many of them at most, and so many bytes of their names.
const LINKS: usize = 1 << 20;
const LINK_BYTES: usize = 64 << 20;

/// Where it is to stand.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The path of what is copied, as it is to be called here. The folder that it is in is there.
    pub(super) path: PathBuf,
    /// What the path of every member begins with; `None` where the members are what is in the folder.
    pub(super) under: Option<Vec<u8>>,
    /// Files that are there already are replaced.
    pub(super) replace: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    pub(super) tally: Tally,
    /// Members that were left out because of what they are, or where they lead.
    pub(super) refused: Said,
    /// Members that are neither files nor folders nor links.
    pub(super) skipped: Said,
    /// Why it is not whole, and what was being written then.
    pub(super) broken: Option<(String, Option<String>)>,
}

/// Writes what the reader brings. Waits for the disk and for the reader: not for a task that others wait for.
pub(super) fn unpack(reader: impl Read, target: &Target, tell: &watch::Sender<Tally>) -> Unpacked {
    let mut unpacking = Unpacking {
        target,
        tell,
        out: Unpacked::default(),
        written: BTreeMap::new(),
        folders: Vec::new(),
        links: BTreeMap::new(),
        hard: BTreeMap::new(),
        kept: 0,
        current: None,
    };
    let mut members = Members::new(reader);
    if let Err(error) = unpacking.all(&mut members) {
        let current = unpacking.current.take().map(|path| paths::shown(&path));
        unpacking.out.broken = Some((error.to_string(), current));
    } else {
        unpacking.link();
    }
    unpacking.end();
    unpacking.out
}

struct Unpacking<'a> {
    target: &'a Target,
    tell: &'a watch::Sender<Tally>,
    out: Unpacked,
    /// Files that are whole, by their paths within what is copied, and their bytes.
    written: BTreeMap<PathBuf, u64>,
    /// Folders that were made, and the permissions that they get at the end.
    folders: Vec<(PathBuf, u32)>,
    /// Links are made last: nothing is written through one.
    links: BTreeMap<PathBuf, PathBuf>,
    /// Other names of files: the new one, which of them it is by their order, and the one that it is.
    hard: BTreeMap<PathBuf, (usize, PathBuf)>,
    /// Bytes of the names of all links that came.
    kept: usize,
    /// What is written now, as the archive calls it.
    current: Option<Vec<u8>>,
}

impl Unpacking<'_> {
    fn all<R: Read>(&mut self, members: &mut Members<R>) -> io::Result<()> {
        while let Some(member) = members.next()? {
            self.current = Some(member.path.clone());
            match self.one(&member, members) {
                Ok(()) => {}
                Err(Trouble::Refused(why)) => self.out.refused.add(&member.path, &why),
                // The reader's trouble is the end of everything, and so is a disk that is full.
                Err(Trouble::Broken(error)) => return Err(error),
            }
            self.current = None;
        }
        members.drain()
    }

    fn one<R: Read>(&mut self, member: &Member, bytes: &mut Members<R>) -> Result<(), Trouble> {
        let path = paths::within(&member.path, self.target.under.as_deref())?;
        if member.sparse {
            return Err(Trouble::Refused("it is packed as a file with holes, in a way that is not understood here".into()));
        }
        match member.kind {
            _ if member.is_folder() => self.folder(&path, member),
            _ if member.is_file() => self.file(&path, member, bytes),
            EntryType::Symlink | EntryType::Link if path.as_os_str().is_empty() => {
                Err(Trouble::Refused("it is a link itself, and not what it leads to".into()))
            }
            EntryType::Symlink => {
                let to = paths::target(&member.link)?;
                self.keep(&path, &to)?;
                self.links.insert(path, to);
                Ok(())
            }
            EntryType::Link => {
                let of = paths::within(&member.link, self.target.under.as_deref());
                let of = of.map_err(|_| Trouble::Refused("it is another name of a file outside of the folder".into()))?;
                self.keep(&path, &of)?;
                self.hard.insert(path, (self.hard.len(), of));
                Ok(())
            }
            EntryType::Block | EntryType::Char | EntryType::Fifo => {
                let what = if member.kind == EntryType::Fifo { "a pipe" } else { "a device" };
                self.out.skipped.add(&member.path, what);
                Ok(())
            }
            _ => Err(Trouble::Refused("it is of a kind that is not known here".into())),
        }
    }

    /// A later member of the same name is the one that counts.
    fn forget(&mut self, path: &Path) {
        self.links.remove(path);
        self.hard.remove(path);
    }

    /// Makes room for a link: there is no end to what a stranger's archive can have.
    fn keep(&mut self, path: &Path, to: &Path) -> Result<(), Trouble> {
        self.forget(path);
        self.kept += path.as_os_str().len() + to.as_os_str().len();
        if self.kept > LINK_BYTES || self.links.len() + self.hard.len() >= LINKS {
            return Err(Trouble::Broken(io::Error::other("there are more links in the archive than are kept here")));
        }
        Ok(())
    }

    fn at(&self, path: &Path) -> PathBuf {
        if path.as_os_str().is_empty() { self.target.path.clone() } else { self.target.path.join(path) }
    }

    fn folder(&mut self, path: &Path, member: &Member) -> Result<(), Trouble> {
        self.parents(path)?;
        let at = self.at(path);
        match self.kind_at(path)? {
            Some(kind) if kind.is_dir() => {}
            Some(_) => return Err(Trouble::Refused(format!("{} is there, and no folder", at.display()))),
            None => self.make_folder(path)?,
        }
        self.forget(path);
        // What was there keeps its permissions.
        if let Some(made) = self.folders.iter_mut().rev().find(|(made, _)| made == path) {
            made.1 = member.mode;
        }
        Ok(())
    }

    fn make_folder(&mut self, path: &Path) -> Result<(), Trouble> {
        fs::create_dir(self.at(path))?;
        self.folders.push((path.to_owned(), 0o755));
        self.out.tally.folders += 1;
        self.told();
        Ok(())
    }

    /// The folders above are there, or are made; none of them is a link.
    fn parents(&mut self, path: &Path) -> Result<(), Trouble> {
        let mut above = PathBuf::new();
        let Some(parent) = path.parent() else { return Ok(()) };
        for part in std::iter::once(None).chain(parent.components().map(Some)) {
            above.extend(part);
            match self.kind_at(&above)? {
                Some(kind) if kind.is_dir() => {}
                Some(kind) if kind.is_symlink() => {
                    return Err(Trouble::Refused(format!("it would be written through the link {}", self.at(&above).display())));
                }
                Some(_) => return Err(Trouble::Refused(format!("{} is a file, and not a folder", self.at(&above).display()))),
                None if self.links.contains_key(&above) => {
                    return Err(Trouble::Refused(format!("it would be written through the link {}", self.at(&above).display())));
                }
                None => self.make_folder(&above)?,
            }
        }
        Ok(())
    }

    /// What stands at a path; what the person named may be a link to a folder, nothing else may.
    fn kind_at(&self, path: &Path) -> Result<Option<fs::FileType>, Trouble> {
        let at = self.at(path);
        let found = if path.as_os_str().is_empty() { fs::metadata(&at) } else { fs::symlink_metadata(&at) };
        match found {
            Ok(found) => Ok(Some(found.file_type())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Trouble::of(error)),
        }
    }

    fn file<R: Read>(&mut self, path: &Path, member: &Member, bytes: &mut Members<R>) -> Result<(), Trouble> {
        if !path.as_os_str().is_empty() {
            self.parents(path)?;
        }
        let at = self.at(path);
        self.is_free(path)?;
        self.out.tally.current = paths::shown(&member.path);
        self.out.tally.expected = path.as_os_str().is_empty().then_some(member.size);
        let part = Part::create(&at)?;
        let written = self.fill(&part.file, member.size, bytes)?;
        part.set_mode(member.mode)?;
        // A time that there is not, or that the file system does not have, is no reason to lose the file.
        if let Some(time) = std::time::SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(member.mtime)) {
            let _ = part.file.set_modified(time);
        }
        part.keep(&at)?;
        let there = fs::symlink_metadata(&at)?.len();
        if there != written || written != member.size {
            return Err(Trouble::Broken(io::Error::other(format!("{} has {there} bytes and not {}", at.display(), member.size))));
        }
        self.forget(path);
        self.out.tally.kept += written;
        if self.written.insert(path.to_owned(), written).is_none() {
            self.out.tally.files += 1;
        }
        self.told();
        Ok(())
    }

    /// Whether a file or a link may stand there.
    fn is_free(&self, path: &Path) -> Result<(), Trouble> {
        match self.kind_at(path)? {
            None => Ok(()),
            Some(kind) if kind.is_dir() => Err(Trouble::Refused(format!("{} is there, and a folder", self.at(path).display()))),
            Some(_) if self.target.replace || self.written.contains_key(path) => Ok(()),
            Some(_) => Err(Trouble::Refused(format!("{} is there already", self.at(path).display()))),
        }
    }

    /// Writes the bytes of a file; long runs of zeros are left out, and read as zeros nevertheless.
    fn fill<R: Read>(&mut self, mut file: &File, size: u64, bytes: &mut Members<R>) -> Result<u64, Trouble> {
        let mut chunk = vec![0; CHUNK];
        let mut written = 0;
        loop {
            let read = read_full(bytes, &mut chunk)?;
            if read == 0 {
                break;
            }
            let part = &chunk[..read];
            if read == CHUNK && *part == ZEROS {
                file.seek(SeekFrom::Current(CHUNK as i64))?;
            } else {
                file.write_all(part)?;
            }
            written += read as u64;
            self.out.tally.bytes += read as u64;
            self.told();
        }
        file.set_len(size)?;
        Ok(written)
    }

    fn told(&self) {
        self.tell.send_replace(self.out.tally.clone());
    }

    /// Makes the links that stay within the folder.
    fn link(&mut self) {
        let mut hard: Vec<_> = std::mem::take(&mut self.hard).into_iter().collect();
        hard.sort_unstable_by_key(|(_, (order, _))| *order);
        for (at, (_, of)) in hard {
            if let Err(Trouble::Refused(why)) = self.hard_link(&at, &of).map_err(Trouble::refused) {
                self.out.refused.add(at.as_os_str().as_encoded_bytes(), &why);
            }
        }
        let links = std::mem::take(&mut self.links);
        for (at, to) in &links {
            let made = paths::stays(&self.target.path, at, to, &links).map_err(Trouble::Refused).and_then(|()| self.soft_link(at, to));
            match made.map_err(Trouble::refused) {
                Ok(()) => self.out.tally.links += 1,
                Err(Trouble::Refused(why)) => self.out.refused.add(at.as_os_str().as_encoded_bytes(), &why),
                Err(Trouble::Broken(_)) => {}
            }
        }
        self.told();
    }

    fn hard_link(&mut self, at: &Path, of: &Path) -> Result<(), Trouble> {
        // Only files that came with it: what is there already is not given another name.
        let Some(size) = self.written.get(of).copied() else {
            return Err(Trouble::Refused(format!("it is another name of {}, which did not come with it", of.display())));
        };
        self.parents(at)?;
        self.is_free(at)?;
        let (at, of) = (self.at(at), self.at(of));
        if at == of {
            return Ok(());
        }
        let beside = beside(&at);
        if fs::hard_link(&of, &beside).is_err() {
            // Not every file system has them.
            fs::copy(&of, &beside)?;
        }
        rename(&beside, &at)?;
        let rest = at.strip_prefix(&self.target.path).unwrap_or(&at).to_owned();
        self.written.insert(rest, size);
        self.out.tally.files += 1;
        Ok(())
    }

    fn soft_link(&mut self, at: &Path, to: &Path) -> Result<(), Trouble> {
        self.parents(at)?;
        self.is_free(at)?;
        let at = self.at(at);
        let beside = beside(&at);
        make_link(to, &beside)?;
        rename(&beside, &at)?;
        Ok(())
    }

    /// Folders get the permissions that they had, the deepest first; and what was written is counted once more, on disk.
    fn end(&mut self) {
        for (path, mode) in std::mem::take(&mut self.folders).iter().rev() {
            if let Err(error) = set_folder_mode(&self.at(path), *mode) {
                self.out.refused.add(path.as_os_str().as_encoded_bytes(), &format!("its permissions could not be set: {error}"));
            }
        }
        let missing = self
            .written
            .iter()
            .find(|(path, size)| !fs::symlink_metadata(self.at(path)).is_ok_and(|found| found.is_file() && found.len() == **size));
        if let (Some((path, _)), None) = (missing, &self.out.broken) {
            let words = format!("{} was changed by somebody else meanwhile", self.at(path).display());
            self.out.broken = Some((words, None));
        }
    }
}

/// Why a member is not written.
enum Trouble {
    /// Because of what it is: the others are written.
    Refused(String),
    /// Because nothing can be read or written any more.
    Broken(io::Error),
}

impl Trouble {
    /// A name that is too long, or a folder that nobody may write to, says nothing of the other members.
    fn of(error: io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput => Trouble::Refused(error.to_string()),
            _ => Trouble::Broken(error),
        }
    }

    fn refused(self) -> Trouble {
        match self {
            Trouble::Broken(error) => Trouble::Refused(error.to_string()),
            refused => refused,
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::of(error)
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Trouble {
        Trouble::Refused(why)
    }
}

/// Reads until the buffer is full or nothing more comes.
fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Trouble> {
    let mut read = 0;
    while read < buffer.len() {
        match reader.read(&mut buffer[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Whatever it is: what is read is not whole.
            Err(error) => return Err(Trouble::Broken(error)),
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests;
