//! Pods whose images behave as their names say, the scheduler, logs, and what users may do.

use serde_json::{Value, json};

use super::*;

/// The state of a pod's one container.
fn waiting(pod: &Value) -> &str {
    text(pod, "/status/containerStatuses/0/state/waiting/reason")
}

pub async fn a_crash_loops(ground: &Ground) {
    ground.post(&ground.core("pods"), &pod("one", "crash:1")).await.ok();
    let pod = ground
        .until_object(&ground.core("pods/one"), |pod| {
            let looping = waiting(pod) == "CrashLoopBackOff" && number(pod, "/status/containerStatuses/0/restartCount") >= 1;
            (!looping).then(|| pod["status"].to_string())
        })
        .await;
    assert_eq!((text(&pod, "/status/phase"), &condition(&pod, "Ready")["status"]), ("Running", &json!("False")));
    let last = &pod["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((&last["exitCode"], &last["reason"]), (&json!(1), &json!("Error")));
    assert!(text(&pod, "/status/containerStatuses/0/state/waiting/message").contains("restarting failed container=app"), "{pod}");
}

pub async fn an_image_that_is_not_there_is_backed_off_from(ground: &Ground) {
    ground.post(&ground.core("pods"), &pod("one", "no-such:1")).await.ok();
    let pod =
        ground.until_object(&ground.core("pods/one"), |pod| (waiting(pod) != "ImagePullBackOff").then(|| pod["status"].to_string())).await;
    assert_eq!(text(&pod, "/status/phase"), "Pending");
    let message = text(&pod, "/status/containerStatuses/0/state/waiting/message");
    assert!(message.starts_with("Back-off pulling image \"no-such:1\""), "{message}");
    assert_eq!(number(&pod, "/status/containerStatuses/0/restartCount"), 0);
}

pub async fn an_image_may_never_be_ready_or_be_slow(ground: &Ground) {
    ground.post(&ground.core("pods"), &pod("never", "never-ready:1")).await.ok();
    ground.post(&ground.core("pods"), &pod("slow", "slow:1")).await.ok();
    let never = ground.until_is(&ground.core("pods/never"), &[("/status/phase", json!("Running"))]).await;
    assert_eq!(condition(&never, "Ready")["status"], "False");
    assert_eq!(condition(&never, "Ready")["reason"], "ContainersNotReady");
    assert_eq!(never["status"]["containerStatuses"][0]["ready"], false);
    let slow = ground.until_object(&ground.core("pods/slow"), |pod| (!ready(pod)).then(|| pod["status"].to_string())).await;
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let took = time(text(condition(&slow, "Ready"), "/lastTransitionTime")) - time(text(&slow, "/metadata/creationTimestamp"));
    assert!((4..30).contains(&took), "{took} s");
}

pub async fn a_pod_that_fits_nowhere_says_why(ground: &Ground) {
    let mut nowhere = pod("nowhere", "app:1");
    nowhere["spec"]["nodeSelector"] = json!({"nowhere": "true"});
    let mut huge = pod("huge", "app:1");
    huge["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "1000k"}});
    for pod in [&nowhere, &huge] {
        ground.post(&ground.core("pods"), pod).await.ok();
    }
    let nodes = ground.items("/api/v1/nodes").await.len();
    for (name, why) in [("nowhere", "node(s) didn't match Pod's node affinity/selector"), ("huge", "Insufficient cpu")] {
        let pod = ground
            .until_object(&ground.core(&format!("pods/{name}")), |pod| {
                (condition(pod, "PodScheduled")["reason"] != "Unschedulable").then(|| pod["status"].to_string())
            })
            .await;
        let scheduled = condition(&pod, "PodScheduled");
        assert_eq!((text(&pod, "/status/phase"), &scheduled["status"]), ("Pending", &json!("False")));
        let message = text(scheduled, "/message");
        assert!(message.starts_with(&format!("0/{nodes} nodes are available: ")) && message.contains(why), "{message}");
        assert!(message.contains("preemption: "), "{message}");
        let event = ground
            .until("an event", async || {
                let events = ground.items(&ground.core(&format!("events?fieldSelector=involvedObject.name%3D{name}"))).await;
                events.into_iter().find(|event| text(event, "/reason") == "FailedScheduling").ok_or_else(|| "no event".to_owned())
            })
            .await;
        assert_eq!((text(&event, "/type"), text(&event, "/message")), ("Warning", message));
    }
}

pub async fn a_gated_pod_waits_and_a_named_scheduler_too(ground: &Ground) {
    let mut gated = pod("gated", "app:1");
    gated["spec"]["schedulingGates"] = json!([{"name": "kubetui.test/gate"}]);
    let made = ground.post(&ground.core("pods"), &gated).await.ok();
    let scheduled = condition(&made, "PodScheduled");
    assert_eq!(
        (text(scheduled, "/reason"), text(scheduled, "/message")),
        ("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")
    );
    ground.patch(&ground.core("pods/gated"), Patch::Merge, &json!({"spec": {"schedulingGates": []}})).await.ok();
    ground.until_is(&ground.core("pods/gated"), &[("/status/phase", json!("Running"))]).await;
}

pub async fn pods_are_bound_to_nodes_and_tell_it(ground: &Ground) {
    ground.post(&ground.core("pods"), &pod("one", "app:1")).await.ok();
    let pod = ground.until_is(&ground.core("pods/one"), &[("/status/phase", json!("Running"))]).await;
    let node = text(&pod, "/spec/nodeName");
    assert!(condition(&pod, "PodScheduled")["status"] == "True" && text(&pod, "/status/qosClass") == "BestEffort");
    for kind in ["Initialized", "Ready", "ContainersReady", "PodReadyToStartContainers"] {
        assert_eq!(condition(&pod, kind)["status"], "True", "{kind}");
    }
    let event = ground
        .until("the event Scheduled", async || {
            let events = ground.items(&ground.core("events?fieldSelector=involvedObject.name%3Done,reason%3DScheduled")).await;
            events.into_iter().next().ok_or_else(|| "no event".to_owned())
        })
        .await;
    assert_eq!(text(&event, "/message"), format!("Successfully assigned {}/one to {node}", ground.namespace()));
    assert_eq!(text(&event, "/involvedObject/uid"), uid(&pod));
}

pub async fn a_cordon_keeps_new_pods_away(ground: &Ground) {
    let nodes = ground.nodes().await;
    let chosen = name(nodes.last().expect("a node"));
    let path = format!("/api/v1/nodes/{chosen}");
    let mut pinned = pod("pinned", "app:1");
    pinned["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": chosen});
    let cordoned = ground.patch(&path, Patch::Strategic, &json!({"spec": {"unschedulable": true}})).await.ok();
    assert_eq!(cordoned["spec"]["unschedulable"], true);
    ground
        .until_object(&path, |node| {
            let taints = node.pointer("/spec/taints").and_then(Value::as_array);
            let tainted =
                taints.into_iter().flatten().any(|t| t["key"] == "node.kubernetes.io/unschedulable" && t["effect"] == "NoSchedule");
            (!tainted).then(|| "no taint".to_owned())
        })
        .await;
    ground.post(&ground.core("pods"), &pinned).await.ok();
    let waits = ground
        .until_object(&ground.core("pods/pinned"), |pod| {
            (condition(pod, "PodScheduled")["reason"] != "Unschedulable").then(|| pod["status"].to_string())
        })
        .await;
    let message = text(condition(&waits, "PodScheduled"), "/message").to_owned();
    ground.patch(&path, Patch::Strategic, &json!({"spec": {"unschedulable": null}})).await.ok();
    assert!(message.contains(" node(s) were unschedulable"), "{message}");
    ground.until_is(&ground.core("pods/pinned"), &[("/status/phase", json!("Running")), ("/spec/nodeName", json!(chosen))]).await;
}

pub async fn logs_are_read(ground: &Ground) {
    let mut two = pod("two", "app:1");
    two["spec"]["containers"] = json!([{"name": "a", "image": "app:1"}, {"name": "b", "image": "app:1"}]);
    ground.post(&ground.core("pods"), &two).await.ok();
    ground.until_is(&ground.core("pods/two"), &[("/status/phase", json!("Running"))]).await;
    let log = |query: &str| ground.core(&format!("pods/two/log{query}"));
    let status = ground.get(&log("")).await.refused(400, "BadRequest");
    assert_eq!(status["message"], "a container name must be specified for pod two, choose one of: [a b]");
    let status = ground.get(&log("?container=c")).await.refused(400, "BadRequest");
    assert_eq!(status["message"], "container c is not valid for pod two");
    let whole = ground.get(&log("?container=a&tailLines=3&timestamps=true")).await.ok();
    let lines: Vec<&str> = whole.as_str().expect("text").lines().collect();
    assert_eq!(lines.len(), 3, "{whole}");
    for line in &lines {
        line.split(' ').next().unwrap().parse::<jiff::Timestamp>().unwrap_or_else(|e| panic!("{e}: {line}"));
    }
    let plain = ground.get(&log("?container=a&tailLines=1")).await.ok();
    assert!(plain.as_str().is_some_and(|text| text.ends_with('\n')), "{plain}");
    let bytes = ground.get(&log("?container=a&limitBytes=5")).await.ok();
    assert_eq!(bytes.as_str().map(str::len), Some(5));
    let future = ground.get(&log("?container=a&sinceTime=2100-01-01T00%3A00%3A00Z")).await.ok();
    assert_eq!(future, "");
    let both = ground.get(&log("?container=a&sinceSeconds=5&sinceTime=2100-01-01T00%3A00%3A00Z")).await.refused(422, "Invalid");
    assert!(text(&both, "/message").contains("at most one of `sinceTime` or `sinceSeconds` may be specified"), "{both}");
    let negative = ground.get(&log("?container=a&tailLines=-1")).await.refused(422, "Invalid");
    assert_eq!(causes(&negative), [("tailLines", "FieldValueInvalid")]);
    ground.post(&ground.core("pods"), &pod("crashes", "crash:1")).await.ok();
    ground.until_object(&ground.core("pods/crashes"), |pod| (waiting(pod) != "CrashLoopBackOff").then(|| pod["status"].to_string())).await;
    let before = ground.get(&ground.core("pods/crashes/log?previous=true")).await.ok();
    assert!(before.as_str().is_some_and(|text| !text.is_empty()), "{before}");
}

pub async fn users_may_do_what_their_roles_say(ground: &Ground) {
    const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let review = |verb: &str, group: &str, resource: &str, namespace: &str| {
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": verb, "group": group, "resource": resource, "namespace": namespace}}})
    };
    let own = ground.namespace();
    for (user, verb, group, resource, namespace, expected) in [
        ("viewer", "list", "", "pods", own, true),
        ("viewer", "watch", "apps", "deployments", "", true),
        ("viewer", "get", "", "secrets", own, false),
        ("viewer", "list", "", "nodes", "", false),
        ("viewer", "delete", "", "pods", own, false),
        ("poller", "list", "", "nodes", "", true),
        ("poller", "watch", "", "pods", own, false),
        ("team-1", "delete", "", "pods", "team-1", true),
        ("team-1", "list", "", "pods", own, false),
        ("nobody", "list", "", "pods", own, false),
    ] {
        let answer = ground.post_as(user, REVIEWS, &review(verb, group, resource, namespace)).await;
        assert_eq!(answer.code, 201, "{}", answer.body);
        assert_eq!(answer.body["status"]["allowed"].as_bool(), Some(expected), "{user} {verb} {resource}: {}", answer.body["status"]);
    }
    let status = ground.get_as_user("nobody", &ground.core("pods")).await.refused(403, "Forbidden");
    assert_eq!(
        status["message"],
        format!("pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group \"\" in the namespace \"{own}\"")
    );
    assert_eq!(status["details"], json!({"kind": "pods"}));
    let status = ground.get_as_user("viewer", "/api/v1/nodes/none").await.refused(403, "Forbidden");
    assert_eq!(
        status["message"],
        "nodes \"none\" is forbidden: User \"viewer\" cannot get resource \"nodes\" in API group \"\" at the cluster scope"
    );
    let rules = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": "team-1"}});
    let rules = ground.post_as("team-1", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &rules).await.ok();
    let rules = rules["status"]["resourceRules"].as_array().expect("rules").clone();
    let has = |list: &Value, word: &str| list.as_array().is_some_and(|list| list.iter().any(|item| item == word));
    assert!(
        rules.iter().any(|rule| ["pods", "*"].iter().any(|of| has(&rule["resources"], of))
            && ["delete", "*"].iter().any(|verb| has(&rule["verbs"], verb))),
        "{rules:?}"
    );
}
