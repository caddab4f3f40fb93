//! Moving about: the cursor, marks, scrolling.

use super::{Context, Refusal};
use crate::effect::Effect;
use crate::model::row::Uid;
use crate::view::state::{Overlay, State};

/// Moves the cursor.
pub fn step(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    if let Some((view, table)) = c.state.table_mut() {
        view.step(table, by);
    }
    Ok(())
}

/// Moves by a part of what fits on the screen.
pub fn page(c: &mut Context<'_>, direction: isize, part: usize) -> Result<(), Refusal> {
    // A box at the bottom is nearly as high as the screen where it has so much to say that it scrolls.
    if matches!(c.state.overlay, Overlay::Ask(_) | Overlay::Acts(_)) {
        let by = (usize::from(c.state.size.1).saturating_sub(8) / part).max(1) as isize;
        scroll_by(c.state, by * direction);
    } else if let Some(text) = c.state.text_mut() {
        let by = (text.height / part).max(1) as isize;
        text.step(by * direction);
    } else if let Some(log) = c.state.log_mut() {
        let by = (log.height / part).max(1) as isize;
        log.page(by * direction);
    } else if let Some((view, table)) = c.state.table_mut() {
        let by = (view.height / part).max(1) as isize;
        view.step(table, by * direction);
    }
    Ok(())
}

/// Scrolls a text, or a question that is longer than the screen.
pub fn scroll(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    scroll_by(c.state, by);
    Ok(())
}

/// Scrolls what is read by lines. False where nothing of the sort has the keyboard.
fn scroll_by(state: &mut State, by: isize) -> bool {
    let top = match &mut state.overlay {
        Overlay::Ask(question) => Some(&mut question.top),
        Overlay::Acts(number) => state.acts.get_mut(*number).map(|running| &mut running.top),
        Overlay::Scale(_) => return false,
        _ => None,
    };
    if let Some(top) = top {
        *top = top.saturating_add_signed(by);
    } else if let Some(text) = state.text_mut() {
        text.step(by);
    } else if let Some(log) = state.log_mut() {
        match by {
            ..-1_000_000 => log.to_end(false),
            1_000_000.. => log.to_end(true),
            by => log.step(by),
        }
    } else if matches!(state.overlay, Overlay::None)
        && let Some(editor) = state.editing()
    {
        editor.scroll(by);
    } else {
        return false;
    }
    true
}

/// Scrolls sideways: a text by half a tab stop, a table by a column.
pub fn sideways(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    if let Some(text) = c.state.text_mut() {
        text.sideways(by * 8);
    } else if let Some(log) = c.state.log_mut() {
        log.sideways(by * 8);
    } else if let Some(editor) = c.state.editing() {
        editor.sideways(by * 8);
    } else if let Some((view, _)) = c.state.table_mut() {
        let last = view.columns().count().saturating_sub(2);
        view.left = view.left.saturating_add_signed(by).min(last);
        view.shows_sorted = false;
    }
    Ok(())
}

/// A table or a log is on the screen.
pub fn can_mark(state: &State) -> Result<(), Refusal> {
    super::views::can_filter(state)
}

/// Marks the row, or the line.
pub fn mark(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some(log) = c.state.log_mut() {
        log.mark();
        return Ok(());
    }
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

/// So many rows or lines go by for one step of the wheel.
const WHEEL: isize = 3;

/// One step of the wheel, down (1) or up (-1): over what has the keyboard. A table moves, and its cursor only as far as it
/// has to, so that it stays on the screen; a list moves its cursor.
pub fn wheel(state: &mut State, direction: isize) {
    state.dirty = true;
    if let Overlay::Picker(picker) = &mut state.overlay {
        picker.step(direction);
    } else if !scroll_by(state, direction * WHEEL)
        && matches!(state.overlay, Overlay::None | Overlay::Filter(..))
        && let Some((view, table)) = state.table_mut()
    {
        view.wheel(table, direction * WHEEL);
    }
}

/// Puts the cursor on an object of the table. False when it is not there.
pub fn select(state: &mut State, uid: &Uid) -> bool {
    state.dirty = true;
    state.table_mut().is_some_and(|(view, table)| view.select(table, uid))
}

/// Takes the mouse, or gives it back.
pub fn mouse(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let on = match args {
        "" => !c.state.mouse,
        "on" => true,
        "off" => false,
        other => return Err(format!("mouse takes on or off, and not {other:?}")),
    };
    c.state.mouse = on;
    c.state.chosen.mouse_kept = true;
    c.effects.push(Effect::Mouse(on));
    Ok(())
}
