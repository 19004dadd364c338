//! Large records, put together again from their pieces.

use std::collections::HashMap;

use super::entry::LARGEST;

/// What has come of records that are not whole yet, by the process that makes them: each makes one at a time.
#[derive(Debug, Default)]
pub(super) struct Pieces(HashMap<u32, Begun>);

#[derive(Debug, Default)]
struct Begun {
    bytes: Vec<u8>,
    /// The process has ended, and nothing of it comes after this packet.
    until: Option<u64>,
}

/// More packets than a socket holds, and so than can come of a process that has ended.
const UNREAD: u64 = 1 << 16;

impl Pieces {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a piece. The whole record once its last one is there; `Err` if one before that was missing.
    pub(super) fn add(
        &mut self,
        pid: u32,
        before: u32,
        last: bool,
        piece: &[u8],
    ) -> Result<Option<Vec<u8>>, Missing> {
        if before == 0 {
            self.0.insert(pid, Begun::default());
        }
        let begun = self.0.get_mut(&pid).filter(|begun| {
            let length = begun.bytes.len();
            length == before as usize && length + piece.len() <= LARGEST
        });
        let Some(begun) = begun else {
            self.0.remove(&pid);
            // One record is missing, however many of its pieces come.
            return if last { Err(Missing) } else { Ok(None) };
        };
        begun.bytes.extend_from_slice(piece);
        let whole = if last { self.0.remove(&pid) } else { None };
        Ok(whole.map(|begun| begun.bytes))
    }

    /// Forgets what processes had begun that were killed then, some packets after their end: `packets` have been here so far.
    pub(super) fn forget_the_dead(&mut self, packets: u64) {
        self.0.retain(|pid, begun| {
            if begun.until.is_none() && !lives(*pid) {
                begun.until = Some(packets + UNREAD);
            }
            begun.until.is_none_or(|until| packets < until)
        });
    }
}

/// A record of which not all pieces came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing;

fn lives(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok();
    let pid = pid.and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_two_processes_may_alternate() {
        let (a, b) = (std::process::id(), std::os::unix::process::parent_id());
        let mut pieces = Pieces::default();
        assert_eq!(pieces.add(a, 0, false, b"oa"), Ok(None));
        assert_eq!(pieces.add(b, 0, false, b"as"), Ok(None));
        assert_eq!(pieces.add(a, 2, true, b"k"), Ok(Some(b"oak".to_vec())));
        assert_eq!(pieces.add(b, 2, true, b"h"), Ok(Some(b"ash".to_vec())));
        assert!(pieces.is_empty());
    }

    #[test]
    fn a_record_with_a_hole_is_missed_once() {
        let pid = std::process::id();
        let mut pieces = Pieces::default();
        // Without its beginning; without its middle; without its end, which another begins after.
        assert_eq!(pieces.add(pid, 2, false, b"m"), Ok(None));
        assert_eq!(pieces.add(pid, 3, true, b"k"), Err(Missing));
        assert_eq!(pieces.add(pid, 0, false, b"oa"), Ok(None));
        assert_eq!(pieces.add(pid, 3, true, b"k"), Err(Missing));
        assert_eq!(pieces.add(pid, 0, false, b"oa"), Ok(None));
        assert_eq!(pieces.add(pid, 0, true, b"ash"), Ok(Some(b"ash".to_vec())));
        assert!(pieces.is_empty());
    }

    #[test]
    fn neither_the_dead_nor_the_endless_take_memory() {
        let pid = std::process::id();
        let mut pieces = Pieces::default();
        // No process has such a number.
        assert_eq!(pieces.add(u32::MAX, 0, false, b"oa"), Ok(None));
        assert_eq!(pieces.add(pid, 0, false, b"oa"), Ok(None));
        // It may have ended well, and the rest of the record be on its way.
        pieces.forget_the_dead(7);
        pieces.forget_the_dead(6 + UNREAD);
        assert_eq!(pieces.0.len(), 2);
        pieces.forget_the_dead(7 + UNREAD);
        assert_eq!(pieces.0.keys().collect::<Vec<_>>(), [&pid]);
        let half = vec![0; LARGEST / 2];
        let size = u32::try_from(half.len()).unwrap();
        assert_eq!(pieces.add(pid, 0, false, &half), Ok(None));
        assert_eq!(pieces.add(pid, size, false, &half), Ok(None));
        assert_eq!(pieces.add(pid, 2 * size, false, b"!"), Ok(None));
        assert!(pieces.is_empty());
    }
}
