//! New objects: a text to begin with, a copy of one that is there, and what is there written to a file.

use super::{Context, Refusal, act, palette, paths, views};
use crate::effect::{Effect, Making};
use crate::kinds::manifest::{self, Wanted};
use crate::kinds::shown::is_secret;
use crate::model::act::Act;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::view::state::State;
use crate::view::text_view;

/// The longest name that most kinds take: a label's value.
const LONGEST: usize = 63;
/// What a copy is called.
const COPY: &str = "-copy";

/// What is written is sent.
pub fn can_make(state: &State) -> Result<(), Refusal> {
    match &state.policy.read_only {
        Some(why) => Err(format!("read-only ({why})")),
        None => Ok(()),
    }
}

/// Opens a text for a new object of a kind, and of a type of it: `service headless`.
pub fn new(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let mut words = args.split_whitespace();
    let Some(named) = words.next() else {
        palette::open_with(c.state, "new ");
        return Ok(());
    };
    let variant = words.next().unwrap_or_default();
    if let Some(more) = words.next() {
        return Err(format!("{more:?} is not understood here: a kind, and a type of it"));
    }
    let kind = c.state.catalog.find(named).map_err(|missing| missing.to_string())?;
    super::act::may_make(c.state, &kind)?;
    let (name, namespace) = (manifest::name(&kind), namespace(c.state));
    let wanted = Wanted { kind: &kind, name: &name, namespace: &namespace };
    match manifest::template(&wanted, variant)? {
        Some(text) => {
            let title = format!("new {}", kind.singular);
            c.effects.push(Effect::Compose { kind, title, text });
        }
        None => {
            c.state.info(format!("the schema of {} is read", kind.plural));
            c.effects.push(Effect::Make(Making::New { kind, name, namespace }));
        }
    }
    Ok(())
}

/// The namespace in which one would make something: that which is looked at, else that of the object one is at, else the
/// context's.
fn namespace(state: &State) -> String {
    let scope = state.table_view().map_or(&state.scope, |view| view.place.key.scope());
    if let Some(one) = scope.single() {
        return one.to_string();
    }
    match state.subject() {
        Some(subject) if !subject.namespace.is_empty() => subject.namespace.to_string(),
        _ if !state.context.namespace.is_empty() => state.context.namespace.to_string(),
        _ => "default".to_owned(),
    }
}

/// The object can be read as a whole, and be made.
pub fn can_clone(state: &State) -> Result<(), Refusal> {
    can_make(state)?;
    views::describable(state)
}

/// Opens a text for a new object like the one under the cursor.
pub fn clone(c: &mut Context<'_>, name: &str) -> Result<(), Refusal> {
    if name.contains(char::is_whitespace) {
        return Err(format!("{name:?} is no name: one word"));
    }
    let Some(of) = views::whole(c.state)? else { return Ok(()) };
    super::act::may_make(c.state, &of.kind)?;
    let name = if name.is_empty() { copied(&of.name) } else { name.to_owned() };
    let secrets = vec![of.clone()];
    read(c, secrets, Making::Copy { of, name })
}

/// `web-copy`; no longer than a name can be.
fn copied(name: &str) -> String {
    let room = name.floor_char_boundary(LONGEST - COPY.len());
    format!("{}{COPY}", name[..room].trim_end_matches(['-', '.']))
}

/// The objects are in the API: rows that are no objects are not.
pub fn can_export(state: &State) -> Result<(), Refusal> {
    views::describable(state)
}

/// Writes the marked objects, or the one under the cursor, to a file.
pub fn export(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let objects = objects(c.state)?;
    if args.is_empty() {
        // Where it goes is seen, and can be changed, before it is there.
        palette::open_with(c.state, &format!("export {}", file_name(&objects)));
        return Ok(());
    }
    let path = paths::only(args)?;
    read(c, objects.clone(), Making::File { objects, path })
}

/// What is marked, else the whole object under the cursor.
fn objects(state: &State) -> Result<Vec<Reference>, Refusal> {
    let marked: Vec<Reference> = act::targets(state);
    if marked.len() > 1 && marked.iter().all(|object| !object.kind.version.is_empty()) {
        return Ok(marked);
    }
    Ok(views::whole(state)?.into_iter().collect())
}

