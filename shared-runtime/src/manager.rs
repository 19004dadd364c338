//! `SharedMemoryManager`: a server process that owns blocks of memory, so that all of them go with it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::auth_key::AuthKey;
use crate::call_error::CallError;
use crate::error::{Error, ErrorKind};
use crate::memory::{Item, Owned, ShareableList, SharedMemory, not_here};
use crate::process::{ServerBuilder, ServerProcess};
use crate::server_handle::ServerHandle;
use crate::shared::Shared;

/// What a manager is found by at its address. No program publishes anything under such a name.
const PUBLISHED: &str = "shared_runtime::memory::SharedMemoryManager";

/// A process that owns [`SharedMemory`], as a [`MemoryManagerHandle`] that ends it when dropped.
///
/// Blocks are made through the manager, here or in any process that has its handle, and used as all others are. Nobody has to remove them:
/// their names go when the manager ends, however that comes about. [`shutdown`](Self::shutdown), dropping this, and the end of the process
/// that started the manager, also by `SIGKILL`, end it; if it is killed itself, the process that started it removes what it left, and if that is
/// killed, too, the next manager that is started, or the next program to make a [`MemoryBlock`](crate::memory::MemoryBlock).
/// Whoever has a block mapped then goes on with it.
///
/// ```
/// use shared_runtime::memory::{MemoryManagerHandle, SharedMemory, SharedMemoryManager};
/// use shared_runtime::{Error, task};
///
/// /// In another process.
/// #[task]
/// fn squares(manager: MemoryManagerHandle) -> Result<String, Error> {
///     let memory = manager.shared_memory(4)?;
///     memory.write_at(0, &[0, 1, 4, 9])?;
///     Ok(memory.name().expect("the manager gives names").to_owned())
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     shared_runtime::init();
///     let manager = SharedMemoryManager::start()?;
///     let name = squares::spawn(manager.handle().clone())?.join()?;
///
///     let memory = SharedMemory::open(&name)?; // whoever made it has ended
///     let mut bytes = [0; 4];
///     memory.read_at(0, &mut bytes)?;
///     assert_eq!(bytes, [0, 1, 4, 9]);
///
///     manager.shutdown()?;
///     assert!(SharedMemory::open(&name).is_err());
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct SharedMemoryManager {
    handle: MemoryManagerHandle,
    server: ServerProcess,
}

impl SharedMemoryManager {
    /// Starts a manager with nothing special about it.
    ///
    /// # Errors
    ///
    /// As [`ServerProcess::start`].
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// To say more about the manager first.
    #[must_use]
    pub fn builder() -> SharedMemoryManagerBuilder {
        let server = ServerProcess::builder().name("memory-manager");
        SharedMemoryManagerBuilder { server }
    }

    /// The manager at an [address](SharedMemoryManagerBuilder::address), from any process of the user; both sides prove that they have the key.
    /// It goes on when the handle is dropped.
    ///
    /// ```
    /// use shared_runtime::AuthKey;
    /// use shared_runtime::memory::SharedMemoryManager;
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     shared_runtime::init();
    ///     let key = AuthKey::random();
    ///     let address = format!("unix:@blocks-{}", std::process::id()).parse()?;
    ///     let manager = SharedMemoryManager::builder()
    ///         .address(address)
    ///         .auth_key(key.clone())
    ///         .start()?;
    ///     let connected = SharedMemoryManager::connect(&manager.address(), &key)?;
    ///     let memory = connected.shared_memory(100)?;
    ///     assert_eq!(memory.size(), 100);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`ServerHandle::connect`]; `NotFound` if the server there is no manager.
    pub fn connect(address: &Address, key: &AuthKey) -> Result<MemoryManagerHandle, Error> {
        MemoryManagerHandle::of(ServerHandle::connect(address, key)?)
    }

    /// The same manager, to be given to others.
    #[must_use]
    pub fn handle(&self) -> &MemoryManagerHandle {
        &self.handle
    }

