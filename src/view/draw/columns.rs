//! How wide each column is, and which fit: computed from the widths that the store keeps, never from all rows.
//!
//! Where everything fits by shortening long text, long text is shortened: the last column of it first, names last. Words
//! that say how a row does stay whole. Where that is not enough, what does not fit is scrolled to: its age, which everybody
//! asks for, stands before what it uses then, if it would not be seen.

use crate::model::row::{Align, Cell, Column, Source};
use crate::model::store::Store;
use crate::view::table::Spent;
use crate::view::text;

/// Between two columns; the arrow of the sorted one stands in it, where its header leaves no room.
pub const GAP: u16 = 2;
/// A name that is as long can be told from its neighbours: other things give way before it gets shorter.
const GOOD_NAME: u16 = 28;
/// A name is not shortened below this, as long as everything fits.
const NAME: u16 = 20;
/// A name never gets less, and then only for the words that say how the row does.
const LEAST_NAME: u16 = 12;
/// A namespace that is longer gives way together with names.
const GOOD_NAMESPACE: u16 = 14;
/// A namespace is not shortened below this.
const NAMESPACE: u16 = 10;
/// No other text is shortened below this: an IPv4 address is whole.
const TEXT: u16 = 16;
/// Where not everything fits, no text but the name asks for more.
const LONG: u16 = 40;
/// So much of the last column is worth being shown.
const PART: u16 = 10;
/// What the sign takes that there is more to the right.
const MORE: u16 = 2;
/// On a screen narrower than this the namespace stands last: the row's name and state are what there is room for.
const NARROW: u16 = 60;
/// So many rows tell what is in a column.
const SAMPLE: usize = 8;

/// A column that is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Its place in the table's columns.
    pub index: usize,
    /// First cell, from the left of the area.
    pub x: u16,
    /// Cells.
    pub width: u16,
}

/// The columns that are on the screen, and those that are not.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// On the screen, from left to right.
    pub shown: Vec<Fitted>,
    /// How many did not fit to the right.
    pub hidden: usize,
    /// How many are scrolled away to the left: no more than it takes to see the last one.
    pub left: usize,
}

/// What a column does when there is too little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    /// Stays as it is.
    Nothing,
    /// Is shortened, not below so many cells.
    Text(u16),
    /// Has a shorter form of so many cells: restarts without the time, use without the request.
    Form(u16),
    /// Is what tells the row from others.
    Name,
}

struct Wish {
    index: usize,
    source: Source,
    natural: u16,
    width: u16,
    gives: Gives,
    /// Says how the row does.
    state: bool,
}

/// Fits columns into `width` cells, `left` of them after the name scrolled away as far as that shows any more. `spent`
/// measures CPU and memory. The column `sought` keeps its place.
fn fit(columns: &[(usize, &Column)], sought: Option<usize>, store: &Store, spent: [Spent; 2], left: usize, width: u16) -> Fit {
    let mut wishes: Vec<Wish> = columns.iter().map(|(index, column)| wish(*index, column, store, spent)).collect();
    if width < NARROW && wishes.len() > 1 && wishes[0].gives == Gives::Text(NAMESPACE) {
        wishes.rotate_left(1);
    }
    // What identifies the row stays when the rest scrolls.
    let fixed = wishes.iter().position(|wish| wish.gives == Gives::Name).map_or(0, |at| at + 1);
    if !squeeze(&mut wishes, width)
        && let Some(age) = wishes.iter().position(|wish| wish.source == Source::Age)
        && scroll(&mut wishes, fixed, width).0.iter().all(|fitted| fitted.index != wishes[age].index)
    {
        let used = |wish: &&Wish| matches!(wish.source, Source::Cpu | Source::Memory) && Some(wish.index) != sought;
        let used = wishes[..age].iter().rev().take_while(used).count();
        wishes[age - used..=age].rotate_right(1);
    }
    let mut scrolled = 0;
    loop {
        let (shown, hidden) = if squeeze(&mut wishes, width) { (place(&wishes, width), 0) } else { scroll(&mut wishes, fixed, width) };
        if hidden == 0 || scrolled == left || wishes.len() <= fixed + 1 {
            return Fit { shown, hidden, left: scrolled };
        }
        wishes.remove(fixed);
        scrolled += 1;
    }
}

/// [`fit`] with the column `sought` among those that are shown: scrolled no further than that takes.
pub fn fit_with(columns: &[(usize, &Column)], sought: Option<usize>, store: &Store, spent: [Spent; 2], left: usize, width: u16) -> Fit {
    let at = |left: usize| fit(columns, sought, store, spent, left, width);
    let shows = |fit: &Fit| sought.is_none_or(|sought| fit.shown.iter().any(|fitted| fitted.index == sought));
    std::iter::once(left).chain(0..columns.len()).map(at).find(shows).unwrap_or_else(|| at(left))
}

