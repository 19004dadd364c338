//! iceoryx2, request and response: typed numbers or slices in shared memory, and either both sides poll or each wakes the other by
//! an event.

use std::collections::VecDeque;
use std::hint::spin_loop;
use std::os::fd::OwnedFd;

use iceoryx2::pending_response::PendingResponse;
use iceoryx2::port::client::Client as Port;
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::request_response::PortFactory;

use crate::child::{self, ServerChild};
use crate::contender::{
    Calls, Client, Contender, IN_FLIGHT, Result, Running, Setup, Work, expect, same, unsupported,
};
use crate::lines::ROOM;
use crate::machine::version;

type Local = ipc::Service;
/// Of a service from values of one kind to values of the same.
type Factory<T> = PortFactory<Local, T, (), T, ()>;

pub(super) struct Iceoryx2 {
    name: &'static str,
    waits: bool,
}

impl Iceoryx2 {
    pub(super) const POLLING: Self = Self {
        name: "iceoryx2_polling",
        waits: false,
    };
    pub(super) const EVENTS: Self = Self {
        name: "iceoryx2_events",
        waits: true,
    };
}

impl Contender for Iceoryx2 {
    fn name(&self) -> &'static str {
        self.name
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![("iceoryx2".to_owned(), version("iceoryx2"))]
    }

    fn does(&self, work: Work, threads: usize) -> bool {
        let pipelined = work == Work::Pipelined && !self.waits;
        threads == 1 && (pipelined || matches!(work, Work::Add | Work::Echo(_)))
    }

    /// The address is the services' name, and what is called.
    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        let echoes = matches!(setup.work, Work::Echo(_));
        let what = if echoes { "echo" } else { "add" };
        let address = format!("shared-benches/{}/{what}", std::process::id());
        let nothing = OwnedFd::from(std::fs::File::open("/dev/null")?);
        let server = ServerChild::start(self.name, &address, setup, nothing)?;
        Ok(Box::new(Started {
            server,
            address,
            waits: self.waits,
            echoes,
        }))
    }

    fn serve(&self, address: &str) -> Result<()> {
        let ends = Ends::new(address, self.waits, "server", "client")?;
        if address.ends_with("echo") {
            serve_echoes(&ends, address)
        } else {
            serve_sums(&ends, address)
        }
    }
}

/// The node of a process, and how it wakes the other one.
struct Ends {
    events: Option<(Listener<Local>, Notifier<Local>)>,
    node: Node<Local>,
}

impl Ends {
    fn new(address: &str, waits: bool, own: &str, other: &str) -> Result<Self> {
        set_log_level(LogLevel::Error);
        let node = NodeBuilder::new().create::<Local>()?;
        let event = |end: &str| {
            let name = format!("{address}/{end}");
            Ok::<_, crate::contender::Fault>(
                node.service_builder(&name.as_str().try_into()?)
                    .event()
                    .open_or_create()?,
            )
        };
        let events = waits.then(|| {
            let listener = event(own)?.listener_builder().create()?;
            let notifier = event(other)?.notifier_builder().create()?;
            Ok::<_, crate::contender::Fault>((listener, notifier))
        });
        let events = events.transpose()?;
        Ok(Self { events, node })
    }

    fn wait(&self) -> Result<()> {
        match &self.events {
            Some((listener, _)) => _ = listener.blocking_wait(|_| ())?,
            None => spin_loop(),
        }
        Ok(())
    }

    fn wake(&self) -> Result<()> {
        if let Some((_, notifier)) = &self.events {
            notifier.notify()?;
        }
        Ok(())
    }

    fn sums(&self, address: &str) -> Result<Factory<i64>> {
        let builder = self.node.service_builder(&address.try_into()?);
        let builder = builder.request_response::<i64, i64>();
        let builder = builder.max_active_requests_per_client(IN_FLIGHT);
        Ok(builder.max_loaned_requests(IN_FLIGHT).open_or_create()?)
    }

    fn echoes(&self, address: &str) -> Result<Factory<[u8]>> {
        let builder = self.node.service_builder(&address.try_into()?);
        Ok(builder.request_response::<[u8], [u8]>().open_or_create()?)
    }
}

/// A request that ends the server, so that it takes along what it has in the file system.
const END: i64 = i64::MIN;

