//! What comes back when the program starts again: the last view, namespaces and sort of each context. Nothing secret is
//! in it, it is readable by its owner only, and a file that is broken is replaced: memory is a comfort, never an error.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::places;

/// What is remembered of one context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The command argument that opens the view again: `pods`, `deployments.apps`, `labels`.
    pub view: String,
    /// The namespaces in scope; none means all of them.
    pub namespaces: Vec<String>,
    /// The column sorted by and `-` in front when it is flipped: `-RESTARTS`. Empty for the view's own order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct File {
    contexts: BTreeMap<String, Remembered>,
}

/// The memory, in one file for all contexts.
#[derive(Debug, Default)]
pub struct Memory {
    /// `None` where the platform names no folder: then nothing is kept.
    path: Option<PathBuf>,
    known: BTreeMap<String, Remembered>,
    /// Only these are written, over what the file holds by then: two programs at once keep each other's contexts.
    changed: BTreeMap<String, Remembered>,
}

impl Memory {
    /// Reads `state.toml` in the platform's state folder; a missing or broken file is an empty memory.
    pub fn load() -> Memory {
        match places::state_folder() {
            Some(folder) => Memory::load_from(folder.join("state.toml")),
            None => Memory::default(),
        }
    }

    /// [`Memory::load`] from a file of the caller's choice.
    pub fn load_from(path: PathBuf) -> Memory {
        let known = read(&path);
        Memory { path: Some(path), known, changed: BTreeMap::new() }
    }

    /// What was last seen in a context.
    pub fn get(&self, context: &str) -> Option<&Remembered> {
        self.known.get(context)
    }

    /// Keeps what is seen now; [`Memory::save`] writes it.
    pub fn set(&mut self, context: &str, now: Remembered) {
        if self.known.get(context) != Some(&now) {
            self.changed.insert(context.to_owned(), now.clone());
            self.known.insert(context.to_owned(), now);
        }
    }

    /// Writes what changed, whole or not at all (a new file, mode 0600, renamed over the old one).
    ///
    /// # Errors
    /// When the folder or the file cannot be written. The caller may say so and go on; what changed is kept for the
    /// next try.
    pub fn save(&mut self) -> io::Result<()> {
        let Some(path) = self.path.as_deref().filter(|_| !self.changed.is_empty()) else { return Ok(()) };
        let mut contexts = read(path);
        contexts.extend(self.changed.iter().map(|(context, seen)| (context.clone(), seen.clone())));
        let text = toml::to_string(&File { contexts }).map_err(io::Error::other)?;
        places::replace(path, text.as_bytes())?;
        self.changed.clear();
        Ok(())
    }
}

fn read(path: &Path) -> BTreeMap<String, Remembered> {
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str::<File>(&text).map(|file| file.contexts).unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), %error, "the remembered state does not parse and is replaced");
            BTreeMap::new()
        }),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), %error, "the remembered state cannot be read");
            }
            BTreeMap::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = std::env::temp_dir().join(format!("kubetui-remember-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            Folder(folder)
        }

        fn file(&self) -> PathBuf {
            self.0.join("below").join("state.toml")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn seen(view: &str, namespaces: &[&str]) -> Remembered {
        Remembered { view: view.into(), namespaces: namespaces.iter().map(|&n| n.into()).collect(), sort: String::new() }
    }

    #[test]
    fn what_was_seen_comes_back() {
        let folder = Folder::new("back");
        let mut memory = Memory::load_from(folder.file());
        assert_eq!(memory.get("prod.eu/admin"), None);
        memory.set("prod.eu/admin", seen("labels", &["shop", "payments"]));
        memory.save().unwrap();
        assert_eq!(Memory::load_from(folder.file()).get("prod.eu/admin"), Some(&seen("labels", &["shop", "payments"])));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.0.join("below")).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_broken_file_is_empty_and_replaced() {
        let folder = Folder::new("broken");
        fs::create_dir_all(folder.file().parent().unwrap()).unwrap();
        fs::write(folder.file(), "contexts = [[[\u{0}").unwrap();
        let mut memory = Memory::load_from(folder.file());
        assert_eq!(memory.get("a"), None);
        memory.set("a", seen("pods", &[]));
        memory.save().unwrap();
        assert_eq!(Memory::load_from(folder.file()).get("a"), Some(&seen("pods", &[])));
    }

    #[test]
    fn two_programs_keep_each_others_contexts() {
        let folder = Folder::new("two");
        let (mut one, mut two) = (Memory::load_from(folder.file()), Memory::load_from(folder.file()));
        one.set("a", seen("pods", &[]));
        two.set("b", seen("nodes", &[]));
        one.save().unwrap();
        two.save().unwrap();
        let both = Memory::load_from(folder.file());
        assert!(both.get("a").is_some() && both.get("b").is_some());
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_tried_again() {
        let folder = Folder::new("blocked");
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join("below"), "a file where the folder should be").unwrap();
        let mut memory = Memory::load_from(folder.file());
        memory.set("a", seen("pods", &[]));
        assert!(memory.save().is_err());
        fs::remove_file(folder.0.join("below")).unwrap();
        memory.save().unwrap();
        assert!(Memory::load_from(folder.file()).get("a").is_some());
    }
}
