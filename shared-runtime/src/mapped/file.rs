//! Files in memory: made with all of the room they need, found by their names, and refused where they could still change under a mapping.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{
    FallocateFlags, FileType, MemfdFlags, Mode, OFlags, SealFlags, Stat, fallocate,
    fcntl_add_seals, fcntl_get_seals, fstat, fstatfs, ftruncate, lstat, memfd_create,
};
use rustix::io::Errno;
use rustix::process::{Resource, geteuid, getrlimit};

use super::name::Name;
use super::room;
use crate::error::{Error, ErrorKind};
use crate::os::Deadline;

/// How long a block may be without a size: its creator gives it one right after its name.
const BEING_MADE: Duration = Duration::from_secs(1);

/// How long it may be mapped by a child of this process that has all of its parent's mappings until it executes its program.
const BEING_FORKED: Duration = Duration::from_secs(1);

/// Nobody may change the size of a file without a name, so that a mapped page is always there.
pub(crate) const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

/// Where the blocks with names are.
pub(crate) const FOLDER: &str = "/dev/shm";

/// As `statfs` knows files in memory.
const TMPFS: i64 = 0x0102_1994;

/// A file, and how many bytes it has.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) file: OwnedFd,
    pub(crate) size: usize,
}

/// A new file of this name and size, which has none of its room yet: that is what takes time.
pub(crate) fn create_named(name: &Name, size: usize) -> Result<OwnedFd, Error> {
    check_size(size)?;
    let file =
        open_file(name, OFlags::CREATE | OFlags::EXCL).map_err(|errno| not_made(name, errno))?;
    give_size(name, file.as_fd(), size).inspect_err(|_| {
        // It is ours, since it was not there before; nothing can be done if it stays.
        let _ = rustix::fs::unlink(path(name));
    })?;
    Ok(file)
}

/// Who opens the block meanwhile, Python too, waits for its size, and not for all of its pages: those of a small one come with it.
fn give_size(name: &Name, file: BorrowedFd<'_>, size: usize) -> Result<(), Error> {
    if length(size) <= AT_ONCE {
        return Ok(());
    }
    ftruncate(file, length(size)).map_err(|errno| not_made(name, errno))
}

/// A new file without a name, which nobody can make shorter or longer.
pub(crate) fn create_unnamed(size: usize) -> Result<OwnedFd, Error> {
    check_size(size)?;
    let io = |errno| Error::io("making memory without a name", std::io::Error::from(errno));
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("shared-memory", flags).map_err(io)?;
    reserve(file.as_fd(), size)?;
    fcntl_add_seals(&file, SEALS).map_err(io)?;
    Ok(file)
}

/// The file of this name, when its creator has given it a size.
pub(crate) fn open_named(name: &Name) -> Result<Found, Error> {
    let file = open_file(name, OFlags::empty()).map_err(|errno| refused("open", name, errno))?;
    let made = Deadline::after(Some(BEING_MADE));
    loop {
        let stat = stat(file.as_fd())?;
        // Another user could make it shorter at any time, and with it end this process.
        if stat.st_uid != geteuid().as_raw() {
            return Err(refused("open", name, Errno::ACCESS));
        }
        let size = usize::try_from(stat.st_size).unwrap_or(0);
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            let text = format!("{name} is no block of memory");
            return Err(Error::new(ErrorKind::InvalidData, text));
        }
        if size > 0 {
            if let Some(missing) = missing(size, &stat) {
                check_room(missing)?;
                reserve(file.as_fd(), size)?;
            }
            return Ok(Found { file, size });
        }
        if stat.st_nlink == 0 {
            // Whoever made it had no room for it, say.
            return Err(refused("open", name, Errno::NOENT));
        }
        if made.passed() {
            let text =
                format!("the block {name} has no bytes: whoever made it never gave it a size");
            return Err(Error::new(ErrorKind::InvalidData, text));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The size of a file that another process has sent: `Err` unless it is in memory, with all of its pages, and its size is sealed.
pub(crate) fn received(file: BorrowedFd<'_>) -> Result<usize, Error> {
    let refuse = |what| Err(Error::new(ErrorKind::InvalidData, what));
    let io = |errno| {
        Error::io(
            "looking at memory that was sent",
            std::io::Error::from(errno),
        )
    };
    if !is_in_memory(file).map_err(io)? {
        return refuse("what was sent is no file in memory");
    }
    // Other files in memory know no seals.
    let seals = fcntl_get_seals(file).unwrap_or(SealFlags::empty());
    if !seals.contains(SEALS) {
        return refuse("memory that is sent must be sealed against a change of its size");
    }
    // After the seals: it cannot change any more.
    let stat = stat(file)?;
    match usize::try_from(stat.st_size) {
        // Whoever reads what is missing would have to find the room for it.
        Ok(size) if missing(size, &stat).is_some() => {
            refuse("memory that is sent must have all of its pages")
        }
        Ok(size) if size > 0 => Ok(size),
        _ => refuse("memory that was sent has no bytes"),
    }
}

/// Whether it is a file in memory, and not on a disk or something else.
pub(crate) fn is_in_memory(file: BorrowedFd<'_>) -> Result<bool, Errno> {
    Ok(fstatfs(file)?.f_type == TMPFS)
}

/// Whether nobody can write to the file any more.
pub(crate) fn is_frozen(file: BorrowedFd<'_>) -> bool {
    fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS | SealFlags::WRITE))
}

