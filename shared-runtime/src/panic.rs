//! Panics of user code, caught with everything they can tell. Knows nothing of calls.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::task::Waker;

use serde::{Deserialize, Serialize};

/// A panic that happened in another process, as its caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemotePanic {
    message: String,
    location: Option<String>,
    backtrace: Option<String>,
    process: String,
}

impl RemotePanic {
    /// What `panic!` was given.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it happened, as `file:line:column`. `None` if the program replaced the panic hook.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The frames from the panic up to the called method, one to two lines each, whatever `RUST_BACKTRACE` says. `None`
    /// if the program replaced the panic hook.
    #[must_use]
    pub fn backtrace(&self) -> Option<&str> {
        self.backtrace.as_deref()
    }

    /// The process it happened in, as `name (pid 123)`.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.process
    }
}

impl fmt::Display for RemotePanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked")?;
        if let Some(location) = &self.location {
            write!(f, " at {location}")?;
        }
        write!(f, ": {}", self.message)
    }
}

thread_local! {
    /// How many [`catch`]es this thread is inside of. The hook keeps what it sees only then.
    static CATCHING: Cell<usize> = const { Cell::new(0) };
    static SEEN: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

/// What only the hook can know of a panic.
struct Seen {
    location: Option<String>,
    backtrace: String,
}

/// Runs user code and turns its panic into a value. The panic is not printed: its caller gets it whole.
pub(crate) fn catch<R>(process: &str, user_code: impl FnOnce() -> R) -> Result<R, RemotePanic> {
    let (mut user_code, mut result) = (Some(user_code), None);
    let caught = caught(process, &mut || {
        result = user_code.take().map(|user_code| user_code());
    });
    caught.map_err(|panic| *panic)?;
    Ok(result.expect("it ran to its end"))
}

/// The same for code without a type, because every method of every user's type comes by here. It leaves its result where it likes.
pub(crate) fn caught(process: &str, user_code: &mut dyn FnMut()) -> Result<(), Box<RemotePanic>> {
    install_hook();
    CATCHING.set(CATCHING.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        marked::below_this_the_runtime(user_code);
    }));
    CATCHING.set(CATCHING.get() - 1);
    outcome.map_err(|payload| Box::new(thrown(process, payload)))
}

#[cold]
fn thrown(process: &str, payload: Box<dyn Any + Send>) -> RemotePanic {
    let seen = SEEN.try_with(RefCell::take).ok().flatten();
    let message = message(&*payload);
    discard(payload);
    RemotePanic {
        message,
        location: seen.as_ref().and_then(|seen| seen.location.clone()),
        backtrace: seen.map(|seen| seen.backtrace),
        process: process.to_owned(),
    }
}

/// Drops what was thrown, whose own destructor may panic.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}

/// Wakes: an executor's code. If it panics, that is not the end of the thread that brings what is waited for.
pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker
        && let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake()))
    {
        discard(payload);
    }
}

/// A frame with a name of its own, so that a backtrace can be cut where the user's code begins.
mod marked {
    #[inline(never)]
    pub(super) fn below_this_the_runtime(user_code: &mut dyn FnMut()) {
        user_code();
        // Keeps the call above from becoming a jump, which would leave no frame.
        std::hint::black_box(());
    }
}

/// Puts our hook before the one that is there. Threads that are not inside [`catch`] keep theirs.
fn install_hook() {
    static INSTALL: Once = Once::new();
    if INSTALL.is_completed() {
        return;
    }
    // Hooks cannot be changed while a panic is under way, as where a destructor calls a method: the next call does it.
    if std::thread::panicking() {
        return;
    }
    INSTALL.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if CATCHING.get() == 0 {
                previous(info);
            } else {
                // A thread whose thread-locals are gone already does without.
                let _ = SEEN.try_with(|seen| seen.replace(Some(see(info))));
            }
        }));
    });
}

