//! Which namespaces are looked at.

use std::sync::Arc;

use super::kind::Kind;

/// All namespaces, or some of them by name or pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All that there are.
    #[default]
    All,
    /// These; `*` stands for any letters and `?` for one. Never empty.
    Some(Arc<[Arc<str>]>),
}

impl Scope {
    /// From words as they come from `-n`: repeated, or with commas. None, or one that is `*` alone, means all.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Scope {
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in words.into_iter().flat_map(|word| word.split(',')).map(str::trim).filter(|name| !name.is_empty()) {
            if name == "*" {
                return Scope::All;
            }
            if !names.iter().any(|known| &**known == name) {
                names.push(name.into());
            }
        }
        if names.is_empty() { Scope::All } else { Scope::Some(names.into()) }
    }

    /// One namespace, by its name.
    pub fn one(name: &str) -> Scope {
        Scope::Some([name.into()].into())
    }

    /// Whether an object in `namespace` belongs to it. Objects of cluster scope (no namespace) always do.
    pub fn contains(&self, namespace: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Some(names) => namespace.is_empty() || names.iter().any(|name| glob(name.as_bytes(), namespace.as_bytes())),
        }
    }

    /// The names, when they are few enough to be watched one by one and none is a pattern.
    pub fn names(&self) -> Option<&[Arc<str>]> {
        match self {
            Scope::Some(names) if names.iter().all(|name| is_name(name)) => Some(names),
            _ => None,
        }
    }

    /// The one namespace that it is, if it is exactly one.
    pub fn single(&self) -> Option<&Arc<str>> {
        match self.names() {
            Some([name]) => Some(name),
            _ => None,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scope::All => f.write_str("all namespaces"),
            Scope::Some(names) => f.write_str(&names.join(", ")),
        }
    }
}

/// What to watch: one stream of one kind, or as many as the scope takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WatchSpec {
    /// The kind.
    pub kind: Arc<Kind>,
    /// Which namespaces; without meaning for kinds of cluster scope.
    pub scope: Scope,
    /// A field selector of the API.
    pub fields: Option<Arc<str>>,
    /// A label selector of the API.
    pub labels: Option<Arc<str>>,
    /// Identity and labels only.
    pub metadata_only: bool,
}

/// What was typed as namespaces: names and patterns, with commas between them. They become a part of paths, so what no
/// name can hold is refused.
///
/// # Errors
/// The words for a person.
pub fn checked(word: &str) -> Result<&str, String> {
    let may = |letter: char| letter.is_ascii_alphanumeric() || "-.,*?_ ".contains(letter);
    if word.chars().all(may) {
        Ok(word)
    } else {
        Err(format!("{word:?} is no namespace: letters, digits and -, with * and ? as a pattern"))
    }
}

/// A name, which can be asked for without knowing the others.
pub fn is_name(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

/// Whether a name fits a pattern, in which `*` stands for anything.
pub fn matches(pattern: &str, name: &str) -> bool {
    glob(pattern.as_bytes(), name.as_bytes())
}

/// Greedy with one place to go back to: linear for one `*`, never exponential. Names are ASCII (RFC 1123).
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p + 1, n));
                p += 1;
            }
            Some(&c) if c == b'?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match back {
                Some((after, from)) => {
                    back = Some((after, from + 1));
                    p = after;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_names_and_patterns() {
        assert_eq!(Scope::parse([]), Scope::All);
        assert_eq!(Scope::parse(["a,b", "b", " c "]).to_string(), "a, b, c");
        assert_eq!(Scope::parse(["a", "*"]), Scope::All);
        assert_eq!(Scope::parse(["a"]).single().map(|s| &**s), Some("a"));
        assert!(Scope::parse(["a-*"]).names().is_none());
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, text, expected) in [
            ("team-*", "team-1", true),
            ("team-*", "my-team-1", false),
            ("*-prod", "eu-prod", true),
            ("*-prod", "eu-prod-2", false),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxc", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("team-?", "team-1", true),
            ("team-?", "team-10", false),
            ("*a*b*", "xxbxxaxx", false),
            ("*ab", "aab", true),
        ] {
            assert_eq!(Scope::parse([pattern, "none"]).contains(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_comes_to_an_end() {
        let (out, came) = std::sync::mpsc::channel();
        std::thread::spawn(move || out.send(glob(format!("{}b", "a*".repeat(50)).as_bytes(), "a".repeat(200).as_bytes())));
        // One that tries all ways would take longer than anybody lives.
        assert_eq!(came.recv_timeout(std::time::Duration::from_secs(60)), Ok(false));
    }
}
