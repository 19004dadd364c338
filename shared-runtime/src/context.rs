//! What a method that runs on this thread passes on to the calls it makes: the time it has left, and the locks it runs under.

use std::cell::RefCell;

use crate::message::HeldLock;
use crate::os::Deadline;

#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) deadline: Deadline,
    pub(crate) held: Vec<HeldLock>,
}

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context { deadline: Deadline::NEVER, held: Vec::new() }) };
}

/// The context of the method that runs here, or an empty one.
pub(crate) fn current() -> Context {
    CURRENT.with_borrow(Clone::clone)
}

/// Runs a method under `context`.
pub(crate) fn within<R>(context: Context, method: impl FnOnce() -> R) -> R {
    let _restore = Restore(CURRENT.replace(context));
    method()
}

/// Puts the outer context back, also after a panic.
struct Restore(Context);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, &mut self.0));
    }
}
