//! What the linker gathered from all crates of this program: its shared types, traits and tasks, by name.

use std::any::TypeId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

use super::implementation::Implementation;
use super::table::{Interface, Task};
use crate::error::{Error, ErrorKind};
use crate::object::Hosted;

/// The shared types of this program, and the shared traits that they implement.
#[linkme::distributed_slice]
pub static IMPLEMENTATIONS: [fn() -> &'static Implementation];

/// The shared traits of this program.
#[linkme::distributed_slice]
pub static TRAITS: [fn() -> &'static Interface];

/// The tasks of this program.
#[linkme::distributed_slice]
pub static TASKS: [&'static Task];

#[derive(Default)]
struct Tables {
    interfaces: HashMap<u64, &'static Interface>,
    implementations: HashMap<TypeId, Vec<&'static Implementation>>,
    /// Two of one name.
    clash: Option<Error>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables::default();
    for implementation in IMPLEMENTATIONS.iter().map(|registered| registered()) {
        tables.add_interface((implementation.interface)());
        let object = (implementation.object)();
        let all = tables.implementations.entry(object).or_default();
        all.push(implementation);
    }
    for interface in TRAITS.iter().map(|registered| registered()) {
        tables.add_interface(interface);
    }
    tables
});

impl Tables {
    /// One that was registered twice, in different crates perhaps, is one.
    fn add_interface(&mut self, interface: &'static Interface) {
        match self.interfaces.entry(interface.id()) {
            Entry::Vacant(place) => {
                place.insert(interface);
            }
            Entry::Occupied(earlier) => {
                let earlier = earlier.get();
                if (earlier.type_id)() != (interface.type_id)() {
                    self.clash = Some(clash(earlier, interface));
                }
            }
        }
    }
}

fn clash(one: &Interface, other: &Interface) -> Error {
    let text = format!(
        "two shared types of this program are called `{}`: {} and {}; give one of them another name: `#[shared(name = \"…\")]`",
        (one.name)(),
        (one.type_name)(),
        (other.type_name)()
    );
    Error::new(ErrorKind::Incompatible, text)
}

/// Says if two types of this program have one name.
pub(crate) fn check_names() -> Result<(), Error> {
    TABLES.clash.clone().map_or(Ok(()), Err)
}

/// The shared type or trait with this id.
pub(crate) fn interface(id: u64) -> Result<&'static Interface, Error> {
    check_names()?;
    let found = TABLES.interfaces.get(&id).copied();
    found.ok_or_else(|| {
        let known = TABLES.interfaces.values();
        let known = known.map(|interface| (interface.name)()).collect();
        unknown(
            "shared type",
            known,
            "; an instance of a generic type must be registered: `shared_runtime::register!(Stack<Order>);`",
        )
    })
}

/// The functions behind an interface, for an object of this process.
pub(crate) fn implementation_of(
    hosted: &Hosted,
    interface: u64,
) -> Result<&'static Implementation, Error> {
    let kind: &'static dyn std::any::Any = hosted.kind();
    let own = kind.downcast_ref::<Implementation>();
    let found = own.and_then(|own| {
        let registered = implementations_for((own.object)()).iter();
        let mut all = std::iter::once(own).chain(registered.copied());
        all.find_map(|implementation| implementation.find(interface))
    });
    found.ok_or_else(|| {
        let text = format!(
            "the object is a {}, and not a {} (a `#[shared] impl` of that trait for it, if there is one, must be linked)",
            hosted.type_name(),
            name_of(interface)
        );
        Error::new(ErrorKind::Unknown, text)
    })
}

/// Whether any method that can be called on an object needs it alone, so that it needs a lock.
pub(crate) fn needs_lock(implementation: &'static Implementation) -> bool {
    let others = implementations_for((implementation.object)());
    implementation.has_exclusive() || others.iter().any(|other| other.has_exclusive())
}

/// What is registered for a type of object.
fn implementations_for(object: TypeId) -> &'static [&'static Implementation] {
    TABLES
        .implementations
        .get(&object)
        .map_or(&[], Vec::as_slice)
}

/// The name of the shared type with this id, as far as this program knows it.
pub(crate) fn name_of(id: u64) -> &'static str {
    let found = TABLES.interfaces.get(&id);
    found.map_or("type that this program does not know", |interface| {
        (interface.name)()
    })
}

/// The task of this name.
pub(crate) fn task(name: &str) -> Result<&'static Task, Error> {
    let found = TASKS.iter().find(|task| task.name == name);
    found.copied().ok_or_else(|| {
        // Those of the runtime's own are nobody's to name.
        let known = TASKS.iter().map(|task| task.name);
        let known = known.filter(|name| !name.starts_with("shared_runtime::"));
        let known = known.collect();
        unknown(&format!("task {name}"), known, "")
    })
}

fn unknown(what: &str, mut known: Vec<&str>, more: &str) -> Error {
    known.sort_unstable();
    let text = format!(
        "this program has no such {what}; it knows {}. A crate that is never named is not linked: write `use the_crate as _;`{more}",
        known.join(", ")
    );
    Error::new(ErrorKind::Unknown, text)
}
