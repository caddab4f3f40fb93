//! The question before a write, the pending number of a scale, and what came of an act.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, wipe};
use crate::keymap::Mode;
use crate::model::act::{Note, Step, Weight};
use crate::theme::Scope;
use crate::view::acting::{Question, Running, Scaling};
use crate::view::state::{Overlay, State};
use crate::view::text;
use crate::view::wrap::broken_lines;

/// No wider than this: a line across a wide screen is hard to read.
const WIDE: u16 = 100;
/// A note is not longer than so many lines.
const LINES: usize = 6;

/// A line of the box, with how far it is indented.
type Row = (u16, String, Scope);

/// Draws what is asked, or what came of it.
pub fn draw(state: &mut State, buffer: &mut Buffer, body: Rect) {
    let width = body.width.min(WIDE);
    let room = width.saturating_sub(4) as usize;
    let (title, look, rows, ways) = match &state.overlay {
        Overlay::Ask(question) => {
            let look = if state.policy.danger { Scope::HeaderDanger } else { Scope::TextHeading };
            (heading(question), look, question_rows(question, room), question_ways(state, question))
        }
        Overlay::Scale(scaling) => (scale_title(scaling), Scope::TextHeading, scale_rows(scaling), Vec::new()),
        Overlay::Acts(number) => match state.acts.get(*number) {
            Some(running) => (running.summary(), Scope::TextHeading, running_rows(running, room), running_ways(state, running)),
            None => return,
        },
        _ => return,
    };
    let foot = u16::from(!ways.is_empty()) * 2;
    let height = (rows.len() as u16 + 1 + foot).min(body.height);
    let area = Rect { x: body.x + (body.width - width) / 2, y: body.bottom() - height, width, height };
    wipe(buffer, area, &state.theme);
    put(buffer, area.x, area.y, &"─".repeat(width as usize), width, state.theme.style(Scope::Rule));
    let title = text::safe(&title);
    let title = text::fit_end(&title, room.saturating_sub(2));
    put(buffer, area.x + 2, area.y, &format!(" {title} "), width.saturating_sub(4), state.theme.style(look));
    let shown = height.saturating_sub(1 + foot) as usize;
    let last = rows.len().saturating_sub(shown);
    let top = match &mut state.overlay {
        Overlay::Ask(question) => {
            question.top = question.top.min(last);
            question.top
        }
        Overlay::Acts(number) => match state.acts.get_mut(*number) {
            Some(running) => {
                running.top = running.top.min(last);
                running.top
            }
            None => 0,
        },
        _ => 0,
    };
    for (y, (indent, words, look)) in (area.y + 1..).zip(rows.iter().skip(top).take(shown)) {
        put(buffer, area.x + 2 + indent, y, words, width.saturating_sub(4 + indent), state.theme.style(*look));
    }
    if top < last && shown > 0 {
        let more = format!(" {} more ", last - top);
        let x = area.right().saturating_sub(more.len() as u16 + 2);
        put(buffer, x, area.y + shown as u16, &more, more.len() as u16, state.theme.style(Scope::Dim));
    }
    let mut x = area.x + 2;
    for (key, label, off) in ways {
        let (key_look, label_look) = if off { (Scope::KeyDisabled, Scope::KeyDisabled) } else { (Scope::Key, Scope::KeyLabel) };
        let y = area.bottom() - 1;
        x = put(buffer, x, y, &key, area.right().saturating_sub(x), state.theme.style(key_look));
        x = put(buffer, x + 1, y, &label, area.right().saturating_sub(x + 1), state.theme.style(label_look)) + 3;
    }
}

/// A sentence in as many rows as it needs.
fn put_rows(rows: &mut Vec<Row>, indent: u16, words: &str, look: Scope, room: usize) {
    let safe = text::safe(words);
    for (at, line) in broken_lines(&safe, room.saturating_sub(indent as usize), LINES).into_iter().enumerate() {
        rows.push((indent + u16::from(at > 0) * 2, line, look));
    }
}

fn put_note(rows: &mut Vec<Row>, indent: u16, note: &Note, room: usize) {
    match note.weight {
        Weight::Plain => put_rows(rows, indent, &note.text, Scope::Dim, room),
        // Not by its colour alone.
        Weight::Warning => put_rows(rows, indent, &format!("! {}", note.text), Scope::Warning, room),
    }
}

fn heading(question: &Question) -> String {
    match &question.plan {
        Some(plan) => plan.title.clone(),
        None => format!("{} …", question.intent.act.verb()),
    }
}

