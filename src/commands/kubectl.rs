//! What one looks at as a kubectl command: the same context, the same object.

use crate::kinds;
use crate::model::kind::Kind;
use crate::model::log::{Since, Wanted};
use crate::model::reference::Reference;
use crate::model::relation::Relation;
use crate::model::row::Row;
use crate::model::scope::Scope;
use crate::model::shell::quoted;
use crate::view::revisions::Which;
use crate::view::state::{State, View};
use crate::view::tables::TableKey;
use crate::view::text_view::About;

/// The command that shows with kubectl what the view on the screen is about, a line for each namespace of marked rows:
/// `kubectl --context prod -n shop get pod web -o yaml`. `None` where kubectl has nothing like it.
pub fn kubectl_of(state: &State) -> Option<String> {
    let context = &state.context.name;
    match state.view()? {
        View::Text(text) => {
            if let About::Schema(Some(schema)) = &text.about {
                let version = format!(" --api-version={}", schema.kind.api_version());
                return Some(format!("{} explain {}{version}", start(context, ""), quoted(&schema.title())));
            }
            let subject = text.subject.as_ref()?;
            if let About::Yaml(looks) = &text.about {
                let fields = if looks.shown { " --show-managed-fields" } else { "" };
                return Some(get(context, &subject.kind, &subject.namespace, &[&subject.name]) + fields);
            }
            let object = format!("{} {}", named(&subject.kind), quoted(&subject.name));
            let verb = match text.about {
                // It remembers nothing of what it has seen.
                About::History { .. } => return None,
                About::Revisions(Which::Two(from, _)) => {
                    return Some(format!("{} rollout history {object} --revision={from}", start(context, &subject.namespace)));
                }
                About::Revisions(Which::All) => "rollout history",
                _ => "describe",
            };
            Some(format!("{} {verb} {object}", start(context, &subject.namespace)))
        }
        View::Log(log) => logs(context, &log.wanted),
        View::Edit(editor) => {
            let subject = editor.subject.as_ref()?;
            Some(format!("{} edit {} {}", start(context, &subject.namespace), named(&subject.kind), quoted(&subject.name)))
        }
        View::Table(view) => {
            let rows = view.meant(&state.tables);
            if rows.is_empty() {
                return list(state, &view.place.key);
            }
            if view.place.key == TableKey::Forwards {
                return super::forward::kubectl(state, &rows);
            }
            if let Some(pod) = view.place.key.pod(&state.catalog) {
                return Some(get(context, &pod.kind, &pod.namespace, &[&pod.name]));
            }
            let mut lines: Vec<String> = Vec::new();
            let mut rest: &[&Row] = &rows;
            while let Some(first) = rest.first() {
                if first.kind.version.is_empty() {
                    lines.extend(rest.iter().filter_map(|row| labelled(state, row)));
                    break;
                }
                let same = rest.iter().take_while(|row| row.kind == first.kind && row.namespace == first.namespace).count();
                let (together, others) = rest.split_at(same);
                let names: Vec<&str> = together.iter().map(|row| &*row.name).collect();
                lines.push(get(context, &first.kind, &first.namespace, &names));
                rest = others;
            }
            (!lines.is_empty()).then(|| lines.join("\n"))
        }
    }
}

/// The rows of the Labels pane are no objects: the pods that have the label.
fn labelled(state: &State, row: &Row) -> Option<String> {
    let (key, value) = row.labels.first()?;
    let pods = state.kind_of(&kinds::pods::POD);
    let list = list(state, &TableKey::Kind(pods, state.scope.clone()))?;
    Some(format!("{list} -l {}", quoted(&format!("{key}={value}"))))
}

/// `kubectl --context X get pods -A`, for a table without a row.
fn list(state: &State, key: &TableKey) -> Option<String> {
    let kind = key.kind()?;
    let context = &state.context.name;
    let scope = key.scope();
    Some(match scope {
        _ if !kind.namespaced => format!("{} get {}", start(context, ""), kind.full_name()),
        Scope::Some(_) if scope.single().is_some() => {
            format!("{} get {}", start(context, scope.single().map_or("", |name| name)), kind.full_name())
        }
        // kubectl takes one namespace or all of them.
        _ => format!("{} get {} -A", start(context, ""), kind.full_name()),
    })
}

