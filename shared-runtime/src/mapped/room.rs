//! How much memory there is for a large block. To reserve more would not fail: the kernel would end processes until there is enough.

use std::fs::read_to_string;

/// Up to this, nobody looks: it takes longer than to reserve it.
const SMALL: u64 = 16 << 20;

/// Whether a block of `size` bytes can have its memory, as far as can be known.
pub(super) fn is_there(size: u64) -> bool {
    size <= SMALL
        || [of_the_machine(), of_the_container()]
            .into_iter()
            .flatten()
            .all(|available| size <= available)
}

fn of_the_machine() -> Option<u64> {
    available(&read_to_string("/proc/meminfo").ok()?)
}

/// Out of what the kernel says about its memory, in KiB.
fn available(meminfo: &str) -> Option<u64> {
    let number = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let free = number("MemAvailable:")?.checked_add(number("SwapFree:").unwrap_or(0))?;
    free.checked_mul(1024)
}

/// `None` where there is no container, or it has no limit.
fn of_the_container() -> Option<u64> {
    let number = |file: &str| {
        let text = read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    Some(number("memory.max")?.saturating_sub(number("memory.current").unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_understood() {
        let meminfo = "MemTotal: 9 kB\nMemAvailable:      100 kB\nSwapFree:   28 kB\n";
        assert_eq!(available(meminfo), Some(128 * 1024));
        assert_eq!(available("MemAvailable: 7 kB"), Some(7 * 1024));
        for unknown in [
            "",
            "MemAvailable: much",
            "MemAvailable: 18446744073709551615 kB",
        ] {
            assert_eq!(available(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn no_machine_has_as_much_as_numbers_go() {
        assert!(is_there(1));
        assert!(!is_there(u64::MAX));
    }
}
