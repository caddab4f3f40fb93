//! The policy group: PodDisruptionBudget.

use super::conditions;
use super::partial::{Condition, IntOrString, LabelSelector, ObjectMeta};
use super::template::selector_cell;
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, number, text};
use crate::model::facts::Facts;
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `policy.v1.PodDisruptionBudget`.
    PodDisruptionBudget {
        1 metadata: one ObjectMeta,
        2 spec: one PodDisruptionBudgetSpec,
        3 status: one PodDisruptionBudgetStatus,
    }
    /// `policy.v1.PodDisruptionBudgetSpec`.
    PodDisruptionBudgetSpec {
        1 min_available: one IntOrString,
        2 selector: one LabelSelector,
        3 max_unavailable: one IntOrString,
    }
    /// `policy.v1.PodDisruptionBudgetStatus`.
    PodDisruptionBudgetStatus {
        3 disruptions_allowed: int,
        4 current_healthy: int,
        5 desired_healthy: int,
        6 expected_pods: int,
        7 conditions: many Condition,
    }
}

/// PodDisruptionBudgets.
pub static POD_DISRUPTION_BUDGET: Block = Block {
    group: "policy",
    version: "v1",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short: &["pdb"],
    namespaced: true,
    columns: &[NAME, text("MIN AVAILABLE"), text("MAX UNAVAILABLE"), number("ALLOWED DISRUPTIONS"), AGE],
    enter: Enter::SelectedPods,
    decode: decode::<PodDisruptionBudget>,
    encode: encode::<PodDisruptionBudget>,
};

impl Object for PodDisruptionBudget {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printPodDisruptionBudget`. A budget without a selector selects nothing (policy/v1).
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let (spec, status) = (self.spec.unwrap_or_default(), self.status.unwrap_or_default());
        let (selector, _) = selector_cell(spec.selector.as_ref(), interner);
        let mut amount = |value: Option<&IntOrString>| match value {
            Some(value) if value.kind != Some(1) => Cell::Number(value.int.unwrap_or(0).into()),
            Some(value) => Cell::Text(interner.text(&value.text)),
            None => Cell::Text(interner.text("N/A")),
        };
        let allowed = status.disruptions_allowed.unwrap_or(0);
        let cells = vec![amount(spec.min_available.as_ref()), amount(spec.max_unavailable.as_ref()), Cell::Number(allowed.into())];
        let (healthy, needed) = (status.current_healthy.unwrap_or(0), status.desired_healthy.unwrap_or(0));
        let conditions = conditions::facts(&status.conditions, interner);
        let failed = conditions::with(&conditions, "DisruptionAllowed", "False").filter(|c| &*c.reason == "SyncFailed");
        let message = match failed {
            Some(condition) => Some(conditions::words(condition)),
            None if allowed > 0 || healthy >= needed => None,
            None if status.expected_pods.unwrap_or(0) == 0 => Some(interner.text("matches no pods")),
            None => Some(interner.text(&format!("{healthy} of {needed} needed pods are healthy"))),
        };
        let condition = if message.is_some() { Health::Unhealthy } else { Health::Healthy };
        Printed { cells, facts: selector.map_or(Facts::None, Facts::Selects), condition, message, ..Printed::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cells, heads, row};
    use super::*;

    #[test]
    fn it_prints_as_kubectl_does() {
        assert_eq!(heads(&POD_DISRUPTION_BUDGET), ["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"]);
        for (spec, status, printed, message) in [
            (
                r#""minAvailable":2"#,
                r#""disruptionsAllowed":1,"currentHealthy":3,"desiredHealthy":2,"expectedPods":3"#,
                ["2", "N/A", "1"],
                None,
            ),
            (r#""maxUnavailable":"50%""#, r#""currentHealthy":2,"desiredHealthy":2,"expectedPods":3"#, ["N/A", "50%", "0"], None),
            (
                r#""minAvailable":"100%""#,
                r#""currentHealthy":1,"desiredHealthy":3,"expectedPods":3,"conditions":[{"type":"DisruptionAllowed","status":"False","reason":"InsufficientPods","message":""}]"#,
                ["100%", "N/A", "0"],
                Some("1 of 3 needed pods are healthy"),
            ),
            (
                r#""minAvailable":1"#,
                r#""currentHealthy":0,"desiredHealthy":1,"expectedPods":0"#,
                ["1", "N/A", "0"],
                Some("matches no pods"),
            ),
            (
                r#""maxUnavailable":1"#,
                r#""conditions":[{"type":"DisruptionAllowed","status":"False","observedGeneration":1,"reason":"SyncFailed","message":"no controller found"}]"#,
                ["N/A", "1", "0"],
                Some("no controller found"),
            ),
        ] {
            let json = format!(
                r#"{{"metadata":{{"name":"web","uid":"u"}},"spec":{{{spec},"selector":{{"matchLabels":{{"app":"web"}}}}}},"status":{{{status}}}}}"#
            );
            let row = row(&POD_DISRUPTION_BUDGET, &json);
            assert_eq!(cells(&row), printed);
            assert_eq!(row.message.as_deref(), message);
            assert_eq!(row.condition, if message.is_some() { Health::Unhealthy } else { Health::Healthy });
            let Facts::Selects(selector) = &row.facts else { panic!("{:?}", row.facts) };
            assert_eq!(selector.to_string(), "app=web");
        }
    }

    #[test]
    fn without_a_selector_it_selects_nothing() {
        assert_eq!(row(&POD_DISRUPTION_BUDGET, r#"{"metadata":{"name":"a","uid":"u"},"spec":{}}"#).facts, Facts::None);
    }
}
