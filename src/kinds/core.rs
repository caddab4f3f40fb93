//! The small kinds of the core group: Namespace, ServiceAccount, PersistentVolume, PersistentVolumeClaim.

use super::partial::ObjectMeta;
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, text};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `core.v1.Namespace`.
    Namespace {
        1 metadata: one ObjectMeta,
        3 status: one NamespaceStatus,
    }
    /// `core.v1.NamespaceStatus`.
    NamespaceStatus {
        1 phase: text,
    }
}

/// Namespaces.
pub static NAMESPACE: Block = Block {
    group: "",
    version: "v1",
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short: &["ns"],
    namespaced: false,
    columns: &[NAME, text("STATUS"), AGE],
    enter: Enter::Scope,
    decode: decode::<Namespace>,
    encode: encode::<Namespace>,
};

impl Object for Namespace {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printNamespace`.
    fn print(self, _: &ObjectMeta, interner: &mut Interner) -> Printed {
        let phase = self.status.map(|s| s.phase).unwrap_or_default();
        let condition = if phase == "Active" { Health::Healthy } else { Health::Progressing };
        Printed { cells: vec![Cell::Status(interner.text(&phase), condition)], condition, ..Printed::default() }
    }
}
