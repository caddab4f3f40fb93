//! From files of this machine to an archive that a container reads. What a file is when its turn comes is what is sent: the
//! archive stays whole when a file grows or shrinks meanwhile, and that is said.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};
use tokio::sync::watch;

use super::paths;
use super::tally::{Said, Tally};

/// `tar` reads so many bytes at once, and waits for all of them where nobody tells it that no more come.
const RECORD: u64 = 10_240;
/// Bytes of a header for where a link leads.
const LINK_NAME: usize = 100;

/// What will be sent, as far as one knows before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) tally: Tally,
    /// It is one file.
    pub(super) file: bool,
}

/// A file or a link that was sent: how it can be known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    /// It is a link, and its bytes are where it leads.
    pub(super) link: bool,
    pub(super) size: u64,
    /// CRC-32 of its bytes.
    pub(super) sum: u32,
}

impl Print {
    /// Of a link that leads there.
    pub(super) fn of_link(to: &[u8]) -> Print {
        let mut sum = flate2::Crc::new();
        sum.update(to);
        Print { link: true, size: to.len() as u64, sum: sum.sum() }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Packed {
    pub(super) tally: Tally,
    /// Files and links that were sent, by their paths in the archive.
    pub(super) sent: BTreeMap<Vec<u8>, Print>,
    /// Neither files nor folders nor links.
    pub(super) skipped: Said,
    /// Not as they are here: they could not be read, or were written while they were.
    pub(super) wrong: Said,
    /// Why the archive is not whole.
    pub(super) broken: Option<String>,
}

/// Counts what is at a path, and below it. The path itself may be a link.
///
/// # Errors
/// It is not there, or cannot be read.
pub(super) fn survey(path: &Path) -> io::Result<Survey> {
    let found = fs::metadata(path)?;
    if found.is_file() {
        File::open(path)?;
        return Ok(Survey { tally: Tally { files: 1, bytes: found.len(), kept: found.len(), ..Tally::default() }, file: true });
    }
    if !found.is_dir() {
        return Err(io::Error::other("it is neither a file nor a folder"));
    }
    let mut tally = Tally { folders: 1, ..Tally::default() };
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let Ok(found) = entry.metadata() else { continue };
            if found.is_dir() {
                tally.folders += 1;
                open.push(entry.path());
            } else if found.is_symlink() {
                tally.links += 1;
            } else if found.is_file() {
                tally.files += 1;
                tally.bytes += found.len();
                tally.kept += found.len();
            }
        }
    }
    Ok(Survey { tally, file: false })
}

/// Writes what is at a path, and below it, called `name` in the archive. Waits for the disk and
/// for the writer: not for a task that others wait for.
pub(super) fn pack(path: &Path, name: &str, writer: impl Write, tell: &watch::Sender<Tally>) -> Packed {
    let mut packing = Packing { builder: Builder::new(Counted { writer, bytes: 0 }), tell, out: Packed::default() };
    if let Err(error) = packing.all(path, name) {
        packing.out.broken = Some(error.to_string());
    }
    packing.out
}

struct Packing<'a, W: Write> {
    builder: Builder<Counted<W>>,
    tell: &'a watch::Sender<Tally>,
    out: Packed,
}