fn wish(index: usize, column: &Column, store: &Store, spent: [Spent; 2]) -> Wish {
    let head = text::width(&text::safe(&column.name)) as u16;
    let cells = u16::from(store.width(index));
    let (cells, gives, state) = match column.source {
        Source::Cpu => (spent[0].whole(), Gives::Form(spent[0].short().max(head)), false),
        Source::Memory => (spent[1].whole(), Gives::Form(spent[1].short().max(head)), false),
        Source::Name => (cells, Gives::Name, false),
        Source::Namespace => (cells, Gives::Text(NAMESPACE), false),
        Source::Labels => (cells, Gives::Text(TEXT), false),
        Source::Age => (cells, Gives::Nothing, false),
        Source::Cell(at) => {
            let mut sample = store.iter().take(SAMPLE).filter_map(|row| row.cells.get(usize::from(at)));
            let telling = sample.find(|cell| !matches!(cell, Cell::Text(_) | Cell::None | Cell::Unknown));
            let (gives, state) = match telling {
                Some(Cell::Status(..)) => (Gives::Nothing, true),
                Some(Cell::Restarts(..)) => (Gives::Form(head), false),
                Some(_) => (Gives::Nothing, false),
                None if column.align == Align::Right => (Gives::Nothing, false),
                // Kinds whose names are printed by the server have them in a cell.
                None if &*column.name == "NAME" => (Gives::Name, false),
                None => (Gives::Text(TEXT), false),
            };
            (cells, gives, state)
        }
    };
    let natural = cells.max(head);
    Wish { index, source: column.source, natural, width: natural, gives, state }
}

fn total(wishes: &[Wish]) -> u16 {
    wishes.iter().map(|wish| wish.width + GAP).sum::<u16>().saturating_sub(GAP)
}

/// Shortens long text until everything fits. False when it does not.
fn squeeze(wishes: &mut [Wish], width: u16) -> bool {
    wishes.iter_mut().for_each(|wish| wish.width = wish.natural);
    let mut over = total(wishes).saturating_sub(width);
    let mut give = |wish: &mut Wish, least: u16| {
        let gift = wish.width.saturating_sub(least).min(over);
        wish.width -= gift;
        over -= gift;
    };
    for wish in wishes.iter_mut().rev() {
        if let Gives::Text(least) = wish.gives
            && least != NAMESPACE
        {
            give(wish, least);
        }
    }
    for wish in wishes.iter_mut() {
        match wish.gives {
            Gives::Name => give(wish, GOOD_NAME),
            Gives::Text(NAMESPACE) => give(wish, GOOD_NAMESPACE),
            _ => {}
        }
    }
    for wish in wishes.iter_mut() {
        if let Gives::Form(least) = wish.gives {
            give(wish, least);
        }
    }
    for wish in wishes.iter_mut().filter(|wish| wish.gives == Gives::Name) {
        give(wish, NAME);
    }
    for wish in wishes.iter_mut().filter(|wish| wish.gives == Gives::Text(NAMESPACE)) {
        give(wish, NAMESPACE);
    }
    if over > 0 {
        return false;
    }
    // A short form needs no more than it needs; the name has the rest.
    for wish in wishes.iter_mut() {
        if let Gives::Form(least) = wish.gives
            && wish.width < wish.natural
        {
            wish.width = least.min(wish.natural);
        }
    }
    spread(wishes, width, width);
    true
}

/// Gives room that is left to namespaces and names, so that none has more than `most`.
fn spread(wishes: &mut [Wish], width: u16, most: u16) {
    let mut rest = width.saturating_sub(total(wishes));
    for wish in wishes.iter_mut().filter(|wish| matches!(wish.gives, Gives::Name | Gives::Text(NAMESPACE))) {
        let gift = wish.natural.min(most).saturating_sub(wish.width).min(rest);
        wish.width += gift;
        rest -= gift;
    }
}

