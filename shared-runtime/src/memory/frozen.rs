//! `FrozenMemory`: a block that nobody can write to any more.

use std::fmt;
use std::ops::Deref;
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use bytemuck::Pod;

use super::carried::Carried;
use crate::error::{Error, ErrorKind};
use crate::mapped::Frozen;

/// A block of memory that nobody can write to any more, in any process: its bytes can be borrowed.
///
/// ```
/// use shared_runtime::memory::SharedMemory;
///
/// let memory = SharedMemory::anonymous(16)?;
/// memory.write_at(8, &7u64.to_ne_bytes())?;
/// let frozen = memory.freeze().map_err(|(_, error)| error)?;
/// assert_eq!(frozen.len(), 16);
/// assert_eq!(frozen.slice::<u64>()?, [0, 7]);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct FrozenMemory(Arc<Block>);

struct Block {
    bytes: Frozen,
    file: Arc<OwnedFd>,
    /// What goes into messages.
    carried: OnceLock<Carried>,
}

impl FrozenMemory {
    /// Of a frozen file, and what it came as.
    pub(super) fn new(bytes: Frozen, file: Arc<OwnedFd>, carried: Option<Carried>) -> Self {
        Self(Arc::new(Block {
            bytes,
            file,
            carried: carried.map_or_else(OnceLock::new, OnceLock::from),
        }))
    }

    /// What stands for it in messages.
    pub(super) fn carried(&self) -> &Carried {
        let new = || Carried::new(Arc::clone(&self.0.file));
        self.0.carried.get_or_init(new)
    }

    /// Its bytes as numbers.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if its size is not that of a whole number of them.
    pub fn slice<T: Pod>(&self) -> Result<&[T], Error> {
        bytemuck::try_cast_slice(self).map_err(|_| {
            let text = format!(
                "a block of {} bytes is no whole number of {}",
                self.len(),
                std::any::type_name::<T>()
            );
            Error::new(ErrorKind::InvalidInput, text)
        })
    }
}

impl Deref for FrozenMemory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.bytes.bytes()
    }
}

impl fmt::Debug for FrozenMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenMemory")
            .field("size", &self.len())
            .finish_non_exhaustive()
    }
}
