//! What a pool knows: the jobs that wait, its workers and what each has been given. All of it behind one lock, under which nothing
//! waits and no code of users runs.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::Signal;

use super::progress::Progress;
use super::seat::{Answer, Giving, News, Rest, Seat, Sign};
use super::slot::{Arrived, Outcome, Work};
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::Lease;
use crate::message::{Claim, ErrorOnWire};
use crate::os::{Child, Deadline};
use crate::process::line::Message;
use crate::process::run::encodes_error;
use crate::process::spawn::Spawned;

/// How long a terminated worker may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);

pub(super) struct Core {
    size: usize,
    /// How many jobs a worker is given before it is replaced.
    most_in_all: u64,
    state: Mutex<State>,
    /// Ends the wait of the thread that attends to the workers.
    wake: OwnedFd,
    over: Condvar,
}

struct State {
    phase: Phase,
    queue: VecDeque<Arc<Work>>,
    seats: Vec<Seat>,
    /// Workers that are not ready yet; none for one whose process has not been started yet.
    starting: Vec<(u64, Option<Arc<Child>>)>,
    /// Whether to replace missing workers. Not when the last attempt has failed: then the next job makes another.
    replacing: bool,
    /// Results whose handles are being taken.
    taking: usize,
    progress: Progress,
    next_id: u64,
    over: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// It takes no more jobs.
    Closed,
    /// Nor does it end those it has. What is left then is ended by force.
    Terminated(Deadline),
}

/// Jobs that are over, for whoever lets go of the lock.
type Ends = Vec<(Arc<Work>, Outcome)>;

/// A result with handles, which have to be taken from those who host the objects.
pub(super) struct Taking {
    seat: u64,
    answer: Answer,
}

impl Taking {
    pub(super) fn claims(&self) -> &[Claim] {
        &self.answer.reply.handles.claims
    }
}

/// What the attending thread is to do next.
pub(super) struct Agenda {
    pub(super) signs: Vec<Sign>,
    pub(super) deadline: Deadline,
    /// Workers to start.
    pub(super) missing: Vec<u64>,
    pub(super) over: bool,
}

