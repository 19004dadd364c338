//! ipc-channel with typed messages: a channel each way for each client, a thread of the server for each.

use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::thread;

use ipc_channel::ipc::{self, IpcOneShotServer, IpcReceiver, IpcSender};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::child::{self, ServerChild};
use crate::contender::{
    Calls, Client, Contender, IN_FLIGHT, Result, Running, Setup, Work, expect, same,
};
use crate::machine::version;

#[derive(Serialize, Deserialize)]
enum Message {
    Number(i64),
    Bytes(ByteBuf),
}

/// What a client hands to the server: where its requests come from and where their replies go.
type Connection = (IpcReceiver<Message>, IpcSender<Message>);

pub(super) struct IpcChannel;

impl Contender for IpcChannel {
    fn name(&self) -> &'static str {
        "ipc_channel"
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![("ipc-channel".to_owned(), version("ipc-channel"))]
    }

    fn does(&self, work: Work, _: usize) -> bool {
        matches!(work, Work::Add | Work::Echo(_) | Work::Pipelined)
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        let (bootstrap, address) = IpcOneShotServer::<IpcSender<Connection>>::new()?;
        let nothing = OwnedFd::from(std::fs::File::open("/dev/null")?);
        let server = ServerChild::start(self.name(), &address, setup, nothing)?;
        let (_, connections) = bootstrap.accept()?;
        let connections = Mutex::new(connections);
        Ok(Box::new(Started {
            server,
            connections,
        }))
    }

    fn serve(&self, address: &str) -> Result<()> {
        let (sender, connections) = ipc::channel::<Connection>()?;
        IpcSender::connect(address.to_owned())?.send(sender)?;
        child::ready()?;
        while let Ok((requests, replies)) = connections.recv() {
            thread::spawn(move || answer(&requests, &replies));
        }
        Ok(())
    }
}

/// Until the client is gone.
fn answer(requests: &IpcReceiver<Message>, replies: &IpcSender<Message>) -> Result<()> {
    loop {
        let reply = match requests.recv()? {
            Message::Number(n) => Message::Number(n + 1),
            bytes @ Message::Bytes(_) => bytes,
        };
        replies.send(reply)?;
    }
}

struct Started {
    server: ServerChild,
    connections: Mutex<IpcSender<Connection>>,
}

impl Running for Started {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        let (requests, their_requests) = ipc::channel()?;
        let (their_replies, replies) = ipc::channel()?;
        let connections = self.connections.lock();
        let connections = connections.map_err(|_| "another client's thread panicked")?;
        connections.send((their_requests, their_replies))?;
        Ok(Box::new(Ends { requests, replies }))
    }

    fn pid(&self) -> u32 {
        self.server.pid()
    }
}

struct Ends {
    requests: IpcSender<Message>,
    replies: IpcReceiver<Message>,
}

impl Ends {
    fn number(&self) -> Result<i64> {
        match self.replies.recv()? {
            Message::Number(n) => Ok(n),
            Message::Bytes(_) => Err("bytes where a number was due".into()),
        }
    }
}

impl Calls for Ends {
    fn add(&mut self, n: i64) -> Result<i64> {
        self.requests.send(Message::Number(n))?;
        self.number()
    }

    fn echo(&mut self, data: &[u8]) -> Result<bool> {
        self.requests.send(Message::Bytes(ByteBuf::from(data)))?;
        match self.replies.recv()? {
            Message::Bytes(back) => Ok(same(data, &back)),
            Message::Number(_) => Err("a number where bytes were due".into()),
        }
    }

    fn pipelined(&mut self, calls: usize) -> Result<()> {
        let calls = i64::try_from(calls)?;
        let (mut sent, mut done) = (0, 0);
        while done < calls {
            while sent < calls.min(done + i64::try_from(IN_FLIGHT)?) {
                self.requests.send(Message::Number(sent))?;
                sent += 1;
            }
            expect(self.number()? == done + 1)?;
            done += 1;
        }
        Ok(())
    }
}
