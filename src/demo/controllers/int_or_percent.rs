//! Numbers that may be percentages: `maxSurge`, `maxUnavailable`, `minAvailable`.

use crate::demo::tree::Tree;

/// The number, or the share of `total` that a percentage is, rounded as told; 0 where there is none:
/// `GetScaledValueFromIntOrPercent`.
pub fn scaled(value: &Tree, total: i64, round_up: bool) -> i64 {
    let Some(percent) = value.as_str().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse::<i64>().ok()) else {
        return value.as_i64().unwrap_or(0);
    };
    let hundredths = percent * total;
    if round_up { (hundredths + 99).div_euclid(100) } else { hundredths.div_euclid(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_as_told() {
        let quarter = Tree::from("25%");
        assert_eq!((scaled(&quarter, 3, true), scaled(&quarter, 3, false)), (1, 0));
        assert_eq!((scaled(&quarter, 8, true), scaled(&quarter, 8, false)), (2, 2));
        assert_eq!((scaled(&Tree::Int(2), 3, true), scaled(&Tree::Null, 3, true)), (2, 0));
    }
}
