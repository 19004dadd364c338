//! The rules of the lease protocol, each of which can be switched off. What each is there against is not known here: the
//! search finds it out.

/// All of them hold, or all but those that a test has switched off.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, and a test names the one it moves"
)]
pub(crate) struct Rules {
    /// The server counts the leases of a session. Else it only knows whether a session has the object.
    pub(crate) counted: bool,
    /// A reply's lease is granted while the method's own handle still keeps the object.
    pub(crate) granted_before_drop: bool,
    /// The destructor of a lease takes it out of the table only if the table still has this one.
    pub(crate) entry_removed_only_if_own: bool,
    /// A two-way call keeps its handle until the reply.
    pub(crate) call_pins: bool,
    /// A one-way call keeps its handle until the server is done with it.
    pub(crate) one_way_pins: bool,
    /// Who passes a handle on keeps its own until the receiver has said that it has one.
    pub(crate) sender_keeps_until_acknowledged: bool,
    /// A dead client's one-way lane is read to its end before its session ends.
    pub(crate) one_way_read_before_session_ends: bool,
    /// A release gives back as many leases as the process was granted, not one.
    pub(crate) release_carries_count: bool,
    /// A one-way call that waits at the server has a lease of the server's own.
    pub(crate) queued_call_has_a_lease: bool,
    /// The receiver of a handle answers also if it could not read the message.
    pub(crate) acknowledged_even_if_decoding_fails: bool,
    /// The lease in a reply that nobody waits for any more is given back.
    pub(crate) abandoned_reply_given_back: bool,
    /// A choice, and no rule: the client hears of a one-way call when it has been run. Else it hears when it has been read, and
    /// from then on only the server's own lease stands for it.
    pub(crate) done_when_run: bool,
}

impl Rules {
    pub(crate) const ALL: Self = Self {
        counted: true,
        granted_before_drop: true,
        entry_removed_only_if_own: true,
        call_pins: true,
        one_way_pins: true,
        sender_keeps_until_acknowledged: true,
        one_way_read_before_session_ends: true,
        release_carries_count: true,
        queued_call_has_a_lease: true,
        acknowledged_even_if_decoding_fails: true,
        abandoned_reply_given_back: true,
        done_when_run: true,
    };
}