/// Sees to it that nobody can write to the file any more. Fails if it stays mapped somewhere so that it could be.
pub(crate) fn freeze(file: BorrowedFd<'_>) -> Result<(), Error> {
    let forked = Deadline::after(Some(BEING_FORKED));
    loop {
        match fcntl_add_seals(file, SealFlags::WRITE | SealFlags::SEAL) {
            Ok(()) => return Ok(()),
            Err(Errno::BUSY) if !forked.passed() => std::thread::sleep(Duration::from_millis(1)),
            Err(errno) => return Err(not_frozen(errno)),
        }
    }
}

fn not_frozen(errno: Errno) -> Error {
    match errno {
        Errno::BUSY => {
            let text = "memory can be frozen when nobody else has it mapped to write: another handle or process does";
            Error::new(ErrorKind::Overloaded, text)
        }
        Errno::PERM | Errno::INVAL => {
            let text =
                "only memory without a name can be frozen: make it with SharedMemory::anonymous";
            Error::new(ErrorKind::InvalidInput, text)
        }
        _ => Error::io("freezing memory", std::io::Error::from(errno)),
    }
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(crate) fn of(file: BorrowedFd<'_>) -> Result<Self, Error> {
        stat(file).map(|stat| Self::in_stat(&stat))
    }

    fn in_stat(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
        }
    }
}

/// Whether the name is that of this file.
pub(crate) fn is_named(name: &Name, identity: Identity) -> bool {
    lstat(path(name)).is_ok_and(|stat| Identity::in_stat(&stat) == identity)
}

/// Whether the file has a name.
pub(crate) fn has_name(file: BorrowedFd<'_>) -> bool {
    stat(file).is_ok_and(|stat| stat.st_nlink > 0)
}

/// Removes a name, if it still is that of the block that is meant: else another may have it by now.
pub(crate) fn unlink(name: &Name, is_its_own: bool) -> Result<(), Error> {
    let unlinked = if is_its_own {
        rustix::fs::unlink(path(name))
    } else {
        Err(Errno::NOENT)
    };
    unlinked.map_err(|errno| refused("unlink", name, errno))
}

/// As the C library's `shm_open`: what is a link to somewhere else, which another user may have put there, is not followed.
fn open_file(name: &Name, more: OFlags) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | more;
    rustix::fs::open(path(name), flags, Mode::RUSR | Mode::WUSR)
}

fn path(name: &Name) -> String {
    format!("{FOLDER}/{name}")
}

fn stat(file: BorrowedFd<'_>) -> Result<Stat, Error> {
    fstat(file)
        .map_err(|errno| Error::io("looking at a block of memory", std::io::Error::from(errno)))
}

