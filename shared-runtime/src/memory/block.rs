//! `MemoryBlock`: a block of memory that is an object, and so lives as long as its handles.

use std::os::fd::AsFd;

use super::owned::Owned;
use crate::call_error::CallError;
use crate::error::{Error, ErrorKind};
use crate::mapped::{Found, Mapping, Name, open_named};
use crate::server_handle::ServerHandle;
use crate::shared::Shared;

/// A block of memory that is hosted as any other object: it is there as long as somebody has a handle, and every process that has one can
/// [map](MemoryBlockProxy::map) it.
///
/// A method returns one as `Shared::new(MemoryBlock::new(size)?)`, alone or inside of data; [`new_in`](Self::new_in) makes one at a server.
/// Its memory is freed when the last handle is dropped and the last mapping of it, and its name goes with the last handle or with the server,
/// whichever is first. What a server leaves that is killed, the process removes that started it; if that is killed, too, the next program to make
/// a block.
///
/// A [`Mapping`] is independent of the handles: it stays what it is as long as it is held.
///
/// ```
/// use shared_runtime::memory::MemoryBlock;
/// use shared_runtime::{Error, Shared, shared};
///
/// struct Camera;
///
/// #[shared]
/// impl Camera {
///     pub fn new() -> Self { Self }
///
///     /// A picture, whose bytes are never copied.
///     pub fn shoot(&self) -> Result<Shared<MemoryBlock>, Error> {
///         let picture = MemoryBlock::new(640 * 480)?;
///         picture.map()?.fill(.., 7)?;
///         Ok(Shared::new(picture))
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # shared_runtime::init();
/// # let server = shared_runtime::ServerProcess::start()?;
/// let camera = Camera::new_in(&server)?;
/// let picture = camera.shoot()?;
/// let pixels = picture.map()?; // in this process
/// let mut row = [0; 640];
/// pixels.read_at(0, &mut row)?;
/// assert_eq!(row, [7; 640]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MemoryBlock {
    owned: Owned,
    mapping: Mapping,
}

#[crate::shared(crate = crate, name = "shared_runtime::memory::MemoryBlock")]
impl MemoryBlock {
    /// A new block of `size` bytes, all zero, of this process.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no bytes; `StorageFull` if `/dev/shm` has not as much room, `NotFound` if there is none, `Denied` if this user may make
    /// nothing there; `Cancelled` while this process ends; `Io`.
    #[shared(skip)]
    pub fn new(size: usize) -> Result<Self, Error> {
        let (file, owned) = Owned::create_tagged(size)?;
        let mapping = Mapping::of(file.as_fd(), size)?;
        Ok(Self { owned, mapping })
    }

    /// The same for other processes, whose [`new_in`](Self::new_in) makes one error of two.
    pub(crate) fn made(size: usize) -> Result<Self, Error> {
        Self::new(size)
    }

    /// What it is called in `/dev/shm`, for those who open it there by themselves.
    #[must_use]
    pub fn name(&self) -> &str {
        self.owned.name().as_str()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.mapping.size()
    }

    /// Name and size at once.
    pub(crate) fn place(&self) -> (String, usize) {
        (self.name().to_owned(), self.size())
    }

    /// Its bytes, for this process.
    ///
    /// # Errors
    ///
    /// None that this version knows: a handle's [`map`](MemoryBlockProxy::map) has some.
    #[shared(skip)]
    pub fn map(&self) -> Result<Mapping, Error> {
        Ok(self.mapping.clone())
    }
}

impl MemoryBlock {
    /// A new block of `size` bytes, all zero, of the process behind `server`.
    ///
    /// # Errors
    ///
    /// As those of [`new`](Self::new); those of any call.
    pub fn new_in(server: &ServerHandle, size: usize) -> Result<Shared<Self>, Error> {
        Self::made_in(server, size).map_err(CallError::into_one)
    }
}

impl MemoryBlockProxy {
    /// Its bytes, for this process: all who map a block see what the others write. They stay mapped while the returned [`Mapping`] or a clone
    /// of it is held, also when the last handle and the server are gone.
    ///
    /// ```
    /// use shared_runtime::Shared;
    /// use shared_runtime::memory::MemoryBlock;
    ///
    /// let block = Shared::new(MemoryBlock::new(100)?);
    /// let (here, there) = (block.map()?, block.map()?);
    /// here.write_at(3, &[8])?;
    /// drop(block);
    /// let mut byte = [0];
    /// there.read_at(3, &mut byte)?;
    /// assert_eq!(byte, [8]);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `NotFound` if somebody has removed its name, or `/dev/shm` is another one here than at its server; `InvalidData` if it was cut short; `Denied` if
    /// its server runs as another user; `Io`; those of any call.
    pub fn map(&self) -> Result<Mapping, Error> {
        let (name, size) = self.place()?;
        map(&name.parse()?, size)
    }
}

fn map(name: &Name, size: usize) -> Result<Mapping, Error> {
    let Found { file, size: found } = open_named(name).map_err(not_here)?;
    if found != size {
        let text = format!("the block {name} was made with {size} bytes and has {found}");
        return Err(Error::new(ErrorKind::InvalidData, text));
    }
    Mapping::of(file.as_fd(), size)
}

/// What it may mean that a block of another process is not found.
pub(crate) fn not_here(error: Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let text = format!(
        "{error}: somebody has removed it, or /dev/shm is another folder here than at its server"
    );
    Error::new(ErrorKind::NotFound, text)
}
