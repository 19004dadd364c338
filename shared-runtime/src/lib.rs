//! Share live objects between processes.
#![cfg_attr(not(target_os = "linux"), allow(unused))]

#[cfg(not(target_os = "linux"))]
compile_error!("shared-runtime runs on Linux: nobody has tried it elsewhere yet");

// From the bottom up: nothing below a line uses anything above it.
mod address;
mod call;
mod client;
mod codec;
mod context;
mod dispatch;
mod error;
mod exit;
mod handle;
mod interface;
mod message;
mod object;
mod os;
mod panic;
mod process;
mod program;
mod report;
mod server;
mod server_handle;
mod shared;
mod test_support;
mod transport;

pub use error::{CallError, Error, ErrorKind, Executed};
pub use exit::ExitStatus;
pub use panic::RemotePanic;
pub use process::{Never, Process, ProcessBuilder, ServerBuilder, ServerProcess, TaskCall, init};
pub use report::Report;
pub use server::{CallInfo, Inspection, ObjectInfo, SessionInfo};
pub use server_handle::ServerHandle;
pub use shared::{Shareable, Shared};
pub use shared_derive::{main, shared, task};

/// What generated code names. Not for people: it changes without notice.
#[doc(hidden)]
pub mod __private;
