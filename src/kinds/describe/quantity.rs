//! `resource.Quantity` exactly: sums of requests are printed, and must be spelled as Go spells them.
//!
//! What the server sends is canonical already and is printed as it came; only sums and conversions pass here.

use std::cmp::Ordering;

/// Which family of suffixes a quantity is spelled with (`resource.Format`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `1k`, `250m`.
    DecimalSi,
    /// `1Ki`.
    BinarySi,
    /// `1e3`.
    DecimalExponent,
}

/// An amount in billionths, the finest that the API keeps, and how it is spelled. Saturates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    nanos: i128,
    pub(crate) format: Format,
}

const NANOS: i128 = 1_000_000_000;

/// Suffixes of powers of 1000 from `n` on.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Suffixes of powers of 1024.
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Nothing: what an absent quantity is.
    pub(crate) const ZERO: Quantity = Quantity { nanos: 0, format: Format::DecimalSi };

    /// Whole units.
    pub(crate) fn of(value: i64, format: Format) -> Quantity {
        Quantity { nanos: i128::from(value) * NANOS, format }
    }

    /// Reads a quantity; zero when it is none. Finer than a billionth rounds up, away from zero.
    pub(crate) fn parse(text: &str) -> Quantity {
        let text = text.trim();
        let (negative, text) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(digits);
        let (format, base, power) = if let Some(power) = DECIMAL.iter().position(|&s| s == suffix) {
            (Format::DecimalSi, 10, 3 * power as i32 - 9)
        } else if let Some(power) = BINARY.iter().position(|&s| s == suffix) {
            (Format::BinarySi, 2, 10 * power as i32)
        } else if let Some(power) = suffix.strip_prefix(['e', 'E']).and_then(|e| e.parse().ok()) {
            (Format::DecimalExponent, 10, power)
        } else {
            return Quantity::ZERO;
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let Ok(mantissa) = format!("0{whole}{fraction}").parse::<i128>() else { return Quantity::ZERO };
        // The value is mantissa * 10^tens * 2^twos, in billionths.
        let (tens, twos) = if base == 10 { (power, 0) } else { (0, power) };
        let tens = tens + 9 - fraction.len() as i32;
        let scaled = mantissa.saturating_mul(1_i128.checked_shl(twos as u32).unwrap_or(i128::MAX));
        let factor = 10_i128.checked_pow(tens.unsigned_abs()).unwrap_or(i128::MAX);
        let nanos = if tens >= 0 { scaled.saturating_mul(factor) } else { scaled / factor + i128::from(scaled % factor != 0) };
        Quantity { nanos: if negative { -nanos } else { nanos }, format }
    }

    /// Adds; a zero takes over the other's spelling, as in Go.
    pub(crate) fn add(&mut self, other: Quantity) {
        if self.nanos == 0 {
            self.format = other.format;
        }
        self.nanos = self.nanos.saturating_add(other.nanos);
    }

    /// Thousandths, rounded up.
    pub(crate) fn millis(self) -> i64 {
        self.rounded_up(NANOS / 1000)
    }

    /// Whole units, rounded up.
    pub(crate) fn value(self) -> i64 {
        self.rounded_up(NANOS)
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(self) -> i128 {
        self.nanos.signum()
    }

    /// Compares amounts, whatever their spelling.
    pub(crate) fn compare(self, other: Quantity) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }

    fn rounded_up(self, unit: i128) -> i64 {
        let up = self.nanos / unit + if self.nanos % unit == 0 { 0 } else { self.nanos.signum() };
        up.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }
}

impl std::fmt::Display for Quantity {
    /// The canonical form (`Quantity.CanonicalizeBytes`): no fraction, the largest suffix that loses nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let whole = self.nanos / NANOS;
        if self.format == Format::BinarySi && self.nanos % NANOS == 0 && whole.abs() >= 1024 {
            let (mut number, mut power) = (whole, 0);
            while number % 1024 == 0 && power + 1 < BINARY.len() {
                number /= 1024;
                power += 1;
            }
            return write!(f, "{number}{}", BINARY[power]);
        }
        let (mut number, mut power) = (self.nanos, 0);
        while number % 1000 == 0 && power + 1 < DECIMAL.len() {
            number /= 1000;
            power += 1;
        }
        match self.format {
            Format::DecimalExponent if power == 3 => write!(f, "{number}"),
            Format::DecimalExponent => write!(f, "{number}e{}", 3 * power as i32 - 9),
            _ => write!(f, "{number}{}", DECIMAL[power]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of apimachinery's quantity_test.go and of its documentation.
    #[test]
    fn quantities_are_spelled_canonically() {
        for (text, canonical) in [
            ("0", "0"),
            ("0Mi", "0"),
            ("1.5", "1500m"),
            ("1.5Gi", "1536Mi"),
            ("1024", "1024"),
            ("1024Ki", "1Mi"),
            ("1000Mi", "1000Mi"),
            ("1000k", "1M"),
            ("100m", "100m"),
            ("0.1m", "100u"),
            ("1e3", "1e3"),
            ("1e5", "100e3"),
            ("-0.3Ki", "-307200m"),
            ("0.0000000001", "1n"),
            ("x", "0"),
        ] {
            assert_eq!(Quantity::parse(text).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn sums_keep_the_first_spelling() {
        let mut sum = Quantity::ZERO;
        sum.add(Quantity::parse("128Mi"));
        sum.add(Quantity::parse("1k"));
        assert_eq!(sum.to_string(), "134218728");
        assert_eq!((Quantity::parse("1m").value(), Quantity::parse("1500m").value(), Quantity::parse("1u").millis()), (1, 2, 1));
        assert_eq!(Quantity::parse("1").compare(Quantity::parse("1000m")), Ordering::Equal);
    }
}
