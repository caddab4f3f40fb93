//! Its pods.

use super::*;

pub fn pods() -> Vec<Object> {
    let of_web = || owned("ReplicaSet", "apps/v1", "replicasets", "shop", "web-7d8f9c6b5");
    let crashed = json!({
        "restartCount": 7,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app pod=web-7d8f9c6b5-9fh2n_shop"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": ago(5 * MINUTE), "finishedAt": ago(2 * MINUTE)}},
    });
    let restarted = json!({
        "ready": true, "started": true, "restartCount": 3, "state": {"running": {"startedAt": ago(5 * DAY)}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": ago(9 * DAY), "finishedAt": ago(5 * DAY)}},
    });
    let waits = |reason: &str, message: &str| json!({"state": {"waiting": {"reason": reason, "message": message}}});
    let done = json!({"state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": ago(2 * HOUR), "finishedAt": ago(2 * HOUR - 40)}}});
    let web = "registry.example.com/shop/web:2.14.1";
    let proxy = "envoyproxy/envoy:v1.36";
    vec![
        pod(
            "shop",
            "web-7d8f9c6b5-2kx9q",
            3 * HOUR,
            "web",
            "node-1",
            "Running",
            &[("app", web, running(3 * HOUR)), ("proxy", proxy, running(3 * HOUR))],
            json!({"metadata": of_web()}),
        ),
        pod(
            "shop",
            "web-7d8f9c6b5-9fh2n",
            3 * HOUR,
            "web",
            "node-2",
            "Running",
            &[("app", web, crashed), ("proxy", proxy, running(3 * HOUR))],
            json!({"metadata": of_web()}),
        ),
        pod(
            "shop",
            "web-7d8f9c6b5-v7m4d",
            40,
            "web",
            "node-1",
            "Running",
            &[("app", web, json!({"state": {"running": {"startedAt": ago(30)}}})), ("proxy", proxy, running(31))],
            json!({"metadata": of_web()}),
        ),
        pod(
            "shop",
            "web-5f6b7c8d9-x2z4w",
            9 * DAY,
            "web",
            "node-1",
            "Running",
            &[("app", web, running(9 * DAY)), ("proxy", proxy, running(9 * DAY))],
            json!({"metadata": {"deletionTimestamp": ago(20), "deletionGracePeriodSeconds": 30}}),
        ),
        pod(
            "shop",
            "cart-0",
            4 * MINUTE,
            "cart",
            "node-3",
            "Pending",
            &[("cart", "registry.example.com/shop/cart:1.9.0", waits("PodInitializing", ""))],
            json!({
                "metadata": owned("StatefulSet", "apps/v1", "statefulsets", "shop", "cart"),
                "spec": {"initContainers": [{"name": "fetch", "image": "busybox:1.37"}, {"name": "migrate", "image": "busybox:1.37"}]},
                "status": {"initContainerStatuses": [
                    {"name": "fetch", "image": "busybox:1.37", "imageID": "", "ready": true, "restartCount": 0, "state": {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(3 * MINUTE)}}},
                    {"name": "migrate", "image": "busybox:1.37", "imageID": "", "ready": false, "restartCount": 0, "state": {"running": {"startedAt": ago(3 * MINUTE)}}},
                ]},
            }),
        ),
        pod(
            "shop",
            "catalog-6c9d7f8b54-tq8zn",
            25 * MINUTE,
            "catalog",
            "node-3",
            "Pending",
            &[(
                "app",
                "registry.example.com/shop/catalog-service-with-search:3.0.0-rc.1",
                waits("ImagePullBackOff", "Back-off pulling image \"registry.example.com/shop/catalog-service-with-search:3.0.0-rc.1\""),
            )],
            json!({"metadata": owned("ReplicaSet", "apps/v1", "replicasets", "shop", "catalog-6c9d7f8b54")}),
        ),
        pod("shop", "migrate-29384756-hk2lp", 2 * HOUR, "migrate", "node-2", "Succeeded", &[("migrate", web, done)], json!({})),
        pod(
            "payments",
            "payments-gateway-europe-west-7d8f9c6b5c-2kx9q",
            12 * DAY,
            "gateway",
            "node-2",
            "Running",
            &[("gateway", "registry.example.com/payments/gateway:5.1", running(12 * DAY))],
            json!({}),
        ),
        pod(
            "payments",
            "ledger-0",
            6 * MINUTE,
            "ledger",
            "",
            "Pending",
            &[("ledger", "registry.example.com/payments/ledger:5.1", json!({}))],
            json!({}),
        ),
        pod(
            "kube-system",
            "coredns-7db6d8ff4d-4m8xk",
            400 * DAY,
            "dns",
            "node-1",
            "Running",
            &[("coredns", "registry.k8s.io/coredns:v1.12", restarted)],
            json!({}),
        ),
        pod(
            "kube-system",
            "kube-proxy-9d7xl",
            400 * DAY,
            "kube-proxy",
            "node-2",
            "Running",
            &[("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.3", running(30 * DAY))],
            json!({}),
        ),
    ]
}
