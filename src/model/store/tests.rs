use std::collections::BTreeMap;

use super::*;
use crate::model::facts::Facts;
use crate::model::metrics::{Metrics, Usage};
use crate::model::query::{Context, Query};
use crate::model::row::{Align, Cell, Source};

fn columns() -> Arc<[Column]> {
    let column = |name: &str, source| Column { name: name.into(), source, wide: false, align: Align::Left };
    [
        column("NAMESPACE", Source::Namespace),
        column("NAME", Source::Name),
        column("READY", Source::Cell(0)),
        column("STATUS", Source::Cell(1)),
        column("RESTARTS", Source::Cell(2)),
        column("IP", Source::Cell(3)),
        column("DURATION", Source::Cell(4)),
        column("CPU", Source::Cpu),
        column("AGE", Source::Age),
        column("LABELS", Source::Labels),
    ]
    .into()
}

fn row(uid: &str, namespace: &str, name: &str, cells: Vec<Cell>) -> Row {
    Row {
        version: "".into(),
        kind: Arc::default(),
        uid: Uid::new(uid),
        namespace: namespace.into(),
        name: name.into(),
        labels: Arc::from([]),
        owner: None,
        created: 0,
        deleting: None,
        cells: cells.into(),
        facts: Facts::None,
        condition: Health::Healthy,
        unsettled_until: 0,
        message: None,
    }
}

fn named(name: &str) -> Row {
    row(name, "a", name, vec![])
}

fn names(listing: &Listing, store: &Store) -> Vec<String> {
    (0..listing.len()).filter_map(|at| listing.row(store, at)).map(|row| row.name.to_string()).collect()
}

fn store_of(rows: Vec<Row>) -> Store {
    let mut store = Store::new(columns());
    store.apply(rows.into_iter().map(Delta::Upsert), None, 0);
    store
}

#[test]
fn rows_stand_by_namespace_name_and_uid() {
    let store =
        store_of(vec![row("3", "b", "x", vec![]), row("2", "a", "z", vec![]), row("1", "a", "z", vec![]), row("4", "a", "y", vec![])]);
    let order: Vec<_> = store.iter().map(|row| row.uid.to_string()).collect();
    assert_eq!(order, ["4", "1", "2", "3"]);
    assert_eq!((store.len(), store.is_empty()), (4, false));
}

#[test]
fn a_change_that_changes_nothing_is_none() {
    let mut store = store_of(vec![named("x")]);
    let mut listing = Listing::new();
    let metrics = Metrics::new();
    let context = Context { now: 0, metrics: &metrics };
    assert!(listing.refresh(&store, context));
    assert!(!store.apply([Delta::Upsert(named("x")), Delta::Remove(Uid::new("y"))], None, 0));
    assert!(!store.replace(None, vec![named("x")], None, 0));
    assert!(!listing.refresh(&store, context));

    let mut other = named("x");
    other.message = Some("why".into());
    assert!(store.apply([Delta::Upsert(other)], None, 0));
    assert!(listing.refresh(&store, context));
}

#[test]
fn a_fresh_list_replaces_its_namespace() {
    let mut store = store_of(vec![row("1", "a", "x", vec![]), row("2", "a", "y", vec![]), row("3", "b", "x", vec![])]);
    assert!(store.replace(Some("a"), vec![row("2", "a", "y", vec![]), row("4", "a", "z", vec![])], None, 0));
    let order: Vec<_> = store.iter().map(|row| row.uid.to_string()).collect();
    assert_eq!(order, ["2", "4", "3"]);
    assert!(store.replace(None, vec![], None, 0));
    assert!(store.is_empty());
}

