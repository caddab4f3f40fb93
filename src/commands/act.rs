//! What is done to objects: each command makes an intent, and the gate asks before anything is sent.

use std::sync::Arc;
use std::time::Instant;

use super::{Context, Refusal};
use crate::effect::Effect;
use crate::kinds::ability;
use crate::model::act::{Act, Change, Deletion, Exposing, Grace, Intent, Propagation};
use crate::model::facts::Facts;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::view::acting::{Question, Running, Scaling};
use crate::view::prompt::Line;
use crate::view::state::{Overlay, State};

/// What a command is about: the marked objects that are to be seen, else the one under the cursor or described.
pub fn targets(state: &State) -> Vec<Reference> {
    if let Some(view) = state.table_view()
        && let Some(table) = state.tables.get(&view.place.key)
    {
        let marked = view.marked(table);
        if !marked.is_empty() {
            return marked;
        }
    }
    state.subject().into_iter().collect()
}

/// Why a verb cannot be done to what is under the cursor.
fn can(state: &State, verb: &str) -> Result<(), Refusal> {
    let Some(subject) = targets(state).into_iter().next() else { return Err("there is no object under the cursor".into()) };
    can_do(state, verb, &subject)
}

/// Why a verb cannot be done to an object.
pub(super) fn can_do(state: &State, verb: &str, subject: &Reference) -> Result<(), Refusal> {
    ability::able(verb, &subject.kind)?;
    if let Some(why) = state.policy.denied(verb, &subject.kind, &subject.namespace) {
        return Err(why);
    }
    // A restart of a pod is one of its workload, which is not known here.
    let above = verb == "restart" && matches!(&*subject.kind.plural, "pods" | "replicasets");
    let Some(ability) = ability::of(verb).filter(|_| !above) else { return Ok(()) };
    match ability.of.and_then(|(group, plural)| state.catalog.preferred().iter().find(|k| *k.group == *group && *k.plural == *plural)) {
        // What is made has no name yet.
        Some(kind) => state.allowed(ability.right, kind, ability.subresource, &subject.namespace, ""),
        None => state.allowed(ability.right, &subject.kind, ability.subresource, &subject.namespace, &subject.name),
    }
}

/// Why no object of a kind is made.
pub(super) fn may_make(state: &State, kind: &Kind) -> Result<(), Refusal> {
    match state.policy.denied("create", kind, "") {
        Some(why) => Err(why),
        None => Ok(()),
    }
}

/// Rows of the table need a function each: the verb is in its name.
macro_rules! applies {
    ($($name:ident = $verb:literal;)+) => {
        $(
            #[doc = concat!("Whether `", $verb, "` can be done.")]
            pub fn $name(state: &State) -> Result<(), Refusal> {
                can(state, $verb)
            }
        )+
    };
}

applies! {
    can_scale = "scale";
    can_bounds = "bounds";
    can_restart = "restart";
    can_image = "image";
    can_pause = "pause";
    can_resume = "resume";
    can_undo = "rollout-undo";
    can_label = "label";
    can_annotate = "annotate";
    can_delete = "delete";
    can_unfinalize = "unfinalize";
    can_evict = "evict";
    can_cordon = "cordon";
    can_uncordon = "uncordon";
    can_drain = "drain";
    can_taint = "taint";
    can_trigger = "trigger";
    can_suspend = "suspend";
    can_retry = "retry-job";
    can_expose = "expose";
    can_reveal = "reveal";
}

/// Asks what an act would do to the targets.
pub fn ask(c: &mut Context<'_>, act: Act) -> Result<(), Refusal> {
    let targets = targets(c.state);
    ask_of(c, act, targets)
}

pub(super) fn ask_of(c: &mut Context<'_>, act: Act, targets: Vec<Reference>) -> Result<(), Refusal> {
    if targets.is_empty() {
        return Err("there is no object under the cursor".into());
    }
    begin(c, Intent { act, targets });
    Ok(())
}

/// Asks what would come of it.
pub(super) fn begin(c: &mut Context<'_>, intent: Intent) {
    let number = c.state.acts.number();
    c.effects.push(Effect::Ask(number, intent.clone()));
    let question = Question { number, intent, plan: None, refused: None, since: Instant::now(), line: Line::default(), top: 0 };
    c.state.overlay = Overlay::Ask(Box::new(question));
}

