//! Into containers: a shell, a command, what they say, a debug container.

use std::sync::Arc;

use super::{Context, Refusal, act};
use crate::kinds::{ability, pods};
use crate::model::act::{Act, Intent};
use crate::model::facts::{Facts, State as Doing};
use crate::model::reference::Reference;
use crate::model::row::Cell;
use crate::model::session::{Choosing, Entering, Missing, NO_TARGET, Way};
use crate::model::shell;
use crate::view::picker::{Choice, Offer, Picker, Purpose};
use crate::view::state::{Overlay, State};
use crate::view::tables::TableKey;

/// What a command goes into: a pod or what has pods, and the container where that is known.
pub(super) fn subject(state: &State) -> Result<(Reference, Option<Arc<str>>), Refusal> {
    let nothing = || "there is no object under the cursor".to_owned();
    if let Some(view) = state.table_view()
        && let TableKey::Containers(_, uid, name) = &view.place.key
    {
        let row = view.selected(&state.tables).ok_or_else(nothing)?;
        let pod = Reference { kind: state.kind_of(&pods::POD), namespace: row.namespace.clone(), name: name.clone(), uid: uid.clone() };
        return Ok((pod, Some((&*row.name).into())));
    }
    match act::targets(state).as_slice() {
        [] => Err(nothing()),
        [one] => Ok((one.clone(), None)),
        many => Err(format!("{} objects are marked, and one goes into one at a time: esc takes the marks away", many.len())),
    }
}

fn can(state: &State, verb: &str) -> Result<(), Refusal> {
    let (subject, container) = subject(state)?;
    ability::able(verb, &subject.kind)?;
    let pod = state.kind_of(&pods::POD);
    for kind in [&subject.kind, &pod] {
        if let Some(why) = state.policy.denied(verb, kind, &subject.namespace) {
            return Err(why);
        }
    }
    if verb != "debug"
        && let Some(row) = state.selected()
    {
        let runs = |state: &Doing| matches!(state, Doing::Running(_));
        match (&row.facts, &container) {
            (Facts::Pod(facts), None) if !facts.containers.iter().any(|container| runs(&container.state)) => {
                return Err(format!("no container of {} runs", row.name));
            }
            (_, Some(name)) if row.cells.iter().any(|cell| matches!(cell, Cell::Status(words, _) if !words.starts_with("Running"))) => {
                return Err(format!("container {name} does not run"));
            }
            _ => {}
        }
    }
    let Some(ability) = ability::of(verb) else { return Ok(()) };
    let name = if *subject.kind == *pod { &*subject.name } else { "" };
    let allowed = |right: &str| state.allowed(right, &pod, ability.subresource, &subject.namespace, name);
    // Servers before AuthorizePodWebsocketUpgradeCreatePermission (Kubernetes 1.35) ask for `get` alone: who has either may
    // try, and is told by the server what is missing.
    allowed(ability.right).or_else(|why| if verb != "debug" && allowed("get").is_ok() { Ok(()) } else { Err(why) })
}

/// Whether a shell can be opened, or a command be run.
pub fn can_exec(state: &State) -> Result<(), Refusal> {
    can(state, "exec")
}

/// Whether one can attach.
pub fn can_attach(state: &State) -> Result<(), Refusal> {
    can(state, "attach")
}

/// Whether a debug container can be added.
pub fn can_debug(state: &State) -> Result<(), Refusal> {
    can(state, "debug")
}

/// Whether there is anything to go into at all, in what is looked at.
pub fn has_pods(state: &State) -> bool {
    subject(state).is_ok_and(|(subject, _)| ability::able("exec", &subject.kind).is_ok())
}

fn enter(c: &mut Context<'_>, way: Way, container: Option<Arc<str>>) -> Result<(), Refusal> {
    let (subject, under) = subject(c.state)?;
    let entering = Entering { way, container: container.or(under), size: c.state.size, image: c.state.debug_image.clone(), of: None };
    act::ask_of(c, Act::Enter(Box::new(entering)), vec![subject])
}

/// The name of a container, or nothing.
fn named(args: &str) -> Result<Option<Arc<str>>, Refusal> {
    let name = args.strip_prefix("-c ").or_else(|| args.strip_prefix("--container ")).unwrap_or(args).trim();
    if name.contains(char::is_whitespace) {
        return Err(format!("{args:?} is no name of a container: :exec runs a command"));
    }
    Ok((!name.is_empty()).then(|| name.into()))
}

/// A shell.
pub fn shell(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    enter(c, Way::Shell, named(args)?)
}

