use std::sync::Arc;

use super::*;
use crate::model::facts::{Endpoint, Facts, ServiceFacts, SliceFacts};
use crate::model::metrics::Usage;
use crate::model::row::{Align, Cell, Health, Source, Uid};

const NOW: Seconds = 1_000_000;

fn columns() -> Vec<Column> {
    let column = |name: &str, source, align| Column { name: name.into(), source, wide: false, align };
    vec![
        column("NAMESPACE", Source::Namespace, Align::Left),
        column("NAME", Source::Name, Align::Left),
        column("READY", Source::Cell(0), Align::Left),
        column("STATUS", Source::Cell(1), Align::Left),
        column("RESTARTS", Source::Cell(2), Align::Right),
        column("IP", Source::Cell(3), Align::Left),
        column("NOMINATED NODE", Source::Cell(4), Align::Left),
        column("UP-TO-DATE", Source::Cell(5), Align::Right),
        column("CAPACITY", Source::Cell(6), Align::Left),
        column("LAST SCHEDULE", Source::Cell(7), Align::Left),
        column("PORT(S)", Source::Cell(8), Align::Left),
        column("CPU", Source::Cpu, Align::Right),
        column("MEM", Source::Memory, Align::Right),
        column("AGE", Source::Age, Align::Left),
        column("LABELS", Source::Labels, Align::Left),
    ]
}

/// A pod of 3h20m, once restarted, one of two containers ready.
fn row() -> Row {
    Row {
        version: "".into(),
        kind: Arc::default(),
        uid: Uid::new("u1"),
        namespace: "shop".into(),
        name: "web-7d8f9c-2kx9q".into(),
        labels: Arc::from([("app".into(), "web".into()), ("status".into(), "canary".into()), ("x.io/tier".into(), "Front".into())]),
        owner: None,
        created: NOW - 12_000,
        deleting: None,
        cells: [
            Cell::Ratio(1, 2),
            Cell::Status("CrashLoopBackOff".into(), Health::Unhealthy),
            Cell::Restarts(4, Some(NOW - 60)),
            Cell::Text("10.244.1.17".into()),
            Cell::None,
            Cell::Number(-42),
            Cell::Quantity("8Gi".into(), 8_589_934_592_000),
            Cell::Age(NOW - 90),
            Cell::Text("80:30080/TCP,Straße".into()),
        ]
        .into(),
        facts: Facts::None,
        condition: Health::Unhealthy,
        unsettled_until: 0,
        message: None,
    }
}

fn matches_row(text: &str, row: &Row) -> bool {
    let mut metrics = Metrics::new();
    metrics.replace(None, NOW, [("shop", "web-7d8f9c-2kx9q", Usage { cpu: 600, memory: 3 << 29 })]);
    let query = Query::parse(text, &columns()).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
    let context = Context { now: NOW, metrics: &metrics };
    let (mut scan, matches) = (query.scan(), query.matches(row, context));
    assert_eq!((scan.matches(row, context), scan.matches(row, context)), (matches, matches), "{text}: a memo changes nothing");
    matches
}

