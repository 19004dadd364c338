//! A task as it runs in this process, and its result as it travels.

use crate::error::{Error, ErrorKind, Executed};
use crate::handle::{Parcel, Place, claim};
use crate::interface::{Arguments, Encoded, Returned, Task, task};
use crate::message::{ErrorOnWire, Handles, Reply};
use crate::panic::catch;
use crate::program;

/// Runs a task by its name.
pub(super) fn run_by_name(name: &str, arguments: &mut Arguments<'_>) -> Returned {
    run(task(name)?, arguments)
}

/// Runs a task; its panic is an error.
pub(super) fn run(task: &Task, arguments: &mut Arguments<'_>) -> Returned {
    catch(program::label(), || (task.run)(arguments))
        .unwrap_or_else(|panic| Err(arguments.panicked(panic)))
        .map_err(|error| error.in_task(task.name))
}

/// A result as it travels, beside what it consists of.
pub(super) fn reply(returned: Returned) -> (Reply, Box<Parcel>) {
    let offered = returned.and_then(refuse_own_objects).and_then(|parcel| {
        let claims = parcel.leases.iter().map(claim);
        Ok((claims.collect::<Result<_, _>>()?, parcel))
    });
    let (outcome, claims, parcel) = match offered {
        Ok((claims, parcel)) => (Ok(()), claims, parcel),
        Err(error) => (Err(ErrorOnWire(error)), Vec::new(), Box::default()),
    };
    let handles = Handles {
        nonce: parcel.nonce,
        claims,
    };
    (Reply { outcome, handles }, parcel)
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

/// Every task answers with a `Result`, whose encoding begins with which of the two it is.
pub(super) fn encodes_error(body: &[u8]) -> bool {
    body.first() == Some(&1)
}
