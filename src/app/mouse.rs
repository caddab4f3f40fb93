//! What the wheel and a click mean: the frame says what is where ([`crate::view::hits`]), and a click runs what a key would.

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::App;
use super::surface::Surface;
use crate::commands;
use crate::model::row::Uid;
use crate::view::hits::Spot;
use crate::view::state::Overlay;

/// A second click on the same object so soon after the first goes into it.
const DOUBLE: Duration = Duration::from_millis(400);

/// The last click on a row.
pub type Click = Option<(Instant, Uid)>;

impl<S: Surface> App<S> {
    pub(super) async fn mouse(&mut self, event: MouseEvent) -> io::Result<()> {
        let sideways = event.modifiers.contains(KeyModifiers::SHIFT);
        match event.kind {
            MouseEventKind::ScrollLeft => self.run("scroll-left").await,
            MouseEventKind::ScrollRight => self.run("scroll-right").await,
            MouseEventKind::ScrollUp if sideways => self.run("scroll-left").await,
            MouseEventKind::ScrollDown if sideways => self.run("scroll-right").await,
            MouseEventKind::ScrollUp => {
                commands::wheel(&mut self.state, -1);
                Ok(())
            }
            MouseEventKind::ScrollDown => {
                commands::wheel(&mut self.state, 1);
                Ok(())
            }
            MouseEventKind::Down(MouseButton::Left) => self.click(event.column, event.row).await,
            MouseEventKind::Drag(MouseButton::Left) => {
                self.drag(event.column, event.row);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn click(&mut self, x: u16, y: u16) -> io::Result<()> {
        self.state.dirty = true;
        self.state.pressed.clear();
        self.state.pending.clear();
        let before = self.clicked.take();
        self.dragging = None;
        match self.state.hits.at(x, y).cloned() {
            Some(Spot::Row(uid)) => {
                if !commands::select(&mut self.state, &uid) {
                    return Ok(());
                }
                let again = before.is_some_and(|(at, of)| of == uid && at.elapsed() <= DOUBLE);
                if again && matches!(self.state.overlay, Overlay::None) {
                    return self.run("enter").await;
                }
                self.clicked = Some((Instant::now(), uid));
            }
            Some(Spot::Line(seq)) => {
                if let Some(log) = self.state.log_mut() {
                    log.select(seq);
                }
            }
            Some(Spot::Text(left, top)) => self.point(x, y, (left, top), false),
            Some(Spot::Run(line)) => self.run(&line).await?,
            Some(Spot::Choice(place)) => {
                if let Overlay::Picker(picker) = &mut self.state.overlay
                    && picker.choose(place)
                {
                    self.run("accept").await?;
                }
            }
            // Beside a list is out of it.
            None if matches!(self.state.overlay, Overlay::Picker(_)) => self.run("cancel").await?,
            None => {}
        }
        Ok(())
    }
}
