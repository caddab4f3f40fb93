//! Carries an act out once it was confirmed: so many objects at once, what each waits for, until it is told to stop.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::watch;

use super::acts::{Prepared, Work, drain as drained};
use super::copy;
use super::plan::PATIENCE;
use super::read::{self, Lists};
use super::send::{Failure, Write};
use super::{Answer, Gate, Saying, effects, forward};
use crate::cluster::connect::Session;
use crate::cluster::error::ClusterError;
use crate::cluster::frames::{Decoder, is_protobuf};
use crate::cluster::request;
use crate::kinds::describe::json::Json;
use crate::model::act::{Said, Step};
use crate::model::facts::Facts;
use crate::model::reference::Reference;
use crate::model::row::Health;
use crate::model::row::Uid;
use crate::model::time;

/// How often an object that an act waits for is looked at. One object, for as long as it is waited for: not worth a watch.
const LOOK: Duration = Duration::from_secs(1);
/// Between two tries of an eviction that a budget does not allow, as `kubectl drain` waits.
const BLOCKED: Duration = Duration::from_secs(5);
/// So many evictions of one node are on their way at once.
const EVICTIONS: usize = 10;
/// So many objects at once, where nothing is waited for.
const AT_ONCE: usize = 5;

/// Waits for the answer, and does what was prepared.
pub(super) async fn carry_out(gate: &Gate, saying: &Saying, prepared: Vec<Option<Prepared>>, mut answer: watch::Receiver<Answer>) {
    let Ok(answered) = answer.wait_for(|answer| *answer != Answer::Open).await.map(|answer| *answer) else { return };
    if answered == Answer::Yes {
        let several = prepared.iter().flatten().count() > 1;
        let waits = prepared.iter().flatten().any(|prepared| !matches!(prepared.work, Work::Write(_) | Work::Shown(..)));
        let limit = if waits { 1 } else { AT_ONCE };
        let prepared = cordoned(gate, saying, prepared).await;
        let mut waiting: VecDeque<(usize, Work)> =
            prepared.into_iter().enumerate().filter_map(|(at, prepared)| Some((at, prepared?.work))).collect();
        let mut running = FuturesUnordered::new();
        let mut stuck = false;
        loop {
            while running.len() < limit
                && !stuck
                && *answer.borrow() == Answer::Yes
                && let Some((at, work)) = waiting.pop_front()
            {
                let answer = answer.clone();
                running.push(async move {
                    let waited_for = !matches!(work, Work::Write(_) | Work::Shown(..));
                    let step = one(gate, saying, at, work, several, answer).await;
                    let stuck = waited_for && matches!(step, Step::Failed(_));
                    saying.say(Said::Step(at, step)).await;
                    stuck
                });
            }
            match running.next().await {
                // What goes wrong with one workload or node is not done to the next one.
                Some(failed) => stuck |= failed,
                None => break,
            }
        }
        for (at, _) in waiting {
            saying.say(Said::Step(at, Step::Left)).await;
        }
    }
    saying.say(Said::Ended).await;
}

/// Cordons every node that is to be drained before the first pod goes: else the pods of one move to the next.
async fn cordoned(gate: &Gate, saying: &Saying, mut prepared: Vec<Option<Prepared>>) -> Vec<Option<Prepared>> {
    let mut open = true;
    for (at, place) in prepared.iter_mut().enumerate() {
        let Some(Prepared { work: Work::Drain(cordon, ..), .. }) = place else { continue };
        let Some(write) = cordon.take().filter(|_| open) else { continue };
        let failed = match tokio::time::timeout(PATIENCE, gate.link.clone().session()).await {
            Ok(session) => gate.send(&session, &write).await.err().map(|failure| failure.words().to_owned()),
            Err(_) => Some("there is no connection to the cluster".to_owned()),
        };
        if let Some(why) = failed {
            saying.say(Said::Step(at, Step::Failed(format!("not cordoned: {why}")))).await;
            *place = None;
            open = false;
        }
    }
    if open { prepared } else { left(saying, prepared).await }
}

/// Says of everything that is not begun that it is left as it is.
async fn left(saying: &Saying, prepared: Vec<Option<Prepared>>) -> Vec<Option<Prepared>> {
    for (at, _) in prepared.iter().enumerate().filter(|(_, prepared)| prepared.is_some()) {
        saying.say(Said::Step(at, Step::Left)).await;
    }
    Vec::new()
}

