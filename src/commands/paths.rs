//! Paths of this machine, as one types them, and what can stand in their place.

use std::path::{Path, PathBuf};

use super::{Command, Refusal};
use crate::model::folder::Entry;
use crate::model::shell;
use crate::view::picker::{Choice, Offer};
use crate::view::state::State;

/// No more names of a folder than this are read.
const READ: usize = 50_000;
/// No more than this are offered: of a larger folder those that begin as what is typed.
const OFFERED: usize = 1000;
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

/// A path that is all that a command takes: as it stands, or one word of a shell.
pub(super) fn only(args: &str) -> Result<PathBuf, Refusal> {
    match shell::words(args).as_deref() {
        Ok([word]) => typed(word),
        _ => typed(args),
    }
}

/// A path from the folder that the program was started in.
pub(super) fn local(path: &str) -> Result<PathBuf, Refusal> {
    std::path::absolute(typed(path)?).map_err(|error| format!("{path}: {error}"))
}

/// What is in a folder that was typed so, sorted by names: waits for the disk. What nobody can type is left out; one that
/// cannot be read is empty.
pub fn names(folder: &str) -> Vec<Entry> {
    let path = typed(folder).unwrap_or_default();
    let path = if folder.is_empty() { Path::new(".") } else { &path };
    let entry = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        if name.contains(char::is_control) || name.ends_with(char::is_whitespace) {
            return None;
        }
        let kind = entry.file_type().ok()?;
        Some(Entry { name, is_folder: kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) })
    };
    let all = std::fs::read_dir(path).into_iter().flatten().flatten().take(READ);
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
    form: Form,
}

/// In which form names are put into the line.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// One of several words: a name that has blanks needs backslashes.
    Word,
    /// A word in these quotes.
    Quoted(char),
    /// All that follows, as it is: a new file, so that one that is there already is no choice.
    Rest,
}

impl Form {
    /// A name in it; `None` for one that cannot be written so.
    fn of(self, name: &str, is_folder: bool) -> Option<String> {
        let end = if is_folder { "/" } else { "" };
        match self {
            Form::Word => Some(shell::escaped(name) + end),
            Form::Quoted(quote) if name.contains([quote, '\\', '$', '`']) => None,
            Form::Quoted(_) if is_folder => Some(format!("{name}/")),
            Form::Quoted(quote) => Some(format!("{name}{quote}")),
            Form::Rest => Some(format!("{name}{end}")),
        }
    }
}

/// The path before the cursor, if one can stand there; `before` is the line up to there, in which the arguments of the command
/// begin at `start`.
fn typing(state: &State, command: &Command, before: &str, start: usize) -> Option<Typing> {
    let takes = |name: &str| command.args.split(|c: char| !c.is_ascii_uppercase()).any(|word| word == name);
    let word = takes("PATH") || (takes("FROM") && takes("TO"));
    // What is saved of a text goes to the cluster.
    if !word && (!takes("FILE") || state.editor().is_some()) {
        return None;
    }
    let begins = if word { start + shell::last_word(&before[start..]) } else { start };
    let raw = &before[begins..];
    // What begins with a dash is a flag; what is in a container is not here.
    let elsewhere = raw.contains(':') && takes("FROM") && !raw.starts_with(['/', '.', '~']);
    if word && (raw.starts_with('-') || elsewhere) {
        return None;
    }
    // The value of a flag is none.
    let flag = before[start..begins].split_whitespace().next_back().unwrap_or_default();
    if matches!(flag, "--container" | "-c") {
        return None;
    }
    let end = raw.rfind('/').map_or(0, |at| at + 1);
    let quoted = raw.chars().next().filter(|first| word && matches!(first, '\'' | '"'));
    if let Some(quote) = quoted {
        let inner = &raw[1..];
        return (!inner.contains([quote, '\\'])).then(|| {
            let end = end.max(1);
            Typing { folder: raw[1..end].to_owned(), from: begins + end, form: Form::Quoted(quote) }
        });
    }
    let folder = if word { shell::words(&raw[..end]).ok()?.pop().unwrap_or_default() } else { raw[..end].to_owned() };
    Some(Typing { folder, from: begins + end, form: if word { Form::Word } else { Form::Rest } })
}

