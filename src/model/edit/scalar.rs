//! What a scalar means: YAML 1.1's words and numbers as go-yaml v2 reads them, which is what kubectl hands to the server.
//! (`go.yaml.in/yaml/v2` resolve.go; `sigs.k8s.io/yaml` yaml.go)

use base64::Engine;

use crate::model::tree::Tree;

/// What an unquoted or tagged scalar is. `tag` is the part after `tag:yaml.org,2002:`, or empty where none stands there.
///
/// # Errors
/// Why it is nothing that JSON has, or not what its tag says.
pub fn resolve(tag: &str, text: &str) -> Result<Tree, String> {
    match tag {
        "str" => return Ok(text.into()),
        // Go's JSON of a string that is no UTF-8 has U+FFFD there.
        "binary" => {
            let unbroken: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            let data = base64::engine::general_purpose::STANDARD.decode(unbroken);
            return data
                .map(|data| Tree::from(&*String::from_utf8_lossy(&data)))
                .map_err(|_| "!!binary value contains invalid base64 data".into());
        }
        "" | "bool" | "int" | "float" | "null" | "timestamp" => {}
        _ => return Ok(text.into()),
    }
    let (kind, value) = plain(text).ok_or_else(|| format!("{text} is no number that JSON has"))?;
    let fits = tag.is_empty() || tag == kind || (tag, kind) == ("float", "int") || (tag, kind) == ("timestamp", "str");
    if fits { Ok(value) } else { Err(format!("cannot decode !!{kind} `{text}` as a !!{tag}")) }
}

/// The name of the kind and the value; `None` for infinity and what is no number.
fn plain(text: &str) -> Option<(&'static str, Tree)> {
    let known = match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => ("bool", true.into()),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => ("bool", false.into()),
        "" | "~" | "null" | "Null" | "NULL" => ("null", Tree::Null),
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF" => return None,
        _ => {
            let number = match text.as_bytes().first() {
                Some(b'.') if between_digits(text) => float(&text.replace('_', "")),
                Some(b'+' | b'-' | b'0'..=b'9') => number(&text.replace('_', "")),
                _ => None,
            };
            number.unwrap_or(("str", text.into()))
        }
    };
    Some(known)
}

/// All is of a number, and underscores are between digits only, as Go's ParseFloat has it.
fn between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'_' => at > 0 && digit(at - 1) && digit(at + 1),
        byte => matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'),
    })
}

fn number(text: &str) -> Option<(&'static str, Tree)> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    // Go's ParseInt of base 0.
    let (base, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.bytes().all(|b| b.is_ascii_alphanumeric())
        && let Ok(size) = i128::from_str_radix(digits, base)
    {
        let value = if negative { -size } else { size };
        if let Ok(whole) = i64::try_from(value) {
            return Some(("int", whole.into()));
        }
        // ParseUint takes no sign.
        if let Ok(whole) = u64::try_from(value)
            && !text.starts_with('+')
        {
            return Some(("int", Tree::Float(whole as f64)));
        }
    }
    is_float(text).then(|| float(text)).flatten()
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let after = digits(fraction);
        if whole + after == 0 {
            return false;
        }
        rest = &fraction[after..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(power) => {
            let power = power.strip_prefix(['+', '-']).unwrap_or(power);
            !power.is_empty() && digits(power) == power.len()
        }
        None => rest.is_empty(),
    }
}

/// A number with a fraction; one that is whole is written by Go's JSON without it, and read as a whole one.
fn float(text: &str) -> Option<(&'static str, Tree)> {
    let value: f64 = text.parse().ok().filter(|f: &f64| f.is_finite())?;
    let whole = value.fract() == 0.0 && value.abs() < 9.2e18;
    Some(("float", if whole { Tree::Int(value as i64) } else { Tree::Float(value) }))
}

/// The key of a JSON object that a scalar becomes. (`convertToJSONableObject`)
///
/// # Errors
/// Why it cannot be one.
pub fn key(tag: &str, text: &str, quoted: bool) -> Result<String, String> {
    if quoted && tag.is_empty() {
        return Ok(text.to_owned());
    }
    let value = resolve(tag, text)?;
    let float = value.as_i64().is_some() && plain(text).is_some_and(|(kind, _)| kind == "float");
    match value {
        Tree::Text(text) => Ok(text.as_str().to_owned()),
        Tree::Bool(flag) => Ok(flag.to_string()),
        Tree::Int(n) if float => Ok(shortest(n as f32)),
        Tree::Int(n) => Ok(n.to_string()),
        Tree::Float(_) if text.bytes().all(|b| b.is_ascii_digit()) => {
            Err("a number of more than 63 bits cannot be a key; put it in quotes".into())
        }
        Tree::Float(f) => Ok(shortest(f as f32)),
        _ => Err("a key that is null; put it in quotes if it is meant as text".into()),
    }
}

/// Go's `strconv.FormatFloat(f, 'g', -1, 32)`.
fn shortest(f: f32) -> String {
    let text = format!("{f:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    match power.parse::<i32>() {
        Ok(power) if !(-4..6).contains(&power) => format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs()),
        _ => f.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_are_what_kubectl_takes_them_for() {
        let is = |text: &str| format!("{:?}", resolve("", text).expect(text));
        for (text, wanted) in [
            ("0644", "420"),
            ("0o644", "420"),
            ("0x1F", "31"),
            ("0b101", "5"),
            ("-0b11", "-3"),
            ("08", "8"),
            ("09.50", "9.5"),
            ("1_000", "1000"),
            ("+12", "12"),
            ("1e3", "1000"),
            ("1E-2", "0.01"),
            (".5", "0.5"),
            (".5_0", "0.5"),
            ("._5", "\"._5\""),
            ("5.", "5"),
            ("-1.5", "-1.5"),
            ("yes", "true"),
            ("off", "false"),
            ("y", "true"),
            ("N", "false"),
            ("~", "null"),
            ("", "null"),
            ("Null", "null"),
            ("nUll", "\"nUll\""),
            ("1:30", "\"1:30\""),
            ("1.2.3", "\"1.2.3\""),
            ("0x", "\"0x\""),
            ("1e999", "\"1e999\""),
            ("-", "\"-\""),
            (".", "\".\""),
            ("2026-11-21", "\"2026-11-21\""),
            ("=", "\"=\""),
            ("500m", "\"500m\""),
            ("9223372036854775807", "9223372036854775807"),
        ] {
            assert_eq!(is(text), wanted, "{text}");
        }
    }

    #[test]
    fn tags_are_kept_to() {
        assert_eq!(resolve("str", "12"), Ok("12".into()));
        assert_eq!(resolve("int", "12"), Ok(Tree::Int(12)));
        assert_eq!(resolve("binary", "aGk="), Ok("hi".into()));
        assert_eq!(resolve("int", "x").unwrap_err(), "cannot decode !!str `x` as a !!int");
        assert!(resolve("binary", "?").is_err() && resolve("", ".inf").is_err());
    }

    #[test]
    fn keys_are_text() {
        assert_eq!(key("", "yes", false).as_deref(), Ok("true"));
        assert_eq!(key("", "0644", false).as_deref(), Ok("420"));
        assert_eq!(key("", "yes", true).as_deref(), Ok("yes"));
        assert!(key("", "~", false).is_err());
    }
}
