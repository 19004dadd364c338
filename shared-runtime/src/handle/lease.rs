//! What stands behind every clone of a handle in this process: one share of the object's life.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::home;
use crate::address::{Endpoint, ServerId};
use crate::client::{Session, dial};
use crate::error::{Error, ErrorKind, Executed};
use crate::message::{Claim, ErrorOnWire, Handles, Reply, Request, Subject};
use crate::object::{Hosted, LOCAL, REGISTRY};
use crate::order::ObjectKey;
use crate::os::{Deadline, forked};

/// How long taking a lease may last, where no deadline is nearer.
pub(super) const TAKE_PATIENCE: Duration = Duration::from_secs(5);

/// A process has at most one of these for an object; handles clone the `Arc`.
pub(crate) struct Lease {
    place: Place,
    /// How many leases the server counts for this process. All are given back at once.
    count: AtomicU64,
    /// What a message has along in the place of an object.
    memory: Option<Arc<OwnedFd>>,
}

/// Where the object lives.
#[derive(Debug)]
pub(crate) enum Place {
    /// In this process: calls go straight to it.
    Here(Arc<Hosted>),
    At {
        session: Arc<Session>,
        object: u64,
    },
    /// Nowhere that could be reached: every call gives this error. Such a handle is equal to its own clones alone, by a number
    /// of its own.
    Nowhere {
        cause: Error,
        number: u64,
    },
}

/// The leases of this process.
static LEASES: LazyLock<Mutex<HashMap<ObjectKey, Weak<Lease>>>> = LazyLock::new(Mutex::default);

impl Lease {
    /// For an object that has just been hosted here, with its first lease.
    pub(crate) fn of_new(hosted: Arc<Hosted>) -> Arc<Self> {
        Self::with_one_more(Place::Here(hosted))
    }

    /// For an object of this process.
    pub(crate) fn here(object: u64) -> Arc<Self> {
        match REGISTRY.lease(object, LOCAL) {
            Some(hosted) => Self::with_one_more(Place::Here(hosted)),
            None => Self::nowhere(gone()),
        }
    }

    /// For an object of the server behind `session`, which has counted this lease already.
    pub(crate) fn granted(session: &Arc<Session>, object: u64) -> Arc<Self> {
        Self::with_one_more(Place::At {
            session: Arc::clone(session),
            object,
        })
    }

    /// For objects of one server that somebody else keeps alive until we have asked for leases, in their order. Those of which
    /// this process has a lease already are not asked for.
    pub(crate) fn take(endpoint: &Endpoint, objects: &[u64], deadline: Deadline) -> Vec<Arc<Self>> {
        if endpoint.server == home::server_id() {
            return objects.iter().map(|object| Self::here(*object)).collect();
        }
        let mut leases: HashMap<u64, Arc<Self>> = HashMap::new();
        for object in objects {
            if let Some(held) = Self::held((endpoint.server, *object)) {
                leases.insert(*object, held);
            }
        }
        let missing: BTreeSet<u64> = objects
            .iter()
            .copied()
            .filter(|object| !leases.contains_key(object))
            .collect();
        let missing: Vec<u64> = missing.into_iter().collect();
        let taken = ask(endpoint, &missing, deadline);
        leases.extend(missing.into_iter().zip(taken));
        objects
            .iter()
            .map(|object| {
                leases
                    .get(object)
                    .map_or_else(|| Self::nowhere(gone()), Arc::clone)
            })
            .collect()
    }

    /// The lease that this process has of an object already.
    pub(crate) fn held(key: ObjectKey) -> Option<Arc<Self>> {
        table().get(&key).and_then(Weak::upgrade)
    }

    /// For a handle that did not survive its way.
    pub(crate) fn nowhere(cause: Error) -> Arc<Self> {
        Arc::new(Self {
            place: Place::Nowhere {
                // Whatever the attempt to take it did, the calls through it are never sent.
                cause: cause.ran(Executed::No),
                number: next_number(),
            },
            count: AtomicU64::new(0),
            memory: None,
        })
    }

    /// For memory in a message: calls to it say that it is no object.
    pub(crate) fn of_memory(file: Arc<OwnedFd>) -> Arc<Self> {
        Arc::new(Self {
            place: Place::Nowhere {
                cause: Error::new(ErrorKind::Decode, "this is memory, and no object"),
                number: next_number(),
            },
            count: AtomicU64::new(0),
            memory: Some(file),
        })
    }

