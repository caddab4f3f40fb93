//! Pods.

use std::sync::Arc;

use super::partial::ObjectMeta;
use super::{AGE, Block, CPU, Enter, MEM, NAME, Object, Printed, decode, encode, number, text, wide};
use crate::model::facts::Facts;
use crate::model::intern::Interner;
use crate::model::row::{Cell, Health};

mod facts;
mod health;
mod message;
mod status;

pub use message::{Container, ContainerPort, ContainerStatus, Pod, PodSpec, PodStatus, ResourceRequirements};

/// How long a pod stays unsettled after one of its containers restarted, in seconds.
const UNSETTLED: i64 = 600;

/// Pods.
pub static POD: Block = Block {
    group: "",
    version: "v1",
    kind: "Pod",
    plural: "pods",
    singular: "pod",
    short: &["po"],
    namespaced: true,
    columns: &[
        NAME,
        number("READY"),
        text("STATUS"),
        text("RESTARTS"),
        CPU,
        MEM,
        AGE,
        wide("IP"),
        wide("NODE"),
        wide("NOMINATED NODE"),
        wide("READINESS GATES"),
    ],
    enter: Enter::Containers,
    decode: decode::<Pod>,
    encode: encode::<Pod>,
};

impl Object for Pod {
    fn take_meta(&mut self) -> ObjectMeta {
        self.metadata.take().unwrap_or_default()
    }

    /// kubectl's `printPod`; what it counts is in `status`, how good that is and why in `health`.
    fn print(self, meta: &ObjectMeta, interner: &mut Interner) -> Printed {
        let spec = self.spec.unwrap_or_default();
        let status = self.status.unwrap_or_default();
        let deleting = meta.deletion_timestamp.is_some();
        let summary = status::summarize(&spec, &status, deleting);
        let condition = health::judge(&status, &summary, deleting);
        let message = health::words(&spec, &status, condition, deleting);
        let facts = facts::facts(&meta.name, &spec, &status, interner);
        let gates = match spec.readiness_gates.len() {
            0 => Cell::None,
            all => Cell::Ratio(status::passed_gates(&spec, &status), all as u32),
        };
        let last_restart = summary.last_restart.filter(|_| summary.restarts > 0);
        Printed {
            cells: vec![
                Cell::Ratio(summary.ready, summary.total),
                Cell::Status(interner.text(&summary.reason), condition),
                Cell::Restarts(summary.restarts, last_restart),
                Cell::text_or_none(facts.ip.clone()),
                Cell::text_or_none(facts.node.clone()),
                Cell::text_or_none(interner.text(&status.nominated_node_name)),
                gates,
            ],
            facts: Facts::Pod(Box::new(facts)),
            condition,
            // A pod that has done its work is settled.
            unsettled_until: last_restart.filter(|_| status.phase != "Succeeded").map_or(0, |at| at + UNSETTLED),
            message: message.filter(|_| condition != Health::Healthy).map(Arc::from),
        }
    }
}

#[cfg(test)]
mod tests;