#[test]
fn what_vanishes_under_the_cursor_stays_for_three_seconds() {
    let mut store = store_of(vec![named("x"), named("y"), named("z")]);
    let (x, y) = (Uid::new("x"), Uid::new("y"));
    let metrics = Metrics::new();
    let context = Context { now: 10, metrics: &metrics };
    let mut listing = Listing::new();
    listing.refresh(&store, context);

    store.apply([Delta::Remove(x.clone()), Delta::Remove(y.clone())], Some(&y), 10);
    assert!(listing.refresh(&store, context));
    assert_eq!(names(&listing, &store), ["y", "z"]);
    assert_eq!((store.len(), listing.total(), listing.matched(), listing.len()), (1, 1, 1, 2));
    assert!(store.is_ghost(store.slot(&y).expect("is kept")) && store.get(&x).is_none());
    assert_eq!(listing.position(&store, &y), Some(0));
    assert_eq!(store.iter().count(), 1);

    assert_eq!(store.next_change(), Some(13));
    assert!(!store.advance(12));
    assert!(store.advance(13));
    assert!(listing.refresh(&store, context));
    assert_eq!((names(&listing, &store), store.next_change()), (vec!["z".to_owned()], None));

    // One that comes back is a row again.
    store.apply([Delta::Remove(Uid::new("z"))], Some(&Uid::new("z")), 20);
    store.apply([Delta::Upsert(named("z"))], None, 21);
    store.advance(30);
    assert_eq!((store.len(), store.is_ghost(0), store.width(1)), (1, false, 1));
}

#[test]
fn health_is_counted_and_settles_with_time() {
    let (mut restarted, mut broken) = (named("restarted"), named("broken"));
    restarted.unsettled_until = 600;
    broken.condition = Health::Unhealthy;
    let mut store = store_of(vec![named("fine"), restarted, broken]);
    let metrics = Metrics::new();
    let mut listing = Listing::new();
    listing.set_only_unhealthy(true);
    listing.refresh(&store, Context { now: 0, metrics: &metrics });
    assert_eq!(
        (names(&listing, &store), listing.total(), listing.unhealthy(), listing.matched()),
        (vec!["broken".into(), "restarted".into()], 3, 2, 2)
    );
    assert_eq!(store.next_change(), Some(600));
    assert!(!store.advance(599));
    assert!(store.advance(600));
    assert_eq!((store.unhealthy(), store.next_change()), (1, None));
    listing.refresh(&store, Context { now: 600, metrics: &metrics });
    assert_eq!((names(&listing, &store), listing.unhealthy()), (vec!["broken".into()], 1));
    listing.set_only_unhealthy(false);
    assert!(listing.refresh(&store, Context { now: 600, metrics: &metrics }));
    assert_eq!((listing.matched(), listing.unhealthy()), (3, 1));
}

#[test]
fn columns_are_as_wide_as_their_widest_cell_and_narrow_again() {
    let text = |text: &str| vec![Cell::Ratio(1, 1), Cell::Text(text.into())];
    let mut store = store_of(vec![row("1", "a", "x", text("Running")), row("2", "a", "long-name", text("CrashLoopBackOff"))]);
    assert_eq!((store.width(0), store.width(1), store.width(2), store.width(3), store.width(99)), (1, 9, 3, 16, 0));
    store.apply([Delta::Upsert(row("2", "a", "long-name", text("Running")))], None, 0);
    assert_eq!((store.width(1), store.width(3)), (9, 7));
    store.apply([Delta::Remove(Uid::new("2"))], Some(&Uid::new("2")), 0);
    assert_eq!(store.width(1), 1);
    store.apply([Delta::Upsert(row("1", "a", "x", text(&"w".repeat(1000))))], None, 0);
    assert_eq!(store.width(3), Store::WIDEST);
    store.set_columns(columns().iter().skip(1).cloned().collect());
    assert_eq!((store.width(0), store.width(2)), (1, Store::WIDEST));
}

