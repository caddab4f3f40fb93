//! The question before a write, the pending number of a scale, and what came of an act. A box at the bottom of the screen:
//! its text scrolls, its keys are always there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, review, wipe};
use crate::keymap::Mode;
use crate::model::act::{Act, Note, Plan, Step, Target, Weight};
use crate::model::policy::Demand;
use crate::model::reference::Reference;
use crate::theme::Scope;
use crate::view::acting::{Question, Running, Scaling};
use crate::view::state::{Overlay, State, Tone};
use crate::view::text;
use crate::view::wrap::broken_lines;

/// No wider than this: a line across a wide screen is hard to read.
const WIDE: u16 = 100;
/// A sentence is not longer than so many lines: the server's whole reason, but not a page that a proxy made.
const LINES: usize = 100;

/// A line of the box, with how far it is indented.
type Row = (u16, String, Scope);
/// A key, what it does, and whether it does nothing yet.
type Way = (String, String, bool);

/// What is in a box.
struct Sheet {
    title: String,
    look: Scope,
    /// The text, which scrolls.
    rows: Vec<Row>,
    /// What goes on below it: what is to be stored against what is there.
    review: Vec<review::Entry>,
    /// What stays below it.
    foot: Vec<Row>,
    ways: Vec<Way>,
}

/// Draws what is asked, or what came of it.
pub fn draw(state: &mut State, buffer: &mut Buffer, body: Rect) {
    // All of the width, as lists have it: what lies below is not seen in pieces. The lines are no longer than one reads.
    let width = body.width;
    let room = width.min(WIDE).saturating_sub(4) as usize;
    let Some(sheet) = sheet(state, room, width) else { return };
    let few = body.height < 12;
    // An empty line before the keys, where there is room for one.
    let below = sheet.foot.len() as u16 + u16::from(!sheet.ways.is_empty()) + u16::from(!few);
    let lines = sheet.rows.len() + sheet.review.len();
    let height = (lines + 1 + usize::from(below)).min(body.height.into()) as u16;
    let area = Rect { y: body.bottom() - height, height, ..body };
    wipe(buffer, area, &state.theme);
    put(buffer, area.x, area.y, &"─".repeat(width as usize), width, state.theme.style(Scope::Rule));
    let title = text::fit_end(&sheet.title, room.saturating_sub(2));
    put(buffer, area.x + 2, area.y, &format!(" {title} "), width.saturating_sub(4), state.theme.style(sheet.look));

    let shown = height.saturating_sub(1 + below) as usize;
    let last = lines.saturating_sub(shown);
    let top = top(state).map_or(0, |top| {
        *top = (*top).min(last);
        *top
    });
    let line = |buffer: &mut Buffer, y: u16, (indent, words, look): &Row| {
        put(buffer, area.x + 2 + indent, y, words, width.saturating_sub(4 + indent), state.theme.style(*look));
    };
    for (y, row) in (area.y + 1..).zip(sheet.rows.iter().skip(top).take(shown)) {
        line(buffer, y, row);
    }
    let begun = sheet.rows.len().saturating_sub(top);
    let below_rows = Rect { y: area.y + 1 + begun.min(shown) as u16, height: shown.saturating_sub(begun) as u16, ..area };
    if let Overlay::Ask(question) = &state.overlay
        && let Some(plan) = &question.plan
    {
        let seen = sheet.review.iter().skip(top.saturating_sub(sheet.rows.len()));
        review::draw(&plan.targets, seen, buffer, below_rows, &state.theme);
    }
    if top < last {
        // On the rule above, where it hides nothing of the text.
        let key = state.keymap.keys_for("page-down", state.mode()).into_iter().next().map(|key| format!(", {key}")).unwrap_or_default();
        let more = format!(" ↓ {} more{key} ", last - top);
        let wide = text::width(&more) as u16;
        if text::width(&title) as u16 + wide + 8 < width {
            put(buffer, area.right().saturating_sub(wide + 2), area.y, &more, wide, state.theme.style(Scope::Warning));
        } else {
            let more = format!("↓{}", last - top);
            let wide = text::width(&more) as u16;
            put(buffer, area.right().saturating_sub(wide), area.y + shown as u16, &more, wide, state.theme.style(Scope::Warning));
        }
    }
    let keys = u16::from(!sheet.ways.is_empty());
    let foot = area.bottom().saturating_sub(keys + sheet.foot.len() as u16);
    for (y, row) in (foot..).zip(&sheet.foot) {
        line(buffer, y, row);
    }
    let mut x = area.x + 2;
    for (key, label, off) in sheet.ways {
        let (key_look, label_look) = if off { (Scope::KeyDisabled, Scope::KeyDisabled) } else { (Scope::Key, Scope::KeyLabel) };
        let y = area.bottom() - 1;
        x = put(buffer, x, y, &key, area.right().saturating_sub(x), state.theme.style(key_look));
        x = put(buffer, x + 1, y, &label, area.right().saturating_sub(x + 1), state.theme.style(label_look)) + 3;
    }
}

