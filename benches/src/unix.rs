//! A raw Unix socket: blocking, a thread of the server for each connection, no library.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::thread;

use crate::child::{self, ServerChild};
use crate::contender::{Client, Contender, Result, Running, Setup, Work};
use crate::stream::Wire;

pub(crate) struct Unix;

impl Contender for Unix {
    fn name(&self) -> &'static str {
        "unix"
    }

    fn does(&self, work: Work, _: usize) -> bool {
        matches!(work, Work::Add | Work::Echo(_) | Work::Pipelined)
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        let (listener, address) = listen()?;
        let server = ServerChild::start(self.name(), "", setup, listener)?;
        Ok(Box::new(Started { server, address }))
    }

    fn serve(&self, _: &str) -> Result<()> {
        let listener = UnixListener::from(child::handed_over()?);
        for stream in listener.incoming() {
            let wire = Wire::new(stream?);
            thread::spawn(move || wire.serve());
        }
        Ok(())
    }
}

/// A listener whose name is no file.
pub(crate) fn listen() -> Result<(UnixListener, SocketAddr)> {
    let name = format!("shared-benches-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(name)?;
    Ok((UnixListener::bind_addr(&address)?, address))
}

struct Started {
    server: ServerChild,
    address: SocketAddr,
}

impl Running for Started {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        Ok(Box::new(Wire::new(UnixStream::connect_addr(
            &self.address,
        )?)))
    }

    fn pid(&self) -> u32 {
        self.server.pid()
    }
}
