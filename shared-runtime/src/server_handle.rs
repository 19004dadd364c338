//! `ServerHandle`: a server as something to make objects on and to ask about.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::Endpoint;
use crate::call::{self, Output};
use crate::client::{Session, dial};
use crate::error::Error;
use crate::handle::{Parcel, listen_with, server_id};
use crate::message::Subject;
use crate::object::REGISTRY;
use crate::program;
use crate::server::{self, Inspection};
use crate::shared::Shareable;

/// A server, to create objects on and to look into. Clones and copies sent to other processes mean the same server.
///
/// A handle does not keep its server alive: the [`ServerProcess`](crate::ServerProcess) does.
#[derive(Clone)]
pub struct ServerHandle(Arc<Place>);

enum Place {
    /// This process's own server.
    Here,
    At {
        endpoint: Endpoint,
        session: OnceLock<Arc<Session>>,
    },
}

impl ServerHandle {
    /// This process's own server: objects made on it live here.
    ///
    /// ```
    /// use shared_runtime::ServerHandle;
    ///
    /// assert_eq!(ServerHandle::local().pid(), std::process::id());
    /// ```
    #[must_use]
    pub fn local() -> Self {
        listen_with(server::listen);
        Self(Arc::new(Place::Here))
    }

    /// The server's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &*self.0 {
            Place::Here => program::name(),
            Place::At { endpoint, .. } => &endpoint.name,
        }
    }

    /// The server's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        match &*self.0 {
            Place::Here => std::process::id(),
            Place::At { endpoint, .. } => endpoint.pid,
        }
    }

    /// What the server is doing: its clients, objects and calls.
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn inspect(&self) -> Result<Inspection, Error> {
        match &*self.0 {
            Place::Here => Ok(server::inspect()),
            Place::At { .. } => call::ask_server(self.session()?, Subject::Inspect),
        }
    }

    /// How many objects the server hosts.
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn object_count(&self) -> Result<usize, Error> {
        match &*self.0 {
            Place::Here => Ok(REGISTRY.len()),
            Place::At { .. } => call::ask_server(self.session()?, Subject::ObjectCount),
        }
    }

    /// The server at `endpoint`; reached when it is first used.
    pub(crate) fn at(endpoint: Endpoint) -> Self {
        if endpoint.server == server_id() {
            return Self::local();
        }
        Self(Arc::new(Place::At {
            endpoint,
            session: OnceLock::new(),
        }))
    }

    /// Reaches the server now, if it is another process.
    pub(crate) fn connect(&self) -> Result<(), Error> {
        match &*self.0 {
            Place::Here => Ok(()),
            Place::At { .. } => self.session().map(drop),
        }
    }

    pub(crate) fn create<T: Shareable, O: Output>(&self, constructor: u32, arguments: Parcel) -> O {
        match &*self.0 {
            Place::Here => call::construct_here(T::interface(), constructor, &arguments),
            Place::At { .. } => match self.session() {
                Ok(session) => call::construct(session, T::interface(), constructor, arguments),
                Err(error) => O::from_error(error),
            },
        }
    }

    fn session(&self) -> Result<&Arc<Session>, Error> {
        let Place::At { endpoint, session } = &*self.0 else {
            return Err(Error::new(
                crate::error::ErrorKind::Unknown,
                "this process has no session with itself",
            ));
        };
        if let Some(session) = session.get() {
            return Ok(session);
        }
        let dialled = dial(endpoint)?;
        Ok(session.get_or_init(|| dialled))
    }

    fn endpoint(&self) -> Result<Endpoint, Error> {
        match &*self.0 {
            Place::Here => server::listen(),
            Place::At { endpoint, .. } => Ok(endpoint.clone()),
        }
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerHandle").field(&self.name()).finish()
    }
}

impl Serialize for ServerHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.endpoint()
            .map_err(crate::codec::refuse_to_encode)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ServerHandle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Endpoint::deserialize(deserializer).map(Self::at)
    }
}