/// What there is to be shown, if anything is.
fn sheet(state: &State, room: usize, width: u16) -> Option<Sheet> {
    let look = if state.policy.danger { Scope::HeaderDanger } else { Scope::TextHeading };
    let mut sheet = match &state.overlay {
        Overlay::Ask(question) => Sheet {
            title: text::safe(&heading(question)).into_owned(),
            look,
            rows: question_rows(question, room),
            review: question.plan.as_ref().map(|plan| review::entries(&plan.targets, width)).unwrap_or_default(),
            foot: question_foot(question, room),
            ways: question_ways(state, question),
        },
        Overlay::Scale(scaling) => Sheet {
            title: text::safe(&scale_title(scaling)).into_owned(),
            look,
            rows: scale_rows(scaling, room),
            review: Vec::new(),
            foot: Vec::new(),
            // The bottom line says how the typing ends.
            ways: Vec::new(),
        },
        Overlay::Acts(number) => {
            let running = state.acts.get(*number)?;
            Sheet {
                title: running.summary(),
                look: Scope::TextHeading,
                rows: running_rows(running, room),
                review: Vec::new(),
                foot: Vec::new(),
                ways: running_ways(state, running),
            }
        }
        _ => return None,
    };
    // The title is a question: a name that it has no room for is said below it, whole.
    if text::width(&sheet.title) > room.saturating_sub(2) && matches!(state.overlay, Overlay::Ask(_) | Overlay::Scale(_)) {
        let mut rows = Vec::new();
        put_rows(&mut rows, 0, &sheet.title, Scope::Strong, room);
        rows.append(&mut sheet.rows);
        sheet.rows = rows;
        sheet.title = if let Overlay::Ask(question) = &state.overlay { verb(question) } else { "Scale".into() };
    }
    // The bottom line belongs to what is typed: what is wrong with it stands here.
    if let Some(message) = state.message.as_ref().filter(|message| message.tone == Tone::Error && state.mode() == Mode::Prompt) {
        put_rows(&mut sheet.foot, 0, &message.text, Scope::Error, room);
    }
    Some(sheet)
}

/// The first line that is shown.
fn top(state: &mut State) -> Option<&mut usize> {
    match &mut state.overlay {
        Overlay::Ask(question) => Some(&mut question.top),
        Overlay::Acts(number) => state.acts.get_mut(*number).map(|running| &mut running.top),
        _ => None,
    }
}

/// A sentence in as many rows as it needs.
fn put_rows(rows: &mut Vec<Row>, indent: u16, words: &str, look: Scope, room: usize) {
    let safe = text::safe(words);
    for (at, line) in broken_lines(&safe, room.saturating_sub(indent as usize + 2), LINES).into_iter().enumerate() {
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
    match (&question.plan, &question.refused) {
        (_, Some(_)) => format!("{}: not done", verb(question)),
        (Some(plan), None) => plan.title.clone(),
        (None, None) => format!("{} …", verb(question)),
    }
}

/// `Delete`: the command's name at the beginning of a line.
fn verb(question: &Question) -> String {
    let name = question.intent.act.verb();
    let first = name.chars().next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(name.chars().skip(1)).collect()
}

/// They are in more than one namespace.
fn in_several<'a>(all: impl Iterator<Item = &'a Reference>) -> bool {
    let mut spaces = all.map(|object| &object.namespace);
    let first = spaces.next();
    spaces.any(|namespace| Some(namespace) != first)
}

/// Objects of several namespaces are told apart by them, and those of several kinds by those.
fn name_of<'a>(all: impl Iterator<Item = &'a Reference> + Clone) -> impl Fn(&Reference) -> String {
    let first = all.clone().next().map(|object| object.kind.clone());
    let kinds = all.clone().any(|object| Some(&object.kind) != first.as_ref());
    let several = in_several(all);
    move |object| match (kinds, several && !object.namespace.is_empty()) {
        (true, true) => format!("{}{}", object.title(), place(&object.namespace)),
        (true, false) => object.title(),
        (false, true) => format!("{}/{}", object.namespace, object.name),
        (false, false) => object.name.to_string(),
    }
}