impl<W: Write> Packing<'_, W> {
    fn all(&mut self, path: &Path, name: &str) -> io::Result<()> {
        // The last is the next: a folder stands before what is in it.
        let mut open: Vec<(PathBuf, PathBuf)> = vec![(path.to_owned(), name.into())];
        let mut first = true;
        while let Some((path, name)) = open.pop() {
            // What was named may be a link to what is meant.
            let found = if std::mem::take(&mut first) { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
            let below = match found {
                Ok(found) => self.one(&path, &name, &found)?,
                Err(error) => {
                    self.out.wrong.add(bytes_of(&name), &error.to_string());
                    continue;
                }
            };
            let mut below: Vec<PathBuf> = below.into_iter().map(|entry| name.join(entry)).collect();
            below.sort_unstable_by(|a, b| b.cmp(a));
            open.extend(below.into_iter().map(|name| (path.join(name.file_name().unwrap_or_default()), name)));
        }
        self.builder.finish()?;
        let writer = self.builder.get_mut();
        let padding = (RECORD - writer.bytes % RECORD) % RECORD;
        writer.write_all(&vec![0; padding as usize])?;
        writer.flush()
    }

    /// Writes one; the names of what is in it.
    fn one(&mut self, path: &Path, name: &Path, found: &Metadata) -> io::Result<Vec<std::ffi::OsString>> {
        let mut header = Header::new_gnu();
        header.set_mode(mode(found));
        header.set_mtime(found.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |at| at.as_secs()));
        // Whoever unpacks it owns it: the numbers of users here mean others there.
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        if found.is_dir() {
            let entries = match fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
                Ok(entries) => entries,
                Err(error) => {
                    self.out.wrong.add(bytes_of(name), &error.to_string());
                    Vec::new()
                }
            };
            header.set_entry_type(EntryType::Directory);
            self.builder.append_data(&mut header, name.join(""), io::empty())?;
            self.out.tally.folders += 1;
            self.told();
            return Ok(entries.into_iter().map(|entry| entry.file_name()).collect());
        }
        if found.is_symlink() {
            match fs::read_link(path) {
                Ok(to) => {
                    header.set_entry_type(EntryType::Symlink);
                    self.leads(&mut header, bytes_of(&to))?;
                    self.builder.append_data(&mut header, name, io::empty())?;
                    self.out.sent.insert(bytes_of(name).to_vec(), Print::of_link(bytes_of(&to)));
                    self.out.tally.links += 1;
                }
                Err(error) => self.out.wrong.add(bytes_of(name), &error.to_string()),
            }
        } else if found.is_file() {
            self.file(path, name, &mut header)?;
        } else {
            self.out.skipped.add(bytes_of(name), "neither a file, a folder nor a link");
        }
        self.told();
        Ok(Vec::new())
    }

    /// Says where a link leads, byte by byte; what does not fit into the header stands before it (GNU's `K`).
    fn leads(&mut self, header: &mut Header, to: &[u8]) -> io::Result<()> {
        if header.set_link_name_literal(to).is_ok() {
            return Ok(());
        }
        let mut long = Header::new_gnu();
        long.set_path("././@LongLink")?;
        long.set_entry_type(EntryType::GNULongLink);
        long.set_mode(0o644);
        long.set_uid(0);
        long.set_gid(0);
        long.set_mtime(0);
        // With the NUL at its end.
        long.set_size(to.len() as u64 + 1);
        long.set_cksum();
        self.builder.append(&long, to.chain([0].as_slice()))?;
        // Whoever does not know it has the beginning of it.
        header.set_link_name_literal(&to[..to.len().min(LINK_NAME)])
    }

    fn file(&mut self, path: &Path, name: &Path, header: &mut Header) -> io::Result<()> {
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (size, file) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.out.wrong.add(bytes_of(name), &error.to_string());
                return Ok(());
            }
        };
        header.set_size(size);
        header.set_entry_type(EntryType::Regular);
        self.out.tally.current = paths::shown(bytes_of(name));
        let mut exactly = Exactly { file, left: size, sum: flate2::Crc::new(), trouble: None, tally: &mut self.out.tally, tell: self.tell };
        self.builder.append_data(header, name, &mut exactly)?;
        exactly.look_behind();
        let Exactly { sum, trouble, .. } = exactly;
        match trouble {
            Some(why) => self.out.wrong.add(bytes_of(name), &why),
            None => {
                self.out.sent.insert(bytes_of(name).to_vec(), Print { link: false, size, sum: sum.sum() });
                self.out.tally.files += 1;
                self.out.tally.kept += size;
            }
        }
        Ok(())
    }

    fn told(&self) {
        self.tell.send_replace(self.out.tally.clone());
    }
}

/// Counts what is written.
struct Counted<W> {
    writer: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// As many bytes as a file had when it was opened, whatever becomes of it.
struct Exactly<'a> {
    file: File,
    left: u64,
    sum: flate2::Crc,
    trouble: Option<String>,
    tally: &'a mut Tally,
    tell: &'a watch::Sender<Tally>,
}

impl Exactly<'_> {
    /// Whether the file has become longer.
    fn look_behind(&mut self) {
        let longer = matches!(self.file.read(&mut [0]), Ok(1));
        if longer && self.trouble.is_none() {
            self.trouble = Some("it grew while it was read".into());
        }
    }
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..most];
        let read = match &self.trouble {
            _ if most == 0 => return Ok(0),
            Some(_) => 0,
            None => match self.file.read(buffer) {
                Ok(0) => {
                    self.trouble = Some("it became shorter while it was read".into());
                    0
                }
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
                Err(error) => {
                    self.trouble = Some(error.to_string());
                    0
                }
            },
        };
        // The archive has to have what its header says.
        let read = if self.trouble.is_some() {
            buffer.fill(0);
            most
        } else {
            read
        };
        self.sum.update(&buffer[..read]);
        self.left -= read as u64;
        self.tally.bytes += read as u64;
        self.tell.send_replace(self.tally.clone());
        Ok(read)
    }
}

