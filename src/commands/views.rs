//! What is looked at, and how: panes, scope, filter, sorting, describe, help.

use super::{Context, Refusal, logs};
use crate::effect::Effect;
use crate::model::reference::Reference;
use crate::model::row::Source;
use crate::model::scope::{self, Scope};
use crate::model::state::Link;
use crate::view::acting::Running;
use crate::view::draw;
use crate::view::place::Pane;
use crate::view::prompt::Line;
use crate::view::state::{Overlay, State, Tone, View};
use crate::view::text_view::TextView;

/// Shows a pane.
pub fn view(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    if name == "events" {
        super::events::show(c, false);
        return Ok(());
    }
    let pane = Pane::named(name).ok_or_else(|| format!("there is no pane {name:?}: pods, services, labels, rollouts, events"))?;
    c.state.show_pane(pane);
    Ok(())
}

/// Shows the pane so many further.
pub fn pane(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    let count = Pane::ALL.len() as isize;
    let at = c.state.pane().and_then(|pane| Pane::ALL.iter().position(|p| *p == pane));
    let next = at.map_or(0, |at| (at as isize + by).rem_euclid(count) as usize);
    c.state.show_pane(Pane::ALL[next]);
    Ok(())
}

/// Another context, by name or from the list.
pub fn ctx(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        c.state.pick_context("".into());
        return Ok(());
    }
    let known = c.state.contexts.iter().find(|context| &*context.name == name);
    super::act::idle(c.state)?;
    match known {
        Some(context) => c.effects.push(Effect::Connect(context.name.clone())),
        None => {
            let names: Vec<&str> = c.state.contexts.iter().map(|context| &*context.name).collect();
            return Err(format!("there is no context {name:?}: {}", names.join(", ")));
        }
    }
    Ok(())
}

/// Names and patterns of namespaces as typed.
pub fn namespaces<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Scope, Refusal> {
    let words: Vec<&str> = words.into_iter().map(scope::checked).collect::<Result<_, _>>()?;
    Ok(Scope::parse(words))
}

/// Other namespaces, by name or from the list.
pub fn ns(c: &mut Context<'_>, names: &str) -> Result<(), Refusal> {
    if names.is_empty() {
        c.state.pick_namespace();
        return Ok(());
    }
    let scope = if names == "all" { Scope::All } else { namespaces(names.split_whitespace())? };
    c.state.set_scope(scope);
    Ok(())
}

/// Through the history of views.
pub fn travel(c: &mut Context<'_>, forward: bool) -> Result<(), Refusal> {
    if c.state.travel(forward) {
        return Ok(());
    }
    Err(if forward { "this is the newest view" } else { "this is the first view" }.into())
}

/// Peels off one thing: the search, the filter, marks, the view. Never quits.
pub fn back(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if c.state.message.take().is_some_and(|message| message.tone == Tone::Error) && !matches!(c.state.overlay, Overlay::Help(_)) {
        // An error is read and put away by the same key, and nothing else happens by it.
        return Ok(());
    }
    if let Overlay::Acts(number) = c.state.overlay
        && c.state.acts.get(number).is_some_and(Running::enters)
    {
        // The terminal is not to be taken away later, from whatever one does then.
        super::act::stop(c, "")?;
    }
    if matches!(&c.state.overlay, Overlay::Help(text) if text.searched().is_empty()) || matches!(c.state.overlay, Overlay::Acts(_)) {
        c.state.overlay = Overlay::None;
        return Ok(());
    }
    if let Some(text) = c.state.text_mut()
        && !text.searched().is_empty()
    {
        return text.search("");
    }
    if let Some(log) = c.state.log_mut() {
        let peeled = if !log.searched().is_empty() {
            log.search("")?;
            true
        } else if !log.filter.is_empty() {
            log.filter("");
            true
        } else {
            false
        };
        if peeled {
            return Ok(());
        }
        if !log.marks.is_empty() {
            log.marks.clear();
            return Ok(());
        }
    }
    if let Some((view, _)) = c.state.table_mut() {
        if !view.place.filter.is_empty() {
            view.filter("");
            return Ok(());
        }
        if view.place.unhealthy {
            view.only_unhealthy(false);
            return Ok(());
        }
        if !view.marks.is_empty() {
            view.marks.clear();
            return Ok(());
        }
    }
    if !c.state.pop() && c.state.pane().is_none() {
        // A table that was called by name: back to where one was.
        if !c.state.leave_root() {
            c.state.show_pane(Pane::Pods);
        }
    }
    Ok(())
}