fn check_size(size: usize) -> Result<(), Error> {
    if size == 0 {
        let text = "a block of memory has at least one byte";
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    // Beyond this limit the kernel would end the process by a signal.
    let limit = getrlimit(Resource::Fsize).current;
    match limit.filter(|limit| length(size) > *limit) {
        Some(limit) => {
            let text = format!(
                "{size} bytes are more than the limit on the size of files, {limit}: raise it (ulimit -f)"
            );
            Err(Error::new(ErrorKind::StorageFull, text))
        }
        None => check_room(size),
    }
}

fn check_room(size: usize) -> Result<(), Error> {
    if room::is_there(length(size)) {
        return Ok(());
    }
    Err(full(size, NOT_SO_MUCH))
}

/// How many bytes have no pages yet, for which there may be no room when somebody writes to them.
fn missing(size: usize, stat: &Stat) -> Option<usize> {
    let there = usize::try_from(stat.st_blocks).ok()?.saturating_mul(512);
    size.checked_sub(there).filter(|missing| *missing > 0)
}

/// How much is reserved at once: some kernels begin again where a signal comes, such as a profiler's many times a second.
const AT_ONCE: u64 = 1 << 20;

/// Gives the file its size and all of its pages: a page for which there is no room ends whoever touches it.
pub(crate) fn reserve(file: BorrowedFd<'_>, size: usize) -> Result<(), Error> {
    let (mut done, all) = (0, length(size));
    while done < all {
        let more = AT_ONCE.min(all - done);
        match fallocate(file, FallocateFlags::empty(), done, more) {
            Ok(()) => done += more,
            Err(Errno::INTR) => {}
            Err(Errno::NOSPC) => {
                let why =
                    "/dev/shm, or the memory it may take, is full (in a container: --shm-size)";
                return Err(full(size, why));
            }
            Err(Errno::FBIG | Errno::NOMEM) => return Err(full(size, NOT_SO_MUCH)),
            Err(errno) => {
                let cause = std::io::Error::from(errno);
                return Err(Error::io("reserving memory", cause));
            }
        }
    }
    Ok(())
}

const NOT_SO_MUCH: &str = "the system has not that much memory";

fn full(size: usize, why: &str) -> Error {
    let text = format!("there is no room for a block of {size} bytes: {why}");
    Error::new(ErrorKind::StorageFull, text)
}

/// As the kernel counts.
fn length(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// What the system has against a new block of this name: if not the name, then the folder.
fn not_made(name: &Name, errno: Errno) -> Error {
    match errno {
        Errno::NOENT => {
            let why = format!("there is no folder {FOLDER}: mount a tmpfs there");
            cannot("create", name, ErrorKind::NotFound, &why)
        }
        Errno::ACCESS | Errno::PERM => {
            let why = format!("this user may make none in {FOLDER}");
            cannot("create", name, ErrorKind::Denied, &why)
        }
        _ => refused("create", name, errno),
    }
}

/// What the system has against doing `what` with the block of this name.
fn refused(what: &str, name: &Name, errno: Errno) -> Error {
    let (kind, why) = match errno {
        Errno::NOENT => (ErrorKind::NotFound, "there is none of this name".to_owned()),
        Errno::EXIST => (
            ErrorKind::AlreadyExists,
            "there is one of this name".to_owned(),
        ),
        Errno::ACCESS | Errno::PERM => (ErrorKind::Denied, "it belongs to another user".to_owned()),
        Errno::NOSPC => (ErrorKind::StorageFull, "/dev/shm is full".to_owned()),
        _ => (ErrorKind::Io, std::io::Error::from(errno).to_string()),
    };
    cannot(what, name, kind, &why)
}

fn cannot(what: &str, name: &Name, kind: ErrorKind, why: &str) -> Error {
    Error::new(kind, format!("cannot {what} the block {name}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a large block there may be more than there is room for twice.
    #[test]
    fn only_what_is_missing_of_a_block_needs_room() {
        let file = memfd_create("test", MemfdFlags::CLOEXEC).unwrap();
        let size = 1 << 20;
        let left = |file: &OwnedFd| missing(size, &stat(file.as_fd()).unwrap());
        ftruncate(&file, length(size)).unwrap();
        assert_eq!(left(&file), Some(size));
        fallocate(&file, FallocateFlags::empty(), 0, length(size / 4)).unwrap();
        assert_eq!(left(&file), Some(size / 4 * 3));
        reserve(file.as_fd(), size).unwrap();
        assert_eq!(left(&file), None);
    }

    #[test]
    fn a_block_whose_creator_gives_up_is_not_waited_for() {
        let name = Name::random();
        let file = open_file(&name, OFlags::CREATE | OFlags::EXCL).unwrap();
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| open_named(&name).unwrap_err().kind());
            std::thread::sleep(Duration::from_millis(20));
            unlink(&name, true).unwrap();
            assert_eq!(opening.join().unwrap(), ErrorKind::NotFound);
        });
        assert!(!has_name(file.as_fd()));
    }

    #[test]
    fn what_keeps_a_block_from_being_made_is_said_of_the_folder() {
        for (errno, kind) in [
            (Errno::NOENT, ErrorKind::NotFound),
            (Errno::ACCESS, ErrorKind::Denied),
        ] {
            let name = Name::random();
            let (made, opened) = (not_made(&name, errno), refused("open", &name, errno));
            assert_eq!((made.kind(), opened.kind()), (kind, kind));
            assert!(made.to_string().contains(FOLDER), "{made}");
            assert!(!opened.to_string().contains(FOLDER), "{opened}");
        }
    }
}
