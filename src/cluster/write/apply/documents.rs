//! Texts to objects: cut into documents, lists taken apart as kubectl does it, each with the place that it stands at. What is
//! wrong is told of all of them.

use super::gather::Text;
use crate::model::edit::{self, Document, Node, Place};
use crate::model::tree::Tree;

/// Lists within lists.
const DEEPEST: usize = 8;
/// So many faults are told.
const TOLD: usize = 10;

/// An object as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) tree: Tree,
    /// `deploy/web.yaml:12`.
    pub(super) at: String,
}

/// The objects of texts, in their order.
///
/// # Errors
/// Everything that is wrong with them, a line each: `web.yaml:3:5: …`.
pub(super) fn read(texts: &[Text]) -> Result<Vec<Written>, Vec<String>> {
    let mut reading = Reading::default();
    for text in texts {
        reading.text(text);
    }
    if reading.faults.is_empty() && reading.written.is_empty() {
        let names: Vec<&str> = texts.iter().map(|text| text.name.as_str()).collect();
        reading.faults.push(format!("{}: there is no object here", names.join(", ")));
    }
    let more = reading.faults.len().saturating_sub(TOLD);
    if more > 0 {
        reading.faults.truncate(TOLD);
        reading.faults.push(format!("and {more} more"));
    }
    if reading.faults.is_empty() { Ok(reading.written) } else { Err(reading.faults) }
}

#[derive(Default)]
struct Reading {
    written: Vec<Written>,
    faults: Vec<String>,
}

impl Reading {
    fn fault(&mut self, name: &str, at: Place, message: &str) {
        self.faults.push(format!("{name}:{}:{}: {message}", at.line, at.column));
    }

    fn text(&mut self, text: &Text) {
        let utf8 = match edit::utf8(&text.bytes) {
            Ok(utf8) => utf8,
            Err(fault) => return self.fault(&text.name, fault.at, &fault.message),
        };
        for document in edit::documents(utf8) {
            match document {
                Ok(document) => self.document(&text.name, &document),
                Err(fault) => self.fault(&text.name, fault.at, &fault.message),
            }
        }
    }

    fn document(&mut self, name: &str, document: &Document) {
        for twice in &document.twice {
            // Whoever reads the file sees one, and the server would be sent the other.
            self.fault(name, twice.again, &format!("{} is here twice: it stands in line {} already", twice.name, twice.first.line));
        }
        self.object(name, &document.root, None, 0);
    }

    /// `of` is what the items of a typed list are where they do not say it: `v1`, `Pod`.
    fn object(&mut self, name: &str, node: &Node, of: Option<(&str, &str)>, depth: usize) {
        let mut tree = node.tree();
        if let Some((version, kind)) = of.filter(|(_, kind)| !kind.is_empty()) {
            tree.set_default("apiVersion", version);
            tree.set_default("kind", kind);
        }
        let said = |field: &str| match tree.get(field) {
            Some(value) => value.as_str().map(str::to_owned).ok_or_else(|| format!("{field} is no text")),
            None => Err(format!("{field} is missing: it says what this is")),
        };
        let (version, kind) = match (said("apiVersion"), said("kind")) {
            (Ok(version), Ok(kind)) => (version, kind),
            (Err(why), _) | (_, Err(why)) => return self.fault(name, node.at, &why),
        };
        // As apimachinery's unstructured.Unstructured has it: what has items is a list.
        if let Some(items) = node.get("items").filter(|items| kind.ends_with("List") && matches!(items.content, edit::Content::List(_))) {
            if depth > DEEPEST {
                return self.fault(name, node.at, "lists within lists within lists");
            }
            let single = kind.trim_end_matches("List");
            for item in items.items() {
                self.object(name, item, Some((&version, single)), depth + 1);
            }
            return;
        }
        let metadata = node.get("metadata");
        let place = metadata.map_or(node.at, Node::label);
        let text = |field: &str| metadata.and_then(|metadata| metadata.get(field));
        match (text("name"), text("generateName")) {
            (Some(named), _) if named.as_str().is_some_and(|name| !name.is_empty()) => {}
            (Some(named), _) => return self.fault(name, named.at, "metadata.name is no text: put it between quotes"),
            (None, Some(named)) => {
                return self.fault(name, named.label(), "what is applied has a name of its own: generateName makes a new one each time");
            }
            (None, None) => return self.fault(name, place, "metadata.name is missing"),
        }
        if let Some(namespace) = text("namespace").filter(|namespace| namespace.as_str().is_none()) {
            return self.fault(name, namespace.at, "metadata.namespace is no text: put it between quotes");
        }
        self.written.push(Written { tree, at: format!("{name}:{}", node.at.line) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<(String, String)>, Vec<String>> {
        let texts = [Text { name: "a.yaml".into(), bytes: text.as_bytes().into() }];
        let title = |written: Written| (format!("{}/{}", written.tree.text("kind"), written.tree.text("metadata.name")), written.at);
        read(&texts).map(|all| all.into_iter().map(title).collect())
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(title, at)| ((*title).to_owned(), (*at).to_owned())).collect()
    }

    #[test]
    fn documents_and_lists_become_objects_in_their_order() {
        let text = "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: List\nitems:\n\
                    - apiVersion: v1\n  kind: Secret\n  metadata: {name: b}\n- {apiVersion: v1, kind: Pod, metadata: {name: c}}\n---\n\
                    apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: d}}]\n";
        assert_eq!(
            of(text).unwrap(),
            pairs(&[("ConfigMap/a", "a.yaml:2"), ("Secret/b", "a.yaml:10"), ("Pod/c", "a.yaml:13"), ("Pod/d", "a.yaml:17")])
        );
        let json = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMap\",\n\t\"metadata\": {\"name\": \"j\"}\n}\n";
        assert_eq!(of(json).unwrap(), pairs(&[("ConfigMap/j", "a.yaml:1")]));
        let kind = "apiVersion: example.com/v1\nkind: AccessList\nmetadata: {name: x}\nspec: {}\n";
        assert_eq!(of(kind).unwrap(), pairs(&[("AccessList/x", "a.yaml:1")]), "a kind whose name ends so is no list");
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 5\n---\nkind: X\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  \
                    generateName: a-\n---\napiVersion: v1\nkind: Pod\n---\na: b: c\n---\napiVersion: v1\nkind: Pod\nkind: Job\nmetadata: {name: b}\n";
        let faults = of(text).unwrap_err();
        let starts = [
            "a.yaml:4:9: metadata.name is no text",
            "a.yaml:6:1: apiVersion is missing",
            "a.yaml:11:3: what is applied has a name",
            "a.yaml:13:1: metadata.name is missing",
            "a.yaml:16:",
            "a.yaml:20:1: kind is here twice: it stands in line 19 already",
        ];
        assert_eq!(faults.len(), starts.len(), "{faults:#?}");
        for (fault, start) in faults.iter().zip(starts) {
            assert!(fault.starts_with(start), "{fault} {start}");
        }
        assert_eq!(of("# nothing\n").unwrap_err(), ["a.yaml: there is no object here"]);
        assert!(
            read(&[Text { name: "b".into(), bytes: b"a: \xff".as_slice().into() }]).unwrap_err()[0].starts_with("b:1:4: the byte 0xff")
        );
    }
}
