//! Servers at an address of one's own choosing: who gets in, what is in the way, and that the file of a socket never outlives its server for
//! long.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use shared_runtime::{
    Address, AuthKey, Error, ErrorKind, Never, Process, ServerBuilder, ServerHandle, ServerProcess,
    Shared, shared, task,
};

use super::leftovers::NothingLeft;
use super::support::{signal, until};
use super::tools::{Counter, alive};

/// For an end in good order.
const PATIENCE: Duration = Duration::from_secs(10);

const KEY: &[u8] = b"a key for the tests alone";

fn key() -> AuthKey {
    AuthKey::new(KEY).unwrap()
}

/// A folder of a test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("shared-addresses-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("it.sock")
    }

    fn address(&self) -> Address {
        let path = self.socket();
        format!("unix:{}", path.display()).parse().unwrap()
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(&self.0).unwrap().next().is_none()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn name() -> Address {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let text = format!("unix:@shared-test-{}-{number}", std::process::id());
    text.parse().unwrap()
}

fn at(address: &Address) -> ServerBuilder {
    ServerProcess::builder()
        .address(address.clone())
        .auth_key(key())
}

fn refused(builder: ServerBuilder, kind: ErrorKind) -> String {
    let error = builder.start().unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error.to_string()
}

/// An object that has a handle in it.
pub struct Keeper(Shared<Counter>);

#[shared]
impl Keeper {
    pub fn new(counter: Shared<Counter>) -> Self {
        Self(counter)
    }
    pub fn counter(&self) -> Shared<Counter> {
        self.0.clone()
    }
    pub fn add(&self, n: u64) -> u64 {
        self.0.add(n).unwrap()
    }
}

/// Has never seen a key.
#[task]
fn goes_on(keeper: Shared<Keeper>, server: ServerHandle) -> Result<(u64, String), Error> {
    let added = keeper.counter()?.add(1)? + Counter::new_in(&server)?.add(10)?;
    Ok((added, server.address().to_string()))
}

/// Knows the text of an address, and a key.
#[task]
fn comes_by_address(address: String, key: Vec<u8>) -> Result<(u64, String), Error> {
    let server = ServerHandle::connect(&address.parse()?, &AuthKey::new(key)?)?;
    assert!(server.inspect()?.process.starts_with("reached (pid "));
    let keeper: Shared<Keeper> = server.lookup("keeper")?.expect("it was published");
    assert_eq!(keeper.add(1)?, 1);
    let own = Keeper::new_in(&server, Counter::new_in(&server)?)?;
    assert_eq!(own.add(5)?, 5);
    let child = goes_on::spawn(keeper, server)?;
    Ok(child.join().expect("what needs no key"))
}

#[test]
fn whoever_has_the_address_and_the_key_gets_in_and_handles_need_neither() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    for address in [folder.address(), name()] {
        let server = at(&address).name("reached").start().unwrap();
        let other = ServerProcess::start().unwrap();
        // In an object of this server, one of a server that has no key at all.
        let counter = Counter::new_in(&other).unwrap();
        let keeper = Keeper::new_in(&server, counter).unwrap();
        server.publish("keeper", &keeper).unwrap();
        let visitor = comes_by_address::spawn(address.to_string(), KEY.to_vec()).unwrap();
        assert_eq!(visitor.join().unwrap(), (12, address.to_string()));
        assert_eq!(server.address(), address);
        assert_eq!(keeper.add(1).unwrap(), 3);
        // One session of this process, whichever way it came.
        let same = ServerHandle::connect(&address, &key()).unwrap();
        assert_eq!((same.pid(), same.name()), (server.pid(), "reached"));
        until("the visitors have left", || {
            same.inspect().unwrap().sessions.len() == 1
        });
    }
}

