//! How far and how fast an autoscaler goes: least and most, rates, and what was asked for lately
//! (`normalizeDesiredReplicas`, `normalizeDesiredReplicasWithBehaviors`).

use super::Past;
use crate::demo::tree::Tree;
use crate::demo::world::{Millis, SECOND};

/// Seconds that a smaller number is waited for: `--horizontal-pod-autoscaler-downscale-stabilization`.
const STABLE: i64 = 300;

/// What is left of a wish.
pub struct Allowed {
    pub replicas: i64,
    /// Reason and message of `AbleToScale`.
    pub able: (&'static str, &'static str),
    /// Reason and message of `ScalingLimited`.
    pub limited: (&'static str, &'static str),
    /// `ScalingLimited` is true.
    pub held: bool,
}

/// What is left of the wish for `asked` pods where there are `current`.
pub(super) fn allowed(hpa: &Tree, past: &mut Past, now: Millis, current: i64, asked: i64) -> Allowed {
    let behavior = hpa.at("spec.behavior");
    let (up, down) = (&behavior["scaleUp"], &behavior["scaleDown"]);
    let window = |rules: &Tree, otherwise: i64| rules.int("stabilizationWindowSeconds", otherwise) * SECOND;
    let (up_window, down_window) = (window(up, 0), window(down, STABLE));
    past.asked.retain(|(at, _)| *at > now - up_window.max(down_window));
    let lately = |window: Millis| past.asked.iter().filter(move |(at, _)| *at > now - window).map(|(_, asked)| *asked);
    let highest = lately(down_window).chain([asked]).max().unwrap_or(asked);
    let lowest = lately(up_window).chain([asked]).min().unwrap_or(asked);
    let stable = if behavior.is_null() { highest } else { current.max(lowest).min(highest) };
    past.asked.push((now, asked));
    let able = if stable == asked {
        ("ReadyForNewScale", "recommended size matches current size")
    } else if asked > current || (asked == current && stable < asked) {
        ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation")
    } else {
        ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation")
    };
    let (least, most) = (hpa.int("spec.minReplicas", 1), hpa.int("spec.maxReplicas", 1));
    let longest = 1800 * SECOND;
    past.changes.retain(|(at, _)| *at > now - longest);
    let (ceiling, floor) = if behavior.is_null() {
        ((2 * current).max(4), 0)
    } else {
        (rate(up, past, now, current, true), rate(down, past, now, current, false))
    };
    let top = if most > ceiling {
        (ceiling, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
    } else {
        (most, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
    };
    let bottom = if floor > least && !behavior.is_null() {
        (floor, "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
    } else {
        (least, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
    };
    let down = behavior.is_null() || stable < current;
    let (replicas, limited) = if stable < bottom.0 && down {
        (bottom.0, (bottom.1, bottom.2))
    } else if stable > top.0 {
        (top.0, (top.1, top.2))
    } else {
        (stable, ("DesiredWithinRange", "the desired count is within the acceptable range"))
    };
    Allowed { replicas, able, limited, held: replicas != stable }
}

/// How many there may be at most, or must be at least, by the rates of a behaviour.
fn rate(rules: &Tree, past: &Past, now: Millis, current: i64, up: bool) -> i64 {
    let select = rules.text("selectPolicy");
    if select == "Disabled" {
        return current;
    }
    let policies: Vec<(String, i64, i64)> = match rules["policies"].items() {
        // The defaults of autoscaling/v2.
        [] if up => vec![("Pods".into(), 4, 15), ("Percent".into(), 100, 15)],
        [] => vec![("Percent".into(), 100, 15)],
        list => list.iter().map(|p| (p.text("type").to_owned(), p.int("value", 0), p.int("periodSeconds", 15))).collect(),
    };
    let limits = policies.into_iter().map(|(kind, value, period)| {
        let changed: i64 = past.changes.iter().filter(|(at, _)| *at > now - period * SECOND).map(|(_, by)| by).sum();
        let before = current - changed;
        match (kind.as_str(), up) {
            ("Pods", true) => before + value,
            ("Pods", false) => before - value,
            (_, true) => (before * (100 + value) + 99).div_euclid(100),
            (_, false) => (before * (100 - value)).div_euclid(100),
        }
    });
    // The policy that allows the most change, unless the least is asked for.
    let limit = if (select == "Min") == up { limits.min() } else { limits.max() }.unwrap_or(current);
    if up { limit.max(current) } else { limit.min(current) }
}
