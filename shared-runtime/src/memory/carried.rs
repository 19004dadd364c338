//! What stands for a block without a name in messages: it comes along, as handles do.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind};
use crate::handle::{Lease, Place, listen_with, read_handle, write_handle};
use crate::mapped::received;
use crate::server;

/// In a message: `Serialize` and `Deserialize` work nowhere else.
pub(super) struct Carried(Arc<Lease>);

/// Where handles have the number and the name of their interface.
const MEMORY: (u64, &str) = (0x6d65_6d6f_7279_0001, "memory");

impl Carried {
    pub(super) fn new(file: Arc<OwnedFd>) -> Self {
        Self(Lease::of_memory(file))
    }

    /// Whether a message has it along that is still on its way.
    pub(super) fn is_on_its_way(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// The file that came, which is in memory and sealed, and its size.
    pub(super) fn file(&self) -> Result<(Arc<OwnedFd>, usize), Error> {
        match (self.0.memory(), self.0.place()) {
            (Some(file), _) => Ok((Arc::clone(file), received(file.as_fd())?)),
            (None, Place::Nowhere { cause, .. }) => Err(cause.clone()),
            (None, _) => {
                let text = "an object in the place of memory";
                Err(Error::new(ErrorKind::InvalidData, text))
            }
        }
    }
}

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Whoever gets the message will ask this process for the file, also for one that came from elsewhere.
        listen_with(server::listen);
        write_handle(&self.0, MEMORY.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_handle::<Self, D>(MEMORY, deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
    use rustix::io::pwrite;
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::handle::{Parcel, unpack};
    use crate::memory::{FrozenMemory, SharedMemory};

    /// What becomes of a `T` where somebody has sent this file.
    fn received_as<T: DeserializeOwned>(file: OwnedFd, variant: Option<u32>) -> Result<T, Error> {
        let carried = Carried::new(Arc::new(file));
        let parcel = match variant {
            Some(variant) => Parcel::pack(&(variant, carried)),
            None => Parcel::pack(&carried),
        }?;
        unpack(&parcel.body, parcel.nonce, parcel.leases)
    }

    fn memory(size: usize, seals: SealFlags) -> OwnedFd {
        let file = memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap();
        let mut file = File::from(file);
        file.write_all(&vec![0; size]).unwrap();
        fcntl_add_seals(&file, seals).unwrap();
        file.into()
    }

    /// A size without pages, by which a list could say that it has so many items.
    fn hollow(seals: SealFlags) -> OwnedFd {
        let file = memfd_create("test", MemfdFlags::ALLOW_SEALING).unwrap();
        let size: u64 = 1 << 40;
        ftruncate(&file, size).unwrap();
        let items = size / 25 - 16;
        pwrite(&file, &items.to_ne_bytes(), 0).unwrap();
        fcntl_add_seals(&file, seals).unwrap();
        file
    }

    const SIZE: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);
    const UNNAMED: Option<u32> = Some(1);

    #[test]
    fn what_could_end_whoever_touches_it_is_refused() {
        let hostile = [
            memory(4096, SealFlags::empty()),
            memory(4096, SealFlags::SHRINK),
            memory(4096, SealFlags::GROW),
            memory(0, SIZE),
            hollow(SIZE),
            File::open("/proc/self/exe").unwrap().into(),
            File::open("/dev/zero").unwrap().into(),
            std::io::pipe().unwrap().0.into(),
        ];
        for file in hostile {
            let error = received_as::<SharedMemory>(file, UNNAMED).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        }
        let error = received_as::<FrozenMemory>(hollow(SIZE | SealFlags::WRITE), None);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(
            received_as::<SharedMemory>(memory(1, SIZE), UNNAMED)
                .unwrap()
                .size(),
            1
        );
    }

    #[test]
    fn what_is_frozen_is_not_taken_for_what_is_not() {
        let frozen = || memory(8, SIZE | SealFlags::WRITE);
        let error = received_as::<SharedMemory>(frozen(), UNNAMED).unwrap_err();
        assert!(error.to_string().contains("FrozenMemory"), "{error}");
        assert_eq!(
            *received_as::<FrozenMemory>(frozen(), None).unwrap(),
            [0; 8]
        );
        let error = received_as::<FrozenMemory>(memory(8, SIZE), None).unwrap_err();
        assert!(error.to_string().contains("written to"), "{error}");
    }
}
