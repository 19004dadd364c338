//! A call that was started in a pipeline, and how it gets there.

use std::any::Any;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::answer::Answer;
use super::direct::claimed;
use super::pipeline::Pipeline;
use super::target::Target;
use crate::client::{Calling, Session, refuse_in_fork};
use crate::codec::spare;
use crate::context;
use crate::error::{Error, Executed};
use crate::handle::{Parcel, Place};
use crate::message::ShortCall;
use crate::order::{self, Before, ObjectKey};
use crate::os::{Deadline, forked};

/// One call of a pipeline.
pub(super) struct InPipe {
    pipeline: Arc<Pipeline>,
    place: u64,
}

impl InPipe {
    /// Sends a call behind those that this scope has started on the object, if all of them went the same way and it can be sent at once.
    /// Otherwise its arguments are given back. Those with a deadline go over the lane: how long a call waits for its turn is known there.
    #[inline]
    pub(super) fn start(target: &Target, method: u32, arguments: Parcel) -> Result<Self, Parcel> {
        let lease = target.lease();
        let Place::At { session, object } = lease.place() else {
            return Err(arguments);
        };
        let held = context::held();
        let deadline = target.deadline_of(method).earlier(context::deadline());
        let fits = session.has_pipes() && session.is_same_build() && deadline == Deadline::NEVER;
        if !fits || forked() || context::is_among(&held, lease.key()) {
            return Err(arguments);
        }
        let Some((pipeline, is_new)) = pipeline_to(session, lease.key()) else {
            return Err(arguments);
        };
        let Ok(handles) = claimed(&arguments.leases, arguments.nonce) else {
            return Err(arguments);
        };
        let Parcel {
            body,
            nonce,
            mut leases,
        } = arguments;
        let calling = Calling {
            called: ShortCall {
                object: *object,
                interface: target.known().id(),
                method,
            },
            timeout: None,
            held,
        };
        let Some(place) = pipeline.send(session, lease, calling, handles, &body, &mut leases)
        else {
            return Err(Parcel {
                body,
                nonce,
                leases,
            });
        };
        spare::give_back(body);
        if is_new {
            let pipeline: Arc<Pipeline> = Arc::clone(&pipeline);
            order::note(lease.key(), pipeline);
        }
        Ok(Self { pipeline, place })
    }

    pub(super) fn wait(&self) -> Result<Answer, Error> {
        refuse_to_copies()?;
        self.pipeline.wait(self.place)
    }

    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Result<Answer, Error>> {
        if let Err(error) = refuse_to_copies() {
            return Poll::Ready(Err(error));
        }
        self.pipeline.poll(self.place, context)
    }

    pub(super) fn is_over(&self) -> bool {
        forked() || self.pipeline.has_answer(self.place)
    }

    /// Nobody waits for the answer any more. In a forked process that is nothing to the parent's call.
    pub(super) fn give_up(&self) {
        if !forked() {
            self.pipeline.give_up(self.place);
        }
    }
}

/// In a forked process there are only copies of the parent's: a thread that is not there may have been at work on them.
fn refuse_to_copies() -> Result<(), Error> {
    refuse_in_fork().map_err(|error| error.ran(Executed::Maybe))
}

/// The pipeline of this scope for an object, and whether it is new. `None` if a call would have to come after others.
#[inline]
fn pipeline_to(session: &Arc<Session>, key: ObjectKey) -> Option<(Arc<Pipeline>, bool)> {
    let earlier = match order::before(key) {
        Before::Nothing => return Some((Pipeline::to(session), true)),
        Before::One(earlier) => earlier,
        Before::Several => return None,
    };
    let any: &dyn Any = &*earlier;
    let ours = any.downcast_ref::<Pipeline>();
    if ours.is_some_and(|pipeline| pipeline.is_to(session)) {
        let any: Arc<dyn Any + Send + Sync> = earlier;
        return Some((any.downcast().ok()?, false));
    }
    earlier.is_over().then(|| (Pipeline::to(session), true))
}
