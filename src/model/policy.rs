//! What a context allows: read-only mode and guard rails. The gate (`cluster::write`) holds every write against it; the
//! config file and the command line make it.

use std::sync::Arc;

use super::kind::Kind;

/// What has to be done before a write is sent; a later one is stricter than an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demand {
    /// Nothing: the key was the answer.
    #[default]
    Free,
    /// A question, whose default answer is No.
    Confirm,
    /// The object's name typed; of several, how many they are.
    Name,
    /// The context's name typed.
    Context,
    /// It is not done.
    Deny,
}

/// Every verb that a guard rail can be about: those of [`Act::verb`](super::act::Act::verb), and of what is no act.
pub const VERBS: [&str; 30] = [
    "annotate",
    "apply",
    "attach",
    "bounds",
    "copy",
    "cordon",
    "create",
    "debug",
    "delete",
    "drain",
    "edit",
    "evict",
    "exec",
    "expose",
    "image",
    "label",
    "pause",
    "port-forward",
    "restart",
    "resume",
    "retry-job",
    "reveal",
    "rollout-undo",
    "scale",
    "suspend",
    "taint",
    "trigger",
    "uncordon",
    "undo",
    "unfinalize",
];

/// The verb by which another one is done: files are copied by a program in the container, and whoever is in a debug container
/// is in the pod.
fn by(verb: &str) -> Option<&'static str> {
    matches!(verb, "copy" | "debug").then_some("exec")
}

/// One guard rail: for these verbs on these kinds in these namespaces, this is demanded. An empty list is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rail {
    /// Names of commands: `delete`, `scale`, `exec`.
    pub verbs: Vec<Arc<str>>,
    /// Kinds as `statefulsets.apps`, plural and group, or plural alone for any group.
    pub kinds: Vec<Arc<str>>,
    /// Namespaces, by name or by a pattern with `*`; an object of cluster scope is in none.
    pub namespaces: Vec<Arc<str>>,
    /// What is demanded.
    pub demand: Demand,
    /// Where it was said, for the person whom it stops: `config.toml:12`, `by default`.
    pub source: Arc<str>,
}

impl Demand {
    /// All of them, from the mildest to the strictest.
    pub const ALL: [Demand; 5] = [Demand::Free, Demand::Confirm, Demand::Name, Demand::Context, Demand::Deny];

    /// As it is written in a file.
    pub fn name(self) -> &'static str {
        match self {
            Demand::Free => "free",
            Demand::Confirm => "confirm",
            Demand::Name => "name",
            Demand::Context => "context",
            Demand::Deny => "deny",
        }
    }
}

impl Rail {
    fn meets(&self, verb: &str, kind: &Kind, namespace: &str) -> bool {
        let kinds = |name: &Arc<str>| **name == *kind.plural || **name == *kind.full_name();
        (self.verbs.is_empty() || self.verbs.iter().any(|v| &**v == verb))
            && (self.kinds.is_empty() || self.kinds.iter().any(kinds))
            && (self.namespaces.is_empty()
                || !namespace.is_empty() && self.namespaces.iter().any(|pattern| super::scope::matches(pattern, namespace)))
    }
}

/// What a context allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What says that nothing is written at all (`--read-only`, `config.toml:3`); `None` where writes are allowed.
    pub read_only: Option<Arc<str>>,
    /// A mistake is dear here: the header is red.
    pub danger: bool,
    /// At most so many objects by one act.
    pub most: Option<usize>,
    /// Each write is tried with `dryRun=All` before the question is asked.
    pub dry_run: bool,
    /// All of them hold, and the strictest counts; one that is [`Demand::Free`] lifts those before it.
    pub rails: Vec<Rail>,
}

/// Deleting these asks for their name: what is in them, or on them, goes too and does not come back.
const DEAR: [&str; 6] = [
    "namespaces",
    "customresourcedefinitions.apiextensions.k8s.io",
    "persistentvolumes",
    "persistentvolumeclaims",
    "statefulsets.apps",
    "nodes",
];
/// At most so many objects at once, in a context where a mistake is dear.
const MOST_IN_DANGER: usize = 10;

impl Policy {
    /// What holds in a context of which no file says anything.
    pub fn of(context: &str) -> Policy {
        let danger = Policy::is_dangerous(context);
        Policy { danger, most: Policy::usual_most(danger), rails: Policy::usual_rails(), ..Policy::default() }
    }

