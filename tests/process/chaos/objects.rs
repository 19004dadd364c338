//! The shared types of the chaos: objects with numbers, desks to leave handles at, and the post to the test.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared_runtime::{CallError, Error, ErrorKind, ServerHandle, Shared, shared};

/// Why work ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Trouble {
    /// A call failed.
    Failed(Error),
    /// A call reached another object.
    Wrong(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<CallError<Trouble>> for Trouble {
    fn from(error: CallError<Trouble>) -> Self {
        match error {
            CallError::Method(trouble) => trouble,
            CallError::Remote(error) => Self::Failed(error),
        }
    }
}

impl Trouble {
    /// Whether it is what a killed process may cause, as documented.
    pub fn is_of_a_death(&self) -> bool {
        matches!(self, Self::Failed(error)
            if matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::Gone))
    }

    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Failed(error) if error.kind() == ErrorKind::Timeout)
    }
}

/// An object with a number that no other has.
pub struct Token {
    number: u64,
}

#[shared]
impl Token {
    pub fn new(number: u64) -> Self {
        Self { number }
    }
    pub fn who(&self) -> u64 {
        self.number
    }
    pub fn nap(&self, duration: Duration) -> u64 {
        std::thread::sleep(duration);
        self.number
    }
    /// Alone with the object.
    pub fn hold(&mut self, duration: Duration) -> u64 {
        std::thread::sleep(duration);
        self.number
    }
    /// Goes on to the first of `chain`, by a call within this one, and so on.
    pub fn through(&self, mut chain: VecDeque<Tagged>) -> Result<u64, Trouble> {
        if let Some(next) = chain.pop_front() {
            next.through(chain)?;
        }
        Ok(self.number)
    }
}

/// A handle, and what was noted of its object when that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tagged {
    number: u64,
    token: Shared<Token>,
}

impl Tagged {
    pub fn on(server: &ServerHandle, number: u64) -> Result<Self, Trouble> {
        let token = Token::new_in(server, number)?;
        Ok(Self { number, token })
    }

    /// In this process.
    pub fn here(number: u64) -> Self {
        let token = Shared::new(Token::new(number));
        Self { number, token }
    }

    pub fn who(&self) -> Result<(), Trouble> {
        self.is(self.token.who()?)
    }

    pub fn nap(&self, duration: Duration) -> Result<(), Trouble> {
        self.is(self.token.nap(duration)?)
    }

    pub fn hold(&self, duration: Duration) -> Result<(), Trouble> {
        self.is(self.token.hold(duration)?)
    }

    pub fn through(&self, chain: impl Into<VecDeque<Self>>) -> Result<(), Trouble> {
        self.is(self.token.through(chain.into())?)
    }

    /// The same, and nobody waits for it.
    pub fn through_later(&self, chain: impl Into<VecDeque<Self>>) -> Result<(), Trouble> {
        Ok(Shared::calls(&self.token).through(chain.into()).detach()?)
    }

    /// The same, for calls that take no longer.
    pub fn within(&self, timeout: Duration) -> Self {
        Self {
            number: self.number,
            token: Shared::with_timeout(&self.token, timeout),
        }
    }

    fn is(&self, answered: u64) -> Result<(), Trouble> {
        if answered == self.number {
            return Ok(());
        }
        let text = format!(
            "a handle to token {:#x} reached token {answered:#x}",
            self.number
        );
        Err(Trouble::Wrong(text))
    }
}

/// Where handles are left for others, a few at a time.
#[derive(Default)]
pub struct Desk {
    kept: VecDeque<Tagged>,
}

#[shared]
impl Desk {
    const ROOM: usize = 8;

    pub fn new() -> Self {
        Self::default()
    }
    pub fn keep(&mut self, tagged: Tagged) {
        self.kept.push_back(tagged);
        if self.kept.len() > Self::ROOM {
            self.kept.pop_front();
        }
    }
    pub fn swap(&mut self, tagged: Tagged) -> Option<Tagged> {
        self.kept.push_back(tagged);
        self.kept.pop_front()
    }
    pub fn all(&self) -> Vec<Tagged> {
        self.kept.iter().cloned().collect()
    }
    /// One more lease for the caller, if the object is of this server.
    pub fn echo(&self, tagged: Tagged) -> Tagged {
        tagged
    }
    pub fn make(&self, number: u64) -> Tagged {
        Tagged::here(number)
    }
    pub fn make_on(&self, server: &ServerHandle, number: u64) -> Result<Tagged, Trouble> {
        Tagged::on(server, number)
    }
    pub fn clear(&mut self) {
        self.kept.clear();
    }
}

/// A server to work with, and what it hosts for as long as it lives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub server: ServerHandle,
    pub desk: Shared<Desk>,
    pub base: Tagged,
}

impl Place {
    pub fn on(server: ServerHandle, number: u64) -> Self {
        Self {
            desk: Desk::new_in(&server).unwrap(),
            base: Tagged::on(&server, number).unwrap(),
            server,
        }
    }
}

/// What a process that is at work says to the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    AtWork { pid: u32 },
    Wrong(String),
}

/// Where it says so. The test hears the end of the last handle to it, too.
pub struct Post(pub Sender<Word>);

#[shared]
impl Post {
    pub fn at_work(&self, pid: u32) {
        // Nobody listens any more when a test has failed.
        let _ = self.0.send(Word::AtWork { pid });
    }
    pub fn wrong(&self, what: &str) {
        let _ = self.0.send(Word::Wrong(what.to_owned()));
    }
}
