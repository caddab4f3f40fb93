//! Services: what is allocated, and which pods are behind them.

use serde_json::{Value, json};

use super::*;

pub async fn addresses_and_ports_are_allocated(ground: &Ground) {
    let path = ground.core("services");
    let made = ground.post(&path, &service("web", "web")).await.ok();
    let address: std::net::Ipv4Addr = text(&made, "/spec/clusterIP").parse().expect("an address");
    assert_eq!(address.octets()[..2], [10, 96]);
    assert_eq!(made["spec"]["clusterIPs"], json!([address.to_string()]));
    let mut twin = service("twin", "web");
    twin["spec"]["clusterIP"] = json!(address.to_string());
    let status = ground.post(&path, &twin).await.refused(422, "Invalid");
    assert_eq!(causes(&status), [("spec.clusterIPs", "FieldValueInvalid")]);
    assert!(text(&status, "/message").contains("provided IP is already allocated"), "{status}");
    let mut open = service("open", "web");
    open["spec"]["type"] = json!("NodePort");
    let open = ground.post(&path, &open).await.ok();
    let port = number(&open, "/spec/ports/0/nodePort");
    assert!((30000..=32767).contains(&port), "{port}");
    let mut taken = service("taken", "web");
    taken["spec"]["type"] = json!("NodePort");
    taken["spec"]["ports"][0]["nodePort"] = json!(port);
    let status = ground.post(&path, &taken).await.refused(422, "Invalid");
    assert_eq!(status["details"]["causes"][0]["message"], format!("Invalid value: {port}: provided port is already allocated"));
    assert_eq!(causes(&status), [("spec.ports[0].nodePort", "FieldValueInvalid")]);
    // What goes back is given back.
    let back = json!({"spec": {"type": "ClusterIP"}});
    let closed = ground.patch(&ground.core("services/open"), Patch::Merge, &back).await.ok();
    assert!(closed["spec"]["ports"][0].get("nodePort").is_none(), "{closed}");
    ground.post(&path, &taken).await.ok();
    let outside = json!({"spec": {"type": "ExternalName", "externalName": "example.com"}});
    let outside = ground.patch(&ground.core("services/web"), Patch::Merge, &outside).await.ok();
    assert!(outside["spec"].get("clusterIP").is_none(), "{outside}");
    ground.post(&path, &twin).await.ok();
}

/// The endpoints of a Service's slices: pod, and its conditions.
async fn endpoints(ground: &Ground, service: &str) -> Vec<(String, Value)> {
    let selector = format!("endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{service}");
    let slices = ground.items(&ground.path("discovery.k8s.io/v1", &selector)).await;
    let endpoints = slices.iter().flat_map(|slice| slice["endpoints"].as_array().cloned().unwrap_or_default());
    let mut found: Vec<(String, Value)> =
        endpoints.map(|endpoint| (text(&endpoint, "/targetRef/name").to_owned(), endpoint["conditions"].clone())).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

pub async fn slices_know_who_is_ready(ground: &Ground) {
    ground.post(&ground.core("services"), &service("web", "web")).await.ok();
    let mut early = service("early", "web");
    early["spec"]["publishNotReadyAddresses"] = json!(true);
    early["spec"]["clusterIP"] = json!("None");
    ground.post(&ground.core("services"), &early).await.ok();
    for (name, image) in [("a", "app:1"), ("b", "never-ready:1")] {
        let mut pod = pod(name, image);
        pod["metadata"]["labels"] = json!({"app": "web"});
        ground.post(&ground.core("pods"), &pod).await.ok();
    }
    let is = async |service: &str, expected: &[(&str, Value)]| {
        ground
            .until(service, async || {
                let found = endpoints(ground, service).await;
                let right = found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| f.0 == e.0 && f.1 == e.1);
                if right { Ok(()) } else { Err(format!("{found:?}")) }
            })
            .await;
    };
    let serving = |ready: bool, serving: bool| json!({"ready": ready, "serving": serving, "terminating": false});
    is("web", &[("a", serving(true, true)), ("b", serving(false, false))]).await;
    is("early", &[("a", serving(true, true)), ("b", serving(true, false))]).await;
    let slices = ground.items(&ground.path("discovery.k8s.io/v1", "endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb")).await;
    let slice = &slices[0];
    assert_eq!((slices.len(), controller(slice)), (1, Some(("Service", "web"))));
    assert_eq!(slice["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"], "endpointslice-controller.k8s.io");
    assert_eq!(slice["ports"], json!([{"name": "", "port": 8080, "protocol": "TCP"}]));
    assert!(text(slice, "/metadata/generateName") == "web-" && slice["addressType"] == "IPv4");
    let pod = ground.get(&ground.core("pods/a")).await.ok();
    let endpoint = slice["endpoints"].as_array().unwrap().iter().find(|e| text(e, "/targetRef/name") == "a").unwrap();
    assert_eq!((&endpoint["addresses"], &endpoint["nodeName"]), (&json!([pod["status"]["podIP"]]), &pod["spec"]["nodeName"]));
    assert_eq!(endpoint["targetRef"], json!({"kind": "Pod", "namespace": ground.namespace(), "name": "a", "uid": uid(&pod)}));
    let old = ground.get(&ground.core("endpoints/web")).await.ok();
    assert_eq!(old["subsets"][0]["addresses"][0]["ip"], pod["status"]["podIP"]);
    assert_eq!(old["subsets"][0]["notReadyAddresses"].as_array().map(Vec::len), Some(1), "{old}");
    ground.delete(&ground.core("pods/b"), &json!(null)).await.ok();
    is("web", &[("a", serving(true, true))]).await;
    ground.patch(&ground.core("services/web"), Patch::Merge, &json!({"spec": {"selector": {"app": "nothing"}}})).await.ok();
    is("web", &[]).await;
    ground.delete(&ground.core("services/web"), &json!(null)).await.ok();
    ground.until_count(&ground.path("discovery.k8s.io/v1", "endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb"), 0).await;
}