/// `kubectl logs` takes one object.
fn logs(context: &str, wanted: &Wanted) -> Option<String> {
    let [pick] = wanted.target.picks.as_slice() else { return None };
    let namespace = match pick {
        Relation::Named(namespace, _) | Relation::Selected(namespace, _) | Relation::Owned { namespace, .. } => namespace,
        _ => return None,
    };
    let mut line = format!("{} logs {}", start(context, namespace), quoted(&wanted.target.title));
    match wanted.containers.as_slice() {
        [one] => line.push_str(&format!(" -c {}", quoted(one))),
        _ => line.push_str(" --all-containers --prefix"),
    }
    if !matches!(pick, Relation::Named(..)) {
        line.push_str(" --all-pods");
    }
    match wanted.since {
        Since::Tail(lines) => line.push_str(&format!(" --tail={lines}")),
        Since::Seconds(seconds) => line.push_str(&format!(" --since={seconds}s")),
        Since::Start => {}
    }
    line.push_str(if wanted.previous { " --previous" } else { " --follow" });
    Some(line)
}

fn get(context: &str, kind: &Kind, namespace: &str, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("{} get {} {} -o yaml", start(context, namespace), named(kind), names.join(" "))
}

/// `kubectl --context X -n ns`: the context is always said, since kubectl's own may be another one by the time it is pasted.
fn start(context: &str, namespace: &str) -> String {
    let mut line = "kubectl".to_owned();
    for (flag, value) in [("--context", context), ("-n", namespace)] {
        if !value.is_empty() {
            line = format!("{line} {flag} {}", quoted(value));
        }
    }
    line
}

/// A kind that comes with Kubernetes by its own name, any other one with its group: another group may have the name too.
fn named(kind: &Kind) -> String {
    if kinds::block(kind).is_some() { kind.singular.to_string() } else { kind.full_name() }
}

/// `namespace/name` as a person says it; the name alone in cluster scope.
pub fn full_name(object: &Reference) -> String {
    if object.namespace.is_empty() { object.name.to_string() } else { format!("{}/{}", object.namespace, object.name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::palette::tests::state;
    use crate::view::text_view::TextView;

    fn reference(block: &'static kinds::Block, namespace: &str, name: &str) -> Reference {
        let kind = state().kind_of(block);
        Reference { kind, namespace: namespace.into(), name: name.into(), uid: crate::model::row::Uid::new("u") }
    }

    #[test]
    fn a_view_has_its_command() {
        let mut state = state();
        assert_eq!(kubectl_of(&state).as_deref(), Some("kubectl get pods -A"));
        state.context.name = "prod eu".into();
        state.set_scope(Scope::one("shop"));
        assert_eq!(kubectl_of(&state).as_deref(), Some("kubectl --context 'prod eu' -n shop get pods"));
        let subject = reference(&kinds::apps::DEPLOYMENT, "shop", "web");
        state.push(View::Text(Box::new(TextView::new("deployment/web", Some(subject.clone())))));
        assert_eq!(kubectl_of(&state).as_deref(), Some("kubectl --context 'prod eu' -n shop describe deployment web"));
        let mut about = |about| {
            let mut text = TextView::new("t", Some(subject.clone()));
            text.about = about;
            state.push(View::Text(Box::new(text)));
            kubectl_of(&state)
        };
        let history = "kubectl --context 'prod eu' -n shop rollout history deployment web";
        assert_eq!(about(About::Revisions(Which::All)).as_deref(), Some(history));
        assert_eq!(about(About::Revisions(Which::Two(3, None))), Some(format!("{history} --revision=3")));
        assert_eq!(about(About::History { since: 0, stamp: None }), None);
        assert_eq!(get("dev", &subject.kind, "shop", &["web", "api"]), "kubectl --context dev -n shop get deployment web api -o yaml");
        let node = reference(&kinds::nodes::NODE, "", "n1");
        assert_eq!(get("", &node.kind, "", &["n1"]), "kubectl get node n1 -o yaml");
        assert_eq!((full_name(&subject), full_name(&node)), ("shop/web".into(), "n1".into()));
    }

    #[test]
    fn a_kind_that_is_not_of_kubernetes_is_named_with_its_group() {
        let widget = Kind { group: "example.com".into(), plural: "widgets".into(), singular: "widget".into(), ..Kind::default() };
        assert_eq!(named(&widget), "widgets.example.com");
    }
}
