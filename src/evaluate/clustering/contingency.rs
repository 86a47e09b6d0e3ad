//! How often each class falls into each cluster, and the scores that follow from these counts.
//!
//! With `n_ck` items of class `c` in cluster `k`, `N` items in all, and `H` the entropy of a partition in nats:
//!
//! ```text
//! purity = 1/N sum_k max_c n_ck
//! MI     = sum_ck n_ck/N ln(N n_ck / (n_c n_k))
//! NMI    = MI / ((H_class + H_cluster) / 2)        1 where both partitions have a single group
//! ARI    = (pairs together in both - expected) / (their largest number - expected)
//! ```
//!
//! One cluster for all items has NMI and ARI 0 against several classes, and 1 against one. Purity and NMI grow with the number of clusters, also for clusters that know nothing; the expectation of the adjusted
//! Rand index (Hubert and Arabie 1985) is 0 for those. GRAPE reports purity, NMI and ARI (its Table 1).

use serde::{Deserialize, Serialize};

use crate::evaluate::dense::require_labels;
use crate::{Error, Result};

/// Counts of classes in clusters; only those that occur are kept.
///
/// ```
/// use perturbook::evaluate::clustering::Contingency;
///
/// let counts = Contingency::new(&["a", "a", "a", "b", "b"], &[0, 0, 1, 1, 1])?;
/// assert_eq!(counts.purity(), 0.8);
/// assert!((counts.ari() - 1.0 / 6.0).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contingency {
    /// Class, cluster and count, sorted.
    cells: Vec<(usize, usize, usize)>,
    classes: Vec<usize>,
    clusters: Vec<usize>,
    n: usize,
}

impl Contingency {
    /// Counts the items; classes and clusters are whatever can be compared.
    ///
    /// # Errors
    /// When there is no item, or there are not as many clusters as classes.
    pub fn new<T: Ord, C: Ord>(truth: &[T], clusters: &[C]) -> Result<Self> {
        require_labels(truth.len(), clusters.len(), "clusters against classes")?;
        if truth.is_empty() {
            return Err(Error::new("no item was clustered")
                .at("clusters against classes")
                .fix("give at least one label"));
        }
        let ((class_of, classes), (cluster_of, clusters)) = (numbered(truth), numbered(clusters));
        let mut pairs: Vec<(usize, usize)> = class_of.into_iter().zip(cluster_of).collect();
        pairs.sort_unstable();
        let cells = pairs.chunk_by(|a, b| a == b).map(|same| (same[0].0, same[0].1, same.len())).collect();
        Ok(Self { cells, classes, clusters, n: pairs.len() })
    }

    /// Number of items, classes and clusters.
    pub fn shape(&self) -> (usize, usize, usize) {
        (self.n, self.classes.len(), self.clusters.len())
    }

    /// Share of the items that belong to the largest class of their cluster.
    pub fn purity(&self) -> f64 {
        let mut largest = vec![0; self.clusters.len()];
        for &(_, cluster, count) in &self.cells {
            largest[cluster] = count.max(largest[cluster]);
        }
        largest.iter().sum::<usize>() as f64 / self.n as f64
    }

    /// Mutual information of classes and clusters in nats.
    pub fn mutual_information(&self) -> f64 {
        let n = self.n as f64;
        let of_cell = |&(class, cluster, count): &(usize, usize, usize)| {
            let (count, expected) = (count as f64, self.classes[class] as f64 * self.clusters[cluster] as f64);
            count / n * (count * n / expected).ln()
        };
        self.cells.iter().map(of_cell).sum::<f64>().max(0.0)
    }

    /// Mutual information over the mean of the two entropies, 0 to 1.
    pub fn nmi(&self) -> f64 {
        if self.classes.len() == 1 && self.clusters.len() == 1 {
            return 1.0;
        }
        let entropies = entropy(&self.classes, self.n) + entropy(&self.clusters, self.n);
        (2.0 * self.mutual_information() / entropies).min(1.0)
    }

