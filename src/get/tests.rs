//! Unit tests of `get`: what is printed of given rows.

use super::*;
use crate::cli::Output;
use crate::kinds::pods::POD;
use crate::model::intern::Interner;
use crate::model::row::Row;

const NOW: Seconds = 1_000_000;

fn pod(json: &str) -> Row {
    let mut interner = Interner::new(Arc::new(POD.as_kind()));
    (POD.decode)(kinds::Wire::Json, json.as_bytes(), &mut interner).expect("a pod")
}

fn pods() -> Store {
    let mut store = Store::new(kinds::columns(&POD));
    let rows = [
        r#"{"metadata":{"name":"web-1","namespace":"shop","uid":"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0","labels":{"app":"web"},
            "creationTimestamp":"1970-01-12T13:00:00Z"},"spec":{"nodeName":"node-1","containers":[{"name":"a"}]},
            "status":{"phase":"Running","podIP":"10.0.0.1","containerStatuses":[{"name":"a","ready":true,"restartCount":2,"state":{"running":{}}}]}}"#,
        r#"{"metadata":{"name":"a","namespace":"infra","uid":"b"},"spec":{"containers":[{"name":"a"}]},
            "status":{"phase":"Failed","reason":"Bad\u001b[31m\u202e\nnews"}}"#,
    ];
    store.apply(rows.map(|json| Delta::Upsert(pod(json))), None, NOW);
    store
}

fn asked(output: Output, filter: Option<&str>, sort_by: Option<&str>) -> cli::Get {
    cli::Get { resource: "pods".into(), output, filter: filter.map(str::to_owned), sort_by: sort_by.map(str::to_owned) }
}

fn printed(get: &cli::Get, usage: &Result<Metrics, String>, namespaces: bool) -> anyhow::Result<String> {
    let store = pods();
    let listing = listing(&store, get, usage, NOW)?;
    let kind = POD.as_kind();
    let printed = Printed { store: &store, listing: &listing, metrics: usage.as_ref().ok(), now: NOW, kind: &kind, namespaces };
    Ok(print(&printed, get.output))
}

fn unmeasured() -> Result<Metrics, String> {
    Err("no metrics-server".into())
}

fn measured() -> Result<Metrics, String> {
    let mut metrics = Metrics::new();
    metrics.replace(None, NOW, [("shop", "web-1", Resources { cpu: 250, memory: 128 << 20 })]);
    Ok(metrics)
}

#[test]
fn tables_are_kubectls() {
    let all = printed(&asked(Output::Table, None, None), &unmeasured(), true).expect("prints");
    assert_eq!(
        all,
        "NAMESPACE   NAME    READY   STATUS         RESTARTS   AGE\n\
         infra       a       0/1     Bad␛[31m�...   0          <unknown>\n\
         shop        web-1   1/1     Running        2          46m\n"
    );
    let one = printed(&asked(Output::Wide, Some("web"), None), &measured(), false).expect("prints");
    assert_eq!(
        one,
        "NAME    READY   STATUS    RESTARTS   CPU    MEM     AGE   IP         NODE     NOMINATED NODE   READINESS GATES\n\
         web-1   1/1     Running   2          250m   128Mi   46m   10.0.0.1   node-1   <none>           <none>\n"
    );
    let unknown = printed(&asked(Output::Table, Some("!web"), None), &measured(), false).expect("prints");
    assert!(unknown.contains("<unknown>   <unknown>   <unknown>"), "{unknown}");
    assert_eq!(printed(&asked(Output::Table, Some("nowhere"), None), &unmeasured(), true).ok().as_deref(), Some(""));
}

#[test]
fn names_are_kubectls() {
    assert_eq!(printed(&asked(Output::Name, None, Some("!name")), &unmeasured(), true).expect("prints"), "pod/web-1\npod/a\n");
}

#[test]
fn json_has_every_column_and_steers_nothing() {
    let text = printed(&asked(Output::Json, None, None), &measured(), false).expect("prints");
    assert!(text.bytes().all(|byte| byte == b'\n' || matches!(byte, b' '..=b'~')), "{text:?}");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json[0]["cells"]["STATUS"], "Bad\u{1b}[31m\u{202e}\nnews");
    assert_eq!((&json[0]["created"], &json[0]["health"]), (&serde_json::Value::Null, &"unhealthy".into()));
    let web = &json[1];
    assert_eq!(
        (&web["kind"], &web["apiVersion"], &web["namespace"], &web["name"]),
        (&"Pod".into(), &"v1".into(), &"shop".into(), &"web-1".into())
    );
    assert_eq!((&web["uid"], &web["labels"]["app"]), (&"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".into(), &"web".into()));
    assert_eq!(
        (&web["created"], &web["cells"]["NODE"], &web["cells"]["CPU"]),
        (&"1970-01-12T13:00:00Z".into(), &"node-1".into(), &"250m".into())
    );
    assert!(text.contains(r#""cells":{"NAMESPACE":"shop","NAME":"web-1","READY":"1/1","#), "{text}");
    assert_eq!(printed(&asked(Output::Json, Some("nowhere"), None), &unmeasured(), true).ok().as_deref(), Some("[]\n"));
}

#[test]
fn mistakes_say_where() {
    let error = |filter, sort| printed(&asked(Output::Table, filter, sort), &unmeasured(), true).expect_err("a mistake").to_string();
    let wrong = error(Some("web restarts>many"), None);
    assert!(wrong.starts_with("--filter: ") && wrong.ends_with("(at character 14: many)"), "{wrong}");
    let open = error(Some("(ä"), None);
    assert!(open.contains("at character 1: (") || open.contains("at its end, after 2 characters"), "{open}");
    assert!(error(None, Some("nme")).starts_with("--sort-by: there is no column \"nme\"; there are NAMESPACE, NAME, "));
    assert_eq!(error(None, Some("cpu")), "CPU and memory are not known: no metrics-server");
    assert_eq!(error(Some("mem>1Gi"), None), "CPU and memory are not known: no metrics-server");
}

#[test]
fn nothing_is_said_as_kubectl_says_it() {
    let node = kinds::nodes::NODE.as_kind();
    let pod = POD.as_kind();
    assert_eq!(nothing(&pod, &Scope::one("shop"), 0), "No resources found in shop namespace.");
    assert_eq!(nothing(&pod, &Scope::All, 0), "No resources found");
    assert_eq!(nothing(&node, &Scope::one("shop"), 0), "No resources found");
    assert_eq!(nothing(&pod, &Scope::one("shop"), 3), "No resources match the filter; it hides 3.");
}
