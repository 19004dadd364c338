//! The calls that one scope has started on one object, on their way at the same time over a pipe. Whoever makes one sends it, and whoever
//! waits for an answer receives those before it: in the common case no other thread has a part in it.
//!
//! Nobody is kept by this. A call that would have to wait until it can be sent goes over the lane, and says after which of these it comes.
//! Where somebody wants an answer and does not wait for it (a task that awaits it), or nobody comes for a while, a thread receives until
//! all have been answered.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::event::PollFlags;

use super::answer::Answer;
use super::arrive::arrive;
use super::under_way::{Afterwards, Kept, UnderWay};
use crate::client::{Calling, NotPosted, Pipe, Piped, Session};
use crate::error::Error;
use crate::handle::Lease;
use crate::message::{After, Handles, MAX_UNDER_WAY, Reply};
use crate::order::{Earlier, TimedOut};
use crate::os::{BACKGROUND, Deadline, Next, Watch};
use crate::transport::Broken;

/// How long answers may lie about while nobody comes for them, and how long an idle pipeline keeps its pipe.
const PATIENCE: Duration = Duration::from_millis(5);

pub(super) struct Pipeline {
    this: Weak<Self>,
    /// Lives by the lease of the calls and by the pipe, not by this: a thread may remember it for ever.
    session: Weak<Session>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: UnderWay,
    /// The object of the calls lives as long as one of them has no reply, and so does this.
    kept: Option<Kept>,
    pipe: At,
    /// How far the pipe must have come for what comes after all of them.
    after: Option<After>,
    /// So many threads wait for a change.
    sleepers: usize,
    /// Whether there is a thread that receives for all.
    attended: bool,
    /// Whether the background thread looks at this now and then, and whether it has been used since.
    watched: bool,
    used: bool,
}

/// Where the pipe is.
#[derive(Default)]
enum At {
    #[default]
    Nowhere,
    Here(Pipe),
    /// With a thread that receives.
    Away,
}

