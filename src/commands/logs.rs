//! Logs: whose, how far back, and how they are looked at.

use std::sync::Arc;

use super::{Context, Refusal, palette};
use crate::effect::Effect;
use crate::kinds;
use crate::model::facts::{Facts, Role};
use crate::model::log::{Ask, Saving, Since, Target, Wanted};
use crate::model::reference::Reference;
use crate::model::relation::Relation;
use crate::model::row::Row;
use crate::model::scope::{Scope, WatchSpec};
use crate::model::time::Seconds;
use crate::view::log::{Json, LogView, Stamps};
use crate::view::picker::{Choice, Picker, Purpose};
use crate::view::prompt::Line;
use crate::view::state::{Overlay, State, View};

/// With more marked pods of one namespace than this, one watch of the namespace is cheaper than one each.
const FEW: usize = 8;

/// What is asked for by `0` to `6`, as k9s has it.
pub const RANGES: &[(&str, &str)] = &[
    ("tail", "the last lines of each container"),
    ("start", "everything that there is"),
    ("1m", "the last minute"),
    ("5m", "the last five minutes"),
    ("15m", "the last quarter of an hour"),
    ("30m", "the last half hour"),
    ("1h", "the last hour"),
];

/// The first choice where one of several containers can be chosen.
const ALL: &str = "all containers";

/// Something here has a log.
pub fn can_logs(state: &State) -> Result<(), Refusal> {
    // The first one says enough, and this is asked for every frame.
    let wanted = wanted(state, Vec::new(), false, 1)?;
    for pick in &wanted.target.picks {
        let (namespace, name) = match pick {
            Relation::Named(namespace, name) => (namespace, &**name),
            Relation::Selected(namespace, _) | Relation::Owned { namespace, .. } | Relation::Scheduled(namespace, _) => (namespace, ""),
            _ => continue,
        };
        state.allowed("get", &kinds::pods::POD.as_kind(), "log", namespace, name)?;
    }
    Ok(())
}

/// A log is on the screen.
pub fn on_log(state: &State) -> Result<(), Refusal> {
    if matches!(state.view(), Some(View::Log(_))) { Ok(()) } else { Err("only in a log".into()) }
}

/// Whose logs are meant, and which containers can be chosen from.
fn wanted(state: &State, containers: Vec<Arc<str>>, previous: bool, most: usize) -> Result<Wanted, Refusal> {
    let rows: Vec<Row> = match state.view() {
        Some(View::Table(view)) => {
            if let Some(pod) = view.place.key.pod(&state.catalog) {
                let names = view.meant(&state.tables).into_iter().map(|row| (&*row.name).into()).collect();
                let containers = if containers.is_empty() { names } else { containers };
                return Ok(of(state, pod_target(&[(pod.namespace, pod.name)]), containers, previous));
            }
            view.meant(&state.tables).into_iter().take(most).cloned().collect()
        }
        Some(View::Log(log)) => return Ok(Wanted { containers, previous, ..log.wanted.clone() }),
        Some(View::Text(text)) => match &text.subject {
            Some(subject) if &*subject.kind.plural == "pods" && subject.kind.group.is_empty() => {
                let target = pod_target(&[(subject.namespace.clone(), subject.name.clone())]);
                return Ok(of(state, target, containers, previous));
            }
            Some(subject) => return Err(format!("from a text, only the logs of pods: {} is in a table, too", subject.title())),
            None => Vec::new(),
        },
        Some(View::Edit(_)) | None => Vec::new(),
    };
    if rows.is_empty() {
        return Err("there is no object under the cursor".into());
    }
    Ok(of(state, target(&rows)?, containers, previous))
}

fn of(state: &State, target: Target, containers: Vec<Arc<str>>, previous: bool) -> Wanted {
    let settings = state.logs;
    let since = if previous { Since::Start } else { Since::Tail(settings.tail) };
    Wanted { target, containers, previous, since, most: settings.most, spool: settings.spool }
}

fn watch(namespace: &Arc<str>, fields: Option<String>, labels: Option<String>) -> WatchSpec {
    WatchSpec {
        kind: Arc::new(kinds::pods::POD.as_kind()),
        scope: Scope::one(namespace),
        fields: fields.map(Into::into),
        labels: labels.map(Into::into),
        metadata_only: false,
    }
}

