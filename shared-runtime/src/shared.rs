//! `Shared<T>`: the handle that users hold.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::ServerId;
use crate::call::{self, Target};
use crate::context;
use crate::error::Error;
use crate::handle::{Lease, Place, listen_with, read_handle, write_handle};
use crate::interface::{Implementation, Interface, implementation_of, needs_lock};
use crate::object::{Object, REGISTRY};
use crate::order::ObjectKey;
use crate::server;

/// A type whose objects can be shared: implemented by `#[shared]`, and the bound to write in generic code.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shared type",
    label = "has no #[shared] impl",
    note = "write `#[shared]` above the `impl` block whose methods other processes should call, or above the trait"
)]
pub trait Shareable: 'static {
    /// The type with the methods, which [`Shared`] dereferences to.
    type Proxy: Send + Sync + 'static;

    /// The type with the same methods as calls that are not made at once, which [`Shared::calls`] returns.
    type Calls: Send + Sync + 'static;

    /// Whether it is shared with `lock = "mutex"`.
    #[doc(hidden)]
    const ALONE: bool = false;

    #[doc(hidden)]
    fn interface() -> &'static Interface;

    #[doc(hidden)]
    fn proxy(target: Target) -> Self::Proxy;

    #[doc(hidden)]
    fn target(proxy: &Self::Proxy) -> &Target;

    #[doc(hidden)]
    fn calls(target: Target) -> Self::Calls;

    #[doc(hidden)]
    fn implementation() -> &'static Implementation
    where
        Self: Sized;

    #[doc(hidden)]
    fn into_object(self) -> Box<Object>
    where
        Self: Sized;
}

/// A handle to an object that lives in some process, to be used like an `Arc<T>`.
///
/// Its methods are those of `T`, each returning what the way there and back may add: see [`shared`](macro@crate::shared).
/// Everything else is an associated function, so that no method of `T` is hidden.
///
/// The object lives as long as any handle to it does, in any process: a dropped handle, a process that ends and a
/// process that is killed all give their share back. Handles can be arguments, results, and parts of both. Two of them are
/// equal when they mean the same object.
///
/// ```
/// use shared_runtime::{ServerHandle, Shared, shared};
///
/// struct Counter(u64);
///
/// #[shared]
/// impl Counter {
///     pub fn new() -> Self { Self(0) }
///     pub fn add(&mut self, n: u64) -> u64 { self.0 += n; self.0 }
/// }
///
/// let counter = Shared::new(Counter::new()); // hosted in this process
/// let same = counter.clone();
/// assert_eq!(counter.add(2)?, 2);
/// assert_eq!(same.add(3)?, 5);
/// assert_eq!(counter, same);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
pub struct Shared<T: Shareable + ?Sized> {
    proxy: T::Proxy,
}

impl<T: Shareable> Shared<T> {
    /// Hosts `value` in this process; in a server process, the server itself. This is how a method returns a live
    /// object instead of a copy.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self::hosting(T::implementation(), value.into_object())
    }
}

impl Shared<This> {
    /// The handle of the object whose method runs on this thread: how a method passes on its own object.
    ///
    /// ```
    /// use shared_runtime::{Shared, shared};
    ///
    /// struct Node(u32);
    ///
    /// #[shared]
    /// impl Node {
    ///     pub fn me(&self) -> Shared<Node> { Shared::this::<Node>() }
    /// }
    ///
    /// let node = Shared::new(Node(7));
    /// assert_eq!(node.me()?, node);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If no method of a `T` runs on this thread: also in a constructor, whose object is not shared yet.
    #[must_use]
    #[track_caller]
    pub fn this<T: Shareable + ?Sized>() -> Shared<T> {
        let name = T::interface().name;
        let object = context::look(|running| running?.object.map(Arc::clone));
        match object.filter(|object| implementation_of(object, T::interface().id()).is_ok()) {
            // While its method runs it may have lost its last handle: then this one says so.
            Some(object) => Shared::from_lease(Lease::here(object.id())),
            None => panic!(
                "Shared::this: no method of a {} runs on this thread",
                name()
            ),
        }
    }
}

impl<T: Shareable + ?Sized> Shared<T> {
    /// The same methods, each returning a [`Call`](call::Call) instead of making it: for calls that nobody waits for, or that have a
    /// deadline of their own.
    #[must_use]
    pub fn calls(this: &Self) -> T::Calls {
        T::calls(this.target().clone())
    }

    /// The same object, with `timeout` for each call made through the returned handle.
    ///
    /// A call that takes longer ends with [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). Its method may go on; its late answer
    /// is discarded and delays no other call. Inside a method, calls also end with the deadline of the method itself.
    #[must_use]
    pub fn with_timeout(this: &Self, timeout: Duration) -> Self {
        Self {
            proxy: T::proxy(this.target().with_timeout(timeout)),
        }
    }