/// Opens the filter's prompt, or filters at once.
pub fn filter(c: &mut Context<'_>, text: &str) -> Result<(), Refusal> {
    if logs::on_log(c.state).is_ok() {
        return logs::filter(c, text);
    }
    let Some((view, _)) = c.state.table_mut() else { return Ok(()) };
    if text.is_empty() {
        let before = view.place.filter.clone();
        c.state.overlay = Overlay::Filter(Line::new(before.clone()), before);
    } else {
        view.filter(text);
    }
    Ok(())
}

/// Only what is not healthy, or everything again.
pub fn only_unhealthy(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some((view, _)) = c.state.table_mut() {
        view.only_unhealthy(!view.place.unhealthy);
    }
    Ok(())
}

/// Sorts by a column of that name.
pub fn sort(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    let Some((view, _)) = c.state.table_mut() else { return Ok(()) };
    let found = view.columns().find(|(_, column)| column.name.eq_ignore_ascii_case(name)).map(|(_, column)| column.source);
    match found {
        Some(source) => view.sort(source),
        None => {
            let names: Vec<String> = view.columns().map(|(_, column)| column.name.to_lowercase()).collect();
            return Err(format!("there is no column {name:?}: {}", names.join(", ")));
        }
    }
    Ok(())
}

/// Sorts by the column so many further.
pub fn sort_step(c: &mut Context<'_>, by: isize) -> Result<(), Refusal> {
    let Some((view, _)) = c.state.table_mut() else { return Ok(()) };
    let sources: Vec<Source> = view.columns().map(|(_, column)| column.source).collect();
    let current = view.place.sorting.by.unwrap_or(Source::Name);
    let at = sources.iter().position(|source| *source == current).unwrap_or(0) as isize;
    let next = (at + by).rem_euclid(sources.len().max(1) as isize) as usize;
    if let Some(source) = sources.get(next) {
        view.sort(*source);
    }
    Ok(())
}

/// Turns the order round.
pub fn sort_flip(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some((view, _)) = c.state.table_mut() {
        view.flip();
    }
    Ok(())
}

/// Wide columns.
pub fn wide(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some((view, _)) = c.state.table_mut() {
        view.wide = !view.wide;
    }
    Ok(())
}

/// Details of the row.
pub fn details(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if !draw::has_details(c.state.size) {
        return Err(format!("no room for the details: they need {} lines, or {} columns; :describe has them", draw::HIGH, draw::WIDE));
    }
    c.state.details_wanted = !c.state.details_wanted;
    Ok(())
}

/// A table or a log is on the screen.
pub fn can_filter(state: &State) -> Result<(), Refusal> {
    if logs::on_log(state).is_ok() { Ok(()) } else { super::table::on_table(state) }
}

/// A text or a log is on the screen.
pub fn on_text(state: &State) -> Result<(), Refusal> {
    let text = matches!(state.overlay, Overlay::Help(_)) || matches!(state.view(), Some(View::Text(_) | View::Log(_) | View::Edit(_)));
    if text { Ok(()) } else { Err("only in a text".into()) }
}

/// The object has a description: rows that are no objects have none.
pub fn describable(state: &State) -> Result<(), Refusal> {
    match state.subject() {
        Some(subject) if &*subject.kind.kind == "Container" => Ok(()),
        Some(_) if super::events::about_group(state).is_some_and(|about| about.is_ok()) => Ok(()),
        Some(subject) if subject.kind.version.is_empty() => {
            Err(format!("a {} is no object: enter shows what has it", subject.kind.singular))
        }
        Some(_) => Ok(()),
        None => Err("there is no object under the cursor".into()),
    }
}

/// The object that can be read as a whole: of a container, its pod; of a group of events, what they are about.
pub fn whole(state: &State) -> Result<Option<Reference>, Refusal> {
    describable(state)?;
    let Some(subject) = state.subject() else { return Ok(None) };
    if let Some(about) = super::events::about_group(state) {
        return about.map(Some);
    }
    if &*subject.kind.kind == "Container" {
        let pod = state.table_view().and_then(|view| view.place.key.pod(&state.catalog));
        return pod.map(Some).ok_or_else(|| "the container's pod is not known".into());
    }
    Ok(Some(subject))
}

/// Describes the object.
pub fn describe(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(subject) = whole(c.state)? else { return Ok(()) };
    let text = TextView::new(subject.title(), Some(subject.clone()));
    c.effects.push(Effect::Describe(text.id, subject));
    c.state.push(View::Text(Box::new(text)));
    Ok(())
}

