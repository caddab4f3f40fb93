//! Another theme or another key map, for this run: `config.toml` says it for good.

use super::{Context, Refusal};
use crate::problem::Problem;
use crate::shelf::Shelf;
use crate::view::picker::Purpose;

/// Takes a theme, or opens the list of them.
pub fn theme(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        c.state.pick_shelved(Purpose::Themes);
        return Ok(());
    }
    known(c, &crate::theme::SHELF, name)?;
    let problems = c.state.use_theme(name);
    c.state.chosen.theme_kept = true;
    first(&problems)
}

/// Takes a key map, or opens the list of them.
pub fn keymap(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        c.state.pick_shelved(Purpose::Keymaps);
        return Ok(());
    }
    known(c, &crate::keymap::SHELF, name)?;
    let problems = c.state.use_keymap(name, &super::names());
    c.state.chosen.keymap_kept = true;
    first(&problems)
}

fn known(c: &Context<'_>, shelf: &Shelf, name: &str) -> Result<(), Refusal> {
    let folder = c.state.chosen.folder.as_deref();
    if shelf.names(folder).iter().any(|known| known == name) { Ok(()) } else { Err(shelf.unknown(folder, name)) }
}

/// It is in use all the same: what is wrong is said.
fn first(problems: &[Problem]) -> Result<(), Refusal> {
    match problems {
        [] => Ok(()),
        [one] => Err(one.to_string()),
        [one, more @ ..] => Err(format!("{one} (and {} more: kubetui config check)", more.len())),
    }
}
