//! Label selectors of trees and of queries, and field selectors.

use std::sync::Arc;

use crate::model::facts::{Operator, Requirement, Selector};

use super::tree::Tree;

/// A selector as workloads have it: `matchLabels` and `matchExpressions`. `Null` and an empty one match everything; whoever
/// gives them another meaning looks first.
pub fn of(selector: &Tree) -> Selector {
    let mut all: Vec<Requirement> = of_map(&selector["matchLabels"]).requirements.into_vec();
    for expression in selector["matchExpressions"].items() {
        let operator = match expression.text("operator") {
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            _ => Operator::In,
        };
        let values = expression["values"].items().iter().filter_map(Tree::as_str).map(Arc::from).collect();
        all.push(Requirement { key: expression.text("key").into(), operator, values });
    }
    Selector { requirements: all.into() }
}

/// A selector as Services and ReplicationControllers have it: a map of labels.
pub fn of_map(labels: &Tree) -> Selector {
    let requirements = labels.entries().map(|(key, value)| Requirement {
        key: key.into(),
        operator: Operator::Equals,
        values: [value.as_str().unwrap_or("").into()].into(),
    });
    Selector { requirements: requirements.collect() }
}

/// Whether a map of labels satisfies a selector.
pub fn matches(selector: &Selector, labels: &Tree) -> bool {
    selector.requirements.iter().all(|requirement| requirement.holds(labels[&*requirement.key].as_str()))
}

/// Reads `?labelSelector=`: apimachinery's `labels.Parse`.
///
/// # Errors
/// What cannot be read, and where.
pub fn parse(text: &str) -> Result<Selector, String> {
    let mut rest = text.trim_start();
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (requirement, after) = requirement(rest)?;
        check(&requirement)?;
        all.push(requirement);
        rest = match after.trim_start().strip_prefix(',') {
            Some(next) if !next.trim_start().is_empty() => next.trim_start(),
            Some(_) => return Err(format!("found '', expected: identifier after ',' in {text:?}")),
            None if after.trim().is_empty() => "",
            None => return Err(format!("found '{}', expected: ',' or 'end of string'", after.trim())),
        };
    }
    Ok(Selector { requirements: all.into() })
}

/// Keys and values as labels have them: apimachinery's `IsQualifiedName` and `IsValidLabelValue`.
fn check(requirement: &Requirement) -> Result<(), String> {
    let plain = |text: &str| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let inner = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        text.len() <= 63 && inner && edge(text.chars().next()) && edge(text.chars().last())
    };
    let (prefix, name) = requirement.key.split_once('/').unwrap_or(("a", &requirement.key));
    if !plain(name) || prefix.is_empty() || prefix.len() > 253 {
        return Err(format!(
            "key: Invalid value: {:?}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            requirement.key
        ));
    }
    match requirement.values.iter().find(|value| !value.is_empty() && !plain(value)) {
        Some(value) => Err(format!(
            "values[0][{}]: Invalid value: {value:?}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            requirement.key
        )),
        None => Ok(()),
    }
}

fn requirement(text: &str) -> Result<(Requirement, &str), String> {
    let make = |key: &str, operator, values: Vec<&str>| Requirement {
        key: key.into(),
        operator,
        values: values.into_iter().map(Arc::from).collect(),
    };
    if let Some(rest) = text.strip_prefix('!') {
        let (key, rest) = word(rest.trim_start())?;
        return Ok((make(key, Operator::DoesNotExist, Vec::new()), rest));
    }
    let (key, rest) = word(text)?;
    let after = rest.trim_start();
    for (sign, operator) in [("==", Operator::Equals), ("!=", Operator::NotIn), ("=", Operator::Equals)] {
        if let Some(after) = after.strip_prefix(sign) {
            let after = after.trim_start();
            let (value, rest) = after.split_at(after.find(ends_a_word).unwrap_or(after.len()));
            return Ok((make(key, operator, vec![value]), rest));
        }
    }
    for (name, operator) in [("notin", Operator::NotIn), ("in", Operator::In)] {
        let Some(list) = after.strip_prefix(name).map(str::trim_start).and_then(|after| after.strip_prefix('(')) else { continue };
        let (inside, rest) = list.split_once(')').ok_or_else(|| format!("found '{list}', expected: ')'"))?;
        return Ok((make(key, operator, inside.split(',').map(str::trim).collect()), rest));
    }
    match after.chars().next() {
        None | Some(',') => Ok((make(key, Operator::Exists, Vec::new()), rest)),
        Some(_) => Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", after.split_whitespace().next().unwrap_or(""))),
    }
}

fn ends_a_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '=' | '!' | '(' | ')')
}

fn word(text: &str) -> Result<(&str, &str), String> {
    let (word, rest) = text.split_at(text.find(ends_a_word).unwrap_or(text.len()));
    if word.is_empty() { Err(format!("found '{text}', expected: !, identifier, or 'end of string'")) } else { Ok((word, rest)) }
}

/// One term of a field selector: path, whether it must be equal, value.
pub type FieldTerm = (String, bool, String);

/// Reads `?fieldSelector=`: apimachinery's `fields.ParseSelector`. Which paths a kind has is not known here.
///
/// # Errors
/// The term that is none.
pub fn parse_fields(text: &str) -> Result<Vec<FieldTerm>, String> {
    text.split(',')
        .filter(|term| !term.is_empty())
        .map(|term| {
            for (sign, equal) in [("!=", false), ("==", true), ("=", true)] {
                if let Some((path, value)) = term.split_once(sign) {
                    return Ok((path.to_owned(), equal, value.to_owned()));
                }
            }
            Err(format!("invalid selector: '{text}'; can't understand '{term}'"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_of_queries_are_kubectls() {
        let labels: Tree = json!({"app": "web", "tier": "front"}).into();
        for (text, holds) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier", true),
            ("app!=web", false),
            ("app in (api, web),tier notin (back)", true),
            ("app notin (web)", false),
            ("!app", false),
            ("!old , app = web", true),
            ("old", false),
            ("tier=", false),
        ] {
            assert_eq!(matches(&parse(text).expect(text), &labels), holds, "{text}");
        }
        for wrong in ["a=b=c", "tier=(", "-x=1", "app in web", "=web", "a b", "app=web,", "x in (a"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn selectors_of_workloads_have_expressions_too() {
        let selector = of(&json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]}).into());
        assert!(matches(&selector, &Tree::texts([("app", "web")])));
        assert!(!matches(&selector, &Tree::texts([("app", "web"), ("old", "1")])));
    }

    #[test]
    fn fields_are_equal_or_not() {
        let terms = parse_fields("metadata.name=a,status.phase!=Running").expect("parses");
        assert_eq!(terms, [("metadata.name".into(), true, "a".into()), ("status.phase".into(), false, "Running".into())]);
        assert!(parse_fields("phase").is_err());
    }
}
