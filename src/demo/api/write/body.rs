//! Bodies: JSON, YAML or protobuf as trees, with what was said twice in them; and what a kind's schema does not take.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::demo::api::call::{Options, Validation};
use crate::demo::protobuf;
use crate::demo::refusal::Refusal;
use crate::demo::tree::Tree;
use crate::kinds::schema::{Type, problems};

mod json_fault;
mod yaml_twice;

/// What servers take for objects, as a refusal lists it.
const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
/// Those that have no protobuf: custom resources.
const WITHOUT_PROTOBUF: &str = "application/json, application/yaml";

/// A body that was read.
#[derive(Debug)]
pub struct Body {
    /// What it says; the last of what was said twice.
    pub tree: Tree,
    /// `duplicate field "spec.replicas"`; of YAML, all of it in one text.
    pub twice: Vec<String>,
}

/// Reads an object by its Content-Type. `kind` is what is expected.
///
/// # Errors
/// 415 for what is neither JSON nor YAML nor protobuf of a built-in kind, and 400 for what is no object.
pub fn object(body: &[u8], content_type: &str, kind: &str) -> Result<Body, Refusal> {
    if body.is_empty() {
        return Err(unrecognized(kind, body, "unexpected end of JSON input"));
    }
    let read = match content_type.split(';').next().unwrap_or("").trim() {
        "" | "*/*" | "application/json" => json(body),
        "application/yaml" => yaml(body),
        protobuf::MEDIA => match protobuf::object(body) {
            Some(read) => read.map(|tree| Body { tree, twice: Vec::new() }),
            None => return Err(Refusal::unsupported_media_type(WITHOUT_PROTOBUF)),
        },
        _ => return Err(Refusal::unsupported_media_type(ACCEPTED)),
    };
    let read = read.map_err(|why| unrecognized(kind, body, &why))?;
    if !matches!(read.tree, Tree::Map(_)) {
        let what = match read.tree {
            Tree::List(_) => "array",
            Tree::Text(_) => "string",
            Tree::Bool(_) => "bool",
            Tree::Null => return Err(Refusal::bad_request("EOF")),
            _ => "number",
        };
        let go = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
        return Err(unrecognized(kind, body, &format!("json: cannot unmarshal {what} into Go value of type {go}")));
    }
    Ok(read)
}

/// What cannot be read at all, in the server's words. (`transformDecodeError`, `summarizeData`)
fn unrecognized(kind: &str, body: &[u8], why: &str) -> Refusal {
    let start = &body[..body.len().min(30)];
    let shown = match body {
        [] => "<empty>".to_owned(),
        [b'{', ..] => String::from_utf8_lossy(start).into_owned(),
        _ => start.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let more = if body.len() > start.len() { " ..." } else { "" };
    let why = format!("couldn't get version/kind; json parse error: {why}");
    Refusal::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why} ({shown}{more})"))
}

/// Reads JSON.
///
/// # Errors
/// What the decoder says.
pub fn json(body: &[u8]) -> Result<Body, String> {
    let twice = RefCell::default();
    let mut from = serde_json::Deserializer::from_slice(body);
    let told = |why: serde_json::Error| json_fault::fault(body).unwrap_or_else(|| why.to_string());
    let tree = Grower { path: String::new(), twice: &twice }.deserialize(&mut from).map_err(told)?;
    from.end().map_err(told)?;
    Ok(Body { tree, twice: twice.into_inner() })
}

/// Reads YAML, of which JSON is a part.
///
/// # Errors
/// What the decoder says.
pub fn yaml(body: &[u8]) -> Result<Body, String> {
    if body.trim_ascii_start().first() == Some(&b'{')
        && let Ok(read) = json(body)
        && read.twice.is_empty()
    {
        return Ok(read);
    }
    let text = std::str::from_utf8(body).map_err(|why| why.to_string())?;
    let twice = RefCell::default();
    let options = serde_yaml::options! { duplicate_keys: serde_yaml::DuplicateKeyPolicy::LastWins };
    let tree = serde_yaml::with_deserializer_from_str_with_options(text, options, |from| {
        Grower { path: String::new(), twice: &twice }.deserialize(from)
    });
    let tree = tree.map_err(|why| why.to_string())?;
    let twice = if twice.into_inner().is_empty() { None } else { yaml_twice::told(text) };
    Ok(Body { tree, twice: twice.into_iter().collect() })
}

/// Grows a tree and notes the keys that come twice.
struct Grower<'a> {
    path: String,
    twice: &'a RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Grower<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Grower<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Tree, E> {
        Ok(b.into())
    }

    fn visit_i64<E>(self, n: i64) -> Result<Tree, E> {
        Ok(n.into())
    }

    fn visit_u64<E>(self, n: u64) -> Result<Tree, E> {
        Ok(i64::try_from(n).map_or(Tree::Float(n as f64), Tree::Int))
    }

    fn visit_f64<E>(self, f: f64) -> Result<Tree, E> {
        Ok(Tree::Float(f))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(Grower { path: format!("{}[{}]", self.path, items.len()), twice: self.twice })? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Tree, A::Error> {
        let mut map = Tree::map();
        while let Some(key) = from.next_key::<Cow<'de, str>>()? {
            let path = if self.path.is_empty() { key.clone().into_owned() } else { format!("{}.{key}", self.path) };
            if map.get(&key).is_some() {
                self.twice.borrow_mut().push(format!("duplicate field \"{path}\""));
            }
            let value = from.next_value_seed(Grower { path, twice: self.twice })?;
            map.put(&key, value);
        }
        Ok(map)
    }
}

