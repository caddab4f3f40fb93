//! From keys to command lines: a trie, walked one key at a time.

use std::sync::Arc;

use super::key::Key;

/// The keys of one mode.
#[derive(Clone, Debug)]
pub struct Trie {
    /// The first node is the root.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    children: Vec<(Key, usize)>,
    command: Option<Arc<str>>,
}

/// The keys of a sequence pressed so far. One for the whole program; cleared when the mode changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    keys: Vec<Key>,
}

impl State {
    /// The keys pressed so far, for the footer: empty when none is awaited.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.keys.clear();
    }
}

/// What a key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The command line that the keys are bound to.
    Command(Arc<str>),
    /// A sequence has begun; what can follow, in the order of the key map.
    Pending(Vec<Continuation>),
    /// Not bound. The key itself may still be typed, where a prompt is open and no sequence had begun.
    None,
}

/// One way to go on in a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The next key.
    pub key: Key,
    /// The command line it ends in; `None` where more keys follow.
    pub command: Option<Arc<str>>,
}

impl Default for Trie {
    fn default() -> Trie {
        Trie { nodes: vec![Node::default()] }
    }
}

impl Trie {
    /// Binds a sequence to a command line. What was bound to the same sequence is replaced; a sequence that begins with
    /// another bound one cannot be reached, so the caller keeps such pairs apart.
    pub fn bind(&mut self, keys: &[Key], command: Arc<str>) {
        let mut at = 0;
        for &key in keys {
            at = match self.step(at, key) {
                Some(next) => next,
                None => {
                    let next = self.nodes.len();
                    self.nodes.push(Node::default());
                    self.nodes[at].children.push((key, next));
                    next
                }
            };
        }
        self.nodes[at].command = Some(command);
    }

    /// Takes the next key. After a command, and after a key that leads nowhere, the state is clear; esc within a
    /// sequence only ends the sequence, where nothing else is bound to it there.
    pub fn feed(&self, state: &mut State, key: Key) -> Outcome {
        state.keys.push(key);
        let Some(node) = state.keys.iter().try_fold(0, |at, &key| self.step(at, key)).map(|at| &self.nodes[at]) else {
            state.clear();
            return Outcome::None;
        };
        if let Some(command) = &node.command {
            state.clear();
            return Outcome::Command(command.clone());
        }
        let next = |&(key, at): &(Key, usize)| Continuation { key, command: self.nodes[at].command.clone() };
        Outcome::Pending(node.children.iter().map(next).collect())
    }

    fn step(&self, at: usize, key: Key) -> Option<usize> {
        self.nodes[at].children.iter().find(|(k, _)| *k == key).map(|(_, next)| *next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::parse(text).unwrap()
    }

    fn trie(bindings: &[(&str, &str)]) -> Trie {
        let mut trie = Trie::default();
        for (keys, command) in bindings {
            trie.bind(&Key::parse_all(keys).unwrap(), (*command).into());
        }
        trie
    }

    #[test]
    fn single_keys_and_sequences() {
        let trie = trie(&[("j", "down"), ("g g", "top"), ("g x y", "deep"), ("j", "cursor-down")]);
        let mut state = State::default();
        assert_eq!(trie.feed(&mut state, key("j")), Outcome::Command("cursor-down".into()));
        let Outcome::Pending(next) = trie.feed(&mut state, key("g")) else { panic!("g begins a sequence") };
        assert_eq!(next, [Continuation { key: key("g"), command: Some("top".into()) }, Continuation { key: key("x"), command: None }]);
        assert_eq!(state.keys(), [key("g")]);
        assert_eq!(trie.feed(&mut state, key("g")), Outcome::Command("top".into()));
        assert_eq!(state, State::default());
    }

    #[test]
    fn a_key_that_leads_nowhere_ends_the_sequence() {
        let trie = trie(&[("g g", "top"), ("j", "down"), ("esc", "back")]);
        let mut state = State::default();
        for wrong in ["j", "esc"] {
            trie.feed(&mut state, key("g"));
            assert_eq!(trie.feed(&mut state, key(wrong)), Outcome::None);
            assert_eq!(state, State::default());
        }
        assert_eq!(trie.feed(&mut state, key("esc")), Outcome::Command("back".into()));
    }
}
