//! How names are spelled, and what is said of those that are not: apimachinery's `validation` and `validate/content`.

use std::sync::LazyLock;

use regex::Regex;

/// A rule: the messages about a text, none where it is right.
pub(super) type Rule = fn(&str) -> Vec<String>;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";
const KEY: &str = "[-._a-zA-Z0-9]+";
const PERCENT: &str = "[0-9]+%";

macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("^(?:{})$", $pattern)).ok());
    };
}

regex!(LABEL_RE, LABEL);
regex!(SUBDOMAIN_RE, SUBDOMAIN);
regex!(QUALIFIED_RE, QUALIFIED);
regex!(VALUE_RE, VALUE);
regex!(KEY_RE, KEY);
regex!(PERCENT_RE, PERCENT);
regex!(PORT_RE, "[-a-z0-9]+");

fn is(regex: &Option<Regex>, text: &str) -> bool {
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// `RegexError`.
fn wrong(what: &str, regex: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!("{what} (e.g. {}regex used for validation is '{regex}')", examples.join(" or "))
}

fn too_long(text: &str, most: usize) -> Option<String> {
    (text.len() > most).then(|| format!("must be no more than {most} bytes"))
}

/// `IsDNS1123Label`.
pub(super) fn label(text: &str) -> Vec<String> {
    let what = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    let form = (!is(&LABEL_RE, text))
        .then(|| if is(&SUBDOMAIN_RE, text) { "must not contain dots".to_owned() } else { wrong(what, LABEL, &["my-name", "123-abc"]) });
    too_long(text, 63).into_iter().chain(form).collect()
}

/// `IsDNS1123Subdomain`.
pub(super) fn subdomain(text: &str) -> Vec<String> {
    let what = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    let form = (!is(&SUBDOMAIN_RE, text)).then(|| wrong(what, SUBDOMAIN, &["example.com"]));
    too_long(text, 253).into_iter().chain(form).collect()
}

/// `path.IsValidPathSegmentName`: RBAC's names, which may be anything that a path may have.
pub(super) fn segment(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    ["/", "%"].into_iter().filter(|s| text.contains(s)).map(|s| format!("may not contain '{s}'")).collect()
}

/// `IsQualifiedName`: keys of labels.
pub(super) fn qualified(text: &str) -> Vec<String> {
    let what = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let mut all = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                all.push("prefix part must be non-empty".to_owned());
            } else {
                all.extend(subdomain(prefix).into_iter().map(|m| format!("prefix part {m}")));
            }
            name
        }
        _ => {
            let whole = wrong(&format!("a valid label key {what}"), QUALIFIED, &["MyName", "my.name", "123-abc"]);
            let whole = whole.replacen("a valid label key must", "a qualified name must", 1);
            return vec![whole + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
        }
    };
    if name.is_empty() {
        all.push("name part must be non-empty".to_owned());
    } else {
        all.extend(too_long(name, 63).map(|m| format!("name part {m}")));
    }
    if !is(&QUALIFIED_RE, name) {
        all.push(format!("name part {}", wrong(what, QUALIFIED, &["MyName", "my.name", "123-abc"])));
    }
    all
}

/// `IsValidLabelValue`.
pub(super) fn value(text: &str) -> Vec<String> {
    let what = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let form = (!is(&VALUE_RE, text)).then(|| wrong(what, VALUE, &["MyValue", "my_value", "12345"]));
    too_long(text, 63).into_iter().chain(form).collect()
}

/// `IsConfigMapKey`.
pub(super) fn config_key(text: &str) -> Vec<String> {
    let what = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    let form = (!is(&KEY_RE, text)).then(|| wrong(what, KEY, &["key.name", "KEY_NAME", "key-name"]));
    let dots = match text {
        "." => Some("must not be '.'".to_owned()),
        ".." => Some("must not be '..'".to_owned()),
        _ if text.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    };
    too_long(text, 253).into_iter().chain(form).chain(dots).collect()
}

/// `IsRelaxedEnvVarName`.
pub(super) fn variable(text: &str) -> Vec<String> {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'=') {
        return Vec::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned()]
}

/// `IsValidPercent`.
pub(super) fn percent(text: &str) -> Vec<String> {
    let what = "a valid percent string must be a numeric string followed by an ending '%'";
    (!is(&PERCENT_RE, text)).then(|| wrong(what, PERCENT, &["1%", "93%"])).into_iter().collect()
}

/// `IsValidPortNum`.
pub(super) fn port_number(port: i64) -> Option<&'static str> {
    (!(1..=65_535).contains(&port)).then_some("must be between 1 and 65535, inclusive")
}

/// `IsValidPortName`.
pub(super) fn port_name(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    if text.len() > 15 {
        all.push("must be no more than 15 characters".to_owned());
    }
    if !is(&PORT_RE, text) {
        all.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        all.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        all.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        all.push("must not begin or end with a hyphen".to_owned());
    }
    all
}
