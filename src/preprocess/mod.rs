//! Preprocessing as the methods' papers describe it: each step a named function that cites where it comes from.
//!
//! | folder | works on | steps |
//! |---|---|---|
//! | [`images`] | crops, `n x c x h x w` `f32` | asinh, z-scores, percentile clip, resizing, augmented views |
//! | [`features`] | vectors, `n x d` | scaling on controls, robust z, typical variation normalisation, aggregation |
//! | [`counts`] | cells x genes, sparse | library size, log normalisation, filters, variable genes, zFPKM, cell cycle |
//!
//! [`cells_in_groups`] keeps the cells of perturbations that were seen often enough in enough batches.

pub mod counts;
pub mod features;
mod groups;
pub mod images;

pub use groups::{SET_BATCHES, SET_CELLS, cells_in_groups};
