//! A task that runs in a server before it serves, or in a worker of a pool before its jobs: as the builder keeps it, and what its failure
//! comes to.

use std::any::Any;
use std::fmt;

use super::spawn::Spawned;
use super::task::{TaskCall, TaskFn};
use crate::error::{Error, ErrorKind, Executed};
use crate::error_type::as_error;
use crate::handle::{Parcel, arrivals, claim, unpack};
use crate::message::{ErrorOnWire, FromChild, Handles, Reply};
use crate::os::Deadline;
use crate::report::Report;

#[derive(Clone, Debug)]
pub(super) struct Initializer {
    task: &'static str,
    arguments: Result<Parcel, Error>,
    /// The text of the error in a result of the task.
    text: fn(Parcel) -> Result<String, Error>,
}

/// As an order says it, with the arguments.
pub(super) type Said<'a> = (Option<(String, Handles)>, &'a [u8]);

/// What is said of an initializer, if there is one.
pub(super) fn order(initializer: Option<&Initializer>) -> Result<Said<'_>, Error> {
    initializer.map_or(Ok((None, &[])), Initializer::order)
}

/// The first word of a process that runs an initializer first, if there is one: something else than that this has failed.
pub(super) fn first_answer(
    spawned: &mut Spawned,
    initializer: Option<&Initializer>,
) -> Result<FromChild, Error> {
    let executed = initializer.map_or(Executed::No, |_| Executed::Maybe);
    match (spawned.first_answer(executed)?, initializer) {
        ((FromChild::Finished(reply), body), Some(initializer)) => {
            Err(initializer.failure(spawned, reply, body.body()))
        }
        ((word, _), _) => Ok(word),
    }
}

impl Initializer {
    pub(super) fn new<F>(call: TaskCall<F>) -> Self
    where
        F: TaskFn<Error: fmt::Debug + 'static>,
    {
        Self {
            task: F::TASK.name,
            arguments: call.arguments,
            text: text::<F>,
        }
    }

    fn order(&self) -> Result<Said<'_>, Error> {
        let arguments = self.arguments.as_ref();
        let arguments = arguments.map_err(|error| error.clone().in_task(self.task))?;
        let claims = arguments.leases.iter().map(claim);
        let handles = Handles {
            nonce: arguments.nonce,
            claims: claims.collect::<Result<_, _>>()?,
        };
        Ok((Some((self.task.to_owned(), handles)), &arguments.body))
    }

    /// Why there will be no server or worker: what `reply` and its body say. The process ends.
    fn failure(&self, spawned: &Spawned, reply: Reply, body: &[u8]) -> Error {
        let label = spawned.label();
        if let Err(ErrorOnWire(error)) = reply.outcome {
            return error.in_task(self.task).in_process(label);
        }
        let result = Parcel {
            body: body.to_vec(),
            nonce: reply.handles.nonce,
            leases: arrivals(&reply.handles.claims, None, Deadline::NEVER),
        };
        let text = (self.text)(result).unwrap_or_else(|error| error.to_string());
        Error::new(ErrorKind::Exited, format!("the initializer failed: {text}"))
            .ran(Executed::Yes)
            .in_task(self.task)
            .in_process(label)
    }
}

fn text<F>(result: Parcel) -> Result<String, Error>
where
    F: TaskFn<Error: fmt::Debug + 'static>,
{
    let Parcel {
        body,
        nonce,
        leases,
    } = result;
    let result: Result<F::Output, F::Error> = unpack(&body, nonce, leases)?;
    Ok(result.map_or_else(|error| shown(&error), |_| "without an error".to_owned()))
}

/// An error as people are to read it, as far as its type can be told.
fn shown<E: fmt::Debug + 'static>(error: &E) -> String {
    let any: &dyn Any = error;
    if let Some(report) = any.downcast_ref::<Report>() {
        return format!("{report:#}");
    }
    if let Some(text) = any.downcast_ref::<String>() {
        return text.clone();
    }
    as_error(any).map_or_else(|| format!("{error:?}"), ToString::to_string)
}
