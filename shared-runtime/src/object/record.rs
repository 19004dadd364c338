//! What one thread has under way: written by that thread with plain stores, read by whoever wants to know. Nothing is locked on the way of a
//! call.
//!
//! A record belongs to one thread at a time, from its first call to its end, and goes to another one then. It is never freed.

use std::fmt;
use std::slice::from_raw_parts;
use std::str::from_utf8_unchecked;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::lock::Access;
use super::registry::SessionId;
use crate::os::Moment;

/// `crate::Type` and `method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MethodName(pub(crate) &'static str, pub(crate) &'static str);

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.0, self.1)
    }
}

/// What a call is, as its record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) object: Option<u64>,
    pub(super) method: MethodName,
    pub(super) caller: SessionId,
    pub(super) since: Moment,
    /// How it holds the object's lock, once it does.
    pub(super) holds: Option<Access>,
}

/// Apart from the records of other threads, which are written at the same time.
#[repr(align(128))]
#[derive(Debug, Default)]
pub(super) struct Record {
    /// How many calls have arrived at this record. This and the next two only grow, and all but the last are written by the owner alone.
    begun: AtomicU64,
    ended: AtomicU64,
    /// Those of them that other threads have brought to their end.
    ended_elsewhere: AtomicU64,
    /// How many run, each inside of the one before.
    depth: AtomicUsize,
    places: Places,
}

/// Where calls are noted, by their depth.
#[derive(Debug, Default)]
struct Places {
    first: [Place; 3],
    more: OnceLock<Box<Places>>,
}

/// One call, in a cache line. `state` counts the times that it was written: a reader that finds the same before and after has
/// read what belongs together.
#[repr(align(64))]
#[derive(Debug, Default)]
pub(super) struct Place {
    state: AtomicU64,
    object: AtomicU64,
    type_name: AtomicPtr<u8>,
    method: AtomicPtr<u8>,
    /// Of the two names: that of the method below.
    lengths: AtomicU64,
    caller: AtomicU64,
    since: AtomicU64,
    holds: AtomicU64,
}

// The states of a place: one after the other, again and again.
const EMPTY: u64 = 0;
const WRITING: u64 = 1;
const RUNNING: u64 = 2;
const STATES: u64 = 3;

#[derive(Debug)]
struct Records {
    all: Vec<&'static Record>,
    /// Those whose thread has ended.
    free: Vec<&'static Record>,
}

static RECORDS: Mutex<Records> = Mutex::new(Records {
    all: Vec::new(),
    free: Vec::new(),
});

thread_local! {
    static OWN: Own = Own(take());
}

/// A thread's record, until the thread ends.
struct Own(&'static Record);

impl Drop for Own {
    fn drop(&mut self) {
        give_back(self.0);
    }
}

/// The record of this thread; `None` in the destructors of a thread whose record has gone already.
#[inline]
pub(super) fn own() -> Option<&'static Record> {
    OWN.try_with(|own| own.0).ok()
}

/// A record of which this thread is the owner until it gives it back.
pub(super) fn take() -> &'static Record {
    let mut records = records();
    records.free.pop().unwrap_or_else(|| {
        let new: &'static Record = Box::leak(Box::default());
        records.all.push(new);
        new
    })
}

pub(super) fn give_back(record: &'static Record) {
    records().free.push(record);
}

/// All calls that run. One that runs from the beginning to the end of this is among them.
pub(super) fn running() -> Vec<Noted> {
    let all = records().all.clone();
    let places = all.iter().flat_map(|record| record.places.iter());
    let mut running: Vec<Noted> = places.filter_map(Place::read).collect();
    running.sort_by_key(|call| call.since);
    running
}

/// Whether there is a moment, within the time that this takes, at which no call that had arrived was not over.
///
/// A call may end on one thread when it has begun another one on a thread that was looked at already; so it takes two looks. At
/// the first each record has as many ends as beginnings. If at the second there has been no beginning since, then all of them were
/// so at once, between the two. Whoever saw that end sees the beginning before it: ends are released, and acquired here.
pub(super) fn nothing_under_way() -> bool {
    let all = records().all.clone();
    let Some(begun) = all
        .iter()
        .map(|record| record.begun_if_idle())
        .collect::<Option<Vec<u64>>>()
    else {
        return false;
    };
    let mut looked_at = all.iter().zip(begun);
    let as_before = looked_at.all(|(record, begun)| record.begun.load(Ordering::Acquire) == begun);
    as_before && records().all.len() == all.len()
}