/// Everything at its own width, as much of it as there is room for; the name leaves room for the row's state.
fn scroll(wishes: &mut [Wish], fixed: usize, width: u16) -> (Vec<Fitted>, usize) {
    for wish in wishes.iter_mut() {
        wish.width = match wish.gives {
            Gives::Nothing => wish.natural,
            Gives::Name => wish.natural.min(NAME),
            Gives::Form(short) => wish.natural.min(short),
            Gives::Text(_) => wish.natural.min(LONG),
        };
    }
    // The sign that there is more stands at the right end.
    let room = width.saturating_sub(if width < NARROW { 1 } else { MORE });
    if let (Some(name), Some(state)) = (fixed.checked_sub(1), wishes.iter().position(|wish| wish.state))
        && name < state
    {
        let over = total(&wishes[..=state]).saturating_sub(room);
        let kept = wishes[name].width.saturating_sub(over);
        // Where the whole word has no room in any case, a part of it has.
        let least = if kept >= LEAST_NAME { kept } else { LEAST_NAME + 4 };
        wishes[name].width = least.min(wishes[name].width);
    }
    let mut count = 0;
    while count < wishes.len() && total(&wishes[..=count]) <= room {
        count += 1;
    }
    if let Some(next) = wishes.get(count) {
        let left = room.saturating_sub(if count == 0 { 0 } else { total(&wishes[..count]) + GAP });
        let part = matches!(next.gives, Gives::Text(_)) || next.state;
        if count < fixed.max(1) || (part && left >= PART) {
            wishes[count].width = left.max(u16::from(count == 0));
            count += 1;
        }
    }
    let shown = &mut wishes[..count];
    spread(shown, room, width / 2);
    (place(shown, width), wishes.len() - count)
}

