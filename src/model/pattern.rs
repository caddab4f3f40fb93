//! What is searched for in a text, as it is typed.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

/// A regular expression that compiles to more than this (bytes) is refused: it would be slow on every line.
pub const LARGEST: usize = 1 << 20;

/// What stands between two slashes, which makes it a regular expression.
pub fn between_slashes(text: &str) -> Option<&str> {
    text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).filter(|regex| !regex.is_empty())
}

/// A pattern as it is typed: plain words, without regard to case unless they have capitals; `/regex/` between slashes.
///
/// # Errors
/// It is no regular expression: why. What was typed stands beside it.
pub fn pattern(text: &str) -> Result<Regex, String> {
    let pattern = between_slashes(text).map_or_else(|| Cow::Owned(regex::escape(text)), Cow::Borrowed);
    let insensitive = !text.chars().any(char::is_uppercase);
    let built = RegexBuilder::new(&pattern).case_insensitive(insensitive).size_limit(LARGEST).build();
    built.map_err(|error| format!("no regular expression: {}", reason(&error)))
}

/// Why a regular expression is none, in one line.
pub fn reason(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return "it is too large".into();
    }
    let said = error.to_string();
    let last = said.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain_and_slashes_make_an_expression() {
        let finds = |typed: &str, text: &str| pattern(typed).expect("a pattern").is_match(text);
        assert!(finds("a.b", "xA.Bx") && !finds("a.b", "axb"));
        assert!(finds("A.b", "A.b") && !finds("A.b", "a.b"), "capitals are meant");
        assert!(finds("/a.b/", "AxB") && finds("//", "a//b"));
        assert_eq!(pattern("/[/").unwrap_err(), "no regular expression: unclosed character class");
        assert_eq!(pattern("/(\\w{500}){500}/").unwrap_err(), "no regular expression: it is too large");
    }
}
