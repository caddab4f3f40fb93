//! How each kind of program talks while it works.

use std::fmt::Write;

use super::Stream::{self, Stderr, Stdout};
use super::{Dice, stamp};
use crate::demo::container::{Behaviour, Container};

type Spoken = Result<Stream, std::fmt::Error>;

/// One line, said at a time.
pub(super) fn speak(out: &mut String, c: &Container, at_ms: i64, dice: &mut Dice) -> Spoken {
    match c.behaviour {
        Behaviour::Web => web(out, at_ms, dice),
        Behaviour::Gateway => gateway(out, at_ms, dice),
        Behaviour::Api => api(out, c, at_ms, dice),
        Behaviour::Logfmt => logfmt(out, at_ms, dice),
        Behaviour::Database => database(out, at_ms, dice),
        Behaviour::Cache => cache(out, at_ms, dice),
        Behaviour::Worker => worker(out, dice),
        Behaviour::Job => job(out, c, at_ms, dice),
        Behaviour::Crash => crash(out, at_ms, dice),
        Behaviour::Quiet => write!(out, "still here after {} s", (at_ms - c.started_ms) / 1000).map(|()| Stdout),
    }
}

/// A call that somebody makes: method, path and what it is answered with.
fn call(dice: &mut Dice) -> (&'static str, String, u16) {
    let id = dice.below(9000) + 1000;
    let (method, path) = match dice.below(10) {
        0..3 => ("GET", "/".into()),
        3 => ("GET", format!("/products/{id}")),
        4 => ("GET", "/assets/app.css".into()),
        5 => ("GET", format!("/api/v1/orders/{id}")),
        6 => ("GET", "/api/v1/cart".into()),
        7 => ("POST", "/api/v1/orders".into()),
        8 => ("GET", "/healthz".into()),
        _ => ("PUT", format!("/api/v1/cart/items/{id}")),
    };
    let good = if method == "POST" { 201 } else { 200 };
    let status = match dice.below(60) {
        0 => 404,
        1 => 304,
        2 => 401,
        3 => dice.of_these([500, 502, 503]),
        _ => good,
    };
    (method, path, status)
}

fn address(dice: &mut Dice) -> String {
    format!("10.244.{}.{}", dice.below(4), 2 + dice.below(250))
}

const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "curl/8.14.1",
    "kube-probe/1.36",
];

fn web(out: &mut String, at_ms: i64, dice: &mut Dice) -> Spoken {
    let (method, path, status) = call(dice);
    let (client, agent) = (address(dice), dice.of_these(AGENTS));
    if status >= 500 {
        stamp(out, at_ms, "%Y/%m/%d %H:%M:%S")?;
        write!(out, " [error] 30#30: *{} connect() failed (111: Connection refused) while connecting to upstream, ", dice.below(90_000))?;
        write!(out, "client: {client}, server: _, request: \"{method} {path} HTTP/1.1\", upstream: \"http://10.96.14.7:8080{path}\"")?;
        return Ok(Stderr);
    }
    write!(out, "{client} - - [")?;
    stamp(out, at_ms, "%d/%b/%Y:%H:%M:%S +0000")?;
    write!(
        out,
        "] \"{method} {path} HTTP/1.1\" {status} {} \"-\" \"{agent}\" \"-\"",
        if status == 304 { 0 } else { 90 + dice.below(9000) }
    )?;
    Ok(Stdout)
}

