//! From many dimensions to few: principal components, nearest neighbours and maps.
//!
//! [`pca`] finds the directions of largest variance; [`neighbours`](fn@neighbours) the nearest points of each point, exactly
//! or, where there are many, most of them ([`neighbours_by`]); [`umap`](fn@umap) lays the points out in a plane;
//! [`map_quality`] says how many neighbours the plane has kept.

pub(crate) use crate::eigen;
mod metric;
mod neighbours;
pub mod pca;
mod points;
mod quality;
mod umap;

pub use metric::Metric;
pub use neighbours::{Found, Nearest, Neighbours, Search, nearest_among, neighbours, neighbours_by};
pub use points::Points;
pub use quality::{MapQuality, map_quality, map_quality_of};
pub use umap::{Curve, FuzzyGraph, LayoutStep, Spectrum, Start, Umap, UmapConfig, UmapFit, UmapModel, umap, umap_of};