    /// The file of the memory that this stands for.
    pub(crate) fn memory(&self) -> Option<&Arc<OwnedFd>> {
        self.memory.as_ref()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The server and the object, which together are the object's identity.
    pub(crate) fn key(&self) -> ObjectKey {
        match &self.place {
            Place::Here(hosted) => (home::server_id(), hosted.id()),
            Place::At { session, object } => (session.endpoint().server, *object),
            Place::Nowhere { number, .. } => (ServerId::NONE, *number),
        }
    }

    /// The lease that this process has of the object, with one more counted.
    fn with_one_more(place: Place) -> Arc<Self> {
        let new = Arc::new(Self {
            place,
            count: AtomicU64::new(1),
            memory: None,
        });
        let key = new.key();
        let mut table = table();
        if let Some(held) = table.get(&key).and_then(Weak::upgrade) {
            held.count.fetch_add(1, Ordering::Relaxed);
            // Its lease is counted in `held` now. It gives none back, and its destructor, after the table's lock, finds that
            // the entry is not its own.
            new.count.store(0, Ordering::Relaxed);
            drop(table);
            return held;
        }
        table.insert(key, Arc::downgrade(&new));
        new
    }
}

impl Drop for Lease {
    /// A handle that arrives in the meantime finds the entry dead and puts its own in its place, with a count of its own: so
    /// the entry goes only if it is still this one's.
    fn drop(&mut self) {
        if forked() {
            return;
        }
        let key = self.key();
        let mut table = table();
        if table
            .get(&key)
            .is_some_and(|entry| std::ptr::eq(entry.as_ptr(), self))
        {
            table.remove(&key);
        }
        drop(table);
        let count = *self.count.get_mut();
        match &self.place {
            _ if count == 0 => {}
            Place::Here(hosted) => REGISTRY.release(hosted.id(), LOCAL, count),
            Place::At { session, object } => session.release(*object, count),
            Place::Nowhere { .. } => {}
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Of a lease that is of no object.
fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn table() -> MutexGuard<'static, HashMap<ObjectKey, Weak<Lease>>> {
    LEASES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Leases of these objects, or handles that say why there is none.
fn ask(endpoint: &Endpoint, objects: &[u64], deadline: Deadline) -> Vec<Arc<Lease>> {
    if objects.is_empty() {
        return Vec::new();
    }
    let deadline = deadline.earlier(Deadline::after(Some(TAKE_PATIENCE)));
    let asked = dial(endpoint, deadline).and_then(|session| {
        let request = Request {
            subject: Subject::Take {
                objects: objects.to_vec(),
            },
            timeout: deadline.remaining(),
            held: Vec::new(),
            handles: Handles::default(),
        };
        let mut answer = session.exchange(&request, &[], (), deadline)?;
        match answer.take_reply() {
            None => Ok((session, Vec::new())),
            Some(Reply {
                outcome: Ok(()),
                handles,
            }) => Ok((session, handles.claims)),
            Some(Reply {
                outcome: Err(ErrorOnWire(error)),
                ..
            }) => Err(error),
        }
    });
    match asked {
        Ok((session, claims)) => {
            let mut leases: Vec<_> = claims
                .iter()
                .map(|claim| answered(&session, claim))
                .collect();
            // A server that leaves some out has said nothing about them.
            leases.resize_with(objects.len(), || Lease::nowhere(gone()));
            leases
        }
        Err(error) => objects
            .iter()
            .map(|_| Lease::nowhere(error.clone()))
            .collect(),
    }
}

fn answered(session: &Arc<Session>, claim: &Claim) -> Arc<Lease> {
    match claim {
        Claim::Granted { object } => Lease::granted(session, *object),
        Claim::Broken(ErrorOnWire(cause)) => Lease::nowhere(cause.clone()),
        Claim::At { .. } | Claim::Memory { .. } => Lease::nowhere(gone()),
    }
}

pub(crate) fn gone() -> Error {
    Error::new(
        ErrorKind::Gone,
        "the object no longer exists: its last handle was dropped",
    )
}
