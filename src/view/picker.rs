//! A list that one chooses from while typing: contexts, namespaces, and the palette's kinds and commands.

use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::prompt::Line;
use crate::model::session::Choosing;

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
    /// Which containers' log.
    Containers,
    /// What becomes of a text that is not saved.
    Leaving,
    /// A command or a kind: `:`.
    Palette,
    /// What an act leaves open: a container, an image.
    Choosing,
    /// A text that an earlier run left behind.
    Left,
    /// Whose value is stored, where others have changed the same field.
    Clash,
}

/// One thing to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What it is called, and what is matched.
    pub name: Arc<str>,
    /// Other names of it, with spaces between them: matched too.
    pub also: Arc<str>,
    /// More about it, in dim letters.
    pub about: Arc<str>,
    /// Why it cannot be chosen, if so.
    pub refused: Option<Arc<str>>,
}

impl Choice {
    /// A name, and what is said of it.
    pub fn new(name: impl Into<Arc<str>>, about: impl Into<Arc<str>>) -> Choice {
        Choice { name: name.into(), about: about.into(), ..Choice::default() }
    }

    /// The same under other names too, which have spaces between them.
    pub fn known_as(self, also: impl Into<Arc<str>>) -> Choice {
        Choice { also: also.into(), ..self }
    }

    /// It is called so, by its name or another one.
    fn is(&self, word: &str) -> bool {
        self.names().any(|name| name.eq_ignore_ascii_case(word))
    }

    /// It, or another name of it, begins with a word.
    pub fn begins(&self, word: &str) -> bool {
        self.names().any(|name| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.name).chain(self.also.split(' ').filter(|name| !name.is_empty()))
    }
}

/// What can stand at one place of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// What there is.
    pub choices: Vec<Choice>,
    /// Where the word begins that is being typed, in bytes of the line.
    pub from: usize,
    /// Other words than the choices make sense too: what was typed counts as it is, until a person goes into the list.
    pub free: bool,
    /// What is known of the command being typed.
    pub usage: Option<Usage>,
}

