#![doc = include_str!("../README.md")]

#[cfg(not(target_os = "linux"))]
compile_error!("shared-runtime runs on Linux: nobody has tried it elsewhere yet");

// From the bottom up: no group uses anything of a later one. `ARCHITECTURE.md` has the map, and a test holds it.

// What can go wrong.
mod error;
mod error_type;
mod exit;
mod panic;
mod shown;

// The machine.
mod os;
mod program;

// What users say about it.
mod report;

mod call_error;

// Bytes that other processes see too.
mod mapped;

// Values as bytes, and what carries them.
mod address;
mod auth_key;
mod carriage;
mod codec;
mod proof;
mod transport;

// What types look like from outside.
mod shape;

// What two processes say to each other.
mod message;

mod outbox;

mod order;

// This process as a client of others.
mod client;

// The objects of this process, and handles to objects anywhere.
mod object;

mod handle;

// From a handle to a method, here or there.
mod context;
mod interface;

mod functions;

mod dispatch;

#[cfg(feature = "async")]
mod executor;

pub mod call;

// This process as a server.
mod server;

// What users hold.
mod shared;

mod snapshot;
mod traits;

mod ticket;
mod weak;

#[cfg(feature = "json")]
mod json;

mod server_handle;

// What processes share without calls.
pub mod memory;

// Threads, and processes that this program starts.
pub mod thread;

// What processes log.
pub mod logs;

pub mod process;

// A process that owns memory.
mod manager;

mod register;
mod test_support;

pub use address::Address;
pub use auth_key::AuthKey;
pub use call_error::CallError;
pub use carriage::{Transport, Waiting};
pub use error::{Error, ErrorKind, Executed};
pub use exit::ExitStatus;
#[cfg(feature = "json")]
pub use json::Json;
pub use panic::RemotePanic;
#[doc(inline)]
pub use process::{
    Job, Joining, Never, Pool, PoolBuilder, Process, ProcessBuilder, ServerBuilder, ServerProcess,
    Stdio, TaskCall, init,
};
pub use report::{Context, Report};
pub use server::{CallInfo, Inspection, ObjectInfo, SessionInfo};
pub use server_handle::ServerHandle;
pub use shared::{ObjectId, Shareable, Shared};
pub use shared_derive::{main, shared, task};
pub use ticket::Ticket;

pub use weak::WeakShared;

/// What generated code names. Not for people: it changes without notice.
#[doc(hidden)]
pub mod __private;