/// What a container says.
pub fn attach(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    enter(c, Way::Attach, named(args)?)
}

/// `ls -l /`, `--container app sh -c 'ls | wc'`.
pub fn exec(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        super::palette::open_with(c.state, "exec ");
        return Ok(());
    }
    let mut words = shell::words(args)?;
    let mut container = None;
    match words.first().map(String::as_str) {
        Some("-c" | "--container") => {
            let name = words.get(1).ok_or("--container needs a name")?;
            container = Some(Arc::from(name.as_str()));
            words.drain(..2);
        }
        Some(word) if word.starts_with("--container=") => {
            container = word.strip_prefix("--container=").map(Arc::from);
            words.remove(0);
        }
        _ => {}
    }
    if words.first().is_some_and(|word| word == "--") {
        words.remove(0);
    }
    match words.first().map(String::as_str) {
        None => Err("there is no command: exec ls -l /".into()),
        Some(word) if word.starts_with('-') => Err(format!("{word:?} is no command: exec [--container NAME] COMMAND")),
        Some(_) => enter(c, Way::Run(words.into()), container),
    }
}

/// `busybox --target app`: a debug container; what is not said is asked.
pub fn debug(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let (mut image, mut target) = (None, None);
    let mut words = args.split_whitespace();
    while let Some(word) = words.next() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(flag, value)| (flag, Some(value)));
        let mut value = || value.or_else(|| words.next()).map(Arc::<str>::from).ok_or_else(|| format!("{flag} needs a value"));
        match flag {
            "--target" => target = Some(value()?),
            "--image" => image = Some(value()?),
            _ if image.is_none() && !word.starts_with('-') => image = Some(word.into()),
            _ => return Err(format!("{word:?} is not understood here: debug IMAGE --target CONTAINER")),
        }
    }
    let target = target.map(|name| if &*name == NO_TARGET { "".into() } else { name });
    enter(c, Way::Debug(image), target)
}

/// A pod, or a container of one, is under the cursor.
fn on_pod(state: &State) -> bool {
    subject(state).is_ok_and(|(subject, _)| *subject.kind.plural == *"pods")
}

/// As k9s has it: a shell in pods, a scale of the rest.
pub fn shell_or_scale(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if on_pod(c.state) { shell(c, "") } else { act::scale(c, "") }
}

/// Whether either can be done.
pub fn can_shell_or_scale(state: &State) -> Result<(), Refusal> {
    if on_pod(state) { can_exec(state) } else { act::can_scale(state) }
}

/// Opens the list of what can be chosen.
pub fn choose(state: &mut State, choosing: Choosing) {
    let choices: Vec<Choice> = choosing.choices.iter().map(|(name, about)| Choice::new(name.clone(), about.as_str())).collect();
    let free = choosing.missing == Missing::Image;
    let first = choices.first().map(|choice| choice.name.clone());
    let mut picker = Picker::new(Purpose::Choosing, choosing.why.as_str().into(), choices.clone(), first.as_deref());
    if free {
        picker.offer(Offer { choices, free, ..Offer::default() });
    }
    picker.choosing = Some(Box::new(choosing));
    state.overlay = Overlay::Picker(Box::new(picker));
    state.dirty = true;
}

/// It was chosen.
pub fn chosen(c: &mut Context<'_>, mut picker: Box<Picker>) -> Result<(), Refusal> {
    let Some(choosing) = picker.choosing.take() else { return Ok(()) };
    let typed = picker.line.text().trim();
    // Not every image can be listed.
    let free = choosing.missing == Missing::Image && !typed.is_empty() && !picker.moved();
    let name: Arc<str> = match picker.chosen() {
        Some(choice) if !free || &*choice.name == typed => choice.name.clone(),
        _ if choosing.missing == Missing::Image && !typed.is_empty() => typed.into(),
        _ => {
            picker.choosing = Some(choosing);
            c.state.overlay = Overlay::Picker(picker);
            return Err("that is none of them".into());
        }
    };
    let Intent { act, targets } = choosing.chosen(&name);
    act::ask_of(c, act, targets)
}

/// The containers of the row, for the palette.
pub(super) fn containers(state: &State) -> Vec<Choice> {
    match state.selected().map(|row| &row.facts) {
        Some(Facts::Pod(pod)) => {
            pod.containers.iter().map(|container| Choice::new(container.spec.name.clone(), container.spec.image.clone())).collect()
        }
        Some(Facts::Workload(workload)) => workload.images.iter().map(|(name, image)| Choice::new(name.clone(), image.clone())).collect(),
        _ => Vec::new(),
    }
}
