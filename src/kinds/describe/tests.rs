//! Whole descriptions. The expected texts are what kubectl 1.36 printed for the same objects.

use serde_json::{Value, json};

use super::*;

fn kind(group: &str, kind: &str) -> Kind {
    Kind { group: group.into(), version: "v1".into(), kind: kind.into(), ..Kind::default() }
}

fn text(group: &str, name: &str, object: &Value, answers: &[(&'static str, Value)], events: &[Value]) -> String {
    let answers = answers.iter().cloned().collect();
    describe(&kind(group, name), object, &answers, events, 1000)
}

#[test]
fn a_pod_reads_as_kubectl_prints_it() {
    let pod: Value = serde_json::from_str(include_str!("tests/pod.json")).expect("parses");
    assert_eq!(text("", "Pod", &pod, &[], &[]), include_str!("tests/pod.txt"));
}

#[test]
fn a_custom_resource_reads_as_kubectl_prints_it() {
    let widget = json!({
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "n", "uid": "u", "labels": {"a": "b"}, "managedFields": [{"manager": "m"}]},
        "spec": {"baseURL": "x", "ratio": 1.5, "list": ["a", [1, "b"], {"k": "v", "deep": {"on": true}}], "app.io/x": 7, "none": {}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    });
    let expected = "\
Name:         w
Namespace:    n
Labels:       a=b
Annotations:  <none>
API Version:  example.com/v1
Kind:         Widget
Metadata:
  UID:  u
Spec:
  app.io/x:  7
  Base URL:  x
  List:
    a
    [1 b]
    Deep:
      On:  true
    K:     v
  None:
  Ratio:  1.5
Status:
  Conditions:
    Status:  True
    Type:    Ready
Events:      <none>
";
    assert_eq!(text("example.com", "Widget", &widget, &[], &[]), expected);
}

#[test]
fn events_stand_in_the_order_of_their_last_time() {
    let events = [
        json!({"type": "Warning", "reason": "BackOff", "message": " again \n", "count": 4, "source": {"component": "kubelet"},
            "firstTimestamp": "1970-01-01T00:00:40Z", "lastTimestamp": "1970-01-01T00:15:00Z", "involvedObject": {"fieldPath": "spec.containers{a}"}}),
        json!({"type": "Normal", "reason": "Scheduled", "message": "there", "eventTime": "1970-01-01T00:10:40.000000Z", "reportingComponent": "scheduler"}),
        json!({"type": "Normal", "reason": "Often", "message": "m", "eventTime": "1970-01-01T00:10:40.000000Z", "lastTimestamp": "1970-01-01T00:12:00Z",
            "series": {"count": 9, "lastObservedTime": "1970-01-01T00:16:00.000000Z"}, "reportingComponent": "x"}),
    ];
    let lines = text("example.com", "Widget", &json!({}), &[], &events);
    let lines: Vec<&str> = lines.lines().skip_while(|line| *line != "Events:").collect();
    assert_eq!(
        lines,
        [
            "Events:",
            "  Type     Reason     Age                 From       Message",
            "  ----     ------     ----                ----       -------",
            "  Normal   Scheduled  6m                  scheduler  there",
            "  Normal   Often      40s (x9 over 6m)    x          m",
            "  Warning  BackOff    100s (x4 over 16m)  kubelet    spec.containers{a}: again",
        ]
    );
    let refused = text("example.com", "Widget", &json!({}), &[(EVENTS, json!({"error": "no rights"}))], &[]);
    assert!(refused.ends_with("Events:       <error: no rights>\n"), "{refused}");
}

#[test]
fn what_stands_beside_a_service_is_asked_for_and_missed() {
    let service =
        json!({"metadata": {"name": "web", "namespace": "n"}, "spec": {"ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}});
    let asked = related(&kind("", "Service"), &service);
    assert_eq!(
        asked,
        [Related {
            path: "/apis/discovery.k8s.io/v1/namespaces/n/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dweb".to_owned(),
            key: "endpointslices",
        }]
    );
    let slices = json!({"items": [{"ports": [{"name": "http", "port": 8080}], "endpoints": [{"addresses": ["10.0.0.1"]}]}]});
    for (answers, shown) in [
        (vec![("endpointslices", slices)], "10.0.0.1:8080"),
        (vec![("endpointslices", json!({"error": "forbidden"}))], "<error: forbidden>"),
        (vec![], "<error: not read yet>"),
    ] {
        let text = text("", "Service", &service, &answers, &[]);
        assert!(text.contains(&format!("\nEndpoints:         {shown}\n")), "{text}");
    }
}

#[test]
fn a_node_names_what_it_could_not_read() {
    let node = json!({"metadata": {"name": "node-1"}, "status": {"allocatable": {"cpu": "4"}}});
    let paths: Vec<_> = related(&kind("", "Node"), &node).into_iter().map(|r| r.path).collect();
    assert_eq!(
        paths,
        [
            "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1",
            "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1%2Cstatus.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed",
            "/apis/resource.k8s.io/v1/resourceslices?fieldSelector=spec.nodeName%3Dnode-1",
        ]
    );
    let answers = [("lease", json!({"error": "not found"})), ("pods", json!({"error": "pods is forbidden"}))];
    let shown = text("", "Node", &node, &answers, &[]);
    assert!(shown.contains("Lease:              Failed to get lease: not found\n"), "{shown}");
    assert!(shown.contains("\nPods:                         not authorized\n"), "{shown}");
    let pod = json!({"metadata": {"name": "p", "namespace": "n", "creationTimestamp": "1970-01-01T00:00:40Z"},
        "spec": {"containers": [{"resources": {"requests": {"cpu": "500m"}}}, {"resources": {"requests": {"cpu": "1"}}}]}});
    let shown = text("", "Node", &node, &[("pods", json!({"items": [pod]}))], &[]);
    assert!(
        shown.contains("  n                           p       1500m (37%)   0 (0%)      0 (0%)           0 (0%)         16m\n"),
        "{shown}"
    );
}

#[test]
fn the_values_of_a_secret_are_never_shown() {
    let secret = json!({"type": "kubernetes.io/service-account-token", "data": {"token": "c2VjcmV0", "ca.crt": "YWI="}});
    let shown = text("", "Secret", &secret, &[], &[]);
    assert!(shown.ends_with("Data\n====\nca.crt:  2 bytes\ntoken:   6 bytes\n"), "{shown}");
    assert!(!shown.contains("c2VjcmV0") && !shown.contains("secret\n"));
}

#[test]
fn the_events_of_nodes_and_mirror_pods_go_by_other_uids() {
    let object = json!({"metadata": {"name": "x", "uid": "u", "annotations": {"kubernetes.io/config.mirror": "hash"}}});
    assert_eq!(event_uids(&kind("", "Node"), &object), ["u", "x"]);
    assert_eq!(event_uids(&kind("", "Pod"), &object), ["hash"]);
    assert_eq!(event_uids(&kind("example.com", "Widget"), &object), ["u"]);
    assert!(event_uids(&kind("", "Secret"), &object).is_empty());
}

#[test]
fn times_are_local_and_mean_the_same_moment() {
    let shown = metadata::moment(&json!({"t": "2026-11-21T07:31:05Z"}), "t");
    let read = jiff::fmt::strtime::parse("%a, %d %b %Y %H:%M:%S %z", &shown).and_then(|parsed| parsed.to_timestamp()).expect("RFC 1123");
    assert_eq!(read.to_string(), "2026-11-21T07:31:05Z");
    let shown = metadata::moment_in_go(&json!({"t": "2026-11-21T07:31:05Z"}), "t");
    assert_eq!(shown.split(' ').count(), 4, "{shown}");
}

/// Objects of a server that is not as it should be: no kind's describer may fall over them.
#[test]
fn nothing_falls_over_an_object_without_its_fields() {
    let odd = json!({"metadata": "x", "spec": [1], "status": {"conditions": {"a": 1}, "allocatable": 5}, "data": {"k": 7}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, {}]});
    for describer in DESCRIBERS {
        for object in [&json!({}), &json!(null), &odd] {
            let kind = kind(describer.group, describer.kind);
            let shown = describe(&kind, object, &BTreeMap::new(), &[], 0);
            assert!(shown.starts_with("Name:"), "{}: {shown}", describer.kind);
            related(&kind, object);
        }
        let same = DESCRIBERS.iter().filter(|other| (other.group, other.kind) == (describer.group, describer.kind)).count();
        assert_eq!(same, 1, "{} has several describers", describer.kind);
    }
}
