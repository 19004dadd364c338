//! Clients that say what no client of ours would say: each loses its connection or its session, and nobody else loses anything.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;

use super::limits::carriage;
use super::listener::listen;
use crate::codec;
use crate::error::ErrorKind;
use crate::message::{
    After, CONTROL_LIMIT, Claim, Control, Greeting, Handles, HeldLock, Hello, LaneCall, LaneReply,
    MAGIC, MAX_PIPES, Notice, PROTOCOL, Reply, ReplyWanted, Request, Role, Subject,
};
use crate::os::{Deadline, Peer, Socket, build_id, wait};
use crate::transport::{self, Broken, Connection};

/// Long enough for any machine: only a hang takes longer.
pub(super) fn patience() -> Deadline {
    Deadline::after(Some(Duration::from_mins(1)))
}

fn hello() -> Hello {
    Hello {
        magic: MAGIC,
        protocol: PROTOCOL,
        build: build_id(),
        server: crate::handle::server_id(),
        name: "a test".to_owned(),
    }
}

/// A socket to this process's own server.
fn connect() -> Socket {
    let to = listen().unwrap().address.on_socket().unwrap();
    Socket::connect(&to, patience()).unwrap()
}

fn greeted() -> Socket {
    greeted_as("a test")
}

pub(super) fn greeted_as(name: &str) -> Socket {
    let socket = connect();
    let hello = Hello {
        name: name.to_owned(),
        ..hello()
    };
    let hello = codec::encode(&hello).unwrap();
    socket.send(&hello, &[], patience()).unwrap();
    let answer = next(&socket).expect("an answer");
    assert!(matches!(
        codec::decode(&answer).unwrap(),
        Greeting::Welcome { .. }
    ));
    socket
}

/// What the server says next; `None` if it has closed.
pub(super) fn next(socket: &Socket) -> Option<Vec<u8>> {
    let came = wait(&[(socket.as_fd(), PollFlags::IN)], patience()).unwrap();
    assert!(came.is_some(), "the server hangs");
    let message = socket.receive(CONTROL_LIMIT).unwrap()?;
    Some(message.bytes)
}

fn open(control: &Socket, role: Role) -> Box<dyn Connection> {
    let itself = Arc::new(Peer::watch(std::process::id()).unwrap());
    let (ours, theirs) = transport::offer(carriage().unwrap(), &itself).unwrap();
    let fds: Vec<_> = theirs.iter().map(OwnedFd::as_fd).collect();
    let say = codec::encode(&Control::Connect { number: 1, role }).unwrap();
    control.send(&say, &fds, patience()).unwrap();
    ours
}

/// Numbers without a pattern, always the same.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = usize::try_from(self.next() % most as u64).unwrap();
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// `bytes` with a few of them changed, or the end cut off.
    pub(super) fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.next() % 4 {
            let at = usize::try_from(self.next()).unwrap() % bytes.len();
            bytes[at] = self.next().to_le_bytes()[0];
        }
        if self.next().is_multiple_of(4) {
            bytes.truncate(usize::try_from(self.next()).unwrap() % bytes.len());
        }
        bytes
    }
}

pub(super) fn request(subject: Subject) -> Request {
    Request {
        subject,
        timeout: Some(Duration::from_millis(50)),
        held: Vec::new(),
        handles: Handles::default(),
    }
}

pub(super) fn head(request: &Request) -> Vec<u8> {
    let mut head = Vec::new();
    request.write(&mut head).unwrap();
    head
}

/// The reply to a frame, or `None` if the server closed the connection.
fn answer(connection: &mut dyn Connection, frame: &[u8]) -> Option<Reply> {
    match connection.send(frame, &[], patience()) {
        Ok(()) => {}
        Err(Broken::Closed) => return None,
        Err(other) => panic!("{other:?}"),
    }
    let mut frame = Vec::new();
    match connection.receive(&mut frame, usize::MAX, patience()) {
        Ok(()) => Some(Reply::read(&frame).unwrap().0),
        Err(Broken::Closed) => None,
        Err(other) => panic!("the server hangs: {other:?}"),
    }
}

