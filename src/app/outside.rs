//! A text in the person's own editor (`$KUBE_EDITOR`, `$EDITOR`): written to a file that only they can read, handed over with
//! the terminal, and read back. What comes back goes the way of what was typed here.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::App;
use super::surface::Surface;
use crate::commands;
use crate::effect::Effect;
use crate::model::edit;
use crate::places;
use crate::view::state::View;

/// What came of it.
enum Came {
    /// Another text.
    Text(String),
    /// The same one.
    Same,
    /// Nothing that can be used: why.
    Nothing(String),
}

impl<S: Surface> App<S> {
    /// Has the text of an editor edited outside. It comes back into the editor, and to its review when it is another one.
    pub(super) fn outside(&mut self, id: u64) -> io::Result<()> {
        let program = self.outside.clone();
        let Some(editor) = self.state.editor_mut(id).filter(|editor| editor.is_ready()) else { return Ok(()) };
        let (text, secret, changed) = (editor.text(), editor.is_secret(), editor.is_changed());
        let name =
            editor.subject.as_ref().map_or_else(|| editor.kind.singular.to_string(), |of| format!("{}-{}", of.kind.singular, of.name));
        let folder = match folder(secret) {
            Ok(folder) => folder,
            Err(why) => {
                self.state.error(why);
                return Ok(());
            }
        };
        // The loop stands still meanwhile, as it must: the terminal belongs to the editor. Watches go on reading.
        let came = self.surface.hand_over(|| run(&program, &folder, &name, &text))?;
        self.state.dirty = true;
        let opened = self.state.editor_mut(id).is_some_and(|editor| std::mem::take(&mut editor.outside));
        match came {
            Came::Text(text) => {
                if let Some(editor) = self.state.editor_mut(id) {
                    editor.set_text(&text);
                }
                if matches!(self.state.view(), Some(View::Edit(editor)) if editor.id == id) {
                    let mut effects = Vec::new();
                    commands::run(&mut self.state, &mut effects, "save");
                    for effect in effects {
                        if let Effect::Ask(number, intent) = effect {
                            self.ask(number, intent);
                        }
                    }
                    if let Some(editor) = self.state.editor_mut(id) {
                        editor.leaving = opened;
                    }
                }
            }
            Came::Same => {
                // It was opened for this alone.
                if opened && !changed && matches!(self.state.view(), Some(View::Edit(editor)) if editor.id == id) {
                    self.state.pop();
                }
                self.state.info(format!("nothing was changed in {program}"));
            }
            Came::Nothing(why) => self.state.error(why),
        }
        Ok(())
    }
}

/// Where the file is put: a Secret's nowhere but in memory.
fn folder(secret: bool) -> Result<PathBuf, String> {
    if !secret {
        return places::run_folder().ok_or_else(|| "there is no folder for the file: HOME is not set".to_owned());
    }
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let found = places::run_folder().into_iter().chain([PathBuf::from("/dev/shm")]).find(|folder| in_memory(folder, &mounts));
    found.ok_or_else(|| "a Secret is written to no disk, and no file system in memory was found: edit it here".to_owned())
}

/// The file system that a folder is on is one in memory, by the kernel's list of mounts.
fn in_memory(folder: &Path, mounts: &str) -> bool {
    let mut best = (0, false);
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(at), Some(of)) = (words.next(), words.next()) else { continue };
        let at = at.replace("\\040", " ");
        // Later mounts lie over earlier ones.
        if folder.starts_with(&at) && at.len() >= best.0 {
            best = (at.len(), matches!(of, "tmpfs" | "ramfs"));
        }
    }
    best.1
}

fn run(program: &str, folder: &Path, name: &str, text: &str) -> Came {
    let path = match write(folder, name, text) {
        Ok(path) => path,
        Err(error) => return Came::Nothing(format!("{}: {error}", folder.display())),
    };
    let came = edited(program, &path, text);
    // What cannot be read is somebody's work nevertheless.
    match came {
        Err(why) => Came::Nothing(format!("{why}; it is still in {}", path.display())),
        Ok(came) => {
            let _ = fs::remove_file(&path);
            came
        }
    }
}