/// Opens the prompt of the search.
pub fn search(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let searched = match (c.state.view(), &c.state.overlay) {
        (Some(View::Log(log)), Overlay::None) => log.searched().to_owned(),
        (Some(View::Edit(editor)), Overlay::None) => editor.searched().map(|(text, _, _)| text.to_owned()).unwrap_or_default(),
        _ => c.state.text_mut().map(|text| text.searched().to_owned()).unwrap_or_default(),
    };
    let line = Line::again(searched);
    let help = match std::mem::replace(&mut c.state.overlay, Overlay::None) {
        Overlay::Help(help) => Some(help),
        _ => None,
    };
    c.state.overlay = Overlay::Search(line, help);
    Ok(())
}

/// To another match.
pub fn search_step(c: &mut Context<'_>, forward: bool) -> Result<(), Refusal> {
    let none = || Err("nothing is searched for: / begins a search".into());
    if c.state.text_mut().is_none()
        && let Some(log) = c.state.log_mut()
    {
        if log.searched().is_empty() {
            return none();
        }
        let counting = log.counts().is_none();
        return match log.search_step(forward) {
            true => Ok(()),
            false if counting => Err("the lines are still being looked through: try again in a moment".into()),
            false => Err(format!("{:?} is not in this log", log.searched())),
        };
    }
    if matches!(c.state.overlay, Overlay::None)
        && let Some(editor) = c.state.editing()
    {
        return editor.search_step(forward);
    }
    let Some(text) = c.state.text_mut() else { return Ok(()) };
    if text.searched().is_empty() {
        return none();
    }
    if text.search_step(forward) { Ok(()) } else { Err(format!("{:?} is not in this text", text.searched())) }
}

/// Wraps, or not.
pub fn wrap(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some(text) = c.state.text_mut() {
        text.wrap = !text.wrap;
        text.left = 0;
    } else {
        logs::wrap(c.state);
    }
    Ok(())
}

/// A login can be run from here.
pub fn can_login(state: &State) -> Result<(), Refusal> {
    match &state.link {
        Link::Unauthorized { login: true, .. } => Ok(()),
        Link::Unauthorized { .. } if state.login_command => Ok(()),
        Link::Unauthorized { .. } => {
            Err("this context has no login plugin: renew its credentials in the kubeconfig, it is read again when it changes".into())
        }
        _ => Err("you are logged in".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::{self, Keymap};
    use crate::model::state::Context as Connection;
    use crate::model::time::Clock;
    use crate::theme::{self, Depth, Theme};

    fn state() -> State {
        let (theme, _) = Theme::load(theme::DARK, None, Depth::Truecolor);
        let (keymap, _) = Keymap::load(keymap::DEFAULT, None, &crate::commands::names());
        State::new(Clock::system(), theme, keymap, Connection::default(), Vec::new(), Scope::All)
    }

    #[test]
    fn a_screen_without_room_for_details_says_so() {
        let mut state = state();
        let press = |state: &mut State| details(&mut Context { state, effects: &mut Vec::new() }, "");
        state.size = (80, 24);
        assert!(press(&mut state).is_err_and(|why| why.contains("30 lines, or 160 columns")) && state.details_wanted);
        state.size = (80, 30);
        assert!(press(&mut state).is_ok() && !state.details_wanted);
    }

    #[test]
    fn back_reads_an_error_first_and_peels_filter_and_view_and_never_the_last() {
        let mut state = state();
        let mut effects = Vec::new();
        let mut press = |state: &mut State| back(&mut Context { state, effects: &mut effects }, "");
        let filter = |state: &mut State| state.table_mut().map(|(view, _)| view.filter("web"));
        state.push(View::Text(Box::new(TextView::new("pod/web", None))));
        state.error("no");
        assert_eq!(press(&mut state), Ok(()));
        assert_eq!((state.stack.len(), state.message.is_none()), (2, true));
        state.info("what goes away by itself is not in the way");
        assert_eq!(press(&mut state), Ok(()));
        assert_eq!((state.stack.len(), state.message.is_none()), (1, true));
        filter(&mut state);
        assert_eq!(press(&mut state), Ok(()));
        assert_eq!(state.table_view().map(|view| view.place.filter.as_str()), Some(""));
        assert_eq!(press(&mut state), Ok(()));
        assert_eq!((state.stack.len(), state.pane()), (1, Some(Pane::Pods)));
        assert!(effects.is_empty());
    }
}
