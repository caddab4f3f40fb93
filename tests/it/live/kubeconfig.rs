//! A kubeconfig that changes while the program runs.

use serde_json::json;

use super::{Namespace, PATIENCE, live, look_with};
use crate::cluster::Cluster;
use crate::driver::Setup;
use crate::fixture;
use crate::kubeconfig::Kubeconfig;
use crate::login::revocable_token;
use crate::swallow::Proxy;

#[test]
fn a_context_that_vanishes_is_named_and_what_is_shown_goes_on() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "vanish");
    namespace.pods(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let config = Kubeconfig::read(cluster.kubeconfig());
    let path = config.write(&folder.path().join("config"));
    let driver = look_with(&path, &namespace, "pods");
    live(&driver, &[" aa "]);
    config.clone().with_current("viewer").without_context("admin").write(&path);
    driver.see("the kubeconfig has no context \"admin\" any more; what is shown goes on");
    namespace.pods(&["bb"]);
    live(&driver, &[" aa ", " bb "]);
    // Half a file, as some editors write: said, and survived.
    std::fs::write(&path, "apiVersion: v1\nclusters: [{").unwrap();
    driver.wait("what is wrong with it", |screen| screen.contains("/config:2:"));
    config.write(&path);
    namespace.pods(&["cc"]);
    live(&driver, &[" aa ", " bb ", " cc "]);
    // The list of contexts is the file's.
    driver.press("C");
    driver.wait("the contexts", |screen| ["admin", "viewer", "nobody"].iter().all(|name| screen.contains(name)));
}

#[test]
fn another_program_may_choose_another_current_context() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "current");
    namespace.pods(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let config = Kubeconfig::read(cluster.kubeconfig());
    let path = config.write(&folder.path().join("config"));
    let driver = look_with(&path, &namespace, "pods");
    live(&driver, &[" aa "]);
    driver.record();
    // kubectl config use-context, and a context that was not there.
    config.clone().with_user("added", json!({"token": "viewer-token"})).with_current("nobody").write(&path);
    driver.press("C");
    driver.see("added");
    driver.press("esc");
    namespace.pods(&["bb"]);
    live(&driver, &[" aa ", " bb "]);
    for picture in driver.recorded() {
        assert!(picture.contains("admin ▸") && !picture.contains("is another cluster or user"), "{picture}");
    }
    // It can be gone to, although it was not there at the start.
    driver.command("ctx added");
    driver.wait_for(PATIENCE, "the new context", |screen| screen.contains("added ▸") && screen.contains("● live"));
}

#[test]
fn a_context_that_becomes_another_user_is_read_anew_once() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "moved");
    namespace.pods(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let config = Kubeconfig::read(cluster.kubeconfig());
    let proxy = Proxy::start(&config.address());
    let config = config.through(proxy.port());
    let path = config.write(&folder.path().join("config"));
    let driver = look_with(&path, &namespace, "pods");
    live(&driver, &[" aa "]);
    config.clone().with_context_of("admin", "nobody").write(&path);
    driver.see("the kubeconfig changed: admin is another cluster or user now");
    let screen = driver.wait("what the other user may see", |screen| screen.contains("You may not see pods here"));
    assert!(!screen.contains(" aa "), "nothing of the one before stays:\n{screen}");
    // Read anew once, not at each look.
    let connections = proxy.accepted();
    super::drawn(&driver, 6);
    assert!(proxy.accepted() - connections < 12, "{} connections within some seconds", proxy.accepted() - connections);
    config.write(&path);
    live(&driver, &[" aa "]);
}

#[test]
fn a_new_token_in_the_file_is_taken_by_itself() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let folder = tempfile::tempdir().unwrap();
    let config = Kubeconfig::read(cluster.kubeconfig());
    let proxy = Proxy::start(&config.address());
    let config = config.through(proxy.port());
    let token = revocable_token(&cluster, "live-file");
    let path = config.clone().with_user("robot", json!({"token": token.value})).write(&folder.path().join("config"));
    let driver = Setup::new(&path).namespace("fx-a").resource("services").size(150, 28).start();
    driver.wait("the services", |screen| screen.contains("● live") && screen.contains(" web "));
    driver.record();
    token.revoke();
    proxy.cut();
    driver.see("◌ stale");
    proxy.forward();
    driver.wait_for(PATIENCE, "that it is not logged in", |screen| screen.contains("✗ not logged in") && screen.contains(" web "));
    config.with_user("robot", json!({"token": "viewer-token"})).write(&path);
    driver.wait("live, by itself", |screen| screen.contains("● live") && !screen.contains("not logged in"));
    for picture in driver.recorded() {
        assert!(picture.contains(" web "), "{picture}");
    }
}
