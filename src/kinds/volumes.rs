//! Storage of the core group: PersistentVolume and PersistentVolumeClaim.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::core::CoreCondition;
use super::partial::{ObjectMeta, Quantity};
use super::{AGE, Block, Enter, NAME, Object, Printed, decode, encode, text, wide};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

crate::partial! {
    /// `core.v1.PersistentVolume`.
    PersistentVolume {
        1 metadata: one ObjectMeta,
        2 spec: one PersistentVolumeSpec,
        3 status: one PersistentVolumeStatus,
    }

    /// `core.v1.PersistentVolumeSpec`.
    PersistentVolumeSpec {
        1 capacity: map Quantity,
        3 access_modes: texts,
        4 claim_ref: one ClaimReference,
        5 persistent_volume_reclaim_policy: text,
        6 storage_class_name: text,
        8 volume_mode: text,
        10 volume_attributes_class_name: text,
    }

    /// `core.v1.ObjectReference` to a claim.
    ClaimReference {
        2 namespace: text,
        3 name: text,
    }

    /// `core.v1.PersistentVolumeStatus`.
    PersistentVolumeStatus {
        1 phase: text,
        2 message: text,
        3 reason: text,
    }

    /// `core.v1.PersistentVolumeClaim`.
    PersistentVolumeClaim {
        1 metadata: one ObjectMeta,
        2 spec: one PersistentVolumeClaimSpec,
        3 status: one PersistentVolumeClaimStatus,
    }

    /// `core.v1.PersistentVolumeClaimSpec`.
    PersistentVolumeClaimSpec {
        3 volume_name: text,
        5 storage_class_name: text,
        6 volume_mode: text,
        9 volume_attributes_class_name: text,
    }

    /// `core.v1.PersistentVolumeClaimStatus`.
    PersistentVolumeClaimStatus {
        1 phase: text,
        2 access_modes: texts,
        3 capacity: map Quantity,
        4 conditions: many CoreCondition,
    }
}

/// Volumes.
pub static PERSISTENT_VOLUME: Block = Block {
    group: "",
    version: "v1",
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    singular: "persistentvolume",
    short: &["pv"],
    namespaced: false,
    columns: &[
        NAME,
        text("CAPACITY"),
        text("ACCESS MODES"),
        text("RECLAIM POLICY"),
        text("STATUS"),
        text("CLAIM"),
        text("STORAGECLASS"),
        text("VOLUMEATTRIBUTESCLASS"),
        text("REASON"),
        AGE,
        wide("VOLUMEMODE"),
    ],
    enter: Enter::Describe,
    decode: decode::<PersistentVolume>,
    encode: encode::<PersistentVolume>,
};

impl Object for PersistentVolume {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printPersistentVolume`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let spec = self.spec.unwrap_or_default();
        let status = self.status.unwrap_or_default();
        let (phase, condition) = phase(meta, &status.phase);
        let claim = spec.claim_ref.map(|claim| format!("{}/{}", claim.namespace, claim.name)).unwrap_or_default();
        let words = [status.message, status.reason.clone()].into_iter().find(|words| !words.is_empty());
        Printed {
            cells: vec![
                storage(&spec.capacity, interner),
                Cell::Text(access_modes(&spec.access_modes, interner)),
                Cell::Text(interner.text(&spec.persistent_volume_reclaim_policy)),
                Cell::Status(interner.text(phase), condition),
                Cell::Text(claim.into()),
                Cell::Text(class(meta, &spec.storage_class_name, interner)),
                Cell::Text(or_unset(&spec.volume_attributes_class_name, interner)),
                Cell::Text(interner.text(&status.reason)),
                Cell::Text(or_unset(&spec.volume_mode, interner)),
            ],
            condition,
            message: words.filter(|_| condition != Health::Healthy).map(Into::into),
            ..Printed::default()
        }
    }
}

/// Claims.
pub static PERSISTENT_VOLUME_CLAIM: Block = Block {
    group: "",
    version: "v1",
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    singular: "persistentvolumeclaim",
    short: &["pvc"],
    namespaced: true,
    columns: &[
        NAME,
        text("STATUS"),
        text("VOLUME"),
        text("CAPACITY"),
        text("ACCESS MODES"),
        text("STORAGECLASS"),
        text("VOLUMEATTRIBUTESCLASS"),
        AGE,
        wide("VOLUMEMODE"),
    ],
    enter: Enter::Describe,
    decode: decode::<PersistentVolumeClaim>,
    encode: encode::<PersistentVolumeClaim>,
};

impl Object for PersistentVolumeClaim {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printPersistentVolumeClaim`. A bound claim is not healthy while it is resized or modified, or cannot be.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let spec = self.spec.unwrap_or_default();
        let status = self.status.unwrap_or_default();
        let (phase, mut condition) = phase(meta, &status.phase);
        let holding = || status.conditions.iter().filter(|c| c.holds());
        let failed = holding().find(|c| c.kind.ends_with("Error"));
        let under_way = holding().find(|c| matches!(c.kind.as_str(), "Resizing" | "FileSystemResizePending" | "ModifyingVolume"));
        let change = failed.or(under_way);
        if failed.is_some() {
            condition = Health::Unhealthy;
        } else if under_way.is_some() {
            condition = condition.max(Health::Progressing);
        }
        let (capacity, modes) = if spec.volume_name.is_empty() {
            (Cell::Text(interner.text("")), interner.text(""))
        } else {
            (storage(&status.capacity, interner), access_modes(&status.access_modes, interner))
        };
        Printed {
            cells: vec![
                Cell::Status(interner.text(phase), condition),
                Cell::Text(spec.volume_name.into()),
                capacity,
                Cell::Text(modes),
                Cell::Text(class(meta, &spec.storage_class_name, interner)),
                Cell::Text(or_unset(&spec.volume_attributes_class_name, interner)),
                Cell::Text(or_unset(&spec.volume_mode, interner)),
            ],
            condition,
            message: change.and_then(CoreCondition::words).map(Into::into),
            ..Printed::default()
        }
    }
}

