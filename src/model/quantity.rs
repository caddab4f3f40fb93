//! `resource.Quantity`: how the API spells CPU, memory and storage.

/// The value of a quantity in thousandths (`250m` → 250, `1Ki` → 1 024 000), saturating; `None` when it is none.
/// Suffixes are those of apimachinery's `quantity.go`.
pub fn millis(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-')).len();
    let (number, suffix) = text.split_at(digits);
    let scale = match suffix {
        "" => 1e3,
        "n" => 1e-6,
        "u" => 1e-3,
        "m" => 1.0,
        "k" => 1e6,
        "M" => 1e9,
        "G" => 1e12,
        "T" => 1e15,
        "P" => 1e18,
        "E" => 1e21,
        "Ki" => 1024e3,
        "Mi" => 1024f64.powi(2) * 1e3,
        "Gi" => 1024f64.powi(3) * 1e3,
        "Ti" => 1024f64.powi(4) * 1e3,
        "Pi" => 1024f64.powi(5) * 1e3,
        "Ei" => 1024f64.powi(6) * 1e3,
        _ => 10f64.powi(suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?) * 1e3,
    };
    // A float-to-int cast saturates. Parts below a thousandth round up, as the API's canonical form does.
    number.parse::<f64>().ok().map(|n| (n * scale - 1e-9).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_quantity_has_no_value() {
        for text in ["", "x", "1x", "m", "1gi", "--1", "1e", "1.2.3"] {
            assert_eq!(millis(text), None, "{text}");
        }
        assert_eq!(millis("1Gi"), Some(1_073_741_824_000));
        assert_eq!(millis("-0.5"), Some(-500));
    }
}