impl Core {
    pub(super) fn new(size: usize, most_in_all: u64) -> Result<Self, Error> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| Error::io("making a pool", error))?;
        let state = State {
            phase: Phase::Open,
            queue: VecDeque::new(),
            seats: Vec::new(),
            starting: Vec::new(),
            replacing: true,
            taking: 0,
            progress: Progress::default(),
            next_id: 0,
            over: false,
        };
        Ok(Self {
            size,
            most_in_all,
            state: Mutex::new(state),
            wake,
            over: Condvar::new(),
        })
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn wake_up(&self) -> &OwnedFd {
        &self.wake
    }

    /// Has the attending thread look again.
    fn look_again(&self) {
        // A full counter means that a wake-up is already under way.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and tells those whose jobs are over by that. Says whether there is something to watch that the attending thread
    /// does not know of.
    fn change<R>(&self, change: impl FnOnce(&mut State, &mut Ends) -> R) -> (R, bool) {
        let mut ends = Ends::new();
        let mut state = self.state();
        let result = change(&mut state, &mut ends);
        state.hand_out(self.most_in_all, &mut ends);
        let news = state.missing(self.size) > 0 || state.seats.iter().any(Seat::needs_watch);
        drop(state);
        for (work, outcome) in ends {
            work.slot.fill(outcome);
        }
        (result, news)
    }

    pub(super) fn submit(&self, work: Arc<Work>) {
        let ((), news) = self.change(|state, ends| {
            if state.phase != Phase::Open {
                let text = "the pool takes no more jobs: it has been closed";
                ends.push((work, Err(cancelled(text, Executed::No))));
                return;
            }
            state.progress.submitted += 1;
            state.queue.push_back(work);
            state.replacing = true;
        });
        if news {
            self.look_again();
        }
    }

    pub(super) fn close(&self) {
        self.change(|state, _| {
            if state.phase == Phase::Open {
                state.phase = Phase::Closed;
            }
        });
        self.look_again();
    }

    pub(super) fn terminate(&self) {
        self.change(|state, ends| {
            if let Phase::Terminated(_) = state.phase {
                return;
            }
            state.phase = Phase::Terminated(Deadline::after(Some(GRACE)));
            state.give_up(ends);
        });
        self.look_again();
    }

    /// Waits until all workers have ended.
    pub(super) fn wait_until_over(&self) {
        let mut state = self.state();
        while !state.over {
            state = Deadline::NEVER.wait_on(&self.over, state);
        }
    }

    pub(super) fn progress(&self) -> Progress {
        let state = self.state();
        let running = state.seats.iter().filter(|seat| !seat.is_idle()).count() + state.taking;
        Progress {
            running: running as u64,
            ..state.progress
        }
    }

    /// A worker that is ready from the start.
    pub(super) fn add(&self, spawned: Spawned) {
        let mut state = self.state();
        let id = state.new_id();
        state.seats.push(Seat::new(id, spawned));
    }

    /// What there is to do, and to wait for.
    pub(super) fn agenda(&self) -> Agenda {
        let mut state = self.state();
        let missing = (0..state.missing(self.size))
            .map(|_| {
                let id = state.new_id();
                state.starting.push((id, None));
                id
            })
            .collect();
        state.seats.iter().for_each(Seat::end_if_broken);
        if state.is_over() {
            state.over = true;
            self.over.notify_all();
        }
        Agenda {
            signs: state.seats.iter().map(Seat::sign).collect(),
            deadline: match state.phase {
                Phase::Terminated(deadline) => deadline,
                Phase::Open | Phase::Closed => Deadline::NEVER,
            },
            missing,
            over: state.over,
        }
    }

    /// The process of a starting worker is there. `false` if it is not wanted any more.
    pub(super) fn begun(&self, id: u64, child: &Arc<Child>) -> bool {
        let mut state = self.state();
        let starting = state.starting.iter_mut().find(|starting| starting.0 == id);
        if let Some(starting) = starting {
            starting.1 = Some(Arc::clone(child));
        }
        !matches!(state.phase, Phase::Terminated(_))
    }

    /// A starting worker is ready, or will never be.
    pub(super) fn started(&self, id: u64, spawned: Result<Spawned, Error>) {
        self.change(|state, ends| {
            state.starting.retain(|starting| starting.0 != id);
            match spawned.map(|spawned| Seat::new(id, spawned)) {
                Ok(mut seat) => {
                    if let Phase::Terminated(_) = state.phase {
                        seat.terminate();
                    }
                    state.seats.push(seat);
                }
                Err(error) => state.not_replaced(&error, ends),
            }
        });
        self.look_again();
    }

    /// There is news of these workers.
    pub(super) fn attend(&self, news: &[News]) -> Vec<Taking> {
        let (taking, _) = self.change(|state, ends| {
            let mut taking = Vec::new();
            for news in news {
                state.hear(news, ends, &mut taking);
            }
            if let Phase::Terminated(deadline) = state.phase
                && deadline.passed()
            {
                state.phase = Phase::Terminated(Deadline::NEVER);
                state.kill();
            }
            taking
        });
        taking
    }

    /// The handles of a result have been taken.
    pub(super) fn taken(&self, taking: Taking, leases: Vec<Arc<Lease>>) {
        let Taking { seat: id, answer } = taking;
        let arrived = Arrived {
            message: answer.message,
            nonce: answer.reply.handles.nonce,
            leases,
        };
        self.change(|state, ends| {
            let seats = &mut state.seats;
            if let Some(seat) = seats.iter_mut().find(|seat| seat.id == id) {
                seat.taken(answer.number);
            }
            state.end(answer.work, Ok(arrived), ends);
        });
        // Not before its job has ended for everybody: who has joined the pool finds all of them ended.
        self.state().taking -= 1;
        self.look_again();
    }
}

impl State {
    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// How many workers stay or will come.
    fn present(&self) -> usize {
        self.seats.iter().filter(|seat| seat.stays()).count() + self.starting.len()
    }

    fn missing(&self, size: usize) -> usize {
        let wanted = match self.phase {
            Phase::Open => size,
            Phase::Closed => size.min(self.queue.len()),
            Phase::Terminated(_) => 0,
        };
        let missing = wanted.saturating_sub(self.present());
        if self.replacing { missing } else { 0 }
    }

    fn is_over(&self) -> bool {
        let idle = self.seats.is_empty() && self.starting.is_empty() && self.taking == 0;
        idle && self.phase != Phase::Open && self.queue.is_empty()
    }

    fn end(&mut self, work: Arc<Work>, outcome: Outcome, ends: &mut Ends) {
        let failed = match &outcome {
            Ok(arrived) => encodes_error(arrived.message.body()),
            Err(_) => true,
        };
        self.progress.done += 1;
        self.progress.failed += u64::from(failed);
        ends.push((work, outcome));
    }

