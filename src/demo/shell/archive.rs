//! `tar` in both directions: the ustar format of POSIX, as far as files and folders need it. Written by hand, since a file is a
//! block of text fields and its bytes, and nothing here touches a real file system.

const BLOCK: usize = 512;

/// A file (its bytes) or a folder (`None`) in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// As it stands in the archive, without a slash at the end.
    pub(super) path: String,
    pub(super) bytes: Option<Vec<u8>>,
    /// Seconds since 1970.
    pub(super) time: i64,
}

/// Writes an archive. Paths that are longer than the format holds (255 bytes) stand before their members, as GNU has it.
pub(super) fn write(members: &[Member]) -> Vec<u8> {
    let mut out = Vec::new();
    for member in members {
        let bytes = member.bytes.as_deref().unwrap_or_default();
        let full = if member.bytes.is_some() { member.path.clone() } else { format!("{}/", member.path) };
        let kind = if member.bytes.is_some() { "0" } else { "5" };
        match split(&full) {
            Some(parts) => put(&mut out, parts, kind, bytes, member.time),
            None => {
                put(&mut out, ("", "././@LongLink"), "L", format!("{full}\0").as_bytes(), 0);
                put(&mut out, ("", "long"), kind, bytes, member.time);
            }
        }
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

/// One header, and the bytes behind it.
fn put(out: &mut Vec<u8>, (prefix, name): (&str, &str), kind: &str, bytes: &[u8], time: i64) {
    let mut header = [0u8; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, if kind == "5" { "0000755" } else { "0000644" });
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{:011o}", bytes.len()));
    put(136, &format!("{:011o}", time.max(0)));
    put(148, "        ");
    put(156, kind);
    put(257, "ustar\u{0}00");
    put(265, "root");
    put(297, "root");
    put(345, prefix);
    let sum = format!("{:06o}\0 ", sum(&header));
    header[148..156].copy_from_slice(sum.as_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

fn split(path: &str) -> Option<(&str, &str)> {
    if path.len() <= 100 {
        return Some(("", path));
    }
    let body = path.trim_end_matches('/');
    body.match_indices('/').map(|(at, _)| (&path[..at], &path[at + 1..])).find(|(prefix, name)| prefix.len() <= 155 && name.len() <= 100)
}

fn sum(header: &[u8]) -> u32 {
    header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum()
}

/// Reads an archive; long names of GNU (`L`) and of POSIX (`x`) are understood, links and devices are left out.
pub(super) fn read(archive: &[u8]) -> Result<Vec<Member>, &'static str> {
    let mut members = Vec::new();
    let mut long: Option<String> = None;
    let mut at = 0;
    while let Some(header) = archive.get(at..at + BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            return Ok(members);
        }
        if number(&header[148..156]) != Some(u64::from(sum(header))) {
            return Err("invalid tar magic");
        }
        let size = number(&header[124..136]).and_then(|n| usize::try_from(n).ok()).ok_or("corrupted octal value in tar header")?;
        at += BLOCK;
        let bytes = at.checked_add(size).and_then(|end| archive.get(at..end)).ok_or("short read")?;
        at += size.next_multiple_of(BLOCK);
        match header[156] {
            b'L' => long = Some(text(bytes)),
            b'x' => long = attribute(bytes, "path").or(long),
            kind @ (0 | b'0' | b'5') => {
                let prefix = if &header[257..263] == b"ustar\0" { text(&header[345..500]) } else { String::new() };
                let name = text(&header[..100]);
                let path = long.take().unwrap_or(if prefix.is_empty() { name } else { format!("{prefix}/{name}") });
                let folder = kind == b'5' || path.ends_with('/');
                let time = number(&header[136..148]).and_then(|n| i64::try_from(n).ok()).unwrap_or(0);
                members.push(Member { path: path.trim_end_matches('/').into(), bytes: (!folder).then(|| bytes.into()), time });
            }
            _ => long = None,
        }
    }
    if at == 0 || at > archive.len() { Err("short read") } else { Ok(members) }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn number(field: &[u8]) -> Option<u64> {
    let text = text(field);
    let digits = text.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// An attribute of a POSIX extended header: lines of `LENGTH KEY=VALUE`.
fn attribute(bytes: &[u8], key: &str) -> Option<String> {
    let records = String::from_utf8_lossy(bytes).into_owned();
    records.lines().filter_map(|line| line.split_once(' ')?.1.split_once('=')).find(|(k, _)| *k == key).map(|(_, v)| v.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    fn members() -> Vec<Member> {
        let long = format!("{}/{}", "d".repeat(90), "f".repeat(60));
        let file = |path: &str, bytes: &[u8]| Member { path: path.into(), bytes: Some(bytes.into()), time: 1_795_255_200 };
        vec![
            Member { path: "a".into(), bytes: None, time: 1_795_255_200 },
            file("a/empty", b""),
            file("a/exact", &[7; BLOCK]),
            file("a/more", &[9; BLOCK + 1]),
            file(&long, b"x"),
            file(&format!("a/{}", "y".repeat(200)), b"y"),
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(read(&write(&members())), Ok(members()));
        assert_eq!(read(b"not an archive"), Err("short read"));
        assert_eq!(read(&[1; 1024]), Err("invalid tar magic"));
    }

    /// The system's tar reads ours, and we read its.
    #[cfg(unix)]
    #[test]
    fn the_systems_tar_agrees() {
        let folder = tempfile::tempdir().unwrap();
        let mut tar = Command::new("tar").args(["xf", "-", "-C"]).arg(folder.path()).stdin(Stdio::piped()).spawn().unwrap();
        tar.stdin.take().unwrap().write_all(&write(&members())).unwrap();
        assert!(tar.wait().unwrap().success());
        assert_eq!(std::fs::read(folder.path().join("a/more")).unwrap(), [9; BLOCK + 1]);
        for format in ["--format=gnu", "--format=pax", "--format=ustar"] {
            let name = if format == "--format=ustar" { "n".repeat(80) } else { "n".repeat(180) };
            std::fs::write(folder.path().join("a").join(&name), b"long").unwrap();
            let tar = Command::new("tar").args([format, "-cf", "-", "-C"]).arg(folder.path()).arg("a").output().unwrap();
            let found = read(&tar.stdout).unwrap();
            assert!(found.iter().any(|m| m.path == format!("a/{name}") && m.bytes.as_deref() == Some(b"long")), "{format}");
            assert!(found.iter().any(|m| m.path == "a" && m.bytes.is_none()), "{format}");
            std::fs::remove_file(folder.path().join("a").join(&name)).unwrap();
        }
    }
}
