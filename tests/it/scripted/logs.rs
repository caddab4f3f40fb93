//! Logs from a server that does what a test tells it to: rotation, restarts, lines that nobody should print.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::server::{Answer, Request, Server};
use super::{Run, look};

/// A pod whose containers run, restarted so many times.
pub fn running(name: &str, containers: &[&str], restarts: u32) -> Value {
    let statuses: Vec<Value> = containers
        .iter()
        .map(|name| {
            let mut status =
                json!({"name": name, "ready": true, "restartCount": restarts, "state": {"running": {"startedAt": "2026-11-21T12:00:00Z"}}});
            if restarts > 0 {
                status["lastState"] = json!({"terminated": {"exitCode": 3, "reason": "Error"}});
            }
            status
        })
        .collect();
    let specs: Vec<Value> = containers.iter().map(|name| json!({"name": name, "image": "app:1"})).collect();
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}")},
        "spec": {"nodeName": "node-1", "containers": specs},
        "status": {"phase": "Running", "containerStatuses": statuses}})
}

fn log(request: &Request) -> bool {
    request.path.ends_with("/log")
}

fn text(first: &[u8]) -> Answer {
    Answer::Stream { content_type: "text/plain".to_owned(), first: first.to_vec() }
}

fn line(second: u32, words: &str) -> Vec<u8> {
    format!("2026-11-21T12:00:{second:02}.5Z {words}\n").into_bytes()
}

/// A log of one pod is on the screen, after these words of it.
fn read(server: &Server, words: &str) -> Run {
    let run = look(server);
    run.see("● live");
    run.see("web");
    run.press("l");
    run.see(words);
    run
}

