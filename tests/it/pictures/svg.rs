//! A screen as an SVG: text that can be selected and searched, in whatever monospace font there is.
//!
//! Fonts differ in their widths, so nothing is left to them: each run of cells says where it begins and how wide it is,
//! and bars, rules and blocks are drawn as rectangles.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// A cell, in pixels.
const WIDTH: usize = 8;
const HEIGHT: usize = 18;
/// From the top of a cell to the line that letters stand on.
const BASELINE: usize = 13;
/// Around the screen.
const MARGIN: usize = 14;
/// What a terminal has where the theme leaves it alone: a dark one's, since the theme is for those.
const FOREGROUND: &str = "#d5dae6";
const BACKGROUND: &str = "#14171d";

/// How cells look that can be written together.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Look {
        Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier }
    }

    /// The colours of letters and of what is behind them, which is nothing where the screen's own is enough.
    fn colours(self) -> (String, Option<String>) {
        let (fg, bg) = (hex(self.fg), hex(self.bg));
        if self.modifier.contains(Modifier::REVERSED) {
            (bg.unwrap_or_else(|| BACKGROUND.into()), Some(fg.unwrap_or_else(|| FOREGROUND.into())))
        } else {
            (fg.unwrap_or_else(|| FOREGROUND.into()), bg)
        }
    }

    /// The attributes of a text, without those that all texts have.
    fn attributes(self) -> String {
        let (fg, _) = self.colours();
        let has = |modifier| self.modifier.contains(modifier);
        let mut out = if fg == FOREGROUND { String::new() } else { format!(" fill=\"{fg}\"") };
        let lines = [(Modifier::UNDERLINED, "underline"), (Modifier::CROSSED_OUT, "line-through")];
        let lines: Vec<&str> = lines.into_iter().filter(|(modifier, _)| has(*modifier)).map(|(_, line)| line).collect();
        for (there, name, value) in [
            (has(Modifier::BOLD), "font-weight", "bold"),
            (has(Modifier::ITALIC), "font-style", "italic"),
            (has(Modifier::DIM), "fill-opacity", "0.6"),
            (!lines.is_empty(), "text-decoration", &lines.join(" ")),
        ] {
            if there {
                let _ = write!(out, " {name}=\"{value}\"");
            }
        }
        out
    }
}

/// `None` for the terminal's own colour.
fn hex(colour: Color) -> Option<String> {
    match colour {
        Color::Reset => None,
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        other => panic!("{other} is what each terminal makes of it: pictures are drawn in truecolor"),
    }
}

/// Cells beside each other, from a column on.
struct Run<'a> {
    look: Look,
    column: usize,
    cells: Vec<&'a str>,
}

impl Run<'_> {
    /// In columns.
    fn width(&self) -> usize {
        self.cells.iter().map(|symbol| symbol.width()).sum()
    }
}

/// The cells of a row that look the same; what a wide character covers is a part of it.
fn runs(row: &[Cell]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut column = 0;
    while let Some(cell) = row.get(column) {
        match runs.last_mut().filter(|run| run.look == Look::of(cell)) {
            Some(run) => run.cells.push(cell.symbol()),
            None => runs.push(Run { look: Look::of(cell), column, cells: vec![cell.symbol()] }),
        }
        column += cell.symbol().width().max(1);
    }
    runs
}

/// The texts of a run: words with single blanks between them, and each character alone that a monospace font need not have.
fn texts<'a>(run: &Run<'a>) -> Vec<Run<'a>> {
    let mut texts: Vec<Run<'a>> = Vec::new();
    let mut column = run.column;
    // Where the last text may go on, and whether there is a blank before that.
    let mut open = false;
    let mut blank = false;
    for symbol in &run.cells {
        let plain = symbol.is_ascii();
        if *symbol == " " {
            open &= !blank;
            blank = true;
        } else {
            match texts.last_mut().filter(|_| open && plain) {
                Some(text) => text.cells.extend(blank.then_some(" ").into_iter().chain([*symbol])),
                None => texts.push(Run { look: run.look, column, cells: vec![*symbol] }),
            }
            open = plain;
            blank = false;
        }
        column += symbol.width();
    }
    texts
}

/// What is drawn of a symbol that is a part of a cell: x, y, width and height.
fn part(symbol: &str) -> Option<[usize; 4]> {
    let eighth = |n: usize| [0, HEIGHT - HEIGHT * n / 8, WIDTH, HEIGHT * n / 8];
    Some(match symbol {
        "─" => [0, HEIGHT / 2, WIDTH, 1],
        "│" => [WIDTH / 2, 0, 1, HEIGHT],
        "▌" => [0, 0, WIDTH / 2, HEIGHT],
        "▁" => eighth(1),
        "▂" => eighth(2),
        "▃" => eighth(3),
        "▄" => eighth(4),
        "▅" => eighth(5),
        "▆" => eighth(6),
        "▇" => eighth(7),
        "█" => eighth(8),
        _ => return None,
    })
}

