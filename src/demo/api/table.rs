//! Objects as rows: what kubectl prints, and what this program shows of kinds that have no block.
//!
//! The columns of kinds with a block are the block's, whose cells are spelled as kubectl spells them; those of custom
//! resources are their definition's; those of all others are listed here, after
//! `pkg/printers/internalversion/printers.go`.

use serde_json::{Value, json};

use super::form::{list_meta, metadata};
use crate::demo::resources::Resource;
use crate::demo::tree::Tree;
use crate::kinds::{self, Block, ListMeta, Wire};
use crate::model::intern::Interner;
use crate::model::row::{Cell, Column, Source};
use crate::model::time;

mod others;

/// What stands beside the cells of a row: `includeObject`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Nothing,
    Metadata,
    Object,
}

/// Prints the rows of one resource.
pub struct Printer {
    columns: Vec<Value>,
    cells: Cells,
    beside: Beside,
}

enum Cells {
    Block(&'static Block, Box<std::sync::Mutex<Interner>>, std::sync::Arc<[Column]>),
    Custom(Vec<(String, String)>),
    Other(&'static [others::Column]),
}

/// What the API server's printers say of their age columns: by it clients know that it goes on while the object stays as it is.
const CREATION: &str = "CreationTimestamp is a timestamp representing the server time when this object was created.";

/// A column as the API declares it.
fn declared(name: &str, kind: &str, wide: bool) -> Value {
    let format = if name == "Name" { "name" } else { "" };
    let description = if name == "Age" && kind == "string" { CREATION } else { "" };
    json!({"name": name, "type": kind, "format": format, "description": description, "priority": i32::from(wide)})
}

/// `NOMINATED NODE` → `Nominated Node`: kubectl writes headers in capitals by itself.
fn title(name: &str) -> String {
    if matches!(name, "IP" | "CPU" | "MEM" | "PV" | "UID") {
        return name.to_owned();
    }
    let mut out = String::new();
    let mut start = true;
    for c in name.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = !c.is_alphanumeric();
    }
    out
}

impl Printer {
    /// For a resource without a definition of its own. `include` is the query's `includeObject`.
    pub fn of(resource: &Resource, include: &str) -> Printer {
        let beside = match include {
            "None" => Beside::Nothing,
            "Object" => Beside::Object,
            _ => Beside::Metadata,
        };
        let block = kinds::BLOCKS.iter().copied().find(|b| b.group == &*resource.group && b.plural == &*resource.plural);
        if let Some(block) = block {
            let columns: Vec<Column> = kinds::columns(block).iter().filter(|c| shown(c)).cloned().collect();
            let declared = columns.iter().map(|c| declared(&title(&c.name), "string", c.wide)).collect();
            let interner = Box::new(Interner::new(block.as_kind().into()).into());
            return Printer { columns: declared, cells: Cells::Block(block, interner, columns.into()), beside };
        }
        let columns = others::columns(&resource.group, &resource.plural);
        Printer { columns: columns.iter().map(|c| declared(c.name, c.kind, c.wide)).collect(), cells: Cells::Other(columns), beside }
    }

