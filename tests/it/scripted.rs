//! The program against a server that does what servers, proxies and old versions do at their worst: by keys and screens,
//! without a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::driver::{Driver, Setup};
use crate::wait::wait_until;

mod discovery;
pub mod logs;
mod rights;
pub mod server;
mod webhooks;
mod widening;

use server::{Answer, SOON, Server, bookmark, error, frame, pod};

/// A program that looks at a server. The screen has room for the list alone.
struct Run {
    driver: Driver,
    _folder: tempfile::TempDir,
}

impl std::ops::Deref for Run {
    type Target = Driver;

    fn deref(&self) -> &Driver {
        &self.driver
    }
}

fn look(server: &Server) -> Run {
    look_from(server, "")
}

fn look_from(server: &Server, namespace: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = server.kubeconfig(folder.path(), namespace);
    Run { driver: Setup::new(&kubeconfig).size(150, 28).start(), _folder: folder }
}

/// The rows of the pods with these names, live.
fn live(run: &Run, names: &[&str]) {
    run.wait(&format!("{names:?}, live"), |screen| screen.contains("● live") && names.iter().all(|name| screen.contains(name)));
}

/// Every picture has these words.
#[track_caller]
fn never_without(pictures: &[String], words: &[&str]) {
    for picture in pictures {
        for word in words {
            assert!(picture.contains(word), "{word} was not on the screen at some time:\n{picture}");
        }
    }
}

/// The program has drawn twice more: what it had to show is shown.
fn drawn(run: &Run) {
    let before = run.frames();
    wait_until(SOON, "two more frames", || if run.frames() >= before + 2 { Ok(()) } else { Err("not drawn".to_owned()) });
}

/// So many requests for a kind have come.
fn asked(server: &Server, plural: &str, times: usize) {
    wait_until(SOON, "requests", || match server.requests_of(plural).len() {
        enough if enough >= times => Ok(()),
        few => Err(format!("{few} of {times}")),
    });
}

#[test]
fn a_version_that_is_too_old_is_read_anew_and_no_row_blinks() {
    let server = Server::start();
    for name in ["aa-stays", "bb-stays", "cc-goes"] {
        server.put("pods", pod("shop", name));
    }
    let run = look(&server);
    live(&run, &["aa-stays", "bb-stays", "cc-goes"]);
    run.record();

    server.silently("pods", pod("shop", "cc-goes"), false);
    server.silently("pods", pod("shop", "dd-comes"), true);
    // The fresh list comes slowly: one row, and the others when the test says so.
    server.on(|request| {
        (request.is_of("pods") && request.watches()).then(|| {
            let content_type = "application/vnd.kubernetes.protobuf;stream=watch".to_owned();
            let first = frame(&content_type, "pods", "ADDED", &pod("shop", "aa-stays"));
            Answer::Stream { content_type, first }
        })
    });
    server.push("pods", |of| error(of, 410, "Expired", "too old resource version: 101 (200)"));
    server.end("pods");
    asked(&server, "pods", 2);
    assert!(server.requests_of("pods")[1].has("sendInitialEvents=true"), "a fresh list");
    drawn(&run);
    assert!(run.screen().contains("cc-goes"), "rows stay until the fresh list is complete:\n{}", run.screen());
    server.push("pods", |of| {
        [frame(of, "pods", "ADDED", &pod("shop", "bb-stays")), frame(of, "pods", "ADDED", &pod("shop", "dd-comes"))].concat()
    });
    drawn(&run);
    server.push("pods", |of| bookmark(of, "pods", 300, true));
    run.wait("the fresh list", |screen| screen.contains("dd-comes") && screen.contains("● live"));
    // The one that went is under nobody's cursor.
    run.wait("the one that went", |screen| !screen.contains("cc-goes"));

    let pictures = run.recorded();
    never_without(&pictures, &["aa-stays", "bb-stays"]);
    for picture in &pictures {
        assert!(picture.contains("cc-goes") != picture.contains("dd-comes"), "the lists are swapped at once:\n{picture}");
    }
}

#[test]
fn an_answer_of_410_to_the_resumed_watch_is_read_anew_too() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-stays"));
    let run = look(&server);
    live(&run, &["aa-stays"]);
    run.record();
    server.silently("pods", pod("shop", "bb-comes"), true);
    server.on(|request| {
        (request.watches() && request.value("resourceVersion").is_some())
            .then(|| Answer::refusal(410, "Expired", "too old resource version: 1 (200)"))
    });
    server.end("pods");
    live(&run, &["aa-stays", "bb-comes"]);
    never_without(&run.recorded(), &["aa-stays"]);
}

