//! The one thread of a pool: watches all workers, takes in what they say, and replaces those that have ended. What may take long,
//! a new process or handles of a server that is slow, is done on threads that come and go.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::process::Signal;

use super::core::{Agenda, Core, Taking};
use super::recipe::Recipe;
use super::seat::{News, Sign};
use crate::error::Error;
use crate::handle::arrivals;
use crate::os::{Deadline, wait};
use crate::process::spawn::Spawned;

/// How long to rest when the kernel cannot even poll, for want of memory.
const RECOVERY: Duration = Duration::from_millis(10);

/// Attends to the workers of a pool until all have ended for good.
pub(super) fn attend(core: &Arc<Core>, recipe: &Arc<Recipe>) {
    loop {
        let Agenda {
            signs,
            deadline,
            missing,
            over,
        } = core.agenda();
        if over {
            return;
        }
        for id in missing {
            let (core, recipe) = (Arc::clone(core), Arc::clone(recipe));
            beside(move || {
                let spawned = start(id, &core, &recipe);
                core.started(id, spawned);
            });
        }
        let news = news(core, &signs, deadline).unwrap_or_else(|_| {
            std::thread::sleep(RECOVERY);
            Vec::new()
        });
        for taking in core.attend(&news) {
            let core = Arc::clone(core);
            beside(move || take(&core, taking));
        }
    }
}

/// Waits until there is news of workers, or of the pool, or the deadline has passed; then says of which workers.
fn news(core: &Core, signs: &[Sign], deadline: Deadline) -> io::Result<Vec<News>> {
    let mut fds = vec![(core.wake_up().as_fd(), PollFlags::IN)];
    for sign in signs {
        fds.push((sign.child.as_fd(), PollFlags::IN));
        if let Some(line) = &sign.line {
            let out = if sign.sending {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            };
            fds.push((line.as_fd(), PollFlags::IN | out));
        }
    }
    let Some(ready) = wait(&fds, deadline)? else {
        return Ok(Vec::new());
    };
    let mut ready = ready.into_iter();
    if ready.next() == Some(true) {
        let _ = rustix::io::read(core.wake_up(), &mut [0; 8]);
    }
    let mut news = Vec::new();
    for sign in signs {
        let ended = ready.next() == Some(true);
        let said = sign.line.is_some() && ready.next() == Some(true);
        if ended || said {
            news.push(News { id: sign.id, ended });
        }
    }
    Ok(news)
}

/// A worker in the place of one that has ended, when it is ready.
fn start(id: u64, core: &Core, recipe: &Recipe) -> Result<Spawned, Error> {
    let mut spawned = recipe.begin()?;
    if !core.begun(id, &spawned.child) {
        spawned.child.signal(Signal::KILL);
    }
    recipe.finish(&mut spawned)?;
    Ok(spawned)
}

/// Takes the handles of a result. The worker keeps its own until then.
fn take(core: &Core, taking: Taking) {
    let leases = arrivals(taking.claims(), None, Deadline::NEVER);
    core.taken(taking, leases);
}

/// Does `work` on a thread of its own; here, if the system has none to give.
fn beside<W: FnOnce() + Send + 'static>(work: W) {
    let work = Arc::new(Mutex::new(Some(work)));
    let theirs = Arc::clone(&work);
    let thread = std::thread::Builder::new().name("shared-pool-work".into());
    if thread.spawn(move || run(&theirs)).is_err() {
        run(&work);
    }
}

fn run<W: FnOnce()>(work: &Mutex<Option<W>>) {
    let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(work) = work {
        work();
    }
}
