//! What a person sees, without a cluster: every screen over the made-up cluster of [`crate::sample`], as text, and some
//! with their looks. A snapshot that changes is to be looked at as a designer would, and not only to be accepted.

use std::fmt::Write;

use kubetui::commands;
use kubetui::keymap::{self, Key, Keymap};
use kubetui::kinds::catalog::Catalog;
use kubetui::kinds::schema::Type;
use kubetui::model::scope::Scope;
use kubetui::model::state::{Link, Truth};
use kubetui::model::time::Clock;
use kubetui::theme::{self, Depth, Theme};
use kubetui::view::draw;
use kubetui::view::editor::Editor;
use kubetui::view::prompt::Line;
use kubetui::view::state::{Overlay, State, View};
use kubetui::view::text_view::Fill;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use serde_json::json;

use crate::sample::{self, Feeder, NOW};

/// The sizes that were designed for, and the smallest and largest that must be good.
const SMALL: (u16, u16) = (40, 10);
const CLASSIC: (u16, u16) = (80, 24);
const USUAL: (u16, u16) = (120, 35);
const LARGE: (u16, u16) = (250, 70);

mod stage;

pub use stage::{Stage, looks, text};

macro_rules! screen {
    ($name:literal, $screen:expr) => {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false,
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots") }, {
            insta::assert_snapshot!(concat!("screen-", $name), $screen);
        })
    };
}

mod logs;

#[test]
fn pods() {
    screen!("pods-80x24", Stage::new(CLASSIC).text());
    screen!("pods-40x10", Stage::new(SMALL).text());
    screen!("pods-120x35", Stage::new(USUAL).on("web-7d8f9c6b5-9fh2n").looks());
    screen!("pods-250x70", Stage::new(LARGE).on("web-7d8f9c6b5-9fh2n").text());
    screen!("pods-one-namespace", Stage::new(CLASSIC).run("ns shop").text());
    screen!("pods-wide-120x35", Stage::new(USUAL).run("wide").run("details").text());
    let mut without = Stage::new(CLASSIC);
    without.state.usage = Default::default();
    screen!("pods-without-metrics", without.text());
    let mut scrolled = Stage::new(CLASSIC);
    screen!("pods-scrolled", scrolled.run("scroll-right").run("scroll-right").run("scroll-right").text());
}

#[test]
fn marks_sorting_and_only_what_is_not_healthy() {
    let mut stage = Stage::new(CLASSIC);
    stage.run("mark").run("mark").run("sort age").run("filter web");
    screen!("pods-marked-sorted-filtered", stage.looks());
    screen!("pods-not-healthy", Stage::new(CLASSIC).run("only-unhealthy").text());
}

#[test]
fn a_filter_that_is_typed() {
    screen!("filter-typed", Stage::new(CLASSIC).typing("app=web restarts>3").text());
    screen!("filter-mistake", Stage::new(CLASSIC).typing("restarts>").looks());
    screen!("filter-mistake-40x10", Stage::new(SMALL).typing("restarts>many").text());
    screen!("filter-matches-nothing", Stage::new(CLASSIC).run("filter nosuchpod").text());
}

#[test]
fn going_down() {
    screen!("containers-80x24", Stage::new(CLASSIC).on("web-7d8f9c6b5-9fh2n").run("enter").text());
    screen!("containers-120x35", Stage::new(USUAL).on("cart-0").run("enter").text());
    screen!("pods-of-a-service", Stage::new(CLASSIC).run("view services").on("web").run("enter").text());
    screen!("pods-of-a-rollout", Stage::new(USUAL).run("view rollouts").on("web").run("enter").text());
    screen!("objects-of-a-label", Stage::new(CLASSIC).run("view labels").on("app=web").run("enter").text());
}

#[test]
fn panes() {
    screen!("services-80x24", Stage::new(CLASSIC).run("view services").text());
    screen!("services-120x35", Stage::new(USUAL).run("view services").on("catalog").text());
    screen!("services-250x70", Stage::new(LARGE).run("view services").on("front").text());
    screen!("labels-80x24", Stage::new(CLASSIC).run("view labels").text());
    screen!("labels-120x35", Stage::new(USUAL).run("view labels").text());
    screen!("rollouts-80x24", Stage::new(CLASSIC).run("view rollouts").text());
    screen!("rollouts-40x10", Stage::new(SMALL).run("view rollouts").text());
    screen!("rollouts-120x35", Stage::new(USUAL).run("view rollouts").on("catalog").text());
}

