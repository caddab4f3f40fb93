//! Nodes: cordon, taint, drain. Never a node that somebody else needs: on a real cluster one is made for the scenario.

use serde_json::{Value, json};

use super::{Desk, shows};
use crate::cluster::Kubectl;
use crate::scenarios::ground::{Ground, Patch};
use crate::scenarios::objects::{condition, leaving, name, pod, text, workload};

/// The label by which pods find the node, and the taint that keeps others off it.
const OWN: &str = "kubetui.test/own";

/// A node that nobody else uses. One that was made goes again.
struct Node {
    name: String,
    made: bool,
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(kubectl) = Kubectl::from_env().filter(|_| self.made) {
            // A scenario that fails has a better reason to tell than this.
            let _ = kubectl.run(&["delete", "node", &self.name, "--wait=false"], "");
        }
    }
}

impl Node {
    async fn own(ground: &Ground, what: &str) -> Node {
        let node = if ground.is_real() {
            let name = format!("act-{what}-{}", std::process::id());
            // Without a host name, as all suites' own nodes are.
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
                "spec": {"taints": [{"key": OWN, "effect": "NoSchedule"}]}});
            ground.post("/api/v1/nodes", &node).await.ok();
            Node { name, made: true }
        } else {
            // The demo is the scenario's alone.
            Node { name: name(ground.nodes().await.last().expect("a node")).to_owned(), made: false }
        };
        ground.patch(&node.path(), Patch::Merge, &json!({"metadata": {"labels": {OWN: node.name}}})).await.ok();
        ground.until_object(&node.path(), |node| (condition(node, "Ready")["status"] != "True").then(|| node["status"].to_string())).await;
        node.taints(ground, |taints| taints.iter().all(|taint| taint["key"] == OWN)).await;
        node
    }

    fn path(&self) -> String {
        format!("/api/v1/nodes/{}", self.name)
    }

    /// Waits until its taints are as they should be: controllers have some to add and to take away.
    async fn taints(&self, ground: &Ground, so: impl Fn(&[Value]) -> bool) {
        ground
            .until_object(&self.path(), |node| {
                let taints = node.pointer("/spec/taints").and_then(Value::as_array).cloned().unwrap_or_default();
                (!so(&taints)).then(|| format!("{taints:?}"))
            })
            .await;
    }

    /// Sends the pods of this spec here.
    fn attract(&self, spec: &mut Value) {
        spec["nodeSelector"] = json!({OWN: self.name});
        spec["tolerations"] = json!([{"key": OWN, "operator": "Exists"}]);
    }
}

pub async fn a_node_is_cordoned_tainted_and_opened_again(ground: &Ground) {
    let node = Node::own(ground, "taint").await;
    let (title, path) = (format!("node/{}", node.name), node.path());
    let mut lone = pod("lone", "app:1");
    node.attract(&mut lone["spec"]);
    ground.post(&ground.core("pods"), &lone).await.ok();
    ground.until_is(&ground.core("pods/lone"), &[("/status/phase", json!("Running"))]).await;
    let desk = Desk::open(ground, "nodes");
    desk.on(&node.name);
    desk.press("N c");
    desk.yes(&[&format!("Cordon {title}"), "nothing new is scheduled onto it", "what runs there stays"]);
    ground.until_is(&path, &[("/spec/unschedulable", json!(true))]).await;
    desk.refused("cordon", "it is cordoned already");
    desk.press("N u");
    desk.yes(&[&format!("Uncordon {title}"), "pods are scheduled onto it again"]);
    desk.see(&format!("{title}: pods are scheduled onto it again"));
    ground.until_is(&path, &[("/spec/unschedulable", Value::Null)]).await;
    // What the journal has last is taken back, and that again.
    desk.press("U");
    desk.yes(&[&format!("Take back what was done to {title}")]);
    desk.see(&format!("{title}: unschedulable none → true"));
    ground.until_is(&path, &[("/spec/unschedulable", json!(true))]).await;
    desk.command("undo");
    desk.yes(&[&format!("Take back what was done to {title}")]);
    ground.until_is(&path, &[("/spec/unschedulable", Value::Null)]).await;
    desk.refused("uncordon", "it is not cordoned");

    // The node controller takes its own taint away.
    node.taints(ground, |taints| taints.iter().all(|taint| taint["key"] == OWN)).await;
    desk.press("N t");
    desk.driver.type_text("dedicated=db:NoSchedule");
    desk.press("enter");
    desk.yes(&[&format!("Taint {title}"), "+ dedicated=db:NoSchedule"]);
    let db = json!({"key": "dedicated", "value": "db", "effect": "NoSchedule"});
    node.taints(ground, |taints| taints.contains(&db)).await;
    desk.refused("taint dedicated=db:Never", "\"Never\" is no effect: NoSchedule, PreferNoSchedule, NoExecute");
    desk.command("taint dedicated=db:NoExecute");
    desk.question(&["NoExecute: evicts 1 pod on it, whatever budgets say"]);
    desk.no();
    desk.command("taint dedicated:NoSchedule-");
    desk.yes(&["- dedicated:NoSchedule"]);
    node.taints(ground, |taints| taints.iter().all(|taint| taint["key"] != "dedicated")).await;
    desk.refused("taint dedicated-", "it has no taint dedicated");
    assert_eq!(text(&ground.get(&ground.core("pods/lone")).await.ok(), "/status/phase"), "Running");
}

