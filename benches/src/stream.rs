//! Calls over a blocking byte stream, without any library: length, what is asked, and what it is asked with.

use std::io::{Read, Write};

use crate::contender::{Calls, IN_FLIGHT, Result, expect, same};

const ADD: u32 = 0;
const ECHO: u32 = 1;
/// The bytes before a body: its length, and what is asked.
const HEAD: usize = 8;
/// Bodies up to this are written together with their heads.
const SMALL: usize = 8 << 10;

/// A stream with what has come and is not yet used.
pub(crate) struct Wire<S> {
    stream: S,
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
}

impl<S: Read + Write> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            input: vec![0; HEAD + SMALL],
            filled: 0,
            output: Vec::new(),
        }
    }

    /// Answers until the stream ends. What has come together is answered together.
    pub(crate) fn serve(mut self) -> Result<()> {
        loop {
            let mut used = 0;
            while let Some((what, end)) = self.complete(used) {
                let body = used + HEAD..end;
                if what == ADD {
                    let n = number(&self.input[body])?;
                    self.queue(ADD, &(n + 1).to_le_bytes());
                } else {
                    let input = std::mem::take(&mut self.input);
                    let sent = self.send(ECHO, &input[body]);
                    self.input = input;
                    sent?;
                }
                used = end;
            }
            self.flush()?;
            self.forget(used);
            if !self.read()? {
                return Ok(());
            }
        }
    }

    /// Whether a whole message stands at `at`: what it asks, and where it ends.
    fn complete(&mut self, at: usize) -> Option<(u32, usize)> {
        let head = self.input[at..self.filled].first_chunk::<HEAD>()?;
        let (len, what) = (half(*head, 0), half(*head, 4));
        let end = at + HEAD + len as usize;
        if self.input.len() < end {
            self.input.resize(end, 0);
        }
        (end <= self.filled).then_some((what, end))
    }

    /// What came before is used up.
    fn forget(&mut self, used: usize) {
        self.input.copy_within(used..self.filled, 0);
        self.filled -= used;
    }

    /// Reads what is there, or waits for it; `false` at the end.
    fn read(&mut self) -> Result<bool> {
        let read = self.stream.read(&mut self.input[self.filled..])?;
        self.filled += read;
        Ok(read > 0)
    }

    fn queue(&mut self, what: u32, body: &[u8]) {
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        self.output.extend_from_slice(&len.to_le_bytes());
        self.output.extend_from_slice(&what.to_le_bytes());
        self.output.extend_from_slice(body);
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.write_all(&self.output)?;
        self.output.clear();
        Ok(())
    }

    /// In one piece if it is small, without a copy if it is not.
    fn send(&mut self, what: u32, body: &[u8]) -> Result<()> {
        if body.len() <= SMALL {
            self.queue(what, body);
            return self.flush();
        }
        self.flush()?;
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&u32::try_from(body.len())?.to_le_bytes());
        head[4..].copy_from_slice(&what.to_le_bytes());
        self.stream.write_all(&head)?;
        Ok(self.stream.write_all(body)?)
    }

    /// Waits for one answer, and gives it to `take`.
    fn answer<T>(&mut self, take: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        loop {
            if let Some((_, end)) = self.complete(0) {
                let taken = take(&self.input[HEAD..end]);
                self.forget(end);
                return taken;
            }
            if !self.read()? {
                return Err("the server has ended".into());
            }
        }
    }
}

/// One of the two numbers of a head.
fn half(head: [u8; HEAD], at: usize) -> u32 {
    (0..4).fold(0, |sum, byte| {
        sum | u32::from(head[at + byte]) << (8 * byte)
    })
}

fn number(body: &[u8]) -> Result<i64> {
    Ok(i64::from_le_bytes(body.try_into()?))
}

impl<S: Read + Write> Calls for Wire<S> {
    fn add(&mut self, n: i64) -> Result<i64> {
        self.queue(ADD, &n.to_le_bytes());
        self.flush()?;
        self.answer(number)
    }

    /// What came back lies in the input, which is private memory.
    fn echo(&mut self, data: &[u8]) -> Result<bool> {
        self.send(ECHO, data)?;
        self.answer(|body| Ok(same(data, body)))
    }

    /// As many requests as there is room for go in one piece.
    fn pipelined(&mut self, calls: usize) -> Result<()> {
        let (mut sent, mut done) = (0, 0);
        while done < calls {
            while sent < calls && sent < done + IN_FLIGHT {
                self.queue(ADD, &i64::try_from(sent)?.to_le_bytes());
                sent += 1;
            }
            self.flush()?;
            expect(self.read()?)?;
            let mut used = 0;
            while let Some((_, end)) = self.complete(used) {
                let sum = number(&self.input[used + HEAD..end])?;
                done += 1;
                expect(usize::try_from(sum)? == done)?;
                used = end;
            }
            self.forget(used);
        }
        Ok(())
    }
}