fn question_rows(question: &Question, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(obstacle) = &question.refused {
        // Reasons may be many, a line each.
        obstacle.why.lines().for_each(|line| put_rows(&mut rows, 0, line, Scope::Error, room));
        return rows;
    }
    let Some(plan) = &question.plan else {
        let count = question.intent.targets.len();
        if let Act::Apply(manifests) = &question.intent.act {
            put_rows(&mut rows, 0, &format!("reading {}, and what is there now", manifests.typed), Scope::Dim, room);
            return rows;
        }
        let what = if count == 1 { "the object".to_owned() } else { format!("{count} objects") };
        rows.push((0, format!("reading {what} as it is now"), Scope::Dim));
        if count > 1 {
            rows[0].1 = format!("reading {what} as they are now");
        }
        return rows;
    };
    match plan.targets.as_slice() {
        [one] => {
            let words = one.change.as_ref().unwrap_or_else(|why| why);
            put_rows(&mut rows, 0, words, Scope::Strong, room);
            for note in one.notes.iter().chain(&plan.notes) {
                put_note(&mut rows, 0, note, room);
            }
        }
        several => several_rows(&mut rows, plan, several, room),
    }
    rows
}

/// What is true of each is said once; then those of which something more is to be said; then the others by name; last what
/// is left out.
fn several_rows(rows: &mut Vec<Row>, plan: &Plan, targets: &[Target], room: usize) {
    let name = name_of(targets.iter().map(|target| &target.object));
    let done: Vec<&Target> = targets.iter().filter(|target| target.change.is_ok()).collect();
    let same = done.windows(2).all(|pair| pair[0].change == pair[1].change);
    let shared: Vec<&Note> = match done.split_first() {
        Some((first, rest)) => first.notes.iter().filter(|note| rest.iter().all(|target| target.notes.contains(note))).collect(),
        None => Vec::new(),
    };
    if let (true, Some(Ok(change))) = (same, done.first().map(|target| &target.change)) {
        put_rows(rows, 0, &format!("each of them: {change}"), Scope::Strong, room);
    }
    for note in shared.iter().copied().chain(&plan.notes) {
        put_note(rows, 0, note, room);
    }
    let mut plain = Vec::new();
    for target in &done {
        let own: Vec<&Note> = target.notes.iter().filter(|note| !shared.contains(note)).collect();
        match &target.change {
            Ok(_) if same && own.is_empty() => plain.push(name(&target.object)),
            Ok(_) if same => put_rows(rows, 0, &name(&target.object), Scope::Text, room),
            Ok(words) | Err(words) => put_rows(rows, 0, &format!("{}  {words}", name(&target.object)), Scope::Text, room),
        }
        for note in own {
            put_note(rows, 2, note, room);
        }
    }
    if !plain.is_empty() {
        put_rows(rows, 0, &plain.join(", "), Scope::Text, room);
    }
    let left: Vec<(&Target, &String)> = targets.iter().filter_map(|target| Some((target, target.change.as_ref().err()?))).collect();
    if !left.is_empty() {
        rows.push((0, format!("{} of {} stay as they are:", left.len(), targets.len()), Scope::Dim));
        for (target, why) in left {
            put_rows(rows, 2, &format!("{}: {why}", name(&target.object)), Scope::Dim, room);
        }
    }
}

/// What has to be typed.
fn question_foot(question: &Question, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let Some(plan) = question.plan.as_ref().filter(|_| question.types()) else { return rows };
    let what = match (plan.demand, plan.count()) {
        (Demand::Context, _) => ", the context's name",
        (_, 1) => "",
        _ => ", which is how many they are",
    };
    let why = if plan.why.is_empty() { String::new() } else { format!("   ({})", plan.why) };
    put_rows(&mut rows, 0, &format!("type {} to go on{what}{why}", plan.typed), Scope::Prompt, room);
    rows
}

/// Keys of a mode, with what they do here; greyed where they do nothing yet. What is only closed is closed by esc.
fn ways(state: &State, mode: Mode, wanted: &[(&str, &str, bool)]) -> Vec<Way> {
    let key = |command: &str| {
        let keys = state.keymap.keys_for(command, mode);
        let esc = wanted.len() == 1 && keys.iter().any(|key| key == "esc");
        if esc { Some("esc".to_owned()) } else { keys.into_iter().next() }
    };
    wanted.iter().filter_map(|(command, label, off)| Some((key(command)?, (*label).to_owned(), *off))).collect()
}

