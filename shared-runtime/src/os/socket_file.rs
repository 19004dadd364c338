//! Sockets that have a file: made in the place of one that a killed process has left, and removed, but never those of somebody else.
//!
//! Whoever makes one, or removes a dead one, holds a lock on its folder, which needs no file of its own: of two that find the same dead socket, the second
//! finds the living one of the first. Those who merely connect need no lock.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::net::SocketAddrUnix;
use serde::{Deserialize, Serialize};

use super::{Deadline, Socket};

/// How long others may take to make or remove sockets in the same folder.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long one that lives may take to take a connection. One with more visitors than it can greet lives, too.
const ANSWER: Duration = Duration::from_millis(100);

/// The file of a listening socket: this very one, whatever has the path later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// Listens at a path, in the place of a socket where nobody answers.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody answers there, `AlreadyExists` if it is something else than a socket, `NotFound` if there is no such folder,
    /// `TimedOut` if others keep it locked.
    pub(crate) fn listen(path: &Path) -> io::Result<(Socket, Self)> {
        let _locked = lock(path)?;
        let address = SocketAddrUnix::new(path)?;
        if let Some(there) = look(path)? {
            if !there.file_type().is_socket() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            if answers(&address)? {
                return Err(ErrorKind::AddrInUse.into());
            }
            fs::remove_file(path)?;
        }
        let socket = Socket::listen(&address)?;
        let made = fs::symlink_metadata(path)?;
        let file = Self {
            path: path.to_owned(),
            device: made.dev(),
            inode: made.ino(),
        };
        Ok((socket, file))
    }

    /// Removes the file of a socket that still listens: as long as it does, no other file has its number, and nobody replaces it. So this needs no
    /// lock, and nobody who keeps the folder locked holds up an end.
    pub(crate) fn remove(&self) -> io::Result<()> {
        self.remove_if(|| Ok(true))
    }

    /// Removes the file of a socket whose process has ended. Its number may have become that of another one, which answers.
    pub(crate) fn remove_dead(&self) -> io::Result<()> {
        if self.look()?.is_none() {
            return Ok(());
        }
        let _locked = lock(&self.path)?;
        self.remove_if(|| Ok(!answers(&SocketAddrUnix::new(&*self.path)?)?))
    }

    fn remove_if(&self, may: impl FnOnce() -> io::Result<bool>) -> io::Result<()> {
        if self.look()?.is_some() && may()? {
            fs::remove_file(&self.path)?;
        }
        Ok(())
    }

    /// What has the path, if it can be this file.
    fn look(&self) -> io::Result<Option<Metadata>> {
        let there = look(&self.path)?;
        let same = |it: &Metadata| (it.dev(), it.ino()) == (self.device, self.inode);
        Ok(there.filter(|it| it.file_type().is_socket() && same(it)))
    }
}

fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        there => there.map(Some),
    }
}

/// Whether somebody listens there, as far as can be told: only a refusal says that nobody does.
fn answers(address: &SocketAddrUnix) -> io::Result<bool> {
    match Socket::connect(address, Deadline::after(Some(ANSWER))) {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            ErrorKind::ConnectionRefused => Ok(false),
            ErrorKind::PermissionDenied => Err(error),
            _ => Ok(true),
        },
    }
}

