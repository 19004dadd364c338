//! A raw TCP connection over the loopback device: blocking, small packets sent at once, no library.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::child::{self, ServerChild};
use crate::contender::{Client, Contender, Result, Running, Setup, Work};
use crate::stream::Wire;

pub(crate) struct Tcp;

impl Contender for Tcp {
    fn name(&self) -> &'static str {
        "tcp"
    }

    fn does(&self, work: Work, _: usize) -> bool {
        matches!(work, Work::Add | Work::Echo(_) | Work::Pipelined)
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = ServerChild::start(self.name(), "", setup, listener)?;
        Ok(Box::new(Started { server, address }))
    }

    fn serve(&self, _: &str) -> Result<()> {
        let listener = TcpListener::from(child::handed_over()?);
        for stream in listener.incoming() {
            let stream = stream?;
            stream.set_nodelay(true)?;
            let wire = Wire::new(stream);
            thread::spawn(move || wire.serve());
        }
        Ok(())
    }
}

struct Started {
    server: ServerChild,
    address: SocketAddr,
}

impl Running for Started {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        Ok(Box::new(Wire::new(stream)))
    }

    fn pid(&self) -> u32 {
        self.server.pid()
    }
}