#[test]
fn other_kinds() {
    let of = |size, name: &str| {
        let mut stage = Stage::new(size);
        stage.settle();
        let mut effects = Vec::new();
        let mut context = commands::Context { state: &mut stage.state, effects: &mut effects };
        commands::run_line(&mut context, name).expect("a kind");
        stage
    };
    screen!("nodes-80x24", of(CLASSIC, "nodes").text());
    screen!("nodes-120x35", of(USUAL, "nodes").on("node-3").text());
    screen!("events-80x24", of(CLASSIC, "events").text());
    screen!("events-250x70", of(LARGE, "events").text());
    screen!("no-ingresses", of(CLASSIC, "ingresses").text());
}

#[test]
fn a_description() {
    let described = |size| {
        let mut stage = Stage::new(size);
        stage.on("web-7d8f9c6b5-9fh2n").run("describe");
        let content = stage.feeder.describe("pods", "web-7d8f9c6b5-9fh2n");
        let view = stage.state.text_mut().expect("a text");
        view.set(&content);
        view.fill = Fill::Live;
        stage
    };
    screen!("describe-80x24", described(CLASSIC).text());
    screen!("describe-120x35", described(USUAL).looks());
    screen!("describe-40x10", described(SMALL).run("wrap").text());
    let mut stage = described(CLASSIC);
    stage.state.text_mut().expect("a text").search("oomkilled").expect("a word");
    screen!("describe-searched", stage.looks());
    stage.state.overlay = Overlay::Search(Line::new("oomk"), None);
    screen!("describe-searching", stage.text());
    stage.state.overlay = Overlay::None;
    stage.state.text_mut().expect("a text").fill = Fill::Gone;
    screen!("describe-gone", stage.text());
}

/// A text that is edited: with a field that is not there, a list of what could be, and what the schema says.
fn editing(size: (u16, u16)) -> Stage {
    let schema = json!({"type": "object", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
        "spec": {"type": "object", "properties": {"containers": {"type": "array", "items": {"type": "object", "properties": {
            "name": {"type": "string", "description": "Name of the container specified as a DNS_LABEL."},
            "image": {"type": "string"},
            "imagePullPolicy": {
                "type": "string", "enum": ["Always", "IfNotPresent", "Never"], "default": "IfNotPresent",
                "description": "Image pull policy. Defaults to Always if :latest tag is specified, or IfNotPresent otherwise. \
                    Cannot be updated.",
            },
        }}}}},
    }});
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    img: nginx # 日本\n    imagePullPolicy: \n";
    let mut stage = Stage::new(size);
    let kind = stage.state.kind_of(&kubetui::kinds::pods::POD);
    let mut editor = Editor::new_object(kind.clone(), text, "new pod");
    let of = Type::inline(&schema).expect("a schema");
    let marks = kubetui::kinds::proof::marks(Some(&of), &kind, &serde_json::Value::Null, text);
    editor.described(Ok(of));
    let version = editor.begin_check();
    editor.checked(version, &marks);
    for key in Key::parse_all("ctrl-end up end").expect("keys") {
        editor.key(key);
    }
    editor.look();
    stage.state.push(View::Edit(Box::new(editor)));
    stage
}

#[test]
fn an_editor() {
    screen!("editor-80x24", editing(CLASSIC).text());
    screen!("editor-120x35", editing(USUAL).run("suggest").looks());
    screen!("editor-40x10", editing(SMALL).run("problem-next").text());
}

#[test]
fn lists_to_choose_from() {
    screen!("palette", Stage::new(CLASSIC).run("palette").text());
    screen!("palette-typed", Stage::new(CLASSIC).run("palette").picking("dep").looks());
    screen!("palette-40x10", Stage::new(SMALL).run("palette").picking("se").text());
    screen!("palette-arguments", Stage::new(CLASSIC).run("palette").picking("ctx ").looks());
    screen!("palette-labels", Stage::new(CLASSIC).run("palette").picking("pods -n shop app").text());
    screen!("palette-wrong", Stage::new(CLASSIC).run("palette").picking("ns a/b").run("accept").looks());
    screen!("palette-refused", Stage::new(CLASSIC).run("view services").run("palette").picking("node ").text());
    screen!("palette-nothing", Stage::new(CLASSIC).run("palette").picking("xyzzy").text());
    screen!("namespaces", Stage::new(CLASSIC).run("namespaces").text());
    screen!("contexts", Stage::new(USUAL).run("contexts").text());
    let unreachable = |size| {
        let mut stage = Stage::bare(size, Feeder::new(Vec::new()));
        stage.feeder.truth = Truth::Starting;
        let why = "connection refused (https://prod-eu.example.com:6443)";
        stage.state.link = Link::Down { since: None, why: why.into() };
        stage.state.pick_context(format!("prod-eu does not answer: {why}. Trying again; ctrl-r tries now").into());
        stage
    };
    screen!("contexts-with-a-reason", unreachable(CLASSIC).looks());
    screen!("contexts-with-a-reason-40x10", unreachable(SMALL).text());
}