    /// Gives waiting jobs to workers with room, the least busy first; and has those stop that have no more to do.
    fn hand_out(&mut self, most_in_all: u64, ends: &mut Ends) {
        while let Some(work) = self.queue.pop_front() {
            if work.slot.is_withdrawn() {
                self.progress.submitted -= 1;
                let text = "nobody wants the result of the job any more";
                ends.push((work, Err(cancelled(text, Executed::No))));
                continue;
            }
            let seats = self.seats.iter_mut();
            let with_room = seats.filter(|seat| seat.has_room(work.most_at_one, most_in_all));
            let Some(seat) = with_room.min_by_key(|seat| seat.load()) else {
                self.queue.push_front(work);
                break;
            };
            match seat.give(&work) {
                Giving::Given => {}
                Giving::Refused(error) => self.end(work, Err(error), ends),
                Giving::Lost => self.queue.push_front(work),
            }
        }
        let finished = self.phase == Phase::Closed && self.queue.is_empty();
        for seat in &mut self.seats {
            let used_up = seat.total() >= most_in_all;
            if seat.stays() && seat.is_idle() && (finished || used_up) {
                seat.stop();
                self.replacing |= used_up;
            }
        }
    }

    /// Takes in what a worker has said, and its end.
    fn hear(&mut self, news: &News, ends: &mut Ends, taking: &mut Vec<Taking>) {
        let Some(at) = self.seats.iter().position(|seat| seat.id == news.id) else {
            return;
        };
        self.seats[at].flush();
        while let Some(answer) = self.seats[at].answer() {
            let seat = news.id;
            match &answer.reply.outcome {
                Ok(()) if !answer.reply.handles.claims.is_empty() => {
                    self.taking += 1;
                    taking.push(Taking { seat, answer });
                }
                Ok(()) => self.end(answer.work, Ok(without_handles(answer.message)), ends),
                Err(ErrorOnWire(error)) => {
                    let error = error.clone().in_process(self.seats[at].label());
                    self.end(answer.work, Err(error), ends);
                }
            }
            if self.seats[at].is_idle() {
                // Nothing more is to be expected.
                break;
            }
        }
        if news.ended {
            let seat = self.seats.swap_remove(at);
            self.lose(seat, ends);
        }
    }

    /// A worker has ended: the job that it ran fails, and others begin those that it had not.
    fn lose(&mut self, mut seat: Seat, ends: &mut Ends) {
        if seat.is_leaving() {
            return;
        }
        if seat.is_idle() && seat.total() == 0 {
            let error = seat.ended_idle();
            self.not_replaced(&error, ends);
            return;
        }
        let Rest { ran, not_begun } = seat.into_rest();
        for work in not_begun.into_iter().rev() {
            self.queue.push_front(work);
        }
        if let Some((work, error)) = ran {
            self.end(work, Err(error), ends);
        }
        self.replacing = true;
    }

    /// A worker that was to come will not. Without any other, nobody does what waits.
    fn not_replaced(&mut self, error: &Error, ends: &mut Ends) {
        self.replacing = false;
        if self.present() == 0 {
            for work in std::mem::take(&mut self.queue) {
                self.end(work, Err(error.clone().ran(Executed::No)), ends);
            }
        }
    }

    /// Ends all jobs, and asks all workers to end.
    fn give_up(&mut self, ends: &mut Ends) {
        let text = "the pool was terminated before the job had ended";
        for work in std::mem::take(&mut self.queue) {
            self.end(work, Err(cancelled(text, Executed::No)), ends);
        }
        let begun: Vec<_> = self.seats.iter_mut().map(Seat::terminate).collect();
        for given in begun {
            // The first of them ran.
            let executed = std::iter::once(Executed::Maybe).chain(std::iter::repeat(Executed::No));
            for (work, executed) in given.into_iter().zip(executed) {
                self.end(work, Err(cancelled(text, executed)), ends);
            }
        }
        for child in self.starting.iter().filter_map(|(_, child)| child.as_ref()) {
            child.signal(Signal::TERM);
        }
    }

    /// Ends what has not ended when it was asked to.
    fn kill(&mut self) {
        self.seats.iter().for_each(Seat::kill);
        for child in self.starting.iter().filter_map(|(_, child)| child.as_ref()) {
            child.signal(Signal::KILL);
        }
    }
}

fn cancelled(text: &str, executed: Executed) -> Error {
    Error::new(ErrorKind::Cancelled, text).ran(executed)
}

fn without_handles(message: Message) -> Arrived {
    Arrived {
        message,
        nonce: 0,
        leases: Vec::new(),
    }
}
