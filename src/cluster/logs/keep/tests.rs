use super::*;
use crate::model::log::{self, filter};
use crate::model::row::Uid;

fn raw(at: Nanoseconds, text: &str) -> (u16, Raw) {
    (0, Raw { at, kind: Kind::Text, live: false, text: text.to_owned().into() })
}

fn live(at: Nanoseconds, text: &str) -> (u16, Raw) {
    let (source, raw) = raw(at, text);
    (source, Raw { live: true, ..raw })
}

/// A view that hears everything.
#[derive(Default)]
struct View {
    slots: Vec<Slot>,
    sources: Vec<Source>,
}

impl View {
    fn hear(&mut self, keep: &mut Keep) {
        let Some(update) = keep.news() else { return };
        for change in update.splices {
            log::splice(&mut self.slots, change);
        }
        for (at, tally) in update.tallies {
            self.slots[at].tally = tally;
        }
        self.sources.extend(update.sources);
    }

    fn texts(&self) -> Vec<String> {
        let lines = self.slots.iter().map(|slot| slot.block.lines().unwrap());
        lines.flat_map(|lines| lines.iter().map(|line| String::from_utf8_lossy(line.text).into_owned()).collect::<Vec<_>>()).collect()
    }
}

fn keep(limit: u64) -> Keep {
    Keep::new(Some(&std::env::temp_dir()), limit)
}

#[test]
fn late_lines_stand_where_they_belong() {
    let (mut keep, mut view) = (keep(1 << 20), View::default());
    keep.add((0..2000).map(|at| raw(at * 10, &format!("{}", at * 10))).collect());
    view.hear(&mut keep);
    let other = |raw: (u16, Raw)| (1, raw.1);
    keep.add(vec![other(raw(15, "15")), other(raw(15, "15b")), other(raw(19_995, "19995")), other(live(20_000, "20000"))]);
    view.hear(&mut keep);
    let texts = view.texts();
    assert_eq!(texts.len(), 2004);
    let at = texts.iter().position(|text| text == "15").unwrap();
    assert_eq!(texts[at - 1..at + 3], ["10", "15", "15b", "20"]);
    assert_eq!(texts[2002..], ["19995", "20000"]);
    // Every line has a number of its own.
    let mut numbers: Vec<u64> =
        view.slots.iter().flat_map(|slot| slot.block.lines().unwrap().iter().map(|line| line.seq).collect::<Vec<_>>()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 2004);
    keep.add(vec![(2, raw(-1, "first").1)]);
    view.hear(&mut keep);
    assert_eq!(view.texts()[0], "first");
}

#[test]
fn a_clock_that_is_wrong_does_not_hide_what_others_say() {
    let (mut keep, mut view) = (keep(1 << 20), View::default());
    keep.add(vec![live(3_600_000_000_000, "an hour ahead"), (1, live(1, "now").1), (1, live(2, "and now").1)]);
    view.hear(&mut keep);
    assert_eq!(view.texts(), ["an hour ahead", "now", "and now"]);
}

#[test]
fn the_rest_of_a_line_stays_behind_it() {
    let (mut keep, mut view) = (keep(1 << 20), View::default());
    let rest = |at, text: &str| (0, Raw { kind: Kind::Rest, ..raw(at, text).1 });
    keep.add(vec![raw(10, "a"), rest(10, "a2"), raw(30, "c")]);
    keep.add(vec![(1, raw(20, "b").1), (1, rest(20, "b2").1)]);
    view.hear(&mut keep);
    assert_eq!(view.texts(), ["a", "a2", "b", "b2", "c"]);
}

