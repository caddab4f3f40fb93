//! Where what an archive names may stand, and where a link may lead: never outside of the folder that was asked for.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Links that lead to links are followed so far.
const LINKS: usize = 40;
/// No path is longer, in bytes (`PATH_MAX` of Linux).
const LONGEST: usize = 4096;
/// So many letters of a path are shown: a stranger's archive can have any number.
const SHOWN: usize = 200;

/// The path of a member within what is copied; empty for that itself.
///
/// # Errors
/// It leads elsewhere, or no file can be called so: why.
pub(super) fn within(member: &[u8], under: Option<&[u8]>) -> Result<PathBuf, String> {
    if member.starts_with(b"/") {
        return Err("its path begins at the root".into());
    }
    let mut parts: Vec<&[u8]> = member.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    if parts.contains(&b"..".as_slice()) {
        return Err("its path leads out of the folder".into());
    }
    if let Some(under) = under {
        if parts.first().copied() != Some(under) {
            return Err("it is no part of what was asked for".into());
        }
        parts.remove(0);
    }
    let mut path = PathBuf::new();
    for part in parts {
        path.push(name(part)?);
    }
    Ok(path)
}

/// One name of a path as this system has it.
#[cfg(unix)]
fn name(part: &[u8]) -> Result<OsString, String> {
    use std::os::unix::ffi::OsStringExt;
    if part.contains(&0) {
        return Err("its name has a NUL".into());
    }
    Ok(OsString::from_vec(part.to_vec()))
}

/// One name of a path as this system has it: signs that mean more than a letter are no part of it.
#[cfg(not(unix))]
fn name(part: &[u8]) -> Result<OsString, String> {
    let text = std::str::from_utf8(part).map_err(|_| "its name cannot be written here".to_owned())?;
    if text.contains(['\\', ':', '*', '?', '"', '<', '>', '|']) || text.contains(char::is_control) || text.ends_with(['.', ' ']) {
        return Err("its name cannot be written here".into());
    }
    Ok(text.into())
}