/// The folder of the path that is being typed is wanted.
pub(super) fn look(state: &mut State, command: &Command, before: &str, start: usize) {
    if let Some(typing) = typing(state, command, before, start) {
        state.folder.look(&typing.folder);
    }
}

/// What can stand where the cursor is, if that is a path: folders and manifests first.
pub(super) fn offer(state: &State, command: &Command, before: &str, start: usize) -> Option<Offer> {
    let Typing { folder, from, form } = typing(state, command, before, start)?;
    let typed = &before[from..];
    let hidden = typed.starts_with('.');
    let fits = |entry: &&Entry| (hidden || !entry.name.starts_with('.')) && (entry.is_folder || form != Form::Rest);
    let mut entries: Vec<&Entry> = state.folder.entries(&folder).iter().filter(fits).collect();
    let spelled = |entry: &Entry| {
        let name = form.of(&entry.name, entry.is_folder)?;
        // What would be a flag, the home folder or a pod is a name here.
        let other = folder.is_empty() && (name.starts_with(['-', '~']) || name.contains(':'));
        Some(if other { format!("./{name}") } else { name })
    };
    if entries.len() > OFFERED {
        let begins = |name: String| name.get(..typed.len()).is_some_and(|name| name.eq_ignore_ascii_case(typed));
        entries.retain(|entry| spelled(entry).is_some_and(begins));
        entries.truncate(OFFERED);
    }
    entries.sort_by_key(|entry| !entry.is_folder && !MANIFESTS.iter().any(|end| entry.name.ends_with(end)));
    // They are in no folder, and lead to one.
    let way = (typed == ".." || (typed == "~" && folder.is_empty())).then(|| format!("{typed}/"));
    let mut choices: Vec<Choice> = way.into_iter().map(|way| Choice::new(way, "folder")).collect();
    choices.extend(entries.into_iter().filter_map(|entry| Some(Choice::new(spelled(entry)?, if entry.is_folder { "folder" } else { "" }))));
    Some(Offer { choices, from, free: true, usage: None })
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
        assert_eq!(found("diff .g").map(|found| found.2), Some(names(&[".git/", "b.yaml", "my\\ files/", "a.txt"])), "what is hidden too");
        assert_eq!(found("diff ..").map(|found| found.2[0].clone()), Some("../".into()));
        assert_eq!(found("diff ~").map(|found| found.2[0].clone()), Some("~/".into()));
        assert_eq!(found("apply my\\ files/c").map(|found| (found.0, found.1)), Some(("my files/".into(), 16)));
        assert_eq!(
            found("export my files/c"),
            Some(("my files/".into(), 16, names(&["my files/"]))),
            "a file that is there is not written over"
        );
        assert_eq!(found("cp web:/x /tmp/").map(|found| found.0), Some("/tmp/".into()));
        assert_eq!(found("cp ").map(|found| found.2.len()), Some(3));
        let odd = offered("apply ", &["-x", "~/", "12:30"]).map(|found| found.2);
        assert_eq!(odd, Some(names(&["./~/", "./-x", "./12:30"])), "neither a flag, nor the home folder, nor a pod");
        let quoted = found("apply 'x y/m").map(|found| (found.0, found.1, found.2[1].clone(), found.2[2].clone()));
        assert_eq!(quoted, Some(("x y/".into(), 11, "my files/".into(), "a.txt'".into())));
        assert_eq!(found("apply \"").map(|found| (found.0, found.1)), Some((String::new(), 7)));
        for elsewhere in ["cp web:/var/", "cp --container ", "apply --fo", "apply 'a' 'b'/", "apply \"a\\", "scale "] {
            assert_eq!(found(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_path_alone_may_be_in_quotes_and_need_not_be() {
        for (typed, meant) in [("a b.yaml", "a b.yaml"), ("\"a b.yaml\"", "a b.yaml"), (r"a\ b.yaml", "a b.yaml"), ("it's", "it's")] {
            assert_eq!(only(typed), Ok(PathBuf::from(meant)), "{typed}");
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
