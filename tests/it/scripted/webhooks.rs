//! A webhook that cannot be left out of a dry run: the server refuses every one (`NewDryRunUnsupportedErr` of apiserver), and
//! what can be shown before a write is what was written.

use std::time::Instant;

use super::server::{Answer, Request, SOON, Server, pod};
use super::{Run, live, look};
use crate::acting::SETTLED;
use crate::wait::wait_until;

fn server() -> Server {
    let server = Server::start();
    server.put("pods", pod("shop", "aa"));
    server.on(|request| {
        let refusal = || Answer::refusal(400, "BadRequest", "admission webhook \"audit.example.com\" does not support dry run");
        (request.method == "PATCH" && request.has("dryRun=All")).then(refusal)
    });
    server
}

/// Waits for a question with these words, and says yes to it as soon as that counts.
#[track_caller]
fn yes(run: &Run, words: &[&str]) {
    let mut since = None;
    run.wait(&format!("the question with {words:?}, settled"), |screen| {
        let asked = screen.contains("y yes") && words.iter().all(|word| screen.contains(word));
        asked && since.get_or_insert_with(Instant::now).elapsed() > SETTLED
    });
    run.press("y");
}

/// The write itself, once it has come: it is the only one.
fn written(server: &Server) -> Request {
    let patches = || server.requests().into_iter().filter(|request| request.method == "PATCH");
    wait_until(SOON, "the write", || match patches().any(|request| !request.has("dryRun=All")) {
        true => Ok(()),
        false => Err(format!("{:?}", patches().collect::<Vec<_>>())),
    });
    let mut real: Vec<Request> = patches().filter(|request| !request.has("dryRun=All")).collect();
    assert_eq!(real.len(), 1, "{real:?}");
    assert!(patches().count() > 1, "it was tried first");
    real.remove(0)
}

#[test]
fn what_is_saved_is_shown_as_it_was_written_and_said_to_be_untried() {
    let server = server();
    let run = look(&server);
    live(&run, &["aa"]);
    run.press("e");
    run.see("● saved");
    run.press("ctrl-f");
    run.type_text("app: scripted");
    run.press("enter");
    run.see("1 of 1");
    run.press("end");
    run.type_text("-more");
    run.press("ctrl-s");
    yes(&run, &["Save pod/aa", "scripted-more", "a webhook refuses dry runs"]);
    let write = written(&server);
    assert!(write.body.as_array().is_some_and(|patch| patch.iter().any(|one| one["value"] == "scripted-more")), "{}", write.body);
    run.see("saved: 1 line changed");
}

#[test]
fn what_is_applied_is_planned_here_and_said_to_be() {
    let server = server();
    let run = look(&server);
    live(&run, &["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aa.yaml");
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: aa, namespace: shop, labels: {app: applied}}\n";
    std::fs::write(&path, text).unwrap();
    run.driver.command(&format!("apply {}", path.display()));
    yes(&run, &["metadata.labels.app scripted → applied", "a webhook refuses dry runs"]);
    let write = written(&server);
    assert_eq!(write.body["metadata"]["labels"]["app"], "applied");
    assert!(write.has("fieldManager=kubetui"), "{write:?}");
}