fn gateway(out: &mut String, at_ms: i64, dice: &mut Dice) -> Spoken {
    let (method, path, status) = call(dice);
    let took = dice.took();
    out.push_str(r#"{"start_time":""#);
    stamp(out, at_ms, "%FT%T%.3fZ")?;
    write!(
        out,
        r#"","method":"{method}","path":"{path}","protocol":"HTTP/1.1","response_code":{status},"bytes_sent":{},"#,
        90 + dice.below(9000)
    )?;
    write!(
        out,
        r#""duration":{took},"upstream_host":"{}:8080","authority":"shop.example.com","user_agent":"{}","#,
        address(dice),
        dice.of_these(AGENTS)
    )?;
    write!(
        out,
        r#""request_id":"{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}"}}"#,
        dice.below(1 << 32),
        dice.below(1 << 16),
        dice.below(1 << 12),
        dice.below(1 << 12),
        dice.below(1 << 48)
    )?;
    Ok(Stdout)
}

fn api(out: &mut String, c: &Container, at_ms: i64, dice: &mut Dice) -> Spoken {
    let (method, path, status) = call(dice);
    let (level, msg) = match dice.below(40) {
        0 => ("WARN", "slow query"),
        1 => ("WARN", "retrying call to payments"),
        2 => ("DEBUG", "cache miss"),
        _ if status >= 500 => ("ERROR", "request failed"),
        _ => ("INFO", "request handled"),
    };
    out.push_str(r#"{"time":""#);
    stamp(out, at_ms, "%FT%T%.3fZ")?;
    write!(out, r#"","level":"{level}","service":"{}","msg":"{msg}","trace_id":"{:016x}","#, c.name, dice.roll())?;
    match msg {
        "slow query" => write!(out, r#""table":"orders","rows":{},"took_ms":{}"#, dice.below(4000), 800 + dice.below(1900))?,
        "retrying call to payments" => write!(out, r#""attempt":{},"error":"context deadline exceeded""#, 1 + dice.below(3))?,
        "cache miss" => write!(out, r#""key":"product:{}""#, 1000 + dice.below(9000))?,
        _ => {
            write!(out, r#""method":"{method}","path":"{path}","status":{status},"took_ms":{}"#, dice.took())?;
            if level == "ERROR" {
                out.push_str(
                    r#","error":"upstream payments: connection refused","stack":"orders.(*Handler).Create\n\t/src/handler.go:112""#,
                );
            }
        }
    }
    out.push('}');
    Ok(if level == "ERROR" { Stderr } else { Stdout })
}

fn logfmt(out: &mut String, at_ms: i64, dice: &mut Dice) -> Spoken {
    out.push_str("ts=");
    stamp(out, at_ms, "%FT%T%.3fZ")?;
    let object = dice.of_these(["shop/orders", "shop/web", "payments/api", "kube-system/coredns", "monitoring/agent"]);
    match dice.below(30) {
        0 => write!(
            out,
            " level=warn caller=scrape.go:214 msg=\"scrape took too long\" target={object} duration={}ms",
            900 + dice.below(4000)
        ),
        1 => write!(
            out,
            " level=error caller=sync.go:77 msg=\"sync failed, will be tried again\" object={object} err=\"the object has been modified\""
        ),
        2..10 => write!(out, " level=debug caller=queue.go:52 msg=\"nothing to do\" object={object} depth={}", dice.below(9)),
        _ => write!(out, " level=info caller=sync.go:61 msg=\"synced\" object={object} duration={}ms", dice.took()),
    }?;
    Ok(Stderr)
}

fn database(out: &mut String, at_ms: i64, dice: &mut Dice) -> Spoken {
    stamp(out, at_ms, "%F %T%.3f UTC")?;
    let pid = 60 + dice.below(900);
    match dice.below(20) {
        0..3 => write!(out, " [27] LOG:  checkpoint starting: time"),
        3..6 => {
            let buffers = dice.below(900);
            write!(
                out,
                " [27] LOG:  checkpoint complete: wrote {buffers} buffers ({}.{}%); 0 WAL file(s) added, 0 removed, 1 recycled; ",
                buffers / 164,
                dice.below(10)
            )?;
            write!(
                out,
                "write={}.{:03} s, sync=0.0{:02} s, total={}.{:03} s",
                dice.below(90),
                dice.below(1000),
                dice.below(99),
                90 + dice.below(9),
                dice.below(1000)
            )
        }
        6 => write!(out, " [{pid}] ERROR:  duplicate key value violates unique constraint \"orders_pkey\""),
        7 => write!(out, " [{pid}] LOG:  automatic vacuum of table \"shop.public.orders\": index scans: 1"),
        8..12 => write!(out, " [{pid}] LOG:  connection received: host={} port={}", address(dice), 32_768 + dice.below(28_000)),
        12..15 => write!(out, " [{pid}] LOG:  connection authorized: user=shop database=shop application_name=orders"),
        _ => write!(
            out,
            " [{pid}] LOG:  duration: {}.{:03} ms  execute <unnamed>: SELECT * FROM orders WHERE customer_id = $1",
            100 + dice.took(),
            dice.below(1000)
        ),
    }?;
    Ok(Stderr)
}

fn cache(out: &mut String, at_ms: i64, dice: &mut Dice) -> Spoken {
    out.push_str("1:M ");
    stamp(out, at_ms, "%d %b %Y %T%.3f")?;
    match dice.below(8) {
        0 => write!(out, " * {} changes in 60 seconds. Saving...", 10_000 + dice.below(5000)),
        1 => write!(out, " * Background saving started by pid {}", 20 + dice.below(5000)),
        2 => write!(out, " * Background saving terminated with success"),
        3 => write!(out, " # WARNING: Memory usage is at {}% of maxmemory", 80 + dice.below(15)),
        4..6 => write!(out, " - Accepted {}:{}", address(dice), 32_768 + dice.below(28_000)),
        _ => write!(out, " - DB 0: {} keys ({} volatile) in 65536 slots HT.", 40_000 + dice.below(900), 9000 + dice.below(900)),
    }?;
    Ok(Stdout)
}

fn worker(out: &mut String, dice: &mut Dice) -> Spoken {
    const DIM: &str = "\u{1b}[2m";
    const PLAIN: &str = "\u{1b}[0m";
    let id = dice.below(1 << 24);
    let kind = dice.of_these(["send-mail", "resize-image", "export-invoice", "sync-stock"]);
    match dice.below(30) {
        0 => write!(
            out,
            "\u{1b}[31mERROR{PLAIN} job {DIM}{id:06x}{PLAIN} {kind} failed: smtp: 421 try again later (attempt {}/5)",
            1 + dice.below(4)
        ),
        1 | 2 => write!(out, "\u{1b}[33mWARN{PLAIN}  queue {kind} is {} jobs long", 500 + dice.below(2000)),
        3..12 => write!(out, "\u{1b}[32mINFO{PLAIN}  job {DIM}{id:06x}{PLAIN} {kind} taken, {} waiting", dice.below(40)),
        _ => write!(out, "\u{1b}[32mINFO{PLAIN}  job {DIM}{id:06x}{PLAIN} {kind} done in {} ms", 10 * dice.took()),
    }?;
    Ok(Stdout)
}

fn job(out: &mut String, c: &Container, at_ms: i64, dice: &mut Dice) -> Spoken {
    // The count grows with the time and nothing else, so that it never goes back.
    let done = (at_ms - c.started_ms) / 9 % 20_000;
    match dice.below(12) {
        0 => write!(out, "item {done}: skipped, no change"),
        _ => write!(out, "processed {done} items, batch took {} ms", dice.took()),
    }?;
    Ok(Stdout)
}

fn crash(out: &mut String, at_ms: i64, dice: &mut Dice) -> Spoken {
    stamp(out, at_ms, "%FT%TZ")?;
    match dice.below(3) {
        0 => write!(out, " WARN  config-server:8888 does not answer, trying again in {} ms", 200 + dice.below(900)),
        1 => write!(out, " INFO  loading plugins from /usr/lib/plugins: {} found", dice.below(9)),
        _ => write!(out, " WARN  DATABASE_URL is not set, asking config-server"),
    }?;
    Ok(Stdout)
}
