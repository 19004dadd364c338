//! Blocks of memory with and without names.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shared_runtime::ErrorKind;
use shared_runtime::memory::SharedMemory;

fn kind<T>(result: Result<T, shared_runtime::Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error.kind(),
    }
}

/// Whether there is a block of this name.
fn exists(name: &str) -> bool {
    std::path::Path::new("/dev/shm").join(name).exists()
}

#[test]
fn a_block_is_found_by_its_name_and_goes_with_its_creator() {
    let memory = SharedMemory::create(10).unwrap();
    let name = memory.name().unwrap().to_owned();
    assert!(name.starts_with("psm_") && name.len() == 12, "{name}");
    assert_eq!(memory.size(), 10);
    let opened = SharedMemory::open(&name).unwrap();
    assert_eq!(opened.size(), 10);
    memory.write_at(0, b"howdy").unwrap();
    let clone = memory.clone();
    drop(memory);
    assert!(exists(&name), "a clone has it");
    drop(clone);
    assert!(!exists(&name));
    assert_eq!(kind(SharedMemory::open(&name)), ErrorKind::NotFound);
    let mut bytes = [0; 5];
    opened.read_at(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"howdy", "what is mapped stays");
}

#[test]
fn whoever_opened_a_block_leaves_its_name() {
    let memory = SharedMemory::create(1).unwrap();
    let name = memory.name().unwrap();
    drop(SharedMemory::open(name).unwrap());
    assert!(exists(name));
}

#[test]
fn a_kept_block_stays_until_somebody_removes_it() {
    let memory = SharedMemory::create(1).unwrap();
    let name = memory.name().unwrap().to_owned();
    memory.keep();
    drop(memory);
    assert!(exists(&name));
    let opened = SharedMemory::open(&name).unwrap();
    opened.unlink().unwrap();
    assert!(!exists(&name));
    assert_eq!(kind(opened.unlink()), ErrorKind::NotFound, "once");
}

#[test]
fn names_are_taken_with_or_without_a_slash_and_once() {
    let name = format!("shared-runtime-test-{}", std::process::id());
    let memory = SharedMemory::create_named(&format!("/{name}"), 3).unwrap();
    assert_eq!(memory.name(), Some(&*name));
    assert_eq!(SharedMemory::open(&name).unwrap().size(), 3);
    let error = SharedMemory::create_named(&name, 5).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(SharedMemory::open(&name).unwrap().size(), 3, "as it was");
}

#[test]
fn a_name_that_several_threads_want_is_free_when_all_have_had_it() {
    let name = own_name("wanted");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..30_000 {
                    match SharedMemory::create_named(&name, 1) {
                        Ok(memory) => drop(memory),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists),
                    }
                }
            });
        }
    });
    assert!(!exists(&name));
}

#[test]
fn a_block_of_another_under_the_old_name_is_left_alone() {
    let memory = SharedMemory::create(1).unwrap();
    let name = memory.name().unwrap().to_owned();
    memory.unlink().unwrap();
    let other = SharedMemory::create_named(&name, 2).unwrap();
    assert_eq!(kind(memory.unlink()), ErrorKind::NotFound);
    drop(memory);
    assert!(exists(&name));
    drop(other);
    assert!(!exists(&name));
}

#[test]
fn what_cannot_be_a_block_is_refused() {
    for name in ["", "/", "a/b", "..", "a\0b"] {
        assert_eq!(
            kind(SharedMemory::create_named(name, 1)),
            ErrorKind::InvalidInput
        );
        assert_eq!(kind(SharedMemory::open(name)), ErrorKind::InvalidInput);
    }
    assert_eq!(kind(SharedMemory::create(0)), ErrorKind::InvalidInput);
    assert_eq!(kind(SharedMemory::anonymous(0)), ErrorKind::InvalidInput);
    for size in [usize::MAX, 1 << 62] {
        assert_eq!(kind(SharedMemory::create(size)), ErrorKind::StorageFull);
        assert_eq!(kind(SharedMemory::anonymous(size)), ErrorKind::StorageFull);
    }
}

