//! Keys in, screen out, without a cluster: whatever is pressed, nothing panics, and nothing but quitting quits.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossterm::event::Event as Input;
use kubetui::commands::{self, COMMANDS, Group};
use kubetui::effect::Effect;
use kubetui::keymap::{self, Key, Keymap, Mode, Outcome};
use kubetui::view::state::{Overlay, State, View};

use crate::driver::Setup;
use crate::sample::{self, Feeder};
use crate::screens::Stage;

/// A kubeconfig of two contexts whose server is a port that nobody listens on.
pub fn nowhere(folder: &Path, contexts: &[&str]) -> PathBuf {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address").port()
    };
    let entries: String = contexts
        .iter()
        .map(|name| format!("- {{name: {name}, context: {{cluster: nowhere, user: nobody, namespace: default}}}}\n"))
        .collect();
    let first = contexts[0];
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {first}\nclusters:\n- {{name: nowhere, cluster: {{server: \"http://127.0.0.1:{port}\"}}}}\n\
         users:\n- {{name: nobody, user: {{token: x}}}}\ncontexts:\n{entries}"
    );
    let path = folder.join("config");
    std::fs::write(&path, text).expect("written");
    path
}

/// Pseudo-random numbers, the same for the same seed.
pub struct Dice(u64);

impl Dice {
    /// From `KUBETUI_TEST_SEED`, else from the clock; printed, so that a failure can be had again.
    pub fn new(test: &str) -> Dice {
        let seed = std::env::var("KUBETUI_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |since| since.as_nanos() as u64)
        });
        println!("{test}: KUBETUI_TEST_SEED={seed}");
        Dice(seed)
    }

    pub fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What people type and paste, and what they should not.
pub const TEXTS: &[&str] = &[
    "app=web",
    "restarts>3",
    "(a | b",
    "/[/",
    "!x \"y\"",
    "deploy",
    "pods -n shop",
    "ns shop",
    "nodes",
    "sort age",
    "日本語 e\u{301} \u{1b}[31m \u{202e}x",
    "\n\r\t\0",
    "👩\u{200d}💻🇩🇪",
    "",
];

#[test]
fn a_cluster_that_does_not_answer_leads_to_the_contexts_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = Instant::now();
    let driver = Setup::new(&nowhere(folder.path(), &["here", "there"])).size(100, 30).start();
    driver.wait_for(Duration::from_secs(3), "the list of contexts", |screen| {
        screen.contains("Contexts") && screen.contains("here does not answer: ") && screen.contains("there")
    });
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    driver.see("✗ unreachable");
    // Keys work: the list moves and narrows, and esc leaves it without leaving the program.
    driver.type_text("the");
    driver.wait("the narrowed list", |screen| screen.contains("▌ there") && !screen.contains("▌ here"));
    driver.press("esc");
    driver.wait("the list gone", |screen| !screen.contains("Contexts"));
    for _ in 0..10 {
        driver.press("esc");
    }
    driver.see("does not answer");
    driver.press("2");
    driver.wait("another pane", |screen| screen.lines().next().is_some_and(|line| line.contains("2 Services")));
    driver.press("?");
    driver.see("Go down: to the pods");
    driver.press("esc");
    driver.press("C");
    driver.see("Contexts");
    driver.press("down enter");
    driver.wait("the other context", |screen| screen.starts_with(" there ▸"));
    driver.wait_for(Duration::from_secs(3), "its reason", |screen| screen.contains("there does not answer: "));
    driver.press("esc");
    driver.press(":");
    driver.see("Go to");
    driver.type_text("q");
    driver.press("enter");
    assert_eq!(driver.ended(), 0);
}

#[test]
fn random_keys_without_a_cluster_never_end_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let driver = Setup::new(&nowhere(folder.path(), &["here", "there"])).size(100, 30).start();
    let mut dice = Dice::new("random_keys_without_a_cluster_never_end_it");
    // By name everything can be done, quitting too.
    let keys = bound_keys(&["quit", "palette"]);
    for step in 0..3000 {
        match dice.below(20) {
            0 => driver.send(Input::Paste((*dice.of(TEXTS)).to_owned())),
            1 => driver.send(Input::Resize(dice.below(200) as u16 + 1, dice.below(60) as u16 + 1)),
            2 => driver.type_text(dice.of::<&str>(&["web", "1/2", "nothere", "日本"])),
            _ => driver.press(&Key::print_all(dice.of::<Vec<Key>>(&keys))),
        }
        if step % 500 == 499 {
            // Whatever lies over the view goes, and the program says where it is.
            driver.send(Input::Resize(100, 30));
            driver.press("esc esc esc esc esc esc");
            driver.press("1");
            driver.see("1 Pods");
        }
    }
    assert_eq!(driver.quit(), 0);
}

