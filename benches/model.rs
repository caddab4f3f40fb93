//! What the model costs, on pods as a large cluster has them. `cargo bench --bench model`.
//!
//! | | budget |
//! | --- | --- |
//! | `ten_thousand_rows` | 30 ms |
//! | `one_delta` | 5 µs |
//! | `sort`, `filter`, `sort_and_filter` of 100,000 rows | 16 ms: one frame |

#![expect(clippy::expect_used, reason = "a bench may panic")]

use std::sync::{Arc, LazyLock};

use divan::Bencher;
use kubetui::model::facts::{Container, ContainerSpec, Facts, PodFacts, Resources, Role, State};
use kubetui::model::intern::Interner;
use kubetui::model::metrics::{Metrics, Usage};
use kubetui::model::query::{Context, Query};
use kubetui::model::row::{Align, Cell, Column, Health, Row, Source, Uid};
use kubetui::model::store::{Delta, Listing, Sort, Store};

const NOW: i64 = 1_800_000_000;
const NAMESPACES: [&str; 5] = ["checkout", "kube-system", "payments", "shop", "staging"];

fn main() {
    divan::main();
}

fn columns() -> Arc<[Column]> {
    let cells = [
        "READY",
        "STATUS",
        "RESTARTS",
        "IP",
        "NODE",
        "NOMINATED NODE",
        "READINESS GATES",
        "QOS",
        "SERVICE ACCOUNT",
        "PRIORITY",
        "CLASS",
        "STORAGE",
    ];
    let column = |name: &str, source| Column { name: name.into(), source, wide: false, align: Align::Left };
    let cells = cells.iter().zip(0..).map(|(name, at)| column(name, Source::Cell(at)));
    let first = [column("NAMESPACE", Source::Namespace), column("NAME", Source::Name)];
    let last = [column("CPU", Source::Cpu), column("MEM", Source::Memory), column("AGE", Source::Age)];
    first.into_iter().chain(cells).chain(last).collect()
}

/// A number that looks random, the same each time.
fn scatter(number: usize) -> usize {
    let mut x = number as u64 + 0x9e37_79b9_7f4a_7c15;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as usize
}

/// The pod's part of its name that its ReplicaSet gives it.
fn suffix(number: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rest = scatter(number);
    (0..5)
        .map(|_| {
            let letter = LETTERS[rest % LETTERS.len()] as char;
            rest /= LETTERS.len();
            letter
        })
        .collect()
}

/// Which deployment a pod is of, and its name.
fn name(number: usize) -> (String, String) {
    let set = number % 500;
    let app = format!("{}-{}", ["api", "web", "worker", "cart", "recommendation-engine"][set / 5 % 5], set / 25);
    let name = format!("{app}-{:x}c6b5-{}", 0x7d8f + set, suffix(number));
    (app, name)
}

/// `total` pods of 500 ReplicaSets in five namespaces, made in the order of a list, as a watch makes them.
fn pods(total: usize) -> Vec<Row> {
    let mut interner = Interner::default();
    let mut numbers: Vec<usize> = (0..total).collect();
    numbers.sort_by_cached_key(|&number| (NAMESPACES[number % 5], name(number).1));
    numbers.into_iter().map(|number| pod(number, &mut interner)).collect()
}

fn pod(number: usize, interner: &mut Interner) -> Row {
    let set = number % 500;
    let (app, name) = name(number);
    let labels = [("app", app.as_str()), ("pod-template-hash", "7d8f9c6b5"), ("tier", ["backend", "frontend"][set % 2])]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let random = scatter(number);
    let bad = random.is_multiple_of(50);
    let (status, health) = if bad { ("CrashLoopBackOff", Health::Unhealthy) } else { ("Running", Health::Healthy) };
    let restarts = if bad { (random >> 8) as u32 % 90 } else { 0 };
    let node = interner.text(&format!("ip-10-0-{}-{}.eu-central-1.compute.internal", random % 4, random / 4 % 100));
    let ip = interner.text(&format!("10.{}.{}.{}", 100 + number / 65536, number / 256 % 256, number % 256));
    let spec = interner.container(ContainerSpec {
        name: "app".into(),
        role: Role::App,
        image: format!("registry.example.com/{app}:v1").into(),
        ..ContainerSpec::default()
    });
    let container = Container { spec, state: State::Running(NOW - 500), last: None, restarts, ready: !bad };
    let cells = vec![
        Cell::Ratio(u32::from(!bad), 1),
        Cell::Status(interner.text(status), health),
        Cell::Restarts(restarts, (restarts > 0).then_some(NOW - 3000)),
        Cell::Text(ip.clone()),
        Cell::Text(node.clone()),
        Cell::None,
        Cell::None,
        Cell::Text(interner.text(["Burstable", "Guaranteed"][set % 2])),
        Cell::Text(interner.text("default")),
        Cell::Number((set % 3) as i64 * 1000),
        Cell::Text(interner.text("standard")),
        Cell::Quantity(interner.text("8Gi"), 8 << 40),
    ];
    Row {
        version: "".into(),
        kind: interner.kind().clone(),
        uid: Uid::new(&format!("{:08x}-1111-4222-8333-{:012x}", number, random & 0xffff_ffff_ffff)),
        namespace: interner.text(NAMESPACES[set % 5]),
        name: name.into(),
        labels: interner.labels(labels.iter().map(|(key, value)| (key, value))),
        owner: None,
        created: NOW - (random % 3_000_000) as i64,
        deleting: None,
        cells: cells.into(),
        facts: Facts::Pod(Box::new(PodFacts {
            node,
            ip,
            phase: interner.text("Running"),
            ready: !bad,
            containers: [container].into(),
            requests: Resources { cpu: 100, memory: 1 << 27 },
            ..PodFacts::default()
        })),
        condition: health,
        unsettled_until: if random.is_multiple_of(90) { NOW + 300 } else { 0 },
        message: None,
    }
}

struct Cluster {
    store: Store,
    metrics: Metrics,
}

fn cluster(total: usize) -> Cluster {
    let rows = pods(total);
    let mut metrics = Metrics::new();
    let usage = |row: &Row| Usage { cpu: scatter(row.created as usize) as i64 % 2000, memory: row.created % (1 << 30) };
    metrics.replace(None, NOW, rows.iter().map(|row| (&*row.namespace, &*row.name, usage(row))));
    let mut store = Store::new(columns());
    store.replace(None, rows, None, NOW);
    Cluster { store, metrics }
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

/// A pod appears and goes again: two deltas, each with a new order. 10,000 rows: 2 × 5 µs.
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
