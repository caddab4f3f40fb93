//! Text of a command line to what is to be run: words with quotes, variables, pipes, redirections and what joins pipelines.

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `$NAME`, `${NAME}`, `$?`, `$$`; true when it stands in double quotes and is not split.
    Variable(String, bool),
}

/// One word, before variables are put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    parts: Vec<Part>,
    quoted: bool,
}

/// Where output goes, or input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// `< file`
    In(Word),
    /// `> file`, `2> file`: the descriptor, the file, and whether it is added to (`>>`).
    Out(u8, Word, bool),
    /// `2>&1`, `>&2`: the first goes where the second goes.
    Same(u8, u8),
}

/// A command with its redirections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// When a pipeline runs, after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// `;`
    Always,
    /// `&&`
    Good,
    /// `||`
    Bad,
}

/// Commands joined by `|`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pipeline {
    pub(super) when: When,
    pub(super) commands: Vec<Command>,
}

impl Word {
    /// The words that this becomes when variables are put in: none for an empty variable, several where one is split.
    pub(super) fn expand(&self, value: &dyn Fn(&str) -> String) -> Vec<String> {
        let mut words = vec![String::new()];
        for part in &self.parts {
            match part {
                Part::Text(text) => words.last_mut().map(|w| w.push_str(text)).unwrap_or_default(),
                Part::Variable(name, true) => words.last_mut().map(|w| w.push_str(&value(name))).unwrap_or_default(),
                Part::Variable(name, false) => {
                    for (n, piece) in value(name).split_whitespace().enumerate() {
                        if n > 0 {
                            words.push(String::new());
                        }
                        words.last_mut().map(|w| w.push_str(piece)).unwrap_or_default();
                    }
                }
            }
        }
        if words.len() == 1 && words[0].is_empty() && !self.quoted { Vec::new() } else { words }
    }

    /// As [`Word::expand`], never split: the value of an assignment, the name of a file.
    pub(super) fn whole(&self, value: &dyn Fn(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable(name, _) => value(name),
        };
        self.parts.iter().map(part).collect()
    }

    /// `NAME=value`: the name and the value.
    pub(super) fn assignment(&self) -> Option<(&str, Word)> {
        let Some(Part::Text(first)) = self.parts.first() else { return None };
        let (name, rest) = first.split_once('=')?;
        let named = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        named.then(|| {
            let mut parts = vec![Part::Text(rest.into())];
            parts.extend_from_slice(&self.parts[1..]);
            (name, Word { parts, quoted: true })
        })
    }

    /// A word that is taken as it stands.
    pub(super) fn literal(text: &str) -> Word {
        Word { parts: vec![Part::Text(text.into())], quoted: true }
    }

    fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.into())),
        }
    }

    fn is_empty(&self) -> bool {
        self.parts.is_empty() && !self.quoted
    }
}

enum Token {
    Word(Word),
    Sign(&'static str),
    Redirect(u8, &'static str),
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads a command line. An error is worded as ash words it, without `sh: `.
pub(super) fn parse(text: &str) -> Result<Vec<Pipeline>, String> {
    let mut lines = Vec::new();
    let mut pipeline = Pipeline { when: When::Always, commands: vec![Command::default()] };
    let mut tokens = tokens(text)?.into_iter().peekable();
    let unexpected = |sign: &str| Err(format!("syntax error: unexpected {sign:?}"));
    while let Some(token) = tokens.next() {
        let empty = pipeline.commands.last().is_none_or(|c| c.words.is_empty() && c.redirects.is_empty());
        match token {
            Token::Word(word) => pipeline.commands.last_mut().map(|c| c.words.push(word)).unwrap_or_default(),
            Token::Redirect(_, sign) if !matches!(tokens.peek(), Some(Token::Word(_))) => {
                return if tokens.peek().is_none() { unexpected("newline") } else { unexpected(sign) };
            }
            Token::Redirect(from, sign) => {
                let Some(Token::Word(word)) = tokens.next() else { continue };
                let redirect = match sign {
                    "<" => Redirect::In(word),
                    ">&" => match word.whole(&|_| String::new()).parse() {
                        Ok(to @ 1..=2) => Redirect::Same(from, to),
                        _ => return Err("syntax error: bad fd number".into()),
                    },
                    sign => Redirect::Out(from, word, sign == ">>"),
                };
                pipeline.commands.last_mut().map(|c| c.redirects.push(redirect)).unwrap_or_default();
            }
            Token::Sign("\n") if empty && pipeline.commands.len() == 1 => {}
            Token::Sign(sign) if empty => return unexpected(sign),
            Token::Sign("|") => pipeline.commands.push(Command::default()),
            Token::Sign(sign) => {
                let when = match sign {
                    "&&" => When::Good,
                    "||" => When::Bad,
                    _ => When::Always,
                };
                lines.push(std::mem::replace(&mut pipeline, Pipeline { when, commands: vec![Command::default()] }));
            }
        }
    }
    match pipeline.commands.as_slice() {
        [one] if one.words.is_empty() && one.redirects.is_empty() && pipeline.when == When::Always => {}
        [.., last] if last.words.is_empty() && last.redirects.is_empty() => return Err("syntax error: unexpected end of file".into()),
        _ => lines.push(pipeline),
    }
    Ok(lines)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut word = Word::default();
    let mut chars: Chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                word.quoted = true;
                loop {
                    match chars.next() {
                        None => return Err("syntax error: unterminated quoted string".into()),
                        Some('\'') => break,
                        Some(c) => word.push(c),
                    }
                }
            }
            '"' => quoted(&mut word, &mut chars)?,
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(c) => {
                    word.quoted = true;
                    word.push(c);
                }
            },
            '$' => variable(&mut word, &mut chars, false),
            '#' if word.is_empty() => while chars.next_if(|c| *c != '\n').is_some() {},
            ' ' | '\t' | '\r' => finish(&mut tokens, &mut word),
            '\n' | ';' | '|' | '&' | '<' | '>' => {
                let from = match word.parts.as_slice() {
                    [Part::Text(digit)] if !word.quoted && (digit == "1" || digit == "2") && c == '>' => {
                        let from = if digit == "1" { 1 } else { 2 };
                        word = Word::default();
                        from
                    }
                    _ => 1,
                };
                finish(&mut tokens, &mut word);
                let twice = matches!(c, '|' | '&' | '>') && chars.next_if_eq(&c).is_some();
                tokens.push(match (c, twice) {
                    ('\n', _) => Token::Sign("\n"),
                    (';', _) => Token::Sign(";"),
                    ('|', false) => Token::Sign("|"),
                    ('|', true) => Token::Sign("||"),
                    ('&', true) => Token::Sign("&&"),
                    ('&', false) => return Err("can't run in the background here".into()),
                    ('<', _) => Token::Redirect(0, "<"),
                    (_, true) => Token::Redirect(from, ">>"),
                    (_, false) if chars.next_if_eq(&'&').is_some() => Token::Redirect(from, ">&"),
                    (_, false) => Token::Redirect(from, ">"),
                });
            }
            c => word.push(c),
        }
    }
    finish(&mut tokens, &mut word);
    Ok(tokens)
}