    /// A mistake is dear in a context of this name, as far as a name tells.
    pub fn is_dangerous(context: &str) -> bool {
        let name = context.to_lowercase();
        name.contains("prod") || name.contains("live")
    }

    /// How many objects go at once at most where no file says it: no more than ten where a mistake is dear.
    pub fn usual_most(danger: bool) -> Option<usize> {
        danger.then_some(MOST_IN_DANGER)
    }

    /// The rails that hold everywhere unless a file takes them away.
    pub fn usual_rails() -> Vec<Rail> {
        let kinds = DEAR.into_iter().map(Arc::from).collect();
        vec![Rail { verbs: vec!["delete".into()], kinds, demand: Demand::Name, source: "by default".into(), ..Rail::default() }]
    }

    /// The rail that counts for a verb on an object, if any meets it: the strictest of those after the last that is free. What
    /// a verb does by another one is held against the rails of that, too.
    pub fn rail(&self, verb: &str, kind: &Kind, namespace: &str) -> Option<&Rail> {
        let own = self.rail_of(verb, kind, namespace);
        let other = by(verb).and_then(|verb| self.rail_of(verb, kind, namespace));
        own.into_iter().chain(other).reduce(|own, other| if other.demand > own.demand { other } else { own })
    }

    fn rail_of(&self, verb: &str, kind: &Kind, namespace: &str) -> Option<&Rail> {
        let met = self.rails.iter().filter(|rail| rail.meets(verb, kind, namespace));
        met.reduce(|before, rail| if rail.demand == Demand::Free || rail.demand >= before.demand { rail } else { before })
    }

    /// Why a verb on an object is not done at all.
    pub fn denied(&self, verb: &str, kind: &Kind, namespace: &str) -> Option<String> {
        // Showing what was read changes nothing.
        if let Some(why) = self.read_only.as_ref().filter(|_| verb != "reveal") {
            return Some(format!("read-only ({why}): {verb} is not sent"));
        }
        let rail = self.rail(verb, kind, namespace).filter(|rail| rail.demand == Demand::Deny)?;
        Some(format!("{verb} of {} is denied here ({})", kind.plural, rail.source))
    }
}

#[cfg(test)]
mod tests {
    use super::super::act::{Act, Deletion, Exposing};
    use std::sync::Arc;

    use super::super::apply::{Manifests, Origin};
    use super::super::copying::Copying;
    use super::super::draft::Draft;
    use super::super::forward::{Forwarding, Local, Remote};
    use super::super::session::{Entering, Way};
    use super::*;

    fn kind(group: &str, plural: &str) -> Kind {
        Kind { group: group.into(), version: "v1".into(), plural: plural.into(), ..Kind::default() }
    }

    #[test]
    fn what_is_dear_asks_for_its_name_and_production_is_dangerous() {
        let policy = Policy::of("eu-prod-1");
        assert_eq!((policy.danger, policy.most), (true, Some(10)));
        let demand = |verb: &str, kind: &Kind| policy.rail(verb, kind, "shop").map(|rail| rail.demand);
        assert_eq!(demand("delete", &kind("apps", "statefulsets")), Some(Demand::Name));
        assert_eq!(demand("delete", &kind("", "pods")), None);
        assert_eq!(demand("scale", &kind("apps", "statefulsets")), None);
        assert_eq!(demand("delete", &kind("example.com", "nodes")), Some(Demand::Name), "a plural alone is of any group");
        assert_eq!((Policy::of("kind-dev").danger, Policy::of("Go-LIVE").danger), (false, true));
    }

    #[test]
    fn a_free_rail_lifts_those_before_it_and_none_after_it() {
        let rail = |demand, source: &str| Rail { demand, source: source.into(), ..Rail::default() };
        let of = |demands: &[Demand]| {
            let rails = Policy::usual_rails().into_iter().chain(demands.iter().map(|demand| rail(*demand, "file"))).collect();
            let policy = Policy { rails, ..Policy::default() };
            policy.rail("delete", &kind("", "nodes"), "").map(|rail| (rail.demand, rail.source.to_string()))
        };
        assert_eq!(of(&[]), Some((Demand::Name, "by default".into())));
        assert_eq!(of(&[Demand::Confirm]), Some((Demand::Name, "by default".into())), "a milder one changes nothing");
        assert_eq!(of(&[Demand::Free]), Some((Demand::Free, "file".into())));
        assert_eq!(of(&[Demand::Free, Demand::Confirm]), Some((Demand::Confirm, "file".into())));
        assert_eq!(of(&[Demand::Context, Demand::Confirm]), Some((Demand::Context, "file".into())));
    }

