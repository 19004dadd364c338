//! From a request to the row of a method table: finds the object, takes its lock, runs the method, catches its panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::context::{self, Running};
use crate::error::{Error, ErrorKind};
use crate::handle::server_id;
use crate::interface::{
    Arguments, Implementation, Interface, Method, Returned, Run, find, interface,
};
use crate::message::{HeldLock, MAX_CHAIN};
use crate::object::{Access, CALLS, Caller, Cancel, Hosted, MethodName, Refused};
use crate::order;
use crate::os::Deadline;
use crate::panic::{RemotePanic, caught};
use crate::program;

/// How long a call waits for an object's lock unless this server was told otherwise, in milliseconds.
static LOCK_TIMEOUT: AtomicU64 = AtomicU64::new(30_000);

/// How long a call waits for an object's lock.
pub(crate) fn lock_timeout() -> Duration {
    Duration::from_millis(LOCK_TIMEOUT.load(Ordering::Relaxed))
}

/// Sets how long a call waits for an object's lock, where no deadline is nearer. Ends what chains of calls cannot see: two of
/// them that want each other's locks.
pub(crate) fn set_lock_timeout(timeout: Duration) {
    let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    LOCK_TIMEOUT.store(millis, Ordering::Relaxed);
}

/// A call as it arrives.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) caller: &'a Arc<Caller>,
    /// Ends the wait for the object: the caller has left.
    pub(crate) cancel: &'a Cancel,
    /// Whether somebody waits for the answer, who must learn at some time that it does not come. A one-way call has been promised
    /// to run. It holds nothing while it waits, so nobody can be waiting for it in turn.
    pub(crate) awaited: bool,
    pub(crate) deadline: Deadline,
    /// The locks that the chain of calls behind this one holds.
    pub(crate) held: Vec<HeldLock>,
}

/// Runs a method of an object of this process.
#[inline]
pub(crate) fn call_method(
    call: Call<'_>,
    object: u64,
    id: u64,
    method: u32,
    mut arguments: Arguments<'_>,
) -> Returned {
    run_by_number(&call, object, id, method, &mut arguments)
}

fn run_by_number(
    call: &Call<'_>,
    object: u64,
    id: u64,
    method: u32,
    arguments: &mut Arguments<'_>,
) -> Returned {
    let (hosted, implementation) = find(object, id)?;
    let interface = (implementation.interface)();
    let row = row(implementation, interface, method);
    let row = row.ok_or_else(|| no_such("method", interface))?;
    let mut returned = None;
    let ran = run_method(call, &hosted, row, arguments, &mut returned);
    finish(ran, returned, interface, row.0.name)
}

/// Runs a constructor of a type of this program. No lock is held: a slow one delays nobody, and it may host objects itself.
pub(crate) fn construct(
    call: Call<'_>,
    id: u64,
    constructor: u32,
    mut arguments: Arguments<'_>,
) -> Returned {
    let interface = interface(id)?;
    let constructor = interface.constructor(constructor);
    let constructor = constructor.ok_or_else(|| no_such("constructor", interface))?;
    let name = MethodName((interface.name)(), constructor.name);
    let _running = CALLS.begin(None, name, call.caller);
    let mut returned = None;
    let running = call.running(None, Access::Shared);
    let ran = run(&running, constructor.is_async, &mut || {
        returned = Some((constructor.run)(&mut arguments));
    });
    let ran = ran.map_err(|panic| arguments.panicked(*panic));
    finish(ran, returned, interface, constructor.name)
}

impl<'a> Call<'a> {
    /// What the user's code runs under.
    fn running(&'a self, object: Option<&'a Arc<Hosted>>, access: Access) -> Running<'a> {
        Running {
            deadline: &self.deadline,
            held: &self.held,
            access,
            cancel: self.cancel,
            caller: self.caller,
            object,
        }
    }
}

/// Runs the user's code as `running`.
#[inline]
fn run(
    running: &Running<'_>,
    is_async: bool,
    user_code: &mut (dyn FnMut() + Send),
) -> Result<(), Box<RemotePanic>> {
    let mut run =
        move || order::scoped(|| context::within(running, || caught(program::label(), user_code)));
    if is_async {
        out_of_executors(run)
    } else {
        run()
    }
}

/// What was returned, if it ran to its end, or the error, which says what it is about. An answer is handed on as it is: to take it apart
/// costs more than all the rest of this.
#[inline]
fn finish(
    ran: Result<(), Error>,
    returned: Option<Returned>,
    interface: &Interface,
    name: &str,
) -> Returned {
    let error = match (ran, returned) {
        (Ok(()), Some(answer @ Ok(_))) => return answer,
        (Err(error), _) | (Ok(()), Some(Err(error))) => error,
        (Ok(()), None) => unreachable!("it ran to its end"),
    };
    Err(error.in_method((interface.name)(), name))
}

