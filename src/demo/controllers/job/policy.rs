//! `podFailurePolicy` and `successPolicy`: what the end of a pod means (`pod_failure_policy.go`, `success_policy.go`).

use super::indexes::Indexes;
use super::status::Verdict;
use crate::demo::store::Object;
use crate::demo::tree::Tree;

/// What a failed pod means.
pub struct Meaning {
    /// The Job fails: why.
    pub fatal: Option<String>,
    /// The pod's index is given up.
    pub fails_index: bool,
    /// It counts as a failure.
    pub counts: bool,
}

/// What the failure of a pod means: the first rule that matches says so.
pub fn of(job: &Object, pod: &Object) -> Meaning {
    let mut meaning = Meaning { fatal: None, fails_index: false, counts: true };
    for (at, rule) in job.tree.at("spec.podFailurePolicy.rules").items().iter().enumerate() {
        let (namespace, name) = (&pod.namespace, &pod.name);
        let action = rule.text("action");
        let why = if rule["onExitCodes"].is_null() {
            let patterns = rule["onPodConditions"].items();
            let conditions = pod.tree.at("status.conditions").items().iter();
            let holds = |condition: &&Tree| patterns.iter().any(|p| p["type"] == condition["type"] && p["status"] == condition["status"]);
            let matching = conditions.clone().find(holds);
            matching.map(|c| format!("Pod {namespace}/{name} has condition {} matching {action} rule at index {at}", c.text("type")))
        } else {
            exited(pod, &rule["onExitCodes"]).map(|(container, code)| {
                format!(
                    "Container {container} for pod {namespace}/{name} failed with exit code {code} matching {action} rule at index {at}"
                )
            })
        };
        let Some(why) = why else { continue };
        match action {
            "Ignore" => meaning.counts = false,
            "FailIndex" => meaning.fails_index = true,
            "FailJob" => meaning.fatal = Some(why),
            _ => {}
        }
        break;
    }
    meaning
}

/// The first container whose exit code a rule is about.
fn exited<'a>(pod: &'a Object, rule: &Tree) -> Option<(&'a str, i64)> {
    let lists = ["status.containerStatuses", "status.initContainerStatuses"];
    let statuses = lists.into_iter().flat_map(|path| pod.tree.at(path).items());
    let matches = |status: &&Tree| {
        let Some(code) = status.at("state.terminated.exitCode").as_i64().filter(|code| *code != 0) else { return false };
        let only = rule.text("containerName");
        let listed = rule["values"].items().iter().any(|value| value.as_i64() == Some(code));
        (only.is_empty() || status["name"] == *only) && listed == (rule["operator"] == "In")
    };
    statuses.filter(matches).map(|status| (status.text("name"), status.int("state.terminated.exitCode", 0))).next()
}

/// Whether enough indexes succeeded: `matchSuccessPolicy`.
pub fn success(job: &Object, done: &Indexes) -> Option<Verdict> {
    let completions = job.tree.int("spec.completions", 0);
    for (at, rule) in job.tree.at("spec.successPolicy.rules").items().iter().enumerate() {
        let count = rule["succeededCount"].as_i64();
        let met = match rule["succeededIndexes"].as_str() {
            Some(text) => {
                let wanted = Indexes::parse(text, completions);
                wanted.among(done) >= count.unwrap_or(wanted.len())
            }
            None => count.is_some_and(|count| done.len() >= count),
        };
        if met {
            return Some(Verdict {
                success: true,
                known: false,
                reason: "SuccessPolicy".into(),
                message: format!("Matched rules at index {at}"),
            });
        }
    }
    None
}
