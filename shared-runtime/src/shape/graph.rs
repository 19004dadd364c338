//! What is known of a type while it is traced: the types in it, the ways through each of them, and which of these are worth
//! taking next.

use std::any::TypeId;
use std::collections::{HashMap, VecDeque};

use super::form::{Kind, Style};

/// One type is known from another by who reads it, not by its name: `Page<A>` is not `Page<B>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(super) reader: TypeId,
    pub(super) kind: Kind,
    pub(super) style: Style,
    pub(super) name: &'static str,
    /// Of fields or variants.
    pub(super) names: &'static [&'static str],
    pub(super) len: usize,
}

/// A type that was met.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) key: Key,
    /// Variants of an enum. A single one for everything else: entered or not for options, lists and maps, always entered
    /// otherwise.
    pub(super) choices: Vec<Choice>,
    /// How often the pass is inside of it: a type that contains itself must come to an end.
    pub(super) inside: usize,
}

/// One way through a type.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) style: Style,
    pub(super) names: &'static [&'static str],
    /// The types of the parts, as nodes.
    pub(super) slots: Vec<Option<usize>>,
    pub(super) state: State,
    pub(super) inside: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Fresh,
    /// Entered, but the value inside did not come to an end. It may when more is known: `gained` is how much was.
    Tried {
        gained: usize,
        pass: usize,
    },
    /// The number of steps through it, so that the shortest way out of a type that contains itself is known.
    Done {
        cost: usize,
    },
    /// The type itself says that it never reads this one.
    Never,
}

/// A part of a type: the node, the choice, the place in it.
pub(super) type Slot = (usize, usize, usize);

/// The whole.
pub(super) const ROOT: Slot = (usize::MAX, 0, 0);

/// The types that were met.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Option<usize>,
    known: HashMap<Key, usize>,
    /// How far each node is from a choice that has not been entered, where there is one in it.
    open: Vec<Option<usize>>,
    /// How many choices have come to an end.
    pub(super) gained: usize,
}

impl Graph {
    /// The node of a type.
    pub(super) fn node(&mut self, key: Key) -> usize {
        let node = self.known.get(&key).copied();
        node.unwrap_or_else(|| self.introduce(key))
    }

    fn introduce(&mut self, key: Key) -> usize {
        let choice = |name, names, state| Choice {
            name,
            style: key.style,
            names,
            slots: Vec::new(),
            state,
            inside: 0,
        };
        let choices = match key.kind {
            Kind::Plain => Vec::new(),
            Kind::Enum => {
                let variants = key.names.iter();
                variants
                    .map(|name| choice(name, &[], State::Fresh))
                    .collect()
            }
            _ => vec![choice("", key.names, State::Fresh)],
        };
        self.known.insert(key.clone(), self.nodes.len());
        self.nodes.push(Node {
            key,
            choices,
            inside: 0,
        });
        self.nodes.len() - 1
    }

    /// Notes what is read in a part; false if it was something else before.
    pub(super) fn join(&mut self, slot: Slot, node: usize) -> bool {
        let met = if slot == ROOT {
            self.root.replace(node)
        } else {
            let (owner, choice, place) = slot;
            let slots = &mut self.nodes[owner].choices[choice].slots;
            slots.resize(slots.len().max(place + 1), None);
            slots[place].replace(node)
        };
        met.is_none_or(|met| met == node)
    }

    pub(super) fn choice(&mut self, (node, choice): (usize, usize)) -> &mut Choice {
        &mut self.nodes[node].choices[choice]
    }

    /// A new pass begins outside of everything, however the last one ended.
    pub(super) fn restart(&mut self) {
        for node in &mut self.nodes {
            node.inside = 0;
            for choice in &mut node.choices {
                choice.inside = 0;
            }
        }
        self.open = self.openness();
    }

    /// Whether nothing is left to be entered.
    pub(super) fn is_explored(&self) -> bool {
        let open = |root: usize| self.openness()[root].is_some();
        self.root.is_some_and(|root| !open(root))
    }

    /// Which nodes have no values at all, as an enum without variants.
    fn never(&self) -> Vec<bool> {
        let mut never = vec![false; self.nodes.len()];
        loop {
            let mut changed = false;
            for (index, node) in self.nodes.iter().enumerate() {
                let can_be_left = matches!(
                    node.key.kind,
                    Kind::Plain | Kind::Option | Kind::List | Kind::Map
                );
                let all = node.choices.iter().all(|choice| {
                    choice.state == State::Never
                        || choice.slots.iter().flatten().any(|node| never[*node])
                });
                if !can_be_left && all && !never[index] {
                    never[index] = true;
                    changed = true;
                }
            }
            if !changed {
                return never;
            }
        }
    }

