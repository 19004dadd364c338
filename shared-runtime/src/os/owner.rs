//! Processes as one word, so that a lock in shared memory can say who has it, and others see whether that process still lives.

use super::fork::OncePerProcess;
use super::life::{Life, is_over, realm};

/// The kernel's process ids have no more bits.
const PID_BITS: u32 = 22;
/// The one bit that is whoever's who stores the word.
const FREE_AT: u32 = 31;
const START_BITS: u32 = 20;
const START_AT: u32 = 32;
const PLACE_AT: u32 = START_AT + START_BITS;
/// What there is room for above the start, and between the id and the free bit.
const PLACE_BITS: [u32; 2] = [u64::BITS - PLACE_AT, FREE_AT - PID_BITS];

/// A process: its id in the low 22 bits, from bit 32 on when it was started, so that a later process of the same id is another one, and in all
/// other bits but the 31st a tag of the namespaces in which the two mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(u64);

impl Owner {
    /// This process.
    #[inline]
    pub(crate) fn this() -> Self {
        static THIS: OncePerProcess = OncePerProcess::new();
        Self(THIS.get(this_process))
    }

    /// Out of a word that anybody may have written.
    pub(crate) fn in_word(word: u64) -> Self {
        Self(word & !(1 << FREE_AT))
    }

    #[inline]
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    pub(crate) fn pid(self) -> u32 {
        u32::try_from(self.0 & low_bits(PID_BITS)).unwrap_or(0)
    }

    /// Whether the process is known to have ended; of one in other namespaces nothing is known.
    pub(crate) fn has_ended(self) -> bool {
        let place = self.place();
        if place == 0 || place != Self::this().place() {
            return false;
        }
        let own = (self.0 >> START_AT) & low_bits(START_BITS);
        is_over(self.pid(), |start| start & low_bits(START_BITS) != own)
    }

    fn place(self) -> u64 {
        let [_, low] = PLACE_BITS;
        (self.0 >> PLACE_AT) << low | (self.0 >> PID_BITS) & low_bits(low)
    }

    fn of(Life { pid, start }: Life, place: u64) -> Self {
        let pid = u64::from(pid) & low_bits(PID_BITS);
        let start = start & low_bits(START_BITS);
        let [_, low] = PLACE_BITS;
        let place = (place >> low) << PLACE_AT | (place & low_bits(low)) << PID_BITS;
        Self(pid | start << START_AT | place)
    }
}

/// Where `/proc` does not say when it began, a process of which nothing will be known.
fn this_process() -> u64 {
    let known = Life::own().zip(place());
    let pid = std::process::id();
    let unknown = (Life { pid, start: 0 }, 0);
    let (life, place) = known.unwrap_or(unknown);
    Owner::of(life, place).0
}

/// A tag of where ids and times of start mean what they mean here. Zero is none.
fn place() -> Option<u64> {
    let [high, low] = PLACE_BITS;
    Some((realm()? & low_bits(high + low)).max(1))
}

const fn low_bits(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_is_always_the_same() {
        assert_eq!(Owner::this(), Owner::this());
        assert_eq!(Owner::this().pid(), std::process::id());
        assert!(!Owner::this().has_ended());
        assert_eq!(
            Owner::in_word(Owner::this().word() | 1 << 31),
            Owner::this()
        );
    }

    #[test]
    fn another_process_of_the_same_id_is_another_one() {
        let earlier = Owner(Owner::this().0 ^ 1 << START_AT);
        assert!(earlier.has_ended());
    }

    #[test]
    fn nothing_is_known_of_other_namespaces() {
        let this = Owner::this().0;
        // Nobody has this number here.
        let ended = this | low_bits(PID_BITS);
        assert!(Owner(ended).has_ended());
        let places = (PID_BITS..FREE_AT).chain(PLACE_AT..u64::BITS);
        for elsewhere in places.map(|bit| Owner(ended ^ 1 << bit)) {
            assert!(!elsewhere.has_ended());
        }
        assert!(!Owner(7).has_ended() && !Owner(0).has_ended());
    }
}