/// What a link says, as a path of this system.
///
/// # Errors
/// It cannot be one.
pub(super) fn target(link: &[u8]) -> Result<PathBuf, String> {
    if link.is_empty() {
        return Err("it leads nowhere".into());
    }
    if link.len() > LONGEST {
        return Err(format!("where it leads is longer than any path: {} bytes", link.len()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        if link.contains(&0) {
            return Err("where it leads has a NUL".into());
        }
        Ok(std::ffi::OsStr::from_bytes(link).into())
    }
    #[cfg(not(unix))]
    std::str::from_utf8(link).map(PathBuf::from).map_err(|_| "where it leads cannot be written here".into())
}

/// Whether a link at `at` (in the folder `root`, both of them within what is copied) stays in `root`, also by way of those
/// links that come with it and those that are there. Paths of links are relative to `root`.
///
/// # Errors
/// It leads out of the folder.
pub(super) fn stays(root: &Path, at: &Path, target: &Path, links: &BTreeMap<PathBuf, PathBuf>) -> Result<(), String> {
    let outside = || Err(format!("it leads out of the folder, to {}", shown(target.as_os_str().as_encoded_bytes())));
    let mut here: Vec<OsString> = at.parent().into_iter().flat_map(Path::components).map(|part| part.as_os_str().to_owned()).collect();
    let mut open: Vec<Component<'_>> = target.components().rev().collect();
    // What is read of links on the way is kept for as long as it is walked.
    let mut followed = 0;
    let mut more: Vec<OsString> = Vec::new();
    loop {
        let part = match more.pop() {
            Some(name) => Part::of(&name),
            None => match open.pop() {
                Some(part) => Part::of(part.as_os_str()),
                None => return Ok(()),
            },
        };
        match part {
            Part::Here => {}
            Part::Root => return outside(),
            Part::Up => {
                if here.pop().is_none() {
                    return outside();
                }
            }
            Part::Name(name) => {
                here.push(name);
                let path: PathBuf = here.iter().collect();
                let leads = links.get(&path).cloned().or_else(|| fs::read_link(root.join(&path)).ok());
                if let Some(leads) = leads {
                    followed += 1;
                    if followed > LINKS {
                        return Err("it leads in a circle".into());
                    }
                    here.pop();
                    more.extend(leads.components().rev().map(|part| part.as_os_str().to_owned()));
                }
            }
        }
    }
}

enum Part {
    Here,
    Up,
    Root,
    Name(OsString),
}

impl Part {
    fn of(text: &std::ffi::OsStr) -> Part {
        match Path::new(text).components().next() {
            None | Some(Component::CurDir) => Part::Here,
            Some(Component::ParentDir) => Part::Up,
            Some(Component::RootDir | Component::Prefix(_)) => Part::Root,
            Some(Component::Normal(name)) => Part::Name(name.to_owned()),
        }
    }
}

/// A path of an archive, for a person.
pub(super) fn shown(path: &[u8]) -> String {
    let text = shortened(&String::from_utf8_lossy(path));
    if text.chars().any(|letter| letter.is_control() || letter == '"') { format!("{text:?}") } else { text }
}

/// The beginning and the end of a path that nobody could read whole.
fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= SHOWN {
        return text.to_owned();
    }
    let half = SHOWN / 2;
    let (begins, ends): (String, String) = (text.chars().take(half).collect(), text.chars().skip(count - half).collect());
    format!("{begins}…{ends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_what_was_asked_for() {
        let at = |path: &str| within(path.as_bytes(), Some(b"data"));
        assert_eq!(at("./data/a/b.txt"), Ok("a/b.txt".into()));
        assert_eq!(at("data"), Ok("".into()));
        assert_eq!(at("data//a/./b"), Ok("a/b".into()));
        assert_eq!(at("data/-rf *"), Ok("-rf *".into()));
        for wrong in ["/data/a", "../data/a", "data/../../a", "data/..", "datax/a", "", "a"] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
        assert_eq!(within(b"./a", None), Ok("a".into()));
        assert!(within(b"a\0b", None).is_err());
        #[cfg(unix)]
        assert_eq!(within(b"a/\xff\n", None).map(|path| path.into_os_string().len()), Ok(4));
    }

    #[test]
    fn no_link_leads_out_of_the_folder() {
        let nowhere = Path::new("/nonexistent");
        let links =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(at, to)| (PathBuf::from(at), PathBuf::from(to))).collect::<BTreeMap<_, _>>();
        let check = |at: &str, to: &str, others: &[(&str, &str)]| stays(nowhere, Path::new(at), Path::new(to), &links(others)).is_ok();
        assert!(check("a/link", "b", &[]) && check("a/link", "../b/c", &[]) && check("link", "./a/../b", &[]));
        assert!(!check("link", "..", &[]) && !check("a/link", "../../b", &[]) && !check("link", "/etc/passwd", &[]));
        // Each of the two stays within by its own words, and both together do not.
        assert!(!check("out", "q/w/a/../..", &[("q/w/a", "../..")]));
        assert!(check("in", "q/w/a/x", &[("q/w/a", "../..")]));
        assert!(!check("a", "b", &[("a", "b"), ("b", "a")]), "a circle");
        assert!(!check("a", "b/x", &[("b", "/etc")]));
    }

    #[test]
    fn a_path_is_shown_in_a_few_letters() {
        assert_eq!((shown(b"a b"), shown(b"a\nb")), ("a b".into(), "\"a\\nb\"".into()));
        let long = "é".repeat(10_000);
        assert_eq!(shown(long.as_bytes()).chars().count(), SHOWN + 1);
        let why = stays(Path::new("/nonexistent"), Path::new("a"), Path::new(&format!("/{long}")), &BTreeMap::new()).unwrap_err();
        assert!(why.chars().count() < SHOWN + 50, "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn links_that_are_there_already_are_looked_at_too() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        assert!(stays(folder.path(), Path::new("a"), Path::new("root/etc"), &BTreeMap::new()).is_err());
        assert!(stays(folder.path(), Path::new("a"), Path::new("roo/etc"), &BTreeMap::new()).is_ok());
    }
}
