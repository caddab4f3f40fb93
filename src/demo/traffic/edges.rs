//! How programs start, and how they end.

use super::Stream::{self, Stderr, Stdout};
use super::{Dice, stamp};
use crate::demo::container::{Behaviour, Container};

/// Milliseconds between two lines of a start.
pub(super) const BANNER_MS: i64 = 37;

type Said = Vec<(Stream, String)>;

/// The version of an image, as its tag says it.
fn version(c: &Container) -> &str {
    let image = c.image.split('@').next().unwrap_or("");
    match image.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => tag,
        _ => "latest",
    }
}

fn at(ms: i64, format: &str) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = stamp(&mut text, ms, format);
    text
}

/// What the program says when it starts.
pub(super) fn banner(c: &Container) -> Said {
    let (v, app) = (version(c), &c.name);
    let start = c.started_ms;
    match c.behaviour {
        Behaviour::Web => {
            let notice = |what: String| (Stderr, format!("{} [notice] 1#1: {what}", at(start, "%Y/%m/%d %H:%M:%S")));
            vec![
                (Stdout, "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration".into()),
                (Stdout, "/docker-entrypoint.sh: Configuration complete; ready for start up".into()),
                notice("using the \"epoll\" event method".into()),
                notice(format!("nginx/{v}")),
                notice("start worker processes".into()),
                notice("start worker process 30".into()),
                notice("start worker process 31".into()),
            ]
        }
        Behaviour::Gateway => {
            let info = |what: String| (Stdout, format!(r#"{{"level":"info","time":"{}","msg":"{what}"}}"#, at(start, "%FT%TZ")));
            vec![
                info(format!("{app} {v} starting")),
                info("configuration loaded from /etc/gateway/config.yaml".into()),
                info("listening on :8080".into()),
            ]
        }
        Behaviour::Api => {
            let line = |what: String, more: &str| {
                let time = at(start, "%FT%T%.3fZ");
                (Stdout, format!(r#"{{"time":"{time}","level":"INFO","service":"{app}","msg":"{what}"{more}}}"#))
            };
            vec![
                line(format!("starting {app}"), &format!(r#","version":"{v}","pod":"{}""#, c.pod)),
                line("connected to database".into(), r#","host":"db","took_ms":41"#),
                line("http server listening".into(), r#","addr":":8080""#),
            ]
        }
        Behaviour::Logfmt => {
            let line = |what: &str| (Stderr, format!("ts={} level=info caller=main.go:87 {what}", at(start, "%FT%T%.3fZ")));
            vec![line(&format!("msg=\"Starting {app}\" version={v}")), line("msg=\"Listening on\" address=[::]:9100")]
        }
        Behaviour::Database => {
            let line = |what: String| (Stderr, format!("{} [1] LOG:  {what}", at(start, "%F %T%.3f UTC")));
            vec![
                (Stdout, String::from("PostgreSQL Database directory appears to contain a database; Skipping initialization")),
                line(format!("starting PostgreSQL {v} on x86_64-pc-linux-gnu, 64-bit")),
                line("listening on IPv4 address \"0.0.0.0\", port 5432".into()),
                line("listening on Unix socket \"/var/run/postgresql/.s.PGSQL.5432\"".into()),
                line("database system is ready to accept connections".into()),
            ]
        }
        Behaviour::Cache => {
            let line = |role: &str, what: &str| (Stdout, format!("1:{role} {} * {what}", at(start, "%d %b %Y %T%.3f")));
            vec![
                line("C", "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
                line("M", "Server initialized"),
                line("M", "Ready to accept connections tcp"),
            ]
        }
        Behaviour::Worker => vec![
            (Stdout, format!("\u{1b}[1;36m== {app} {v} ==\u{1b}[0m")),
            (Stdout, "\u{1b}[32mINFO\u{1b}[0m  connected to amqp://queue:5672, prefetch 10".into()),
        ],
        Behaviour::Job => vec![(Stdout, format!("{app} {v}: starting")), (Stdout, "reading the list of items … 20000 found".into())],
        Behaviour::Crash => vec![
            (Stdout, format!("{} INFO  {app} {v} starting", at(start, "%FT%TZ"))),
            (Stdout, format!("{} INFO  reading configuration from /etc/{app}/config.yaml", at(start, "%FT%TZ"))),
        ],
        Behaviour::Quiet => vec![(Stdout, format!("{app}: started"))],
    }
}

/// What the program says when it ends; what was killed says nothing.
pub(super) fn end(c: &Container) -> Said {
    let (Some(code), Some(end)) = (c.exit_code, c.finished_ms) else { return Vec::new() };
    let seconds = (end - c.started_ms) / 1000;
    match code {
        137 => Vec::new(),
        143 => vec![(Stdout, "received SIGTERM, shutting down".into()), (Stdout, "all connections are closed".into())],
        0 if c.behaviour == Behaviour::Job => vec![(Stdout, format!("done: 20000 items in {seconds} s, 0 failed"))],
        0 => vec![(Stdout, format!("{}: finished after {seconds} s", c.name))],
        _ => trace(c, code, end),
    }
}

/// The last words of a program that failed.
fn trace(c: &Container, code: i32, end: i64) -> Said {
    let mut dice = Dice::of(c, -1);
    let time = at(end, "%FT%TZ");
    let stderr = |lines: Vec<String>| lines.into_iter().map(|line| (Stderr, line)).collect();
    match c.behaviour {
        Behaviour::Job => stderr(vec![
            format!("item {}: row violates check constraint \"amount_positive\"", 1000 + dice.below(19_000)),
            "Traceback (most recent call last):".into(),
            "  File \"/app/main.py\", line 88, in <module>".into(),
            "    main()".into(),
            "  File \"/app/main.py\", line 61, in main".into(),
            "    migrate(batch)".into(),
            "psycopg.errors.CheckViolation: new row for relation \"orders\" violates check constraint \"amount_positive\"".into(),
            format!("failed after {} s, exit code {code}", (end - c.started_ms) / 1000),
        ]),
        _ => stderr(vec![
            format!("{time} ERROR cannot reach config-server:8888: dial tcp: lookup config-server on 10.96.0.10:53: no such host"),
            "panic: configuration is incomplete: DATABASE_URL is not set".into(),
            "goroutine 1 [running]:".into(),
            format!("main.mustLoad(0x{:x})", 0xc000_0000_0000 + dice.below(0xffff)),
            format!("\t/src/cmd/{}/config.go:{} +0x1a5", c.name, 40 + dice.below(60)),
            "main.main()".into(),
            format!("\t/src/cmd/{}/main.go:27 +0x2f", c.name),
            format!("exit status {code}"),
        ]),
    }
}
