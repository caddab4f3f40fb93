//! Going into a container: exec, attach, a debug container. What was asked becomes a connection whose bytes go to and from
//! the terminal as they are; how it ended is in the journal.

use std::time::Instant;

use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::acts::{Case, Prepared, Work};
use super::channel::REMOTE_COMMAND;
use super::run::stopped;
use super::send::{Door, Write};
use super::{Answer, Gate, Saying, read};
use crate::cluster::connect::Session;
use crate::cluster::request;
use crate::event::{Event, Input, Spoken, Wires};
use crate::kinds::describe::json::Json;
use crate::model::act::{Act, Intent, Note, Said, Step};
use crate::model::reference::Reference;
use crate::model::session::{Choosing, Entering, Missing, Way, spelled};
use crate::model::time;

mod debug;
mod resolve;
mod shell;
pub(super) mod status;
mod talk;

pub(super) use resolve::{Resolved, resolve};
use status::End;
use talk::{Ends, Opened, Pause};

/// So many messages wait on their way to the terminal, and so many from there.
const WAITING: usize = 32;
/// What is asked about a pod after its session broke.
const ASKED: std::time::Duration = std::time::Duration::from_secs(3);

/// A container to go into.
#[derive(Clone, Debug)]
pub(super) struct Entrance {
    pod: Reference,
    entering: Entering,
    /// The container; the new one, where one is made.
    container: String,
    /// It has a terminal; of a command it is given one.
    tty: bool,
    /// What is typed can reach it.
    stdin: bool,
    /// Its standard input ends with the first connection that has had it.
    once: bool,
    /// It is a debug container itself.
    ephemeral: bool,
    /// What makes it first.
    pub(super) write: Option<Box<Write>>,
}

/// Prepares what was resolved, of the pod as it is now.
///
/// # Errors
/// There is no such container by now.
pub(super) fn prepare(case: &Case<'_>, entering: &Entering) -> Result<Prepared, String> {
    let wanted = entering.container.as_deref().unwrap_or_default();
    let mut notes = Vec::new();
    let mut entrance = Entrance {
        pod: case.target.clone(),
        entering: entering.clone(),
        container: wanted.to_owned(),
        tty: true,
        stdin: true,
        once: false,
        ephemeral: resolve::is_ephemeral(case.object, wanted),
        write: None,
    };
    let change = match &entering.way {
        Way::Shell => format!("bash, ash or sh in container {wanted}"),
        Way::Run(command) => format!("{} in container {wanted}", spelled(command)),
        Way::Attach => {
            let spec = resolve::spec(case.object, wanted).ok_or_else(|| format!("it has no container {wanted:?}"))?;
            (entrance.tty, entrance.stdin, entrance.once) = (spec.flag("tty"), spec.flag("stdin"), spec.flag("stdinOnce"));
            format!("what container {wanted} says is shown")
        }
        Way::Debug(image) => {
            let image = image.as_ref().unwrap_or(&entering.image);
            let name = debug::name(case.object, case.gate.link.now());
            let processes = if wanted.is_empty() { "its own processes only".to_owned() } else { format!("the processes of {wanted}") };
            notes.push(Note::plain("it stays in the pod, ended or not, for as long as that is there"));
            entrance.write = Some(Box::new(debug::write(case, &name, image, wanted)?));
            entrance.container.clone_from(&name);
            format!("a container {name} of image {image}, which sees {processes}")
        }
    };
    Ok(Prepared { change, notes, work: Work::Enter(Box::new(entrance)) })
}

