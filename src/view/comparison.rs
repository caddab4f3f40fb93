//! What would come of applying, as a text: each object with what would change of it, one line below the other.

use super::text_view::{Fill, TextView};
use super::unified::line;
use crate::model::act::{Note, Weight};
use crate::model::apply::{Comparison, Fate};
use crate::model::edit::unified;
use crate::theme::Scope;

/// Lines that are the same and are shown round a change, as diff has it.
const CONTEXT: usize = 3;

/// Fills a text with a comparison.
pub fn fill(text: &mut TextView, comparison: &Comparison) {
    let lines = lines(comparison);
    let content: Vec<&str> = lines.iter().map(|(words, _)| words.as_str()).collect();
    let looks: Vec<Option<Scope>> = lines.iter().map(|(_, look)| *look).collect();
    text.set_looks(&content.join("\n"), &looks);
}

/// Says why there is no comparison; there may be many reasons, a line each.
pub fn refused(text: &mut TextView, why: &str) {
    text.set_looks(why, &vec![Some(Scope::Error); why.lines().count()]);
    text.fill = Fill::Fixed;
}

type Line = (String, Option<Scope>);

fn lines(comparison: &Comparison) -> Vec<Line> {
    let count = comparison.objects.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut out: Vec<Line> = vec![(format!("{count} object{plural}: {}", comparison.summary()), Some(Scope::TextHeading))];
    out.extend(comparison.notes.iter().map(|note| said("", note)));
    for (fate, target, at) in &comparison.objects {
        let (sign, look) = match fate {
            Fate::New => ('+', Scope::Good),
            Fate::Changed => ('~', Scope::Warning),
            Fate::Same => ('=', Scope::Dim),
            Fate::Clash | Fate::Wrong => ('!', Scope::Error),
        };
        let object = &target.object;
        let place = if object.namespace.is_empty() { String::new() } else { format!(" in {}", object.namespace) };
        let words = match (fate, &target.change) {
            (Fate::Clash, Err(words)) => format!("conflict: {words}"),
            (Fate::Wrong, Err(words)) => format!("refused: {words}"),
            (_, Ok(words) | Err(words)) => words.clone(),
        };
        out.push((String::new(), None));
        out.push((format!("{sign} {}{place}  {words}  ({at})", object.title()), Some(look)));
        out.extend(target.notes.iter().map(|note| said("  ", note)));
        out.extend(unified(&target.diff, CONTEXT).iter().map(line));
    }
    out
}

fn said(indent: &str, note: &Note) -> Line {
    match note.weight {
        Weight::Plain => (format!("{indent}{}", note.text), Some(Scope::Dim)),
        Weight::Warning => (format!("{indent}! {}", note.text), Some(Scope::Warning)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::act::Target;
    use crate::model::edit::side_by_side;
    use crate::model::kind::Kind;
    use crate::model::reference::Reference;
    use crate::model::row::Uid;

    #[test]
    fn each_object_has_its_fate_and_its_lines() {
        let target = |name: &str, change: Result<&str, &str>, diff: (&str, &str)| Target {
            object: Reference {
                kind: Arc::new(Kind { singular: "configmap".into(), ..Kind::default() }),
                namespace: "shop".into(),
                name: name.into(),
                uid: Uid::new(""),
            },
            change: change.map(str::to_owned).map_err(str::to_owned),
            notes: Vec::new(),
            diff: side_by_side(diff.0, diff.1).into(),
        };
        let comparison = Comparison {
            objects: vec![
                (Fate::Changed, target("a", Ok("data.x"), ("a\nb\nc\nd\ne\nx: 1\n", "a\nb\nc\nd\ne\nx: 2\n")), "f.yaml:1".into()),
                (Fate::Clash, target("b", Err("helm owns data.y"), ("", "")), "f.yaml:9".into()),
            ],
            notes: vec![Note::plain("left out: README.md")],
        };
        let mut view = TextView::new("diff", None);
        fill(&mut view, &comparison);
        let expected = [
            "2 objects: 1 changed, 1 in conflict",
            "left out: README.md",
            "",
            "~ configmap/a in shop  data.x  (f.yaml:1)",
            "    … 2 lines the same",
            "      c",
            "      d",
            "      e",
            "    - x: 1",
            "    + x: 2",
            "",
            "! configmap/b in shop  conflict: helm owns data.y  (f.yaml:9)",
        ];
        assert_eq!(view.lines, expected);
        assert_eq!(view.parts(8), Some(&[(0..10, Scope::Bad)][..]));
        refused(&mut view, "one\ntwo");
        assert_eq!(view.parts(1), Some(&[(0..3, Scope::Error)][..]));
    }
}
