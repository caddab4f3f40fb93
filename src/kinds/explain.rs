//! The schema of a kind as text, line by line as `kubectl explain` prints it (kubectl's `explain/v2/templates/plaintext.tmpl`),
//! and the fields in it that one can go into.

use super::schema::{Field, Type};
use crate::model::kind::Kind;

/// How wide a description is, and that of a field below its name.
const WIDE: usize = 76;
/// So many values of an enumeration are listed beside a field.
const VALUES: usize = 4;
/// How far lists of lists and maps of maps are looked through.
const DEEPEST: usize = 16;

/// A schema, and how far one has gone into it.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Of which kind it is.
    pub kind: Kind,
    /// The whole kind.
    pub root: Type,
    /// The names of the fields to where one is.
    pub path: Vec<Box<str>>,
}

/// The text of a schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The text.
    pub text: String,
    /// The fields in it: the line of each, and its name.
    pub fields: Vec<(usize, Box<str>)>,
}

impl Schema {
    /// `pods.spec.containers`
    pub fn title(&self) -> String {
        let names = std::iter::once(&*self.kind.plural).chain(self.path.iter().map(|name| &**name));
        names.collect::<Vec<_>>().join(".")
    }

    /// One field further; `None` where that has no fields of its own.
    pub fn into_field(&self, name: &str) -> Option<Schema> {
        let mut path = self.path.clone();
        path.push(name.into());
        self.root.at(path.iter().map(|name| &**name))?;
        Some(Schema { path, ..self.clone() })
    }

    /// The schema as text.
    ///
    /// # Errors
    /// There is no such field: which of the path, and what is like it there.
    pub fn page(&self) -> Result<Page, String> {
        let mut page = Page::default();
        if !self.kind.group.is_empty() {
            page.line(&format!("GROUP:      {}", self.kind.group));
        }
        page.line(&format!("KIND:       {}", self.kind.kind));
        page.line(&format!("VERSION:    {}", self.kind.version));
        page.line("");
        let of = self.place()?;
        if let Some(name) = self.path.last() {
            page.line(&format!("FIELD: {name} <{}>", of.name()));
            if !of.enumeration().is_empty() {
                page.line("ENUM:");
                values(&of).iter().for_each(|value| page.line(&format!("    {value}")));
                page.line("");
            } else {
                page.line("");
                page.line("");
            }
        }
        page.line("DESCRIPTION:");
        let mut said = String::new();
        descriptions(&of, &mut said, DEEPEST);
        page.indented(4, &wrapped(if said.is_empty() { "<empty>" } else { &said }, WIDE));
        let mut fields = Vec::new();
        all_fields(&of, &mut fields, DEEPEST);
        if !fields.is_empty() {
            page.line("FIELDS:");
            fields.iter().for_each(|field| page.field(field));
        }
        page.line("");
        Ok(page)
    }

    fn place(&self) -> Result<Type, String> {
        let mut of = self.root.clone();
        for (at, name) in self.path.iter().enumerate() {
            of = of.at([&**name]).ok_or_else(|| {
                let mut fields = Vec::new();
                all_fields(&of, &mut fields, DEEPEST);
                let above =
                    [&*self.kind.plural].into_iter().chain(self.path[..at].iter().map(|name| &**name)).collect::<Vec<_>>().join(".");
                let near: Vec<&str> = fields.iter().map(|field| &*field.name).filter(|field| is_like(field, name)).collect();
                let near = if near.is_empty() { String::new() } else { format!("; it has {}", near.join(", ")) };
                format!("{above} has no field {name:?}{near}")
            })?;
        }
        Ok(of)
    }
}

/// The same in other case, or one begins with the other.
fn is_like(field: &str, name: &str) -> bool {
    let (field, name) = (field.to_lowercase(), name.to_lowercase());
    field.starts_with(&name) || name.starts_with(&field)
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Go's templates indent every line, empty ones too.
    fn indented(&mut self, by: usize, text: &str) {
        text.split('\n').for_each(|line| self.line(&format!("{:by$}{line}", "")));
    }

    fn field(&mut self, field: &Field) {
        self.fields.push((self.text.matches('\n').count(), field.name.clone()));
        let required = if field.required { " -required-" } else { "" };
        self.line(&format!("  {}\t<{}>{required}", field.name, field.of.name()));
        let values = values(&field.of);
        if !values.is_empty() {
            let more = if values.len() > VALUES { ", ...." } else { "" };
            self.line(&format!("  enum: {}{more}", values[..values.len().min(VALUES)].join(", ")));
        }
        let said = field.of.own_description().filter(|said| !said.is_empty()).unwrap_or("<no description>");
        self.indented(4, &wrapped(said, WIDE));
        self.line("");
    }
}

