//! `d`: as kubectl describes, live, and searchable.

use regex::Regex;

use super::{Namespace, PATIENCE, cursor, deployment, go_to, has};
use crate::cluster::Cluster;
use crate::driver::{Driver, Setup};
use crate::wait::wait_until;

/// A screen that has room for a whole text.
fn tall(cluster: &Cluster, namespace: &str, resource: &str) -> Driver {
    Setup::new(cluster.kubeconfig()).namespace(namespace).resource(resource).size(260, 300).start()
}

/// The text on the screen, or what kubectl prints, without what differs between two looks: ages, times of heartbeats,
/// and the width of columns that hold them.
fn comparable<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let age = Regex::new(r"\b(\d+[dhms])+\b").unwrap();
    let time = Regex::new(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}").unwrap();
    let count = Regex::new(r"\(x\d+ over AGE\)").unwrap();
    let spaces = Regex::new(r"\s+|-{3,}").unwrap();
    let same = |line: &str| {
        let line = time.replace_all(line, "TIME");
        let line = age.replace_all(&line, "AGE");
        let line = count.replace_all(&line, "(xN over AGE)");
        spaces.replace_all(line.trim_end(), " ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = lines.map(same).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn shown(screen: &str) -> Vec<String> {
    let lines: Vec<&str> = screen.lines().collect();
    // Without the top and the bottom line. The text stands one cell from the edge.
    comparable(lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default().iter().map(|line| line.strip_prefix(' ').unwrap_or(line)))
}

#[track_caller]
fn equal(cluster: &Cluster, namespace: &str, resource: &str, name: &str) {
    let driver = tall(cluster, namespace, resource);
    driver.wait_for(PATIENCE, name, |screen| screen.contains("● live") && screen.contains(name));
    driver.press("/");
    driver.type_text(name);
    driver.press("enter");
    go_to(&driver, name);
    driver.press("d");
    driver.wait_for(PATIENCE, "the description", |screen| screen.lines().nth(1).is_some_and(|line| line.contains("Name:")));
    wait_until(PATIENCE, &format!("{resource}/{name} as kubectl describes it"), || {
        let theirs = comparable(cluster.kubectl(&["describe", resource, name, "-n", namespace]).lines());
        let ours = shown(&driver.screen());
        if theirs == ours {
            return Ok(());
        }
        let at = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
        let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_else(|| "(no more lines)".into());
        Err(format!(
            "line {}:\nkubectl: {:?}\nkubetui: {:?}\nof {} and {} lines",
            at + 1,
            line(&theirs),
            line(&ours),
            theirs.len(),
            ours.len()
        ))
    });
}

#[test]
fn descriptions_are_kubectls() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "describe");
    namespace.apply(&[deployment("web", 2, "app:1"), super::pod("single", ", annotations: {note: seen}", "crash:1")].join("\n---\n"));
    namespace.kubectl(&["expose", "deployment", "web", "--port=80", "--target-port=8080"]);
    namespace.kubectl(&["create", "configmap", "settings", "--from-literal=colour=red", "--from-literal=size=2"]);
    namespace.kubectl(&["create", "secret", "generic", "hidden", "--from-literal=password=never-shown"]);
    namespace.kubectl(&["create", "job", "once", "--image=app:1"]);
    namespace.kubectl(&["rollout", "status", "deployment/web", "--timeout=60s"]);
    namespace.kubectl(&["wait", "--for=condition=complete", "--timeout=60s", "job/once"]);
    let own = namespace.name.as_str();
    for (resource, name) in [
        ("pods", "single"),
        ("deployments", "web"),
        ("services", "web"),
        ("configmaps", "settings"),
        ("secrets", "hidden"),
        ("jobs", "once"),
        ("nodes", "node-2"),
        ("namespaces", own),
        ("serviceaccounts", "default"),
    ] {
        equal(&cluster, own, resource, name);
    }
}

#[test]
fn a_description_is_live_and_can_be_searched() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "described");
    namespace.pods(&["aa"]);
    let driver = Setup::new(cluster.kubeconfig()).namespace(&namespace.name).size(150, 28).start();
    driver.wait_for(PATIENCE, "a pod that runs", |screen| screen.contains("● live") && screen.contains("Running"));
    driver.press("d");
    driver.wait("the text", |screen| has(screen, &["pod/aa", "Name:", "Namespace:", "Labels:"]));
    namespace.kubectl(&["label", "pod", "aa", "fresh=paint"]);
    driver.see("fresh=paint");

    driver.press("/");
    driver.type_text("Image:");
    driver.press("enter");
    driver.wait("the match, on the screen", |screen| screen.contains("/Image:") && screen.contains("1 of 1") && screen.contains("app:1"));
    driver.press("/");
    driver.press("ctrl-u");
    driver.type_text("no such words");
    driver.press("enter");
    driver.see("not found");
    driver.press("esc");
    driver.wait("no search", |screen| !screen.contains("not found"));
    driver.press("g g");
    driver.see("Name:");
    driver.press("G");
    driver.see("Events:");

    // The object goes; its last words stay.
    namespace.kubectl(&["delete", "pod", "aa", "--force", "--grace-period=0", "--wait=false"]);
    driver.press("g g");
    driver.wait_for(PATIENCE, "that it is gone", |screen| screen.contains("gone: its last state") && screen.contains("Name:"));
    // Another one of its name is another one.
    namespace.pods(&["aa"]);
    super::drawn(&driver, 3);
    assert!(driver.screen().contains("gone: its last state"), "{}", driver.screen());
    driver.press("esc");
    driver.wait("the table", |screen| screen.contains("READY") && cursor(screen).contains(" aa "));
}

#[test]
fn a_description_survives_the_network() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "described-cut");
    namespace.pods(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let (proxy, kubeconfig) = crate::swallow::Proxy::before(cluster.kubeconfig(), folder.path());
    let driver = super::look_with(&kubeconfig, &namespace, "pods");
    driver.wait_for(PATIENCE, "a pod", |screen| screen.contains("● live") && cursor(screen).contains(" aa "));
    driver.press("d");
    driver.see("Namespace:");
    driver.record();
    proxy.cut();
    driver.wait("that it is old", |screen| screen.contains("old:") || screen.contains("◌ stale"));
    namespace.kubectl(&["label", "pod", "aa", "while=away"]);
    proxy.forward();
    driver.wait_for(PATIENCE, "what happened meanwhile", |screen| screen.contains("while=away") && screen.contains("● live"));
    super::never_without(&driver.recorded(), &["Name:", "Namespace:"]);
}
