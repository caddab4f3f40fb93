//! What a reader of YAML 1.1 takes a plain text for: go-yaml's `resolve.go`. What would not be read as text is quoted.

/// Words that are `true`, `false`, `null` or a special number: go-yaml knows three spellings of each, and other readers any.
const WORDS: [&str; 15] = ["", "~", "null", "y", "yes", "true", "on", "n", "no", "false", "off", ".nan", ".inf", "+.inf", "-.inf"];

/// Read as plain text, it is text.
pub(super) fn is_text(text: &str) -> bool {
    if text.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return false;
    }
    match text.bytes().next() {
        Some(b'.') => !is_float(text),
        Some(b'+' | b'-' | b'0'..=b'9') => !(is_time(text) || is_number(&text.replace('_', "")) || is_base_60(text)),
        _ => true,
    }
}

/// `strconv.ParseFloat` of what begins with a point: underscores stand between digits.
fn is_float(text: &str) -> bool {
    let bytes = text.as_bytes();
    let around = |at: usize| at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    let underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_').all(|(at, _)| around(at));
    underscores && is_decimal(&text.replace('_', ""))
}

/// A decimal number: `yamlStyleFloat`. What is beyond all floating ones is text to go-yaml, and an error to others.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    let mut count = whole;
    if let Some(fraction) = rest.strip_prefix('.') {
        let more = digits(fraction);
        count += more;
        rest = &fraction[more..];
    }
    if count == 0 {
        return false;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// A number without its underscores: whole in any base, or decimal.
fn is_number(plain: &str) -> bool {
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.strip_prefix('+').unwrap_or(plain)),
    };
    let signed = digits.len() < plain.len();
    let lower = digits.to_ascii_lowercase();
    let (base, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &*lower),
    };
    let whole = |body: &str, base: u32| {
        let fits = |number: u128| match (signed, negative) {
            (true, true) => number <= 1 << 63,
            (true, false) => number < 1 << 63,
            (false, _) => number <= u128::from(u64::MAX),
        };
        body.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric()) && u128::from_str_radix(body, base).is_ok_and(fits)
    };
    if whole(body, base) || is_decimal(plain) {
        return true;
    }
    // go-yaml reads what stands behind `0b` once more, and takes a sign there.
    plain.strip_prefix("0b").and_then(|rest| rest.strip_prefix(['+', '-'])).is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'0' | b'1')) && rest.trim_start_matches('0').len() <= 63
    })
}

/// `190:20:30`, which is 685230 in YAML 1.1: `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (text, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let mut count = 0;
    let sixty = |part: &str| match part.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => matches!(ten, b'0'..=b'5') && one.is_ascii_digit(),
        _ => false,
    };
    let all = parts.inspect(|_| count += 1).all(sixty);
    all && count > 0 && digits(fraction) && digits(first) && first.starts_with(|c: char| c.is_ascii_digit())
}

/// One of go-yaml's `allowedTimestampFormats`, as Go's `time.Parse` takes them.
fn is_time(text: &str) -> bool {
    let mut rest = Rest(text);
    let Some(year) = rest.year() else { return false };
    let date = (|| {
        rest.sign('-')?;
        let month = rest.number().filter(|month| (1..=12).contains(month))?;
        rest.sign('-')?;
        let day = rest.number()?;
        (1..=days(year, month)).contains(&day).then_some(())
    })();
    if date.is_none() {
        return false;
    }
    match rest.0.bytes().next() {
        None => true,
        Some(b'T' | b't') => {
            rest.0 = &rest.0[1..];
            rest.clock().is_some() && rest.zone()
        }
        Some(b' ') => {
            rest.0 = rest.0.trim_start_matches(' ');
            rest.clock().is_some() && rest.0.is_empty()
        }
        Some(_) => false,
    }
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What is not read yet of a time.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// So many digits, exactly.
    fn fixed(&mut self, count: usize) -> Option<u32> {
        let digits = self.0.get(..count)?;
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        self.0 = &self.0[count..];
        Some(number)
    }

    fn year(&mut self) -> Option<u32> {
        self.fixed(4).filter(|_| self.0.starts_with('-'))
    }

    /// One digit or two.
    fn number(&mut self) -> Option<u32> {
        self.fixed(2).or_else(|| self.fixed(1))
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        self.0 = self.0.strip_prefix(sign)?;
        Some(())
    }

    fn clock(&mut self) -> Option<()> {
        self.number().filter(|hour| *hour < 24)?;
        self.sign(':')?;
        self.number().filter(|minute| *minute < 60)?;
        self.sign(':')?;
        self.number().filter(|second| *second < 60)?;
        if let Some(fraction) = self.0.strip_prefix(['.', ',']) {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                self.0 = &fraction[digits..];
            }
        }
        Some(())
    }

    /// `Z` or `+01:00`, to the end.
    fn zone(&mut self) -> bool {
        if self.0 == "Z" {
            return true;
        }
        let Some(rest) = self.0.strip_prefix(['+', '-']) else { return false };
        self.0 = rest;
        let hours = self.fixed(2).filter(|hours| *hours <= 24);
        let minutes = self.sign(':').and_then(|()| self.fixed(2)).filter(|minutes| *minutes <= 60);
        hours.is_some() && minutes.is_some() && self.0.is_empty()
    }
}