/// A file that is readable by its owner alone from its first byte on, with a name that no other one has.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' }).collect();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut at = 0_u32;
    loop {
        let path = folder.join(format!("{safe}-{}-{at}.yaml", std::process::id()));
        match options.open(&path) {
            Ok(mut file) => return file.write_all(text.as_bytes()).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && at < 1000 => at += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Runs the editor, and reads what it left.
///
/// # Errors
/// The file holds what cannot be taken over: why.
fn edited(program: &str, path: &Path, before: &str) -> Result<Came, String> {
    // `EDITOR` may have arguments and quotes: it is a shell's word, as for kubectl and git.
    #[cfg(unix)]
    let status = Command::new("sh").arg("-c").arg(format!("{program} \"$1\"")).arg("sh").arg(path).status();
    #[cfg(not(unix))]
    let status = {
        let mut words = program.split_whitespace();
        Command::new(words.next().unwrap_or("notepad")).args(words).arg(path).status()
    };
    match status {
        Err(error) => return Ok(Came::Nothing(format!("{program} cannot be run: {error}; KUBE_EDITOR or EDITOR name another one"))),
        Ok(status) if status.code() == Some(127) => {
            return Ok(Came::Nothing(format!("there is no {program}: KUBE_EDITOR or EDITOR name another one")));
        }
        Ok(status) if !status.success() => {
            let why = format!("{program} ended with {status}: nothing was taken over");
            // What it has written is somebody's work nevertheless.
            let same = fs::read(path).is_ok_and(|bytes| bytes == before.as_bytes());
            return if same { Ok(Came::Nothing(why)) } else { Err(why) };
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|error| format!("what {program} wrote cannot be read: {error}"))?;
    let text = edit::utf8(&bytes).map_err(|fault| format!("line {} of what {program} wrote: {}", fault.at.line, fault.message))?;
    Ok(if text == before { Came::Same } else { Came::Text(text.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "/dev/vda / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\n/dev/vdb /run/user ext4 rw 0 0\n";

    #[test]
    fn memory_is_told_from_disks() {
        let is = |folder: &str| in_memory(Path::new(folder), MOUNTS);
        assert!(is("/run/kubetui") && is("/dev/shm") && !is("/run/user/1000/kubetui") && !is("/home/ann") && !is("/runner"));
        assert!(!in_memory(Path::new("/dev/shm"), ""), "where nothing is known, it is a disk");
    }

    #[cfg(unix)]
    #[test]
    fn what_was_written_comes_back_and_what_cannot_be_read_stays() {
        let folder = tempfile::tempdir().unwrap();
        let left = || fs::read_dir(folder.path()).unwrap().count();
        let with = |program: &str| run(program, folder.path(), "pod/a", "a: 1\n");
        assert!(matches!(with("sed -i s/1/2/"), Came::Text(text) if text == "a: 2\n"));
        assert!(matches!(with("true"), Came::Same));
        assert!(matches!(with("false"), Came::Nothing(why) if why.contains("nothing was taken over")));
        assert!(matches!(with("no-such-editor"), Came::Nothing(why) if why.contains("there is no no-such-editor")));
        assert_eq!(left(), 0);
        assert!(
            matches!(with("printf 'a: \\377' >"), Came::Nothing(why) if why.starts_with("line 1 of what") && why.contains("it is still in"))
        );
        assert_eq!(left(), 1);
        let killed = with("sed -i s/1/3/ \"$1\"; exit 1;");
        assert!(matches!(killed, Came::Nothing(why) if why.contains("nothing was taken over; it is still in")));
        assert_eq!(left(), 2);
        use std::os::unix::fs::PermissionsExt;
        let path = write(folder.path(), "x", "").unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
