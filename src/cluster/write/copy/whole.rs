//! Files that get their names when they are whole, and what a system has besides bytes: links and permissions.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A file that is not whole: it goes unless it is kept.
pub(super) struct Part {
    path: PathBuf,
    pub(super) file: File,
    kept: bool,
}

impl Part {
    /// A new file beside the path that it will have.
    pub(super) fn create(beside_of: &Path) -> io::Result<Part> {
        let path = beside(beside_of);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        Ok(Part { path, file, kept: false })
    }

    /// Permissions without what lets a program run as somebody else.
    #[cfg(unix)]
    pub(super) fn set_mode(&self, mode: u32) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        self.file.set_permissions(fs::Permissions::from_mode(mode & 0o777))
    }

    /// There are none here.
    #[cfg(not(unix))]
    pub(super) fn set_mode(&self, _: u32) -> io::Result<()> {
        Ok(())
    }

    /// Gives it its name.
    pub(super) fn keep(mut self, at: &Path) -> io::Result<()> {
        rename(&self.path, at)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            // It is nobody's any more, whether it can be taken away or not.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A name beside a path that nobody else has.
pub(super) fn beside(path: &Path) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".kubetui-{}-{number}.part", std::process::id()))
}

/// Puts what is whole under its name, in place of what stands there.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to).inspect_err(|_| drop(fs::remove_file(from)))
}

/// A link at a path, leading there.
#[cfg(unix)]
pub(super) fn make_link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
pub(super) fn make_link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::other("links are not made on this system"))
}

/// The permissions of a folder.
#[cfg(unix)]
pub(super) fn set_folder_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o777))
}

#[cfg(not(unix))]
pub(super) fn set_folder_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}