/// The replicas that the screen says of the one object that a command is about; of several each may say another.
fn seen(state: &State) -> Option<i32> {
    let all = targets(state);
    let [target] = all.as_slice() else { return None };
    let view = state.table_view()?;
    let store = &state.tables.get(&view.place.key)?.store;
    match &store.row(store.slot(&target.uid)?)?.facts {
        Facts::Workload(facts) => Some(facts.desired),
        _ => None,
    }
}

/// Scale: to a number, by `+2` or `-1`, or (nothing) by a number that is chosen first.
pub fn scale(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let from = seen(c.state);
    let wrong = || format!("{args:?} is no number of replicas: 5, +1 or -1");
    if args.is_empty() {
        c.state.overlay = Overlay::Scale(Box::new(Scaling { targets: targets(c.state), from, line: Line::default() }));
        return Ok(());
    }
    let number: i32 = args.parse().map_err(|_| wrong())?;
    if !args.starts_with(['+', '-']) {
        return ask(c, Act::Scale(number, None));
    }
    if targets(c.state).len() > 1 {
        return Err("several objects are scaled to one number, not by a difference".into());
    }
    let from = from.ok_or("how many replicas there are is not known: name the number")?;
    ask(c, Act::Scale(from.saturating_add(number).max(0), Some(from)))
}

/// `2 10`: an autoscaler's bounds.
pub fn bounds(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        return prefill(c, "bounds ");
    }
    let numbers: Vec<i32> = args.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers.as_slice() {
        [min, max] if args.split_whitespace().count() == 2 => ask(c, Act::Bounds(*min, *max)),
        _ => Err(format!("{args:?} is no minimum and maximum: 2 10")),
    }
}

/// Leaves the question for what it offers instead.
pub fn instead(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Overlay::Ask(question) = &c.state.overlay else { return Err("nothing is asked".into()) };
    let planned = question.plan.as_ref().and_then(|plan| plan.instead.as_ref());
    let offered = planned.or_else(|| question.refused.as_ref().and_then(|obstacle| obstacle.instead.as_ref()));
    let Some((_, line)) = offered.cloned() else { return Ok(()) };
    c.effects.push(Effect::Stop(question.number));
    prefill(c, &line)
}

/// The pending number is sent.
pub fn scaled(c: &mut Context<'_>, scaling: Scaling) -> Result<(), Refusal> {
    if scaling.line.text().is_empty() {
        c.state.info("nothing was done");
        return Ok(());
    }
    let Some(to) = scaling.to() else {
        let words = format!("{:?} is no number of replicas", scaling.line.text());
        c.state.overlay = Overlay::Scale(Box::new(scaling));
        return Err(words);
    };
    ask_of(c, Act::Scale(to, scaling.from), scaling.targets)
}

/// `app=nginx:1.27 proxy=envoy:2`, or an image alone where there is one container.
pub fn image(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let containers: Vec<Arc<str>> = match c.state.selected().map(|row| &row.facts) {
        Some(Facts::Workload(facts)) => facts.images.iter().map(|(name, _)| name.clone()).collect(),
        Some(Facts::Pod(facts)) => facts.containers.iter().map(|container| container.spec.name.clone()).collect(),
        _ => Vec::new(),
    };
    if args.is_empty() {
        return prefill(c, &image_line(c.state));
    }
    let mut images = Vec::new();
    for word in args.split_whitespace() {
        match word.split_once('=') {
            Some((name, image)) if !name.is_empty() && !image.is_empty() => images.push((Arc::from(name), Arc::from(image))),
            None if containers.len() == 1 => images.push((containers[0].clone(), Arc::from(word))),
            _ => return Err(format!("{word:?} is not CONTAINER=IMAGE: the containers are {}", containers.join(", "))),
        }
    }
    ask(c, Act::Image(images))
}

/// The command as it would be typed, with what is there now.
fn image_line(state: &State) -> String {
    let images = match state.selected().map(|row| &row.facts) {
        Some(Facts::Workload(facts)) => facts.images.iter().map(|(name, image)| format!("{name}={image}")).collect(),
        Some(Facts::Pod(facts)) => facts.containers.iter().map(|c| format!("{}={}", c.spec.name, c.spec.image)).collect(),
        _ => Vec::new(),
    };
    format!("image {}", images.join(" "))
}

/// Opens the palette with a line to be finished.
fn prefill(c: &mut Context<'_>, line: &str) -> Result<(), Refusal> {
    super::palette::open_with(c.state, line);
    Ok(())
}

