//! Going into a container: a shell, a command, what it says, a debug container. Plain data: commands say what is wanted, the
//! gate (`cluster::write`) fills in what was left open, or says what has to be chosen first.

use std::sync::Arc;

use super::act::{Act, Intent};
use super::reference::Reference;
use super::shell::quoted;

/// The image of a debug container where nobody says another one.
pub const DEBUG_IMAGE: &str = "busybox";

/// What one wants in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A shell: the first of bash, ash and sh that is there.
    Shell,
    /// A command with a terminal: `kubectl exec -it`.
    Run(Arc<[String]>),
    /// What its first process says; what is typed goes there once that is switched on.
    Attach,
    /// A new container beside it, of this image: `kubectl debug`.
    Debug(Option<Arc<str>>),
}

/// Going into a container of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Entering {
    /// What for.
    pub way: Way,
    /// The container; of a debug container that whose processes it sees, and the empty name where it sees its own only.
    pub container: Option<Arc<str>>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The image that is offered for a debug container.
    pub image: Arc<str>,
    /// What it was asked of, where that is no pod: what rails say of that holds on the way into one of its pods.
    pub of: Option<Box<Reference>>,
}

impl Entering {
    /// The verb that rails and the journal know it by.
    pub fn verb(&self) -> &'static str {
        match self.way {
            Way::Shell | Way::Run(_) => "exec",
            Way::Attach => "attach",
            Way::Debug(_) => "debug",
        }
    }

    /// How a question begins: `Open a shell in`.
    pub fn question(&self) -> String {
        match &self.way {
            Way::Shell => "Open a shell in".into(),
            Way::Run(command) => format!("Run {} in", spelled(command)),
            Way::Attach => "Attach to".into(),
            Way::Debug(_) => "Add a debug container to".into(),
        }
    }

    /// What it is, as one would say it, of a place: `a shell in web`, `ls -l / in web`, `attached to web`.
    pub fn title(&self, place: &str) -> String {
        match &self.way {
            Way::Shell => format!("a shell in {place}"),
            Way::Run(command) => format!("{} in {place}", spelled(command)),
            Way::Attach => format!("attached to {place}"),
            Way::Debug(_) => format!("debugging in {place}"),
        }
    }

    /// The same with kubectl, behind its context and namespace; `pod` is quoted already.
    pub fn kubectl(&self, pod: &str) -> String {
        let container = self.container.as_deref().filter(|name| !name.is_empty());
        let of = container.map(|name| format!(" -c {}", quoted(name))).unwrap_or_default();
        match &self.way {
            Way::Shell => format!("exec -it {pod}{of} -- sh"),
            Way::Run(command) => format!("exec -it {pod}{of} -- {}", spelled(command)),
            Way::Attach => format!("attach {pod}{of}"),
            Way::Debug(image) => {
                let target = container.map(|name| format!(" --target={}", quoted(name))).unwrap_or_default();
                format!("debug -it {pod} --image={}{target}", quoted(image.as_ref().unwrap_or(&self.image)))
            }
        }
    }

    /// With what was chosen.
    #[must_use]
    pub fn with(mut self, missing: Missing, chosen: &str) -> Entering {
        match missing {
            Missing::Container => self.container = Some(chosen.into()),
            Missing::Target => self.container = Some(if chosen == NO_TARGET { "".into() } else { chosen.into() }),
            Missing::Image => self.way = Way::Debug(Some(chosen.into())),
        }
        self
    }
}

/// A command as one would type it into a shell.
pub fn spelled(command: &[String]) -> String {
    command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// The choice of a debug container that sees no processes but its own.
pub const NO_TARGET: &str = "(none)";

/// What has to be chosen before one can go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Which of several containers.
    Container,
    /// The image of the debug container; other names than those offered can be typed.
    Image,
    /// Whose processes the debug container sees.
    Target,
}

/// A choice that is asked for, and what is done with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Choosing {
    /// What was wanted, on a pod that is known by now.
    pub intent: Intent,
    /// What of it is to be chosen.
    pub missing: Missing,
    /// Why it is asked: `web-1 has 3 containers`.
    pub why: String,
    /// Names, with what is said of each.
    pub choices: Vec<(Arc<str>, String)>,
}

impl Choosing {
    /// The intent with the choice in it.
    pub fn chosen(self, name: &str) -> Intent {
        let Intent { act, targets } = self.intent;
        let act = match act {
            Act::Enter(entering) => Act::Enter(Box::new(entering.with(self.missing, name))),
            other => other,
        };
        Intent { act, targets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_in_are_spelled_as_kubectl_has_them() {
        let entering = |way, container: Option<&str>| Entering {
            way,
            container: container.map(Into::into),
            size: (80, 24),
            image: DEBUG_IMAGE.into(),
            of: None,
        };
        let run = entering(Way::Run(Arc::new(["sh".into(), "-c".into(), "ls | wc".into()])), Some("app"));
        assert_eq!(run.kubectl("web-1"), "exec -it web-1 -c app -- sh -c 'ls | wc'");
        assert_eq!((run.verb(), run.question().as_str()), ("exec", "Run sh -c 'ls | wc' in"));
        assert_eq!(entering(Way::Shell, None).kubectl("web-1"), "exec -it web-1 -- sh");
        let debug = entering(Way::Debug(None), None).with(Missing::Image, "alpine").with(Missing::Target, "app");
        assert_eq!(debug.kubectl("web-1"), "debug -it web-1 --image=alpine --target=app");
        let alone = debug.with(Missing::Target, NO_TARGET);
        assert_eq!((alone.container.as_deref(), alone.kubectl("p").as_str()), (Some(""), "debug -it p --image=alpine"));
    }
}