/// `deployment-web.yaml`, `pods.yaml`; a name may hold what a file's name should not.
fn file_name(objects: &[Reference]) -> String {
    let one_kind = |kind: &Kind| objects.iter().all(|object| *object.kind == *kind);
    let name = match objects {
        [one] => format!("{}-{}", one.kind.singular, one.name),
        [first, ..] if one_kind(&first.kind) => first.kind.plural.to_string(),
        _ => "objects".to_owned(),
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
    name.chars().map(plain).chain(".yaml".chars()).collect()
}

/// Has it read; where there are Secrets among the objects, once the gate has let their values be shown, and has noted it.
fn read(c: &mut Context<'_>, objects: Vec<Reference>, making: Making) -> Result<(), Refusal> {
    let secrets: Vec<Reference> = objects.into_iter().filter(|object| is_secret(&object.kind)).collect();
    if secrets.is_empty() {
        c.effects.push(Effect::Make(making));
        return Ok(());
    }
    if let Some(why) = secrets.iter().find_map(|secret| act::can_do(c.state, "reveal", secret).err()) {
        return Err(why);
    }
    let number = text_view::number();
    c.effects.push(Effect::MakeShown(number, secrets.len(), making));
    act::ask_of(c, Act::Reveal(number), secrets)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::commands::palette::tests::state;
    use crate::model::row::Uid;
    use crate::model::scope::Scope;
    use crate::view::state::Overlay;

    fn run(state: &mut State, line: &str) -> (Vec<Effect>, Option<String>) {
        let mut effects = Vec::new();
        state.message = None;
        crate::commands::run(state, &mut effects, line);
        (effects, state.message.as_ref().map(|message| message.text.to_string()))
    }

    fn object(plural: &str, singular: &str, name: &str) -> Reference {
        let kind = Kind { version: "v1".into(), plural: plural.into(), singular: singular.into(), ..Kind::default() };
        Reference { kind: Arc::new(kind), namespace: "shop".into(), name: name.into(), uid: Uid::new("u") }
    }

    #[test]
    fn a_new_object_begins_with_a_text_in_the_namespace_that_is_looked_at() {
        let mut state = state();
        state.set_scope(Scope::one("shop"));
        let (effects, _) = run(&mut state, "new svc headless");
        let [Effect::Compose { kind, title, text }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((&*kind.plural, title.as_str()), ("services", "new service"));
        assert!(text.contains("name: new-service\n  namespace: shop\n") && text.contains("clusterIP: None"), "{text}");
        assert_eq!(run(&mut state, "new svc round").1.as_deref().map(|why| why.contains("clusterip, nodeport")), Some(true));
        assert_eq!(run(&mut state, "new nonsense").1.as_deref().map(|why| why.contains("has no kind")), Some(true));
        let (effects, _) = run(&mut state, "new controllerrevision");
        assert!(matches!(effects.as_slice(), [Effect::Make(Making::New { namespace, .. })] if namespace == "shop"), "{effects:?}");
        run(&mut state, "new");
        assert!(matches!(state.overlay, Overlay::Picker(_)), "which kind is chosen");
        state.overlay = Overlay::None;
        state.policy.read_only = Some("--read-only".into());
        assert_eq!(run(&mut state, "new pod"), (Vec::new(), Some("read-only (--read-only)".into())));
    }

    #[test]
    fn values_of_secrets_go_through_the_gate_first() {
        let mut state = state();
        let mut effects = Vec::new();
        let mut context = Context { state: &mut state, effects: &mut effects };
        let objects = vec![object("secrets", "secret", "a"), object("pods", "pod", "b"), object("secrets", "secret", "c")];
        let making = Making::File { objects: objects.clone(), path: "x".into() };
        read(&mut context, objects, making.clone()).unwrap();
        let [Effect::MakeShown(number, 2, then), Effect::Ask(_, intent)] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!((then, &intent.act, intent.targets.len()), (&making, &Act::Reveal(*number), 2));
    }

    #[test]
    fn names_of_files_and_copies_are_names() {
        assert_eq!(file_name(&[object("pods", "pod", "web:1")]), "pod-web-1.yaml");
        assert_eq!(file_name(&[object("pods", "pod", "a"), object("pods", "pod", "b")]), "pods.yaml");
        assert_eq!(file_name(&[object("pods", "pod", "a"), object("services", "service", "b")]), "objects.yaml");
        assert_eq!(copied("web"), "web-copy");
        let long = copied(&"x".repeat(80));
        assert_eq!((long.len(), long.ends_with("x-copy")), (LONGEST, true));
    }
}
