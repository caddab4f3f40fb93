//! Lists that one chooses from: contexts and namespaces, as they are known now.

use std::sync::Arc;

use super::picker::{Choice, Picker, Purpose};
use super::state::{Overlay, State};
use super::tables::TableKey;
use crate::kinds;
use crate::model::scope::Scope;
use crate::model::state::Context;

/// The first choice in the list of namespaces.
pub const ALL_NAMESPACES: &str = "all namespaces";

impl State {
    /// Opens the list of contexts; `reason` says why, when it was not by a key.
    pub fn pick_context(&mut self, reason: Arc<str>) {
        let choices = self.context_choices();
        let current = self.context.name.clone();
        self.overlay = Overlay::Picker(Box::new(Picker::new(Purpose::Contexts, reason, choices, Some(&current))));
        self.dirty = true;
    }

    /// Offers other contexts by itself, for this reason; where they are offered already, the reason is what it is now. What
    /// a person has opened stays as it is.
    pub fn offer_contexts(&mut self, reason: Arc<str>) {
        match &mut self.overlay {
            Overlay::None => self.pick_context(reason),
            Overlay::Picker(picker) if picker.purpose == Purpose::Contexts && !picker.reason.is_empty() => {
                picker.reason = reason;
                self.dirty = true;
            }
            _ => {}
        }
    }

    /// The contexts as choices.
    pub fn context_choices(&self) -> Vec<Choice> {
        let choice = |context: &Context| {
            let mut about = context.server.to_string();
            if !context.user.is_empty() {
                about = format!("{} at {about}", context.user);
            }
            Choice::new(context.name.clone(), about)
        };
        self.contexts.iter().map(choice).collect()
    }

    /// The table of all namespaces, for their list.
    pub fn namespaces_key(&self) -> TableKey {
        TableKey::Kind(self.kind_of(&kinds::core::NAMESPACE), Scope::All)
    }

    /// Opens the list of namespaces; it fills as they come.
    pub fn pick_namespace(&mut self) {
        let key = self.namespaces_key();
        self.tables.look(&key);
        let choices = self.namespace_choices();
        let current = self.scope.single().cloned();
        self.overlay = Overlay::Picker(Box::new(Picker::new(Purpose::Namespaces, "".into(), choices, current.as_deref())));
        self.dirty = true;
    }

    /// The namespaces as choices, all of them first.
    pub fn namespace_choices(&self) -> Vec<Choice> {
        let plain = |name: &str| Choice::new(name, "");
        let mut choices = vec![plain(ALL_NAMESPACES)];
        let known = self.tables.get(&self.namespaces_key());
        if let Some(table) = known {
            choices.extend(table.store.iter().map(|row| plain(&row.name)));
        }
        if choices.len() == 1 {
            // They cannot be listed: those that are known for other reasons.
            let own = [&self.context.namespace].into_iter().filter(|name| !name.is_empty()).cloned();
            let looked = self.scope.names().unwrap_or_default().iter().cloned();
            let mut names: Vec<Arc<str>> = own.chain(looked).collect();
            names.dedup();
            choices.extend(names.iter().map(|name| plain(name)));
        }
        choices
    }
}
