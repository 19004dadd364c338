//! The calls of a pipeline, in their order: those that have no reply yet, and before them those whose answers nobody has fetched.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use super::answer::Answer;
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::Lease;
use crate::order::Earlier;
use crate::panic::wake;

#[derive(Default)]
pub(super) struct UnderWay {
    /// The place of the first of `calls`.
    first: u64,
    calls: VecDeque<One>,
    /// So many of them, the last ones, have no reply yet.
    unanswered: usize,
    /// So many have no answer yet: these, and those whose handles are still being taken over.
    waiting: usize,
    /// So many wakers wait.
    wakers: usize,
}

/// One call.
enum One {
    Waiting {
        /// Those of its arguments.
        leases: Vec<Arc<Lease>>,
        waker: Option<Waker>,
        wanted: bool,
    },
    Answered(Result<Answer, Error>),
    /// Nobody asks any more.
    Over,
}

/// What is to be done without the lock: it runs the code of others.
#[derive(Default)]
pub(super) struct Afterwards {
    waker: Option<Waker>,
    leases: Vec<Arc<Lease>>,
    unwanted: Option<Result<Answer, Error>>,
    /// If no other call needs it.
    pub(super) kept: Option<Kept>,
}

/// What is there as long as a call has no reply: the object, and that whose calls these are.
pub(super) type Kept = (Arc<Lease>, Arc<dyn Earlier>);

impl UnderWay {
    /// One more; its place is returned.
    #[inline]
    pub(super) fn push(&mut self, leases: Vec<Arc<Lease>>) -> u64 {
        self.calls.push_back(One::Waiting {
            leases,
            waker: None,
            wanted: true,
        });
        self.unanswered += 1;
        self.waiting += 1;
        self.first + self.calls.len() as u64 - 1
    }

    /// How many have no reply yet.
    #[inline]
    pub(super) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// How many have no answer yet.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn has_wakers(&self) -> bool {
        self.wakers > 0
    }

    /// The place of the call whose reply has come, whose answer follows, and whether somebody wants that.
    pub(super) fn next(&mut self) -> (u64, bool) {
        let index = self.calls.len() - self.unanswered;
        self.unanswered -= 1;
        let wanted = matches!(self.calls[index], One::Waiting { wanted: true, .. });
        (self.first + index as u64, wanted)
    }

    /// Gives the answer of the call whose reply has come.
    #[inline]
    pub(super) fn answer_next(&mut self, answer: Result<Answer, Error>) -> Afterwards {
        let index = self.calls.len() - self.unanswered;
        self.unanswered -= 1;
        self.answer_at(index, answer)
    }

    /// Gives the answer of the call at this place.
    pub(super) fn answer(&mut self, place: u64, answer: Result<Answer, Error>) -> Afterwards {
        match self.index(place) {
            Some(index) => self.answer_at(index, answer),
            None => Afterwards::default(),
        }
    }

    #[inline]
    fn answer_at(&mut self, index: usize, answer: Result<Answer, Error>) -> Afterwards {
        let one = &mut self.calls[index];
        let wanted = matches!(one, One::Waiting { wanted: true, .. });
        let (new, unwanted) = if wanted {
            (One::Answered(answer), None)
        } else {
            (One::Over, Some(answer))
        };
        let One::Waiting { leases, waker, .. } = std::mem::replace(one, new) else {
            return Afterwards::default();
        };
        self.waiting -= 1;
        self.wakers -= usize::from(waker.is_some());
        if !wanted {
            self.forget();
        }
        Afterwards {
            waker,
            leases,
            unwanted,
            kept: None,
        }
    }

    /// The answer of the call at this place, once.
    #[inline]
    pub(super) fn fetch(&mut self, place: u64) -> Option<Result<Answer, Error>> {
        let Some(index) = self.index(place) else {
            return Some(Err(fetched()));
        };
        match &mut self.calls[index] {
            One::Waiting { .. } => None,
            one => match std::mem::replace(one, One::Over) {
                One::Answered(answer) => {
                    self.forget();
                    Some(answer)
                }
                _ => Some(Err(fetched())),
            },
        }
    }

    /// Whether the reply of the call at this place has come; its answer may follow.
    #[inline]
    pub(super) fn has_reply(&self, place: u64) -> bool {
        let replied = self.calls.len() - self.unanswered;
        place < self.first + replied as u64
    }

    pub(super) fn has_answer(&self, place: u64) -> bool {
        let waits = |index: usize| matches!(self.calls[index], One::Waiting { .. });
        !self.index(place).is_some_and(waits)
    }

    /// Has this woken when the answer is there; the waker before is returned.
    pub(super) fn wake(&mut self, place: u64, new: Waker) -> Option<Waker> {
        let index = self.index(place)?;
        let One::Waiting { waker, .. } = &mut self.calls[index] else {
            return None;
        };
        let earlier = waker.replace(new);
        self.wakers += usize::from(earlier.is_none());
        earlier
    }

    /// Nobody asks for this answer any more.
    pub(super) fn give_up(&mut self, place: u64) -> Afterwards {
        let mut afterwards = Afterwards::default();
        let Some(index) = self.index(place) else {
            return afterwards;
        };
        match &mut self.calls[index] {
            One::Waiting { waker, wanted, .. } => {
                *wanted = false;
                // Not to be woken: only dropped, as what is unwanted is.
                afterwards.waker = waker.take();
                self.wakers -= usize::from(afterwards.waker.is_some());
            }
            one => {
                if let One::Answered(answer) = std::mem::replace(one, One::Over) {
                    afterwards.unwanted = Some(answer);
                }
                self.forget();
            }
        }
        afterwards
    }

    #[inline]
    fn index(&self, place: u64) -> Option<usize> {
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        (index < self.calls.len()).then_some(index)
    }

    /// Lets those go that nobody asks about.
    #[inline]
    fn forget(&mut self) {
        while let Some(One::Over) = self.calls.front() {
            self.calls.pop_front();
            self.first += 1;
        }
    }
}

impl Afterwards {
    #[inline]
    pub(super) fn is_nothing(&self) -> bool {
        self.waker.is_none()
            && self.leases.is_empty()
            && self.unwanted.is_none()
            && self.kept.is_none()
    }

    pub(super) fn run(self) {
        wake(self.waker);
    }
}

#[cold]
fn fetched() -> Error {
    let text = "the answer of a call is fetched once";
    Error::new(ErrorKind::Gone, text).ran(Executed::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_whose_reply_has_come_waits_until_its_answer_is_there() {
        let answer = || Ok(Answer::framed(Vec::new(), 0));
        let mut calls = UnderWay::default();
        let places = [calls.push(Vec::new()), calls.push(Vec::new())];
        assert_eq!(calls.next(), (places[0], true));
        assert_eq!((calls.unanswered(), calls.waiting()), (1, 2));
        assert_eq!(places.map(|place| calls.has_reply(place)), [true, false]);
        assert!(calls.fetch(places[0]).is_none());
        calls.answer_next(answer()).run();
        assert_eq!((calls.unanswered(), calls.waiting()), (0, 1));
        assert!(calls.fetch(places[1]).is_some());
        calls.answer(places[0], answer()).run();
        assert!(calls.fetch(places[0]).is_some_and(|answer| answer.is_ok()));
        assert!(calls.fetch(places[0]).is_some_and(|answer| answer.is_err()));
        assert_eq!(calls.waiting(), 0);
    }
}
