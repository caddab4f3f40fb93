//! What the model costs, on pods as a large cluster has them. `cargo bench --bench model`
//!
//! | | budget | 10,000 rows | 100,000 rows |
//! | --- | --- | --- | --- |
//! | `ten_thousand_rows` | 30 ms | 3.7 ms | |
//! | `one_delta` | 5 µs | 1.6 µs | 3.0 µs |
//! | `one_comes_and_goes`, two deltas | 2 × 5 µs | 1.5 µs | 3.4 µs |
//! | `sort` by any column | 16 ms: one frame | | 1.6 ms (NAMESPACE) – 12 ms (IP) |
//! | `filter` by a comparison or label | 16 ms | | 1–2 ms; by CPU 5–11 ms |
//! | `filter` by words | 16 ms | | 2.5–13 ms; by a regular expression 12–15 ms |
//! | `sort_and_filter` by a comparison or label | 16 ms | | 1.4–5.5 ms |
//! | `sort_and_filter` STATUS `web` | 16 ms | | 14–15 ms |
//! | `sort_and_filter` CPU `api` | 16 ms | | 15–16 ms |
//!
//! The fastest samples, on two shared cores of an Intel Xeon in the cloud that others kept busy; the first of two figures
//! at a load of 3 to 4, the second at 6, where memory is what all wait for. Built with `lto = false` and 16 codegen units;
//! `sort_and_filter` with the release profile at a load of 1, where it took 9–10, 18 and 20 ms while all rows were sorted.

#![expect(clippy::expect_used, reason = "a bench may panic")]

mod pods;

use std::sync::LazyLock;

use divan::Bencher;
use kubetui::model::intern::Interner;
use kubetui::model::metrics::Metrics;
use kubetui::model::query::{Context, Query};
use kubetui::model::row::{Cell, Source};
use kubetui::model::store::{Delta, Listing, Sort, Store};

use crate::pods::{Cluster, NOW, cluster, columns, pod, pods, scatter};

fn main() {
    divan::main();
}

static LARGE: LazyLock<Cluster> = LazyLock::new(|| cluster(100_000));

fn context(metrics: &Metrics) -> Context<'_> {
    Context { now: NOW, metrics }
}

fn query(text: &str) -> Query {
    Query::parse(text, &columns()).expect("is a filter")
}

fn by(name: &str) -> Option<Source> {
    columns().iter().find(|column| &*column.name == name).map(|column| column.source)
}

/// 10,000 pods arrive in batches of 500, each shown at once. Budget: 30 ms.
#[divan::bench(sample_count = 20)]
fn ten_thousand_rows(bencher: Bencher) {
    let rows = pods(10_000);
    let metrics = Metrics::new();
    bencher.with_inputs(|| rows.clone()).bench_values(|rows| {
        let (mut store, mut listing) = (Store::new(columns()), Listing::new());
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            store.apply(rows.by_ref().take(500).map(Delta::Upsert), None, NOW);
            listing.refresh(&store, context(&metrics));
        }
        (store, listing)
    });
}

/// A pod changes its status, in a table that is sorted and filtered, and the listing takes it in. Budget: 5 µs.
#[divan::bench(args = [10_000, 100_000], sample_count = 200, sample_size = 50)]
fn one_delta(bencher: Bencher, total: usize) {
    let Cluster { mut store, metrics } = cluster(total);
    let mut listing = Listing::new();
    listing.set_sort(Sort { by: by("NODE"), descending: false });
    listing.set_query(query("!nothing"));
    listing.refresh(&store, context(&metrics));
    let rows = pods(total);
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            let mut row = rows[scatter(number) % total].clone();
            row.cells[2] = Cell::Restarts(100 + number as u32, Some(NOW));
            row
        })
        .bench_local_values(|row| {
            store.apply([Delta::Upsert(row)], None, NOW);
            listing.refresh(&store, context(&metrics))
        });
}

/// A pod appears and goes again: two deltas, each with a new order. Budget: 2 × 5 µs.
#[divan::bench(args = [10_000, 100_000], sample_count = 100, sample_size = 10)]
fn one_comes_and_goes(bencher: Bencher, total: usize) {
    let Cluster { mut store, metrics } = cluster(total);
    let mut listing = Listing::new();
    listing.refresh(&store, context(&metrics));
    let mut interner = Interner::default();
    let mut number = total;
    bencher
        .with_inputs(|| {
            number += 1;
            pod(number, &mut interner)
        })
        .bench_local_values(|row| {
            let uid = row.uid.clone();
            store.apply([Delta::Upsert(row)], None, NOW);
            listing.refresh(&store, context(&metrics));
            store.apply([Delta::Remove(uid)], None, NOW);
            listing.refresh(&store, context(&metrics))
        });
}

/// 100,000 rows get another order. Budget: 16 ms.
#[divan::bench(args = ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "IP", "NODE", "CPU", "AGE"], sample_count = 20)]
fn sort(bencher: Bencher, column: &str) {
    let cluster = &*LARGE;
    let mut listing = Listing::new();
    listing.refresh(&cluster.store, context(&cluster.metrics));
    let mut descending = false;
    bencher.bench_local(|| {
        descending = !descending;
        listing.set_sort(Sort { by: by(column), descending });
        listing.refresh(&cluster.store, context(&cluster.metrics))
    });
}

/// 100,000 rows get another filter. Budget: 16 ms.
#[divan::bench(
    args = ["web", "CrashLoop", "10.100.7.33", "1", "notthere", "!running", "\"c6b5-x\"", "/web-[0-9]+-.*z$/", "app=web-3", "restarts>3", "age<2h", "cpu>500m", "(web | cart) restarts>3 !shop"],
    sample_count = 20
)]
fn filter(bencher: Bencher, text: &str) {
    let cluster = &*LARGE;
    let mut listing = Listing::new();
    listing.set_sort(Sort { by: by("AGE"), descending: false });
    listing.refresh(&cluster.store, context(&cluster.metrics));
    bencher.bench_local(|| {
        listing.set_query(query(text));
        listing.refresh(&cluster.store, context(&cluster.metrics))
    });
}

/// 100,000 rows get both, as when a pane is opened. Budget: 16 ms.
#[divan::bench(args = ["STATUS web", "AGE restarts>3", "NODE app=web-3", "CPU api"], sample_count = 20)]
fn sort_and_filter(bencher: Bencher, what: &str) {
    let cluster = &*LARGE;
    let (column, text) = what.split_once(' ').expect("two words");
    bencher.bench_local(|| {
        let mut listing = Listing::new();
        listing.set_sort(Sort { by: by(column), descending: true });
        listing.set_query(query(text));
        listing.refresh(&cluster.store, context(&cluster.metrics));
        listing
    });
}
