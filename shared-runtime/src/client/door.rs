//! The way to a server by an address that was chosen for it: both sides prove that they have its key, and then the server says where it
//! really is.

use std::io;
use std::os::fd::AsFd;

use rustix::event::PollFlags;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dial::HANDSHAKE;
use crate::address::{Address, Endpoint};
use crate::auth_key::AuthKey;
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::{CONTROL_LIMIT, Challenge, DOOR_MAGIC, Knock, PROTOCOL, Response, Verdict};
use crate::os::{Deadline, SendError, Socket, wait};
use crate::proof::{Meeting, Nonce, Side};

/// Where the server at a chosen address really is.
///
/// # Errors
///
/// `Denied` if one side has not the key of the other, or they belong to two users; `Disconnected` if nobody is there, `Timeout` if somebody is
/// who does not answer; `Incompatible` if the server has another version of this library; `Io`.
pub(crate) fn find(
    address: &Address,
    key: &AuthKey,
    deadline: Deadline,
) -> Result<Endpoint, Error> {
    let visit = Visit::begin(address, deadline)?;
    let client = Nonce::new();
    visit.say(&Knock {
        magic: DOOR_MAGIC,
        protocol: PROTOCOL,
        nonce: client,
    })?;
    let server = match visit.hear()? {
        Challenge::Prove(server) => server,
        Challenge::OtherVersion => return Err(visit.other_version()),
    };
    let meeting = Meeting {
        client,
        server,
        client_pid: std::process::id(),
        server_pid: visit.pid,
    };
    visit.say(&Response(meeting.prove(key, Side::Client, &[])))?;
    match visit.hear()? {
        // Nothing that it says is looked at before.
        Verdict::Admitted { endpoint, proof }
            if meeting.verify(key, Side::Server, &endpoint, proof) =>
        {
            codec::decode(&endpoint)
        }
        Verdict::Admitted { .. } | Verdict::Denied => Err(visit.denied()),
    }
}

/// A connection to the address.
struct Visit<'a> {
    address: &'a Address,
    socket: Socket,
    /// The process that listens there.
    pid: u32,
    deadline: Deadline,
}

impl<'a> Visit<'a> {
    fn begin(address: &'a Address, deadline: Deadline) -> Result<Self, Error> {
        let patience = deadline.earlier(Deadline::after(Some(HANDSHAKE)));
        let to = address.on_socket();
        let connected = to.and_then(|to| Socket::connect(&to, patience));
        let socket = connected.map_err(|error| not_connected(address, &error))?;
        let credentials = socket.peer();
        let credentials = credentials.map_err(|error| not_connected(address, &error))?;
        if credentials.uid != rustix::process::geteuid() {
            let text = format!(
                "the server at {address} belongs to user {}, not to this one",
                credentials.uid.as_raw()
            );
            return Err(Error::new(ErrorKind::Denied, text));
        }
        Ok(Self {
            address,
            socket,
            pid: credentials.pid,
            deadline,
        })
    }

    /// So long the next step may take.
    fn patience(&self) -> Deadline {
        self.deadline.earlier(Deadline::after(Some(HANDSHAKE)))
    }

    fn say(&self, what: &impl Serialize) -> Result<(), Error> {
        let sent = self
            .socket
            .send(&codec::encode(what)?, &[], self.patience());
        sent.map_err(|error| match error {
            SendError::Io(error) => Error::io("greeting a server", error),
            SendError::Full => silent(self.address),
            SendError::Closed => not_ours(self.address),
        })
    }

    fn hear<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let fds = [(self.socket.as_fd(), PollFlags::IN)];
        let came = wait(&fds, self.patience());
        came.map_err(|error| Error::io("waiting for a server", error))?
            .ok_or_else(|| silent(self.address))?;
        let message = self.socket.receive(CONTROL_LIMIT).ok().flatten();
        let message = message.ok_or_else(|| not_ours(self.address))?;
        codec::decode(&message.bytes).map_err(|_| not_ours(self.address))
    }

    /// Not which of the two lacks what.
    fn denied(&self) -> Error {
        let text = format!(
            "the server at {} and this process do not have the same key",
            self.address
        );
        Error::new(ErrorKind::Denied, text)
    }

    fn other_version(&self) -> Error {
        let text = format!(
            "the server at {} was built with another version of shared-runtime than this program",
            self.address
        );
        Error::new(ErrorKind::Incompatible, text)
    }
}

fn not_connected(address: &Address, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => {
            let text = format!("there is no server at {address}");
            Error::new(ErrorKind::Disconnected, text)
        }
        io::ErrorKind::PermissionDenied => {
            let text = format!("the address {address} is not for this user: {error}");
            Error::new(ErrorKind::Denied, text)
        }
        // The queue of those who want to be let in is full, and stayed so.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => silent(address),
        _ if error.raw_os_error() == Some(libc::EPROTOTYPE) => not_ours(address),
        _ => Error::io(&format!("connecting to {address}"), error),
    }
}

/// It has hung up, or says what no server of ours would say.
fn not_ours(address: &Address) -> Error {
    let text = format!("what listens at {address} has just ended, or is no server of this kind");
    Error::new(ErrorKind::Disconnected, text)
}

