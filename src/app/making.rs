//! What a new object is begun with, and what is written to files: the tasks that read for it, and what comes of them.

use std::sync::Arc;

use super::App;
use super::surface::Surface;
use crate::cluster::{export, follow, schema};
use crate::effect::{Effect, Making};
use crate::event::{Composed, Event};
use crate::kinds::bare;
use crate::kinds::manifest::{Wanted, sketch};
use crate::model::history::History;
use crate::model::reference::Reference;
use crate::view::state::Overlay;

/// What waits for the gate to let values of Secrets be shown: its number, of how many, and what is then done.
pub type Waiting = Vec<(u64, usize, Making)>;

/// No more wait than this.
const WAITING: usize = 16;

impl<S: Surface> App<S> {
    /// Reads what is asked for, in a task.
    pub(super) fn make(&self, making: Making) {
        let (mut link, out) = (self.link.handle.clone(), self.out.clone());
        tokio::spawn(async move {
            let session = link.session().await;
            let event = match making {
                Making::New { kind, name, namespace } => {
                    let found = schema::of(&session, &kind).await.map_err(|error| error.to_string().into());
                    let text = found.map(|root| sketch::text(&Wanted { kind: &kind, name: &name, namespace: &namespace }, &root));
                    let title = format!("new {}", kind.singular);
                    Event::Composed(text.map(|text| Box::new(Composed { kind, title, text })))
                }
                Making::Copy { of, name } => {
                    let found = export::read(&session, &of).await.map_err(Arc::<str>::from);
                    let text = found.map(|object| bare::copy(&of.kind, &object, &name));
                    let title = format!("{name}, a copy of {}", of.title());
                    Event::Composed(text.map(|text| Box::new(Composed { kind: of.kind, title, text })))
                }
                Making::File { objects, path } => Event::Exported(export::export(&session, &objects, &path).await),
            };
            let _ = out.send(event).await;
        });
    }

    /// What is made of Secrets waits for the gate. What was said no to never comes, and is forgotten in time.
    pub(super) fn await_shown(&mut self, number: u64, count: usize, making: Making) {
        if self.waiting.len() >= WAITING {
            self.waiting.remove(0);
        }
        self.waiting.push((number, count, making));
    }

    /// The gate has let the values of a Secret be shown, for something that waits for it. True where there was such a thing.
    pub(super) fn allowed(&mut self, number: u64) -> bool {
        let Some(at) = self.waiting.iter().position(|(other, ..)| *other == number) else { return false };
        self.waiting[at].1 -= 1;
        if self.waiting[at].1 == 0 {
            let (_, _, making) = self.waiting.swap_remove(at);
            // What came of asking is not what one wants to read now.
            if matches!(self.state.overlay, Overlay::Acts(_)) {
                self.state.overlay = Overlay::None;
            }
            self.make(making);
        }
        true
    }

    /// The text is there, or is not to be had.
    pub(super) async fn composed(&mut self, composed: Result<Box<Composed>, Arc<str>>) -> std::io::Result<()> {
        match composed {
            Ok(composed) => {
                let Composed { kind, title, text } = *composed;
                self.carry_out(vec![Effect::Compose { kind, title, text }]).await?;
            }
            Err(why) => self.state.error(why),
        }
        Ok(())
    }

    /// Follows the revisions of a workload for the text of a number.
    pub(super) fn follow_revisions(&mut self, number: u64, of: Reference) {
        let follow = follow::revisions(number, of, self.link.handle.clone(), self.out.clone());
        self.follows.insert(number, follow);
    }

    /// What was seen to change.
    pub(super) fn seen(&mut self) -> &mut History {
        &mut self.state.tables.history
    }
}
