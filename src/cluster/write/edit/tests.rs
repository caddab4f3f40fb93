use super::*;
use crate::kinds::schema::Type;
use crate::model::edit::Answer;

fn target() -> Reference {
    let kind =
        Kind { group: "apps".into(), version: "v1".into(), plural: "deployments".into(), singular: "deployment".into(), ..Kind::default() };
    Reference { kind: Arc::new(kind), namespace: "shop".into(), name: "web".into(), uid: Uid::new("u") }
}

fn object(version: &str, replicas: i64, image: &str) -> Value {
    json!({
        "metadata": {"name": "web", "uid": "u", "resourceVersion": version, "generation": version.parse::<i64>().unwrap_or(0)},
        "spec": {"replicas": replicas, "containers": [{"name": "app", "image": image}]},
        "status": {"ready": version},
    })
}

/// As a server describes it: containers are told apart by their names.
fn schema() -> Guided {
    let item = json!({"type": "object", "properties": {"name": {"type": "string"}, "image": {"type": "string"}}});
    let list = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": item});
    let spec = json!({"type": "object", "properties": {"replicas": {"type": "integer"}, "containers": list}});
    Guided(Some(Type::inline(&json!({"type": "object", "properties": {"spec": spec}})).unwrap()))
}

fn draft(base: &Value) -> Draft {
    Draft { editor: 1, text: "".into(), base: Arc::new(base.clone()), seen: Arc::new(base.clone()), answers: None }
}

/// What would be sent, without its preconditions.
fn operations(base: &Value, now: &Value, mine: &Value) -> Result<Vec<Value>, Clash> {
    let merging = merging(&draft(base), &target(), now, &own(mine), &schema())?;
    let write = patched(&target(), now, &merging.wanted, &schema(), true).unwrap();
    let Content::Patch(operations, true) = write.body else { panic!("a patch") };
    assert_eq!(operations[1]["value"], now["metadata"]["resourceVersion"]);
    Ok(operations[2..].to_vec())
}

#[test]
fn only_what_was_changed_is_sent_whatever_happened_to_the_status() {
    let (base, now) = (object("1", 3, "a"), object("7", 3, "a"));
    let expected = [json!({"op": "replace", "path": "/spec/replicas", "value": 5})];
    assert_eq!(operations(&base, &now, &object("1", 5, "a")).unwrap(), expected);
    assert!(!merging(&draft(&base), &target(), &now, &own(&base), &schema()).unwrap_or_else(|_| panic!("no clash")).met);
}

#[test]
fn another_field_is_merged_and_the_same_one_is_asked_for() {
    let (base, now) = (object("1", 3, "a"), object("2", 3, "b"));
    let sent = operations(&base, &now, &object("1", 5, "a")).unwrap();
    assert_eq!(sent, [json!({"op": "replace", "path": "/spec/replicas", "value": 5})]);
    let Err(clash) = operations(&base, &object("2", 4, "a"), &object("1", 5, "a")) else { panic!("a clash") };
    let Heard::Clash { conflicts, theirs, .. } = *clash else { panic!("a clash") };
    assert_eq!(conflicts.iter().map(|conflict| conflict.path.to_string()).collect::<Vec<_>>(), ["spec.replicas"]);
    assert_eq!(theirs["spec"]["replicas"], 4);
}

#[test]
fn answers_hold_for_the_state_that_they_were_given_to() {
    let (base, theirs, mine) = (object("1", 3, "a"), object("2", 4, "a"), object("1", 5, "a"));
    let answered = |answer| Draft { answers: Some((Arc::from([answer]), Arc::new(theirs.clone()))), ..draft(&base) };
    let wanted = |draft: &Draft, now: &Value| {
        merging(draft, &target(), now, &own(&mine), &schema()).map(|merging| merging.wanted.int("spec.replicas", 0))
    };
    assert!(matches!(wanted(&answered(Answer::Mine), &theirs), Ok(5)));
    assert!(matches!(wanted(&answered(Answer::Theirs), &object("3", 4, "a")), Ok(4)), "only its status moved since");
    assert!(wanted(&answered(Answer::Mine), &object("3", 6, "a")).is_err(), "that was not asked");
}

#[test]
fn what_is_the_same_is_nothing_to_be_saved() {
    let (base, now) = (object("1", 3, "a"), object("2", 5, "a"));
    let mine = own(&object("1", 5, "a"));
    let merging = merging(&draft(&base), &target(), &now, &mine, &schema()).unwrap_or_else(|_| panic!("no clash"));
    assert!(merging.met && idle(&patched(&target(), &now, &merging.wanted, &schema(), true).unwrap()));
}

#[test]
fn fields_that_were_there_before_block_nothing() {
    let (base, mine) = (own(&json!({"spec": {"old": 1}})), own(&json!({"spec": {"old": 1, "new": 2}})));
    let refused = |field: &str| Refused { words: format!("strict decoding error: unknown field \"{field}\""), ..Refused::default() };
    assert!(!brought(&refused("spec.old"), &base, &mine));
    assert!(brought(&refused("spec.new"), &base, &mine));
    assert!(brought(&Refused { words: "strict decoding error".into(), ..Refused::default() }, &base, &mine));
}
