//! `SharedMemory`: a block with a name, as CPython makes them too, or without one.

use std::fmt;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::carried::Carried;
use super::frozen::FrozenMemory;
use super::owned::Owned;
use crate::error::{Error, ErrorKind};
use crate::mapped::{self, Found, Mapping, Name, create_unnamed, open_named};

/// A block of memory that several processes share. It is reached as its [`Mapping`] is.
///
/// A block with a name is the same as CPython's `multiprocessing.shared_memory.SharedMemory`: either side can open what the other has made, by
/// its name, and its size is exact. Its name goes when the last clone of the handle that made it is dropped, unless
/// [`keep`](Self::keep) was called, and when [`unlink`](Self::unlink) is; never because of those who opened it. Whoever has it mapped then goes
/// on with it, as with a file.
///
/// A block without a name reaches other processes as an argument or a part of one, and leaves nothing behind, however they end.
///
/// All of its memory is reserved when it is made. Only the user who made it can open it.
///
/// ```
/// use shared_runtime::memory::SharedMemory;
///
/// let memory = SharedMemory::create(10)?;
/// memory.write_at(0, b"howdy")?;
///
/// let same = SharedMemory::open(memory.name().unwrap())?; // in this process or another
/// let mut bytes = [0; 5];
/// same.read_at(0, &mut bytes)?;
/// assert_eq!(&bytes, b"howdy");
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedMemory(Arc<Block>);

struct Block {
    /// The name, if it goes with this block: before the file, as long as no other file can have its number.
    owned: Mutex<Option<Owned>>,
    mapping: Mapping,
    file: Arc<OwnedFd>,
    name: Option<Name>,
    /// What goes into messages if it has none.
    carried: OnceLock<Carried>,
}

impl SharedMemory {
    /// A new block of `size` bytes, all zero, with a name of its own: `psm_` and eight digits.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no bytes; `StorageFull` if `/dev/shm` has not as much room, `NotFound` if there is none, `Denied` if this user may make
    /// nothing there; `Cancelled` while this process ends, and nobody would remove it; `Io`.
    pub fn create(size: usize) -> Result<Self, Error> {
        Name::free(Name::random, |name| Self::create_as(name, size))
    }

    /// A new block of `size` bytes, all zero, under this name; a slash before it does not matter.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`; `InvalidInput` for a name that cannot be one; those of [`create`](Self::create).
    pub fn create_named(name: &str, size: usize) -> Result<Self, Error> {
        Self::create_as(name.parse()?, size)
    }

    /// The block of this name.
    ///
    /// A block that is being made is waited for. One that has not all of its memory yet, as CPython makes them, is given the rest.
    ///
    /// # Errors
    ///
    /// `NotFound`; `InvalidInput` for a name that cannot be one; `InvalidData` if it has no bytes, or is no block; `Denied` if it is another
    /// user's; `StorageFull`; `Io`.
    pub fn open(name: &str) -> Result<Self, Error> {
        let name = name.parse()?;
        let Found { file, size } = open_named(&name)?;
        Self::named(Arc::new(file), size, name, None)
    }

    /// A new block of `size` bytes, all zero, that has no name: it goes into calls, tasks and their results.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no bytes; `StorageFull`; `Io`.
    pub fn anonymous(size: usize) -> Result<Self, Error> {
        Self::unnamed(Arc::new(create_unnamed(size)?), size, None)
    }

    fn create_as(name: Name, size: usize) -> Result<Self, Error> {
        let (file, owned) = Owned::create(name.clone(), size)?;
        Self::named(file, size, name, Some(owned))
    }

    fn named(
        file: Arc<OwnedFd>,
        size: usize,
        name: Name,
        owned: Option<Owned>,
    ) -> Result<Self, Error> {
        Ok(Self(Arc::new(Block {
            mapping: Mapping::of(file.as_fd(), size)?,
            file,
            name: Some(name),
            owned: Mutex::new(owned),
            carried: OnceLock::new(),
        })))
    }

    /// Of a sealed file of this size, and what it came as.
    pub(super) fn unnamed(
        file: Arc<OwnedFd>,
        size: usize,
        carried: Option<Carried>,
    ) -> Result<Self, Error> {
        Ok(Self(Arc::new(Block {
            mapping: Mapping::of(file.as_fd(), size)?,
            file,
            name: None,
            owned: Mutex::default(),
            carried: carried.map_or_else(OnceLock::new, OnceLock::from),
        })))
    }

    /// What stands for a block without a name in messages.
    pub(super) fn carried(&self) -> &Carried {
        let block = &*self.0;
        let new = || Carried::new(Arc::clone(&block.file));
        block.carried.get_or_init(new)
    }

