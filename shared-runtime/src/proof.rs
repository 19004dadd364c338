//! Proofs that somebody has a key, without the key: a hash of what both sides have said and of who they are, keyed with it.
//!
//! Each side contributes a number that is new every time, so that no proof is good twice. The side that proves is a part of what it proves, so
//! that nobody can be answered with their own proof. So are the two processes, as the kernel told the other side of each: a process in
//! between, which hands on what it hears, changes them.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::auth_key::AuthKey;
use crate::os::random_bytes;

/// Sets these proofs apart from everything else that the key may be used for.
const DOMAIN: &[u8] = b"shared-runtime: the key of an address, version 1";

/// A number that one side has made for one handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Nonce([u8; 32]);

impl Nonce {
    pub(crate) fn new() -> Self {
        Self(random_bytes())
    }
}

/// A hash, keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof([u8; 32]);

/// Who proves that it has the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What both sides of a handshake know before either proves anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meeting {
    pub(crate) client: Nonce,
    pub(crate) server: Nonce,
    pub(crate) client_pid: u32,
    pub(crate) server_pid: u32,
}

impl Meeting {
    /// The proof of one side, which also vouches for what it says.
    pub(crate) fn prove(&self, key: &AuthKey, side: Side, said: &[u8]) -> Proof {
        Proof(self.hash(key, side, said).finalize().into_bytes().into())
    }

    /// Whether a proof is the one that this side would give; takes as long for every wrong one.
    pub(crate) fn verify(&self, key: &AuthKey, side: Side, said: &[u8], proof: Proof) -> bool {
        self.hash(key, side, said).verify_slice(&proof.0).is_ok()
    }

    /// All but the last part are of fixed lengths, so that none of them can pass for a piece of another.
    fn hash(&self, key: &AuthKey, side: Side, said: &[u8]) -> Hmac<Sha256> {
        let side: &[u8] = match side {
            Side::Client => b"client",
            Side::Server => b"server",
        };
        let mut hash = Hmac::new_from_slice(key.bytes()).expect("a key may have any length");
        let pids = [self.client_pid, self.server_pid].map(u32::to_le_bytes);
        let parts = [
            DOMAIN,
            side,
            &self.client.0,
            &self.server.0,
            &pids[0],
            &pids[1],
            said,
        ];
        for part in parts {
            hash.update(part);
        }
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: u8) -> AuthKey {
        AuthKey::new([letter; 20]).unwrap()
    }

    fn meeting() -> Meeting {
        Meeting {
            client: Nonce([1; 32]),
            server: Nonce([2; 32]),
            client_pid: 10,
            server_pid: 20,
        }
    }

    #[test]
    fn a_proof_is_good_for_its_key_its_side_and_its_meeting_alone() {
        let meeting = meeting();
        let proof = meeting.prove(&key(1), Side::Client, b"it");
        let verify = |it: Meeting, key, side, said| it.verify(&key, side, said, proof);
        assert!(verify(meeting, key(1), Side::Client, &b"it"[..]));
        assert!(!verify(meeting, key(2), Side::Client, b"it"));
        assert!(!verify(meeting, key(1), Side::Server, b"it"));
        assert!(!verify(meeting, key(1), Side::Client, b"else"));
        let others = [
            Meeting {
                client: Nonce::new(),
                ..meeting
            },
            Meeting {
                server: Nonce::new(),
                ..meeting
            },
            Meeting {
                client: meeting.server,
                server: meeting.client,
                ..meeting
            },
            Meeting {
                client_pid: 11,
                ..meeting
            },
            Meeting {
                server_pid: 21,
                ..meeting
            },
            Meeting {
                client_pid: 20,
                server_pid: 10,
                ..meeting
            },
        ];
        for other in others {
            assert!(!verify(other, key(1), Side::Client, b"it"), "{other:?}");
        }
    }

    /// The same in another language, from the description above.
    #[test]
    fn a_proof_is_the_hash_that_it_is_said_to_be() {
        let proof = meeting().prove(&key(1), Side::Server, b"it");
        let digits = proof.0.map(|byte| format!("{byte:02x}"));
        assert_eq!(
            digits.concat(),
            "56bb128563183548f8c8688633eb9831251d15eab61dd208979410fd9c083a25"
        );
    }

    #[test]
    fn no_two_numbers_are_the_same() {
        assert_ne!(Nonce::new(), Nonce::new());
    }
}
