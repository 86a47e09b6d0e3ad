//! How much of the neighbourhoods of many dimensions is left in a map of two.
//!
//! Of `n` points with rank `r(i, j)` of `j` among the neighbours of `i` before, and the set `N(i)` of the `k` nearest in
//! the map,
//!
//! ```text
//! trustworthiness = 1 - 2 / (n k (2n - 3k - 1)) * sum over i, j in N(i) of max(0, r(i, j) - k)
//! overlap         = mean over i of |N(i) and the k nearest before| / k
//! ```
//!
//! Trustworthiness (Venna and Kaski 2001) is 1 when no stranger has become a neighbour, and about 0.5 for random maps.

use rayon::prelude::*;

use super::points::{Points, require_finite};
use super::{Metric, neighbours};
use crate::{Error, Result};

/// How well a map keeps neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapQuality {
    /// 1 where every neighbour in the map was near before.
    pub trustworthiness: f64,
    /// Fraction of the `k` nearest before that are among the `k` nearest in the map.
    pub overlap: f64,
    /// Neighbours looked at, `k`.
    pub k: usize,
}

/// Compares the `k` nearest neighbours in `map` (Euclidean) with those of `points` under `metric`.
///
/// ```
/// use ndarray::{Array2, array};
/// use perturbook::reduce::{Metric, map_quality};
///
/// let points = Array2::from_shape_fn((20, 1), |(i, _)| (i * i) as f64);
/// let same = map_quality(&points, &points, Metric::Euclidean, 3)?;
/// assert_eq!((same.trustworthiness, same.overlap), (1.0, 1.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the numbers of points differ, `k` is 0 or not below half of them, or a value is not finite.
pub fn map_quality(points: &dyn Points, map: &dyn Points, metric: Metric, k: usize) -> Result<MapQuality> {
    let ((n, d), (in_map, _)) = (points.shape(), map.shape());
    if n != in_map {
        return Err(Error::new(format!("a map of {in_map} points does not show {n} points")).at("map_quality"));
    }
    if k == 0 || 2 * k >= n {
        return Err(Error::new(format!("{k} neighbours of {n} points cannot be judged"))
            .at("map_quality")
            .fix("ask for at least one neighbour, and for fewer than half of the points"));
    }
    require_finite(points)?;
    let near = neighbours(map, k, Metric::Euclidean)?;
    let each = |i: usize| {
        let (mut point, mut other) = (vec![0.0; d], vec![0.0; d]);
        points.copy_point(i, &mut point);
        let distances: Vec<f64> = (0..n)
            .map(|j| {
                points.copy_point(j, &mut other);
                metric.distance(&point, &other)
            })
            .collect();
        let (mut excess, mut kept) = (0usize, 0usize);
        for &j in near.rows.row(i) {
            let j = j as usize;
            let nearer = |&other: &usize| {
                other != i && (distances[other] < distances[j] || (distances[other] == distances[j] && other < j))
            };
            let rank = 1 + (0..n).filter(nearer).count();
            excess += rank.saturating_sub(k);
            kept += usize::from(rank <= k);
        }
        (excess, kept)
    };
    let (excess, kept) = (0..n).into_par_iter().map(each).reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let (excess, kept, count, near) = (excess as f64, kept as f64, n as f64, k as f64);
    let worst = count * near * (2.0 * count - 3.0 * near - 1.0);
    Ok(MapQuality { trustworthiness: 1.0 - 2.0 * excess / worst, overlap: kept / (count * near), k })
}
