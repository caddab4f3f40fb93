//! `:cp`: files from a container to this machine, or the other way round, in the words of `kubectl cp`.

use std::sync::Arc;

use super::{Context, Refusal, act, palette, paths, session};
use crate::kinds::{ability, pods};
use crate::model::act::Act;
use crate::model::copying::Copying;
use crate::model::reference::Reference;
use crate::model::row::Uid;
use crate::model::shell;
use crate::view::state::State;
use crate::view::tables::TableKey;

/// How it is typed.
const USAGE: &str = "cp FROM TO, and one of them is in a container: :PATH of the pod under the cursor, POD:PATH or NAMESPACE/POD:PATH";

/// Whether anything can be copied here.
pub fn can_cp(state: &State) -> Result<(), Refusal> {
    let subject = session::subject(state).ok().map(|(subject, _)| subject).filter(|subject| &*subject.kind.plural == "pods");
    let namespace = subject.as_ref().map(|subject| subject.namespace.clone()).unwrap_or_default();
    let pod = state.kind_of(&pods::POD);
    if let Some(why) = state.policy.denied("copy", &pod, &namespace) {
        return Err(why);
    }
    let (Some(ability), Some(subject)) = (ability::of("copy"), subject) else { return Ok(()) };
    state.allowed(ability.right, &pod, ability.subresource, &namespace, &subject.name)
}

/// One side of a copy.
#[derive(Debug, PartialEq, Eq)]
enum Side<'a> {
    /// On this machine.
    Local(&'a str),
    /// In a container: the pod as it was typed, and the path.
    Remote(&'a str, &'a str),
}

impl Side<'_> {
    /// kubectl's `extractFileSpec`; what begins with a dot, a slash or a tilde is a path here, whatever colons it has.
    fn of(word: &str) -> Side<'_> {
        match word.split_once(':') {
            Some((pod, path)) if !word.starts_with(['/', '.', '~']) => Side::Remote(pod, path),
            _ => Side::Local(word),
        }
    }
}

/// Copies.
pub fn cp(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    if args.is_empty() {
        palette::open_with(c.state, "cp ");
        return Ok(());
    }
    let mut container: Option<Arc<str>> = None;
    let mut paths: Vec<String> = Vec::new();
    let mut words = shell::words(args)?.into_iter();
    let mut flags = true;
    while let Some(word) = words.next() {
        let (flag, value) = word.split_once('=').map_or((word.as_str(), None), |(flag, value)| (flag, Some(value.to_owned())));
        match flag {
            "-c" | "--container" if flags => {
                let name = value.or_else(|| words.next()).filter(|name| !name.is_empty());
                container = Some(name.ok_or_else(|| format!("{flag} needs the name of a container"))?.into());
            }
            "--" if flags => flags = false,
            _ if flags && word.starts_with('-') => {
                return Err(format!("{word:?} is not understood here: {USAGE}; -- before a path that begins so"));
            }
            _ => paths.push(word),
        }
    }
    let [from, to] = paths.as_slice() else { return Err(USAGE.to_owned()) };
    let (into, pod, remote, local) = match (Side::of(from), Side::of(to)) {
        (Side::Remote(pod, path), Side::Local(local)) => (false, pod, path, local),
        (Side::Local(local), Side::Remote(pod, path)) => (true, pod, path, local),
        (Side::Local(_), Side::Local(_)) => return Err(format!("both are paths of this machine: {USAGE}")),
        (Side::Remote(..), Side::Remote(..)) => {
            return Err(format!("both are in containers: {USAGE}; ./ before a path here that has a colon"));
        }
    };
    if local.is_empty() {
        return Err(USAGE.to_owned());
    }
    let (pod, under) = pod_of(c.state, pod)?;
    ability::able("copy", &pod.kind)?;
    let copying = Copying { into, container: container.or(under), remote: remote.into(), local: paths::local(local)? };
    act::ask_of(c, Act::Copy(copying), vec![pod])
}

