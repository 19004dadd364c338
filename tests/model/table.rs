//! What a client's table does with a lease that arrives, and with one whose last handle goes, as `handle/lease` does it. What a
//! handle is for is not known here.

use super::rules::Rules;
use super::state::{Client, Lease};

impl Client {
    /// The lease in the table, if it lives.
    pub(crate) fn live(&self) -> Option<u8> {
        self.table
            .filter(|slot| self.leases[usize::from(*slot)].is_alive())
    }

    /// Counts a lease that has been granted and makes a handle of it. A dead lease in the table is not revived: it gives back
    /// its own count, whenever its destructor runs, and the new one has a count of its own.
    pub(crate) fn receive_grant(&mut self) -> u8 {
        let slot = self.live().unwrap_or_else(|| self.free_slot());
        self.table = Some(slot);
        let lease = self.lease(slot);
        lease.count += 1;
        lease.handles += 1;
        slot
    }

    pub(crate) fn lease(&mut self, slot: u8) -> &mut Lease {
        &mut self.leases[usize::from(slot)]
    }

    /// The leases that the user has handles of.
    pub(crate) fn in_hand(&self) -> Vec<u8> {
        self.slots(|lease| lease.handles > 0)
    }

    /// The leases whose last handle is gone and whose destructor has not run.
    pub(crate) fn dying(&self) -> Vec<u8> {
        self.slots(Lease::is_dying)
    }

    /// Keeps a lease beyond the user's handle, if the rule says so.
    pub(crate) fn pin(&mut self, slot: u8, rule: bool) -> Option<u8> {
        self.lease(slot).pins += u8::from(rule);
        rule.then_some(slot)
    }

    pub(crate) fn unpin(&mut self, pin: Option<u8>) {
        if let Some(slot) = pin {
            self.lease(slot).pins -= 1;
        }
    }

    /// The destructor of a lease: the second of two steps, between which another lease may have come.
    pub(crate) fn destroy(&mut self, slot: u8, rules: &Rules) {
        if self.table == Some(slot) || !rules.entry_removed_only_if_own {
            self.table = None;
        }
        let count = std::mem::take(self.lease(slot)).count;
        self.give_back(if rules.release_carries_count {
            count
        } else {
            1
        });
    }

    /// Sends a release.
    pub(crate) fn give_back(&mut self, count: u8) {
        self.control.push(count);
    }

    fn free_slot(&self) -> u8 {
        let free = self.slots(|lease| lease.count == 0);
        *free.first().expect("the budget allows no more leases")
    }

    fn slots(&self, is: impl Fn(Lease) -> bool) -> Vec<u8> {
        let numbered = (0_u8..).zip(self.leases);
        let chosen = numbered.filter(|(_, lease)| is(*lease));
        chosen.map(|(slot, _)| slot).collect()
    }
}