fn pod_target(pods: &[(Arc<str>, Arc<str>)]) -> Target {
    let title = match pods {
        [(_, name)] => format!("pod/{name}"),
        several => format!("{} pods", several.len()),
    };
    let mut watches: Vec<WatchSpec> = Vec::new();
    for (namespace, name) in pods {
        let many = pods.iter().filter(|(other, _)| other == namespace).count() > FEW;
        let fields = (!many).then(|| format!("metadata.name={name}"));
        let spec = watch(namespace, fields, None);
        if !watches.contains(&spec) {
            watches.push(spec);
        }
    }
    let picks = pods.iter().map(|(namespace, name)| Relation::Named(namespace.clone(), name.clone())).collect();
    Target { title: title.into(), picks, watches }
}

fn target(rows: &[Row]) -> Result<Target, Refusal> {
    if rows.iter().all(|row| matches!(row.facts, Facts::Pod(_))) {
        let pods: Vec<(Arc<str>, Arc<str>)> = rows.iter().map(|row| (row.namespace.clone(), (&*row.name).into())).collect();
        return Ok(pod_target(&pods));
    }
    let mut target = Target { title: "".into(), picks: Vec::new(), watches: Vec::new() };
    for row in rows {
        let title = Reference::of(row).title();
        let none = || format!("{title} has no selector, and so no pods of its own");
        let name: Arc<str> = (&*row.name).into();
        let (pick, spec) = match &row.facts {
            Facts::Pod(_) => {
                let one = pod_target(&[(row.namespace.clone(), name.clone())]);
                target.watches.extend(one.watches);
                target.picks.extend(one.picks);
                continue;
            }
            Facts::Service(service) => {
                let selector = service.selector.clone().filter(|selector| !selector.requirements.is_empty()).ok_or_else(none)?;
                let labels = selector.to_string();
                (Relation::Selected(row.namespace.clone(), selector), watch(&row.namespace, None, Some(labels)))
            }
            _ if &*row.kind.plural == "cronjobs" => {
                (Relation::Scheduled(row.namespace.clone(), name), watch(&row.namespace, None, Some("job-name".to_owned())))
            }
            Facts::Workload(workload) => {
                let selector = workload.selector.clone().ok_or_else(none)?;
                let labels = (!selector.requirements.is_empty()).then(|| selector.to_string());
                let owned = Relation::Owned { namespace: row.namespace.clone(), selector, name, uid: row.uid.clone() };
                (owned, watch(&row.namespace, None, labels))
            }
            Facts::Selects(selector) => {
                let labels = (!selector.requirements.is_empty()).then(|| selector.to_string());
                (Relation::Selected(row.namespace.clone(), selector.clone()), watch(&row.namespace, None, labels))
            }
            _ => return Err(format!("a {} has no log: pods have, and what makes pods", row.kind.singular)),
        };
        target.picks.push(pick);
        target.watches.push(spec);
    }
    target.title = match rows {
        [one] => Reference::of(one).title().into(),
        several => format!("{} objects", several.len()).into(),
    };
    Ok(target)
}

/// The containers that one can choose from, where it is one object; the first that are meant.
fn choices(state: &State) -> Vec<Choice> {
    let Some(View::Table(view)) = state.view() else { return Vec::new() };
    let rows = view.meant(&state.tables);
    let [row] = rows.as_slice() else { return Vec::new() };
    let about = |role: Role| match role {
        Role::App => "",
        Role::Init => "init",
        Role::Sidecar => "sidecar",
        Role::Ephemeral => "debug",
    };
    match &row.facts {
        Facts::Pod(pod) => {
            pod.containers.iter().map(|container| Choice::new(container.spec.name.clone(), about(container.spec.role))).collect()
        }
        Facts::Workload(workload) => workload.images.iter().map(|(name, image)| Choice::new(name.clone(), image.clone())).collect(),
        _ => Vec::new(),
    }
}

/// Opens the log; where there are several containers, asks which.
pub fn logs(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    begin(c, args, false)
}

/// Opens the log of the lives before the last restarts; from a log, goes there and back.
pub fn previous(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if let Some(View::Log(log)) = c.state.view() {
        let previous = !log.wanted.previous;
        let since = if previous { Since::Start } else { Since::Tail(c.state.logs.tail) };
        let wanted = Wanted { previous, since, ..log.wanted.clone() };
        return again(c, wanted);
    }
    begin(c, args, true)
}