    #[test]
    fn the_strictest_rail_counts_and_names_its_source() {
        let rail = |demand, namespaces: &[&str]| Rail {
            namespaces: namespaces.iter().map(|n| Arc::from(*n)).collect(),
            demand,
            source: "config.toml:4".into(),
            ..Rail::default()
        };
        let policy = Policy { rails: vec![rail(Demand::Confirm, &[]), rail(Demand::Deny, &["kube-*"])], ..Policy::default() };
        let pods = kind("", "pods");
        assert_eq!(policy.denied("delete", &pods, "shop"), None);
        assert_eq!(policy.denied("delete", &pods, "kube-system").as_deref(), Some("delete of pods is denied here (config.toml:4)"));
        assert_eq!(policy.denied("delete", &kind("", "nodes"), ""), None);
        let policy = Policy { read_only: Some("--read-only".into()), ..policy };
        assert_eq!(policy.denied("scale", &pods, "shop").as_deref(), Some("read-only (--read-only): scale is not sent"));
        assert_eq!(policy.denied("reveal", &pods, "shop"), None, "what is read may be shown");
    }

    #[test]
    fn what_is_done_by_a_command_is_held_against_the_rails_of_commands() {
        let rail = |verb: &str, demand| Rail { verbs: vec![verb.into()], demand, source: "file".into(), ..Rail::default() };
        let of = |rails: Vec<Rail>, verb: &str| {
            let policy = Policy { rails, ..Policy::default() };
            (policy.rail(verb, &kind("", "pods"), "shop").map(|rail| rail.demand), policy.denied(verb, &kind("", "pods"), "shop"))
        };
        for verb in ["copy", "debug"] {
            assert_eq!(of(vec![rail("exec", Demand::Name)], verb), (Some(Demand::Name), None));
            let denied = format!("{verb} of pods is denied here (file)");
            assert_eq!(of(vec![rail("exec", Demand::Deny)], verb), (Some(Demand::Deny), Some(denied.clone())));
            assert_eq!(
                of(vec![rail(verb, Demand::Deny), rail("exec", Demand::Free)], verb).1,
                Some(denied),
                "not lifted by another verb's"
            );
            assert_eq!(of(vec![rail(verb, Demand::Deny)], "exec"), (None, None));
        }
        assert_eq!(of(vec![rail("exec", Demand::Deny)], "attach"), (None, None));
    }

    #[test]
    fn every_act_has_a_verb_that_a_rail_can_name() {
        let draft = || Draft { editor: 1, text: "".into(), base: Arc::default(), seen: Arc::default(), answers: None };
        let enter = |way| Act::Enter(Box::new(Entering { way, container: None, size: (80, 24), image: "busybox".into(), of: None }));
        let acts = [
            Act::Scale(1, None),
            Act::Bounds(1, 2),
            Act::Restart,
            Act::Image(Vec::new()),
            Act::Pause,
            Act::Resume,
            Act::Undo(None),
            Act::Label(Vec::new()),
            Act::Annotate(Vec::new()),
            Act::Delete(Deletion::default()),
            Act::Unfinalize("a/b".into()),
            Act::Evict(None),
            Act::Cordon,
            Act::Uncordon,
            Act::Drain(None),
            Act::Taint(Vec::new()),
            Act::Trigger,
            Act::Suspend(true),
            Act::Retry,
            Act::Expose(Exposing::default()),
            Act::Copy(Copying { into: true, container: None, remote: "/tmp".into(), local: "/tmp".into() }),
            Act::Forward(Forwarding { local: Local::Same, remote: Remote::Number(80) }),
            Act::TakeBack(1),
            Act::Reveal(1),
            Act::Edit(draft()),
            Act::Create(draft()),
            Act::Apply(Manifests { from: Origin::Input, typed: "-".into(), force: false, namespace: Ok("shop".into()) }),
            enter(Way::Shell),
            enter(Way::Attach),
            enter(Way::Debug(None)),
        ];
        let missing: Vec<&str> = acts.iter().map(Act::verb).filter(|verb| !VERBS.contains(verb)).collect();
        assert_eq!(missing, [""; 0]);
        let others = VERBS.iter().filter(|verb| !acts.iter().any(|act| act.verb() == **verb));
        assert_eq!(others.copied().collect::<Vec<_>>(), [""; 0]);
        assert!(VERBS.is_sorted());
    }
}
