//! What can be typed behind a command: its row says it in words (`ctx [CONTEXT]`, `copy name|cell`), and each such word
//! stands for choices here. Behind a kind come namespaces and the labels that are in its table.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Command, copy, forward, logs, paths, session};
use crate::kinds;
use crate::model::facts::Facts;
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::model::row::Row;
use crate::model::scope::Scope;
use crate::view::picker::{Choice, Offer};
use crate::view::place::Pane;
use crate::view::state::State;
use crate::view::tables::TableKey;
use crate::{keymap, theme};

/// So many rows tell which labels there are.
const ROWS: usize = 2000;
/// No more choices than this are made of rows.
const CHOICES: usize = 300;

/// A word of a command's usage.
struct Placeholder {
    name: &'static str,
    /// Other words than the choices make sense too.
    free: bool,
    /// Which letters end one such word and begin the next; none where it is all that follows.
    between: &'static [char],
    choices: fn(&State, &Command) -> Vec<Choice>,
}

const WORDS: &[char] = &[' '];

/// Every word in capitals that stands in a usage and for which there are choices.
static PLACEHOLDERS: &[Placeholder] = &[
    Placeholder { name: "CONTEXT", free: false, between: &[], choices: |state, _| state.context_choices() },
    Placeholder { name: "NAMES", free: true, between: &[' ', ','], choices: |state, _| namespaces(state) },
    Placeholder { name: "WHAT", free: false, between: WORDS, choices: |_, _| described(copy::WHAT) },
    Placeholder { name: "PANE", free: false, between: WORDS, choices: |_, _| panes() },
    Placeholder { name: "COLUMN", free: false, between: &[], choices: |state, _| columns(state) },
    Placeholder { name: "THEME", free: false, between: WORDS, choices: |state, _| named(theme::SHELF.names(folder(state))) },
    Placeholder { name: "KEYMAP", free: false, between: WORDS, choices: |state, _| named(keymap::SHELF.names(folder(state))) },
    Placeholder { name: "CONTAINER=IMAGE", free: true, between: WORDS, choices: |state, _| images(state) },
    Placeholder { name: "KEY=VALUE", free: true, between: WORDS, choices: pairs },
    Placeholder { name: "RANGE", free: true, between: &[], choices: |_, _| described(logs::RANGES) },
    Placeholder { name: "TYPE", free: false, between: WORDS, choices: |_, _| described(TYPES) },
    Placeholder { name: "CONTAINER", free: true, between: WORDS, choices: |state, _| session::containers(state) },
    Placeholder {
        name: "IMAGE",
        free: true,
        between: WORDS,
        choices: |state, _| vec![Choice::new(state.debug_image.clone(), "the usual one")],
    },
    Placeholder { name: "PORT", free: true, between: &[' ', ':'], choices: |state, _| forward::choices(state) },
    Placeholder { name: "KIND.FIELD", free: true, between: &[], choices: |state, _| kinds_of(state) },
    Placeholder { name: "KIND", free: true, between: WORDS, choices: |state, _| kinds_of(state) },
    Placeholder { name: "VARIANT", free: false, between: WORDS, choices: |_, _| described(VARIANTS) },
    Placeholder { name: "REVISION", free: true, between: WORDS, choices: |state, _| revisions(state) },
];

/// The kinds that there are, each once.
fn kinds_of(state: &State) -> Vec<Choice> {
    let ambiguous = |kind: &Kind| state.catalog.preferred().iter().filter(|other| other.plural == kind.plural).count() > 1;
    let name = |kind: &Kind| if ambiguous(kind) { kind.full_name() } else { kind.plural.to_string() };
    state.catalog.preferred().iter().map(|kind| Choice::new(name(kind), kind.api_version())).collect()
}

/// The types of a Service that can be made for what runs.
const TYPES: &[(&str, &str)] = &[
    ("ClusterIP", "reached in the cluster"),
    ("NodePort", "reached by a port of every node"),
    ("LoadBalancer", "reached from outside, by a load balancer"),
];

/// The types of what can be made, where there are several: those of a Service.
const VARIANTS: &[(&str, &str)] = &[
    ("clusterip", "a Service that is reached in the cluster"),
    ("nodeport", "a Service that is reached by a port of every node"),
    ("loadbalancer", "a Service that is reached from outside"),
    ("externalname", "a Service that is a name for something outside"),
    ("headless", "a Service whose name leads to the pods themselves"),
];

