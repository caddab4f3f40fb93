//! Which namespaces are meant: names and `*` patterns, as `-n` and `:ns` take them.

/// A namespace's name, or a pattern in which `*` stands for any letters and `?` for one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// From what a person typed.
    pub fn new(text: &str) -> Pattern {
        Pattern(text.trim().to_owned())
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name, which can be asked for without knowing the others.
    pub fn is_name(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// Whether a namespace is meant.
    pub fn matches(&self, name: &str) -> bool {
        glob(self.0.as_bytes(), name.as_bytes())
    }
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

/// The namespaces that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// That of the context, or `default`.
    #[default]
    Context,
    /// All of them.
    All,
    /// Those that one of these names or patterns means. Never empty.
    Some(Vec<Pattern>),
}

impl Scope {
    /// From what `-n` was given; nothing is the context's namespace, a lone `*` is all.
    pub fn of<S: AsRef<str>>(texts: &[S]) -> Scope {
        let mut patterns: Vec<Pattern> = Vec::new();
        for pattern in texts.iter().flat_map(|text| text.as_ref().split(',')).map(Pattern::new) {
            if !pattern.as_str().is_empty() && !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        if patterns.iter().any(|p| p.as_str() == "*") {
            Scope::All
        } else if patterns.is_empty() {
            Scope::Context
        } else {
            Scope::Some(patterns)
        }
    }

    /// Whether a namespace is meant; `context` is the context's own.
    pub fn contains(&self, name: &str, context: &str) -> bool {
        match self {
            Scope::Context => name == context,
            Scope::All => true,
            Scope::Some(patterns) => patterns.iter().any(|p| p.matches(name)),
        }
    }

    /// The namespaces by name, where the server need not be asked which there are: `None` for patterns and for all.
    pub fn names<'a>(&'a self, context: &'a str) -> Option<Vec<&'a str>> {
        match self {
            Scope::Context => Some(vec![context]),
            Scope::All => None,
            Scope::Some(patterns) => patterns.iter().map(|p| p.is_name().then_some(p.as_str())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_a_shell_means() {
        for (pattern, name, is) in [
            ("team-1", "team-1", true),
            ("team-1", "team-10", false),
            ("team-*", "team-10", true),
            ("team-*", "team-", true),
            ("team-*", "steam-1", false),
            ("*-prod", "shop-prod", true),
            ("*-prod", "shop-prod-2", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("team-?", "team-1", true),
            ("team-?", "team-10", false),
            ("*ab", "aab", true),
            ("", "x", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), is, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_is_quick() {
        let name = "a".repeat(200);
        let started = std::time::Instant::now();
        assert!(!Pattern::new(&format!("{}b", "a*".repeat(50))).matches(&name));
        assert!(started.elapsed().as_millis() < 500);
    }

    #[test]
    fn scopes_come_from_lists() {
        assert_eq!(Scope::of::<&str>(&[]), Scope::Context);
        assert_eq!(Scope::of(&["*"]), Scope::All);
        assert_eq!(Scope::of(&["a,b", "b", " c ", ""]).names("x"), Some(vec!["a", "b", "c"]));
        assert_eq!(Scope::of(&["a", "b-*"]).names("x"), None);
        assert!(Scope::of(&["a", "b-*"]).contains("b-1", "x"));
        assert!(!Scope::of(&["a", "b-*"]).contains("x", "x"));
        assert_eq!(Scope::Context.names("x"), Some(vec!["x"]));
    }
}