    /// The key of its address, as [`ServerProcess::auth_key`] tells it.
    #[must_use]
    pub fn auth_key(&self) -> Option<&AuthKey> {
        self.server.auth_key()
    }

    /// Ends the manager: the names of all blocks that are still there go. Dropping it does the same.
    ///
    /// # Errors
    ///
    /// As [`ServerProcess::shutdown`]; then, too, no name is left.
    pub fn shutdown(self) -> Result<(), Error> {
        self.server.shutdown()
    }
}

impl Deref for SharedMemoryManager {
    type Target = MemoryManagerHandle;

    fn deref(&self) -> &MemoryManagerHandle {
        &self.handle
    }
}

/// What is to be said about a [`SharedMemoryManager`] before it starts.
#[derive(Clone, Debug)]
pub struct SharedMemoryManagerBuilder {
    server: ServerBuilder,
}

impl SharedMemoryManagerBuilder {
    /// What the manager's process is called in errors and in `ps`. Default: `memory-manager`.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(|server| server.name(name))
    }

    /// Where processes [`connect`](SharedMemoryManager::connect) to it that nobody has sent a handle. Default: nowhere.
    #[must_use]
    pub fn address(self, address: Address) -> Self {
        self.with(|server| server.address(address))
    }

    /// What those must prove to have. Default: a random key, which [`SharedMemoryManager::auth_key`] tells.
    #[must_use]
    pub fn auth_key(self, key: AuthKey) -> Self {
        self.with(|server| server.auth_key(key))
    }

    /// Starts the manager, and returns when it serves.
    ///
    /// # Errors
    ///
    /// As [`ServerBuilder::start`].
    pub fn start(self) -> Result<SharedMemoryManager, Error> {
        // Before anybody can connect.
        let server = self.server.initializer(own_blocks::call()).start()?;
        let handle = MemoryManagerHandle::of((*server).clone())?;
        Ok(SharedMemoryManager { handle, server })
    }

    fn with(self, say: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        Self {
            server: say(self.server),
        }
    }
}

/// A [`SharedMemoryManager`], to make blocks with. Clones, and copies sent to other processes in calls and tasks, mean the same manager.
///
/// A handle does not keep the manager alive.
#[derive(Clone, Serialize, Deserialize)]
pub struct MemoryManagerHandle {
    server: ServerHandle,
    blocks: Shared<Blocks>,
}

impl MemoryManagerHandle {
    fn of(server: ServerHandle) -> Result<Self, Error> {
        let blocks = server.lookup(PUBLISHED)?.ok_or_else(|| {
            let text = format!(
                "the server at {} ({}) is no manager of shared memory",
                server.address(),
                server.name()
            );
            Error::new(ErrorKind::NotFound, text)
        })?;
        Ok(Self { server, blocks })
    }

    /// A new block of `size` bytes, all zero, that belongs to the manager: its name stays when this handle of it is dropped, and when this process
    /// ends, and goes with the manager, unless somebody [unlinks](SharedMemory::unlink) it before.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no bytes; `StorageFull` if `/dev/shm` has not as much room; `NotFound` if that is another one here than at the manager;
    /// `Io`; those of any call.
    pub fn shared_memory(&self, size: usize) -> Result<SharedMemory, Error> {
        let name = self
            .blocks
            .shared_memory(size)
            .map_err(CallError::into_one)?;
        SharedMemory::open(&name).map_err(|error| {
            // Nobody will hear of it. What cannot be said here goes with the manager.
            let _ = Shared::calls(&self.blocks).remove(&name).detach();
            not_here(error)
        })
    }