impl Pipeline {
    pub(super) fn to(session: &Arc<Session>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            session: Arc::downgrade(session),
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    pub(super) fn is_to(&self, session: &Arc<Session>) -> bool {
        self.session.as_ptr() == Arc::as_ptr(session)
    }

    /// Sends a call on the object of this lease, over its session, at once, and returns its place; `None` where that cannot be. `leases` are those of its
    /// arguments, taken over if it is sent.
    #[inline]
    pub(super) fn send(
        &self,
        session: &Arc<Session>,
        lease: &Arc<Lease>,
        calling: Calling,
        handles: Option<Box<Handles>>,
        body: &[u8],
        leases: &mut Vec<Arc<Lease>>,
    ) -> Option<u64> {
        let mut state = self.state();
        if let At::Nowhere = state.pipe {
            state.pipe = At::Here(Pipe::to(session)?);
        }
        let full = state.calls.waiting() >= MAX_UNDER_WAY;
        let At::Here(pipe) = &mut state.pipe else {
            return None;
        };
        let posted = match pipe.post(calling, handles, body, full) {
            Err(NotPosted::NoRoom) => {
                // That nobody receives the replies may be what keeps the server from reading on.
                state = self.receive_what_is_there(state);
                let full = state.calls.waiting() >= MAX_UNDER_WAY;
                match &mut state.pipe {
                    At::Here(pipe) => pipe.post_again(body, full),
                    _ => return None,
                }
            }
            posted => posted,
        };
        state.after = Some(posted.ok()?);
        let place = state.calls.push(std::mem::take(leases));
        if state.kept.is_none()
            && let Some(this) = self.this.upgrade()
        {
            state.kept = Some((Arc::clone(lease), this));
        }
        state.used = true;
        let watched = std::mem::replace(&mut state.watched, true);
        drop(state);
        if !watched {
            self.watch();
        }
        Some(place)
    }

    /// Waits for the answer of the call at this place.
    #[inline]
    pub(super) fn wait(&self, place: u64) -> Result<Answer, Error> {
        let mut state = self.state();
        loop {
            if let Some(answer) = state.calls.fetch(place) {
                return answer;
            }
            state.used = true;
            state = if state.calls.has_reply(place) {
                // Another thread takes its handles over: nothing more comes for it.
                self.sleep(state, Deadline::NEVER)
            } else {
                self.receive(state, Deadline::NEVER)
            };
        }
    }

    /// The answer of the call at this place, or the waker is woken when it is there.
    pub(super) fn poll(&self, place: u64, context: &Context<'_>) -> Poll<Result<Answer, Error>> {
        let mut state = self.receive_what_is_there(self.state());
        if let Some(answer) = state.calls.fetch(place) {
            return Poll::Ready(answer);
        }
        drop(state);
        // An executor's code, so outside of the lock.
        let waker = context.waker().clone();
        let mut state = self.state();
        if let Some(answer) = state.calls.fetch(place) {
            return Poll::Ready(answer);
        }
        let earlier = state.calls.wake(place, waker);
        self.attend(&mut state);
        drop(state);
        drop(earlier);
        Poll::Pending
    }

    /// Whether the answer of the call at this place is there.
    pub(super) fn has_answer(&self, place: u64) -> bool {
        self.receive_what_is_there(self.state())
            .calls
            .has_answer(place)
    }

    /// Nobody asks for the answer of the call at this place any more.
    pub(super) fn give_up(&self, place: u64) {
        let unwanted = self.state().calls.give_up(place);
        drop(unwanted);
    }

    /// Receives what is next, or waits for whoever receives. Returns early after whatever has changed. Only while a reply is missing.
    #[inline]
    fn receive<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        deadline: Deadline,
    ) -> MutexGuard<'a, State> {
        let At::Here(pipe) = &mut state.pipe else {
            return self.sleep(state, deadline);
        };
        match pipe.receive(Deadline::now()) {
            Err(Broken::TimedOut) => {}
            received => return self.deliver(state, received),
        }
        let At::Here(mut pipe) = std::mem::replace(&mut state.pipe, At::Away) else {
            return state;
        };
        drop(state);
        let received = pipe.receive(deadline);
        let mut state = self.state();
        state.pipe = At::Here(pipe);
        self.deliver(state, received)
    }

    /// Until another thread has changed something.
    fn sleep<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        deadline: Deadline,
    ) -> MutexGuard<'a, State> {
        state.sleepers += 1;
        state = deadline.wait_on(&self.changed, state);
        state.sleepers -= 1;
        state
    }

    fn receive_what_is_there<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
    ) -> MutexGuard<'a, State> {
        while state.calls.unanswered() > 0
            && let At::Here(pipe) = &mut state.pipe
        {
            match pipe.receive(Deadline::now()) {
                Err(Broken::TimedOut) => break,
                received => state = self.deliver(state, received),
            }
        }
        state
    }

    /// Gives a call what has come for it, and wakes those who wait.
    #[inline]
    fn deliver<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        received: Result<Piped, Broken>,
    ) -> MutexGuard<'a, State> {
        if state.sleepers > 0 {
            self.changed.notify_all();
        }
        let mut afterwards = match received {
            Ok(Piped {
                reply: None,
                frame,
                body_at,
                ..
            }) => state.calls.answer_next(Ok(Answer::framed(frame, body_at))),
            Ok(piped) => return self.deliver_with_handles(state, piped),
            Err(Broken::TimedOut) => return state,
            Err(broken) => return self.end(state, broken),
        };
        if state.calls.unanswered() == 0 {
            afterwards.kept = state.kept.take();
        }
        self.run(state, afterwards)
    }

    /// An answer that is an error, or has handles that must be taken over first.
    #[cold]
    fn deliver_with_handles<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        piped: Piped,
    ) -> MutexGuard<'a, State> {
        let Piped {
            number,
            reply,
            frame,
            body_at,
        } = piped;
        let At::Here(pipe) = &state.pipe else {
            return state;
        };
        let session = Arc::clone(pipe.session());
        let (place, wanted) = state.calls.next();
        let last = state.calls.unanswered() == 0;
        let kept = last.then(|| state.kept.take()).flatten();
        drop(state);
        let this = Weak::clone(&self.this);
        let reply = reply.map_or_else(Reply::value, |reply| *reply);
        arrive(
            &session,
            number,
            reply,
            wanted,
            Deadline::NEVER,
            move |arrived| {
                let answer = arrived.map(|arrived| Answer::framed(frame, body_at).with(arrived));
                if let Some(this) = this.upgrade() {
                    let mut state = this.state();
                    let afterwards = state.calls.answer(place, answer);
                    if state.sleepers > 0 {
                        this.changed.notify_all();
                    }
                    drop(this.run(state, afterwards));
                }
            },
        );
        // The object of the call may be one of those that have just come.
        drop(kept);
        self.state()
    }

    /// Nothing comes any more.
    #[cold]
    fn end<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        broken: Broken,
    ) -> MutexGuard<'a, State> {
        let At::Here(pipe) = std::mem::replace(&mut state.pipe, At::Away) else {
            return state;
        };
        drop(state);
        let lost = pipe.end(broken);
        let mut state = self.state();
        state.pipe = At::Nowhere;
        let mut all: Vec<Afterwards> = Vec::new();
        while state.calls.unanswered() > 0 {
            all.push(state.calls.answer_next(Err(lost.clone())));
        }
        let kept = state.kept.take();
        self.changed.notify_all();
        drop(state);
        all.into_iter().for_each(Afterwards::run);
        drop(kept);
        self.state()
    }

    /// Does without the lock what is left to do.
    #[inline]
    fn run<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        afterwards: Afterwards,
    ) -> MutexGuard<'a, State> {
        if afterwards.is_nothing() {
            return state;
        }
        drop(state);
        afterwards.run();
        self.state()
    }

    /// Has a thread receive all answers as they come.
    fn attend(&self, state: &mut State) {
        if state.attended {
            return;
        }
        let this = Weak::clone(&self.this);
        let receive = move || this.upgrade().map(|this| this.receive_all());
        let thread = std::thread::Builder::new().name("shared-replies".into());
        // Without a thread to be had, the background thread tries again.
        state.attended = thread.spawn(receive).is_ok();
    }

    fn receive_all(&self) {
        let mut state = self.state();
        while state.calls.unanswered() > 0 {
            state = self.receive(state, Deadline::NEVER);
        }
        state.attended = false;
    }

    /// Has the background thread look at this now and then.
    fn watch(&self) {
        let pipeline = Weak::clone(&self.this);
        let next = Deadline::after(Some(PATIENCE));
        // Without a background thread answers stay until somebody comes.
        BACKGROUND.run(Box::new(Unattended { pipeline, next }));
    }

    /// Gives the pipe back if it has not been used for a while, or has somebody receive. `false` if there is nothing left to look after.
    fn look_after(&self) -> bool {
        let mut state = self.state();
        let used = std::mem::replace(&mut state.used, false);
        if state.calls.unanswered() > 0 {
            let deserted = !used && matches!(state.pipe, At::Here(_));
            if deserted || state.calls.has_wakers() {
                self.attend(&mut state);
            }
            return true;
        }
        if used {
            return true;
        }
        state.watched = false;
        let pipe = std::mem::take(&mut state.pipe);
        drop(state);
        drop(pipe);
        false
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Earlier for Pipeline {
    /// None is kept here.
    fn wait_until_sent(&self, _deadline: Deadline) -> Result<(), TimedOut> {
        Ok(())
    }

    fn wait_until_over(&self, deadline: Deadline) -> Result<(), TimedOut> {
        let mut state = self.state();
        while state.calls.unanswered() > 0 {
            if deadline.passed() {
                return Err(TimedOut);
            }
            state.used = true;
            state = self.receive(state, deadline);
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.state().calls.unanswered() == 0
    }

    /// To another session with the same server the number of the pipe means nothing: then this one has ended.
    fn after(&self) -> Option<After> {
        let state = self.state();
        let after = state.after.filter(|_| state.calls.unanswered() > 0);
        let session = self.session.upgrade();
        after.filter(|_| session.is_some_and(|session| session.is_open()))
    }

    /// Its answers may be lost, and its calls run on.
    fn is_last_to_end(&self) -> bool {
        false
    }
}

/// A pipeline that the background thread looks at now and then. One that nobody can use any more gives its pipe back at once.
struct Unattended {
    pipeline: Weak<Pipeline>,
    next: Deadline,
}

impl Watch for Unattended {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    fn deadline(&self) -> Deadline {
        self.next
    }

    fn ready(&mut self) -> Next {
        let pipeline = self.pipeline.upgrade();
        if !pipeline.is_some_and(|pipeline| pipeline.look_after()) {
            return Next::Done;
        }
        self.next = Deadline::after(Some(PATIENCE));
        Next::Wait
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("session", &self.session)
            .field("unanswered", &self.state().calls.unanswered())
            .finish_non_exhaustive()
    }
}