    /// Whether the object lives in this process, so that calls go straight to it.
    #[must_use]
    pub fn is_local(this: &Self) -> bool {
        matches!(this.lease().place(), Place::Here(_))
    }

    /// Asks whether the object still lives and its server answers. No method runs, no lock is taken.
    ///
    /// # Errors
    ///
    /// `Disconnected`, `Gone`; those of any call.
    pub fn ping(this: &Self) -> Result<(), Error> {
        call::ping(this.target())
    }

    /// Which object it is.
    #[must_use]
    pub fn id(this: &Self) -> ObjectId {
        ObjectId(this.lease().key())
    }

    /// Makes an object usable again after a `&mut self` method of it panicked, as
    /// [`Mutex::clear_poison`](std::sync::Mutex::clear_poison) does: the caller vouches for its state.
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn clear_poison(this: &Self) -> Result<(), Error> {
        call::clear_poison(this.target())
    }

    /// Hosts a value in this process, for which `implementation` was written.
    pub(crate) fn hosting(implementation: &'static Implementation, value: Box<Object>) -> Self {
        listen_with(server::listen);
        let locked = needs_lock(implementation);
        let hosted = REGISTRY.insert(implementation, locked, value);
        Self::from_lease(Lease::of_new(hosted))
    }

    pub(crate) fn from_lease(lease: Arc<Lease>) -> Self {
        Self::from_target(Target::new(lease, T::interface()))
    }

    pub(crate) fn from_target(target: Target) -> Self {
        Self {
            proxy: T::proxy(target),
        }
    }

    pub(crate) fn target(&self) -> &Target {
        T::target(&self.proxy)
    }

    pub(crate) fn lease(&self) -> &Arc<Lease> {
        self.target().lease()
    }
}

impl<T: Shareable + ?Sized> Deref for Shared<T> {
    type Target = T::Proxy;

    fn deref(&self) -> &T::Proxy {
        &self.proxy
    }
}

/// Costs a reference count; nothing is sent.
impl<T: Shareable + ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self::from_target(self.target().clone())
    }
}

impl<T: Shareable + ?Sized> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.lease().key() == other.lease().key()
    }
}

impl<T: Shareable + ?Sized> Eq for Shared<T> {}

impl<T: Shareable + ?Sized> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lease().key().hash(state);
    }
}

// Whatever a proxy holds, so that each auto trait can stand above a shared trait. A panic that leaves an object half changed poisons
// it, where it lives.
impl<T: Shareable + ?Sized> Unpin for Shared<T> {}
impl<T: Shareable + ?Sized> UnwindSafe for Shared<T> {}
impl<T: Shareable + ?Sized> RefUnwindSafe for Shared<T> {}

impl<T: Shareable + ?Sized> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = (self.target().interface().name)();
        match self.lease().place() {
            Place::Here(hosted) => write!(f, "Shared<{name}>(#{} in this process)", hosted.id()),
            Place::At { session, object } => {
                write!(f, "Shared<{name}>(#{object} in {})", session.label())
            }
            Place::Nowhere { cause, .. } => write!(f, "Shared<{name}>(broken: {cause})"),
        }
    }
}

/// Possible only within a call, a task's arguments or a result; elsewhere an error that says so.
impl<T: Shareable + ?Sized> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_handle(self.lease(), T::interface().id(), serializer)
    }
}

/// Possible only within a call, a task's arguments or a result; elsewhere an error that says so.
impl<'de, T: Shareable + ?Sized> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let interface = T::interface();
        read_handle::<T, D>((interface.id(), (interface.name)()), deserializer)
            .map(Self::from_lease)
    }
}

/// Which object a handle means: the same for all handles to it, in all processes, and never used again for another.
///
/// A handle that could reach nothing has an id of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectId(ObjectKey);

impl ObjectId {
    pub(crate) fn of(key: ObjectKey) -> Self {
        Self(key)
    }

    /// Its number at its server, as [`inspect`](crate::ServerHandle::inspect) lists it.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.1
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            (ServerId::NONE, _) => f.write_str("no object"),
            (server, number) => write!(f, "#{number} of server {server}"),
        }
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

/// What stands in the place of a type where [`Shared::this`] is named.
#[derive(Debug)]
pub enum This {}

#[diagnostic::do_not_recommend]
impl Shareable for This {
    type Proxy = ThisProxy;
    type Calls = ThisProxy;

    fn interface() -> &'static Interface {
        const { &Interface::of::<This>() }
    }

    fn proxy(target: Target) -> ThisProxy {
        ThisProxy(target)
    }

    fn target(proxy: &ThisProxy) -> &Target {
        &proxy.0
    }

    fn calls(target: Target) -> ThisProxy {
        ThisProxy(target)
    }

    fn implementation() -> &'static Implementation {
        const { &Implementation::of::<This>(This::interface) }
    }

    fn into_object(self) -> Box<Object> {
        match self {}
    }
}

#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct ThisProxy(Target);
