//! The order of keys: go-yaml's, in which `port9` stands before `port10`.

use serde_json::{Map, Value};

/// The entries of a map in the order in which they are printed.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut sorted: Vec<(&str, &Value)> = Vec::with_capacity(map.len());
    // The order is not quite one for very long numbers, which the library's sorting might refuse; and most entries come in it.
    for (key, value) in map {
        let at = match sorted.last() {
            Some((last, _)) if less(key, last) => sorted.partition_point(|(before, _)| !less(key, before)),
            _ => sorted.len(),
        };
        sorted.insert(at, (key, value));
    }
    sorted
}

/// `keyList.Less` of go-yaml's `sorter.go`: letters after everything else, numbers by what they count.
fn less(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return less_of(a.as_bytes(), b.as_bytes(), |byte| char::from(*byte));
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    less_of(&a, &b, |c| *c)
}

fn less_of<T>(a: &[T], b: &[T], letter: impl Fn(&T) -> char) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| letter(a) == letter(b)).count();
    let (Some(x), Some(y)) = (a.get(same).map(&letter), b.get(same).map(&letter)) else { return a.len() < b.len() };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x < y,
        (true, false) | (false, true) => return y.is_alphabetic(),
        (false, false) => {}
    }
    // Behind a digit that counts, a zero counts too.
    let behind = x == '0' || y == '0';
    let digits = a[..same].iter().rev().map(&letter).take_while(char::is_ascii_digit);
    let begun = i64::from(behind && digits.into_iter().any(|c| c != '0'));
    let number = |of: &[T]| {
        let digits = of[same..].iter().map(&letter).take_while(char::is_ascii_digit);
        digits.fold((0, begun), |(count, number), c| {
            (count + 1, number.wrapping_mul(10).wrapping_add(i64::from(u32::from(c) - u32::from('0'))))
        })
    };
    let ((length_a, number_a), (length_b, number_b)) = (number(a), number(b));
    if number_a != number_b {
        number_a < number_b
    } else if length_a != length_b {
        length_a < length_b
    } else {
        x < y
    }
}
