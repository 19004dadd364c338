//! A client process as the objects see it: who it is, whether it still wants answers, and what is to happen when it has left.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

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

/// The callers that there are. Running calls are noted with the number of their session alone.
static CALLERS: LazyLock<Mutex<HashMap<SessionId, Weak<Caller>>>> = LazyLock::new(Mutex::default);

type UserCode = Box<dyn FnOnce() + Send>;

enum AtEnd {
    Later(Vec<UserCode>),
    Ended,
}

impl Caller {
    pub(crate) fn new(session: SessionId, label: String, pid: u32) -> Arc<Self> {
        let caller = Arc::new(Self {
            session,
            label,
            pid,
            gone: Cancel::default(),
            at_end: Mutex::new(AtEnd::Later(Vec::new())),
        });
        callers().insert(session, Arc::downgrade(&caller));
        caller
    }

    /// That of a session, as long as somebody has it.
    pub(super) fn of(session: SessionId) -> Option<Arc<Self>> {
        callers().get(&session).and_then(Weak::upgrade)
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

impl Drop for Caller {
    fn drop(&mut self) {
        callers().remove(&self.session);
    }
}

fn callers() -> MutexGuard<'static, HashMap<SessionId, Weak<Caller>>> {
    CALLERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("session", &self.session)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}
