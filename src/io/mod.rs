//! Files in and out of the data model, one format per file.

pub mod delimited;
pub mod parquet;
pub(crate) mod part_file;
pub mod png;
pub(crate) mod positioned;
pub mod tiff;