pub(super) fn is_alive() {
    let frame = head(&request(Subject::ObjectCount));
    let control = greeted();
    let mut connection = open(&control, Role::Calls);
    let reply = answer(&mut *connection, &frame).expect("a reply");
    assert!(reply.outcome.is_ok());
}

#[test]
fn what_is_no_greeting_is_not_answered() {
    let mut random = Random(1);
    let honest = codec::encode(&hello()).unwrap();
    for round in 0..100 {
        let socket = connect();
        let said = if round % 2 == 0 {
            random.bytes(100)
        } else {
            random.spoil(&honest)
        };
        // Empty, it would be the end.
        if !said.is_empty() && said != honest {
            socket.send(&said, &[], patience()).unwrap();
            if let Some(answer) = next(&socket) {
                codec::decode::<Greeting>(&answer).unwrap();
            }
        }
    }
    is_alive();
}

#[test]
fn nonsense_on_a_control_socket_ends_that_session_alone() {
    let mut random = Random(2);
    let other = greeted();
    for _ in 0..50 {
        let socket = greeted();
        let say = Control::Release(vec![(random.next(), u64::MAX), (1, u64::MAX)]);
        socket
            .send(&codec::encode(&say).unwrap(), &[], patience())
            .unwrap();
        // Connections without a descriptor, with too many, and with one that no connection is made of.
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        let files = [file.as_fd(), file.as_fd()];
        for (count, role) in [Role::Calls, Role::Lane, Role::Replies]
            .into_iter()
            .enumerate()
        {
            let number = count as u64;
            let connect = codec::encode(&Control::Connect { number, role }).unwrap();
            socket.send(&connect, &files[..count], patience()).unwrap();
            let refused = next(&socket).expect("a word about it");
            let refused = codec::decode::<Notice>(&refused).unwrap();
            assert!(matches!(refused, Notice::Refused(it) if it == number));
        }
        socket.send(&[9, 9, 9], &[], patience()).unwrap();
        assert_eq!(next(&socket), None);
    }
    let mut connection = open(&other, Role::Calls);
    let frame = head(&request(Subject::ObjectCount));
    assert!(answer(&mut *connection, &frame).is_some());
}

#[test]
fn a_frame_of_nonsense_ends_that_connection_alone() {
    let mut random = Random(3);
    let control = greeted();
    let honest = head(&request(Subject::Method {
        object: 1 << 40,
        interface: 77,
        method: 3,
    }));
    for round in 0..300 {
        let mut connection = open(&control, Role::Calls);
        // Heads of either form, and none at all.
        let (first, rest) = match round % 4 {
            0 => (0, random.bytes(300)),
            1 => (1, random.bytes(30)),
            2 => (random.next().to_le_bytes()[0], random.bytes(300)),
            _ => (honest[0], random.spoil(&honest[1..])),
        };
        let sent = connection.send(&[first], &rest, patience());
        assert!(matches!(sent, Ok(()) | Err(Broken::Closed)), "{sent:?}");
        // Some of it can be understood by chance, and has an answer or needs none. Then this has one, too.
        drop(answer(&mut *connection, &honest));
    }
    is_alive();
}

