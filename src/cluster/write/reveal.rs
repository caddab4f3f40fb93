//! Showing the values of a Secret: nothing is sent for it, but the context may demand a question, and that it was done is
//! journalled. The values themselves come nowhere near.

use serde_json::Value;

use super::Gate;
use super::acts::{Case, Prepared, Work};
use crate::cluster::request;
use crate::event::Event;
use crate::model::act::Step;
use crate::model::reference::Reference;

/// The verb that guard rails know it by.
const VERB: &str = "reveal";

/// Prepares it, of the Secret as it is now.
pub(super) fn prepare(case: &Case<'_>, number: u64) -> Prepared {
    let values = case.object.get("data").and_then(Value::as_object).map_or(0, |data| data.len());
    let plural = if values == 1 { "its value is" } else { "its values are" };
    let change = format!("{plural} shown on this screen: {values}");
    Prepared { change, notes: Vec::new(), work: Work::Reveal(number, case.target.clone()) }
}

/// Lets the text of a number show them.
pub(super) async fn reveal(gate: &Gate, number: u64, secret: &Reference) -> Step {
    let Reference { kind, namespace, name, .. } = secret;
    if let Some(why) = gate.policy.denied(VERB, kind, namespace) {
        return Step::Failed(why);
    }
    let done = "its values are shown".to_owned();
    let entry = gate.entry(VERB, secret, request::object(kind, namespace, name), Value::Null, Ok(done.clone()));
    gate.note(entry).await;
    let _ = gate.out.send(Event::Revealed(number)).await;
    Step::Done(done)
}
