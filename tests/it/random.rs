//! Whatever is pressed, pasted and clicked, nothing panics, the program ends when it is told to and not before, and the
//! terminal is as it was.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use kubetui::demo::{self, Options};
use kubetui::keymap::Key;

use crate::driver::{Driver, Ran, Setup, event};
use crate::keys::{Dice, TEXTS, bound_keys};

/// So many keys are pressed in all.
const KEYS: usize = 100_000;
/// So many of them between two looks at what became of them.
const CHUNK: usize = 500;
/// The program may take so long for a chunk.
const LIMIT: Duration = Duration::from_secs(20);
/// At least so many different commands are reached.
const COMMANDS: usize = 30;

/// Lines that are typed after `:`.
const LINES: &[&str] = &[
    "pods",
    "svc -n shop",
    "nodes",
    "deploy -A",
    "ns shop,payments",
    "ns all",
    "sort age",
    "sort cpu",
    "view labels",
    "ctx demo",
    "events",
    "widgets",
    "crd",
];

/// One thing that a person does, as inputs.
fn deed(dice: &mut Dice, keys: &[Vec<Key>]) -> Vec<Input> {
    let key = |code| Input::Key(KeyEvent::new(code, KeyModifiers::NONE));
    let typed = |text: &str| text.chars().map(|c| key(KeyCode::Char(c))).collect::<Vec<_>>();
    match dice.below(100) {
        0 => vec![Input::Paste((*dice.of(TEXTS)).to_owned())],
        1 => vec![Input::Resize(dice.below(200) as u16 + 1, dice.below(60) as u16 + 1)],
        2 | 3 => {
            let line = dice.of::<&str>(LINES);
            [typed(":"), typed(line), vec![key(KeyCode::Enter)]].concat()
        }
        4..=9 => {
            let kinds = [
                MouseEventKind::Down(MouseButton::Left),
                MouseEventKind::Down(MouseButton::Left),
                MouseEventKind::Up(MouseButton::Left),
                MouseEventKind::ScrollDown,
                MouseEventKind::ScrollUp,
                MouseEventKind::ScrollLeft,
            ];
            let (column, row) = (dice.below(170) as u16, dice.below(50) as u16);
            vec![Input::Mouse(MouseEvent { kind: *dice.of(&kinds), column, row, modifiers: KeyModifiers::NONE })]
        }
        // Any letter, bound or not; also with ctrl, but for the one that quits.
        10..=17 => typed(&char::from(b' ' + dice.below(95) as u8).to_string()),
        18 | 19 => {
            let letter = *dice.of(&['a', 'b', 'd', 'e', 'g', 'k', 'n', 'o', 'p', 't', 'v', 'w', 'x', 'y']);
            vec![Input::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))]
        }
        _ => dice.of(keys).iter().map(|key| Input::Key(event(key))).collect(),
    }
}

/// Waits until so much was taken; false when the program has ended.
#[track_caller]
fn taken(driver: &Driver, count: u64) -> bool {
    let end = Instant::now() + LIMIT;
    while driver.taken() < count {
        if !driver.runs() {
            return false;
        }
        assert!(Instant::now() < end, "keys are not taken any more:\n{}", driver.screen());
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

#[test]
fn a_hundred_thousand_random_keys_on_the_demo_break_nothing() {
    let demo = demo::start(Options::default()).expect("the demo starts");
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, demo.kubeconfig()).expect("is written");
    let mut dice = Dice::new("a_hundred_thousand_random_keys_on_the_demo_break_nothing");
    // What quits would be pressed too often: it is pressed now and then.
    let mut keys = bound_keys(&["quit"]);
    // Each once, in however many modes it is bound.
    let mut known = BTreeSet::new();
    keys.retain(|keys| known.insert(Key::print_all(keys)));
    let ran = Ran::default();
    let (mut pressed, mut starts) = (0, 0);
    while pressed < KEYS {
        starts += 1;
        let driver = Setup::new(&kubeconfig).size(120, 40).counting(&ran).start();
        let mut sent = 0;
        let quits = 5 + dice.below(60);
        for chunk in 0.. {
            let before = pressed;
            while pressed < before + CHUNK {
                for input in deed(&mut dice, &keys) {
                    pressed += 1;
                    sent += u64::from(driver.offer(input));
                }
            }
            // By name it can be quit at any time.
            if !taken(&driver, sent) || pressed >= KEYS || chunk >= quits {
                break;
            }
        }
        assert_eq!(driver.quit(), 0);
    }
    let ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{pressed} keys, {starts} starts, {} commands: {ran:?}", ran.len());
    assert!(starts > 1, "it was never quit");
    assert!(ran.len() >= COMMANDS, "only {} commands were reached: {ran:?}", ran.len());
}
