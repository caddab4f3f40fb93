//! What most kinds print alike: names, labels, annotations, selectors, times, conditions.

use serde_json::Value;

use super::json::{Json, or};
use super::writer::{Writer, line, part};
use crate::model::time::{self, Seconds};

/// `Name:`, and `Namespace:`.
pub(super) fn name_and_namespace(w: &mut Writer, object: &Value) {
    name(w, object);
    line!(w, 0, "Namespace:\t{}", object.text("metadata.namespace"));
}

/// `Name:`.
pub(super) fn name(w: &mut Writer, object: &Value) {
    line!(w, 0, "Name:\t{}", object.text("metadata.name"));
}

/// `Labels:` and `Annotations:`, one a line.
pub(super) fn labels_and_annotations(w: &mut Writer, object: &Value) {
    labels(w, "", "Labels", &object.pairs("metadata.labels"));
    annotations(w, "Annotations", &object.pairs("metadata.annotations"));
}

/// Several lines under one title, the first beside it; `<none>` without any.
pub(super) fn multiline<T: AsRef<str>>(w: &mut Writer, indent: &str, title: &str, lines: &[T]) {
    part!(w, 0, "{indent}{title}:\t");
    if lines.is_empty() {
        w.line_end("<none>");
    }
    for (at, text) in lines.iter().enumerate() {
        if at > 0 {
            part!(w, 0, "{indent}");
            part!(w, 0, "\t");
        }
        line!(w, 0, "{}", text.as_ref());
    }
}

/// kubectl's `printLabelsMultilineWithIndent`.
pub(super) fn labels(w: &mut Writer, indent: &str, title: &str, labels: &[(&str, &str)]) {
    let lines: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    multiline(w, indent, title, &lines);
}

/// Bytes of an annotation that are shown on a line.
pub(super) const MAX_ANNOTATION: usize = 140;

/// The annotation that kubectl never shows: what `kubectl apply` remembers.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// kubectl's `printAnnotationsMultiline`: long and multi-line values stand below their key, shortened.
pub(super) fn annotations(w: &mut Writer, title: &str, annotations: &[(&str, &str)]) {
    part!(w, 0, "{title}:\t");
    let shown: Vec<_> = annotations.iter().filter(|(key, _)| *key != LAST_APPLIED).collect();
    if shown.is_empty() {
        w.line_end("<none>");
    }
    for (at, (key, value)) in shown.into_iter().enumerate() {
        if at > 0 {
            part!(w, 0, "\t");
        }
        let value = value.strip_suffix('\n').unwrap_or(value);
        if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
            line!(w, 0, "{key}:");
            for text in value.split('\n') {
                line!(w, 0, "\t  {}", shorten(text, MAX_ANNOTATION - 2));
            }
        } else {
            line!(w, 0, "{key}: {value}");
        }
    }
}

/// At most `max` bytes and then `...`, never in the middle of a character (kubectl cuts there).
pub(super) fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = (0..=max).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}...", &text[..end])
}

/// `labels.FormatLabels`: `a=b,c=d`, or `<none>`.
pub(super) fn joined(pairs: &[(&str, &str)]) -> String {
    let text = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    or(&text, "<none>").to_owned()
}

