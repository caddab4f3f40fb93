//! A network that swallows, cuts and comes back.

use std::time::{Duration, Instant};

use super::{Namespace, PATIENCE, cursor, live, look_with, never_without};
use crate::cluster::Cluster;
use crate::swallow::Proxy;

/// Half-open connections are noticed within this.
const NOTICED: Duration = Duration::from_secs(20);

#[test]
fn a_connection_that_swallows_everything_is_noticed_and_replaced() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "swallow");
    namespace.pods(&["aa", "bb"]);
    let folder = tempfile::tempdir().unwrap();
    let (proxy, kubeconfig) = Proxy::before(cluster.kubeconfig(), folder.path());
    let driver = look_with(&kubeconfig, &namespace, "pods");
    live(&driver, &["aa", "bb"]);
    driver.record();

    proxy.swallow();
    let start = Instant::now();
    driver.wait_for(NOTICED, "stale", |screen| screen.contains("◌ stale"));
    eprintln!("noticed after {:?}", start.elapsed());
    namespace.pods(&["cc"]);
    driver.press("g g j");
    driver.wait("keys to work", |screen| cursor(screen).contains("bb"));

    proxy.forward();
    live(&driver, &["aa", "bb", "cc"]);
    let pictures = driver.recorded();
    never_without(&pictures, &[" aa ", " bb "]);
    assert!(!pictures.iter().any(|picture| picture.contains("● live") && picture.contains("◌ stale")), "it is one or the other");
}

#[test]
fn a_network_that_is_cut_is_said_at_once_and_comes_back() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "cut");
    namespace.pods(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let (proxy, kubeconfig) = Proxy::before(cluster.kubeconfig(), folder.path());
    let driver = look_with(&kubeconfig, &namespace, "pods");
    live(&driver, &["aa"]);
    driver.record();
    for round in 0..3 {
        proxy.cut();
        driver.wait_for(Duration::from_secs(5), "stale", |screen| screen.contains("◌ stale"));
        let name = format!("new-{round}");
        namespace.pods(&[&name]);
        proxy.forward();
        live(&driver, &["aa", &name]);
    }
    never_without(&driver.recorded(), &[" aa "]);
}

#[test]
fn a_server_that_swallows_from_the_start_is_named_within_three_seconds_and_tried_on() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "hole");
    namespace.pods(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let (proxy, kubeconfig) = Proxy::before(cluster.kubeconfig(), folder.path());
    proxy.swallow();
    let driver = look_with(&kubeconfig, &namespace, "pods");
    driver.wait_for(Duration::from_secs(4), "the picker, with the reason", |screen| {
        screen.contains("Contexts") && screen.contains("admin does not answer") && screen.contains("✗ unreachable")
    });
    proxy.forward();
    // The picker goes by itself: it was not asked for.
    let screen = driver.wait_for(PATIENCE, "the row", |screen| screen.contains(" aa ") && screen.contains("● live"));
    assert!(!screen.contains("Contexts"), "{screen}");
}
