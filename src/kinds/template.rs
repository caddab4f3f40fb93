//! The pod template of workloads, as far as their rows show it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::partial::{self, LabelSelector};
use super::pods::ContainerPort;
use crate::model::facts::{Port, Selector};
use crate::model::intern::Interner;
use crate::model::row::Cell;

crate::partial! {
    /// `core.v1.PodTemplateSpec`.
    PodTemplate {
        2 spec: one TemplateSpec,
    }
    /// `core.v1.PodSpec` of a template.
    TemplateSpec {
        2 containers: many TemplateContainer,
        7 node_selector: map,
    }
    /// `core.v1.Container` of a template.
    TemplateContainer {
        1 name: text,
        2 image: text,
        6 ports: many ContainerPort,
    }
}

/// Names and images of a template's containers, as cells and as facts.
#[derive(Debug)]
pub struct Containers {
    /// kubectl's CONTAINERS: `app,proxy`.
    pub names: Cell,
    /// kubectl's IMAGES: `web:1,envoy:2`.
    pub images: Cell,
    /// Name and image of each, in order.
    pub pairs: Box<[(Arc<str>, Arc<str>)]>,
    /// The ports that they declare, in order.
    pub ports: Box<[Port]>,
}

impl Containers {
    /// kubectl's `layoutContainerCells`.
    pub fn of(template: Option<&PodTemplate>, interner: &mut Interner) -> Containers {
        let containers = template.and_then(|t| t.spec.as_ref()).map_or(&[][..], |spec| &spec.containers);
        let mut joined = |part: fn(&TemplateContainer) -> &str| {
            let parts: Vec<_> = containers.iter().map(part).collect();
            Cell::Text(interner.text(&parts.join(",")))
        };
        let (names, images) = (joined(|c| &c.name), joined(|c| &c.image));
        let pairs = containers.iter().map(|c| (interner.text(&c.name), interner.text(&c.image))).collect();
        let ports = containers.iter().flat_map(|c| &c.ports).map(|port| port.fact(interner)).collect();
        Containers { names, images, pairs, ports }
    }
}

/// Labels as kubectl's `FormatLabels` spells them.
pub fn labels_cell(labels: &BTreeMap<String, String>, interner: &mut Interner) -> Cell {
    if labels.is_empty() { Cell::None } else { Cell::Text(interner.text(&partial::join(labels))) }
}

/// A selector as fact and as kubectl's `FormatLabelSelector` spells it.
pub fn selector_cell(selector: Option<&LabelSelector>, interner: &mut Interner) -> (Option<Arc<Selector>>, Cell) {
    let selector = selector.map(|s| super::selector(s, interner));
    let cell = match &selector {
        Some(selector) if !selector.requirements.is_empty() => Cell::Text(interner.text(&selector.to_string())),
        _ => Cell::None,
    };
    (selector, cell)
}