    /// Adjusted Rand index: 1 for equal partitions, 0 on average for unrelated ones, and below 0 for worse.
    pub fn ari(&self) -> f64 {
        let squares = |sizes: &mut dyn Iterator<Item = usize>| sizes.map(|size| (size as f64).powi(2)).sum::<f64>();
        let n = self.n as f64;
        let both = squares(&mut self.cells.iter().map(|cell| cell.2));
        let (of_classes, of_clusters) =
            (squares(&mut self.classes.iter().copied()), squares(&mut self.clusters.iter().copied()));
        // ordered pairs: together in both, only in one, in neither
        let together = both - n;
        let (class_only, cluster_only) = (of_classes - both, of_clusters - both);
        let apart = n * n - of_classes - of_clusters + both;
        if class_only == 0.0 && cluster_only == 0.0 {
            return 1.0;
        }
        let largest =
            (together + class_only) * (class_only + apart) + (together + cluster_only) * (cluster_only + apart);
        2.0 * (together * apart - class_only * cluster_only) / largest
    }

    /// All four.
    pub fn scores(&self) -> ClusterScores {
        ClusterScores {
            purity: self.purity(),
            nmi: self.nmi(),
            ari: self.ari(),
            mutual_information: self.mutual_information(),
        }
    }
}

/// How well clusters match classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterScores {
    /// Share of the items that belong to the largest class of their cluster.
    pub purity: f64,
    /// Normalised mutual information, by the arithmetic mean of the entropies.
    pub nmi: f64,
    /// Adjusted Rand index.
    pub ari: f64,
    /// Mutual information in nats.
    pub mutual_information: f64,
}

/// Purity, NMI, ARI and mutual information of clusters against the true classes.
///
/// ```
/// use perturbook::evaluate::clustering::cluster_scores;
///
/// let scores = cluster_scores(&["APC", "APC", "COG", "COG"], &[1, 1, 0, 0])?;
/// assert_eq!((scores.purity, scores.ari), (1.0, 1.0)); // names of clusters do not matter
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no item, or there are not as many clusters as classes.
pub fn cluster_scores<T: Ord, C: Ord>(truth: &[T], clusters: &[C]) -> Result<ClusterScores> {
    Ok(Contingency::new(truth, clusters)?.scores())
}

/// The number of each label among the distinct ones in ascending order, and how often each of those occurs.
pub(super) fn numbered<T: Ord>(labels: &[T]) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| labels[a].cmp(&labels[b]));
    let (mut codes, mut sizes) = (vec![0; labels.len()], Vec::new());
    for same in order.chunk_by(|&a, &b| labels[a] == labels[b]) {
        same.iter().for_each(|&item| codes[item] = sizes.len());
        sizes.push(same.len());
    }
    (codes, sizes)
}

fn entropy(sizes: &[usize], n: usize) -> f64 {
    let share = |&size: &usize| size as f64 / n as f64;
    -sizes.iter().map(share).map(|p| p * p.ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_numbered_in_ascending_order() {
        assert_eq!(numbered(&["b", "a", "b", "c"]), (vec![1, 0, 1, 2], vec![1, 2, 1]));
    }

    #[test]
    fn partitions_without_structure_have_defined_scores() {
        let one = cluster_scores(&[7; 5], &[1; 5]).unwrap();
        assert_eq!((one.purity, one.nmi, one.ari, one.mutual_information), (1.0, 1.0, 1.0, 0.0));
        let lumped = cluster_scores(&[0, 1, 2, 3], &[0; 4]).unwrap();
        assert_eq!((lumped.purity, lumped.nmi, lumped.ari), (0.25, 0.0, 0.0));
        let split = cluster_scores(&[0; 4], &[0, 1, 2, 3]).unwrap();
        assert_eq!((split.purity, split.nmi, split.ari), (1.0, 0.0, 0.0));
        let item = cluster_scores(&["a"], &[3]).unwrap();
        assert_eq!((item.purity, item.nmi, item.ari), (1.0, 1.0, 1.0));
        assert!(cluster_scores::<u8, u8>(&[], &[]).is_err());
        assert!(cluster_scores(&[1, 2], &[1]).is_err());
    }

    #[test]
    fn every_item_for_itself_needs_no_square_table() {
        let items: Vec<usize> = (0..100_000).collect();
        let scores = cluster_scores(&items, &items).unwrap();
        assert_eq!((scores.purity, scores.ari), (1.0, 1.0));
        assert!((scores.nmi - 1.0).abs() < 1e-12);
    }
}
