//! Lloyd's iteration: each point to its nearest centre, each centre to the mean of its points, until nothing changes.
//!
//! It ends when no point changes its cluster, or when the centres have moved by no more than `tolerance` times the mean
//! variance of the columns (the squared lengths of all moves together; scikit-learn's rule); the points are then assigned
//! once more, so that labels, centres and inertia belong together. Of equally near centres the first one wins.
//!
//! **Empty clusters.** A cluster that has lost all points takes the point that is farthest from its centre, among the
//! points of clusters with two or more; several empty clusters take the farthest ones in turn, lower numbers first. Where
//! no such point is away from its centre (more clusters than different points), the cluster stays empty and its centre
//! where it was.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::dense::{finite_matrix, squared_distance};
use crate::reduce::Points;
use crate::{Error, Result};

/// Products of points, centres and dimensions from which several threads pay.
const PARALLEL: usize = 1 << 20;

/// Clusters of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KMeans {
    /// The cluster of each point, 0 to `k - 1`.
    pub labels: Vec<usize>,
    /// The means of the clusters, `k x d`.
    pub centres: Array2<f64>,
    /// Sum of the squared distances of the points to their centres.
    pub inertia: f64,
    /// How often the centres were moved.
    pub iterations: usize,
    /// Whether it ended by itself, before the largest number of iterations and without a request to stop.
    pub converged: bool,
}

impl KMeans {
    /// Points of each cluster.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.centres.nrows()];
        self.labels.iter().for_each(|&label| sizes[label] += 1);
        sizes
    }
}

/// Lloyd's iteration from these `centres` (`k x d`); a `tolerance` of 0 goes on until no point changes its cluster.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::clustering::lloyd;
///
/// let found = lloyd(&array![[0.0], [1.0], [10.0], [12.0]], array![[0.0], [1.0]].view(), 300, 0.0)?;
/// assert_eq!((&found.labels[..], found.centres), (&[0, 0, 1, 1][..], array![[0.5], [11.0]]));
/// assert_eq!(found.inertia, 2.5);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no point or no centre, their dimensions differ, a value is not finite, or the tolerance is not 0 or more.
pub fn lloyd(
    points: &dyn Points,
    centres: ArrayView2<'_, f64>,
    max_iterations: usize,
    tolerance: f64,
) -> Result<KMeans> {
    let _stoppable = crate::stop::stoppable();
    let x = finite_matrix(points, "k-means")?;
    if x.is_empty() || centres.nrows() == 0 || centres.ncols() != x.ncols() {
        let (have, want) = (centres.dim(), x.dim());
        return Err(Error::new(format!("centres of shape {have:?} do not fit points of shape {want:?}"))
            .at("k-means")
            .fix("give at least one point and one centre, with equally many columns"));
    }
    if !(tolerance >= 0.0 && tolerance.is_finite()) {
        return Err(Error::new(format!("{tolerance} is no tolerance")).at("k-means").fix("use 0 or more"));
    }
    if let Some(((centre, column), value)) = centres.indexed_iter().find(|(_, v)| !v.is_finite()) {
        return Err(Error::new(format!("the centres hold {value}")).at(format!("centre {centre}, column {column}")));
    }
    Ok(iterate(x.view(), centres.to_owned(), max_iterations, tolerance))
}

/// The same for a matrix in row order that was checked.
pub(super) fn iterate(x: ArrayView2<'_, f64>, centres: Array2<f64>, most: usize, tolerance: f64) -> KMeans {
    let rows: Vec<&[f64]> = x.axis_iter(Axis(0)).filter_map(|row| row.to_slice()).collect();
    let still = tolerance * x.var_axis(Axis(0), 0.0).mean().unwrap_or(0.0);
    let (mut centres, mut labels) = (centres.as_standard_layout().into_owned(), Vec::new());
    let (mut iterations, mut converged) = (0, false);
    while iterations < most && !converged && !crate::stop::requested() {
        iterations += 1;
        let nearest = assign(&rows, &centres);
        let moved = means(&rows, &nearest, &centres);
        let shift: f64 = moved.iter().zip(&centres).map(|(new, old)| (new - old) * (new - old)).sum();
        converged = shift <= still || nearest.iter().map(|n| n.0).eq(labels.iter().copied());
        labels = nearest.into_iter().map(|n| n.0).collect();
        centres = moved;
    }
    let nearest = assign(&rows, &centres);
    let inertia = nearest.iter().map(|n| n.1).sum();
    KMeans { labels: nearest.into_iter().map(|n| n.0).collect(), centres, inertia, iterations, converged }
}