#[test]
fn a_server_without_streaming_lists_is_read_in_pages() {
    for code in [400, 422] {
        let server = Server::start();
        for number in 0..1200 {
            server.put("pods", pod("shop", &format!("web-{number:04}")));
        }
        server.on(move |request| {
            let message = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
            request.has("sendInitialEvents=true").then(|| Answer::refusal(code, "Invalid", message))
        });
        let run = look(&server);
        run.wait("all pods", |screen| screen.contains("Pods 1200") && screen.contains("● live"));
        let lists: Vec<_> = server.requests_of("pods").into_iter().filter(|request| !request.watches()).collect();
        assert!(lists.iter().all(|request| request.has("limit=500")), "{lists:?}");
        let tokens: Vec<_> = lists.iter().map(|request| request.value("continue")).collect();
        assert_eq!(tokens, [None, Some("500"), Some("1000")]);
        // And watched from there.
        server.put("pods", pod("shop", "aa-new"));
        run.see("aa-new");
        run.see("Pods 1201");
    }
}

#[test]
fn a_server_that_ignores_the_streaming_list_is_read_in_pages() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-here"));
    // As old servers do: what is there comes as ADDED, and no bookmark says that this was all.
    server.on(|request| {
        (request.is_of("pods") && request.has("sendInitialEvents=true")).then(|| {
            let content_type = "application/vnd.kubernetes.protobuf;stream=watch".to_owned();
            let first = frame(&content_type, "pods", "ADDED", &pod("shop", "aa-here"));
            Answer::Stream { content_type, first }
        })
    });
    let run = look(&server);
    run.wait("the row, while it is not known whether it is all", |screen| screen.contains("aa-here") && screen.contains("syncing"));
    live(&run, &["aa-here"]);
    assert!(server.requests_of("pods").iter().any(|request| request.has("limit=500")), "it was read in pages");
    server.put("pods", pod("shop", "bb-new"));
    run.see("bb-new");
}

/// As old servers do, on a cluster where something always happens: what is there, changes to it, and never an end.
fn without_end(server: &Server) {
    server.on(|request| {
        (request.is_of("pods") && request.has("sendInitialEvents=true")).then(|| {
            let content_type = "application/vnd.kubernetes.protobuf;stream=watch".to_owned();
            let first = frame(&content_type, "pods", "ADDED", &pod("shop", "aa-here"));
            Answer::Stream { content_type, first }
        })
    });
}

#[test]
fn a_server_that_ignores_the_streaming_list_and_is_never_silent_is_read_in_pages() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-here"));
    without_end(&server);
    let run = look(&server);
    run.wait("the row", |screen| screen.contains("aa-here") && screen.contains("syncing"));
    let start = Instant::now();
    wait_until(Duration::from_secs(25), "the pages", || {
        server.push("pods", |of| frame(of, "pods", "MODIFIED", &pod("shop", "aa-here")));
        let pages = server.requests_of("pods").iter().any(|request| request.has("limit=500"));
        if pages { Ok(()) } else { Err("it still waits for the end".to_owned()) }
    });
    assert!(start.elapsed() > Duration::from_secs(5), "a change is no proof by itself: {:?}", start.elapsed());
    live(&run, &["aa-here"]);
    server.put("pods", pod("shop", "bb-new"));
    run.see("bb-new");
}

#[test]
fn a_bookmark_before_the_end_of_a_streaming_list_says_that_it_is_none() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-here"));
    without_end(&server);
    let run = look(&server);
    run.wait("the row", |screen| screen.contains("aa-here") && screen.contains("syncing"));
    let start = Instant::now();
    server.push("pods", |of| bookmark(of, "pods", 300, false));
    live(&run, &["aa-here"]);
    assert!(start.elapsed() < Duration::from_secs(5), "not because it waited in vain: {:?}", start.elapsed());
    assert!(server.requests_of("pods").iter().any(|request| request.has("limit=500")), "it was read in pages");
}

#[test]
fn where_watching_is_forbidden_it_polls_and_says_so() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-here"));
    server.on(|request| {
        let message = "pods is forbidden: User \"x\" cannot watch resource \"pods\" in API group \"\" at the cluster scope";
        request.watches().then(|| Answer::refusal(403, "Forbidden", message))
    });
    let run = look(&server);
    run.wait("polling", |screen| screen.contains("polling every 5s") && screen.contains("aa-here"));
    run.record();
    server.silently("pods", pod("shop", "bb-new"), true);
    run.see("bb-new");
    server.silently("pods", pod("shop", "bb-new"), false);
    run.wait("the one that went", |screen| !screen.contains("bb-new"));
    let pictures = run.recorded();
    never_without(&pictures, &["aa-here", "polling every 5s"]);
}

