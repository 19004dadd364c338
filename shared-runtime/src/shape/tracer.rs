//! The passes over a type. Each reads one made-up value and follows every part of it that a choice does not hide; they are repeated
//! until every variant, option and list has been entered once, with other values where some were refused. The reading itself is
//! in `probe`.

use std::collections::HashMap;
use std::fmt;

use super::form::Style;
use super::graph::{Graph, Key, Node, ROOT, Slot, State};
use super::samples;

/// No value nests deeper than the encoding carries.
const DEPTH: usize = 128;

/// Enough for any type that people write, and over in a fraction of a second.
const STEPS: usize = 4_000_000;

/// Where the pass is.
struct Frame {
    slot: Slot,
    /// What is read there, as far as it is known.
    type_name: Option<&'static str>,
    attempt: usize,
}

/// A traced type.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(super) nodes: Vec<Node>,
    pub(super) root: usize,
}

/// Why a type could not be traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Untraced {
    /// The encoding cannot carry it.
    NotCarried { name: String, why: &'static str },
    /// It may well be carried, but nobody can tell what it looks like.
    Unclear { name: String, why: String },
}

impl fmt::Display for Untraced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCarried { name, why } => write!(f, "`{name}` {why}"),
            Self::Unclear { name, why } => write!(f, "`{name}`: {why}"),
        }
    }
}

/// Ends a pass. The tracer knows why: a `Deserialize` of the user may replace the text.
#[derive(Debug)]
pub(super) struct Halt(pub(super) String);

/// A value that a type refused.
struct Refusal {
    slot: Slot,
    name: String,
    text: String,
}

#[derive(Default)]
pub(super) struct Tracer {
    graph: Graph,
    frames: Vec<Frame>,
    /// How many values each part has refused.
    attempts: HashMap<Slot, usize>,
    refusal: Option<Refusal>,
    verdict: Option<Untraced>,
    /// The pass learnt something and ends early, or came to no end.
    again: bool,
    /// What the pass has entered, and what was known of it before.
    entered: Vec<(usize, usize, State)>,
    pass: usize,
    steps: usize,
    turn: usize,
}

impl Tracer {
    /// Repeats `pass` until the type is known.
    pub(super) fn explore(
        mut self,
        name: &'static str,
        mut pass: impl FnMut(&mut Self) -> Result<(), Halt>,
    ) -> Result<Trace, Untraced> {
        let mut idle = 0;
        while !self.graph.is_explored() {
            let before = self.learnt();
            self.begin();
            let outcome = pass(&mut self);
            self.settle(outcome, name)?;
            idle = if self.learnt() == before { idle + 1 } else { 0 };
            if idle > self.graph.unfinished() + 1 {
                break;
            }
        }
        self.finish(name)
    }

    fn begin(&mut self) {
        self.pass += 1;
        self.turn = 0;
        self.again = false;
        self.refusal = None;
        self.entered.clear();
        self.frames.clear();
        self.graph.restart();
    }

    /// Changes with everything that a pass can learn.
    fn learnt(&self) -> impl PartialEq + use<> {
        (self.graph.learnt(), self.attempts.values().sum::<usize>())
    }

    /// What a pass came to: an error is final only if no other values are left to try.
    fn settle(&mut self, outcome: Result<(), Halt>, name: &'static str) -> Result<(), Untraced> {
        if let Some(verdict) = self.verdict.take() {
            return Err(verdict);
        }
        let Err(Halt(text)) = outcome else {
            return Ok(());
        };
        if self.again {
            return Ok(());
        }
        let unclear = |name: String, text: String| Untraced::Unclear {
            name,
            why: format!("it accepts none of the values it was offered: {text}"),
        };
        let Some(refusal) = self.refusal.take() else {
            return Err(unclear(name.to_owned(), text));
        };
        let attempts = self.attempts.entry(refusal.slot).or_default();
        *attempts += 1;
        if *attempts > samples::ATTEMPTS {
            return Err(unclear(refusal.name, refusal.text));
        }
        // The same choices again, with other values.
        for (node, choice, state) in std::mem::take(&mut self.entered).into_iter().rev() {
            self.graph.choice((node, choice)).state = state;
        }
        Ok(())
    }

    fn finish(self, name: &'static str) -> Result<Trace, Untraced> {
        let unclear = |why: &str| Untraced::Unclear {
            name: name.to_owned(),
            why: why.to_owned(),
        };
        let root = self.graph.root.ok_or_else(|| unclear("it reads nothing"))?;
        if let Some(choice) = self.graph.endless() {
            let why = format!("no value of `{choice}` was found that ends within {DEPTH} levels");
            return Err(unclear(&why));
        }
        Ok(Trace {
            nodes: self.graph.nodes,
            root,
        })
    }

