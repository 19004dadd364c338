//! One engagement: processes are started, and when they say that they are at work, one of them is stopped, killed, or both.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use shared_runtime::{CallError, Error, ErrorKind, ExitStatus, Never, ServerProcess, Shared};

use super::machine::{Deed, Random, Victim};
use super::objects::{Place, Post, Word};
use super::work::{Brief, Class, Which, client, parent};
use super::{World, number};
use crate::support::until;
use crate::tools::alive;

/// How long after it is at work a process is left alone, at most.
const RESPITE: Duration = Duration::from_millis(3);

/// A thread that has one engagement after the other.
pub struct Lane<'a> {
    pub world: &'a World,
    pub name: String,
    pub random: Random,
}

/// What an engagement can do something to.
#[derive(Clone, Copy)]
struct Target {
    pid: u32,
    victim: Victim,
}

impl Lane<'_> {
    pub fn engage(&mut self) {
        let class = self.random.pick(&Class::ALL);
        match self.random.below(10) {
            0..=4 => self.kill_a_client(class),
            5..=7 => self.kill_a_server(class),
            8 => self.kill_a_grandchild(class),
            _ => self.kill_a_parent(class),
        }
    }

    fn kill_a_client(&mut self, class: Class) {
        self.doing("a client", class);
        let (brief, words) = self.brief(class);
        let places = servers(&brief);
        let process = client::spawn(brief).unwrap();
        let victim = self.at_work(&words, Victim::Client);
        assert_eq!(victim.pid, process.pid());
        self.strike(class, victim, &places);
        self.doing("joining a client", class);
        let joined = process.join();
        self.nobody_complained(words);
        killed(joined);
    }

    /// Clients survive it, here or in processes of their own.
    fn kill_a_server(&mut self, class: Class) {
        self.doing("a server", class);
        let server = ServerProcess::start().unwrap();
        let (mut brief, words) = self.brief(class);
        let place = Place::on((*server).clone(), number(&self.world.numbers));
        if self.random.one_in(2) {
            (brief.first, brief.doomed) = (place, Some(Which::First));
        } else {
            (brief.second, brief.doomed) = (place, Some(Which::Second));
        }
        let victim = Target {
            pid: server.pid(),
            victim: Victim::Server,
        };
        let bystanders: Vec<Target> = servers(&brief)
            .into_iter()
            .filter(|target| target.pid != victim.pid)
            .collect();
        std::thread::scope(|scope| {
            if self.random.one_in(3) {
                scope.spawn(|| client(brief));
                self.at_work(&words, Victim::Client);
                self.strike(class, victim, &bystanders);
                self.doing("the threads that survive a server", class);
            } else {
                let survivor = client::spawn(brief).unwrap();
                let survivor_target = self.at_work(&words, Victim::Client);
                let bystanders = [bystanders, vec![survivor_target]].concat();
                self.strike(class, victim, &bystanders);
                self.doing("the task that survives a server", class);
                survivor.join().unwrap();
            }
        });
        self.nobody_complained(words);
        let error = server.shutdown().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exited, "{error}");
        by_sigkill(error.exit_status());
    }

    fn kill_a_grandchild(&mut self, class: Class) {
        self.doing("a grandchild", class);
        let (brief, words) = self.brief(class);
        let places = servers(&brief);
        let process = parent::spawn(brief, None).unwrap();
        let victim = self.at_work(&words, Victim::Grandchild);
        self.strike(class, victim, &places);
        self.doing("the parent of a grandchild", class);
        let said = process.join();
        self.nobody_complained(words);
        assert_eq!(said.unwrap(), "Exited by SIGKILL");
    }

    /// The grandchild goes with it.
    fn kill_a_parent(&mut self, class: Class) {
        self.doing("a parent", class);
        let other = self.random.pick(&Class::ALL);
        let ((brief, words), (own, own_words)) = (self.brief(other), self.brief(class));
        let places = servers(&own);
        let process = parent::spawn(brief, Some(own)).unwrap();
        let grandchild = self.at_work(&words, Victim::Grandchild);
        let victim = self.at_work(&own_words, Victim::Client);
        let bystanders = [places, vec![grandchild]].concat();
        self.strike(class, victim, &bystanders);
        self.doing("joining a parent", class);
        let joined = process.join();
        self.doing("waiting for an orphan to end", class);
        until("the orphan is gone", || !alive(grandchild.pid));
        self.nobody_complained(own_words);
        self.nobody_complained(words);
        killed(joined);
    }

    /// Kills `victim` at a random moment. Before, it or somebody else may be stopped for a moment, and perhaps continue only after.
    fn strike(&mut self, class: Class, victim: Target, bystanders: &[Target]) {
        self.nap(RESPITE);
        let mut still_stopped = None;
        if self.random.one_in(2) {
            let everybody = [&[victim], bystanders].concat();
            let target = self.random.pick(&everybody);
            let stopped = self.world.signals.stop(target.pid);
            self.world.tally.add(Deed::Stop, target.victim, class);
            self.nap(RESPITE);
            if self.random.one_in(2) {
                still_stopped = Some((target.pid, stopped));
            } else {
                drop(stopped);
                self.nap(RESPITE / 3);
            }
        }
        self.world.signals.send("KILL", victim.pid);
        self.world.tally.add(Deed::Kill, victim.victim, class);
        match still_stopped {
            Some((pid, stopped)) if pid == victim.pid => stopped.was_killed(),
            Some(_) => self.nap(RESPITE / 3),
            None => {}
        }
    }

    /// For work on two of the places, and what is said about it.
    fn brief(&mut self, class: Class) -> (Brief, Receiver<Word>) {
        let places = &self.world.places;
        let first = self.random.below(places.len() as u64);
        let second = first + 1 + self.random.below(places.len() as u64 - 1);
        let place = |index: u64| places[usize::try_from(index).unwrap() % places.len()].clone();
        let (sender, words) = channel();
        let brief = Brief {
            class,
            first: place(first),
            second: place(second),
            doomed: None,
            post: Shared::new(Post(sender)),
            number: number(&self.world.numbers),
            seed: self.random.next(),
        };
        (brief, words)
    }

    /// Who says so.
    fn at_work(&self, words: &Receiver<Word>, victim: Victim) -> Target {
        match words.recv() {
            Ok(Word::AtWork { pid }) => Target { pid, victim },
            other => panic!("{}: instead of being at work: {other:?}", self.name),
        }
    }

    /// Until the post is gone, which nobody holds any more.
    fn nobody_complained(&self, words: Receiver<Word>) {
        self.world
            .watchdog
            .step(&self.name, "waiting for the post to go".to_owned());
        let complaints: Vec<Word> = words.into_iter().collect();
        assert_eq!(complaints, []);
    }

    fn doing(&self, what: &str, class: Class) {
        self.world
            .watchdog
            .step(&self.name, format!("{what} ({class:?})"));
    }

    fn nap(&mut self, longest: Duration) {
        std::thread::sleep(self.random.up_to(longest));
    }
}

/// The servers that a brief is about, this process excepted, which has to go on.
fn servers(brief: &Brief) -> Vec<Target> {
    [&brief.first, &brief.second]
        .into_iter()
        .map(|place| Target {
            pid: place.server.pid(),
            victim: Victim::Server,
        })
        .filter(|target| target.pid != std::process::id())
        .collect()
}

fn killed<T: std::fmt::Debug>(joined: Result<T, CallError<Never>>) {
    let error: Error = match joined.unwrap_err() {
        CallError::Remote(error) => error,
        CallError::Method(never) => match never {},
    };
    assert_eq!(error.kind(), ErrorKind::Exited, "{error}");
    by_sigkill(error.exit_status());
}

fn by_sigkill(status: Option<ExitStatus>) {
    let name = status.and_then(|status| status.signal_name());
    assert_eq!(name, Some("SIGKILL"), "{status:?}");
}