async fn one(gate: &Gate, saying: &Saying, at: usize, work: Work, several: bool, mut answer: watch::Receiver<Answer>) -> Step {
    saying.say(Said::Step(at, Step::Doing(Vec::new()))).await;
    let session = match connected(gate, &mut answer).await {
        Ok(session) => session,
        Err(step) => return step,
    };
    match work {
        Work::Write(write) | Work::Shown(write, _) => match gate.send(&session, &write).await {
            Ok(_) => Step::Done(write.done.clone()),
            Err(failure) => Step::Failed(refused(gate, &session, &write, &failure).await),
        },
        Work::Rollout(write) => match gate.send(&session, &write).await {
            Ok(_) if several => {
                let rolled = rollout(gate, saying, at, &write);
                tokio::select! {
                    step = rolled => step,
                    () = stopped(&mut answer) => Step::Done(format!("{}; its rollout goes on", write.done)),
                }
            }
            Ok(_) => Step::Done(write.done.clone()),
            Err(failure) => Step::Failed(failure.words().to_owned()),
        },
        Work::Save(saving) => super::edit::carry_out(gate, &session, *saving).await,
        Work::Copy(job) => copy::carry_out(gate, &session, saying, at, &job, answer).await,
        Work::Enter(entrance) => super::enter::enter(gate, saying, at, &session, *entrance, answer).await,
        Work::Reveal(number, secret) => super::reveal::reveal(gate, number, &secret).await,
        Work::Forward(opening) => forward::begin(gate, saying.number, &session, opening, answer).await,
        // Cordoned already, with the others.
        Work::Drain(_, evictions, node) => {
            let planned: Vec<Uid> = evictions.iter().map(|write| write.object.uid.clone()).collect();
            match drain(gate, saying, at, evictions, answer).await {
                Step::Done(words) => newcomers(gate, &node, &planned, words).await,
                step => step,
            }
        }
    }
}

/// An eviction that a budget does not allow says which one.
async fn refused(gate: &Gate, session: &Session, write: &Write, failure: &Failure) -> String {
    let Failure::Blocked(words) = failure else { return failure.words().to_owned() };
    let budgets = effects::budgets(&Lists::new(session), &write.object.namespace, &write.seen).await;
    let why = match budgets.into_iter().find(|budget| budget.allowed <= 0) {
        Some(budget) => format!("blocked by {}", budget.words()),
        None => words.clone(),
    };
    gate.gave_up(write, &why).await;
    why
}

/// A connection to send over, or what becomes of the object where there is none.
pub(super) async fn connected(gate: &Gate, answer: &mut watch::Receiver<Answer>) -> Result<Session, Step> {
    let mut link = gate.link.clone();
    tokio::select! {
        session = tokio::time::timeout(PATIENCE, link.session()) => {
            session.map_err(|_| Step::Failed("there is no connection to the cluster: nothing was sent".to_owned()))
        }
        () = stopped(answer) => Err(Step::Left),
    }
}

/// Ends when it is told to stop.
pub(super) async fn stopped(answer: &mut watch::Receiver<Answer>) {
    if answer.wait_for(|answer| *answer == Answer::Stop).await.is_err() {
        // Nobody can stop it any more.
        std::future::pending::<()>().await;
    }
}

/// Waits until a rollout is complete, or stuck.
async fn rollout(gate: &Gate, saying: &Saying, at: usize, write: &Write) -> Step {
    let object = &write.object;
    let mut decoder = Decoder::new(object.kind.clone(), false);
    let accept = decoder.accept(false);
    let mut said = String::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let session = gate.link.clone().session().await;
        let path = request::object(&object.kind, &object.namespace, &object.name);
        let words = match request::get_bytes(&session, &path, &accept).await {
            Err(ClusterError::NotFound(_)) => return Step::Failed("it is gone".into()),
            // The link says so, and tries again.
            Err(error) => error.to_string(),
            Ok((content_type, bytes)) => {
                let Ok(row) = decoder.one(is_protobuf(&content_type), &bytes) else { continue };
                let Facts::Workload(facts) = &row.facts else { return Step::Done(write.done.clone()) };
                match &facts.progress {
                    _ if facts.unobserved => "not seen by its controller yet".to_owned(),
                    Some((words, Health::Healthy)) => return Step::Done(words.to_string()),
                    Some((words, Health::Unhealthy)) => return Step::Failed(words.to_string()),
                    Some((words, _)) => words.to_string(),
                    // It is not rolled out: what is made from now on is new.
                    None => return Step::Done(write.done.clone()),
                }
            }
        };
        if words != said {
            said = words;
            saying.say(Said::Step(at, Step::Doing(vec![said.clone()]))).await;
        }
    }
}

