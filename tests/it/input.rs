//! The palette, the mouse and the clipboard, by keys and clicks on the demo.

use std::path::PathBuf;

use crossterm::event::MouseEventKind;
use kubetui::demo::{self, Demo, Options};

use crate::driver::{Driver, Setup};

/// The demo, and a program that shows its shop.
struct Shop {
    driver: Driver,
    _demo: Demo,
    _folder: tempfile::TempDir,
}

impl std::ops::Deref for Shop {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

impl Shop {
    fn open() -> Shop {
        let demo = demo::start(Options::default()).expect("the demo starts");
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig: PathBuf = folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, demo.kubeconfig()).expect("is written");
        let driver = Setup::new(&kubeconfig).namespace("shop").size(120, 40).start();
        driver.wait("the pods of the shop", |screen| screen.contains("● live") && screen.contains("search-"));
        Shop { driver, _demo: demo, _folder: folder }
    }

    /// The line that the cursor is on.
    fn cursor(&self) -> String {
        let screen = self.wait("a cursor", |screen| screen.lines().any(|line| line.starts_with('▌')));
        screen.lines().find(|line| line.starts_with('▌')).unwrap_or_default().to_owned()
    }

    /// Names in the order of the table.
    fn names(screen: &str) -> Vec<&str> {
        screen
            .lines()
            .skip(2)
            .filter_map(|line| line.trim_start_matches('▌').split_whitespace().next())
            .take_while(|word| *word != "─")
            .collect()
    }
}

#[test]
fn the_palette_completes_arguments_and_keeps_a_wrong_line() {
    let shop = Shop::open();
    shop.press(":");
    shop.type_text("ct");
    shop.press("tab");
    shop.see(":ctx ");
    shop.wait("the contexts", |screen| screen.contains("demo-viewer") && screen.contains("ctx [CONTEXT]"));
    shop.type_text("viewr");
    shop.wait("the one that is like it", |screen| screen.contains("▌ demo-viewer") && !screen.contains("demo-nobody"));
    shop.press("esc");
    // A wrong line stays, and is put right.
    shop.command("ns sho/p");
    shop.wait("why", |screen| screen.contains("is no namespace") && screen.contains(":ns sho/p"));
    for _ in 0..2 {
        shop.press("backspace");
    }
    shop.type_text("p,payments");
    shop.press("enter");
    shop.wait("both namespaces", |screen| screen.starts_with(" demo ▸ shop, payments"));
    // It comes back by the up key, the one before it by another.
    shop.press(": up");
    shop.see(":ns shop,payments");
    shop.press("up");
    shop.see(":ns sho/p");
    shop.press("esc");
    // A kind takes namespaces and the labels in its table.
    shop.press(":");
    shop.type_text("po -n sh");
    shop.press("tab");
    shop.see(":po -n shop");
    shop.type_text(" app=se");
    shop.wait("labels of the pods", |screen| screen.contains("app=search"));
    shop.press("tab enter");
    shop.wait("the pods with the label", |screen| screen.contains("/app=search") && screen.starts_with(" demo ▸ shop "));
    assert_eq!(shop.driver.quit(), 0);
}

#[test]
fn the_mouse_scrolls_selects_enters_sorts_and_runs_what_stands_below() {
    let shop = Shop::open();
    assert!(shop.has_mouse(), "it is taken from the start");
    let screen = shop.see("NAME");
    let second = Shop::names(&screen)[2].to_owned();
    shop.click(&second);
    shop.wait("the row", |screen| screen.lines().any(|line| line.starts_with('▌') && line.contains(&second)));
    // A click on a header sorts, another one turns it round.
    let before = Shop::names(&shop.screen()).first().map(|name| (*name).to_owned());
    shop.click("NAME");
    shop.click("NAME");
    shop.wait("the other order", |screen| {
        screen.contains("NAME ↓") && Shop::names(screen).first().map(|name| (*name).to_owned()) != before
    });
    // The wheel moves what is seen, and the cursor stays on the screen.
    shop.mouse(MouseEventKind::ScrollDown, "NAME", 0);
    shop.cursor();
    // A double click goes in.
    shop.click(&second);
    shop.click(&second);
    shop.see("containers");
    shop.press("esc");
    shop.click("2 Services");
    shop.wait("the services", |screen| screen.contains("ENDPOINTS"));
    shop.click("all keys");
    shop.see("Go down: to the pods");
    let top = shop.screen();
    shop.mouse(MouseEventKind::ScrollDown, "Object", 0);
    shop.wait("the help further down", |screen| *screen != top);
    shop.press("esc");
    // A click in a list chooses, and one beside it leaves it.
    shop.press("C");
    shop.click("demo-viewer");
    shop.wait("the other context", |screen| screen.starts_with(" demo-viewer ▸"));
    shop.press("n");
    shop.see("Namespaces");
    shop.mouse(MouseEventKind::Down(crossterm::event::MouseButton::Left), "demo-viewer ▸", 0);
    shop.wait("the list gone", |screen| !screen.contains("Namespaces ─"));
    // It can be given back.
    shop.press("M");
    shop.see("the mouse is the terminal's");
    assert!(!shop.has_mouse());
    shop.command("mouse on");
    shop.see("the mouse is taken");
    assert!(shop.has_mouse());
    assert_eq!(shop.driver.quit(), 0);
}

