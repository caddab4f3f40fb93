//! Gathering what is wrong, in upstream's order.

use serde_json::Value;

use crate::demo::refusal::Cause;
use crate::demo::selector;
use crate::demo::tree::Tree;

use super::names::{self, Rule};

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Causes(pub(super) Vec<Cause>);

impl Causes {
    pub(super) fn invalid(&mut self, field: &str, value: impl Into<Value>, detail: &str) {
        self.0.push(Cause::invalid(field, value, detail));
    }

    /// A value as Go prints a struct of the API's internal version: JSON whose fields are in the struct's order, which no map
    /// of ours keeps. `what` is what is said before it, and `detail` what is said after.
    pub(super) fn printed(&mut self, reason: &'static str, field: &str, what: &str, json: &str, detail: &str) {
        self.0.push(Cause { reason, field: field.to_owned(), message: format!("{what}: {json}: {detail}") });
    }

    pub(super) fn required(&mut self, field: &str, detail: &str) {
        self.0.push(Cause::required(field, detail));
    }

    pub(super) fn forbidden(&mut self, field: &str, detail: &str) {
        self.0.push(Cause::forbidden(field, detail));
    }

    pub(super) fn duplicate(&mut self, field: &str, value: impl Into<Value>) {
        self.0.push(Cause::duplicate(field, value));
    }

    /// Text by a rule.
    pub(super) fn rule(&mut self, field: &str, text: &str, rule: Rule) {
        for message in rule(text) {
            self.invalid(field, text, &message);
        }
    }

    /// One of some values; empty text is required where `required` says so.
    pub(super) fn one_of(&mut self, field: &str, value: &Tree, all: &[&str], required: bool) {
        match value.as_str() {
            None | Some("") if required => self.required(field, ""),
            Some(text) if !text.is_empty() && !all.contains(&text) => self.0.push(Cause::not_supported(field, text, all)),
            _ => {}
        }
    }

    /// `ValidateNonnegativeField` of fields of `tree`, which stands at `at`.
    pub(super) fn nonnegative(&mut self, tree: &Tree, at: &str, fields: &[&str]) {
        for field in fields {
            if let Some(n) = tree.at(field).as_i64().filter(|&n| n < 0) {
                self.invalid(&format!("{at}.{field}"), n, "must be greater than or equal to 0");
            }
        }
    }

    /// `ValidateImmutableField`.
    pub(super) fn immutable(&mut self, field: &str, new: &Tree, old: &Tree) {
        if !new.equals(old) {
            self.invalid(field, new, "field is immutable");
        }
    }

    /// `ValidateLabels`.
    pub(super) fn labels(&mut self, field: &str, labels: &Tree) {
        for (key, value) in labels.entries() {
            self.rule(field, key, names::qualified);
            self.rule(field, value.as_str().unwrap_or(""), names::value);
        }
    }

    /// `ValidateLabelSelector`. False when it is no selector.
    pub(super) fn selector(&mut self, field: &str, selector: &Tree) -> bool {
        let before = self.0.len();
        self.labels(&format!("{field}.matchLabels"), &selector["matchLabels"]);
        for (at, expression) in selector["matchExpressions"].items().iter().enumerate() {
            let at = format!("{field}.matchExpressions[{at}]");
            let values = expression["values"].items();
            match expression.text("operator") {
                "In" | "NotIn" if values.is_empty() => {
                    self.required(&format!("{at}.values"), "must be specified when `operator` is 'In' or 'NotIn'");
                }
                "Exists" | "DoesNotExist" if !values.is_empty() => {
                    self.forbidden(&format!("{at}.values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                }
                "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
                other => self.invalid(&format!("{at}.operator"), other, "not a valid selector operator"),
            }
            self.rule(&format!("{at}.key"), expression.text("key"), names::qualified);
            for (which, value) in values.iter().enumerate() {
                self.rule(&format!("{at}.values[{which}]"), value.as_str().unwrap_or(""), names::value);
            }
        }
        before == self.0.len()
    }

    /// Whole numbers and percentages: `ValidatePositiveIntOrPercent`, `IsNotMoreThan100Percent`.
    pub(super) fn count_or_percent(&mut self, field: &str, value: &Tree, at_most_all: bool) {
        match value {
            Tree::Text(text) => {
                self.rule(field, text, names::percent);
                let percent = text.strip_suffix('%').and_then(|n| n.parse::<i64>().ok());
                if at_most_all && percent.is_some_and(|p| p > 100) {
                    self.invalid(field, &**text, "must not be greater than 100%");
                }
            }
            Tree::Int(n) if *n < 0 => self.invalid(field, *n, "must be greater than or equal to 0"),
            _ => {}
        }
    }

    /// `ValidatePortNumOrName`.
    pub(super) fn port(&mut self, field: &str, port: &Tree) {
        match port {
            Tree::Text(name) => self.rule(field, name, names::port_name),
            other => {
                let number = other.as_i64().unwrap_or(0);
                if let Some(why) = names::port_number(number) {
                    self.invalid(field, number, why);
                }
            }
        }
    }

    /// A template's labels have to satisfy its workload's selector.
    pub(super) fn selects(&mut self, at: &str, wanted: &Tree, template: &Tree) {
        let labels = template.at("metadata.labels");
        // No selector selects nothing (`LabelSelectorAsSelector` of nil).
        let matches = !wanted.is_null() && selector::matches(&selector::of(wanted), labels);
        if !matches {
            self.invalid(&format!("{at}.template.metadata.labels"), labels, "`selector` does not match template `labels`");
        }
    }
}