/// The one that a word of a usage begins with: `KEY=VALUE|KEY-` is a `KEY=VALUE`.
fn placeholder(token: &str) -> Option<&'static Placeholder> {
    let is = |name: &str| token.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['|', ':']));
    PLACEHOLDERS.iter().find(|placeholder| is(placeholder.name))
}

/// What can stand where the cursor is behind a command; `before` is the line up to the cursor, in which its arguments begin
/// at `start`.
pub fn offer(state: &State, command: &'static Command, before: &str, start: usize) -> Offer {
    let tokens: Vec<&str> = command.args.split_whitespace().map(bare).collect();
    if let Some(mut offer) = paths::offer(state, command, before, start) {
        if offer.from == before.len() && before.ends_with(' ') {
            // Nothing is typed of it yet: it may be a flag.
            offer.choices.extend(flags(state, command, &tokens, before, start).choices);
        }
        return offer;
    }
    if tokens.iter().any(|token| token.starts_with("--")) {
        return flags(state, command, &tokens, before, start);
    }
    let typed = &before[start..];
    let at = typed.split(' ').filter(|word| !word.is_empty()).count() - usize::from(!typed.is_empty() && !typed.ends_with(' '));
    // What stands last can be repeated, or is all that follows.
    let Some(token) = tokens.get(at.min(tokens.len().saturating_sub(1))) else { return free(before.len()) };
    if let Some(placeholder) = placeholder(token) {
        let from = match placeholder.between {
            [] => start + before[start..].split(' ').take(tokens.len() - 1).map(|word| word.len() + 1).sum::<usize>(),
            between => word_start(before, start, between),
        };
        let choices = (placeholder.choices)(state, command);
        return Offer { choices, from: from.min(before.len()), free: placeholder.free, usage: None };
    }
    if at < tokens.len() && !token.contains(char::is_uppercase) {
        return Offer {
            choices: token.split('|').map(|word| Choice::new(word, "")).collect(),
            from: word_start(before, start, WORDS),
            ..free(0)
        };
    }
    free(before.len())
}

/// Behind a command that has flags: those that are not there yet, in any order, and the value of the one before the cursor.
fn flags(state: &State, command: &Command, tokens: &[&str], before: &str, start: usize) -> Offer {
    let from = word_start(before, start, WORDS);
    let words: Vec<&str> = before[start..from].split_whitespace().collect();
    let value = words.last().filter(|word| word.starts_with("--")).and_then(|flag| {
        let at = tokens.iter().position(|token| token == flag)?;
        tokens.get(at + 1).filter(|token| token.contains(char::is_uppercase))
    });
    if let Some(value) = value {
        let known = placeholder(value);
        let choices = known.map(|placeholder| (placeholder.choices)(state, command)).unwrap_or_default();
        return Offer { choices, from, free: known.is_none_or(|placeholder| placeholder.free), usage: None };
    }
    let literal = tokens.iter().filter(|token| !token.contains(char::is_uppercase)).flat_map(|token| token.split('|'));
    let choices = literal.filter(|word| !words.contains(word)).map(|word| Choice::new(word, "")).collect();
    Offer { choices, from, ..free(0) }
}

fn folder(state: &State) -> Option<&std::path::Path> {
    state.chosen.folder.as_deref()
}

/// Without its brackets, and without the sign that it can be repeated.
fn bare(token: &str) -> &str {
    token.trim_start_matches('[').trim_end_matches(']').trim_end_matches('…').trim_end_matches(']')
}

/// Nothing is known of what can stand there.
fn free(from: usize) -> Offer {
    Offer { from, free: true, ..Offer::default() }
}

fn word_start(before: &str, start: usize, between: &[char]) -> usize {
    before[start..].rfind(between).map_or(start, |at| start + at + 1)
}