fn see(info: &PanicHookInfo<'_>) -> Seen {
    Seen {
        location: info.location().map(ToString::to_string),
        backtrace: user_frames(&Backtrace::force_capture().to_string()),
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic whose payload is not text".to_owned())
}

/// The frames between the panic machinery and the method's row, which the macros write. Where the marks are missing (a
/// stripped binary), all.
fn user_frames(backtrace: &str) -> String {
    let frames = frames(backtrace);
    let first = frames
        .iter()
        .rposition(|frame| {
            frame.contains("rust_begin_unwind")
                || frame.contains("__rustc::rust_panic")
                || frame.contains("panicking::panic")
        })
        .map_or(0, |index| index + 1);
    down_to_the_runtime(&frames, first)
}

/// The frames between those that have one of `marks` and the method's row, as [`user_frames`].
pub(crate) fn frames_below(marks: &[&str], backtrace: &str) -> String {
    let frames = frames(backtrace);
    let marked = |frame: &String| marks.iter().any(|mark| frame.contains(mark));
    let upper = frames.iter().position(marked).unwrap_or(0);
    let marked = frames[upper..].iter().take_while(|frame| marked(frame));
    let first = upper + marked.count();
    down_to_the_runtime(&frames, first)
}

fn down_to_the_runtime(frames: &[String], first: usize) -> String {
    let last = frames.iter().position(|frame| {
        // The traits whose functions hold what the macros write; a task's table; the runtime itself.
        let marks = [
            "::Shareable",
            "::Hosts<",
            "__TASK",
            "below_this_the_runtime",
        ];
        marks.iter().any(|mark| frame.contains(mark))
    });
    let last = last.unwrap_or(frames.len());
    frames.get(first..last).unwrap_or(frames).concat()
}

/// A frame is a numbered line and the `at` lines that follow it.
fn frames(backtrace: &str) -> Vec<String> {
    let mut frames: Vec<String> = Vec::new();
    for line in backtrace.split_inclusive('\n') {
        let numbered = line
            .trim_start()
            .split(':')
            .next()
            .is_some_and(|head| head.parse::<u32>().is_ok());
        match frames.last_mut() {
            Some(frame) if !numbered => frame.push_str(line),
            _ => frames.push(line.to_owned()),
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_on_both_sides() {
        let backtrace = "   0: std::backtrace::capture\n             at std.rs:1:1\n   1: __rustc::rust_begin_unwind\n   \
            2: core::panicking::panic_fmt\n             at panicking.rs:1:1\n   3: user::deep\n             at user.rs:3:4\n   \
            4: user::method\n   5: <user::It as shared_runtime::shared::Shareable>::implementation::{closure}\n             at user.rs:1:1\n   6: shared_runtime::panic::marked::below_this_the_runtime\n   7: main\n";
        let expected = "   3: user::deep\n             at user.rs:3:4\n   4: user::method\n";
        assert_eq!(user_frames(backtrace), expected);
        let stripped = "   0: <unknown>\n   1: <unknown>\n";
        assert_eq!(user_frames(stripped), stripped);
    }

    #[test]
    fn frames_are_cut_below_what_made_a_report() {
        let marks = ["shared_runtime::report::", "FromResidual"];
        let backtrace = "   0: std::backtrace::Backtrace::capture\n   1: shared_runtime::report::captured\n   \
            2: <shared_runtime::report::Report as From<E>>::from\n   3: <Result<T,F> as FromResidual>::from_residual\n   \
            4: user::deep\n             at user.rs:3:4\n   5: user::method\n   6: <user::It as shared_runtime::shared::Shareable>::implementation::{closure}\n   7: main\n";
        let expected = "   4: user::deep\n             at user.rs:3:4\n   5: user::method\n";
        assert_eq!(frames_below(&marks, backtrace), expected);
        let stripped = "   0: <unknown>\n   1: <unknown>\n";
        assert_eq!(frames_below(&marks, stripped), stripped);
    }

    #[test]
    fn a_panic_outside_is_left_alone() {
        let inner = catch("here", || catch("there", || panic!("{}", "inner")));
        assert_eq!(inner.unwrap().unwrap_err().message(), "inner");
        assert_eq!(CATCHING.get(), 0);
    }
}
