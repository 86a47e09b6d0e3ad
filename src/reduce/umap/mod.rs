//! UMAP: a map in which points stand near those they are similar to.
//!
//! neighbours -> fuzzy graph (-> labels) -> spectral start -> layout, each in a file of its own. The result depends on
//! the points and the settings, not on the number of threads.
//!
//! [`umap`](fn@umap) makes a map; [`UmapFit`] one with labels, with neighbours computed before, or before somebody's eyes,
//! and a [`UmapModel`] that places new points on it.
//!
//! Source: McInnes, Healy and Melville 2018, arXiv 1802.03426.

mod config;
mod curve;
mod file;
mod fit;
mod forces;
mod fuzzy;
mod labels;
mod layout;
mod model;
mod power;
mod spectral;
mod start;
mod watch;

use ndarray::Array2;

pub use config::{Start, UmapConfig};
pub use curve::Curve;
pub use fit::UmapFit;
pub use fuzzy::FuzzyGraph;
pub use model::UmapModel;
pub use spectral::Spectrum;
pub use watch::LayoutStep;

use super::points::Points;
use super::{Found, Neighbours};
use crate::display::{Bundle, Show};
use crate::figures::{BEHIND, Scatter, figure_or_reason};
use crate::{Error, Result};

/// A finished map.
#[derive(Clone, Debug)]
pub struct Umap {
    /// Where each point stands, `n x components`.
    pub map: Array2<f32>,
    /// The graph that was laid out.
    pub graph: FuzzyGraph,
    /// Epochs that were run: fewer than planned when the work was stopped.
    pub epochs: usize,
    /// By what the points were placed before the layout: principal components also where a spectral start was wanted and
    /// the graph has several parts.
    pub start: Start,
    /// How the neighbours were found.
    pub found: Found,
}

/// Lays out `points` in two (or three) dimensions.
///
/// An interrupt ends the layout at its next epoch and returns the map as it is then.
///
/// Degenerate input: points that are all equal, and zero vectors under the cosine distance, start from a little noise and are
/// laid out by the graph of their first rows; the map is finite, and says nothing. Constant columns change nothing.
///
/// ```
/// use perturbook::prelude::*;
///
/// let screen = simulate::gene_embedding(&simulate::GeneEmbeddingConfig::quick())?;
/// let umap = umap(&screen.profiles, &UmapConfig { seed: 1, ..UmapConfig::cosine() })?;
/// assert_eq!(umap.map.dim(), (201, 2));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a setting cannot be used, there are not more points than neighbours, the points have no dimension, or a value is not
/// finite.
pub fn umap(points: &dyn Points, config: &UmapConfig) -> Result<Umap> {
    UmapFit::new(points, config).map()
}

/// Lays out `points` whose neighbours are already known: at least `config.neighbours - 1` of them, since there the point
/// itself counts; of more the first are taken.
///
/// # Errors
/// When a setting cannot be used, or the neighbours are of other points, of another metric, or too few.
pub fn umap_of(points: &dyn Points, neighbours: &Neighbours, config: &UmapConfig) -> Result<Umap> {
    UmapFit::new(points, config).neighbours(neighbours).map()
}

impl Umap {
    /// The points coloured by how many lie around them.
    pub fn scatter(&self, title: &str) -> Scatter {
        scatter(title, &self.map)
    }

    /// The points coloured by a label, such as the complex of each gene; the most frequent labels come first.
    ///
    /// # Errors
    /// When there is not one label for each point.
    pub fn scatter_by<S: AsRef<str>>(&self, title: &str, labels: &[S]) -> Result<Scatter> {
        scatter_by(title, &self.map, labels)
    }
}

fn scatter(title: &str, map: &Array2<f32>) -> Scatter {
    Scatter::new(title, "UMAP 1", "UMAP 2").density(&coordinate(map, 0), &coordinate(map, 1))
}

fn scatter_by<S: AsRef<str>>(title: &str, map: &Array2<f32>, labels: &[S]) -> Result<Scatter> {
    let (x, y) = (coordinate(map, 0), coordinate(map, 1));
    if labels.len() != x.len() {
        return Err(Error::new(format!("{} labels for {} points", labels.len(), x.len())).at("scatter_by"));
    }
    let scatter = Scatter::new(title, "UMAP 1", "UMAP 2");
    Ok(scatter.ordered_groups(labels, &x, &y, |_, rows| std::cmp::Reverse(rows.len())))
}

fn scatter_onto(title: &str, map: &Array2<f32>, name: &str, new: &Array2<f32>) -> Scatter {
    let plot = Scatter::new(title, "UMAP 1", "UMAP 2");
    let plot = plot.points("map", &coordinate(map, 0), &coordinate(map, 1)).colour(BEHIND);
    plot.points(name, &coordinate(new, 0), &coordinate(new, 1))
}

fn coordinate(map: &Array2<f32>, k: usize) -> Vec<f64> {
    map.column(k).iter().map(|&v| f64::from(v)).collect()
}

impl Show for Umap {
    fn bundle(&self) -> Bundle {
        figure_or_reason(self.scatter("UMAP").figure())
    }
}
