//! What happens to rows while one works with them: cursor, marks, ghosts.

use std::time::{Duration, Instant};

use super::{Namespace, PATIENCE, cursor, drawn, go_to, live, look, row};
use crate::cluster::Cluster;

#[test]
fn the_cursor_stays_on_its_object_when_rows_come_above_it() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "cursor");
    namespace.pods(&["mm", "nn", "oo"]);
    let driver = look(&cluster, &namespace, "pods");
    live(&driver, &[" mm ", " nn ", " oo "]);
    go_to(&driver, "nn");
    driver.record();
    namespace.pods(&["aa", "bb", "zz"]);
    driver.wait("the new rows", |screen| row(screen, "aa").is_some() && row(screen, "bb").is_some() && row(screen, "zz").is_some());
    namespace.kubectl(&["delete", "pod", "aa", "mm", "--wait=false"]);
    driver.wait_for(PATIENCE, "some to go", |screen| row(screen, "aa").is_none() && row(screen, "mm").is_none());
    driver.press("R");
    driver.wait("the other order", |screen| screen.find(" zz ") < screen.find(" bb "));
    for picture in driver.recorded() {
        assert!(cursor(&picture).contains(" nn "), "the cursor left its object:\n{picture}");
    }
}

#[test]
fn what_vanishes_under_the_cursor_stays_struck_through_for_a_moment() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "ghost");
    namespace.pods(&["aa", "bb", "cc"]);
    let driver = look(&cluster, &namespace, "pods");
    driver.wait_for(PATIENCE, "pods that run", |screen| screen.contains("● live") && screen.matches("Running").count() == 3);
    go_to(&driver, "bb");
    namespace.kubectl(&["delete", "pod", "bb", "aa", "--force", "--grace-period=0", "--wait=false"]);
    driver.wait_for(PATIENCE, "it to be struck through", |_| driver.struck().iter().any(|line| line.contains(" bb ")));
    let start = Instant::now();
    assert_eq!(driver.struck().len(), 1, "only the one under the cursor: {:?}", driver.struck());
    // Nothing can be done with it.
    driver.press("enter");
    driver.see("there is no object under the cursor");
    let screen = driver.wait_for(Duration::from_secs(8), "it to go", |screen| row(screen, "bb").is_none());
    assert!(start.elapsed() > Duration::from_millis(1500), "it went after {:?}", start.elapsed());
    assert!(driver.struck().is_empty(), "{:?}", driver.struck());
    assert!(row(&screen, "aa").is_none() && cursor(&screen).contains(" cc "), "the cursor has what is left:\n{screen}");
}

#[test]
fn marks_stay_with_their_objects_and_hidden_ones_are_counted() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "marks");
    namespace.pods(&["aa", "bb", "cc", "dd"]);
    let driver = look(&cluster, &namespace, "pods");
    live(&driver, &[" aa ", " dd "]);
    let marked = |screen: &str| -> Vec<String> {
        let lines = screen.lines().filter(|line| line.chars().nth(1) == Some('✓'));
        lines.filter_map(|line| line.chars().skip(2).collect::<String>().split_whitespace().next().map(str::to_owned)).collect()
    };
    go_to(&driver, "bb");
    driver.press("space");
    // It goes on to the next row.
    driver.wait("the first mark", |screen| marked(screen) == ["bb"] && cursor(screen).contains(" cc "));
    driver.press("space");
    driver.wait("both marks", |screen| marked(screen) == ["bb", "cc"] && screen.contains("2 marked"));
    driver.press("R");
    driver.wait("both, turned round", |screen| marked(screen) == ["cc", "bb"]);
    driver.press("/");
    driver.type_text("bb|dd");
    driver.press("enter");
    driver.wait("one that the filter hides", |screen| marked(screen) == ["bb"] && screen.contains("1 marked, 1 more hidden by the filter"));
    // Rows that come do not disturb them.
    namespace.pods(&["b2"]);
    driver.press("esc");
    driver.wait("all again", |screen| marked(screen) == ["cc", "bb"] && screen.contains("2 marked") && row(screen, "b2").is_some());
    // A marked object that goes takes its mark along.
    namespace.kubectl(&["delete", "pod", "cc", "--force", "--grace-period=0", "--wait=false"]);
    driver.wait_for(PATIENCE, "one mark left", |screen| marked(screen) == ["bb"] && screen.contains("1 marked"));
    driver.press("esc");
    driver.wait("no marks", |screen| marked(screen).is_empty() && !screen.contains("marked"));
    // All that a filter leaves.
    driver.press("/");
    driver.type_text("!dd");
    driver.press("enter");
    driver.see("/!dd");
    driver.press("*");
    driver.see("3 marked");
    driver.press("esc");
    driver.wait("three of four", |screen| marked(screen).len() == 3 && !marked(screen).contains(&"dd".to_owned()));
}

#[test]
fn filters_find_what_is_live_and_the_unhealthy_are_left_by_a_key() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "filter");
    namespace.pods(&["fine"]);
    namespace.apply(&super::pod("broken", "", "no-such:1"));
    let driver = look(&cluster, &namespace, "pods");
    driver.wait_for(PATIENCE, "one that is not healthy", |screen| {
        row(screen, "broken").is_some_and(|line| line.contains("ErrImagePull") || line.contains("ImagePullBackOff"))
            && row(screen, "fine").is_some_and(|line| line.contains("Running"))
            && screen.contains("1 Pods 2 !1")
    });
    driver.press("!");
    driver.wait("only that", |screen| row(screen, "broken").is_some() && row(screen, "fine").is_none());
    driver.press("!");
    driver.wait("both", |screen| row(screen, "fine").is_some());
    // A mistake filters nothing away.
    driver.press("/");
    driver.type_text("(fine");
    let screen = driver.wait("the mistake", |screen| screen.contains("/(fine"));
    assert!(row(&screen, "fine").is_some() && row(&screen, "broken").is_some(), "{screen}");
    driver.press("ctrl-u");
    driver.type_text("status=Running");
    driver.wait("the one that runs", |screen| row(screen, "fine").is_some() && row(screen, "broken").is_none());
    driver.press("enter");
    // What becomes so is let through as it becomes so.
    namespace.pods(&["later"]);
    driver.wait_for(PATIENCE, "another that runs", |screen| row(screen, "later").is_some());
    drawn(&driver, 1);
    assert!(row(&driver.screen(), "broken").is_none());
    // By an address that no column shows.
    driver.press("esc");
    let ip = namespace.kubectl(&["get", "pod", "fine", "-o", "jsonpath={.status.podIP}"]);
    driver.press("/");
    driver.type_text(&ip);
    driver.press("enter");
    driver.wait("the pod of that address", |screen| row(screen, "fine").is_some() && row(screen, "later").is_none());
}
