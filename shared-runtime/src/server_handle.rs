//! `ServerHandle`: a server as something to make objects on and to ask about.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::{Address, Endpoint};
use crate::auth_key::AuthKey;
use crate::call::{self, Output};
use crate::client::{Session, dial, find, refuse_in_fork};
use crate::context;
use crate::error::Error;
use crate::handle::{self, AnyHandle, Parcel, listen_with, server_id};
use crate::message::Subject;
use crate::object::REGISTRY;
use crate::os::Deadline;
use crate::program;
use crate::server::{self, Inspection};
use crate::shared::{Shareable, Shared};

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
        /// The address that was chosen for the server, where it is known.
        chosen: Option<Address>,
        session: OnceLock<Arc<Session>>,
    },
}

/// A handle as it travels. Whoever has it knows the way, and needs no key.
#[derive(Serialize, Deserialize)]
struct Way {
    endpoint: Endpoint,
    chosen: Option<Address>,
}

impl<T: Shareable + ?Sized> Shared<T> {
    /// The server where the object lives.
    ///
    /// # Errors
    ///
    /// For a handle that could reach nothing: what its calls say.
    pub fn server(this: &Self) -> Result<ServerHandle, Error> {
        match this.lease().place() {
            handle::Place::Here(_) => Ok(ServerHandle::local()),
            handle::Place::At { session, .. } => Ok(ServerHandle(Arc::new(Place::At {
                endpoint: session.endpoint().clone(),
                chosen: None,
                session: OnceLock::from(Arc::clone(session)),
            }))),
            handle::Place::Nowhere { cause, .. } => Err(cause.clone()),
        }
    }
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