/// On this thread, unless it belongs to an executor: that one would have to go on for what it promised to an `async fn`, and it
/// cannot while this thread waits.
fn out_of_executors<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    #[cfg(feature = "async")]
    if crate::executor::is_inside_one() {
        let joined = std::thread::scope(|scope| scope.spawn(run).join());
        return joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
    run()
}

/// A method as callers know it, and what runs.
type Row = (&'static Method, &'static Run);

fn row(
    implementation: &'static Implementation,
    interface: &'static Interface,
    method: u32,
) -> Option<Row> {
    let known = interface.method(method)?;
    let run = implementation.methods.get(usize::try_from(method).ok()?)?;
    Some((known, run))
}

fn no_such(what: &str, interface: &Interface) -> Error {
    Error::new(
        ErrorKind::Unknown,
        format!("{} has no such {what}", (interface.name)()),
    )
}

fn run_method<'a>(
    call: &'a Call<'a>,
    hosted: &'a Arc<Hosted>,
    (method, run_it): Row,
    arguments: &mut Arguments<'_>,
    returned: &mut Option<Returned>,
) -> Result<(), Error> {
    let access = match run_it {
        Run::Shared(_) => Access::Shared,
        Run::Exclusive(_) => Access::Exclusive,
    };
    let overtake = check_chain(&call.held, hosted, access)?;
    let name = MethodName(hosted.type_name(), method.name);
    let noted = CALLS.begin(Some(hosted.id()), name, call.caller);
    let longest = || Deadline::after(call.awaited.then(lock_timeout));
    let patience = || call.deadline.earlier(longest());
    let mut guard = hosted
        .lock(access, overtake, patience, call.cancel)
        .map_err(|refused| locked(hosted, refused, call.deadline))?;
    if hosted.is_poisoned() {
        let text = "an earlier `&mut self` method panicked and may have left the object half changed; \
            Shared::clear_poison makes it usable again";
        return Err(Error::new(ErrorKind::Poisoned, text));
    }
    noted.holds(access);
    let running = call.running(Some(hosted), access);
    // All of it by reference, and the result written in one place each: what is moved once more is waited for.
    let ran = run(&running, method.is_async, &mut || match run_it {
        Run::Shared(run) => *returned = Some(run(guard.shared(), arguments)),
        Run::Exclusive(run) => match guard.exclusive() {
            Some(object) => *returned = Some(run(object, arguments)),
            None => *returned = Some(Err(not_exclusive())),
        },
    });
    ran.map_err(|panic| {
        // Before the guard goes: the next caller must not see the object whole.
        let touched = access == Access::Exclusive && !arguments.are_undecoded();
        hosted.set_poisoned(hosted.is_poisoned() || touched);
        arguments.panicked(*panic)
    })
}

#[cold]
fn not_exclusive() -> Error {
    let text = "the type has no methods that take `&mut self`";
    Error::new(ErrorKind::Unknown, text)
}

/// Refuses a call that would wait for a lock its own ancestors hold; `true` if they read what it wants to read.
fn check_chain(held: &[HeldLock], hosted: &Hosted, access: Access) -> Result<bool, Error> {
    if held.len() >= MAX_CHAIN {
        let text = format!("the chain of calls behind this one is {MAX_CHAIN} deep");
        return Err(Error::new(ErrorKind::Overloaded, text));
    }
    if held.is_empty() {
        return Ok(false);
    }
    let server = server_id();
    let mut reading = false;
    for held in held
        .iter()
        .filter(|held| held.server == server && held.object == hosted.id())
    {
        if hosted.is_locked() && (held.exclusive || access == Access::Exclusive) {
            let text = "the method was called, over other calls, from a method of the same object, whose lock it needs: \
                it would wait for itself";
            return Err(Error::new(ErrorKind::Reentrant, text));
        }
        reading = true;
    }
    Ok(reading)
}

fn locked(hosted: &Hosted, refused: Refused, deadline: Deadline) -> Error {
    match refused {
        Refused::Cancelled => Error::new(
            ErrorKind::Cancelled,
            "the caller went away while the call waited for the object",
        ),
        Refused::TimedOut => {
            let until = if deadline.passed() {
                "the deadline"
            } else {
                "the lock timeout of its server"
            };
            let mut holders = CALLS.holders(hosted.id()).join(", ");
            if holders.is_empty() {
                holders.push_str("a call that has ended since");
            }
            let text = format!("the object was in use until {until} passed, by {holders}");
            Error::new(ErrorKind::Timeout, text)
        }
    }
}
