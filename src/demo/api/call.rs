//! One call on a resource, as routing found it, and the options that all changing calls have.

use crate::demo::http::Request;
use crate::demo::refusal::{Cause, Refusal};
use crate::demo::resources::Resource;
use crate::demo::store::Ref;

/// A call.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// What is called.
    pub resource: &'a Resource,
    /// Empty for what lives in no namespace, and for all namespaces.
    pub namespace: &'a str,
    /// Empty for a collection.
    pub name: &'a str,
    /// `status`, `scale`, …; empty for the object itself.
    pub subresource: &'a str,
    /// All the rest.
    pub request: &'a Request,
}

/// `fieldValidation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// What is unknown is dropped silently.
    Ignore,
    /// It is dropped, and said in a `Warning` header.
    Warn,
    /// It is refused.
    Strict,
}

/// The options of a changing call.
#[derive(Clone, Debug)]
pub struct Options {
    /// Nothing is to be stored.
    pub dry_run: bool,
    /// How unknown fields are treated.
    pub validation: Validation,
    /// Who owns the fields that are written.
    pub manager: String,
    /// `fieldManager` was given.
    pub manager_given: bool,
    /// An apply takes fields from others.
    pub force: bool,
}

/// The longest name of a manager, in bytes.
const LONGEST_MANAGER: usize = 128;

impl Call<'_> {
    /// `deployments.apps`: the store's name of the resource.
    pub fn key(&self) -> String {
        let (group, plural) = (&self.resource.group, &self.resource.plural);
        if group.is_empty() { plural.to_string() } else { format!("{plural}.{group}") }
    }

    /// The object that is meant.
    pub fn reference(&self) -> Ref {
        Ref::new(&self.key(), self.namespace, self.name)
    }

    /// The options in the query. `kind` is `CreateOptions`, `UpdateOptions` or `PatchOptions`, as refusals name them.
    ///
    /// # Errors
    /// One has a value that it cannot have. (apimachinery's metav1 validation)
    pub fn options(&self, kind: &str) -> Result<Options, Refusal> {
        let request = self.request;
        let refuse = |cause: Cause| Err(Refusal::invalid(kind, "meta.k8s.io", "", vec![cause]));
        let dry_run: Vec<&str> = request.query.iter().filter(|(key, _)| key == "dryRun").map(|(_, value)| value.as_str()).collect();
        if dry_run.iter().any(|value| *value != "All") {
            return refuse(Cause::not_supported("dryRun", dry_run, &["All"]));
        }
        let validation = match request.parameter("fieldValidation") {
            None | Some("" | "Warn") => Validation::Warn,
            Some("Ignore") => Validation::Ignore,
            Some("Strict") => Validation::Strict,
            Some(other) => return refuse(Cause::not_supported("fieldValidation", other, &["", "Ignore", "Strict", "Warn"])),
        };
        let given = request.parameter("fieldManager").filter(|manager| !manager.is_empty());
        if given.is_some_and(|manager| manager.len() > LONGEST_MANAGER) {
            return refuse(Cause::too_long("fieldManager", LONGEST_MANAGER));
        }
        // apiserver's prefixFromUserAgent.
        let agent = request.header("user-agent").split('/').next().unwrap_or("");
        let manager: String = given.unwrap_or(agent).chars().filter(|c| !c.is_control()).take(LONGEST_MANAGER).collect();
        let manager = if manager.is_empty() { "unknown".into() } else { manager };
        Ok(Options { dry_run: !dry_run.is_empty(), validation, manager, manager_given: given.is_some(), force: request.flag("force") })
    }
}
