//! Roles and bindings, of a namespace and of the cluster.

use serde_json::Value;

use super::Context;
use super::json::Json;
use super::metadata::{labels_and_annotations, name};
use super::writer::{Writer, line};

/// A rule taken apart: one resource or one URL, and every verb for it.
#[derive(Debug, PartialEq, Eq)]
struct Rule<'a> {
    /// API group and resource; none for a URL.
    resource: Option<(&'a str, &'a str)>,
    /// The one object that it is for, if it names any.
    name: Option<&'a str>,
    url: Option<&'a str>,
    verbs: Vec<&'a str>,
}

fn bracketed(text: Option<&str>) -> String {
    format!("[{}]", text.unwrap_or_default())
}

impl Rule<'_> {
    /// The text that Go sorts rules by: the protobuf text form of `PolicyRule`.
    fn sort_key(&self) -> String {
        let (group, resource) = self.resource.unzip();
        format!(
            "&PolicyRule{{Verbs:[{}],APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
            self.verbs.join(" "),
            bracketed(group),
            bracketed(resource),
            bracketed(self.name),
            bracketed(self.url)
        )
    }

    /// kubectl's `CombineResourceGroup`: `deployments.apps/scale`.
    fn resource(&self) -> String {
        let Some((group, resource)) = self.resource else { return String::new() };
        let (name, sub) = resource.split_once('/').map_or((resource, None), |(name, sub)| (name, Some(sub)));
        let dot = if group.is_empty() { "" } else { "." };
        let slash = if sub.is_some() { "/" } else { "" };
        format!("{name}{dot}{group}{slash}{}", sub.unwrap_or_default())
    }
}

/// kubectl's `BreakdownRule`, `CompactRules` and the sorting after them.
fn compact(rules: &[Value]) -> Vec<Rule<'_>> {
    let mut out: Vec<Rule<'_>> = Vec::new();
    for rule in rules {
        let (verbs, names) = (rule.texts("verbs"), rule.texts("resourceNames"));
        let names: Vec<Option<&str>> = if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
        for group in rule.texts("apiGroups") {
            for resource in rule.texts("resources") {
                for name in names.iter().copied() {
                    let resource = Some((group, resource));
                    let at = out.iter().position(|known| known.resource == resource && known.name == name).unwrap_or(out.len());
                    if at == out.len() && !verbs.is_empty() {
                        out.push(Rule { resource, name, url: None, verbs: Vec::new() });
                    }
                    for verb in &verbs {
                        if !out[at].verbs.contains(verb) {
                            out[at].verbs.push(verb);
                        }
                    }
                }
            }
        }
        // Rules for URLs are taken apart by verb, and stay so.
        for url in rule.texts("nonResourceURLs") {
            out.extend(verbs.iter().map(|&verb| Rule { resource: None, name: None, url: Some(url), verbs: vec![verb] }));
        }
    }
    out.sort_by_cached_key(Rule::sort_key);
    out
}

pub(super) fn role(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "PolicyRule:");
    line!(w, 1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    line!(w, 1, "---------\t-----------------\t--------------\t-----");
    for rule in compact(cx.object.list("rules")) {
        line!(w, 1, "{}\t{}\t{}\t[{}]", rule.resource(), bracketed(rule.url), bracketed(rule.name), rule.verbs.join(" "));
    }
}

pub(super) fn binding(w: &mut Writer, cx: &Context<'_>) {
    name(w, cx.object);
    labels_and_annotations(w, cx.object);
    line!(w, 0, "Role:");
    line!(w, 1, "Kind:\t{}", cx.object.text("roleRef.kind"));
    line!(w, 1, "Name:\t{}", cx.object.text("roleRef.name"));
    line!(w, 0, "Subjects:");
    line!(w, 1, "Kind\tName\tNamespace");
    line!(w, 1, "----\t----\t---------");
    for subject in cx.object.list("subjects") {
        line!(w, 1, "{}\t{}\t{}", subject.text("kind"), subject.text("name"), subject.text("namespace"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_are_taken_apart_put_together_and_sorted() {
        let rules = [
            json!({"apiGroups": ["", "apps"], "resources": ["pods/log", "pods"], "verbs": ["get", "list"]}),
            json!({"apiGroups": ["apps"], "resources": ["pods"], "verbs": ["list", "watch"]}),
            json!({"apiGroups": ["apps"], "resources": ["pods/scale"], "resourceNames": ["a", "b"], "verbs": ["*"]}),
            json!({"nonResourceURLs": ["/healthz"], "verbs": ["get", "head"]}),
        ];
        let compacted = compact(&rules);
        let shown: Vec<_> = compacted
            .iter()
            .map(|r| format!("{} {} {} {}", r.resource(), bracketed(r.url), bracketed(r.name), r.verbs.join(",")))
            .collect();
        assert_eq!(
            shown,
            [
                "pods.apps/scale [] [a] *",
                "pods.apps/scale [] [b] *",
                "pods.apps [] [] get,list,watch",
                "pods/log [] [] get,list",
                "pods [] [] get,list",
                "pods.apps/log [] [] get,list",
                " [/healthz] [] get",
                " [/healthz] [] head",
            ]
        );
    }
}
