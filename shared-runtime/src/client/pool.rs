//! The connections of one session: a call borrows one for its length.
//!
//! A thread that calls again gets the connection that it had before, whose thread at the server is the likeliest to be awake, without a lock:
//! it remembers the *seat* and takes it, unless another thread has come first.

use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rustix::event::PollFlags;

use crate::os::{BACKGROUND, Deadline, Next, Watch};
use crate::transport::Connection;

/// The most connections kept open for the next call.
const MAX_IDLE: usize = 16;

/// A connection that has not been used for so long rests; after as long again it is closed if enough others are there.
const IDLE: Duration = Duration::from_secs(1);

pub(super) struct Pool {
    /// Never used again in this process.
    number: u64,
    /// The most connections.
    most: usize,
    shelf: Arc<Shelf>,
}

#[derive(Default)]
struct Shelf {
    seats: Mutex<Vec<Arc<Seat>>>,
    /// Seats, and connections that are being made or drained.
    open: Arc<AtomicUsize>,
    /// Whether somebody looks for connections that are not used any more.
    swept: AtomicBool,
}

/// A connection, counted from before it is made until after it is closed, with the buffers of its calls.
pub(super) struct Pooled {
    pub(super) connection: Box<dyn Connection>,
    /// By which the server knows it.
    pub(super) number: u64,
    /// How many calls have been sent on it without waiting for their replies in turn.
    pub(super) calls: u64,
    /// The head of a request.
    pub(super) head: Vec<u8>,
    /// Its body.
    pub(super) body: Vec<u8>,
    /// Whether a part of a frame has been sent, and not its end.
    pub(super) is_half_sent: bool,
    /// The last frame that came.
    pub(super) frame: Vec<u8>,
    _place: Place,
}

/// Where a connection is between its calls.
struct Seat {
    pool: u64,
    state: AtomicU8,
    pooled: UnsafeCell<Option<Pooled>>,
}

// SAFETY: `pooled` is `Send`, and is touched only by whoever has changed `state` to `TAKEN`, until it stores another state; by its destructor
// otherwise.
unsafe impl Sync for Seat {}

/// Free, and used since the last sweep.
const FREE: u8 = 0;
/// Free, and not used since.
const RESTED: u8 = 1;
/// Somebody's.
const TAKEN: u8 = 2;
/// Without a connection.
const EMPTY: u8 = 3;

thread_local! {
    /// The seat of this thread's last call.
    static LAST: Cell<Option<Arc<Seat>>> = const { Cell::new(None) };
}

/// A new connection, and its number.
pub(super) type Opened = (Box<dyn Connection>, u64);

/// Room for one connection.
pub(super) struct Place(Arc<AtomicUsize>);

/// A connection out of the pool, back in it when this is dropped.
pub(crate) struct Lent {
    /// Always there until the end.
    seat: Option<Arc<Seat>>,
}

impl Pool {
    /// Of at most so many connections.
    pub(super) fn of(most: usize) -> Self {
        static POOLS: AtomicU64 = AtomicU64::new(0);
        Self {
            number: POOLS.fetch_add(1, Ordering::Relaxed),
            most,
            shelf: Arc::default(),
        }
    }

    /// A connection that is free: this thread's last one, or the one that was opened last.
    #[inline]
    pub(super) fn take_idle(&self) -> Option<Lent> {
        let last = LAST.try_with(Cell::take).ok().flatten();
        match last {
            Some(seat) if seat.pool == self.number && seat.change(FREE, TAKEN) => {
                Some(Lent { seat: Some(seat) })
            }
            _ => self.take_any(),
        }
    }

    #[cold]
    fn take_any(&self) -> Option<Lent> {
        let seats = self.shelf.seats();
        let free = |seat: &&Arc<Seat>| seat.change(FREE, TAKEN) || seat.change(RESTED, TAKEN);
        let seat = seats.iter().rev().find(free).map(Arc::clone)?;
        drop(seats);
        self.shelf.see_to_rest();
        Some(Lent { seat: Some(seat) })
    }

    /// Room for one more; `None` if there is none.
    pub(super) fn place(&self) -> Option<Place> {
        let place = Place(Arc::clone(&self.shelf.open));
        let others = self.shelf.open.fetch_add(1, Ordering::Relaxed);
        (others < self.most).then_some(place)
    }

    /// A seat for a new connection, taken.
    pub(super) fn seat(&self, place: Place, (connection, number): Opened) -> Lent {
        let seat = Arc::new(Seat {
            pool: self.number,
            state: AtomicU8::new(TAKEN),
            pooled: UnsafeCell::new(Some(Pooled {
                connection,
                number,
                calls: 0,
                head: Vec::new(),
                body: Vec::new(),
                is_half_sent: false,
                frame: Vec::new(),
                _place: place,
            })),
        });
        let mut seats = self.shelf.seats();
        seats.retain(|seat| seat.state.load(Ordering::Relaxed) != EMPTY);
        seats.push(Arc::clone(&seat));
        drop(seats);
        self.shelf.see_to_rest();
        Lent { seat: Some(seat) }
    }
}

