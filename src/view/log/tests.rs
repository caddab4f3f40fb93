use std::sync::Arc;

use super::*;
use crate::model::log::{Block, Line, Lines, Since, Splice, Target};
use crate::model::row::Uid;

fn view() -> LogView {
    let target = Target { title: "pod/web".into(), picks: Vec::new(), watches: Vec::new() };
    let mut view = LogView::new(Wanted { target, containers: Vec::new(), previous: false, since: Since::Tail(10), most: 50, spool: 0 });
    let source = Source { namespace: "n".into(), pod: "web".into(), uid: Uid::new("u"), container: "app".into(), life: 0 };
    view.take(Update { sources: vec![source], ..Update::default() });
    view
}

fn block(from: u64, count: u64, text: impl Fn(u64) -> String) -> Slot {
    let mut lines = Lines::default();
    for seq in from..from + count {
        lines.push(Line { seq, at: seq as i64, source: 0, kind: Kind::Text, text: text(seq).as_bytes() });
    }
    Slot { block: Arc::new(Block::new(lines, 0)), tally: log::Tally { generation: 0, left: count as u32, found: 0 } }
}

fn add(view: &mut LogView, new: Vec<Slot>) {
    view.take(Update { splices: vec![Splice { at: view.slots.len(), gone: 0, new }], ..Update::default() });
}

/// Lines 0 to 99 in ten blocks.
fn hundred() -> LogView {
    let mut view = view();
    add(&mut view, (0..10).map(|block_of| block(block_of * 10, 10, |seq| format!("line {seq}"))).collect());
    view
}

fn seen(view: &mut LogView) -> Vec<String> {
    view.rows(40, 5, 0)
        .iter()
        .map(|row| {
            let text: String = row.pieces.iter().map(|piece| piece.text.as_str()).collect();
            format!("{}{text}", if row.cursor { ">" } else { "" })
        })
        .collect()
}

#[test]
fn the_end_is_followed_until_one_goes_up() {
    let mut view = hundred();
    assert_eq!(seen(&mut view), ["line 95", "line 96", "line 97", "line 98", ">line 99"]);
    view.step(-1);
    assert!(!view.follow);
    add(&mut view, vec![block(100, 3, |seq| format!("new {seq}"))]);
    assert_eq!(seen(&mut view), ["line 95", "line 96", "line 97", ">line 98", "line 99"], "it stands still");
    assert_eq!(view.missed, 3);
    view.step(100);
    assert_eq!(seen(&mut view).last().unwrap(), ">new 102");
    view.step(1);
    assert!(view.follow, "down from the last line");
    assert_eq!(view.missed, 0);
    view.to_end(false);
    assert_eq!(seen(&mut view), [">line 0", "line 1", "line 2", "line 3", "line 4"]);
    assert!(view.at_start());
    view.page(5);
    assert_eq!(seen(&mut view)[4], ">line 5");
}

#[test]
fn a_place_is_a_line_whatever_comes_before_it() {
    let mut view = hundred();
    view.to_end(false);
    view.step(25);
    seen(&mut view);
    // Late lines in the block of the cursor, and another block at the beginning.
    let late = block(20, 10, |seq| format!("line {seq}"));
    let mut lines = Lines::default();
    lines.push(Line { seq: 1000, at: 0, source: 0, kind: Kind::Text, text: b"late" });
    late.block.lines().unwrap().iter().for_each(|line| lines.push(line));
    let late = Slot { block: Arc::new(Block::new(lines, 0)), ..late };
    let splices =
        vec![Splice { at: 2, gone: 1, new: vec![late] }, Splice { at: 0, gone: 0, new: vec![block(2000, 1, |_| "first".into())] }];
    view.take(Update { splices, ..Update::default() });
    assert!(seen(&mut view).contains(&">line 25".to_owned()), "{:?}", seen(&mut view));
    assert_eq!(view.missed, 2);
    // What was dropped leaves the first that is there.
    view.take(Update { splices: vec![Splice { at: 0, gone: 5, new: Vec::new() }], dropped: 42, ..Update::default() });
    assert_eq!(seen(&mut view)[0], ">line 40");
    assert_eq!(view.dropped, 42);
}

