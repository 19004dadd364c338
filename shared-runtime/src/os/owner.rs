//! Processes as one word, so that a lock in shared memory can say who has it, and others see whether that process still lives.

use super::fork::OncePerProcess;
use super::life::{Life, is_over, realm};

/// The kernel's process ids have no more bits.
const PID_BITS: u32 = 22;
const START_BITS: u32 = 20;
const START_AT: u32 = 32;
const PLACE_AT: u32 = START_AT + START_BITS;

/// A process: its id in the low 22 bits, from bit 32 on when it was started, so that a later process of the same id is another one, and above
/// that a tag of the namespaces in which the two mean something. Bits 22 to 31 are whoever's who stores the word.
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
        Self(word & (low_bits(PID_BITS) | !low_bits(START_AT)))
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
        let place = self.0 >> PLACE_AT;
        if place == 0 || place != Self::this().0 >> PLACE_AT {
            return false;
        }
        let own = (self.0 >> START_AT) & low_bits(START_BITS);
        is_over(self.pid(), |start| start & low_bits(START_BITS) != own)
    }

    fn of(Life { pid, start }: Life, place: u64) -> Self {
        let start = start & low_bits(START_BITS);
        Self(u64::from(pid) & low_bits(PID_BITS) | start << START_AT | place << PLACE_AT)
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
    Some((realm()? & low_bits(u64::BITS - PLACE_AT)).max(1))
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
        for elsewhere in [Owner(Owner::this().0 ^ 1 << PLACE_AT), Owner(7), Owner(0)] {
            assert!(!elsewhere.has_ended());
        }
    }
}