fn values(of: &Type) -> Vec<String> {
    let value = |value: &serde_json::Value| match value.as_str() {
        Some("") => "\"\"".to_owned(),
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    of.enumeration().iter().map(value).collect()
}

/// What is said of it, of what it refers to, of its items and of its values.
fn descriptions(of: &Type, out: &mut String, left: usize) {
    for said in of.descriptions() {
        out.push_str(said);
        out.push('\n');
    }
    if left > 0 {
        of.items().into_iter().chain(of.values()).for_each(|below| descriptions(&below, out, left - 1));
    }
}

/// Its fields, by name, and those of its items and of its values.
fn all_fields(of: &Type, out: &mut Vec<Field>, left: usize) {
    let mut own = of.fields();
    own.sort_by(|a, b| a.name.cmp(&b.name));
    out.extend(own);
    if left > 0 {
        of.items().into_iter().chain(of.values()).for_each(|below| all_fields(&below, out, left - 1));
    }
}

/// Lines of so many letters, broken at white space (github.com/mitchellh/go-wordwrap, as kubectl has it).
fn wrapped(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut word, mut spaces) = (String::new(), String::new());
    let (mut current, mut letters) = (0, 0);
    for c in text.chars() {
        if c == '\n' {
            if !word.is_empty() || current + spaces.chars().count() <= limit {
                out.push_str(&spaces);
            }
            spaces.clear();
            out.push_str(&word);
            word.clear();
            letters = 0;
            out.push(c);
            current = 0;
        } else if c.is_whitespace() && c != '\u{A0}' {
            if spaces.is_empty() || !word.is_empty() {
                current += spaces.chars().count() + letters;
                out.push_str(&spaces);
                spaces.clear();
                out.push_str(&word);
                word.clear();
                letters = 0;
            }
            spaces.push(c);
        } else {
            word.push(c);
            letters += 1;
            if current + letters + spaces.chars().count() > limit && letters < limit {
                out.push('\n');
                current = 0;
                spaces.clear();
            }
        }
    }
    if !word.is_empty() || current + spaces.chars().count() <= limit {
        out.push_str(&spaces);
    }
    out + &word
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(path: &[&str]) -> Schema {
        let root = Type::inline(&json!({
            "type": "object",
            "description": "A thing.",
            "properties": {
                "spec": {
                    "type": "object",
                    "description": "What is wanted.",
                    "required": ["size"],
                    "properties": {
                        "size": { "type": "integer", "description": "How large it is." },
                        "mode": { "type": "string", "enum": ["", "a", "b", "c", "d"] },
                        "parts": { "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" } } } },
                    },
                },
            },
        }));
        let kind =
            Kind { group: "example.com".into(), version: "v1".into(), kind: "Thing".into(), plural: "things".into(), ..Kind::default() };
        Schema { kind, root: root.unwrap(), path: path.iter().map(|name| (*name).into()).collect() }
    }

    #[test]
    fn a_field_is_printed_as_kubectl_prints_it() {
        let page = schema(&["spec"]).page().unwrap();
        let expected = "\
GROUP:      example.com
KIND:       Thing
VERSION:    v1

FIELD: spec <Object>


DESCRIPTION:
    What is wanted.
    
FIELDS:
  mode\t<string>
  enum: \"\", a, b, c, ....
    <no description>

  parts\t<[]Object>
    <no description>

  size\t<integer> -required-
    How large it is.


";
        assert_eq!(page.text, expected);
        assert_eq!(page.fields, [(11, "mode".into()), (15, "parts".into()), (18, "size".into())]);
    }

    #[test]
    fn one_goes_into_fields_through_lists() {
        let parts = schema(&["spec"]).into_field("parts").unwrap();
        assert_eq!(parts.title(), "things.spec.parts");
        assert!(parts.page().unwrap().text.contains("  name\t<string>\n"));
        assert!(parts.into_field("name").is_some() && parts.into_field("nothing").is_none());
        assert_eq!(schema(&["spec", "Size"]).page().unwrap_err(), "things.spec has no field \"Size\"; it has size");
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrapped("one two three four", 9), "one two\nthree\nfour");
        assert_eq!(wrapped("averyverylongword it", 5), "averyverylongword\nit");
        assert_eq!(wrapped("a\n\n b ", 5), "a\n\n b ");
    }
}
