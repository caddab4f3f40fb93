//! The revisions of a workload as text: a list to choose from, or what one of them has otherwise than another one.

use super::unified;
use crate::kinds::revisions::{Revision, Revisions, difference};
use crate::model::time;

/// Which revisions are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// All of them, in a list.
    #[default]
    All,
    /// What the second one has otherwise than the first one; the second is the current one where none is named.
    Two(i64, Option<i64>),
}

/// The text of revisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The text.
    pub text: String,
    /// Those that one can go into: the line of each, and its number.
    pub fields: Vec<(usize, Box<str>)>,
}

/// The text; what cannot be shown is said in it, for it can be there in a moment.
pub fn page(revisions: &Revisions, which: Which) -> Page {
    match which {
        Which::All => list(revisions),
        Which::Two(from, to) => match (revisions.get(Some(from)), revisions.get(to)) {
            (Ok(from), Ok(to)) => Page { text: two(revisions, from, to), ..Page::default() },
            (Err(why), _) | (_, Err(why)) => Page { text: why, ..Page::default() },
        },
    }
}

fn cells(revisions: &Revisions, revision: &Revision) -> [String; 5] {
    let current = if revisions.current == Some(revision.number) { "current" } else { "" };
    let age = if revision.created == 0 { String::new() } else { time::age((revisions.at - revision.created).max(0)) };
    let cause =
        if revision.cause.is_empty() { "<none>".to_owned() } else { revision.cause.split_whitespace().collect::<Vec<_>>().join(" ") };
    [revision.number.to_string(), current.to_owned(), age, revision.images.join(", "), cause]
}

fn list(revisions: &Revisions) -> Page {
    let heads = ["REVISION", "", "AGE", "IMAGES", "CHANGE-CAUSE"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(heads).chain(revisions.all.iter().map(|revision| cells(revisions, revision))).collect();
    let width = |column: usize| rows.iter().map(|row| super::text::width(&row[column])).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut page = Page::default();
    for (at, row) in rows.iter().enumerate() {
        let cells =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(super::text::width(cell)))));
        page.text.extend([cells.collect::<Vec<_>>().join("  ").trim_end(), "\n"]);
        if at > 0 {
            page.fields.push((at, row[0].as_str().into()));
        }
    }
    page.text.push_str(match revisions.all.is_empty() {
        true => "\nNo revision is kept.\n",
        false => {
            "\nEnter shows what the current one has otherwise than this one;\n\
             :revisions 3 5 shows what 5 has otherwise than 3;\n\
             :rollout-undo goes back to this one, after it has asked.\n"
        }
    });
    page
}

fn two(revisions: &Revisions, from: &Revision, to: &Revision) -> String {
    let called = |revision: &Revision| {
        let current = if revisions.current == Some(revision.number) { ", the current one" } else { "" };
        format!("revision {}{current} ({})", revision.number, revision.images.join(", "))
    };
    let mut text = format!("- {}\n+ {}\n\n", called(from), called(to));
    let rows = difference(from, to);
    if rows.iter().all(|row| matches!(row, crate::model::edit::Row::Gap(_))) {
        text.push_str("Their pod templates are the same.\n");
    } else {
        unified::push(&mut text, &rows);
    }
    if revisions.current != Some(from.number) {
        text.push_str(&format!("\n:rollout-undo goes back to revision {}, after it has asked.\n", from.number));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn revisions() -> Revisions {
        let revision = |number: i64, image: &str, cause: &str| Revision {
            number,
            name: format!("web-{number}"),
            created: number * 60,
            cause: cause.into(),
            images: vec![image.into()],
            template: json!({"spec": {"containers": [{"name": "app", "image": image}]}}),
        };
        Revisions { all: vec![revision(3, "web:3", ""), revision(2, "web:20", "two\nlines")], current: Some(3), at: 240 }
    }

    #[test]
    fn the_list_has_what_one_chooses_by() {
        let page = page(&revisions(), Which::All);
        let lines: Vec<&str> = page.text.lines().take(3).collect();
        assert_eq!(
            lines,
            [
                "REVISION           AGE  IMAGES  CHANGE-CAUSE",
                "3         current  60s  web:3   <none>",
                "2                  2m   web:20  two lines"
            ]
        );
        assert_eq!(page.fields, [(1, "3".into()), (2, "2".into())]);
    }

    #[test]
    fn two_revisions_are_compared_and_one_that_is_not_there_is_said() {
        let text = page(&revisions(), Which::Two(2, None)).text;
        assert!(text.starts_with("- revision 2 (web:20)\n+ revision 3, the current one (web:3)\n"), "{text}");
        assert!(text.contains("    -   - image: web:20\n    +   - image: web:3\n"), "{text}");
        assert!(text.contains(":rollout-undo goes back to revision 2"), "{text}");
        assert!(page(&revisions(), Which::Two(3, Some(3))).text.contains("are the same"));
        assert_eq!(page(&revisions(), Which::Two(7, None)).text, "there is no revision 7: 2, 3");
    }
}
