//! From a request to the row of a method table: finds the object, takes its lock, runs the method, catches its panic.

use std::time::Duration;

use crate::context::{self, Context};
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::server_id;
use crate::interface::{Arguments, Interface, Method, Returned, Run, interface};
use crate::message::{HeldLock, MAX_CHAIN};
use crate::object::{Access, CALLS, Cancel, Hosted, REGISTRY, Refused};
use crate::os::Deadline;
use crate::panic::{RemotePanic, catch};
use crate::program;

/// How long a call waits for an object's lock, where no deadline is nearer. Ends what chains of calls cannot see: two of them
/// that want each other's locks.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// Who calls, and under what.
#[derive(Debug)]
pub(crate) struct Caller<'a> {
    /// `name (pid 123)`.
    pub(crate) label: &'a str,
    pub(crate) cancel: &'a Cancel,
    pub(crate) context: Context,
}

/// Runs a method of an object of this process.
pub(crate) fn call_method(
    caller: Caller<'_>,
    object: u64,
    id: u64,
    method: u32,
    arguments: Arguments<'_>,
) -> Returned {
    let hosted = REGISTRY.get(object).ok_or_else(crate::handle::gone)?;
    if hosted.interface() != id {
        return Err(Error::new(
            ErrorKind::Unknown,
            format!("the object is a {}", hosted.type_name()),
        ));
    }
    let interface = interface(id)?;
    let method = usize::try_from(method)
        .ok()
        .and_then(|index| interface.methods.get(index));
    let method = method.ok_or_else(|| no_such("method", interface))?;
    run_method(caller, &hosted, method, arguments)
        .map_err(|error| error.in_method((interface.name)(), method.name))
}

/// Runs a constructor of a type of this program. No lock is held: a slow one delays nobody, and it may host objects itself.
pub(crate) fn construct(
    caller: Caller<'_>,
    id: u64,
    constructor: u32,
    arguments: Arguments<'_>,
) -> Returned {
    let interface = interface(id)?;
    let constructor = usize::try_from(constructor)
        .ok()
        .and_then(|index| interface.constructors.get(index));
    let constructor = constructor.ok_or_else(|| no_such("constructor", interface))?;
    let _call = CALLS.begin(
        None,
        format!("{}::{}", (interface.name)(), constructor.name),
        caller.label,
    );
    let outcome = context::within(caller.context, || {
        catch(program::label(), || (constructor.run)(arguments))
    });
    outcome
        .unwrap_or_else(|panic| Err(panicked(panic)))
        .map_err(|error| error.in_method((interface.name)(), constructor.name))
}

fn no_such(what: &str, interface: &Interface) -> Error {
    Error::new(
        ErrorKind::Unknown,
        format!("{} has no such {what}", (interface.name)()),
    )
}

fn run_method(
    mut caller: Caller<'_>,
    hosted: &Hosted,
    method: &Method,
    arguments: Arguments<'_>,
) -> Returned {
    let access = match method.run {
        Run::Shared(_) => Access::Shared,
        Run::Exclusive(_) => Access::Exclusive,
    };
    let overtake = check_chain(&caller.context, hosted, access)?;
    let call = CALLS.begin(
        Some(hosted.id()),
        format!("{}::{}", hosted.type_name(), method.name),
        caller.label,
    );
    let patience = caller
        .context
        .deadline
        .earlier(Deadline::after(Some(LOCK_TIMEOUT)));
    let mut guard = hosted
        .lock(access, overtake, patience, caller.cancel)
        .map_err(|refused| locked(hosted, refused))?;
    if hosted.is_poisoned() {
        let text = "an earlier `&mut self` method panicked and may have left the object half changed; \
            Shared::clear_poison makes it usable again";
        return Err(Error::new(ErrorKind::Poisoned, text));
    }
    call.holds(access);
    caller.context.held.push(HeldLock {
        server: server_id(),
        object: hosted.id(),
        exclusive: access == Access::Exclusive,
    });
    let outcome = context::within(caller.context, || {
        catch(program::label(), || match method.run {
            Run::Shared(run) => run(guard.shared(), arguments),
            Run::Exclusive(run) => match guard.exclusive() {
                Some(object) => run(object, arguments),
                None => Err(Error::new(
                    ErrorKind::Unknown,
                    "the type has no methods that take `&mut self`",
                )),
            },
        })
    });
    outcome.unwrap_or_else(|panic| {
        // Before the guard goes: the next caller must not see the object whole.
        hosted.set_poisoned(hosted.is_poisoned() || access == Access::Exclusive);
        Err(panicked(panic))
    })
}

/// Refuses a call that would wait for a lock its own ancestors hold; `true` if they read what it wants to read.
fn check_chain(context: &Context, hosted: &Hosted, access: Access) -> Result<bool, Error> {
    if context.held.len() >= MAX_CHAIN {
        let text = format!("the chain of calls behind this one is {MAX_CHAIN} deep");
        return Err(Error::new(ErrorKind::Overloaded, text));
    }
    let server = server_id();
    let mut reading = false;
    for held in context
        .held
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

fn locked(hosted: &Hosted, refused: Refused) -> Error {
    match refused {
        Refused::Cancelled => Error::new(
            ErrorKind::Cancelled,
            "the caller went away while the call waited for the object",
        ),
        Refused::TimedOut => {
            let holders = CALLS.holders(hosted.id()).join(", ");
            Error::new(
                ErrorKind::Timeout,
                format!("the object was in use until the deadline, by {holders}"),
            )
        }
    }
}

fn panicked(panic: RemotePanic) -> Error {
    Error::new(ErrorKind::Panicked, panic.to_string())
        .ran(Executed::Yes)
        .with_panic(panic)
}