/// All sequences of the key map that do not lead to these commands.
pub fn bound_keys(but: &[&str]) -> Vec<Vec<Key>> {
    // What is written to files would lie about.
    let but: Vec<&str> = but.iter().copied().chain(["save"]).collect();
    let keymap = default_keymap();
    let all = Mode::ALL.into_iter().flat_map(|mode| keymap.bindings(mode).to_vec());
    let mut keys: Vec<Vec<Key>> =
        all.filter(|binding| binding.command.as_deref().is_some_and(|line| !but.contains(&line))).map(|binding| binding.keys).collect();
    let refused: Vec<Vec<Key>> = Mode::ALL
        .into_iter()
        .flat_map(|mode| keymap.bindings(mode).to_vec())
        .filter(|binding| binding.command.as_deref().is_some_and(|line| but.contains(&line)))
        .map(|binding| binding.keys)
        .collect();
    keys.retain(|keys| !refused.contains(keys));
    keys
}

fn default_keymap() -> Keymap {
    let (keymap, problems) = Keymap::load(keymap::DEFAULT, None, &commands::names());
    assert!(problems.is_empty(), "{problems:?}");
    keymap
}

/// What the loop does with a key, as far as the screen is concerned. Gives the command that was run, and its effects.
fn press(state: &mut State, key: Key) -> (Option<String>, Vec<Effect>) {
    let mut effects = Vec::new();
    let mode = state.mode();
    match state.keymap.trie(mode).feed(&mut state.pressed, key) {
        Outcome::Command(line) => {
            commands::run(state, &mut effects, &line);
            if state.mode() != mode {
                state.pressed.clear();
            }
            let name = line.split(' ').next().unwrap_or_default().to_owned();
            (Some(name), effects)
        }
        Outcome::Pending(_) | Outcome::None => (None, effects),
    }
}

fn paste(state: &mut State, text: &str) {
    match &mut state.overlay {
        Overlay::Filter(line, _) | Overlay::Search(line, _) => drop(line.insert(text)),
        Overlay::Picker(picker) => drop(picker.line.insert(text)),
        _ => return,
    }
    commands::typed(state);
}

#[test]
fn random_keys_over_rows_never_panic() {
    let mut dice = Dice::new("random_keys_over_rows_never_panic");
    let mut stage = Stage::new((80, 24));
    stage.feeder = Feeder::new(sample::foreign_objects());
    let keys = bound_keys(&[]);
    let mut reached = BTreeSet::new();
    for _ in 0..3000 {
        match dice.below(24) {
            0 => paste(&mut stage.state, dice.of::<&str>(TEXTS)),
            1 => drop(stage.draw_at((dice.below(140) as u16 + 1, dice.below(50) as u16 + 1))),
            2 => {
                // The answer of a description, as a task would send it.
                let content = stage.feeder.describe("pods", "web-7d8f9c6b5-9fh2n");
                if let Some(View::Text(text)) = stage.state.stack.last_mut() {
                    text.set(&content);
                }
            }
            _ => {
                for key in dice.of(&keys) {
                    let (command, effects) = press(&mut stage.state, *key);
                    let quits = matches!(command.as_deref(), Some("quit" | "accept"));
                    assert!(quits || !effects.contains(&Effect::Quit), "{command:?} quits");
                    reached.extend(command);
                }
            }
        }
        stage.draw_at((80, 24));
    }
    assert!(reached.len() >= 30, "only {} commands were reached: {reached:?}", reached.len());
}

/// Nothing that is peeled off by esc ends the program.
#[test]
fn esc_never_quits() {
    let mut dice = Dice::new("esc_never_quits");
    let keys = bound_keys(&["quit"]);
    for _ in 0..30 {
        let mut stage = Stage::new((80, 24));
        for _ in 0..20 {
            for key in dice.of(&keys) {
                press(&mut stage.state, *key);
            }
            stage.settle();
        }
        let esc = Key::parse("esc").expect("a key");
        for _ in 0..40 {
            let (_, effects) = press(&mut stage.state, esc);
            assert!(effects.iter().all(|effect| matches!(effect, Effect::Stop(_))), "a question is left, and nothing else: {effects:?}");
            stage.settle();
        }
        assert_eq!(stage.state.stack.len(), 1, "esc leads to where one began");
        assert!(matches!(stage.state.overlay, Overlay::None));
        assert!(stage.state.pane().is_some(), "and that is a pane");
    }
}

