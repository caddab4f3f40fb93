//! An object as YAML, and the schema of its kind.

use std::sync::Arc;

use super::{Context, Refusal, act, views};
use crate::effect::Effect;
use crate::keymap::Mode;
use crate::kinds::catalog::Catalog;
use crate::kinds::shown::{Looks, is_secret};
use crate::model::act::Act;
use crate::model::kind::Kind;
use crate::view::state::{Overlay, State, View};
use crate::view::text_view::{About, TextView};

/// The object has YAML, and another text than that is on the screen.
pub fn has_yaml(state: &State) -> Result<(), Refusal> {
    match looks(state) {
        Some(_) => Err("this is its YAML".into()),
        None => views::describable(state),
    }
}

/// Shows the object as YAML, live; of a container, its pod.
pub fn yaml(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(subject) = views::whole(c.state)? else { return Ok(()) };
    let key = c.state.keymap.keys_for("reveal", Mode::Text).into_iter().next().unwrap_or_else(|| ":reveal".into());
    let looks = Looks { shown: false, key: key.into() };
    let mut text = TextView::new(format!("{} yaml", subject.title()), Some(subject.clone()));
    text.about = About::Yaml(looks.clone());
    c.effects.push(Effect::Yaml(text.id, subject, looks));
    c.state.push(View::Text(Box::new(text)));
    Ok(())
}

/// How the YAML on the screen is looked at.
fn looks(state: &State) -> Option<&Looks> {
    match state.view() {
        Some(View::Text(text)) if !matches!(state.overlay, Overlay::Help(_)) => match &text.about {
            About::Yaml(looks) => Some(looks),
            _ => None,
        },
        _ => None,
    }
}

/// YAML is on the screen.
pub fn on_yaml(state: &State) -> Result<(), Refusal> {
    let key = || state.keymap.keys_for("yaml", Mode::Table).into_iter().next().unwrap_or_else(|| ":yaml".into());
    looks(state).ok_or_else(|| format!("only in YAML: {} shows it", key()))?;
    match state.subject() {
        Some(subject) if is_secret(&subject.kind) => act::can_reveal(state),
        _ => Ok(()),
    }
}

/// Shows what is folded and masked, or hides it again. The values of a Secret are asked for where the context demands it, and
/// that they were looked at is journalled.
pub fn reveal(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    let Some(looks) = looks(c.state).cloned() else { return Ok(()) };
    let (Some(View::Text(text)), Some(subject)) = (c.state.view(), c.state.subject()) else { return Ok(()) };
    let id = text.id;
    if !looks.shown && is_secret(&subject.kind) {
        return act::ask_of(c, Act::Reveal(id), vec![subject]);
    }
    c.effects.push(Effect::Look(id, Looks { shown: !looks.shown, ..looks }));
    Ok(())
}

/// There is something to explain: what is named, the field one is at, or the kind of the object.
pub fn explain(c: &mut Context<'_>, args: &str) -> Result<(), Refusal> {
    let subject = c.state.subject().map(|subject| subject.kind).filter(|kind| !kind.version.is_empty());
    let (kind, path) = match (args, subject) {
        ("", None) => return Err("name a kind, and fields of it: :explain pods.spec.containers".into()),
        ("", Some(kind)) => (kind, Vec::new()),
        (path, Some(kind)) if path.starts_with('.') => (kind, fields(path)),
        (named, _) => found(&c.state.catalog, named)?,
    };
    let title: Vec<&str> = [&*kind.plural].into_iter().chain(path.iter().map(|name| &**name)).collect();
    let mut text = TextView::new(format!("explain {}", title.join(".")), None);
    text.about = About::Schema(None);
    c.effects.push(Effect::Explain(text.id, kind, path));
    c.state.push(View::Text(Box::new(text)));
    Ok(())
}

fn fields(path: &str) -> Vec<Box<str>> {
    path.split('.').filter(|name| !name.is_empty()).map(Into::into).collect()
}

