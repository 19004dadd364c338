//! What a proxy calls: an object seen through an interface, with the time its calls may take.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::functions::{self, Known};
use crate::handle::Lease;
use crate::interface::Interface;
use crate::os::Deadline;

/// An object seen through an interface, with the time its calls may take.
#[derive(Clone, Debug)]
pub struct Target {
    lease: Arc<Lease>,
    known: &'static Known,
    timeout: Option<Duration>,
}

impl Target {
    pub(crate) fn new(lease: Arc<Lease>, interface: &'static Interface) -> Self {
        Self {
            lease,
            known: functions::known(interface),
            timeout: None,
        }
    }

    pub(crate) fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self.clone()
        }
    }

    pub(crate) fn lease(&self) -> &Arc<Lease> {
        &self.lease
    }

    pub(crate) fn interface(&self) -> &'static Interface {
        self.known.interface()
    }

    /// The interface with what is known of its functions.
    pub(super) fn known(&self) -> &'static Known {
        self.known
    }

    /// When a call that begins now must have ended, as far as this handle says.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.timeout)
    }

    /// The same for a call of this method, which may have a time of its own where the handle says nothing.
    pub(super) fn deadline_of(&self, method: u32) -> Deadline {
        let own = || self.interface().method(method)?.timeout;
        Deadline::after(self.timeout.or_else(own))
    }

    /// The same object, seen through another of its interfaces.
    pub(crate) fn seen_as(&self, interface: &'static Interface) -> Self {
        Self {
            known: functions::known(interface),
            ..self.clone()
        }
    }

    /// Says which method an error is about.
    pub(super) fn name_in(&self, error: Error, method: u32) -> Error {
        name_in(self.interface(), method, error)
    }
}

/// Says which method an error is about.
pub(super) fn name_in(interface: &Interface, method: u32, error: Error) -> Error {
    let name = interface.method(method);
    error.in_method((interface.name)(), name.map_or("?", |method| method.name))
}