/// Goes in, and comes back when it is over.
pub(super) async fn enter(
    gate: &Gate,
    saying: &Saying,
    at: usize,
    session: &Session,
    entrance: Entrance,
    mut answer: watch::Receiver<Answer>,
) -> Step {
    if let Some(write) = &entrance.write {
        if let Err(failure) = gate.send(session, write).await {
            return Step::Failed(failure.words().to_owned());
        }
        match debug::wait(saying, at, session, &entrance.pod, &entrance.container, &mut answer).await {
            Some(Ok(())) => {}
            Some(Err(why)) => return Step::Failed(why),
            None => return Step::Done(format!("container {} was added, and is not waited for: :attach goes into it", entrance.container)),
        }
    }
    let opening = format!("opening: {}", entrance.entering.title(&entrance.container));
    saying.say(Said::Step(at, Step::Doing(vec![opening]))).await;
    let began = Instant::now();
    let commands: Vec<Vec<String>> = match &entrance.entering.way {
        Way::Shell => shell::tried().collect(),
        Way::Run(command) => vec![command.to_vec()],
        Way::Attach | Way::Debug(_) => vec![Vec::new()],
    };
    let shell = entrance.entering.way == Way::Shell;
    let mut missing = None;
    for command in commands {
        let door = entrance.door(&command, entrance.takes_input());
        let opened = tokio::select! {
            opened = open(gate, session, &door, &entrance) => opened,
            () = stopped(&mut answer) => return Step::Left,
        };
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(why) => {
                let why = hinted(why, &door);
                entrance.note(gate, &door, &command, Err(why.clone())).await;
                return Step::Failed(why);
            }
        };
        if let Some(end) = opened.end.as_ref().filter(|end| shell && end.is_missing()) {
            missing.get_or_insert_with(|| end.words(false));
            opened.channel.to.close().await;
            continue;
        }
        // A program that is killed leaves this trace of it at least.
        let begins = format!("{}: opened", entrance.entering.title(&entrance.container));
        entrance.note(gate, &door, &command, Ok(begins)).await;
        let end = entrance.inside(gate, saying, session, opened, &mut answer).await;
        let gone = if matches!(end, End::Exited(0) | End::Left) { None } else { lost(session, &entrance.pod).await };
        let after = match began.elapsed().as_secs() {
            0 => String::new(),
            seconds => format!(", after {}", time::age(i64::try_from(seconds).unwrap_or(i64::MAX))),
        };
        let gone = gone.map(|why| format!(" ({why})")).unwrap_or_default();
        let ended = end.words(!entrance.runs_command());
        let words = format!("{}: {ended}{gone}{after}", entrance.entering.title(&entrance.container));
        let good = matches!(end, End::Exited(_) | End::Left);
        let outcome = if good { Ok(words.clone()) } else { Err(words.clone()) };
        entrance.note(gate, &door, &command, outcome).await;
        return if good { Step::Done(words) } else { Step::Failed(words) };
    }
    let why = format!("there is no shell in container {}: neither bash nor ash nor sh", entrance.container);
    tracing::debug!(first = missing.unwrap_or_default(), "no shell");
    entrance.note(gate, &entrance.door(&[], true), &[], Err(why.clone())).await;
    saying.say(Said::Choose(Box::new(entrance.instead(&why)))).await;
    Step::Failed(why)
}

/// Opens a way in, and listens until it is clear whether something runs behind it.
async fn open(gate: &Gate, session: &Session, door: &Door, entrance: &Entrance) -> Result<Opened, String> {
    let channel = gate.open(session, door).await?;
    let goes_on: fn(&[u8]) -> bool = if entrance.entering.way == Way::Shell { shell::is_refusal } else { |_| false };
    let nudged = entrance.tty && !entrance.runs_command();
    Ok(talk::settle(channel, entrance.entering.size, nudged, goes_on).await)
}

/// Roles that were written for kubectl's older protocol lack what a websocket takes; of the other half the server's refusal
/// says nothing at all (the pod registry's `ensureAuthorizedForVerb`).
fn hinted(why: String, door: &Door) -> String {
    let what = door.subresource.trim_start_matches('/').split('?').next().unwrap_or_default();
    let said = why.trim_end();
    if said.ends_with("is forbidden:") {
        return format!("{said} over a websocket it takes the right to create pods/{what}, beside the one to get it");
    }
    if said.contains(&format!("cannot get resource \"pods/{what}\"")) {
        return format!("{said}: over a websocket it takes the right to get it, beside the one to create it");
    }
    why
}

/// What became of the pod, where its session did not end by itself.
async fn lost(session: &Session, pod: &Reference) -> Option<String> {
    match tokio::time::timeout(ASKED, read::object(session, pod)).await {
        Ok(Ok(object)) if object.has("metadata.deletionTimestamp") => Some("the pod is being deleted".into()),
        Ok(Err(why)) if why == "it is gone" || why.contains("another object") => Some("the pod is gone".into()),
        _ => None,
    }
}

impl Entrance {
    /// What is typed goes in from the beginning.
    fn takes_input(&self) -> bool {
        self.entering.way != Way::Attach
    }

    /// A command of its own runs, whose code is told at the end.
    fn runs_command(&self) -> bool {
        matches!(self.entering.way, Way::Shell | Way::Run(_))
    }

    /// The way in, with what is typed connected or not.
    fn door(&self, command: &[String], input: bool) -> Door {
        let mut query: Vec<(&str, &str)> = command.iter().map(|word| ("command", word.as_str())).collect();
        query.push(("container", &self.container));
        if input && self.stdin {
            query.push(("stdin", "true"));
        }
        query.push(("stdout", "true"));
        query.push(if self.tty { ("tty", "true") } else { ("stderr", "true") });
        let (verb, path) = match self.entering.way {
            Way::Shell | Way::Run(_) => ("exec", "/exec"),
            Way::Attach => ("attach", "/attach"),
            // It was added a moment ago to be gone into.
            Way::Debug(_) => ("debug", "/attach"),
        };
        Door { pod: self.pod.clone(), verb, subresource: format!("{path}{}", request::query(&query)), protocols: REMOTE_COMMAND }
    }

