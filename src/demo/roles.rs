//! Who may do what: a small table in place of RBAC objects.

use crate::demo::http::User;
use crate::demo::refusal::Refusal;

/// What somebody asks to do with a resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempt<'a> {
    /// `get`, `list`, `create`, `deletecollection`, …
    pub verb: &'a str,
    /// Empty for the core group.
    pub group: &'a str,
    /// `pods`.
    pub resource: &'a str,
    /// `log`, or empty.
    pub subresource: &'a str,
    /// Empty for all namespaces, and for what lives in none.
    pub namespace: &'a str,
    /// Empty for a collection.
    pub name: &'a str,
}

/// A rule, as reviews tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// In which namespace; `None` for everywhere.
    pub namespace: Option<&'static str>,
    /// `*` for all.
    pub verbs: &'static [&'static str],
    /// `*` for all.
    pub groups: &'static [&'static str],
    /// `pods`, `pods/log`; `*` for all.
    pub resources: &'static [&'static str],
}

const ANY: &[&str] = &["*"];
const READ: &[&str] = &["get", "list", "watch"];
/// A member of it may do everything.
const MASTERS: &str = "system:masters";

/// What ClusterRole view of a new cluster gives: what lives in namespaces, but no secrets.
const VIEW: &[Rule] = &[
    Rule {
        namespace: None,
        verbs: READ,
        groups: &[""],
        resources: &[
            "bindings",
            "configmaps",
            "endpoints",
            "events",
            "limitranges",
            "namespaces",
            "namespaces/status",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "pods",
            "pods/log",
            "pods/status",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "replicationcontrollers/status",
            "resourcequotas",
            "resourcequotas/status",
            "serviceaccounts",
            "services",
            "services/status",
        ],
    },
    Rule { namespace: None, verbs: READ, groups: &["discovery.k8s.io"], resources: &["endpointslices"] },
    Rule {
        namespace: None,
        verbs: READ,
        groups: &["apps"],
        resources: &[
            "controllerrevisions",
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
            "statefulsets",
            "statefulsets/scale",
            "statefulsets/status",
        ],
    },
    Rule {
        namespace: None,
        verbs: READ,
        groups: &["autoscaling"],
        resources: &["horizontalpodautoscalers", "horizontalpodautoscalers/status"],
    },
    Rule { namespace: None, verbs: READ, groups: &["batch"], resources: &["cronjobs", "cronjobs/status", "jobs", "jobs/status"] },
    Rule { namespace: None, verbs: READ, groups: &["policy"], resources: &["poddisruptionbudgets", "poddisruptionbudgets/status"] },
    Rule { namespace: None, verbs: READ, groups: &["networking.k8s.io"], resources: &["ingresses", "ingresses/status", "networkpolicies"] },
    Rule { namespace: None, verbs: READ, groups: &["metrics.k8s.io"], resources: &["pods"] },
];

const SHOP: &[Rule] = &[Rule { namespace: Some("shop"), verbs: ANY, groups: ANY, resources: ANY }];
const TEAM: &[Rule] = &[Rule { namespace: Some("team-1"), verbs: ANY, groups: ANY, resources: ANY }];
/// Whoever has it reads everything, but may watch nothing.
const POLL: &[Rule] = &[Rule { namespace: None, verbs: &["get", "list"], groups: ANY, resources: ANY }];
const EVERYTHING: &[Rule] = &[Rule { namespace: None, verbs: ANY, groups: ANY, resources: ANY }];

/// What everybody may ask of the server about themselves: ClusterRole system:basic-user.
const BASIC: &[Rule] = &[
    Rule {
        namespace: None,
        verbs: &["create"],
        groups: &["authorization.k8s.io"],
        resources: &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    Rule { namespace: None, verbs: &["create"], groups: &["authentication.k8s.io"], resources: &["selfsubjectreviews"] },
];

/// The rules of a user, beside those that everybody has.
fn own(user: &User) -> &'static [Rule] {
    if user.groups.iter().any(|group| group == MASTERS) {
        return EVERYTHING;
    }
    match user.name.as_str() {
        "viewer" => VIEW,
        "poller" => POLL,
        "team-shop" => SHOP,
        "team-1" => TEAM,
        _ => &[],
    }
}

