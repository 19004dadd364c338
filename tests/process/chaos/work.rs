//! What the processes of the chaos do until somebody is killed: the three classes of work.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared_runtime::{ErrorKind, Executed, ServerHandle, Shared, task};

use super::machine::Random;
use super::objects::{Place, Post, Tagged, Trouble};

/// What a process does when the signal comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Class {
    /// It holds handles, and waits.
    Idle,
    /// It is always inside of methods.
    InACall,
    /// It always gives handles away and gets some.
    Passing,
}

impl Class {
    pub const ALL: [Self; 3] = [Self::Idle, Self::InACall, Self::Passing];
}

/// What a process is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Brief {
    pub class: Class,
    pub first: Place,
    pub second: Place,
    /// Which of the two will be killed: without one, no call may fail.
    pub doomed: Option<Which>,
    pub post: Shared<Post>,
    /// No other brief has it, or one of the million after it: for the tokens made for this one.
    pub number: u64,
    /// For random numbers.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Which {
    First,
    Second,
}

/// Works until it is killed, or until the doomed server is.
#[task]
pub fn client(brief: Brief) {
    let Err(trouble) = work(&brief);
    if let Err(what) = explain(&brief, &trouble) {
        let what = format!("{:?} {:#x}: {what}", brief.class, brief.number);
        brief.post.wrong(&what).unwrap();
    }
}

/// Starts a client from a task, and waits for it; works itself, too, if it gets something to do. Says how the client ended.
#[task]
pub fn parent(of: Brief, own: Option<Brief>) -> String {
    let process = client::spawn(of).unwrap();
    if let Some(own) = own {
        client(own);
    }
    match process.join() {
        Ok(()) => "by itself".to_owned(),
        Err(error) => {
            let error = error.remote().unwrap();
            let signal = error.exit_status().and_then(|status| status.signal_name());
            format!("{:?} by {}", error.kind(), signal.unwrap_or("no signal"))
        }
    }
}

/// A handle out of a task, for which handles went into it.
#[task]
fn makes(server: ServerHandle, gift: Tagged, number: u64) -> Result<Tagged, Trouble> {
    gift.who()?;
    Tagged::on(&server, number)
}

/// The end of work must be the doom of one server, and nothing else may have suffered.
fn explain(brief: &Brief, trouble: &Trouble) -> Result<(), String> {
    let (dead, other) = match brief.doomed {
        None => return Err(format!("nobody it depends on was killed, but: {trouble:?}")),
        Some(Which::First) => (&brief.first, &brief.second),
        Some(Which::Second) => (&brief.second, &brief.first),
    };
    if !trouble.is_of_a_death() {
        return Err(format!("its server was killed, but: {trouble:?}"));
    }
    // A dying process closes one connection after the other: for a moment, calls can still be sent.
    let mut executed = Executed::Maybe;
    while executed != Executed::No {
        executed = match dead.base.who() {
            Err(Trouble::Failed(error)) if error.kind() == ErrorKind::Disconnected => {
                error.executed()
            }
            later => return Err(format!("a call after {trouble:?} ended with {later:?}")),
        }
    }
    let others = || {
        other.base.who()?;
        Tagged::on(&other.server, brief.number)?.who()
    };
    others().map_err(|trouble| format!("the other server: {trouble:?}"))
}

fn work(brief: &Brief) -> Result<Infallible, Trouble> {
    let numbers = Numbers::of(brief, 1);
    match brief.class {
        Class::Idle => idle(brief, numbers),
        Class::InACall => in_calls(brief, numbers),
        Class::Passing => pass(brief, numbers),
    }
}

/// The numbers of the tokens that one thread makes, and its random ones.
struct Numbers {
    last: u64,
    random: Random,
}

impl Numbers {
    fn of(brief: &Brief, thread: u64) -> Self {
        Self {
            last: brief.number + (thread << 16),
            random: Random::new(brief.seed, thread),
        }
    }

