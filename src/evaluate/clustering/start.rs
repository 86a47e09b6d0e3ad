//! Where k-means starts.

use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::index::sample;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::evaluate::dense::squared_distance;

/// How the first centres are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// `k` different points, all choices equally likely (GRAPE).
    #[default]
    RandomRows,
    /// k-means++ (Arthur and Vassilvitskii 2007): the first at random, each next one with a probability proportional to
    /// its squared distance from the nearest centre so far. One candidate is drawn for each centre.
    PlusPlus,
}

impl Start {
    /// `k` of the `n` points of `x` as centres, `k x d`; `k` is at most `n`.
    pub(super) fn centres(self, x: ArrayView2<'_, f64>, k: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
        let rows = match self {
            Self::RandomRows => sample(rng, x.nrows(), k).into_vec(),
            Self::PlusPlus => plus_plus(x, k, rng),
        };
        x.select(Axis(0), &rows)
    }
}

fn plus_plus(x: ArrayView2<'_, f64>, k: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let n = x.nrows();
    let mut chosen = vec![rng.random_range(0..n)];
    let mut nearest = vec![f64::INFINITY; n];
    while chosen.len() < k {
        let last = x.row(chosen[chosen.len() - 1]).to_vec();
        for (to, row) in nearest.iter_mut().zip(x.rows()) {
            *to = row.as_slice().map_or(*to, |row| squared_distance(row, &last).min(*to));
        }
        let total: f64 = nearest.iter().sum();
        let next = if total > 0.0 {
            let mut left = rng.random::<f64>() * total;
            let reached = nearest.iter().position(|&weight| {
                left -= weight;
                weight > 0.0 && left < 0.0
            });
            // rounding can leave a little over behind the last point
            reached.or_else(|| nearest.iter().rposition(|&weight| weight > 0.0))
        } else {
            // all points are centres already, or equal to one
            (0..n).find(|row| !chosen.contains(row))
        };
        chosen.push(next.unwrap_or(0));
    }
    chosen
}

/// The random numbers of one run: they depend on the seed, the number of clusters and the number of the run.
pub(super) fn stream(seed: u64, k: usize, run: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((k as u64) << 32) | run as u64);
    rng
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn spread_starts_take_one_point_of_each_far_group() {
        let x = array![[0.0], [0.1], [100.0], [100.1], [200.0], [200.1]];
        for run in 0..50 {
            let centres = Start::PlusPlus.centres(x.view(), 3, &mut stream(1, 3, run));
            let mut groups: Vec<i64> = centres.iter().map(|c| (c / 100.0).round() as i64).collect();
            groups.sort_unstable();
            assert_eq!(groups, [0, 1, 2]);
        }
    }

    #[test]
    fn random_rows_are_different_points() {
        let x = Array2::from_shape_fn((9, 1), |(i, _)| i as f64);
        for run in 0..50 {
            let mut rows = Start::RandomRows.centres(x.view(), 9, &mut stream(1, 9, run)).into_raw_vec_and_offset().0;
            rows.sort_by(f64::total_cmp);
            assert!(rows.iter().enumerate().all(|(i, &v)| v == i as f64));
        }
        let equal = Start::PlusPlus.centres(Array2::ones((3, 2)).view(), 3, &mut stream(1, 3, 0));
        assert_eq!(equal, Array2::<f64>::ones((3, 2)));
    }
}
