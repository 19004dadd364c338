//! What a method that runs on this thread knows of its caller, and what it passes on to the calls it makes: the time it has left,
//! and the locks it runs under.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::handle::server_id;
use crate::message::HeldLock;
use crate::object::{Access, Caller, Cancel, Hosted};
use crate::order::ObjectKey;
use crate::os::Deadline;

/// The call that runs on this thread, kept by whoever runs it.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    pub(crate) deadline: &'a Deadline,
    /// The locks that the chain of calls behind this one holds.
    pub(crate) held: &'a [HeldLock],
    /// How it holds that of its own object.
    pub(crate) access: Access,
    pub(crate) cancel: &'a Cancel,
    pub(crate) caller: &'a Arc<Caller>,
    /// The object whose method runs; none in a constructor.
    pub(crate) object: Option<&'a Arc<Hosted>>,
}

/// The same, to be kept: for the calls that the method makes.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) deadline: Deadline,
    pub(crate) held: Vec<HeldLock>,
    /// Set when nobody wants the answer any more.
    pub(crate) cancel: Option<Cancel>,
    /// Who called; nobody outside of methods and constructors.
    pub(crate) caller: Option<Arc<Caller>>,
}

impl Running<'_> {
    /// The locks that a call of this one's has behind it.
    fn held(&self) -> Vec<HeldLock> {
        let own = self.object.map(|object| HeldLock {
            server: server_id(),
            object: object.id(),
            exclusive: self.access == Access::Exclusive,
        });
        self.held.iter().copied().chain(own).collect()
    }

    fn to_context(&self) -> Context {
        Context {
            deadline: *self.deadline,
            held: self.held(),
            cancel: Some(self.cancel.clone()),
            caller: Some(Arc::clone(self.caller)),
        }
    }
}

impl Context {
    /// That of a thread that runs no method.
    pub(crate) const NONE: Self = Self {
        deadline: Deadline::NEVER,
        held: Vec::new(),
        cancel: None,
        caller: None,
    };

    /// `Err` if the call that runs on this thread, and waits for `what`, must end.
    pub(crate) fn check_wanted(&self, what: &str) -> Result<(), Error> {
        if self.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            let text = format!("the caller went away while its call waited for {what}");
            return Err(Error::new(ErrorKind::Cancelled, text));
        }
        if self.deadline.passed() {
            let text = format!("the deadline passed while somebody else held {what}");
            return Err(Error::new(ErrorKind::Timeout, text));
        }
        Ok(())
    }

    /// Whether the chain of calls behind this thread holds the lock of `object`.
    pub(crate) fn holds(&self, object: ObjectKey) -> bool {
        is_among(&self.held, object)
    }
}

/// Whether the lock of `object` is one of these.
pub(crate) fn is_among(held: &[HeldLock], object: ObjectKey) -> bool {
    held.iter().any(|held| (held.server, held.object) == object)
}

thread_local! {
    /// What [`within`] runs here; null between methods. Has no destructor, so that those of other thread-locals can call.
    static CURRENT: Cell<*const Running<'static>> = const { Cell::new(ptr::null()) };
}

/// The context of the method that runs here, or an empty one.
pub(crate) fn current() -> Context {
    look(|running| running.map_or(Context::NONE, Running::to_context))
}

/// When a call that is made here must have ended, as far as the method that runs here says.
#[inline]
pub(crate) fn deadline() -> Deadline {
    look(|running| running.map_or(Deadline::NEVER, |running| *running.deadline))
}

/// The locks that a call which is made here has behind it.
#[inline]
pub(crate) fn held() -> Vec<HeldLock> {
    look(|running| running.map_or_else(Vec::new, Running::held))
}

/// Looks at the call that runs here, without keeping anything of it.
#[inline]
pub(crate) fn look<R>(at: impl for<'a> FnOnce(Option<&'a Running<'a>>) -> R) -> R {
    // SAFETY: `within` put the pointer there, borrows what it points to until it has put the one before back, and does
    // that also when it unwinds. So we are inside of that `within`, and so is all of `at`, which returns before it does and can
    // take no reference along: it works for any lifetime.
    at(unsafe { CURRENT.get().as_ref() })
}

/// Runs a method as `running`.
#[inline]
pub(crate) fn within<R>(running: &Running<'_>, method: impl FnOnce() -> R) -> R {
    let running: *const Running<'_> = running;
    let _restore = Restore(CURRENT.replace(running.cast()));
    method()
}

/// Puts the outer call back, also after a panic.
struct Restore(*const Running<'static>);

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