fn records() -> MutexGuard<'static, Records> {
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Record {
    /// A call has arrived. For the owner.
    #[inline]
    pub(super) fn begin(&self) {
        let begun = self.begun.load(Ordering::Relaxed);
        self.begun.store(begun + 1, Ordering::Relaxed);
    }

    /// A call is over. For the owner.
    #[inline]
    pub(super) fn end(&self) {
        let ended = self.ended.load(Ordering::Relaxed);
        self.ended.store(ended + 1, Ordering::Release);
    }

    /// A call is over. For other threads.
    pub(super) fn end_elsewhere(&self) {
        self.ended_elsewhere.fetch_add(1, Ordering::Release);
    }

    /// Notes a call that runs now, inside of those that are noted. For the owner.
    #[inline]
    pub(super) fn push(&self, call: &Noted) -> &Place {
        self.begin();
        let depth = self.depth.load(Ordering::Relaxed);
        self.depth.store(depth + 1, Ordering::Relaxed);
        let place = self.places.at(depth);
        place.write(call);
        place
    }

    /// The innermost call, which is at `place`, is over. For the owner.
    #[inline]
    pub(super) fn pop(&self, place: &Place) {
        place.clear();
        let depth = self.depth.load(Ordering::Relaxed);
        self.depth.store(depth - 1, Ordering::Relaxed);
        self.end();
    }

    /// How many calls have begun, if all of them are over. The ends are read first: there may be more of them by now, and never less.
    fn begun_if_idle(&self) -> Option<u64> {
        let ended = self.ended.load(Ordering::Acquire);
        let elsewhere = self.ended_elsewhere.load(Ordering::Acquire);
        let begun = self.begun.load(Ordering::Acquire);
        (begun == ended + elsewhere).then_some(begun)
    }
}

impl Places {
    #[inline]
    fn at(&self, depth: usize) -> &Place {
        match self.first.get(depth) {
            Some(place) => place,
            None => self.further(depth - self.first.len()),
        }
    }

    #[cold]
    fn further(&self, depth: usize) -> &Place {
        self.more.get_or_init(Box::default).at(depth)
    }

    fn iter(&self) -> impl Iterator<Item = &Place> {
        std::iter::successors(Some(self), |places| places.more.get().map(|more| &**more))
            .flat_map(|places| &places.first)
    }
}

impl Place {
    /// Readers that see anything of this see the state before it too: the fence keeps the first store above the others, and
    /// the last one is released.
    #[inline]
    fn write(&self, call: &Noted) {
        let state = self.state.load(Ordering::Relaxed);
        self.state.store(state + WRITING - EMPTY, Ordering::Relaxed);
        fence(Ordering::Release);
        let MethodName(type_name, method) = call.method;
        self.object
            .store(call.object.unwrap_or(0), Ordering::Relaxed);
        self.type_name
            .store(type_name.as_ptr().cast_mut(), Ordering::Relaxed);
        self.method
            .store(method.as_ptr().cast_mut(), Ordering::Relaxed);
        self.lengths
            .store(lengths(type_name, method), Ordering::Relaxed);
        self.caller.store(call.caller.0, Ordering::Relaxed);
        self.since.store(call.since.0, Ordering::Relaxed);
        self.holds
            .store(holds_to_number(call.holds), Ordering::Relaxed);
        self.state.store(state + RUNNING - EMPTY, Ordering::Release);
    }

    /// The call now holds its object's lock. For the owner.
    #[inline]
    pub(super) fn holds(&self, access: Access) {
        self.holds
            .store(holds_to_number(Some(access)), Ordering::Relaxed);
    }

    #[inline]
    fn clear(&self) {
        let state = self.state.load(Ordering::Relaxed);
        self.state
            .store(state + STATES - RUNNING, Ordering::Release);
    }

