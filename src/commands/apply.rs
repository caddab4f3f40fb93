//! `:apply` and `:diff`: what is written in files becomes what is there, or is held against it.

use std::sync::Arc;

use super::{Context, Refusal, act, palette, paths};
use crate::effect::Effect;
use crate::model::act::{Act, Intent};
use crate::model::apply::{Manifests, Origin};
use crate::model::shell;
use crate::view::state::{State, View};
use crate::view::text_view::TextView;

/// How it is typed.
const USAGE: &str = "apply [--force] PATH: a file, a folder, or - for what was piped into the program";

/// Whether anything can be applied here.
pub fn can_apply(state: &State) -> Result<(), Refusal> {
    match &state.policy.read_only {
        Some(why) => Err(format!("read-only ({why}): apply is not sent; :diff shows what it would do")),
        None => Ok(()),
    }
}

/// Applies a file, a folder, or what was piped into the program.
pub fn apply(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        palette::open_with(c.state, "apply ");
        return Ok(());
    }
    let manifests = manifests(c.state, args)?;
    act::begin(c, Intent { act: Act::Apply(manifests), targets: Vec::new() });
    Ok(())
}

/// Shows what applying would do, and sends nothing.
pub fn diff(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        palette::open_with(c.state, "diff ");
        return Ok(());
    }
    let manifests = manifests(c.state, args)?;
    let mut text = TextView::new(format!("diff {}", manifests.typed), None);
    // What is said of an object is a sentence.
    text.wrap = true;
    c.effects.push(Effect::Compare(text.id, manifests));
    c.state.push(View::Text(Box::new(text)));
    Ok(())
}

fn manifests(state: &State, args: &str) -> Result<Manifests, Refusal> {
    let mut force = false;
    let mut found: Vec<String> = Vec::new();
    let mut flags = true;
    for word in shell::words(args)? {
        match word.as_str() {
            // As people know them from kubectl.
            "--force" | "--force-conflicts" if flags => force = true,
            "-f" | "-R" | "--recursive" | "--server-side" if flags => {}
            "--" if flags => flags = false,
            "-" => found.push(word),
            _ if flags && word.starts_with('-') => return Err(format!("{word:?} is not understood here: {USAGE}")),
            _ => found.push(word),
        }
    }
    let [typed] = found.as_slice() else { return Err(USAGE.to_owned()) };
    if typed.is_empty() {
        return Err(USAGE.to_owned());
    }
    let from = if typed == "-" { Origin::Input } else { Origin::Path(paths::local(typed)?) };
    Ok(Manifests { from, typed: typed.as_str().into(), force, namespace: namespace(state) })
}

/// Where what names no namespace goes: the one that is looked at, else the context's.
fn namespace(state: &State) -> Result<Arc<str>, Arc<str>> {
    let context = Some(&state.context.namespace).filter(|name| !name.is_empty());
    let one = state.scope.single().or(context).cloned();
    one.ok_or_else(|| format!("{} are looked at: :ns NAME says which one is meant, or the file does", looked_at(state)).into())
}

fn looked_at(state: &State) -> String {
    match state.scope.names() {
        Some(names) => names.join(" and "),
        None => state.scope.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::palette::tests::state;
    use super::*;
    use crate::model::scope::Scope;

    fn read(line: &str, scope: Scope) -> Result<Manifests, Refusal> {
        let mut state = state();
        state.set_scope(scope);
        let mut effects = Vec::new();
        apply(&mut Context { state: &mut state, effects: &mut effects }, line)?;
        match effects.pop() {
            Some(Effect::Ask(_, Intent { act: Act::Apply(manifests), .. })) => Ok(manifests),
            effect => panic!("{effect:?}"),
        }
    }

    #[test]
    fn a_path_or_what_was_piped_is_applied() {
        let manifests = read("--force 'my files'", Scope::one("shop")).unwrap();
        assert!(manifests.force && matches!(&manifests.from, Origin::Path(path) if path.is_absolute() && path.ends_with("my files")));
        assert_eq!((&*manifests.typed, manifests.namespace.as_deref()), ("my files", Ok("shop")));
        assert_eq!(read("-", Scope::one("shop")).unwrap().from, Origin::Input);
        assert_eq!(&*read("-f x.yaml", Scope::one("shop")).unwrap().typed, "x.yaml");
        assert!(read("-- -x", Scope::one("shop")).unwrap().typed.starts_with("-x"));
        for wrong in ["a b", "--prune a", "'a"] {
            assert!(read(wrong, Scope::one("shop")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn where_nobody_says_the_namespace_is_not_known() {
        let why = read("x", Scope::All).unwrap().namespace.unwrap_err();
        assert_eq!(&*why, "all namespaces are looked at: :ns NAME says which one is meant, or the file does");
        assert!(read("x", Scope::parse(["a", "b"])).unwrap().namespace.unwrap_err().starts_with("a and b are looked at"));
    }
}
