//! Colours, and what becomes of them on a terminal that has fewer.

use ratatui::style::Color;

/// How many colours there are to draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None (`NO_COLOR`, a dumb terminal): bold, dim, underlined and reversed text only.
    None,
    /// The 16 colours of ANSI, whose shades are the terminal's.
    Ansi,
    /// Those and the 240 fixed ones of xterm.
    Indexed,
    /// Every colour.
    Truecolor,
}

/// A colour of a palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// Where there are 256 colours or more.
    pub full: Color,
    /// Where there are 16; without one, the nearest in hue is taken for text, and none for a background.
    pub few: Option<Color>,
}

impl Colour {
    /// Reads a colour: `#7aa2f7`, a name of ANSI (`light-red`), a number of xterm's 256, or `default`.
    pub fn parse(text: &str) -> Option<Color> {
        match text {
            "default" => Some(Color::Reset),
            // ratatui takes "Light Red" and "#ff0000" alike.
            text => text.parse().ok(),
        }
    }

    /// The colour of text.
    pub fn of_text(self, depth: Depth) -> Option<Color> {
        match depth {
            Depth::None => None,
            Depth::Ansi => Some(self.few.unwrap_or_else(|| nearest_ansi(self.full))),
            Depth::Indexed => Some(nearest_indexed(self.full)),
            Depth::Truecolor => Some(self.full),
        }
    }

    /// The colour behind text. With 16 colours a subtle shade would become black or glaring: only what the theme names
    /// itself is used.
    pub fn of_background(self, depth: Depth) -> Option<Color> {
        match (depth, self.full) {
            (Depth::Ansi, Color::Rgb(..) | Color::Indexed(16..)) => self.few,
            _ => self.of_text(depth),
        }
    }
}

/// The steps of each axis of xterm's cube, colours 16 to 231.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn nearest_indexed(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let cubes = (0..216u8).map(|i| (16 + i, [CUBE[usize::from(i / 36)], CUBE[usize::from(i / 6 % 6)], CUBE[usize::from(i % 6)]]));
    let greys = (0..24u8).map(|i| (232 + i, [8 + 10 * i; 3]));
    let nearest = cubes.chain(greys).min_by_key(|(_, there)| distance([r, g, b], *there));
    nearest.map_or(colour, |(index, _)| Color::Indexed(index))
}

/// The square of a distance weighted as the eye does ("redmean").
fn distance(one: [u8; 3], other: [u8; 3]) -> i64 {
    let [r, g, b] = [0, 1, 2].map(|i| i64::from(one[i]) - i64::from(other[i]));
    let red = (i64::from(one[0]) + i64::from(other[0])) / 2;
    ((512 + red) * r * r + 1024 * g * g + (767 - red) * b * b) >> 8
}

/// By hue, as shades are the terminal's own affair: red stays a red and never becomes the nearest brown or grey.
fn nearest_ansi(colour: Color) -> Color {
    let [r, g, b] = match colour {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(index @ 16..=231) => [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map(|i| CUBE[usize::from(i)]),
        Color::Indexed(index @ 232..) => [8 + 10 * (index - 232); 3],
        named => return named,
    }
    .map(i32::from);
    let (low, high) = (r.min(g).min(b), r.max(g).max(b));
    let (spread, sum) = (high - low, high + low);
    if spread * 6 <= high {
        return match sum / 2 {
            0..64 => Color::Black,
            64..144 => Color::DarkGray,
            144..216 => Color::Gray,
            _ => Color::White,
        };
    }
    // Hue in degrees: 0 is red, 120 green, 240 blue.
    let hue = match high {
        _ if high == r => 60 * (g - b) / spread + 360,
        _ if high == g => 60 * (b - r) / spread + 120,
        _ => 60 * (r - g) / spread + 240,
    } % 360;
    let light = sum > 300;
    match hue {
        35..75 => pick(light, Color::Yellow, Color::LightYellow),
        75..165 => pick(light, Color::Green, Color::LightGreen),
        165..200 => pick(light, Color::Cyan, Color::LightCyan),
        200..255 => pick(light, Color::Blue, Color::LightBlue),
        255..335 => pick(light, Color::Magenta, Color::LightMagenta),
        _ => pick(light, Color::Red, Color::LightRed),
    }
}

fn pick(light: bool, dark: Color, bright: Color) -> Color {
    if light { bright } else { dark }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rgb(hex: u32) -> Color {
        Color::from_u32(hex)
    }

    #[test]
    fn colours_are_read() {
        assert_eq!(Colour::parse("#7aa2f7"), Some(rgb(0x7a_a2_f7)));
        assert_eq!(Colour::parse("light-red"), Some(Color::LightRed));
        assert_eq!(Colour::parse("default"), Some(Color::Reset));
        assert_eq!(Colour::parse("236"), Some(Color::Indexed(236)));
        assert_eq!((Colour::parse("#12"), Colour::parse("reddish"), Colour::parse("256")), (None, None, None));
    }

    #[test]
    fn xterms_colours_are_the_nearest() {
        assert_eq!(nearest_indexed(rgb(0xff_00_00)), Color::Indexed(196));
        assert_eq!(nearest_indexed(rgb(0x00_00_00)), Color::Indexed(16));
        assert_eq!(nearest_indexed(rgb(0x30_30_30)), Color::Indexed(236));
        assert_eq!(nearest_indexed(rgb(0x5f_87_d7)), Color::Indexed(68));
        assert_eq!(nearest_indexed(Color::Red), Color::Red);
    }

    #[test]
    fn ansi_keeps_the_hue() {
        for (hex, name) in [
            (0xff_8a_8a, Color::LightRed),
            (0xb3_26_1e, Color::Red),
            (0xe5_c0_7b, Color::LightYellow),
            (0x8f_d1_8b, Color::LightGreen),
            (0x7f_b4_ff, Color::LightBlue),
            (0x70_40_b0, Color::Magenta),
            (0x9a_9a_9a, Color::Gray),
            (0x00_00_00, Color::Black),
            (0xff_ff_ff, Color::White),
        ] {
            assert_eq!(nearest_ansi(rgb(hex)), name, "{hex:06x}");
        }
    }

    #[test]
    fn a_subtle_background_is_left_out_where_there_are_few() {
        let subtle = Colour { full: rgb(0x2b_30_40), few: None };
        assert_eq!(subtle.of_background(Depth::Ansi), None);
        assert_eq!(subtle.of_background(Depth::Truecolor), Some(rgb(0x2b_30_40)));
        assert!(matches!(subtle.of_background(Depth::Indexed), Some(Color::Indexed(_))));
        assert_eq!(Colour { full: Color::Blue, few: None }.of_background(Depth::Ansi), Some(Color::Blue));
        assert_eq!(Colour { full: rgb(0), few: Some(Color::Black) }.of_background(Depth::Ansi), Some(Color::Black));
        assert_eq!(subtle.of_text(Depth::None), None);
    }
}
