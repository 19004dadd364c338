//! What a macro-generated type tells the runtime: its methods as both sides know them, the functions behind them, and where all of it is
//! found at link time.

mod table;

mod implementation;
mod registry;

mod lookup;

mod travel;

pub use implementation::{Implementation, Run, object, object_mut};
pub(crate) use lookup::find;
pub use registry::{IMPLEMENTATIONS, TASKS, TRAITS};
pub(crate) use registry::{check_names, implementation_of, interface, name_of, needs_lock, task};
pub use table::{
    Arguments, Constructor, Encoded, Interface, Method, Returned, Task, encode, encode_answer,
};
pub use travel::{
    ArgumentType, Decoded, DecodedSlice, RefArg, Replied, ReplyType, ResultType, TraitErrorType,
};
pub(crate) use travel::{Reply, TraitError};