    /// For a custom resource, whose definition declares columns.
    pub fn of_definition(resource: &Resource, definition: &Tree, include: &str) -> Printer {
        let own = definition.at("spec.versions").items().iter().find(|v| *v.text("name") == *resource.version);
        let printed = own.map(|v| v["additionalPrinterColumns"].clone()).filter(|c| !c.is_empty());
        let default = Tree::from(json!([{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]));
        let printed = printed.unwrap_or(default);
        let mut columns = vec![declared("Name", "string", false)];
        columns.extend(printed.items().iter().map(|c| {
            let mut column = declared(c.text("name"), c.text("type"), false);
            column["priority"] = c.int("priority", 0).into();
            column["format"] = c.text("format").into();
            column
        }));
        let paths = printed.items().iter().map(|c| (c.text("type").to_owned(), c.text("jsonPath").to_owned())).collect();
        Printer { columns, cells: Cells::Custom(paths), ..Printer::of(resource, include) }
    }

    /// A Table up to its rows, with its columns.
    pub fn head(&self, version: &Tree, list: Option<&ListMeta>) -> Vec<u8> {
        let meta = list.map_or_else(|| json!({"resourceVersion": version.as_str()}), list_meta);
        self.start(&meta, &Value::from(self.columns.as_slice()))
    }

    /// A Table in an event of a watch: only the first of a stream says the columns.
    pub fn head_of_event(&self, version: &Tree, first: bool) -> Vec<u8> {
        let columns = if first { Value::from(self.columns.as_slice()) } else { Value::Null };
        self.start(&json!({"resourceVersion": version.as_str()}), &columns)
    }

    fn start(&self, meta: &Value, columns: &Value) -> Vec<u8> {
        // In this order: clients look at the first key to know what it is.
        format!(r#"{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{meta},"columnDefinitions":{columns},"rows":["#).into_bytes()
    }

    /// Appends a row.
    pub fn row(&self, out: &mut Vec<u8>, tree: &Tree, now: i64) {
        let cells: Vec<Value> = match &self.cells {
            Cells::Block(block, interner, columns) => block_cells(block, interner, columns, tree, now),
            Cells::Custom(paths) => {
                let name = std::iter::once(Value::from(tree.text("metadata.name")));
                name.chain(paths.iter().map(|(kind, path)| custom_cell(tree, kind, path, now))).collect()
            }
            Cells::Other(columns) => columns.iter().map(|column| (column.cell)(tree, now)).collect(),
        };
        self.write(out, &Value::from(cells), tree);
    }

    /// Appends a row without anything in it: a bookmark's.
    pub fn blank_row(&self, out: &mut Vec<u8>, tree: &Tree) {
        // As the API server prints an object that has nothing: zero values of the columns' types.
        let blank = |column: &Value| match column["type"].as_str() {
            Some("integer" | "number") => json!(0),
            Some("boolean") => json!(false),
            _ => json!(""),
        };
        let cells: Value = self.columns.iter().map(blank).collect();
        self.write(out, &cells, tree);
    }

    fn write(&self, out: &mut Vec<u8>, cells: &Value, tree: &Tree) {
        let object = match self.beside {
            Beside::Nothing => Value::Null,
            Beside::Metadata => metadata(tree),
            Beside::Object => Value::from(tree),
        };
        // More than one row of a list.
        if out.last() == Some(&b'}') {
            out.push(b',');
        }
        out.extend_from_slice(format!(r#"{{"cells":{cells},"object":{object}}}"#).as_bytes());
    }
}

/// A column that the API prints: namespaces are kubectl's own, and what is in use is not in the object.
fn shown(column: &Column) -> bool {
    !matches!(column.source, Source::Namespace | Source::Cpu | Source::Memory)
}

fn block_cells(block: &Block, interner: &std::sync::Mutex<Interner>, columns: &[Column], tree: &Tree, now: i64) -> Vec<Value> {
    let mut interner = interner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Ok(row) = (block.decode)(Wire::Json, &tree.json(), &mut interner) else {
        return columns.iter().map(|_| Value::from("")).collect();
    };
    let cell = |column: &Column| match column.source {
        Source::Name => Value::from(tree.text("metadata.name")),
        Source::Age => age(tree, now),
        Source::Cell(at) => match row.cells.get(usize::from(at)) {
            Some(Cell::Number(n)) => Value::from(*n),
            Some(cell) => Value::from(cell.text(now)),
            None => Value::from(""),
        },
        _ => Value::from(""),
    };
    columns.iter().map(cell).collect()
}

/// The age of an object, as the server prints it.
fn age(tree: &Tree, now: i64) -> Value {
    since(tree.text("metadata.creationTimestamp"), now)
}

fn since(moment: &str, now: i64) -> Value {
    time::parse(moment).map_or_else(|| "<unknown>".into(), |then| time::age(now - then).into())
}

/// A cell of a custom resource: `tableconvertor.cellForJSONValue`.
fn custom_cell(tree: &Tree, kind: &str, path: &str, now: i64) -> Value {
    let found = json_path(tree, path);
    match (kind, found) {
        (_, None) => Value::Null,
        ("date", Some(value)) => since(value.as_str().unwrap_or(""), now),
        ("string", Some(value)) => value.as_str().map_or_else(|| Value::from(&value).to_string().into(), Value::from),
        (_, Some(value)) => Value::from(&value),
    }
}

/// The subset of JSONPath that definitions use: names, `['quoted names']`, `[index]`, and `[?(@.key=="value")]`.
fn json_path(tree: &Tree, path: &str) -> Option<Tree> {
    let mut at = tree;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (inside, next) = after.split_once(']')?;
            rest = next;
            if let Some(test) = inside.strip_prefix("?(@.").and_then(|test| test.strip_suffix(')')) {
                let (key, value) = test.split_once("==")?;
                let value = value.trim().trim_matches(['"', '\'']);
                at = at.items().iter().find(|item| item.text(key.trim()) == value)?;
            } else if let Ok(index) = inside.parse::<usize>() {
                at = at.items().get(index)?;
            } else {
                at = at.get(inside.trim_matches(['"', '\'']))?;
            }
            continue;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        // A dot in a name is written with a backslash before it.
        let mut name = String::new();
        let mut end = rest.len();
        let mut chars = rest.char_indices();
        while let Some((place, c)) = chars.next() {
            match c {
                '\\' => name.extend(chars.next().map(|(_, c)| c)),
                '.' | '[' => {
                    end = place;
                    break;
                }
                c => name.push(c),
            }
        }
        rest = &rest[end..];
        if !name.is_empty() {
            at = at.get(&name)?;
        }
    }
    (!at.is_null()).then(|| at.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::resources::Registry;

    use crate::kinds::table::decode_table;
    use crate::model::row::Source;

    fn cells(group: &str, plural: &str, object: Value) -> Value {
        let resource = Registry::recorded().preferred(group, plural).expect(plural).clone();
        let printer = Printer::of(&resource, "None");
        let mut out = printer.head(&Tree::Null, None);
        printer.row(&mut out, &object.into(), 1_795_248_000);
        out.extend_from_slice(b"]}");
        let table: Value = serde_json::from_slice(&out).expect("JSON");
        let names: Vec<_> = table["columnDefinitions"].as_array().expect("columns").iter().map(|c| c["name"].clone()).collect();
        // An age goes on by itself, in whatever reads it.
        let read = decode_table(&out, true, &mut Interner::default()).expect("it is read").columns.expect("columns");
        assert_eq!(names.contains(&json!("Age")), read.iter().any(|column| column.source == Source::Age), "{plural}");
        let cells = table["rows"][0]["cells"].as_array().expect("cells").clone();
        assert_eq!(names.len(), cells.len(), "{plural}");
        names.iter().map(|name| name.as_str().unwrap_or("").to_owned()).zip(cells).collect::<serde_json::Map<_, _>>().into()
    }

    #[test]
    fn rows_are_what_kubectl_prints() {
        let meta = json!({"name": "x", "creationTimestamp": "2026-11-21T07:55:00Z"});
        let pod = json!({"metadata": meta, "spec": {"containers": [{"name": "a"}]}, "status": {"phase": "Running", "podIP": "10.0.0.1"}});
        let printed = cells("", "pods", pod);
        assert_eq!(
            (&printed["Ready"], &printed["Age"], &printed["IP"], &printed["Nominated Node"]),
            (&json!("0/1"), &json!("5m"), &json!("10.0.0.1"), &json!("<none>"))
        );
        let secret = cells("", "secrets", json!({"metadata": meta, "type": "Opaque", "data": {"a": "", "b": ""}}));
        assert_eq!(secret, json!({"Name": "x", "Type": "Opaque", "Data": "2", "Age": "5m"}));
    }

    #[test]
    fn paths_of_definitions_find_their_values() {
        let tree: Tree = json!({"metadata": {"annotations": {"a.b/c": "x"}}, "status": {"conditions": [{"type": "Ready", "status": "True"}], "n": [1, 2]}}).into();
        for (path, value) in [
            (".status.conditions[?(@.type==\"Ready\")].status", json!("True")),
            (".status.n[1]", json!(2)),
            (".metadata.annotations['a.b/c']", json!("x")),
            (".metadata.annotations.a\\.b/c", json!("x")),
            (".status.none", Value::Null),
        ] {
            assert_eq!(json_path(&tree, path).as_ref().map_or(Value::Null, Value::from), value, "{path}");
        }
    }
}