/// Writes a screen; the title is for who cannot see it.
pub fn write(screen: &Buffer, title: &str) -> String {
    let (columns, rows) = (usize::from(screen.area.width), usize::from(screen.area.height));
    let (width, height) = (columns * WIDTH + 2 * MARGIN, rows * HEIGHT + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\" fill=\"{FOREGROUND}\" font-size=\"13\" \
         font-family=\"ui-monospace, 'SF Mono', Menlo, 'Cascadia Mono', Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace\">\n",
        escaped(title)
    );
    for (row, cells) in screen.content.chunks(columns.max(1)).enumerate() {
        let runs = runs(cells);
        for run in &runs {
            if let (_, Some(behind)) = run.look.colours() {
                rectangle(&mut out, [run.column * WIDTH, row * HEIGHT, run.width() * WIDTH, HEIGHT], &format!(" fill=\"{behind}\""));
            }
        }
        for text in runs.iter().flat_map(texts) {
            let (x, y) = (text.column * WIDTH, row * HEIGHT);
            let attributes = text.look.attributes();
            let words = text.cells.concat();
            if let Some([left, top, width, height]) = part(&words) {
                rectangle(&mut out, [x + left, y + top, width, height], &attributes);
                continue;
            }
            // A character of another font is made as wide as its cell.
            let stretched = if words.is_ascii() { "" } else { " lengthAdjust=\"spacingAndGlyphs\"" };
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{}\" textLength=\"{}\"{stretched}{attributes}>{}</text>",
                y + BASELINE,
                text.width() * WIDTH,
                escaped(&words)
            );
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Writes a rectangle. One that goes on where the last one ended is the same one: a rule is a line, and not many.
fn rectangle(out: &mut String, [x, y, width, height]: [usize; 4], attributes: &str) {
    let before = out
        .lines()
        .last()
        .and_then(|line| line.strip_prefix("<rect x=\"")?.split_once('"'))
        .map(|(at, rest)| (at.to_owned(), rest.to_owned()));
    if let Some((at, rest)) = before {
        let at: usize = at.parse().expect("it was written here");
        let same = format!(" y=\"{y}\" height=\"{height}\"{attributes} width=\"{}\"/>", x.saturating_sub(at));
        if rest == same {
            out.truncate(out.trim_end().rfind('\n').map_or(0, |end| end + 1));
            let _ = writeln!(out, "<rect x=\"{at}\" y=\"{y}\" height=\"{height}\"{attributes} width=\"{}\"/>", x + width - at);
            return;
        }
    }
    let _ = writeln!(out, "<rect x=\"{x}\" y=\"{y}\" height=\"{height}\"{attributes} width=\"{width}\"/>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn drawn(width: u16, texts: &[(u16, &str, Style)]) -> Vec<String> {
        let mut screen = Buffer::empty(Rect::new(0, 0, width, 1));
        for (column, text, style) in texts {
            screen.set_string(*column, 0, text, *style);
        }
        let svg = write(&screen, "");
        svg.lines().skip(4).filter(|line| !line.starts_with("</")).map(str::to_owned).collect()
    }

    #[test]
    fn runs_say_where_they_are_and_how_wide() {
        let lines = drawn(20, &[(2, "a <b>  c", Style::new())]);
        assert_eq!(
            lines,
            ["<text x=\"16\" y=\"13\" textLength=\"40\">a &lt;b&gt;</text>", "<text x=\"72\" y=\"13\" textLength=\"8\">c</text>"]
        );
    }

    #[test]
    fn wide_characters_take_two_cells() {
        let lines = drawn(20, &[(0, "日x", Style::new())]);
        assert_eq!(
            lines,
            [
                "<text x=\"0\" y=\"13\" textLength=\"16\" lengthAdjust=\"spacingAndGlyphs\">日</text>",
                "<text x=\"16\" y=\"13\" textLength=\"8\">x</text>"
            ]
        );
    }

    #[test]
    fn looks_are_kept() {
        let look = Style::new().fg(Color::Rgb(1, 2, 255)).bg(Color::Rgb(16, 16, 16)).add_modifier(Modifier::BOLD | Modifier::DIM);
        assert_eq!(
            drawn(4, &[(1, "x", look)]),
            [
                "<rect x=\"8\" y=\"0\" height=\"18\" fill=\"#101010\" width=\"8\"/>",
                "<text x=\"8\" y=\"13\" textLength=\"8\" fill=\"#0102ff\" font-weight=\"bold\" fill-opacity=\"0.6\">x</text>"
            ]
        );
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        assert_eq!(
            drawn(4, &[(1, "x", reversed)]),
            [
                format!("<rect x=\"8\" y=\"0\" height=\"18\" fill=\"{FOREGROUND}\" width=\"8\"/>"),
                format!("<text x=\"8\" y=\"13\" textLength=\"8\" fill=\"{BACKGROUND}\">x</text>")
            ]
        );
    }

    #[test]
    fn a_rule_is_one_line() {
        assert_eq!(drawn(5, &[(1, "───", Style::new())]), ["<rect x=\"8\" y=\"9\" height=\"1\" width=\"24\"/>"]);
        assert_eq!(drawn(5, &[(0, "▄ █", Style::new())]).len(), 2);
    }
}
