//! Fewer dimensions: decompositions of matrices with many columns.

pub(crate) mod eigen;
pub mod pca;
