//! What will be copied where: what is there on both sides is looked at before anything is asked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::super::acts::{Case, Prepared, Work};
use super::super::command::{Command, Output};
use super::super::enter::status::End;
use super::from::From;
use super::into::Into;
use super::members;
use super::pack;
use super::unpack::Target;
use super::{Job, VERB, Way, no_tar};
use crate::kinds::describe::json::Json;
use crate::model::act::Note;
use crate::model::copying::Copying;
use crate::model::reference::Reference;
use crate::model::row::Uid;

/// A look into a container takes no longer.
const LOOK: Duration = Duration::from_secs(15);
/// So much of a folder's archive is heard, in bytes.
const LISTED: usize = 64 << 10;
/// The annotation by which a pod says which container is meant where none is named, as kubectl reads it.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// Prepares a copy.
///
/// # Errors
/// Why it cannot be done.
pub(in crate::cluster::write) async fn prepare(case: &Case<'_>, copying: &Copying) -> Result<Prepared, String> {
    let container = container(case.object, copying.container.as_deref())?;
    let looks = Looks { case, container: &container };
    let (way, change, notes) = if copying.into { into(&looks, copying).await? } else { from(&looks, copying).await? };
    // A pod that was named has a UID from now on: another one of its name is another one.
    let pod = Reference { uid: Uid::new(case.object.text("metadata.uid")), ..case.target.clone() };
    let job = Job { pod, container, way };
    Ok(Prepared { change, notes, work: Work::Copy(Box::new(job)) })
}

/// The container that is meant: the one that was named, the one that the pod names, the first (`podcmd.FindOrDefaultContainerByName`).
fn container(pod: &Value, named: Option<&str>) -> Result<String, String> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let all = || lists.iter().filter_map(|list| pod["spec"][list].as_array()).flatten().map(|container| container.text("name"));
    let annotated = pod["metadata"]["annotations"][DEFAULT_CONTAINER].as_str();
    match named {
        Some(named) if all().any(|name| name == named) => Ok(named.to_owned()),
        Some(named) => Err(format!("it has no container {named}: {}", all().collect::<Vec<_>>().join(", "))),
        None => annotated
            .filter(|name| all().any(|other| other == *name))
            .or_else(|| all().next())
            .map(str::to_owned)
            .ok_or_else(|| "it has no containers".into()),
    }
}

/// A path in a container, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Remote {
    /// As `tar -C` takes it.
    whole: String,
    /// The folder that it is in, and its name there; `None` for the root, and what ends in dots.
    parts: Option<(String, String)>,
    /// A slash behind it says that it is a folder.
    slash: bool,
}

impl Remote {
    fn of(path: &str) -> Result<Remote, String> {
        if path.is_empty() {
            return Err("behind the colon stands the path in the container".into());
        }
        if path.contains('\0') {
            return Err("no path has a NUL".into());
        }
        // What is relative is never taken for an option.
        let path = if path.starts_with('/') { path.to_owned() } else { format!("./{path}") };
        let bare = path.trim_end_matches('/');
        let whole = if bare.is_empty() { "/" } else { bare };
        let parts = whole.rsplit_once('/').filter(|(_, name)| !matches!(*name, "" | "." | ".."));
        let parts = parts.map(|(folder, name)| (if folder.is_empty() { "/".to_owned() } else { folder.to_owned() }, name.to_owned()));
        Ok(Remote { whole: whole.to_owned(), slash: path.len() > bare.len(), parts })
    }
}

/// Looks into a container.
struct Looks<'a> {
    case: &'a Case<'a>,
    container: &'a str,
}

impl Looks<'_> {
    /// Runs a command until it has said more than `most` bytes.
    async fn run(&self, words: &[&str], most: usize) -> Result<Output, String> {
        let Case { gate, session, target, .. } = self.case;
        let command = Command { verb: VERB, pod: target, container: self.container, words, stdin: false };
        let ran = tokio::time::timeout(LOOK, gate.run(session, &command, most)).await;
        let output = ran.map_err(|_| format!("container {} did not answer within {} s", self.container, LOOK.as_secs()))??;
        match &output.ended {
            Some(ended) if ended.is_missing() => Err(no_tar(self.container, ended).unwrap_or_else(|| ended.words(false))),
            Some(End::Exited(_)) | None => Ok(output),
            Some(ended) => Err(ended.words(false)),
        }
    }

    /// It is a folder, or a link to one.
    async fn is_folder(&self, path: &str) -> Result<bool, String> {
        let output = self.run(&["tar", "cf", "-", "--no-recursion", "-C", path, "."], LISTED).await?;
        // A `tar` that does not know the option may have begun to pack the whole folder.
        let unknown = output.stderr.words().contains("no-recursion");
        let output = if unknown { self.run(&["tar", "cf", "-", "-C", path, "."], LISTED).await? } else { output };
        Ok(output.ended.is_none_or(|ended| ended == End::Exited(0)))
    }

    /// Something is there, whatever it is.
    async fn is_there(&self, folder: &str, name: &str) -> Result<bool, String> {
        let name = format!("./{name}");
        let output = self.run(&["tar", "cf", "-", "-C", folder, &name], members::BLOCK - 1).await?;
        // Its header says that it is there: how much of it there is, is not waited for. Where nothing is, the end of an archive is
        // zeros.
        Ok(output.stdout.first().is_some_and(|first| *first != 0))
    }
}

