//! How much a file may unpack to.
//!
//! Compressed arrays can claim any size: deflate makes 1,000 zeros of one byte. What is allocated for an array in one
//! piece is held against the size of the whole file,
//!
//! ```text
//! bytes <= 64 MiB + 256 x bytes of the file
//! ```
//!
//! Real matrices stay far below: the indices of a sparse matrix compress 2 to 8 times, counts of 32 bits up to 30 times.

use crate::{Error, Result};

/// Small claims are not worth a question.
const FREE: u64 = 64 << 20;
const RATIO: u64 = 256;

/// An error when `bytes`, claimed by a file of `file_bytes`, cannot be true.
pub(crate) fn check(bytes: u64, file_bytes: u64) -> Result<()> {
    if bytes <= most(file_bytes) {
        return Ok(());
    }
    Err(Error::new(format!("an array claims {bytes} bytes in a file of {file_bytes}"))
        .fix("the file is damaged or a compression bomb; compare its size with the original"))
}

/// The same for what is read a part at a time: deflate gives at most 1,032 bytes for one.
pub(crate) fn check_unpacked(bytes: u64, file_bytes: u64) -> Result<()> {
    if bytes <= FREE.saturating_add(1100u64.saturating_mul(file_bytes)) {
        return Ok(());
    }
    Err(Error::new(format!("an array claims {bytes} bytes in a file of {file_bytes}, more than any compression gives"))
        .fix("the array was never written in full, or the file is damaged"))
}

/// The largest array that [`check`] lets pass.
fn most(file_bytes: u64) -> u64 {
    FREE.saturating_add(RATIO.saturating_mul(file_bytes))
}
