//! Records, and the ways in which their process ends.

use log::LevelFilter;
use shared_runtime::{ErrorKind, Report, task};

use super::{root, seen, texts};

#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum End {
    Return,
    Error,
    Panic,
    Exit,
    ExitOfAThread,
    Abort,
    Kill,
}

const ENDS: [End; 7] = [
    End::Return,
    End::Error,
    End::Panic,
    End::Exit,
    End::ExitOfAThread,
    End::Abort,
    End::Kill,
];

/// Enough that the owner cannot take them as fast as they are made.
const RECORDS: usize = 3_000;

#[task]
fn end(how: End) -> Result<(), Report> {
    for n in 0..RECORDS {
        log::info!("{how:?} {n}");
    }
    match how {
        End::Return => Ok(()),
        End::Error => Err(Report::msg("no")),
        End::Panic => panic!("on purpose"),
        End::Exit => std::process::exit(7),
        End::ExitOfAThread => {
            std::thread::spawn(|| std::process::exit(7)).join().unwrap();
            Ok(())
        }
        End::Abort => {
            log::logger().flush();
            std::process::abort()
        }
        End::Kill => {
            log::logger().flush();
            kill()
        }
    }
}

fn kill() -> ! {
    let me = std::process::id().to_string();
    let _killed = std::process::Command::new("kill")
        .args(["-9", &me])
        .status();
    unreachable!("the signal has come")
}

/// 3,000 records each, all of them there when `join` returns; of a process that ends without being asked, all that were written.
pub(crate) fn every_end() {
    root(LevelFilter::Info);
    for how in ENDS {
        let result = end::spawn(how).unwrap().join();
        assert_eq!(result.is_ok(), how == End::Return, "{how:?}: {result:?}");
        let expected: Vec<String> = (0..RECORDS).map(|n| format!("{how:?} {n}")).collect();
        assert!(
            texts() == expected,
            "{how:?}: {} of {RECORDS}",
            texts().len()
        );
        seen().clear();
    }
    println!("checked");
}

#[task]
fn babble() {
    for n in 0u64.. {
        log::info!("{n}");
    }
}

/// Killed at any moment: a beginning of what it said has come, without a gap and whole.
pub(crate) fn no_gap() {
    root(LevelFilter::Info);
    for most in [1, 10, 100, 1_000, 10_000] {
        let process = babble::spawn().unwrap();
        super::until(|| seen().len() >= most);
        process.kill();
        let error = process.join().unwrap_err();
        let shared_runtime::CallError::Remote(error) = error;
        assert_eq!(error.kind(), ErrorKind::Exited);
        let said = std::mem::take(&mut *seen());
        for (n, record) in said.iter().enumerate() {
            assert_eq!(record.text, n.to_string());
        }
        assert!(said.len() >= most);
    }
    println!("checked");
}
