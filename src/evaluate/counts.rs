//! How many draws, runs, trees or permutations a metric takes at most: each of them is held, or takes its time.

use crate::{Error, Result};

/// Nobody needs more, and more would not fit into memory.
const MOST: usize = 100_000_000;

/// Refuses a count that could not be worked off.
pub(in crate::evaluate) fn require_count(count: usize, what: &str, place: &str) -> Result<()> {
    if count <= MOST {
        return Ok(());
    }
    Err(Error::new(format!("{count} {what} are too many")).at(place).fix(format!("ask for at most {MOST}")))
}
