//! What the root does not want is not made, and what it wants may change.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use log::{Level, LevelFilter, log_enabled};
use shared_runtime::{ServerProcess, shared, task};

use super::{root, texts, until};

/// Counts how often it was shown, which every encoding needs.
struct Shown<'a>(&'a AtomicU32);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("shown")
    }
}

/// How often something was evaluated, and shown.
#[task]
fn costs() -> (u32, u32) {
    let (evaluated, shown) = (AtomicU32::new(0), AtomicU32::new(0));
    let argument = || {
        evaluated.fetch_add(1, Ordering::Relaxed);
        Shown(&shown)
    };
    for _ in 0..1_000 {
        log::debug!("{}", argument());
        log::trace!("{}", argument());
        tracing::debug!("{}", argument());
        let _span = tracing::debug_span!("inner", value = %argument()).entered();
    }
    assert_eq!(log::max_level(), LevelFilter::Info);
    assert!(!log_enabled!(Level::Debug) && log_enabled!(Level::Info));
    let counted = (
        evaluated.load(Ordering::Relaxed),
        shown.load(Ordering::Relaxed),
    );
    log::info!("{}", argument());
    assert_eq!(shown.into_inner(), 1);
    counted
}

#[task]
fn below() -> (u32, u32) {
    costs::spawn().unwrap().join().unwrap()
}

/// Neither are its arguments evaluated nor is it shown or sent.
pub(crate) fn filtered() {
    root(LevelFilter::Info);
    assert_eq!(costs::spawn().unwrap().join().unwrap(), (0, 0));
    assert_eq!(below::spawn().unwrap().join().unwrap(), (0, 0));
    assert_eq!(texts(), ["shown", "shown"]);
    // Nothing at all is wanted: the logger of the child has nothing to do.
    log::set_max_level(LevelFilter::Off);
    assert!(!talk::spawn().unwrap().join().unwrap());
    assert_eq!(texts().len(), 2);
    println!("checked");
}

#[task]
fn talk() -> bool {
    log::error!("unwanted");
    log_enabled!(Level::Error)
}

#[derive(Debug)]
pub(crate) struct Listener;

#[shared]
impl Listener {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn level(&self) -> usize {
        log::debug!("asked");
        log::max_level() as usize
    }
}

#[task]
fn wait_for(level: usize) {
    // One place in the code, of which `tracing` remembers that nobody wants it.
    let trace = || tracing::debug!("traced");
    trace();
    log::error!("here");
    until(|| log::max_level() as usize == level);
    log::debug!("there");
    until(|| tracing::enabled!(tracing::Level::DEBUG));
    trace();
}

#[task]
fn wait_below(level: usize) {
    wait_for::spawn(level).unwrap().join().unwrap();
}

/// Children, grandchildren and servers that run hear of other levels, up and down.
pub(crate) fn followed() {
    root(LevelFilter::Error);
    let server = ServerProcess::start().unwrap();
    let listener = Listener::new_in(&server).unwrap();
    assert_eq!(listener.level().unwrap(), LevelFilter::Error as usize);
    let debug = LevelFilter::Debug as usize;
    let waiting = [wait_for::spawn(debug).unwrap()];
    let deeper = wait_below::spawn(debug).unwrap();
    until(|| texts() == ["here", "here"]);
    log::set_max_level(LevelFilter::Debug);
    deeper.join().unwrap();
    for waiting in waiting {
        waiting.join().unwrap();
    }
    until(|| listener.level().unwrap() == debug);
    until(|| texts().iter().any(|text| text == "asked"));
    log::set_max_level(LevelFilter::Off);
    until(|| listener.level().unwrap() == LevelFilter::Off as usize);
    drop(server);
    let mut others: Vec<String> = texts().into_iter().filter(|text| text != "asked").collect();
    others.sort();
    assert_eq!(
        others,
        ["here", "here", "there", "there", "traced", "traced"]
    );
    println!("checked");
}