fn place(wishes: &[Wish], width: u16) -> Vec<Fitted> {
    let mut x = 0;
    let place = |wish: &Wish| {
        let fitted = Fitted { index: wish.index, x, width: wish.width };
        x += wish.width + GAP;
        fitted
    };
    wishes.iter().map(place).filter(|fitted| fitted.width > 0 && fitted.x + fitted.width <= width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::Facts;
    use crate::model::kind::Kind;
    use crate::model::row::{Health, Row, Uid};
    use crate::model::store::Delta;
    use std::sync::Arc;

    /// NAMESPACE, NAME, STATUS, RESTARTS, AGE, IMAGE with one row of these words.
    fn store(name: &str, status: &str, image: &str) -> Store {
        let column = |name: &str, source| Column { name: name.into(), source, wide: false, align: Align::Left };
        let columns: Arc<[Column]> = [
            column("NAMESPACE", Source::Namespace),
            column("NAME", Source::Name),
            column("STATUS", Source::Cell(0)),
            column("RESTARTS", Source::Cell(1)),
            column("AGE", Source::Age),
            column("IMAGE", Source::Cell(2)),
        ]
        .into();
        let row = Row {
            kind: Arc::new(Kind::default()),
            uid: Uid::new("1"),
            version: "".into(),
            namespace: "shop".into(),
            name: name.into(),
            labels: [].into(),
            owner: None,
            created: 1,
            deleting: None,
            cells: [Cell::Status(status.into(), Health::Unhealthy), Cell::Restarts(7, Some(0)), Cell::Text(image.into())].into(),
            facts: Facts::None,
            condition: Health::Unhealthy,
            unsettled_until: 0,
            message: None,
        };
        let mut store = Store::new(columns);
        store.apply([Delta::Upsert(row)], None, 0);
        store
    }

    fn fitted(store: &Store, left: usize, width: u16) -> (Vec<(String, u16)>, Fit) {
        let columns: Vec<_> = store.columns().iter().enumerate().collect();
        let fit = fit(&columns, None, store, [Spent::default(); 2], left, width);
        let names = fit.shown.iter().map(|fitted| (store.columns()[fitted.index].name.to_string(), fitted.width)).collect();
        (names, fit)
    }

    const LONG_NAME: &str = "payments-gateway-europe-west-7d8f9c6b5c-2kx9q";
    const IMAGE: &str = "registry.example.com/shop/catalog-service:3.0.0";

    #[test]
    fn everything_is_whole_where_there_is_room() {
        let store = store("web-1", "CrashLoopBackOff", IMAGE);
        let (names, fit) = fitted(&store, 0, 200);
        assert_eq!((names.len(), fit.hidden), (6, 0));
        assert_eq!(names[5].1, IMAGE.len() as u16);
        let (_, scrolled) = fitted(&store, 3, 200);
        assert_eq!(scrolled, fit, "nothing is scrolled away that could be seen");
    }

    #[test]
    fn long_text_gives_way_and_states_never() {
        let store = store(LONG_NAME, "CrashLoopBackOff", IMAGE);
        let mut images = Vec::new();
        for width in (85..160).rev() {
            let (names, fit) = fitted(&store, 0, width);
            assert_eq!(fit.hidden, 0, "{width}");
            assert!(names.contains(&("STATUS".to_owned(), 16)), "{width}: {names:?}");
            // What the short form of the restarts leaves goes to the name.
            assert!(names.contains(&("RESTARTS".to_owned(), 13)) || names[1].1 < GOOD_NAME + 5, "{width}: {names:?}");
            assert!(names[5].1 == TEXT || names[1].1 == LONG_NAME.len() as u16, "{width}: the last text first: {names:?}");
            images.push(names[5].1);
        }
        assert!(images.is_sorted_by(|a, b| a >= b) && images.last() == Some(&TEXT), "{images:?}");
    }

    #[test]
    fn what_does_not_fit_is_scrolled_to() {
        let store = store(LONG_NAME, "CrashLoopBackOff", IMAGE);
        let (names, fit) = fitted(&store, 0, 60);
        assert_eq!(names.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["NAMESPACE", "NAME", "STATUS"], "{names:?}");
        assert_eq!((names[1].1, fit.hidden), (29, 3), "{names:?}");
        let (names, fit) = fitted(&store, 9, 60);
        assert_eq!(names.last().map(|(name, _)| &**name), Some("IMAGE"), "{names:?}");
        assert_eq!((fit.hidden, names[1].0.as_str()), (0, "NAME"));
    }

    #[test]
    fn the_column_that_is_sought_is_scrolled_to_and_no_further() {
        let store = store(LONG_NAME, "CrashLoopBackOff", IMAGE);
        let columns: Vec<_> = store.columns().iter().enumerate().collect();
        let sought = |index, left, width| {
            let fit = fit_with(&columns, index, &store, [Spent::default(); 2], left, width);
            (fit.left, fit.shown.iter().map(|fitted| fitted.index).collect::<Vec<_>>())
        };
        assert_eq!(sought(None, 0, 60), (0, vec![0, 1, 2]));
        let (left, shown) = sought(Some(4), 0, 60);
        assert!(left > 0 && shown.contains(&4), "{left} {shown:?}");
        assert!(!sought(None, left - 1, 60).1.contains(&4), "no further");
        assert_eq!(sought(Some(4), left, 60), (left, shown), "it stays where it is");
        assert_eq!(sought(Some(2), left, 60), (0, vec![0, 1, 2]), "and back");
        assert_eq!(sought(Some(1), left, 60).0, left, "the name is always there");
        assert_eq!(sought(Some(4), 0, 200).0, 0);
    }

    #[test]
    fn the_age_is_seen_before_use_is() {
        let column = |name: &str, source| Column { name: name.into(), source, wide: false, align: Align::Left };
        let all = [
            column("NAME", Source::Name),
            column("STATUS", Source::Cell(0)),
            column("CPU", Source::Cpu),
            column("MEM", Source::Memory),
            column("AGE", Source::Age),
            column("IMAGE", Source::Cell(1)),
        ];
        let store = Store::new(all.clone().into());
        let columns: Vec<_> = all.iter().enumerate().collect();
        let names = |left, width, sought| {
            let fit = fit_with(&columns, sought, &store, [Spent::default(); 2], left, width);
            fit.shown.iter().map(|fitted| &*all[fitted.index].name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(0, 80, None), "NAME STATUS CPU MEM AGE IMAGE");
        assert_eq!(names(0, 31, None), "NAME STATUS CPU MEM AGE", "it is seen");
        assert_eq!(names(0, 25, None), "NAME STATUS AGE CPU");
        assert_eq!(names(1, 25, None), "NAME AGE CPU MEM", "and stays there");
        assert_eq!(names(0, 25, Some(2)), "NAME STATUS CPU AGE", "what rows are sorted by is seen as before");
    }

    #[test]
    fn on_a_narrow_screen_name_and_state_come_first() {
        let store = store(LONG_NAME, "CrashLoopBackOff", IMAGE);
        let (names, _) = fitted(&store, 0, 38);
        assert_eq!(names, [("NAME".to_owned(), 19), ("STATUS".to_owned(), 16)]);
    }

    #[test]
    fn nothing_is_ever_drawn_beside_the_screen() {
        for name in ["w", LONG_NAME] {
            let store = store(name, "CrashLoopBackOff", IMAGE);
            for width in 0..200 {
                for left in 0..8 {
                    let (_, fit) = fitted(&store, left, width);
                    assert!(fit.shown.iter().all(|f| f.x + f.width <= width && f.width > 0), "{name} {width} {left}: {fit:?}");
                    assert!(width == 0 || !fit.shown.is_empty(), "{name} {width} {left}");
                }
            }
        }
    }
}
