//! Paths of this machine, as one types them, and what can stand in their place.

use std::path::{Path, PathBuf};

use super::{Command, Refusal};
use crate::model::folder::Entry;
use crate::model::shell;
use crate::view::picker::{Choice, Offer};
use crate::view::state::State;

/// No more names of a folder than this are offered.
const NAMES: usize = 5000;
/// What objects are written in.
const MANIFESTS: [&str; 3] = [".yaml", ".yml", ".json"];

/// A path as one types it; `~` is the home folder.
///
/// # Errors
/// There is none.
pub fn typed(typed: &str) -> Result<PathBuf, Refusal> {
    let home = || std::env::home_dir().ok_or_else(|| "~: there is no home folder".to_owned());
    match typed.strip_prefix('~') {
        Some("") => home(),
        Some(rest) if rest.starts_with('/') => Ok(home()?.join(rest.trim_start_matches('/'))),
        _ => Ok(PathBuf::from(typed)),
    }
}

/// The same from the folder that the program was started in.
pub(super) fn local(path: &str) -> Result<PathBuf, Refusal> {
    std::path::absolute(typed(path)?).map_err(|error| format!("{path}: {error}"))
}

/// What is in a folder that was typed so, sorted by names: waits for the disk. What nobody can type is left out; one that
/// cannot be read is empty.
pub fn names(folder: &str) -> Vec<Entry> {
    let path = typed(folder).unwrap_or_default();
    let path = if folder.is_empty() { Path::new(".") } else { &path };
    let entry = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok().filter(|name| !name.contains(char::is_control))?;
        Some(Entry { name, is_folder: entry.path().is_dir() })
    };
    let all = std::fs::read_dir(path).into_iter().flatten().flatten().take(NAMES);
    let mut all: Vec<Entry> = all.filter_map(entry).collect();
    all.sort_by_cached_key(|entry| entry.name.to_lowercase());
    all
}

/// A path that is being typed.
struct Typing {
    /// The folder, without quotes and backslashes.
    folder: String,
    /// Where the name in it begins, in bytes of the line.
    from: usize,
    /// Blanks end it: a name that has some needs backslashes.
    word: bool,
}

/// The path before the cursor, if one can stand there; `before` is the line up to there, in which the arguments of the command
/// begin at `start`.
fn typing(command: &Command, before: &str, start: usize) -> Option<Typing> {
    let takes = |name: &str| command.args.split(|c: char| !c.is_ascii_uppercase()).any(|word| word == name);
    let word = takes("PATH") || (takes("FROM") && takes("TO"));
    if !word && !takes("FILE") {
        return None;
    }
    let begins = if word { start + shell::last_word(&before[start..]) } else { start };
    let raw = &before[begins..];
    // What begins with a dash is a flag; what is in a container is not here.
    let elsewhere = raw.split_once(':').is_some() && takes("FROM") && !raw.starts_with(['/', '.', '~']);
    if word && (raw.starts_with('-') || raw.starts_with(['\'', '"']) || elsewhere) {
        return None;
    }
    let end = raw.rfind('/').map_or(0, |at| at + 1);
    let folder = if word { shell::words(&raw[..end]).ok()?.pop().unwrap_or_default() } else { raw[..end].to_owned() };
    Some(Typing { folder, from: begins + end, word })
}

/// The folder of the path that is being typed is wanted.
pub(super) fn look(state: &mut State, command: &Command, before: &str, start: usize) {
    if let Some(typing) = typing(command, before, start) {
        state.folder.look(&typing.folder);
    }
}

/// What can stand where the cursor is, if that is a path: folders and manifests first.
pub(super) fn offer(state: &State, command: &Command, before: &str, start: usize) -> Option<Offer> {
    let Typing { folder, from, word } = typing(command, before, start)?;
    let hidden = before[from..].starts_with('.');
    let plain = |entry: &&Entry| hidden || !entry.name.starts_with('.');
    let mut entries: Vec<&Entry> = state.folder.entries(&folder).iter().filter(plain).collect();
    entries.sort_by_key(|entry| !entry.is_folder && !MANIFESTS.iter().any(|end| entry.name.ends_with(end)));
    let choice = |entry: &Entry| {
        let name = if word { shell::escaped(&entry.name) } else { entry.name.clone() };
        if entry.is_folder { Choice::new(name + "/", "folder") } else { Choice::new(name, "") }
    };
    Some(Offer { choices: entries.into_iter().map(choice).collect(), from, free: true, usage: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::find;
    use crate::commands::palette::tests::state;

    fn offered(line: &str, entries: &[&str]) -> Option<(String, usize, Vec<String>)> {
        let (name, _) = line.split_once(' ').expect("arguments");
        let (command, start) = (find(name).expect("a command"), name.len() + 1);
        let mut state = state();
        look(&mut state, command, line, start);
        let folder = state.folder.take_asked()?;
        let entry = |name: &&str| Entry { name: name.trim_end_matches('/').to_owned(), is_folder: name.ends_with('/') };
        state.folder.take("elsewhere/", vec![Entry { name: "x".into(), is_folder: false }]);
        state.folder.take(&folder, entries.iter().map(entry).collect());
        let offer = offer(&state, command, line, start)?;
        Some((folder.to_string(), offer.from, offer.choices.iter().map(|choice| choice.name.to_string()).collect()))
    }

    #[test]
    fn paths_are_offered_where_they_are_typed() {
        let found = |line: &str| offered(line, &[".git/", "a.txt", "b.yaml", "my files/"]);
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!(found("apply "), Some((String::new(), 6, names(&["b.yaml", "my\\ files/", "a.txt"]))));
        assert_eq!(found("apply --force ~/x/.g").map(|found| (found.0, found.1)), Some(("~/x/".into(), 18)));
        assert_eq!(found("diff .").map(|found| found.2), Some(names(&[".git/", "b.yaml", "my\\ files/", "a.txt"])), "what is hidden too");
        assert_eq!(found("apply my\\ files/c").map(|found| (found.0, found.1)), Some(("my files/".into(), 16)));
        assert_eq!(
            found("export my files/c").map(|found| (found.0, found.1, found.2[1].clone())),
            Some(("my files/".into(), 16, "my files/".into()))
        );
        assert_eq!(found("cp web:/x /tmp/").map(|found| found.0), Some("/tmp/".into()));
        for elsewhere in ["cp web:/var/", "apply --fo", "apply 'a/", "scale "] {
            assert_eq!(found(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_folder_is_read_as_it_is_typed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("deploy")).expect("is made");
        for name in ["Web.yaml", "api.yaml", "two\nlines"] {
            std::fs::write(folder.path().join(name), "").expect("is written");
        }
        let typed = format!("{}/", folder.path().display());
        let found: Vec<(String, bool)> = names(&typed).into_iter().map(|entry| (entry.name, entry.is_folder)).collect();
        assert_eq!(found, [("api.yaml".into(), false), ("deploy".into(), true), ("Web.yaml".into(), false)]);
        assert!(names("/nowhere/at/all/").is_empty());
    }
}
