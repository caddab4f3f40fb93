//! Walks: down by enter, up by esc, across by o and J, through the history.

use super::{Namespace, PATIENCE, cursor, deployment, go_to, has, live, look, row};
use crate::cluster::Cluster;
use crate::driver::{Driver, Setup};

/// Waits for a table: what the top line says of it, and a row.
#[track_caller]
fn at(driver: &Driver, place: &str, name: &str) -> String {
    driver.wait_for(PATIENCE, &format!("{place}, with {name}"), |screen| {
        let top = screen.lines().next().unwrap_or_default();
        top.contains(place) && top.contains("● live") && screen.lines().skip(2).any(|line| line.contains(name))
    })
}

#[test]
fn from_a_rollout_to_its_pods_to_their_containers_and_back() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "walk-rollout");
    namespace.apply(&[deployment("other", 1, "app:1"), deployment("web", 2, "app:1")].join("\n---\n"));
    let driver = look(&cluster, &namespace, "rollouts");
    live(&driver, &["other", "web"]);
    go_to(&driver, "web");
    driver.press("enter");
    let screen =
        driver.wait_for(PATIENCE, "its pods", |screen| screen.contains("deployment/web ▸ pods") && screen.matches("web-").count() == 2);
    assert!(!screen.contains("other-"), "{screen}");
    driver.press("j");
    let screen = driver.wait("the second pod", |screen| screen.lines().nth(3).is_some_and(|line| line.starts_with('▌')));
    let pod = cursor(&screen).split_whitespace().nth(1).unwrap().to_owned();
    driver.press("enter");
    let screen = at(&driver, "containers", "app:1");
    assert!(screen.contains(&format!("pod/{pod}")), "{screen}");
    // What a container says.
    driver.wait_for(PATIENCE, "a container that runs", |screen| cursor(screen).to_lowercase().contains("running"));

    // The owner of a pod is its ReplicaSet; of that, the Deployment.
    driver.press("esc");
    let screen = driver.wait("its pods again", |screen| screen.contains("deployment/web ▸ pods") && !screen.contains("containers"));
    assert!(cursor(&screen).contains(&pod), "with the cursor where it was:\n{screen}");
    driver.press("J");
    at(&driver, "replicasets", "web-");
    driver.press("J");
    let screen = at(&driver, "deployments", "web");
    assert!(row(&screen, "other").is_none(), "the owner alone:\n{screen}");
    driver.press("J");
    driver.see("nothing owns deployment/web");
    driver.press("esc");
    driver.press("esc");
    at(&driver, "replicasets", "web-");
    driver.press("esc");
    driver.see("deployment/web ▸ pods");
    // The node.
    driver.press("o");
    let screen = at(&driver, "nodes", "node-");
    assert_eq!(screen.matches(" Ready").count(), 1, "that node alone:\n{screen}");
    driver.press("esc");
    driver.see("deployment/web ▸ pods");
    driver.press("esc");
    let screen = driver.wait("the rollouts", |screen| !screen.contains("▸ pods") && screen.contains("PROGRESS"));
    assert!(cursor(&screen).contains(" web "), "{screen}");
    // esc at the root is no way out.
    driver.press("esc");
    driver.press("esc");
    driver.press("q");
    driver.see("PROGRESS");
}

#[test]
fn from_a_service_a_node_and_a_label_to_what_belongs_to_them() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "walk-service");
    namespace.pods(&["aa", "bb"]);
    namespace.kubectl(&["expose", "pod", "aa", "--port=80", "--name=front"]);
    namespace.apply("{apiVersion: v1, kind: Service, metadata: {name: nowhere}, spec: {ports: [{port: 80}]}}");
    let driver = look(&cluster, &namespace, "services");
    driver.wait_for(PATIENCE, "one ready endpoint", |screen| row(screen, "front").is_some_and(|line| line.contains("1/1")));
    go_to(&driver, "front");
    driver.press("enter");
    let screen = at(&driver, "service/front ▸ pods", " aa ");
    assert!(row(&screen, "bb").is_none(), "{screen}");
    driver.press("esc");
    go_to(&driver, "nowhere");
    driver.press("enter");
    driver.see("service nowhere has no selector");
    driver.press("esc");

    // A label: every object that has it.
    driver.press("3");
    driver.wait_for(PATIENCE, "the labels", |screen| screen.contains("● live") && screen.contains("KEY") && screen.contains("app"));
    driver.press("/");
    driver.type_text("app=bb");
    driver.press("enter");
    driver.wait("the label", |screen| cursor(screen).contains(" bb "));
    driver.press("enter");
    let screen = at(&driver, "app=bb ▸ objects", " bb ");
    assert!(row(&screen, "aa").is_none(), "{screen}");
    driver.press("esc");

    // A node: the pods on it.
    driver.command("nodes");
    live(&driver, &["node-1"]);
    let node = namespace.kubectl(&["get", "pod", "aa", "-o", "jsonpath={.spec.nodeName}"]);
    go_to(&driver, &node);
    driver.press("enter");
    driver.wait_for(PATIENCE, "the pods on it", |screen| has(screen, &[&format!("node/{node} ▸ pods"), &namespace.name, "● live"]));
    driver.press("/");
    driver.type_text(&namespace.name);
    driver.press("enter");
    driver.wait("the namespace's pod", |screen| row(screen, "aa").is_some());
    // One that is put there comes.
    namespace.apply(&super::pod("placed", "", "app:1").replace("spec: {", &format!("spec: {{nodeName: {node}, ")));
    driver.wait_for(PATIENCE, "the new one", |screen| row(screen, "placed").is_some());
}

