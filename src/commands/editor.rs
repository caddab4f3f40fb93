//! Editing an object's YAML: opening it, what its keys do, saving it, leaving it without losing what was typed.

use std::sync::Arc;

use super::{Context, Refusal, act, logs, views};
use crate::effect::Effect;
use crate::kinds::shown::is_secret;
use crate::model::act::Act;
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::model::time::{self, Seconds};
use crate::view::editor::{Editor, Meanwhile};
use crate::view::picker::{Choice, Picker, Purpose};
use crate::view::prompt::Line;
use crate::view::state::{Overlay, State, Tone, View};

/// What is done with a text that is not saved, in the words of the list.
const SAVE: &str = "save";
const THROW: &str = "throw away";
const STAY: &str = "go on editing";

/// A text is edited on the screen.
pub fn on_editor(state: &State) -> Result<(), Refusal> {
    state.editor().map(|_| ()).ok_or_else(|| "only in an editor".into())
}

/// A text is edited, and there to be typed into.
pub fn on_text(state: &State) -> Result<(), Refusal> {
    match state.editor() {
        Some(editor) if editor.is_ready() => Ok(()),
        Some(_) => Err("there is no text here yet".into()),
        None => Err("only in an editor".into()),
    }
}

/// The object can be edited.
pub fn can_edit(state: &State) -> Result<(), Refusal> {
    if state.editor().is_some() {
        return Err("this is its editor".into());
    }
    views::describable(state)?;
    match state.subject() {
        Some(subject) if !subject.kind.version.is_empty() => act::can_do(state, "edit", &subject),
        _ => Ok(()),
    }
}

/// Opens the object in the editor; of a container, its pod. What was typed and not saved is there again. A Secret is decoded for
/// it, which is asked for as showing it is.
pub fn edit(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(subject) = views::whole(c.state)? else { return Ok(()) };
    act::can_do(c.state, "edit", &subject)?;
    if let Some(editor) = c.state.take_unsaved(Some(&subject)) {
        again(c, editor);
        c.state.info("what was typed here and is not saved is here again");
        return Ok(());
    }
    let secret = is_secret(&subject.kind);
    let mut editor = Box::new(Editor::of(subject.clone()));
    (editor.context, editor.server) = (c.state.context.name.clone(), c.state.context.server.clone());
    if secret {
        act::can_do(c.state, "reveal", &subject)?;
        let id = editor.id;
        c.state.revealing = Some(editor);
        return act::ask_of(c, Act::Reveal(id), vec![subject]);
    }
    c.effects.push(Effect::Edit(editor.id, subject));
    c.state.push(View::Edit(editor));
    Ok(())
}

/// Shows a text that was put aside. What was on its way for it then may never have come.
fn again(c: &mut Context<'_>, mut editor: Box<Editor>) {
    editor.names.ask_again();
    if editor.schema.is_none() {
        c.effects.push(Effect::Schema(editor.id, editor.kind.clone()));
    }
    c.state.push(View::Edit(editor));
}

/// Something was left that is not saved.
pub fn has_unsaved(state: &State) -> Result<(), Refusal> {
    let is_here = |editor: &Editor| editor.context == state.context.name && editor.server == state.context.server;
    let here = state.unsaved.iter().find(|editor| is_here(editor));
    match here.or(state.unsaved.last()) {
        Some(editor) if is_here(editor) => Ok(()),
        Some(editor) => Err(format!("{} is of the context {}: go there first", editor.name(), editor.context)),
        None if !state.left.is_empty() => Ok(()),
        None => Err("everything that was typed is saved".into()),
    }
}

/// Back to the text that was left last and is not saved.
pub fn unsaved(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some(editor) = c.state.take_unsaved(None) {
        again(c, editor);
    } else {
        offer(c.state);
    }
    Ok(())
}

/// A list of what earlier runs left behind.
pub fn offer(state: &mut State) {
    let now = state.now();
    let choice = |(title, time): &(Arc<str>, Seconds)| Choice::new(title.clone(), format!("typed {} ago", time::age(now - time)));
    let choices: Vec<Choice> = state.left.iter().map(choice).collect();
    let reason = "was not saved when the program ended: enter goes on with it, esc leaves it for later (:unsaved)";
    state.overlay = Overlay::Picker(Box::new(Picker::new(Purpose::Left, reason.into(), choices, None)));
    state.dirty = true;
}

/// Opens the object in the program of `$EDITOR`; what comes back goes the way of what is typed here.
pub fn outside(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if let Some(editor) = c.state.editor() {
        c.effects.push(Effect::Outside(editor.id));
        return Ok(());
    }
    edit(c, args)?;
    if let Some(editor) = &mut c.state.revealing {
        editor.outside = true;
    }
    if let Some(editor) = c.state.editing() {
        // One that was left is there already.
        if editor.is_ready() {
            c.effects.push(Effect::Outside(editor.id));
        } else {
            editor.outside = true;
        }
    }
    Ok(())
}

/// The object can be edited, or is.
pub fn can_edit_outside(state: &State) -> Result<(), Refusal> {
    if state.editor().is_some() { on_text(state) } else { can_edit(state) }
}

/// There is something to save: a text, or a log.
pub fn can_save(state: &State) -> Result<(), Refusal> {
    let Some(editor) = state.editor() else {
        return logs::on_log(state).map_err(|_| "only in an editor or in a log".into());
    };
    on_text(state)?;
    if editor.is_changed() || editor.subject.is_none() { Ok(()) } else { Err("nothing was changed".into()) }
}