fn serve_sums(ends: &Ends, address: &str) -> Result<()> {
    let service = ends.sums(address)?;
    let server = service.server_builder().create()?;
    child::ready()?;
    loop {
        while let Some(request) = server.receive()? {
            if *request == END {
                return Ok(());
            }
            request.send_copy(*request + 1)?;
            ends.wake()?;
        }
        ends.wait()?;
    }
}

fn serve_echoes(ends: &Ends, address: &str) -> Result<()> {
    let service = ends.echoes(address)?;
    let server = service
        .server_builder()
        .initial_max_slice_len(ROOM)
        .create()?;
    child::ready()?;
    loop {
        while let Some(request) = server.receive()? {
            if request.payload().is_empty() {
                return Ok(());
            }
            let reply = request.loan_slice_uninit(request.payload().len())?;
            reply.write_from_slice(request.payload()).send()?;
            ends.wake()?;
        }
        ends.wait()?;
    }
}

struct Started {
    server: ServerChild,
    address: String,
    waits: bool,
    echoes: bool,
}

impl Started {
    fn end(&mut self) -> Result<()> {
        let ends = Ends::new(&self.address, self.waits, "client", "server")?;
        if self.echoes {
            let port = ends.echoes(&self.address)?.client_builder().create()?;
            let nothing = port.loan_slice_uninit(0)?.write_from_slice(&[]).send()?;
            ends.wake()?;
            self.server.ended()?;
            drop(nothing);
        } else {
            let port = ends.sums(&self.address)?.client_builder().create()?;
            let end = port.send_copy(END)?;
            ends.wake()?;
            self.server.ended()?;
            drop(end);
        }
        Ok(())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // One that cannot be told is killed.
        let _ = self.end();
    }
}

impl Running for Started {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        let ends = Ends::new(&self.address, self.waits, "client", "server")?;
        Ok(if self.echoes {
            let service = ends.echoes(&self.address)?;
            let builder = service.client_builder().initial_max_slice_len(ROOM);
            let port = builder.create()?;
            Box::new(Echoes {
                port,
                ends,
                back: Vec::new(),
            })
        } else {
            let port = ends.sums(&self.address)?.client_builder().create()?;
            Box::new(Sums { port, ends })
        })
    }

    fn pid(&self) -> u32 {
        self.server.pid()
    }
}

struct Sums {
    port: Port<Local, i64, (), i64, ()>,
    ends: Ends,
}

type Pending = PendingResponse<Local, i64, (), i64, ()>;

impl Sums {
    fn answer(&self, pending: &Pending) -> Result<i64> {
        loop {
            if let Some(response) = pending.receive()? {
                return Ok(*response);
            }
            self.ends.wait()?;
        }
    }
}

impl Calls for Sums {
    fn add(&mut self, n: i64) -> Result<i64> {
        let pending = self.port.send_copy(n)?;
        self.ends.wake()?;
        self.answer(&pending)
    }

    fn echo(&mut self, _: &[u8]) -> Result<bool> {
        Err(unsupported("echoes where sums are served"))
    }

    fn pipelined(&mut self, calls: usize) -> Result<()> {
        let mut under_way: VecDeque<(i64, Pending)> = VecDeque::with_capacity(IN_FLIGHT);
        for n in 0..i64::try_from(calls)? {
            if under_way.len() == IN_FLIGHT
                && let Some((n, pending)) = under_way.pop_front()
            {
                expect(self.answer(&pending)? == n + 1)?;
            }
            under_way.push_back((n, self.port.send_copy(n)?));
        }
        under_way
            .iter()
            .try_for_each(|(n, pending)| expect(self.answer(pending)? == n + 1))
    }
}

struct Echoes {
    port: Port<Local, [u8], (), [u8], ()>,
    ends: Ends,
    back: Vec<u8>,
}

impl Calls for Echoes {
    fn add(&mut self, _: i64) -> Result<i64> {
        Err(unsupported("sums where echoes are served"))
    }

    /// What comes back is copied out, as everybody's.
    fn echo(&mut self, data: &[u8]) -> Result<bool> {
        let request = self.port.loan_slice_uninit(data.len())?;
        let pending = request.write_from_slice(data).send()?;
        self.ends.wake()?;
        loop {
            if let Some(response) = pending.receive()? {
                self.back.clear();
                self.back.extend_from_slice(response.payload());
                return Ok(same(data, &self.back));
            }
            self.ends.wait()?;
        }
    }
}
