//! When the program asks what it may do, and what it makes of servers that do not say it all.

use std::time::{Duration, Instant};

use kubetui::cluster::connect::Options;
use kubetui::cluster::write::journal::Journal;
use kubetui::model::kind::Kind;
use kubetui::model::rights::{Attempt, Rights};
use serde_json::{Value, json};

use super::{Answer, Run, SOON, Server, live, look, pod};
use crate::driver::Setup;
use crate::rights::Asker;
use crate::wait::wait_until;

/// The namespaces whose rules were asked for, in that order.
fn rules_asked(server: &Server) -> Vec<String> {
    let of = |body: &Value| body["spec"]["namespace"].as_str().map(str::to_owned);
    server.requests_of("selfsubjectrulesreviews").iter().filter_map(|request| of(&request.body)).collect()
}

/// What was asked for one by one: verb, subresource, name.
fn access_asked(server: &Server) -> Vec<String> {
    let words = |body: &Value| {
        let of = |name: &str| body["spec"]["resourceAttributes"][name].as_str().unwrap_or("?").to_owned();
        format!("{} {}/{} {}/{}", of("verb"), of("resource"), of("subresource"), of("namespace"), of("name"))
    };
    server.requests_of("selfsubjectaccessreviews").iter().map(|request| words(&request.body)).collect()
}

#[test]
fn rules_are_asked_for_where_the_cursor_rests_and_once() {
    let server = Server::start();
    for (namespace, name) in [("one", "aa"), ("one", "bb"), ("two", "cc")] {
        server.put("pods", pod(namespace, name));
    }
    let run: Run = look(&server);
    live(&run, &["aa", "bb", "cc"]);
    let asked = |wanted: &[&str]| {
        wait_until(SOON, "rules", || {
            let found = rules_asked(&server);
            if found == wanted { Ok(()) } else { Err(format!("{found:?}")) }
        });
    };
    asked(&["one"]);
    run.press("j j");
    asked(&["one", "two"]);
    run.press("k k");
    // A second and more: everything that is due every second has been.
    let frames = run.frames();
    wait_until(SOON, "two ticks", || if run.frames() >= frames + 4 { Ok(()) } else { Err("not drawn".to_owned()) });
    assert_eq!(rules_asked(&server), ["one", "two"], "they are known");
    for request in server.requests().iter().filter(|request| request.method != "GET") {
        assert_eq!(request.method, "POST");
        assert!(request.path.starts_with("/apis/authorization.k8s.io/v1/selfsubject"), "{request:?}");
    }
}

fn attempt(verb: &str, name: &str) -> Attempt {
    let pods = Kind { version: "v1".into(), plural: "pods".into(), namespaced: true, ..Kind::default() };
    Attempt::new(verb, &pods, "", "shop", name)
}

fn asker(server: &Server) -> (tempfile::TempDir, Asker, Rights) {
    let folder = tempfile::tempdir().unwrap();
    let asker = Asker::new(&server.kubeconfig(folder.path(), ""), &Options::default());
    (folder, asker, Rights::default())
}