/// The kind and the fields that are meant by `pods.spec` or `deployments.v1.apps.spec`: as much of it is a kind's name as can
/// be, as kubectl has it.
fn found(catalog: &Catalog, named: &str) -> Result<(Arc<Kind>, Vec<Box<str>>), Refusal> {
    let parts: Vec<&str> = named.split('.').collect();
    let whole = |name: &str, kind: &Kind| {
        let versioned = format!("{}.{}.{}", kind.plural, kind.version, kind.group);
        let name = name.to_lowercase();
        name == kind.full_name() || name == versioned.trim_end_matches('.')
    };
    for count in (2..=parts.len()).rev() {
        let name = parts[..count].join(".");
        if let Some(kind) = catalog.kinds.iter().find(|kind| whole(&name, kind)) {
            return Ok((kind.clone(), fields(&parts[count..].join("."))));
        }
    }
    let name = parts[0];
    let kind = match catalog.find(name) {
        Ok(kind) => kind,
        // What cannot be listed can be explained nevertheless.
        Err(missing) => {
            let is = |kind: &&Arc<Kind>| [&kind.plural, &kind.singular, &kind.kind].iter().any(|one| one.eq_ignore_ascii_case(name));
            catalog.kinds.iter().find(is).cloned().ok_or_else(|| missing.to_string())?
        }
    };
    Ok((kind, fields(&parts[1..].join("."))))
}

/// A schema or a list of revisions is on the screen, with something to go into.
pub fn in_fields(state: &State) -> bool {
    matches!(state.view(), Some(View::Text(text)) if text.field().is_some())
}

/// Goes into the field, or the revision, that one is at; in any other text, one line down.
pub fn into(c: &mut Context<'_>, _: &str) -> Result<(), Refusal> {
    if super::history::into(c) {
        return Ok(());
    }
    let Some(text) = c.state.text_mut() else { return super::moves::scroll(c, 1) };
    let (About::Schema(Some(schema)), Some((_, name))) = (&text.about, text.field()) else {
        return super::moves::scroll(c, 1);
    };
    let further = schema.into_field(name).ok_or_else(|| format!("the server says nothing more of {name}"))?;
    let page = further.page()?;
    let mut text = TextView::new(format!("explain {}", further.title()), None);
    text.set_schema(further, page);
    c.state.push(View::Text(Box::new(text)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(group: &str, version: &str, plural: &str, name: &str) -> Arc<Kind> {
        let singular = name.to_lowercase().into();
        Arc::new(Kind {
            group: group.into(),
            version: version.into(),
            kind: name.into(),
            plural: plural.into(),
            singular,
            listable: true,
            ..Kind::default()
        })
    }

    #[test]
    fn what_is_explained_is_a_kind_by_any_of_its_names_and_fields() {
        let mut review = (*kind("authentication.k8s.io", "v1", "tokenreviews", "TokenReview")).clone();
        review.listable = false;
        let kinds = vec![
            kind("", "v1", "pods", "Pod"),
            kind("apps", "v1", "deployments", "Deployment"),
            kind("extensions", "v1beta1", "deployments", "Deployment"),
            Arc::new(review),
        ];
        let catalog = Catalog { preferred: kinds.len(), kinds, ..Catalog::default() };
        let of = |named: &str| found(&catalog, named).map(|(kind, path)| format!("{} {}", kind.api_version(), path.join("/")));
        assert_eq!(of("pods.spec.containers").unwrap(), "v1 spec/containers");
        assert_eq!(of("pod").unwrap(), "v1 ");
        assert_eq!(of("deployments.extensions.spec").unwrap(), "extensions/v1beta1 spec");
        assert_eq!(of("deployments.v1.apps").unwrap(), "apps/v1 ");
        assert_eq!(of("deployment.spec").unwrap(), "apps/v1 spec");
        assert_eq!(of("tokenreview.status").unwrap(), "authentication.k8s.io/v1 status");
        assert!(of("nothing.spec").is_err());
    }
}
