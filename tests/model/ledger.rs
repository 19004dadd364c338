//! What the server's table does with a lease that is granted or given back, as `object/registry` does it. Who asks for it, and
//! when, is not known here.

use super::rules::Rules;
use super::state::{Server, Who};

impl Server {
    /// Gives a session one more lease; `false` if there is no such object or session any more.
    pub(crate) fn grant(&mut self, who: Who, rules: &Rules) -> bool {
        if self.freed || !self.open[who as usize] {
            return false;
        }
        let count = &mut self.counts[who as usize];
        *count = if rules.counted { *count + 1 } else { 1 };
        true
    }

    /// Takes `count` leases from a session, or as many as it has.
    pub(crate) fn release(&mut self, who: Who, count: u8, rules: &Rules) {
        let held = &mut self.counts[who as usize];
        let count = if rules.counted {
            count.min(*held)
        } else {
            *held
        };
        *held -= count;
        self.free_if_unheld();
    }

    pub(crate) fn end_session(&mut self, who: Who) {
        self.open[who as usize] = false;
        self.counts[who as usize] = 0;
        self.free_if_unheld();
    }

    /// One more lease of the server's own; `false` if the object is gone.
    pub(crate) fn take_own(&mut self) -> bool {
        self.own += u8::from(!self.freed);
        !self.freed
    }

    pub(crate) fn drop_own(&mut self) {
        self.own -= 1;
        self.free_if_unheld();
    }

    fn free_if_unheld(&mut self) {
        self.freed |= self.own == 0 && self.counts == [0; 2];
    }
}
