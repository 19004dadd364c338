//! What a started process does: takes over its streams and its name, then runs its task or serves, and ends.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;

use super::bootstrap::Inherited;
use super::exit;
use crate::client::wait_until_held;
use crate::codec;
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::{Lease, Parcel, Place, arrivals, claim};
use crate::interface::{Arguments, Encoded, Returned, Task, task};
use crate::message::{ErrorOnWire, FromChild, Handles, Reply, ServerSettings, ToChild};
use crate::os::{Deadline, Peer, wait};
use crate::panic::catch;
use crate::program;
use crate::server;
use crate::transport::{Broken, ChannelConnection, Connection};

/// How a task's process ends where the owner learns the rest from its result.
const SUCCESS: i32 = 0;
const FAILURE: i32 = 1;
const PANIC: i32 = 101;

/// Runs what the owner asks for. Never returns.
pub(super) fn run(inherited: Inherited) -> ! {
    let Inherited {
        name,
        detached,
        owner,
        owner_pid,
        stdout,
        stderr,
        control,
    } = inherited;
    take_streams(stdout, stderr);
    program::set_name(&name);
    // None: whose owner may end.
    let owner = (!detached).then_some(owner);
    let code = serve_owner(control, owner_pid, owner).unwrap_or_else(|error| {
        // The owner learns how this process ended; why, it can only read here. If it is gone itself there is nothing to say.
        if error.kind() != ErrorKind::Disconnected {
            let _ = writeln!(std::io::stderr(), "{name}: {error}");
        }
        FAILURE
    });
    std::process::exit(code)
}

/// Puts the standard output and error that the owner gave in the place of those this process started with.
fn take_streams(stdout: OwnedFd, stderr: OwnedFd) {
    // If one cannot be had the child goes on without.
    let _ = rustix::stdio::dup2_stdout(stdout);
    let _ = rustix::stdio::dup2_stderr(stderr);
}

fn serve_owner(
    control: crate::os::Socket,
    owner_pid: u32,
    owner: Option<OwnedFd>,
) -> Result<i32, Error> {
    let peer = Peer::watch(owner_pid).map_err(|error| match error.raw_os_error() {
        Some(libc::ESRCH) => Error::new(ErrorKind::Disconnected, "the owner is gone"),
        _ => Error::io("watching the owner", error),
    })?;
    let control = ChannelConnection::over(control, Arc::new(peer))
        .map_err(|error| Error::io("making a control channel", error))?;
    let mut control = Control(control);
    let (order, body) = control.order()?;
    match order {
        ToChild::Task { task, handles } => {
            owner.map_or(Ok(()), |owner| end_after(owner, Duration::ZERO))?;
            run_task(&mut control, &task, &handles, &body)
        }
        ToChild::Serve {
            settings,
            initializer,
        } => {
            let initializer = initializer.as_ref();
            let prepared = initializer.map(|(task, handles)| (&**task, handles, &*body));
            serve(&mut control, &settings, prepared, owner)
        }
        ToChild::Taken | ToChild::Shutdown => Ok(SUCCESS),
    }
}

/// Ends this process when its owner has been gone for `patience`, whatever it is doing: nobody else would do it by force.
fn end_after(owner: OwnedFd, patience: Duration) -> Result<(), Error> {
    let watch = move || {
        if wait(&[(owner.as_fd(), PollFlags::IN)], Deadline::NEVER).is_ok() {
            std::thread::sleep(patience);
            kill_itself();
        }
    };
    let started = std::thread::Builder::new()
        .name("shared-owner".into())
        .spawn(watch);
    started
        .map(drop)
        .map_err(|error| Error::io("starting the thread that watches the owner", error))
}

/// Not `exit`: other threads are running, and handlers could wait for them. Whatever this process held goes with it.
fn kill_itself() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}

fn run_task(
    control: &mut Control,
    name: &str,
    handles: &Handles,
    body: &[u8],
) -> Result<i32, Error> {
    let task = match task(name) {
        Ok(task) => task,
        // In the place of a beginning.
        Err(error) => return finish(control, Err(error)),
    };
    let leases = arrivals(&handles.claims, None, Deadline::NEVER);
    control.say(&FromChild::Started, &[])?;
    let returned = returned(task, handles, body, leases);
    finish(control, returned)
}

/// Runs a task on the arguments in `body`.
fn returned(task: &Task, handles: &Handles, body: &[u8], leases: Vec<Arc<Lease>>) -> Returned {
    let mut arguments = Arguments::new(body, handles.nonce, leases);
    catch(program::label(), || (task.run)(&mut arguments))
        .unwrap_or_else(|panic| Err(arguments.panicked(panic)))
        .map_err(|error| error.in_task(task.name))
}

