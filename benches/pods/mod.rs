//! Pods as a large cluster has them, for the benches that need many.

#![allow(dead_code, reason = "each bench uses its part")]

use std::sync::Arc;

use kubetui::kinds::pods::POD;
use kubetui::model::facts::{Container, ContainerSpec, Facts, PodFacts, Resources, Role, State};
use kubetui::model::intern::Interner;
use kubetui::model::metrics::{Metrics, Usage};
use kubetui::model::row::{Align, Cell, Column, Health, Row, Source, Uid};
use kubetui::model::store::Store;

/// The time of all benches, in seconds since 1970.
pub const NOW: i64 = 1_800_000_000;
const NAMESPACES: [&str; 5] = ["checkout", "kube-system", "payments", "shop", "staging"];

/// kubectl's columns of a pod, and some more, so that there is one of every type.
pub fn columns() -> Arc<[Column]> {
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
pub fn scatter(number: usize) -> usize {
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
pub fn pods(total: usize) -> Vec<Row> {
    let mut interner = Interner::new(POD.as_kind().into());
    let mut numbers: Vec<usize> = (0..total).collect();
    numbers.sort_by_cached_key(|&number| (NAMESPACES[number % 5], name(number).1));
    numbers.into_iter().map(|number| pod(number, &mut interner)).collect()
}

/// The pod of a number.
pub fn pod(number: usize, interner: &mut Interner) -> Row {
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

/// A table, and what its pods use.
pub struct Cluster {
    pub store: Store,
    pub metrics: Metrics,
}

/// So many pods in a table.
pub fn cluster(total: usize) -> Cluster {
    let rows = pods(total);
    let metrics = metrics(&rows);
    let mut store = Store::new(columns());
    store.replace(None, rows, None, NOW);
    Cluster { store, metrics }
}

/// What these pods use.
pub fn metrics(rows: &[Row]) -> Metrics {
    let mut metrics = Metrics::new();
    let usage = |row: &Row| Usage { cpu: scatter(row.created as usize) as i64 % 2000, memory: row.created % (1 << 30) };
    metrics.replace(None, NOW, rows.iter().map(|row| (&*row.namespace, &*row.name, usage(row))));
    metrics
}
