//! Handles inside messages. While a value is written or read, its handles are kept beside the bytes, and the bytes say only
//! which of them is meant: a handle is a capability, not data.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use super::lease::{Lease, gone};
use crate::codec::{self, spare};
use crate::error::Error;
use crate::shape::HANDLE;

/// An encoded value and the handles in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parcel {
    pub(crate) body: Vec<u8>,
    /// Every reference in the body repeats this number, so that a body cannot be read with another message's handles.
    pub(crate) nonce: u64,
    pub(crate) leases: Vec<Arc<Lease>>,
}

thread_local! {
    /// A parcel that each thread keeps for its next answer: allocating one takes longer than encoding into it.
    static SPARE: Cell<Option<Box<Parcel>>> = const { Cell::new(None) };
}

impl Parcel {
    /// Encodes `value`, gathering the handles in it, into a parcel that is handed on as one word.
    pub(crate) fn boxed<T: Serialize + ?Sized>(value: &T) -> Result<Box<Self>, Error> {
        // Gone in late destructors of a thread.
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let mut parcel = spare.unwrap_or_default();
        let Self {
            body,
            nonce,
            leases,
        } = &mut *parcel;
        let (used, written) = gather(leases, || codec::encode_into(value, body));
        *nonce = used;
        written?;
        Ok(parcel)
    }

    /// Keeps this, whose handles are not needed any more, for the next answer.
    #[inline]
    pub(crate) fn give_back(mut self: Box<Self>) {
        self.leases.clear();
        if self.body.capacity() <= spare::LARGEST {
            self.body.clear();
            let _ = SPARE.try_with(|spare| spare.set(Some(self)));
        }
    }

    /// Encodes `value`, gathering the handles in it.
    pub(crate) fn pack<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        Self::written(|body| codec::encode_into(value, body))
    }

    /// What `write` writes.
    pub(crate) fn written(
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let (mut body, mut leases) = (spare::take(), Vec::new());
        let (nonce, written) = gather(&mut leases, || write(&mut body));
        written?;
        Ok(Self {
            body,
            nonce,
            leases,
        })
    }
}

/// Gathers the handles in what `write` writes into `leases`, which is empty; returns the nonce of the message.
#[inline]
pub(crate) fn gather<R>(leases: &mut Vec<Arc<Lease>>, write: impl FnOnce() -> R) -> (u64, R) {
    within(Direction::Out, 0, leases, write)
}

/// Runs `read`, which reads a message that came with these handles. They go when it has.
#[inline]
pub(crate) fn opened<R>(nonce: u64, leases: &mut Vec<Arc<Lease>>, read: impl FnOnce() -> R) -> R {
    let (_, read) = within(Direction::In, nonce, leases, read);
    leases.clear();
    read
}

/// Decodes a value out of `body`, with the handles that came with it.
pub(crate) fn unpack<'de, T: Deserialize<'de>>(
    body: &'de [u8],
    nonce: u64,
    mut leases: Vec<Arc<Lease>>,
) -> Result<T, Error> {
    opened(nonce, &mut leases, || codec::decode(body))
}

/// Traces types, whose handles are made up meanwhile and reach nothing.
pub(crate) fn made_up<R>(trace: impl FnOnce() -> R) -> R {
    within(Direction::MadeUp, 0, &mut Vec::new(), trace).1
}

/// Whether what is read on this thread is made up.
pub(crate) fn is_made_up() -> bool {
    look(|message| message.is_some_and(|message| message.borrow().direction == Direction::MadeUp))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Out,
    In,
    /// Nothing is read: a type is traced.
    MadeUp,
}

struct Message<'a> {
    direction: Direction,
    /// Of a message that is written: none before its first handle.
    nonce: u64,
    /// Where whoever writes or reads the message has them: to move them is to wait for what has just been stored.
    leases: &'a mut Vec<Arc<Lease>>,
    /// How many of them are memory.
    memory: usize,
    /// Where those that are written already stand, by their addresses.
    written: Option<BTreeMap<*const Lease, usize>>,
}

impl Message<'_> {
    /// The place of a handle among those of the message, which it joins if it is new; `None` if the message has too much memory along.
    fn place(&mut self, lease: &Arc<Lease>) -> Option<usize> {
        if self.leases.is_empty() {
            self.nonce = nonce();
        }
        let written = self.written.get_or_insert_default();
        let next = self.leases.len();
        let place = *written.entry(Arc::as_ptr(lease)).or_insert(next);
        if place == next {
            self.memory += usize::from(lease.memory().is_some());
            self.leases.push(Arc::clone(lease));
        }
        (self.memory <= MOST_MEMORY).then_some(place)
    }
}

