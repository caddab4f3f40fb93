//! Moving about: the cursor, marks, scrolling.

use super::{Context, Refusal};
use crate::view::state::Overlay;

/// Moves the cursor.
pub fn step(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    if let Some((view, table)) = c.state.table_mut() {
        view.step(table, by);
    }
    Ok(())
}

/// Moves by a part of what fits on the screen.
pub fn page(c: &mut Context<'_>, direction: isize, part: usize) -> Result<(), Refusal> {
    if let Some(text) = c.state.text_mut() {
        let by = (text.height / part).max(1) as isize;
        text.scroll(by * direction);
    } else if let Some((view, table)) = c.state.table_mut() {
        let by = (view.height / part).max(1) as isize;
        view.step(table, by * direction);
    }
    Ok(())
}

/// Scrolls a text, or a question that is longer than the screen.
pub fn scroll(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    let top = match &mut c.state.overlay {
        Overlay::Ask(question) => Some(&mut question.top),
        Overlay::Acts(number) => c.state.acts.get_mut(*number).map(|running| &mut running.top),
        _ => None,
    };
    if let Some(top) = top {
        *top = top.saturating_add_signed(by);
        return Ok(());
    }
    if let Some(text) = c.state.text_mut() {
        text.scroll(by);
    }
    Ok(())
}

/// Scrolls sideways: a text by half a tab stop, a table by a column.
pub fn sideways(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    if let Some(text) = c.state.text_mut() {
        text.sideways(by * 8);
    } else if let Some((view, _)) = c.state.table_mut() {
        let last = view.columns().count().saturating_sub(2);
        view.left = view.left.saturating_add_signed(by).min(last);
        view.shows_sorted = false;
    }
    Ok(())
}

/// Marks the row.
pub fn mark(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some((view, table)) = c.state.table_mut() {
        view.mark(table);
    }
    Ok(())
}

/// Marks from the last mark to here.
pub fn mark_range(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some((view, table)) = c.state.table_mut() {
        view.mark_range(table);
    }
    Ok(())
}

/// Marks what the filter leaves.
pub fn mark_all(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some((view, table)) = c.state.table_mut() {
        view.mark_all(table);
    }
    Ok(())
}