#[test]
fn a_filter_leaves_lines_and_those_round_them() {
    let mut view = hundred();
    assert!(view.filter("/5$/"));
    assert_eq!(seen(&mut view), ["line 55", "line 65", "line 75", "line 85", ">line 95"]);
    view.step(-1);
    view.context = 1;
    assert_eq!(seen(&mut view), ["line 74", "line 75", "line 76", "line 84", ">line 85"]);
    view.context = 0;
    assert!(view.filter("nothing"));
    assert!(seen(&mut view).is_empty());
    assert!(view.filter(""));
    assert!(seen(&mut view).contains(&">line 85".to_owned()), "back where one was: {:?}", seen(&mut view));
    assert!(!view.filter("level=loud"));
    assert!(view.mistake.is_some() && !seen(&mut view).is_empty());
    assert!(view.filter("/5$/") && view.filter("/5$/ /[/"));
    let all = seen(&mut view);
    assert!(view.mistake.is_some() && all.iter().any(|line| line.ends_with("4")), "a mistake hides nothing: {all:?}");
}

#[test]
fn a_frame_looks_through_some_of_what_is_not_counted_and_the_next_ones_come_further() {
    let mut view = view();
    add(&mut view, (0..40).map(|at| block(at * 10, 10, |seq| format!("line {seq}"))).collect());
    assert!(view.filter("\"line 125\""));
    assert!(seen(&mut view).is_empty() && view.reader.unsure(), "27 blocks from the end, and none of them counted");
    assert_eq!(seen(&mut view), [">line 125"], "what was looked through is known");
    // Lines round it are of its neighbours, perhaps: they are no more than as many.
    view.context = 1;
    assert!(view.filter("/line 5$/"));
    assert!(seen(&mut view).is_empty() && view.reader.unsure());
    assert!(seen(&mut view).is_empty() && view.reader.unsure());
    assert_eq!(seen(&mut view), ["line 4", "line 5", ">line 6"]);
}

#[test]
fn context_reaches_over_the_edge_of_a_block() {
    let mut view = hundred();
    view.context = 2;
    view.filter("\"line 50\" | \"line 79\"");
    assert_eq!(seen(&mut view), ["line 77", "line 78", "line 79", "line 80", ">line 81"]);
    view.to_end(false);
    assert_eq!(seen(&mut view), [">line 48", "line 49", "line 50", "line 51", "line 52"]);
    let rows = view.rows(40, 6, 0);
    assert_eq!(rows.iter().map(|row| row.around).collect::<Vec<_>>(), [true, true, false, true, true, true]);
    assert_eq!(rows.iter().map(|row| row.apart).collect::<Vec<_>>(), [false, false, false, false, false, true], "line 77 follows 52");
}

#[test]
fn searching_goes_round_and_knows_where_it_is() {
    let mut view = hundred();
    view.search("line 1").unwrap();
    assert_eq!(seen(&mut view).iter().find(|line| line.starts_with('>')).unwrap(), ">line 19", "the newest");
    assert!(!view.follow);
    assert_eq!(view.search_place(), None, "nobody has counted yet");
    let generation = view.sieve().generation;
    let tallies = (0..10).map(|at| (at, log::Tally { generation, left: 10, found: [1, 10].get(at).copied().unwrap_or(0) })).collect();
    view.take(Update { tallies, ..Update::default() });
    assert_eq!(view.search_place(), Some((11, 11)));
    assert!(view.search_step(true));
    assert_eq!(view.search_place(), Some((1, 11)), "round the end");
    assert!(view.search_step(false));
    assert_eq!(view.search_place(), Some((11, 11)));
    assert!(view.search("/[/").is_err());
    view.search("nowhere").unwrap();
    assert!(!view.search_step(true));
}

#[test]
fn marked_lines_are_copied_as_they_are_read() {
    let mut view = view();
    add(&mut view, vec![block(0, 5, |seq| format!("\u{1b}[32m{seq}\u{1b}[0m"))]);
    assert_eq!(view.copied(), ("4".to_owned(), 1));
    view.to_end(false);
    view.mark();
    view.step(1);
    view.mark();
    assert_eq!(view.copied(), ("0\n2".to_owned(), 2));
    view.step(-1);
    view.mark();
    assert_eq!(view.copied(), ("0".to_owned(), 1));
}

#[test]
fn a_line_taller_than_the_screen_is_scrolled_through() {
    let mut view = view();
    view.wrap = true;
    add(
        &mut view,
        vec![
            block(0, 1, |_| "short".into()),
            block(1, 1, |_| (0..40).map(|row| format!("{row:<40}")).collect()),
            block(2, 1, |_| "end".into()),
        ],
    );
    seen(&mut view);
    view.to_end(false);
    view.step(1);
    let first = |view: &mut LogView| seen(view)[0].trim_end().to_owned();
    assert_eq!(first(&mut view), ">0");
    for row in 1..=35 {
        view.step(1);
        assert_eq!(first(&mut view), format!(">{row}"));
    }
    view.step(1);
    assert_eq!(seen(&mut view)[4], ">end");
    view.step(-1);
    view.step(-1);
    assert!(!first(&mut view).is_empty());
}