    fn token(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn nap(&mut self) -> Duration {
        let longest = self.random.pick(&[0, 200, 3000]);
        self.random.up_to(Duration::from_micros(longest))
    }

    /// A timeout that may be too short.
    fn haste(&mut self) -> Duration {
        self.random.up_to(Duration::from_millis(1))
    }
}

/// A call that may end with its timeout.
fn hurried(outcome: Result<(), Trouble>) -> Result<(), Trouble> {
    match outcome {
        Err(trouble) if trouble.is_timeout() => Ok(()),
        other => other,
    }
}

fn at_work(brief: &Brief) -> Result<(), Trouble> {
    Ok(brief.post.at_work(std::process::id())?)
}

fn idle(brief: &Brief, mut numbers: Numbers) -> Result<Infallible, Trouble> {
    let own = Tagged::here(numbers.token());
    brief.first.desk.keep(own.clone())?;
    let twice = Tagged::on(&brief.first.server, numbers.token())?;
    let held = [
        own,
        brief.first.desk.echo(twice.clone())?,
        twice,
        Tagged::on(&brief.second.server, numbers.token())?,
        brief.first.base.clone(),
        brief.second.base.clone(),
        brief.second.desk.make(numbers.token())?,
    ];
    held.iter().try_for_each(Tagged::who)?;
    at_work(brief)?;
    loop {
        std::thread::sleep(Duration::from_millis(20));
        held.iter().try_for_each(Tagged::who)?;
    }
}

/// Two threads: one that holds an object alone, and one that waits for it, or calls through others.
fn in_calls(brief: &Brief, mut numbers: Numbers) -> Result<Infallible, Trouble> {
    let mine = Tagged::on(&brief.first.server, numbers.token())?;
    let own = Tagged::here(numbers.token());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let holder = scope.spawn(|| {
            let mut numbers = Numbers::of(brief, 2);
            let ended = until_it_fails(&over, || {
                mine.hold(numbers.nap())?;
                brief.second.base.nap(numbers.nap())
            });
            over.store(true, Ordering::Relaxed);
            ended
        });
        let called = at_work(brief).and_then(|()| {
            until_it_fails(&over, || match numbers.random.below(9) {
                0 => mine.who(),
                1 => brief.second.base.through([mine.clone()]),
                2 => brief.first.base.through([brief.second.base.clone()]),
                3 => brief.first.base.through([own.clone()]),
                4 => brief
                    .second
                    .base
                    .through([brief.first.base.clone(), own.clone()]),
                8 => brief
                    .second
                    .base
                    .through_later([brief.first.base.clone(), own.clone()]),
                5 => hurried(mine.within(numbers.haste()).hold(numbers.nap())),
                6 => {
                    let hasty = brief.second.base.within(numbers.haste());
                    hurried(hasty.through([mine.clone(), own.clone()]))
                }
                _ => brief.first.base.nap(numbers.nap()),
            })
        });
        over.store(true, Ordering::Relaxed);
        let troubles = [called, holder.join().unwrap()];
        let troubles = troubles.into_iter().filter_map(Result::err);
        let worst = troubles.max_by_key(|trouble| !trouble.is_of_a_death());
        Err(worst.expect("both threads go on until a call fails"))
    })
}

/// `Ok` if the other thread's did.
fn until_it_fails(
    over: &AtomicBool,
    mut round: impl FnMut() -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    while !over.load(Ordering::Relaxed) {
        round()?;
    }
    Ok(())
}

fn pass(brief: &Brief, mut numbers: Numbers) -> Result<Infallible, Trouble> {
    pass_one(brief, &mut numbers, 0)?;
    at_work(brief)?;
    loop {
        let way = numbers.random.below(12);
        pass_one(brief, &mut numbers, way)?;
    }
}

/// One handle, or a few, on their way: to a server about the other's object, back, around, out of a task.
fn pass_one(brief: &Brief, numbers: &mut Numbers, way: u64) -> Result<(), Trouble> {
    let (first, second) = (&brief.first, &brief.second);
    match way {
        0 => {
            let made = Tagged::on(&second.server, numbers.token())?;
            first.desk.keep(made)?;
        }
        1 => {
            let made = Tagged::on(&first.server, numbers.token())?;
            left_by_anybody(second.desk.swap(made.clone())?.as_slice())?;
            made.who()?;
        }
        2 => {
            let own = Tagged::here(numbers.token());
            left_by_anybody(second.desk.swap(own.clone())?.as_slice())?;
            own.who()?;
        }
        3 => left_by_anybody(&first.desk.all()?)?,
        4 => left_by_anybody(&second.desk.all()?)?,
        5 => second.desk.make(numbers.token())?.who()?,
        6 => first.desk.make_on(&second.server, numbers.token())?.who()?,
        7 => {
            let own = Tagged::here(numbers.token());
            let made = Tagged::on(&second.server, numbers.token())?;
            first.base.through([made.clone(), own])?;
            second.desk.echo(made)?.who()?;
        }
        8 => {
            let made = first.desk.make(numbers.token())?;
            second.base.through([made.clone()])?;
            second.desk.keep(made)?;
        }
        9 => {
            let made = Tagged::on(&first.server, numbers.token())?;
            let hasty = Shared::with_timeout(&second.desk, numbers.haste());
            let swapped = hasty.swap(made).map_err(Trouble::from);
            hurried(swapped.and_then(|left| left_by_anybody(left.as_slice())))?;
        }
        10 => {
            let made = Tagged::on(&first.server, numbers.token())?;
            second
                .base
                .through_later([made, Tagged::here(numbers.token())])?;
        }
        // Takes ten times as long as the others.
        _ if numbers.random.one_in(5) => {
            let gift = Tagged::on(&second.server, numbers.token())?;
            let task = makes::spawn(first.server.clone(), gift, numbers.token())?;
            task.join()?.who()?;
        }
        _ => {
            let gift = Tagged::on(&first.server, numbers.token())?;
            second.desk.keep(gift.clone())?;
            second.base.through([gift])?;
        }
    }
    Ok(())
}

/// What lay on a desk may have been on its way from a process that was killed, or live in one, or have come too late: broken then,
/// never another.
fn left_by_anybody(fetched: &[Tagged]) -> Result<(), Trouble> {
    for tagged in fetched {
        match tagged.who() {
            Err(trouble) if trouble.is_of_a_death() || trouble.is_timeout() => {}
            other => other?,
        }
    }
    Ok(())
}
