//! k-means from random starts: one run, and the best of several.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::lloyd::iterate;
use super::start::stream;
use super::{KMeans, Start};
use crate::evaluate::counts::require_count;
use crate::evaluate::dense::finite_matrix;
use crate::reduce::Points;
use crate::{Error, Result};

/// How k-means runs. Start from [`KMeansConfig::new`].
///
/// ```
/// use perturbook::evaluate::clustering::{KMeansConfig, Start};
///
/// let config = KMeansConfig { start: Start::PlusPlus, ..KMeansConfig::new(14) };
/// assert_eq!((config.k, config.max_iterations, config.tolerance), (14, 300, 1e-4));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KMeansConfig {
    /// Number of clusters.
    pub k: usize,
    /// Where the centres start.
    pub start: Start,
    /// Most iterations.
    pub max_iterations: usize,
    /// Ends when the squared moves of the centres sum to no more than this share of the mean variance of the columns.
    pub tolerance: f64,
    /// Seed of the starts.
    pub seed: u64,
}

impl KMeansConfig {
    /// `k` clusters from random points; at most 300 iterations, tolerance 1e-4, seed 0.
    pub fn new(k: usize) -> Self {
        Self { k, start: Start::RandomRows, max_iterations: 300, tolerance: 1e-4, seed: 0 }
    }

    pub(super) fn check(&self, n: usize) -> Result<()> {
        if self.k == 0 || self.k > n {
            return Err(Error::new(format!("{n} points do not make {} clusters", self.k))
                .at("k-means")
                .fix(format!("ask for 1 to {n} clusters")));
        }
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            return Err(Error::new(format!("{} is no tolerance", self.tolerance)).at("k-means").fix("use 0 or more"));
        }
        Ok(())
    }

    /// One run on a matrix that was checked.
    pub(super) fn run(&self, x: ArrayView2<'_, f64>, run: usize) -> KMeans {
        let centres = self.start.centres(x, self.k, &mut stream(self.seed, self.k, run));
        iterate(x, centres, self.max_iterations, self.tolerance)
    }
}

/// One run of k-means. As many clusters as points give each a cluster of its own; points that are all equal share one, and
/// the others stay empty (see [`lloyd`](super::lloyd)).
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::clustering::{KMeansConfig, kmeans};
///
/// let found = kmeans(&array![[0.0], [1.0], [10.0], [11.0]], &KMeansConfig::new(2))?;
/// assert_eq!(found.inertia, 1.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are fewer points than clusters, no cluster is asked for, or a value is not finite.
pub fn kmeans(points: &dyn Points, config: &KMeansConfig) -> Result<KMeans> {
    let _stoppable = crate::stop::stoppable();
    Ok(config.run(checked(points, config)?.view(), 0))
}

/// The run with the smallest inertia of `restarts`; of equal ones the first.
///
/// # Errors
/// As of [`kmeans`], and without a single run.
pub fn kmeans_best(points: &dyn Points, config: &KMeansConfig, restarts: usize) -> Result<KMeans> {
    let _stoppable = crate::stop::stoppable();
    require_count(restarts, "restarts", "kmeans_best")?;
    let x = checked(points, config)?;
    let runs: Vec<KMeans> = (0..restarts).into_par_iter().map(|run| config.run(x.view(), run)).collect();
    let best = runs.into_iter().reduce(|best, next| if next.inertia < best.inertia { next } else { best });
    best.ok_or_else(|| Error::new("no run of k-means").at("kmeans_best").fix("ask for at least one restart"))
}

fn checked(points: &dyn Points, config: &KMeansConfig) -> Result<Array2<f64>> {
    let x = finite_matrix(points, "k-means")?;
    config.check(x.nrows())?;
    Ok(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_result_on_any_number_of_threads() {
        let x = Array2::from_shape_fn((600, 3), |(i, j)| ((i * 37 + j * 11) % 97) as f64);
        let config = KMeansConfig { seed: 4, ..KMeansConfig::new(9) };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| kmeans_best(&x, &config, 8).unwrap())
        };
        assert_eq!(with(1), with(3));
        let other = KMeansConfig { seed: 5, ..config.clone() };
        assert_ne!(kmeans(&x, &config).unwrap().labels, kmeans(&x, &other).unwrap().labels);
        assert!(kmeans_best(&x, &config, 8).unwrap().inertia <= kmeans(&x, &config).unwrap().inertia);
    }

    #[test]
    fn impossible_requests_say_so() {
        let x = ndarray::array![[1.0], [2.0]];
        let refused = |config: &KMeansConfig| kmeans(&x, config).unwrap_err().to_string();
        assert!(refused(&KMeansConfig::new(3)).contains("2 points do not make 3 clusters"));
        assert!(refused(&KMeansConfig::new(0)).contains("1 to 2"));
        assert!(refused(&KMeansConfig { tolerance: f64::NAN, ..KMeansConfig::new(1) }).contains("tolerance"));
        assert!(kmeans_best(&x, &KMeansConfig::new(1), 0).is_err());
    }
}