/// Ascending and descending, equal rows by name, what is missing last.
#[test]
fn columns_sort_by_value() {
    let text = |text: &str| Cell::Text(text.into());
    for (cells, ascending, descending) in [
        (vec![Cell::Number(10), Cell::Number(-2), Cell::None, Cell::Number(9), Cell::Number(-2)], "1 4 3 0 2", "0 3 1 4 2"),
        (vec![text("node-10"), text("node-2"), text(""), text("Node"), text("node-2")], "3 0 1 4 2", "1 4 0 3 2"),
        (vec![text("10.0.0.10"), text("10.0.0.9"), Cell::None, text("web"), text("9.0.0.1")], "4 1 0 3 2", "3 0 1 4 2"),
        (vec![Cell::Ratio(1, 2), Cell::Ratio(2, 4), Cell::Ratio(0, 3), Cell::Ratio(1, 1), Cell::Ratio(0, 0)], "2 0 1 4 3", "3 4 1 0 2"),
        (
            vec![
                Cell::Restarts(10, None),
                Cell::Restarts(2, Some(50)),
                Cell::Restarts(2, Some(40)),
                Cell::Restarts(0, None),
                Cell::Unknown,
            ],
            "3 2 1 0 4",
            "0 1 2 3 4",
        ),
        (vec![Cell::Age(100), Cell::Age(900), Cell::Age(500), Cell::None, Cell::Age(500)], "1 2 4 0 3", "0 2 4 1 3"),
        (
            vec![Cell::Span(0, Some(50)), Cell::Span(900, None), Cell::Span(0, Some(2000)), Cell::None, Cell::Span(980, None)],
            "4 0 1 2 3",
            "2 1 0 4 3",
        ),
        (
            vec![Cell::Quantity("1Gi".into(), 1 << 40), Cell::Quantity("900Mi".into(), 9 << 36), Cell::None, Cell::None, Cell::None],
            "1 0 2 3 4",
            "0 1 2 3 4",
        ),
    ] {
        let rows = cells.iter().zip(0..).map(|(cell, at)| row(&at.to_string(), "a", &at.to_string(), vec![cell.clone()])).collect();
        let store = store_of(rows);
        let metrics = Metrics::new();
        let mut listing = Listing::new();
        for (descending, expected) in [(false, ascending), (true, descending)] {
            listing.set_sort(Sort { by: Some(Source::Cell(0)), descending });
            listing.refresh(&store, Context { now: 1000, metrics: &metrics });
            assert_eq!(names(&listing, &store).join(" "), expected, "{cells:?}");
        }
    }
}

/// More rows than a block of the order holds, and than one screen asks for.
#[test]
fn many_rows_are_filtered_as_few_are() {
    let status = |at: usize| Cell::Text(["Running", "Pending", "Failed"][at % 3].into());
    let rows = (0..25_000).map(|at| row(&at.to_string(), "a", &format!("{at:05}"), vec![Cell::None, status(at)])).collect();
    let store = store_of(rows);
    let metrics = Metrics::new();
    let mut listing = Listing::new();
    listing.set_query(Query::parse("pend 7", &columns()).expect("parses"));
    listing.refresh(&store, Context { now: 0, metrics: &metrics });
    let expected: Vec<String> =
        (0..25_000).filter(|at| at % 3 == 1).map(|at| format!("{at:05}")).filter(|name| name.contains('7')).collect();
    assert_eq!(names(&listing, &store), expected);
    assert_eq!((listing.total(), listing.matched()), (25_000, expected.len()));
}

/// Rows that a filter hides are not sorted; they come, and go, as if they were.
#[test]
fn rows_that_a_filter_hides_stand_in_order_when_they_come() {
    let count =
        |at: usize, count: u32| row(&at.to_string(), "a", &format!("{at:03}"), vec![Cell::None, Cell::None, Cell::Restarts(count, None)]);
    let mut store = store_of((0..200).map(|at| count(at, 200 - at as u32)).collect());
    let metrics = Metrics::new();
    let context = Context { now: 0, metrics: &metrics };
    let mut listing = Listing::new();
    let filter = |listing: &mut Listing, text: &str| listing.set_query(Query::parse(text, &columns()).expect("parses"));
    listing.set_sort(Sort { by: Some(Source::Cell(2)), descending: false });
    filter(&mut listing, "name=100 | name=101 | name=102");
    listing.refresh(&store, context);
    assert_eq!(names(&listing, &store), ["102", "101", "100"]);
    // One of them moves; another, that is hidden, would have.
    store.apply([Delta::Upsert(count(102, 150)), Delta::Upsert(count(7, 0))], None, 0);
    assert!(listing.refresh(&store, context));
    assert_eq!(names(&listing, &store), ["101", "100", "102"]);
    filter(&mut listing, "name=7 | name=007 | name=101");
    listing.refresh(&store, context);
    assert_eq!(names(&listing, &store), ["007", "101"]);
    filter(&mut listing, "");
    listing.refresh(&store, context);
    assert!((0..200).filter_map(|at| listing.row(&store, at)).is_sorted_by(|a, b| listing.sort().compare(a, b, context).is_le()));
    assert_eq!((listing.len(), listing.slot(0)), (200, store.slot(&Uid::new("7"))));
    // From here on the order of all is kept.
    store.apply([Delta::Upsert(count(9, 1000))], None, 0);
    listing.refresh(&store, context);
    assert_eq!(listing.slot(199), store.slot(&Uid::new("9")));
}

