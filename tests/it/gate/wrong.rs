//! A server that refuses, breaks, or never answers: its own reason is on the screen until it is read, and nothing is sent
//! twice.

use std::time::Duration;

use serde_json::json;

use super::{asked, kept, look, says, sent, start, writes};
use crate::scripted::server::{Answer, Server, pod};

fn one_pod() -> Server {
    let server = Server::start();
    server.put("pods", pod("shop", "aa"));
    server
}

#[test]
fn the_servers_own_reason_stays_until_it_is_read() {
    let long = "pods \"aa\" is forbidden: User \"somebody\" cannot delete resource \"pods\" in API group \"\" in the namespace \"shop\": \
                the policy of the house says that whoever wants this has to ask somebody else before eight in the morning";
    for (code, reason, message, command, words) in [
        (403, "Forbidden", long, "delete", long),
        (409, "Conflict", "the thing has been changed by somebody", "delete", "the thing has been changed by somebody"),
        (429, "TooManyRequests", "please come back on Monday", "delete", "please come back on Monday"),
        (500, "InternalError", "etcd is on fire", "delete", "the server answers 500: etcd is on fire"),
        (422, "Invalid", "Pod \"aa\" is invalid", "label a=b", "Pod \"aa\" is invalid: metadata.labels: must not be so"),
    ] {
        let server = one_pod();
        let run = look(&server, "");
        asked(&run, "aa", command);
        let mut status = crate::scripted::server::status(code, reason, message);
        if code == 422 {
            status["details"] =
                json!({"causes": [{"reason": "FieldValueInvalid", "message": "must not be so", "field": "metadata.labels"}]});
        }
        server.on(move |request| {
            (matches!(request.method.as_str(), "DELETE" | "PATCH")).then(|| Answer::Whole {
                code,
                content_type: "application/json".into(),
                headers: Vec::new(),
                body: status.to_string().into_bytes(),
            })
        });
        run.press("y");
        says(&run, words);
        // Ticks pass, rows change: it is still there, and nothing was tried again.
        server.put("pods", pod("shop", "ab"));
        std::thread::sleep(Duration::from_millis(1500));
        says(&run, words);
        assert_eq!(writes(&server).len(), 1, "{code}");
        run.press("esc");
        run.wait("it gone", |screen| !screen.contains("✗"));
        let journal = kept(&run.folder.path().join("state"));
        assert_eq!(journal.len(), 1);
        assert!(journal[0]["outcome"]["Err"].is_string(), "{journal:?}");
    }
}

#[test]
fn an_answer_that_never_comes_leaves_it_unknown() {
    let server = one_pod();
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("state");
    let kubeconfig = server.kubeconfig(folder.path(), "");
    let run = start(&kubeconfig, "", "pods", folder.path(), &journal, Some(Duration::from_secs(1)));
    asked(&run, "aa", "delete");
    server.on(|request| {
        if request.method == "DELETE" {
            std::thread::sleep(Duration::from_secs(4));
        }
        None
    });
    run.press("y");
    says(&run, "no answer within 1 s: whether it was done is not known; look at the object before you try again");
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(writes(&server).len(), 1, "nothing is tried again");
    let outcome = kept(&journal)[0]["outcome"]["Err"].as_str().expect("no success").to_owned();
    assert!(outcome.contains("whether it was done is not known"), "{outcome}");
}

#[test]
fn a_server_that_is_gone_before_the_answer_gets_nothing() {
    let server = one_pod();
    let run = look(&server, "");
    asked(&run, "aa", "delete");
    let address = server.kubeconfig(run.folder.path(), "");
    drop(server);
    run.wait("the connection lost", |screen| !screen.contains("● live"));
    run.press("y");
    let screen = run.wait("what came of it", |screen| {
        let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        words.contains("nothing was sent") || words.contains("whether it was done is not known")
    });
    assert!(screen.contains("✗"), "{screen}");
    assert!(address.exists());
}

#[test]
fn what_was_stale_is_read_anew_before_it_is_asked() {
    let server = one_pod();
    let run = look(&server, "");
    run.wait("the pod", |screen| screen.contains("aa") && screen.contains("● live"));
    // Nobody tells the program that it became another one.
    let mut other = pod("shop", "aa");
    server.silently("pods", other.clone(), false);
    other["metadata"]["uid"] = json!("another");
    server.silently("pods", other, true);
    run.command("delete");
    says(&run, "pod/aa: it was made anew meanwhile: the one there now is another object of the same name");
    assert!(writes(&server).is_empty());
}

#[test]
fn a_budget_that_refuses_an_eviction_is_said_and_kept() {
    let server = one_pod();
    let run = look(&server, "");
    asked(&run, "aa", "evict");
    server.on(|request| {
        request.path.ends_with("/eviction").then(|| {
            let mut status = crate::scripted::server::status(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
            status["details"] = json!({"causes": [{"reason": "DisruptionBudget", "message": "The disruption budget web needs 1 healthy pods and has 1 currently"}]});
            Answer::Whole { code: 429, content_type: "application/json".into(), headers: Vec::new(), body: status.to_string().into_bytes() }
        })
    });
    run.press("y");
    says(&run, "The disruption budget web needs 1 healthy pods and has 1 currently");
    assert_eq!(sent(&server, 1).len(), 1);
    assert_eq!(kept(&run.folder.path().join("state")).len(), 1, "the journal has it");
}