/// The lines of the log that are on the screen.
fn lines(screen: &str) -> Vec<&str> {
    let all: Vec<&str> = screen.lines().collect();
    all[1..all.len() - 1].iter().map(|line| line.trim_start_matches('▌').trim()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn what_comes_twice_after_a_reconnect_stands_once() {
    let server = Server::start();
    server.put("pods", running("web", &["app"], 0));
    server.on(|request| log(request).then(|| text(&[line(1, "one"), line(2, "two"), line(2, "two again")].concat())));
    let run = read(&server, "two again");
    // The whole second comes again, and a line of the same moment that is new.
    server.on(|request| {
        log(request).then(|| {
            assert_eq!(request.value("sinceTime"), Some("2026-11-21T12%3A00%3A02Z"), "no more than is needed is asked for");
            text(&[line(2, "two"), line(2, "two again"), line(2, "two more"), line(3, "three")].concat())
        })
    });
    server.cut("log");
    let screen = run.see("three");
    assert_eq!(lines(&screen)[..5], ["one", "two", "two again", "two more", "three"], "{screen}");
    run.see("ms: nothing is missing");
}

#[test]
fn a_line_that_was_cut_is_told_once_and_whole() {
    let server = Server::start();
    server.put("pods", running("web", &["app"], 0));
    server.on(|request| log(request).then(|| text(&line(1, "one"))));
    let run = read(&server, "one");
    // It has not been shown when the connection is cut …
    server.push("log", |_| b"2026-11-21T12:00:02.5Z half a li".to_vec());
    server.on(|request| log(request).then(|| text(&[line(1, "one"), line(2, "half a line")].concat())));
    server.cut("log");
    let screen = run.see("half a line");
    assert_eq!(screen.matches("half a li").count(), 1, "{screen}");
    run.see("nothing is missing");
    // … and it has.
    server.push("log", |_| b"2026-11-21T12:00:03.5Z another hal".to_vec());
    run.see("another hal");
    server.on(|request| log(request).then(|| text(&[line(2, "half a line"), line(3, "another half"), line(4, "end")].concat())));
    server.cut("log");
    let screen = run.see("end");
    let said: Vec<&str> = lines(&screen).into_iter().filter(|line| !line.contains("──")).collect();
    assert_eq!(said, ["one", "half a line", "another hal", "f", "end"], "{screen}");
}

#[test]
fn what_starts_later_is_read_from_its_beginning() {
    let server = Server::start();
    let mut waits = running("web", &["first", "second"], 0);
    waits["status"]["containerStatuses"][1]["state"] = json!({"waiting": {"reason": "ContainerCreating"}});
    server.put("pods", waits);
    server
        .on(|request| log(request).then(|| text(&line(1, if request.has("container=second") { "second speaks" } else { "first speaks" }))));
    let run = look(&server);
    run.see("● live");
    run.see("web");
    run.press("l");
    run.see("all containers");
    run.press("enter");
    run.see("first speaks");
    server.put("pods", running("web", &["first", "second"], 0));
    run.see("second speaks");
    let asked = server.requests().into_iter().find(|request| log(request) && request.has("container=second")).expect("it was asked for");
    assert!(asked.value("sinceSeconds").is_none() && asked.value("tailLines").is_none(), "{}", asked.query);
}

#[test]
fn what_was_rotated_away_is_a_gap_with_its_length() {
    let server = Server::start();
    server.put("pods", running("web", &["app"], 0));
    server.on(|request| log(request).then(|| text(&line(1, "one"))));
    let run = read(&server, "one");
    server.on(|request| log(request).then(|| text(&line(31, "much later"))));
    server.cut("log");
    let screen = run.see("much later");
    assert!(screen.contains("gap: web/app: 30 s of its lines are missing here"), "{screen}");
    let shown = lines(&screen);
    let at = |words: &str| shown.iter().position(|line| line.contains(words)).expect(words);
    assert!(at("one") < at("gap") && at("gap") < at("much later"), "it stands where they are missing: {screen}");
}

#[test]
fn a_restart_that_was_not_seen_is_read_to_its_end() {
    let server = Server::start();
    server.put("pods", running("web", &["app"], 0));
    server.on(|request| log(request).then(|| text(&line(1, "first life"))));
    let run = read(&server, "first life");
    server.on(|request| match request.has("previous=true") {
        _ if !log(request) => None,
        true => Some(Answer::Whole {
            code: 200,
            content_type: "text/plain".into(),
            headers: Vec::new(),
            body: [line(1, "first life"), line(2, "last words")].concat(),
        }),
        false => Some(text(&line(5, "second life"))),
    });
    // It is another life by the time that the connection is cut, and both are learned in one moment.
    server.put("pods", running("web", &["app"], 1));
    server.cut("log");
    let screen = run.wait("both lives", |screen| screen.contains("second life") && screen.contains("last words"));
    let said: Vec<&str> = lines(&screen).into_iter().filter(|line| !line.contains("──")).collect();
    assert_eq!(said, ["first life", "last words", "second life"], "{screen}");
    run.see("was started again, the 1st time: exit 3 (Error)");
    assert!(!run.screen().contains("gap"), "{}", run.screen());
}

#[test]
fn lines_of_several_are_in_the_order_of_their_times_and_late_ones_are_put_in() {
    let server = Server::start();
    server.put("pods", running("web", &["a", "b"], 0));
    server.on(|request| {
        let late = request.has("container=b");
        log(request).then(|| text(&if late { Vec::new() } else { [line(1, "1"), line(3, "3"), line(5, "5")].concat() }))
    });
    let run = look(&server);
    run.see("● live");
    run.see("web");
    run.press("l");
    run.see("all containers");
    run.press("enter");
    run.see("web/a 5");
    // The other one had been slow to answer; what `a` is told twice by this is as a server may do.
    server.push("log", |_| [line(2, "2"), line(4, "4")].concat());
    run.wait("all of it in order", |screen| {
        let all: Vec<&str> = lines(screen).into_iter().filter_map(|line| line.strip_prefix("web/b ")).collect();
        all == ["2", "4"]
    });
    let screen = run.screen();
    // What `a` is told again by this is told out of its order, which is kept.
    let ordered = ["web/a 1", "web/b 2", "web/a 3", "web/b 4", "web/a 5"];
    assert_eq!(lines(&screen)[..5], ordered, "{screen}");
}

#[test]
fn more_than_fifty_streams_are_asked_about() {
    let server = Server::start();
    for number in 0..60 {
        server.put("pods", running(&format!("web-{number:02}"), &["app"], 0));
    }
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = asked.clone();
    server.on(move |request| {
        log(request).then(|| {
            counting.fetch_add(1, Ordering::SeqCst);
            text(&line(1, "hello"))
        })
    });
    let run = look(&server);
    run.see("● live");
    run.see("web-05");
    run.press("*");
    run.see("60 marked");
    run.press("l");
    run.see("60 containers would be read at once.");
    assert_eq!(asked.load(Ordering::SeqCst), 0, "nothing was opened");
    run.press("enter");
    run.wait("all of them", |screen| screen.contains("60 containers") && screen.contains("60 lines"));
}

/// What a container may say to whoever looks: escape sequences that set the title, the clipboard and colours, clear the
/// screen and ask for answers; bidirectional controls; NULs; what is no UTF-8.
pub const HOSTILE: &[&[u8]] = &[
    b"title \x1b]0;owned\x07 clipboard \x1b]52;c;cHduZWQ=\x07 end",
    b"clear \x1b[2J\x1b[H\x1b[3J cursor \x1b[10;10H ask \x1b[6n\x1b[c\x1b]11;?\x07 end",
    b"c1 \xc2\x9b31m \xc2\x9d0;x\xc2\x9c dcs \x1bPq#0\x1b\\ apc \x1b_Gf=100;AAAA\x1b\\ end",
    "bidi \u{202e}drowssap\u{202c} \u{2066}x\u{2069} zero\u{200b}width \u{feff}bom end".as_bytes(),
    b"nul \x00\x00 bell \x07 back \x08\x08 feed \x0b\x0c end",
    b"bytes \xff\xfe\xc3\x28 end",
    b"red \x1b[31mred\x1b[0m half \x1b[3",
    b"\rreturn\rreturn end",
];

/// Containers say these lines, and something that does not end.
pub fn said(server: &Server, lines: Vec<&[u8]>, last: Vec<u8>) {
    let mut said: Vec<u8> = Vec::new();
    for words in lines {
        said.extend(b"2026-11-21T12:00:08Z ");
        said.extend(words);
        said.push(b'\n');
    }
    said.extend(last);
    server.on(move |request| log(request).then(|| text(&said)));
}

/// A megabyte without a line break.
pub fn endless() -> Vec<u8> {
    let mut long = b"2026-11-21T12:00:09Z endless ".to_vec();
    long.resize(1 << 20, b'x');
    long
}

#[test]
fn hostile_lines_do_no_harm() {
    let server = Server::start();
    server.put("pods", running("web", &["app"], 0));
    said(&server, HOSTILE.to_vec(), endless());
    let run = read(&server, "endless xxx");
    for keys in ["w", "J", "t", "k", "k", "w", "g g", "L", "H", "G"] {
        run.press(keys);
        run.see("web");
        for cell in run.buffer().content() {
            let bad = |c: char| c.is_control() || matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            assert!(!cell.symbol().chars().any(bad), "{:?} is on the screen after {keys}", cell.symbol());
        }
    }
    run.press("g g");
    let screen = run.wait("the first line", |screen| screen.contains("clipboard ␛]52;c;cHduZWQ=␇ end"));
    assert!(screen.contains("bytes \u{fffd}\u{fffd}\u{fffd}( end") && screen.contains("nul ␀␀"), "{screen}");
    let red = run.buffer().content().iter().filter(|cell| cell.fg == ratatui::style::Color::Red && cell.symbol() == "r").count();
    assert!(red > 0, "colours stay");
}