struct Random(u64);

impl Random {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn row(&mut self, now: Seconds) -> Row {
        let at = self.below(150);
        let (namespace, name) = (["a", "b", "c"][at % 3], format!("{}-{}", ["web", "a-name-of-more-than-16-bytes"][at % 2], at / 6));
        let ip = if self.below(5) == 0 { Cell::None } else { Cell::Text(format!("10.0.{}.{}", self.below(2), self.below(12)).into()) };
        let end = (self.below(3) > 0).then(|| now + self.below(9) as i64);
        let restarts = self.below(3) as u32;
        let cells = vec![
            Cell::Ratio(self.below(3) as u32, self.below(3) as u32),
            Cell::Status(self.pick(&["Running", "Pending", "", "Completed"]).into(), Health::Healthy),
            Cell::Restarts(restarts, (restarts > 0).then(|| now - self.below(4) as i64)),
            ip,
            if self.below(4) == 0 { Cell::Span(now - self.below(20) as i64, end) } else { Cell::None },
        ];
        let mut row = row(&format!("uid-{at}"), namespace, &name, cells);
        row.created = self.pick(&[0, now, now - 1, now - 50, now - 100]);
        row.condition = self.pick(&[Health::Healthy, Health::Healthy, Health::Progressing, Health::Unhealthy]);
        row.unsettled_until = self.pick(&[0, now - 1, now + 1, now + 7]);
        row.labels = self.pick(&[Arc::from([]), Arc::from([("app".into(), "x".into())]), Arc::from([("app".into(), "y".into())])]);
        row
    }
}

/// What a store and a listing should say, made anew from scratch each time.
#[derive(Default)]
struct Model {
    rows: BTreeMap<Uid, Row>,
    ghosts: BTreeMap<Uid, (Row, Seconds)>,
}

impl Model {
    fn remove(&mut self, uid: &Uid, keep: Option<&Uid>, now: Seconds) {
        if let Some(row) = self.rows.remove(uid)
            && keep == Some(uid)
        {
            self.ghosts.insert(uid.clone(), (row, now));
        }
    }

    fn upsert(&mut self, row: Row) {
        self.ghosts.remove(&row.uid);
        self.rows.insert(row.uid.clone(), row);
    }

    fn replace(&mut self, namespace: Option<&str>, rows: &[Row], keep: Option<&Uid>, now: Seconds) {
        let inside = |row: &Row| namespace.is_none_or(|only| *row.namespace == *only);
        let gone = self.rows.values().filter(|row| inside(row) && !rows.iter().any(|new| new.uid == row.uid));
        let gone: Vec<Uid> = gone.map(|row| row.uid.clone()).collect();
        gone.iter().for_each(|uid| self.remove(uid, keep, now));
        rows.iter().cloned().for_each(|row| self.upsert(row));
    }
}