#[test]
fn places_outside_of_a_block_are_errors_and_change_nothing() {
    let memory = SharedMemory::anonymous(8).unwrap();
    let mut two = [7; 2];
    for offset in [7, 8, 9, usize::MAX] {
        assert_eq!(
            kind(memory.read_at(offset, &mut two)),
            ErrorKind::OutOfRange
        );
        assert_eq!(kind(memory.write_at(offset, &two)), ErrorKind::OutOfRange);
        assert_eq!(
            kind(memory.fill(offset..offset.saturating_add(2), 1)),
            ErrorKind::OutOfRange
        );
        assert_eq!(
            kind(memory.copy_within(0..2, offset)),
            ErrorKind::OutOfRange
        );
    }
    assert_eq!(two, [7; 2]);
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tried")]
    let reversed = memory.fill(3..1, 1);
    assert_eq!(kind(reversed), ErrorKind::OutOfRange);
    assert_eq!(kind(memory.fill(..=usize::MAX, 1)), ErrorKind::OutOfRange);
    memory.read_at(8, &mut []).unwrap();
    let mut all = [1; 8];
    memory.read_at(0, &mut all).unwrap();
    assert_eq!(all, [0; 8]);
    for (offset, wanted) in [(5, ErrorKind::OutOfRange), (8, ErrorKind::OutOfRange)] {
        assert_eq!(kind(memory.atomic_u32(offset)), wanted);
        assert_eq!(kind(memory.atomic_u64(offset)), wanted);
    }
    assert_eq!(kind(memory.atomic_u32(2)), ErrorKind::InvalidInput);
}

#[test]
fn bytes_are_filled_copied_and_counted() {
    let memory = SharedMemory::anonymous(10_000).unwrap();
    let bytes: Vec<u8> = (0..10_000u32).map(|n| n.to_le_bytes()[0]).collect();
    memory.write_at(0, &bytes).unwrap();
    memory.copy_within(..9_000, 1_000).unwrap();
    memory.fill(..1_000, 9).unwrap();
    let mut read = vec![0; 10_000];
    memory.read_at(0, &mut read).unwrap();
    assert!(read[..1_000].iter().all(|byte| *byte == 9));
    assert_eq!(read[1_000..], bytes[..9_000]);
    memory.fill(.., 0).unwrap();
    memory
        .atomic_i64(16)
        .unwrap()
        .fetch_sub(1, Ordering::Relaxed);
    assert_eq!(
        memory.atomic_u32(20).unwrap().load(Ordering::Relaxed),
        u32::MAX
    );
    assert_eq!(memory.atomic_u64(24).unwrap().load(Ordering::Relaxed), 0);
}

#[test]
fn frozen_memory_is_never_written_to_again() {
    let memory = SharedMemory::anonymous(4096).unwrap();
    memory.write_at(8, &3.5f64.to_ne_bytes()).unwrap();
    let clone = memory.clone();
    let (memory, error) = memory.freeze().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    drop(memory);
    let frozen = clone.freeze().unwrap();
    assert_eq!(frozen.slice::<f64>().unwrap()[..2], [0.0, 3.5]);
    assert_eq!(frozen.len(), 4096);
    let (named, error) = SharedMemory::create(8).unwrap().freeze().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    named.write_at(0, &[1]).unwrap();
    let odd = SharedMemory::anonymous(7).unwrap().freeze().unwrap();
    assert_eq!(
        kind(odd.slice::<u16>().map(<[u16]>::len)),
        ErrorKind::InvalidInput
    );
}

/// The file behind a name.
fn path(name: &str) -> std::path::PathBuf {
    std::path::Path::new("/dev/shm").join(name)
}

fn own_name(what: &str) -> String {
    format!("shared-runtime-test-{what}-{}", std::process::id())
}

#[test]
fn a_block_is_its_users_alone_and_all_of_it_is_there() {
    use std::os::unix::fs::MetadataExt;

    let memory = SharedMemory::create(10_000).unwrap();
    let file = std::fs::metadata(path(memory.name().unwrap())).unwrap();
    assert_eq!(file.mode() & 0o7777, 0o600);
    assert_eq!(file.len(), 10_000);
    assert!(file.blocks() * 512 >= 10_000, "{} blocks", file.blocks());
}

