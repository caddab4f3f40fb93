//! What is printed as YAML and explained of schemas, with the real kubectl as the judge.

use std::time::Duration;

use kubetui::kinds::explain::Schema;
use kubetui::kinds::schema::Document;
use kubetui::model::kind::Kind;
use kubetui::model::yaml;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::wait::wait_until;

/// Something in a cluster always changes between two looks.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first line that differs, with its number.
fn difference(kubectl: &str, ours: &str) -> Option<String> {
    if kubectl == ours {
        return None;
    }
    let (theirs, mine): (Vec<&str>, Vec<&str>) = (kubectl.split('\n').collect(), ours.split('\n').collect());
    let at = theirs.iter().zip(&mine).take_while(|(a, b)| a == b).count();
    Some(format!("line {}:\nkubectl: {:?}\nkubetui: {:?}", at + 1, theirs.get(at), mine.get(at)))
}

/// What is printed is read as what it was.
fn comes_back(value: &Value) -> Result<(), String> {
    let options = serde_yaml::options! { legacy_octal_numbers: true };
    let read: Value = serde_yaml::from_str_with_options(&yaml::print(value), options).map_err(|error| error.to_string())?;
    if read == *value { Ok(()) } else { Err(format!("read as {read}, and was {value}")) }
}

#[test]
fn every_object_of_the_cluster_is_printed_as_kubectl_prints_it() {
    let Some(cluster) = Cluster::from_env() else { return };
    let kinds = cluster.kubectl(&["api-resources", "--verbs=list,get", "-o", "name"]);
    let mut objects = 0;
    // What is measured or counted anew for each question is never the same twice.
    for kind in kinds.lines().filter(|kind| !kind.ends_with(".metrics.k8s.io") && *kind != "componentstatuses") {
        let get = |format: &str| cluster.kubectl(&["get", kind, "-A", "--show-managed-fields", "-o", format]);
        objects += wait_until(PATIENCE, &format!("{kind} as kubectl prints them"), || {
            let (before, theirs, after) = (get("json"), get("yaml"), get("json"));
            if before != after {
                return Err("they change".to_owned());
            }
            let value: Value = serde_json::from_str(&before).map_err(|error| error.to_string())?;
            if let Some(why) = difference(&theirs, &yaml::print(&value)) {
                return Err(why);
            }
            comes_back(&value)?;
            Ok(value["items"].as_array().map_or(0, Vec::len))
        });
    }
    assert!(objects > 50, "a comparison of {objects} objects proves little");
}