/// The rules that hold for a user in a namespace; those for all namespaces, when it is empty.
pub fn rules<'a>(user: &User, namespace: &'a str) -> impl Iterator<Item = &'static Rule> + use<'a> {
    BASIC.iter().chain(own(user)).filter(move |rule| rule.namespace.is_none_or(|only| only == namespace))
}

/// Whether a user may do it.
pub fn allowed(user: &User, attempt: &Attempt) -> bool {
    let resource = named(attempt);
    let has = |all: &[&str], one: &str| all.contains(&"*") || all.contains(&one);
    // A namespace's own object is asked for in the namespace.
    let namespace = if attempt.group.is_empty() && attempt.resource == "namespaces" { attempt.name } else { attempt.namespace };
    rules(user, namespace).any(|rule| has(rule.verbs, attempt.verb) && has(rule.groups, attempt.group) && has(rule.resources, &resource))
}

fn named(attempt: &Attempt) -> String {
    if attempt.subresource.is_empty() { attempt.resource.to_owned() } else { format!("{}/{}", attempt.resource, attempt.subresource) }
}

/// Refuses what a user may not do, in the words of the API server: `pods is forbidden: User "nobody" cannot list resource
/// "pods" in API group "" in the namespace "shop"`.
///
/// # Errors
/// 403.
pub fn check(user: &User, attempt: &Attempt) -> Result<(), Refusal> {
    if allowed(user, attempt) {
        return Ok(());
    }
    let scope = match attempt.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {namespace:?}"),
    };
    let (verb, group, resource) = (attempt.verb, attempt.group, named(attempt));
    let why = format!("User {:?} cannot {verb} resource {resource:?} in API group {group:?} {scope}", user.name);
    let qualified = if group.is_empty() { attempt.resource.to_owned() } else { format!("{}.{group}", attempt.resource) };
    Err(Refusal::forbidden(&qualified, attempt.name, &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, groups: &[&str]) -> User {
        User { name: name.into(), groups: groups.iter().map(|&group| group.to_owned()).collect() }
    }

    fn may(name: &str, verb: &str, resource: &str, namespace: &str) -> bool {
        let groups: &[&str] = if name == "demo" { &[MASTERS] } else { &[] };
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        allowed(&user(name, groups), &Attempt { verb, resource, subresource, namespace, ..Attempt::default() })
    }

    #[test]
    fn everybody_may_what_their_role_says() {
        for (name, verb, resource, namespace, expected) in [
            ("demo", "delete", "nodes", "", true),
            ("viewer", "list", "pods", "", true),
            ("viewer", "get", "pods/log", "shop", true),
            ("viewer", "list", "secrets", "shop", false),
            ("viewer", "delete", "pods", "shop", false),
            ("viewer", "list", "nodes", "", false),
            ("team-shop", "delete", "pods", "shop", true),
            ("team-shop", "create", "pods/exec", "shop", true),
            ("team-shop", "list", "pods", "", false),
            ("team-shop", "list", "pods", "default", false),
            ("nobody", "list", "pods", "shop", false),
        ] {
            assert_eq!(may(name, verb, resource, namespace), expected, "{name} {verb} {resource} {namespace}");
        }
        let review = Attempt { verb: "create", group: "authorization.k8s.io", resource: "selfsubjectaccessreviews", ..Attempt::default() };
        assert!(allowed(&user("nobody", &[]), &review));
    }

    #[test]
    fn refusals_are_worded_as_rbacs() {
        let attempt = Attempt { verb: "list", resource: "pods", namespace: "shop", ..Attempt::default() };
        let refusal = check(&user("nobody", &[]), &attempt).expect_err("is refused");
        assert_eq!(
            refusal.message,
            r#"pods is forbidden: User "nobody" cannot list resource "pods" in API group "" in the namespace "shop""#
        );
        let attempt =
            Attempt { verb: "get", group: "apps", resource: "deployments", subresource: "scale", name: "web", ..Attempt::default() };
        assert_eq!(
            check(&user("nobody", &[]), &attempt).expect_err("is refused").message,
            r#"deployments.apps "web" is forbidden: User "nobody" cannot get resource "deployments/scale" in API group "apps" at the cluster scope"#
        );
    }
}