thread_local! {
    /// The message being written or read on this thread, the innermost one: a `Serialize` may itself make a call. Kept by [`within`]; has no
    /// destructor, so that those of other thread-locals can call.
    static OPEN: Cell<*const RefCell<Message<'static>>> = const { Cell::new(ptr::null()) };
}

/// Looks at the message that is open here.
#[inline]
fn look<R>(at: impl for<'a> FnOnce(Option<&'a RefCell<Message<'a>>>) -> R) -> R {
    // SAFETY: `within` put the pointer there, keeps what it points to until it has put the one before back, and does that also when it
    // unwinds. So we are inside of that `within`, and so is all of `at`, which can take no reference along: it works for any lifetime.
    at(unsafe { OPEN.get().as_ref() })
}

/// Runs `code`, which writes or reads a message; returns its nonce too. A panic of a user's `Serialize` or `Deserialize` leaves the outer
/// message whole.
#[inline]
fn within<R>(
    direction: Direction,
    nonce: u64,
    leases: &mut Vec<Arc<Lease>>,
    code: impl FnOnce() -> R,
) -> (u64, R) {
    let message = RefCell::new(Message {
        direction,
        nonce,
        leases,
        memory: 0,
        written: None,
    });
    let open: *const RefCell<Message<'_>> = &raw const message;
    let restore = Restore(OPEN.replace(open.cast()));
    let result = code();
    drop(restore);
    let Message { nonce, written, .. } = message.into_inner();
    // Most often there is none, and nothing to be called for that.
    if let Some(written) = written {
        drop(written);
    }
    (nonce, result)
}

/// Opens the outer message again.
struct Restore(*const RefCell<Message<'static>>);

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        OPEN.set(self.0);
    }
}

/// Writes a reference to `lease` into the message being written on this thread.
pub(crate) fn write_handle<S: Serializer>(
    lease: &Arc<Lease>,
    interface: u64,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let place = look(|message| {
        let mut message = message?.borrow_mut();
        if message.direction != Direction::Out {
            return None;
        }
        let index = message.place(lease);
        Some(index.map(|index| (message.nonce, index as u64, interface)))
    });
    let place = place.ok_or_else(|| ser::Error::custom(OUTSIDE))?;
    let place = place.ok_or_else(|| ser::Error::custom(too_much()))?;
    serializer.serialize_newtype_struct(HANDLE, &place)
}

