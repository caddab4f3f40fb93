//! Texts of files, folders and standard input. Everything is read before anything of it is understood.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::model::apply::{Manifests, Origin};

/// No more than so many bytes are read, all files taken together: the API server takes 3 MB for one object.
const MOST: u64 = 32 << 20;
/// No more than so many files.
const FILES: usize = 5000;
/// Folders within one another.
const DEEPEST: usize = 64;
/// So many of the files that are left out are named.
const NAMED: usize = 5;

/// A text, and what people call it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Gathered {
    /// In the order of names.
    pub(super) texts: Vec<Text>,
    /// Names of what stands in the folders and is not read.
    pub(super) left: Vec<String>,
}

impl Gathered {
    /// `left out: README.md, .git and 3 more`.
    pub(super) fn left_out(&self) -> Option<String> {
        let named = self.left.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        match self.left.len() {
            0 => None,
            count if count > NAMED => Some(format!("left out, hidden or not .yaml, .yml or .json: {named} and {} more", count - NAMED)),
            _ => Some(format!("left out, hidden or not .yaml, .yml or .json: {named}")),
        }
    }
}

/// All of standard input, or why it cannot be had.
type Read = Result<Arc<[u8]>, Arc<str>>;

/// What was piped into the program at its start. It is read when somebody asks for it, once.
#[derive(Clone, Debug, Default)]
pub struct Piped(Option<Arc<Pipe>>);

#[derive(Debug)]
struct Pipe {
    /// Until somebody asks.
    from: Mutex<Option<File>>,
    read: watch::Sender<Option<Read>>,
}

impl Piped {
    /// Of standard input as the program was started with it.
    pub fn new(from: Option<File>) -> Piped {
        Piped(from.map(|file| Arc::new(Pipe { from: Mutex::new(Some(file)), read: watch::Sender::new(None) })))
    }

    /// All of it. Who gives up waiting takes nothing away from the next one who asks.
    async fn read(&self) -> Result<Arc<[u8]>, String> {
        let Some(pipe) = &self.0 else {
            return Err("nothing was piped into the program: cat FILE | kubetui".to_owned());
        };
        let mut read = pipe.read.subscribe();
        let from = pipe.from.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(from) = from {
            let pipe = pipe.clone();
            // Whoever writes may never end.
            std::thread::spawn(move || {
                let bytes = whole(from, MOST).map(Into::into).map_err(|why| Arc::from(why.as_str()));
                pipe.read.send_replace(Some(bytes));
            });
        }
        match read.wait_for(Option::is_some).await.ok().and_then(|said| said.clone()) {
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(why)) => Err(format!("standard input: {why}")),
            None => Err("standard input cannot be read".to_owned()),
        }
    }
}

/// Reads all of it.
///
/// # Errors
/// What cannot be read, or is too much; nothing of it is used then.
pub(super) async fn gather(manifests: &Manifests, piped: &Piped) -> Result<Gathered, String> {
    match &manifests.from {
        Origin::Input => {
            let bytes = piped.read().await?;
            Ok(Gathered { texts: vec![Text { name: "standard input".to_owned(), bytes }], left: Vec::new() })
        }
        Origin::Path(path) => {
            let (path, typed) = (path.clone(), manifests.typed.clone());
            let work = move || of_path(&path, &typed);
            tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
        }
    }
}

fn of_path(path: &Path, typed: &str) -> Result<Gathered, String> {
    let mut walk = Walk { found: Gathered::default(), bytes: 0 };
    let about = fs::metadata(path).map_err(|error| format!("{typed}: {}", io_words(&error)))?;
    if about.is_dir() {
        walk.folder(path, typed.trim_end_matches('/'), 0)?;
        if walk.found.texts.is_empty() {
            return Err(format!("{typed} has no file that ends with .yaml, .yml or .json"));
        }
    } else if about.is_file() {
        walk.file(path, typed.to_owned())?;
    } else {
        return Err(format!("{typed} is neither a file nor a folder"));
    }
    Ok(walk.found)
}

struct Walk {
    found: Gathered,
    bytes: u64,
}

