//! Clusters of perturbations against what is known: do the genes of one complex fall together?
//!
//! | question | functions |
//! |---|---|
//! | how well do given clusters match given classes? | [`cluster_scores`], [`Contingency`]: purity, NMI, ARI, mutual information |
//! | are classes compact and apart, without clustering? | [`silhouette`] |
//! | which clusters are there? | [`kmeans`], [`lloyd`], [`kmeans_best`] |
//! | how well do clusters match, over many starts? | [`cluster_runs`]: mean and standard deviation (GRAPE, Table 1) |
//! | and over the number of clusters? | [`cluster_sweep`] (GRAPE, Figure 4) |
//! | what did the paper print? | [`grape_clusters`] |
//!
//! Everything is computed in `f64`. The random numbers of a run depend on the seed, `k` and the number of the run only, so
//! that the number of threads changes nothing.

mod contingency;
mod kmeans;
mod known;
mod lloyd;
mod published;
mod runs;
mod silhouette;
mod start;
mod sweep;

pub use contingency::{ClusterScores, Contingency, cluster_scores};
pub use kmeans::{KMeansConfig, kmeans, kmeans_best};
pub use known::in_one_set;
pub(super) use known::set_of_each;
pub use lloyd::{KMeans, lloyd};
pub use published::{PublishedClusters, grape_clusters};
pub use runs::{ClusterConfig, ClusterRun, ClusterRuns, Spread, cluster_runs};
pub use silhouette::{GroupSilhouette, Silhouette, silhouette};
pub use start::Start;
pub use sweep::{ClusterSweep, cluster_sweep};
