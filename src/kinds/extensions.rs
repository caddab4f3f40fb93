//! The apiextensions.k8s.io group: CustomResourceDefinition.

use std::cmp::{Ordering, Reverse};

use super::conditions::{self, StatusCondition};
use super::partial::ObjectMeta;
use super::{Block, Enter, NAME, Object, Printed, decode, encode, text, wide};
use crate::model::facts::{DefinitionFacts, Facts};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};
use crate::model::time;

crate::partial! {
    /// `apiextensions.v1.CustomResourceDefinition`.
    CustomResourceDefinition {
        1 metadata: one ObjectMeta,
        2 spec: one DefinitionSpec,
        3 status: one DefinitionStatus,
    }
    /// `apiextensions.v1.CustomResourceDefinitionSpec`.
    DefinitionSpec {
        1 group: text,
        3 names: one DefinitionNames,
        4 scope: text,
        7 versions: many DefinitionVersion,
    }
    /// `apiextensions.v1.CustomResourceDefinitionNames`.
    DefinitionNames {
        1 plural: text,
        4 kind: text,
    }
    /// `apiextensions.v1.CustomResourceDefinitionVersion`, without its schema.
    DefinitionVersion {
        1 name: text,
        2 served: flag,
    }
    /// `apiextensions.v1.CustomResourceDefinitionStatus`.
    DefinitionStatus {
        1 conditions: many StatusCondition,
    }
}

/// CustomResourceDefinitions. kubectl has NAME and CREATED AT; the wide columns are ours.
pub static CUSTOM_RESOURCE_DEFINITION: Block = Block {
    group: "apiextensions.k8s.io",
    version: "v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    singular: "customresourcedefinition",
    short: &["crd", "crds"],
    namespaced: false,
    columns: &[NAME, text("CREATED AT"), wide("GROUP"), wide("KIND"), wide("SCOPE"), wide("VERSIONS")],
    enter: Enter::Instances,
    decode: decode::<CustomResourceDefinition>,
    encode: encode::<CustomResourceDefinition>,
};

impl Object for CustomResourceDefinition {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// apiextensions-apiserver's default table convertor for NAME and CREATED AT.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let spec = self.spec.unwrap_or_default();
        let names = spec.names.unwrap_or_default();
        let mut versions: Vec<&str> = spec.versions.iter().filter(|v| v.served == Some(true)).map(|v| &*v.name).collect();
        versions.sort_by(|a, b| by_priority(a, b));
        let conditions = conditions::facts(&self.status.unwrap_or_default().conditions, interner);
        let clash = conditions::with(&conditions, "NamesAccepted", "False");
        let established = conditions::with(&conditions, "Established", "True").is_some();
        let condition = match (clash, established) {
            (Some(_), _) => Health::Unhealthy,
            (None, false) => Health::Progressing,
            (None, true) => Health::Healthy,
        };
        let waiting = || conditions.iter().find(|c| &*c.kind == "Established" && !established);
        let message = clash.or_else(waiting).map(conditions::words);
        let facts = DefinitionFacts {
            group: interner.text(&spec.group),
            plural: interner.text(&names.plural),
            kind: interner.text(&names.kind),
            version: interner.text(versions.first().copied().unwrap_or_default()),
        };
        let cells = vec![
            meta.creation_timestamp.map_or(Cell::None, |t| Cell::Text(interner.text(&time::rfc3339(t.at())))),
            Cell::Text(facts.group.clone()),
            Cell::Text(facts.kind.clone()),
            Cell::Text(interner.text(&spec.scope)),
            Cell::Text(interner.text(&versions.join(","))),
        ];
        Printed { cells, facts: Facts::Definition(Box::new(facts)), condition, message, ..Printed::default() }
    }
}

/// Versions in Kubernetes' order of priority, the best first: `v2, v1, v2beta1, v1alpha1, other`. The rule is
/// apimachinery's `CompareKubeAwareVersionStrings`.
pub fn by_priority(a: &str, b: &str) -> Ordering {
    match (rank(a), rank(b)) {
        (None, None) => a.cmp(b),
        (a, b) => Reverse(a).cmp(&Reverse(b)),
    }
}

/// Stability, major and minor of `v2beta1`; `None` for whatever is not a version of that form.
fn rank(version: &str) -> Option<(u8, u64, u64)> {
    let rest = version.strip_prefix('v')?;
    let numeric = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    for (word, stability) in [("alpha", 0), ("beta", 1)] {
        if let Some((major, minor)) = rest.split_once(word) {
            return Some((stability, numeric(major)?, numeric(minor)?));
        }
    }
    Some((2, numeric(rest)?, 0))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cells, heads, row};
    use super::*;

    fn definition(versions: &str, conditions: &str) -> crate::model::row::Row {
        row(
            &CUSTOM_RESOURCE_DEFINITION,
            &format!(
                r#"{{"metadata":{{"name":"widgets.example.com","uid":"u","creationTimestamp":"2026-11-21T07:00:00Z"}},
                "spec":{{"group":"example.com","scope":"Namespaced","names":{{"plural":"widgets","kind":"Widget"}},"versions":[{versions}]}},
                "status":{{"conditions":[{conditions}]}}}}"#
            ),
        )
    }

    #[test]
    fn it_prints_as_kubectl_does() {
        assert_eq!(heads(&CUSTOM_RESOURCE_DEFINITION), ["NAME", "CREATED AT", "GROUP", "KIND", "SCOPE", "VERSIONS"]);
        let row = definition(
            r#"{"name":"v1beta1","served":true},{"name":"v2","served":false},{"name":"v1","served":true,"schema":{"openAPIV3Schema":{}}}"#,
            r#"{"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}"#,
        );
        assert_eq!(cells(&row), ["2026-11-21T07:00:00Z", "example.com", "Widget", "Namespaced", "v1,v1beta1"]);
        let Facts::Definition(facts) = &row.facts else { panic!("{:?}", row.facts) };
        assert_eq!((&*facts.group, &*facts.plural, &*facts.kind, &*facts.version), ("example.com", "widgets", "Widget", "v1"));
        assert_eq!((row.condition, row.message), (Health::Healthy, None));
    }

    #[test]
    fn one_that_is_not_served_says_why() {
        assert_eq!(definition("", "").condition, Health::Progressing);
        let installing = definition("", r#"{"type":"Established","status":"False","reason":"Installing","message":"not yet"}"#);
        assert_eq!((installing.condition, installing.message.as_deref()), (Health::Progressing, Some("not yet")));
        let clash = definition(
            "",
            r#"{"type":"NamesAccepted","status":"False","reason":"PluralConflict","message":"\"widgets\" is already in use"}"#,
        );
        assert_eq!((clash.condition, clash.message.as_deref()), (Health::Unhealthy, Some("\"widgets\" is already in use")));
    }

    /// The order that the documentation of CustomResourceDefinition versions gives.
    #[test]
    fn versions_stand_in_kubernetes_order() {
        let order = ["v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v12alpha1", "v11alpha2", "foo1", "foo10"];
        let mut shuffled = order;
        shuffled.reverse();
        shuffled.sort_by(|a, b| by_priority(a, b));
        assert_eq!(shuffled, order);
    }
}
