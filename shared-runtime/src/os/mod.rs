//! What the runtime asks of Linux, in safe pieces. Nothing here knows what is being said over these sockets.

mod cut;

mod background;
mod credentials;
mod deadline;
mod fork;
mod leave;
mod life;
mod moment;
mod mortal;
mod owner;
mod process;
mod socket;
mod socket_file;
mod timer;

pub(crate) use background::{BACKGROUND, MONITOR, Next, Watch};
pub(crate) use cut::Cut;
pub(crate) use deadline::Deadline;
pub(crate) use fork::{forked, this_process};
pub(crate) use leave::at_exit;
pub(crate) use life::{Life, realm};
pub(crate) use moment::Moment;
pub(crate) use owner::Owner;
pub(crate) use process::{Child, Peer, build_id, own_pidfd, process_label, send_own_pidfd};
pub(crate) use socket::{Received, SendError, Socket, wait};
pub(crate) use socket_file::SocketFile;
pub(crate) use timer::{Expires, Timer};

/// 128 bits nobody can guess.
pub(crate) fn random_id() -> u128 {
    u128::from_ne_bytes(random_bytes())
}

/// Bytes nobody can guess; 256 at most.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < bytes.len() {
        // The kernel never fails this call for so few bytes; a signal before the pool is seeded cuts it short.
        filled +=
            rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
                .unwrap_or(0);
    }
    bytes
}
