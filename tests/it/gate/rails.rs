//! Guard rails: deny, confirm, name, context, how many at once, a dry run first.

use crossterm::event::Event as Input;

use super::{furnish, look, look_at, says, sent, settled, writes};
use crate::scripted::server::{Answer, Server};

fn furnished() -> Server {
    let server = Server::start();
    furnish(&server);
    server
}

fn rail(verb: &str, kind: &str, demand: &str) -> String {
    format!("[[guard.rail]]\nverbs = [\"{verb}\"]\nkinds = [\"{kind}\"]\ndemand = \"{demand}\"\n")
}

#[test]
fn what_is_denied_is_not_asked() {
    let server = furnished();
    let run = look(&server, &rail("delete", "pods", "deny"));
    run.wait("the pods", |screen| screen.contains("aa") && screen.contains("● live"));
    run.press("D");
    run.see("delete of pods is denied here (config.toml:1)");
    run.command("label a=b");
    settled(&run, "label");
    run.press("y");
    assert_eq!(sent(&server, 1)[0].method, "PATCH", "what is not denied is done");
}

#[test]
fn a_scale_is_asked_where_a_rail_or_the_context_wants_it() {
    for config in [rail("scale", "deployments", "confirm"), "danger = true\n".to_owned()] {
        let server = furnished();
        let run = look_at(&server, &config, "deployments");
        run.wait("the rows", |screen| screen.contains("aa") && screen.contains("● live"));
        run.press("S");
        run.type_text("5");
        run.press("enter");
        settled(&run, "scale");
        says(&run, "replicas 3 → 5");
        assert!(writes(&server).is_empty(), "{config}");
        run.press("y");
        let found = sent(&server, 1);
        assert_eq!(found[0].path, "/apis/apps/v1/namespaces/shop/deployments/aa/scale");
    }
}

#[test]
fn a_name_is_typed_right_or_nothing_is_sent() {
    let server = furnished();
    let run = look(&server, &rail("delete", "pods", "name"));
    run.wait("the pods", |screen| screen.contains("aa") && screen.contains("● live"));
    run.press("D");
    // Ahead of the question, and in its first moment: dropped, all of it.
    run.type_text("aa");
    run.press("enter");
    run.see("type aa to go on   (guard rail (config.toml:1))");
    std::thread::sleep(kubetui::view::acting::SETTLE * 2);
    run.press("enter");
    says(&run, "nothing is not what is asked for: nothing was sent");
    run.type_text("ab");
    run.press("enter");
    let screen = says(&run, "\"ab\" is not what is asked for: nothing was sent");
    assert!(screen.lines().last().is_some_and(|line| line.contains("ab")), "what was typed stays:\n{screen}");
    run.send(Input::Paste("x".repeat(5 << 20)));
    says(&run, "only its beginning was taken");
    run.press("ctrl-u");
    assert!(writes(&server).is_empty());
    run.send(Input::Paste("aa\n".into()));
    run.wait("the name, and no answer yet", |screen| screen.lines().last().is_some_and(|line| line.contains("›aa ")));
    assert!(writes(&server).is_empty(), "a line's end in a paste is no enter");
    run.press("enter");
    assert_eq!(sent(&server, 1)[0].method, "DELETE");
}

#[test]
fn several_are_counted_and_a_context_is_typed() {
    let server = furnished();
    let run = look(&server, &rail("delete", "pods", "name"));
    run.wait("the pods", |screen| screen.contains("bb") && screen.contains("● live"));
    run.press("* D");
    run.see("type 2 to go on, which is how many they are");
    run.press("esc");
    drop(run);

    let run = look(&server, &rail("delete", "pods", "context"));
    run.wait("the pods", |screen| screen.contains("aa") && screen.contains("● live"));
    run.press("D");
    run.see("type scripted to go on, the context's name");
    std::thread::sleep(kubetui::view::acting::SETTLE * 2);
    run.type_text("scripted");
    assert!(writes(&server).is_empty());
    run.press("enter");
    sent(&server, 1);
}

#[test]
fn what_is_dear_asks_for_its_name_by_default() {
    let server = furnished();
    let run = look_at(&server, "", "nodes");
    for kind in ["nodes", "namespaces", "statefulsets"] {
        run.command(kind);
        run.wait(kind, |screen| screen.contains("aa") && screen.contains("● live"));
        run.command("delete");
        run.see("type aa to go on   (guard rail (by default))");
        run.press("esc");
    }
    assert!(writes(&server).is_empty());
}

#[test]
fn not_more_at_once_than_the_context_allows() {
    let server = furnished();
    let run = look(&server, "guard.most = 1\n");
    run.wait("the pods", |screen| screen.contains("bb") && screen.contains("● live"));
    run.press("* D");
    run.see("2 objects at once are too many: this context allows at most 1");
    assert!(writes(&server).is_empty());
}

#[test]
fn a_dry_run_comes_before_the_question() {
    let server = furnished();
    let run = look(&server, "dry-run = true\n");
    run.wait("the pods", |screen| screen.contains("aa") && screen.contains("● live"));
    run.command("label a=b");
    settled(&run, "label");
    says(&run, "the server has tried it (dryRun=All) and would take it");
    let tried = sent(&server, 1);
    assert!(tried.len() == 1 && tried[0].has("dryRun=All"), "{tried:?}");
    run.press("y");
    let done = sent(&server, 2);
    assert!(done.len() == 2 && !done[1].has("dryRun=All"), "{done:?}");

    server.on(|request| (request.method == "DELETE").then(|| Answer::refusal(403, "Forbidden", "a webhook says no, and why")));
    run.press("esc");
    run.command("delete");
    says(&run, "the dry run was refused: forbidden: a webhook says no, and why");
    let tried = writes(&server);
    assert_eq!(tried.last().map(|request| request.body["dryRun"].clone()), Some(serde_json::json!(["All"])));
}