    /// The server at an [address](crate::ServerBuilder::address) that was chosen for it, in this process or any other of the user. Both sides
    /// prove that they have the key; neither sends it. The handle can do what every other can: make objects, look names up, be sent to
    /// children, who need no key.
    ///
    /// ```
    /// use shared_runtime::{AuthKey, ServerHandle, ServerProcess, Shared, shared, task};
    ///
    /// struct Lamp;
    ///
    /// #[shared]
    /// impl Lamp {
    ///     pub fn new() -> Self { Self }
    ///     pub fn on(&self) -> bool { true }
    /// }
    ///
    /// // A program that somebody else has started would do the same.
    /// #[task]
    /// fn visitor(address: String, key: Vec<u8>) -> Result<bool, shared_runtime::Error> {
    ///     let server = ServerHandle::connect(&address.parse()?, &AuthKey::new(key)?)?;
    ///     let lamp: Shared<Lamp> = server.lookup("lamp")?.expect("a lamp");
    ///     lamp.on()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     shared_runtime::init();
    ///     let key = b"a key of sixteen bytes or more".to_vec();
    ///     let address = format!("unix:@lamps-{}", std::process::id());
    ///     let server = ServerProcess::builder()
    ///         .address(address.parse()?)
    ///         .auth_key(AuthKey::new(&key)?)
    ///         .start()?;
    ///     server.publish("lamp", &Lamp::new_in(&server)?)?;
    ///     assert!(visitor::spawn(address, key)?.join()?);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `Denied` if the keys differ, or if the address is another user's; `Disconnected` if no server is there; `Timeout` if somebody is there
    /// who does not answer, for 5 s or until the deadline of the method that asks; `Incompatible`; `Io`.
    pub fn connect(address: &Address, key: &AuthKey) -> Result<Self, Error> {
        refuse_in_fork()?;
        let endpoint = find(address, key, context::current().deadline)?;
        let handle = Self::at(endpoint, Some(address.clone()));
        handle.reach()?;
        Ok(handle)
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

    /// Where the server is reached: the [address](crate::ServerBuilder::address) that was chosen for it, where that is known. It is in the
    /// server itself, to the [`ServerProcess`](crate::ServerProcess), to whoever [connected](Self::connect), and to those who got a copy of such
    /// a handle. Else, and where none was chosen, the private one that handles use among themselves: nobody can
    /// [`connect`](Self::connect) to that.
    ///
    /// ```
    /// use shared_runtime::ServerProcess;
    ///
    /// fn main() -> Result<(), shared_runtime::Error> {
    ///     shared_runtime::init();
    ///     let server = ServerProcess::start()?;
    ///     assert!(server.address().to_string().starts_with("unix:@shared-runtime/"));
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn address(&self) -> Address {
        match &*self.0 {
            Place::Here => {
                server::chosen_address().unwrap_or_else(|| server::private_address().clone())
            }
            Place::At {
                endpoint, chosen, ..
            } => chosen.as_ref().unwrap_or(&endpoint.address).clone(),
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

    /// Keeps `handle` under a name at this server, until [`unpublish`](ServerHandle::unpublish), another handle under the same name, or
    /// the end of the server. The object may live anywhere.
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn publish<T: Shareable + ?Sized>(
        &self,
        name: &str,
        handle: &Shared<T>,
    ) -> Result<(), Error> {
        let published = AnyHandle {
            lease: Arc::clone(handle.lease()),
            interface: T::interface().id(),
        };
        let name = name.to_owned();
        match &*self.0 {
            Place::Here => server::publish(name, published),
            Place::At { .. } => {
                let (subject, body) = (Subject::Publish { name }, Parcel::pack(&published)?);
                call::answered_by(self.session()?, subject, body, Deadline::NEVER)
            }
        }
    }

    /// Takes a name away; `false` if there was none. The handles that were looked up stay what they are.
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn unpublish(&self, name: &str) -> Result<bool, Error> {
        let name = name.to_owned();
        match &*self.0 {
            Place::Here => Ok(server::unpublish(&name)),
            Place::At { .. } => call::ask_server(self.session()?, Subject::Unpublish { name }),
        }
    }

    /// The handle that was published under a name, if there is one.
    ///
    /// # Errors
    ///
    /// `Unknown` if what is published is of another type; those of any call.
    pub fn lookup<T: Shareable + ?Sized>(&self, name: &str) -> Result<Option<Shared<T>>, Error> {
        let interface = T::interface().id();
        let found = match &*self.0 {
            Place::Here => server::lookup(name, interface)?,
            Place::At { .. } => {
                let name = name.to_owned();
                let subject = Subject::Lookup { name, interface };
                let found: Option<AnyHandle> = call::ask_server(self.session()?, subject)?;
                found.map(|found| found.lease)
            }
        };
        Ok(found.map(Shared::from_lease))
    }

    /// The server at `endpoint`, with the address that was chosen for it, where that is known. Reached when it is first used.
    pub(crate) fn at(endpoint: Endpoint, chosen: Option<Address>) -> Self {
        if endpoint.server == server_id() {
            return Self::local();
        }
        Self(Arc::new(Place::At {
            endpoint,
            chosen,
            session: OnceLock::new(),
        }))
    }

    /// Reaches the server now, if it is another process.
    pub(crate) fn reach(&self) -> Result<(), Error> {
        match &*self.0 {
            Place::Here => Ok(()),
            Place::At { .. } => self.session().map(drop),
        }
    }

    pub(crate) fn create<T: Shareable, O: Output>(
        &self,
        constructor: u32,
        arguments: Parcel,
    ) -> O::Returned {
        match &*self.0 {
            Place::Here => call::construct_here::<O>(T::interface(), constructor, &arguments),
            Place::At { .. } => match self.session() {
                Ok(session) => {
                    call::construct::<O>(session, T::interface(), constructor, arguments)
                }
                Err(error) => O::from_error(error),
            },
        }
    }

    fn session(&self) -> Result<&Arc<Session>, Error> {
        let Place::At {
            endpoint, session, ..
        } = &*self.0
        else {
            return Err(Error::new(
                crate::error::ErrorKind::Unknown,
                "this process has no session with itself",
            ));
        };
        if let Some(session) = session.get() {
            return Ok(session);
        }
        let dialled = dial(endpoint, context::current().deadline)?;
        Ok(session.get_or_init(|| dialled))
    }

    fn way(&self) -> Result<Way, Error> {
        let (endpoint, chosen) = match &*self.0 {
            Place::Here => (server::listen()?, server::chosen_address()),
            Place::At {
                endpoint, chosen, ..
            } => (endpoint.clone(), chosen.clone()),
        };
        Ok(Way { endpoint, chosen })
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerHandle").field(&self.name()).finish()
    }
}

impl Serialize for ServerHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.way()
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ServerHandle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Way { endpoint, chosen } = Way::deserialize(deserializer)?;
        Ok(Self::at(endpoint, chosen))
    }
}
