//! A rule and what it allows: the matching of RBAC (`rbac.RuleAllows`, `pkg/apis/rbac/v1/evaluation_helpers.go`), with the
//! attributes that a request has by its path (`RequestInfoFactory.NewRequestInfo`).

use std::sync::Arc;

use serde::Deserialize;

use crate::model::kind::Kind;

/// Everything: verbs, groups, resources.
const ALL: &str = "*";

/// Something that one would do, as the server's authorizers look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// `get`, `patch`, `create`, …
    pub verb: Arc<str>,
    /// The API group, empty for the core one.
    pub group: Arc<str>,
    /// `deployments`: the name in paths.
    pub resource: Arc<str>,
    /// `scale`, `eviction`; empty for the object itself.
    pub subresource: Arc<str>,
    /// Empty for all namespaces, and for what lives in none.
    pub namespace: Arc<str>,
    /// Empty for all names.
    pub name: Arc<str>,
}

impl Attempt {
    /// As the request has it that would do this: a namespace is asked for inside itself, and what is made has no name in
    /// its path.
    pub fn new(verb: &str, kind: &Kind, subresource: &str, namespace: &str, name: &str) -> Attempt {
        let nameless = subresource.is_empty() && matches!(verb, "create" | "deletecollection");
        let name = if nameless { "" } else { name };
        let own = kind.group.is_empty() && &*kind.plural == "namespaces";
        let namespace = match (kind.namespaced, own) {
            (true, _) => namespace,
            (false, true) => name,
            (false, false) => "",
        };
        Attempt {
            verb: verb.into(),
            group: kind.group.clone(),
            resource: kind.plural.clone(),
            subresource: subresource.into(),
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The same with whatever name.
    pub fn of_all_names(&self) -> Attempt {
        Attempt { name: "".into(), ..self.clone() }
    }

    /// `patch deployments/scale in shop`; the group is left out, as in the names that people use.
    pub fn words(&self) -> String {
        if self.group.is_empty() && &*self.resource == "namespaces" && self.subresource.is_empty() && !self.name.is_empty() {
            return format!("{} namespace {}", self.verb, self.name);
        }
        let mut words = format!("{} {}", self.verb, self.resource);
        if !self.subresource.is_empty() {
            words.push('/');
            words.push_str(&self.subresource);
        }
        if !self.namespace.is_empty() {
            words.push_str(" in ");
            words.push_str(&self.namespace);
        }
        words
    }
}

/// `authorization.v1.ResourceRule`: all of its verbs on all of its resources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// `*` is all of them.
    pub verbs: Vec<String>,
    /// `*` is all of them, an empty one the core group.
    pub api_groups: Vec<String>,
    /// `pods`, `pods/log`, `*/scale`; `*` is all of them, subresources too.
    pub resources: Vec<String>,
    /// Only these names; none is all of them.
    pub resource_names: Vec<String>,
}

impl Rule {
    /// The rule allows it.
    pub fn allows(&self, attempt: &Attempt) -> bool {
        let has = |all: &[String], one: &str| all.iter().any(|item| item == ALL || item == one);
        has(&self.verbs, &attempt.verb)
            && has(&self.api_groups, &attempt.group)
            && self.resources.iter().any(|resource| meets(resource, attempt))
            && (self.resource_names.is_empty() || self.resource_names.iter().any(|name| **name == *attempt.name))
    }
}

/// `ResourceMatches`.
fn meets(resource: &str, attempt: &Attempt) -> bool {
    if resource == ALL {
        return true;
    }
    match resource.split_once('/') {
        Some((of, subresource)) => {
            subresource == &*attempt.subresource && !subresource.is_empty() && (of == ALL || of == &*attempt.resource)
        }
        None => attempt.subresource.is_empty() && resource == &*attempt.resource,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &str) -> Vec<String> {
        items.split_whitespace().map(|item| if item == "core" { String::new() } else { item.to_owned() }).collect()
    }

    fn rule(verbs: &str, groups: &str, resources: &str) -> Rule {
        Rule { verbs: list(verbs), api_groups: list(groups), resources: list(resources), resource_names: Vec::new() }
    }

    fn attempt(verb: &str, group: &str, resource: &str) -> Attempt {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Attempt { verb: verb.into(), group: group.into(), resource: resource.into(), subresource: subresource.into(), ..Attempt::default() }
    }

    /// The resource requests of `TestRuleMatches` (plugin/pkg/auth/authorizer/rbac/rbac_test.go): verbs 1 and 2, and for
    /// each of them the pairs of group and resource in its order.
    #[test]
    fn rules_match_as_upstreams_table_says() {
        const PAIRS: [(&str, &str); 4] = [("group1", "1"), ("group2", "1"), ("group1", "2"), ("group2", "2")];
        for (name, rule, expected) in [
            ("star verb", rule("*", "group1", "resource1"), "TFFF TFFF"),
            ("star group", rule("verb1", "*", "resource1"), "TTFF FFFF"),
            ("star resource", rule("verb1", "group1", "*"), "TFTF FFFF"),
            ("tuple expansion", rule("verb1 verb2", "group1 group2", "resource1 resource2"), "TTTT TTTT"),
        ] {
            let of = |verb: &str| {
                PAIRS
                    .map(|(group, resource)| rule.allows(&attempt(verb, group, &format!("resource{resource}"))))
                    .map(|yes| if yes { 'T' } else { 'F' })
            };
            let found = format!("{} {}", String::from_iter(of("verb1")), String::from_iter(of("verb2")));
            assert_eq!(found, expected, "{name}");
        }
        let subresource = rule("*", "*", "resource1/subresource1");
        for verb in ["verb1", "verb2"] {
            for (group, resource, expected) in [
                ("group1", "resource1/subresource1", true),
                ("group2", "resource1/subresource2", false),
                ("group1", "resource2/subresource1", false),
                ("group2", "resource2/subresource1", false),
                ("group1", "resource1", false),
            ] {
                assert_eq!(subresource.allows(&attempt(verb, group, resource)), expected, "{verb} {group} {resource}");
            }
        }
    }

    /// The "test subresource resolution" cases of `TestAuthorizer`, and what kubectl's users meet.
    #[test]
    fn subresources_are_resources_of_their_own() {
        for (resources, resource, expected) in [
            ("pods", "pods", true),
            ("pods", "pods/status", false),
            ("pods/status */scale", "pods/status", true),
            ("pods/status */scale", "pods/scale", true),
            ("pods/status */scale", "deployments/scale", true),
            ("pods/status */scale", "anything/scale", true),
            ("pods/status */scale", "pods", false),
            ("*/scale", "pods/autoscale", false),
            ("*/", "pods", false),
            ("*", "pods/exec", true),
            ("pods/*", "pods/exec", false),
            ("pods/exec", "pods/exec", true),
            ("Pods", "pods", false),
        ] {
            assert_eq!(rule("*", "*", resources).allows(&attempt("get", "", resource)), expected, "{resources} for {resource}");
        }
        assert!(rule("get", "core", "pods").allows(&attempt("get", "", "pods")), "an empty group is the core one");
        assert!(!rule("get", "apps", "pods").allows(&attempt("get", "", "pods")));
        assert!(!rule("GET", "*", "*").allows(&attempt("get", "", "pods")), "verbs are lower case");
        assert!(!Rule::default().allows(&attempt("get", "", "pods")));
    }

    #[test]
    fn a_rule_that_names_names_allows_no_others_and_not_all_of_them() {
        let named = Rule { resource_names: list("web db"), ..rule("*", "*", "*") };
        let of = |name: &str| named.allows(&Attempt { name: name.into(), ..attempt("delete", "", "pods") });
        assert_eq!(["web", "db", "we", "webs", ""].map(of), [true, true, false, false, false]);
    }

    #[test]
    fn attempts_are_what_requests_are() {
        let kind =
            |group: &str, plural: &str, namespaced| Kind { group: group.into(), plural: plural.into(), namespaced, ..Kind::default() };
        let of = |attempt: &Attempt| (attempt.namespace.to_string(), attempt.name.to_string());
        let pods = kind("", "pods", true);
        assert_eq!(of(&Attempt::new("delete", &pods, "", "shop", "web")), ("shop".into(), "web".into()));
        assert_eq!(of(&Attempt::new("create", &pods, "", "shop", "web")), ("shop".into(), "".into()), "the name is in the body");
        assert_eq!(of(&Attempt::new("create", &pods, "eviction", "shop", "web")), ("shop".into(), "web".into()));
        assert_eq!(of(&Attempt::new("patch", &kind("", "nodes", false), "", "shop", "n1")), ("".into(), "n1".into()));
        let namespaces = kind("", "namespaces", false);
        assert_eq!(of(&Attempt::new("delete", &namespaces, "", "", "shop")), ("shop".into(), "shop".into()), "in itself");
        assert_eq!(of(&Attempt::new("create", &namespaces, "", "", "shop")), ("".into(), "".into()));
        let others = kind("example.com", "namespaces", false);
        assert_eq!(of(&Attempt::new("get", &others, "", "", "x")), ("".into(), "x".into()));
        assert_eq!(
            Attempt::new("patch", &kind("apps", "deployments", true), "scale", "shop", "web").words(),
            "patch deployments/scale in shop"
        );
        assert_eq!(Attempt::new("delete", &kind("", "nodes", false), "", "", "n1").words(), "delete nodes");
        assert_eq!(Attempt::new("delete", &namespaces, "", "", "shop").words(), "delete namespace shop");
        assert_eq!(Attempt::new("create", &namespaces, "", "", "shop").words(), "create namespaces");
    }
}
