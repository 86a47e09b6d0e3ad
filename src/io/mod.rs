//! Files in and out of the data model, one format per file.

pub mod delimited;
pub mod features;
pub(crate) mod gzip;
mod inspect;
pub mod parquet;
pub(crate) mod parquet_blocks;
pub(crate) mod part_file;
mod records;

pub use inspect::{Inspection, inspect};
