//! What is typed and not saved is there again, whatever ended the program; a Secret's is nowhere.

use std::path::PathBuf;

use kubetui::demo::{self, Demo, Options};

use super::*;

/// A cluster that outlives the program, and folders that the next run has too.
struct Home {
    demo: Demo,
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        let demo = demo::start(Options::default()).expect("the demo starts");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("kubeconfig"), demo.kubeconfig()).expect("is written");
        Home { demo, folder }
    }

    /// The program with a kind on the screen.
    fn window(&self, kind: &str) -> Window {
        let config = self.folder.path().join("kubeconfig");
        let folder = |name: &str| self.folder.path().join(name).display().to_string();
        let (state, cache, run) = (folder("state"), folder("cache"), folder("run"));
        let variables = [("XDG_STATE_HOME", &*state), ("XDG_CACHE_HOME", &*cache), ("XDG_RUNTIME_DIR", &*run)];
        let window = Window::start(&["here"], &variables, |program, _| {
            Command::new(program).arg("--kubeconfig").arg(&config).args([kind, "-n", "shop"])
        });
        assert!(!self.demo.kubeconfig().is_empty());
        // The pods are there first: a kind that is called by name is known when the server has said what it serves.
        let named = if kind == "pods" { "1 Pods".to_owned() } else { format!("▸ {kind} ") };
        window.wait("its live table", |screen| ["● live", "▌", &named].iter().all(|words| screen.contents().contains(words)));
        window
    }

    /// Files that have this in them.
    fn with(&self, words: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if std::fs::read(entry.path()).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(words)) {
                    found.push(entry.path());
                }
            }
        }
        found
    }

    #[track_caller]
    fn until(&self, what: &str, is: impl Fn(&Home) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !is(self) {
            assert!(Instant::now() < end, "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Opens what is under the cursor in the editor.
fn edit(window: &Window) {
    window.see("apiVersion: v1");
    window.see("ctrl-s save");
}

#[test]
fn what_was_typed_is_offered_after_a_kill() {
    let home = Home::new();
    let mut window = home.window("configmaps");
    window.press("e");
    edit(&window);
    window.press("# typed-and-not-saved\r");
    window.see("# typed-and-not-saved");
    home.until("the text on disk", |home| !home.with("typed-and-not-saved").is_empty());
    window.signal(Signal::KILL);
    window.ended();

    let mut window = home.window("pods");
    window.see("was not saved when the program ended");
    window.press("\r");
    window.see("# typed-and-not-saved");
    edit(&window);
    // It is this program's now: thrown away, it is nowhere.
    window.press("\u{1b}");
    window.see("throw away");
    window.press("throw\r");
    window.see("is thrown away");
    home.until("nothing on disk", |home| home.with("typed-and-not-saved").is_empty());
    window.press("Q");
    assert!(window.ended().success());

    let mut window = home.window("pods");
    window.press("Q");
    assert!(window.ended().success());
    assert!(!window.screen().screen().contents().contains("was not saved"));
}

#[test]
fn a_hangup_and_leaving_all_the_same_keep_it_too() {
    for how in ["hangup", "quit"] {
        let home = Home::new();
        let mut window = home.window("configmaps");
        window.press("e");
        edit(&window);
        window.press("# left-behind\r");
        window.see("# left-behind");
        if how == "quit" {
            window.press("\u{1b}");
            window.see("go on editing");
            window.press("\u{1b}");
            window.see("ctrl-s save");
            window.signal(Signal::TERM);
        } else {
            window.signal(Signal::HUP);
        }
        window.ended();
        let mut window = home.window("pods");
        window.see("was not saved when the program ended");
        window.press("\u{1b}");
        window.wait("the list put away", |screen| !screen.contents().contains("was not saved"));
        window.press("Q");
        assert!(window.ended().success());
    }
}

#[test]
fn a_secret_that_is_typed_is_on_no_disk() {
    let home = Home::new();
    let mut window = home.window("secrets");
    window.press("e");
    edit(&window);
    window.see("memory only");
    window.press("# typed-into-a-secret\r");
    window.see("# typed-into-a-secret");
    // Another text that is kept says that there was time for this one, too.
    window.press("\u{1b}");
    window.see("go on editing");
    window.press("\u{1b}");
    std::thread::sleep(Duration::from_millis(1500));
    window.signal(Signal::KILL);
    window.ended();
    assert_eq!(home.with("typed-into-a-secret"), Vec::<PathBuf>::new());
}
