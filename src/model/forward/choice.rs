//! Which pods new connections of a forward go to, the best first.

use super::{Remote, ports};
use crate::model::facts::{Facts, PodFacts};
use crate::model::row::{Row, Uid};

/// Which pods are good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Those that are ready: of a service or a workload any of them will do.
    Ready,
    /// Those that run: one pod is meant, or its service publishes pods that are not ready too.
    Running,
}

fn pod(row: &Row) -> Option<&PodFacts> {
    if let Facts::Pod(facts) = &row.facts { Some(facts) } else { None }
}

/// Why a pod does not do; `Ok` has the number of its port.
fn fit(row: &Row, wanted: &Remote, need: Need) -> Result<u16, String> {
    let facts = pod(row).ok_or("nothing is known of it")?;
    if &*facts.phase != "Running" {
        return Err(format!("it is {}", if facts.phase.is_empty() { "Unknown" } else { &facts.phase }));
    }
    // One that is on its way out goes on for a while; another one is better, but of one that is meant there is no other.
    if need == Need::Ready && row.deleting.is_some() {
        return Err("it is ending".into());
    }
    if need == Need::Ready && !facts.ready {
        return Err("it is not ready".into());
    }
    ports::on(facts, wanted)
}

/// Why a pod does not do; `None` where it does.
pub fn unfit(row: &Row, wanted: &Remote, need: Need) -> Option<String> {
    fit(row, wanted, need).err()
}

/// The pods that do, with the number of their port: the current one stays the first for as long as it does; then those that
/// are ready, and of these the oldest (as kubectl's `ActivePods` has it). Those for which `doubted` holds come last.
pub fn candidates<'a>(
    rows: impl Iterator<Item = &'a Row>,
    wanted: &Remote,
    need: Need,
    current: Option<&Uid>,
    doubted: impl Fn(&Uid) -> bool,
) -> Vec<(&'a Row, u16)> {
    let mut fitting: Vec<(&Row, u16)> = rows.filter_map(|row| Some((row, fit(row, wanted, need).ok()?))).collect();
    let ready = |row: &Row| row.deleting.is_none() && pod(row).is_some_and(|facts| facts.ready);
    fitting.sort_by_key(|(row, _)| (doubted(&row.uid), Some(&row.uid) != current, !ready(row), row.created, row.name.clone()));
    fitting
}

/// Why there is no pod that does: `none of its 3 pods is ready`.
pub fn lack<'a>(rows: impl Iterator<Item = &'a Row>, wanted: &Remote, need: Need) -> String {
    let all: Vec<&Row> = rows.collect();
    match all.as_slice() {
        [] => "there is no pod".into(),
        [one] => match fit(one, wanted, need) {
            Ok(_) => "it is there".into(),
            Err(why) => format!("pod {}: {why}", one.name),
        },
        several => {
            // The same is wrong with all of them, or something else with each.
            let unready = several.iter().all(|row| pod(row).is_none_or(|facts| !facts.ready || row.deleting.is_some()));
            match several.iter().find_map(|row| fit(row, wanted, Need::Running).err()) {
                Some(why) if !unready => why,
                _ => format!("none of its {} pods is ready", several.len()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::kind::Kind;
    use crate::model::row::Health;

    fn row(name: &str, created: i64, phase: &str, ready: bool) -> Row {
        let facts = PodFacts { phase: phase.into(), ready, ..PodFacts::default() };
        Row {
            kind: Arc::new(Kind::default()),
            uid: Uid::new(name),
            version: "".into(),
            namespace: "shop".into(),
            name: name.into(),
            labels: [].into(),
            owner: None,
            created,
            deleting: None,
            cells: [].into(),
            facts: Facts::Pod(Box::new(facts)),
            condition: Health::Healthy,
            unsettled_until: 0,
            message: None,
        }
    }

    fn order(rows: &[Row], need: Need, current: Option<&str>, doubted: &[&str]) -> Vec<String> {
        let current = current.map(Uid::new);
        let doubted = |uid: &Uid| doubted.iter().any(|name| Uid::new(name) == *uid);
        let found = candidates(rows.iter(), &Remote::Number(80), need, current.as_ref(), doubted);
        found.into_iter().map(|(row, port)| format!("{}:{port}", row.name)).collect()
    }

    #[test]
    fn ready_pods_are_chosen_the_oldest_first_and_the_current_one_stays() {
        let mut ending = row("ending", 1, "Running", true);
        ending.deleting = Some(5);
        let rows = [row("b", 20, "Running", true), row("a", 10, "Running", true), row("new", 5, "Running", false), ending];
        assert_eq!(order(&rows, Need::Ready, None, &[]), ["a:80", "b:80"]);
        assert_eq!(order(&rows, Need::Ready, Some("b"), &[]), ["b:80", "a:80"], "nobody moves without need");
        assert_eq!(order(&rows, Need::Ready, Some("gone"), &[]), ["a:80", "b:80"]);
        assert_eq!(order(&rows, Need::Ready, Some("a"), &["a"]), ["b:80", "a:80"], "one that could not be dialled comes last");
        assert_eq!(order(&rows, Need::Running, None, &[]), ["a:80", "b:80", "ending:80", "new:80"]);
        assert_eq!(order(&[row("x", 1, "Succeeded", false)], Need::Running, None, &[]), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_said() {
        let lack = |rows: &[Row], wanted: Remote| lack(rows.iter(), &wanted, Need::Ready);
        let port = Remote::Number(80);
        assert_eq!(lack(&[], port.clone()), "there is no pod");
        assert_eq!(lack(&[row("a", 1, "Pending", false)], port.clone()), "pod a: it is Pending");
        let two = [row("a", 1, "Running", false), row("b", 1, "Running", false)];
        assert_eq!(lack(&two, port), "none of its 2 pods is ready");
        let two = [row("a", 1, "Running", true), row("b", 1, "Running", true)];
        assert!(lack(&two, Remote::Name("http".into())).contains("no port is named \"http\""));
    }
}
