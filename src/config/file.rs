//! Reading `config.toml`, strictly: every key, type and name that is not known is reported with its line.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{FILE, Said, names};
use crate::keymap;
use crate::kinds::catalog::Catalog;
use crate::model::policy::{Demand, Rail, VERBS};
use crate::model::quantity;
use crate::model::scope::{self, Scope};
use crate::problem::{Problem, Source, did_you_mean};
use crate::shelf::Shelf;
use crate::theme;

/// What is said in one place: at the top of the file, or in the table of a context.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layer {
    pub theme: Option<Said<String>>,
    pub keymap: Option<Said<String>>,
    pub read_only: Option<Said<bool>>,
    pub namespace: Option<Said<Scope>>,
    pub pane: Option<Said<String>>,
    pub mouse: Option<Said<bool>>,
    pub login: Option<Said<Arc<[String]>>>,
    pub debug_image: Option<Said<String>>,
    pub dry_run: Option<Said<bool>>,
    pub danger: Option<Said<bool>>,
    pub most: Option<Said<usize>>,
    pub defaults: Option<Said<bool>>,
    pub rails: Vec<Rail>,
    pub log_tail: Option<Said<u32>>,
    pub log_most: Option<Said<usize>>,
    pub log_spool: Option<Said<u64>>,
}

/// The keys of a layer.
const KEYS: [&str; 12] =
    ["theme", "keymap", "read-only", "namespace", "pane", "mouse", "login-command", "debug-image", "dry-run", "danger", "guard", "logs"];
/// At the top of the file there are the contexts, too.
const CONTEXT: &str = "context";

/// Reads a file as far as it makes sense: what it says of every context, and of some by name or pattern, in its own order.
pub(super) fn read(source: Source<'_>, folder: Option<&Path>, problems: &mut Vec<Problem>) -> (Layer, Vec<(String, Layer)>) {
    let before = problems.len();
    let table = source.parse(problems);
    let mut reader = Reader { source, folder, catalog: names::catalog(), problems };
    let base = reader.layer(&table, true);
    let mut contexts: Vec<(usize, String, Layer)> = Vec::new();
    match table.iter().find(|(key, _)| key.get_ref() == CONTEXT) {
        Some((_, value)) if value.get_ref().is_table() => {
            for (name, value) in value.get_ref().as_table().into_iter().flatten() {
                match value.get_ref().as_table() {
                    Some(table) => {
                        contexts.push((name.span().start, name.get_ref().to_string(), reader.layer(table, false)));
                    }
                    None => reader.report(name, format!("[context.{:?}] has to be a table of settings", name.get_ref())),
                }
            }
        }
        Some((key, _)) => reader.report(key, "context has to hold tables: [context.\"NAME\"]"),
        None => {}
    }
    problems[before..].sort_by_key(|problem| problem.line);
    contexts.sort_by_key(|(at, ..)| *at);
    (base, contexts.into_iter().map(|(_, name, layer)| (name, layer)).collect())
}

struct Reader<'a, 'p> {
    source: Source<'a>,
    folder: Option<&'p Path>,
    catalog: Catalog,
    problems: &'p mut Vec<Problem>,
}

type Value<'v> = Spanned<DeValue<'v>>;

