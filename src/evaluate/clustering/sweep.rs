//! How well k-means finds known classes, over the number of clusters (GRAPE, Figure 4: k from 5 to 30).

use serde::{Deserialize, Serialize};

use super::runs::runs_at;
use super::{ClusterConfig, ClusterRuns};
use crate::live::progress;
use crate::reduce::Points;
use crate::{Error, Result};

/// Runs over the number of clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterSweep {
    /// Number of known classes.
    pub classes: usize,
    /// One entry for each number of clusters, in the order asked for.
    pub entries: Vec<ClusterRuns>,
}

impl ClusterSweep {
    /// The runs with this many clusters.
    ///
    /// # Errors
    /// When the sweep has no such entry.
    pub fn at(&self, k: usize) -> Result<&ClusterRuns> {
        self.entries.iter().find(|runs| runs.k == k).ok_or_else(|| {
            let known: Vec<String> = self.entries.iter().map(|runs| runs.k.to_string()).collect();
            Error::new(format!("the sweep has no entry for {k} clusters"))
                .fix(format!("choose one of {}", known.join(", ")))
        })
    }
}

/// k-means with each of the numbers `ks` of clusters, from many starts each, against `truth`.
///
/// The runs with `k` clusters are those of [`cluster_runs`](super::cluster_runs), whatever else is swept. A request to stop
/// ends the sweep with the entries it has.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::clustering::{ClusterConfig, cluster_sweep};
///
/// let x = array![[0.0], [0.1], [9.0], [9.1], [20.0], [20.1]];
/// let sweep = cluster_sweep(&x, &[0, 0, 1, 1, 2, 2], &[1, 2, 6], &ClusterConfig::default())?;
/// assert!((sweep.at(1)?.purity().mean - 1.0 / 3.0).abs() < 1e-12);
/// assert_eq!(sweep.at(6)?.purity().mean, 1.0); // every point for itself is pure
/// assert_eq!(sweep.at(6)?.ari().mean, 0.0);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As of [`cluster_runs`](super::cluster_runs), when a number of clusters is 0 or larger than that of points, or when the
/// work was stopped before the first entry was there.
pub fn cluster_sweep<L: Ord>(
    points: &dyn Points,
    truth: &[L],
    ks: &[usize],
    config: &ClusterConfig,
) -> Result<ClusterSweep> {
    let (x, truth) = config.prepare(points, truth)?;
    for &k in ks {
        config.kmeans(k).check(x.nrows())?;
    }
    let mut entries = Vec::with_capacity(ks.len());
    for &k in progress("numbers of clusters", ks) {
        match runs_at(x.view(), &truth, k, config) {
            Ok(runs) => entries.push(runs),
            Err(_) if crate::stop::requested() => break,
            Err(error) => return Err(error),
        }
    }
    if entries.is_empty() {
        return Err(Error::new("a sweep over no number of clusters")
            .at("cluster_sweep")
            .fix("give the numbers of clusters, such as 5 to 30; if the work was stopped, run it again"));
    }
    Ok(ClusterSweep { classes: truth.classes, entries })
}
