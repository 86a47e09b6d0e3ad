//! Files in and out of the data model, one format per file.

pub mod delimited;
pub mod h5ad;
pub(crate) mod hdf5;
pub(crate) mod limit;
pub mod npy;
pub mod numbers;
pub mod parquet;
pub(crate) mod part_file;
pub mod png;
pub(crate) mod positioned;
pub mod safetensors;
pub mod tenx;
pub mod tiff;
