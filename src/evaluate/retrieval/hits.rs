//! Hits among the nearest rows: is a replicate among the first k?
//!
//! For each query that is no control and shares its label, among its `k` nearest other rows (controls included):
//!
//! ```text
//! hits@k       share of the queries with at least one row of their label
//! precision@k  mean over queries of (rows of their label) / k
//! recall@k     mean over queries of (rows of their label) / (other rows of the label there are)
//! ```
//!
//! A query without direction (a zero vector under the cosine distance) hits nothing.

use serde::{Deserialize, Serialize};

use super::knn::has_no_direction;
use super::labels::RowLabels;
use crate::reduce::{Metric, Neighbours, Points, neighbours};
use crate::{Error, Result};

/// Hits at one `k`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitsPoint {
    /// Nearest rows looked at.
    pub k: usize,
    /// Share of the queries with a hit.
    pub hits: f64,
    /// The same expected of random orders: mean of `1 - C(n - 1 - R, k) / C(n - 1, k)`.
    pub random: f64,
    /// Mean share of hits among the `k`.
    pub precision: f64,
    /// Mean share of the relevant rows among the `k`.
    pub recall: f64,
}

/// Hits for growing `k`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitsAtK {
    /// One entry for each `k` from 1 on.
    pub points: Vec<HitsPoint>,
    /// Rows that were queried.
    pub n_queries: usize,
    /// The distance.
    pub metric: Metric,
}

/// Hits among the 1 to `k` nearest rows.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{RowLabels, hits_at_k};
/// use perturbook::reduce::Metric;
///
/// let points = array![[0.0], [1.0], [1.5], [9.0]];
/// let labels = RowLabels::new(&["A", "B", "A", "B"]);
/// let hits = hits_at_k(&points, &labels, 3, Metric::Euclidean)?;
/// assert_eq!(hits.points[0].hits, 0.0); // nobody's nearest row has its label
/// assert_eq!(hits.points[1].hits, 0.75); // of the four rows only the second one's replicate comes third
/// assert_eq!((hits.points[2].hits, hits.points[2].random), (1.0, 1.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not as many labels as rows, not more than `k` rows, a value is not finite, no label but controls is
/// shared, or the work was stopped.
pub fn hits_at_k(points: &dyn Points, labels: &RowLabels, k: usize, metric: Metric) -> Result<HitsAtK> {
    labels.require_rows(points.shape().0, "hits_at_k")?;
    hits_at_k_of(&neighbours(points, k, metric)?, labels)
}

/// The same from neighbours that are known already.
///
/// # Errors
/// When there are not as many labels as rows, no neighbour, a neighbour that is none of the rows, or no label but controls
/// is shared.
pub fn hits_at_k_of(near: &Neighbours, labels: &RowLabels) -> Result<HitsAtK> {
    labels.require_rows(near.len(), "hits_at_k_of")?;
    near.check()?;
    let (codes, k, n) = (labels.codes(), near.k(), near.len());
    let sizes: Vec<usize> = labels.members().iter().map(Vec::len).collect();
    let queries: Vec<usize> = (0..n).filter(|&row| !labels.is_control(row) && sizes[codes[row] as usize] > 1).collect();
    if queries.is_empty() {
        return Err(Error::new("no row has another one with its label")
            .at("hits_at_k")
            .fix("give labels that are shared, and not by controls only"));
    }
    // For each k: queries with a hit, hits, hits as shares of the relevant rows.
    let mut sums = vec![(0usize, 0usize, 0.0); k];
    for &query in &queries {
        let relevant = (sizes[codes[query] as usize] - 1) as f64;
        let blind = has_no_direction(near, query);
        let mut found = 0usize;
        for (sum, &row) in sums.iter_mut().zip(near.rows.row(query)) {
            found += usize::from(!blind && codes[row as usize] == codes[query]);
            sum.0 += usize::from(found > 0);
            sum.1 += found;
            sum.2 += found as f64 / relevant;
        }
    }
    let size = queries.len() as f64;
    // Queries of one label miss alike: the chance to miss at k follows from that at k - 1.
    let mut misses: Vec<f64> = vec![1.0; sizes.len()];
    let mut weights = vec![0usize; sizes.len()];
    queries.iter().for_each(|&query| weights[codes[query] as usize] += 1);
    let points = sums.into_iter().enumerate().map(|(drawn, (hit, found, recalled))| {
        let k = drawn + 1;
        for (miss, &size) in misses.iter_mut().zip(&sizes) {
            *miss *= (n - drawn).saturating_sub(size.max(1)) as f64 / (n - 1 - drawn) as f64;
        }
        let missed: f64 = misses.iter().zip(&weights).map(|(miss, &queries)| miss * queries as f64).sum();
        HitsPoint {
            k,
            hits: hit as f64 / size,
            random: 1.0 - missed / size,
            precision: found as f64 / (size * k as f64),
            recall: recalled / size,
        }
    });
    Ok(HitsAtK { points: points.collect(), n_queries: queries.len(), metric: near.metric })
}
