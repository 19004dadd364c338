//! A call as one that later ones come after.

use std::any::Any;

use crate::address::ServerId;
use crate::message::After;
use crate::os::Deadline;

/// A server and one of its objects.
pub(crate) type ObjectKey = (ServerId, u64);

/// The deadline passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimedOut;

/// A call that later ones of its scope must come after.
pub(crate) trait Earlier: Any + Send + Sync {
    /// Waits until it is on its way: what is sent after it arrives after it.
    fn wait_until_sent(&self, deadline: Deadline) -> Result<(), TimedOut>;

    /// Waits until it has run, or has been given up at its own deadline.
    fn wait_until_over(&self, deadline: Deadline) -> Result<(), TimedOut>;

    fn is_over(&self) -> bool;

    /// What a call of the lane says that comes after it: nothing if it went over the lane itself.
    fn after(&self) -> Option<After> {
        None
    }

    /// Whether all that came before it are over when it is.
    fn is_last_to_end(&self) -> bool;
}
