//! Keys that were not meant as an answer: typed ahead, held down, pasted; and rows that move under the cursor.

use std::time::Duration;

use crossterm::event::Event as Input;

use super::{asked, look, says, sent, settled, writes};
use crate::scripted::server::{Server, pod};

fn two_pods() -> Server {
    let server = Server::start();
    server.put("pods", pod("shop", "mm"));
    server.put("pods", pod("shop", "zz"));
    server
}

#[test]
fn what_is_held_down_when_the_question_comes_is_never_an_answer() {
    let server = two_pods();
    let run = look(&server, "");
    run.wait("the pods", |screen| screen.contains("zz") && screen.contains("● live"));
    run.press("D");
    // Typed ahead, an enter too; and then held down: a terminal repeats a key thirty times a second.
    run.type_text("yyyyy");
    run.press("enter");
    for at in 0..30 {
        run.type_text("y");
        if at == 15 {
            // It is on the screen, and takes no answer.
            run.see("delete …   n no");
        }
        std::thread::sleep(Duration::from_millis(35));
    }
    assert!(writes(&server).is_empty(), "{:?}", writes(&server));
    run.see("Delete pod/mm in shop?");
    // Now it is let go, and pressed.
    settled(&run, "delete");
    run.press("y");
    assert_eq!(sent(&server, 1)[0].path, "/api/v1/namespaces/shop/pods/mm");
}

#[test]
fn a_paste_is_no_answer_and_enter_is_no() {
    let server = two_pods();
    let run = look(&server, "");
    asked(&run, "mm", "delete");
    run.send(Input::Paste("y".into()));
    run.send(Input::Paste("yyyy\n".into()));
    // A paste counts as a key that was not meant: a moment of quiet has to follow it.
    std::thread::sleep(kubetui::view::acting::SETTLE * 2);
    settled(&run, "delete");
    run.press("enter");
    run.see("nothing was done");
    // The same by n, esc, q and ctrl-c.
    for key in ["n", "esc", "q", "ctrl-c"] {
        run.command("delete");
        settled(&run, "delete");
        run.press(key);
        run.wait("the question gone", |screen| !screen.contains("Delete pod"));
    }
    assert!(writes(&server).is_empty(), "{:?}", writes(&server));
}

#[test]
fn the_object_is_the_one_that_was_under_the_cursor() {
    let server = two_pods();
    let run = look(&server, "");
    run.wait("the pods", |screen| screen.contains("zz") && screen.contains("● live"));
    run.press("D");
    // Rows come before it, and it moves on the screen.
    for name in ["aa", "bb", "cc"] {
        server.put("pods", pod("shop", name));
    }
    run.wait("the new rows", |screen| screen.contains("cc"));
    settled(&run, "delete");
    says(&run, "Delete pod/mm in shop?");
    run.press("y");
    let found = sent(&server, 1);
    assert_eq!((found.len(), found[0].path.as_str()), (1, "/api/v1/namespaces/shop/pods/mm"));
    assert_eq!(found[0].body["preconditions"]["uid"], "uid-of-shop-mm");
}

#[test]
fn marks_that_the_filter_hides_are_not_acted_on() {
    let server = two_pods();
    let run = look(&server, "");
    run.wait("the pods", |screen| screen.contains("zz") && screen.contains("● live"));
    run.press("*");
    run.command("filter zz");
    run.command("delete");
    settled(&run, "delete");
    let screen = says(&run, "Delete pod/zz in shop?");
    assert!(!screen.contains("pod/mm"), "{screen}");
    run.press("y");
    let found = sent(&server, 1);
    assert_eq!((found.len(), found[0].path.as_str()), (1, "/api/v1/namespaces/shop/pods/zz"));
}