/// Texts that are easily taken for something else.
fn adversarial() -> Value {
    let texts = [
        "0644",
        "yes",
        "no",
        "on",
        "y",
        "1e3",
        "08",
        "~",
        "null",
        "",
        " ",
        "a ",
        " a",
        "\t",
        "a\tb",
        "a\r\nb\r\n",
        "a\n",
        "a\n\n",
        "\n",
        "\n\n",
        "a\nb",
        "  a\nb",
        "a \nb\n",
        "# a",
        "a # b",
        "a: b",
        "a:",
        "- a",
        "-",
        "---",
        "...",
        "?",
        "? a",
        "{a: b}",
        "[a]",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a`",
        "'",
        "\"",
        "\\",
        "0x1F",
        "0o17",
        "0b1",
        "1_000",
        ".5",
        "5.",
        "+1",
        "-1",
        ".inf",
        "-.INF",
        ".nan",
        "=",
        "<<",
        "12:30:45",
        "2026-11-21",
        "2026-11-21T10:00:00Z",
        "2026-1-2 3:4:5",
        "é",
        "日本語",
        "\u{1F600}",
        "\u{1b}[31m",
        "\u{ad}",
        "\u{a0}",
        "true",
        "TRUE",
        "nan",
        "18446744073709551616",
    ];
    let mut data: serde_json::Map<String, Value> = texts.iter().enumerate().map(|(at, text)| (format!("k{at}"), json!(text))).collect();
    data.insert("long".into(), json!("word ".repeat(60)));
    data.insert("long-plain".into(), json!("word ".repeat(60).trim_end()));
    data.insert("long-comment".into(), json!(format!("# {}", "word  two ".repeat(30).trim_end())));
    data.insert("long-tabs".into(), json!(format!("\t{}", "word  two ".repeat(30))));
    data.insert("k".repeat(200), json!("v"));
    data.insert("k".repeat(128), json!("v"));
    data.insert("0".into(), json!("0"));
    data.insert("1e3".into(), json!("-"));
    data.insert("true".into(), json!("true"));
    data.insert("port9".into(), json!("9"));
    data.insert("port10".into(), json!("10"));
    json!(data)
}

#[test]
fn texts_that_are_easily_misread_are_printed_as_kubectl_prints_them_and_come_back() {
    let Some(cluster) = Cluster::from_env() else { return };
    let namespace = format!("yaml-{}", std::process::id());
    let kubectl = |arguments: &[&str], input: &str| {
        let arguments = [arguments, &["-n", &namespace]].concat();
        cluster.try_kubectl(&arguments, input)
    };
    cluster.kubectl(&["create", "namespace", &namespace]);
    let outcome = (|| {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "texts"}, "data": adversarial()});
        kubectl(&["create", "-f", "-"], &map.to_string())?;
        let object: Value = serde_json::from_str(&kubectl(&["get", "configmap", "texts", "-o", "json"], "")?).map_err(|e| e.to_string())?;
        if object["data"] != map["data"] {
            return Err("the server stores something else".to_owned());
        }
        let (theirs, ours) = (kubectl(&["get", "configmap", "texts", "-o", "yaml"], "")?, yaml::print(&object));
        if let Some(why) = difference(&theirs, &ours) {
            return Err(why);
        }
        comes_back(&object)?;
        // And the server reads what is printed as what it has.
        let again = kubectl(&["replace", "--dry-run=server", "-o", "json", "-f", "-"], &ours)?;
        let again: Value = serde_json::from_str(&again).map_err(|e| e.to_string())?;
        if again == object { Ok(()) } else { Err(format!("the server reads {again}")) }
    })();
    cluster.kubectl(&["delete", "namespace", &namespace, "--wait=false"]);
    assert_eq!(outcome, Ok(()));
}

#[test]
fn schemas_are_explained_as_kubectl_explains_them() {
    let Some(cluster) = Cluster::from_env() else { return };
    let explained = [
        (
            "",
            "v1",
            "Pod",
            "pods",
            &["", "spec", "spec.containers", "spec.containers.env.valueFrom", "spec.restartPolicy", "metadata.labels", "status.qosClass"][..],
        ),
        ("", "v1", "Service", "services", &["spec", "spec.ports", "spec.type", "spec.ports.targetPort"]),
        ("", "v1", "ConfigMap", "configmaps", &["", "data", "binaryData"]),
        (
            "apps",
            "v1",
            "Deployment",
            "deployments",
            &["", "spec.strategy", "spec.strategy.type", "spec.template.spec.volumes", "metadata.managedFields.fieldsV1"],
        ),
        ("batch", "v1", "CronJob", "cronjobs", &["spec", "spec.jobTemplate.spec.podFailurePolicy.rules"]),
        (
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            &["", "spec.versions", "spec.versions.schema"],
        ),
        ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", &["", "rules"]),
        ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", &["spec.ingress.from", "spec.policyTypes"]),
    ];
    for (group, version, kind, plural, paths) in explained {
        let place = if group.is_empty() { format!("/openapi/v3/api/{version}") } else { format!("/openapi/v3/apis/{group}/{version}") };
        let document = Document::parse(cluster.kubectl(&["get", "--raw", &place])).expect("a document");
        let root = document.kind(group, version, kind).expect("the kind");
        let kind = Kind { group: group.into(), version: version.into(), kind: kind.into(), plural: plural.into(), ..Kind::default() };
        for path in paths {
            let fields = path.split('.').filter(|name| !name.is_empty()).map(Into::into).collect();
            let schema = Schema { kind: kind.clone(), root: root.clone(), path: fields };
            let ours = schema.page().expect("a page").text;
            let theirs = cluster.kubectl(&["explain", &schema.title(), &format!("--api-version={}", kind.api_version())]);
            assert_eq!(difference(&theirs, &ours), None, "{}", schema.title());
        }
    }
}
