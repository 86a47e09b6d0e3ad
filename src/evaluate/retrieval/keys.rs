//! Closeness of every row to a block of queries, as one matrix product.
//!
//! The key of row `j` for query `i` grows as `j` comes nearer:
//!
//! ```text
//! cosine      key = u_i . u_j                          (unit vectors; a zero vector has key 0 with everything)
//! Euclidean   key = v_i . v_j - |v_j|^2 / 2            (centred, the longest of length 1)
//! ```
//!
//! A blocked product may round differently from block to block. What decides is therefore [`Keys::exact`], a sum in one
//! fixed order; the product is trusted only where it differs by more than both can be off,
//!
//! ```text
//! |product - exact|  <=  2 (d + 8) 2^-53 (|x| |y| + |y|^2 / 2)  <  slack.
//! ```
//!
//! Memory: the points once more in `f64`, `8 n d` bytes.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::reduce::{Metric, Points};
use crate::{Error, Result};

/// Partial sums of a dot product, added in a fixed order.
const LANES: usize = 8;

/// Rows prepared for products.
pub(super) struct Keys {
    values: Vec<f64>,
    /// Half the squared length of Euclidean rows; 0 for cosines.
    half: Vec<f64>,
    metric: Metric,
    n: usize,
    d: usize,
    /// Most by which a product and the exact key differ.
    pub slack: f64,
}

impl Keys {
    /// Reads and scales the points.
    pub fn new(points: &dyn Points, metric: Metric) -> Result<Self> {
        let (n, d) = points.shape();
        if d == 0 || n < 2 {
            return Err(Error::new(format!("{n} points of {d} dimensions cannot be compared"))
                .at("retrieval")
                .fix("give at least two rows and one column"));
        }
        if u32::try_from(n).is_err() {
            return Err(Error::new(format!("{n} points are too many to number")).at("retrieval"));
        }
        let mut values = vec![0.0; n * d];
        values.par_chunks_mut(d).enumerate().for_each(|(row, to)| points.copy_point(row, to));
        let bad = values.par_iter().enumerate().find_first(|(_, v)| !v.is_finite());
        if let Some((at, value)) = bad {
            return Err(Error::new(format!("the points hold {value}"))
                .at(format!("{}, column {}", points.point_name(at / d), at % d))
                .fix("drop or impute these rows first"));
        }
        let mut half = vec![0.0; n];
        match metric {
            Metric::Cosine => values.par_chunks_mut(d).for_each(to_unit),
            Metric::Euclidean => {
                centre(&mut values, d);
                half.par_iter_mut().zip(values.par_chunks(d)).for_each(|(half, row)| *half = dot(row, row) / 2.0);
            }
        }
        Ok(Self { values, half, metric, n, d, slack: 2.0 * (d + 8) as f64 * f64::EPSILON })
    }

    /// Number of rows.
    pub fn n(&self) -> usize {
        self.n
    }

    /// One scaled row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.d..(row + 1) * self.d]
    }

    /// Some of the rows, by number.
    pub fn select(&self, rows: &[u32]) -> Self {
        let values = rows.iter().flat_map(|&row| self.row(row as usize).iter().copied()).collect();
        let half = rows.iter().map(|&row| self.half[row as usize]).collect();
        Self { values, half, metric: self.metric, n: rows.len(), d: self.d, slack: self.slack }
    }

    /// The key that decides.
    pub fn exact(&self, query: usize, row: usize) -> f64 {
        dot(self.row(query), self.row(row)) - self.half[row]
    }

    /// Keys of the rows from `first` on for each query, `queries x (n - first)`, within `slack` of the exact ones.
    pub fn products(&self, queries: &[u32], first: usize, gathered: &mut Vec<f64>, to: &mut Vec<f64>) {
        gathered.clear();
        queries.iter().for_each(|&query| gathered.extend_from_slice(self.row(query as usize)));
        let (size, width) = (queries.len(), self.n - first);
        to.resize(size * width, 0.0);
        matmul(
            MatMut::from_row_major_slice_mut(to.as_mut_slice(), size, width),
            Accum::Replace,
            MatRef::from_row_major_slice(gathered, size, self.d),
            MatRef::from_row_major_slice(&self.values[first * self.d..], width, self.d).transpose(),
            1.0,
            Par::Seq,
        );
        if self.metric == Metric::Euclidean {
            for products in to.chunks_mut(width) {
                products.iter_mut().zip(&self.half[first..]).for_each(|(key, half)| *key -= half);
            }
        }
    }
}

/// Divides by the length, by the greatest entry first: the squares of very large and very small values stay in range.
pub(super) fn to_unit(row: &mut [f64]) {
    let largest = row.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if largest > 0.0 {
        row.iter_mut().for_each(|v| *v /= largest);
        let norm = dot(row, row).sqrt();
        row.iter_mut().for_each(|v| *v /= norm);
    }
}

/// Subtracts the mean and divides by the greatest length.
fn centre(values: &mut [f64], d: usize) {
    let n = (values.len() / d) as f64;
    let mut mean = vec![0.0; d];
    for row in values.chunks(d) {
        mean.iter_mut().zip(row).for_each(|(mean, v)| *mean += v / n);
    }
    values.par_chunks_mut(d).for_each(|row| row.iter_mut().zip(&mean).for_each(|(v, mean)| *v -= mean));
    let largest = values.par_iter().map(|v| v.abs()).reduce(|| 0.0, f64::max);
    if largest > 0.0 {
        values.par_iter_mut().for_each(|v| *v /= largest);
        let longest = values.par_chunks(d).map(|row| dot(row, row)).reduce(|| 0.0, f64::max).sqrt();
        values.par_iter_mut().for_each(|v| *v /= longest);
    }
}

/// A dot product whose terms are always added in the same order.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest: f64 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in xs.zip(ys) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}
