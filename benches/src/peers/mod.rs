//! Everybody else's libraries, each in its fastest documented setting for two processes of one machine.

mod awaited;
mod over_unix;

mod remoc;
mod tarpc;
mod zbus;

mod iceoryx2;
mod ipc_channel;

mod python;

use crate::contender::Contender;

pub(crate) fn all() -> Vec<Box<dyn Contender>> {
    vec![
        Box::new(iceoryx2::Iceoryx2::POLLING),
        Box::new(iceoryx2::Iceoryx2::EVENTS),
        Box::new(over_unix::OverUnix::<tarpc::Tarpc>::new()),
        Box::new(over_unix::OverUnix::<remoc::Remoc>::new()),
        Box::new(over_unix::OverUnix::<zbus::Zbus>::new()),
        Box::new(ipc_channel::IpcChannel),
        Box::new(python::BASE_MANAGER),
        Box::new(python::MPSERVICE),
    ]
}