/// Reads a reference to a handle of the message being read on this thread: to a `T`, seen through the interface of this
/// number and name.
pub(crate) fn read_handle<'de, T: ?Sized, D: Deserializer<'de>>(
    (interface, name): (u64, &'static str),
    deserializer: D,
) -> Result<Arc<Lease>, D::Error> {
    let (lease, written) = read_reference::<T, D>(name, deserializer)?;
    if written.is_some_and(|written| written != interface) {
        return Err(D::Error::custom("a handle to an object of another type"));
    }
    Ok(lease)
}

/// The same, for a handle of any interface, which comes with it.
pub(super) fn read_any_handle<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(Arc<Lease>, u64), D::Error> {
    let (lease, written) = read_reference::<(), D>("", deserializer)?;
    Ok((lease, written.unwrap_or_default()))
}

/// A reference and the interface written in it, unless both are made up.
fn read_reference<'de, T: ?Sized, D: Deserializer<'de>>(
    name: &'static str,
    deserializer: D,
) -> Result<(Arc<Lease>, Option<u64>), D::Error> {
    let (nonce, index, interface) =
        deserializer.deserialize_newtype_struct(HANDLE, Reference::<T>(name, PhantomData))?;
    let found = look(|message| {
        let message = message?.borrow();
        match message.direction {
            Direction::MadeUp => Some(None),
            Direction::In if message.nonce == nonce => message
                .leases
                .get(usize::try_from(index).ok()?)
                .cloned()
                .map(Some),
            _ => None,
        }
    });
    match found.ok_or_else(|| D::Error::custom(OUTSIDE))? {
        Some(lease) => Ok((lease, Some(interface))),
        None => Ok((Lease::nowhere(gone()), None)),
    }
}

/// Three numbers under two names, of which nothing is written: they tell whoever traces the type what the handle is to. The tracer
/// tells types apart by who reads them, so each `T` has a reader of its own.
struct Reference<T: ?Sized>(&'static str, PhantomData<fn(&T)>);

impl<'de, T: ?Sized> Visitor<'de> for Reference<T> {
    type Value = (u64, u64, u64);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handle")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        inner.deserialize_tuple_struct(self.0, 3, self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Self::Value, A::Error> {
        let mut next = || {
            let number = numbers.next_element()?;
            number.ok_or_else(|| A::Error::invalid_length(0, &"three numbers"))
        };
        Ok((next()?, next()?, next()?))
    }
}

/// The most blocks of memory in a message: each takes a descriptor.
pub(super) const MOST_MEMORY: usize = 256;

pub(super) fn too_much() -> String {
    format!("a message may have {MOST_MEMORY} blocks of memory without a name along")
}

const OUTSIDE: &str = "a Shared<T>, and memory without a name, can be written and read only as part of a call, a task's arguments or a \
    result, and on the thread that does so: to keep one in a file or a variable, use Shared::ticket, or memory with a name";

fn nonce() -> u64 {
    thread_local! {
        static NEXT: RefCell<u64> = RefCell::new((crate::os::random_id() >> 64) as u64);
    }
    NEXT.with_borrow_mut(|next| {
        *next = next.wrapping_add(0x9E37_79B9_7F4A_7C15);
        *next
    })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::error::ErrorKind;

    /// A handle, as `Shared` writes and reads one.
    #[derive(Clone, Debug)]
    struct Handle(Arc<Lease>);

    impl Serialize for Handle {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            write_handle(&self.0, 7, serializer)
        }
    }

    impl<'de> Deserialize<'de> for Handle {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            read_handle::<Self, D>((7, "Seven"), deserializer).map(Self)
        }
    }

    fn handle() -> Handle {
        Handle(Lease::nowhere(Error::new(ErrorKind::Gone, "a test")))
    }

    #[test]
    fn a_handle_written_twice_is_carried_once() {
        let handle = handle();
        let parcel = Parcel::pack(&(handle.clone(), vec![handle.clone()], self::handle())).unwrap();
        assert_eq!(parcel.leases.len(), 2);
        let (a, b, c): (Handle, Vec<Handle>, Handle) =
            unpack(&parcel.body, parcel.nonce, parcel.leases).unwrap();
        assert!(Arc::ptr_eq(&a.0, &handle.0) && Arc::ptr_eq(&b[0].0, &handle.0));
        assert!(!Arc::ptr_eq(&c.0, &handle.0));
    }

    #[test]
    fn outside_a_message_a_handle_says_what_to_use() {
        let error = codec::encode(&handle()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encode);
        assert!(error.to_string().contains("Shared::ticket"), "{error}");
        let parcel = Parcel::pack(&handle()).unwrap();
        let error = codec::decode::<Handle>(&parcel.body).unwrap_err();
        assert!(error.to_string().contains("Shared::ticket"), "{error}");
    }

    #[test]
    fn a_body_cannot_be_read_with_the_handles_of_another_message() {
        let (one, two) = (
            Parcel::pack(&handle()).unwrap(),
            Parcel::pack(&handle()).unwrap(),
        );
        assert!(unpack::<Handle>(&one.body, two.nonce, two.leases).is_err());
    }

    #[test]
    fn an_invented_index_is_an_error() {
        let parcel = Parcel::pack(&handle()).unwrap();
        let body = codec::encode(&(parcel.nonce, 1u64, 7u64)).unwrap();
        assert!(unpack::<Handle>(&body, parcel.nonce, parcel.leases.clone()).is_err());
        let body = codec::encode(&(parcel.nonce, 0u64, 8u64)).unwrap();
        let error = unpack::<Handle>(&body, parcel.nonce, parcel.leases).unwrap_err();
        assert!(error.to_string().contains("another type"), "{error}");
    }

    /// Panics at the moment it is written or read.
    struct Trap;

    impl Serialize for Trap {
        fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
            panic!("while writing")
        }
    }

    impl<'de> Deserialize<'de> for Trap {
        fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
            panic!("while reading")
        }
    }

    #[test]
    fn a_panic_in_the_middle_leaves_the_next_message_whole() {
        let handle = handle();
        let written = catch_unwind(AssertUnwindSafe(|| Parcel::pack(&(&handle, Trap))));
        assert!(written.is_err());
        assert!(
            codec::encode(&handle).is_err(),
            "no message is open any more"
        );
        let parcel = Parcel::pack(&(&handle, 3u8)).unwrap();
        let leases = parcel.leases.clone();
        let read = catch_unwind(AssertUnwindSafe(|| {
            unpack::<(Handle, Trap)>(&parcel.body, parcel.nonce, leases).map(drop)
        }));
        assert!(read.is_err());
        assert!(unpack::<(Handle, u8)>(&parcel.body, parcel.nonce, parcel.leases).is_ok());
        assert_eq!(Arc::strong_count(&handle.0), 1, "nothing keeps the handle");
    }
}