/// Holds a value against its type as the server's decoder does: what is unknown is dropped and told, `null` is nothing.
/// For a custom resource only its metadata has to have the right form; the rest is for validation.
///
/// # Errors
/// The first value of a wrong form, in the decoder's words.
pub fn decode(tree: &mut Tree, of: Option<&Type>, custom: bool) -> Result<Vec<String>, String> {
    let Some(of) = of else { return Ok(Vec::new()) };
    let mut unknown = Vec::new();
    for problem in problems(of, tree) {
        if problem.is_unknown() {
            unknown.push(problem.to_string());
        } else if !custom || problem.path.starts_with("metadata") {
            return Err(problem.to_string());
        }
    }
    *tree = pruned(tree, of, custom);
    Ok(unknown)
}

fn pruned(tree: &Tree, of: &Type, custom: bool) -> Tree {
    let mut out = tree.clone();
    match tree {
        Tree::Map(entries) => {
            let values = of.values();
            for (key, value) in entries.iter() {
                let below = of.field(key).or_else(|| values.clone());
                let embedded = of.embedded_resource() && matches!(key, "apiVersion" | "kind" | "metadata");
                match below {
                    // A custom resource's null stays for validation to see, save where a default takes its place.
                    Some(below) if value.is_null() => {
                        if !custom || (below.default().is_some() && !below.nullable()) {
                            out.take(key);
                        }
                    }
                    Some(below) => {
                        let kept = pruned(value, &below, custom);
                        if !kept.same(value) {
                            out.put(key, kept);
                        }
                    }
                    None if embedded || of.preserves_unknown() => {}
                    None => drop(out.take(key)),
                }
            }
        }
        Tree::List(items) => {
            let Some(of) = of.items() else { return out };
            let kept: Vec<Tree> = items.iter().map(|item| pruned(item, &of, custom)).collect();
            if kept.iter().zip(items.iter()).any(|(kept, item)| !kept.same(item)) {
                out = kept.into();
            }
        }
        _ => {}
    }
    out
}

/// Refuses what is unknown or said twice, or gives it back as warnings, as `fieldValidation` has it.
///
/// # Errors
/// With `Strict`, all of it: `strict decoding error: unknown field "spec.foo", duplicate field "spec.replicas"`.
pub fn strictly(options: &Options, faults: Vec<String>) -> Result<Vec<String>, String> {
    match options.validation {
        _ if faults.is_empty() => Ok(faults),
        Validation::Ignore => Ok(Vec::new()),
        Validation::Warn => Ok(faults),
        Validation::Strict => Err(format!("strict decoding error: {}", faults.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json as j};

    use super::*;
    use crate::demo::openapi;

    #[test]
    fn what_is_said_twice_is_found_in_json_and_yaml() {
        let body = json(br#"{"spec": {"replicas": 1, "list": [{"a": 1, "a": 2}], "replicas": 2}}"#).expect("is JSON");
        assert_eq!(body.twice, ["duplicate field \"spec.list[0].a\"", "duplicate field \"spec.replicas\""]);
        assert_eq!(body.tree.int("spec.replicas", 0), 2);
        let body = yaml(b"spec:\n  replicas: 1\n  replicas: 2\nlist:\n- a: x\n").expect("is YAML");
        assert_eq!(body.twice, ["yaml: unmarshal errors:\n  line 3: key \"replicas\" already set in map"]);
        assert_eq!((body.tree.int("spec.replicas", 0), body.tree["list"][0].text("a")), (2, "x"));
        assert!(json(b"{bad").is_err() && yaml(b"a: [").is_err());
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let refused = |body: &[u8], kind: &str| object(body, kind, "Deployment").err().map(|r| (r.code, r.message));
        assert_eq!(refused(b"x", "application/cbor").map(|(code, _)| code), Some(415));
        assert_eq!(refused(b"x", protobuf::MEDIA).map(|(code, _)| code), Some(400));
        assert_eq!(refused(b"k8s\0\x0a\x0d\x0a\x04a/v1\x12\x05Thing", protobuf::MEDIA).map(|(code, _)| code), Some(415));
        let (code, message) = refused(b"[1]\n", "").expect("is refused");
        assert_eq!(code, 400);
        assert!(
            message.starts_with("the object provided is unrecognized (must be of type Deployment): couldn't get version/kind"),
            "{message}"
        );
        assert!(message.ends_with("(5b315d0a)"), "{message}");
    }

    #[test]
    fn what_a_kind_does_not_have_is_dropped_and_told() {
        let of = openapi::kind("apps", "v1", "Deployment");
        let mut tree: Tree = j!({"metadata": {"labels": {"any": "thing"}, "creationTimestamp": null},
            "spec": {"foo": 1, "template": {"spec": {"containers": [{"name": "a", "bar": 1}]}}}})
        .into();
        let unknown = decode(&mut tree, of.as_ref(), false).expect("has the right form");
        assert_eq!(unknown, ["unknown field \"spec.foo\"", "unknown field \"spec.template.spec.containers[0].bar\""]);
        assert_eq!(
            Value::from(&tree),
            j!({"metadata": {"labels": {"any": "thing"}}, "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}})
        );
        let mut wrong: Tree = j!({"spec": {"replicas": "x"}}).into();
        assert_eq!(
            decode(&mut wrong, of.as_ref(), false),
            Err("json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32".into())
        );
    }
}
