//! How a question, a pending number, progress and failure look, on every size of screen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kubetui::kinds;
use kubetui::model::act::{Act, Deletion, Intent, Note, Plan, Said, Step, Target};
use kubetui::model::kind::Kind;
use kubetui::model::policy::Demand;
use kubetui::model::reference::Reference;
use kubetui::model::row::Uid;
use kubetui::view::acting::{Question, Scaling};
use kubetui::view::prompt::Line;
use kubetui::view::state::Overlay;

use crate::screens::{Stage, text};

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 10)];

fn shot(name: &str, mut stage: impl FnMut((u16, u16)) -> Stage) {
    for size in SIZES {
        let screen = text(&stage(size).draw());
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
            insta::assert_snapshot!(format!("screen-box-{name}-{}x{}", size.0, size.1), screen);
        });
    }
}

fn object(kind: Kind, namespace: &str, name: &str) -> Reference {
    Reference { kind: Arc::new(kind), namespace: namespace.into(), name: name.into(), uid: Uid::new(name) }
}

fn target(object: Reference, change: &str, notes: Vec<Note>) -> Target {
    Target { object, change: Ok(change.into()), notes, diff: std::sync::Arc::default() }
}

fn plan(act: Act, title: &str, targets: Vec<Target>) -> Plan {
    let (notes, demand, kubectl) = (Vec::new(), Demand::Confirm, Vec::new());
    Plan { act, title: title.into(), targets, notes, demand, typed: String::new(), why: String::new(), kubectl, instead: None }
}

fn question(plan: Option<Plan>, intent: Intent) -> Question {
    let since = Instant::now().checked_sub(Duration::from_secs(1)).expect("the machine is up for longer");
    Question { number: 1, intent, plan: plan.map(Box::new), refused: None, since, line: Line::default(), top: 0 }
}

fn asking(size: (u16, u16), plan: Plan) -> Stage {
    let mut stage = Stage::new(size);
    stage.settle();
    let intent = Intent { act: plan.act.clone(), targets: plan.targets.iter().map(|target| target.object.clone()).collect() };
    stage.state.overlay = Overlay::Ask(Box::new(question(Some(plan), intent)));
    stage
}

fn restart() -> Plan {
    let web = object(kinds::apps::DEPLOYMENT.as_kind(), "shop", "web");
    let notes = vec![
        Note::warning("Flux Kustomization shop manages it, and will put it back at its next sync"),
        Note::plain("last written by kubectl-client-side-apply, helm"),
    ];
    plan(Act::Restart, "Restart deployment/web in shop?", vec![target(web, "its 3 pods are replaced by new ones", notes)])
}

#[test]
fn a_question() {
    shot("restart", |size| asking(size, restart()));
    shot("reading", |size| {
        let mut stage = asking(size, restart());
        if let Overlay::Ask(question) = &mut stage.state.overlay {
            question.plan = None;
        }
        stage
    });
}

#[test]
fn a_question_that_wants_a_name() {
    let claim = || {
        let object = object(kinds::volumes::PERSISTENT_VOLUME_CLAIM.as_kind(), "payments", "data-payments-0");
        let notes = vec![
            Note::warning("persistentvolume/pvc-5f0c goes, with what is on it (Delete)"),
            Note::warning("used by payments-0: it stays until they are gone"),
        ];
        let target = target(object, "it is deleted", notes);
        Plan {
            demand: Demand::Name,
            typed: "data-payments-0".into(),
            why: "guard rail (by default)".into(),
            ..plan(Act::Delete(Deletion::default()), "Delete persistentvolumeclaim/data-payments-0 in payments?", vec![target])
        }
    };
    shot("name", |size| asking(size, claim()));
    shot("name-wrong", |size| {
        let mut stage = asking(size, claim());
        if let Overlay::Ask(question) = &mut stage.state.overlay {
            question.line = Line::new("data-payments-1");
        }
        stage.run("accept");
        stage
    });
}

