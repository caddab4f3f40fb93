//! Places in a text, and paths in a tree.

use std::fmt;

use crate::model::tree::Tree;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// The line of the first byte, from 1.
    pub line: usize,
    /// The column of the first byte, from 1, in characters.
    pub column: usize,
}

/// Text that cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stops being readable.
    pub at: Place,
    /// One clause, without the place.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.message)
    }
}

impl std::error::Error for Fault {}

/// A step on the way into a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The value under a key.
    Key(Box<str>),
    /// An item of a list by its place, from 0.
    At(usize),
    /// An item of a list by the fields that tell it apart.
    Item(Vec<(Box<str>, Tree)>),
}

/// A way into a tree. Written out it is as people write it: `spec.containers[name=app].image`; a key with dots is in brackets
/// and quotes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// This path, one key further.
    pub fn key(&self, name: &str) -> Path {
        self.with(Step::Key(name.into()))
    }

    /// A field as servers name it: `spec.containers[0].image` (validation), `metadata.labels[app.kubernetes.io/name]`,
    /// `.spec.containers[name="app"].image` (server-side apply). What cannot be read ends it.
    pub fn of_field(text: &str) -> Path {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let Some((inside, after)) = inner.split_once(']') else { break };
                steps.push(bracket(inside));
                rest = after;
                continue;
            }
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                break;
            }
            steps.push(Step::Key(name[..end].into()));
            rest = &name[end..];
        }
        Path(steps)
    }

    /// The fields that a server's message names in its text (`unknown field "spec.foo"`, `duplicate field "spec.bar"`), for
    /// those that it does not name beside it.
    pub fn in_message(message: &str) -> Vec<Path> {
        message.split("field \"").skip(1).filter_map(|part| part.split_once('"')).map(|(field, _)| Path::of_field(field)).collect()
    }

    /// This path, one step further.
    pub fn with(&self, step: Step) -> Path {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }
}

/// What stands in brackets: a place, a key, or fields and their values.
fn bracket(text: &str) -> Step {
    if let Ok(at) = text.parse() {
        return Step::At(at);
    }
    let unquoted = |text: &str| text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned);
    if let Some(key) = unquoted(text) {
        return Step::Key(key.into());
    }
    let field = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = unquoted(value).map(Tree::from).or_else(|| serde_json::from_str(value).ok()).unwrap_or_else(|| value.into());
        Some((name.into(), value))
    };
    text.split(',').map(field).collect::<Option<Vec<_>>>().map_or_else(|| Step::Key(text.into()), Step::Item)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if !name.is_empty() && !name.contains(['.', '[', ']', '"', ' ', '/']) => {
                    write!(f, "{}{name}", if at == 0 { "" } else { "." })?;
                }
                Step::Key(name) => write!(f, "[{name:?}]")?,
                Step::At(place) => write!(f, "[{place}]")?,
                Step::Item(keys) => {
                    f.write_str("[")?;
                    for (at, (name, value)) in keys.iter().enumerate() {
                        f.write_str(if at == 0 { "" } else { "," })?;
                        match value.as_str() {
                            _ if name.is_empty() => write!(f, "{value:?}")?,
                            Some(text) => write!(f, "{name}={text}")?,
                            None => write!(f, "{name}={value:?}")?,
                        }
                    }
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_the_servers_name_of_it() {
        for text in
            ["spec.containers[0].image", "spec.ports[port=53,protocol=UDP].targetPort", "metadata.labels[\"app.kubernetes.io/name\"]", "a"]
        {
            assert_eq!(Path::of_field(text).to_string(), text);
        }
        let of = |text: &str| Path::of_field(text).to_string();
        assert_eq!(of("metadata.labels[app.kubernetes.io/name]"), "metadata.labels[\"app.kubernetes.io/name\"]");
        assert_eq!(of(".spec.template.spec.containers[name=\"app\"].image"), "spec.template.spec.containers[name=app].image");
        assert_eq!(of("spec..x"), "spec");
        let message = "strict decoding error: unknown field \"spec.replica\", duplicate field \"spec.paused\"";
        assert_eq!(Path::in_message(message).iter().map(Path::to_string).collect::<Vec<_>>(), ["spec.replica", "spec.paused"]);
        let node = crate::model::edit::read("spec:\n  replicas: 1\n  x:\n  - name: a\n    b: 1\n").expect("YAML").root;
        let line = |text: &str| node.nearest(&Path::of_field(text)).0.label().line;
        assert_eq!((line("spec.replicas"), line(".spec.x[name=\"a\"].b"), line("spec.nothing.more")), (2, 5, 1));
    }
}