/// Back to a revision.
pub fn rollout_undo(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let revision = match args {
        "" => super::history::chosen(c.state),
        number => Some(number.parse().map_err(|_| format!("{number:?} is no revision: a number, as kubectl rollout history has them"))?),
    };
    ask(c, Act::Undo(revision))
}

/// `tier=web`, `tier-` takes it away.
fn changes(args: &str) -> Result<Vec<Change>, Refusal> {
    args.split_whitespace()
        .map(|word| match word.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.into(), Some(value.into()))),
            None if word.len() > 1 && word.ends_with('-') => Ok((word[..word.len() - 1].into(), None)),
            _ => Err(format!("{word:?} is neither KEY=VALUE nor KEY-")),
        })
        .collect()
}

/// Labels.
pub fn label(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        return prefill(c, "label ");
    }
    ask(c, Act::Label(changes(args)?))
}

/// Annotations. A value may hold spaces where it is the only one: `note=some words`.
pub fn annotate(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        return prefill(c, "annotate ");
    }
    let mut words = args.split_whitespace();
    // `note=some words-`: one value, and no annotation that is to be taken away.
    let sentence = words.next().is_some_and(|first| first.contains('=')) && words.any(|word| !word.contains('='));
    let list = match (if sentence { Err(String::new()) } else { changes(args) }, args.split_once('=')) {
        (Ok(list), _) => list,
        (Err(_), Some((key, value))) if !key.contains(char::is_whitespace) && !key.is_empty() => {
            vec![(key.into(), Some(value.into()))]
        }
        (Err(why), _) => return Err(why),
    };
    ask(c, Act::Annotate(list))
}

/// A number of seconds behind `--grace` or `--grace-period`; gives what is left of the words.
fn grace<'a>(words: &mut Vec<&'a str>) -> Result<Grace, Refusal> {
    let mut found = None;
    let mut left: Vec<&'a str> = Vec::new();
    let mut all = std::mem::take(words).into_iter();
    while let Some(word) = all.next() {
        let value = match word.split_once('=') {
            Some(("--grace" | "--grace-period", value)) => value,
            _ if matches!(word, "--grace" | "--grace-period") => all.next().ok_or("--grace needs a number of seconds")?,
            _ => {
                left.push(word);
                continue;
            }
        };
        found = Some(value.parse().map_err(|_| format!("{value:?} is no number of seconds"))?);
    }
    *words = left;
    Ok(found)
}

/// Nothing is left over.
fn nothing_else(words: &[&str], known: &str) -> Result<(), Refusal> {
    words.first().map_or(Ok(()), |word| Err(format!("{word:?} is not understood here: {known}")))
}

/// Delete, with how dependents and containers end.
pub fn delete(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let mut words: Vec<&str> = args.split_whitespace().collect();
    let mut how = Deletion { grace: grace(&mut words)?, ..Deletion::default() };
    words.retain(|word| {
        match *word {
            "--force" => how.force = true,
            "--cascade=orphan" | "orphan" => how.propagation = Propagation::Orphan,
            "--cascade=foreground" | "foreground" => how.propagation = Propagation::Foreground,
            "--cascade=background" | "background" => how.propagation = Propagation::Background,
            "--now" | "now" => how.grace = Some(1),
            _ => return true,
        }
        false
    });
    nothing_else(&words, "foreground, background, orphan, --grace SECONDS, --now, --force")?;
    if how.grace == Some(0) && !how.force {
        // As kubectl has it: out of the API at once is what --force is for.
        how.grace = Some(1);
    }
    ask(c, Act::Delete(how))
}

/// Takes a finalizer away.
pub fn unfinalize(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        return prefill(c, "unfinalize ");
    }
    ask(c, Act::Unfinalize(args.into()))
}

/// Evict.
pub fn evict(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let mut words: Vec<&str> = args.split_whitespace().collect();
    let grace = grace(&mut words)?;
    nothing_else(&words, "--grace SECONDS")?;
    ask(c, Act::Evict(grace))
}

/// Drain.
pub fn drain(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let mut words: Vec<&str> = args.split_whitespace().collect();
    let grace = grace(&mut words)?;
    nothing_else(&words, "--grace SECONDS")?;
    ask(c, Act::Drain(grace))
}