#[test]
fn the_reason_for_other_contexts_is_what_it_is_now_and_what_a_person_opened_stays() {
    let mut stage = Stage::bare(CLASSIC, Feeder::new(Vec::new()));
    stage.state.offer_contexts("prod-eu does not answer: timed out".into());
    stage.picking("dev");
    stage.state.offer_contexts("prod-eu does not answer: connection refused".into());
    let screen = stage.text();
    assert!(screen.contains("connection refused") && !screen.contains("timed out"), "{screen}");
    let Overlay::Picker(picker) = &stage.state.overlay else { panic!("the list is gone") };
    assert_eq!(picker.line.text(), "dev", "what was typed stays");
    stage.state.pick_context("".into());
    stage.state.offer_contexts("prod-eu does not answer: connection refused".into());
    assert!(!stage.text().contains("connection refused"));
}

#[test]
fn help_and_keys() {
    screen!("help-80x24", Stage::new(CLASSIC).run("help").text());
    screen!("help-250x70", Stage::new(LARGE).run("help").text());
    let mut stage = Stage::new(CLASSIC);
    stage.settle();
    stage.state.pressed = keymap::State::default();
    let key = keymap::Key::parse("g").expect("a key");
    let outcome = stage.state.keymap.trie(stage.state.mode()).feed(&mut stage.state.pressed, key);
    let keymap::Outcome::Pending(ways) = outcome else { panic!("g begins a sequence") };
    stage.state.pending = commands::ways(&stage.state, ways);
    screen!("keys-pending", stage.text());
    let mut stage = Stage::new(CLASSIC);
    let key = keymap::Key::parse("c").expect("a key");
    let outcome = stage.state.keymap.trie(stage.state.mode()).feed(&mut stage.state.pressed, key);
    let keymap::Outcome::Pending(ways) = outcome else { panic!("c begins a sequence") };
    stage.state.pending = commands::ways(&stage.state, ways);
    screen!("keys-pending-several", stage.looks());
    screen!("help-searched", Stage::new(CLASSIC).run("help").run("search").searching("sort").text());
    let mut stage = Stage::new(CLASSIC);
    stage.run("owner");
    screen!("refused", stage.run("cursor-top").run("owner").text());
}

/// Nothing to see is a screen too: each says what is so and what to press.
#[test]
fn screens_without_rows() {
    let with = |truth: Truth, link: Link| {
        let mut stage = Stage::bare(CLASSIC, Feeder::new(Vec::new()));
        stage.feeder.truth = truth;
        stage.state.link = link;
        stage
    };
    let up = || Link::Up { version: "v1.36.3".into() };
    let refused = "pods is forbidden: User \"anna\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
    screen!(
        "connecting",
        with(Truth::Starting, Link::Connecting { since: NOW, doing: "connecting to https://prod-eu.example.com:6443".into() }).text()
    );
    screen!("loading", with(Truth::Starting, up()).text());
    screen!("empty", with(Truth::Live, up()).run("ns shop").text());
    screen!("empty-everywhere", with(Truth::Live, up()).text());
    screen!("forbidden", with(Truth::Forbidden { why: refused.into() }, up()).looks());
    screen!("missing", with(Truth::Missing { why: "the server could not find the requested resource".into() }, up()).text());
    screen!("unreachable", with(Truth::Starting, Link::Down { since: None, why: "connection refused".into() }).text());
    let login = Link::Unauthorized { why: "aws: the session has expired".into(), login: true };
    screen!("not-logged-in", with(Truth::Starting, login).text());
    let no_login = Link::Unauthorized { why: "the server has asked for the client to provide credentials".into(), login: false };
    screen!("not-logged-in-without-plugin", with(Truth::Starting, no_login).text());
}

/// Rows that are old stay, and the screen says so.
#[test]
fn rows_that_are_not_live() {
    let with = |size, truth: Truth, link: Link| {
        let mut stage = Stage::new(size);
        stage.feeder.truth = truth;
        stage.state.link = link;
        stage
    };
    let why = "no answer for 20 s";
    let down = || Link::Down { since: Some(NOW - 42), why: why.into() };
    screen!("stale-80x24", with(CLASSIC, Truth::Stale { since: NOW - 42, why: why.into() }, down()).text());
    screen!("stale-40x10", with(SMALL, Truth::Stale { since: NOW - 42, why: why.into() }, down()).text());
    let up = || Link::Up { version: "v1.36.3".into() };
    screen!("polling", with(USUAL, Truth::Polling { every: 15, why: "watch is forbidden".into() }, up()).text());
    screen!("syncing", with(CLASSIC, Truth::Syncing, up()).text());
}

