//! From many dimensions to few: nearest neighbours and maps.
//!
//! [`neighbours`](fn@neighbours) finds the nearest points of each point, exactly; [`umap`](fn@umap) lays the points out in
//! a plane; [`map_quality`] says how many neighbours the plane has kept.

mod metric;
mod neighbours;
mod points;
mod quality;
mod umap;

pub use metric::Metric;
pub use neighbours::{Neighbours, neighbours};
pub use points::Points;
pub use quality::{MapQuality, map_quality};
pub use umap::{Curve, FuzzyGraph, Spectrum, Start, Umap, UmapConfig, umap, umap_of};
