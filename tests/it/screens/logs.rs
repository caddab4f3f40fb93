//! Logs.

use kubetui::model::log::{self, Block, Kind, Lines, Slot, Source, Splice, Streams, Tally, Update};
use kubetui::model::row::Uid;

use super::*;

/// A log as it is read: of two pods, with something missing, a restart, JSON, and colours of its own.
fn log(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(size);
    stage.on("web-7d8f9c6b5-9fh2n").run("logs app");
    let view = stage.state.log_mut().expect("a log");
    let source = |pod: &str, life| Source { namespace: "shop".into(), pod: pod.into(), uid: Uid::new(pod), container: "app".into(), life };
    let sources = vec![source("web-7d8f9c6b5-9fh2n", 0), source("web-7d8f9c6b5-2kx9q", 0), source("web-7d8f9c6b5-9fh2n", 1)];
    let mut lines = Lines::default();
    let all: [(u16, Kind, &str); 9] = [
        (0, Kind::Text, "I1121 11:59:00.000001       1 main.go:12] \"Starting\" version=\"1.4.2\""),
        (0, Kind::Text, r#"{"time":"x","level":"info","msg":"ready to serve","port":8080,"tls":{"cert":"/etc/tls"}}"#),
        (1, Kind::Text, r#"{"time":"x","level":"warn","msg":"slow answer of the database","took_ms":2310,"query":"select * from orders"}"#),
        (1, Kind::Text, "\u{1b}[32mGET\u{1b}[0m /cart \u{1b}[1m200\u{1b}[0m 12ms\tuser=anna"),
        (0, Kind::Gap, "web-7d8f9c6b5-9fh2n/app: 12 s of its lines are missing here: they were rotated away while it was not read"),
        (0, Kind::Text, r#"{"level":"error","msg":"it broke","err":"out of memory"}"#),
        (0, Kind::Note, "web-7d8f9c6b5-9fh2n/app was started again, the 1st time: exit 137 (OOMKilled)"),
        (2, Kind::Text, "title \u{1b}]0;owned\u{7} and \u{202e}backwards"),
        (2, Kind::Text, "level=debug msg=\"nothing to do\" queue=0"),
    ];
    for (seq, (source, kind, text)) in all.into_iter().enumerate() {
        let at = (NOW - 60 + seq as i64 * 5) * 1_000_000_000 + 123_000_000;
        lines.push(log::Line { seq: seq as u64, at, source, kind, text: text.as_bytes() });
    }
    let slot = Slot { block: Block::new(lines, 0).into(), tally: Tally { generation: 0, left: 9, found: 0 } };
    let splices = vec![Splice { at: 0, gone: 0, new: vec![slot] }];
    let streams = Streams { open: 2, complete: true, ..Streams::default() };
    view.take(Update { sources, splices, streams: Some(streams), ..Update::default() });
    stage
}

#[test]
fn logs() {
    screen!("logs-80x24", log(CLASSIC).text());
    screen!("logs-120x35", log(USUAL).run("stamps utc").run("wrap").looks());
    screen!("logs-40x10", log(SMALL).text());
    let mut stage = log(USUAL);
    stage.run("json").run("filter level>=warn");
    screen!("logs-filtered-unfolded", stage.looks());
    let mut stage = log(CLASSIC);
    stage.run("scroll-up").run("mark").run("top");
    stage.state.log_mut().expect("a log").search("it").expect("a word");
    screen!("logs-paused-searched", stage.looks());
    let without = |streams: Streams| {
        let mut stage = Stage::new(CLASSIC);
        stage.on("web-7d8f9c6b5-9fh2n").run("logs app");
        let streams = Some(Streams { complete: true, ..streams });
        stage.state.log_mut().expect("a log").take(Update { streams, ..Update::default() });
        stage.text()
    };
    screen!("logs-asks", without(Streams { asks: Some(212), ..Streams::default() }));
    screen!("logs-quiet", without(Streams { open: 1, ..Streams::default() }));
    let why = "connection refused by 10.0.0.1:6443";
    screen!("logs-unread", without(Streams { waiting: 1, failed: Some(why.into()), ..Streams::default() }));
    let why = "web-1/app has not started: ImagePullBackOff: Back-off pulling image \"x\"";
    screen!("logs-nothing", without(Streams { empty: Some(why.into()), ..Streams::default() }));
}
