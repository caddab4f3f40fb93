//! What became of an object: what was seen to change of it, and the revisions of a workload.

use super::{Context, Refusal, views};
use crate::effect::Effect;
use crate::kinds::revisions;
use crate::kinds::shown::Looks;
use crate::model::reference::Reference;
use crate::view::revisions::Which;
use crate::view::state::{State, View};
use crate::view::text_view::{About, TextView};

/// Shows what was seen to change of the object, live.
pub fn history(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(subject) = views::whole(c.state)? else { return Ok(()) };
    let mut text = TextView::new(format!("{} history", subject.title()), Some(subject.clone()));
    text.about = About::History { since: c.state.now(), stamp: None };
    // The whole object is followed for it; how it looks is nobody's business here.
    c.effects.push(Effect::Yaml(text.id, subject, Looks::default()));
    c.state.push(View::Text(Box::new(text)));
    Ok(())
}

/// The object is a workload that keeps revisions.
pub fn has_revisions(state: &State) -> Result<(), Refusal> {
    let subject = state.subject().ok_or("there is no object under the cursor")?;
    match revisions::keeper(&subject.kind) {
        Some(_) => Ok(()),
        None => Err("Deployments, StatefulSets and DaemonSets have revisions".into()),
    }
}

/// Shows the revisions of a workload; of one number what the current one has otherwise than that, of two what the second has
/// otherwise than the first.
pub fn revisions(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let number = |word: &str| word.parse::<i64>().map_err(|_| format!("{word:?} is no revision: :revisions has their numbers"));
    let which = match args.split_whitespace().collect::<Vec<_>>().as_slice() {
        [] => Which::All,
        [from] => Which::Two(number(from)?, None),
        [from, to] => Which::Two(number(from)?, Some(number(to)?)),
        [_, _, more, ..] => return Err(format!("{more:?} is not understood here: one revision, or two")),
    };
    if let Some(subject) = c.state.subject() {
        open(c, subject, which);
    }
    Ok(())
}

fn open(c: &mut Context<'_>, subject: Reference, which: Which) {
    let title = match which {
        Which::All => format!("{} revisions", subject.title()),
        Which::Two(from, None) => format!("{} revision {from} and now", subject.title()),
        Which::Two(from, Some(to)) => format!("{} revisions {from} and {to}", subject.title()),
    };
    let mut text = TextView::new(title, Some(subject.clone()));
    text.about = About::Revisions(which);
    c.effects.push(Effect::Revisions(text.id, subject));
    c.state.push(View::Text(Box::new(text)));
}

/// Goes into the revision that one is at. False where there is none.
pub fn into(c: &mut Context<'_>) -> bool {
    let Some(View::Text(text)) = c.state.view() else { return false };
    let (About::Revisions(Which::All), Some((_, name)), Some(subject)) = (&text.about, text.field(), text.subject.clone()) else {
        return false;
    };
    let Ok(number) = name.parse() else { return false };
    open(c, subject, Which::Two(number, None));
    true
}

/// The revision that one looks at: what going back without a number means there.
pub fn chosen(state: &State) -> Option<i64> {
    let Some(View::Text(text)) = state.view() else { return None };
    match text.about {
        About::Revisions(Which::All) => text.field()?.1.parse().ok(),
        About::Revisions(Which::Two(from, _)) => Some(from),
        _ => None,
    }
}
