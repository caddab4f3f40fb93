//! Port-forward: which port of what is under the cursor, the list of what is open, and ending it.

use std::sync::Arc;

use super::{Context, Refusal, act, palette};
use crate::effect::Effect;
use crate::kinds::panes::forwards::KIND;
use crate::model::act::Act;
use crate::model::facts::Facts;
use crate::model::forward::ports::{self, Declared};
use crate::model::forward::{Forward, Forwarding, Local};
use crate::model::reference::Reference;
use crate::model::row::{Row, Uid};
use crate::view::picker::Choice;
use crate::view::place::Place;
use crate::view::state::{Overlay, State, View};
use crate::view::table::TableView;
use crate::view::tables::TableKey;

/// What a command is about: of a container its pod, and the container's name.
fn subject(state: &State) -> Result<(Reference, Option<Arc<str>>), Refusal> {
    let targets = act::targets(state);
    let one = match targets.as_slice() {
        [] => return Err("there is no object under the cursor".into()),
        [one] => one.clone(),
        several => return Err(format!("{} objects are marked, and a port is forwarded to one", several.len())),
    };
    if &*one.kind.kind != "Container" {
        return Ok((one, None));
    }
    let pod = state.table_view().and_then(|view| view.place.key.pod(&state.catalog));
    Ok((pod.ok_or("the container's pod is not known")?, Some(one.name)))
}

/// Whether a port can be forwarded to what is under the cursor.
pub fn can_forward(state: &State) -> Result<(), Refusal> {
    let (object, _) = subject(state)?;
    act::can_do(state, "port-forward", &object)?;
    match state.kind_of(&crate::kinds::pods::POD) {
        pods if pods == object.kind => Ok(()),
        // What holds for pods holds for the pods behind it.
        pods => state.policy.denied("port-forward", &pods, &object.namespace).map_or(Ok(()), Err),
    }
}

/// The row of an object, wherever it is shown on the way here.
fn row_of<'a>(state: &'a State, uid: &Uid) -> Option<&'a Row> {
    state.stack.iter().rev().find_map(|view| match view {
        View::Table(view) => {
            let store = &state.tables.get(&view.place.key)?.store;
            store.row(store.slot(uid)?)
        }
        View::Text(_) | View::Log(_) | View::Edit(_) => None,
    })
}

/// The ports that what is under the cursor declares, those that can be forwarded first.
fn declared(state: &State) -> Vec<Declared> {
    let Ok((object, container)) = subject(state) else { return Vec::new() };
    row_of(state, &object.uid).map(|row| ports::declared(&row.facts, container.as_deref())).unwrap_or_default()
}

/// The ports to choose from, as `port-forward` takes them.
pub fn choices(state: &State) -> Vec<Choice> {
    let choice = |declared: Declared| {
        let port = &declared.port;
        let mut about = format!("{}/{}", port.number, if port.protocol.is_empty() { "TCP" } else { &port.protocol });
        if !port.target.is_empty() && *port.target != *port.number.to_string() {
            about.push_str(&format!(" → {} of its pods", port.target));
        }
        if !declared.container.is_empty() {
            about.push_str(&format!(" of container {}", declared.container));
        }
        let refused = declared.able().err().map(Arc::from);
        Choice { refused, ..Choice::new(declared.remote().to_string(), about) }
    };
    declared(state).into_iter().map(choice).collect()
}