fn begin(c: &mut Context<'_>, args: &str, previous: bool) -> Result<(), Refusal> {
    let names: Vec<Arc<str>> = args.split_whitespace().map(Into::into).collect();
    let wanted = wanted(c.state, names.clone(), previous, usize::MAX)?;
    let choices = choices(c.state);
    if let Some(wrong) = names.iter().find(|name| !choices.is_empty() && !choices.iter().any(|choice| choice.name == **name)) {
        let known: Vec<&str> = choices.iter().map(|choice| &*choice.name).collect();
        return Err(format!("there is no container {wrong:?}: {}", known.join(", ")));
    }
    if names.is_empty() && choices.len() > 1 {
        choose(c.state, wanted, choices);
        return Ok(());
    }
    open(c, wanted);
    Ok(())
}

fn choose(state: &mut State, wanted: Wanted, mut choices: Vec<Choice>) {
    choices.insert(0, Choice::new(ALL, ""));
    state.choosing = Some(Box::new(wanted));
    let mut picker = Picker::new(Purpose::Containers, "".into(), choices, None);
    picker.choose(0);
    state.overlay = Overlay::Picker(Box::new(picker));
}

/// A container was chosen.
pub fn chosen(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    let Some(mut wanted) = c.state.choosing.take() else { return Ok(()) };
    wanted.containers = if name == ALL { Vec::new() } else { vec![name.into()] };
    if on_log(c.state).is_ok() {
        return again(c, *wanted);
    }
    open(c, *wanted);
    Ok(())
}

fn open(c: &mut Context<'_>, wanted: Wanted) {
    let mut log = LogView::new(wanted.clone());
    log.follow = wanted.since != Since::Start;
    (log.stamps, log.wrap, log.json) = c.state.log_looks;
    c.effects.push(Effect::Logs(log.number, Box::new(wanted)));
    c.state.push(View::Log(Box::new(log)));
}

/// Reads the log on the screen anew.
fn again(c: &mut Context<'_>, wanted: Wanted) -> Result<(), Refusal> {
    let Some(log) = c.state.log_mut() else { return on_log(c.state) };
    let number = log.again(wanted.clone());
    c.effects.push(Effect::Logs(number, Box::new(wanted)));
    Ok(())
}

/// How far back: `tail`, `tail 500`, `start`, `90s`, `5m`, `2h`, `1d`.
pub fn since(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let Some(View::Log(log)) = c.state.view() else { return on_log(c.state) };
    let wrong = || format!("{args:?} is no range: tail, tail 500, start, 90s, 5m, 2h, 1d");
    let since = match args.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["tail"] => Since::Tail(c.state.logs.tail),
        ["tail", lines] => Since::Tail(lines.parse().map_err(|_| wrong())?),
        ["start"] => Since::Start,
        [range] => Since::Seconds(seconds(range).ok_or_else(wrong)?),
        _ => return Err(wrong()),
    };
    let wanted = Wanted { since, ..log.wanted.clone() };
    again(c, wanted)
}

fn seconds(text: &str) -> Option<Seconds> {
    let (number, unit) = text.split_at(text.len().checked_sub(1).filter(|end| text.is_char_boundary(*end))?);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<Seconds>().ok()?.checked_mul(unit).filter(|seconds| *seconds > 0)
}

/// Follows the end, or stops.
pub fn follow(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if let Some(log) = c.state.log_mut() {
        let follow = !log.follow;
        log.set_follow(follow);
    }
    Ok(())
}

/// Shows times otherwise: not, local, UTC, how long ago.
pub fn stamps(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let Some(log) = c.state.log_mut() else { return Ok(()) };
    log.stamps = match (args, log.stamps) {
        ("", Stamps::Off) | ("local", _) => Stamps::Local,
        ("", Stamps::Local) | ("utc", _) => Stamps::Utc,
        ("", Stamps::Utc) | ("ago", _) => Stamps::Ago,
        ("", Stamps::Ago) | ("off", _) => Stamps::Off,
        (other, _) => return Err(format!("{other:?}: off, local, utc or ago")),
    };
    let words = match log.stamps {
        Stamps::Off => "no times",
        Stamps::Local => "times: local",
        Stamps::Utc => "times: UTC",
        Stamps::Ago => "times: how long ago",
    };
    c.state.info(words);
    keep_looks(c.state);
    Ok(())
}

/// Shows lines in JSON otherwise.
pub fn json(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(log) = c.state.log_mut() else { return Ok(()) };
    log.json = match log.json {
        Json::Raw => Json::Folded,
        Json::Folded => Json::Unfolded,
        Json::Unfolded => Json::Raw,
    };
    let words = match log.json {
        Json::Raw => "JSON: as it came",
        Json::Folded => "JSON: level and message first",
        Json::Unfolded => "JSON: a line each field",
    };
    c.state.info(words);
    keep_looks(c.state);
    Ok(())
}