pub async fn a_drain_waits_for_the_budget_and_can_be_stopped(ground: &Ground) {
    let node = Node::own(ground, "drain").await;
    let title = format!("node/{}", node.name);
    let mut guarded = workload("ReplicaSet", "guarded", 2, "app:1");
    node.attract(&mut guarded["spec"]["template"]["spec"]);
    ground.post(&ground.apps("replicasets"), &guarded).await.ok();
    let mut agent = workload("DaemonSet", "agent", 0, "app:1");
    node.attract(&mut agent["spec"]["template"]["spec"]);
    ground.post(&ground.apps("daemonsets"), &agent).await.ok();
    let mut lone = pod("lone", "app:1");
    lone["spec"]["volumes"] = json!([{"name": "scratch", "emptyDir": {}}]);
    node.attract(&mut lone["spec"]);
    ground.post(&ground.core("pods"), &lone).await.ok();
    let budget: Value = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "guard"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "guarded"}}}});
    ground.post(&ground.path("policy/v1", "poddisruptionbudgets"), &budget).await.ok();
    let guard = ground.path("policy/v1", "poddisruptionbudgets/guard");
    ground.until_is(&guard, &[("/status/currentHealthy", json!(2)), ("/status/disruptionsAllowed", json!(0))]).await;
    ground.until_is(&ground.core("pods/lone"), &[("/status/phase", json!("Running"))]).await;
    ground.until_is(&ground.apps("daemonsets/agent"), &[("/status/numberReady", json!(1))]).await;
    let pods = ground.items(&ground.core("pods?labelSelector=app%3Dguarded")).await;

    let desk = Desk::open(ground, "nodes");
    desk.on(&node.name);
    desk.press("N d");
    let lone = format!("{}/lone", ground.namespace());
    desk.yes(&[
        &format!("Drain {title}"),
        "cordoned, and 3 pods evicted",
        &format!("emptyDir volumes go with what is in them: {lone}"),
        &format!("nothing manages {lone}: gone for good"),
        "waits for guard: 0 allowed, 2/2 needed",
        "of DaemonSets stay",
    ]);
    let blocked = |screen: &str| {
        pods.iter().all(|pod| shows(screen, &format!("{}/{} blocked", ground.namespace(), name(pod))))
            && screen.matches("0 allowed, 2/2 needed").count() == 2
    };
    desk.wait("a line for each blocked pod, and no other", |screen| blocked(screen) && !screen.contains(&lone));
    ground.until_gone(&ground.core("pods/lone")).await;
    ground.until_is(&node.path(), &[("/spec/unschedulable", json!(true))]).await;
    // Enough of it: what was not evicted stays where it is.
    desk.press("x");
    desk.wait("the end of it", |screen| shows(screen, "1 of 3 evicted") && screen.matches("left where it is").count() == 2);
    for pod in &pods {
        let kept = ground.get(&ground.core(&format!("pods/{}", name(pod)))).await.ok();
        assert!(!leaving(&kept) && text(&kept, "/spec/nodeName") == node.name, "{}", kept["metadata"]);
    }
    desk.press("esc");
    desk.without("1 of 3 evicted");
    // Once more, and the budget gives way.
    desk.command("drain");
    desk.yes(&["cordoned already", "2 pods evicted"]);
    desk.wait("a line for each blocked pod", blocked);
    ground.patch(&guard, Patch::Merge, &json!({"spec": {"minAvailable": 0}})).await.ok();
    desk.see("drained: 2 evicted");
    for pod in &pods {
        ground.get(&ground.core(&format!("pods/{}", name(pod)))).await.refused(404, "NotFound");
    }
    let daemons = ground.items(&ground.core("pods?labelSelector=app%3Dagent")).await;
    assert!(daemons.iter().any(|pod| !leaving(pod)), "those of DaemonSets stay");
    // What can be taken back of a drain is its cordon.
    desk.press("esc");
    desk.without("drained: 2 evicted");
    desk.press("U");
    desk.yes(&[&format!("Take back what was done to {title}"), "unschedulable true → none"]);
    ground.until_is(&node.path(), &[("/spec/unschedulable", Value::Null)]).await;
}