fn question_rows(question: &Question, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let Some(plan) = &question.plan else {
        let count = question.intent.targets.len();
        let what = if count == 1 { "the object".to_owned() } else { format!("{count} objects") };
        rows.push((0, format!("reading {what} as it is now"), Scope::Dim));
        return rows;
    };
    for note in &plan.notes {
        put_note(&mut rows, 0, note, room);
    }
    let alone = plan.targets.len() == 1;
    for target in &plan.targets {
        let indent = if alone { 0 } else { 2 };
        let name = &target.object.name;
        match &target.change {
            Ok(change) if alone => put_rows(&mut rows, 0, change, Scope::Strong, room),
            Ok(change) => put_rows(&mut rows, 0, &format!("{name}  {change}"), Scope::Text, room),
            Err(why) => put_rows(&mut rows, 0, &format!("{name}  not: {why}"), Scope::Dim, room),
        }
        for note in &target.notes {
            put_note(&mut rows, indent, note, room);
        }
    }
    if question.types() {
        rows.push((0, String::new(), Scope::Text));
        let why = if plan.why.is_empty() { String::new() } else { format!("   ({})", plan.why) };
        put_rows(&mut rows, 0, &format!("type {} to go on{why}", plan.typed), Scope::Prompt, room);
    }
    rows
}

/// Keys of a mode, with what they do here; greyed where they do nothing yet.
fn ways(state: &State, mode: Mode, wanted: &[(&str, String, bool)]) -> Vec<(String, String, bool)> {
    let key = |command: &str| state.keymap.keys_for(command, mode).into_iter().next();
    wanted.iter().filter_map(|(command, label, off)| Some((key(command)?, label.clone(), *off))).collect()
}

fn question_ways(state: &State, question: &Question) -> Vec<(String, String, bool)> {
    if question.types() {
        return Vec::new();
    }
    let yes = match &question.plan {
        Some(_) if !question.settled() => (format!("{} …", question.intent.act.verb()), true),
        Some(_) => (format!("yes, {}", question.intent.act.verb()), false),
        None => return ways(state, Mode::Confirm, &[("cancel", "no".into(), false)]),
    };
    let mut wanted = vec![("accept", yes.0, yes.1), ("cancel", "no".into(), false)];
    if let Some((words, _)) = question.plan.as_ref().and_then(|plan| plan.instead.as_ref()) {
        wanted.push(("instead", words.clone(), false));
    }
    ways(state, Mode::Confirm, &wanted)
}

fn scale_title(scaling: &Scaling) -> String {
    match scaling.targets.as_slice() {
        [one] => format!("Scale {}", one.title()),
        many => format!("Scale {} objects", many.len()),
    }
}

fn scale_rows(scaling: &Scaling) -> Vec<Row> {
    let from = scaling.from.map_or_else(|| "?".to_owned(), |from| from.to_string());
    let to = if scaling.line.text().is_empty() { "…" } else { scaling.line.text() };
    let mut words = format!("replicas {from} → {to}");
    if let (Some(from), Some(to)) = (scaling.from, scaling.to())
        && from != to
    {
        words.push_str(&format!("   ({:+})", to - from));
    }
    let hint = "digits, or + and - one by one; nothing is sent before enter";
    vec![(0, words, Scope::Strong), (0, hint.into(), Scope::Dim)]
}

fn running_rows(running: &Running, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for (target, step) in running.plan.targets.iter().zip(&running.steps) {
        let name = target.object.title();
        match step {
            Step::Waiting => put_rows(&mut rows, 0, &format!("· {name}"), Scope::Dim, room),
            Step::Doing(lines) => {
                match lines.as_slice() {
                    [] => put_rows(&mut rows, 0, &format!("… {name}"), Scope::Progressing, room),
                    [one] => put_rows(&mut rows, 0, &format!("… {name}  {one}"), Scope::Progressing, room),
                    lines => {
                        put_rows(&mut rows, 0, &format!("… {name}"), Scope::Progressing, room);
                        for line in lines {
                            put_rows(&mut rows, 4, line, Scope::Text, room);
                        }
                    }
                };
            }
            Step::Done(words) => put_rows(&mut rows, 0, &format!("✓ {name}  {words}"), Scope::Good, room),
            Step::Failed(why) => put_rows(&mut rows, 0, &format!("✗ {name}  {why}"), Scope::Error, room),
            Step::Left => put_rows(&mut rows, 0, &format!("- {name}  left as it was"), Scope::Dim, room),
        }
    }
    rows
}

fn running_ways(state: &State, running: &Running) -> Vec<(String, String, bool)> {
    if running.ended {
        return ways(state, Mode::Acts, &[("back", "close".into(), false)]);
    }
    let stop = if running.stopping { "begins nothing more" } else { "stop" };
    ways(state, Mode::Acts, &[("stop", stop.into(), running.stopping), ("back", "hide: it goes on".into(), false)])
}
