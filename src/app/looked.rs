//! Objects as YAML and kinds as schemas: who follows what is looked at, and what comes of it.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::sync::watch;

use super::App;
use super::surface::Surface;
use crate::cluster::{follow, schema};
use crate::event::Event;
use crate::kinds::explain::Schema;
use crate::kinds::shown::Looks;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::view::state::View;
use crate::view::text_view::Fill;

/// How each YAML that is open is looked at.
pub type Looking = FxHashMap<u64, watch::Sender<Looks>>;

impl<S: Surface> App<S> {
    /// Fills a text view with an object's YAML for as long as it is open.
    pub(super) fn show_yaml(&mut self, number: u64, subject: Reference, looks: Looks) {
        let (looking, looked) = watch::channel(looks);
        let follow = follow::yaml(number, subject, looked, self.link.handle.clone(), self.out.clone());
        self.follows.insert(number, follow);
        self.looks.insert(number, looking);
    }

    /// It is looked at otherwise.
    pub(super) fn look_at(&mut self, number: u64, looks: Looks) {
        if let Some(looking) = self.looks.get(&number) {
            looking.send_replace(looks);
        }
    }

    /// The gate has let the values of a Secret be shown.
    pub(super) fn revealed(&mut self, number: u64) {
        if self.decode(number) {
            return;
        }
        if let Some(looking) = self.looks.get(&number) {
            looking.send_modify(|looks| looks.shown = true);
        }
    }

    /// Asks for the schema of a kind.
    pub(super) fn explain(&mut self, number: u64, kind: &Arc<Kind>, path: Vec<Box<str>>) {
        let (kind, mut link, out) = (kind.clone(), self.link.handle.clone(), self.out.clone());
        tokio::spawn(async move {
            let session = link.session().await;
            let found = schema::of(&session, &kind).await.map_err(|error| error.to_string().into());
            let found = found.map(|root| Box::new(Schema { kind: (*kind).clone(), root, path }));
            let _ = out.send(Event::Explained(number, found)).await;
        });
    }

    /// The schema has come. A path that leads nowhere is an error at the bottom, and the view that was opened for it goes.
    pub(super) fn explained(&mut self, number: u64, found: Result<Box<Schema>, Arc<str>>) {
        let shown = match found {
            Ok(schema) => match schema.page() {
                Ok(page) => {
                    for text in self.state.texts_mut().filter(|text| text.id == number) {
                        text.set_schema((*schema).clone(), page.clone());
                    }
                    return;
                }
                Err(why) => why.into(),
            },
            Err(why) => why,
        };
        match self.state.view() {
            // Nothing is to be seen there.
            Some(View::Text(text)) if text.id == number => drop(self.state.pop()),
            _ => {
                for text in self.state.texts_mut().filter(|text| text.id == number) {
                    text.fill = Fill::Stale(shown.clone());
                }
            }
        }
        self.state.error(shown);
    }
}