/// Who opens a block while its memory is being reserved must not find it empty: CPython does not wait.
#[test]
fn a_block_has_its_size_before_its_memory() {
    use std::os::unix::fs::MetadataExt;

    let size: usize = 32 << 20;
    let name = own_name("sized");
    let mut seen = false;
    for _ in 0..20 {
        std::thread::scope(|scope| {
            let made = scope.spawn(|| SharedMemory::create_named(&name, size).unwrap());
            while !made.is_finished() && !seen {
                let there = std::fs::metadata(path(&name));
                seen = there.is_ok_and(|it| it.len() > 0 && it.blocks() * 512 < it.len());
            }
            made.join().unwrap();
        });
        if seen {
            return;
        }
    }
    panic!("it never had a size without having all of its memory");
}

#[test]
fn a_block_that_is_being_made_is_waited_for() {
    let name = own_name("late");
    let file = std::fs::File::create_new(path(&name)).unwrap();
    std::thread::scope(|scope| {
        let opened = scope.spawn(|| SharedMemory::open(&name));
        std::thread::sleep(Duration::from_millis(50));
        file.set_len(5).unwrap();
        assert_eq!(opened.join().unwrap().unwrap().size(), 5);
    });
    let memory = SharedMemory::open(&name).unwrap();
    memory.unlink().unwrap();
}

#[test]
fn a_block_that_was_cut_short_is_refused() {
    let name = own_name("cut");
    let file = std::fs::File::create_new(path(&name)).unwrap();
    file.set_len(100).unwrap();
    file.set_len(0).unwrap();
    let error = SharedMemory::open(&name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    assert!(exists(&name), "whoever made it removes it");
    std::fs::remove_file(path(&name)).unwrap();
}

#[test]
fn what_is_no_file_is_no_block() {
    let name = own_name("folder");
    std::fs::create_dir(path(&name)).unwrap();
    let error = SharedMemory::open(&name).unwrap_err();
    std::fs::remove_dir(path(&name)).unwrap();
    assert!(!error.to_string().is_empty());
    std::os::unix::fs::symlink("/etc/passwd", path(&name)).unwrap();
    let error = SharedMemory::open(&name).unwrap_err();
    std::fs::remove_file(path(&name)).unwrap();
    assert!(error.to_string().contains(&name), "{error}");
}

#[test]
fn a_block_that_somebody_left_without_its_memory_gets_it() {
    use std::os::unix::fs::MetadataExt;

    let name = own_name("sparse");
    let file = std::fs::File::create_new(path(&name)).unwrap();
    file.set_len(1 << 20).unwrap();
    assert_eq!(file.metadata().unwrap().blocks(), 0);
    let memory = SharedMemory::open(&name).unwrap();
    let there = file.metadata().unwrap().blocks() * 512;
    memory.unlink().unwrap();
    assert_eq!((there, memory.size()), (1 << 20, 1 << 20));
}

#[test]
fn copies_at_one_time_are_made_of_what_was_written() {
    let memory = SharedMemory::anonymous(100_000).unwrap();
    let rounds = 300;
    std::thread::scope(|scope| {
        for byte in 1..=2 {
            let memory = memory.clone();
            scope.spawn(move || {
                let bytes = vec![byte; memory.size()];
                for _ in 0..rounds {
                    memory.write_at(0, &bytes).unwrap();
                    memory.atomic_u64(0).unwrap().fetch_or(0, Ordering::Relaxed);
                }
            });
        }
        let mut read = vec![0; memory.size()];
        for _ in 0..rounds {
            memory.read_at(0, &mut read).unwrap();
            assert!(read.iter().all(|byte| *byte < 3));
        }
    });
}

#[test]
fn a_block_of_another_user_is_refused_even_if_it_could_be_opened() {
    let name = own_name("theirs");
    let file = std::fs::File::create_new(path(&name)).unwrap();
    file.set_len(10).unwrap();
    let given = std::os::unix::fs::fchown(&file, Some(12_345), None);
    let opened = SharedMemory::open(&name);
    std::fs::remove_file(path(&name)).unwrap();
    if given.is_err() {
        println!("SKIPPED: only root can give files to other users");
        return;
    }
    assert_eq!(kind(opened), ErrorKind::Denied);
}
