//! Calls with a reply that nobody waits for on the spot: whoever makes one leaves it here, and a thread of the session sends them in
//! turn. It may wait as long as it must: for room, for the connection, for a server that is stopped.
//!
//! There is room for so many at each depth of a chain of calls: those that a method makes while it runs may be what those of its callers
//! wait for, and must not wait for their places in turn.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Executed};
use crate::message::{LaneCall, MAX_UNDER_WAY, Reply};
use crate::os::Deadline;

/// A call, as far as sending it and receiving its reply goes.
pub(crate) trait TwoWay: Send + Sync {
    /// How many calls it is made inside of. It waits for deeper ones at most.
    fn depth(&self) -> usize;

    /// Whether it is still to be sent.
    fn is_wanted(&self) -> bool;

    /// What to send; `None` if nobody wants it any more. May block.
    fn request(&self) -> Option<Result<(LaneCall, Vec<u8>), Error>>;

    /// It is about to be sent. `false` if nobody wants it any more: then it is not.
    fn commit(&self) -> bool;

    /// Its reply has come, or never will. Must not block: it may be the background thread that says so.
    fn answered(self: Arc<Self>, answer: Result<Replied, Error>);
}

/// Where calls are sent to: a session.
pub(super) trait Way: Send + Sync {
    /// Sends a call, however long that takes; an error is the answer to it.
    fn send(&self, call: &Arc<dyn TwoWay>, room: Room);
}

/// A reply as it came.
pub(crate) struct Replied {
    pub(crate) number: u64,
    pub(crate) reply: Reply,
    pub(crate) value: Value,
}

/// The encoded answer of a call, which keeps its place until this is opened.
pub(crate) struct Value {
    frame: Vec<u8>,
    body_at: usize,
    _room: Room,
}

impl Value {
    pub(super) fn new(frame: Vec<u8>, body_at: usize, room: Room) -> Self {
        Self {
            frame,
            body_at,
            _room: room,
        }
    }

    /// The frame, and where in it the answer begins.
    pub(crate) fn into_frame(self) -> (Vec<u8>, usize) {
        (self.frame, self.body_at)
    }
}

/// The calls of one session that are to be sent, and those that have no reply yet.
#[derive(Default)]
pub(super) struct Outgoing {
    state: Mutex<State>,
    changed: Condvar,
}

/// A call and the session it goes to.
type Unsent = (Arc<dyn TwoWay>, Arc<dyn Way>);

#[derive(Default)]
struct State {
    /// By depth. The calls of one scope are of one depth, so that they stay in order.
    levels: BTreeMap<usize, Level>,
    /// Whether there is a thread that sends.
    sending: bool,
    last: u64,
    in_flight: HashMap<u64, InFlight>,
    /// Nothing will be answered any more.
    lost: Option<Error>,
}

/// A call that has a number and no reply yet.
struct InFlight {
    call: Arc<dyn TwoWay>,
    room: Room,
    /// Whether all of it has gone out. Until then whoever sends it says what became of it.
    sent: bool,
}

/// The calls of one depth.
#[derive(Default)]
struct Level {
    /// Each keeps its session until it has been sent.
    unsent: VecDeque<Unsent>,
    /// With so many, those that nobody wants any more are looked for.
    tidy_at: usize,
    /// Places taken: by calls in flight, and by replies whose handles are still being taken.
    taken: usize,
}

/// The place of one call among those of its depth in flight, given back when this is dropped.
pub(super) struct Room {
    outgoing: Arc<Outgoing>,
    depth: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.outgoing.state().level(self.depth).taken -= 1;
        self.outgoing.changed.notify_all();
    }
}

/// How long the sender stays with nothing to do.
const LINGER: Duration = Duration::from_millis(20);

impl Outgoing {
    /// Leaves a call to be sent. Never waits.
    pub(super) fn push(self: &Arc<Self>, call: Arc<dyn TwoWay>, way: Arc<dyn Way>) {
        let mut state = self.state();
        let level = state.level(call.depth());
        let unwanted = level.tidy();
        level.unsent.push_back((call, way));
        if state.sending {
            drop(state);
            self.changed.notify_all();
            // After the lock: one may hold the last handle to its object.
            drop(unwanted);
            return;
        }
        let outgoing = Arc::clone(self);
        let thread = std::thread::Builder::new().name("shared-sender".into());
        match thread.spawn(move || outgoing.send_all()) {
            Ok(_) => state.sending = true,
            Err(error) => {
                let levels = state.levels.values_mut();
                let unsent: Vec<_> = levels
                    .map(|level| std::mem::take(&mut level.unsent))
                    .collect();
                drop(state);
                let error = Error::io("starting a thread that sends calls", error);
                for (call, _) in unsent.into_iter().flatten() {
                    call.answered(Err(error.clone()));
                }
            }
        }
    }

    /// The thread that sends. Ends when it had nothing to do for a while.
    fn send_all(self: &Arc<Self>) {
        while let Some(((call, way), room)) = self.next() {
            match room {
                Ok(room) => way.send(&call, room),
                Err(lost) => call.answered(Err(lost)),
            }
        }
    }

    /// The next call and its place, when there are both; or what it means that there never will be a place.
    fn next(self: &Arc<Self>) -> Option<(Unsent, Result<Room, Error>)> {
        let mut state = self.state();
        loop {
            if let Some((depth, unsent)) = state.pop() {
                let room = match &state.lost {
                    Some(lost) => Err(lost.clone()),
                    None => Ok(self.room(&mut state, depth)),
                };
                return Some((unsent, room));
            }
            let patience = Deadline::after(state.is_empty().then_some(LINGER));
            state = patience.wait_on(&self.changed, state);
            if state.is_empty() && patience.passed() {
                state.sending = false;
                return None;
            }
        }
    }

