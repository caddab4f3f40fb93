//! What is known, what is noted, and when it is asked again.

use super::*;

fn kind(plural: &str, namespaced: bool) -> Kind {
    Kind { plural: plural.into(), namespaced, ..Kind::default() }
}

fn delete(name: &str) -> Attempt {
    Attempt::new("delete", &kind("pods", true), "", "shop", name)
}

fn rule(verb: &str, resource: &str, names: &[&str]) -> Rule {
    Rule {
        verbs: vec![verb.into()],
        api_groups: vec![String::new()],
        resources: vec![resource.into()],
        resource_names: names.iter().map(|name| name.to_string()).collect(),
    }
}

fn rules_of(namespace: &str) -> Ask {
    Ask::Rules(namespace.into())
}

fn tell(rights: &mut Rights, ask: Ask, said: Said, now: Instant) -> bool {
    rights.asked.entry(ask.clone()).or_insert(now);
    rights.tell(ask, said, now)
}

#[test]
fn complete_rules_answer_everything_of_a_namespace_with_one_question() {
    let (mut rights, now) = (Rights::default(), Instant::now());
    assert_eq!(rights.may(&delete("web"), now), None);
    assert_eq!(rights.may(&delete("db"), now), None);
    assert_eq!(rights.take(now), [rules_of("shop")]);
    assert!(rights.tell(rules_of("shop"), Said::Rules(Some(vec![rule("delete", "pods", &["db"])])), now));
    assert_eq!(rights.may(&delete("web"), now), Some(false));
    assert_eq!(rights.may(&delete("db"), now), Some(true));
    assert_eq!(rights.take(now), []);
    let other = Attempt { namespace: "other".into(), ..delete("db") };
    assert_eq!(rights.may(&other, now), None, "of another namespace nothing is known");
    assert_eq!(rights.take(now), [rules_of("other")]);
}

#[test]
fn incomplete_rules_ask_for_all_names_first_and_for_the_one_where_that_is_denied() {
    let (mut rights, now) = (Rights::default(), Instant::now());
    tell(&mut rights, rules_of("shop"), Said::Rules(None), now);
    assert_eq!(rights.may(&delete("web"), now), None);
    let (all, one) = (Ask::Access(delete("")), Ask::Access(delete("web")));
    assert_eq!(rights.take(now), std::slice::from_ref(&all));
    assert!(rights.tell(all.clone(), Said::Access(Some(false)), now));
    assert_eq!(rights.may(&delete("web"), now), None, "a rule may name it");
    assert_eq!(rights.take(now), std::slice::from_ref(&one));
    rights.tell(one, Said::Access(Some(true)), now);
    assert_eq!(rights.may(&delete("web"), now), Some(true));
    assert_eq!(rights.may(&delete(""), now), Some(false));
    tell(&mut rights, all, Said::Access(Some(true)), now);
    assert_eq!(rights.may(&delete("db"), now), Some(true), "all of them may be deleted");
    assert_eq!(rights.take(now), []);
}

#[test]
fn for_what_lives_in_no_namespace_rules_are_sure_of_no_alone() {
    let (mut rights, now) = (Rights::default(), Instant::now());
    let node = |verb: &str| Attempt::new(verb, &kind("nodes", false), "", "", "n1");
    assert_eq!(rights.may(&node("patch"), now), None);
    assert_eq!(rights.take(now), [rules_of("default")]);
    // `get nodes` may come from a RoleBinding in default, where it opens nothing.
    rights.tell(rules_of("default"), Said::Rules(Some(vec![rule("get", "nodes", &[])])), now);
    assert_eq!(rights.may(&node("patch"), now), Some(false));
    assert_eq!(rights.take(now), []);
    assert_eq!(rights.may(&node("get"), now), None);
    assert_eq!(rights.take(now), [Ask::Access(node("get").of_all_names())]);
    rights.tell(Ask::Access(node("get").of_all_names()), Said::Access(Some(true)), now);
    assert_eq!(rights.may(&node("get"), now), Some(true));
}