fn silent(address: &Address) -> Error {
    let text = format!("the server at {address} does not answer: is it stopped?");
    Error::new(ErrorKind::Timeout, text)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::address::ServerId;

    fn key() -> AuthKey {
        AuthKey::new([7; 20]).unwrap()
    }

    fn patience() -> Deadline {
        Deadline::after(Some(Duration::from_mins(1)))
    }

    fn endpoint() -> Endpoint {
        Endpoint {
            server: ServerId::random(),
            address: Address::private(),
            name: "a test".to_owned(),
            pid: std::process::id(),
        }
    }

    fn address() -> Address {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let text = format!("unix:@shared-door-{}-{number}", std::process::id());
        text.parse().unwrap()
    }

    /// What comes of a visit to somebody who says what `server` makes of the two messages of a client.
    fn find_at(
        server: impl FnOnce(&Socket) -> Option<()> + Send,
        deadline: Deadline,
    ) -> Result<Endpoint, Error> {
        let address = address();
        let listening = Socket::listen(&address.on_socket().unwrap()).unwrap();
        std::thread::scope(|scope| {
            let serving = scope.spawn(move || {
                let _ = server(&listening.accept().unwrap());
            });
            let found = find(&address, &key(), deadline);
            serving.join().unwrap();
            found
        })
    }

    /// What a client says: never the key.
    fn heard<T: DeserializeOwned>(visitor: &Socket) -> T {
        let message = visitor.receive(CONTROL_LIMIT).unwrap().expect("a message");
        assert!(!message.bytes.windows(20).any(|part| part == key().bytes()));
        codec::decode(&message.bytes).unwrap()
    }

    fn said(visitor: &Socket, what: &impl Serialize) -> Option<()> {
        let message = codec::encode(what).unwrap();
        visitor.send(&message, &[], patience()).ok()
    }

    /// Plays the server up to its verdict, which `verdict` makes of the meeting and the client's proof.
    fn judge(
        visitor: &Socket,
        server: Option<Nonce>,
        verdict: impl FnOnce(Meeting, Response) -> Verdict,
    ) -> Option<()> {
        let knock: Knock = heard(visitor);
        let meeting = Meeting {
            client: knock.nonce,
            server: server.unwrap_or(knock.nonce),
            client_pid: std::process::id(),
            server_pid: std::process::id(),
        };
        said(visitor, &Challenge::Prove(meeting.server));
        said(visitor, &verdict(meeting, heard(visitor)))
    }

    /// An endpoint with the proof that `prove` gives for it.
    fn admitted(endpoint: &Endpoint, prove: impl FnOnce(&[u8]) -> crate::proof::Proof) -> Verdict {
        let endpoint = codec::encode(endpoint).unwrap();
        let proof = prove(&endpoint);
        Verdict::Admitted { endpoint, proof }
    }

    #[test]
    fn a_server_with_the_key_says_where_it_is() {
        let there = endpoint();
        let honest = |visitor: &Socket| {
            judge(visitor, Some(Nonce::new()), |meeting, Response(proof)| {
                assert!(meeting.verify(&key(), Side::Client, &[], proof));
                admitted(&there, |said| meeting.prove(&key(), Side::Server, said))
            })
        };
        assert_eq!(find_at(honest, patience()).unwrap(), there);
    }

    fn is_denied(server: Option<Nonce>, verdict: impl FnOnce(Meeting, Response) -> Verdict + Send) {
        let found = find_at(|visitor| judge(visitor, server, verdict), patience());
        let error = found.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.to_string().contains("the same key"), "{error}");
    }

    #[test]
    fn a_server_without_the_key_is_not_believed() {
        let there = endpoint();
        let new = || Some(Nonce::new());
        is_denied(new(), |_, _| Verdict::Denied);
        let other = AuthKey::random();
        is_denied(new(), |meeting, _| {
            admitted(&there, |said| meeting.prove(&other, Side::Server, said))
        });
        // The client's own proof, of its own number.
        is_denied(None, |_, Response(proof)| admitted(&there, |_| proof));
        is_denied(new(), |_, Response(proof)| admitted(&there, |_| proof));
        // One that is good, for another place.
        is_denied(new(), |meeting, _| {
            let elsewhere = codec::encode(&endpoint()).unwrap();
            admitted(&there, |_| meeting.prove(&key(), Side::Server, &elsewhere))
        });
        // One that somebody else has got for us.
        is_denied(new(), |meeting, _| {
            let other = Meeting {
                server_pid: 1,
                ..meeting
            };
            admitted(&there, |said| other.prove(&key(), Side::Server, said))
        });
    }

    #[test]
    fn who_is_no_server_is_an_error_of_its_own() {
        type Play = fn(&Socket) -> Option<()>;
        let kind = |server: Play, deadline| find_at(server, deadline).unwrap_err().kind();
        let soon = || Deadline::after(Some(Duration::from_millis(30)));
        assert_eq!(kind(|_| None, patience()), ErrorKind::Disconnected);
        let nonsense: Play = |visitor| {
            let _: Knock = heard(visitor);
            visitor.send(&[9; 200], &[], patience()).ok()
        };
        assert_eq!(kind(nonsense, patience()), ErrorKind::Disconnected);
        let older: Play = |visitor| {
            let _: Knock = heard(visitor);
            said(visitor, &Challenge::OtherVersion)
        };
        assert_eq!(kind(older, patience()), ErrorKind::Incompatible);
        let mute: Play = |visitor| {
            let _: Knock = heard(visitor);
            visitor.receive(CONTROL_LIMIT).ok()?.map(drop)
        };
        assert_eq!(kind(mute, soon()), ErrorKind::Timeout);
        let undecided: Play = |visitor| {
            let _: Knock = heard(visitor);
            said(visitor, &Challenge::Prove(Nonce::new()));
            // The proof, unless the time was over before; and the end.
            visitor.receive(CONTROL_LIMIT).ok()??;
            visitor.receive(CONTROL_LIMIT).ok()?.map(drop)
        };
        assert_eq!(kind(undecided, soon()), ErrorKind::Timeout);
        let error = find(&address(), &key(), patience()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected);
        let text = error.to_string();
        assert!(text.contains("there is no server at unix:@"), "{text}");
    }
}