    /// What other processes open it by; `None` for a block without a name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_ref().map(Name::as_str)
    }

    /// Removes the name. Whoever has the block goes on with it.
    ///
    /// # Errors
    ///
    /// `NotFound` if the block has no name, or has it no more: a block that others have made under that name since stays.
    pub fn unlink(&self) -> Result<(), Error> {
        let Some(name) = &self.0.name else {
            let text = "a block without a name has none to remove: it goes with its last handle";
            return Err(Error::new(ErrorKind::NotFound, text));
        };
        match self.0.take_owned() {
            Some(owned) => owned.remove(),
            None => mapped::unlink(name, mapped::has_name(self.0.file.as_fd())),
        }
    }

    /// Leaves the name where it is when the handles of its creator are dropped: whoever needs the block no more must
    /// [`unlink`](Self::unlink) it.
    pub fn keep(&self) {
        if let Some(owned) = self.0.take_owned() {
            owned.keep();
        }
    }

    /// Makes a block without a name one that nobody can write to any more, so that its bytes can be borrowed.
    ///
    /// # Errors
    ///
    /// With the block as it was: `InvalidInput` if it has a name; `Overloaded` if another handle, or another process, has it mapped, or a call is on
    /// its way that has it along.
    ///
    /// # Panics
    ///
    /// If the system does not map the block again that it could not freeze.
    pub fn freeze(self) -> Result<FrozenMemory, (Self, Error)> {
        let block = match Arc::try_unwrap(self.0) {
            Ok(block) => block,
            Err(shared) => return Err((Self(shared), elsewhere())),
        };
        if block.carried.get().is_some_and(Carried::is_on_its_way) {
            let text = "memory can be frozen when no call is on its way that has it along";
            let error = Error::new(ErrorKind::Overloaded, text);
            return Err((Self(Arc::new(block)), error));
        }
        let size = block.mapping.size();
        let Block {
            mapping,
            file,
            name,
            owned,
            carried,
        } = block;
        let again = |mapping, file, error| {
            let block = Block {
                owned,
                mapping,
                file,
                name,
                carried,
            };
            Err((Self(Arc::new(block)), error))
        };
        // Before anything is given up.
        let frozen = match mapped::Frozen::of(file.as_fd(), size) {
            Ok(frozen) => frozen,
            Err(error) => return again(mapping, file, error),
        };
        match mapping.into_sole() {
            Ok(sole) => drop(sole),
            Err(mapping) => return again(mapping, file, elsewhere()),
        }
        let Err(error) = mapped::freeze(file.as_fd()) else {
            return Ok(FrozenMemory::new(frozen, file, None));
        };
        let mapping = Mapping::of(file.as_fd(), size);
        if mapping.is_err() && mapped::is_frozen(file.as_fd()) {
            // Another process has done so while it was mapped nowhere.
            return Ok(FrozenMemory::new(frozen, file, None));
        }
        let mapping = mapping.expect("the memory was mapped until now");
        again(mapping, file, error)
    }
}

impl Block {
    fn take_owned(&self) -> Option<Owned> {
        self.owned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

fn elsewhere() -> Error {
    let text = "memory can be frozen when this is its only handle: a clone of it is held";
    Error::new(ErrorKind::Overloaded, text)
}

impl Deref for SharedMemory {
    type Target = Mapping;

    fn deref(&self) -> &Mapping {
        &self.0.mapping
    }
}

impl AsFd for SharedMemory {
    /// The file behind the block.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.file.as_fd()
    }
}

impl fmt::Debug for SharedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedMemory")
            .field("name", &self.name())
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{SealFlags, fcntl_add_seals};
    use rustix::io::Errno;

    use super::*;

    /// Another process can freeze it in the moment when this one has it mapped no more.
    #[test]
    fn whoever_freezes_it_first_both_have_it() {
        let mut second = 0;
        for _ in 0..10_000 {
            let memory = SharedMemory::anonymous(1).unwrap();
            let other = memory.as_fd().try_clone_to_owned().unwrap();
            let tries = std::thread::spawn(move || {
                let seal = || fcntl_add_seals(&other, SealFlags::WRITE | SealFlags::SEAL);
                std::iter::repeat_with(seal).find(|sealed| *sealed != Err(Errno::BUSY))
            });
            let frozen = memory.freeze().map_err(|(_, error)| error).unwrap();
            assert_eq!(*frozen, [0]);
            second += u32::from(tries.join().unwrap() == Some(Ok(())));
            if second > 3 {
                break;
            }
        }
    }
}