/// Unfolds the JSON of the line under the cursor, or folds it; where streams wait for a yes, opens them.
pub fn unfold(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(log) = c.state.log_mut() else { return Ok(()) };
    if log.streams.asks.is_some() {
        let number = log.number;
        c.effects.push(Effect::Log(number, Ask::Agree));
        return Ok(());
    }
    log.unfold();
    Ok(())
}

/// Wraps long lines, or not.
pub fn wrap(state: &mut State) {
    if let Some(log) = state.log_mut() {
        log.wrap = !log.wrap;
        log.left = 0;
    }
    keep_looks(state);
}

/// The next log looks as this one does.
fn keep_looks(state: &mut State) {
    if let Some(View::Log(log)) = state.view() {
        state.log_looks = (log.stamps, log.wrap, log.json);
    }
}

/// Shows more lines round those that the filter leaves, or so many.
pub fn context(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let Some(log) = c.state.log_mut() else { return Ok(()) };
    let most = 50;
    let lines = match args {
        "more" => log.context + 1,
        "less" => log.context.saturating_sub(1),
        "" if log.context > 0 => 0,
        "" => 3,
        number => number.parse().map_err(|_| format!("{number:?} is no number of lines"))?,
    };
    log.context = lines.min(most);
    let words = match (log.context, log.sieve().filter.is_some()) {
        (_, false) => "lines round a match are shown where a filter leaves some out: f filters".to_owned(),
        (0, _) => "only what the filter leaves".to_owned(),
        (1, _) => "and a line before and after each".to_owned(),
        (lines, _) => format!("and {lines} lines before and after each"),
    };
    c.state.info(words);
    Ok(())
}

/// Chooses among the containers.
pub fn containers(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let Some(View::Log(log)) = c.state.view() else { return on_log(c.state) };
    let known = log.containers.clone();
    let wanted = log.wanted.clone();
    if !args.is_empty() {
        let names: Vec<Arc<str>> = args.split_whitespace().map(Into::into).collect();
        if let Some(wrong) = names.iter().find(|name| !known.contains(name)) {
            return Err(format!("there is no container {wrong:?}: {}", known.join(", ")));
        }
        return again(c, Wanted { containers: names, ..wanted });
    }
    if known.len() < 2 {
        return Err("there is one container, and it is shown".into());
    }
    choose(c.state, wanted, known.into_iter().map(|name| Choice::new(name, "")).collect());
    Ok(())
}

/// Copies the marked lines, or the one under the cursor.
pub fn copy_lines(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(log) = c.state.log_mut() else { return Ok(()) };
    let (text, count) = log.copied();
    if count == 0 {
        return Err("there is no line here".into());
    }
    let said = if count == 1 { "the line".to_owned() } else { format!("{count} lines") };
    c.effects.push(Effect::Copy { said, text });
    Ok(())
}

/// Writes the log, as the filter leaves it, to a file.
pub fn save(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let now = c.state.now();
    let Some(log) = c.state.log_mut() else { return Ok(()) };
    if args.is_empty() {
        let name: String =
            log.wanted.target.title.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' }).collect();
        let time = jiff::Timestamp::from_second(now).unwrap_or_default().to_zoned(jiff::tz::TimeZone::system());
        // Where it goes is seen, and can be changed, before it is there.
        let line = format!("save {name}-{}.log", time.strftime("%Y%m%d-%H%M%S"));
        palette::open_with(c.state, &line);
        return Ok(());
    }
    let path = super::paths::only(args)?;
    let saving = Saving { path, filtered: log.sieve().filter.is_some(), stamps: log.stamps != Stamps::Off };
    let number = log.number;
    c.effects.push(Effect::Log(number, Ask::Save(saving)));
    Ok(())
}

/// Opens the prompt of the filter, or filters at once.
pub fn filter(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let Some(log) = c.state.log_mut() else { return Ok(()) };
    if args.is_empty() {
        let before = log.filter.clone();
        c.state.overlay = Overlay::Filter(Line::new(before.clone()), before);
        return Ok(());
    }
    log.filter(args);
    log.mistake.clone().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("2h", Some(7200)),
            ("1d", Some(86_400)),
            ("0s", None),
            ("-1m", None),
            ("5", None),
            ("5é", None),
            ("", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }
}