/// Forwards a port. Without one: the only one that is declared, or one that is chosen.
pub fn forward(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let (object, _) = subject(c.state)?;
    if !args.is_empty() {
        let asked = Forwarding::parse(args)?;
        if let Some(row) = row_of(c.state, &object.uid)
            && !matches!(row.facts, Facts::None)
        {
            ports::meant(&row.facts, &asked.remote).map_err(|why| format!("{}: {why}", object.title()))?;
        }
        return act::ask_of(c, Act::Forward(asked), vec![object]);
    }
    let all = declared(c.state);
    let mut able = all.iter().filter(|declared| declared.able().is_ok());
    match (able.next(), able.next(), all.as_slice()) {
        (Some(only), None, _) => {
            let asked = Forwarding { local: Local::Same, remote: only.remote() };
            act::ask_of(c, Act::Forward(asked), vec![object])
        }
        (None, _, [first, ..]) => Err(format!("{}: {}", object.title(), first.able().err().unwrap_or_default())),
        (chosen, _, _) => {
            let several = chosen.is_some();
            palette::open_with(c.state, "port-forward ");
            // The first of them is a key away; others are chosen, or typed with another port of this machine.
            if let Overlay::Picker(picker) = &mut c.state.overlay
                && several
            {
                picker.choose(0);
            }
            Ok(())
        }
    }
}

/// Shows what is open.
pub fn forwards(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if on_forwards(c.state) {
        return Ok(());
    }
    let place = Place::new(TableKey::Forwards);
    c.state.push(View::Table(Box::new(TableView::new(place))));
    Ok(())
}

/// The list of forwards is on the screen.
fn on_forwards(state: &State) -> bool {
    state.table_view().is_some_and(|view| view.place.key == TableKey::Forwards)
}

/// The forwards that are marked, or the one under the cursor.
fn chosen(state: &State) -> Vec<u64> {
    let rows = act::targets(state).into_iter().filter(|target| &*target.kind.kind == KIND);
    rows.filter_map(|row| state.forwards.of_row(&row.uid).map(|forward| forward.number)).collect()
}

/// Whether `delete` can be done: in the list of forwards it ends them.
pub fn can_delete(state: &State) -> Result<(), Refusal> {
    match on_forwards(state) {
        true if chosen(state).is_empty() => Err("there is no forward under the cursor".into()),
        true => Ok(()),
        false => act::can_delete(state),
    }
}

/// Deletes what is under the cursor; a forward is ended without a question, as nothing in the cluster changes.
pub fn delete(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if !on_forwards(c.state) {
        return act::delete(c, args);
    }
    if !args.is_empty() {
        return Err(format!("a forward is ended, and takes no {args:?}"));
    }
    c.effects.extend(chosen(c.state).into_iter().map(Effect::Unforward));
    Ok(())
}

/// Shows everything about the forward under the cursor.
pub fn describe(c: &mut Context<'_>, uid: &Uid) -> Result<(), Refusal> {
    let number = c.state.forwards.of_row(uid).map(|forward| forward.number).ok_or("it has ended")?;
    let now = c.state.now();
    if let Some(text) = c.state.forwards.describe(number, now) {
        c.state.push(View::Text(Box::new(text)));
    }
    Ok(())
}

/// The URLs of the forwards that are chosen, or lead to what is under the cursor.
pub fn urls(state: &State) -> Result<Vec<String>, Refusal> {
    let targets = act::targets(state);
    let of = |target: &Reference| match &*target.kind.kind {
        KIND => state.forwards.of_row(&target.uid).map(Forward::url).into_iter().collect::<Vec<_>>(),
        _ => state.forwards.iter().filter(|forward| forward.is_of(target, &state.context.name)).map(Forward::url).collect(),
    };
    let urls: Vec<String> = targets.iter().flat_map(of).collect();
    if urls.is_empty() {
        return Err(match targets.first() {
            Some(target) => format!("no forward leads to {}: :port-forward makes one", target.title()),
            None => "there is no object under the cursor".into(),
        });
    }
    Ok(urls)
}

/// The forwards under the cursor as kubectl commands.
pub fn kubectl(state: &State, rows: &[&Row]) -> Option<String> {
    let line = |row: &&Row| {
        let opened = &state.forwards.of_row(&row.uid)?.opened;
        Some(Act::Forward(opened.asked.clone()).kubectl(&opened.target, &opened.context))
    };
    let lines: Vec<String> = rows.iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