/// The nearest centre of each point, and its squared distance.
fn assign(rows: &[&[f64]], centres: &Array2<f64>) -> Vec<(usize, f64)> {
    let centres: Vec<&[f64]> = centres.axis_iter(Axis(0)).filter_map(|row| row.to_slice()).collect();
    let nearest = |row: &&[f64]| {
        let mut best = (0, f64::INFINITY);
        for (centre, at) in centres.iter().enumerate() {
            let distance = squared_distance(row, at);
            if distance < best.1 {
                best = (centre, distance);
            }
        }
        best
    };
    let work = rows.len() * centres.len() * centres.first().map_or(0, |row| row.len());
    if work < PARALLEL { rows.iter().map(nearest).collect() } else { rows.par_iter().map(nearest).collect() }
}

/// The mean of the points of each cluster, empty ones filled as the module says.
fn means(rows: &[&[f64]], nearest: &[(usize, f64)], centres: &Array2<f64>) -> Array2<f64> {
    let mut labels: Vec<usize> = nearest.iter().map(|n| n.0).collect();
    let mut sizes = vec![0usize; centres.nrows()];
    labels.iter().for_each(|&label| sizes[label] += 1);
    let empty: Vec<usize> = (0..sizes.len()).filter(|&cluster| sizes[cluster] == 0).collect();
    if !empty.is_empty() {
        let mut far: Vec<usize> = (0..rows.len()).filter(|&row| nearest[row].1 > 0.0).collect();
        far.sort_by(|&a, &b| nearest[b].1.total_cmp(&nearest[a].1));
        let mut far = far.into_iter();
        for cluster in empty {
            let Some(row) = far.find(|&row| sizes[labels[row]] > 1) else { break };
            sizes[labels[row]] -= 1;
            sizes[cluster] = 1;
            labels[row] = cluster;
        }
    }
    let mut sums = Array2::<f64>::zeros(centres.dim());
    for (row, &label) in rows.iter().zip(&labels) {
        sums.row_mut(label).iter_mut().zip(*row).for_each(|(sum, v)| *sum += v);
    }
    for ((mut sum, &size), old) in sums.rows_mut().into_iter().zip(&sizes).zip(centres.rows()) {
        if size == 0 { sum.assign(&old) } else { sum.mapv_inplace(|v| v / size as f64) }
    }
    sums
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn an_empty_cluster_takes_the_farthest_point() {
        // the centre at 50 gets nothing; 9 is farthest from its centre
        let found = lloyd(&array![[0.0], [1.0], [2.0], [9.0]], array![[1.0], [50.0]].view(), 300, 0.0).unwrap();
        assert_eq!((found.labels, found.centres), (vec![0, 0, 0, 1], array![[1.0], [9.0]]));
        assert!(found.converged);
    }

    #[test]
    fn more_clusters_than_different_points_leave_clusters_empty() {
        let found = lloyd(&array![[1.0], [1.0], [4.0]], array![[0.0], [0.0], [0.0]].view(), 300, 0.0).unwrap();
        assert_eq!((found.inertia, found.converged), (0.0, true));
        assert_eq!(found.sizes().iter().filter(|&&n| n == 0).count(), 1);
        let one = lloyd(&array![[1.0], [3.0]], array![[7.0]].view(), 300, 0.0).unwrap();
        assert_eq!((one.labels, one.inertia), (vec![0, 0], 2.0));
    }

    #[test]
    fn centres_that_do_not_fit_are_refused() {
        let x = array![[0.0, 1.0]];
        assert!(lloyd(&x, array![[0.0]].view(), 10, 0.0).is_err());
        assert!(lloyd(&x, Array2::zeros((0, 2)).view(), 10, 0.0).is_err());
        assert!(lloyd(&Array2::<f64>::zeros((0, 2)), array![[0.0, 0.0]].view(), 10, 0.0).is_err());
        assert!(lloyd(&x, array![[f64::NAN, 0.0]].view(), 10, 0.0).is_err());
    }
}
