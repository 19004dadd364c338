//! zbus: D-Bus between two processes without a bus, payloads as byte strings, methods run where their messages are read.

use std::os::unix::net::UnixStream;

use serde_bytes::{ByteBuf, Bytes};
use zbus::connection::Builder;
use zbus::{Connection, Guid, interface};

use super::awaited::Awaited;
use super::over_unix::Peer;
use crate::contender::Result;

struct Hosted;

#[interface(name = "shared.Adder", spawn = false)]
#[expect(clippy::unused_self, reason = "an object is called, not a function")]
impl Hosted {
    fn add(&self, n: i64) -> i64 {
        n + 1
    }

    fn echo(&self, data: ByteBuf) -> ByteBuf {
        data
    }
}

const PATH: &str = "/adder";
const INTERFACE: Option<&str> = Some("shared.Adder");

pub(super) struct Zbus;

impl Peer for Zbus {
    const NAME: &'static str = "zbus";
    type Client = Connection;

    async fn connect(stream: UnixStream) -> Result<Connection> {
        Ok(Builder::unix_stream(stream).p2p().build().await?)
    }

    async fn serve(stream: UnixStream) -> Result<()> {
        let builder = Builder::unix_stream(stream).server(Guid::generate()).p2p();
        let connection = builder.serve_at(PATH, Hosted).build().await?;
        // It serves until it is dropped.
        std::future::pending::<()>().await;
        drop(connection);
        Ok(())
    }
}

impl Awaited for Connection {
    async fn add(&self, n: i64) -> Result<i64> {
        let reply = self.call_method(None::<&str>, PATH, INTERFACE, "Add", &n);
        Ok(reply.await?.body().deserialize()?)
    }

    async fn echo(&self, data: &[u8]) -> Result<Vec<u8>> {
        let data = Bytes::new(data);
        let reply = self.call_method(None::<&str>, PATH, INTERFACE, "Echo", &data);
        let back: ByteBuf = reply.await?.body().deserialize()?;
        Ok(back.into_vec())
    }
}
