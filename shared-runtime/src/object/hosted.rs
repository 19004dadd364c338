//! One hosted value and the only ways to reach it: shared under a read lock, alone under a write lock.

use std::any::Any;
use std::cell::UnsafeCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lock::{Access, Cancel, ObjectLock, Refused};
use super::reaper;
use crate::os::Deadline;

/// What can be hosted, with its type erased.
pub type Object = dyn Any + Send + Sync;

/// What those who call methods know of a type of objects. Nothing here looks into it.
pub(crate) trait Kind: Any + Sync {
    /// The type, as errors and `inspect` name it.
    fn type_name(&self) -> &'static str;
}

/// A value with its lock.
pub(crate) struct Hosted {
    id: u64,
    kind: &'static dyn Kind,
    type_name: &'static str,
    /// Whether the registry has it: whoever found it there before may not look again.
    listed: AtomicBool,
    /// Whether any method takes `&mut self`. Without one there is nothing to lock, and blocking methods block nobody.
    locked: bool,
    lock: ObjectLock,
    poisoned: AtomicBool,
    value: UnsafeCell<Option<Box<Object>>>,
}

// SAFETY: the value is `Send + Sync`. A shared reference to it exists only while a `Guard` of `Access::Shared` does, or if
// the object has no exclusive methods; an exclusive one only while a `Guard` of `Access::Exclusive` does. `ObjectLock` keeps
// the two apart.
unsafe impl Sync for Hosted {}

impl Hosted {
    pub(crate) fn new(id: u64, kind: &'static dyn Kind, locked: bool, value: Box<Object>) -> Self {
        Self {
            id,
            kind,
            type_name: kind.type_name(),
            listed: AtomicBool::new(true),
            locked,
            lock: ObjectLock::default(),
            poisoned: AtomicBool::new(false),
            value: UnsafeCell::new(Some(value)),
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn kind(&self) -> &'static dyn Kind {
        self.kind
    }

    pub(crate) fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Whether it still has a lease.
    pub(crate) fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Acquire)
    }

    /// The registry has let go of it.
    pub(super) fn unlist(&self) {
        self.listed.store(false, Ordering::Release);
    }

    /// Whether any method of it needs a lock.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    pub(crate) fn set_poisoned(&self, poisoned: bool) {
        self.poisoned.store(poisoned, Ordering::Release);
    }

    /// Waits for the lock, if the object has one. How long, is asked only if there is something to wait for: it takes a look at the
    /// clock.
    #[inline]
    pub(crate) fn lock(
        &self,
        access: Access,
        overtake: bool,
        patience: impl FnOnce() -> Deadline,
        cancel: &Cancel,
    ) -> Result<Guard<'_>, Refused> {
        if self.locked && !self.lock.try_acquire(access, overtake) {
            self.lock.acquire(access, overtake, patience(), cancel)?;
        }
        Ok(Guard {
            hosted: self,
            access,
        })
    }
}

impl Drop for Hosted {
    /// The last reference may go on any thread, a connection's among them; the value's own `Drop` is user code.
    fn drop(&mut self) {
        if let Some(value) = self.value.get_mut().take() {
            reaper::drop_later(value);
        }
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted")
            .field("id", &self.id)
            .field("type_name", &self.type_name())
            .finish_non_exhaustive()
    }
}

/// Proof that this thread holds the object's lock.
pub(crate) struct Guard<'a> {
    hosted: &'a Hosted,
    access: Access,
}

impl Guard<'_> {
    /// The value, beside others who read it.
    pub(crate) fn shared(&self) -> &Object {
        // SAFETY: this guard holds the lock, so no `&mut` to the value exists: `exclusive` gives one out only under a lock
        // held alone. An object without a lock has no exclusive methods, so `exclusive` is never called for it.
        let value = unsafe { &*self.hosted.value.get() };
        value.as_deref().expect("the value leaves only in Drop")
    }

    /// The value, alone. `None` for a guard that shares.
    pub(crate) fn exclusive(&mut self) -> Option<&mut Object> {
        if self.access != Access::Exclusive || !self.hosted.locked {
            return None;
        }
        // SAFETY: this guard holds the lock alone, and is itself borrowed mutably for as long as the reference lives.
        let value = unsafe { &mut *self.hosted.value.get() };
        value.as_deref_mut()
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.hosted.locked {
            self.hosted.lock.release(self.access);
        }
    }
}
