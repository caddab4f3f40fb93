//! Passwords in commands that are run in containers: what looks like one is not kept. A command may be one for a shell, whose
//! words are looked at, too.

use super::NOT_KEPT;

/// Options whose value is one, by a part of their name.
const OPTIONS: [&str; 5] = ["PASS", "TOKEN", "SECRET", "APIKEY", "API-KEY"];
/// Variables whose value is one, by a part of their name.
const VARIABLES: [&str; 4] = ["PASS", "TOKEN", "SECRET", "KEY"];

/// What of a word is a secret.
enum Secret {
    /// Everything from this byte.
    From(usize),
    /// All of the next word.
    Next,
}

/// A command without what looks like a password; that is added to `hidden`. What was taken away once stays as it is.
pub(super) fn masked(command: &[String], hidden: &mut Vec<String>) -> Vec<String> {
    let mut next = false;
    let mut before = "";
    let mut masked = Vec::with_capacity(command.len());
    for word in command {
        // A line for a shell has blanks in it; the value of an option can have some, too.
        let is_script = before.starts_with('-') && before.ends_with('c');
        let is_line = word.contains(char::is_whitespace) && !next && (is_script || !matches!(secret(word), Some(Secret::From(_))));
        masked.push(if is_line { line(word, hidden) } else { one(word, &mut next, hidden) });
        before = word;
    }
    masked
}

fn one(word: &str, next: &mut bool, hidden: &mut Vec<String>) -> String {
    let from = match secret(word) {
        _ if std::mem::take(next) => 0,
        Some(Secret::From(from)) => from,
        Some(Secret::Next) => {
            *next = true;
            word.len()
        }
        None => word.len(),
    };
    let (kept, value) = word.split_at(from);
    if value.is_empty() || value == NOT_KEPT {
        return word.to_owned();
    }
    hidden.push(value.trim_matches(['\'', '"']).to_owned());
    format!("{kept}{NOT_KEPT}")
}

/// A line of a shell: its words are those between blanks that are not quoted, and between what ends a command.
fn line(text: &str, hidden: &mut Vec<String>) -> String {
    let mut masked = String::with_capacity(text.len());
    let (mut word, mut quote, mut next) = (String::new(), None, false);
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if quote.is_none()
            && let Some(behind) = rest.strip_prefix(NOT_KEPT)
        {
            masked.push_str(&word);
            masked.push_str(NOT_KEPT);
            (rest, next) = (behind, false);
            word.clear();
            continue;
        }
        rest = &rest[letter.len_utf8()..];
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            None if letter.is_whitespace() || ";|&()".contains(letter) => {
                masked.push_str(&part(&word, &mut next, hidden));
                masked.push(letter);
                word.clear();
                continue;
            }
            None => {}
        }
        word.push(letter);
    }
    masked.push_str(&part(&word, &mut next, hidden));
    masked
}

/// A word of a line; in quotes, it may be a line itself.
fn part(word: &str, next: &mut bool, hidden: &mut Vec<String>) -> String {
    if word.is_empty() {
        return String::new();
    }
    let quoted = ['\'', '"'].into_iter().find_map(|quote| Some((quote, word.strip_prefix(quote)?.strip_suffix(quote)?)));
    match quoted {
        Some((quote, inner)) if !*next && inner.contains(char::is_whitespace) => format!("{quote}{}{quote}", line(inner, hidden)),
        _ => one(word, next, hidden),
    }
}

fn secret(word: &str) -> Option<Secret> {
    let bare = word.trim_start_matches(['\'', '"']);
    let value_of = |value: &str| Secret::From(word.len() - value.len());
    if let Some(option) = bare.strip_prefix("--") {
        let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        let name = name.to_uppercase();
        return OPTIONS.iter().any(|part| name.contains(part)).then(|| value.map_or(Secret::Next, value_of));
    }
    // mysql's and others': the password follows at once.
    if let Some(value) = bare.strip_prefix("-p").filter(|value| !value.is_empty()) {
        return Some(value_of(value));
    }
    let (name, value) = bare.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let name = name.to_uppercase();
    (is_name && VARIABLES.iter().any(|part| name.contains(part))).then(|| value_of(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: &[&str]) -> String {
        let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let masked = masked(&command, &mut Vec::new());
        assert_eq!(super::masked(&masked, &mut Vec::new()), masked, "once is enough");
        masked.join(" ").replace(NOT_KEPT, "*")
    }

    #[test]
    fn what_looks_like_a_password_is_taken_away() {
        assert_eq!(of(&["mysql", "-u", "root", "-phunter2", "shop"]), "mysql -u root -p* shop");
        assert_eq!(
            of(&["x", "--password=a b", "--token", "hunter2", "--client-secret=", "y"]),
            "x --password=* --token * --client-secret= y"
        );
        assert_eq!(of(&["env", "PGPASSWORD=a=b", "api_key=x", "HOME=/root", "psql"]), "env PGPASSWORD=* api_key=* HOME=/root psql");
        assert_eq!(of(&["sh", "-c", "PASS='a b' mysql -ph;export TOKEN=\"x\"|cat"]), "sh -c PASS=* mysql -p*;export TOKEN=*|cat");
        assert_eq!(of(&["sh", "-c", "curl --token x y"]), "sh -c curl --token * y");
        assert_eq!(of(&["sh", "-c", "su -c 'mysql -phunter2 shop' root"]), "sh -c su -c 'mysql -p* shop' root");
    }

    #[test]
    fn what_does_not_stays() {
        for command in [&["ls", "-l", "/"][..], &["mkdir", "-p", "/a"], &["sh", "-c", "echo 'a b' && (exit 3)"], &["dd", "if=/dev/zero"]] {
            assert_eq!(of(command), command.join(" "));
        }
    }
}
