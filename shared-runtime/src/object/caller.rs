//! A client process as the objects see it: who it is, whether it still wants answers, and what is to happen when it has left.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::lock::Cancel;
use super::reaper;
use super::registry::{LOCAL, SessionId};

/// One session.
pub(crate) struct Caller {
    pub(crate) session: SessionId,
    /// `name (pid 123)`.
    pub(crate) label: String,
    pub(crate) pid: u32,
    /// Set when the session ends.
    pub(crate) gone: Cancel,
    at_end: Mutex<AtEnd>,
}

type UserCode = Box<dyn FnOnce() + Send>;

enum AtEnd {
    Later(Vec<UserCode>),
    Ended,
}

impl Caller {
    pub(crate) fn new(session: SessionId, label: String, pid: u32) -> Arc<Self> {
        Arc::new(Self {
            session,
            label,
            pid,
            gone: Cancel::default(),
            at_end: Mutex::new(AtEnd::Later(Vec::new())),
        })
    }

    /// This process, as a caller of its own objects.
    pub(crate) fn this_process(label: &str) -> &'static Arc<Self> {
        static THIS: OnceLock<Arc<Caller>> = OnceLock::new();
        THIS.get_or_init(|| Self::new(LOCAL, label.to_owned(), std::process::id()))
    }

    /// Has `user_code` run when the session has ended, on the reaper's thread; at once if it has.
    pub(crate) fn at_end(&self, user_code: UserCode) {
        let mut at_end = self.at_end.lock().unwrap_or_else(PoisonError::into_inner);
        if let AtEnd::Later(waiting) = &mut *at_end {
            waiting.push(user_code);
            return;
        }
        drop(at_end);
        reaper::run_later(user_code);
    }

    /// The session has ended.
    pub(crate) fn end(&self) {
        self.gone.cancel();
        let mut at_end = self.at_end.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = std::mem::replace(&mut *at_end, AtEnd::Ended);
        drop(at_end);
        if let AtEnd::Later(waiting) = waiting {
            waiting.into_iter().for_each(reaper::run_later);
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("session", &self.session)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}