#[test]
fn what_does_not_fit_goes_to_the_file_and_what_does_not_fit_there_is_counted() {
    let (mut keep, mut view) = (keep(40 << 20), View::default());
    let long = "x".repeat(60_000);
    let total = 1200;
    for at in 0..total {
        keep.add(vec![raw(at, &format!("{at} {long}"))]);
        assert_eq!(keep.relieve(), None);
        if at % 7 == 0 {
            view.hear(&mut keep);
        }
    }
    view.hear(&mut keep);
    assert!(keep.hot <= HOT && keep.hot == keep.slots.iter().map(|slot| slot.block.memory()).sum::<usize>());
    let texts = view.texts();
    let dropped = keep.dropped as usize;
    assert!(dropped > 0 && dropped + texts.len() == total as usize, "{dropped} and {}", texts.len());
    let numbers: Vec<usize> = texts.iter().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (dropped..total as usize).collect::<Vec<_>>(), "the newest are there, in order");
    // A late line that belongs into what is in the file.
    let at = dropped as i64 + 100;
    keep.add(vec![(1, raw(at, "late").1)]);
    assert_eq!(keep.relieve(), None);
    view.hear(&mut keep);
    let texts = view.texts();
    let place = texts.iter().position(|text| text == "late").unwrap();
    assert!(texts[place - 1].starts_with(&format!("{at} ")) && texts[place + 1].starts_with(&format!("{} ", at + 1)));
}

#[test]
fn without_a_file_the_oldest_are_dropped_and_it_is_said() {
    let mut keep = Keep::new(None, 1 << 30);
    let long = "x".repeat(60_000);
    let said: Vec<String> = (0..600)
        .filter_map(|at| {
            keep.add(vec![raw(at, &long)]);
            keep.relieve()
        })
        .collect();
    assert_eq!(said.len(), 1, "once: {said:?}");
    assert!(said[0].contains("no folder") && keep.dropped > 0 && keep.hot <= HOT);
}

#[test]
fn blocks_are_counted_when_they_come_and_when_the_filter_changes() {
    let (mut keep, mut view) = (keep(1 << 20), View::default());
    keep.source(Source { namespace: "n".into(), pod: "p".into(), uid: Uid::new("u"), container: "c".into(), life: 0 });
    keep.add((0..1000).map(|at| raw(at, if at % 10 == 0 { "ten" } else { "other" })).collect());
    view.hear(&mut keep);
    assert_eq!(view.sources.len(), 1);
    let sieve = Sieve { filter: filter::Filter::parse("ten").unwrap(), search: None, generation: 1 };
    let blocks = keep.sift(sieve.clone());
    let tallies: FxHashMap<u64, Tally> = blocks.iter().map(|block| (block.id, sieve.tally(&block.lines().unwrap(), &[]))).collect();
    keep.counted(&tallies);
    keep.add(vec![raw(1000, "ten")]);
    view.hear(&mut keep);
    assert!(view.slots.iter().all(|slot| slot.tally.generation == 1));
    assert_eq!(view.slots.iter().map(|slot| slot.tally.left).sum::<u32>(), 101);
    assert!(keep.news().is_none());
}

#[test]
fn however_large_blocks_are_none_is_written_over_that_is_still_counted() {
    let (mut keep, mut view) = (keep(41 << 20), View::default());
    let mut seed = 7u64;
    for at in 0..4000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let length = 10_000 + (seed >> 33) as usize % 120_000;
        keep.add(vec![raw(at, &format!("{at} {}", "x".repeat(length)))]);
        assert_eq!(keep.relieve(), None);
        if at % 50 == 0 {
            view.hear(&mut keep);
            // Every block that the view has can be read, and nothing between the first and the last is missing.
            let numbers: Vec<i64> = view.texts().iter().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect();
            assert_eq!(numbers, (keep.dropped as i64..=at).collect::<Vec<_>>());
        }
    }
    assert!(keep.dropped > 1000, "it was written round several times: {}", keep.dropped);
}

#[test]
fn the_rest_of_a_late_line_goes_where_the_line_went() {
    let (mut keep, mut view) = (keep(1 << 20), View::default());
    let of = |source: u16, raw: (u16, Raw)| (source, raw.1);
    let rest = |at, text: &str| Raw { kind: Kind::Rest, ..raw(at, text).1 };
    keep.add(vec![raw(10, "a"), raw(30, "c")]);
    keep.add(vec![of(1, raw(20, "b"))]);
    keep.add(vec![(1, rest(20, "b2"))]);
    view.hear(&mut keep);
    assert_eq!(view.texts(), ["a", "b", "b2", "c"]);
}

#[test]
fn one_source_keeps_its_own_order() {
    let (mut keep, mut view) = (keep(1 << 20), View::default());
    keep.add(vec![raw(10, "first"), raw(9, "second"), (1, raw(9, "other").1), raw(11, "third")]);
    view.hear(&mut keep);
    assert_eq!(view.texts(), ["other", "first", "second", "third"]);
}
