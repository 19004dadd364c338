//! The functions of this program as others see them: what their types look like, traced when it is first asked for. A type that
//! the encoding cannot carry is found here, before anything is sent.

use std::cell::Cell;
use std::collections::HashMap;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::handle::{is_made_up, made_up};
use crate::interface::Interface;
use crate::message::{Function, Functions};
use crate::shape::{Shapes, Table, Trace, Untraced};

/// An interface and what has been traced of it.
#[derive(Debug)]
pub(crate) struct Known {
    interface: &'static Interface,
    id: u64,
    constructors: Box<[Traced]>,
    methods: Box<[Traced]>,
    functions: OnceLock<Functions>,
}

/// A function and what its types look like.
#[derive(Debug)]
struct Traced {
    name: &'static str,
    shapes: fn(&mut Shapes),
    known: OnceLock<Shapes>,
    /// Whether the encoding is known to carry them.
    carried: AtomicBool,
}

/// What is known of an interface. Nothing is traced yet.
pub(crate) fn known(interface: &'static Interface) -> &'static Known {
    thread_local! {
        /// Those that this thread asked for last, each at the place that its address gives it.
        static LAST: [Cell<Option<&'static Known>>; 8] = const { [const { Cell::new(None) }; 8] };
    }
    let at = ptr::from_ref(interface).addr() / align_of::<Interface>() % 8;
    let last = LAST.with(|last| last[at].get());
    if let Some(last) = last.filter(|last| ptr::eq(last.interface, interface)) {
        return last;
    }
    let known = known_to_others(interface);
    LAST.with(|last| last[at].set(Some(known)));
    known
}

fn known_to_others(interface: &'static Interface) -> &'static Known {
    static ALL: LazyLock<Mutex<HashMap<usize, &'static Known>>> = LazyLock::new(Mutex::default);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    // An interface is there until the program ends, and so is what is known of it.
    all.entry(ptr::from_ref(interface).addr())
        .or_insert_with(|| Box::leak(Box::new(Known::new(interface))))
}

impl Known {
    fn new(interface: &'static Interface) -> Self {
        let traced = |name, shapes| Traced {
            name,
            shapes,
            known: OnceLock::new(),
            carried: AtomicBool::new(false),
        };
        Self {
            interface,
            id: interface.id(),
            constructors: interface
                .constructors
                .iter()
                .map(|constructor| traced(constructor.name, constructor.shapes))
                .collect(),
            methods: interface
                .methods
                .iter()
                .map(|method| traced(method.name, method.shapes))
                .collect(),
            functions: OnceLock::new(),
        }
    }

    pub(crate) fn interface(&self) -> &'static Interface {
        self.interface
    }

    /// The interface's id, without a look for it.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Whether the encoding can carry what a method takes and gives back.
    ///
    /// # Errors
    ///
    /// `Encode`: nothing has been sent.
    pub(crate) fn carries_method(&self, method: u32) -> Result<(), Error> {
        self.carries(&self.methods, method)
    }

    /// The same for a constructor.
    pub(crate) fn carries_constructor(&self, constructor: u32) -> Result<(), Error> {
        self.carries(&self.constructors, constructor)
    }

    #[inline]
    fn carries(&self, all: &[Traced], number: u32) -> Result<(), Error> {
        let function = usize::try_from(number)
            .ok()
            .and_then(|number| all.get(number));
        match function {
            Some(function) if function.carried.load(Ordering::Relaxed) => Ok(()),
            function => self.trace(function),
        }
    }

    #[cold]
    fn trace(&self, function: Option<&Traced>) -> Result<(), Error> {
        // A `Deserialize` that makes a call while it is traced might otherwise come back to itself.
        let Some(function) =
            function.filter(|function| function.known.get().is_some() || !is_made_up())
        else {
            return Ok(());
        };
        let Shapes { arguments, answer } = function.shapes();
        let untraced = [arguments, answer].into_iter().flatten();
        let mut untraced = untraced.filter_map(|traced| traced.as_ref().err());
        untraced
            .find(|untraced| matches!(untraced, Untraced::NotCarried { .. }))
            .map_or_else(
                || {
                    function.carried.store(true, Ordering::Relaxed);
                    Ok(())
                },
                |untraced| {
                    let name = (self.interface.name)();
                    Err(not_carried(untraced).in_method(name, function.name))
                },
            )
    }

    /// What another executable must agree with.
    pub(crate) fn functions(&self) -> &Functions {
        if let Some(functions) = self.functions.get() {
            return functions;
        }
        let mut table = Table::default();
        let mut function = |function: &Traced| {
            let Shapes { arguments, answer } = function.shapes();
            Function {
                name: function.name.to_owned(),
                arguments: place(&mut table, arguments.as_ref()),
                answer: place(&mut table, answer.as_ref()),
            }
        };
        let functions = Functions {
            version: self.interface.version,
            constructors: self.constructors.iter().map(&mut function).collect(),
            methods: self.methods.iter().map(&mut function).collect(),
            shapes: table.into_shapes(),
        };
        self.functions.get_or_init(|| functions)
    }
}

fn place(table: &mut Table, traced: Option<&Result<Trace, Untraced>>) -> Result<u32, String> {
    match traced {
        Some(Ok(trace)) => Ok(table.add(trace)),
        Some(Err(untraced)) => Err(untraced.to_string()),
        None => Err("its row does not say".to_owned()),
    }
}

impl Traced {
    /// Traces what has not been traced. Code of the user runs, so nothing is locked: whoever is late has done it for nothing.
    fn shapes(&self) -> &Shapes {
        if let Some(shapes) = self.known.get() {
            return shapes;
        }
        let mut shapes = Shapes::default();
        made_up(|| (self.shapes)(&mut shapes));
        self.known.get_or_init(|| shapes)
    }
}

fn not_carried(untraced: &Untraced) -> Error {
    let text = format!(
        "{untraced}: remove the attribute, or wrap the value in `shared_runtime::Json` (feature `json`)"
    );
    Error::new(ErrorKind::Encode, text)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::address::Endpoint;
    use crate::interface::Method;
    use crate::shape::{ARGUMENTS, difference};
    use crate::shared::This;
    use crate::{ExitStatus, RemotePanic, Report, ServerHandle, Shared, Ticket, WeakShared};

    fn functions(shapes: fn(&mut Shapes)) -> &'static Functions {
        let interface = Interface {
            methods: vec![Method::new("method", shapes)].leak(),
            ..Interface::of::<()>()
        };
        known(Box::leak(Box::new(interface))).functions()
    }

    fn takes<A: for<'de> Deserialize<'de>>(shapes: &mut Shapes) {
        shapes.of::<(A,), Result<A, Error>>();
    }

    #[test]
    fn types_of_the_runtime_are_traced_without_a_message() {
        let all = functions(
            takes::<(
                (Shared<This>, Vec<WeakShared<This>>, Option<Shared<This>>),
                (ServerHandle, Ticket, Error, Report),
                (RemotePanic, ExitStatus, Endpoint),
            )>,
        );
        let Function {
            arguments, answer, ..
        } = &all.methods[0];
        assert_eq!((arguments.is_ok(), answer.is_ok()), (true, true), "{all:?}");
        assert!(!is_made_up());
    }

    #[test]
    fn a_handle_is_known_by_its_interface() {
        let handle = functions(takes::<Shared<This>>);
        let weak = functions(takes::<WeakShared<This>>);
        let at = |functions: &Functions| functions.methods[0].arguments.clone().unwrap();
        let places = (at(handle), at(weak));
        let difference = difference(&handle.shapes, &weak.shapes, places, ARGUMENTS).unwrap();
        assert_eq!(difference.subject, "argument 1 is");
        assert_eq!(
            difference.ours,
            "a handle to `shared_runtime::shared::This`"
        );
        assert_eq!(
            difference.theirs,
            "a weak handle to `shared_runtime::shared::This`"
        );
    }
}
