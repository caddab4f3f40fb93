//! The README's pictures: the real program on the demo, driven by keys, and its screen written as an SVG.
//!
//! `KUBETUI_PICTURES=write cargo test --test it pictures` draws them again; otherwise the tests compare. A demo whose time
//! stands still is the same on every machine, and so are they.

use std::path::PathBuf;

use kubetui::demo::{self, Demo, Options};
use ratatui::buffer::Buffer;
use tempfile::TempDir;

use crate::driver::{Driver, Setup};

mod svg;

/// When it is in the pictures: 2026-11-21T12:00:00Z, in milliseconds since 1970. The demo's names come from it, too.
const NOON: i64 = 1_795_262_400_000;

/// Draws the pictures again.
const COMMAND: &str = "KUBETUI_PICTURES=write cargo test --test it pictures";

/// A program on a demo of its own.
struct Scene {
    driver: Driver,
    _demo: Demo,
    _folder: TempDir,
}

impl Scene {
    /// A view in a namespace on 120 columns and so many rows.
    fn new(resource: &str, namespace: &str, rows: u16) -> Scene {
        let demo = demo::start_at(NOON, Options::default()).expect("the demo starts");
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, demo.kubeconfig()).expect("is written");
        let driver = Setup::new(&kubeconfig).namespace(namespace).resource(resource).size(120, rows).at(NOON / 1000).start();
        Scene { driver, _demo: demo, _folder: folder }
    }

    /// Waits for all of these words.
    #[track_caller]
    fn see(&self, words: &[&str]) {
        self.driver.wait(&format!("{words:?}"), |screen| words.iter().all(|words| screen.contains(words)));
    }

    /// Moves the cursor down to the first line that has these words.
    #[track_caller]
    fn to(&self, words: &str) {
        let cursor = |screen: &str| screen.lines().find(|line| line.starts_with('▌')).map(str::to_owned);
        loop {
            let screen = self.driver.wait("a cursor", |screen| cursor(screen).is_some());
            let at = cursor(&screen);
            if at.as_ref().is_some_and(|line| line.contains(words)) {
                return;
            }
            self.driver.press("j");
            self.driver.wait(&format!("the cursor to move on, to {words:?}"), |screen| cursor(screen) != at);
        }
    }

    /// Writes or compares the picture of what is on the screen.
    #[track_caller]
    fn picture(self, name: &str, title: &str) {
        let screen: Buffer = self.driver.buffer();
        let drawn = svg::write(&screen, title);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(format!("{name}.svg"));
        if std::env::var_os("KUBETUI_PICTURES").is_some_and(|what| what == "write") {
            std::fs::write(&path, &drawn).expect("the picture is written");
        } else {
            let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
            let differ = kept.lines().zip(drawn.lines()).find(|(kept, drawn)| kept != drawn);
            assert!(
                kept == drawn,
                "{} is not what the program shows now, first here: {differ:#?}\n{}\nIf that is as it should be, draw it again:\n  {COMMAND}",
                path.display(),
                self.driver.screen()
            );
        }
        self.driver.quit();
    }
}

#[test]
fn pods() {
    let scene = Scene::new("pods", "shop", 35);
    scene.see(&["● live", "Mi"]);
    scene.to("CrashLoopBackOff");
    scene.see(&["● live", "Mi", "events", "back-off"]);
    scene.picture("pods", "The pods of a namespace, and why one of them does not run");
}

#[test]
fn rollouts() {
    let scene = Scene::new("rollouts", "shop", 24);
    scene.see(&["● live"]);
    scene.to(" checkout ");
    scene.see(&["● live"]);
    scene.picture("rollouts", "Rollouts: one is in progress, one is stuck");
}

#[test]
fn services() {
    let scene = Scene::new("services", "shop", 24);
    scene.see(&["● live"]);
    scene.to(" wishlist ");
    scene.see(&["● live"]);
    scene.picture("services", "Services: no pod matches the selector of one of them");
}

#[test]
fn nodes() {
    let scene = Scene::new("nodes", "shop", 24);
    scene.see(&["● live", "Mi"]);
    scene.to(" node-4 ");
    scene.see(&["● live", "Mi"]);
    scene.picture("nodes", "Nodes: the kubelet of one of them does not answer");
}
