//! Chaos: clients, servers and tasks are stopped and killed at random moments, while they wait, call and pass handles. Whoever
//! survives gets an answer to every call, from the object that was meant, and everything that the dead held is given back.
//!
//! The moments differ from run to run; what is done to whom depends on the seed. `CHAOS_SEED` sets it, `CHAOS_KILLS` how many signals
//! are sent at least: `CHAOS_KILLS=10000 cargo test --test process chaos -- --nocapture` is the long run, and prints its figures.

mod engagement;
pub mod machine;
mod objects;
mod work;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use shared_runtime::{ServerHandle, ServerProcess};

use self::engagement::Lane;
use self::machine::{Deed, Random, Signals, Tally, Watchdog};
use self::objects::Place;
use self::work::Class;
use super::leftovers::{Footprint, NothingLeft};

/// How many engagements go on at the same time, each with one to four processes.
const LANES: u64 = 6;

/// How many engagements a lane has before all counts must be what they were.
const BATCH: u64 = 6;

/// What a run needs, and what lives as long as it does.
pub struct World {
    signals: Signals,
    watchdog: Watchdog,
    tally: Tally,
    /// Two servers that are never killed, and this process.
    places: [Place; 3],
    servers: [ServerProcess; 2],
    /// How many were given.
    numbers: AtomicU64,
}

/// What must be the same at each place after every batch.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    objects: usize,
    sessions: usize,
    calls: usize,
}

#[test]
fn chaos_harms_no_survivor_and_leaves_nothing() {
    let _nothing_left = NothingLeft::watch();
    let seed = Seed::of_this_run();
    let wanted = number_in("CHAOS_KILLS").unwrap_or(300);
    let begun = Instant::now();
    let world = World::new();
    std::thread::scope(|scope| {
        let _alive = world.watchdog.watch(scope, || world.report(seed.0));
        world.fill_pools();
        let before = world.counts();
        world.batch(seed.0, 0, &before);
        // What servers bring up for their first clients they keep.
        let footprints = world.footprints();
        for batch in 1.. {
            if world.tally.all() as u64 >= wanted {
                break;
            }
            world.batch(seed.0, batch, &before);
        }
        world.expect_footprints(&footprints);
    });
    println!(
        "chaos: {} kills {}; {} stops {}; hangs 0, objects left 0; seed {}, {:.1} s",
        world.tally.of(Deed::Kill),
        world.tally.describe(Deed::Kill),
        world.tally.of(Deed::Stop),
        world.tally.describe(Deed::Stop),
        seed.0,
        begun.elapsed().as_secs_f64()
    );
    for class in Class::ALL {
        let part = world.tally.of_class(class);
        assert!(part * 10 >= world.tally.all(), "only {part} of {class:?}");
    }
}

impl World {
    fn new() -> Self {
        let servers = ["a", "b"].map(|name| ServerProcess::builder().name(name).start().unwrap());
        let [a, b] = &servers;
        let handles = [(**a).clone(), (**b).clone(), ServerHandle::local()];
        let numbers = AtomicU64::new(0);
        let places = handles.map(|server| Place::on(server, number(&numbers)));
        Self {
            signals: Signals::start(),
            watchdog: Watchdog::default(),
            tally: Tally::default(),
            places,
            servers,
            numbers,
        }
    }

    /// All lanes at once, and then nothing may be left of them.
    fn batch(&self, seed: u64, batch: u64, before: &[Counts]) {
        std::thread::scope(|scope| {
            for lane in 0..LANES {
                let mut lane = Lane {
                    world: self,
                    name: format!("lane {lane}"),
                    random: Random::new(seed, batch * LANES + lane),
                };
                scope.spawn(move || (0..BATCH).for_each(|_| lane.engage()));
            }
        });
        for place in &self.places {
            self.step(&format!("clearing {}", place.server.name()));
            place.desk.clear().unwrap();
            // No lock may have been left with the dead.
            place.base.hold(Duration::ZERO).unwrap();
        }
        self.step("waiting until the counts are what they were");
        while self.counts() != before {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.step("between two batches");
    }

    fn counts(&self) -> Vec<Counts> {
        let count = |place: &Place| {
            let seen = place.server.inspect().unwrap();
            Counts {
                objects: seen.objects.len(),
                sessions: seen.sessions.len(),
                calls: seen.calls.len(),
            }
        };
        self.places.iter().map(count).collect()
    }

    /// A process keeps some of the connections it once needed at the same time, and its lane. From now on, it has them.
    fn fill_pools(&self) {
        for place in &self.places {
            std::thread::scope(|scope| {
                for _ in 0..64 {
                    scope.spawn(|| place.base.nap(Duration::from_millis(50)).unwrap());
                }
            });
            place.base.through_later([]).unwrap();
        }
    }

    fn footprints(&self) -> Vec<Footprint> {
        self.servers
            .iter()
            .map(|server| Footprint::settled(server.pid()))
            .collect()
    }

    /// The servers that survived all this have no more threads and descriptors than they had. They may have less: the first look
    /// may have come before the last client of the first batch was gone altogether.
    fn expect_footprints(&self, before: &[Footprint]) {
        self.step("waiting until the servers have no more than they had");
        loop {
            let now = self.footprints();
            let mut pairs = now.iter().zip(before);
            if pairs.all(|(now, before)| now.is_within(before)) {
                return;
            }
            let differences = before.iter().zip(&now).map(|(a, b)| b.more_than(a));
            self.watchdog.note("the servers", differences.collect());
        }
    }

    fn step(&self, doing: &str) {
        self.watchdog.step("the test", doing.to_owned());
    }

    /// What this process and the servers are doing; may hang with them.
    fn report(&self, seed: u64) -> String {
        let places = self.places.iter();
        let inspected: Vec<_> = places.map(|place| place.server.inspect()).collect();
        format!(
            "CHAOS_SEED={seed}, {} signals: {inspected:#?}",
            self.tally.all()
        )
    }
}

/// Told when the test fails.
struct Seed(u64);

impl Seed {
    fn of_this_run() -> Self {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        Self(number_in("CHAOS_SEED").unwrap_or(u64::from(now.subsec_nanos())))
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("chaos: this was CHAOS_SEED={}", self.0);
        }
    }
}

/// One that was not given before, with room for a million after it.
fn number(given: &AtomicU64) -> u64 {
    given.fetch_add(1, Ordering::Relaxed) << 20
}

pub fn number_in(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={value} is no number")),
    )
}
