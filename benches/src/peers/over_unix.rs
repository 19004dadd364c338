//! Libraries that take a connected stream of bytes: each connection is a Unix socket, and the executor of the server serves them all.

use std::marker::PhantomData;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use super::awaited::{Awaited, Awaiting, executor};
use crate::child::{self, ServerChild};
use crate::contender::{Client, Contender, Result, Running, Setup, Work};
use crate::machine::version;
use crate::unix::listen;

/// Such a library.
pub(super) trait Peer: 'static {
    /// Of its package.
    const NAME: &'static str;
    type Client: Awaited;

    async fn connect(stream: UnixStream) -> Result<Self::Client>;
    /// Until the client is gone.
    async fn serve(stream: UnixStream) -> Result<()>;
}

pub(super) struct OverUnix<P>(PhantomData<fn() -> P>);

impl<P> OverUnix<P> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Peer> Contender for OverUnix<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![(P::NAME.to_owned(), version(P::NAME))]
    }

    fn does(&self, work: Work, _: usize) -> bool {
        matches!(work, Work::Add | Work::Echo(_) | Work::Pipelined)
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        let (listener, address) = listen()?;
        let server = ServerChild::start(P::NAME, "", setup, listener)?;
        let peer = PhantomData::<fn() -> P>;
        Ok(Box::new(Started {
            server,
            address,
            peer,
        }))
    }

    fn serve(&self, _: &str) -> Result<()> {
        let listener = UnixListener::from(child::handed_over()?);
        listener.set_nonblocking(true)?;
        let local = tokio::task::LocalSet::new();
        local.block_on(&executor()?, async {
            let listener = tokio::net::UnixListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::task::spawn_local(P::serve(stream.into_std()?));
            }
        })
    }
}

struct Started<P> {
    server: ServerChild,
    address: SocketAddr,
    peer: PhantomData<fn() -> P>,
}

impl<P: Peer> Running for Started<P> {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        let stream = UnixStream::connect_addr(&self.address)?;
        stream.set_nonblocking(true)?;
        Ok(Box::new(Awaiting::with(P::connect(stream))?))
    }

    fn pid(&self) -> u32 {
        self.server.pid()
    }
}