/// The folder of `path`, locked until this is dropped.
fn lock(path: &Path) -> io::Result<File> {
    // What only looks like a folder is not waited for: to open a pipe would be to wait for a writer.
    let folder = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY)
        .open(path.parent().unwrap_or(Path::new("/")))?;
    let deadline = Deadline::after(Some(PATIENCE));
    loop {
        match flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(folder),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) if !deadline.passed() => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(Errno::WOULDBLOCK) => return Err(ErrorKind::TimedOut.into()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::os::Cut;

    /// A folder of this test's own, which goes with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static MADE: AtomicU32 = AtomicU32::new(0);
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let name = format!("shared-socket-file-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        fn socket(&self) -> PathBuf {
            self.0.join("it.sock")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn refusal(path: &Path) -> ErrorKind {
        SocketFile::listen(path).unwrap_err().kind()
    }

    #[test]
    fn a_socket_file_is_for_its_user_alone_and_is_removed() {
        let folder = Folder::new();
        let (_socket, file) = SocketFile::listen(&folder.socket()).unwrap();
        let made = fs::symlink_metadata(folder.socket()).unwrap();
        assert_eq!(made.mode() & 0o777, 0o600);
        assert_eq!(refusal(&folder.socket()), ErrorKind::AddrInUse);
        file.remove().unwrap();
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
        file.remove().unwrap();
    }

    #[test]
    fn a_socket_that_nobody_listens_at_is_replaced() {
        let folder = Folder::new();
        let (socket, dead) = SocketFile::listen(&folder.socket()).unwrap();
        // Not only dropped: a process that is just being started may have a copy.
        socket.cut();
        let (socket, _) = SocketFile::listen(&folder.socket()).unwrap();
        // Whether or not the new file has got the number of the old one.
        dead.remove_dead().unwrap();
        assert_eq!(refusal(&folder.socket()), ErrorKind::AddrInUse);
        socket.cut();
        let (socket, dead) = SocketFile::listen(&folder.socket()).unwrap();
        socket.cut();
        dead.remove_dead().unwrap();
        assert!(!folder.socket().exists());
    }

    #[test]
    fn nothing_of_others_is_replaced_or_removed() {
        let folder = Folder::new();
        let (_socket, file) = SocketFile::listen(&folder.socket()).unwrap();
        fs::rename(folder.socket(), folder.0.join("moved")).unwrap();
        fs::write(folder.socket(), "a text").unwrap();
        assert_eq!(refusal(&folder.socket()), ErrorKind::AlreadyExists);
        file.remove().unwrap();
        file.remove_dead().unwrap();
        assert_eq!(fs::read_to_string(folder.socket()).unwrap(), "a text");
        fs::remove_file(folder.socket()).unwrap();
        // A socket of another kind, in use.
        let _stream = UnixListener::bind(folder.socket()).unwrap();
        assert_eq!(refusal(&folder.socket()), ErrorKind::AddrInUse);
        std::os::unix::fs::symlink("moved", folder.0.join("link")).unwrap();
        assert_eq!(refusal(&folder.0.join("link")), ErrorKind::AlreadyExists);
        assert_eq!(refusal(&folder.0.join("none/it.sock")), ErrorKind::NotFound);
    }

    #[test]
    fn what_is_no_folder_is_refused_at_once() {
        let folder = Folder::new();
        let pipe = folder.socket();
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert_eq!(refusal(&pipe.join("it.sock")), ErrorKind::NotADirectory);
    }

    #[test]
    fn a_locked_folder_keeps_nobody_from_ending() {
        let folder = Folder::new();
        let (_socket, file) = SocketFile::listen(&folder.socket()).unwrap();
        let _locked = lock(&folder.socket()).unwrap();
        file.remove().unwrap();
        assert!(!folder.socket().exists());
    }

    /// Each that wins has it for a while, and then leaves a dead socket for the others to replace. Nobody may take it before.
    #[test]
    fn of_many_at_once_one_has_the_path() {
        let folder = Folder::new();
        let has_it_for_a_while = |(_socket, file): (Socket, SocketFile)| {
            for _ in 0..100 {
                assert!(file.look().unwrap().is_some(), "somebody has removed it");
                std::thread::yield_now();
            }
        };
        let wins_often = || {
            let mut won = 0;
            while won < 50 {
                match SocketFile::listen(&folder.socket()) {
                    Ok(it) => {
                        has_it_for_a_while(it);
                        won += 1;
                    }
                    Err(error) => {
                        // On a slow machine the others may be at it for longer than anybody waits.
                        let kinds = [ErrorKind::AddrInUse, ErrorKind::TimedOut];
                        assert!(kinds.contains(&error.kind()), "{error}");
                    }
                }
            }
        };
        std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(wins_often))));
        assert!(folder.socket().exists());
    }
}