    /// Has the terminal handed over, and talks until it is over.
    async fn inside(&self, gate: &Gate, saying: &Saying, session: &Session, opened: Opened, answer: &mut watch::Receiver<Answer>) -> End {
        let Opened { mut channel, said: first, end } = opened;
        if let Some(end) = end.clone().filter(|_| first.is_empty()) {
            // Nothing to be seen.
            channel.to.close().await;
            return end;
        }
        let (said, hear) = mpsc::channel(WAITING);
        let (type_in, typed) = mpsc::channel(WAITING);
        let mut input = self.takes_input();
        let wires = Wires {
            title: self.entering.title(&format!("{}/{}, container {}", self.pod.namespace, self.pod.name, self.container)),
            tty: self.tty,
            attached: !self.runs_command(),
            once: self.once,
            input: match (self.stdin, input) {
                (true, true) => Input::On,
                (true, false) => Input::Off,
                (false, _) => Input::None,
            },
            waits: !matches!(self.entering.way, Way::Shell | Way::Debug(_)),
            said: hear,
            typed: type_in,
        };
        if saying.out.send(Event::Session(saying.number, Box::new(wires))).await.is_err() {
            return End::Left;
        }
        let mut ends = Ends { typed, said, size: self.entering.size };
        for bytes in first {
            if ends.said.send(Spoken::Bytes(bytes)).await.is_err() {
                channel.to.close().await;
                return End::Left;
            }
        }
        let end = match end {
            Some(end) => end,
            None => loop {
                match talk::talk(gate, &mut channel, &mut ends, input, answer).await {
                    Pause::Over(end) => break end,
                    Pause::Input if input || !self.stdin => {}
                    Pause::Input => {
                        // A container's standard input may be closed with the first connection that had it: it is not connected
                        // before somebody types.
                        let door = self.door(&[], true);
                        let opened = tokio::select! {
                            opened = gate.open(session, &door) => opened,
                            () = stopped(answer) => break End::Left,
                            () = gate.left() => break End::Left,
                        };
                        let told = match opened {
                            Ok(mut opened) => {
                                if self.tty {
                                    // A connection that takes nothing says why when it is listened to.
                                    drop(talk::nudge(&mut opened.to, ends.size).await);
                                }
                                std::mem::replace(&mut channel, opened).to.close().await;
                                input = true;
                                Ok(())
                            }
                            Err(why) => Err(why),
                        };
                        if ends.said.send(Spoken::Input(told)).await.is_err() {
                            break End::Left;
                        }
                    }
                }
            },
        };
        let words = end.words(!self.runs_command());
        // Whoever left does not wait for it.
        let _ = ends.said.send(Spoken::Ended { words, good: matches!(end, End::Exited(_) | End::Left) }).await;
        drop(ends);
        channel.to.close().await;
        end
    }

    /// What is offered where there is no shell.
    fn instead(&self, why: &str) -> Choosing {
        let container = (!self.ephemeral).then(|| self.container.as_str().into());
        let entering = Entering { way: Way::Debug(None), container, ..self.entering.clone() };
        Choosing {
            choices: resolve::images(&entering.image),
            missing: Missing::Image,
            why: format!("{}: {why}. A debug container beside it has one: its image, or esc", self.pod.title()),
            intent: Intent { act: Act::Enter(Box::new(entering)), targets: vec![self.pod.clone()] },
        }
    }

    /// Keeps the session in the journal.
    async fn note(&self, gate: &Gate, door: &Door, command: &[String], outcome: Result<String, String>) {
        let Reference { kind, namespace, name, .. } = &self.pod;
        let subresource = door.subresource.split('?').next().unwrap_or_default();
        let path = format!("{}{subresource}", request::object(kind, namespace, name));
        let sent = json!({ "container": self.container, "command": command, "tty": self.tty, "stdin": self.stdin });
        gate.note(gate.entry(door.verb, &self.pod, path, sent, outcome)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::pods;
    use crate::model::row::Uid;

    #[test]
    fn half_a_right_is_told_from_none() {
        let pod = Reference { kind: pods::POD.as_kind().into(), namespace: "shop".into(), name: "web".into(), uid: Uid::new("u") };
        let door = Door { pod, verb: "debug", subresource: "/attach?container=app".into(), protocols: REMOTE_COMMAND };
        let hint = |why: &str| hinted(why.to_owned(), &door);
        assert!(hint("pods \"web\" is forbidden: ").ends_with("the right to create pods/attach, beside the one to get it"));
        let get = "pods \"web\" is forbidden: User \"x\" cannot get resource \"pods/attach\" in API group \"\"";
        assert!(hint(get).ends_with("the right to get it, beside the one to create it"));
        assert_eq!(hint("it is gone"), "it is gone");
    }
}
