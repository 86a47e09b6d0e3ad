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
//! Trustworthiness (Venna and Kaski 2001) is 1 when no stranger has become a neighbour, and about 0.5 for random maps. Points
//! at equal distances have the ranks of their rows, in the map as before: equal points on equal places are kept.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::points::{Points, require_finite};
use super::{Found, Metric, Neighbours, neighbours};
use crate::{Error, Result};

/// How well a map keeps neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
/// When the numbers of points differ, `k` is 0 or not below half of them, one of the two has no dimension, or a value is not
/// finite.
pub fn map_quality(points: &dyn Points, map: &dyn Points, metric: Metric, k: usize) -> Result<MapQuality> {
    let ((n, _), (in_map, _)) = (points.shape(), map.shape());
    if n != in_map {
        return Err(Error::new(format!("a map of {in_map} points does not show {n} points")).at("map_quality"));
    }
    if k == 0 || k >= n.div_ceil(2) {
        return Err(Error::new(format!("{k} neighbours of {n} points cannot be judged"))
            .at("map_quality")
            .fix("ask for at least one neighbour, and for fewer than half of the points"));
    }
    if points.shape().1 == 0 {
        return Err(Error::new("the points have no dimension").at("map_quality").fix("give at least one column"));
    }
    require_finite(points)?;
    let near = neighbours(map, k, Metric::Euclidean)?;
    Ok(judged(points, metric, &near, None))
}

/// As [`map_quality`], with neighbours that were already computed: those of the points, and those in the map, whose
/// number is the `k` that is looked at.
///
/// Where the points' neighbours were found approximately, the ranks are still exact.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::reduce::{Metric, map_quality, map_quality_of, neighbours};
///
/// let points = Array2::from_shape_fn((60, 2), |(i, k)| ((i * (k + 3)) as f64).sin());
/// let map = points.mapv(f64::abs);
/// let (before, after) = (neighbours(&points, 9, Metric::Euclidean)?, neighbours(&map, 5, Metric::Euclidean)?);
/// assert_eq!(map_quality_of(&points, &before, &after)?, map_quality(&points, &map, Metric::Euclidean, 5)?);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When the numbers of points differ, those of the map are half of them or more, or the points' neighbours are fewer than
/// those of the map.
pub fn map_quality_of(points: &dyn Points, before: &Neighbours, map: &Neighbours) -> Result<MapQuality> {
    let (n, k) = (points.shape().0, map.k());
    if n != map.len() || n != before.len() {
        let what = format!("neighbours of {} and {} points do not judge a map of {n}", before.len(), map.len());
        return Err(Error::new(what).at("map_quality_of"));
    }
    if k == 0 || k >= n.div_ceil(2) || before.k() < k {
        return Err(Error::new(format!("{k} neighbours in the map, {} before, of {n} points", before.k()))
            .at("map_quality_of")
            .fix("compute at least one neighbour and fewer than half of the points in the map, and as many before"));
    }
    map.check()?;
    before.check()?;
    require_finite(points)?;
    Ok(judged(points, before.metric, map, Some(before)))
}

/// Compares ranks before with the neighbours in the map; where the nearest before are known exactly, points whose
/// neighbours are all among them need no distances.
fn judged(points: &dyn Points, metric: Metric, map: &Neighbours, before: Option<&Neighbours>) -> MapQuality {
    let ((n, d), k) = (points.shape(), map.k());
    let before = before.filter(|before| before.found == Found::Exact);
    let each = |i: usize| {
        let stranger = |j: &u32| before.is_none_or(|before| !before.rows.row(i).iter().take(k).any(|near| near == j));
        if !map.rows.row(i).iter().any(stranger) {
            return (0, k);
        }
        let (mut point, mut other) = (vec![0.0; d], vec![0.0; d]);
        points.copy_point(i, &mut point);
        let distances: Vec<f64> = (0..n)
            .map(|j| {
                points.copy_point(j, &mut other);
                metric.distance(&point, &other)
            })
            .collect();
        let (mut excess, mut kept) = (0usize, 0usize);
        for &j in map.rows.row(i) {
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
    MapQuality { trustworthiness: 1.0 - 2.0 * excess / worst, overlap: kept / (count * near), k }
}
