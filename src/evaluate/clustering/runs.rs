//! How well k-means finds known classes, over many random starts (GRAPE, Table 1: 100 starts, mean and standard
//! deviation over them, not the best).
//!
//! Beside each run, its clusters are scored against the same classes in shuffled order: what purity and NMI are by chance
//! for clusters of these sizes.

use ndarray::{Array2, ArrayView2};
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::contingency::numbered;
use super::start::stream;
use super::{ClusterScores, KMeansConfig, Start, cluster_scores};
use crate::evaluate::counts::require_count;
use crate::evaluate::dense::{finite_matrix, require_labels};
use crate::evaluate::unit_rows;
use crate::reduce::Points;
use crate::{Error, Result};

/// Streams of the shuffled classes, apart from those of the starts.
const SHUFFLED: usize = 1 << 31;

/// How clusters are computed and compared. The default is that of GRAPE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterConfig {
    /// Number of starts.
    pub runs: usize,
    /// Where the centres start.
    pub start: Start,
    /// Divides each point by its length first, so that clusters follow the cosine.
    pub unit: bool,
    /// Most iterations of a run.
    pub max_iterations: usize,
    /// See [`KMeansConfig::tolerance`].
    pub tolerance: f64,
    /// Seed of the starts.
    pub seed: u64,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        let KMeansConfig { start, max_iterations, tolerance, seed, .. } = KMeansConfig::new(1);
        Self { runs: 100, start, unit: false, max_iterations, tolerance, seed }
    }
}

impl ClusterConfig {
    pub(super) fn kmeans(&self, k: usize) -> KMeansConfig {
        let Self { start, max_iterations, tolerance, seed, .. } = *self;
        KMeansConfig { k, start, max_iterations, tolerance, seed }
    }

    /// The points as k-means sees them, and their classes as numbers with the size of each.
    pub(super) fn prepare<L: Ord>(&self, points: &dyn Points, truth: &[L]) -> Result<(Array2<f64>, Truth)> {
        const PLACE: &str = "clusters of known classes";
        require_count(self.runs, "runs", PLACE)?;
        let x = finite_matrix(points, PLACE)?;
        require_labels(x.nrows(), truth.len(), PLACE)?;
        if self.runs == 0 || x.nrows() == 0 {
            return Err(Error::new(format!("{} runs on {} points", self.runs, x.nrows()))
                .at(PLACE)
                .fix("give at least one point and one run"));
        }
        let (codes, sizes) = numbered(truth);
        Ok((if self.unit { unit_rows(x.view()) } else { x }, Truth { codes, classes: sizes.len() }))
    }
}

/// The class of each point.
pub(super) struct Truth {
    codes: Vec<usize>,
    pub classes: usize,
}

/// One run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterRun {
    /// Its clusters against the classes.
    pub scores: ClusterScores,
    /// Its clusters against the classes in shuffled order.
    pub chance: ClusterScores,
    /// Sum of squared distances to the centres.
    pub inertia: f64,
    /// Iterations it took.
    pub iterations: usize,
}

/// Mean and standard deviation over runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation (ddof 1); NaN for a single run.
    pub sd: f64,
}

impl Spread {
    /// Of these values; NaN where there are too few.
    ///
    /// ```
    /// use perturbook::evaluate::clustering::Spread;
    ///
    /// let spread = Spread::of([1.0, 2.0, 3.0]);
    /// assert_eq!((spread.mean, spread.sd), (2.0, 1.0));
    /// ```
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self { mean, sd: if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { f64::NAN } }
    }
}

/// All runs with one number of clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterRuns {
    /// Number of clusters.
    pub k: usize,
    /// Number of known classes.
    pub classes: usize,
    /// Number of points.
    pub points: usize,
    /// One entry for each start.
    pub runs: Vec<ClusterRun>,
}

impl ClusterRuns {
    /// Mean and standard deviation of any number of a run.
    pub fn spread(&self, of: impl Fn(&ClusterRun) -> f64) -> Spread {
        Spread::of(self.runs.iter().map(of))
    }

    /// Of the purity.
    pub fn purity(&self) -> Spread {
        self.spread(|run| run.scores.purity)
    }

    /// Of the normalised mutual information.
    pub fn nmi(&self) -> Spread {
        self.spread(|run| run.scores.nmi)
    }

    /// Of the adjusted Rand index.
    pub fn ari(&self) -> Spread {
        self.spread(|run| run.scores.ari)
    }
}

/// k-means with as many clusters as `truth` has classes, from many starts, against `truth`: one class for each point.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::clustering::{ClusterConfig, cluster_runs};
///
/// let x = array![[0.0, 1.0], [0.0, 1.1], [9.0, 0.0], [9.1, 0.0]];
/// let runs = cluster_runs(&x, &["COG", "COG", "APC", "APC"], &ClusterConfig::default())?;
/// assert_eq!((runs.k, runs.runs.len()), (2, 100));
/// assert!(runs.purity().mean > 0.9);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no point, not one class for each, no run, a value is not finite, or the work was stopped.
pub fn cluster_runs<L: Ord>(points: &dyn Points, truth: &[L], config: &ClusterConfig) -> Result<ClusterRuns> {
    let (x, truth) = config.prepare(points, truth)?;
    runs_at(x.view(), &truth, truth.classes, config)
}

/// All runs with `k` clusters.
pub(super) fn runs_at(x: ArrayView2<'_, f64>, truth: &Truth, k: usize, config: &ClusterConfig) -> Result<ClusterRuns> {
    let kmeans = config.kmeans(k);
    kmeans.check(x.nrows())?;
    let _stoppable = crate::stop::stoppable();
    let one = |run: usize| {
        let found = kmeans.run(x, run);
        if crate::stop::requested() {
            return Err(Error::new("the runs of k-means were stopped").fix("run the cell again"));
        }
        let mut shuffled = truth.codes.clone();
        shuffled.shuffle(&mut stream(config.seed, k, SHUFFLED | run));
        Ok(ClusterRun {
            scores: cluster_scores(&truth.codes, &found.labels)?,
            chance: cluster_scores(&shuffled, &found.labels)?,
            inertia: found.inertia,
            iterations: found.iterations,
        })
    };
    let runs = (0..config.runs).into_par_iter().map(one).collect::<Result<Vec<ClusterRun>>>()?;
    Ok(ClusterRuns { k, classes: truth.classes, points: x.nrows(), runs })
}