/// `dedicated=db:NoSchedule`, `dedicated:NoSchedule`, `dedicated:NoSchedule-`, `dedicated-`.
pub fn taint(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        return prefill(c, "taint ");
    }
    let list: Result<Vec<Change>, Refusal> = args
        .split_whitespace()
        .map(|word| {
            if let Some(gone) = word.strip_suffix('-') {
                let (name, effect) = gone.split_once(':').unwrap_or((gone, ""));
                let name = name.split('=').next().unwrap_or(name);
                let colon = if effect.is_empty() { "" } else { ":" };
                return Ok((format!("{name}{colon}{effect}").into(), None));
            }
            let Some((name, effect)) = word.rsplit_once(':') else {
                return Err(format!("{word:?} is not KEY=VALUE:EFFECT: the effects are NoSchedule, PreferNoSchedule, NoExecute"));
            };
            let (key, value) = name.split_once('=').unwrap_or((name, ""));
            Ok((format!("{key}:{effect}").into(), Some(value.into())))
        })
        .collect();
    ask(c, Act::Taint(list?))
}

/// `80`, `80:8080`, `80:http --name web --type NodePort`.
pub fn expose(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let mut how = Exposing::default();
    let mut words = args.split_whitespace();
    while let Some(word) = words.next() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
        let mut value = || value.or_else(|| words.next()).map(Arc::<str>::from).ok_or_else(|| format!("{flag} needs a value"));
        match flag {
            "--name" => how.name = Some(value()?),
            "--type" => how.kind = Some(value()?),
            "--target-port" => how.target = Some(value()?),
            _ => {
                let port = if flag == "--port" { value()? } else { word.into() };
                let (port, target) = port.split_once(':').map_or((&*port, None), |(port, target)| (port, Some(target)));
                how.port = Some(port.parse().map_err(|_| format!("{word:?} is no port: 80, or 80:8080"))?);
                how.target = target.map(Arc::from).or(how.target);
            }
        }
    }
    ask(c, Act::Expose(how))
}

/// The answer is yes.
pub fn accept(c: &mut Context<'_>, mut question: Box<Question>) -> Result<(), Refusal> {
    if !question.settled() {
        // A key that was typed ahead is no answer.
        c.state.overlay = Overlay::Ask(question);
        return Ok(());
    }
    if question.types() && !question.answered() {
        let typed = if question.line.text().trim().is_empty() { "nothing".to_owned() } else { format!("{:?}", question.line.text()) };
        c.state.overlay = Overlay::Ask(question);
        return Err(format!("{typed} is not what is asked for: nothing was sent"));
    }
    let Some(plan) = question.plan.take() else {
        // There is nothing to say yes to.
        c.state.overlay = Overlay::Ask(question);
        return Ok(());
    };
    go(c.state, c.effects, question.number, plan);
    Ok(())
}

/// The act goes on its way.
pub fn go(state: &mut State, effects: &mut Vec<Effect>, number: u64, plan: Box<crate::model::act::Plan>) {
    effects.push(Effect::Confirm(number));
    state.acts.begin(number, plan);
    let listed = state.acts.get(number).is_some_and(Running::listed);
    state.overlay = if listed { Overlay::Acts(number) } else { Overlay::None };
}

/// Begins nothing more of the act that is shown.
pub fn stop(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let shown = if let Overlay::Acts(number) = c.state.overlay { Some(number) } else { None };
    let number = shown.or_else(|| c.state.acts.open().last().map(|running| running.number)).ok_or("nothing is on its way")?;
    if let Some(running) = c.state.acts.get_mut(number)
        && !running.ended
    {
        running.stopping = true;
        c.effects.push(Effect::Stop(number));
    }
    Ok(())
}

/// Shows what came of the newest act.
pub fn acts(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let number = c.state.acts.newest().map(|running| running.number).ok_or("nothing was done yet")?;
    c.state.overlay = Overlay::Acts(number);
    Ok(())
}

/// Ends the program. While something is on its way it says so first, and does it when it is asked again.
pub fn quit(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if !c.state.acts.may_leave() {
        let words = c.state.acts.open().map(Running::summary).collect::<Vec<_>>().join("; ");
        let forwards = match c.state.forwards.iter().len() {
            0 => String::new(),
            1 => ", and a port-forward ends".to_owned(),
            count => format!(", and {count} port-forwards end"),
        };
        return Err(format!("{words}: quit again to leave; nothing more of it is begun then{forwards}"));
    }
    c.state.may_forget()?;
    c.effects.push(Effect::Quit);
    Ok(())
}

/// Something is on its way that would be left alone.
pub fn idle(state: &State) -> Result<(), Refusal> {
    match state.acts.open().last() {
        Some(running) => Err(format!("{}: :acts shows it, and :stop ends it with what is on its way", running.summary())),
        None => Ok(()),
    }
}
