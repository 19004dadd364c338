//! What can be cut off.

use std::fmt;

/// What can be cut off: whoever waits there stops waiting.
pub(crate) trait Cut: fmt::Debug + Send + Sync {
    /// Ends the wait of everybody, now and later. Must not block.
    fn cut(&self);
}
