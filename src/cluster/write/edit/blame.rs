//! Which line a server's error is about.

use crate::cluster::write::send::Refused;
use crate::kinds::shown::is_secret;
use crate::model::draft::Blame;
use crate::model::edit::{Document, Path, Step};
use crate::model::kind::Kind;
use crate::model::tree::Tree;

/// Something is wrong with the field at a path; where it is not there, with what it should stand in.
pub(super) fn at(document: &Document, path: &Path, message: String) -> Blame {
    let (node, _) = document.root.nearest(path);
    Blame { at: Some(node.label()), message, server: false }
}

/// Keys that come twice.
pub(super) fn twice(document: &Document) -> Vec<Blame> {
    let said = |name: &str, line| format!("{name} is here twice: it stands in line {line} already");
    document
        .twice
        .iter()
        .map(|twice| Blame { at: Some(twice.again), message: said(&twice.name, twice.first.line), server: false })
        .collect()
}

/// What a server says of a text: of single fields where it names them, beside its words or in them.
pub(super) fn of(document: &Document, kind: &Kind, refused: &Refused) -> Vec<Blame> {
    let place = |path: Path| {
        // A Secret's values are written as text, and stored as data.
        let written = match (path.0.as_slice(), document.root.nearest(&path)) {
            ([Step::Key(first), rest @ ..], (_, false)) if is_secret(kind) && **first == *"data" => {
                Path([&[Step::Key("stringData".into())], rest].concat())
            }
            _ => path,
        };
        at(document, &written, String::new()).at
    };
    // `patch` is no field: it is where an API server that cannot decode what a patch made says so, with all of the object.
    let named: Vec<Blame> = refused
        .causes
        .iter()
        .filter(|cause| !matches!(cause.field.as_str(), "" | "patch"))
        .map(|cause| Blame {
            at: place(Path::of_field(&cause.field)),
            message: format!("{}: {}", cause.field, cause.message),
            server: true,
        })
        .collect();
    if !named.is_empty() {
        return named;
    }
    let words = plain(&refused.words);
    let paths = Path::in_message(words);
    if paths.is_empty() {
        return vec![Blame { at: None, message: words.to_owned(), server: true }];
    }
    paths
        .into_iter()
        .map(|path| Blame { message: format!("there is no field {path}, or it is there twice"), at: place(path), server: true })
        .collect()
}

/// A server's words without the whole object that they quote: it is long, and may be a Secret.
pub(super) fn plain(words: &str) -> &str {
    let quoted = words.find("patch: Invalid value: \"{").map(|at| &words[at..]);
    quoted.and_then(|rest| rest.rfind("}\": ").map(|end| &rest[end + 4..])).unwrap_or(words)
}

/// What stands at a path of a tree.
pub(super) fn find<'t>(tree: &'t Tree, path: &Path) -> Option<&'t Tree> {
    path.0.iter().try_fold(tree, |tree, step| match step {
        Step::Key(name) => tree.get(name),
        Step::At(at) => tree.items().get(*at),
        Step::Item(keys) => tree.items().iter().find(|item| keys.iter().all(|(name, value)| item.get(name) == Some(value))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::error::StatusCause;
    use crate::model::edit;

    const TEXT: &str = "kind: Secret\nstringData:\n  a: x\nspec:\n  list:\n  - name: b\n    bad: 1\n";

    fn lines(blames: &[Blame]) -> Vec<(Option<usize>, &str)> {
        blames.iter().map(|blame| (blame.at.map(|at| at.line), blame.message.as_str())).collect()
    }

    #[test]
    fn an_error_is_put_at_the_line_of_its_field() {
        let document = edit::read(TEXT).unwrap();
        let secret = Kind { plural: "secrets".into(), ..Kind::default() };
        let cause = |field: &str| StatusCause { field: field.into(), message: "no".into() };
        let causes = vec![cause("spec.list[0].bad"), cause("data[a]"), cause("spec.missing.deep"), cause("")];
        let refused = Refused { words: "all".into(), causes };
        let expected = [(Some(7), "spec.list[0].bad: no"), (Some(3), "data[a]: no"), (Some(4), "spec.missing.deep: no")];
        assert_eq!(lines(&of(&document, &secret, &refused)), expected);
        let words = "Deployment in version \"v1\" cannot be handled: strict decoding error: unknown field \"spec.list[0].bad\"";
        let refused = Refused { words: words.into(), ..Refused::default() };
        assert_eq!(lines(&of(&document, &secret, &refused)), [(Some(7), "there is no field spec.list[0].bad, or it is there twice")]);
        let words = "Deployment.apps \"web\" is invalid: patch: Invalid value: \"{\\\"data\\\":\\\"value\\\"}\": strict decoding error: unknown field \"spec.list[0].bad\"";
        let causes = vec![cause("patch")];
        let found = of(&document, &secret, &Refused { words: words.into(), causes });
        assert_eq!(lines(&found), [(Some(7), "there is no field spec.list[0].bad, or it is there twice")]);
        assert_eq!(plain(words), "strict decoding error: unknown field \"spec.list[0].bad\"");
        let refused = Refused { words: "no quota".into(), ..Refused::default() };
        assert_eq!(lines(&of(&document, &secret, &refused)), [(None, "no quota")]);
    }

    #[test]
    fn fields_are_found_in_trees() {
        let tree = edit::read(TEXT).unwrap().tree();
        assert!(find(&tree, &Path::of_field("spec.list[0].bad")).is_some());
        assert!(find(&tree, &Path::of_field("spec.list[name=\"b\"].bad")).is_some());
        assert!(find(&tree, &Path::of_field("spec.list[1].bad")).is_none());
    }
}
