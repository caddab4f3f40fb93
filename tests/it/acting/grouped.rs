//! The Events pane: what is said of the same object for the same reason is one row, and moves up when it is said again.

use serde_json::{Value, json};

use super::Desk;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{pod, uid};

fn event(name: &str, about: &Value, kind: &str, reason: &str, count: u32, at: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": about["metadata"]["namespace"], "name": about["metadata"]["name"], "uid": uid(about)},
        "type": kind, "reason": reason, "message": format!("{name} is why"), "count": count,
        "firstTimestamp": at, "lastTimestamp": at, "source": {"component": "test"},
    })
}

/// The rows that are this test's own, from top to bottom.
fn rows(screen: &str) -> Vec<String> {
    let own = |line: &&str| line.contains(" Test") && (line.contains("Warning ") || line.contains("Normal "));
    screen.lines().filter(own).map(|line| line.trim_start_matches('▌').split_whitespace().skip(1).collect::<Vec<_>>().join(" ")).collect()
}

pub async fn events_are_grouped_counted_and_the_newest_is_first(ground: &Ground) {
    let one = ground.post(&ground.core("pods"), &pod("one", "app:1")).await.ok();
    let path = ground.core("events");
    let post = async |event: Value| ground.post(&path, &event).await.ok();
    post(event("a", &one, "Warning", "TestBackOff", 3, "2026-01-01T00:00:00Z")).await;
    post(event("b", &one, "Warning", "TestBackOff", 4, "2026-01-01T00:01:00Z")).await;
    post(event("c", &one, "Normal", "TestPulled", 1, "2026-01-01T00:02:00Z")).await;
    let desk = Desk::open(ground, "events");
    let first = |screen: &str, words: &str| rows(screen).first().is_some_and(|row| row.contains(words));
    let screen = desk.wait("two groups", |screen| rows(screen).len() == 2);
    assert_eq!(rows(&screen)[0], "Normal TestPulled pod/one 1 c is why");
    assert_eq!(rows(&screen)[1], "Warning TestBackOff pod/one 7 b is why");

    // It happens once more: its row goes up, with the newest words.
    ground.patch(&ground.core("events/a"), Patch::Merge, &json!({"count": 5, "lastTimestamp": "2026-01-01T00:03:00Z"})).await.ok();
    desk.wait("the row above", |screen| first(screen, "Warning TestBackOff pod/one 9 a is why"));
    desk.command("filter type=Normal");
    desk.wait("one row", |screen| rows(screen).len() == 1 && first(screen, "TestPulled"));
    // Each of them, and the filter stays.
    desk.command("filter reason=TestBackOff");
    desk.press("z");
    desk.wait("each event", |screen| rows(screen).len() == 2 && first(screen, "a is why"));
    desk.press("z");
    desk.wait("groups again", |screen| rows(screen).len() == 1 && first(screen, "9 a is why"));

    // A row goes with the last of its events.
    ground.delete(&ground.core("events/a"), &Value::Null).await.ok();
    desk.wait("what is left", |screen| first(screen, "Warning TestBackOff pod/one 4 b is why"));
    desk.press("enter");
    desk.wait("the pod", |screen| {
        screen.lines().next().is_some_and(|line| line.contains("TestBackOff of pod/one")) && screen.contains("▌ one")
    });
    desk.press("esc");
    desk.press("d");
    desk.see("Name:             one");
    desk.press("esc");
    ground.delete(&ground.core("events/b"), &Value::Null).await.ok();
    desk.wait("no row", |screen| rows(screen).is_empty());
}