impl Reader<'_, '_> {
    fn report<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.problems.push(self.source.problem(at.span(), message));
    }

    /// `config.toml:12`.
    fn place<T>(&self, at: &Spanned<T>) -> Arc<str> {
        format!("{FILE}:{}", self.source.line(at.span().start)).into()
    }

    /// The value with its place, if it can be read; else it is reported what it has to be.
    fn said<K, T>(&mut self, key: &Spanned<K>, read: Result<T, String>) -> Option<Said<T>> {
        match read {
            Ok(value) => Some(Said { value, source: self.place(key) }),
            Err(message) => {
                self.report(key, message);
                None
            }
        }
    }

    fn layer(&mut self, table: &DeTable<'_>, top: bool) -> Layer {
        let mut layer = Layer::default();
        for (key, value) in table {
            let name = key.get_ref().to_string();
            match name.as_str() {
                "theme" => layer.theme = self.shelved(key, value, &theme::SHELF),
                "keymap" => layer.keymap = self.shelved(key, value, &keymap::SHELF),
                "read-only" => layer.read_only = self.read_only(key, value),
                "namespace" => {
                    let read = namespaces(value);
                    layer.namespace = self.said(key, read);
                }
                "pane" => {
                    let read = pane(value, &self.catalog);
                    layer.pane = self.said(key, read);
                }
                "mouse" => layer.mouse = self.truth(key, value),
                "login-command" => {
                    let read = login(value);
                    layer.login = self.said(key, read);
                }
                "debug-image" => {
                    let named = value.get_ref().as_str().filter(|name| !name.is_empty() && !name.contains(char::is_whitespace));
                    let read = named.map(str::to_owned).ok_or_else(|| "debug-image has to be the name of an image, in quotes".to_owned());
                    layer.debug_image = self.said(key, read);
                }
                "dry-run" => layer.dry_run = self.truth(key, value),
                "danger" => layer.danger = self.truth(key, value),
                "guard" => self.guard(key, value, &mut layer),
                "logs" => self.logs(key, value, &mut layer),
                CONTEXT if top => {}
                other => {
                    let near = did_you_mean(other, KEYS.into_iter().chain(top.then_some(CONTEXT)));
                    self.report(key, format!("there is no setting {other:?}{near}"));
                }
            }
        }
        layer
    }

    /// The name of something on a shelf.
    fn shelved<K>(&mut self, key: &Spanned<K>, value: &Value<'_>, shelf: &Shelf) -> Option<Said<String>> {
        let read = match value.get_ref().as_str() {
            None => Err(format!("this has to be the name of a {}, in quotes", shelf.noun)),
            Some(name) if shelf.names(self.folder).iter().any(|known| known == name) => Ok(name.to_owned()),
            Some(name) => Err(shelf.unknown(self.folder, name)),
        };
        self.said(key, read)
    }

    fn truth<K: std::fmt::Display>(&mut self, key: &Spanned<K>, value: &Value<'_>) -> Option<Said<bool>> {
        let read = value.get_ref().as_bool().ok_or_else(|| format!("{} has to be true or false", key.get_ref()));
        self.said(key, read)
    }

    /// Who writes this wants to be kept from writing: what cannot be read is true.
    fn read_only<K>(&mut self, key: &Spanned<K>, value: &Value<'_>) -> Option<Said<bool>> {
        if value.get_ref().as_bool().is_none() {
            self.report(key, "read-only has to be true or false; until it is, it counts as true");
        }
        Some(Said { value: value.get_ref().as_bool().unwrap_or(true), source: self.place(key) })
    }

    fn guard<K>(&mut self, key: &Spanned<K>, value: &Value<'_>, layer: &mut Layer) {
        let Some(table) = value.get_ref().as_table() else {
            self.report(key, "guard has to be a table: [guard]");
            return;
        };
        for (key, value) in table {
            match (&**key.get_ref(), value.get_ref()) {
                ("most", value) => {
                    let count = value.as_integer().and_then(|count| usize::from_str_radix(count.as_str(), count.radix()).ok());
                    let read = count.ok_or_else(|| "most has to be a number of objects; 0 is without limit".to_owned());
                    layer.most = self.said(key, read);
                }
                ("defaults", _) => layer.defaults = self.truth(key, value),
                ("rail", DeValue::Array(rails)) => layer.rails.extend(rails.iter().filter_map(|rail| self.rail(rail))),
                ("rail", _) => self.report(key, "rails are an array of tables: [[guard.rail]]"),
                (other, _) => {
                    let near = did_you_mean(other, ["most", "defaults", "rail"]);
                    self.report(key, format!("a guard has no {other:?}{near}"));
                }
            }
        }
    }

    fn logs<K>(&mut self, key: &Spanned<K>, value: &Value<'_>, layer: &mut Layer) {
        let Some(table) = value.get_ref().as_table() else {
            self.report(key, "logs has to be a table: [logs]");
            return;
        };
        for (key, value) in table {
            let number = value.get_ref().as_integer().and_then(|count| u32::from_str_radix(count.as_str(), count.radix()).ok());
            let lines = || number.ok_or_else(|| "tail has to be a number of lines".to_owned());
            match &**key.get_ref() {
                "tail" => layer.log_tail = self.said(key, lines()),
                "most" => {
                    let read = number.filter(|most| *most > 0).ok_or_else(|| "most has to be a number of containers".to_owned());
                    layer.log_most = self.said(key, read.map(|most| most as usize));
                }
                "spool" => {
                    let read = bytes(value);
                    layer.log_spool = self.said(key, read);
                }
                other => {
                    let near = did_you_mean(other, ["tail", "most", "spool"]);
                    self.report(key, format!("logs have no {other:?}{near}"));
                }
            }
        }
    }

    fn rail(&mut self, value: &Value<'_>) -> Option<Rail> {
        let Some(table) = value.get_ref().as_table() else {
            self.report(value, "a rail has to be a table: [[guard.rail]]");
            return None;
        };
        let mut rail = Rail { source: self.place(value), ..Rail::default() };
        let mut demand = None;
        for (key, value) in table {
            match &**key.get_ref() {
                "verbs" => {
                    rail.verbs = self.words(key, value, |_, verb| {
                        let near = || format!("there is no verb {verb:?}{}", did_you_mean(verb, VERBS));
                        VERBS.contains(&verb).then(|| verb.into()).ok_or_else(near)
                    });
                }
                "kinds" => rail.kinds = self.words(key, value, names::kind),
                "namespaces" => rail.namespaces = self.words(key, value, |_, name| scope::checked(name).map(Arc::from)),
                "demand" => demand = Some(self.demand(key, value)),
                other => {
                    let near = did_you_mean(other, ["verbs", "kinds", "namespaces", "demand"]);
                    self.report(key, format!("a rail has no {other:?}{near}"));
                }
            }
        }
        rail.demand = demand.unwrap_or_else(|| {
            self.report(value, format!("a rail needs a demand: {}; until it has one, it denies", demands()));
            Demand::Deny
        });
        Some(rail)
    }

    /// What cannot be read denies: a rail was meant.
    fn demand<K>(&mut self, key: &Spanned<K>, value: &Value<'_>) -> Demand {
        let name = value.get_ref().as_str().unwrap_or_default();
        let known = Demand::ALL.into_iter().find(|demand| demand.name() == name);
        known.unwrap_or_else(|| {
            let near = did_you_mean(name, Demand::ALL.map(Demand::name));
            let hint = if near.is_empty() { format!("; it is one of {}", demands()) } else { near };
            self.report(key, format!("there is no demand {name:?}{hint} (until this is right, it denies)"));
            Demand::Deny
        })
    }

    /// A list of names, or one alone. A wrong one is reported and kept, where it meets nothing: without it the list could
    /// be empty, which means all.
    fn words<K: std::fmt::Display>(
        &mut self,
        key: &Spanned<K>,
        value: &Value<'_>,
        read: impl Fn(&Catalog, &str) -> Result<Arc<str>, String>,
    ) -> Vec<Arc<str>> {
        let Some(list) = list(value) else {
            self.report(key, format!("{} has to be a list of names, in quotes; until it is, it stands for all", key.get_ref()));
            return Vec::new();
        };
        if list.is_empty() {
            self.report(key, format!("{} is empty: leave it out, if all are meant", key.get_ref()));
        }
        list.into_iter()
            .map(|(at, word)| {
                read(&self.catalog, word).unwrap_or_else(|message| {
                    self.problems.push(self.source.problem(at, message));
                    word.into()
                })
            })
            .collect()
    }
}

