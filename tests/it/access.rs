//! The cluster's users, each with what is theirs: rows where they may read, one clear refusal where they may not.

use std::time::Duration;

use crate::binary::{Ran, kubetui};
use crate::cluster::Cluster;
use crate::fixture;
use crate::kubeconfig::Kubeconfig;
use crate::login::{Login, revocable_token};
use crate::parity::once;
use crate::wait::wait_until;

/// A comparison as a user, repeated while the cluster moves.
fn equal(cluster: &Cluster, user: &str, arguments: &[&str], least: usize) {
    let arguments = [arguments, &["--context", user]].concat();
    wait_until(Duration::from_secs(20), user, || {
        let found = once(cluster, &arguments, least);
        if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
    });
}

/// A refusal says so on standard error, and prints no row.
fn refused(ran: &Ran, who: &str) {
    assert_ne!(ran.code, 0, "{who} is refused");
    assert_eq!(ran.out, "", "{who}");
    assert!(ran.err.to_lowercase().contains("forbidden"), "{who}: {}", ran.err);
}

#[test]
fn viewer_sees_what_lives_in_namespaces_but_no_secrets_and_no_nodes() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    for kind in ["pods", "services", "deployments", "configmaps"] {
        equal(&cluster, "viewer", &["get", kind, "-A", "-o", "wide"], 2);
    }
    for kind in ["secrets", "nodes", "persistentvolumes"] {
        refused(&kubetui(cluster.kubeconfig(), &["get", kind, "-A", "--context", "viewer"]), kind);
    }
}

#[test]
fn poller_gets_rows_without_being_allowed_to_watch() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    for kind in ["pods", "nodes", "secrets", "widgets"] {
        equal(&cluster, "poller", &["get", kind, "-A", "-o", "wide"], 2);
    }
}

#[test]
fn team_1_sees_its_namespace_which_its_context_names() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    for kind in ["pods", "deployments", "secrets", "replicasets"] {
        let least = if kind == "pods" { 2 } else { 0 };
        equal(&cluster, "team-1", &["get", kind, "-o", "wide"], least);
    }
    refused(&kubetui(cluster.kubeconfig(), &["get", "pods", "-n", "fx-a", "--context", "team-1"]), "another namespace");
    refused(&kubetui(cluster.kubeconfig(), &["get", "nodes", "--context", "team-1"]), "nodes");
}

#[test]
fn nobody_is_refused_everywhere() {
    let Some(cluster) = Cluster::from_env() else { return };
    for kind in ["pods", "nodes"] {
        refused(&kubetui(cluster.kubeconfig(), &["get", kind, "-A", "--context", "nobody"]), kind);
    }
}

#[test]
fn a_server_that_is_not_there_is_named_soon() {
    let Some(cluster) = Cluster::from_env() else { return };
    let ran = kubetui(cluster.kubeconfig(), &["get", "pods", "-A", "--context", "unreachable"]);
    assert_ne!(ran.code, 0);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("127.0.0.1:1"), "{}", ran.err);
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
}

#[test]
fn a_login_program_is_asked_and_its_words_are_shown_when_it_fails() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let login = Login::new();
    login.token("viewer-token");
    let config = login.kubeconfig(Kubeconfig::read(cluster.kubeconfig()));
    let printed = kubetui(&config, &["get", "services", "-A", "-o", "name"]).output();
    assert!(printed.contains("service/web"), "{printed}");
    assert!(login.runs() >= 1);

    login.fail("the hardware key is not plugged in");
    let ran = kubetui(&config, &["get", "services", "-A"]);
    assert_ne!(ran.code, 0);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("the hardware key is not plugged in"), "{}", ran.err);
}

#[test]
fn a_token_that_the_server_no_longer_takes_is_said() {
    let Some(cluster) = Cluster::from_env() else { return };
    fixture::apply(&cluster);
    let token = revocable_token(&cluster, "get-access");
    let login = Login::new();
    login.token(&token.value);
    let config = login.kubeconfig(Kubeconfig::read(cluster.kubeconfig()));
    assert!(kubetui(&config, &["get", "services", "-n", "fx-a", "-o", "name"]).output().contains("service/web"));
    token.revoke();
    let ran = kubetui(&config, &["get", "services", "-n", "fx-a", "-o", "name"]);
    assert_ne!(ran.code, 0);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("401") || ran.err.contains("Unauthorized"), "{}", ran.err);
}
