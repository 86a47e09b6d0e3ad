//! UMAP: a map in which points stand near those they are similar to.
//!
//! neighbours -> fuzzy graph -> spectral start -> layout, each in a file of its own. The result depends on the points
//! and the settings, not on the number of threads.
//!
//! Source: McInnes, Healy and Melville 2018, arXiv 1802.03426.

mod config;
mod curve;
mod fuzzy;
mod layout;
mod power;
mod spectral;
mod start;

use std::collections::BTreeMap;

use ndarray::Array2;

pub use config::{Start, UmapConfig};
pub use curve::Curve;
pub use fuzzy::FuzzyGraph;
use layout::Layout;
pub use spectral::Spectrum;

use super::points::Points;
use super::{Neighbours, neighbours};
use crate::display::{Bundle, Show};
use crate::figures::Scatter;
use crate::live::{Bar, Live};
use crate::{Error, Result};

/// Epochs between two looks at a map that is being laid out.
const SHOWN_EVERY: usize = 5;

/// A finished map.
#[derive(Clone, Debug)]
pub struct Umap {
    /// Where each point stands, `n x components`.
    pub map: Array2<f32>,
    /// The graph that was laid out.
    pub graph: FuzzyGraph,
    /// Epochs that were run: fewer than planned when the work was stopped.
    pub epochs: usize,
}

/// Lays out `points` in two (or three) dimensions.
///
/// An interrupt ends the layout at its next epoch and returns the map as it is then.
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
/// When a setting cannot be used, there are not more points than neighbours, or a value is not finite.
pub fn umap(points: &dyn Points, config: &UmapConfig) -> Result<Umap> {
    config.check()?;
    let (n, _) = points.shape();
    if n <= config.neighbours {
        return Err(Error::new(format!("{n} points are too few for {} neighbours", config.neighbours))
            .at("setting neighbours")
            .fix(format!("give at most {}", n.saturating_sub(1))));
    }
    umap_of(points, &neighbours(points, config.neighbours - 1, config.metric)?, config)
}

/// As [`umap`](fn@umap), with neighbours that are known already: `config.neighbours - 1` of each point, or as many as are
/// to be used.
///
/// # Errors
/// As [`umap`](fn@umap); and when the neighbours are of other points.
pub fn umap_of(points: &dyn Points, neighbours: &Neighbours, config: &UmapConfig) -> Result<Umap> {
    config.check()?;
    let (n, _) = points.shape();
    if n != neighbours.len() {
        return Err(Error::new(format!("neighbours of {} points for {n} points", neighbours.len()))
            .at("umap_of")
            .fix("compute the neighbours of these points"));
    }
    let graph = FuzzyGraph::new(neighbours);
    let start = start::positions(points, &graph, config)?;
    let layout = Layout {
        curve: Curve::fit(config.min_dist, config.spread)?,
        epochs: config.epochs.unwrap_or(if n <= 10_000 { 500 } else { 200 }),
        rate: config.learning_rate,
        repulsion: config.repulsion,
        negatives: config.negatives,
        seed: config.seed,
    };
    let (map, epochs) = match config.components {
        3 => laid_out::<3>(&layout, &graph, &start, config)?,
        _ => laid_out::<2>(&layout, &graph, &start, config)?,
    };
    Ok(Umap { map, graph, epochs })
}

/// Runs the layout under a bar, and before the reader's eyes where that was asked for.
fn laid_out<const D: usize>(
    layout: &Layout,
    graph: &FuzzyGraph,
    start: &Array2<f64>,
    config: &UmapConfig,
) -> Result<(Array2<f32>, usize)> {
    let mut bar = Bar::new("UMAP", Some(layout.epochs as u64));
    let mut live = if config.live { Some(Live::new(Scatter::new("UMAP", "UMAP 1", "UMAP 2").figure()?)) } else { None };
    let mut epochs = 0;
    let moved = layout.run::<D>(graph, start, &mut |done, moved| {
        epochs = done;
        bar.advance(1);
        if let Some(live) = live.as_mut().filter(|_| done == layout.epochs || done % SHOWN_EVERY == 0) {
            let title = format!("UMAP, epoch {done} of {}", layout.epochs);
            let coordinate = |k: usize| moved.iter().map(|point| f64::from(point[k])).collect::<Vec<_>>();
            let figure = Scatter::new(&title, "UMAP 1", "UMAP 2").density(&coordinate(0), &coordinate(1)).figure();
            if let Ok(figure) = figure {
                live.change(|shown| *shown = figure);
            }
        }
        !bar.stopped()
    });
    let map = Array2::from_shape_vec((moved.len(), D), moved.into_flattened())
        .map_err(|e| Error::new(format!("the map has no shape: {e}")).caused_by(e))?;
    Ok((map, epochs))
}

impl Umap {
    /// The points coloured by how many lie around them.
    pub fn scatter(&self, title: &str) -> Scatter {
        Scatter::new(title, "UMAP 1", "UMAP 2").density(&self.coordinate(0), &self.coordinate(1))
    }

    /// The points coloured by a label, such as the complex of each gene; the most frequent labels come first.
    ///
    /// # Errors
    /// When there is not one label for each point.
    pub fn scatter_by<S: AsRef<str>>(&self, title: &str, labels: &[S]) -> Result<Scatter> {
        let (x, y) = (self.coordinate(0), self.coordinate(1));
        if labels.len() != x.len() {
            return Err(Error::new(format!("{} labels for {} points", labels.len(), x.len())).at("scatter_by"));
        }
        let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, label) in labels.iter().enumerate() {
            rows.entry(label.as_ref()).or_default().push(row);
        }
        let mut groups: Vec<(&str, Vec<usize>)> = rows.into_iter().collect();
        groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
        let pick = |values: &[f64], rows: &[usize]| rows.iter().map(|&row| values[row]).collect::<Vec<_>>();
        let scatter = Scatter::new(title, "UMAP 1", "UMAP 2");
        Ok(groups
            .iter()
            .fold(scatter, |scatter, (label, rows)| scatter.points(label, &pick(&x, rows), &pick(&y, rows))))
    }

    fn coordinate(&self, k: usize) -> Vec<f64> {
        self.map.column(k).iter().map(|&v| f64::from(v)).collect()
    }
}

impl Show for Umap {
    fn bundle(&self) -> Bundle {
        match self.scatter("UMAP").figure() {
            Ok(figure) => figure.bundle(),
            Err(e) => Bundle::text(e.to_string()),
        }
    }
}
