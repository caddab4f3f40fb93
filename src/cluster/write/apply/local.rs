//! What would be stored as far as that is known without the server: a webhook refuses dry runs, or nothing may be sent.

use serde_json::Value;

use crate::cluster::connect::Session;
use crate::cluster::schema;
use crate::kinds::draft::own;
use crate::kinds::schema::Guided;
use crate::model::edit::{self, Answer, Guide};
use crate::model::kind::Kind;
use crate::model::tree::Tree;

/// An object with what is wanted of it laid over.
pub(super) async fn laid(session: &Session, kind: &Kind, live: &Value, config: &Value) -> Value {
    let of = Guided(schema::of(session, kind).await.ok());
    over(live, config, &of)
}

/// A merge in which both sides have made everything, and the second one is right.
fn over(live: &Value, config: &Value, of: &impl Guide) -> Value {
    let (theirs, mine) = (own(live), Tree::from(config.clone()));
    let base = Tree::texts([("apiVersion", theirs.text("apiVersion")), ("kind", theirs.text("kind"))]);
    let conflicts = edit::merge(&base, &theirs, &mine, of, &[]).conflicts.len();
    let merged = edit::merge(&base, &theirs, &mine, of, &vec![Answer::Mine; conflicts]);
    Value::from(&merged.tree)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::edit::Plain;

    #[test]
    fn what_is_wanted_lies_over_what_is_there() {
        let live = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "u", "labels": {"x": "1", "y": "1"}},
            "data": {"a": "1", "b": "1"}});
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"x": "2"}},
            "data": {"b": "2", "c": "2"}});
        let expected = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "u", "labels": {"x": "2", "y": "1"}},
            "data": {"a": "1", "b": "2", "c": "2"}});
        assert_eq!(over(&live, &config, &Plain), expected);
        assert_eq!(over(&live, &live, &Plain), live);
    }
}