impl Walk {
    /// As `kubectl apply -R -f`: in the order of names, links to folders are not followed.
    fn folder(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), String> {
        let failed = |error: io::Error| format!("{name}: {}", io_words(&error));
        if depth > DEEPEST {
            return Err(format!("{name}: more than {DEEPEST} folders within one another"));
        }
        let mut entries = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let own = entry.file_name();
            let own = own.to_string_lossy();
            let shown = if name.is_empty() { format!("/{own}") } else { format!("{name}/{own}") };
            let kind = entry.file_type().map_err(failed)?;
            if own.starts_with('.') {
                self.found.left.push(shown);
            } else if kind.is_dir() {
                self.folder(&entry.path(), &shown, depth + 1)?;
            } else if is_kustomization(&own) {
                let folder = name.to_owned();
                return Err(format!("{shown}: this folder is to be built first: kubectl kustomize {folder} | kubetui, and then :apply -"));
            } else if is_manifest(&own) && fs::metadata(entry.path()).is_ok_and(|about| about.is_file()) {
                self.file(&entry.path(), shown)?;
            } else {
                self.found.left.push(shown);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: String) -> Result<(), String> {
        if self.found.texts.len() >= FILES {
            return Err(format!("{name}: these are more than {FILES} files: apply them folder by folder"));
        }
        let read = File::open(path).map_err(|error| io_words(&error)).and_then(|file| whole(file, MOST - self.bytes));
        let bytes = read.map_err(|why| format!("{name}: {why}"))?;
        self.bytes += bytes.len() as u64;
        self.found.texts.push(Text { name, bytes: bytes.into() });
        Ok(())
    }
}

fn whole(from: File, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes).map_err(|error| io_words(&error))?;
    if bytes.len() as u64 > most {
        return Err(format!("more than {} MB at once are too much", MOST >> 20));
    }
    Ok(bytes)
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
}

/// The names that kustomize knows (`konfig.RecognizedKustomizationFileNames`).
fn is_kustomization(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// Without the number of the error.
fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Gathered) -> Vec<&str> {
        found.texts.iter().map(|text| text.name.as_str()).collect()
    }

    #[test]
    fn folders_are_read_in_the_order_of_names_and_what_is_left_out_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/deep")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        for name in ["a.yaml", "b/x.json", "b/deep/y.yml", "c.yaml", "README.md", ".hidden.yaml", ".git/z.yaml"] {
            fs::write(at(name), name).unwrap();
        }
        let found = of_path(folder.path(), "deploy/").unwrap();
        assert_eq!(names(&found), ["deploy/a.yaml", "deploy/b/deep/y.yml", "deploy/b/x.json", "deploy/c.yaml"]);
        assert_eq!(
            found.left_out().unwrap(),
            "left out, hidden or not .yaml, .yml or .json: deploy/.git, deploy/.hidden.yaml, deploy/README.md"
        );
        let one = of_path(&at("README.md"), "README.md").unwrap();
        assert_eq!((names(&one), one.left_out()), (vec!["README.md"], None), "a file that is named is read, whatever its name");
        fs::write(at("b/kustomization.yaml"), "").unwrap();
        let why = of_path(folder.path(), "deploy").unwrap_err();
        assert!(why.starts_with("deploy/b/kustomization.yaml: ") && why.contains("kubectl kustomize deploy/b |"), "{why}");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_path(&folder.path().join("x"), "x").unwrap_err(), "x: there is no such file");
        assert_eq!(of_path(folder.path(), "d").unwrap_err(), "d has no file that ends with .yaml, .yml or .json");
        let large = folder.path().join("large.yaml");
        File::create(&large).unwrap().set_len(MOST + 1).unwrap();
        assert_eq!(of_path(folder.path(), "d").unwrap_err(), "d/large.yaml: more than 32 MB at once are too much");
    }

    #[tokio::test]
    async fn what_was_piped_is_read_once_and_given_to_everybody() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "kind: X").unwrap();
        let piped = Piped::new(Some(File::open(file.path()).unwrap()));
        for _ in 0..2 {
            assert_eq!(&*piped.read().await.unwrap(), b"kind: X");
        }
        assert!(Piped::default().read().await.unwrap_err().starts_with("nothing was piped"));
    }
}
