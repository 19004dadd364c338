//! Processes with a logger of their own.

use log::LevelFilter;
use shared_runtime::task;

use super::{Keep, root, seen, texts};

#[task]
fn with_its_own() -> Vec<String> {
    log::info!("to myself");
    texts()
}

/// A logger that was there before `init` stays, in children too.
pub(crate) fn before_init() {
    log::set_logger(&Keep).unwrap();
    log::set_max_level(LevelFilter::Info);
    shared_runtime::init();
    assert_eq!(
        with_its_own::spawn().unwrap().join().unwrap(),
        ["to myself"]
    );
    assert!(texts().is_empty());
    println!("checked");
}

/// What the task's own logger got.
#[task]
fn changes_its_mind() -> Vec<String> {
    log::info!("to the root");
    shared_runtime::logs::set_logger(Box::new(Keep)).unwrap();
    assert!(shared_runtime::logs::set_logger(Box::new(Keep)).is_err());
    log::info!("to myself");
    let below = speaks::spawn().unwrap().join();
    below.unwrap();
    texts()
}

/// It has none of its own, whatever its owner has.
#[task]
fn speaks() {
    log::info!("from below");
}

/// As any library does it; the variable leaves room for it.
#[task]
fn on_its_own() -> Vec<String> {
    log::set_boxed_logger(Box::new(Keep)).unwrap();
    log::set_max_level(LevelFilter::Info);
    log::info!("to myself");
    texts()
}

pub(crate) fn later() {
    // Before there is another thread; the program that started this one has nothing of it.
    if std::env::var_os("SHARED_LOGS").is_none() && std::env::args().nth(2).is_none() {
        root(LevelFilter::Info);
        assert_eq!(
            changes_its_mind::spawn().unwrap().join().unwrap(),
            ["to myself"]
        );
        assert_eq!(texts(), ["to the root", "from below"]);
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["a_logger_of_its_own", "again"])
            .env("SHARED_LOGS", "own")
            .output()
            .unwrap();
        assert!(again.status.success(), "{again:?}");
        println!("checked");
        return;
    }
    root(LevelFilter::Info);
    assert_eq!(on_its_own::spawn().unwrap().join().unwrap(), ["to myself"]);
    assert!(seen().is_empty());
}