/// Hands the result over, and waits until its handles, if it has any, have been taken.
fn finish(control: &mut Control, returned: Returned) -> Result<i32, Error> {
    let (outcome, parcel) = match returned.and_then(refuse_own_objects) {
        Ok(parcel) => (Ok(()), parcel),
        Err(error) => (Err(error), Box::default()),
    };
    let claims = parcel
        .leases
        .iter()
        .map(claim)
        .collect::<Result<Vec<_>, _>>()?;
    let code = match &outcome {
        Ok(()) if encodes_error(&parcel.body) => FAILURE,
        Ok(()) => SUCCESS,
        Err(error) if error.kind() == ErrorKind::Panicked => PANIC,
        Err(_) => FAILURE,
    };
    let has_handles = !claims.is_empty();
    let reply = Reply {
        outcome: outcome.map_err(ErrorOnWire),
        handles: Handles {
            nonce: parcel.nonce,
            claims,
        },
    };
    let said = control.say(&FromChild::Finished(reply), &parcel.body);
    if said.is_ok() && has_handles {
        // An owner that is gone, or has given the task up, takes nothing.
        let _ = control.order();
    }
    wait_until_held(Deadline::NEVER);
    Ok(code)
}

/// Every task answers with a `Result`, whose encoding begins with which of the two it is.
fn encodes_error(body: &[u8]) -> bool {
    body.first() == Some(&1)
}

/// An object of this process would be gone before its handle arrived.
fn refuse_own_objects(Encoded(parcel): Encoded) -> Result<Box<Parcel>, Error> {
    if parcel
        .leases
        .iter()
        .any(|lease| matches!(lease.place(), Place::Here(_)))
    {
        let text = "the result of a task names an object that lives in the task's process, which ends with it: make the object on \
            a server (`…_in`)";
        return Err(Error::new(ErrorKind::Encode, text).ran(Executed::Yes));
    }
    Ok(parcel)
}

/// A task to be run before serving, on which arguments.
type Initializer<'a> = (&'a str, &'a Handles, &'a [u8]);

/// Serves until the owner says to stop, or ends.
fn serve(
    control: &mut Control,
    settings: &ServerSettings,
    initializer: Option<Initializer<'_>>,
    owner: Option<OwnedFd>,
) -> Result<i32, Error> {
    ignore_sigint();
    // Whatever tasks its objects start end with it.
    exit::wait_for_nobody();
    let is_detached = owner.is_none();
    if let Some(owner) = owner {
        end_after(owner, settings.shutdown_timeout)?;
    }
    server::configure(settings);
    crate::handle::listen_with(server::listen);
    if let Some(failed) = initializer.and_then(failure) {
        return finish(control, failed);
    }
    let endpoint = server::listen()?;
    control.say(&FromChild::Serving(endpoint), &[])?;
    // An order, or the end of the owner: the same to a server, unless it is detached.
    while control.order().is_err() && is_detached {
        std::thread::park();
    }
    // Half of the time is for calls and drops, so that the owner sees an end, not a process that must be killed.
    server::stop(Deadline::after(Some(settings.shutdown_timeout / 2)));
    Ok(SUCCESS)
}

/// Runs an initializer; what it returned, if that is a failure.
fn failure((name, handles, body): Initializer<'_>) -> Option<Returned> {
    let leases = arrivals(&handles.claims, None, Deadline::NEVER);
    let returned = task(name).and_then(|task| returned(task, handles, body, leases));
    let succeeded = |Encoded(parcel): &Encoded| !encodes_error(&parcel.body);
    (!returned.as_ref().is_ok_and(succeeded)).then_some(returned)
}

/// Ctrl-C reaches the whole process group; a server ends when its owner says so. A handler, not `SIG_IGN`, which programs that
/// the server starts would inherit.
fn ignore_sigint() {
    extern "C" fn nothing(_signal: libc::c_int) {}
    let handler: extern "C" fn(libc::c_int) = nothing;
    // SAFETY: `signal` restarts interrupted calls with glibc and musl, and the handler does nothing.
    unsafe { libc::signal(libc::SIGINT, handler as *const () as libc::sighandler_t) };
}

/// The channel to the owner.
struct Control(ChannelConnection);

impl Control {
    fn order(&mut self) -> Result<(ToChild, Vec<u8>), Error> {
        let mut frame = Vec::new();
        self.0
            .receive(&mut frame, usize::MAX, Deadline::NEVER)
            .map_err(|broken| lost(&broken))?;
        let (head, body) = codec::decode_head(&frame)?;
        Ok((head, body.to_vec()))
    }

    fn say(&mut self, head: &FromChild, body: &[u8]) -> Result<(), Error> {
        self.0
            .send(&codec::encode(head)?, body, Deadline::NEVER)
            .map_err(|broken| lost(&broken))
    }
}

fn lost(broken: &Broken) -> Error {
    Error::new(
        ErrorKind::Disconnected,
        format!("the owner of this process is gone ({broken:?})"),
    )
}
