//! The cluster's users, each with what is theirs.

use std::time::{Duration, Instant};

use super::{Namespace, PATIENCE, live, pod, row};
use crate::cluster::Cluster;
use crate::driver::Setup;

#[test]
fn viewer_sees_what_lives_in_namespaces_and_why_not_the_rest() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "viewer");
    namespace.pods(&["aa-viewed"]);
    let driver = Setup::new(cluster.kubeconfig()).context("viewer").size(150, 28).start();
    driver.press("/");
    driver.type_text("aa-viewed");
    driver.press("enter");
    live(&driver, &["aa-viewed", &namespace.name]);
    driver.command("configmaps");
    live(&driver, &["kube-root-ca.crt"]);
    for kind in ["nodes", "secrets", "persistentvolumes", "crds"] {
        driver.command(kind);
        let refused = driver.wait("the refusal", |screen| screen.contains("✗ forbidden") && screen.contains("You may not see"));
        assert!(refused.contains("is forbidden: User \"viewer\" cannot list resource"), "the server's own words:\n{refused}");
    }
    driver.press("4");
    driver.see("● live");
    // From a pod to its node.
    driver.press("1");
    driver.wait("the pod, filtered as it was", |screen| row(screen, "aa-viewed").is_some());
    driver.wait_for(PATIENCE, "a node for it", |screen| row(screen, "aa-viewed").is_some_and(|line| line.contains("Running")));
    driver.press("o");
    driver.see("You may not see nodes here");
    driver.press("esc");
    driver.wait("the pod again", |screen| row(screen, "aa-viewed").is_some());
}

#[test]
fn poller_sees_the_rows_change_and_that_they_are_polled() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "poller");
    namespace.pods(&["aa", "bb"]);
    let driver = Setup::new(cluster.kubeconfig()).context("poller").namespace(&namespace.name).size(150, 28).start();
    driver.wait_for(PATIENCE, "polling", |screen| screen.contains("○ polling every") && screen.contains(" aa ") && screen.contains(" bb "));
    driver.record();
    namespace.pods(&["cc"]);
    namespace.kubectl(&["delete", "pod", "bb", "--wait=false"]);
    driver.wait_for(PATIENCE, "the changes", |screen| row(screen, "cc").is_some() && row(screen, "bb").is_none());
    let pictures = driver.recorded();
    for picture in &pictures {
        assert!(picture.contains(" aa ") && picture.contains("○ polling every"), "{picture}");
    }
    // Kinds that the server prints are polled as well.
    driver.command("configmaps");
    driver.wait("configmaps", |screen| screen.contains("○ polling every") && screen.contains("kube-root-ca.crt"));
}

#[test]
fn team_1_begins_in_its_namespace_and_is_led_back_to_it() {
    let Some(cluster) = Cluster::from_env() else { return };
    let name = format!("live-team-{}", std::process::id());
    let kubectl = cluster.judge();
    kubectl.run(&["apply", "-n", "team-1", "-f", "-"], &pod(&name, "", "app:1")).unwrap();
    let own = Setup::new(cluster.kubeconfig()).context("team-1").own_scope().size(150, 28).start();
    let screen = live(&own, &[&name]);
    assert!(screen.contains("team-1 ▸ team-1"), "the context's own namespace:\n{screen}");
    assert!(!screen.contains("only namespace"), "{screen}");
    // Everything is forbidden, and one namespace is not.
    own.press("0");
    let screen = live(&own, &[&name, "only namespace team-1: all namespaces are forbidden"]);
    assert!(screen.contains("all namespaces"), "{screen}");
    own.press("2");
    live(&own, &["only namespace team-1"]);

    let all = Setup::new(cluster.kubeconfig()).context("team-1").size(150, 28).start();
    live(&all, &[&name, "only namespace team-1: all namespaces are forbidden"]);
    // Another namespace is not theirs.
    all.command("ns kube-system");
    let screen = all.wait("the refusal", |screen| screen.contains("You may not see pods here"));
    assert!(screen.contains("User \"team-1\" cannot list resource \"pods\""), "{screen}");
    kubectl.run(&["delete", "pod", "-n", "team-1", &name, "--wait=false"], "").unwrap();
}

#[test]
fn nobody_is_told_so_and_what_to_press() {
    let Some(cluster) = Cluster::from_env() else { return };
    let driver = Setup::new(cluster.kubeconfig()).context("nobody").size(150, 28).start();
    let screen = driver.wait("the refusal", |screen| screen.contains("You may not see pods here"));
    assert!(screen.contains("User \"nobody\" cannot list resource \"pods\""), "{screen}");
    assert!(screen.contains("n another namespace") && screen.contains("C another context"), "{screen}");
    assert!(!screen.contains("only namespace"), "no namespace is theirs:\n{screen}");
    // As it says.
    driver.press("C");
    driver.see("Contexts");
    driver.type_text("viewer");
    driver.press("enter");
    driver.wait("the other context", |screen| screen.contains("viewer ▸") && screen.contains("● live"));
}

#[test]
fn a_server_that_is_not_there_leads_to_the_contexts_and_keys_work() {
    let Some(cluster) = Cluster::from_env() else { return };
    let start = Instant::now();
    let driver = Setup::new(cluster.kubeconfig()).context("unreachable").size(150, 28).start();
    driver.wait_for(Duration::from_secs(3), "the picker, with the reason", |screen| {
        screen.contains("Contexts") && screen.contains("unreachable does not answer: connection refused by 127.0.0.1:1")
    });
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    driver.press("esc");
    driver.wait("the screen behind it", |screen| {
        !screen.contains("Contexts") && screen.contains("127.0.0.1:1 does not answer") && screen.contains("ctrl-r tries now")
    });
    driver.press("C");
    driver.see("Contexts");
    driver.type_text("admin");
    driver.press("enter");
    driver.wait("another cluster", |screen| screen.contains("admin ▸") && screen.contains("● live"));
    driver.press("C");
    driver.type_text("unreach");
    driver.press("enter");
    driver.wait("back, and the reason again", |screen| screen.contains("Contexts") && screen.contains("unreachable does not answer"));
}