/// Scripts from all over the world, and what wants to steer the terminal.
#[test]
fn text_that_no_keyboard_here_has() {
    let foreign = |size| {
        let mut stage = Stage::bare(size, Feeder::new(sample::foreign_objects()));
        sample::connect(&mut stage.state);
        stage.run("ns intl");
        stage
    };
    screen!("foreign-80x24", foreign(CLASSIC).text());
    screen!("foreign-40x10", foreign(SMALL).text());
    let mut stage = foreign(USUAL);
    stage.run("cursor-bottom");
    screen!("foreign-120x35", stage.text());
    let drawn = text(&stage.draw());
    assert!(!drawn.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c)), "{drawn:?}");
}

/// Every screen at every size, down to a single cell: nothing panics, and nothing is written beside the screen.
#[test]
fn no_size_is_too_small() {
    let odd: [(u16, u16); 9] = [(500, 3), (3, 500), (161, 11), (160, 12), (159, 29), (160, 9), (61, 30), (60, 28), (1000, 1)];
    for (at, (name, mut stage)) in all_screens().into_iter().enumerate() {
        // Together the screens that differ in a word or two only see every size.
        let every = if name == "empty" { 7 } else { 1 };
        let sizes = (1..=60).flat_map(|width| (1..=20).map(move |height| (width, height))).chain(odd);
        for size in sizes.skip(at % every).step_by(every) {
            let buffer = stage.draw_at(size);
            assert_eq!((buffer.area.width, buffer.area.height), size, "{name}");
        }
        let buffer = stage.draw_at(CLASSIC);
        assert!(!text(&buffer).trim().is_empty(), "{name}");
    }
}

/// One of each kind of screen.
fn all_screens() -> Vec<(&'static str, Stage)> {
    let foreign = || {
        let mut stage = Stage::bare(CLASSIC, Feeder::new(sample::foreign_objects()));
        sample::connect(&mut stage.state);
        stage
    };
    let after = |lines: &[&str]| {
        let mut stage = foreign();
        for line in lines {
            stage.run(line);
        }
        stage
    };
    let mut screens = vec![
        ("pods", after(&[])),
        ("pods, wide and scrolled", after(&["wide", "scroll-right", "scroll-right", "mark-all", "cursor-bottom"])),
        ("services", after(&["view services"])),
        ("labels", after(&["view labels"])),
        ("rollouts", after(&["view rollouts"])),
        ("containers", after(&["enter"])),
        ("filter", after(&["filter 日本"])),
        ("no match", after(&["filter xyzzy"])),
        ("help", after(&["help"])),
        ("palette", after(&["palette"])),
        ("namespaces", after(&["namespaces"])),
        ("refused", after(&["owner"])),
        ("description that is not here yet", after(&["describe"])),
    ];
    let mut typing = foreign();
    typing.typing("restarts> 日本語 e\u{301} \u{1b}");
    screens.push(("typing", typing));
    let mut described = foreign();
    described.run("describe");
    let content = described.feeder.describe("pods", "web-7d8f9c6b5-9fh2n");
    let view = described.state.text_mut().expect("a text");
    view.set(&format!("{content}\n日本語の設定 {}", "x".repeat(300)));
    view.wrap = true;
    screens.push(("description", described));
    let why = "https://prod-eu.example.com:6443 refuses: 日本語 \u{1b}[2J averyveryverylongwordwithoutanyspaceinit";
    for truth in [
        Truth::Starting,
        Truth::Syncing,
        Truth::Live,
        Truth::Polling { every: 15, why: why.into() },
        Truth::Stale { since: NOW - 5, why: why.into() },
        Truth::Forbidden { why: why.into() },
        Truth::Missing { why: why.into() },
    ] {
        for link in [
            Link::Idle,
            Link::Connecting { since: NOW, doing: why.into() },
            Link::Up { version: "v1.36.3".into() },
            Link::Down { since: None, why: why.into() },
            Link::Unauthorized { why: why.into(), login: true },
        ] {
            let mut stage = Stage::bare(CLASSIC, Feeder::new(Vec::new()));
            stage.feeder.truth = truth.clone();
            stage.state.link = link;
            screens.push(("empty", stage));
        }
    }
    let mut reason = Stage::bare(CLASSIC, Feeder::new(Vec::new()));
    reason.state.pick_context(why.into());
    screens.push(("contexts with a reason", reason));
    screens
}
