//! ControllerRevisions: the history of StatefulSets and DaemonSets.

use super::super::partial::{ObjectMeta, OwnerReference};
use super::super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, number, text};
use crate::model::facts::Facts;
use crate::model::intern::Interner;
use crate::model::row::Cell;

crate::partial! {
    /// `apps.v1.ControllerRevision`. Its data, the template itself, is fetched when somebody looks at it.
    ControllerRevision {
        1 metadata: one ObjectMeta,
        3 revision: long,
    }
}

/// ControllerRevisions.
pub static CONTROLLER_REVISION: Block = Block {
    group: "apps",
    version: "v1",
    kind: "ControllerRevision",
    plural: "controllerrevisions",
    singular: "controllerrevision",
    short: &[],
    namespaced: true,
    columns: &[NAME, text("CONTROLLER"), number("REVISION"), AGE],
    enter: Enter::Describe,
    decode: decode::<ControllerRevision>,
    encode: encode::<ControllerRevision>,
};

impl Object for ControllerRevision {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printControllerRevision`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let revision = self.revision.unwrap_or(0);
        let controller = match meta.owner_references.iter().find(|owner| owner.controller == Some(true)) {
            Some(owner) => Cell::Text(interner.text(&resource_name(owner))),
            None => Cell::None,
        };
        Printed { cells: vec![controller, Cell::Number(revision)], facts: Facts::Revision(revision), ..Printed::default() }
    }
}

/// kubectl's `formatResourceName`: `statefulset.apps/web`.
fn resource_name(owner: &OwnerReference) -> String {
    let kind = owner.kind.to_lowercase();
    match owner.api_version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", owner.name),
        None => format!("{kind}/{}", owner.name),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{cells, heads, row};
    use super::*;

    #[test]
    fn it_prints_as_kubectl_does() {
        let json =
            |owners: &str| format!(r#"{{"metadata":{{"name":"db-1","uid":"u","ownerReferences":[{owners}]}},"revision":7,"data":{{}}}}"#);
        let owner = r#"{"apiVersion":"apps/v1","kind":"StatefulSet","name":"db","uid":"o","controller":true}"#;
        assert_eq!(heads(&CONTROLLER_REVISION), ["NAME", "CONTROLLER", "REVISION", "AGE"]);
        let owned = row(&CONTROLLER_REVISION, &json(owner));
        assert_eq!(cells(&owned), ["statefulset.apps/db", "7"]);
        assert_eq!(owned.facts, Facts::Revision(7));
        assert_eq!(cells(&row(&CONTROLLER_REVISION, &json(""))), ["<none>", "7"]);
    }
}