#[test]
fn where_rules_are_incomplete_the_verb_at_hand_is_asked_for() {
    let server = Server::start();
    server.on(|request| match request.path.rsplit('/').next()? {
        "selfsubjectrulesreviews" => {
            // An authorizer that cannot list its rules, beside one that can and has a few.
            let rules = json!([{"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}]);
            Some(Answer::json(&json!({"status": {"resourceRules": rules, "nonResourceRules": [], "incomplete": true, "evaluationError": "webhook authorizer does not support user rule resolution"}})))
        }
        "selfsubjectaccessreviews" => {
            let of = &request.body["spec"]["resourceAttributes"];
            let allowed = of["verb"] == "get" || (of["verb"] == "delete" && of["name"] == "web");
            Some(Answer::json(&json!({"status": {"allowed": allowed}})))
        }
        _ => None,
    });
    let (_folder, mut asker, mut rights) = asker(&server);
    let mut may = |verb: &str, name: &str| asker.settle(&mut rights, |rights| rights.may(&attempt(verb, name), Instant::now()));
    assert_eq!(may("delete", "web"), Some(true));
    assert_eq!(may("delete", "db"), Some(false));
    assert_eq!(may("get", "web"), Some(true));
    assert_eq!(may("get", "db"), Some(true));
    assert_eq!(rules_asked(&server), ["shop"]);
    let expected = ["delete pods/ shop/", "delete pods/ shop/web", "delete pods/ shop/db", "get pods/ shop/"];
    assert_eq!(access_asked(&server), expected, "all names first, and nothing twice");
}

#[test]
fn what_is_forbidden_is_refused_before_it_is_asked_for_and_what_is_unknown_is_not() {
    let server = Server::start();
    server.on(|request| match request.path.rsplit('/').next()? {
        "selfsubjectrulesreviews" => {
            Some(Answer::json(&json!({"status": {"resourceRules": [], "nonResourceRules": [], "incomplete": true}})))
        }
        "selfsubjectaccessreviews" => {
            let allowed = request.body["spec"]["resourceAttributes"]["verb"] == "create";
            Some(Answer::json(&json!({"status": {"allowed": allowed}})))
        }
        _ => None,
    });
    server.put("pods", pod("shop", "aa"));
    let run = look(&server);
    live(&run, &["aa"]);
    // The verb comes to hand: not known yet, so it is not refused.
    wait_until(SOON, "the questions", || {
        run.press("D esc");
        let found = access_asked(&server);
        if found.iter().any(|asked| asked == "delete pods/ shop/aa") { Ok(()) } else { Err(format!("{found:?}")) }
    });
    wait_until(SOON, "the refusal", || {
        run.press("esc D");
        let screen = run.screen();
        if screen.contains("scripted may not delete pods in shop") { Ok(()) } else { Err(screen) }
    });
    assert!(server.requests().iter().all(|request| request.method == "GET" || request.path.contains("selfsubject")));
    let others = access_asked(&server).iter().filter(|asked| asked.starts_with("get pods/ ")).count();
    assert_eq!(others, 0, "nobody wants to know that: it is on the screen");
}

#[test]
fn a_program_that_ends_waits_for_what_it_sent_and_keeps_it() {
    let server = Server::start();
    server.on(|request| {
        let of_it = request.path.ends_with("/pods/aa");
        match request.method.as_str() {
            "DELETE" if of_it => {
                std::thread::sleep(Duration::from_millis(500));
                Some(Answer::json(&json!({"kind": "Status", "apiVersion": "v1", "status": "Success"})))
            }
            "GET" if of_it => Some(Answer::json(&pod("shop", "aa"))),
            _ => None,
        }
    });
    server.put("pods", pod("shop", "aa"));
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = server.kubeconfig(folder.path(), "");
    let state = folder.path().join("state");
    let journal = Journal::open(Some(state.clone()));
    let driver = Setup { journal: Some(&state), ..Setup::new(&kubeconfig) }.start();
    driver.wait("the pod", |screen| screen.contains("aa") && screen.contains("● live"));
    driver.press("D");
    driver.see("yes, delete");
    driver.press("y");
    wait_until(SOON, "the deletion", || {
        if server.requests().iter().any(|request| request.method == "DELETE") { Ok(()) } else { Err(driver.screen()) }
    });
    assert_eq!(driver.quit(), 0);
    let entries = journal.read(9);
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((&*entry.verb, &*entry.name, &*entry.context, &entry.outcome), ("delete", "aa", "scripted", &Ok("deleted".to_owned())));
    assert_eq!(entry.before["metadata"]["uid"], "uid-of-shop-aa");
}

#[test]
fn a_server_that_does_not_say_leaves_everything_allowed() {
    let server = Server::start();
    server.on(|request| {
        (request.method == "POST")
            .then(|| Answer::refusal(403, "Forbidden", "selfsubjectaccessreviews is forbidden: User \"x\" cannot create"))
    });
    let (_folder, mut asker, mut rights) = asker(&server);
    let mut may = |name: &str| asker.settle(&mut rights, |rights| rights.may(&attempt("delete", name), Instant::now()));
    assert_eq!((may("web"), may("db")), (None, None));
    assert_eq!((rules_asked(&server).len(), access_asked(&server).len()), (1, 1), "and is not asked again and again");

    // A server that is too busy has said nothing: it is asked again, later.
    server.on(|request| (request.method == "POST").then(|| Answer::refusal(503, "ServiceUnavailable", "starting")));
    let (_folder, mut asker, mut rights) = self::asker(&server);
    assert_eq!(asker.settle(&mut rights, |rights| rights.may(&attempt("delete", "web"), Instant::now())), None);
    server.behave();
    let later = Instant::now() + Duration::from_secs(10);
    assert_eq!(rights.may(&attempt("delete", "web"), later), None);
    assert_eq!(rights.take(later).len(), 1);
}
