//! The values that a type is offered while it is traced: the plainest first, then those that types which check what they read
//! tend to want. `attempt` counts the refusals so far; `turn` counts the values of a pass, for types that want order.

/// After so many refusals a type is given up.
pub(super) const ATTEMPTS: usize = 48;

const TEXTS: [&str; 35] = [
    "",
    "0",
    "1",
    "a",
    "A",
    "aa",
    "aaaaaaaa",
    "00000000-0000-0000-0000-000000000000",
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "[::1]:80",
    "127.0.0.0/8",
    "2000-01-01",
    "00:00:00",
    "2000-01-01T00:00:00",
    "2000-01-01T00:00:00Z",
    "2000-01-01 00:00:00",
    "Sat, 01 Jan 2000 00:00:00 +0000",
    "+00:00",
    "UTC",
    "1.0.0",
    "0.5",
    "1s",
    "PT1S",
    "true",
    "a@example.com",
    "http://example.com/",
    "example.com",
    "text/plain",
    "en-GB",
    "EUR",
    "#000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "unix:@a",
];

const LENGTHS: [usize; 12] = [0, 16, 1, 2, 4, 8, 32, 20, 12, 24, 48, 64];

const ZEROS: [u8; 64] = [0; 64];

pub(super) fn text(attempt: usize) -> &'static str {
    TEXTS[attempt % TEXTS.len()]
}

pub(super) fn bytes(attempt: usize) -> &'static [u8] {
    &ZEROS[..LENGTHS[attempt % LENGTHS.len()]]
}

/// All zero, all one, rising, falling, then others that are alike; never beyond what an `i8` holds.
pub(super) fn number(attempt: usize, turn: usize) -> u8 {
    let turn = u8::try_from(turn % 60).unwrap_or(0);
    match attempt % 8 {
        0 => 0,
        1 => 1,
        2 => turn + 1,
        3 => 100 - turn,
        4 => 2,
        5 => 7,
        6 => 65,
        _ => 127,
    }
}

pub(super) fn float(attempt: usize, turn: usize) -> f32 {
    match attempt % 10 {
        8 => 0.5,
        9 => -1.0,
        _ => f32::from(number(attempt, turn)),
    }
}

pub(super) fn character(attempt: usize) -> char {
    ['a', 'A', '0', ' ', '/', '+'][attempt % 6]
}

/// How many elements, for a list of which none would do.
pub(super) fn length(attempt: usize) -> usize {
    attempt.min(ATTEMPTS)
}
