//! Breaking a text into lines: after a space, or in a word that is too long for a line.

use unicode_segmentation::UnicodeSegmentation;

use crate::view::text;

/// The text, which has gone through [`text::safe`], in at most `most` lines of `width` columns; what does not fit is cut
/// off at the end of the last one.
pub fn broken_lines(words: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = words.trim();
    while !rest.is_empty() && width > 0 && lines.len() < most {
        if lines.len() + 1 == most || text::width(rest) <= width {
            lines.push(text::fit_end(rest, width).into_owned());
            break;
        }
        let cut = break_at(rest, width);
        lines.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    lines
}

/// Where to break text that is wider than `width`; after the first character at least.
fn break_at(words: &str, width: usize) -> usize {
    let mut used = 0;
    let mut space = None;
    for (at, cluster) in words.grapheme_indices(true) {
        used += text::width(cluster);
        if used > width {
            // A break that leaves most of the line empty is worse than a broken word.
            return space.filter(|&space| space * 2 > at).unwrap_or(at.max(cluster.len() * usize::from(at == 0)));
        }
        if cluster == " " {
            space = Some(at + 1);
        }
    }
    words.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_after_spaces() {
        assert_eq!(broken_lines("one two three four", 9, 9), ["one two", "three", "four"]);
        assert_eq!(broken_lines("one two three four", 9, 2), ["one two", "three fo…"]);
        assert_eq!(broken_lines("  ", 9, 2), [""; 0]);
        assert_eq!(broken_lines("a https://example.com/x", 9, 9), ["a https:/", "/example.", "com/x"]);
        assert_eq!(broken_lines("日本語の設定", 5, 9), ["日本", "語の", "設定"]);
    }

    #[test]
    fn every_line_fits_and_nothing_is_lost() {
        let words = "0/3 nodes: e\u{301}e\u{301} 日本語 👩💻 averyveryverylongword, 3 Insufficient memory.";
        for width in 2..40 {
            let lines = broken_lines(words, width, 999);
            assert!(lines.iter().all(|line| text::width(line) <= width), "{width}: {lines:?}");
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(words), "{width}");
        }
        assert_eq!(broken_lines("日本", 1, 9).len(), 2, "what is wider than the line goes on");
    }
}
