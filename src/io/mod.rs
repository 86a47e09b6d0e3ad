//! Files in and out of the data model, one format per file.

#[cfg(feature = "screens")]
pub(crate) mod aligned;
#[cfg(feature = "screens")]
pub mod delimited;
#[cfg(feature = "screens")]
pub mod features;
#[cfg(feature = "screens")]
pub(crate) mod gzip;
#[cfg(feature = "screens")]
pub mod h5ad;
#[cfg(feature = "screens")]
pub(crate) mod hdf5;
#[cfg(feature = "screens")]
mod inspect;
#[cfg(feature = "screens")]
pub(crate) mod limit;
#[cfg(feature = "screens")]
pub mod npy;
pub mod numbers;
#[cfg(feature = "screens")]
pub mod parquet;
#[cfg(feature = "screens")]
pub(crate) mod parquet_blocks;
#[cfg(feature = "screens")]
mod parquet_pages;
pub(crate) mod part_file;
#[cfg(feature = "screens")]
pub mod png;
#[cfg(feature = "screens")]
pub(crate) mod positioned;
#[cfg(feature = "screens")]
mod records;
pub mod safetensors;
#[cfg(feature = "screens")]
pub mod tenx;
#[cfg(feature = "screens")]
pub mod tiff;
#[cfg(feature = "screens")]
pub(crate) mod zeros;

#[cfg(feature = "screens")]
pub(crate) use inspect::open;
#[cfg(feature = "screens")]
pub use inspect::{Inspection, inspect};