#[test]
fn what_is_kept_up_to_date_equals_what_is_made_anew() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut store, mut model, mut metrics) = (Store::new(columns()), Model::default(), Metrics::new());
    let mut listings: Vec<(Listing, bool, bool)> = (0..4).map(|_| (Listing::new(), false, false)).collect();
    let sources: Vec<Option<Source>> = std::iter::once(None).chain(columns().iter().map(|column| Some(column.source))).collect();
    let queries = ["", "web", "!web", "age<60s", "cpu>1", "app=x | restarts>1", "10.0.1.1", "duration>=10s", "status=Running age!=0s"];
    let mut now = 1000;
    let (mut ghosts, mut longest) = (0, 0);
    for step in 0..6000 {
        match random.below(100) {
            0 => {
                store.clear();
                model = Model::default();
            }
            1..4 => {
                let namespace = random.pick(&[None, Some("a"), Some("b")]);
                let mut rows: Vec<Row> = (0..random.below(120)).map(|_| random.row(now)).collect();
                rows.retain(|row| namespace.is_none_or(|only| *row.namespace == *only));
                rows.sort_by(|a, b| a.uid.cmp(&b.uid));
                rows.dedup_by(|a, b| a.uid == b.uid);
                let keep = model.rows.keys().next().cloned();
                model.replace(namespace, &rows, keep.as_ref(), now);
                store.replace(namespace, rows, keep.as_ref(), now);
            }
            4..60 => {
                let keep = model.rows.keys().nth(random.below(20)).cloned();
                let mut deltas = Vec::new();
                for _ in 0..random.pick(&[1, 1, 1, 2, 5, 30]) {
                    if random.below(3) == 0 {
                        let uid = Uid::new(&format!("uid-{}", random.below(150)));
                        model.remove(&uid, keep.as_ref(), now);
                        deltas.push(Delta::Remove(uid));
                    } else {
                        let row = random.row(now);
                        model.upsert(row.clone());
                        deltas.push(Delta::Upsert(row));
                    }
                }
                store.apply(deltas, keep.as_ref(), now);
            }
            60..75 => now += random.below(3) as i64,
            75..80 => {
                let usage = |random: &mut Random| Usage { cpu: 500 * random.below(5) as i64, memory: 0 };
                let entries: Vec<_> = model.rows.values().take(40).map(|row| (&*row.namespace, &*row.name, usage(&mut random))).collect();
                metrics.replace(None, now, entries);
            }
            _ => {
                let at = random.below(listings.len());
                let (listing, only, narrow) = &mut listings[at];
                match random.below(4) {
                    0 => listing.set_sort(Sort { by: random.pick(&sources), descending: random.below(2) == 0 }),
                    1 => listing.set_query(Query::parse(random.pick(&queries), &columns()).expect("parses")),
                    2 => {
                        *only = !*only;
                        listing.set_only_unhealthy(*only);
                    }
                    _ => {
                        *narrow = !*narrow;
                        listing.set_narrow(narrow.then(|| Box::new(|row: &Row| &*row.namespace != "b") as Narrow));
                    }
                }
            }
        }
        store.advance(now);
        model.ghosts.retain(|_, (_, since)| now < *since + GHOST);
        ghosts += model.ghosts.len();
        let unhealthy = |row: &Row| row.health(now) != Health::Healthy;
        assert_eq!(store.len(), model.rows.len(), "step {step}");
        assert_eq!(store.unhealthy(), model.rows.values().filter(|row| unhealthy(row)).count(), "step {step}");
        let widest = |width: fn(&Row) -> usize| model.rows.values().map(width).max().unwrap_or(0);
        assert_eq!(usize::from(store.width(1)), widest(|row| row.name.len()), "step {step}");
        assert_eq!(usize::from(store.width(8)), widest(|row| if row.created == 0 { 9 } else { 6 }), "step {step}");
        let context = Context { now, metrics: &metrics };
        for (at, (listing, only, narrow)) in listings.iter_mut().enumerate() {
            // Some listings sleep for a while, as panes that nobody looks at do.
            if at > 1 && random.below(20 * at) > 0 {
                continue;
            }
            let before: Vec<_> = listing.slots().collect();
            let changed = listing.refresh(&store, context);
            assert!(changed || listing.slots().eq(before), "step {step}");
            let inside = |row: &Row| !*narrow || &*row.namespace != "b";
            let shown = |row: &&Row| inside(row) && listing.query().matches(row, context);
            let live = |row: &&Row| shown(row) && (!*only || unhealthy(row));
            let mut expected: Vec<&Row> = model.rows.values().filter(live).collect();
            let matched = expected.len();
            // A ghost's health is that of its last moment.
            let ghosts = model.ghosts.values().filter(|(row, since)| shown(&row) && (!*only || row.health(*since) != Health::Healthy));
            expected.extend(ghosts.map(|(row, _)| row));
            expected.sort_by(|a, b| listing.sort().compare(a, b, context));
            let found: Vec<&Row> = (0..listing.len()).filter_map(|at| listing.row(&store, at)).collect();
            assert_eq!(found, expected, "step {step}, {listing:?}");
            let total = model.rows.values().filter(|row| inside(row)).count();
            let ill = model.rows.values().filter(|row| inside(row) && unhealthy(row)).count();
            assert_eq!((listing.total(), listing.unhealthy(), listing.matched()), (total, ill, matched), "step {step}");
            for (position, row) in found.iter().enumerate().take(3) {
                assert_eq!(listing.position(&store, &row.uid), Some(position));
            }
            longest = longest.max(found.len());
        }
    }
    assert!(ghosts > 100 && longest > 80, "{ghosts} ghosts, {longest} rows");
}