#[test]
fn every_command_is_reached_by_a_key_or_by_name() {
    let keymap = default_keymap();
    let stage = Stage::new((80, 24));
    let named: BTreeSet<String> = commands::palette_choices(&stage.state).iter().map(|choice| choice.name.to_string()).collect();
    for command in COMMANDS {
        let bound = Mode::ALL.into_iter().any(|mode| {
            keymap
                .bindings(mode)
                .iter()
                .any(|binding| binding.command.as_deref().is_some_and(|line| line.split(' ').next() == Some(command.name)))
        });
        assert!(bound || named.contains(command.name), "{} is reached by nothing", command.name);
        assert!(!matches!(command.group, Group::Editing | Group::Move) || bound, "{} is not in the palette and has no key", command.name);
        assert!(!command.doc.is_empty() && !command.doc.ends_with('.'), "{}", command.name);
    }
    let mut names: Vec<&str> = commands::names();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), COMMANDS.len(), "two commands have one name");
}

/// The key maps that come with the program.
fn keymaps() -> Vec<Keymap> {
    let load = |(name, _): &(&str, &str)| {
        let (keymap, problems) = Keymap::load(name, None, &commands::names());
        assert!(problems.is_empty(), "{problems:?}");
        keymap
    };
    keymap::SHELF.compiled.iter().map(load).collect()
}

/// Whatever is under the cursor: a key asks, opens a prompt or a list, and sends nothing.
#[test]
fn no_key_changes_the_cluster_without_an_answer() {
    let mut acts: BTreeSet<String> = BTreeSet::new();
    for keymap in keymaps() {
        for binding in [Mode::Global, Mode::Table, Mode::Text].into_iter().flat_map(|mode| keymap.bindings(mode)) {
            let line = binding.command.as_deref().unwrap_or_default();
            let command = commands::find(line.split(' ').next().unwrap_or_default()).expect("a command");
            if command.group == Group::Act {
                let keys = Key::print_all(&binding.keys);
                assert!(!matches!(&*keys, "-" | "+"), "{keys} is {line}");
                acts.insert(line.to_owned());
            }
        }
    }
    assert!(acts.contains("delete") && acts.contains("scale"), "{acts:?}");
    for pane in ["view pods", "view rollouts"] {
        let mut stage = Stage::new((80, 24));
        stage.run(pane);
        let mut asked = 0;
        for line in &acts {
            let mut effects = Vec::new();
            commands::run(&mut stage.state, &mut effects, line);
            assert!(!effects.iter().any(|effect| matches!(effect, Effect::Confirm(_))), "{line}: {effects:?}");
            asked += effects.iter().filter(|effect| matches!(effect, Effect::Ask(..))).count();
            stage.state.overlay = Overlay::None;
        }
        assert!(asked > 0, "something can be done in {pane}");
    }
}

#[test]
fn every_key_leads_to_a_command() {
    for keymap in keymaps() {
        every_key_of(&keymap);
    }
}

fn every_key_of(keymap: &Keymap) {
    for mode in Mode::ALL {
        for binding in keymap.bindings(mode) {
            let Some(line) = &binding.command else { continue };
            let (name, args) = line.split_once(' ').unwrap_or((line, ""));
            let command = commands::find(name).unwrap_or_else(|| panic!("{line:?} of {} is no command", mode.name()));
            assert_eq!(command.name, name, "key maps use whole names");
            assert!(args.is_empty() || !command.args.is_empty(), "{line:?}: {name} takes nothing");
            let printed = Key::print_all(&binding.keys);
            assert_eq!(Key::parse_all(&printed).as_deref(), Ok(&binding.keys[..]), "{printed:?} is read back");
        }
    }
}

#[test]
fn the_help_lists_every_command_and_every_key() {
    let keymap = default_keymap();
    for size in [(40, 10), (80, 24), (250, 70)] {
        let mut stage = Stage::new(size);
        stage.run("help");
        let Overlay::Help(text) = &stage.state.overlay else { panic!("the help is open") };
        let words: Vec<&str> = text.lines.iter().flat_map(|line| line.split([' ', ','])).collect();
        for command in COMMANDS {
            assert!(words.contains(&format!(":{}", command.name).as_str()), "{} is not in the help of {size:?}", command.name);
        }
        for binding in keymap.bindings(Mode::Table).iter().chain(keymap.bindings(Mode::Global)) {
            for key in &binding.keys {
                let key = Key::print_all(&[*key]);
                assert!(words.contains(&key.as_str()) || key == ",", "{key} is not in the help of {size:?}");
            }
        }
    }
}