    /// The call that is here, if one is. Read again if another one has come meanwhile.
    fn read(&self) -> Option<Noted> {
        loop {
            let before = self.state.load(Ordering::Acquire);
            if before % STATES != RUNNING {
                return None;
            }
            let object = self.object.load(Ordering::Relaxed);
            let type_name = self.type_name.load(Ordering::Relaxed);
            let method = self.method.load(Ordering::Relaxed);
            let [type_length, method_length] = halves(self.lengths.load(Ordering::Relaxed));
            let caller = self.caller.load(Ordering::Relaxed);
            let since = self.since.load(Ordering::Relaxed);
            let holds = self.holds.load(Ordering::Relaxed);
            fence(Ordering::Acquire);
            if self.state.load(Ordering::Relaxed) != before {
                continue;
            }
            // SAFETY: the state was that of a call that runs and is the same still, so one `write` stored all of this, and no
            // other has begun to: had one of these loads seen a store of a later one, the fences would have made the
            // second look at the state see it too. So pointer and length are those of a `&'static str`.
            let type_name = unsafe { name(type_name, type_length) };
            // SAFETY: as above.
            let method = unsafe { name(method, method_length) };
            return Some(Noted {
                object: (object != 0).then_some(object),
                method: MethodName(type_name, method),
                caller: SessionId(caller),
                since: Moment(since),
                holds: number_to_holds(holds),
            });
        }
    }
}

/// # Safety
///
/// Pointer and length must be those of a `&'static str`.
unsafe fn name(start: *const u8, length: usize) -> &'static str {
    // SAFETY: a `&'static str` is that many bytes, there for ever.
    let bytes = unsafe { from_raw_parts(start, length) };
    // SAFETY: and they are UTF-8.
    unsafe { from_utf8_unchecked(bytes) }
}

/// Both in one word: a name of the source is no longer than its file, and no file that rustc reads has 4 GiB.
#[inline]
fn lengths(type_name: &str, method: &str) -> u64 {
    (type_name.len() as u64) << 32 | method.len() as u64
}

fn halves(lengths: u64) -> [usize; 2] {
    [lengths >> 32, lengths & u64::from(u32::MAX)]
        .map(|length| usize::try_from(length).unwrap_or_default())
}

#[inline]
fn holds_to_number(holds: Option<Access>) -> u64 {
    match holds {
        None => 0,
        Some(Access::Shared) => 1,
        Some(Access::Exclusive) => 2,
    }
}

fn number_to_holds(number: u64) -> Option<Access> {
    match number {
        1 => Some(Access::Shared),
        2 => Some(Access::Exclusive),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;

    /// Calls whose parts all tell which one it is.
    fn call(n: u64) -> Noted {
        const NAMES: [&str; 4] = ["nought", "I", "two", "three hundred"];
        let name = NAMES[usize::try_from(n % 4).unwrap()];
        Noted {
            object: Some(n),
            method: MethodName(name, name),
            caller: SessionId(n),
            since: Moment(n),
            holds: None,
        }
    }

    #[test]
    fn what_is_read_was_written_at_one_time() {
        let (record, done) = (Record::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                for n in 1..300_000 {
                    record.pop(record.push(&call(n)));
                }
                done.store(true, Ordering::Release);
            });
            while !done.load(Ordering::Acquire) {
                for seen in record.places.iter().filter_map(Place::read) {
                    assert_eq!(seen, call(seen.object.unwrap()));
                }
            }
        });
    }

    #[test]
    fn calls_inside_of_calls_have_places_of_their_own() {
        let record = Record::default();
        let places: Vec<&Place> = (1..=10).map(|n| record.push(&call(n))).collect();
        places[4].holds(Access::Exclusive);
        let read = || record.places.iter().filter_map(Place::read);
        assert!(read().map(|call| call.object.unwrap()).eq(1..=10));
        assert_eq!(read().nth(4).unwrap().holds, Some(Access::Exclusive));
        assert_eq!(record.begun_if_idle(), None);
        places.iter().rev().for_each(|place| record.pop(place));
        assert_eq!(read().count(), 0);
        assert_eq!(record.begun_if_idle(), Some(10));
        assert_eq!(
            record.push(&call(11)).read(),
            Some(call(11)),
            "no longer held"
        );
    }

    #[test]
    fn the_record_of_a_thread_that_ended_is_used_again() {
        let all = || records().all.len();
        let before = all();
        for _ in 0..100 {
            assert!(thread::spawn(|| own().is_some()).join().unwrap());
        }
        assert!(all() < before + 100, "but for those of other tests");
    }
}
