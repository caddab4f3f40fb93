//! A list that one chooses from while typing: contexts, namespaces, and the palette's kinds and commands.

use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::prompt::Line;

/// What a picker is for: decides what happens with the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Another context.
    Contexts,
    /// One namespace, or all.
    Namespaces,
    /// Another theme; the one under the cursor is tried on.
    Themes,
    /// Another key map.
    Keymaps,
    /// A command or a kind: `:`.
    Palette,
}

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it is called, and what is matched.
    pub name: Arc<str>,
    /// More about it, in dim letters.
    pub about: Arc<str>,
    /// Why it cannot be chosen, if so.
    pub refused: Option<Arc<str>>,
}

/// The list, what was typed, and what is chosen so far.
#[derive(Debug)]
pub struct Picker {
    /// What for.
    pub purpose: Purpose,
    /// Stands above: why it opened (a cluster that does not answer, say). Empty when by a key.
    pub reason: Arc<str>,
    /// What was typed.
    pub line: Line,
    choices: Vec<Choice>,
    shown: Vec<usize>,
    /// Place in `shown`; `None` while nothing is chosen (the palette takes the text as typed then).
    at: Option<usize>,
    matcher: Matcher,
}

impl Picker {
    /// With `current` chosen, if it is there.
    pub fn new(purpose: Purpose, reason: Arc<str>, choices: Vec<Choice>, current: Option<&str>) -> Picker {
        let at = choices.iter().position(|choice| Some(&*choice.name) == current).or((purpose != Purpose::Palette).then_some(0));
        let mut picker = Picker {
            purpose,
            reason,
            line: Line::default(),
            choices: Vec::new(),
            shown: Vec::new(),
            at: None,
            matcher: Matcher::new(Config::DEFAULT),
        };
        picker.refill(choices);
        picker.at = at;
        picker
    }

    /// New choices; the one that is chosen stays chosen where it is still there.
    pub fn refill(&mut self, choices: Vec<Choice>) {
        if self.choices == choices {
            return;
        }
        let chosen = self.chosen().map(|choice| choice.name.clone());
        self.choices = choices;
        self.narrow();
        if let Some(name) = chosen {
            self.at = self.shown.iter().position(|&i| self.choices[i].name == name).or(self.at);
        }
    }

    /// Matches again after the line was edited: the best first, all in their order while nothing is typed.
    pub fn narrow(&mut self) {
        let text = self.line.text().trim();
        if text.is_empty() {
            self.shown = (0..self.choices.len()).collect();
        } else {
            let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
            let mut buffer = Vec::new();
            let mut scored: Vec<(u32, usize)> = self
                .choices
                .iter()
                .enumerate()
                .filter_map(|(i, choice)| Some((pattern.score(Utf32Str::new(&choice.name, &mut buffer), &mut self.matcher)?, i)))
                .collect();
            // A name that is typed whole, then one that begins so, comes before a better score elsewhere.
            let rank = |i: usize| (self.choices[i].name.as_ref() != text, !self.choices[i].name.starts_with(text));
            scored.sort_by(|a, b| rank(a.1).cmp(&rank(b.1)).then(b.0.cmp(&a.0)).then(a.1.cmp(&b.1)));
            self.shown = scored.into_iter().map(|(_, i)| i).collect();
        }
        self.at = (!self.shown.is_empty() && (self.purpose != Purpose::Palette || !text.is_empty())).then_some(0);
    }

    /// The one under the cursor.
    pub fn chosen(&self) -> Option<&Choice> {
        self.at.and_then(|at| self.shown.get(at)).and_then(|&i| self.choices.get(i))
    }

    /// Moves the cursor, round the ends.
    pub fn step(&mut self, by: isize) {
        let count = self.shown.len() as isize;
        if count > 0 {
            let at = self.at.map_or(if by > 0 { -1 } else { count }, |at| at as isize);
            self.at = Some((at + by).rem_euclid(count) as usize);
        }
    }

    /// What matches, and which of it is chosen.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = (bool, &Choice)> {
        self.shown.iter().enumerate().map(|(place, &i)| (self.at == Some(place), &self.choices[i]))
    }

    /// Place of the chosen one.
    pub fn at(&self) -> usize {
        self.at.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(names: &[&str]) -> Vec<Choice> {
        names.iter().map(|&name| Choice { name: name.into(), about: "".into(), refused: None }).collect()
    }

    #[test]
    fn typing_narrows_and_exact_names_win() {
        let mut picker = Picker::new(Purpose::Contexts, "".into(), choices(&["prod-eu", "eu", "dev"]), Some("dev"));
        assert_eq!(picker.chosen().map(|c| &*c.name), Some("dev"));
        picker.line.insert("eu");
        picker.narrow();
        assert_eq!(picker.shown().map(|(_, c)| c.name.to_string()).collect::<Vec<_>>(), ["eu", "prod-eu"]);
        picker.step(-1);
        assert_eq!(picker.chosen().map(|c| &*c.name), Some("prod-eu"));
        picker.refill(choices(&["prod-eu", "x-eu"]));
        assert_eq!(picker.chosen().map(|c| &*c.name), Some("prod-eu"));
    }

    #[test]
    fn nothing_that_matches_is_nothing_chosen() {
        let mut picker = Picker::new(Purpose::Palette, "".into(), choices(&["pods"]), None);
        assert!(picker.chosen().is_none());
        picker.line.insert("zzz");
        picker.narrow();
        picker.step(1);
        assert!(picker.chosen().is_none());
    }
}
