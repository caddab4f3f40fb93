//! Every theme that is compiled in, over the made-up cluster: a picture of its looks, the header of a context in which a
//! mistake is dear, and the list that tries themes on.

use kubetui::theme::{self, Depth, Scope, Theme};
use kubetui::view::state::Overlay;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use crate::screens::{Stage, looks, text};

const SIZE: (u16, u16) = (80, 12);

fn shot(name: &str, buffer: &Buffer) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, format!("{}\n{}", text(buffer), looks(buffer)));
    });
}

/// A stage in whose context a mistake is not dear: its header has its own looks.
fn calm() -> Stage {
    let mut stage = Stage::new(SIZE);
    stage.state.policy.danger = false;
    stage
}

fn names() -> impl Iterator<Item = &'static str> {
    theme::SHELF.compiled.iter().map(|(name, _)| *name)
}

#[test]
fn pods_in_every_theme() {
    for name in names() {
        let buffer = calm().run(&format!("theme {name}")).draw();
        shot(&format!("theme-{name}"), &buffer);
    }
}

#[test]
fn pods_with_fewer_colours() {
    for (depth, colours) in [(Depth::Indexed, "256"), (Depth::Ansi, "16"), (Depth::None, "none")] {
        let mut stage = calm();
        stage.state.chosen.depth = depth;
        shot(&format!("theme-catppuccin-mocha-{colours}"), &stage.run("theme catppuccin-mocha").draw());
    }
}

#[test]
fn the_header_is_red_where_a_mistake_is_dear_and_says_when_nothing_is_written() {
    for name in names() {
        let mut stage = Stage::new((100, 10));
        stage.run(&format!("theme {name}"));
        stage.state.policy.danger = true;
        stage.state.policy.read_only = Some("--read-only".into());
        let buffer = stage.draw();
        let danger = stage.state.theme.style(Scope::HeaderDanger);
        let head = &buffer.content[..100];
        assert!(text(&buffer).starts_with(" read-only prod-eu "), "{}", text(&buffer));
        for cell in head {
            assert!(cell.modifier.contains(danger.add_modifier), "{name}: {cell:?}");
            assert_eq!((Some(cell.bg), Some(cell.fg)), (danger.bg.or(Some(cell.bg)), danger.fg.or(Some(cell.fg))), "{name}");
        }
        // The lit tab is told from the others without colours.
        let lit: String = head.iter().filter(|cell| cell.modifier.contains(Modifier::UNDERLINED)).map(|cell| cell.symbol()).collect();
        assert!(lit.starts_with("1 Pods"), "{name}: {lit}");
        if ["dark", "monochrome"].contains(&name) {
            shot(&format!("theme-danger-{name}"), &buffer);
        }
    }
}

#[test]
fn read_only_is_said_where_there_is_hardly_any_room() {
    let mut stage = Stage::new((30, 5));
    stage.state.policy.read_only = Some("--read-only".into());
    let head = text(&stage.draw());
    assert!(head.starts_with(" read-only "), "{head}");
    assert!(head.lines().next().is_some_and(|line| line.ends_with("● live")), "{head}");
}

#[test]
fn the_list_tries_themes_on() {
    let mut stage = calm();
    let worn = |stage: &mut Stage| {
        stage.draw();
        let theme = stage.state.theme.clone();
        names().find(|name| Theme::load(name, None, Depth::Truecolor).0 == theme).expect("one of them")
    };
    stage.run("theme");
    assert_eq!(worn(&mut stage), "dark");
    stage.run("picker-down");
    assert_eq!(worn(&mut stage), "gruvbox-dark");
    shot("theme-list", &stage.draw());
    stage.run("cancel");
    assert_eq!((worn(&mut stage), &*stage.state.chosen.theme), ("dark", "dark"));
    // What is typed chooses, too.
    stage.run("theme");
    let Overlay::Picker(picker) = &mut stage.state.overlay else { panic!("the list is open") };
    picker.line.insert("tokyo");
    picker.narrow();
    assert_eq!(worn(&mut stage), "tokyo-night");
    stage.run("accept");
    assert_eq!((worn(&mut stage), &*stage.state.chosen.theme), ("tokyo-night", "tokyo-night"));
    stage.run("theme tokio-night");
    assert_eq!(
        stage.state.message.as_ref().map(|message| message.text.to_string()).unwrap_or_default(),
        "there is no theme \"tokio-night\"; did you mean tokyo-night?"
    );
    assert_eq!(worn(&mut stage), "tokyo-night");
    stage.run("theme light");
    assert_eq!(worn(&mut stage), "light");
}