#[test]
fn filters_find_what_they_say() {
    for text in [
        "",
        "  ",
        "web",
        "WEB",
        "shop",
        "2kx9q",
        "web crash",
        "nothere|web",
        "10.244.1.17",
        "244.1",
        "!nothere",
        "! nothere",
        "!!web",
        "\"BackOff\"",
        "/crash.*off/",
        "/^web-[0-9a-f]+-/",
        "/80:30080\\/tcp/",
        "-42",
        "1/2",
        "straße",
        "STRASSE|STRAßE",
        "<none>",
        "web <none>",
        "<none> web",
        // labels
        "app=web",
        "app==web",
        "app!=db",
        "app in (db,web)",
        "app in ( db , web )",
        "app notin (db)",
        "missing!=x",
        "missing notin (x)",
        "label:status=canary",
        "label:app",
        "!label:missing",
        "x.io/tier=Front",
        "x.io/tier in(\"Front\")",
        "app=web,status=canary",
        "app=web,status!=stable",
        "label:status in (canary)",
        "app = web",
        // columns
        "restarts>3",
        "restarts>=4",
        "restarts=4",
        "restarts<5",
        "restarts!=3",
        "RESTARTS > 3",
        "age<4h",
        "age>3h",
        "age=3h",
        "age!=2h",
        "age>=3h20m",
        "age<=3h20m",
        "age<1d12h",
        "status=CrashLoopBackOff",
        "status=crashloopbackoff",
        "status!=Running",
        "status in (Running, CrashLoopBackOff)",
        "status notin (Running)",
        "cpu>500m",
        "cpu<1",
        "cpu=0.6",
        "mem>1Gi",
        "mem>1gi",
        "memory=1.5Gi",
        "ready<2",
        "ready=1",
        "ready=1/2",
        "ready<1/1",
        "ready!=2/2",
        "ready>1/3",
        "name=web-7d8f9c-2kx9q",
        "namespace=shop",
        "ns=shop",
        "name>web",
        "name<webz",
        "ip=10.244.1.17",
        "ip>10.244.1.9",
        "ip<10.244.1.100",
        "ip>9.0.0.0",
        "nominatednode=<none>",
        "nominated-node=\"\"",
        "nominated-node!=node-1",
        "up-to-date<0",
        "uptodate=-42",
        "capacity=8Gi",
        "capacity>7900Mi",
        "lastschedule<2m",
        "last-schedule=1m",
        "last-schedule=90s",
        "ports=80:30080/tcp,straße",
        "labels=app=web,status=canary,x.io/tier=front",
        // precedence
        "web | nothere nothere",
        "nothere nothere | web",
        "!nothere web",
        "!(nothere | alsonot)",
        "(nothere | web) crash",
        "((web))",
        "!nothere|nothere",
        "restarts>3|restarts<2",
        "(app=web)(status=CrashLoopBackOff)",
        "in | web",
        "web | in (web)",
    ] {
        assert!(matches_row(text, &row()), "{text}");
    }
    for text in [
        "nothere",
        "web nothere",
        "!web",
        "!!nothere",
        "\"backoff\"",
        "\"web  \"",
        "/^crash$/",
        "/(?-i)CRASH/",
        "none",
        "43",
        "2/2",
        "/1d|3h/",
        "app=db",
        "app=We",
        "app!=web",
        "app notin (web,db)",
        "missing=x",
        "missing in (x)",
        "label:status=CrashLoopBackOff",
        "label:missing",
        "!label:app",
        "x.io/tier=front",
        "app=web,status=stable",
        "status=canary",
        "restarts>4",
        "restarts=3",
        "restarts!=4",
        "age<3h",
        "age=2h",
        "age!=3h",
        "age>=1d",
        "status=Crash",
        "status!=CrashLoopBackOff",
        "status in (Running)",
        "status notin (crashloopbackoff)",
        "cpu>600m",
        "mem<1Gi",
        "ready<1",
        "ready=2/4",
        "ready>=1/2 ready>1",
        "name=web",
        "ip>10.244.1.100",
        "ip<10.244.1.9",
        "nominatednode=node-1",
        "nominatednode>3",
        "nominatednode!=<none>",
        "capacity<8Gi",
        "lastschedule>2m",
        "ports>3",
        "web nothere | nothere",
        "!(nothere | web)",
        "nothere | alsonot",
    ] {
        assert!(!matches_row(text, &row()), "{text}");
    }
}

#[test]
fn what_is_not_measured_is_in_no_order() {
    let mut other = row();
    other.name = "unmeasured".into();
    for (text, expected) in [("cpu>0", false), ("cpu<1", false), ("cpu!=1", true), ("cpu=<none>", true), ("mem!=<none>", false)] {
        assert_eq!(matches_row(text, &other), expected, "{text}");
    }
    other.created = 0;
    for (text, expected) in [("age>0s", false), ("age<1d", false), ("age=<unknown>", true)] {
        assert_eq!(matches_row(text, &other), expected, "{text}");
    }
}

#[test]
fn addresses_that_no_cell_shows_are_found() {
    let mut service = row();
    let facts =
        ServiceFacts { addresses: ["fd00::a".into()].into(), external: ["db.example.com".into()].into(), ..ServiceFacts::default() };
    service.facts = Facts::Service(Box::new(facts));
    assert!(matches_row("fd00::a", &service) && matches_row("Example.com", &service));

    let mut slice = row();
    let endpoints = [Endpoint::default(), Endpoint { address: "10.9.9.9".into(), ..Endpoint::default() }].into();
    slice.facts = Facts::Slice(Box::new(SliceFacts { endpoints, ..SliceFacts::default() }));
    assert!(matches_row("10.9.9.9", &slice) && !matches_row("10.9.9.8", &slice));
}

