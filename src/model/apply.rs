//! Objects that are described in files, to be applied: where the text comes from and how it is meant, and what would come of
//! it.

use std::path::PathBuf;
use std::sync::Arc;

use super::act::{Note, Target};
use super::shell::quoted;

/// What is to be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifests {
    /// Where they are read.
    pub from: Origin,
    /// The same, as it was typed.
    pub typed: Arc<str>,
    /// Fields that others own are taken over.
    pub force: bool,
    /// Where what names no namespace goes; or why nobody knows.
    pub namespace: Result<Arc<str>, Arc<str>>,
}

/// Where text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file, or all of a folder.
    Path(PathBuf),
    /// What was piped into the program at its start.
    Input,
}

impl Manifests {
    /// The same for kubectl, without the context.
    pub fn kubectl(&self) -> String {
        let namespace = self.namespace.as_ref().map(|name| format!(" -n {}", quoted(name))).unwrap_or_default();
        let force = if self.force { " --force-conflicts" } else { "" };
        let from = match &self.from {
            Origin::Input => "-f -".to_owned(),
            Origin::Path(path) => format!("-R -f {}", quoted(&path.to_string_lossy())),
        };
        format!("apply --server-side --field-manager=kubetui{force}{namespace} {from}")
    }

    /// How it would be typed to take over what others own.
    pub fn forced(&self) -> String {
        format!("apply --force {}", quoted(&self.typed))
    }
}

/// What would become of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is made.
    New,
    /// It is changed.
    Changed,
    /// It is so already.
    Same,
    /// Others own what would be changed.
    Clash,
    /// It cannot be applied.
    Wrong,
}

impl Fate {
    /// In the order in which they are counted.
    pub const ALL: [Fate; 5] = [Fate::New, Fate::Changed, Fate::Same, Fate::Clash, Fate::Wrong];

    /// `2 created`, `1 conflicts`.
    pub fn word(self) -> &'static str {
        match self {
            Fate::New => "created",
            Fate::Changed => "changed",
            Fate::Same => "as it is",
            Fate::Clash => "in conflict",
            Fate::Wrong => "refused",
        }
    }
}

/// What would come of applying, object by object, in the order in which they would be applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Each object, with where it is described: `deploy/web.yaml:12`.
    pub objects: Vec<(Fate, Target, Arc<str>)>,
    /// What is true of all of it.
    pub notes: Vec<Note>,
}

impl Comparison {
    /// So many objects have this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.objects.iter().filter(|(of, ..)| *of == fate).count()
    }

    /// `2 created, 1 changed, 1 as it is`.
    pub fn summary(&self) -> String {
        let counts = Fate::ALL.map(|fate| (self.count(fate), fate)).into_iter().filter(|(count, _)| *count > 0);
        counts.map(|(count, fate)| format!("{count} {}", fate.word())).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectl_would_do_the_same_with() {
        let manifests = Manifests { from: Origin::Path("/tmp/a b".into()), typed: "a b".into(), force: true, namespace: Ok("shop".into()) };
        assert_eq!(manifests.kubectl(), "apply --server-side --field-manager=kubetui --force-conflicts -n shop -R -f '/tmp/a b'");
        assert_eq!(manifests.forced(), "apply --force 'a b'");
        let piped = Manifests { from: Origin::Input, force: false, namespace: Err("no".into()), ..manifests };
        assert_eq!(piped.kubectl(), "apply --server-side --field-manager=kubetui -f -");
    }
}
