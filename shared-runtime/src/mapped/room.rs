//! How much memory there is for a large block. To reserve more would not fail: the kernel would end processes until there is enough.

use std::fs::read_to_string;
use std::path::Path;

/// Up to this, nobody looks: it takes longer than to reserve it.
const SMALL: u64 = 16 << 20;

/// Whether a block of `size` bytes can have its memory, as far as can be known.
pub(super) fn is_there(size: u64) -> bool {
    size <= SMALL
        || [of_the_machine(), of_the_groups()]
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

/// What the group of this process may still have, and those around it: a container, or a service that systemd limits. `None` without a limit.
fn of_the_groups() -> Option<u64> {
    let groups = read_to_string("/proc/self/cgroup").ok()?;
    around(&groups).filter_map(of_the_group).min()
}

/// The group that a process has in this text of the kernel's, and all around it.
fn around(groups: &str) -> impl Iterator<Item = &Path> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    own.into_iter().flat_map(|own| Path::new(own).ancestors())
}

fn of_the_group(group: &Path) -> Option<u64> {
    let folder = Path::new("/sys/fs/cgroup").join(group);
    let text = |file: &str| read_to_string(folder.join(file)).ok();
    let used = text("memory.current").unwrap_or_default();
    let detail = text("memory.stat").unwrap_or_default();
    within(&text("memory.max")?, &used, &detail)
}

/// What is left of a limit, where what is kept of files on disks counts as free: it makes room for whoever needs it.
fn within(limit: &str, used: &str, detail: &str) -> Option<u64> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let files = |name: &str| {
        let line = detail.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(number).unwrap_or(0)
    };
    let files = files("active_file ").saturating_add(files("inactive_file "));
    let used = number(used).unwrap_or(0).saturating_sub(files);
    Some(number(limit)?.saturating_sub(used))
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
    fn a_process_is_limited_by_all_groups_around_it() {
        let groups = |text| around(text).map(Path::to_path_buf).collect::<Vec<_>>();
        let service = "1:name=systemd:/x\n0::/system.slice/it.service\n";
        let around = ["system.slice/it.service", "system.slice", ""];
        assert_eq!(groups(service), around.map(Path::new));
        assert_eq!(groups("0::/\n"), [Path::new("")]);
        assert_eq!(groups("4:memory:/x\n"), [""; 0].map(Path::new));
    }

    #[test]
    fn what_a_container_keeps_of_files_is_free() {
        let detail = "anon 30\nfile 65\ninactive_file 40\nactive_file 20\n";
        assert_eq!(within("100\n", "95\n", detail), Some(65));
        assert_eq!(within("100", "95", ""), Some(5));
        assert_eq!(within("100", "", ""), Some(100));
        assert_eq!(within("100", "200", ""), Some(0));
        assert_eq!(within("max", "95", detail), None);
    }

    #[test]
    fn no_machine_has_as_much_as_numbers_go() {
        assert!(is_there(1));
        assert!(!is_there(u64::MAX));
    }
}