#[test]
fn mistakes_name_their_place() {
    for (text, at, message) in [
        (")", 0..1, "`)` without `(`"),
        ("web)", 3..4, "`)` without `(`"),
        ("(web", 0..1, "`(` has no `)`"),
        ("a (b | (c)", 2..3, "`(` has no `)`"),
        ("()", 1..2, "nothing stands after `(`"),
        ("(", 1..1, "nothing stands after `(`"),
        ("|", 0..1, "nothing stands before `|`"),
        ("(| a)", 1..2, "nothing stands before `|`"),
        ("a |", 3..3, "nothing stands after `|`"),
        ("a || b", 3..4, "nothing stands after `|`"),
        ("(a |)", 4..5, "nothing stands after `|`"),
        ("!", 0..1, "nothing stands after `!`"),
        ("a !", 2..3, "nothing stands after `!`"),
        ("\"a", 0..2, "the closing `\"` is missing"),
        ("\"\"", 0..2, "nothing stands between the quotes"),
        ("/a", 0..2, "the closing `/` of the regular expression is missing"),
        ("//", 0..2, "nothing stands between the slashes"),
        ("ä /(/", 3..6, "not a regular expression: unclosed group"),
        ("restarts>", 0..9, "a value must stand after `restarts>`"),
        ("restarts> | x", 0..9, "a value must stand after `restarts>`"),
        ("app=", 0..4, "a value must stand after `app=`"),
        ("web restarts>x", 13..14, "`restarts>x`: x is not a number"),
        ("restarts=x", 9..10, "`restarts=x`: x is not a number"),
        ("restarts in (1,x)", 15..16, "`restarts=x`: x is not a number"),
        ("status>Running", 7..14, "`status>Running`: Running is not a number"),
        ("age<2", 4..5, "`age<2`: 2 is not an age such as 90s, 15m, 2h or 1d12h"),
        ("cpu>much", 4..8, "`cpu>much`: much is not an amount of CPU such as 500m or 2"),
        ("mem>1X", 4..6, "`mem>1X`: 1X is not an amount of memory such as 500Mi or 2Gi"),
        ("labels>x", 7..8, "`labels>x`: labels have no order: only = and != compare them"),
        (">3", 0..1, "a column or a label must stand before `>`"),
        ("web =x", 5..6, ""),
        ("!=x", 1..2, "a column or a label must stand before `=`"),
        ("restarts=>3", 9..10, "`>` is one sign too many: the operators are = != < <= > >="),
        ("tier>3", 0..5, "no column is called tier, and labels have no order"),
        ("label:=x", 0..8, "the key of a label must stand after `label:`"),
        ("label:", 0..6, "the key of a label must stand after `label:`"),
        ("app=a,b", 4..7, "the value of a label has no comma: write `app in (a,b)`"),
        ("app in (a", 7..8, "`(` has no `)`"),
        ("app in ()", 8..8, "a value is missing in the list"),
        ("app in (a,)", 10..10, "a value is missing in the list"),
        ("app in (a|b)", 9..10, "a list has values, commas between them, and `)` at its end"),
    ] {
        match (Query::parse(text, &columns()), message) {
            // A word and a comparison that belongs to it, spaces or not.
            (Ok(_), "") => {}
            (result, _) => assert_eq!(result.err(), Some(Mistake { at, message: message.into() }), "{text}"),
        }
    }
    let deep = "(".repeat(100_000);
    assert_eq!(Query::parse(&deep, &columns()).expect_err("refused").message, "parentheses stand more than 50 deep");
    assert_eq!(Query::parse("/(a{999}){999}/", &columns()).expect_err("refused").message, "not a regular expression: it is too large");
}

#[test]
fn a_query_knows_what_changes_its_answer() {
    for (text, time, metrics) in [
        ("", false, false),
        ("web restarts>3", false, false),
        ("!(web | age<2h)", true, false),
        ("last-schedule<2m", true, false),
        ("a cpu>1", false, true),
        ("mem in (1Gi) age>1s", true, true),
    ] {
        let query = Query::parse(text, &columns()).expect("parses");
        assert_eq!((query.uses_time(), query.uses_metrics(), query.is_empty()), (time, metrics, text.is_empty()), "{text}");
        assert_eq!(query.text(), text);
    }
}

/// Whatever is typed, there is an answer, and a mistake lies within the text and between characters.
#[test]
fn nothing_typed_is_too_strange() {
    const PIECES: [&str; 30] = [
        "(", ")", "|", "!", "\"", "/", "\\", "=", "<", ">", " ", ",", "in", "notin", "label:", "age", "restarts", "status", "cpu", "app",
        "3", "2h", "1/2", "500m", "<none>", "ä", "日本", "\u{301}", "web", "10.0.0.1",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let (columns, row, metrics) = (columns(), row(), Metrics::new());
    let (mut understood, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let text: String = (0..1 + random(9)).map(|_| PIECES[random(PIECES.len())]).collect();
        match Query::parse(&text, &columns) {
            Ok(query) => {
                understood += 1;
                let context = Context { now: NOW, metrics: &metrics };
                let negated = Query::parse(&format!("!({text})"), &columns);
                if let (false, Ok(negated)) = (query.is_empty(), negated) {
                    assert_ne!(query.matches(&row, context), negated.matches(&row, context), "{text}");
                }
            }
            Err(mistake) => {
                refused += 1;
                assert!(text.get(mistake.at.clone()).is_some(), "{text}: {mistake:?}");
                assert!(!mistake.message.is_empty());
            }
        }
    }
    assert!(understood > 1000 && refused > 1000, "{understood} understood, {refused} refused");
}
