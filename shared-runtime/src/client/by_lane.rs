//! What a session does on its lane: the calls that nobody waits for on the spot, and the ways their news and replies come.

use std::sync::{Arc, PoisonError};

use super::lane::NotSent;
use super::outgoing::{Room, TwoWay, Way};
use super::replies::Replies;
use super::session::{Session, refuse_in_fork};
use crate::error::{Error, ErrorKind};
use crate::message::{CONTROL_LIMIT, LaneCall, Role};
use crate::order::{Outstanding, Pins};
use crate::os::Deadline;
use crate::transport::Connection;

impl Session {
    /// The one-way calls that this process has sent and that have not run yet.
    pub(crate) fn one_way_calls(&self) -> &Arc<Outstanding> {
        self.lane.calls()
    }

    /// Sends a call that has no reply; its number is returned. `pins` is kept until it has run.
    ///
    /// # Errors
    ///
    /// `TooLarge`, `Disconnected`; `Timeout` if the server does not take it before the deadline. The call is lost then.
    pub(crate) fn send_one_way(
        &self,
        call: LaneCall,
        body: &[u8],
        pins: Pins,
        deadline: Deadline,
    ) -> Result<u64, Error> {
        refuse_in_fork()?;
        let open = || self.open_lane(deadline);
        let sent = self.lane.send(call, body, pins, deadline, open);
        sent.map_err(|not_sent| self.not_sent(not_sent))
    }

    /// Has a call sent, soon, that will have a reply. Never waits.
    pub(crate) fn send_later(self: &Arc<Self>, call: Arc<dyn TwoWay>) {
        self.outgoing.push(call, Arc::clone(self) as Arc<dyn Way>);
    }

    /// Says that the handles in the reply to this call of the lane have been taken, or that nobody takes them.
    pub(crate) fn confirm_later(&self, number: u64) {
        self.taken.post(number);
    }

    fn not_sent(&self, not_sent: NotSent) -> Error {
        match not_sent {
            NotSent::GivenUp => {
                Error::new(ErrorKind::Cancelled, "nobody waits for the call any more")
            }
            NotSent::TimedOut => {
                let text = format!(
                    "{} did not take the one-way call within the deadline: earlier ones wait to run",
                    self.endpoint.name
                );
                Error::new(ErrorKind::Timeout, text).in_process(self.label())
            }
            NotSent::Broken(broken) => self.lost(broken).in_process(self.label()),
            NotSent::TooLarge { size } => self.too_large(size),
            NotSent::Other(error) => error,
        }
    }

    fn open_lane(&self, deadline: Deadline) -> Result<Box<dyn Connection>, Error> {
        let (mut lane, _) = self.open_connection(Role::Lane, deadline)?;
        // A lane that nobody reads would swallow what is sent on it.
        match lane.receive(&mut Vec::new(), CONTROL_LIMIT, deadline) {
            Ok(()) => Ok(lane),
            Err(broken) => Err(self.lost(broken).in_process(self.label())),
        }
    }

    /// Before the first call of the lane that has a reply, the server must know where to send it.
    fn listen_for_replies(&self) -> Result<(), Error> {
        let mut listens = self.listens.lock().unwrap_or_else(PoisonError::into_inner);
        if *listens {
            return Ok(());
        }
        let (mut connection, _) = self.open_connection(Role::Replies, Deadline::NEVER)?;
        if let Err(broken) = connection.receive(&mut Vec::new(), CONTROL_LIMIT, Deadline::NEVER) {
            return Err(self.lost(broken).in_process(self.label()));
        }
        let control = self.control.copy();
        let replies = Replies {
            connection,
            peer: Arc::clone(&self.peer),
            name: self.endpoint.name.clone(),
            limit: self.reply_limit(),
            outgoing: Arc::clone(&self.outgoing),
            control: control.map_err(|error| Error::io("watching a control socket", error))?,
        };
        let listening = replies.listen();
        listening.map_err(|error| Error::io("starting a thread for replies", error))?;
        *listens = true;
        Ok(())
    }
}

impl Way for Session {
    fn send(&self, call: &Arc<dyn TwoWay>, room: Room) {
        if let Err(error) = self.listen_for_replies() {
            return Arc::clone(call).answered(Err(error));
        }
        let (mut request, body) = match call.request() {
            Some(Ok(request)) => request,
            Some(Err(error)) => return Arc::clone(call).answered(Err(error)),
            None => return,
        };
        request.number = match self.outgoing.begin(call, room) {
            Ok(number) => number,
            Err(lost) => return Arc::clone(call).answered(Err(lost)),
        };
        let open = || self.open_lane(Deadline::NEVER);
        let sent = self
            .lane
            .send_numbered(&request, &body, open, || call.commit());
        match sent {
            Ok(()) => self.outgoing.sent(request.number),
            Err(not_sent) => {
                if let Some((call, _room)) = self.outgoing.end(request.number)
                    && !matches!(not_sent, NotSent::GivenUp)
                {
                    call.answered(Err(self.not_sent(not_sent)));
                }
            }
        }
    }
}
