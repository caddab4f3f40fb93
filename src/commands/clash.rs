//! Fields that others have changed too since a text was begun: whose value is to be stored is asked, one by one.

use super::{Context, Refusal, act};
use crate::kinds::shown::{MASK, is_secret};
use crate::model::act::Act;
use crate::model::edit::Answer;
use crate::model::tree::Tree;
use crate::view::acting::Clashing;
use crate::view::picker::{Choice, Picker, Purpose};
use crate::view::state::{Overlay, State};
use crate::view::text;

const MINE: &str = "mine";
const THEIRS: &str = "theirs";
/// Of a value so many columns are said in the question; in the list it has a line.
const SAID: usize = 40;

/// Asks for the next one that is not decided.
pub fn ask(state: &mut State, clashing: Clashing) {
    let Some(conflict) = clashing.conflicts.get(clashing.answers.len()) else { return };
    let secret = is_secret(&clashing.of.kind);
    let value = |value: &Option<Tree>| if secret && value.is_some() { MASK.to_owned() } else { spelled(value) };
    let reason = format!(
        "{}: others have changed {} meanwhile, which was {}{}",
        clashing.of.title(),
        conflict.path,
        text::fit_end(&value(&conflict.base), SAID),
        if clashing.conflicts.len() > 1 {
            format!(" ({} of {})", clashing.answers.len() + 1, clashing.conflicts.len())
        } else {
            String::new()
        },
    );
    let choices = vec![
        Choice::new(MINE, format!("{} is stored", value(&conflict.mine))),
        Choice::new(THEIRS, format!("{} stays", value(&conflict.theirs))),
    ];
    state.overlay = Overlay::Picker(Box::new(Picker::new(Purpose::Clash, reason.into(), choices, Some(MINE))));
    state.clash = Some(Box::new(clashing));
    state.dirty = true;
}

/// It was decided: the next one, or the same text with all answers.
pub fn answer(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    let Some(mut clashing) = c.state.clash.take() else { return Ok(()) };
    clashing.answers.push(if name == MINE { Answer::Mine } else { Answer::Theirs });
    if clashing.answers.len() < clashing.conflicts.len() {
        ask(c.state, *clashing);
        return Ok(());
    }
    let Clashing { mut draft, of, answers, theirs, .. } = *clashing;
    draft.answers = Some((answers.into(), theirs));
    act::ask_of(c, Act::Edit(draft), vec![of])
}

/// A value in one line.
fn spelled(value: &Option<Tree>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Tree::Text(text)) => text.to_string(),
        Some(value) => serde_json::Value::from(value).to_string(),
    }
}
