//! What comes back the next time: the last view and namespaces of each context.

use super::{Namespace, live};
use crate::cluster::Cluster;
use crate::driver::Setup;

#[test]
fn the_last_view_and_namespaces_come_back_for_each_context() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "memory");
    namespace.kubectl(&["create", "configmap", "remembered"]);
    namespace.pods(&["aa"]);
    let folder = tempfile::tempdir().unwrap();
    let memory = folder.path().join("state").join("views.toml");
    let start = |context: &'static str| Setup::new(cluster.kubeconfig()).context(context).remembering(&memory).size(150, 28).start();

    // Nothing is remembered: pods of all namespaces, since the context names none.
    let driver = start("admin");
    live(&driver, &["admin ▸ all namespaces"]);
    driver.command(&format!("configmaps -n {}", namespace.name));
    live(&driver, &["remembered"]);
    assert_eq!(driver.quit(), 0);

    let driver = start("admin");
    live(&driver, &[&format!("admin ▸ {} ▸ configmaps", namespace.name), "remembered"]);
    // Another context has a memory of its own, by a key as by a start.
    driver.command("ctx viewer");
    live(&driver, &["viewer ▸ all namespaces"]);
    driver.command(&format!("ns {}", namespace.name));
    driver.press("4");
    driver.see("No rollouts");
    driver.command("ctx admin");
    live(&driver, &[&format!("admin ▸ {} ▸ configmaps", namespace.name), "remembered"]);
    driver.press("1");
    live(&driver, &[" aa "]);
    assert_eq!(driver.quit(), 0);

    let driver = start("viewer");
    driver.wait("its own view", |screen| screen.contains(&format!("viewer ▸ {}", namespace.name)) && screen.contains("No rollouts"));
    drop(driver);
    let driver = start("admin");
    live(&driver, &[&format!("admin ▸ {}", namespace.name), " aa "]);
    // What is asked for on the command line goes before what is remembered.
    let asked = Setup::new(cluster.kubeconfig()).resource("services");
    let asked = Setup { memory: Some(&memory), ..asked }.size(150, 28).start();
    live(&asked, &["admin ▸ all namespaces", "ENDPOINTS"]);
}
