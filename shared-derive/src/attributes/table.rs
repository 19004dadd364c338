//! Which options there are, where, and what is said about others.

use syn::Ident;
use syn::ext::IdentExt;

/// The options of one place.
pub(super) struct Table {
    /// The place, as messages name it.
    pub(super) place: &'static str,
    /// The name of each option and how it is written.
    pub(super) options: &'static [(&'static str, &'static str)],
    /// The other places of the same macro, for options that were written in the wrong one.
    pub(super) others: &'static [&'static Table],
}

pub(super) static TYPE: Table = Table {
    place: "`#[shared(…)]` on an impl",
    options: &[
        ("calls", "calls = TallyCalls"),
        ("crate", "crate = path::to::shared_runtime"),
        ("debug", "debug"),
        ("explicit", "explicit"),
        ("instances", "instances(Stack<u64>, Stack<String>)"),
        ("lock", "lock = \"mutex\""),
        ("name", "name = \"models.Tally\""),
        ("proxy", "proxy = TallyProxy"),
        ("snapshot", "snapshot"),
        ("version", "version = 1"),
        ("vis", "vis = pub(crate)"),
    ],
    others: &[&METHOD],
};

pub(super) static METHOD: Table = Table {
    place: "`#[shared(…)]` on a method",
    options: &[
        ("export", "export"),
        ("plain", "plain"),
        ("rename", "rename = another_name"),
        ("result", "result"),
        ("skip", "skip"),
        ("timeout", "timeout = \"250ms\""),
    ],
    others: &[&TYPE],
};

pub(super) static TRAIT: Table = Table {
    place: "`#[shared(…)]` on a trait",
    options: &[
        ("calls", "calls = StoreCalls"),
        ("crate", "crate = path::to::shared_runtime"),
        ("name", "name = \"models.Store\""),
        ("proxy", "proxy = StoreProxy"),
        ("version", "version = 1"),
    ],
    others: &[&TRAIT_METHOD, &TYPE],
};

pub(super) static TRAIT_METHOD: Table = Table {
    place: "`#[shared(…)]` on a method of a trait",
    options: &[
        ("result", "result"),
        ("skip", "skip"),
        ("timeout", "timeout = \"250ms\""),
    ],
    others: &[&METHOD, &TRAIT],
};

pub(super) static TRAIT_IMPL: Table = Table {
    place: "`#[shared(…)]` on an impl of a trait",
    options: &[
        ("crate", "crate = path::to::shared_runtime"),
        ("instances", "instances(Stack<u64>, Stack<String>)"),
    ],
    others: &[&TRAIT, &TYPE],
};

pub(super) static TASK: Table = Table {
    place: "`#[task(…)]`",
    options: &[
        ("crate", "crate = path::to::shared_runtime"),
        ("item", "item = CountTask"),
    ],
    others: &[],
};

pub(super) static MAIN: Table = Table {
    place: "`#[main(…)]`",
    options: &[("crate", "crate = path::to::shared_runtime")],
    others: &[],
};

impl Table {
    pub(super) fn usage(&self, name: &str) -> Option<&'static str> {
        self.options
            .iter()
            .find(|(known, _)| name == *known)
            .map(|(_, usage)| *usage)
    }

    pub(super) fn known(&self) -> String {
        let options: Vec<String> = self
            .options
            .iter()
            .map(|(_, usage)| format!("`{usage}`"))
            .collect();
        match options.as_slice() {
            [only] => format!("{} knows {only}", self.place),
            _ => format!("{} knows {}", self.place, options.join(", ")),
        }
    }

    pub(super) fn unknown(&self, name: &Ident) -> String {
        let mut others = self.others.iter();
        if let Some(other) = others.find(|other| other.usage(&name.to_string()).is_some()) {
            return format!("`{name}` belongs to {}. {}", other.place, self.known());
        }
        match self.nearest(&name.unraw().to_string()) {
            Some(known) => format!(
                "unknown option `{name}`; did you mean `{known}`? {}",
                self.known()
            ),
            None => format!("unknown option `{name}`. {}", self.known()),
        }
    }

    fn nearest(&self, name: &str) -> Option<&'static str> {
        let (distance, known) = self
            .options
            .iter()
            .map(|(known, _)| (distance(name, known), *known))
            .min()?;
        (distance * 2 <= known.len().max(name.len())).then_some(known)
    }
}

/// How many letters must be added, removed or changed to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, b) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
