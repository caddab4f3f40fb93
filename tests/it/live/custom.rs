//! A custom resource with printer columns.

use super::{Namespace, PATIENCE, cursor, has, live, row, sorted};
use crate::cluster::Cluster;
use crate::driver::Setup;

/// A kind of this test's own: it comes and goes while others look at the fixture's.
const DEFINITION: &str = r#"{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gizmos.live.kubetui.test"},
  "spec": {"group": "live.kubetui.test", "scope": "Namespaced",
    "names": {"kind": "Gizmo", "plural": "gizmos", "singular": "gizmo", "shortNames": ["gzm"]},
    "versions": [{"name": "v1", "served": true, "storage": true,
      "additionalPrinterColumns": [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"},
        {"name": "Secret Depth", "type": "integer", "jsonPath": ".spec.depth", "priority": 1}],
      "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}}"#;

fn gizmo(name: &str, size: u32, colour: &str) -> String {
    format!(
        "{{apiVersion: live.kubetui.test/v1, kind: Gizmo, metadata: {{name: {name}}}, spec: {{size: {size}, colour: {colour}, depth: 7777}}}}"
    )
}

#[test]
fn a_custom_resource_has_its_columns_and_is_live() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "custom");
    cluster.try_kubectl(&["apply", "-f", "-"], DEFINITION).unwrap();
    cluster.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "crd/gizmos.live.kubetui.test"]);
    crate::wait::wait_until(PATIENCE, "the kind to be served", || namespace.kubectl.run(&["get", "gizmos", "-n", &namespace.name], ""));
    namespace.apply(&[gizmo("aa", 3, "red"), gizmo("bb", 20, "green"), gizmo("cc", 100, "blue")].join("\n---\n"));

    // From the start, before discovery has answered.
    let driver = Setup::new(cluster.kubeconfig()).namespace(&namespace.name).resource("gzm").size(150, 28).start();
    let screen = live(&driver, &["SIZE", "COLOUR", "red", "green", "blue"]);
    assert!(!screen.contains("DEPTH"), "a wide column:\n{screen}");
    driver.press("w");
    driver.wait("the wide column", |screen| has(screen, &["DEPTH", "7777"]));
    driver.press("w");

    // Sorted as numbers, not as text.
    driver.command("sort size");
    driver.wait("the smallest first", |screen| {
        sorted(screen, "SIZE", '↑') && screen.find("red") < screen.find("green") && screen.find("green") < screen.find("blue")
    });
    driver.press("R");
    driver.wait("the largest first", |screen| {
        sorted(screen, "SIZE", '↓') && screen.find("blue") < screen.find("green") && screen.find("green") < screen.find("red")
    });
    // Compared as numbers too.
    driver.press("/");
    driver.type_text("size>10");
    driver.press("enter");
    driver.wait("the larger two", |screen| screen.contains("2 of 3") && !screen.contains("red"));
    driver.press("esc");
    driver.see("red");

    // Live: changed, made, deleted.
    namespace.kubectl(&["patch", "gizmo", "aa", "--type=merge", "-p", r#"{"spec":{"size":50,"colour":"violet"}}"#]);
    driver.wait("the change, in its place", |screen| {
        screen.find("violet") > screen.find("blue") && screen.find("violet") < screen.find("green")
    });
    namespace.apply(&gizmo("dd", 1, "white"));
    driver.see("white");
    driver.press("g g");
    driver.wait("the cursor on the first", |screen| cursor(screen).contains("blue"));
    namespace.kubectl(&["delete", "gizmo", "bb"]);
    driver.wait("it to go", |screen| row(screen, "bb").is_none());

    // Its definition changes: so do the columns.
    let other = DEFINITION.replace("\"Colour\"", "\"Shade\"");
    cluster.try_kubectl(&["apply", "-f", "-"], &other).unwrap();
    namespace.apply(&gizmo("ee", 5, "black"));
    driver.command("crds");
    driver.press("/");
    driver.type_text("gizmos.live");
    driver.press("enter");
    driver.wait("the definition", |screen| cursor(screen).contains("gizmos.live.kubetui.test"));
    driver.press("enter");
    live(&driver, &["gizmos", "black", "violet"]);
    driver.press("esc");
    driver.wait("the definition again", |screen| cursor(screen).contains("gizmos.live.kubetui.test"));

    // And when the kind itself goes, that is said.
    driver.command("gizmos");
    live(&driver, &["violet"]);
    cluster.kubectl(&["delete", "crd", "gizmos.live.kubetui.test"]);
    driver.wait_for(PATIENCE, "no rows", |screen| !screen.contains("violet"));
}
