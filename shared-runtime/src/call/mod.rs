//! Calls: the one that runs ([`current`]), and those that are not made at once ([`Call`]).

mod output;
mod target;

mod takes;

mod arrive;

mod agree;
mod answer;

mod deliver;
mod direct;
mod one_way;

mod slot;

mod started;
mod under_way;

mod pipeline;

mod in_pipe;

mod current;
mod pending;
mod value;

pub use current::{Current, SessionId, current};
pub use pending::{Awaiting, Pending};
pub use value::Call;

pub(crate) use deliver::{
    answered_by, ask_server, clear_poison, construct, construct_here, implements, ping,
};
#[doc(hidden)]
pub use direct::{call, call_of_trait};
#[doc(hidden)]
pub use output::Output;
#[doc(hidden)]
pub use target::Target;
#[doc(hidden)]
pub use value::{prepare, prepare_of_trait};
