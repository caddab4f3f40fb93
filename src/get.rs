//! `kubetui get`: the rows of a table on standard output, for scripts. The same kinds, columns, filter and sort as on the
//! screen, and no terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use futures::future::{join_all, try_join_all};

use crate::cli;
use crate::cluster::connect::{self, Options, Session};
use crate::cluster::error::ClusterError;
use crate::cluster::kubeconfig::Loaded;
use crate::cluster::list::{self, List};
use crate::cluster::metrics::{self, Answer, Of};
use crate::cluster::{discovery, watch};
use crate::kinds;
use crate::model::facts::Resources;
use crate::model::kind::Kind;
use crate::model::metrics::Metrics;
use crate::model::query::{self, Context, Mistake, Query};
use crate::model::row::{Column, Source};
use crate::model::scope::Scope;
use crate::model::store::{Delta, Listing, Sort, Store};
use crate::model::time::{Clock, Seconds};
use crate::view::tables::bare_columns;

mod print;

use print::{Printed, print};

/// Prints what is asked for. `scope` is what the command line says; where it says nothing, the context's namespace is
/// meant, or `default`, as in kubectl. That nothing was found is said on stderr, and is no error; nor is a reader that
/// has had enough (a closed pipe).
///
/// # Errors
/// There is no way to the cluster, no such kind, no right to list it, or the filter or the column to sort by cannot be
/// understood.
pub async fn run(loaded: &Loaded, options: &Options, scope: Option<Scope>, get: &cli::Get, out: &mut impl Write) -> anyhow::Result<()> {
    let session = connect::open(loaded, options).await?;
    let catalog = discovery::discover(&session).await?;
    let kind = catalog.find(&get.resource).map_err(|e| match catalog.notes.as_slice() {
        [] => anyhow!(e),
        notes => anyhow!("{e} ({})", notes.join("; ")),
    })?;
    let scope = scope.unwrap_or_else(|| Scope::one(session.namespace()));
    let (rows, usage) = futures::join!(rows(&session, &kind, &scope), usage(&session, &kind, &scope));
    let rows = rows?;
    let columns = match kinds::block(&kind) {
        Some(block) => kinds::columns(block),
        None => rows.columns.unwrap_or_else(bare_columns),
    };
    let now = Clock::system().now();
    let mut store = Store::new(columns);
    store.apply(rows.rows.into_iter().map(Delta::Upsert), None, now);
    let listing = listing(&store, get, &usage, now)?;
    if listing.is_empty() && get.output != cli::Output::Json {
        let _ = writeln!(io::stderr(), "{}", nothing(&kind, &scope, listing.total()));
    }
    let printed =
        Printed { store: &store, listing: &listing, metrics: usage.as_ref().ok(), now, kind: &kind, namespaces: scope.single().is_none() };
    match out.write_all(print(&printed, get.output).as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has seen enough: `| head`.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Everything that the scope has of a kind.
async fn rows(session: &Session, kind: &Arc<Kind>, scope: &Scope) -> Result<List, ClusterError> {
    if !kind.namespaced {
        return list::all(session, kind, None).await;
    }
    let names = scope.names().unwrap_or_default();
    let few = !names.is_empty() && names.len() <= watch::FEW;
    let all = if few { None } else { Some(list::all(session, kind, None).await) };
    match all {
        Some(Err(ClusterError::Forbidden(_))) if !names.is_empty() => {}
        Some(all) => {
            let mut all = all?;
            all.rows.retain(|row| scope.contains(&row.namespace));
            return Ok(all);
        }
        None => {}
    }
    let lists = try_join_all(names.iter().map(|name| list::all(session, kind, Some(name)))).await?;
    let mut whole = List::default();
    for list in lists {
        whole.columns = whole.columns.or(list.columns);
        whole.rows.extend(list.rows);
    }
    Ok(whole)
}

/// What is in use, for kinds that are measured; why it is not known, for all others.
async fn usage(session: &Session, kind: &Kind, scope: &Scope) -> Result<Metrics, String> {
    let wanted = match (&*kind.group, &*kind.plural) {
        ("", "nodes") => vec![Of::Nodes],
        ("", "pods") => match scope.names() {
            Some(names) if names.len() <= watch::FEW => names.iter().map(|name| Of::Pods(name.to_string())).collect(),
            _ => vec![Of::AllPods],
        },
        _ => return Err(format!("nobody measures {}", kind.plural)),
    };
    let mut measured = Vec::new();
    for answer in join_all(wanted.iter().map(|of| metrics::usage(session, of))).await {
        match answer {
            Ok(Answer::Measured(some)) => measured.extend(some),
            Ok(Answer::Absent(why)) => return Err(why),
            Err(e) => return Err(e.to_string()),
        }
    }
    let mut all = Metrics::new();
    let entries = measured.iter().map(|of| (of.namespace.as_str(), of.name.as_str(), Resources { cpu: of.cpu, memory: of.memory }));
    all.replace(None, Clock::system().now(), entries);
    Ok(all)
}

/// The rows that are asked for, in the order that is asked for.
fn listing(store: &Store, get: &cli::Get, usage: &Result<Metrics, String>, now: Seconds) -> anyhow::Result<Listing> {
    let filter = get.filter.as_deref().unwrap_or_default();
    let query = Query::parse(filter, store.columns()).map_err(|e| anyhow!("--filter: {}", pointed(filter, &e)))?;
    let sort = match &get.sort_by {
        Some(column) => sort(column, store.columns())?,
        None => Sort::default(),
    };
    let none = Metrics::new();
    let metrics = match usage {
        Ok(metrics) => metrics,
        Err(why) if query.uses_metrics() || matches!(sort.by, Some(Source::Cpu | Source::Memory)) => {
            bail!("CPU and memory are not known: {why}")
        }
        Err(_) => &none,
    };
    let mut listing = Listing::new();
    listing.set_query(query);
    listing.set_sort(sort);
    listing.refresh(store, Context { now, metrics });
    Ok(listing)
}

fn sort(text: &str, columns: &[Column]) -> anyhow::Result<Sort> {
    let (name, descending) = text.strip_prefix('!').map_or((text, false), |name| (name, true));
    match query::column(name, columns) {
        Some(column) => Ok(Sort { by: Some(column.source), descending }),
        None => {
            let names: Vec<_> = columns.iter().map(|column| &*column.name).collect();
            bail!("--sort-by: there is no column {name:?}; there are {}", names.join(", "))
        }
    }
}

/// The mistake, and where in the text it is.
fn pointed(text: &str, mistake: &Mistake) -> String {
    let before = text.get(..mistake.at.start).unwrap_or(text).chars().count();
    match text.get(mistake.at.clone()).filter(|wrong| !wrong.is_empty()) {
        Some(wrong) => format!("{mistake} (at character {}: {wrong})", before + 1),
        None => format!("{mistake} (at its end, after {before} characters)"),
    }
}

/// What kubectl says when there is nothing to print.
fn nothing(kind: &Kind, scope: &Scope, hidden: usize) -> String {
    if hidden > 0 {
        return format!("No resources match the filter; it hides {hidden}.");
    }
    match scope {
        _ if !kind.namespaced => "No resources found".to_owned(),
        Scope::All => "No resources found".to_owned(),
        Scope::Some(names) if names.len() == 1 => format!("No resources found in {scope} namespace."),
        Scope::Some(_) => format!("No resources found in the namespaces {scope}."),
    }
}

/// Runs [`run`] on a runtime of its own, onto standard output.
///
/// # Errors
/// See [`run`]; and where there can be no runtime.
pub fn to_stdout(loaded: &Loaded, options: &Options, scope: Option<Scope>, get: &cli::Get) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = io::stdout().lock();
    tracing::info!(resource = %get.resource, terminal = out.is_terminal(), "get");
    runtime.block_on(run(loaded, options, scope, get, &mut out))
}

#[cfg(test)]
mod tests;