    /// A new list of these items, in a block that belongs to the manager as those of [`shared_memory`](Self::shared_memory) do.
    ///
    /// ```
    /// use shared_runtime::memory::{ShareableList, SharedMemoryManager};
    /// use shared_runtime::{Error, task};
    ///
    /// /// Squares a part of a list, in another process.
    /// #[task]
    /// fn square(list: ShareableList, from: usize, to: usize) -> Result<(), Error> {
    ///     for index in from..to {
    ///         let number = list.get(index)?.as_int().expect("a number");
    ///         list.set(index, number * number)?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     shared_runtime::init();
    ///     let manager = SharedMemoryManager::start()?;
    ///     let list = manager.shareable_list(0..2_000)?;
    ///     let halves = [square::spawn(list.clone(), 0, 1_000)?, square::spawn(list.clone(), 1_000, 2_000)?];
    ///     for half in halves {
    ///         half.join()?;
    ///     }
    ///     let mut sum = 0;
    ///     for item in &list {
    ///         sum += item?.as_int().expect("a number");
    ///     }
    ///     assert_eq!(sum, 2_664_667_000);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As those of [`ShareableList::new`] and of [`shared_memory`](Self::shared_memory).
    pub fn shareable_list<I>(&self, items: I) -> Result<ShareableList, Error>
    where
        I: IntoIterator<Item: Into<Item>>,
    {
        ShareableList::make(items, |size| self.shared_memory(size))
    }

    /// Where the manager is reached, as [`ServerHandle::address`] tells it.
    #[must_use]
    pub fn address(&self) -> Address {
        self.server.address()
    }

    /// The number of the manager's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// What the manager's process is called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.server.name()
    }
}

impl fmt::Debug for MemoryManagerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryManagerHandle")
            .field(&self.name())
            .finish()
    }
}

/// Has this process be a manager.
#[crate::task(crate = crate)]
fn own_blocks() -> Result<(), Error> {
    // What earlier ones left, before anybody asks for more.
    crate::mapped::reap_once();
    ServerHandle::local().publish(PUBLISHED, &Shared::new(Blocks::new()))
}

/// What a manager owns: hosted in its process, and dropped with it. The names alone: of a block that users have unlinked the memory goes with the
/// last of them.
pub(crate) struct Blocks(Mutex<Vec<Owned>>);

// As users know it, for errors and lists.
#[crate::shared(crate = crate, name = "shared_runtime::memory::SharedMemoryManager")]
impl Blocks {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Makes a block, and keeps it: its name.
    pub(crate) fn shared_memory(&self, size: usize) -> Result<String, Error> {
        let (_file, block) = Owned::create_tagged(size)?;
        let name = block.name().to_string();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == kept.capacity() {
            // Those that users have unlinked themselves must not add up.
            kept.retain(Owned::is_there);
            // Else a full list of those that stay would be looked through for each new one.
            let more = kept.len() + 1;
            kept.reserve(more);
        }
        kept.push(block);
        Ok(name)
    }

    /// Removes a block, if it is there.
    pub(crate) fn remove(&self, name: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|block| block.name().as_str() != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_users_have_unlinked_do_not_add_up() {
        let blocks = Blocks::new();
        let kept = blocks.shared_memory(1).unwrap();
        for _ in 0..100 {
            let name = blocks.shared_memory(1).unwrap();
            SharedMemory::open(&name).unwrap().unlink().unwrap();
        }
        let count = || blocks.0.lock().unwrap().len();
        assert!(count() < 10, "{}", count());
        assert!(SharedMemory::open(&kept).is_ok());
        blocks.remove(&kept);
        let error = SharedMemory::open(&kept).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    #[test]
    fn a_full_list_of_blocks_that_stay_is_not_looked_through_for_each_new_one() {
        let blocks = Blocks::new();
        let room = || {
            let kept = blocks.0.lock().unwrap();
            (kept.len(), kept.capacity() - kept.len())
        };
        blocks.shared_memory(1).unwrap();
        while room().1 > 0 {
            blocks.shared_memory(1).unwrap();
        }
        let name = blocks.shared_memory(1).unwrap();
        while room().1 > 0 {
            blocks.shared_memory(1).unwrap();
        }
        SharedMemory::open(&name).unwrap().unlink().unwrap();
        blocks.shared_memory(1).unwrap();
        let (len, more) = room();
        assert!(
            more + 1 >= len,
            "{len} blocks, and {more} until they are looked through again"
        );
    }
}
