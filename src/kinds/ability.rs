//! What can be done to objects of which kind, and which right it takes.

use crate::model::kind::Kind;

/// Any object that has a name in the API.
const ANY: &[&str] = &[];
const PODS: &[&str] = &["pods"];
const NODES: &[&str] = &["nodes"];
const ROLLED: &[&str] = &["deployments.apps", "statefulsets.apps", "daemonsets.apps"];
/// What is rolled out, and what belongs to it: the workload above is meant.
const RESTARTED: &[&str] = &["deployments.apps", "statefulsets.apps", "daemonsets.apps", "pods", "replicasets.apps"];
const SCALED: &[&str] = &["deployments.apps", "replicasets.apps", "statefulsets.apps", "replicationcontrollers"];
/// An autoscaler, or what one scales.
const BOUNDED: &[&str] =
    &["horizontalpodautoscalers.autoscaling", "deployments.apps", "replicasets.apps", "statefulsets.apps", "replicationcontrollers"];
/// As `kubectl set image` has it.
const TEMPLATED: &[&str] = &[
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicasets.apps",
    "replicationcontrollers",
    "cronjobs.batch",
    "jobs.batch",
    "pods",
];
/// What has a selector or labels that a Service can select by.
const EXPOSED: &[&str] =
    &["deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps", "replicationcontrollers", "pods", "services"];

/// What has pods to go into, or to lead a port to: as kubectl has it, and a Job.
const REACHED: &[&str] = &[
    "pods",
    "services",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicasets.apps",
    "replicationcontrollers",
    "jobs.batch",
];

/// What a verb takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ability {
    /// The command's name.
    pub verb: &'static str,
    /// Full names of the kinds it is for; empty is any.
    kinds: &'static [&'static str],
    /// The verb of the API: `patch`.
    pub right: &'static str,
    /// The group and plural it is asked of, where that is not the object's own.
    pub of: Option<(&'static str, &'static str)>,
    /// `scale`, `eviction`; empty for the object itself.
    pub subresource: &'static str,
}

const fn row(verb: &'static str, kinds: &'static [&'static str], right: &'static str) -> Ability {
    Ability { verb, kinds, right, of: None, subresource: "" }
}

const fn making(verb: &'static str, kinds: &'static [&'static str], of: (&'static str, &'static str)) -> Ability {
    Ability { of: Some(of), ..row(verb, kinds, "create") }
}

const fn entering(verb: &'static str, subresource: &'static str, right: &'static str) -> Ability {
    Ability { of: Some(("", "pods")), subresource, ..row(verb, REACHED, right) }
}

static ABILITIES: &[Ability] = &[
    Ability { subresource: "scale", ..row("scale", SCALED, "patch") },
    Ability { of: Some(("autoscaling", "horizontalpodautoscalers")), ..row("bounds", BOUNDED, "patch") },
    row("restart", RESTARTED, "patch"),
    row("image", TEMPLATED, "patch"),
    row("pause", &["deployments.apps"], "patch"),
    row("resume", &["deployments.apps"], "patch"),
    row("rollout-undo", ROLLED, "patch"),
    row("label", ANY, "patch"),
    row("annotate", ANY, "patch"),
    row("edit", ANY, "patch"),
    row("create", ANY, "create"),
    row("delete", ANY, "delete"),
    row("unfinalize", ANY, "patch"),
    Ability { subresource: "eviction", ..row("evict", PODS, "create") },
    row("cordon", NODES, "patch"),
    row("uncordon", NODES, "patch"),
    // Evictions are asked for pod by pod: who may not evict in one namespace may in another.
    row("drain", NODES, "patch"),
    row("taint", NODES, "patch"),
    making("trigger", &["cronjobs.batch"], ("batch", "jobs")),
    row("suspend", &["cronjobs.batch"], "patch"),
    making("retry-job", &["jobs.batch"], ("batch", "jobs")),
    making("expose", EXPOSED, ("", "services")),
    // Over a websocket it is a GET, and older servers asked for no more than that right: `create` is what newer ones ask for too
    // (KEP-4006, AuthorizePodWebsocketUpgradeCreatePermission), and what roles have that are meant for it.
    entering("exec", "exec", "create"),
    entering("attach", "attach", "create"),
    row("reveal", &["secrets"], "get"),
    Ability { subresource: "exec", ..row("copy", PODS, "create") },
    entering("debug", "ephemeralcontainers", "patch"),
    Ability { subresource: "portforward", ..making("port-forward", REACHED, ("", "pods")) },
];

/// What a verb takes; `None` where there is no such verb.
pub fn of(verb: &str) -> Option<&'static Ability> {
    ABILITIES.iter().find(|ability| ability.verb == verb)
}

/// Whether a verb is for objects of a kind, and for which ones it is instead.
pub fn able(verb: &str, kind: &Kind) -> Result<(), String> {
    if kind.version.is_empty() {
        return Err(format!("a {} is no object of its own", kind.singular));
    }
    let Some(ability) = of(verb) else { return Ok(()) };
    let full = kind.full_name();
    if ability.kinds.is_empty() || ability.kinds.contains(&full.as_str()) || (matches!(verb, "scale" | "bounds") && kind.scalable) {
        return Ok(());
    }
    let names: Vec<&str> = ability.kinds.iter().map(|name| name.split('.').next().unwrap_or(name)).collect();
    let others = if verb == "scale" { " and custom resources that have a scale" } else { "" };
    Err(format!("{verb} is for {}{others}, not for {}", names.join(", "), kind.plural))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_for_their_kinds() {
        let deployment = crate::kinds::apps::DEPLOYMENT.as_kind();
        let node = crate::kinds::nodes::NODE.as_kind();
        assert_eq!(able("restart", &deployment), Ok(()));
        assert_eq!(
            able("restart", &node).unwrap_err(),
            "restart is for deployments, statefulsets, daemonsets, pods, replicasets, not for nodes"
        );
        assert_eq!(able("label", &node), Ok(()));
        let custom = Kind { group: "a.io".into(), version: "v1".into(), plural: "things".into(), scalable: true, ..Kind::default() };
        assert_eq!(able("scale", &custom), Ok(()));
        assert!(able("scale", &Kind { scalable: false, ..custom }).is_err());
        assert!(able("delete", &Kind { singular: "label".into(), ..Kind::default() }).is_err());
        assert_eq!(of("evict").map(|ability| (ability.right, ability.subresource)), Some(("create", "eviction")));
    }
}