/// The pod that is meant; the container too, where the cursor is on one and no pod was named.
fn pod_of(state: &State, typed: &str) -> Result<(Reference, Option<Arc<str>>), Refusal> {
    if typed.is_empty() {
        return session::subject(state).map_err(|why| format!("{why}: POD:PATH names a pod"));
    }
    let (namespace, name) = match typed.split('/').collect::<Vec<_>>().as_slice() {
        [name] => (None, *name),
        [namespace, name] => (Some(*namespace), *name),
        _ => return Err(format!("{typed:?} is neither POD nor NAMESPACE/POD")),
    };
    if name.is_empty() || namespace == Some("") {
        return Err(format!("{typed:?} is neither POD nor NAMESPACE/POD"));
    }
    // What is on the screen is meant, and no other pod that gets the same name meanwhile.
    let kind = state.kind_of(&pods::POD);
    let key = TableKey::Kind(kind.clone(), state.scope.clone());
    let shown = state.table_view().map(|view| view.place.key.clone()).into_iter().chain([key]);
    for table in shown.filter_map(|key| state.tables.get(&key)) {
        let fits = |row: &&crate::model::row::Row| {
            row.kind.plural == kind.plural && *row.name == *name && namespace.is_none_or(|namespace| *row.namespace == *namespace)
        };
        match table.store.iter().filter(fits).collect::<Vec<_>>().as_slice() {
            [] => {}
            [row] => return Ok((Reference::of(row), None)),
            _ => return Err(format!("there are several pods {name}: NAMESPACE/{name} names one")),
        }
    }
    let namespace = namespace.map(Arc::from).or_else(|| state.scope.single().cloned());
    let namespace = namespace.ok_or_else(|| format!("there is no pod {name} to be seen: NAMESPACE/{name} names one"))?;
    Ok((Reference { kind, namespace, name: name.into(), uid: Uid::new("") }, None))
}

#[cfg(test)]
mod tests {
    use super::super::palette::tests::state;
    use super::*;
    use crate::effect::Effect;
    use crate::model::scope::Scope;

    fn asked(line: &str) -> Result<(Copying, Reference), Refusal> {
        let mut state = state();
        state.set_scope(Scope::one("shop"));
        let mut effects = Vec::new();
        cp(&mut Context { state: &mut state, effects: &mut effects }, line)?;
        match effects.pop() {
            Some(Effect::Ask(_, intent)) => match intent.act {
                Act::Copy(copying) => Ok((copying, intent.targets[0].clone())),
                act => panic!("{act:?}"),
            },
            effect => panic!("{effect:?}"),
        }
    }

    #[test]
    fn both_ways_are_told_by_the_colon() {
        let (copying, pod) = asked("web-1:/var/log/a /tmp/x").unwrap();
        assert_eq!((copying.into, &*copying.remote, copying.local.as_path()), (false, "/var/log/a", "/tmp/x".as_ref()));
        assert_eq!((&*pod.namespace, &*pod.name, pod.uid), ("shop", "web-1", Uid::new("")));
        let (copying, pod) = asked("-c app '/tmp/a b/' payments/db-0:data").unwrap();
        assert_eq!((copying.into, &*copying.remote, copying.container.as_deref()), (true, "data", Some("app")));
        assert_eq!((&*pod.namespace, copying.local.to_str()), ("payments", Some("/tmp/a b/")));
        let (copying, _) = asked("./a:b web-1:/tmp --container=x").unwrap();
        assert!(copying.into && copying.local.is_absolute() && copying.local.ends_with("a:b"), "{copying:?}");
        assert_eq!(asked("web-1:-x -- -y").unwrap().0.local.file_name(), Some("-y".as_ref()));
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        for (line, why) in [
            ("/a /b", "both are paths of this machine"),
            ("a:/a b:/b", "both are in containers"),
            ("a:/a", "one of them is in a container"),
            (":/a /b", "no object under the cursor"),
            ("a/b/c:/x /b", "neither POD nor NAMESPACE/POD"),
            ("-r a:/x /b", "\"-r\" is not understood"),
            ("a:/x /b -c", "-c needs the name"),
            ("a:'/x /b", "a ' has no second one"),
        ] {
            let said = asked(line).expect_err(line);
            assert!(said.contains(why), "{line}: {said}");
        }
    }
}