/// A label selector's text form (`LabelSelectorAsSelector(…).String()`), which the API takes too. Empty when it selects
/// everything, and when there is none; an error when an operator is not known.
pub(super) fn selector(selector: &Value) -> Result<String, String> {
    let mut requirements: Vec<(&str, String)> =
        selector.pairs("matchLabels").into_iter().map(|(key, value)| (key, format!("{key}={value}"))).collect();
    for expression in selector.list("matchExpressions") {
        let key = expression.text("key");
        let mut values = expression.texts("values");
        values.sort_unstable();
        let values = values.join(",");
        requirements.push((
            key,
            match expression.text("operator") {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.to_owned(),
                "DoesNotExist" => format!("!{key}"),
                other => return Err(format!("{other:?} is not a valid label selector operator")),
            },
        ));
    }
    requirements.sort_by_key(|(key, _)| *key);
    Ok(requirements.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

/// `metav1.FormatLabelSelector`: the text form, `<none>` or `<error>`.
pub(super) fn format_selector(value: &Value) -> String {
    match selector(value) {
        Ok(text) => or(&text, "<none>").to_owned(),
        Err(_) => "<error>".to_owned(),
    }
}

/// The system's zone; UTC where it cannot be found out, as Go has it.
fn zone() -> jiff::tz::TimeZone {
    let zone = jiff::tz::TimeZone::system();
    if zone.is_unknown() { jiff::tz::TimeZone::UTC } else { zone }
}

/// A moment as kubectl prints it (RFC 1123 with a numeric zone, in the local zone).
pub(super) fn moment(object: &Value, path: &str) -> String {
    formatted(object, path, "%a, %d %b %Y %H:%M:%S %z").unwrap_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned())
}

/// A moment as Go's `time.Time` prints itself.
pub(super) fn moment_in_go(object: &Value, path: &str) -> String {
    formatted(object, path, "%Y-%m-%d %H:%M:%S %z %Z").unwrap_or_else(|| "0001-01-01 00:00:00 +0000 UTC".to_owned())
}

fn formatted(object: &Value, path: &str, format: &str) -> Option<String> {
    let at: jiff::Timestamp = object.text(path).parse().ok()?;
    jiff::fmt::strtime::format(format, &at.to_zoned(zone())).ok()
}

/// How long ago a moment was; `<unknown>` when it is not there.
pub(super) fn since(object: &Value, path: &str, now: Seconds) -> String {
    time::parse(object.text(path)).map_or_else(|| "<unknown>".to_owned(), |then| time::age(now - then))
}

/// `Controlled By:` of an object that has a controller.
pub(super) fn controlled_by(w: &mut Writer, object: &Value) {
    if let Some(owner) = object.list("metadata.ownerReferences").iter().find(|owner| owner.flag("controller")) {
        line!(w, 0, "Controlled By:\t{}/{}", owner.text("kind"), owner.text("name"));
    }
}

/// Whether the object is controlled by the one with this UID.
pub(super) fn is_controlled_by(object: &Value, uid: &str) -> bool {
    object.list("metadata.ownerReferences").iter().any(|owner| owner.flag("controller") && owner.text("uid") == uid)
}

/// `CreationTimestamp:`.
pub(super) fn created(w: &mut Writer, object: &Value) {
    line!(w, 0, "CreationTimestamp:\t{}", moment(object, "metadata.creationTimestamp"));
}

/// `Conditions:` of workloads: type, status, reason.
pub(super) fn conditions(w: &mut Writer, object: &Value) {
    let conditions = object.list("status.conditions");
    if !conditions.is_empty() {
        line!(w, 0, "Conditions:\n  Type\tStatus\tReason");
        line!(w, 1, "----\t------\t------");
    }
    for c in conditions {
        line!(w, 1, "{} \t{}\t{}", c.text("type"), c.text("status"), c.text("reason"));
    }
}

/// The lines of `meta.v1.Condition`s under their header, which the caller has titled.
pub(super) fn condition_table(w: &mut Writer, conditions: &[Value]) {
    line!(w, 1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
    line!(w, 1, "----\t------\t------------------\t------\t-------");
    for c in conditions {
        let at = moment(c, "lastTransitionTime");
        line!(w, 1, "{}\t{}\t{at}\t{}\t{}", c.text("type"), c.text("status"), c.text("reason"), c.text("message"));
    }
}

/// `True`, `False` or `<unset>`.
pub(super) fn yes_or_no(value: &Value) -> &'static str {
    match value.as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_are_sorted_and_spelled_as_the_api_takes_them() {
        let value = json!({
            "matchLabels": {"z": "1", "a": "2"},
            "matchExpressions": [
                {"key": "m", "operator": "In", "values": ["y", "x"]},
                {"key": "b", "operator": "DoesNotExist"},
                {"key": "c", "operator": "Exists"},
                {"key": "d", "operator": "NotIn", "values": ["q"]},
            ],
        });
        assert_eq!(selector(&value).as_deref(), Ok("a=2,!b,c,d notin (q),m in (x,y),z=1"));
        assert_eq!(format_selector(&json!({})), "<none>");
        assert_eq!(format_selector(&json!({"matchExpressions": [{"key": "a", "operator": "Near"}]})), "<error>");
    }

    #[test]
    fn long_annotations_stand_below_their_key() {
        let mut w = Writer::default();
        let long = "é".repeat(100);
        annotations(&mut w, "Annotations", &[("a", "1"), ("b", "x\ny\n"), (LAST_APPLIED, "no"), ("c", &long)]);
        assert_eq!(
            w.finish(),
            format!(
                "Annotations:  a: 1\n              b:\n                x\n                y\n              c:\n                {}...\n",
                "é".repeat(69)
            )
        );
    }

    #[test]
    fn a_time_that_is_not_there_is_gos_zero() {
        assert_eq!(moment(&json!({}), "x"), "Mon, 01 Jan 0001 00:00:00 +0000");
        assert_eq!(since(&json!({"t": null}), "t", 5), "<unknown>");
        assert_eq!(since(&json!({"t": "1970-01-01T00:01:00Z"}), "t", 190), "2m10s");
    }
}
