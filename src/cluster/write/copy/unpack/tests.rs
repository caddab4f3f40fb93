use std::io::Cursor;

use tar::{Builder, Header};
use tempfile::TempDir;

use super::*;

/// A member of an archive that nobody with good intentions has made: its path is written as it stands.
fn header(path: &[u8], size: u64, kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    assert!(path.len() < 100, "it fits into the field");
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(1_000_000);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

struct Archive(Builder<Vec<u8>>);

impl Archive {
    fn new() -> Archive {
        Archive(Builder::new(Vec::new()))
    }

    fn file(mut self, path: &[u8], bytes: &[u8]) -> Archive {
        self.0.append(&header(path, bytes.len() as u64, EntryType::Regular, 0o644), bytes).unwrap();
        self
    }

    fn folder(mut self, path: &[u8], mode: u32) -> Archive {
        self.0.append(&header(path, 0, EntryType::Directory, mode), std::io::empty()).unwrap();
        self
    }

    fn link(mut self, path: &[u8], to: &[u8], kind: EntryType) -> Archive {
        let mut header = header(path, 0, kind, 0o777);
        header.as_mut_bytes()[157..157 + to.len()].copy_from_slice(to);
        header.set_cksum();
        self.0.append(&header, std::io::empty()).unwrap();
        self
    }

    fn other(mut self, path: &[u8], kind: EntryType) -> Archive {
        self.0.append(&header(path, 0, kind, 0o644), std::io::empty()).unwrap();
        self
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// A folder `out` in a folder that has something worth stealing beside it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        fs::write(place.path("secret"), "old").unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn unpack_with(&self, bytes: &[u8], replace: bool) -> Unpacked {
        let target = Target { path: self.path("out"), under: None, replace };
        unpack(Cursor::new(bytes), &target, &watch::Sender::new(Tally::default()))
    }

    fn unpack(&self, archive: Archive) -> Unpacked {
        self.unpack_with(&archive.bytes(), false)
    }

    /// Everything below, with what it is; a half file would be among it.
    fn all(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.0.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let name = entry.path().strip_prefix(self.0.path()).unwrap().to_string_lossy().into_owned();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    open.push(entry.path());
                    found.push(format!("{name}/"));
                } else if kind.is_symlink() {
                    found.push(format!("{name} -> {}", fs::read_link(entry.path()).unwrap().display()));
                } else {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }
}

#[cfg(unix)]
fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[cfg(unix)]
#[test]
fn a_tree_is_written_with_its_names_links_and_permissions() {
    let place = Place::new();
    let odd: &[u8] = b"./d/-n \"it's\"\n\xff\xc3\xa9";
    let mut script = header(b"./d/run", 2, EntryType::Regular, 0o6755);
    script.set_cksum();
    let mut archive =
        Archive::new().folder(b"./", 0o700).folder(b"./d/", 0o555).folder(b"./empty/", 0o750).file(odd, b"odd").file(b"./a", b"");
    archive.0.append(&script, b"#!".as_slice()).unwrap();
    let archive = archive.link(b"./d/in", b"../a", EntryType::Symlink).link(b"./same", b"./d/run", EntryType::Link);
    let done = place.unpack(archive);
    assert_eq!((&done.broken, done.refused.is_empty(), done.skipped.is_empty()), (&None, true, true), "{done:?}");
    assert_eq!((done.tally.files, done.tally.folders, done.tally.links, done.tally.bytes), (4, 3, 1, 5));
    let name = |entry: fs::DirEntry| std::os::unix::ffi::OsStringExt::into_vec(entry.file_name());
    let names: Vec<Vec<u8>> = fs::read_dir(place.path("out/d")).unwrap().map(|entry| name(entry.unwrap())).collect();
    assert!(names.contains(&odd[4..].to_vec()) && names.len() == 3, "{names:?}");
    assert_eq!(fs::read_to_string(place.path("out/d/in")).unwrap(), "");
    assert_eq!(fs::read(place.path("out/same")).unwrap(), b"#!");
    assert_eq!((mode_of(&place.path("out/d")), mode_of(&place.path("out/empty")), mode_of(&place.path("out"))), (0o555, 0o750, 0o700));
    assert_eq!(mode_of(&place.path("out/d/run")), 0o755, "what would run as somebody else does not");
    let written = fs::metadata(place.path("out/a")).unwrap().modified().unwrap();
    assert_eq!(written.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_000_000);
    // So that it can be taken away.
    fs::set_permissions(place.path("out/d"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn nothing_is_written_outside_of_the_folder() {
    let place = Place::new();
    let done = place.unpack(
        Archive::new().file(b"../secret", b"new").file(b"/tmp/kubetui-hostile", b"new").file(b"a/../../secret", b"new").file(b"good", b"1"),
    );
    assert!(!Path::new("/tmp/kubetui-hostile").exists());
    assert_eq!(fs::read_to_string(place.path("secret")).unwrap(), "old");
    assert_eq!(place.all(), ["out/", "out/good", "secret"]);
    let words = done.refused.words("refused");
    assert!(words.starts_with("3 refused: ../secret (its path leads out of the folder)"), "{words}");
    assert!(words.contains("/tmp/kubetui-hostile (its path begins at the root)"), "{words}");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let place = Place::new();
    // A link out of the folder, and files that would go through it: as a folder, and as the file itself.
    let done = place.unpack(
        Archive::new()
            .link(b"up", b"..", EntryType::Symlink)
            .file(b"up/secret", b"new")
            .link(b"file", b"../secret", EntryType::Symlink)
            .file(b"file", b"mine")
            .link(b"in", b"real", EntryType::Symlink)
            .file(b"in/x", b"new"),
    );
    assert_eq!(fs::read_to_string(place.path("secret")).unwrap(), "old");
    assert_eq!(fs::read_to_string(place.path("out/file")).unwrap(), "mine", "the later one counts, and is a file");
    let words = done.refused.words("refused");
    assert!(words.contains("up/secret (it would be written through the link") && words.contains("in/x (it would be"), "{words}");
    assert!(words.contains("up (it leads out of the folder, to ..)"), "{words}");
    assert_eq!(place.all(), ["out/", "out/file", "out/in -> real", "secret"]);

    // One that somebody else has put there.
    let place = Place::new();
    fs::create_dir(place.path("out")).unwrap();
    std::os::unix::fs::symlink("..", place.path("out/up")).unwrap();
    std::os::unix::fs::symlink("../secret", place.path("out/file")).unwrap();
    let done = place.unpack_with(&Archive::new().file(b"up/secret", b"new").file(b"file", b"new").bytes(), true);
    assert_eq!(fs::read_to_string(place.path("secret")).unwrap(), "old");
    assert!(done.refused.words("refused").starts_with("1 refused: up/secret"), "{done:?}");
    assert_eq!(fs::read_to_string(place.path("out/file")).unwrap(), "new", "the link itself is replaced");
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_not_made() {
    let place = Place::new();
    let done = place.unpack(
        Archive::new()
            .folder(b"q/", 0o755)
            .link(b"q/a", b"../q/..", EntryType::Symlink)
            .link(b"out", b"q/a/..", EntryType::Symlink)
            .link(b"root", b"/etc/passwd", EntryType::Symlink)
            .link(b"hard", b"../secret", EntryType::Link)
            .link(b"hard2", b"/etc/passwd", EntryType::Link)
            .link(b"hard3", b"nothing", EntryType::Link)
            .link(b"good", b"q/a", EntryType::Symlink),
    );
    assert_eq!(place.all(), ["out/", "out/good -> q/a", "out/q/", "out/q/a -> ../q/..", "secret"]);
    let words = done.refused.words("refused");
    assert!(words.starts_with("5 refused"), "{words}");
    assert!(words.contains("hard3 (it is another name of nothing, which did not come with it)"), "{words}");
}

#[test]
fn devices_and_pipes_are_left_out_and_said() {
    let place = Place::new();
    let done = place.unpack(
        Archive::new().other(b"null", EntryType::Char).other(b"disk", EntryType::Block).other(b"pipe", EntryType::Fifo).file(b"a", b"1"),
    );
    assert_eq!(done.skipped.words("left out"), "3 left out: null (a device), disk (a device), pipe (a pipe)");
    assert_eq!(place.all(), ["out/", "out/a", "secret"]);
    assert!(done.broken.is_none());
}

#[test]
fn what_is_there_stays_unless_it_is_to_be_replaced() {
    let place = Place::new();
    fs::create_dir_all(place.path("out/d")).unwrap();
    fs::write(place.path("out/a"), "mine").unwrap();
    fs::write(place.path("out/other"), "mine").unwrap();
    let archive = Archive::new().file(b"a", b"new").file(b"b", b"new").file(b"d", b"a file for a folder").file(b"other/x", b"y").bytes();
    let done = place.unpack_with(&archive, false);
    assert_eq!(fs::read_to_string(place.path("out/a")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(place.path("out/b")).unwrap(), "new");
    assert!(done.refused.words("refused").starts_with("3 refused: a ("), "{done:?}");
    let done = place.unpack_with(&archive, true);
    assert_eq!(fs::read_to_string(place.path("out/a")).unwrap(), "new");
    assert_eq!(fs::read_to_string(place.path("out/other")).unwrap(), "mine");
    assert!(done.refused.words("refused").starts_with("2 refused: d ("), "{done:?}");
    assert_eq!(place.all(), ["out/", "out/a", "out/b", "out/d/", "out/other", "secret"]);
}

#[test]
fn no_half_file_stands_under_its_name() {
    let place = Place::new();
    let whole = Archive::new().file(b"a", &[1; 5000]).file(b"b", &[2; 5000]).bytes();
    for cut in [6000, 8000] {
        let done = place.unpack_with(&whole[..cut], true);
        let (why, current) = done.broken.expect("it is cut");
        assert_eq!((why.as_str(), current.as_deref()), ("the archive ends in the middle", (cut == 8000).then_some("b")));
        assert_eq!(place.all(), ["out/", "out/a", "secret"]);
        assert_eq!(done.tally.files, 1);
    }
}

#[test]
fn one_file_gets_the_name_that_was_asked_for() {
    let place = Place::new();
    let target = Target { path: place.path("new"), under: Some(b"log".to_vec()), replace: false };
    let tell = watch::Sender::new(Tally::default());
    let archive = Archive::new().file(b"./log", b"text").file(b"./other", b"x").file(b"./log/below", b"x").bytes();
    let done = unpack(Cursor::new(archive), &target, &tell);
    assert_eq!(fs::read_to_string(place.path("new")).unwrap(), "text");
    assert_eq!(place.all(), ["new", "secret"]);
    assert!(done.refused.words("refused").starts_with("2 refused: ./other (it is no part of what was asked for)"), "{done:?}");
    assert_eq!(tell.borrow().expected, Some(4));
}

#[cfg(unix)]
#[test]
fn large_files_have_their_size_and_their_holes() {
    use std::os::unix::fs::MetadataExt;
    /// An archive of one file of zeros, larger than 4 GiB, without its being anywhere.
    struct Zeros(Vec<u8>, u64);
    impl Read for Zeros {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if !self.0.is_empty() {
                let read = buffer.len().min(self.0.len());
                buffer[..read].copy_from_slice(&self.0[..read]);
                self.0.drain(..read);
                return Ok(read);
            }
            let read = buffer.len().min(usize::try_from(self.1).unwrap());
            buffer[..read].fill(0);
            self.1 -= read as u64;
            Ok(read)
        }
    }
    const SIZE: u64 = (2 << 30) + 5;
    let place = Place::new();
    fs::create_dir(place.path("out")).unwrap();
    let head = header(b"zeros", SIZE, EntryType::Regular, 0o644).as_bytes().to_vec();
    let target = Target { path: place.path("out"), under: None, replace: false };
    let reader = Zeros(head, SIZE.next_multiple_of(512) + 1024);
    let done = unpack(reader, &target, &watch::Sender::new(Tally::default()));
    assert!(done.broken.is_none() && done.refused.is_empty(), "{done:?}");
    let found = fs::metadata(place.path("out/zeros")).unwrap();
    assert_eq!((found.len(), done.tally.bytes), (SIZE, SIZE));
    assert!(found.blocks() * 512 < 1 << 20, "{} blocks", found.blocks());
}

#[test]
fn files_packed_with_holes_are_refused_and_not_guessed() {
    let place = Place::new();
    let done = place.unpack(Archive::new().other(b"holes", EntryType::GNUSparse).file(b"a", b"1"));
    assert!(done.refused.words("refused").starts_with("1 refused: holes (it is packed as a file with holes"), "{done:?}");
    assert_eq!(place.all(), ["out/", "out/a", "secret"]);
}

#[test]
fn a_time_that_there_is_not_costs_no_file() {
    let place = Place::new();
    let mut archive = Archive::new();
    // GNU's binary form, of a time before 1970.
    let mut before = header(b"./before", 1, EntryType::Regular, 0o644);
    before.as_mut_bytes()[136..148].fill(0xff);
    before.set_cksum();
    archive.0.append(&before, b"a".as_slice()).unwrap();
    for (name, time) in [("./never", "18446744073709551615"), ("./late", "9223372036854775807")] {
        let record = format!("30 mtime={time}\n");
        let record = format!("{} mtime={time}\n", record.len());
        archive.0.append(&header(b"pax", record.len() as u64, EntryType::XHeader, 0o644), record.as_bytes()).unwrap();
        archive = archive.file(name.as_bytes(), b"b");
    }
    let done = place.unpack(archive);
    assert_eq!((&done.broken, done.refused.is_empty(), done.tally.files), (&None, true, 3), "{done:?}");
    assert_eq!(fs::read(place.path("out/never")).unwrap(), b"b");
}

#[test]
fn links_have_an_end() {
    let place = Place::new();
    let long = vec![b'x'; 4097];
    let mut archive = Archive::new();
    archive.0.append(&header(b"././@LongLink", long.len() as u64, EntryType::GNULongLink, 0o644), long.as_slice()).unwrap();
    let done = place.unpack(archive.link(b"a", b"", EntryType::Symlink).file(b"b", b"b"));
    assert!(done.refused.words("refused").contains("longer than any path: 4097 bytes"), "{done:?}");
    assert_eq!(place.all(), ["out/", "out/b", "secret"]);

    // As many as fit, and one more.
    let target = Target { path: place.path("out"), under: None, replace: false };
    let tell = watch::Sender::new(Tally::default());
    let mut unpacking = Unpacking {
        target: &target,
        tell: &tell,
        out: Unpacked::default(),
        written: BTreeMap::new(),
        folders: Vec::new(),
        links: BTreeMap::new(),
        hard: BTreeMap::new(),
        kept: LINK_BYTES - 10,
        current: None,
    };
    assert!(unpacking.keep(Path::new("12345"), Path::new("12345")).is_ok());
    assert!(matches!(unpacking.keep(Path::new("1"), Path::new("")), Err(Trouble::Broken(_))));
}

#[test]
fn the_last_link_of_a_name_counts() {
    let place = Place::new();
    let mut archive = Archive::new().file(b"a", b"a");
    for at in 0..2_000 {
        archive = archive.link(format!("l{at}").as_bytes(), b"a", EntryType::Symlink);
    }
    // The last one of a name counts, of whatever kind it is.
    let done = place.unpack(archive.link(b"l0", b"a", EntryType::Link).file(b"l1", b"new"));
    assert_eq!((done.broken, done.refused.is_empty(), done.tally.files, done.tally.links), (None, true, 3, 1_998));
    assert_eq!(fs::read(place.path("out/l1")).unwrap(), b"new");
}
