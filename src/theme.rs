//! How things look: themes are files (`themes/*.toml`) that give looks to scopes. A theme is worked out once, for the
//! colours that the terminal has; after that the look of a scope is an entry of an array.

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use rustc_hash::FxHashMap;

use crate::problem::{Problem, Source, did_you_mean};
use crate::shelf::{Book, Shelf};

pub mod colour;
pub mod file;
pub mod scope;

pub use colour::Depth;
pub use scope::Scope;

use colour::Colour;
use file::{Layer, Look};

/// The themes that are compiled in.
pub static SHELF: Shelf = Shelf {
    folder: "themes",
    noun: "theme",
    compiled: &[
        ("catppuccin-mocha", include_str!("../themes/catppuccin-mocha.toml")),
        ("dark", include_str!("../themes/dark.toml")),
        ("gruvbox-dark", include_str!("../themes/gruvbox-dark.toml")),
        ("gruvbox-light", include_str!("../themes/gruvbox-light.toml")),
        ("high-contrast", include_str!("../themes/high-contrast.toml")),
        ("light", include_str!("../themes/light.toml")),
        (BASE, include_str!("../themes/monochrome.toml")),
        ("tokyo-night", include_str!("../themes/tokyo-night.toml")),
    ],
};

/// The theme that is used when nobody chose one and the terminal is dark, or does not say.
pub const DARK: &str = "dark";
/// The same where the terminal is light.
pub const LIGHT: &str = "light";
/// Below every theme: has a look, without colours, for what a theme says nothing of.
const BASE: &str = "monochrome";

/// A theme, worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; Scope::ALL.len()],
    depth: Depth,
}

impl Theme {
    /// Loads a theme: the user's (`themes/NAME.toml` in the config folder) before a compiled one of the same name. What is
    /// wrong in a file is reported and the rest of it used; a name that nothing has gives [`DARK`], and a problem.
    pub fn load(name: &str, config: Option<&Path>, depth: Depth) -> (Theme, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut layers = chain(name, config, &mut problems);
        if layers.is_empty() {
            problems.push(Problem { file: name.to_owned(), line: 0, message: SHELF.unknown(config, name) });
            layers = chain(DARK, None, &mut problems);
        }
        let base = chain(BASE, None, &mut problems);
        let own = styles(&layers, depth, &mut problems);
        let base = styles(&base, depth, &mut problems);
        let mut theme = Theme { styles: [Style::new(); Scope::ALL.len()], depth };
        for &scope in Scope::ALL {
            if let Some(style) = inherited(&own, scope).or_else(|| inherited(&base, scope)) {
                theme.styles[scope as usize] = style;
            }
        }
        (theme, problems)
    }

    /// How many colours there are to draw with.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The look of a scope.
    pub fn style(&self, scope: Scope) -> Style {
        self.styles[scope as usize]
    }

    /// What fills a bar of something used to this share (1 is all of it), low up to 0.7, high from 0.9.
    pub fn bar(&self, share: f64) -> Style {
        self.style(if share >= 0.9 {
            Scope::BarHigh
        } else if share >= 0.7 {
            Scope::BarMid
        } else {
            Scope::BarLow
        })
    }
}

impl Default for Theme {
    /// The dark theme in full colour.
    fn default() -> Theme {
        Theme::load(DARK, None, Depth::Truecolor).0
    }
}

/// The files of a theme, from the one below all to the theme's own; empty where there is no such theme.
fn chain(name: &str, config: Option<&Path>, problems: &mut Vec<Problem>) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut next = find(name, config, None, problems);
    while let Some(book) = next {
        let layer = file::read(Source { name: &book.file, text: &book.text }, problems);
        next = layer.inherits.as_ref().and_then(|(parent, line)| {
            let found = find(parent, config, Some(&book.file), problems);
            let message = match &found {
                Some(found) if found.file == book.file || seen.contains(&found.file) => {
                    Some(format!("inherits {parent:?}, which inherits this theme"))
                }
                Some(_) => None,
                None => Some(SHELF.unknown(config, parent)),
            };
            match message {
                None => found,
                Some(message) => {
                    problems.push(Problem { file: book.file.clone(), line: *line, message });
                    None
                }
            }
        });
        seen.push(book.file);
        layers.push(layer);
    }
    layers.reverse();
    layers
}

/// The user's file or the compiled one. A user's file that inherits its own name means the compiled one.
fn find(name: &str, config: Option<&Path>, asking: Option<&str>, problems: &mut Vec<Problem>) -> Option<Book> {
    let user = SHELF.user(config, name).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    user.filter(|book| Some(book.file.as_str()) != asking).or_else(|| SHELF.compiled(name))
}

type Styles = FxHashMap<Scope, Style>;

fn inherited(styles: &Styles, scope: Scope) -> Option<Style> {
    let mut at = Some(scope);
    while let Some(scope) = at {
        if let Some(style) = styles.get(&scope) {
            return Some(*style);
        }
        at = scope.parent();
    }
    None
}

/// The styles of what the files mention, later files before earlier ones, with the palette of all of them.
fn styles(layers: &[Layer], depth: Depth, problems: &mut Vec<Problem>) -> Styles {
    let palette: FxHashMap<&str, Colour> =
        layers.iter().flat_map(|layer| &layer.palette).map(|(name, colour)| (name.as_str(), *colour)).collect();
    let looks: FxHashMap<Scope, &Look> = layers.iter().flat_map(|layer| &layer.looks).map(|(scope, look)| (*scope, look)).collect();
    let mut out = Styles::default();
    let mut unknown = Vec::new();
    for (scope, look) in looks {
        let mut colour = |name: &Option<String>| {
            let name = name.as_deref()?;
            let found = palette.get(name).copied().or_else(|| Colour::parse(name).map(|full| Colour { full, few: None }));
            if found.is_none() {
                let near = did_you_mean(name, palette.keys().copied());
                let message = format!("there is no colour {name:?} in the palette{near}");
                unknown.push(Problem { file: look.file.to_string(), line: look.line, message });
            }
            found
        };
        let (fg, bg) = (colour(&look.fg), colour(&look.bg));
        out.insert(scope, style(fg, bg, look, depth));
    }
    unknown.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    problems.append(&mut unknown);
    out
}

fn style(fg: Option<Colour>, bg: Option<Colour>, look: &Look, depth: Depth) -> Style {
    let front = fg.and_then(|colour| colour.of_text(depth));
    let back = bg.and_then(|colour| colour.of_background(depth));
    let lost = depth == Depth::None || back.is_some() != bg.is_some();
    let modifiers: Modifier = if lost { look.mono.unwrap_or(look.modifiers) } else { look.modifiers };
    // The text's colour was chosen for a background that is not there.
    let front: Option<Color> = front.filter(|_| back.is_some() == bg.is_some());
    Style { fg: front, bg: back, ..Style::new() }.add_modifier(modifiers)
}

#[cfg(test)]
mod tests;
