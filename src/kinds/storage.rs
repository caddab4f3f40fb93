//! The storage.k8s.io group: StorageClass.

use super::partial::ObjectMeta;
use super::{AGE, Block, Enter, Object, Printed, decode, encode, text};
use crate::model::intern::Interner;
use crate::model::row::Cell;

crate::partial! {
    /// `storage.v1.StorageClass`.
    StorageClass {
        1 metadata: one ObjectMeta,
        2 provisioner: text,
        4 reclaim_policy: text,
        6 allow_volume_expansion: flag,
        7 volume_binding_mode: text,
    }
}

/// The annotations, of today and of old, that mark the default class.
const DEFAULT: [&str; 2] = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// StorageClasses. NAME is a cell, because kubectl adds `(default)` there; the row's name stays the object's.
pub static STORAGE_CLASS: Block = Block {
    group: "storage.k8s.io",
    version: "v1",
    kind: "StorageClass",
    plural: "storageclasses",
    singular: "storageclass",
    short: &["sc"],
    namespaced: false,
    columns: &[text("NAME"), text("PROVISIONER"), text("RECLAIMPOLICY"), text("VOLUMEBINDINGMODE"), text("ALLOWVOLUMEEXPANSION"), AGE],
    enter: Enter::Describe,
    decode: decode::<StorageClass>,
    encode: encode::<StorageClass>,
};

impl Object for StorageClass {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printStorageClass`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let default = DEFAULT.iter().any(|key| meta.annotations.get(*key).is_some_and(|value| value == "true"));
        let name = if default { format!("{} (default)", meta.name) } else { meta.name.clone() };
        let or = |text: &str, otherwise: &'static str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
        let cells = [
            name,
            self.provisioner.clone(),
            or(&self.reclaim_policy, "Delete"),
            or(&self.volume_binding_mode, "Immediate"),
            self.allow_volume_expansion.unwrap_or(false).to_string(),
        ];
        Printed { cells: cells.iter().map(|text| Cell::Text(interner.text(text))).collect(), ..Printed::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cells, heads, row};
    use super::*;

    #[test]
    fn it_prints_as_kubectl_does() {
        assert_eq!(heads(&STORAGE_CLASS), ["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION", "AGE"]);
        let default = row(
            &STORAGE_CLASS,
            r#"{"metadata":{"name":"fast","uid":"u","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},
               "provisioner":"example.com/disk","reclaimPolicy":"Retain","volumeBindingMode":"WaitForFirstConsumer","allowVolumeExpansion":true}"#,
        );
        assert_eq!(cells(&default), ["fast (default)", "example.com/disk", "Retain", "WaitForFirstConsumer", "true"]);
        assert_eq!(&*default.name, "fast");
        let bare = row(&STORAGE_CLASS, r#"{"metadata":{"name":"slow","uid":"u"},"provisioner":"p"}"#);
        assert_eq!(cells(&bare), ["slow", "p", "Delete", "Immediate", "false"]);
    }
}
