//! The README's pictures: the real program on the demo, driven by keys, and its screen written as an SVG.
//!
//! `KUBETUI_PICTURES=write cargo test --test it pictures` draws them again; otherwise the tests compare. A demo whose time
//! stands still is the same on every machine, and so are they.

use std::path::Path;
use std::time::{Duration, Instant};

use kubetui::demo::{self, Demo, Options};
use tempfile::TempDir;

use crate::driver::{Driver, Setup};
use crate::wait::wait_until;

mod svg;

/// When it is in the pictures: 2026-11-21T12:00:00Z, in milliseconds since 1970. The demo's names come from it, too.
const NOON: i64 = 1_795_262_400_000;

/// What a person is told whose change changed a picture.
const AGAIN: &str = "If this is as it should be, draw it again, and look at it: KUBETUI_PICTURES=write cargo test --test it pictures";

/// How long a screen may take to become its picture, beyond what was waited for.
const LATE: Duration = Duration::from_secs(10);

/// How long a screen must not change to be drawn.
const STILL: Duration = Duration::from_secs(2);

/// A program on a demo of its own.
struct Scene {
    driver: Driver,
    _demo: Demo,
    _folder: TempDir,
}

impl Scene {
    /// A view of a namespace, or of all, on 120 columns and so many rows, with everything that is counted above it.
    #[track_caller]
    fn new(resource: &str, namespace: Option<&str>, rows: u16) -> Scene {
        let demo = demo::start_at(NOON, Options::default()).expect("the demo starts");
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, demo.kubeconfig()).expect("is written");
        let setup = Setup::new(&kubeconfig).resource(resource).size(120, rows).at(NOON / 1000);
        let setup = if let Some(namespace) = namespace { setup.namespace(namespace) } else { setup };
        let scene = Scene { driver: setup.start(), _demo: demo, _folder: folder };
        scene.driver.wait("live, and all panes counted", |screen| {
            let above = screen.lines().next().unwrap_or_default();
            let counted = |pane: &str| above.split_once(pane).is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
            above.contains("● live") && !above.contains('…') && ["Pods ", "Services ", "Rollouts "].into_iter().all(counted)
        });
        scene
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

    /// Writes the picture of what is on the screen, or compares it with the one that is kept.
    #[track_caller]
    fn picture(self, name: &str, title: &str) {
        self.drawn(name, title);
        self.driver.quit();
    }

    #[track_caller]
    fn drawn(&self, name: &str, title: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(format!("{name}.svg"));
        let draw = || svg::write(&self.driver.buffer(), title);
        if std::env::var_os("KUBETUI_PICTURES").is_some_and(|what| what == "write") {
            std::fs::write(&path, when_still(draw)).expect("the picture is written");
        } else {
            let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
            // Something that nobody waited for may still be on its way.
            wait_until(LATE, &format!("{}, which is not what the program shows now", path.display()), || {
                let drawn = draw();
                let differ = kept.lines().zip(drawn.lines()).find(|(kept, drawn)| kept != drawn);
                let why = || format!("the first lines that differ are {differ:#?}\n{}\n{AGAIN}", self.driver.screen());
                if drawn == kept { Ok(()) } else { Err(why()) }
            });
        }
    }
}

/// The picture that has stayed the same for a while.
fn when_still(draw: impl Fn() -> String) -> String {
    let (mut last, mut since) = (draw(), Instant::now());
    while since.elapsed() < STILL {
        std::thread::sleep(Duration::from_millis(50));
        let now = draw();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

#[test]
fn pods() {
    let scene = Scene::new("pods", Some("shop"), 38);
    scene.to("CrashLoopBackOff");
    // The bar of what it uses, and what was asked for by itself.
    scene.see(&["▁", "Deployment/recommender", "Pulled ×", "Started ×"]);
    scene.picture("pods", "The pods of a namespace, and why one of them does not run");
}

#[test]
fn rollouts() {
    let scene = Scene::new("rollouts", None, 32);
    scene.to(" checkout ");
    scene.see(&["6 desired", "rolled out", "progress deadline exceeded"]);
    scene.picture("rollouts", "Rollouts: one is in progress, one is stuck");
}

#[test]
fn services() {
    let scene = Scene::new("services", None, 32);
    scene.to(" wishlist ");
    scene.see(&["no pod matches its selector"]);
    scene.picture("services", "Services: no pod matches the selector of one of them");
}

#[test]
fn nodes() {
    let scene = Scene::new("nodes", None, 32);
    scene.to("NotReady");
    scene.see(&["Mi", "NodeStatusUnknown"]);
    scene.picture("nodes", "Nodes: the kubelet of one of them does not answer");
}

#[test]
fn logs() {
    let scene = Scene::new("rollouts", Some("shop"), 30);
    scene.see(&[" api "]);
    scene.driver.press("g g");
    scene.to(" api ");
    scene.driver.press("l");
    scene.see(&["containers", "following"]);
    // The clock on the wall is another one on another machine.
    scene.driver.command("stamps utc");
    scene.driver.press("f");
    scene.driver.type_text("level>=warn");
    scene.driver.press("enter");
    scene.see(&["slow query", "error request failed", "f level>=warn"]);
    scene.driver.press("/");
    scene.driver.type_text("took_ms");
    scene.driver.press("enter");
    scene.see(&["/took_ms", " of "]);
    scene.driver.press("G");
    scene.see(&["following"]);
    scene.picture("logs", "The log of all pods of a Deployment: warnings and errors, and what a search found in them");
}

#[test]
fn question() {
    let scene = Scene::new("pods", Some("payments"), 30);
    scene.to("ledger");
    scene.driver.command("label app=ledger-debug");
    scene.see(&["Label pod/ledger", "it leaves", "yes, label"]);
    scene.picture("question", "What follows from another label, said before it is set");
}

#[test]
fn editor() {
    let scene = Scene::new("deployments", Some("shop"), 36);
    scene.to(" checkout ");
    scene.driver.press("e");
    scene.see(&["● saved", "kind: Deployment"]);
    let behind = |words: &str| {
        scene.driver.press("ctrl-home ctrl-f ctrl-u");
        scene.driver.type_text(words);
        scene.driver.press("enter");
        scene.see(&[words, "1 of "]);
        scene.driver.press("right esc");
    };
    behind("replicas: ");
    scene.driver.press("end enter");
    scene.driver.type_text("maxUnavailable: 1");
    behind("imagePullPolicy: ");
    scene.driver.press("end ctrl-w ctrl-space");
    scene.see(&["▌ Always", "IfNotPresent", "1 problem", "one of: Always"]);
    // What was typed is not saved: no key ends the program here without a question.
    scene.drawn("editor", "A Deployment in the editor: what a field takes, and one that is not there");
}
