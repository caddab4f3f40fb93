//! Going from an object to those that it has to do with: down by `enter`, up to its owner, across to its node.

use std::sync::Arc;

use super::{Context, Refusal, forward, views};
use crate::kinds::panes::forwards;
use crate::kinds::{self, Enter};
use crate::model::facts::Facts;
use crate::model::reference::Reference;
use crate::model::row::Row;
use crate::model::scope::Scope;
use crate::view::place::{Pane, Place, Relation};
use crate::view::state::{State, View};
use crate::view::table::TableView;
use crate::view::tables::TableKey;

/// Goes down.
pub fn enter(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(row) = c.state.selected().cloned() else { return Ok(()) };
    if row.kind.version.is_empty() {
        return pseudo(c, &row);
    }
    let way = kinds::block(&row.kind).map_or(Enter::Describe, |block| block.enter);
    match way {
        Enter::Containers => {
            let name: Arc<str> = (&*row.name).into();
            go(c.state, TableKey::Containers(Scope::one(&row.namespace), row.uid.clone(), name), None, &row);
        }
        Enter::SelectedPods => match &row.facts {
            Facts::Service(service) if service.selector.is_some() => {
                let relation = service.selector.clone().map(|selector| Relation::Selected(row.namespace.clone(), selector));
                let key = pods(c.state, &row);
                go(c.state, key, relation, &row);
            }
            Facts::Service(_) => return Err(format!("service {} has no selector: somebody else makes its endpoints", row.name)),
            _ => return views::describe(c, ""),
        },
        Enter::OwnedPods => {
            let selector = match &row.facts {
                Facts::Workload(workload) => workload.selector.clone(),
                Facts::Selects(selector) => Some(selector.clone()),
                _ => None,
            };
            let Some(selector) = selector else { return Err(format!("{} has no selector", Reference::of(&row).title())) };
            let relation = match &row.facts {
                Facts::Workload(_) => {
                    Relation::Owned { namespace: row.namespace.clone(), selector, name: (&*row.name).into(), uid: row.uid.clone() }
                }
                _ => Relation::Selected(row.namespace.clone(), selector),
            };
            let key = pods(c.state, &row);
            go(c.state, key, Some(relation), &row);
        }
        Enter::PodsOnNode => {
            let kind = c.state.kind_of(&kinds::pods::POD);
            let fields = format!("spec.nodeName={}", row.name);
            go(c.state, TableKey::Picked(kind, Scope::All, fields.into()), None, &row);
        }
        Enter::OwnedJobs => {
            let kind = c.state.kind_of(&kinds::batch::JOB);
            let key = TableKey::Kind(kind, scope_with(c.state, &row.namespace));
            go(c.state, key, Some(Relation::Child(row.uid.clone())), &row);
        }
        Enter::Scope => {
            c.state.set_scope(Scope::one(&row.name));
            c.state.show_pane(Pane::Pods);
        }
        Enter::Instances => {
            let Facts::Definition(definition) = &row.facts else { return views::describe(c, "") };
            let found = c.state.catalog.exact(&definition.group, &definition.version, &definition.plural);
            let Some(kind) = found.cloned() else {
                return Err(format!("the server does not serve {}.{} yet", definition.plural, definition.group));
            };
            let key = TableKey::Kind(kind, c.state.scope.clone()).normal();
            go(c.state, key, None, &row);
        }
        Enter::Describe => return views::describe(c, ""),
    }
    Ok(())
}

/// Rows that are no objects: a label, a container.
fn pseudo(c: &mut Context<'_>, row: &Row) -> Result<(), Refusal> {
    if let Some((key, value)) = row.labels.first().filter(|_| &*row.kind.kind == "Label") {
        let scope = c.state.scope.clone();
        go(c.state, TableKey::Labelled(scope, key.clone(), value.clone()), None, row);
        return Ok(());
    }
    if let Facts::Event(event) = &row.facts {
        let found = super::events::kind_of(c.state, event)?;
        let scope = if found.namespaced { scope_with(c.state, &row.namespace) } else { Scope::All };
        let relation = match &event.object_uid {
            // A kubelet gives a node's name for its UID.
            Some(uid) if &*event.object_kind != "Node" => Relation::One(uid.clone()),
            _ if found.namespaced => Relation::Named(row.namespace.clone(), event.object_name.clone()),
            _ => Relation::Named("".into(), event.object_name.clone()),
        };
        go(c.state, TableKey::Kind(found, scope).normal(), Some(relation), row);
        return Ok(());
    }
    if &*row.kind.kind == forwards::KIND {
        return forward::describe(c, &row.uid);
    }
    views::describe(c, "")
}

/// The table of pods to find a row's pods in: that of the scope where it holds the row's namespace.
fn pods(state: &State, row: &Row) -> TableKey {
    TableKey::Kind(state.kind_of(&kinds::pods::POD), scope_with(state, &row.namespace))
}

fn scope_with(state: &State, namespace: &str) -> Scope {
    if state.scope.contains(namespace) { state.scope.clone() } else { Scope::one(namespace) }
}

fn go(state: &mut State, key: TableKey, relation: Option<Relation>, from: &Row) {
    let crumb = if from.kind.version.is_empty() { from.name.to_string() } else { Reference::of(from).title() };
    let place = Place { relation, crumb: crumb.into(), ..Place::new(key) };
    state.push(View::Table(Box::new(TableView::new(place))));
}

/// The row names a node.
pub fn has_node(state: &State) -> Result<(), Refusal> {
    node_of(state).map(|_| ())
}

fn node_of(state: &State) -> Result<Arc<str>, Refusal> {
    match state.selected().map(|row| &row.facts) {
        Some(Facts::Pod(pod)) if !pod.node.is_empty() => Ok(pod.node.clone()),
        Some(Facts::Pod(_)) => Err("the pod is on no node yet".into()),
        _ => Err("only pods are on nodes".into()),
    }
}

/// Goes to the node.
pub fn node(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let name = node_of(c.state)?;
    let Some(row) = c.state.selected().cloned() else { return Ok(()) };
    let kind = c.state.kind_of(&kinds::nodes::NODE);
    go(c.state, TableKey::Kind(kind, Scope::All).normal(), Some(Relation::Named("".into(), name)), &row);
    Ok(())
}

/// The row has an owner.
pub fn has_owner(state: &State) -> Result<(), Refusal> {
    match state.selected() {
        Some(row) if row.owner.is_some() => Ok(()),
        Some(row) => Err(format!("nothing owns {}", Reference::of(row).title())),
        None => Err("there is no object under the cursor".into()),
    }
}

/// Goes to the owner.
pub fn owner(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(row) = c.state.selected().cloned() else { return Ok(()) };
    let Some(owner) = &row.owner else { return has_owner(c.state) };
    let found = c.state.catalog.referred(&owner.api_version, &owner.kind);
    let Some(kind) = found.cloned() else {
        return Err(format!("the server does not list {} of {}", owner.kind, owner.api_version));
    };
    let scope = if kind.namespaced { scope_with(c.state, &row.namespace) } else { Scope::All };
    go(c.state, TableKey::Kind(kind, scope).normal(), Some(Relation::One(owner.uid.clone())), &row);
    Ok(())
}
