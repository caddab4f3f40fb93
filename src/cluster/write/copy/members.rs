//! The members of a tar archive, read as they come: ustar, GNU's long names and POSIX's extended headers. What reads them
//! trusts nobody: a header whose sum is wrong is an error, and so is an archive that ends before it says so.

use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

/// Bytes of a block; everything in an archive is a multiple of it.
pub(super) const BLOCK: usize = 512;
/// A longer name than this is nobody's: no file system here takes it.
const LONGEST_NAME: u64 = 64 << 10;

/// What stands before the bytes of a file, a folder or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) kind: EntryType,
    /// As it stands in the archive: any bytes.
    pub(super) path: Vec<u8>,
    /// Where a link leads.
    pub(super) link: Vec<u8>,
    /// Bytes that follow.
    pub(super) size: u64,
    /// The permissions.
    pub(super) mode: u32,
    /// Seconds since 1970.
    pub(super) mtime: u64,
    /// Its bytes are a map of a file with holes, and some of its bytes.
    pub(super) sparse: bool,
}

impl Member {
    /// It is a file of bytes.
    pub(super) fn is_file(&self) -> bool {
        // The oldest archives have folders that are told by the slash behind them.
        matches!(self.kind, EntryType::Regular | EntryType::Continuous) && !self.path.ends_with(b"/")
    }

    /// It is a folder.
    pub(super) fn is_folder(&self) -> bool {
        self.kind == EntryType::Directory || matches!(self.kind, EntryType::Regular) && self.path.ends_with(b"/")
    }
}

/// An archive while it is read. Reading it reads the bytes of the current member.
pub(super) struct Members<R> {
    inner: R,
    /// Bytes of the current member that nobody has read.
    left: u64,
    /// What fills its last block.
    padding: u64,
    ended: bool,
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// What extended headers say of the member that follows.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    mtime: Option<u64>,
    sparse: bool,
}

impl<R: Read> Members<R> {
    /// Reads from its beginning.
    pub(super) fn new(inner: R) -> Members<R> {
        Members { inner, left: 0, padding: 0, ended: false }
    }