#[test]
fn a_question_about_many() {
    shot("two-hundred", |size| {
        let pod =
            |at: usize| target(object(kinds::pods::POD.as_kind(), "shop", &format!("web-7d8f9c6b5-{at:05}")), "it is deleted", Vec::new());
        let mut targets: Vec<Target> = (0..200).map(pod).collect();
        targets[7].notes.push(Note::warning("a deletion does not ask web-pdb: 0 allowed, 2/2 needed: evict does"));
        targets[9].change = Err("it is being deleted already".into());
        asking(size, plan(Act::Delete(Deletion::default()), "Delete 199 pods in shop?", targets))
    });
}

#[test]
fn what_wants_to_steer_the_terminal_is_only_shown() {
    shot("hostile", |size| {
        let name = format!("web\u{1b}[31m\u{202e}-{}", "very-long-".repeat(24));
        let object = object(kinds::pods::POD.as_kind(), "shop", &name);
        let notes = vec![Note::warning(format!("finalizer \u{1b}]0;title\u{7}{}: it stays\n\n\tuntil", "x".repeat(80)))];
        let title = format!("Delete pod/{name} in shop?");
        asking(size, plan(Act::Delete(Deletion::default()), &title, vec![target(object, "it is deleted", notes)]))
    });
}

#[test]
fn a_number_that_is_chosen() {
    shot("scale", |size| {
        let mut stage = Stage::new(size);
        stage.settle();
        let targets = vec![object(kinds::apps::DEPLOYMENT.as_kind(), "shop", "web")];
        stage.state.overlay = Overlay::Scale(Box::new(Scaling { targets, from: Some(3), line: Line::new("5") }));
        stage
    });
}

#[test]
fn a_reason_that_is_too_long_for_one_line() {
    shot("refused", |size| {
        let mut stage = asking(size, restart());
        if let Overlay::Ask(question) = &mut stage.state.overlay {
            question.plan = None;
            question.refused = Some(
                "deployment/web: deployments.apps \"web\" is forbidden: User \"somebody\" cannot get resource \"deployments\" in API group \
                 \"apps\" in the namespace \"shop\""
                    .to_owned()
                    .into(),
            );
        }
        stage
    });
}

/// A drain of two nodes in its middle, and a deletion that failed in part.
#[test]
fn what_is_on_its_way_and_what_came_of_it() {
    let begun = |size, plan: Plan, steps: Vec<Step>, ended: bool| {
        let mut stage = Stage::new(size);
        stage.settle();
        let number = stage.state.acts.number();
        stage.state.acts.begin(number, Box::new(plan));
        for (at, step) in steps.into_iter().enumerate() {
            stage.state.acts.take(number, Said::Step(at, step));
        }
        if ended {
            stage.state.acts.take(number, Said::Ended);
        }
        stage.state.overlay = Overlay::Acts(number);
        stage
    };
    let node = |name: &str| target(object(kinds::nodes::NODE.as_kind(), "", name), "cordoned, and 3 pods evicted", Vec::new());
    shot("drain", |size| {
        let lines = vec![
            "payments/payments-0  blocked 2m by payments-pdb: 0 allowed, 2/2 needed".to_owned(),
            "shop/web-7d8f9c6b5-2kx9q  ending, in 30 s at most".to_owned(),
        ];
        let steps = vec![Step::Doing(lines), Step::Waiting];
        begun(size, plan(Act::Drain(None), "Drain 2 nodes?", vec![node("node-1"), node("node-2")]), steps, false)
    });
    shot("failed", |size| {
        let pod = |name: &str| target(object(kinds::pods::POD.as_kind(), "shop", name), "it is deleted", Vec::new());
        let why =
            "pods \"web-1\" is forbidden: User \"somebody\" cannot delete resource \"pods\" in API group \"\" in the namespace \"shop\"";
        let steps = vec![Step::Done("deleted".into()), Step::Failed(why.into()), Step::Left];
        begun(size, plan(Act::Delete(Deletion::default()), "", vec![pod("web-0"), pod("web-1"), pod("web-2")]), steps, true)
    });
}
