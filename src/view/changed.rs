//! Which lines of a text are new since it was last seen.

/// So many pairs of lines are compared at most; a change that is larger is one of all its lines.
const PAIRS: usize = 1_000_000;

/// For each line of the text now, the line before that it is; `None` where it is new.
pub fn origins(before: &[String], now: &[String]) -> Vec<Option<usize>> {
    let same = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    let (before_rest, now_rest) = (&before[same..], &now[same..]);
    let tail = before_rest.iter().rev().zip(now_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before_rest[..before_rest.len() - tail], &now_rest[..now_rest.len() - tail]);
    let mut origins: Vec<Option<usize>> = (0..same).map(Some).collect();
    origins.extend(longest(old, new).into_iter().map(|at| at.map(|at| at + same)));
    origins.extend((before.len() - tail..before.len()).map(Some));
    origins
}

/// The longest sequence that both have.
fn longest(old: &[String], new: &[String]) -> Vec<Option<usize>> {
    let mut found = vec![None; new.len()];
    let width = new.len() + 1;
    if old.is_empty() || new.is_empty() || old.len().saturating_mul(new.len()) > PAIRS {
        return found;
    }
    // How long it is from each pair of places on.
    let mut lengths = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i * width + j] = if old[i] == new[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            found[j] = Some(i);
            i += 1;
            j += 1;
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &str, now: &str) -> Vec<Option<usize>> {
        let lines = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        origins(&lines(before), &lines(now))
    }

    #[test]
    fn lines_that_stay_are_found_again() {
        assert_eq!(of("abc", "abc"), [Some(0), Some(1), Some(2)]);
        assert_eq!(of("abc", "axc"), [Some(0), None, Some(2)]);
        assert_eq!(of("abcd", "xbd"), [None, Some(1), Some(3)]);
        assert_eq!(of("ab", "axyb"), [Some(0), None, None, Some(1)]);
        assert_eq!(of("", "a"), [None]);
        assert_eq!(of("aaa", "aa"), [Some(0), Some(1)]);
    }
}
