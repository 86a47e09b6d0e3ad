//! Files in and out of the data model, one format per file.

pub(crate) mod aligned;
pub mod delimited;
pub mod features;
pub(crate) mod gzip;
pub mod h5ad;
pub(crate) mod hdf5;
mod inspect;
pub(crate) mod limit;
pub mod npy;
pub mod numbers;
pub mod parquet;
pub(crate) mod parquet_blocks;
mod parquet_pages;
pub(crate) mod part_file;
pub mod png;
pub(crate) mod positioned;
mod records;
pub mod safetensors;
pub mod tenx;
pub mod tiff;
pub(crate) mod zeros;

pub(crate) use inspect::open;
pub use inspect::{Inspection, inspect};