    /// How far each node is from something that is worth entering.
    fn openness(&self) -> Vec<Option<usize>> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        let mut open = vec![None; self.nodes.len()];
        let mut next = VecDeque::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let parts = node.choices.iter().flat_map(|choice| &choice.slots);
            for part in parts.flatten() {
                users[*part].push(index);
            }
            if node.choices.iter().any(|choice| self.is_worth(choice)) {
                open[index] = Some(0);
                next.push_back(index);
            }
        }
        while let Some(node) = next.pop_front() {
            let further = open[node].map(|distance| distance + 1);
            for user in &users[node] {
                if open[*user].is_none() {
                    open[*user] = further;
                    next.push_back(*user);
                }
            }
        }
        open
    }

    /// Whether entering it may tell more.
    fn is_worth(&self, choice: &Choice) -> bool {
        match choice.state {
            State::Fresh => true,
            State::Tried { gained, .. } => self.gained > gained,
            State::Done { .. } | State::Never => false,
        }
    }

    /// Changes with everything that a pass can learn.
    pub(super) fn learnt(&self) -> (usize, usize, usize) {
        let choices = self.nodes.iter().flat_map(|node| &node.choices);
        let fresh = choices.filter(|choice| choice.state == State::Fresh);
        (self.nodes.len(), self.gained, fresh.count())
    }

    pub(super) fn unfinished(&self) -> usize {
        let choices = self.nodes.iter().flat_map(|node| &node.choices);
        choices
            .filter(|choice| matches!(choice.state, State::Tried { .. }))
            .count()
    }

    /// A choice of which no value was found that ends, as `Type::Variant`.
    pub(super) fn endless(&self) -> Option<String> {
        let never = self.never();
        let ends = |choice: &Choice| match choice.state {
            State::Done { .. } | State::Never => true,
            State::Fresh => false,
            State::Tried { .. } => choice.slots.iter().flatten().any(|node| never[*node]),
        };
        let endless = |node: &Node| {
            let choice = node.choices.iter().find(|choice| !ends(choice))?;
            let names = [node.key.name, choice.name];
            Some(names.join(if choice.name.is_empty() { "" } else { "::" }))
        };
        self.nodes.iter().find_map(endless)
    }

    /// Whether to go into an option, a list or a map.
    pub(super) fn enters(&self, node: usize) -> bool {
        let Node {
            choices, inside, ..
        } = &self.nodes[node];
        let open = || self.open.get(node).is_none_or(Option::is_some);
        match choices[0].state {
            State::Fresh => true,
            State::Tried { gained, .. } => *inside == 0 && self.gained > gained,
            State::Done { .. } => *inside == 0 && open(),
            State::Never => false,
        }
    }

    /// Whether a list or map may have elements that tell nothing new.
    pub(super) fn may_repeat(&self, node: usize) -> bool {
        let Node {
            choices, inside, ..
        } = &self.nodes[node];
        *inside == 0 && matches!(choices[0].state, State::Fresh | State::Done { .. })
    }

    /// Which variant to offer. Inside of itself the type is left on the shortest way; elsewhere what is new comes first.
    pub(super) fn choose(&self, node: usize) -> Option<usize> {
        let Node {
            choices, inside, ..
        } = &self.nodes[node];
        let first = |test: &dyn Fn(&Choice) -> bool| choices.iter().position(test);
        let fresh = || first(&|choice| choice.state == State::Fresh);
        let retried = || first(&|choice| choice.inside == 0 && self.is_worth(choice));
        let leads_on = || least(choices, |choice| self.distance(choice));
        let shortest = || {
            least(choices, |choice| match choice.state {
                State::Done { cost } => Some(cost),
                _ => None,
            })
        };
        let longest_ago = || {
            least(choices, |choice| match choice.state {
                State::Tried { pass, .. } if choice.inside == 0 => Some(pass),
                _ => None,
            })
        };
        let chosen = if *inside > 0 {
            shortest().or_else(fresh).or_else(retried)
        } else {
            fresh().or_else(retried).or_else(leads_on).or_else(shortest)
        };
        chosen.or_else(longest_ago)
    }

    /// How far a choice that has an end is from something new.
    fn distance(&self, choice: &Choice) -> Option<usize> {
        let is_done = matches!(choice.state, State::Done { .. });
        let parts = choice.slots.iter().flatten().filter(|_| is_done);
        parts
            .filter_map(|node| self.open.get(*node).copied().flatten())
            .min()
    }
}

/// The first choice of which `measure` gives the least.
fn least(choices: &[Choice], measure: impl Fn(&Choice) -> Option<usize>) -> Option<usize> {
    let measured = choices.iter().enumerate();
    let measured = measured.filter_map(|(index, choice)| Some((measure(choice)?, index)));
    measured.min().map(|(_, index)| index)
}
