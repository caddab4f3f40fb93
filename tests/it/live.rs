//! The program on a real cluster: keys in, screens out, and kubectl to make things happen.

use std::path::Path;
use std::time::Duration;

use crate::cluster::{Cluster, Kubectl};
use crate::driver::{Driver, Setup};
use crate::wait::wait_until;

mod credentials;
mod custom;
mod described;
mod kubeconfig;
mod memory;
mod network;
mod outage;
mod rollout;
mod rows;
mod users;
mod walks;

/// What controllers, kubelets and a busy machine may take together.
const PATIENCE: Duration = Duration::from_secs(60);

/// A namespace of the test's own. It goes with it.
struct Namespace {
    name: String,
    kubectl: Kubectl,
}

impl Namespace {
    /// Makes one; `name` tells it from those of other tests.
    fn new(cluster: &Cluster, name: &str) -> Namespace {
        let namespace = Namespace { name: format!("live-{name}-{}", std::process::id()), kubectl: cluster.judge() };
        cluster.kubectl(&["create", "namespace", &namespace.name]);
        // Pods are refused until it is there.
        namespace.kubectl(&["wait", "--for=create", "--timeout=60s", "serviceaccount/default"]);
        namespace
    }

    /// What kubectl prints in it.
    fn kubectl(&self, arguments: &[&str]) -> String {
        let arguments = [arguments, &["-n", &self.name]].concat();
        self.kubectl.run(&arguments, "").unwrap_or_else(|why| panic!("{why}"))
    }

    /// Applies a manifest in it.
    fn apply(&self, manifest: &str) {
        self.kubectl.run(&["apply", "-n", &self.name, "-f", "-"], manifest).unwrap_or_else(|why| panic!("{why}"));
    }

    /// Makes pods that are ready at once, without anybody who would make them again.
    fn pods(&self, names: &[&str]) {
        let pods: Vec<String> = names.iter().map(|name| pod(name, "", "app:1")).collect();
        self.apply(&pods.join("\n---\n"));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // A test that fails has a better reason to tell than this.
        let _ = self.kubectl.run(&["delete", "namespace", &self.name, "--wait=false"], "");
    }
}

/// A pod's manifest; `more` goes into its metadata.
fn pod(name: &str, more: &str, image: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{app: {name}}}{more}}}, \
         spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: app, image: \"{image}\"}}]}}}}"
    )
}

/// A Deployment's manifest, which replaces its pods one by one and never has fewer.
fn deployment(name: &str, replicas: u32, image: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{replicas: {replicas}, \
         strategy: {{rollingUpdate: {{maxSurge: 1, maxUnavailable: 0}}}}, selector: {{matchLabels: {{app: {name}}}}}, template: \
         {{metadata: {{labels: {{app: {name}}}}}, spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: app, image: \"{image}\"}}]}}}}}}}}"
    )
}

/// A program in a namespace, on a screen that has room for the list alone.
fn look(cluster: &Cluster, namespace: &Namespace, resource: &str) -> Driver {
    look_with(cluster.kubeconfig(), namespace, resource)
}

/// The same with a kubeconfig of the test's own.
fn look_with(kubeconfig: &Path, namespace: &Namespace, resource: &str) -> Driver {
    Setup::new(kubeconfig).namespace(&namespace.name).resource(resource).size(150, 28).start()
}

/// Waits for rows, live.
#[track_caller]
fn live(driver: &Driver, names: &[&str]) -> String {
    driver.wait_for(PATIENCE, &format!("{names:?}, live"), |screen| screen.contains("● live") && has(screen, names))
}

/// Every one of these words is on the screen.
fn has(screen: &str, words: &[&str]) -> bool {
    words.iter().all(|word| screen.contains(word))
}

/// The table is sorted by this column, as its arrow says.
fn sorted(screen: &str, column: &str, arrow: char) -> bool {
    // A narrow column has no room for the space.
    screen.contains(&format!("{column} {arrow}")) || screen.contains(&format!("{column}{arrow}"))
}

/// The line of the table that is about this object.
pub fn row<'a>(screen: &'a str, name: &str) -> Option<&'a str> {
    // The first line says where one is, the last what can be done.
    let lines: Vec<&str> = screen.lines().collect();
    let table = lines.get(1..lines.len().saturating_sub(1))?;
    table.iter().copied().find(|line| line.split_whitespace().any(|word| word == name))
}

/// The line that the cursor is on.
pub fn cursor(screen: &str) -> &str {
    screen.lines().find(|line| line.starts_with('▌')).unwrap_or_default()
}

/// Puts the cursor on an object.
#[track_caller]
fn go_to(driver: &Driver, name: &str) {
    driver.see(name);
    driver.press("g g");
    driver.wait("the cursor on the first row", |screen| screen.lines().nth(2).is_some_and(|line| line.starts_with('▌')));
    for _ in 0..200 {
        let on = |screen: &str| cursor(screen).split_whitespace().any(|word| word == name);
        if on(&driver.screen()) {
            return;
        }
        let before = cursor(&driver.screen()).to_owned();
        driver.press("j");
        driver.wait(&format!("the cursor on its way to {name}"), |screen| cursor(screen) != before || on(screen));
    }
    panic!("there is no row {name}:\n{}", driver.screen());
}

/// Every picture has these words.
#[track_caller]
fn never_without(pictures: &[String], words: &[&str]) {
    for picture in pictures {
        for word in words {
            assert!(picture.contains(word), "{word} was not on the screen at some time:\n{picture}");
        }
    }
}

/// Waits until the program has drawn so often again: what it has to show by itself is shown.
fn drawn(driver: &Driver, times: u64) {
    let before = driver.frames();
    wait_until(PATIENCE, "frames", || if driver.frames() >= before + times { Ok(()) } else { Err("not drawn".to_owned()) });
}
