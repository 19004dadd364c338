//! What a started process does: takes over its streams and its name, then runs its task or serves, and ends.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;

use super::bootstrap::Inherited;
use super::exit;
use super::line::{Line, Message, Outgoing};
use super::pool::work;
use super::run::{self, encodes_error, reply, run_by_name};
use crate::client::wait_until_held;
use crate::error::{Error, ErrorKind};
use crate::handle::arrivals;
use crate::interface::{Arguments, Encoded, Returned, task};
use crate::memory::remove_names;
use crate::message::{ErrorOnWire, FromChild, Handles, ServerSettings, ToChild};
use crate::os::{Deadline, wait};
use crate::program;
use crate::server;
use crate::transport::Broken;

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
        stdout,
        stderr,
        logs,
        control,
    } = inherited;
    take_streams(stdout, stderr);
    program::set_name(&name);
    crate::logs::inherit(logs);
    let owner = Arc::new(owner);
    let control = Control(Line::over(control, Arc::clone(&owner) as _));
    let code = serve_owner(control, (!detached).then_some(owner)).unwrap_or_else(|error| {
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

/// Does what the owner says, and ends with it unless there is none to end with.
fn serve_owner(mut control: Control, owner: Option<Arc<OwnedFd>>) -> Result<i32, Error> {
    let (order, body) = control.order()?;
    match order {
        ToChild::Task { task, handles } => {
            owner.map_or(Ok(()), |owner| end_after(owner, Duration::ZERO))?;
            run_task(&mut control, &task, &handles, body.body())
        }
        ToChild::Work { initializer } => {
            owner.map_or(Ok(()), |owner| end_after(owner, Duration::ZERO))?;
            run_jobs(&mut control, on(initializer.as_ref(), body.body()))
        }
        ToChild::Serve {
            settings,
            initializer,
        } => {
            let initializer = on(initializer.as_ref(), body.body());
            serve(&mut control, &settings, initializer, owner)
        }
        ToChild::Taken | ToChild::Shutdown => Ok(SUCCESS),
    }
}

/// Ends this process when its owner has been gone for `patience`, whatever it is doing: nobody else would do it by force.
fn end_after(owner: Arc<OwnedFd>, patience: Duration) -> Result<(), Error> {
    let watch = move || {
        if wait(&[(owner.as_fd(), PollFlags::IN)], Deadline::NEVER).is_ok() {
            // Who is given no time for an end of its own must not leave a file behind, nor memory.
            server::close_door();
            std::thread::sleep(patience);
            remove_names();
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
        Err(error) => return Ok(finish(control, Err(error))),
    };
    let leases = arrivals(&handles.claims, None, Deadline::NEVER);
    control.say(&FromChild::Started, &[])?;
    let mut arguments = Arguments::new(body, handles.nonce, leases);
    Ok(finish(control, run::run(task, &mut arguments)))
}

/// Works for a pool, until it is told to stop.
fn run_jobs(control: &mut Control, initializer: Option<Initializer<'_>>) -> Result<i32, Error> {
    if let Some(failed) = initializer.and_then(failure) {
        return Ok(finish(control, failed));
    }
    control.say(&FromChild::Started, &[])?;
    work(&mut control.0, run_by_name)?;
    Ok(SUCCESS)
}

/// Hands the result over, and waits until its handles, if it has any, have been taken.
fn finish(control: &mut Control, returned: Returned) -> i32 {
    let (reply, parcel) = reply(returned);
    let code = match &reply.outcome {
        Ok(()) if encodes_error(&parcel.body) => FAILURE,
        Ok(()) => SUCCESS,
        Err(ErrorOnWire(error)) if error.kind() == ErrorKind::Panicked => PANIC,
        Err(_) => FAILURE,
    };
    let has_handles = !reply.handles.claims.is_empty();
    let said = control.say(&FromChild::Finished(reply), &parcel.body);
    if said.is_ok() && has_handles {
        // An owner that is gone, or has given the task up, takes nothing.
        let _ = control.order();
    }
    wait_until_held(Deadline::NEVER);
    code
}

/// A task to be run before anything else, on which arguments.
type Initializer<'a> = (&'a str, &'a Handles, &'a [u8]);

/// An initializer as it was said, on the arguments in `body`.
fn on<'a>(said: Option<&'a (String, Handles)>, body: &'a [u8]) -> Option<Initializer<'a>> {
    said.map(|(task, handles)| (&**task, handles, body))
}

/// Serves until the owner says to stop, or ends.
fn serve(
    control: &mut Control,
    settings: &ServerSettings,
    initializer: Option<Initializer<'_>>,
    owner: Option<Arc<OwnedFd>>,
) -> Result<i32, Error> {
    ignore_sigint();
    // Whatever tasks its objects start end with it.
    exit::wait_for_nobody();
    crate::logs::drop_when_full();
    let is_detached = owner.is_none();
    if let Some(owner) = owner {
        end_after(owner, settings.shutdown_timeout)?;
    }
    server::configure(settings);
    crate::handle::listen_with(server::listen);
    if let Some(failed) = initializer.and_then(failure) {
        return Ok(finish(control, failed));
    }
    let endpoint = server::listen()?;
    let door = settings.door.as_ref();
    match door
        .map(|door| server::open_door(door, &endpoint))
        .transpose()
    {
        Ok(file) => control.say(&FromChild::Serving(endpoint, file.flatten()), &[])?,
        Err(error) => {
            control.say(&FromChild::NotServing(ErrorOnWire(error)), &[])?;
            return Ok(FAILURE);
        }
    }
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
    let mut arguments = Arguments::new(body, handles.nonce, leases);
    let returned = run_by_name(name, &mut arguments);
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
struct Control(Line);

impl Control {
    fn order(&mut self) -> Result<(ToChild, Message), Error> {
        let message = self.0.receive(Deadline::NEVER);
        message.map_err(|broken| lost(&broken))?.open()
    }

    fn say(&mut self, head: &FromChild, body: &[u8]) -> Result<(), Error> {
        let sent = Outgoing::new(head, body)?.send(&self.0, Deadline::NEVER);
        sent.map_err(|broken| lost(&broken))
    }
}

fn lost(broken: &Broken) -> Error {
    Error::new(
        ErrorKind::Disconnected,
        format!("the owner of this process is gone ({broken:?})"),
    )
}
