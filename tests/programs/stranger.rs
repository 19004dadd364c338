//! Strangers who connect to a server and say nothing, or nothing that it knows: they hold nobody up, and are shown out.
#![expect(
    unsafe_code,
    reason = "sockets of a kind that the standard library does not make"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use shared_runtime::{ServerProcess, task};

use super::Echo;

#[task]
fn comes_later(echo: shared_runtime::Shared<Echo>) -> u32 {
    echo.double(3).unwrap()
}

pub(super) fn checked() {
    shared_runtime::init();
    let server = ServerProcess::start().unwrap();
    let echo = Echo::new_in(&server).unwrap();
    let name = listening_at(server.pid());
    let silent: Vec<File> = (0..20).map(|_| connect(&name)).collect();
    let mut rude = connect(&name);
    rude.write_all(&[0xFF; 100]).unwrap();
    // One that was there before, and one that comes while they stand in the door.
    assert_eq!(echo.double(1).unwrap(), 2);
    assert_eq!(comes_later::spawn(echo.clone()).unwrap().join().unwrap(), 6);
    for mut stranger in silent.into_iter().chain([rude]) {
        let mut said = [0; 16];
        // The end, or a reset, where something was left unread; a server without a deadline would never come to it.
        assert!(matches!(stranger.read(&mut said), Ok(0) | Err(_)));
    }
    // Neither they nor the task that has ended are among the clients.
    while server.inspect().unwrap().sessions.len() > 1 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(echo.double(2).unwrap(), 4);
    println!("checked");
}

/// The abstract name under which the process listens, as the kernel lists it, without its leading zero.
fn listening_at(pid: u32) -> String {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = links.filter_map(|link| fs::read_link(link.unwrap().path()).ok());
    let own: Vec<String> = targets.map(|target| target.display().to_string()).collect();
    let table = fs::read_to_string(format!("/proc/{pid}/net/unix")).unwrap();
    // Address, references, protocol, flags, type, state, inode, name; flag 1 << 16 says that it listens.
    let listening = table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, "00010000", _, _, inode, name] = columns[..] else {
            return None;
        };
        own.contains(&format!("socket:[{inode}]")).then_some(name)
    });
    listening.unwrap().trim_start_matches('@').to_owned()
}

fn connect(name: &str) -> File {
    // SAFETY: makes a descriptor.
    let number =
        unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC, 0) };
    assert!(number >= 0);
    // SAFETY: nobody else has it.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    // SAFETY: all zeros are an address.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX.try_into().unwrap();
    for (to, from) in address.sun_path[1..].iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    let size = std::mem::offset_of!(libc::sockaddr_un, sun_path) + 1 + name.len();
    // SAFETY: the address is there, and longer than `size`.
    let connected = unsafe {
        libc::connect(
            socket.as_raw_fd(),
            (&raw const address).cast(),
            size.try_into().unwrap(),
        )
    };
    assert_eq!(connected, 0, "{}", std::io::Error::last_os_error());
    socket.into()
}
