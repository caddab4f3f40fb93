//! Leaving while something is on its way, stopping in the middle, and a journal that says what came of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{asked, kept, look, says, sent, settled, start, writes};
use crate::scripted::server::{Answer, Server, pod};
use crate::wait::wait_until;

fn pods(count: usize) -> Server {
    let server = Server::start();
    for at in 0..count {
        server.put("pods", pod("shop", &format!("web-{at:03}")));
    }
    server
}

/// Deletions take so long.
fn slowly(server: &Server, each: Duration) {
    server.on(move |request| {
        if request.method == "DELETE" {
            std::thread::sleep(each);
        }
        None
    });
}

#[test]
fn quitting_says_first_what_is_under_way_and_loses_nothing() {
    let server = pods(1);
    let run = look(&server, "");
    asked(&run, "web-000", "delete");
    slowly(&server, Duration::from_millis(1200));
    run.press("y");
    sent(&server, 1);
    run.press("Q");
    says(&run, "delete: 0 done, 1 on the way: quit again to leave; nothing more of it is begun then");
    run.command("ctx scripted");
    says(&run, ":acts shows it");
    run.press("esc Q");
    let journal = run.folder.path().join("state");
    assert_eq!(run.driver.ended(), 0);
    let kept = kept(&journal);
    assert_eq!(kept.len(), 1, "it was waited for");
    assert_eq!(kept[0]["outcome"], serde_json::json!({"Ok": "deleted"}));
    assert_eq!(writes(&server).len(), 1);
}

#[test]
fn quitting_does_not_wait_for_ever_and_says_what_is_not_known() {
    let server = pods(1);
    let run = look(&server, "");
    asked(&run, "web-000", "delete");
    slowly(&server, Duration::from_secs(12));
    run.press("y");
    sent(&server, 1);
    run.press("Q Q");
    let journal = run.folder.path().join("state");
    let start = Instant::now();
    assert_eq!(run.driver.ended(), 0);
    assert!(start.elapsed() < Duration::from_secs(10), "it did not wait for the answer: {:?}", start.elapsed());
    let outcome = kept(&journal)[0]["outcome"]["Err"].as_str().expect("it is not known").to_owned();
    assert!(outcome.starts_with("the program was quit before the server answered: whether it was done is not known"), "{outcome}");
}

#[test]
fn of_a_hundred_those_after_the_stop_are_left() {
    let server = pods(100);
    let run = look(&server, "");
    run.wait("the pods", |screen| screen.contains("Pods 100") && screen.contains("● live"));
    run.press("* D");
    says(&run, "Delete 100 pods in shop?");
    settled(&run, "delete");
    slowly(&server, Duration::from_millis(60));
    run.press("y");
    sent(&server, 12);
    run.press("x");
    let screen = run.wait("the end of it", |screen| screen.contains("left as they were") && !screen.contains("on the way"));
    let found = writes(&server);
    let names: BTreeSet<&str> = found.iter().map(|request| request.path.as_str()).collect();
    assert_eq!(names.len(), found.len(), "nothing twice");
    assert!(found.len() < 60, "{}", found.len());
    let summary = format!("delete: {} done, {} left as they were", found.len(), 100 - found.len());
    assert!(screen.contains(&summary), "{summary}\n{screen}");
    let journal = kept(&run.folder.path().join("state"));
    let kept: BTreeSet<String> = journal.iter().map(|entry| entry["path"].as_str().expect("a path").to_owned()).collect();
    assert_eq!(kept, names.iter().map(|name| (*name).to_owned()).collect(), "the journal has exactly what was sent");
    // What was left stays marked.
    run.press("esc");
    run.wait("the marks", |screen| screen.contains(&format!("{} marked", 100 - found.len())));
}

#[test]
fn two_acts_at_once_do_not_get_in_each_others_way() {
    let server = pods(2);
    let run = look(&server, "");
    asked(&run, "web-000", "delete");
    slowly(&server, Duration::from_millis(800));
    run.press("y");
    sent(&server, 1);
    run.command("filter web-001");
    run.command("label a=b");
    settled(&run, "label");
    // The first one ends while the second question is open: its answer is not the other's.
    std::thread::sleep(Duration::from_millis(700));
    run.see("yes, label");
    run.press("y");
    let found = sent(&server, 2);
    let sent: Vec<(&str, &str)> =
        found.iter().map(|request| (request.method.as_str(), request.path.rsplit('/').next().unwrap_or_default())).collect();
    assert_eq!(sent, [("DELETE", "web-000"), ("PATCH", "web-001")]);
}

#[test]
fn a_journal_that_cannot_be_written_is_said_and_stops_nothing() {
    let server = pods(1);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("state");
    // Where the folder is to be there is a file.
    std::fs::write(&journal, "x").expect("written");
    let run = start(&server.kubeconfig(folder.path(), ""), "", "pods", folder.path(), &journal, None);
    asked(&run, "web-000", "label a=b");
    run.press("y");
    assert_eq!(sent(&server, 1).len(), 1);
    run.wait("the trouble", |screen| screen.contains("the journal is not kept in"));
}

#[test]
fn two_programs_keep_one_journal() {
    let server = pods(40);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("state");
    let kubeconfig = server.kubeconfig(folder.path(), "");
    let both: Vec<_> = ["one", "two"]
        .iter()
        .map(|name| {
            let own = folder.path().join(name);
            let run = start(&kubeconfig, "", "pods", &own, &journal, None);
            run.wait("the pods", |screen| screen.contains("Pods 40") && screen.contains("● live"));
            run.press("*");
            run.command(&format!("label by={name}"));
            settled(&run, "label");
            run
        })
        .collect();
    for run in &both {
        run.press("y");
    }
    for run in &both {
        run.wait("the end of it", |screen| screen.contains("label: 40 done"));
    }
    wait_until(crate::scripted::server::SOON, "the journal", || match kept(&journal).len() {
        80 => Ok(()),
        other => Err(format!("{other} lines")),
    });
    let by = |name: &str| kept(&journal).iter().filter(|entry| entry["sent"].to_string().contains(&format!("\"{name}\""))).count();
    assert_eq!((by("one"), by("two")), (40, 40));
}

#[test]
fn what_was_refused_stays_marked() {
    let server = pods(3);
    let run = look(&server, "");
    run.wait("the pods", |screen| screen.contains("Pods 3") && screen.contains("● live"));
    server.on(|request| {
        (request.method == "DELETE" && request.path.ends_with("web-001")).then(|| Answer::refusal(403, "Forbidden", "not this one"))
    });
    run.press("* D");
    settled(&run, "delete");
    run.press("y");
    let screen = run.wait("the end of it", |screen| screen.contains("delete: 2 done, 1 failed"));
    let lines: Vec<&str> = screen.lines().filter(|line| line.contains("✗ pod/web") || line.contains("✓ pod/web")).collect();
    assert!(lines[0].contains("✗ pod/web-001") && lines[0].contains("forbidden: not this one"), "what failed is first:\n{screen}");
    run.press("esc");
    run.wait("its mark", |screen| screen.contains("1 marked"));
}