#[test]
fn a_namespace_is_asked_for_inside_itself() {
    let (mut rights, now) = (Rights::default(), Instant::now());
    let own = Attempt::new("delete", &kind("namespaces", false), "", "", "shop");
    assert_eq!(rights.may(&own, now), None);
    assert_eq!(rights.take(now), [rules_of("shop")]);
    rights.tell(rules_of("shop"), Said::Rules(Some(vec![rule("delete", "namespaces", &[])])), now);
    assert_eq!(rights.may(&own, now), Some(true));
}

#[test]
fn what_was_said_counts_while_it_is_asked_again() {
    let (mut rights, now) = (Rights::default(), Instant::now());
    tell(&mut rights, rules_of("shop"), Said::Rules(Some(vec![rule("delete", "pods", &[])])), now);
    let soon = now + REFRESH - Duration::from_secs(1);
    assert_eq!(rights.may(&delete("web"), soon), Some(true));
    assert_eq!(rights.take(soon), []);
    let later = now + REFRESH;
    assert_eq!(rights.may(&delete("web"), later), Some(true));
    assert_eq!(rights.take(later), [rules_of("shop")]);
    assert_eq!(rights.may(&delete("web"), later), Some(true));
    assert_eq!(rights.take(later), [], "it was asked");
    assert!(!rights.tell(rules_of("shop"), Said::Nothing, later));
    assert_eq!(rights.may(&delete("web"), later), Some(true), "no answer changes nothing");
    assert_eq!(rights.take(later), [], "and is not asked again at once");
    rights.may(&delete("web"), later);
    assert_eq!(rights.take(later + PATIENCE), [rules_of("shop")]);
    assert!(rights.tell(rules_of("shop"), Said::Rules(Some(Vec::new())), later + PATIENCE));
    assert_eq!(rights.may(&delete("web"), later + PATIENCE), Some(false));
}

#[test]
fn a_refusal_makes_everything_doubtful_also_what_is_on_the_way() {
    let (mut rights, now) = (Rights::default(), Instant::now());
    let allowed = || Said::Rules(Some(vec![rule("delete", "pods", &[])]));
    tell(&mut rights, rules_of("shop"), allowed(), now);
    rights.doubt();
    assert_eq!(rights.may(&delete("web"), now), Some(true));
    assert_eq!(rights.take(now), [rules_of("shop")]);
    rights.doubt();
    rights.tell(rules_of("shop"), allowed(), now);
    rights.may(&delete("web"), now);
    assert_eq!(rights.take(now), [rules_of("shop")], "that answer was from before");
    assert!(!rights.tell(rules_of("shop"), allowed(), now), "the same again is no news");
    rights.may(&delete("web"), now);
    assert_eq!(rights.take(now), []);
}

#[test]
fn notes_are_few_and_the_newest_come_first() {
    let (mut rights, now) = (Rights::default(), Instant::now());
    for at in 0..100 {
        rights.look(&kind("pods", true), &format!("team-{at}"), "web", now);
    }
    let asks = rights.take(now);
    assert_eq!((asks.len(), asks.first(), asks.last()), (QUESTIONS, Some(&rules_of("team-99")), Some(&rules_of("team-84"))));
    // A server that does not say counts as unknown, and is not asked all the time.
    tell(&mut rights, rules_of("shop"), Said::Rules(None), now);
    for at in 0..2 * ANSWERS {
        tell(&mut rights, Ask::Access(delete(&at.to_string())), Said::Access(None), now);
    }
    assert!(rights.answers.len() <= ANSWERS);
    tell(&mut rights, Ask::Access(delete("")), Said::Access(None), now);
    rights.take(now);
    assert_eq!(rights.may(&delete("web"), now), None);
    assert_eq!(rights.take(now), []);
}