/// What can stand behind a kind: `-n` and a namespace, `-A`, a label.
pub fn of_kind(state: &State, word: &str, before: &str, start: usize) -> Offer {
    let from = word_start(before, start, WORDS);
    let previous = before[start..from].split_whitespace().next_back();
    if matches!(previous, Some("-n" | "--namespace")) {
        let from = word_start(before, from, &[',']);
        return Offer { choices: namespaces(state), from, ..free(0) };
    }
    let mut choices = vec![Choice::new("-n", "only in a namespace"), Choice::new("-A", "in all namespaces")];
    let key = match (Pane::named(word), state.catalog.find(word)) {
        (Some(pane), _) => Some(state.pane_key(pane)),
        (None, Ok(kind)) => Some(TableKey::Kind(kind, state.scope.clone()).normal()),
        (None, Err(_)) => None,
    };
    choices.extend(key.map(|key| labels(state, &key)).unwrap_or_default());
    Offer { choices, from, ..free(0) }
}

/// The tables that the choices at this place of a line come from: they are fed while one types there.
pub fn look(state: &mut State, command: Option<&'static Command>) {
    let key = state.namespaces_key();
    state.tables.look(&key);
    if command.is_some_and(|command| command.args.contains("REVISION"))
        && let Some(key) = replica_sets(state)
    {
        state.tables.look(&key);
    }
}

/// The namespaces that are known, each by a name that can be typed.
pub fn namespaces(state: &State) -> Vec<Choice> {
    let names = state.namespace_choices().into_iter().skip(1);
    std::iter::once(Choice::new("all", "all namespaces")).chain(names).collect()
}

fn described(words: &[(&'static str, &'static str)]) -> Vec<Choice> {
    words.iter().map(|(name, doc)| Choice::new(*name, *doc)).collect()
}

/// What a command does with these arguments, where that is more than what it does in all.
pub fn doc_of(command: &Command, args: &str) -> Option<&'static str> {
    let words = if command.args.contains("WHAT") { copy::WHAT } else { return None };
    words.iter().find(|(name, _)| *name == args).map(|(_, doc)| *doc)
}

fn panes() -> Vec<Choice> {
    let tabs = Pane::ALL.map(|pane| pane.title().to_lowercase());
    tabs.into_iter().chain(["events".to_owned()]).map(|name| Choice::new(name, "")).collect()
}

fn named(names: Vec<String>) -> Vec<Choice> {
    names.into_iter().map(|name| Choice::new(name, "")).collect()
}

fn columns(state: &State) -> Vec<Choice> {
    let Some(view) = state.table_view() else { return Vec::new() };
    view.columns().map(|(_, column)| Choice::new(column.name.to_lowercase(), "")).collect()
}

/// The containers of the row, with the images that they have.
fn images(state: &State) -> Vec<Choice> {
    let choice = |name: &str, image: &str| Choice::new(format!("{name}={image}"), "its image now");
    match state.selected().map(|row| &row.facts) {
        Some(Facts::Workload(workload)) => workload.images.iter().map(|(name, image)| choice(name, image)).collect(),
        Some(Facts::Pod(pod)) => pod.containers.iter().map(|container| choice(&container.spec.name, &container.spec.image)).collect(),
        _ => Vec::new(),
    }
}

/// Labels: those of the row, to be changed or taken away, then others of the table. Of a taint its effects.
fn pairs(state: &State, command: &Command) -> Vec<Choice> {
    match command.name {
        "label" => {}
        "taint" => return taints(state),
        // The values of other keys are not known to the table.
        _ => return Vec::new(),
    }
    let own = state.selected().map(|row| row.labels.to_vec()).unwrap_or_default();
    let mut choices: Vec<Choice> = own.iter().map(|(key, value)| Choice::new(format!("{key}={value}"), "it has it")).collect();
    choices.extend(own.iter().map(|(key, _)| Choice::new(format!("{key}-"), "take it away")));
    let others = state.table_view().map(|view| labels(state, &view.place.key)).unwrap_or_default();
    let others: Vec<Choice> = others.into_iter().filter(|other| choices.iter().all(|own| own.name != other.name)).collect();
    choices.extend(others);
    choices
}

/// The taints of the row, to be taken away.
fn taints(state: &State) -> Vec<Choice> {
    let Some(Facts::Node(node)) = state.selected().map(|row| &row.facts) else { return Vec::new() };
    node.taints.iter().map(|taint| Choice::new(format!("{taint}-"), "take it away")).collect()
}

