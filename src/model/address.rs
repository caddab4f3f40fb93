//! IP addresses in cells: they sort and compare by number, whatever column they stand in.

use std::cmp::Ordering;
use std::net::IpAddr;

/// The address that a text is, if it is one and nothing else.
pub fn parse(text: &str) -> Option<IpAddr> {
    // Most texts are no addresses: two looks decide before the parser is asked. The longest address has 45 bytes.
    let first = *text.as_bytes().first()?;
    let maybe = text.len() <= 45 && (first.is_ascii_hexdigit() || first == b':') && memchr::memchr2(b'.', b':', text.as_bytes()).is_some();
    if maybe { text.parse().ok() } else { None }
}

/// The order of texts in a column: addresses first, by number (IPv4 before IPv6), then the rest byte by byte, as
/// `kubectl get --sort-by` has it.
pub fn compare(a: &str, b: &str) -> Ordering {
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_sort_by_number_and_before_words() {
        let mut texts = ["node-10", "10.0.0.10", "fd00::2", "Pending", "10.0.0.9", "1.36.3", "fd00::1", "abc.def", "node-2"];
        texts.sort_by(|a, b| compare(a, b));
        assert_eq!(texts, ["10.0.0.9", "10.0.0.10", "fd00::1", "fd00::2", "1.36.3", "Pending", "abc.def", "node-10", "node-2"]);
    }

    #[test]
    fn only_whole_addresses_are_addresses() {
        for text in ["", "10.0.0", "10.0.0.1/24", "10.0.0.1,10.0.0.2", "dead", "v1.2.3.4", "::g"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(parse("::").is_some());
    }
}