/// The word under STATUS, and how good it is. A released volume keeps its data for somebody to look at, a failed one
/// and a claim that lost its volume need somebody.
fn phase<'a>(meta: &ObjectMeta, phase: &'a str) -> (&'a str, Health) {
    if meta.deletion_timestamp.is_some() {
        return ("Terminating", Health::Progressing);
    }
    let health = match phase {
        "Bound" | "Available" => Health::Healthy,
        "Failed" | "Lost" => Health::Unhealthy,
        _ => Health::Progressing,
    };
    (phase, health)
}

/// The storage of a resource list; Go's zero quantity prints `0`.
fn storage(resources: &BTreeMap<String, Quantity>, interner: &mut Interner) -> Cell {
    match resources.get("storage") {
        Some(size) => Cell::Quantity(interner.text(&size.string), size.millis()),
        None => Cell::Quantity(interner.text("0"), 0),
    }
}

/// `GetAccessModesAsString` of kubernetes/pkg/apis/core/helper: each once, in a fixed order.
fn access_modes(modes: &[String], interner: &mut Interner) -> Arc<str> {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let short: Vec<_> = SHORT.iter().filter(|(mode, _)| modes.iter().any(|m| m == mode)).map(|&(_, short)| short).collect();
    interner.text(&short.join(","))
}

/// The class: the beta annotation first, as `GetPersistentVolumeClass` has it.
fn class(meta: &ObjectMeta, name: &str, interner: &mut Interner) -> Arc<str> {
    interner.text(meta.annotations.get("volume.beta.kubernetes.io/storage-class").map_or(name, String::as_str))
}

/// kubectl's `<unset>` for a pointer that is nil.
fn or_unset(text: &str, interner: &mut Interner) -> Arc<str> {
    interner.text(if text.is_empty() { "<unset>" } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::wires::{cells, row};
    use serde_json::json;

    #[test]
    fn a_volume_is_printed_as_kubectl_prints_it() {
        let volume = row(
            &PERSISTENT_VOLUME,
            json!({
                "metadata": {"name": "pv-1", "annotations": {"volume.beta.kubernetes.io/storage-class": "old"}},
                "spec": {
                    "capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "fast", "volumeMode": "Block",
                    "claimRef": {"namespace": "shop", "name": "data"},
                },
                "status": {"phase": "Failed", "reason": "Recycling", "message": "no recycler"},
            }),
        );
        assert_eq!(cells(&volume, 0), ["5Gi", "RWO,RWX", "Retain", "Failed", "shop/data", "old", "<unset>", "Recycling", "Block"]);
        assert_eq!((volume.condition, volume.message.as_deref()), (Health::Unhealthy, Some("no recycler")));
        assert!(matches!(volume.cells[0], Cell::Quantity(_, 5_368_709_120_000)));
    }

    #[test]
    fn a_claim_is_printed_as_kubectl_prints_it() {
        let pending = json!({"spec": {"storageClassName": "slow"}, "status": {"phase": "Pending"}});
        assert_eq!(cells(&row(&PERSISTENT_VOLUME_CLAIM, pending), 0), ["Pending", "", "", "", "slow", "<unset>", "<unset>"]);

        let mut bound = json!({
            "spec": {"volumeName": "pv-1", "storageClassName": "fast", "volumeMode": "Filesystem", "volumeAttributesClassName": "gold"},
            "status": {"phase": "Bound", "capacity": {"storage": "1Ti"}, "accessModes": ["ReadWriteOncePod"]},
        });
        let fine = row(&PERSISTENT_VOLUME_CLAIM, bound.clone());
        assert_eq!(cells(&fine, 0), ["Bound", "pv-1", "1Ti", "RWOP", "fast", "gold", "Filesystem"]);
        assert_eq!(fine.condition, Health::Healthy);

        bound["status"]["conditions"] = json!([
            {"type": "Resizing", "status": "True", "message": ""},
            {"type": "ControllerResizeError", "status": "True", "reason": "Quota", "message": "quota exceeded"},
        ]);
        let failing = row(&PERSISTENT_VOLUME_CLAIM, bound.clone());
        assert_eq!((failing.condition, failing.message.as_deref()), (Health::Unhealthy, Some("quota exceeded")));

        bound["metadata"] = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
        bound["status"]["conditions"] = json!(null);
        assert_eq!(cells(&row(&PERSISTENT_VOLUME_CLAIM, bound), 0)[0], "Terminating");
    }
}