fn finish(tokens: &mut Vec<Token>, word: &mut Word) {
    if !word.is_empty() {
        tokens.push(Token::Word(std::mem::take(word)));
    }
}

fn quoted(word: &mut Word, chars: &mut Chars) -> Result<(), String> {
    word.quoted = true;
    loop {
        match chars.next() {
            None => return Err("syntax error: unterminated quoted string".into()),
            Some('"') => return Ok(()),
            Some('\\') => match chars.next() {
                Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                Some('\n') | None => {}
                Some(c) => {
                    word.push('\\');
                    word.push(c);
                }
            },
            Some('$') => variable(word, chars, true),
            Some(c) => word.push(c),
        }
    }
}

fn variable(word: &mut Word, chars: &mut Chars, quoted: bool) {
    let mut name = String::new();
    match chars.peek() {
        Some('{') => {
            chars.next();
            name.extend(std::iter::from_fn(|| chars.next_if(|c| *c != '}')));
            chars.next();
        }
        Some('?' | '$' | '#') => name.extend(chars.next()),
        _ => name.extend(std::iter::from_fn(|| chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_'))),
    }
    if name.is_empty() { word.push('$') } else { word.parts.push(Part::Variable(name, quoted)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let value = |name: &str| if name == "TWO" { "a  b".into() } else { String::new() };
        parse(text).unwrap().iter().flat_map(|p| &p.commands).flat_map(|c| &c.words).flat_map(|w| w.expand(&value)).collect()
    }

    #[test]
    fn words_quotes_and_variables() {
        assert_eq!(
            words(r#"echo 'a  $TWO' "b $TWO" $TWO x${TWO}y \$z $NONE "$NONE" # no"#),
            ["echo", "a  $TWO", "b a  b", "a", "b", "xa", "by", "$z", ""]
        );
        assert_eq!(words("echo a\\ b c'd'\"e\" 5$"), ["echo", "a b", "cde", "5$"]);
    }

    #[test]
    fn what_joins_pipelines_and_where_output_goes() {
        let lines = parse("a|b 2>/dev/null >>f 2>&1 && c <in || d; e\nf").unwrap();
        assert_eq!(lines.iter().map(|p| p.when).collect::<Vec<_>>(), [When::Always, When::Good, When::Bad, When::Always, When::Always]);
        let redirects = &lines[0].commands[1].redirects;
        assert!(
            matches!(redirects.as_slice(), [Redirect::Out(2, _, false), Redirect::Out(1, _, true), Redirect::Same(2, 1)]),
            "{redirects:?}"
        );
        assert!(matches!(lines[1].commands[0].redirects.as_slice(), [Redirect::In(_)]));
    }

    #[test]
    fn errors_of_syntax() {
        for (text, error) in [
            ("echo 'a", "syntax error: unterminated quoted string"),
            ("| a", "syntax error: unexpected \"|\""),
            ("a ;; b", "syntax error: unexpected \";\""),
            ("a &&", "syntax error: unexpected end of file"),
            ("a >", "syntax error: unexpected \"newline\""),
        ] {
            assert_eq!(parse(text), Err(error.into()), "{text}");
        }
        assert_eq!(parse(" \n # nothing\n"), Ok(Vec::new()));
    }
}