/// What is known of the command being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Its name, and what it takes.
    pub line: Arc<str>,
    /// What it does.
    pub doc: Arc<str>,
    /// Why it cannot be done now.
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
    /// What came of the line when it was taken: why it was not done.
    pub error: Option<Arc<str>>,
    /// Which of the earlier lines was brought back.
    pub recalled: Option<usize>,
    /// What is done with the choice, where the purpose is [`Purpose::Choosing`].
    pub choosing: Option<Box<Choosing>>,
    offer: Offer,
    shown: Vec<usize>,
    /// Place in `shown`; `None` while nothing is chosen (the palette takes the text as typed then).
    at: Option<usize>,
    /// A person went there.
    moved: bool,
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
            error: None,
            recalled: None,
            choosing: None,
            offer: Offer::default(),
            shown: Vec::new(),
            at: None,
            moved: false,
            matcher: Matcher::new(Config::DEFAULT),
        };
        picker.refill(choices);
        picker.at = at;
        picker
    }

    /// New choices; the one that is chosen stays chosen where it is still there.
    pub fn refill(&mut self, choices: Vec<Choice>) {
        self.offer(Offer { choices, ..self.offer.clone() });
    }

    /// Other choices, at another place of the line perhaps; the one that is chosen stays chosen where it is still there.
    pub fn offer(&mut self, offer: Offer) {
        if self.offer == offer {
            return;
        }
        let chosen = self.chosen().map(|choice| choice.name.clone()).filter(|_| self.offer.from == offer.from);
        let moved = self.moved;
        self.offer = offer;
        self.narrow();
        let again = chosen.filter(|_| moved || self.at.is_some());
        if let Some(place) = again.and_then(|name| self.shown.iter().position(|&i| self.offer.choices[i].name == name)) {
            self.at = Some(place);
            self.moved = moved;
        }
    }

    /// The line was edited: what was chosen and what was said of it before are of another line.
    pub fn edited(&mut self) {
        self.moved = false;
        self.error = None;
        self.narrow();
    }

    /// What is typed of the word that the choices are for.
    pub fn word(&self) -> &str {
        let typed = if self.purpose == Purpose::Palette { self.line.before() } else { self.line.text() };
        typed.get(self.offer.from..).unwrap_or_default().trim()
    }

    /// What is known of the command being typed.
    pub fn usage(&self) -> Option<&Usage> {
        self.offer.usage.as_ref()
    }

    /// Matches again after the line was edited: the best first, all in their order while nothing is typed.
    pub fn narrow(&mut self) {
        let text = self.word().to_owned();
        self.moved = false;
        if text.is_empty() {
            self.shown = (0..self.offer.choices.len()).collect();
        } else {
            let pattern = Pattern::parse(&text, CaseMatching::Ignore, Normalization::Smart);
            let mut buffer = Vec::new();
            let mut score = |name: &str| pattern.score(Utf32Str::new(name, &mut buffer), &mut self.matcher);
            let mut scored: Vec<((bool, bool), u32, usize)> = Vec::new();
            for (i, choice) in self.offer.choices.iter().enumerate() {
                if let Some(best) = score(&choice.name).max(score(&choice.also)) {
                    // A name that is typed whole, then one that begins so, comes before a better score elsewhere.
                    scored.push(((!choice.is(&text), !choice.begins(&text)), best, i));
                }
            }
            scored.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
            self.shown = scored.into_iter().map(|(.., i)| i).collect();
        }
        let first = self.purpose != Purpose::Palette || (!text.is_empty() && !self.offer.free);
        self.at = (!self.shown.is_empty() && first).then_some(0);
    }

    /// The one under the cursor.
    pub fn chosen(&self) -> Option<&Choice> {
        self.place().and_then(|i| self.offer.choices.get(i))
    }

    /// Its place among all choices.
    pub fn place(&self) -> Option<usize> {
        self.at.and_then(|at| self.shown.get(at)).copied()
    }

    /// Whether the word as typed names one of the choices.
    pub fn is_whole(&self) -> bool {
        let word = self.word();
        self.offer.choices.iter().any(|choice| choice.is(word))
    }

    /// Other words than the choices can be typed.
    pub fn is_free(&self) -> bool {
        self.offer.free
    }

    /// A person chose what is under the cursor, in the list itself.
    pub fn moved(&self) -> bool {
        self.moved
    }

    /// The choices are for the first word of the line.
    pub fn at_first_word(&self) -> bool {
        self.line.before().get(..self.offer.from).is_none_or(|before| before.trim().is_empty())
    }

    /// The line with the choice in place of what was typed of it; as it was typed where nothing is chosen.
    pub fn completed(&self) -> Line {
        let mut line = self.line.clone();
        if let Some(choice) = self.chosen() {
            line.replace(self.offer.from, &choice.name);
        }
        line
    }

    /// Moves the cursor, round the ends.
    pub fn step(&mut self, by: isize) {
        let count = self.shown.len() as isize;
        if count > 0 {
            let at = self.at.map_or(if by > 0 { -1 } else { count }, |at| at as isize);
            self.at = Some((at + by).rem_euclid(count) as usize);
            self.moved = true;
        }
    }

    /// Chooses by place among what matches. False when there is no such place.
    pub fn choose(&mut self, place: usize) -> bool {
        if place >= self.shown.len() {
            return false;
        }
        self.at = Some(place);
        self.moved = true;
        true
    }

    /// What matches, and which of it is chosen.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = (bool, &Choice)> {
        self.shown.iter().enumerate().map(|(place, &i)| (self.at == Some(place), &self.offer.choices[i]))
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
        names.iter().map(|&name| Choice::new(name, "")).collect()
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

    #[test]
    fn other_names_are_matched_and_count_as_whole() {
        let named = |name: &str, also: &str| Choice::new(name, "").known_as(also);
        let all = vec![named("podmonitors", ""), named("pods", "po pod"), named("deployments", "deploy")];
        let mut picker = Picker::new(Purpose::Palette, "".into(), all, None);
        picker.line.insert("po");
        picker.edited();
        assert_eq!((picker.chosen().map(|c| &*c.name), picker.is_whole()), (Some("pods"), true));
        picker.line.insert("dm");
        picker.edited();
        assert_eq!((picker.chosen().map(|c| &*c.name), picker.is_whole()), (Some("podmonitors"), false));
        assert_eq!(picker.completed().text(), "podmonitors");
    }

    #[test]
    fn a_free_word_counts_as_typed_until_one_goes_into_the_list() {
        let mut picker = Picker::new(Purpose::Palette, "".into(), Vec::new(), None);
        picker.line.insert("label ti");
        picker.offer(Offer { choices: choices(&["tier=web", "tier=db"]), from: 6, free: true, usage: None });
        assert_eq!((picker.word(), picker.completed().text()), ("ti", "label ti"));
        picker.step(1);
        assert_eq!(picker.completed().text(), "label tier=web");
        assert!(picker.moved() && !picker.at_first_word());
        assert!(!picker.choose(9) && picker.choose(1));
        assert_eq!(picker.completed().text(), "label tier=db");
    }
}