/// Asks the gate to store the text; of a log, writes it to a file.
pub fn save(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    // Where the text does not say it.
    let namespace = c.state.scope.single().cloned().unwrap_or_default();
    let Some(editor) = c.state.editing() else { return logs::save(c, args) };
    if !args.is_empty() {
        return Err("a text is saved in the cluster, and not in a file".into());
    }
    let draft = editor.draft();
    let (act, target) = match &editor.subject {
        Some(subject) => (Act::Edit(draft), subject.clone()),
        None => {
            let kind = editor.kind.clone();
            (Act::Create(draft), Reference { kind, namespace, name: "".into(), uid: Uid::new("") })
        }
    };
    act::ask_of(c, act, vec![target])
}

/// Peels off the list, what is selected, the search; then leaves, and asks what becomes of what is not saved.
pub fn leave(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(editor) = c.state.editing() else { return Ok(()) };
    if editor.peel() {
        return Ok(());
    }
    if !editor.is_changed() {
        c.state.pop();
        return Ok(());
    }
    let reason = format!("{} is not saved", editor.name());
    let choices = match editor.meanwhile {
        Meanwhile::Gone => {
            vec![Choice::new(STAY, "it was deleted: what is typed can still be copied"), Choice::new(THROW, "leave without it")]
        }
        _ => vec![
            Choice::new(SAVE, "store it in the cluster, after a look at what changes"),
            Choice::new(THROW, "leave without it"),
            Choice::new(STAY, ""),
        ],
    };
    c.state.overlay = Overlay::Picker(Box::new(Picker::new(Purpose::Leaving, reason.into(), choices, None)));
    Ok(())
}

/// What is to become of the text was chosen.
pub(super) fn left(c: &mut Context<'_>, choice: &str) -> Result<(), Refusal> {
    match choice {
        SAVE => {
            save(c, "")?;
            if let Some(editor) = c.state.editing() {
                editor.leaving = true;
            }
        }
        THROW => {
            let name = c.state.editor().map(Editor::name);
            c.state.pop();
            if let Some(name) = name {
                c.state.info(format!("what was typed into {name} is thrown away"));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Takes the last change back, or makes it again.
pub fn undo(c: &mut Context<'_>, back: bool) -> Result<(), Refusal> {
    // What was said of the change that is taken back is not true any more.
    c.state.message.take_if(|message| message.tone == Tone::Info);
    let Some(editor) = c.state.editing() else { return Ok(()) };
    match editor.undo(back) {
        true => Ok(()),
        false => Err(if back { "there is nothing to take back" } else { "nothing was taken back" }.into()),
    }
}

/// Others have changed the object since the text has it.
pub fn was_moved(state: &State) -> Result<(), Refusal> {
    on_text(state)?;
    match state.editor().map(|editor| &editor.meanwhile) {
        Some(Meanwhile::Changed(moved)) if !moved.fields.is_empty() => Ok(()),
        Some(Meanwhile::Gone) => Err("it is gone: there is nothing to take from it".into()),
        _ => Err("nobody has changed it meanwhile".into()),
    }
}

/// Puts what they have changed into the text.
pub fn merge(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    was_moved(c.state)?;
    if let Some(editor) = c.state.editor() {
        c.effects.push(Effect::TakeIn(editor.id));
    }
    Ok(())
}

/// Asks what is to be replaced.
pub fn replace(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(editor) = c.state.editor() else { return Ok(()) };
    let what = editor.searched().map(|(text, _, _)| text.to_owned()).unwrap_or_default();
    c.state.overlay = Overlay::Replace(Line::again(what), None);
    Ok(())
}

/// What is to be replaced was typed, or by what.
pub(super) fn replaced(c: &mut Context<'_>, line: &Line, what: Option<String>) -> Result<(), Refusal> {
    let Some(what) = what else {
        if line.text().is_empty() {
            return Ok(());
        }
        // What is wrong with it is said where it can be put right.
        let wrong = c.state.editor().and_then(|editor| editor.replaceable(line.text()).err());
        let what = wrong.is_none().then(|| line.text().to_owned());
        c.state.overlay = Overlay::Replace(if wrong.is_some() { line.clone() } else { Line::default() }, what);
        return wrong.map_or(Ok(()), Err);
    };
    let Some(editor) = c.state.editing() else { return Ok(()) };
    let count = match editor.replace_all(&what, line.text()) {
        Ok(count) => count,
        Err(wrong) => {
            c.state.overlay = Overlay::Replace(line.clone(), Some(what));
            return Err(wrong);
        }
    };
    c.state.info(if count == 1 { "1 place was replaced".to_owned() } else { format!("{count} places were replaced") });
    Ok(())
}

/// Copies what is selected, else the line: to be pasted here, and into the clipboard.
pub fn copy(c: &mut Context<'_>, cut: bool) -> Result<(), Refusal> {
    let Some(editor) = c.state.editing() else { return Ok(()) };
    let (text, lines) = editor.copy(cut);
    let said = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
    c.effects.push(Effect::Copy { said, text });
    Ok(())
}

/// Pastes what was copied here last.
pub fn paste(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    c.state.editing().map_or(Ok(()), Editor::paste_own)
}

/// What could stand here.
pub fn suggest(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    c.state.editing().map_or(Ok(()), Editor::suggest)
}

/// To the next place that is wrong, or the one before.
pub fn problem(c: &mut Context<'_>, forward: bool) -> Result<(), Refusal> {
    match c.state.editing().map(|editor| editor.go_sign(forward)) {
        Some(false) => Err("nothing is known to be wrong here".into()),
        _ => Ok(()),
    }
}

/// Does something to the text that always can be done.
pub fn with(c: &mut Context<'_>, what: impl FnOnce(&mut Editor)) -> Result<(), Refusal> {
    if let Some(editor) = c.state.editing() {
        what(editor);
    }
    Ok(())
}