fn question_ways(state: &State, question: &Question) -> Vec<Way> {
    let verb = match &question.intent.act {
        // One is in the editor already.
        Act::Edit(_) => "save",
        act => act.verb(),
    };
    if let Some(obstacle) = &question.refused {
        let mut wanted = vec![("cancel", "close", false)];
        wanted.extend(obstacle.instead.iter().map(|(words, _)| ("instead", words.as_str(), false)));
        return ways(state, Mode::Confirm, &wanted);
    }
    let Some(plan) = &question.plan else { return ways(state, Mode::Confirm, &[("cancel", "leave it", false)]) };
    if question.types() {
        return Vec::new();
    }
    // Grey alone would not say it where there are no colours.
    let yes = if question.settled() { format!("yes, {verb}") } else { format!("{verb} …") };
    let mut wanted = vec![("accept", yes.as_str(), !question.settled()), ("cancel", "no", false)];
    if let Some((words, _)) = &plan.instead {
        wanted.push(("instead", words, false));
    }
    wanted.push(("copy kubectl", "copy as kubectl", !question.settled()));
    ways(state, Mode::Confirm, &wanted)
}

fn place(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!(" in {namespace}") }
}

fn scale_title(scaling: &Scaling) -> String {
    match scaling.targets.as_slice() {
        [one] => format!("Scale {}{}", one.title(), place(&one.namespace)),
        many => format!("Scale {} objects", many.len()),
    }
}

fn scale_rows(scaling: &Scaling, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let to = if scaling.line.text().is_empty() { "…" } else { scaling.line.text() };
    let words = match (scaling.targets.as_slice(), scaling.from) {
        ([_], Some(from)) => {
            let by = scaling.to().map(|to| i64::from(to) - i64::from(from)).filter(|by| *by != 0);
            format!("replicas {from} → {to}{}", by.map(|by| format!("   ({by:+})")).unwrap_or_default())
        }
        ([_], None) => format!("replicas ? → {to}"),
        _ => format!("replicas of each → {to}"),
    };
    put_rows(&mut rows, 0, &words, Scope::Strong, room);
    if scaling.targets.len() > 1 {
        let name = name_of(scaling.targets.iter());
        put_rows(&mut rows, 0, &scaling.targets.iter().map(name).collect::<Vec<_>>().join(", "), Scope::Text, room);
    }
    put_rows(&mut rows, 0, "digits, or + and - one by one; nothing is sent before enter", Scope::Dim, room);
    rows
}

/// What failed is seen first, then what is on its way.
fn rank(step: &Step) -> u8 {
    match step {
        Step::Failed(_) => 0,
        Step::Doing(_) => 1,
        Step::Waiting => 2,
        Step::Left => 3,
        Step::Done(_) => 4,
    }
}

fn running_rows(running: &Running, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let several = in_several(running.plan.targets.iter().map(|target| &target.object));
    let mut all: Vec<(&Target, &Step)> = running.plan.targets.iter().zip(&running.steps).collect();
    // What was left out from the beginning is known already.
    all.sort_by_key(|(target, step)| if target.change.is_err() { u8::MAX } else { rank(step) });
    for (target, step) in all {
        // `pod/web-1`, and where, unless all of them are in one place that the title has.
        let space = if running.plan.targets.len() == 1 || several { place(&target.object.namespace) } else { String::new() };
        let name = format!("{}{space}", target.object.title());
        if let Err(why) = &target.change {
            put_rows(&mut rows, 0, &format!("- {name}  not begun: {why}"), Scope::Dim, room);
            continue;
        }
        match step {
            Step::Waiting => put_rows(&mut rows, 0, &format!("· {name}"), Scope::Dim, room),
            Step::Doing(lines) => match lines.as_slice() {
                [] => put_rows(&mut rows, 0, &format!("… {name}"), Scope::Progressing, room),
                [one] => put_rows(&mut rows, 0, &format!("… {name}  {one}"), Scope::Progressing, room),
                lines => {
                    put_rows(&mut rows, 0, &format!("… {name}"), Scope::Progressing, room);
                    for line in lines {
                        put_rows(&mut rows, 4, line, Scope::Text, room);
                    }
                }
            },
            Step::Done(words) => put_rows(&mut rows, 0, &format!("✓ {name}  {words}"), Scope::Good, room),
            Step::Failed(why) => put_rows(&mut rows, 0, &format!("✗ {name}  {why}"), Scope::Error, room),
            Step::Left => put_rows(&mut rows, 0, &format!("- {name}  left as it was"), Scope::Dim, room),
        }
    }
    rows
}

fn running_ways(state: &State, running: &Running) -> Vec<Way> {
    if running.ended {
        return ways(state, Mode::Acts, &[("back", "close", false)]);
    }
    let stop = if running.stopping { "stopping" } else { "stop" };
    if running.enters() {
        return ways(state, Mode::Acts, &[("stop", stop, running.stopping), ("back", "leave it", false)]);
    }
    ways(state, Mode::Acts, &[("stop", stop, running.stopping), ("back", "hide: it goes on", false)])
}
