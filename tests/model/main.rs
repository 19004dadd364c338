//! A bounded model of the lease protocol: all interleavings of a server with one object and two clients, within a small budget
//! of what their users do. Every rule can be switched off, and then a fault is found: so each is needed, and the model sees what
//! for. The code is not run here. The model says a second time what it does, and must be changed with it.
//!
//! | rule | what it stands for in `ARCHITECTURE.md` |
//! |---|---|
//! | `counted`, `release_carries_count` | 3: leases are counted per session and object |
//! | `granted_before_drop` | Decisions, "Leases in replies": a lease is counted when it is sent |
//! | `entry_removed_only_if_own` | 3: a handle is never doubled, so a process has one lease of an object |
//! | `call_pins`, `one_way_pins` | 2: an object lives as long as some process holds a handle, and a call holds one |
//! | `sender_keeps_until_acknowledged` | 3: the sender keeps its lease until the receiver has its own |
//! | `acknowledged_even_if_decoding_fails` | 3: until the reply, whatever it says |
//! | `abandoned_reply_given_back` | 3: or until the server lets go of the connection (`client/drain`) |
//! | `one_way_read_before_session_ends` | 2: a session ends with its client, and not before what it has sent |
//! | `queued_call_has_a_lease` | 2: who keeps a message holds the handles that it needs |
//!
//! Invariant 4, that ids are never reused, is built in: an object that is freed stays so.
//!
//! Not in the model: sessions that end though their client lives, several servers, and time. A handle that is an argument of a
//! one-way call needs what the handle needs that the call goes through, so one stands for both. A call that passes a handle on
//! keeps it also when it times out, so that has no step of its own.
#![forbid(unsafe_code)]

mod rules;
mod state;
mod step;

mod ledger;
mod table;

mod client;
mod server;
mod transfer;

mod properties;
mod search;

mod faults;
mod scenarios;