/// A path is a folder by the slash behind it.
fn has_slash(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

async fn from(looks: &Looks<'_>, copying: &Copying) -> Result<(Way, String, Vec<Note>), String> {
    let remote = Remote::of(&copying.remote)?;
    let folder = looks.is_folder(&remote.whole).await?;
    if remote.slash && !folder {
        return Err(format!("there is no folder {} in container {}", copying.remote, looks.container));
    }
    let (from, name, under) = match (&remote.parts, folder) {
        (_, true) => (remote.whole.clone(), ".".to_owned(), None),
        (Some((at, name)), false) => {
            if !looks.is_there(at, name).await? {
                return Err(format!("there is no {} in container {}", copying.remote, looks.container));
            }
            (at.clone(), format!("./{name}"), Some(name.clone().into_bytes()))
        }
        (None, false) => return Err(format!("there is no folder {} in container {}", copying.remote, looks.container)),
    };
    let called = remote.parts.as_ref().map(|(_, name)| name.clone());
    let local = copying.local.clone();
    let found = tokio::task::spawn_blocking(move || place(&local, called.as_deref(), folder)).await;
    let (path, there) = found.map_err(|error| error.to_string())??;
    let mut notes = vec![Note::plain("only files, folders and the links between them are taken; nothing is written elsewhere")];
    if there {
        notes.push(Note::warning(match folder {
            true => "the folder is there already: files in it of the same names are replaced, others stay",
            false => "the file is there already, and is replaced",
        }));
    }
    let what = if folder { "folder" } else { "file" };
    let change = format!("the {what} {} of container {} → {}", copying.remote, looks.container, path.display());
    let target = Target { path, under, replace: there };
    Ok((Way::From(From { source: copying.remote.to_string(), folder: from, name, target }), change, notes))
}

/// Where it will stand on this machine, and whether something stands there. As `cp` has it: in a folder that is there,
/// under its own name.
fn place(local: &Path, called: Option<&str>, folder: bool) -> Result<(PathBuf, bool), String> {
    let found = std::fs::metadata(local);
    let is_folder = found.as_ref().is_ok_and(std::fs::Metadata::is_dir);
    if has_slash(local) && !is_folder {
        return Err(format!("there is no folder {} here", local.display()));
    }
    let path = match called {
        Some(name) if is_folder => local.join(name),
        _ => local.to_owned(),
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The way there may go through links: it is the person's own.
    let parent = parent.canonicalize().map_err(|error| format!("{}: {error}", parent.display()))?;
    let path = path.file_name().map_or_else(|| path.clone(), |name| parent.join(name));
    let there = match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() && !folder => return Err(format!("{} is a folder, and a file is copied", path.display())),
        Ok(found) if !found.is_dir() && folder => return Err(format!("{} is a file, and a folder is copied", path.display())),
        Ok(_) => true,
        // A link that leads nowhere is there, too.
        Err(_) => std::fs::symlink_metadata(&path).is_ok(),
    };
    Ok((path, there))
}

async fn into(looks: &Looks<'_>, copying: &Copying) -> Result<(Way, String, Vec<Note>), String> {
    let local = copying.local.clone();
    let surveyed = tokio::task::spawn_blocking(move || {
        let source = local.canonicalize();
        source.and_then(|source| Ok((pack::survey(&local)?, source))).map_err(|error| format!("{}: {error}", local.display()))
    });
    let (survey, source) = surveyed.await.map_err(|error| error.to_string())??;
    if survey.file && has_slash(&copying.local) {
        return Err(format!("{} is a file, and no folder", copying.local.display()));
    }
    let own = || {
        // By the name that was typed, also where that is a link.
        let name = copying.local.file_name().filter(|name| *name != "." && *name != "..").or_else(|| source.file_name());
        let name = name.and_then(std::ffi::OsStr::to_str).map(str::to_owned);
        name.ok_or_else(|| format!("{} has no name that the container could know it by: give it one there", copying.local.display()))
    };
    let remote = Remote::of(&copying.remote)?;
    let (folder, name) = match (looks.is_folder(&remote.whole).await?, remote.parts) {
        (true, _) => (remote.whole, own()?),
        (false, Some((folder, name))) if !remote.slash => {
            if !looks.is_folder(&folder).await? {
                return Err(format!("there is no folder {folder} in container {}: make it first", looks.container));
            }
            (folder, name)
        }
        _ => return Err(format!("there is no folder {} in container {}: make it first", copying.remote, looks.container)),
    };
    let way = Into { source, folder, name, survey };
    let mut notes = Vec::new();
    if looks.is_folder(&way.path()).await? {
        if way.survey.file {
            return Err(format!("{} is a folder in container {}, and a file is copied", way.path(), looks.container));
        }
        notes.push(Note::warning("the folder is there already: files in it of the same names are replaced, others stay"));
    } else if looks.is_there(&way.folder, &way.name).await? {
        if !way.survey.file {
            return Err(format!("{} is a file in container {}, and a folder is copied", way.path(), looks.container));
        }
        notes.push(Note::warning("the file is there already, and is replaced"));
    }
    if way.survey.tally.bytes > super::READ_BACK {
        let most = super::tally::bytes(super::READ_BACK);
        notes.push(Note::plain(format!("it is more than {most}: what tar says is believed, it is not read back")));
    }
    let change = format!("{} ({}) → {} of container {}", way.source.display(), way.survey.tally.words(), way.path(), looks.container);
    Ok((Way::Into(way), change, notes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_container_is_chosen_as_kubectl_does() {
        let pod = json!({"metadata": {"annotations": {}}, "spec": {"initContainers": [{"name": "wait"}], "containers": [{"name": "a"}, {"name": "b"}]}});
        assert_eq!(container(&pod, None), Ok("a".into()));
        assert_eq!(container(&pod, Some("wait")), Ok("wait".into()));
        assert_eq!(container(&pod, Some("x")), Err("it has no container x: a, b, wait".into()));
        let mut chosen = pod;
        chosen["metadata"]["annotations"][DEFAULT_CONTAINER] = "b".into();
        assert_eq!(container(&chosen, None), Ok("b".into()));
        chosen["metadata"]["annotations"][DEFAULT_CONTAINER] = "gone".into();
        assert_eq!(container(&chosen, None), Ok("a".into()));
    }

    #[test]
    fn paths_of_containers_are_never_options() {
        let of = |path: &str| Remote::of(path).map(|r| (r.whole, r.parts, r.slash)).unwrap();
        let parts = |folder: &str, name: &str| Some((folder.to_owned(), name.to_owned()));
        assert_eq!(of("/var/log/"), ("/var/log".into(), parts("/var", "log"), true));
        assert_eq!(of("/etc"), ("/etc".into(), parts("/", "etc"), false));
        assert_eq!(of("/"), ("/".into(), None, true));
        assert_eq!(of("-rf"), ("./-rf".into(), parts(".", "-rf"), false));
        assert_eq!(of("."), ("./.".into(), None, false));
        assert_eq!(of("a/.."), ("./a/..".into(), None, false));
        assert_eq!(of("a b/c\nd"), ("./a b/c\nd".into(), parts("./a b", "c\nd"), false));
        assert!(Remote::of("").is_err());
    }

    #[test]
    fn it_stands_where_cp_would_put_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("d")).unwrap();
        std::fs::write(root.join("f"), "x").unwrap();
        let at = |local: &str, folder: bool| place(&PathBuf::from(format!("{}/{local}", root.display())), Some("log"), folder);
        assert_eq!(at("d", false), Ok((root.join("d/log"), false)));
        assert_eq!(at("d/", true), Ok((root.join("d/log"), false)));
        assert_eq!(at("new", true), Ok((root.join("new"), false)));
        assert_eq!(at("f", false), Ok((root.join("f"), true)));
        assert!(at("f", true).unwrap_err().contains("is a file, and a folder is copied"));
        assert!(at("new/", true).unwrap_err().contains("there is no folder"));
        assert!(at("none/x", true).is_err());
        std::fs::create_dir(root.join("d/log")).unwrap();
        assert_eq!(at("d", true), Ok((root.join("d/log"), true)));
        assert!(at("d", false).unwrap_err().contains("is a folder, and a file is copied"));
    }
}