/// The labels that are in a table, as a filter takes them.
fn labels(state: &State, key: &TableKey) -> Vec<Choice> {
    let Some(table) = state.tables.get(key) else { return Vec::new() };
    let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
    for row in table.store.iter().take(ROWS) {
        pairs.extend(row.labels.iter().map(|(key, value)| (&**key, &**value)));
        if pairs.len() > CHOICES {
            break;
        }
    }
    pairs.into_iter().take(CHOICES).map(|(key, value)| Choice::new(format!("{key}={value}"), "")).collect()
}

/// The table of the ReplicaSets beside the Deployment that is under the cursor.
fn replica_sets(state: &State) -> Option<TableKey> {
    let Reference { namespace, .. } = state.subject()?;
    let scope = if state.scope.contains(&namespace) { state.scope.clone() } else { Scope::one(&namespace) };
    Some(TableKey::Kind(state.kind_of(&kinds::apps::REPLICA_SET), scope))
}

/// The revisions of the Deployment under the cursor that are kept, the newest first.
fn revisions(state: &State) -> Vec<Choice> {
    let (Some(subject), Some(key)) = (state.subject(), replica_sets(state)) else { return Vec::new() };
    let Some(table) = state.tables.get(&key) else { return Vec::new() };
    let kept = |row: &Row| {
        let Facts::Workload(facts) = &row.facts else { return None };
        let number: i64 = facts.revision.parse().ok()?;
        let images: Vec<Arc<str>> = facts.images.iter().map(|(_, image)| image.clone()).collect();
        row.owner.as_ref().filter(|owner| owner.uid == subject.uid).map(|_| (number, images.join(", ")))
    };
    let mut found: Vec<(i64, String)> = table.store.iter().filter_map(kept).collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(number, images)| Choice::new(number.to_string(), images)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::find;
    use crate::commands::palette::tests::{state, state_with};

    fn names(offer: &Offer) -> Vec<&str> {
        offer.choices.iter().map(|choice| &*choice.name).collect()
    }

    #[test]
    fn every_argument_of_every_command_is_known_or_says_what_it_takes() {
        for command in crate::commands::COMMANDS {
            let offer = offer(&state(), command, command.name, command.name.len());
            assert!(offer.from <= command.name.len(), "{}", command.name);
        }
    }

    #[test]
    fn arguments_come_from_what_the_row_says() {
        let state = state_with(&["prod-eu", "dev"]);
        let at = |line: &str| {
            let (name, _) = line.split_once(' ').unwrap();
            offer(&state, find(name).unwrap(), line, name.len() + 1)
        };
        assert_eq!(names(&at("ctx p")), ["prod-eu", "dev"]);
        assert!(!at("ctx p").free && at("ns p").free, "patterns of namespaces can be typed");
        assert_eq!(at("ns kube-system,def").from, 15);
        assert_eq!(at("ns kube-system def").from, 15);
        assert_eq!(names(&at("view ")), ["pods", "services", "labels", "rollouts", "events"]);
        assert_eq!(names(&at("copy ")), ["name", "namespace/name", "cell", "text", "url", "kubectl"]);
        assert_eq!(at("copy cell st").from, 10);
        assert_eq!(names(&at("mouse ")), ["on", "off"]);
        assert_eq!(names(&at("delete ")), ["foreground", "orphan", "--grace", "--force"]);
        assert_eq!(names(&at("delete --force ")), ["foreground", "orphan", "--grace"]);
        assert_eq!(names(&at("delete --grace ")), [""; 0], "a number of seconds");
        assert_eq!(names(&at("apply ")), ["--force"], "beside what is in the folder");
        assert_eq!(names(&at("cp x ")), ["--container"]);
        assert_eq!(names(&at("expose --type ")), ["ClusterIP", "NodePort", "LoadBalancer"]);
    }

    #[test]
    fn a_kind_takes_namespaces_and_labels() {
        let state = state();
        assert_eq!(names(&of_kind(&state, "pods", "pods ", 5)), ["-n", "-A"]);
        let after = of_kind(&state, "pods", "pods -n a,b", 5);
        assert_eq!((names(&after)[0], after.from), ("all", 10));
    }
}