#[test]
fn where_all_namespaces_are_forbidden_it_shows_its_own_and_says_so() {
    let server = Server::start();
    server.put("pods", pod("mine", "aa-mine"));
    server.on(|request| {
        let message = "pods is forbidden: User \"x\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
        let refused = request.is_of("pods") && !request.path.contains("/namespaces/");
        refused.then(|| Answer::refusal(403, "Forbidden", message))
    });
    let run = look_from(&server, "mine");
    live(&run, &["aa-mine", "only namespace mine: all namespaces are forbidden"]);
}

#[test]
fn what_is_forbidden_comes_by_itself_or_by_a_key_when_it_is_allowed() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-here"));
    server.on(|request| request.is_of("pods").then(|| Answer::refusal(403, "Forbidden", "pods is forbidden: not for you")));
    let run = look(&server);
    let screen = run.see("You may not see pods here");
    assert!(screen.contains("not for you") && screen.contains("✗ forbidden") && screen.contains("another context"), "{screen}");
    server.behave();
    run.press("ctrl-r");
    run.wait_for(Duration::from_secs(8), "the row", |screen| screen.contains("aa-here") && screen.contains("● live"));
}

#[test]
fn credentials_that_are_refused_in_the_middle_of_work_leave_the_rows_and_say_why() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-stays"));
    let run = look(&server);
    live(&run, &["aa-stays"]);
    run.record();
    server.on(|_| Some(Answer::refusal(401, "Unauthorized", "the token of today has run out")));
    server.end("pods");
    run.wait("that it is not logged in, and why", |screen| {
        screen.contains("✗ not logged in") && screen.contains("the token of today has run out") && screen.contains("aa-stays")
    });
    // Keys work, and nothing is asked in a loop.
    run.press("/");
    run.type_text("stays");
    run.press("enter");
    run.see("/stays");
    let before = server.requests().len();
    drawn(&run);
    let after = server.requests().len();
    assert!(after - before < 10, "{} requests between two seconds", after - before);
    server.behave();
    server.put("pods", pod("shop", "bb-stays-too"));
    run.press("ctrl-r");
    live(&run, &["aa-stays", "bb-stays-too"]);
    assert!(!run.screen().contains("not logged in"), "{}", run.screen());
    never_without(&run.recorded(), &["aa-stays"]);
}

#[test]
fn a_server_that_is_too_busy_is_left_alone_as_long_as_it_asks() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-here"));
    let busy = Arc::new(AtomicBool::new(true));
    let says = busy.clone();
    server.on(move |request| {
        let message = "too many requests, please try again later";
        (request.is_of("pods") && says.load(Ordering::SeqCst))
            .then(|| Answer::refusal(429, "TooManyRequests", message).with("retry-after", "3"))
    });
    let run = look(&server);
    let screen = run.see("the server is too busy, and asks to wait 3 s");
    assert!(!screen.contains("does not answer"), "it does:\n{screen}");
    busy.store(false, Ordering::SeqCst);
    live(&run, &["aa-here"]);
    let requests = server.requests_of("pods");
    let apart = requests[1].at - requests[0].at;
    assert!(apart >= Duration::from_millis(2900), "{apart:?} between the first two requests");
}

#[test]
fn a_server_that_ends_every_watch_at_once_is_not_asked_in_a_loop() {
    // Another code for each, so that the requests of one do not count for the other.
    for expired in [false, true] {
        let server = Server::start();
        server.put("pods", pod("shop", "aa-stays"));
        let run = look(&server);
        live(&run, &["aa-stays"]);
        run.record();
        let before = server.requests_of("pods").len();
        server.on(move |request| {
            (request.is_of("pods") && request.watches()).then(|| {
                let content_type = "application/vnd.kubernetes.protobuf;stream=watch".to_owned();
                let body = if expired { error(&content_type, 410, "Expired", "too old resource version") } else { Vec::new() };
                Answer::Whole { code: 200, content_type, headers: Vec::new(), body }
            })
        });
        server.end("pods");
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(4) {
            drawn(&run);
        }
        let asked = server.requests_of("pods").len() - before;
        assert!(asked <= 20, "{asked} requests in {:?}", start.elapsed());
        server.behave();
        server.put("pods", pod("shop", "bb-new"));
        live(&run, &["aa-stays", "bb-new"]);
        never_without(&run.recorded(), &["aa-stays"]);
    }
}