    fn room(self: &Arc<Self>, state: &mut State, depth: usize) -> Room {
        state.level(depth).taken += 1;
        Room {
            outgoing: Arc::clone(self),
            depth,
        }
    }

    /// A number for a call that is about to be sent.
    pub(super) fn begin(&self, call: &Arc<dyn TwoWay>, room: Room) -> Result<u64, Error> {
        let mut state = self.state();
        if let Some(lost) = &state.lost {
            let lost = lost.clone();
            // The room takes the lock when it goes.
            drop(state);
            return Err(lost);
        }
        state.last += 1;
        let number = state.last;
        let begun = InFlight {
            call: Arc::clone(call),
            room,
            sent: false,
        };
        state.in_flight.insert(number, begun);
        Ok(number)
    }

    /// All of the call has gone out.
    pub(super) fn sent(&self, number: u64) {
        let mut state = self.state();
        if let Some(sent) = state.in_flight.get_mut(&number) {
            sent.sent = true;
        }
        let Some(lost) = state.lost.clone() else {
            return;
        };
        let unanswered = state.in_flight.remove(&number);
        drop(state);
        if let Some(sent) = unanswered {
            sent.lost(&lost);
        }
    }

    /// The call of this number and its place, if it has no reply yet.
    pub(super) fn end(&self, number: u64) -> Option<(Arc<dyn TwoWay>, Room)> {
        let ended = self.state().in_flight.remove(&number)?;
        Some((ended.call, ended.room))
    }

    /// No replies will come any more: neither to those that have been sent, nor to others.
    pub(super) fn end_all(&self, lost: &Error) {
        let mut state = self.state();
        state.lost = Some(lost.clone());
        let sent: Vec<_> = state.in_flight.extract_if(|_, call| call.sent).collect();
        drop(state);
        self.changed.notify_all();
        for (_, sent) in sent {
            sent.lost(lost);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    fn lost(self, lost: &Error) {
        self.call.answered(Err(lost.clone().ran(Executed::Maybe)));
    }
}

impl State {
    fn level(&mut self, depth: usize) -> &mut Level {
        self.levels.entry(depth).or_default()
    }

    fn is_empty(&self) -> bool {
        self.levels.values().all(|level| level.unsent.is_empty())
    }

    /// The next call for which there is a place: the deepest, for which others may be waiting. Without anybody to answer none needs one.
    fn pop(&mut self) -> Option<(usize, Unsent)> {
        let lost = self.lost.is_some();
        let mut levels = self.levels.iter_mut().rev();
        levels.find_map(|(depth, level)| {
            let has_room = lost || level.taken < MAX_UNDER_WAY;
            let unsent = has_room.then(|| level.unsent.pop_front()).flatten()?;
            Some((*depth, unsent))
        })
    }
}

impl Level {
    /// Calls that were given up are not sent when it is their turn; where that does not come, they must not gather for ever.
    fn tidy(&mut self) -> VecDeque<Unsent> {
        if self.unsent.len() < self.tidy_at.max(MAX_UNDER_WAY) {
            return VecDeque::new();
        }
        let all = std::mem::take(&mut self.unsent).into_iter();
        let (wanted, unwanted) = all.partition(|(call, _)| call.is_wanted());
        self.unsent = wanted;
        self.tidy_at = 2 * self.unsent.len();
        unwanted
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Outgoing")
            .field(
                "unsent",
                &state
                    .levels
                    .values()
                    .map(|level| level.unsent.len())
                    .sum::<usize>(),
            )
            .field("in_flight", &state.in_flight.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    /// A call that notes its answer.
    #[derive(Default)]
    struct Noted(Mutex<Vec<Executed>>);

    impl TwoWay for Noted {
        fn depth(&self) -> usize {
            0
        }

        fn is_wanted(&self) -> bool {
            true
        }

        fn request(&self) -> Option<Result<(LaneCall, Vec<u8>), Error>> {
            None
        }

        fn commit(&self) -> bool {
            true
        }

        fn answered(self: Arc<Self>, answer: Result<Replied, Error>) {
            let error = answer.map(drop).unwrap_err();
            self.0.lock().unwrap().push(error.executed());
        }
    }

    impl Outgoing {
        fn begun(self: &Arc<Self>) -> (Arc<Noted>, u64) {
            let call = Arc::new(Noted::default());
            let room = self.room(&mut self.state(), 0);
            let begun = self.begin(&(Arc::clone(&call) as Arc<dyn TwoWay>), room);
            (call, begun.unwrap())
        }
    }

    /// Only whoever sends it knows whether a call has gone out when its server ends in that moment.
    #[test]
    fn a_call_that_is_being_sent_is_answered_by_whoever_sends_it() {
        let outgoing = Arc::new(Outgoing::default());
        let (sent, first) = outgoing.begun();
        let (being_sent, second) = outgoing.begun();
        let (not_sent, third) = outgoing.begun();
        outgoing.sent(first);
        assert_eq!(*sent.0.lock().unwrap(), []);
        outgoing.end_all(&Error::new(ErrorKind::Disconnected, "the server has ended"));
        assert_eq!(*sent.0.lock().unwrap(), [Executed::Maybe]);
        assert_eq!(*being_sent.0.lock().unwrap(), []);
        outgoing.sent(second);
        assert_eq!(*being_sent.0.lock().unwrap(), [Executed::Maybe]);
        assert!(outgoing.end(third).is_some() && not_sent.0.lock().unwrap().is_empty());
        assert_eq!(outgoing.state().level(0).taken, 0);
    }
}
