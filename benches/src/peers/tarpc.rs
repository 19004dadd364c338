//! tarpc: bincode over a Unix socket, payloads as byte strings, methods run where their requests are read.

use std::os::unix::net::UnixStream;

use futures::StreamExt;
use serde_bytes::ByteBuf;
use tarpc::server::{BaseChannel, Channel};
use tarpc::{ClientMessage, Response, client, context, serde_transport};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::awaited::Awaited;
use super::over_unix::Peer;
use crate::contender::Result;
use crate::lines::ROOM;

#[tarpc::service]
pub(crate) trait Adder {
    async fn add(n: i64) -> i64;
    async fn echo(data: ByteBuf) -> ByteBuf;
}

#[derive(Clone)]
struct Hosted;

impl Adder for Hosted {
    async fn add(self, _: context::Context, n: i64) -> i64 {
        n + 1
    }

    async fn echo(self, _: context::Context, data: ByteBuf) -> ByteBuf {
        data
    }
}

pub(super) struct Tarpc;

type Stream = Framed<tokio::net::UnixStream, LengthDelimitedCodec>;

fn framed(stream: UnixStream) -> Result<Stream> {
    let stream = tokio::net::UnixStream::from_std(stream)?;
    let mut codec = LengthDelimitedCodec::builder();
    codec.max_frame_length(2 * ROOM);
    Ok(Framed::new(stream, codec.new_codec()))
}

type Codec<Item, SinkItem> = tarpc::tokio_serde::formats::Bincode<Item, SinkItem>;

impl Peer for Tarpc {
    const NAME: &'static str = "tarpc";
    type Client = AdderClient;

    async fn connect(stream: UnixStream) -> Result<AdderClient> {
        let codec = Codec::<Response<_>, ClientMessage<_>>::default();
        let transport = serde_transport::new(framed(stream)?, codec);
        Ok(AdderClient::new(client::Config::default(), transport).spawn())
    }

    async fn serve(stream: UnixStream) -> Result<()> {
        let codec = Codec::<ClientMessage<_>, Response<_>>::default();
        let transport = serde_transport::new(framed(stream)?, codec);
        let calls = BaseChannel::with_defaults(transport).execute(Hosted.serve());
        calls.for_each(|call| call).await;
        Ok(())
    }
}

impl Awaited for AdderClient {
    async fn add(&self, n: i64) -> Result<i64> {
        Ok(AdderClient::add(self, context::current(), n).await?)
    }

    async fn echo(&self, data: &[u8]) -> Result<Vec<u8>> {
        let data = ByteBuf::from(data);
        let back = AdderClient::echo(self, context::current(), data).await?;
        Ok(back.into_vec())
    }
}
