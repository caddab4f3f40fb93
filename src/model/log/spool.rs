//! The file that holds what does not fit in memory: in the cache folder, for its user's eyes only, and without a name as soon
//! as it is open, so that nothing of it stays whatever ends the program. It is written round: the newest takes the place of
//! the oldest.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The file. Written by one task, read by anybody.
#[derive(Debug)]
pub struct Spool {
    file: File,
    /// Bytes that it may hold.
    limit: AtomicU64,
    /// Where the next piece goes.
    next: AtomicU64,
}

impl Spool {
    /// A file without a name in a folder that is there, for so many bytes.
    ///
    /// # Errors
    /// It cannot be made there.
    pub fn new(folder: &Path, limit: u64) -> io::Result<Spool> {
        Ok(Spool { file: nameless(folder)?, limit: AtomicU64::new(limit), next: AtomicU64::new(0) })
    }

    /// Where the next so many bytes go: at the end, or at the beginning again. What is there is lost.
    pub fn place(&self, bytes: usize) -> u64 {
        let next = self.next.load(Ordering::Relaxed);
        if next + bytes as u64 > self.limit.load(Ordering::Relaxed) { 0 } else { next }
    }

    /// Where writing was left.
    pub fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// It cannot grow any more: from now on it holds what it holds. False where that is next to nothing.
    pub fn shrink(&self) -> bool {
        let next = self.next();
        self.limit.store(next, Ordering::Relaxed);
        next > 1 << 20
    }

    /// Writes bytes at [`Spool::place`], and says where that was.
    ///
    /// # Errors
    /// The disk is full, or broken; nothing is said to be there then.
    pub fn write(&self, bytes: &[u8]) -> io::Result<u64> {
        let offset = self.place(bytes.len());
        write_at(&self.file, bytes, offset)?;
        self.next.store(offset + bytes.len() as u64, Ordering::Relaxed);
        Ok(offset)
    }

    /// Reads what was written there.
    ///
    /// # Errors
    /// The disk is broken.
    pub fn read(&self, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut read = vec![0; bytes];
        read_at(&self.file, &mut read, offset)?;
        Ok(read)
    }
}

#[cfg(unix)]
fn nameless(folder: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // A name that nobody can know before, and that is taken away before anything is written.
    for try_again in 0..16u32 {
        let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let path = folder.join(format!(".log-{}-{unique:09}-{try_again}", std::process::id()));
        let opened = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path);
        match opened {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// `FILE_FLAG_DELETE_ON_CLOSE`: what Windows has instead of taking the name away.
#[cfg(windows)]
fn nameless(folder: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let path = folder.join(format!("log-{}-{unique}", std::process::id()));
    File::options().read(true).write(true).create_new(true).share_mode(0).custom_flags(DELETE_ON_CLOSE).open(path)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_round_and_has_no_name() {
        let folder = std::env::temp_dir().join(format!("kubetui-spool-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let spool = Spool::new(&folder, 100).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "its name is gone");
        std::fs::remove_dir(&folder).unwrap();
        assert_eq!(spool.write(&[1; 60]).unwrap(), 0);
        assert_eq!(spool.write(&[2; 40]).unwrap(), 60);
        assert_eq!(spool.read(0, 60).unwrap(), [1; 60]);
        assert_eq!(spool.place(1), 0);
        assert_eq!(spool.write(&[3; 30]).unwrap(), 0);
        assert_eq!(spool.read(60, 40).unwrap(), [2; 40]);
        assert_eq!(spool.read(0, 31).unwrap()[29..], [3, 1]);
    }
}
