//! Keys that are twice in YAML, as go-yaml tells of them in strict mode: the line of the second value, and the key.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

/// `yaml: unmarshal errors:` and a line for each; nothing where no key is there twice.
pub(super) fn told(text: &str) -> Option<String> {
    let options = serde_yaml::options! { duplicate_keys: serde_yaml::DuplicateKeyPolicy::LastWins };
    let node = serde_yaml::with_deserializer_from_str_with_options(text, options, |from| Node::deserialize(from)).ok()?;
    let lines: Vec<String> = node.0.iter().map(|(line, key)| format!("\n  line {line}: key {key:?} already set in map")).collect();
    (!lines.is_empty()).then(|| format!("yaml: unmarshal errors:{}", lines.concat()))
}

/// What is there twice in a value, and in what is below it.
struct Node(Vec<(u64, String)>);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Node, D::Error> {
        from.deserialize_any(Look)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node(Vec::new()))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node(Vec::new()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node(Vec::new()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node(Vec::new()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node(Vec::new()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node(Vec::new()))
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node(Vec::new()))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        Node::deserialize(from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(Node(below)) = from.next_element()? {
            all.extend(below);
        }
        Ok(Node(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let (mut all, mut keys) = (Vec::new(), HashSet::new());
        while let Some(key) = from.next_key::<String>()? {
            let value: Spanned<Node> = from.next_value()?;
            let line = value.referenced.line();
            all.extend(value.value.0);
            if keys.contains(&key) {
                all.push((line, key));
            } else {
                keys.insert(key);
            }
        }
        Ok(Node(all))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_told_with_their_lines() {
        assert_eq!(super::told("a: 1\nb:\n- c: 1\n"), None);
        let told = super::told("{a: {b: '1', b: '2'}}");
        assert_eq!(told.as_deref(), Some("yaml: unmarshal errors:\n  line 1: key \"b\" already set in map"));
        let told = super::told("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n");
        let wanted = "yaml: unmarshal errors:\n  line 4: key \"c\" already set in map\n  line 5: key \"a\" already set in map";
        assert_eq!(told.as_deref(), Some(wanted));
    }
}