#[test]
fn from_a_cron_job_to_its_jobs_to_their_pods() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "walk-cron");
    namespace.apply(
        "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {schedule: '0 3 * * *', suspend: true, jobTemplate: {spec: {template: \
         {spec: {restartPolicy: Never, containers: [{name: work, image: 'app:1'}]}}}}}}",
    );
    namespace.kubectl(&["create", "job", "--from=cronjob/nightly", "by-hand"]);
    namespace.kubectl(&["create", "job", "unrelated", "--image=app:1"]);
    let driver = look(&cluster, &namespace, "cronjobs");
    live(&driver, &["nightly"]);
    driver.press("enter");
    let screen = at(&driver, "cronjob/nightly ▸ jobs", "by-hand");
    assert!(row(&screen, "unrelated").is_none(), "{screen}");
    driver.press("enter");
    let screen = at(&driver, "job/by-hand ▸ pods", "by-hand-");
    assert!(!screen.contains("unrelated-"), "{screen}");
    // Seen to its end.
    driver.wait_for(PATIENCE, "the end of it", |screen| screen.contains("Completed"));
    driver.press("esc");
    driver.wait_for(PATIENCE, "the job that is done", |screen| row(screen, "by-hand").is_some_and(|line| line.contains("1/1")));
}

#[test]
fn a_namespace_becomes_the_scope_and_the_history_leads_through_all_of_it() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "walk-scope");
    namespace.pods(&["aa-scoped"]);
    let driver = Setup::new(cluster.kubeconfig()).resource("namespaces").size(150, 28).start();
    live(&driver, &[&namespace.name, "kube-system"]);
    driver.press("/");
    driver.type_text(&namespace.name);
    driver.press("enter");
    driver.wait("it alone", |screen| cursor(screen).contains(&namespace.name));
    driver.press("enter");
    let scoped = format!("admin ▸ {}", namespace.name);
    let screen = live(&driver, &[&scoped, "aa-scoped"]);
    assert!(screen.contains("1 Pods 1"), "{screen}");
    driver.press("2");
    driver.see("No services in live-walk-scope");
    driver.press("[");
    live(&driver, &[&scoped, "aa-scoped"]);
    driver.press("[");
    let screen = driver.wait("the namespaces", |screen| screen.contains("▸ namespaces") && cursor(screen).contains(&namespace.name));
    assert!(screen.contains(&format!("/{}", namespace.name)), "filtered as it was left:\n{screen}");
    driver.press("]");
    live(&driver, &[&scoped, "aa-scoped"]);
    driver.press("]");
    driver.see("No services in live-walk-scope");
    driver.press("]");
    driver.see("this is the newest view");
    // The picker of namespaces.
    driver.press("n");
    driver.see("Namespaces");
    driver.type_text("kube-sys");
    driver.press("enter");
    driver.see("admin ▸ kube-system");
    driver.press("0");
    driver.see("admin ▸ all namespaces");
    driver.command(&format!("ns {}, kube-system", namespace.name));
    driver.press("1");
    live(&driver, &[&namespace.name, "aa-scoped"]);
    driver.command("ns live-walk-scope-*");
    live(&driver, &["admin ▸ live-walk-scope-*", "aa-scoped"]);
}

#[test]
fn a_namespace_that_vanishes_is_no_end() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "vanishing");
    namespace.pods(&["aa"]);
    let driver = look(&cluster, &namespace, "pods");
    live(&driver, &[" aa "]);
    cluster.kubectl(&["delete", "namespace", &namespace.name, "--wait=true"]);
    driver.wait_for(PATIENCE, "no pods, and what to press", |screen| {
        screen.contains(&format!("No pods in {}", namespace.name)) && screen.contains("all namespaces")
    });
    driver.press("0");
    driver.wait("the rest of the cluster", |screen| screen.contains("admin ▸ all namespaces") && screen.contains("● live"));
}

#[test]
fn details_stand_beside_the_table_and_follow_the_cursor() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = Namespace::new(&cluster, "details");
    namespace.apply(&[deployment("web", 1, "app:1"), super::pod("broken", "", "no-such:9")].join("\n---\n"));
    let driver = Setup::new(cluster.kubeconfig()).namespace(&namespace.name).size(200, 45).start();
    live(&driver, &["broken", "web-"]);
    let beside = |screen: &str| -> String {
        screen.lines().filter_map(|line| line.split_once('│')).map(|(_, right)| format!("{}\n", right.trim())).collect()
    };
    go_to(&driver, "broken");
    driver.wait_for(PATIENCE, "why, and the events", |screen| {
        let right = beside(screen);
        right.contains("pod/broken") && right.contains("labels") && right.contains("app=broken") && right.contains("Scheduled")
    });
    let web = driver.screen().split_whitespace().find(|word| word.starts_with("web-")).unwrap().to_owned();
    go_to(&driver, &web);
    driver.wait_for(PATIENCE, "the owners up to the Deployment", |screen| {
        let right = beside(screen);
        right.contains(&format!("pod/{web}")) && right.contains("Deployment/web ▸ ReplicaSet/web-") && !right.contains("app=broken")
    });
    // Live: a label that comes is there.
    namespace.kubectl(&["label", "pod", &web, "tier=front"]);
    driver.wait("the new label", |screen| beside(screen).contains("tier=front"));
    driver.press("i");
    driver.wait("no details", |screen| !screen.contains("Deployment/web ▸"));
    driver.press("i");
    driver.see("Deployment/web ▸");
}