#[test]
fn requests_that_ask_for_too_much_get_errors() {
    let control = greeted();
    let mut connection = open(&control, Role::Calls);
    let unheld = Control::Release(vec![(0, u64::MAX), (u64::MAX, u64::MAX)]);
    control
        .send(&codec::encode(&unheld).unwrap(), &[], patience())
        .unwrap();
    let lock = HeldLock {
        server: crate::handle::server_id(),
        object: 1,
        exclusive: true,
    };
    let mut deep = request(Subject::Ping { object: 1 << 40 });
    deep.held = vec![lock; 100_000];
    let mut claims = request(Subject::Publish {
        name: "x".repeat(1 << 20),
    });
    claims.handles.claims = (0..1000).map(|object| Claim::Granted { object }).collect();
    let requests = [
        deep,
        claims,
        request(Subject::RedeemTicket {
            secret: 7,
            interface: 7,
        }),
        request(Subject::Describe { interface: 7 }),
        request(Subject::Constructor {
            interface: u64::MAX,
            constructor: u32::MAX,
        }),
    ];
    for request in requests {
        let frame = head(&request);
        let reply = answer(&mut *connection, &frame).expect("an answer");
        let error = reply.outcome.unwrap_err().0;
        let expected = [ErrorKind::Gone, ErrorKind::Decode, ErrorKind::Unknown];
        assert!(expected.contains(&error.kind()), "{error:?}");
    }
    // As many handles as were asked for, each of which leads nowhere.
    let objects: Vec<u64> = (0..50_000).map(|n| (1 << 40) + n).collect();
    let frame = head(&request(Subject::Take { objects }));
    let claims = answer(&mut *connection, &frame)
        .expect("an answer")
        .handles
        .claims;
    assert_eq!(claims.len(), 50_000);
    assert!(claims.iter().all(|claim| matches!(claim, Claim::Broken(_))));
}

#[test]
fn nonsense_on_a_lane_ends_that_session_alone() {
    let mut random = Random(4);
    let other = greeted();
    let honest = LaneCall {
        number: 1,
        thread: Some(1),
        object: 1 << 40,
        interface: 7,
        method: 7,
        after: None,
        reply: None,
        handles: Handles::default(),
    };
    let honest = codec::encode(&honest).unwrap();
    for _ in 0..100 {
        let control = greeted();
        let mut lane = open(&control, Role::Lane);
        lane.receive(&mut Vec::new(), CONTROL_LIMIT, patience())
            .unwrap();
        // What is understood is answered on the control socket, by its number.
        lane.send(&honest, &[1, 2, 3], patience()).unwrap();
        assert!(next(&control).is_some());
        let said = [0x80 | random.next().to_le_bytes()[0]];
        lane.send(&said, &[], patience()).unwrap();
        assert_eq!(next(&control), None);
    }
    let mut lane = open(&other, Role::Lane);
    lane.receive(&mut Vec::new(), CONTROL_LIMIT, patience())
        .unwrap();
}

#[test]
fn what_comes_after_calls_that_no_pipe_has_holds_up_nobody_else() {
    let control = greeted();
    let mut lane = open(&control, Role::Lane);
    lane.receive(&mut Vec::new(), CONTROL_LIMIT, patience())
        .unwrap();
    let afters = [
        (1, After { pipe: 77, calls: 1 }),
        (
            1,
            After {
                pipe: 1,
                calls: u64::MAX - 1,
            },
        ),
    ];
    let afters = afters.map(|(thread, after)| (thread, Some(after)));
    for (number, (thread, after)) in (1..).zip(afters.into_iter().chain([(2, None)])) {
        let call = LaneCall {
            number,
            thread: Some(thread),
            object: 1 << 40,
            interface: 7,
            method: 7,
            after,
            reply: None,
            handles: Handles::default(),
        };
        let call = codec::encode(&call).unwrap();
        lane.send(&call, &[], patience()).unwrap();
    }
    let done = codec::decode(&next(&control).expect("one has run")).unwrap();
    assert!(matches!(done, Notice::Done(numbers) if numbers == [3]));
    is_alive();
}

#[test]
fn there_are_so_many_pipes_and_each_answers_in_order() {
    let control = greeted();
    let mut pipes: Vec<_> = (0..2 * MAX_PIPES)
        .map(|_| open(&control, Role::Pipe))
        .collect();
    let frames = [Subject::ObjectCount, Subject::Ping { object: 1 << 40 }];
    let frames = frames.map(|subject| head(&request(subject)));
    for pipe in &mut pipes {
        for frame in frames.iter().cycle().take(10) {
            pipe.send(frame, &[], patience()).unwrap();
        }
        for n in 0..10 {
            let mut reply = Vec::new();
            pipe.receive(&mut reply, usize::MAX, patience()).unwrap();
            let (reply, _) = Reply::read(&reply).unwrap();
            assert_eq!(reply.outcome.is_ok(), n % 2 == 0);
        }
    }
    let mut further = open(&control, Role::Pipe);
    assert!(answer(&mut *further, &frames[0]).is_none());
    let mut calls = open(&control, Role::Calls);
    assert!(answer(&mut *calls, &frames[0]).is_some());
}

