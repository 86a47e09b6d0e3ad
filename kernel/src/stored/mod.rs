//! Notebooks stored with their outputs: written by `cargo book run --in-place`, verified by `cargo book check`.
//!
//! ```text
//! executed notebook ─ form ────┬─ the file    outputs, without what differs from run to run and machine to machine
//!                     sources ─┘              hashes of the cells, in the metadata
//!                     check                   the file still belongs to its cells
//! ```

mod check;
mod form;
mod sources;

use std::path::Path;

use anyhow::{Result, bail};

use crate::notebook::{Notebook, write_whole};
pub use check::{Options, check};
use sources::Sources;

/// Bytes from which on a stored notebook is too large for a repository, and for the pages that show it.
const TOO_LARGE: usize = 3_000_000;

/// Writes an executed notebook over the file it was read from.
///
/// # Errors
/// When the notebook is too large, its cells were changed since they were read, or the file cannot be written; the file
/// is then as it was.
pub fn write(path: &Path, executed: &Notebook) -> Result<()> {
    let bytes = form::bytes(executed.json())?;
    if Sources::of(Notebook::read(path)?.json()) != Sources::of(executed.json()) {
        bail!("its cells were changed while it ran: run it again");
    }
    // A link stays a link.
    write_whole(&path.canonicalize()?, &bytes)
}

/// How a message names a cell: its number, counted from 1, and its id.
fn name(at: usize, cell: &serde_json::Value) -> String {
    format!("cell {} ({})", at + 1, cell["id"].as_str().unwrap_or("without an id"))
}
