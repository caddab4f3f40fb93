//! The theme and the key map that are in use, and how others are found: chosen by the person for this run, or by the
//! settings of the context.

use std::path::Path;
use std::sync::Arc;

use super::picker::{Choice, Picker, Purpose};
use super::state::{Overlay, State};
use crate::keymap::{self, Keymap};
use crate::problem::Problem;
use crate::shelf::Shelf;
use crate::theme::{self, Depth, Theme};

/// What is in use, by name.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The folder of the user's own themes and key maps.
    pub folder: Option<Arc<Path>>,
    /// The colours that the terminal has.
    pub depth: Depth,
    /// The theme.
    pub theme: Arc<str>,
    /// The key map.
    pub keymap: Arc<str>,
    /// The theme was chosen for this run: another context does not bring another one.
    pub theme_kept: bool,
    /// The same of the key map.
    pub keymap_kept: bool,
    /// The same of the mouse.
    pub mouse_kept: bool,
    /// The theme that the screen has now, which is another one while a person tries one on.
    worn: Arc<str>,
}

impl Default for Chosen {
    /// The dark theme in full colour and the default key map, out of no folder.
    fn default() -> Chosen {
        let dark: Arc<str> = theme::DARK.into();
        Chosen {
            folder: None,
            depth: Depth::Truecolor,
            theme: dark.clone(),
            keymap: keymap::DEFAULT.into(),
            theme_kept: false,
            keymap_kept: false,
            mouse_kept: false,
            worn: dark,
        }
    }
}

impl Chosen {
    /// With these in use.
    pub fn new(folder: Option<&Path>, depth: Depth, theme: &str, keymap: &str) -> Chosen {
        let worn: Arc<str> = theme.into();
        Chosen { folder: folder.map(Arc::from), depth, theme: worn.clone(), keymap: keymap.into(), worn, ..Chosen::default() }
    }
}

impl State {
    /// Takes another theme.
    pub fn use_theme(&mut self, name: &str) -> Vec<Problem> {
        self.chosen.theme = name.into();
        self.wear(&name.into())
    }

    /// Takes another key map. `commands` are the names that keys may be bound to.
    pub fn use_keymap(&mut self, name: &str, commands: &[&str]) -> Vec<Problem> {
        let (keymap, problems) = Keymap::load(name, self.chosen.folder.as_deref(), commands);
        self.keymap = keymap;
        self.chosen.keymap = name.into();
        self.pressed.clear();
        self.pending.clear();
        self.dirty = true;
        problems
    }

    fn wear(&mut self, name: &Arc<str>) -> Vec<Problem> {
        let (theme, problems) = Theme::load(name, self.chosen.folder.as_deref(), self.chosen.depth);
        self.theme = theme;
        self.chosen.worn = name.clone();
        self.dirty = true;
        problems
    }

    /// While themes are chosen from, the screen has the one under the cursor; when the list is left, its own again.
    pub(super) fn try_on(&mut self) {
        let tried = match &self.overlay {
            Overlay::Picker(picker) if picker.purpose == Purpose::Themes => picker.chosen().map(|choice| choice.name.clone()),
            _ => None,
        };
        let name = tried.unwrap_or_else(|| self.chosen.theme.clone());
        if name != self.chosen.worn {
            // What is wrong in its file is said when it is taken.
            self.wear(&name);
        }
    }

    /// Opens the list of themes, or of key maps.
    pub fn pick_shelved(&mut self, purpose: Purpose) {
        let (shelf, current): (&Shelf, _) = match purpose {
            Purpose::Themes => (&theme::SHELF, self.chosen.theme.clone()),
            _ => (&keymap::SHELF, self.chosen.keymap.clone()),
        };
        let compiled = |name: &str| shelf.compiled.iter().any(|(known, _)| *known == name);
        let own = |name: &str| self.chosen.folder.as_deref().is_some_and(|folder| matches!(shelf.user(Some(folder), name), Ok(Some(_))));
        let choice = |name: String| {
            let about = match (own(&name), compiled(&name)) {
                (true, true) => "yours, over the one of this name",
                (true, false) => "yours",
                _ => "",
            };
            Choice::new(name, about)
        };
        let choices = shelf.names(self.chosen.folder.as_deref()).into_iter().map(choice).collect();
        self.overlay = Overlay::Picker(Box::new(Picker::new(purpose, "".into(), choices, Some(&current))));
        self.dirty = true;
    }
}