#[test]
fn another_key_is_denied_and_that_is_all_that_is_said() {
    let _nothing_left = NothingLeft::watch();
    let address = name();
    let server = at(&address).start().unwrap();
    for wrong in [
        AuthKey::random(),
        AuthKey::new([KEY, b"!"].concat()).unwrap(),
    ] {
        let error = ServerHandle::connect(&address, &wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        let said = format!("the server at {address} and this process do not have the same key");
        assert_eq!(error.to_string(), said);
    }
    assert_eq!(server.inspect().unwrap().sessions.len(), 1);
    ServerHandle::connect(&address, &key()).unwrap();
}

/// The private address of a server is no way in for who has no handle, whatever key they bring.
#[test]
fn a_private_address_takes_no_key() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::builder().auth_key(key()).start().unwrap();
    let error = ServerHandle::connect(&server.address(), &key()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    assert_eq!(server.object_count().unwrap(), 0);
}

#[test]
fn without_a_key_there_is_a_random_one_that_the_starter_has() {
    let _nothing_left = NothingLeft::watch();
    let start = |address: &Address| {
        let builder = ServerProcess::builder().address(address.clone());
        builder.start().unwrap()
    };
    let (one, other) = (start(&name()), start(&name()));
    let keys = [&one, &other].map(|server| server.auth_key().unwrap());
    ServerHandle::connect(&one.address(), keys[0]).unwrap();
    let error = ServerHandle::connect(&one.address(), keys[1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(ServerProcess::start().unwrap().auth_key().is_none());
}

#[test]
fn a_key_is_not_in_the_environment_or_the_command_line() {
    let _nothing_left = NothingLeft::watch();
    let server = at(&name()).start().unwrap();
    for file in ["environ", "cmdline"] {
        let text = fs::read(format!("/proc/{}/{file}", server.pid())).unwrap();
        assert!(!text.is_empty());
        assert!(!text.windows(KEY.len()).any(|part| part == KEY), "{file}");
    }
    assert!(!format!("{:?}", at(&name())).contains("a key for"));
}

#[test]
fn an_address_that_cannot_be_had_says_why_and_starts_nothing() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    for address in [folder.address(), name()] {
        let server = at(&address).start().unwrap();
        let said = refused(at(&address), ErrorKind::AlreadyExists);
        let expected =
            format!("the server cannot be reached at {address}: it is in use by another server");
        assert!(said.contains(&expected), "{said}");
        assert_eq!(
            ServerHandle::connect(&address, &key()).unwrap().pid(),
            server.pid()
        );
    }
    let missing: Address = format!("unix:{}/none/it.sock", folder.0.display())
        .parse()
        .unwrap();
    let said = refused(at(&missing), ErrorKind::NotFound);
    assert!(said.contains("there is no such folder"), "{said}");
    fs::write(folder.socket(), "a text").unwrap();
    let said = refused(at(&folder.address()), ErrorKind::AlreadyExists);
    assert!(
        said.contains("not a socket, and is left as it is"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(folder.socket()).unwrap(), "a text");
    let error = ServerHandle::connect(&folder.address(), &key()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    let error = ServerHandle::connect(&name(), &key()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
}

/// A method that clings to its server.
pub struct Clinging;

#[shared]
impl Clinging {
    pub fn new() -> Self {
        Self
    }
    pub fn cling(&self) {
        loop {
            std::thread::sleep(Duration::from_secs(1000));
        }
    }
}

fn is_private_socket(folder: &Folder) {
    let made = fs::symlink_metadata(folder.socket()).unwrap();
    assert!(made.file_type().is_socket());
    assert_eq!(made.permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_file_goes_with_its_server_however_that_ends() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    let started = || {
        let server = at(&folder.address()).start().unwrap();
        is_private_socket(&folder);
        server
    };
    started().shutdown().unwrap();
    assert!(folder.is_empty());
    drop(started());
    assert!(folder.is_empty());
    // One that has to be ended by force, after it was asked.
    let builder = at(&folder.address()).shutdown_timeout(Duration::from_millis(200));
    let server = builder.start().unwrap();
    let clinging = Clinging::new_in(&server).unwrap();
    Shared::calls(&clinging).cling().detach().unwrap();
    drop(server);
    assert!(folder.is_empty());
    // One that could not even remove its file.
    let server = started();
    signal("KILL", server.pid());
    until("it has ended", || server.exit_status().is_some());
    is_private_socket(&folder);
    drop(server);
    assert!(folder.is_empty());
}

/// Tells the number of a server that it has started, and stays.
#[task]
fn owns_a_server(address: String, pid: Shared<Counter>, patience: Duration, detached: bool) {
    let address = address.parse().unwrap();
    let builder = at(&address).shutdown_timeout(patience);
    let server = builder.detached(detached).start().unwrap();
    pid.add(server.pid().into()).unwrap();
    if !detached {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

fn told(pid: &Shared<Counter>) -> u32 {
    until("the server runs", || pid.get().unwrap() != 0);
    pid.get().unwrap().try_into().unwrap()
}

/// The pid of a server at the folder's address, and its owner.
fn owned_at(folder: &Folder, patience: Duration) -> (u32, Process<(), Never>) {
    let pid = Shared::new(Counter::new());
    let address = folder.address().to_string();
    let owner = owns_a_server::spawn(address, pid.clone(), patience, false).unwrap();
    (told(&pid), owner)
}

/// Also of one that kills itself at once, having no time for an end.
#[test]
fn the_file_goes_with_the_owner_of_its_server() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    for patience in [PATIENCE, Duration::ZERO] {
        let (server, mut owner) = owned_at(&folder, patience);
        is_private_socket(&folder);
        owner.kill();
        until("the owner has ended", || owner.is_finished());
        until("the server has ended", || !alive(server));
        assert!(folder.is_empty());
    }
}

/// Neither the server nor its owner could remove the file.
fn killed_at(folder: &Folder) {
    let (server, mut owner) = owned_at(folder, PATIENCE);
    signal("KILL", server);
    until("the server has ended", || !alive(server));
    owner.kill();
    until("the owner has ended", || owner.is_finished());
    is_private_socket(folder);
}

#[test]
fn a_file_that_a_killed_server_left_is_replaced() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    killed_at(&folder);
    let error = ServerHandle::connect(&folder.address(), &key()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    let server = at(&folder.address()).start().unwrap();
    is_private_socket(&folder);
    let reached = ServerHandle::connect(&folder.address(), &key()).unwrap();
    assert_eq!(reached.pid(), server.pid());
    drop(server);
    assert!(folder.is_empty());
}

/// The owner of the first still believes in a file that has become another's.
#[test]
fn an_owner_removes_no_file_but_that_of_its_server() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    let first = at(&folder.address()).start().unwrap();
    signal("KILL", first.pid());
    until("it has ended", || first.exit_status().is_some());
    let second = at(&folder.address()).start().unwrap();
    drop(first);
    let reached = ServerHandle::connect(&folder.address(), &key()).unwrap();
    assert_eq!(reached.pid(), second.pid());
}

#[test]
fn of_several_that_start_at_once_one_has_the_address() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    killed_at(&folder);
    let started: Vec<Result<ServerProcess, Error>> = std::thread::scope(|scope| {
        let starters: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| at(&folder.address()).start()))
            .collect();
        starters.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let (winners, losers): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
    assert_eq!(winners.len(), 1);
    for loser in losers {
        let said = loser.unwrap_err().to_string();
        assert!(said.contains("it is in use by another server"), "{said}");
    }
    let winner = winners.into_iter().next().unwrap().unwrap();
    let reached = ServerHandle::connect(&folder.address(), &key()).unwrap();
    assert_eq!(reached.pid(), winner.pid());
}

#[test]
fn a_server_that_outlives_its_program_is_found_by_its_address() {
    let _nothing_left = NothingLeft::watch();
    let folder = Folder::new();
    let pid = Shared::new(Counter::new());
    let address = folder.address().to_string();
    let owner = owns_a_server::spawn(address, pid.clone(), PATIENCE, true).unwrap();
    owner.join().unwrap();
    let server = ServerHandle::connect(&folder.address(), &key()).unwrap();
    assert_eq!(server.pid(), told(&pid));
    let counter = Counter::new_in(&server).unwrap();
    assert_eq!(counter.add(2).unwrap(), 2);
    signal("TERM", server.pid());
    until("it has ended", || !alive(server.pid()));
    assert_eq!(counter.get().unwrap_err().kind(), ErrorKind::Disconnected);
}

#[test]
fn a_stopped_server_is_not_waited_for_for_ever() {
    let _nothing_left = NothingLeft::watch();
    let address = name();
    let server = at(&address).start().unwrap();
    signal("STOP", server.pid());
    let error = ServerHandle::connect(&address, &key()).unwrap_err();
    signal("CONT", server.pid());
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("is it stopped?"), "{error}");
    assert_eq!(
        ServerHandle::connect(&address, &key()).unwrap().pid(),
        server.pid()
    );
}