#[cfg(unix)]
fn mode(found: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(found: &Metadata) -> u32 {
    if found.is_dir() { 0o755 } else { 0o644 }
}

/// As it stands in the archive.
fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::write::copy::members::Members;

    fn packed(path: &Path, name: &str) -> (Packed, Vec<u8>) {
        let mut bytes = Vec::new();
        let packed = pack(path, name, &mut bytes, &watch::Sender::new(Tally::default()));
        (packed, bytes)
    }

    #[cfg(unix)]
    #[test]
    fn where_a_link_leads_is_kept_byte_by_byte() {
        let folder = tempfile::tempdir().unwrap();
        let leads = ["a//b", "./a/./b/", "a/", &format!("x//{}", "y".repeat(96)), &format!("x//{}", "y".repeat(97)), &"z/./".repeat(100)];
        for (at, to) in leads.iter().enumerate() {
            std::os::unix::fs::symlink(to, folder.path().join(format!("l{at}"))).unwrap();
        }
        let (done, bytes) = packed(folder.path(), "y");
        assert_eq!((done.broken, done.wrong.is_empty(), done.tally.links), (None, true, 6));
        let mut members = Members::new(bytes.as_slice());
        members.next().unwrap();
        let mut all = std::iter::from_fn(|| members.next().unwrap()).collect::<Vec<_>>();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        for (member, to) in all.iter().zip(leads) {
            assert_eq!(String::from_utf8_lossy(&member.link), *to);
            assert_eq!(done.sent[member.path.as_slice()], Print::of_link(to.as_bytes()));
        }
    }

    #[test]
    fn a_tree_is_packed_in_order_with_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("x");
        fs::create_dir_all(root.join("b/empty")).unwrap();
        fs::write(root.join("a"), b"abc").unwrap();
        fs::write(root.join("b/-n \"q\"\n"), vec![7; 100_000]).unwrap();
        let long = "long".repeat(40);
        fs::write(root.join(&long), b"").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../a", root.join("b/link")).unwrap();
        let (done, bytes) = packed(&root, "y");
        assert_eq!((done.broken, done.wrong.is_empty(), done.skipped.is_empty()), (None, true, true));
        assert_eq!(bytes.len() as u64 % RECORD, 0, "tar reads records");
        let mut members = Members::new(bytes.as_slice());
        let all: Vec<_> = std::iter::from_fn(|| members.next().unwrap()).collect();
        let names: Vec<String> = all.iter().map(|member| String::from_utf8_lossy(&member.path).into_owned()).collect();
        assert_eq!(names, ["y/", "y/a", "y/b/", "y/b/-n \"q\"\n", "y/b/empty/", "y/b/link", &format!("y/{long}")]);
        assert_eq!(all[5].link, b"../a");
        assert_eq!(done.sent[b"y/a".as_slice()].size, 3);
        assert_eq!((done.tally.files, done.tally.folders, done.tally.bytes), (3, 3, 100_003));
        assert_eq!(survey(&root).unwrap().tally, Tally { current: String::new(), ..done.tally });
    }

    #[test]
    fn what_cannot_be_sent_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (done, bytes) = packed(&folder.path().join("none"), "y");
        assert!(done.wrong.words("not sent").contains("1 not sent: y ("), "{done:?}");
        assert_eq!(Members::new(bytes.as_slice()).next().unwrap(), None, "the archive is whole nevertheless");
        assert!(survey(&folder.path().join("none")).is_err());
        #[cfg(unix)]
        {
            let _pipe = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
            let (done, _) = packed(folder.path(), "y");
            assert!(done.skipped.words("left out").contains("y/socket"), "{done:?}");
        }
    }

    #[test]
    fn a_file_that_shrinks_or_grows_does_not_break_the_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for (before, after) in [(2000, 100), (100, 2000)] {
            fs::write(&path, vec![1; before]).unwrap();
            let mut tally = Tally::default();
            let tell = watch::Sender::new(Tally::default());
            let file = File::open(&path).unwrap();
            fs::write(&path, vec![2; after]).unwrap();
            let left = before as u64;
            let mut exactly = Exactly { file, left, sum: flate2::Crc::new(), trouble: None, tally: &mut tally, tell: &tell };
            let mut bytes = Vec::new();
            exactly.read_to_end(&mut bytes).unwrap();
            exactly.look_behind();
            assert_eq!(bytes.len(), before);
            assert!(exactly.trouble.is_some(), "{before} → {after}");
        }
    }
}