    /// The next member; `None` at the end that the archive has itself.
    ///
    /// # Errors
    /// The reader's own, or it is no archive, or it ends in the middle.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        let mut extended = Extended::default();
        while !self.ended {
            io::copy(self, &mut io::sink())?;
            self.pad()?;
            let Some(header) = self.header()? else { break };
            let kind = header.entry_type();
            let size = header.entry_size().map_err(|_| wrong("the size of a member is no number"))?;
            match kind {
                EntryType::GNULongName => extended.path = Some(until_nul(self.extension(size)?)),
                EntryType::GNULongLink => extended.link = Some(until_nul(self.extension(size)?)),
                EntryType::XHeader => {
                    let bytes = self.extension(size)?;
                    extended.read(&bytes)?;
                }
                EntryType::XGlobalHeader => drop(self.extension(size)?),
                _ => {
                    // Links and folders have no bytes, whatever their headers say.
                    let bare = matches!(kind, EntryType::Directory | EntryType::Symlink | EntryType::Link);
                    let size = if bare { 0 } else { extended.size.unwrap_or(size) };
                    self.begin(size);
                    return Ok(Some(Member {
                        kind,
                        path: extended.path.unwrap_or_else(|| header.path_bytes().into_owned()),
                        link: extended.link.or_else(|| header.link_name_bytes().map(Into::into)).unwrap_or_default(),
                        size,
                        mode: header.mode().unwrap_or(0o644) & 0o7777,
                        mtime: extended.mtime.or_else(|| header.mtime().ok()).unwrap_or(0),
                        sparse: extended.sparse || kind == EntryType::GNUSparse,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// Reads what stands behind the end, so that whoever writes it can end.
    ///
    /// # Errors
    /// The reader's own.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        io::copy(&mut self.inner, &mut io::sink()).map(drop)
    }

    fn begin(&mut self, size: u64) {
        self.left = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    fn pad(&mut self) -> io::Result<()> {
        let mut block = [0; BLOCK];
        let padding = std::mem::take(&mut self.padding) as usize;
        self.inner.read_exact(&mut block[..padding]).map_err(torn)
    }

    /// The next header; `None` where the end stands.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        self.inner.read_exact(header.as_mut_bytes()).map_err(torn)?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            self.ended = true;
            return Ok(None);
        }
        let mut summed = header.clone();
        summed.set_cksum();
        let is = |header: &Header| header.cksum().ok();
        if is(&header).is_none() || is(&header) != is(&summed) {
            return Err(wrong("this is no tar archive: the sum of a header is wrong"));
        }
        Ok(Some(header))
    }

    /// The bytes of an extended header.
    fn extension(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > LONGEST_NAME {
            return Err(wrong("a name in the archive is longer than any name is"));
        }
        self.begin(size);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        self.pad()?;
        Ok(bytes)
    }
}

impl Extended {
    fn read(&mut self, bytes: &[u8]) -> io::Result<()> {
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|_| wrong("an extended header cannot be read"))?;
            let value = record.value_bytes();
            let number = || std::str::from_utf8(value).ok().and_then(|text| text.split('.').next()?.parse().ok());
            match record.key_bytes() {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(number().ok_or_else(|| wrong("the size of a member is no number"))?),
                b"mtime" => self.mtime = number(),
                key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(torn(io::ErrorKind::UnexpectedEof.into()));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn torn(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends in the middle");
    }
    error
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(path: &str, size: u64, kind: EntryType) -> Header {
        let mut header = Header::new_gnu();
        header.set_path(path).unwrap();
        header.set_size(size);
        header.set_mode(0o644);
        header.set_mtime(7);
        header.set_entry_type(kind);
        header.set_cksum();
        header
    }

    fn whole(parts: &[(&Header, &[u8])]) -> Vec<u8> {
        let mut archive = Vec::new();
        for (header, bytes) in parts {
            archive.extend_from_slice(header.as_bytes());
            archive.extend_from_slice(bytes);
            archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        }
        archive.resize(archive.len() + 2 * BLOCK, 0);
        archive
    }

    #[test]
    fn members_come_with_their_bytes_or_are_passed_over() {
        let archive = whole(&[
            (&header("a", 3, EntryType::Regular), b"abc"),
            (&header("b", 600, EntryType::Regular), &[b'x'; 600]),
            (&header("c/", 0, EntryType::Directory), b""),
        ]);
        let mut members = Members::new(archive.as_slice());
        let first = members.next().unwrap().unwrap();
        assert_eq!((first.path.as_slice(), first.size, first.mode, first.mtime, first.is_file()), (b"a".as_slice(), 3, 0o644, 7, true));
        let mut text = String::new();
        members.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
        assert_eq!(members.next().unwrap().unwrap().size, 600);
        assert!(members.next().unwrap().unwrap().is_folder());
        assert_eq!((members.next().unwrap(), members.next().unwrap()), (None, None));
    }

    #[test]
    fn long_names_and_large_sizes_are_understood() {
        let record = "28 size=9223372036854775000\n";
        let long = "d/".repeat(150) + "name";
        let archive = whole(&[
            (&header("././@LongLink", long.len() as u64 + 1, EntryType::GNULongName), format!("{long}\0").as_bytes()),
            (&header("short", 0, EntryType::Regular), b""),
            (&header("pax", record.len() as u64, EntryType::XHeader), record.as_bytes()),
            (&header("large", 0, EntryType::Regular), b""),
        ]);
        let mut members = Members::new(archive.as_slice());
        assert_eq!(members.next().unwrap().unwrap().path, long.as_bytes());
        assert_eq!(members.next().unwrap().unwrap().size, 9_223_372_036_854_775_000);
    }

    #[test]
    fn what_is_cut_off_or_no_archive_is_an_error() {
        let archive = whole(&[(&header("a", 600, EntryType::Regular), &[b'x'; 600])]);
        for cut in [0, 100, BLOCK, BLOCK + 10, archive.len() - 2 * BLOCK] {
            let mut members = Members::new(&archive[..cut]);
            let all = std::iter::from_fn(|| members.next().transpose()).collect::<io::Result<Vec<Member>>>();
            assert_eq!(all.unwrap_err().to_string(), "the archive ends in the middle", "cut at {cut}");
        }
        let mut broken = archive;
        broken[0] ^= 1;
        assert!(Members::new(broken.as_slice()).next().unwrap_err().to_string().contains("no tar archive"));
        let endless = whole(&[(&header("x", u64::from(u32::MAX), EntryType::GNULongName), b"")]);
        assert!(Members::new(endless.as_slice()).next().unwrap_err().to_string().contains("longer than any name"));
    }
}
