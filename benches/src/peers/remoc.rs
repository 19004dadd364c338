//! remoc: remote traits over a Unix socket, in its own encoding, one method at a time.
#![expect(
    clippy::unsafe_derive_deserialize,
    reason = "the attribute derives it for a type of its own"
)]

use std::os::unix::net::UnixStream;

use remoc::prelude::*;
use remoc::rtc::CallError;
use serde_bytes::ByteBuf;

use super::awaited::Awaited;
use super::over_unix::Peer;
use crate::contender::Result;
use crate::lines::ROOM;

#[rtc::remote]
pub(crate) trait Adder {
    async fn add(&self, n: i64) -> std::result::Result<i64, CallError>;
    async fn echo(&self, data: ByteBuf) -> std::result::Result<ByteBuf, CallError>;
}

struct Hosted;

impl Adder for Hosted {
    async fn add(&self, n: i64) -> std::result::Result<i64, CallError> {
        Ok(n + 1)
    }

    async fn echo(&self, data: ByteBuf) -> std::result::Result<ByteBuf, CallError> {
        Ok(data)
    }
}

pub(super) struct Remoc;

impl Peer for Remoc {
    const NAME: &'static str = "remoc";
    type Client = AdderClient;

    async fn connect(stream: UnixStream) -> Result<AdderClient> {
        let (read, write) = tokio::net::UnixStream::from_std(stream)?.into_split();
        let connect = remoc::Connect::io(remoc::Cfg::default(), read, write);
        let mut client: AdderClient = connect.consume().await?;
        widen(&mut client);
        Ok(client)
    }

    async fn serve(stream: UnixStream) -> Result<()> {
        let (read, write) = tokio::net::UnixStream::from_std(stream)?.into_split();
        let (server, mut client) = AdderServer::<_, remoc::codec::Default>::new(Hosted);
        // What the server takes is what its own end said before it went away.
        widen(&mut client);
        let connect = remoc::Connect::io(remoc::Cfg::default(), read, write);
        connect.provide(client).await?;
        let (_, end) = server.serve().await;
        end.map_err(|error| error.to_string().into())
    }
}

/// Lets through the largest payload and what is around it.
fn widen(client: &mut AdderClient) {
    client.set_max_request_size(2 * ROOM);
    client.set_max_response_size(2 * ROOM);
}

impl Awaited for AdderClient {
    async fn add(&self, n: i64) -> Result<i64> {
        Ok(Adder::add(self, n).await?)
    }

    async fn echo(&self, data: &[u8]) -> Result<Vec<u8>> {
        Ok(Adder::echo(self, ByteBuf::from(data)).await?.into_vec())
    }
}
