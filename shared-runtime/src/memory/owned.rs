//! The names that this process removes: when their owners drop, and else when it ends.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::mapped::{Identity, Name, create_named, has_name, is_named, reap_once, reserve, unlink};
use crate::os::{at_exit, forked, this_process};

static NAMES: Mutex<Names> = Mutex::new(Names {
    made: None,
    over: false,
});

struct Names {
    /// What this process has made and nobody has removed. A fork has a copy, which is of no concern to it.
    made: Option<HashMap<Name, Made>>,
    /// This process ends: what it made now, nobody would remove.
    over: bool,
}

impl Names {
    fn know(&self, name: &Name, made: &Made) -> bool {
        let known = self.made.as_ref().and_then(|names| names.get(name));
        known.is_some_and(|known| known.is_same(made))
    }

    fn forget(&mut self, name: &Name, made: &Made) {
        if self.know(name, made) {
            self.made.as_mut().and_then(|names| names.remove(name));
        }
    }
}

/// What was made under a name, and by which process.
#[derive(Clone, Debug)]
struct Made {
    what: What,
    process: u64,
}

/// How it is told whether the name still is that of the block: somebody else may have removed it, and made another.
#[derive(Clone, Debug)]
enum What {
    /// The file, which is open anyway: it has no name any more, or its own.
    Open(Arc<OwnedFd>),
    /// Which file it was.
    Known(Identity),
}

impl Made {
    fn is_ours(&self) -> bool {
        self.process == this_process()
    }

    fn is_same(&self, other: &Self) -> bool {
        let same = match (&self.what, &other.what) {
            (What::Open(file), What::Open(other)) => Arc::ptr_eq(file, other),
            (What::Known(identity), What::Known(other)) => identity == other,
            _ => false,
        };
        self.process == other.process && same
    }

    /// Whether the name still is its own.
    fn is_there(&self, name: &Name) -> bool {
        match &self.what {
            What::Open(file) => has_name(file.as_fd()),
            What::Known(identity) => is_named(name, *identity),
        }
    }

    fn unlink(&self, name: &Name) -> Result<(), Error> {
        unlink(name, self.is_there(name))
    }
}

/// A name that goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Owned {
    name: Name,
    made: Made,
}

impl Owned {
    /// A new file of `size` bytes, all zero, under this name. There is none if it cannot have all of its room. It is kept open to tell whether the
    /// name is still its own.
    pub(super) fn create(name: Name, size: usize) -> Result<(Arc<OwnedFd>, Self), Error> {
        Self::make(name, size, |file| Ok(What::Open(Arc::clone(file))))
    }

    /// The same, under a name with this process in it, of a file that need not stay open.
    pub(crate) fn create_tagged(size: usize) -> Result<(Arc<OwnedFd>, Self), Error> {
        reap_once();
        let known = |file: &Arc<OwnedFd>| Ok(What::Known(Identity::of(file.as_fd())?));
        Name::free(Name::tagged, |name| Self::make(name, size, known))
    }

    fn make(
        name: Name,
        size: usize,
        what: fn(&Arc<OwnedFd>) -> Result<What, Error>,
    ) -> Result<(Arc<OwnedFd>, Self), Error> {
        remove_at_exit();
        let (file, owned) = Self::begin(name, size, what)?;
        // If this process ends before all of it is there, the name is known.
        reserve(file.as_fd(), size)?;
        Ok((file, owned))
    }

    /// Under the lock, so that each name is either known when this process ends, or never given.
    fn begin(
        name: Name,
        size: usize,
        what: fn(&Arc<OwnedFd>) -> Result<What, Error>,
    ) -> Result<(Arc<OwnedFd>, Self), Error> {
        let mut names = names();
        if names.over {
            let text = "this process ends: nobody would remove a block that it makes now";
            return Err(Error::new(ErrorKind::Cancelled, text));
        }
        let file = Arc::new(create_named(&name, size)?);
        let made = Made {
            what: what(&file)?,
            process: this_process(),
        };
        let known = names.made.get_or_insert_default();
        known.insert(name.clone(), made.clone());
        Ok((file, Self { name, made }))
    }

    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    /// The name stays.
    pub(super) fn keep(self) {
        self.forget();
    }

    /// Whether the name is still there.
    pub(crate) fn is_there(&self) -> bool {
        self.made.is_there(&self.name)
    }

    /// Removes the name now.
    pub(super) fn remove(self) -> Result<(), Error> {
        let removed = self.made.unlink(&self.name);
        self.keep();
        removed
    }

    fn is_known(&self) -> bool {
        self.made.is_ours() && names().know(&self.name, &self.made)
    }

    /// Under one lock: as soon as the name is gone, another thread may have it.
    fn forget(&self) {
        // In a fork, another thread of the parent may have had the lock.
        if self.made.is_ours() {
            names().forget(&self.name, &self.made);
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.is_known() {
            // Somebody else may have removed it.
            let _ = self.made.unlink(&self.name);
            // Afterwards: this process may end in the middle.
            self.forget();
        }
    }
}

/// Has this process remove what is left when it ends by itself: what is in a static, and what `exit` does not drop.
pub(crate) fn remove_at_exit() {
    extern "C" fn last() {
        remove_names();
    }
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // From here on a fork can be told.
        let _ = forked();
        at_exit(last);
    });
}

/// Removes what this process has made and nobody has removed, because it ends: other threads make no more.
pub(crate) fn remove_names() {
    if forked() && NAMES.try_lock().is_err() {
        // A thread that is not here had it, and what it was about to do was the parent's.
        return;
    }
    let left = {
        let mut names = names();
        names.over = true;
        names.made.take().unwrap_or_default()
    };
    for (name, made) in left {
        if made.is_ours() {
            let _ = made.unlink(&name);
        }
    }
}

fn names() -> MutexGuard<'static, Names> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}