/// `free, confirm, name, context, deny`.
fn demands() -> String {
    Demand::ALL.map(Demand::name).join(", ")
}

/// A text, or a list of texts, each with its place.
fn list<'v>(value: &'v Value<'_>) -> Option<Vec<(std::ops::Range<usize>, &'v str)>> {
    match value.get_ref() {
        DeValue::String(one) => Some(vec![(value.span(), one)]),
        DeValue::Array(several) => several.iter().map(|word| Some((word.span(), word.get_ref().as_str()?))).collect(),
        _ => None,
    }
}

fn namespaces(value: &Value<'_>) -> Result<Scope, String> {
    let words = list(value).ok_or("namespace has to be a name, or a list of names, in quotes")?;
    let words: Vec<&str> = words.into_iter().map(|(_, word)| scope::checked(word)).collect::<Result<_, _>>()?;
    if words.iter().all(|word| word.trim().is_empty()) {
        return Err("namespace names none; \"*\" is all of them".to_owned());
    }
    Ok(Scope::parse(words))
}

/// A pane or a kind, and what may follow it after `:`.
fn pane(value: &Value<'_>, catalog: &Catalog) -> Result<String, String> {
    let wrong = "pane has to be a pane or a kind, in quotes: \"rollouts\", \"nodes\", \"certificates.cert-manager.io\"";
    let text = value.get_ref().as_str().map(str::trim).filter(|text| !text.is_empty()).ok_or(wrong)?;
    let name = text.split_whitespace().next().unwrap_or(text);
    // The panes that are no kinds.
    if !["labels", "rollouts"].iter().any(|pane| pane.eq_ignore_ascii_case(name)) {
        names::kind(catalog, name)?;
    }
    Ok(text.to_owned())
}

/// A size as Kubernetes writes it: `"1Gi"`, `"500M"`.
fn bytes(value: &Value<'_>) -> Result<u64, String> {
    let wrong = "spool has to be a size, in quotes: \"1Gi\", \"500M\"";
    let text = value.get_ref().as_str().ok_or(wrong)?;
    let size = quantity::millis(text).ok_or(wrong)? / 1000;
    // A block has to fit, and some more.
    u64::try_from(size).ok().filter(|size| *size >= 1 << 20).ok_or_else(|| "spool has to be 1Mi at least".to_owned())
}

fn login(value: &Value<'_>) -> Result<Arc<[String]>, String> {
    let wrong = "login-command has to be a list of a program and its arguments: [\"aws\", \"sso\", \"login\"]";
    let words = value.get_ref().as_array().ok_or(wrong)?;
    let words: Option<Vec<String>> = words.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
    words.filter(|words| words.first().is_some_and(|program| !program.is_empty())).map(Arc::from).ok_or_else(|| wrong.to_owned())
}
