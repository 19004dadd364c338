//! Visitors at a chosen address who are not what they should be: each is shown out, learns nothing, and holds nobody up.

use std::process::id;
use std::sync::LazyLock;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::door::{MAX_VISITORS, open_door};
use super::listener::listen;
use super::malice::{Random, next, patience};
use crate::address::{Address, Endpoint};
use crate::auth_key::AuthKey;
use crate::codec;
use crate::handle::server_id;
use crate::message::{
    Challenge, DOOR_MAGIC, Door, Hello, KNOCK_LIMIT, Knock, MAGIC, PROTOCOL, Response, Verdict,
};
use crate::os::{Socket, build_id};
use crate::proof::{Meeting, Nonce, Proof, Side};

/// The one door of this process.
static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let address = format!("unix:@shared-visitors-{}", id());
    let door = Door {
        address: address.parse().unwrap(),
        key: AuthKey::random(),
    };
    assert_eq!(open_door(&door, &listen().unwrap()).unwrap(), None);
    door
});

fn connect() -> Socket {
    Socket::connect(&DOOR.address.on_socket().unwrap(), patience()).unwrap()
}

fn say(socket: &Socket, what: &impl Serialize) {
    let message = codec::encode(what).unwrap();
    socket.send(&message, &[], patience()).unwrap();
}

/// What the server says: never the key.
fn hear<T: DeserializeOwned>(socket: &Socket) -> T {
    let said = next(socket).expect("an answer");
    let key = DOOR.key.bytes();
    assert!(!said.windows(key.len()).any(|part| part == key));
    codec::decode(&said).unwrap()
}

fn knock(nonce: Nonce) -> Knock {
    Knock {
        magic: DOOR_MAGIC,
        protocol: PROTOCOL,
        nonce,
    }
}

/// Knocks, and is asked for a proof.
fn challenged(socket: &Socket, client: Nonce) -> Meeting {
    say(socket, &knock(client));
    match hear(socket) {
        Challenge::Prove(server) => Meeting {
            client,
            server,
            client_pid: id(),
            server_pid: id(),
        },
        Challenge::OtherVersion => panic!("it is the same"),
    }
}

/// What comes of `proof`, in a meeting of its own; afterwards the server hangs up.
fn tried(client: Nonce, proof: impl FnOnce(Meeting) -> Proof) -> (Meeting, Verdict) {
    let socket = connect();
    let meeting = challenged(&socket, client);
    say(&socket, &Response(proof(meeting)));
    let verdict = hear(&socket);
    assert_eq!(next(&socket), None);
    (meeting, verdict)
}

fn is_denied(proof: impl FnOnce(Meeting) -> Proof) {
    let (_, verdict) = tried(Nonce::new(), proof);
    assert!(matches!(verdict, Verdict::Denied), "{verdict:?}");
}

/// What a client of ours would do.
fn is_open() {
    let honest = |meeting: Meeting| meeting.prove(&DOOR.key, Side::Client, &[]);
    let (meeting, verdict) = tried(Nonce::new(), honest);
    let Verdict::Admitted { endpoint, proof } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(meeting.verify(&DOOR.key, Side::Server, &endpoint, proof));
    let endpoint: Endpoint = codec::decode(&endpoint).unwrap();
    assert_eq!(endpoint, listen().unwrap());
}

/// Nobody but the server has its private address and the number that it must be asked for by.
fn says_nothing_of_the_way(said: &[u8]) {
    let private: &Address = &listen().unwrap().address;
    let private = private.to_string();
    let name = private.strip_prefix("unix:@").unwrap().as_bytes();
    assert!(!said.windows(name.len()).any(|part| part == name));
}

#[test]
fn nothing_but_a_knock_is_answered() {
    let mut random = Random(11);
    let honest = codec::encode(&knock(Nonce::new())).unwrap();
    // Who has a handle has no business here either.
    let hello = codec::encode(&Hello {
        magic: MAGIC,
        protocol: PROTOCOL,
        build: build_id(),
        server: server_id(),
        name: "a test".to_owned(),
    });
    let mut wrong = vec![
        hello.unwrap(),
        vec![7; KNOCK_LIMIT + 1],
        honest[..20].to_vec(),
    ];
    wrong.extend((0..30).map(|_| random.spoil(&honest[..DOOR_MAGIC.len()])));
    for said in wrong.iter().filter(|said| !said.is_empty()) {
        let socket = connect();
        socket.send(said, &[], patience()).unwrap();
        assert_eq!(next(&socket), None);
    }
    is_open();
}

#[test]
fn another_version_is_told_so_and_nothing_else() {
    let socket = connect();
    let older = Knock {
        protocol: PROTOCOL + 1,
        ..knock(Nonce::new())
    };
    say(&socket, &older);
    assert!(matches!(hear(&socket), Challenge::OtherVersion));
    assert_eq!(next(&socket), None);
}

#[test]
fn only_the_proof_of_the_key_is_let_in() {
    let other = AuthKey::random();
    is_denied(|meeting| meeting.prove(&other, Side::Client, &[]));
    // The server's own, if somebody could have it.
    is_denied(|meeting| meeting.prove(&DOOR.key, Side::Server, &[]));
    // As where a process between the two hands on what it hears.
    is_denied(|meeting| {
        let elsewhere = Meeting {
            client_pid: 1,
            ..meeting
        };
        elsewhere.prove(&DOOR.key, Side::Client, &[])
    });
    is_open();
}

#[test]
fn a_proof_is_good_once() {
    let client = Nonce::new();
    let honest = |meeting: Meeting| meeting.prove(&DOOR.key, Side::Client, &[]);
    let (meeting, verdict) = tried(client, honest);
    assert!(matches!(verdict, Verdict::Admitted { .. }));
    let (_, verdict) = tried(client, |_| honest(meeting));
    assert!(matches!(verdict, Verdict::Denied), "{verdict:?}");
}

#[test]
fn a_nonsensical_proof_learns_nothing() {
    let mut random = Random(12);
    for _ in 0..30 {
        let socket = connect();
        challenged(&socket, Nonce::new());
        let nonsense = random.bytes(KNOCK_LIMIT);
        if nonsense.is_empty() {
            continue;
        }
        socket.send(&nonsense, &[], patience()).unwrap();
        while let Some(said) = next(&socket) {
            says_nothing_of_the_way(&said);
            let verdict = codec::decode::<Verdict>(&said).unwrap();
            assert!(matches!(verdict, Verdict::Denied), "{verdict:?}");
        }
    }
    is_open();
}

/// They are attended to a few at a time, and none of them for ever.
#[test]
fn a_crowd_that_says_nothing_is_shown_out() {
    let silent: Vec<Socket> = (0..MAX_VISITORS + 20).map(|_| connect()).collect();
    is_open();
    for visitor in silent {
        assert_eq!(next(&visitor), None);
    }
}
