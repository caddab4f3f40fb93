//! The colours that a source gave its line (SGR, ECMA-48 8.3.117), as far as terminals agree on them.

use ratatui::style::{Color, Modifier, Style};

/// Applies the parameters of one `ESC [ … m` to a look.
pub fn apply(style: Style, parameters: &str) -> Style {
    let mut numbers = parameters.split([';', ':']).map(|number| if number.is_empty() { Some(0) } else { number.parse::<u16>().ok() });
    let mut style = style;
    while let Some(number) = numbers.next() {
        let Some(number) = number else { continue };
        let add = |style: Style, modifier| style.add_modifier(modifier);
        let take = |style: Style, modifier| Style { add_modifier: style.add_modifier - modifier, ..style };
        style = match number {
            0 => Style::new(),
            1 => add(style, Modifier::BOLD),
            2 => add(style, Modifier::DIM),
            3 => add(style, Modifier::ITALIC),
            4 => add(style, Modifier::UNDERLINED),
            7 => add(style, Modifier::REVERSED),
            9 => add(style, Modifier::CROSSED_OUT),
            22 => take(style, Modifier::BOLD | Modifier::DIM),
            23 => take(style, Modifier::ITALIC),
            24 => take(style, Modifier::UNDERLINED),
            27 => take(style, Modifier::REVERSED),
            29 => take(style, Modifier::CROSSED_OUT),
            30..=37 => style.fg(named(number - 30)),
            38 => match extended(&mut numbers) {
                Some(colour) => style.fg(colour),
                None => style,
            },
            39 => Style { fg: None, ..style },
            40..=47 => style.bg(named(number - 40)),
            48 => match extended(&mut numbers) {
                Some(colour) => style.bg(colour),
                None => style,
            },
            49 => Style { bg: None, ..style },
            90..=97 => style.fg(named(number - 82)),
            100..=107 => style.bg(named(number - 92)),
            // Blinking would be a nuisance, and text that is hidden by its source is text all the same.
            _ => style,
        };
    }
    style
}

fn named(number: u16) -> Color {
    const NAMES: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    NAMES.get(usize::from(number)).copied().unwrap_or(Color::Reset)
}

/// `5;N` or `2;R;G;B` behind a 38 or 48.
fn extended(numbers: &mut impl Iterator<Item = Option<u16>>) -> Option<Color> {
    let mut byte = || u8::try_from(numbers.next()??).ok();
    match byte()? {
        5 => match byte()? {
            few @ 0..16 => Some(named(few.into())),
            index => Some(Color::Indexed(index)),
        },
        2 => Some(Color::Rgb(byte()?, byte()?, byte()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_looks() {
        let after = |parameters| apply(Style::new(), parameters);
        assert_eq!(after("1;31"), Style::new().fg(Color::Red).add_modifier(Modifier::BOLD));
        assert_eq!(after("38;5;208"), Style::new().fg(Color::Indexed(208)));
        assert_eq!(after("38;5;9"), Style::new().fg(Color::LightRed));
        assert_eq!(after("48:2:1:2:3"), Style::new().bg(Color::Rgb(1, 2, 3)));
        assert_eq!(after("97;104"), Style::new().fg(Color::White).bg(Color::LightBlue));
        for reset in ["0", "", "39;49;22"] {
            assert_eq!(apply(after("1;31"), reset), Style::new(), "{reset:?}");
        }
        for nothing in ["38", "38;5", "38;2;1;2", "38;9", "999999", "5", "8"] {
            assert_eq!(after(nothing), Style::new(), "{nothing:?}");
        }
    }
}
