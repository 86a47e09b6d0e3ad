//! Silhouettes: is each item nearer to its own group than to the next one?
//!
//! ```text
//! s(i) = (b(i) - a(i)) / max(a(i), b(i))
//! ```
//!
//! `a(i)` is the mean distance to the other items of its group, `b(i)` the smallest mean distance to the items of another
//! group (Rousseeuw 1987). An item that is alone in its group has `s = 0`, as has one with `a = b = 0`; a zero vector is at
//! cosine distance 1 from everything. No matrix of all
//! distances is kept: time `O(n^2 d)`, memory `O(n d)`.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::contingency::numbered;
use crate::evaluate::dense::{finite_matrix, product, require_labels, squared_distance};
use crate::evaluate::unit_rows;
use crate::live::Bar;
use crate::reduce::{Metric, Points};
use crate::{Error, Result};

/// Rows of one piece of work.
const BLOCK: usize = 64;
/// Operations beyond which a bar shows how far it is.
const LONG: f64 = 2e10;

/// Silhouettes of all items, and their means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silhouette {
    /// How distances were measured.
    pub metric: Metric,
    /// One value for each item, -1 to 1.
    pub samples: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// The groups in ascending order.
    pub groups: Vec<GroupSilhouette>,
}

/// One group of a [`Silhouette`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSilhouette {
    /// Its label.
    pub name: String,
    /// Its items.
    pub n: usize,
    /// Mean of their silhouettes.
    pub mean: f64,
}

/// Silhouettes of `points` in the groups that `labels` name.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::clustering::silhouette;
/// use perturbook::reduce::Metric;
///
/// let s = silhouette(&array![[0.0], [1.0], [4.0]], &["a", "a", "b"], Metric::Euclidean)?;
/// assert_eq!(s.samples, [0.75, 2.0 / 3.0, 0.0]); // (4 - 1) / 4, (3 - 1) / 3, alone
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one label for each point, fewer than two groups, a value that is not finite, or the work was
/// stopped.
pub fn silhouette<L: Ord + Display>(points: &dyn Points, labels: &[L], metric: Metric) -> Result<Silhouette> {
    const PLACE: &str = "silhouette";
    let values = finite_matrix(points, PLACE)?;
    require_labels(values.nrows(), labels.len(), PLACE)?;
    let (group_of, sizes) = numbered(labels);
    if sizes.len() < 2 {
        return Err(Error::new(format!("a silhouette compares groups, but there is {} of them", sizes.len()))
            .at(PLACE)
            .fix("label the points with two groups or more"));
    }
    let samples = match metric {
        Metric::Euclidean => samples(values.view(), &group_of, &sizes, &|x, y| squared_distance(x, y).sqrt())?,
        Metric::Cosine => {
            // One direction at two lengths is at distance 0, which rounding would hide.
            let rounding = (values.ncols() + 8) as f64 * f64::EPSILON;
            let apart = |x: &[f64], y: &[f64]| match 1.0 - product(x, y) {
                distance if distance <= rounding => 0.0,
                distance => distance.min(2.0),
            };
            samples(unit_rows(values.view()).view(), &group_of, &sizes, &apart)?
        }
    };
    let mut groups: Vec<GroupSilhouette> =
        sizes.iter().map(|&n| GroupSilhouette { name: String::new(), n, mean: 0.0 }).collect();
    for ((&group, label), value) in group_of.iter().zip(labels).zip(&samples) {
        if groups[group].name.is_empty() {
            groups[group].name = label.to_string();
        }
        groups[group].mean += value / sizes[group] as f64;
    }
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    Ok(Silhouette { metric, samples, mean, groups })
}

type Distance<'a> = &'a (dyn Fn(&[f64], &[f64]) -> f64 + Sync);

fn samples(x: ArrayView2<'_, f64>, group_of: &[usize], sizes: &[usize], distance: Distance<'_>) -> Result<Vec<f64>> {
    let (n, d) = x.dim();
    let rows: Vec<&[f64]> = x.axis_iter(Axis(0)).filter_map(|row| row.to_slice()).collect();
    let long = 3.0 * (n as f64).powi(2) * d as f64 > LONG;
    let bar = Mutex::new(long.then(|| Bar::new("silhouette", Some(n as u64))));
    let mut found = vec![0.0; n];
    found.par_chunks_mut(BLOCK).enumerate().try_for_each_init(
        || vec![0.0; sizes.len()],
        |sums, (block, found)| -> Result<()> {
            for (i, to) in found.iter_mut().enumerate() {
                let i = block * BLOCK + i;
                sums.fill(0.0);
                for (j, row) in rows.iter().enumerate() {
                    if j != i {
                        sums[group_of[j]] += distance(rows[i], row);
                    }
                }
                *to = of_item(group_of[i], sums, sizes);
            }
            if let Some(bar) = bar.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                bar.advance(found.len() as u64);
                if bar.stopped() {
                    return Err(Error::new("the silhouettes were stopped").fix("run the cell again"));
                }
            }
            Ok(())
        },
    )?;
    Ok(found)
}

fn of_item(own: usize, sums: &[f64], sizes: &[usize]) -> f64 {
    if sizes[own] == 1 {
        return 0.0;
    }
    let within = sums[own] / (sizes[own] - 1) as f64;
    let others = sums.iter().zip(sizes).enumerate().filter(|&(group, _)| group != own);
    let nearest = others.map(|(_, (sum, &size))| sum / size as f64).fold(f64::INFINITY, f64::min);
    let largest = within.max(nearest);
    if largest > 0.0 { (nearest - within) / largest } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn degenerate_points_have_defined_silhouettes() {
        let equal = silhouette(&Array2::<f64>::ones((4, 2)), &[0, 0, 1, 1], Metric::Euclidean).unwrap();
        assert_eq!(equal.samples, [0.0; 4]);
        let alone = silhouette(&array![[1.0], [2.0]], &[0, 1], Metric::Euclidean).unwrap();
        assert_eq!((alone.mean, alone.groups.len()), (0.0, 2));
        // a zero vector is at cosine distance 1 from everything
        let zero = silhouette(&array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 2.0]], &[0, 0, 1, 1], Metric::Cosine);
        assert_eq!(zero.unwrap().samples, [0.0, 0.0, 1.0, 1.0]);
        assert!(silhouette(&array![[1.0], [2.0]], &[0, 0], Metric::Euclidean).is_err());
        assert!(silhouette(&array![[1.0], [2.0]], &[0], Metric::Euclidean).is_err());
        assert!(silhouette(&array![[1.0], [f64::NAN]], &[0, 1], Metric::Euclidean).is_err());
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let x = Array2::from_shape_fn((300, 5), |(i, j)| ((i * 31 + j * j * 17) % 101) as f64);
        let labels: Vec<usize> = (0..300).map(|i| i % 7).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| silhouette(&x, &labels, Metric::Cosine).unwrap())
        };
        assert_eq!(with(1), with(3));
    }
}
