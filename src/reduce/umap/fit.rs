//! Making a map, with what may be known beforehand: neighbours, labels, somebody who looks on.

use ndarray::{Array2, ArrayView2};

use super::labels::Labels;
use super::layout::Layout;
use super::watch::{LayoutStep, Shown, Watch};
use super::{FuzzyGraph, Umap, UmapConfig, UmapModel, start};
use crate::live::Bar;
use crate::reduce::points::{Points, require_finite};
use crate::reduce::{Neighbours, neighbours_by};
use crate::{Error, Result};

/// A map to be made of some points.
///
/// [`umap`](super::umap) is the short way.
///
/// ```
/// use perturbook::prelude::*;
/// use perturbook::reduce::UmapFit;
///
/// let screen = simulate::gene_embedding(&simulate::GeneEmbeddingConfig::quick())?;
/// let config = UmapConfig { epochs: Some(40), ..UmapConfig::cosine() };
/// let near = neighbours(&screen.profiles, 30, Metric::Cosine)?; // more than needed: the first 14 serve
/// let mut seen = Vec::new();
/// let model = UmapFit::new(&screen.profiles, &config)
///     .neighbours(&near)
///     .watch(20, |step| {
///         seen.push((step.epoch, step.map.nrows()));
///         true
///     })
///     .fit()?;
/// assert_eq!(model.umap().map, umap(&screen.profiles, &config)?.map);
/// assert_eq!(seen, [(20, 201), (40, 201)]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[must_use]
pub struct UmapFit<'a> {
    points: &'a dyn Points,
    config: UmapConfig,
    near: Option<&'a Neighbours>,
    labels: Option<Labels>,
    watch: Option<Watch<'a>>,
}

impl<'a> UmapFit<'a> {
    /// A map of these points.
    pub fn new(points: &'a dyn Points, config: &UmapConfig) -> Self {
        Self { points, config: config.clone(), near: None, labels: None, watch: None }
    }

    /// Takes neighbours that were already computed, under the same metric; they may be more than the settings ask for.
    pub fn neighbours(mut self, neighbours: &'a Neighbours) -> Self {
        self.near = Some(neighbours);
        self
    }

    /// Lets known labels count: points of one label are drawn together (supervised UMAP; see
    /// [`FuzzyGraph::with_labels`] and [`UmapConfig::target_weight`]).
    pub fn labels<S: AsRef<str>>(mut self, labels: &[S]) -> Self {
        self.labels = Some(Labels::of(labels.iter().map(|label| Some(label.as_ref()))));
        self
    }

    /// Lets labels count that are known for some points only.
    pub fn some_labels<S: AsRef<str>>(mut self, labels: &[Option<S>]) -> Self {
        self.labels = Some(Labels::of(labels.iter().map(|label| label.as_ref().map(AsRef::as_ref))));
        self
    }

    /// Calls `look` with the map after every so many epochs (at least 1) and after the last; its `false` ends the layout
    /// there. [`UmapConfig::live`] shows the map as a figure without further ado.
    pub fn watch(mut self, every: usize, look: impl FnMut(&LayoutStep<'_>) -> bool + 'a) -> Self {
        self.watch = Some(Watch { every: every.max(1), call: Box::new(look) });
        self
    }

    /// Makes the map.
    ///
    /// # Errors
    /// When a setting cannot be used, there are not more points than neighbours, a value is not finite, the neighbours are
    /// of other points, of another metric or too few, there is not one label for each point, or the search for
    /// neighbours was stopped.
    pub fn map(mut self) -> Result<Umap> {
        self.made()
    }

    /// Makes the map, and keeps what places new points on it.
    ///
    /// # Errors
    /// As for [`UmapFit::map`].
    pub fn fit(mut self) -> Result<UmapModel> {
        let umap = self.made()?;
        UmapModel::new(umap, self.points, self.config)
    }

    fn made(&mut self) -> Result<Umap> {
        self.config.check()?;
        let config = &self.config;
        let (n, _) = self.points.shape();
        if n <= config.neighbours {
            return Err(Error::new(format!("{n} points are too few for {} neighbours", config.neighbours))
                .at("setting neighbours")
                .fix(format!("give at most {}", n.saturating_sub(1))));
        }
        let near = match self.near {
            Some(near) => usable(near, self.points, config)?,
            None => neighbours_by(self.points, config.neighbours - 1, config.metric, config.search, config.seed)?,
        };
        let mut graph = FuzzyGraph::new(&near);
        if let Some(labels) = &self.labels {
            graph = graph.with_labels(labels.codes(), config.target_weight, config.unknown_dist)?;
        }
        let (at, start) = start::positions(self.points, &graph, config)?;
        let epochs = config.epochs.unwrap_or(if n <= 10_000 { 500 } else { 200 });
        let layout = Layout::new(config, epochs, config.learning_rate)?;
        let (map, epochs) = match config.components {
            3 => self.laid_out::<3>(&layout, &graph, &at)?,
            _ => self.laid_out::<2>(&layout, &graph, &at)?,
        };
        Ok(Umap { map, graph, epochs, start, found: near.found })
    }

    /// Runs the layout under a bar, and before the reader's eyes where that was asked for.
    fn laid_out<const D: usize>(
        &mut self,
        layout: &Layout,
        graph: &FuzzyGraph,
        start: &Array2<f64>,
    ) -> Result<(Array2<f32>, usize)> {
        let mut bar = Bar::new("UMAP", Some(layout.epochs as u64));
        let mut shown = Shown::start(&self.config, self.labels.as_ref())?;
        let watch = &mut self.watch;
        let mut epochs = 0;
        let moved = layout.run::<D>(graph, start, &mut |epoch, moved| {
            epochs = epoch;
            bar.advance(1);
            let Ok(map) = ArrayView2::from_shape((moved.len(), D), moved.as_flattened()) else { return false };
            let step = LayoutStep { epoch, epochs: layout.epochs, map };
            if let Some(shown) = &mut shown {
                shown.see(&step);
            }
            let wanted = watch.as_mut().is_none_or(|watch| watch.see(&step));
            wanted && !bar.stopped()
        });
        Ok((as_matrix(moved)?, epochs))
    }
}

/// Points of a map as a matrix.
pub(super) fn as_matrix<const D: usize>(points: Vec<[f32; D]>) -> Result<Array2<f32>> {
    Array2::from_shape_vec((points.len(), D), points.into_flattened())
        .map_err(|e| Error::new(format!("the map has no shape: {e}")).caused_by(e))
}

/// The neighbours that the settings ask for, out of those that were given.
fn usable(near: &Neighbours, points: &dyn Points, config: &UmapConfig) -> Result<Neighbours> {
    let (n, _) = points.shape();
    let refuse = |what: String, fix: &str| Err(Error::new(what).at("neighbours of a map").fix(fix));
    if n != near.len() {
        return refuse(
            format!("neighbours of {} points for {n} points", near.len()),
            "compute the neighbours of these points",
        );
    }
    if near.metric != config.metric {
        let what = format!("{:?} neighbours for a map by the {:?} distance", near.metric, config.metric);
        return refuse(what, "compute them with the metric of the settings");
    }
    if near.k() + 1 < config.neighbours {
        let what = format!("{} neighbours for a neighbourhood of {}", near.k(), config.neighbours);
        return refuse(what, "compute at least one less than the setting neighbours; the point itself counts");
    }
    near.check()?;
    require_finite(points)?;
    near.first(config.neighbours - 1)
}