#[test]
fn names_cells_and_commands_are_copied() {
    let shop = Shop::open();
    shop.press("c");
    shop.wait("what can follow", |screen| screen.contains("copy kubectl") && screen.contains("Copy the kubectl command that shows it"));
    shop.press("n");
    shop.see("copied ");
    let name = shop.copied().expect("copied");
    assert!(shop.cursor().contains(&name), "{name}");
    shop.press("c c");
    shop.see(&format!("copied (by the test): shop/{name}"));
    shop.press("c k");
    shop.see("copied (by the test): kubectl");
    assert_eq!(shop.copied(), Some(format!("kubectl --context demo -n shop get pod {name} -o yaml")));
    shop.command("copy cell status");
    shop.wait("the status", |_| shop.copied().is_some_and(|text| !text.starts_with("kubectl")));
    let cell = shop.copied().expect("copied");
    assert!(!cell.is_empty() && shop.cursor().contains(&cell), "{cell}");
    // Without a column it is asked for.
    shop.press("c v");
    shop.see(":copy cell");
    shop.type_text("restarts");
    shop.press("enter");
    shop.wait("a number", |_| shop.copied().is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit())));
    shop.press("space space c n");
    shop.see("copied (by the test): 2 lines");
    shop.press("esc 1 d");
    shop.see("Namespace:");
    shop.press("c k");
    shop.wait("the command of the description", |_| shop.copied().is_some_and(|text| text.contains(" describe pod ")));
    assert_eq!(shop.driver.quit(), 0);
}

#[test]
fn a_path_is_completed_from_what_is_there() {
    let shop = Shop::open();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("my files")).expect("is made");
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: typed, namespace: shop}\n";
    std::fs::write(folder.path().join("my files/one.yaml"), manifest).expect("is written");
    std::fs::write(folder.path().join("notes.txt"), "").expect("is written");
    shop.press(":");
    shop.type_text(&format!("diff {}/", folder.path().display()));
    shop.wait("what is in it", |screen| screen.contains(r"my\ files/  folder") && screen.contains("notes.txt"));
    shop.press("tab");
    shop.see(r"/my\ files/");
    shop.see("one.yaml");
    shop.press("tab");
    shop.see(r"/my\ files/one.yaml");
    shop.press("enter");
    shop.wait("what it would do", |screen| screen.contains("configmap/typed") && screen.contains("● live"));
    assert_eq!(shop.driver.quit(), 0);
}

#[test]
fn a_search_that_is_wrong_is_put_right_where_it_was_typed() {
    let shop = Shop::open();
    shop.press("d");
    shop.see("Namespace:");
    shop.press("/");
    shop.type_text("/[/");
    shop.press("enter");
    shop.wait("why", |screen| screen.contains("no regular expression: unclosed character class") && screen.contains(" //[/"));
    shop.press("backspace backspace");
    shop.type_text("namespace:/");
    shop.press("enter");
    shop.see("1 of 1");
    // It is there to be searched for again, and gives way to what is typed.
    shop.press("/");
    shop.see(" //namespace:/");
    shop.type_text("Labels:");
    shop.wait("the other search", |screen| screen.contains(" /Labels:") && !screen.contains("namespace:/"));
    shop.press("enter");
    shop.wait("its place", |screen| screen.contains("/Labels:") && screen.contains(" of "));
    assert_eq!(shop.driver.quit(), 0);
}

#[test]
fn the_help_begins_with_the_object_and_is_searched() {
    let shop = Shop::open();
    shop.press("?");
    shop.see("Object: pod/");
    shop.press("/");
    shop.type_text("namespace");
    shop.press("enter");
    shop.wait("the first of them", |screen| screen.contains("/namespace") && screen.contains("1 of "));
    shop.press("n");
    shop.see("2 of ");
    // esc ends the search, then the help.
    shop.press("esc");
    shop.wait("the search ended", |screen| {
        screen.lines().last().is_some_and(|line| line.contains("all keys") && !line.contains("/namespace"))
    });
    shop.press("esc");
    shop.wait("the table", |screen| screen.contains("STATUS"));
    assert_eq!(shop.driver.quit(), 0);
}
