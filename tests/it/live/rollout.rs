//! A rolling update, seen live.

use std::collections::BTreeSet;

use super::{Namespace, PATIENCE, deployment, live, look, row};
use crate::cluster::Cluster;

#[test]
fn a_rolling_update_is_seen_from_its_first_step_to_its_last() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "rollout");
    namespace.apply(&deployment("web", 2, "app:1"));
    let rollouts = look(&cluster, &namespace, "rollouts");
    let pods = look(&cluster, &namespace, "pods");
    let settled = |screen: &str, revision: &str| {
        row(screen, "web").is_some_and(|line| {
            let words: Vec<&str> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
            // READY; UPDATED and AVAILABLE.
            line.contains("rolled out")
                && words.contains(&"2/2")
                && words.windows(2).any(|two| two == ["2", "2"])
                && words.contains(&revision)
        })
    };
    rollouts.wait_for(PATIENCE, "the first revision", |screen| settled(screen, "1"));
    live(&pods, &["web-"]);
    let names = |screen: &str| -> BTreeSet<String> {
        let words = screen.lines().skip(1).flat_map(str::split_whitespace);
        words.filter(|word| word.starts_with("web-")).map(str::to_owned).collect()
    };
    let before = names(&pods.wait_for(PATIENCE, "two pods", |screen| names(screen).len() == 2 && screen.matches("1/1").count() == 2));

    rollouts.record();
    pods.record();
    // Each new pod is ready after five seconds.
    namespace.kubectl(&["set", "image", "deployment/web", "app=slow:2"]);
    rollouts.wait_for(PATIENCE, "the second revision", |screen| settled(screen, "2"));
    let after = names(&pods.wait_for(PATIENCE, "two new pods and no other", |screen| {
        let now = names(screen);
        now.len() == 2 && now.is_disjoint(&before) && screen.matches("1/1").count() == 2
    }));
    assert!(after.is_disjoint(&before));

    let pictures = rollouts.recorded();
    let lines: Vec<&str> =
        pictures.iter().map(|picture| row(picture, "web").unwrap_or_else(|| panic!("the row was away:\n{picture}"))).collect();
    for step in ["1 of 2 updated", "old pending termination", "rolled out"] {
        assert!(lines.iter().any(|line| line.contains(step)), "no picture said {step:?}:\n{}", lines.join("\n"));
    }
    // Once it has begun, it is done when it is done.
    let said = lines.iter().skip_while(|line| line.contains("rolled out")).map(|line| line.contains("rolled out"));
    assert!(said.is_sorted(), "{}", lines.join("\n"));
    for counts in ["2/2", "  1  "] {
        assert!(lines.iter().any(|line| line.contains(counts)), "no picture had {counts:?}:\n{}", lines.join("\n"));
    }

    let pictures = pods.recorded();
    let begun =
        |picture: &String| names(picture).difference(&before).any(|name| row(picture, name).is_some_and(|line| line.contains("0/1")));
    assert!(pictures.iter().any(begun), "a new pod was seen before it was ready");
    assert!(pictures.iter().any(|picture| names(picture).len() >= 3), "old and new were seen together");
    for picture in &pictures {
        // maxUnavailable is 0.
        assert!(picture.matches("1/1").count() >= 2, "fewer than two ready pods were shown:\n{picture}");
    }
}

#[test]
fn a_rollout_that_is_stuck_says_so() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "stuck");
    namespace.apply(&deployment("web", 1, "app:1").replace("replicas: 1,", "replicas: 1, progressDeadlineSeconds: 3,"));
    let driver = look(&cluster, &namespace, "rollouts");
    driver.wait_for(PATIENCE, "the rollout", |screen| row(screen, "web").is_some_and(|line| line.contains("rolled out")));
    namespace.kubectl(&["set", "image", "deployment/web", "app=no-such:1"]);
    driver.wait_for(PATIENCE, "the deadline to pass", |screen| {
        row(screen, "web").is_some_and(|line| line.contains("progress deadline exceeded")) && screen.contains("4 Rollouts 1 !1")
    });
    // Only what is not healthy: it is that.
    driver.press("!");
    driver.see("not healthy");
    assert!(row(&driver.screen(), "web").is_some());
    namespace.kubectl(&["rollout", "undo", "deployment/web"]);
    driver.wait_for(PATIENCE, "nothing that is not healthy", |screen| screen.contains("All 1 rollouts are healthy"));
}
