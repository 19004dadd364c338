//! `WeakShared<T>`: means an object without keeping it alive.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use crate::address::{Endpoint, ServerId};
use crate::context;
use crate::error::{Error, ErrorKind};
use crate::handle::{Lease, Place, endpoint, is_made_up, server_id};
use crate::order::ObjectKey;
use crate::shape::WEAK_HANDLE;
use crate::shared::{ObjectId, Shareable, Shared};

/// A handle that keeps nothing alive, made by [`Shared::downgrade`].
///
/// What refers back should be weak: objects that hold handles to each other would otherwise live until their servers
/// end. It is plain data: it can be written and read anywhere, also to a file.
///
/// ```
/// use shared_runtime::{Shared, shared};
///
/// struct Node;
///
/// #[shared]
/// impl Node { pub fn touch(&self) {} }
///
/// let node = Shared::new(Node);
/// let weak = Shared::downgrade(&node);
/// assert_eq!(weak.upgrade()?, Some(node.clone()));
/// drop(node);
/// assert_eq!(weak.upgrade()?, None);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
pub struct WeakShared<T: Shareable + ?Sized> {
    place: WeakPlace,
    interface: PhantomData<fn() -> T>,
}

#[derive(Clone, Debug)]
enum WeakPlace {
    Here {
        object: u64,
    },
    At {
        endpoint: Arc<Endpoint>,
        object: u64,
    },
    /// The handle could reach nothing.
    Nowhere {
        cause: Error,
        number: u64,
    },
}

/// What travels.
#[derive(Serialize, Deserialize)]
enum Written {
    At { endpoint: Endpoint, object: u64 },
    Nowhere { cause: Error },
}

impl<T: Shareable + ?Sized> Shared<T> {
    /// A handle that keeps the object alive no longer than others do.
    #[must_use]
    pub fn downgrade(this: &Self) -> WeakShared<T> {
        WeakShared::of(this.lease())
    }
}

impl<T: Shareable + ?Sized> WeakShared<T> {
    fn of(lease: &Lease) -> Self {
        let place = match lease.place() {
            Place::Here(hosted) => WeakPlace::Here {
                object: hosted.id(),
            },
            Place::At { session, object } => WeakPlace::At {
                endpoint: Arc::new(session.endpoint().clone()),
                object: *object,
            },
            Place::Nowhere { cause, number } => WeakPlace::Nowhere {
                cause: cause.clone(),
                number: *number,
            },
        };
        Self::at(place)
    }

    /// A handle to the object, if it still lives: asks its server, unless it lives here or this process has a handle anyway.
    ///
    /// # Errors
    ///
    /// `Disconnected` if the server has ended, and the object with it; those of any call.
    pub fn upgrade(&self) -> Result<Option<Shared<T>>, Error> {
        let lease = match &self.place {
            WeakPlace::Here { object } => Lease::here(*object),
            WeakPlace::At { endpoint, object } => {
                let deadline = context::current().deadline;
                let taken = Lease::take(endpoint, &[*object], deadline);
                taken
                    .into_iter()
                    .next()
                    .unwrap_or_else(|| Lease::nowhere(crate::handle::gone()))
            }
            WeakPlace::Nowhere { cause, .. } => return Err(cause.clone()),
        };
        match lease.place() {
            Place::Nowhere { cause, .. } if cause.kind() == ErrorKind::Gone => Ok(None),
            Place::Nowhere { cause, .. } => Err(cause.clone()),
            _ => Ok(Some(Shared::from_lease(lease))),
        }
    }

    /// Which object it means.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        ObjectId::of(self.key())
    }

    fn at(place: WeakPlace) -> Self {
        Self {
            place,
            interface: PhantomData,
        }
    }

    fn key(&self) -> ObjectKey {
        match &self.place {
            WeakPlace::Here { object } => (server_id(), *object),
            WeakPlace::At { endpoint, object } => (endpoint.server, *object),
            WeakPlace::Nowhere { number, .. } => (ServerId::NONE, *number),
        }
    }
}

impl<T: Shareable + ?Sized> Clone for WeakShared<T> {
    fn clone(&self) -> Self {
        Self::at(self.place.clone())
    }
}

impl<T: Shareable + ?Sized> PartialEq for WeakShared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T: Shareable + ?Sized> Eq for WeakShared<T> {}

impl<T: Shareable + ?Sized> Hash for WeakShared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl<T: Shareable + ?Sized> fmt::Debug for WeakShared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakShared<{}>({})", (T::interface().name)(), self.id())
    }
}

impl<T: Shareable + ?Sized> Serialize for WeakShared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match &self.place {
            WeakPlace::Here { object } => Written::At {
                endpoint: endpoint().map_err(ser::Error::custom)?,
                object: *object,
            },
            WeakPlace::At { endpoint, object } => Written::At {
                endpoint: Endpoint::clone(endpoint),
                object: *object,
            },
            WeakPlace::Nowhere { cause, .. } => Written::Nowhere {
                cause: cause.clone(),
            },
        };
        serializer.serialize_newtype_struct(WEAK_HANDLE, &(T::interface().id(), written))
    }
}

impl<'de, T: Shareable + ?Sized> Deserialize<'de> for WeakShared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = T::interface();
        let named = Named::<T>((expected.name)(), PhantomData);
        let (interface, written) = deserializer.deserialize_newtype_struct(WEAK_HANDLE, named)?;
        if interface != expected.id() && !is_made_up() {
            let text = "a weak handle to an object of another type";
            return Err(D::Error::custom(text));
        }
        Ok(Self::at(match written {
            Written::At { endpoint, object } if endpoint.server == server_id() => {
                WeakPlace::Here { object }
            }
            Written::At { endpoint, object } => WeakPlace::At {
                endpoint: Arc::new(endpoint),
                object,
            },
            Written::Nowhere { cause } => Self::of(&Lease::nowhere(cause)).place,
        }))
    }
}

/// An interface and what is written of the object, under the name of the interface, for whoever traces the type. As with handles, each
/// `T` has a reader of its own.
struct Named<T: ?Sized>(&'static str, PhantomData<fn(&T)>);

impl<'de, T: ?Sized> Visitor<'de> for Named<T> {
    type Value = (u64, Written);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a weak handle")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
        inner.deserialize_tuple_struct(self.0, 2, self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
        let missing = || A::Error::invalid_length(0, &"two parts");
        let interface = parts.next_element()?.ok_or_else(missing)?;
        let written = parts.next_element()?.ok_or_else(missing)?;
        Ok((interface, written))
    }
}
