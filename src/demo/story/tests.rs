use super::*;
use crate::demo::store::Object;
use std::sync::Arc;

/// 2026-11-21T08:00:00Z.
const NOW: Millis = 1_795_248_000_000;

fn state(pod: &Object) -> String {
    let statuses = pod.tree.at("status.containerStatuses").items();
    let waits = statuses.iter().find_map(|s| s.at("state.waiting.reason").as_str());
    waits.unwrap_or_else(|| pod.tree.text("status.phase")).to_owned()
}

fn of(world: &World, namespace: &str, app: &str) -> Vec<Arc<Object>> {
    world.store.pods(namespace, &crate::demo::selector::parse(&format!("app={app}")).expect("a selector"))
}

#[test]
fn every_manifest_can_be_made() {
    let mut world = World::new(NOW, 1);
    let _ = nodes::make(&mut world, NODES, &NodeSpec::default());
    let mut made = 0;
    for manifests in [CLUSTER, OTHERS, BACKUPS, SHOP, TROUBLE] {
        assert_eq!(documents(manifests).len(), manifests.split("\n---\n").count(), "all of it is YAML");
        for document in documents(manifests) {
            // The nodes brought these namespaces along.
            if document["kind"] != "Namespace" || !matches!(document.at("metadata").text("name"), "default" | "kube-node-lease") {
                make_one(&mut world, &document).unwrap_or_else(|refusal| panic!("{document:?}: {}", refusal.message));
            }
            world.run_until(world.now() + SECOND);
            made += 1;
        }
    }
    assert!(made > 50, "{made}");
}

#[test]
fn the_story_has_what_people_meet() {
    let world = tell(NOW, 1, 0);
    assert_eq!(world.now(), NOW);
    let lost = |pod: &Arc<Object>| pod.terminating();
    let web: Vec<_> = of(&world, "shop", "web").into_iter().filter(|pod| !lost(pod)).collect();
    assert_eq!(web.len(), 3);
    assert!(web.iter().all(|pod| state(pod) == "Running"), "{:?}", web.iter().map(|p| state(p)).collect::<Vec<_>>());
    let states = |app: &str| of(&world, "shop", app).iter().map(|pod| state(pod)).collect::<Vec<_>>();
    assert!(states("search").iter().any(|s| matches!(s.as_str(), "ImagePullBackOff" | "ErrImagePull")), "{:?}", states("search"));
    assert!(of(&world, "shop", "recommender").iter().any(|p| p.tree["status"]["containerStatuses"][0].int("restartCount", 0) >= 5));
    assert_eq!(states("training"), ["Pending"]);
    let checkout = world.get("deployments.apps", "shop", "checkout").expect("checkout");
    assert_ne!(checkout.tree.int("status.updatedReplicas", 0), checkout.tree.int("spec.replicas", 0), "a rollout is in progress");
    let node = world.get("nodes", "", "node-4").expect("node-4");
    assert_eq!(node.tree.item("status.conditions", "type", "Ready").text("status"), "Unknown");
    let migrate = world.get("jobs.batch", "shop", "migrate-orders").expect("a job");
    assert_eq!(migrate.tree.item("status.conditions", "type", "Failed").text("status"), "True");
    let search = world.get("deployments.apps", "shop", "search").expect("search");
    assert_eq!(search.tree.item("status.conditions", "type", "Progressing").text("reason"), "ProgressDeadlineExceeded");
    assert!(world.store.count("events") > 50, "{}", world.store.count("events"));
    let wishlist: Vec<_> =
        world.store.list("endpointslices.discovery.k8s.io", Some("shop")).filter(|s| s.name.starts_with("wishlist-")).collect();
    assert!(wishlist.iter().all(|slice| slice.tree["endpoints"].items().is_empty()));
}

#[test]
fn a_large_cluster_is_running_from_the_start() {
    let world = tell(NOW, 1, 2_000);
    let pods: Vec<_> = world.store.list("pods", None).filter(|p| p.namespace.starts_with("team-")).collect();
    assert_eq!(pods.len(), 2_000);
    assert!(pods.iter().all(|pod| state(pod) == "Running" && !pod.tree.text("spec.nodeName").is_empty()));
    let text = pods[7].tree.json().len();
    assert!((6_000..10_000).contains(&text), "{text} bytes of JSON");
    let deployment = world.store.list("deployments.apps", Some(&pods[7].namespace)).next().expect("a deployment");
    assert_eq!(deployment.tree.int("status.readyReplicas", 0), deployment.tree.int("spec.replicas", 0));
    assert!(!world.is_busy());
}