impl Drop for Pool {
    /// The connections close, except for those that are lent; a thread may remember a seat for ever.
    fn drop(&mut self) {
        let seats = std::mem::take(&mut *self.shelf.seats());
        for seat in seats {
            if seat.change(FREE, TAKEN) || seat.change(RESTED, TAKEN) {
                drop(Lent { seat: Some(seat) }.take());
            }
        }
    }
}

impl Seat {
    #[inline]
    fn change(&self, from: u8, to: u8) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }
}

impl Lent {
    #[inline]
    pub(super) fn get(&mut self) -> &mut Pooled {
        let seat = self.seat.as_ref().expect("only the end takes it");
        // SAFETY: the seat's state is `TAKEN`, by us, and this borrow ends before we change it.
        let pooled = unsafe { &mut *seat.pooled.get() };
        pooled
            .as_mut()
            .expect("only `take` empties it, and consumes us")
    }

    #[inline]
    pub(super) fn see(&self) -> &Pooled {
        let seat = self.seat.as_ref().expect("only the end takes it");
        // SAFETY: as in `get`.
        let pooled = unsafe { &*seat.pooled.get() };
        pooled
            .as_ref()
            .expect("only `take` empties it, and consumes us")
    }

    /// Keeps the connection from going back.
    pub(super) fn take(mut self) -> Pooled {
        let seat = self.seat.take().expect("only the end takes it");
        // SAFETY: as in `get`.
        let pooled = unsafe { &mut *seat.pooled.get() }.take();
        seat.state.store(EMPTY, Ordering::Release);
        pooled.expect("nobody else empties it")
    }
}

impl Drop for Lent {
    #[inline]
    fn drop(&mut self) {
        // What would follow half a frame would be taken for the rest of it.
        if self.seat.is_some() && self.see().is_half_sent {
            let lent = Self {
                seat: self.seat.take(),
            };
            return drop(lent.take());
        }
        if let Some(seat) = self.seat.take() {
            seat.state.store(FREE, Ordering::Release);
            // A thread that is ending remembers nothing.
            let _ = LAST.try_with(|last| last.set(Some(seat)));
        }
    }
}

impl Shelf {
    fn seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the background thread look after the seats, if it does not.
    fn see_to_rest(self: &Arc<Self>) {
        if !self.swept.swap(true, Ordering::AcqRel) {
            let sweep = Sweep {
                shelf: Arc::downgrade(self),
                next: Deadline::after(Some(IDLE)),
            };
            // Without a background thread nothing rests.
            BACKGROUND.run(Box::new(sweep));
        }
    }

    /// Lets those rest that have not been used, and closes what is more than enough. `false` if all rest.
    fn sweep(&self) -> bool {
        let mut closed = Vec::new();
        let mut seats = self.seats();
        let mut awake = false;
        let mut idle = 0;
        seats.retain(|seat| {
            if seat.change(FREE, TAKEN) {
                let mut lent = Lent {
                    seat: Some(Arc::clone(seat)),
                };
                lent.get().rest();
                lent.seat = None;
                seat.state.store(RESTED, Ordering::Release);
                idle += 1;
                awake |= idle > MAX_IDLE;
            } else if seat.state.load(Ordering::Relaxed) == RESTED {
                idle += 1;
                if idle > MAX_IDLE && seat.change(RESTED, TAKEN) {
                    let seat = Some(Arc::clone(seat));
                    closed.push(Lent { seat }.take());
                }
            } else {
                awake = true;
            }
            seat.state.load(Ordering::Relaxed) != EMPTY
        });
        drop(seats);
        drop(closed);
        awake
    }
}

impl Pooled {
    fn rest(&mut self) {
        self.connection.rest();
        self.head = Vec::new();
        self.body = Vec::new();
        self.frame = Vec::new();
    }
}

/// Looks now and then for connections that are not used any more, until all of them rest.
struct Sweep {
    shelf: Weak<Shelf>,
    next: Deadline,
}

impl Watch for Sweep {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    fn deadline(&self) -> Deadline {
        self.next
    }

    fn ready(&mut self) -> Next {
        let Some(pool) = self.shelf.upgrade() else {
            return Next::Done;
        };
        // First: whoever takes a connection that rests, from now on, has another one look after it.
        pool.swept.store(false, Ordering::SeqCst);
        if pool.sweep() && !pool.swept.swap(true, Ordering::SeqCst) {
            self.next = Deadline::after(Some(IDLE));
            return Next::Wait;
        }
        Next::Done
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}
