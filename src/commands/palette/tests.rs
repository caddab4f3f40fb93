use super::*;
use crate::keymap::{self, Keymap};
use crate::model::state::Context as Connection;
use crate::model::time::Clock;
use crate::theme::{self, Depth, Theme};

/// A state without a cluster.
pub fn state() -> State {
    state_with(&[])
}

/// The same, with these contexts to go to.
pub fn state_with(contexts: &[&str]) -> State {
    let (theme, _) = Theme::load(theme::DARK, None, Depth::Truecolor);
    let (keymap, _) = Keymap::load(keymap::DEFAULT, None, &crate::commands::names());
    let contexts = contexts.iter().map(|name| Connection { name: (*name).into(), ..Connection::default() }).collect();
    let mut state = State::new(Clock::system(), theme, keymap, Connection::default(), contexts, Scope::All);
    state.catalog.told = true;
    state
}

/// Types into the open palette.
fn write(state: &mut State, text: &str) {
    let Overlay::Picker(picker) = &mut state.overlay else { panic!("no palette is open") };
    picker.line.insert(text);
    typed(state);
}

fn line(state: &State) -> Option<&str> {
    if let Overlay::Picker(picker) = &state.overlay { Some(picker.line.text()) } else { None }
}

/// Opens the palette, types a line and takes it; what it leaves to be done.
fn enter(state: &mut State, line: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    open_with(state, "");
    write(state, line);
    crate::commands::run(state, &mut effects, "accept");
    effects
}

#[test]
fn tab_completes_a_name_and_then_its_arguments() {
    let mut state = state_with(&["prod-eu", "dev"]);
    open_with(&mut state, "");
    write(&mut state, "ct");
    let press = |state: &mut State| crate::commands::run(state, &mut Vec::new(), "complete");
    press(&mut state);
    assert_eq!(line(&state), Some("ctx "));
    write(&mut state, "eu");
    press(&mut state);
    assert_eq!(line(&state), Some("ctx prod-eu"));
    open_with(&mut state, "deplo");
    press(&mut state);
    assert_eq!(line(&state), Some("deployments "));
    open_with(&mut state, "sort res");
    let before = line(&state).map(str::to_owned);
    press(&mut state);
    assert!(before != line(&state).map(str::to_owned) || state.table_view().is_none_or(|view| view.columns().count() == 0));
}

#[test]
fn words_are_taken_as_meant() {
    let mut state = state_with(&["prod-eu", "dev"]);
    assert_eq!(enter(&mut state, "ctx prod"), [Effect::Connect("prod-eu".into())], "a name can be typed in part");
    assert_eq!(enter(&mut state, "dev"), [Effect::Connect("dev".into())], "a context alone is enough");
    assert_eq!(enter(&mut state, "q"), [Effect::Quit]);
    enter(&mut state, "ns a,b c");
    assert_eq!(state.scope.to_string(), "a, b, c");
    enter(&mut state, "deploy -n x app=web");
    let view = state.table_view().unwrap();
    assert_eq!((view.place.filter.as_str(), view.place.key.kind().map(|kind| &*kind.plural)), ("app=web", Some("deployments")));
    assert_eq!(state.scope.to_string(), "x");
    assert_eq!(line(&state), None);
    // Letters that are in a context's name somewhere do not lead to another cluster.
    assert_eq!(enter(&mut state, "pdeu"), []);
    assert_eq!(line(&state), Some("pdeu"));
}

#[test]
fn a_line_that_is_wrong_stays_with_the_reason() {
    let mut state = state_with(&["dev"]);
    for (wrong, why) in [("xyzzy 1", "no kind"), ("ns a/b", "is no namespace"), ("describe", "no object")] {
        enter(&mut state, wrong);
        let Overlay::Picker(picker) = &state.overlay else { panic!("{wrong} is lost") };
        assert_eq!(picker.line.text(), wrong);
        assert!(picker.error.as_ref().is_some_and(|error| error.contains(why)), "{:?}", picker.error);
        write(&mut state, "!");
        let Overlay::Picker(picker) = &state.overlay else { panic!("{wrong} is lost") };
        assert_eq!(picker.error, None, "it is of the line that it was said of");
    }
}

#[test]
fn up_in_an_empty_palette_brings_back_earlier_lines() {
    let mut state = state();
    enter(&mut state, "ns one");
    enter(&mut state, "ns two");
    enter(&mut state, "ns two");
    let press = |state: &mut State, key: &str| crate::commands::run(state, &mut Vec::new(), key);
    open_with(&mut state, "");
    for (key, want) in
        [("picker-up", "ns two"), ("picker-up", "ns one"), ("picker-up", "ns one"), ("picker-down", "ns two"), ("picker-down", "")]
    {
        press(&mut state, key);
        assert_eq!(line(&state), Some(want));
    }
    // What is typed is narrowed, and up goes through the list.
    write(&mut state, "de");
    press(&mut state, "picker-up");
    assert_eq!(line(&state), Some("de"));
}

#[test]
fn the_command_being_typed_says_what_it_takes_and_why_it_cannot_be_done() {
    let mut state = state();
    open_with(&mut state, "describe");
    let Overlay::Picker(picker) = &state.overlay else { panic!("no palette") };
    let usage = picker.usage().unwrap();
    assert_eq!(usage.refused.as_deref(), Some("there is no object under the cursor"));
    write(&mut state, "x");
    let Overlay::Picker(picker) = &state.overlay else { panic!("no palette") };
    assert_eq!(picker.usage(), None);
    open_with(&mut state, "ns a");
    let Overlay::Picker(picker) = &state.overlay else { panic!("no palette") };
    assert_eq!(picker.usage().map(|usage| usage.line.to_string()), Some("ns [NAMES]".to_owned()));
}

#[test]
fn a_path_is_what_the_line_says() {
    let mut state = state();
    let entry = |name: &str| crate::model::folder::Entry { name: name.to_owned(), is_folder: false };
    let press = |state: &mut State, command: &str| crate::commands::run(state, &mut Vec::new(), command);
    let open = |state: &mut State| {
        open_with(state, "diff a b one.y");
        state.folder.take("", vec![entry("one.yaml"), entry("one.yaml.bak")]);
        offer(state);
    };
    open(&mut state);
    press(&mut state, "complete");
    press(&mut state, "complete");
    press(&mut state, "accept");
    assert_eq!(line(&state), Some("diff a b one.yaml"), "it stands there already: nothing else is meant by it");
    // What was chosen in the list is what was tried.
    open(&mut state);
    press(&mut state, "picker-down");
    press(&mut state, "picker-down");
    press(&mut state, "accept");
    let Overlay::Picker(picker) = &mut state.overlay else { panic!("the line is lost") };
    assert_eq!((picker.line.text(), picker.error.is_some()), ("diff a b one.yaml.bak", true));
    // Within a word the rest of it stands there already.
    picker.line.left();
    offer(&mut state);
    press(&mut state, "complete");
    assert_eq!(line(&state), Some("diff a b one.yaml.bak"));
}
