//! From many dimensions to few: principal components, nearest neighbours and maps.
//!
//! [`pca`] finds the directions of largest variance; [`neighbours`](fn@neighbours) the nearest points of each point,
//! exactly; [`umap`](fn@umap) lays the points out in a plane; [`map_quality`] says how many neighbours the plane has kept.

pub(crate) use crate::eigen;
mod metric;
mod neighbours;
pub mod pca;
mod points;
mod quality;
mod umap;

pub use metric::Metric;
pub use neighbours::{Neighbours, neighbours};
pub use points::Points;
pub use quality::{MapQuality, map_quality};
pub use umap::{Curve, FuzzyGraph, Spectrum, Start, Umap, UmapConfig, umap, umap_of};
