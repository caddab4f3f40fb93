//! An object's YAML as one looks at it: as kubectl prints it, with what the server noted for itself folded, and without values
//! of Secrets until somebody asks for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::model::kind::Kind;
use crate::model::yaml::{self, Note};

/// kubectl's copy of an object as it was last applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Stands where a value is not shown.
pub const MASK: &str = "••••";

/// How one looks at an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks {
    /// What is folded and masked is shown: `managedFields`, and the values of a Secret.
    pub shown: bool,
    /// The key that shows it, to be named where something is not shown.
    pub key: Arc<str>,
}

/// It has values that nobody sees who does not ask for them.
pub fn is_secret(kind: &Kind) -> bool {
    kind.group.is_empty() && &*kind.plural == "secrets"
}

/// The YAML of an object. What is not shown, or is not as the API has it, is said in comments.
pub fn text(kind: &Kind, object: &Value, looks: &Looks) -> String {
    let secret = is_secret(kind);
    yaml::print_noted(object, &|path, value| match path {
        ["metadata", "managedFields"] if !looks.shown => Some(Note::Instead(folded(value, &looks.key))),
        ["data" | "stringData"] if secret && looks.shown && value.as_object().is_some_and(|map| !map.is_empty()) => {
            Some(Note::Beside("decoded".into()))
        }
        ["data", _] if secret => Some(entry(value, looks.shown)),
        ["stringData", _] if secret && !looks.shown => Some(masked(value.as_str().map_or(0, str::len))),
        ["metadata", "annotations", LAST_APPLIED] if secret && !looks.shown => Some(masked(value.as_str().map_or(0, str::len))),
        _ => None,
    })
}

/// `managedFields: … 3 managers, x shows`
fn folded(fields: &Value, key: &str) -> String {
    let entries = fields.as_array().map(Vec::as_slice).unwrap_or_default();
    let managers: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.get("manager")?.as_str()).collect();
    let plural = if managers.len() == 1 { "" } else { "s" };
    format!("managedFields: … {} manager{plural}, {key} shows", managers.len())
}

fn masked(length: usize) -> Note {
    let plural = if length == 1 { "" } else { "s" };
    Note::Other(MASK.into(), format!("{length} byte{plural}"))
}

/// A value of a Secret: how long it is, or what it is.
fn entry(value: &Value, shown: bool) -> Note {
    let encoded = value.as_str().unwrap_or_default();
    let decoded = STANDARD.decode(encoded);
    if !shown {
        return masked(decoded.map_or(encoded.len(), |bytes| bytes.len()));
    }
    let bytes = match decoded {
        Ok(bytes) => bytes,
        Err(error) => return Note::Beside(format!("as it is: no base64, {error}")),
    };
    let length = bytes.len();
    match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) => Note::Other(text.into(), String::new()),
        _ => Note::Beside(format!("base64 of {length} bytes that are no text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret() -> (Kind, Value) {
        let kind = Kind { version: "v1".into(), plural: "secrets".into(), ..Kind::default() };
        let object = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "s",
                "annotations": { LAST_APPLIED: "{\"data\":{\"password\":\"aHVudGVyMg==\"}}", "note": "seen" },
                "managedFields": [{ "manager": "kubectl" }, { "manager": "kubectl" }, { "manager": "kubetui" }],
            },
            "data": { "password": "aHVudGVyMg==", "empty": "", "many": "YQpiCg==", "binary": "/wA=", "number": "OA==", "wrong": "?" },
        });
        (kind, object)
    }

    #[test]
    fn values_of_secrets_are_not_shown_and_how_long_they_are_is() {
        let (kind, object) = secret();
        let text = text(&kind, &object, &Looks { shown: false, key: "x".into() });
        let expected = "\
apiVersion: v1
data:
  binary: •••• # 2 bytes
  empty: •••• # 0 bytes
  many: •••• # 4 bytes
  number: •••• # 1 byte
  password: •••• # 7 bytes
  wrong: •••• # 1 byte
kind: Secret
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: •••• # 36 bytes
    note: seen
  # managedFields: … 2 managers, x shows
  name: s
";
        assert_eq!(text, expected);
    }

    #[test]
    fn shown_they_are_decoded_and_what_is_no_text_stays() {
        let (kind, object) = secret();
        let text = text(&kind, &object, &Looks { shown: true, key: "x".into() });
        let expected = "\
data: # decoded
  binary: /wA= # base64 of 2 bytes that are no text
  empty: \"\"
  many: |
    a
    b
  number: \"8\"
  password: hunter2
";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("  wrong: '?' # as it is: no base64"), "{text}");
        assert!(text.contains("  managedFields:\n  - manager: kubectl\n"), "{text}");
        assert!(text.contains("last-applied-configuration: '{\"data\""), "{text}");
    }

    #[test]
    fn config_maps_have_nothing_to_hide() {
        let (_, object) = secret();
        let kind = Kind { version: "v1".into(), plural: "configmaps".into(), ..Kind::default() };
        let text = text(&kind, &object, &Looks::default());
        assert!(text.contains("password: aHVudGVyMg==\n") && !text.contains(MASK), "{text}");
    }
}