#[test]
fn lanes_upon_lanes_take_each_other_s_place() {
    let control = greeted();
    for _ in 0..1000 {
        let mut lane = open(&control, Role::Lane);
        lane.receive(&mut Vec::new(), CONTROL_LIMIT, patience())
            .unwrap();
    }
    is_alive();
}

/// A call on an object that is not there.
fn wants_reply(number: u64, timeout: Option<Duration>) -> Vec<u8> {
    let call = LaneCall {
        number,
        thread: None,
        object: 1 << 40,
        interface: 7,
        method: 7,
        after: None,
        reply: Some(ReplyWanted {
            timeout,
            held: Vec::new(),
        }),
        handles: Handles::default(),
    };
    codec::encode(&call).unwrap()
}

#[test]
fn a_lane_s_calls_are_answered_by_their_numbers_and_not_after_their_time() {
    let control = greeted();
    let mut replies = open(&control, Role::Replies);
    replies
        .receive(&mut Vec::new(), CONTROL_LIMIT, patience())
        .unwrap();
    // A second one takes nobody's place, and what no reply needed is confirmed for nothing.
    let mut second = open(&control, Role::Replies);
    assert!(
        second
            .receive(&mut Vec::new(), CONTROL_LIMIT, patience())
            .is_err()
    );
    let taken = codec::encode(&Control::Taken(vec![1, 7, u64::MAX])).unwrap();
    control.send(&taken, &[], patience()).unwrap();
    let mut lane = open(&control, Role::Lane);
    lane.receive(&mut Vec::new(), CONTROL_LIMIT, patience())
        .unwrap();
    let over = Some(Duration::ZERO);
    for (number, timeout, kind) in [
        (7, None, ErrorKind::Gone),
        (7, over, ErrorKind::Timeout),
        (u64::MAX, None, ErrorKind::Gone),
    ] {
        lane.send(&wants_reply(number, timeout), &[], patience())
            .unwrap();
        let mut frame = Vec::new();
        replies.receive(&mut frame, usize::MAX, patience()).unwrap();
        let (reply, _) = codec::decode_head::<LaneReply>(&frame).unwrap();
        let error = reply.reply.outcome.unwrap_err().0;
        assert_eq!((reply.number, error.kind()), (number, kind));
    }
}

#[test]
fn calls_that_nobody_can_be_told_the_answer_of_end_that_session_alone() {
    let control = greeted();
    let mut lane = open(&control, Role::Lane);
    lane.receive(&mut Vec::new(), CONTROL_LIMIT, patience())
        .unwrap();
    lane.send(&wants_reply(1, None), &[], patience()).unwrap();
    assert_eq!(next(&control), None);
    is_alive();
}

#[test]
fn nonsense_about_memory_harms_nobody() {
    let control = greeted();
    let ask = codec::encode(&Control::Memory { number: u64::MAX }).unwrap();
    let (ours, theirs) = Socket::pair().unwrap();
    control.send(&ask, &[theirs.as_fd()], patience()).unwrap();
    drop(theirs);
    assert_eq!(next(&ours), None, "it closes, and nothing comes");
    control.send(&ask, &[], patience()).unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    control.send(&ask, &[file.as_fd()], patience()).unwrap();

    let mut connection = open(&control, Role::Calls);
    let mut claims = request(Subject::Publish { name: "x".into() });
    let forged = |number| Claim::Memory {
        endpoint: listen().unwrap(),
        number,
    };
    claims.handles.claims = (0..1000).map(|number| forged(u64::MAX - number)).collect();
    let reply = answer(&mut *connection, &head(&claims)).expect("an answer");
    assert_eq!(reply.outcome.unwrap_err().0.kind(), ErrorKind::Decode);
}
