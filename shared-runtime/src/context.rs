//! What a method that runs on this thread knows of its caller, and what it passes on to the calls it makes: the time it has left,
//! and the locks it runs under.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::message::HeldLock;
use crate::object::{Caller, Cancel, Hosted};
use crate::order::ObjectKey;
use crate::os::Deadline;

#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) deadline: Deadline,
    pub(crate) held: Vec<HeldLock>,
    /// Set when nobody wants the answer any more.
    pub(crate) cancel: Option<Cancel>,
    /// Who called; nobody outside of methods and constructors.
    pub(crate) caller: Option<Arc<Caller>>,
    /// The object whose method runs.
    pub(crate) object: Option<Arc<Hosted>>,
}

impl Context {
    /// That of a thread that runs no method.
    pub(crate) const NONE: Self = Self {
        deadline: Deadline::NEVER,
        held: Vec::new(),
        cancel: None,
        caller: None,
        object: None,
    };

    /// Whether the chain of calls behind this thread holds the lock of `object`.
    pub(crate) fn holds(&self, object: ObjectKey) -> bool {
        self.held
            .iter()
            .any(|held| (held.server, held.object) == object)
    }
}

thread_local! {
    /// Never dropped, so that destructors of other thread-locals can call; between methods it owns nothing.
    static CURRENT: ManuallyDrop<RefCell<Context>> =
        const { ManuallyDrop::new(RefCell::new(Context::NONE)) };
}

/// The context of the method that runs here, or an empty one.
pub(crate) fn current() -> Context {
    CURRENT.with(|current| current.borrow().clone())
}

/// Runs a method under `context`.
pub(crate) fn within<R>(context: Context, method: impl FnOnce() -> R) -> R {
    let _restore = Restore(CURRENT.with(|current| current.replace(context)));
    method()
}

/// Puts the outer context back, also after a panic.
struct Restore(Context);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut self.0));
    }
}
