//! `kubetui config show`: what holds in a context, and who said so, as a `config.toml` that says the same.

use std::fmt::Write;
use std::sync::Arc;

use toml::Value;

use super::{Config, FILE, Said, Settings};
use crate::model::policy::{Policy, Rail};
use crate::model::scope::Scope;

/// Comments begin in this column, where what is before them leaves room.
const COMMENTS: usize = 40;

impl Settings {
    /// As TOML; behind each value stands who said it. What nobody said has no value: it is a comment.
    pub fn show(&self, context: &str, config: &Config) -> String {
        let mut out = Writer::default();
        match context {
            "" => out.line("# What holds where there is no context."),
            name => out.line(&format!("# What holds in the context {}.", quoted(name))),
        }
        match config.folder.as_ref().map(|folder| folder.join(FILE)) {
            Some(path) if path.exists() => out.line(&format!("# {FILE} is {}", path.display())),
            Some(path) => out.line(&format!("# {FILE} would be {}: there is none", path.display())),
            None => out.line(&format!("# There is no folder for a {FILE}: no home is known.")),
        }
        out.line("");
        out.said("theme", &self.theme, |name| quoted(name));
        out.said("keymap", &self.keymap, |name| quoted(name));
        out.said("read-only", &self.read_only, bool::to_string);
        out.maybe("namespace", self.namespace.as_ref(), "as it was left last time, else the context's own, else all", namespaces);
        out.maybe("pane", self.pane.as_ref(), "as it was left last time, else the pods", |pane| quoted(pane));
        out.said("mouse", &self.mouse, bool::to_string);
        out.maybe("login-command", self.login.as_ref(), "the credential plugin of the user", |words| {
            list(words.iter().map(String::as_str))
        });
        out.said("debug-image", &self.debug_image, |name| quoted(name));
        out.said("dry-run", &self.dry_run, bool::to_string);
        out.said("danger", &self.danger, bool::to_string);
        out.line("");
        out.line("[guard]");
        out.said("most", &self.most, usize::to_string);
        out.said("defaults", &self.defaults, bool::to_string);
        if self.defaults.value {
            for usual in Policy::usual_rails() {
                let mut rail = Writer::default();
                rail.rail(&usual);
                out.line("");
                rail.text.trim().lines().for_each(|line| out.line(&format!("# {line}")));
            }
        }
        for rail in &self.rails {
            out.line("");
            out.rail(rail);
        }
        out.line("");
        out.line("[logs]");
        out.said("tail", &self.log_tail, u32::to_string);
        out.said("most", &self.log_most, usize::to_string);
        out.said("spool", &self.log_spool, |bytes| quoted(&size(*bytes)));
        out.text
    }
}

/// A size as it is written in the file.
fn size(bytes: u64) -> String {
    match bytes {
        whole if whole % (1 << 30) == 0 => format!("{}Gi", whole >> 30),
        whole if whole % (1 << 20) == 0 => format!("{}Mi", whole >> 20),
        bytes => bytes.to_string(),
    }
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn commented(&mut self, line: &str, comment: &str) {
        // Writing to a text does not fail.
        let _ = writeln!(self.text, "{line:<COMMENTS$} # {comment}");
    }

    fn said<T>(&mut self, key: &str, said: &Said<T>, value: impl Fn(&T) -> String) {
        self.commented(&format!("{key} = {}", value(&said.value)), &said.source);
    }

    fn maybe<T>(&mut self, key: &str, said: Option<&Said<T>>, unsaid: &str, value: impl Fn(&T) -> String) {
        match said {
            Some(said) => self.said(key, said, value),
            None => self.line(&format!("# {key}: {unsaid}")),
        }
    }

    fn rail(&mut self, rail: &Rail) {
        self.commented("[[guard.rail]]", &rail.source);
        for (key, names) in [("verbs", &rail.verbs), ("kinds", &rail.kinds), ("namespaces", &rail.namespaces)] {
            if !names.is_empty() {
                self.line(&format!("{key} = {}", list(names.iter().map(|name| &**name))));
            }
        }
        self.line(&format!("demand = {}", quoted(rail.demand.name())));
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn list<'v>(words: impl Iterator<Item = &'v str>) -> String {
    Value::Array(words.map(Value::from).collect()).to_string()
}

fn namespaces(scope: &Scope) -> String {
    match scope {
        Scope::All => quoted("*"),
        Scope::Some(names) => list(names.iter().map(Arc::as_ref)),
    }
}
