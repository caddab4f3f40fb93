//! What a server says it serves: the old way, in part, late, or not at all.

use super::*;

/// The classic form of discovery: three groups, one of which is broken.
fn classic(request: &server::Request) -> Option<Answer> {
    let list = |version: &str, resources: serde_json::Value| {
        Answer::json(&json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}))
    };
    let verbs = json!(["get", "list", "watch"]);
    let group = |name: &str| {
        let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
        json!({"name": name, "versions": [version], "preferredVersion": version})
    };
    Some(match request.path.as_str() {
        "/api" => Answer::json(&json!({"kind": "APIVersions", "versions": ["v1"]})),
        "/apis" => {
            let groups = [group("apps"), group("broken.example.com"), group("things.example.com")];
            Answer::json(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        "/api/v1" => list(
            "v1",
            json!([
                {"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": verbs, "shortNames": ["po"]},
                {"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"]},
            ]),
        ),
        "/apis/apps/v1" => Answer::json(&serde_json::from_str(include_str!("../../frames/discovery-classic-apps-v1.json")).unwrap()),
        "/apis/things.example.com/v1" => list(
            "things.example.com/v1",
            json!([{"name": "gadgets", "singularName": "gadget", "namespaced": true, "kind": "Gadget", "verbs": verbs, "shortNames": ["gdg"]}]),
        ),
        "/apis/broken.example.com/v1" => {
            Answer::Whole { code: 503, content_type: "text/plain".into(), headers: Vec::new(), body: b"service unavailable".to_vec() }
        }
        _ => return None,
    })
}

#[test]
fn classic_discovery_is_understood_and_a_broken_group_costs_only_itself() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-pod"));
    server.put("gadgets", json!({"apiVersion": "things.example.com/v1", "kind": "Gadget", "metadata": {"name": "aa-gadget", "namespace": "shop", "uid": "g"}}));
    server.on(classic);
    let run = look(&server);
    run.see("kinds of broken.example.com/v1 are not known");
    live(&run, &["aa-pod"]);
    run.command("gdg");
    // The server has no Table for it: what every object has is shown.
    run.wait("the gadget", |screen| {
        screen.contains("AGE") && screen.contains("shop  ") && screen.contains("aa-gadget") && screen.contains("● live")
    });
    run.command("deploy");
    run.see("No deployments");
}

#[test]
fn a_kind_that_is_asked_for_before_the_server_has_said_what_it_serves_opens_when_it_has() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-pod"));
    let gadget = json!({"apiVersion": "things.example.com/v1", "kind": "Gadget", "metadata": {"name": "aa-gadget", "namespace": "shop", "uid": "g"}});
    server.put("gadgets", gadget);
    let slow = Arc::new(AtomicBool::new(true));
    let still = slow.clone();
    server.on(move |request| {
        while request.path == "/apis" && still.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        classic(request)
    });
    let run = look(&server);
    live(&run, &["aa-pod"]);
    run.command("gadgets -n shop aa");
    run.see("the server has not said yet what it serves: gadgets opens when it has");
    // Known without it.
    run.command("deploy");
    run.see("No deployments");
    slow.store(false, Ordering::SeqCst);
    run.wait("the gadgets", |screen| screen.contains("shop ▸ gadgets") && screen.contains("aa-gadget") && screen.contains("/aa"));
    // From now on it is known what there is not.
    run.command("gizmos");
    run.see("the server has no kind \"gizmos\"");
}

#[test]
fn a_group_that_the_server_calls_stale_costs_only_itself() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-pod"));
    server.on(|request| {
        let text = include_str!("../../frames/discovery-apis.json");
        let (head, tail) = text.split_once("\"name\": \"metrics.k8s.io\"").unwrap();
        let stale = format!("{head}\"name\": \"metrics.k8s.io\"{}", tail.replacen("\"Current\"", "\"Stale\"", 1));
        (request.path == "/apis").then(|| Answer::json(&serde_json::from_str(&stale).unwrap()))
    });
    let run = look(&server);
    run.see("kinds of metrics.k8s.io/v1beta1 are not known");
    live(&run, &["aa-pod"]);
    run.command("deploy");
    run.see("No deployments");
}

#[test]
fn a_server_that_says_nothing_of_what_it_serves_still_shows_pods() {
    let server = Server::start();
    server.put("pods", pod("shop", "aa-pod"));
    server.on(|request| {
        request
            .path
            .starts_with("/api")
            .then_some(())
            .filter(|()| matches!(&*request.path, "/api" | "/apis"))
            .map(|()| Answer::refusal(403, "Forbidden", "discovery is forbidden"))
    });
    let run = look(&server);
    live(&run, &["aa-pod"]);
    run.command("deploy");
    run.see("No deployments");
}
