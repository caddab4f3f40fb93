//! Names that exist in the cluster, as far as somebody asked for them.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::kinds::named::Named;

/// What is known of the names of a kind.
#[derive(Clone, Debug)]
enum Known {
    /// They are to be asked for.
    Wanted,
    /// They are asked for.
    Asked,
    /// They are these; none where they may not be seen.
    Names(Arc<[String]>),
}

/// See the module. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Names(FxHashMap<Named, Known>);

impl Names {
    /// The names of a kind, as far as they are known.
    pub fn get(&self, named: Named) -> Vec<String> {
        match self.0.get(&named) {
            Some(Known::Names(names)) => names.to_vec(),
            _ => Vec::new(),
        }
    }

    /// They are wanted, where they are not known.
    pub fn want(&mut self, named: Named) {
        self.0.entry(named).or_insert(Known::Wanted);
    }

    /// They came.
    pub fn put(&mut self, named: Named, names: Vec<String>) {
        self.0.insert(named, Known::Names(names.into()));
    }

    /// They came, if there were any.
    pub fn is_known(&self, named: Named) -> bool {
        matches!(self.0.get(&named), Some(Known::Names(_)))
    }

    /// Those that did not come may be asked for once more.
    pub fn ask_again(&mut self) {
        self.0.retain(|_, known| matches!(known, Known::Names(_)));
    }

    /// Some are on their way.
    pub fn waits(&self) -> bool {
        self.0.values().any(|known| !matches!(known, Known::Names(_)))
    }

    /// Those that are to be asked for; they count as asked then.
    pub fn take_wanted(&mut self) -> Vec<Named> {
        let mut out = Vec::new();
        for (named, known) in &mut self.0 {
            if matches!(known, Known::Wanted) {
                *known = Known::Asked;
                out.push(*named);
            }
        }
        out
    }
}