    /// Notes the type that is read where the pass is.
    pub(super) fn meet(&mut self, key: Key) -> Result<usize, Halt> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(self.unclear("it is too large to be traced".to_owned()));
        }
        let node = self.graph.node(key);
        let slot = self.frames.last().map_or(ROOT, |frame| frame.slot);
        if !self.graph.join(slot, node) {
            return Err(self.unclear("what it reads depends on what it has read".to_owned()));
        }
        Ok(node)
    }

    /// Whether to go into an option.
    pub(super) fn enters(&self, node: usize) -> bool {
        self.graph.enters(node)
    }

    /// How many elements to offer.
    pub(super) fn count(&self, node: usize) -> usize {
        let wanted = samples::length(self.attempt());
        let at_least = usize::from(self.graph.enters(node));
        if self.graph.may_repeat(node) {
            wanted.max(at_least)
        } else {
            at_least
        }
    }

    /// Which variant to offer.
    pub(super) fn choose(&mut self, node: usize) -> Result<usize, Halt> {
        self.graph.choose(node).ok_or_else(|| self.stuck())
    }

    /// Reads the inside of a choice.
    pub(super) fn within<R>(
        &mut self,
        node: usize,
        choice: usize,
        read: impl FnOnce(&mut Self) -> Result<R, Halt>,
    ) -> Result<R, Halt> {
        let (gained, pass, before) = (self.graph.gained, self.pass, self.steps);
        let entered = self.graph.choice((node, choice));
        if !matches!(entered.state, State::Done { .. }) {
            self.entered.push((node, choice, entered.state));
            entered.state = State::Tried { gained, pass };
        }
        entered.inside += 1;
        self.graph.nodes[node].inside += 1;
        let read = read(self)?;
        let cost = self.steps - before + 1;
        self.graph.nodes[node].inside -= 1;
        let entered = self.graph.choice((node, choice));
        entered.inside -= 1;
        let cost = if let State::Done { cost: known } = entered.state {
            known.min(cost)
        } else {
            self.graph.gained += 1;
            cost
        };
        self.graph.choice((node, choice)).state = State::Done { cost };
        Ok(read)
    }

    /// Reads a part. What is refused is refused by the innermost part that sees the error.
    pub(super) fn part<R>(
        &mut self,
        slot: Slot,
        type_name: Option<&'static str>,
        read: impl FnOnce(&mut Self) -> Result<R, Halt>,
    ) -> Result<R, Halt> {
        if self.frames.len() >= DEPTH {
            return Err(self.stuck());
        }
        let attempt = self.attempt() + self.attempts.get(&slot).copied().unwrap_or(0);
        self.frames.push(Frame {
            slot,
            type_name,
            attempt,
        });
        let read = read(self);
        if let Err(Halt(text)) = &read
            && self.refusal.is_none()
        {
            let (name, text) = (self.type_name(), text.clone());
            self.refusal = Some(Refusal { slot, name, text });
        }
        self.frames.pop();
        read
    }

    /// How many values have been refused here, and around here.
    pub(super) fn attempt(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.attempt)
    }

    /// Counts the values of a pass.
    pub(super) fn turn(&mut self) -> usize {
        self.turn += 1;
        self.turn - 1
    }

    /// How a variant turned out to be written.
    pub(super) fn style(
        &mut self,
        at: (usize, usize),
        style: Style,
        names: &'static [&'static str],
    ) {
        let choice = self.graph.choice(at);
        choice.style = style;
        choice.names = names;
    }

    /// The type says that it reads no such variant, or none of them.
    pub(super) fn never_reads(&mut self, node: usize, choice: usize) {
        let refused = self.graph.choice((node, choice));
        refused.state = State::Never;
        refused.style = Style::Never;
        // What the pass noted is not to be taken back.
        self.entered.retain(|(n, c, _)| (*n, *c) != (node, choice));
        self.again = true;
    }

    pub(super) fn is_settled(&self) -> bool {
        self.again || self.verdict.is_some() || self.refusal.is_some()
    }

    fn stuck(&mut self) -> Halt {
        self.again = true;
        Halt("comes to no end".to_owned())
    }

    fn unclear(&mut self, why: String) -> Halt {
        let name = self.type_name();
        self.end(Untraced::Unclear { name, why })
    }

    /// The encoding cannot do what the type asks for.
    pub(super) fn refuse(&mut self, why: &'static str) -> Halt {
        let name = self.type_name();
        self.end(Untraced::NotCarried { name, why })
    }

    fn end(&mut self, verdict: Untraced) -> Halt {
        let halt = Halt(verdict.to_string());
        self.verdict.get_or_insert(verdict);
        halt
    }

    /// The type that is read where the pass is.
    fn type_name(&self) -> String {
        // What derives make has no name that a user has heard of.
        const MADE: [&str; 3] = ["::__Field", "::__DeserializeWith", "::__private"];
        let names = self.frames.iter().rev().filter_map(|frame| frame.type_name);
        let name = names
            .into_iter()
            .find(|name| !MADE.iter().any(|made| name.contains(made)));
        name.map_or("the type", unwrapped).to_owned()
    }
}

/// The type in a box: serde sees through these, and through what generated code reads parts of messages with.
fn unwrapped(name: &str) -> &str {
    const AROUND: [&str; 7] = [
        "shared_runtime::interface::travel::Decoded<",
        "shared_runtime::interface::travel::DecodedSlice<",
        "shared_runtime::interface::travel::Replied<",
        "core::option::Option<",
        "alloc::boxed::Box<",
        "alloc::rc::Rc<",
        "alloc::sync::Arc<",
    ];
    let inner = AROUND.iter().find_map(|around| name.strip_prefix(around));
    let inner = inner.and_then(|name| name.strip_suffix('>'));
    inner.map_or(name, unwrapped)
}
