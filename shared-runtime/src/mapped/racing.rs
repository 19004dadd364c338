//! Copies of bytes that another process may change at the same time.
//!
//! What arrives is then any mixture of what was there and what was written, which is all right: whoever gets it believes nothing. The
//! compiler must not know that these are copies, since it may take for granted that memory it reads twice says the same twice. So the
//! C library does them, through pointers whose values are not known when compiling: to the compiler each call is as opaque as a
//! system call, and what the library's instructions do is load and store words, as relaxed atomic operations would.

use std::ffi::{c_int, c_void};
use std::ptr::read_volatile;

type Copy = unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> *mut c_void;
type Fill = unsafe extern "C" fn(*mut c_void, c_int, usize) -> *mut c_void;

static COPY: Copy = libc::memcpy;
static MOVE: Copy = libc::memmove;
static FILL: Fill = libc::memset;

/// The C library copies more than this by an instruction that some processors do a tenth as fast where the offsets of both places within their
/// pages are alike.
const AT_ONCE: usize = 2048;

/// `memcpy`, as far as the processor goes.
///
/// # Safety
///
/// Both places must be mapped for `length` bytes, not overlap, and one of them be the caller's own.
#[inline]
pub(crate) unsafe fn copy(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: a static of this function, initialised.
    let copy = unsafe { read_volatile(&raw const COPY) };
    let mut done = 0;
    while done < length {
        let more = AT_ONCE.min(length - done);
        // SAFETY: as the caller promises, `done + more` bytes are mapped there.
        let from = unsafe { from.add(done) };
        // SAFETY: the same.
        let to = unsafe { to.add(done) };
        // SAFETY: the same, and they do not overlap.
        unsafe { copy(to.cast(), from.cast(), more) };
        done += more;
    }
}

/// `memmove`: the places may overlap.
///
/// # Safety
///
/// Both places must be mapped for `length` bytes.
pub(super) unsafe fn shift(from: *const u8, to: *mut u8, length: usize) {
    // SAFETY: a static of this function, initialised.
    let shift = unsafe { read_volatile(&raw const MOVE) };
    // SAFETY: as the caller promises.
    unsafe { shift(to.cast(), from.cast(), length) };
}

/// `memset`.
///
/// # Safety
///
/// The place must be mapped for `length` bytes.
pub(super) unsafe fn fill(to: *mut u8, byte: u8, length: usize) {
    // SAFETY: a static of this function, initialised.
    let fill = unsafe { read_volatile(&raw const FILL) };
    // SAFETY: as the caller promises.
    unsafe { fill(to.cast(), byte.into(), length) };
}