#[test]
fn garbage_on_the_wire_is_survived_and_never_shown_as_truth() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-stays"));
    let run = look(&server);
    live(&run, &["aa-stays"]);
    let garbage: &[&[u8]] = &[
        // A frame longer than any object.
        &[0xff; 64],
        // A frame that is no message.
        &[0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff],
        // An event whose object has not the envelope.
        &[0, 0, 0, 17, 10, 5, b'A', b'D', b'D', b'E', b'D', 18, 8, 10, 6, b'n', b'o', b'n', b'e', b'!', b'!'],
        // An event whose object is cut short.
        &[0, 0, 0, 17, 10, 5, b'A', b'D', b'D', b'E', b'D', 18, 8, 10, 6, b'k', b'8', b's', 0, 18, 99],
    ];
    for (round, bytes) in garbage.iter().enumerate() {
        run.record();
        let before = server.requests_of("pods").len();
        server.push("pods", |_| bytes.to_vec());
        asked(&server, "pods", before + 1);
        let again = server.requests_of("pods").pop().unwrap();
        assert!(again.value("resourceVersion").is_some(), "it resumes where it was: {again:?}");
        let name = format!("bb-new-{round}");
        server.put("pods", pod("shop", &name));
        live(&run, &["aa-stays", &name]);
        let pictures = run.recorded();
        never_without(&pictures, &["aa-stays"]);
        assert!(pictures.iter().any(|picture| picture.contains("◌ stale")), "garbage {round} was not said to be stale");
    }
}

#[test]
fn a_connection_that_is_cut_in_the_middle_of_a_frame_is_resumed() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-stays"));
    let run = look(&server);
    live(&run, &["aa-stays"]);
    run.record();
    let before = server.requests_of("pods").len();
    server.push("pods", |of| {
        let whole = frame(of, "pods", "ADDED", &pod("shop", "half"));
        whole[..whole.len() / 2].to_vec()
    });
    server.cut("pods");
    asked(&server, "pods", before + 1);
    let again = server.requests_of("pods").pop().unwrap();
    assert!(again.value("resourceVersion").is_some() && !again.has("sendInitialEvents=true"), "{again:?}");
    server.put("pods", pod("shop", "bb-new"));
    live(&run, &["aa-stays", "bb-new"]);
    let pictures = run.recorded();
    never_without(&pictures, &["aa-stays"]);
    assert!(pictures.iter().any(|picture| picture.contains("◌ stale")), "it was stale for a moment");
    assert!(!pictures.iter().any(|picture| picture.contains(" half ")), "half an object is none");
}

#[test]
fn a_connection_that_has_shown_rows_before_it_was_proved_makes_them_old_and_is_not_called_unreachable() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-stays"));
    // The proof: it begins, and never ends.
    let unproved = || Answer::Stream { content_type: "application/json".into(), first: b"{".to_vec() };
    server.on(move |request| (request.path == "/version").then(unproved));
    let run = look(&server);
    live(&run, &["aa-stays"]);
    run.record();
    let screen = run.see("◌ stale");
    assert!(screen.contains("aa-stays") && screen.contains("Trying again"), "{screen}");
    server.behave();
    live(&run, &["aa-stays"]);
    never_without(&run.recorded(), &["aa-stays"]);
}

#[test]
fn a_server_that_speaks_json_only_is_understood() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-here"));
    let usual = server.usual();
    server.on(move |request| {
        // A proxy that has never heard of protobuf.
        (!request.watches() && request.is_of("pods"))
            .then(|| usual(&server::Request { accept: "application/json".into(), ..request.clone() }))
            .or_else(|| request.has("sendInitialEvents=true").then(|| Answer::refusal(400, "BadRequest", "unknown parameter")))
    });
    let run = look(&server);
    live(&run, &["aa-here", "Running", "1/1"]);
}

#[test]
fn rows_are_what_the_newest_event_of_each_object_says() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-pod"));
    let run = look(&server);
    live(&run, &["aa-pod", "Running"]);
    // A storm on one object: the last word counts, and it comes.
    for restarts in 1..=500 {
        let mut object = pod("shop", "aa-pod");
        object["status"]["containerStatuses"][0]["restartCount"] = json!(restarts);
        server.put("pods", object);
    }
    wait_until(SOON, "the last restart", || {
        let line = run.line("aa-pod");
        if line.split_whitespace().any(|word| word == "500") { Ok(()) } else { Err(line) }
    });
    server.delete("pods", pod("shop", "aa-pod"));
    run.see("No pods");
}
