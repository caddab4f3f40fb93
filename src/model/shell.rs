//! Commands as a person would paste them into a shell, and as one types them.

/// A word as a POSIX shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// A word, or a part of one, with a backslash before what a shell would not take as it is.
pub fn escaped(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,~".contains(c);
    word.chars().fold(String::new(), |mut out, c| {
        if !plain(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// Where the last word of a line begins, in bytes: its end, where a blank stands there.
pub fn last_word(line: &str) -> usize {
    let (mut begins, mut quote, mut escaped) = (0, None, false);
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some('"') | None, '\\') => escaped = true,
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, blank) if blank.is_whitespace() => begins = at + blank.len_utf8(),
            _ => {}
        }
    }
    begins
}

/// The words of a line, as a POSIX shell cuts it: at blanks, but not within quotes. Nothing is expanded.
///
/// # Errors
/// A quotation that does not end.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some(letter) => word.push(letter),
                        None => return Err("a ' has no second one".into()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some('\\') => match letters.next() {
                            Some(letter @ ('"' | '\\' | '$' | '`')) => word.push(letter),
                            Some(letter) => word.extend(['\\', letter]),
                            None => return Err("a \" has no second one".into()),
                        },
                        Some(letter) => word.push(letter),
                        None => return Err("a \" has no second one".into()),
                    }
                }
            }
            '\\' => match letters.next() {
                Some(letter) => word.get_or_insert_default().push(letter),
                None => return Err("nothing follows the last \\".into()),
            },
            blank if blank.is_whitespace() => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_into_words_as_a_shell_does() {
        let cut = |line: &str| words(line).map(|words| words.join("|"));
        assert_eq!(cut("ls  -l /tmp "), Ok("ls|-l|/tmp".into()));
        assert_eq!(cut(r#"sh -c 'echo "a b" $HOME' "" x"y"z"#), Ok(r#"sh|-c|echo "a b" $HOME||xyz"#.into()));
        assert_eq!(cut(r#"echo a\ b "c\"d\e""#), Ok(r#"echo|a b|c"d\e"#.into()));
        assert_eq!(cut(""), Ok(String::new()));
        for open in ["it's", "say \"x", "x\\"] {
            assert!(words(open).is_err(), "{open}");
        }
        let line = ["a b", "it's", "", "$x"].map(quoted).join(" ");
        assert_eq!(words(&line), Ok(["a b", "it's", "", "$x"].map(String::from).to_vec()), "the way there and back");
    }

    #[test]
    fn the_last_word_is_where_the_shell_begins_it() {
        let last = |line: &str| line[last_word(line)..].to_owned();
        assert_eq!((last("apply x y"), last("apply ")), ("y".into(), String::new()));
        assert_eq!(
            (last(r"a my\ files/b"), last("a 'b c"), last(r#"a "b\" c"#)),
            (r"my\ files/b".into(), "'b c".into(), r#""b\" c"#.into())
        );
        for name in ["my files", "it's", "a\"b\\c", "$x & é"] {
            assert_eq!(words(&escaped(name)), Ok(vec![name.to_owned()]));
        }
    }

    #[test]
    fn words_are_one_word_for_the_shell() {
        assert_eq!(quoted("arn:aws:eks:eu-1:1:cluster/prod"), "arn:aws:eks:eu-1:1:cluster/prod");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's; rm -rf ~"), r"'it'\''s; rm -rf ~'");
        assert_eq!(quoted(""), "''");
    }
}
