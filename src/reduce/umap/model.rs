//! A finished map, and the places of new points on it.
//!
//! A new point `x` has the `k` nearest points of the map's own, at distances `d_1 <= ... <= d_k`. Then
//!
//! ```text
//! w_j = exp(-d_j / sigma),   sigma such that  sum over j > 1 of w_j = log2(k)
//! ```
//!
//! It starts at the mean of their places weighted by `w`, or at that of a point it equals, and is moved as in the layout,
//! with a quarter of the rate and a third of the epochs (100, or 30 above 10,000 new points, where none are set). The map
//! itself stands still, so new points do not see each other.
//!
//! Source: McInnes, Healy and Melville 2018, and the reference implementation, which leaves the nearest point out of the
//! sum as it leaves out the point itself when the map is made.

use ndarray::Array2;

use super::fit::as_matrix;
use super::fuzzy::{membership, sigma};
use super::layout::Layout;
use super::{Umap, UmapConfig, scatter_onto};
use crate::Result;
use crate::display::{Bundle, Show};
use crate::figures::Scatter;
use crate::live::Bar;
use crate::reduce::points::Points;
use crate::reduce::{Nearest, nearest_among};

/// A map with what places new points on it; made by [`UmapFit::fit`](super::UmapFit::fit).
///
/// ```
/// use ndarray::{Array2, s};
/// use perturbook::reduce::{UmapConfig, UmapFit};
///
/// let spiral = Array2::from_shape_fn((300, 3), |(i, k)| (i as f64 / 20.0 + k as f64).sin() * (i as f64));
/// let (old, new) = (spiral.slice(s![..250, ..]), spiral.slice(s![250.., ..]));
/// let model = UmapFit::new(&old, &UmapConfig::default()).fit()?;
/// assert_eq!(model.transform(&new)?.dim(), (50, 2));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UmapModel {
    pub(super) umap: Umap,
    pub(super) points: Array2<f64>,
    pub(super) config: UmapConfig,
}

impl UmapModel {
    pub(super) fn new(umap: Umap, points: &dyn Points, config: UmapConfig) -> Result<Self> {
        let mut kept = Array2::zeros(points.shape());
        let mut point = vec![0.0; points.shape().1];
        for (row, mut to) in kept.rows_mut().into_iter().enumerate() {
            points.copy_point(row, &mut point);
            to.iter_mut().zip(&point).for_each(|(to, &v)| *to = v);
        }
        Ok(Self { umap, points: kept, config })
    }

    /// The map of the points it was made of.
    pub fn umap(&self) -> &Umap {
        &self.umap
    }

    /// The settings it was made with.
    pub fn config(&self) -> &UmapConfig {
        &self.config
    }

    /// The points it was made of, `n x d`.
    pub fn points(&self) -> ndarray::ArrayView2<'_, f64> {
        self.points.view()
    }

    /// Where new points stand on the map, `m x components`; no points stand nowhere, `0 x components`.
    ///
    /// The result depends on the points, their order and the seed of the settings, not on the number of threads. An
    /// interrupt ends the layout at its next epoch and returns the places as they are then.
    ///
    /// # Errors
    /// When the points have other dimensions than those of the map, a value is not finite, or the search for neighbours
    /// was stopped.
    pub fn transform(&self, points: &dyn Points) -> Result<Array2<f32>> {
        let near = nearest_among(points, &self.points, self.config.neighbours, self.config.metric)?;
        let weights = memberships(&near);
        let start = starts(&near, &weights, &self.umap.map);
        let epochs = match self.config.epochs {
            Some(epochs) => (epochs / 3).max(1),
            None if near.rows.nrows() <= 10_000 => 100,
            None => 30,
        };
        let layout = Layout::new(&self.config, epochs, self.config.learning_rate / 4.0)?;
        let edges = (&near.rows, &weights);
        match self.config.components {
            3 => placed::<3>(&layout, edges, &start, &self.umap.map),
            _ => placed::<2>(&layout, edges, &start, &self.umap.map),
        }
    }

    /// The map in grey, and new points on it (as [`UmapModel::transform`] returned them).
    pub fn scatter_onto(&self, title: &str, name: &str, new: &Array2<f32>) -> Scatter {
        scatter_onto(title, &self.umap.map, name, new)
    }
}

fn placed<const D: usize>(
    layout: &Layout,
    edges: (&Array2<u32>, &Array2<f64>),
    start: &Array2<f64>,
    map: &Array2<f32>,
) -> Result<Array2<f32>> {
    let map: Vec<[f32; D]> = map.rows().into_iter().map(|row| std::array::from_fn(|k| row[k])).collect();
    let mut bar = Bar::new("UMAP, new points", Some(layout.epochs as u64));
    as_matrix(layout.place::<D>(edges, start, &map, &mut |_| {
        bar.advance(1);
        !bar.stopped()
    }))
}

/// How much each new point belongs to its neighbours, `m x k`.
fn memberships(near: &Nearest) -> Array2<f64> {
    let k = near.rows.ncols();
    let mut weights = near.distances.clone();
    for mut row in weights.rows_mut() {
        let distances = row.to_vec();
        let mean = distances.iter().sum::<f64>() / k as f64;
        let width = sigma(&distances[1..], 0.0, (k as f64).log2(), mean);
        row.mapv_inplace(|distance| membership(distance, 0.0, width));
    }
    weights
}

/// Weighted means of the neighbours' places; the place of the first neighbour at distance 0, where there is one.
fn starts(near: &Nearest, weights: &Array2<f64>, map: &Array2<f32>) -> Array2<f64> {
    let mut at = Array2::<f64>::zeros((near.rows.nrows(), map.ncols()));
    for (i, mut to) in at.rows_mut().into_iter().enumerate() {
        let (rows, distances, weights) = (near.rows.row(i), near.distances.row(i), weights.row(i));
        if distances[0] == 0.0 {
            to.assign(&map.row(rows[0] as usize).mapv(f64::from));
            continue;
        }
        let sum = weights.sum();
        for (&row, &weight) in rows.iter().zip(weights) {
            // Where all weights vanish the neighbours count alike.
            let share = if sum > 0.0 { weight / sum } else { 1.0 / rows.len() as f64 };
            to.scaled_add(share, &map.row(row as usize).mapv(f64::from));
        }
    }
    at
}

impl Show for UmapModel {
    fn bundle(&self) -> Bundle {
        self.umap.bundle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduce::Metric;
    use ndarray::array;

    #[test]
    fn weights_sum_to_the_logarithm_and_the_start_is_their_mean() {
        let near = Nearest {
            rows: array![[0, 1, 2, 3], [2, 1, 0, 3]],
            distances: array![[0.5, 1.0, 1.5, 2.0], [0.0, 1.0, 1.0, 1.0]],
            metric: Metric::Euclidean,
        };
        let weights = memberships(&near);
        assert!((weights.row(0).iter().skip(1).sum::<f64>() - 2.0).abs() < 1e-9);
        let ratio = weights[[0, 0]].ln() / weights[[0, 3]].ln();
        assert!((ratio - 0.25).abs() < 1e-9, "{ratio}"); // exponents are in proportion to the distances
        assert_eq!(weights[[1, 0]], 1.0);
        let map = array![[0.0f32, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]];
        let at = starts(&near, &weights, &map);
        let w = weights.row(0);
        assert!((at[[0, 0]] - 4.0 * (w[1] + w[3]) / w.sum()).abs() < 1e-12);
        assert_eq!(at.row(1), array![0.0, 4.0]); // the point that it equals
    }
}