/// Evicts pods, each until it is gone; a line for each that is not.
async fn drain(gate: &Gate, saying: &Saying, at: usize, evictions: Vec<Write>, answer: watch::Receiver<Answer>) -> Step {
    let count = evictions.len();
    let lines = Arc::new(watch::Sender::new(vec![None::<String>; count]));
    let all = evictions.into_iter().enumerate().map(|(place, write)| {
        let lines = lines.clone();
        let mut answer = answer.clone();
        async move {
            let title = format!("{}/{}", write.object.namespace, write.object.name);
            let say = |words: String| lines.send_modify(|lines| lines[place] = Some(format!("{title}  {words}")));
            let ended = evict(gate, &write, &say, &mut answer).await;
            match &ended {
                Ok(()) => lines.send_modify(|lines| lines[place] = None),
                Err(why) => say(why.clone()),
            }
            ended.is_ok()
        }
    });
    let mut told = lines.subscribe();
    let work = futures::stream::iter(all).buffer_unordered(EVICTIONS).collect::<Vec<bool>>();
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            Ok(()) = told.changed() => {
                let shown = told.borrow_and_update().iter().flatten().cloned().collect();
                saying.say(Said::Step(at, Step::Doing(shown))).await;
            }
        }
    };
    let gone = done.iter().filter(|gone| **gone).count();
    if gone == count {
        return Step::Done(format!("drained: {gone} evicted"));
    }
    let left: Vec<String> = lines.borrow().iter().flatten().cloned().collect();
    Step::Failed(format!("{gone} of {count} evicted; {}", left.join("; ")))
}

/// A node that got other pods between the question and its cordon is not empty: nobody was asked about those.
async fn newcomers(gate: &Gate, node: &str, planned: &[Uid], words: String) -> Step {
    let session = gate.link.clone().session().await;
    let pods = match drained::pods_on(&session, node).await {
        Ok(pods) => pods,
        Err(why) => return Step::Failed(format!("{words}; whether others came meanwhile is not known: {why}")),
    };
    let came = |pod: &&Value| drained::stays(pod).is_none() && !planned.contains(&Uid::new(pod.text("metadata.uid")));
    let names: Vec<String> =
        pods.iter().filter(came).map(|pod| format!("{}/{}", pod.text("metadata.namespace"), pod.text("metadata.name"))).collect();
    if names.is_empty() {
        return Step::Done(words);
    }
    Step::Failed(format!("{words}, but {} came meanwhile: drain it again", drained::listed(&names)))
}

/// One eviction: asked until a budget allows it, then waited for. Told to stop, it asks no more; what was sent is never left
/// without its answer.
async fn evict(gate: &Gate, write: &Write, say: &(dyn Fn(String) + Sync), answer: &mut watch::Receiver<Answer>) -> Result<(), String> {
    let left = || Err("left where it is".to_owned());
    let began = Instant::now();
    loop {
        if *answer.borrow() == Answer::Stop {
            return left();
        }
        say("evicting".into());
        let mut link = gate.link.clone();
        let session = tokio::select! {
            session = link.session() => session,
            () = stopped(answer) => return left(),
        };
        match gate.send(&session, write).await {
            Ok(_) => break,
            Err(Failure::Refused(why)) if gone(&session, &write.object).await => {
                tracing::debug!(why, "gone before it was evicted");
                return Ok(());
            }
            Err(Failure::Refused(why)) => return Err(why),
            Err(Failure::Blocked(words)) => {
                let budgets = effects::budgets(&Lists::new(&session), &write.object.namespace, &write.seen).await;
                let budget = budgets.into_iter().find(|budget| budget.allowed <= 0).map_or(words, |budget| budget.words());
                let waited = time::age(began.elapsed().as_secs() as i64);
                say(format!("blocked {waited} by {budget}"));
                tokio::select! {
                    () = tokio::time::sleep(BLOCKED) => {}
                    () = stopped(answer) => {
                        gate.gave_up(write, &format!("blocked by {budget}")).await;
                        return Err(format!("left where it is, blocked by {budget}"));
                    }
                }
            }
        }
    }
    // It is evicted, and only waited for: that ends when it is told to.
    tokio::select! {
        () = ended(gate, write, say) => {}
        () = stopped(answer) => {}
    }
    Ok(())
}

/// Waits until the object is gone.
async fn ended(gate: &Gate, write: &Write, say: &(dyn Fn(String) + Sync)) {
    loop {
        let session = gate.link.clone().session().await;
        match read::object(&session, &write.object).await {
            Ok(pod) => {
                let grace = pod.int("metadata.deletionGracePeriodSeconds");
                say(format!("ending, in {grace} s at most"));
            }
            Err(_) if gone(&session, &write.object).await => return,
            Err(why) => say(why),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The object of this UID is not there any more.
async fn gone(session: &Session, object: &Reference) -> bool {
    let path = request::object(&object.kind, &object.namespace, &object.name);
    match request::get_json::<serde_json::Value>(session, &path).await {
        Ok(now) => super::send::same_object(object, &now).is_err(),
        Err(error) => matches!(error, ClusterError::NotFound(_)),
    }
}
