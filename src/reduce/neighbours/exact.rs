//! Neighbours by all distances.
//!
//! All pairs are compared by matrix products in single precision, a block of rows at a time. Rounding moves a dot product
//! of `d` terms by at most
//!
//! ```text
//! |fl(x . y) - x . y|  <=  (d + 4) 2^-24 |x| |y|
//! ```
//!
//! so every point whose distance could be among the `k` smallest within that bound is a candidate; the candidates'
//! distances are computed in double precision and sorted. The result is that of double precision throughout.
//!
//! Memory: the points once more in single precision and 16 MB for each thread, whatever `n`. Time: `2 n^2 d`
//! operations.

use std::sync::{Mutex, PoisonError};

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::Array2;
use rayon::prelude::*;

use super::scaled::{Frame, Scaled};
use crate::live::Bar;
use crate::reduce::Metric;
use crate::reduce::points::Points;
use crate::{Error, Result};

/// Largest block of approximate distances, in entries.
const BLOCK: usize = 1 << 22;
/// Operations of a search that takes long enough for a bar.
const LONG: f64 = 1e11;
/// Half the distance from 1 to the next single-precision number.
const UNIT: f32 = f32::EPSILON / 2.0;

/// Rows and distances, nearest first.
pub(super) type Lists = (Array2<u32>, Array2<f64>);

/// The `k` nearest other points of each point.
pub(super) fn of_each_other(points: &dyn Points, k: usize, metric: Metric) -> Result<Lists> {
    let scaled = Scaled::new(points, &Frame::of(points, None, metric));
    Pairs { points, reference: points, from: &scaled, to: &scaled, same: true, metric }.search(k)
}

/// The `k` nearest reference points of each point.
pub(super) fn among(points: &dyn Points, reference: &dyn Points, k: usize, metric: Metric) -> Result<Lists> {
    let frame = Frame::of(reference, Some(points), metric);
    let (from, to) = (Scaled::new(points, &frame), Scaled::new(reference, &frame));
    Pairs { points, reference, from: &from, to: &to, same: false, metric }.search(k)
}

/// What is compared with what.
struct Pairs<'a> {
    points: &'a dyn Points,
    reference: &'a dyn Points,
    from: &'a Scaled,
    to: &'a Scaled,
    /// Whether both are the same points, none of which is its own neighbour.
    same: bool,
    metric: Metric,
}

/// Buffers of one thread.
struct Workspace {
    products: Vec<f32>,
    bounds: Vec<f32>,
    candidates: Vec<u32>,
    found: Vec<(f64, u32)>,
    point: Vec<f64>,
    other: Vec<f64>,
}

impl Workspace {
    fn new(d: usize, n: usize) -> Self {
        Self {
            products: Vec::new(),
            bounds: Vec::with_capacity(n),
            candidates: Vec::new(),
            found: Vec::new(),
            point: vec![0.0; d],
            other: vec![0.0; d],
        }
    }
}

impl Pairs<'_> {
    fn search(&self, k: usize) -> Result<Lists> {
        let (m, n, d) = (self.from.n, self.to.n, self.to.d);
        let block = (BLOCK / n.max(1)).clamp(16, 512);
        let mut rows = Array2::<u32>::zeros((m, k));
        let mut distances = Array2::<f64>::zeros((m, k));
        let long = 2.0 * m as f64 * n as f64 * d as f64 > LONG;
        let bar = Mutex::new(long.then(|| Bar::new("neighbours", Some(m as u64))));
        let targets = rows.as_slice_mut().zip(distances.as_slice_mut());
        let Some((rows_out, distances_out)) = targets else {
            return Err(Error::new("a matrix that is not contiguous"));
        };
        let done: Result<()> = rows_out
            .par_chunks_mut(block * k)
            .zip(distances_out.par_chunks_mut(block * k))
            .enumerate()
            .try_for_each_init(
                || Workspace::new(d, n),
                |work, (index, (rows, distances))| {
                    let first = index * block;
                    let size = rows.len() / k;
                    self.products(first, size, &mut work.products);
                    let each = rows.chunks_mut(k).zip(distances.chunks_mut(k)).enumerate();
                    for (i, (rows, distances)) in each {
                        let products = &work.products[i * n..(i + 1) * n];
                        self.candidates(first + i, products, k, &mut work.bounds, &mut work.candidates);
                        self.nearest(first + i, work, rows, distances);
                    }
                    let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(bar) = bar.as_mut() {
                        bar.advance(size as u64);
                        if bar.stopped() {
                            return Err(super::approximate::stopped());
                        }
                    }
                    Ok(())
                },
            );
        done?;
        Ok((rows, distances))
    }

    /// Dot products of `size` points from `first` on with all reference points, `size x n`.
    fn products(&self, first: usize, size: usize, to: &mut Vec<f32>) {
        let (n, d) = (self.to.n, self.to.d);
        to.resize(size * n, 0.0);
        let block = &self.from.values[first * d..(first + size) * d];
        matmul(
            MatMut::from_row_major_slice_mut(to.as_mut_slice(), size, n),
            Accum::Replace,
            MatRef::from_row_major_slice(block, size, d),
            MatRef::from_row_major_slice(&self.to.values, n, d).transpose(),
            1.0,
            Par::Seq,
        );
    }

    /// The reference points that may be among the `k` nearest of `row`: those whose smallest possible distance is not
    /// above the `k`-th smallest of the largest possible ones.
    ///
    /// Up to a constant of `row`, the squared distance is `|y|^2 - 2 x.y`, half the bound on both parts.
    fn candidates(&self, row: usize, products: &[f32], k: usize, bounds: &mut Vec<f32>, found: &mut Vec<u32>) {
        let rounding = (self.to.d + 8) as f32 * UNIT;
        let (length, norms, squares) = (self.from.norms[row], &self.to.norms, &self.to.squares);
        let error = |j: usize| rounding * (2.0 * length * norms[j] + squares[j]) + f32::MIN_POSITIVE;
        let distance = |j: usize| squares[j] - 2.0 * products[j];
        let itself = if self.same { row } else { usize::MAX };
        bounds.clear();
        bounds.extend((0..self.to.n).filter(|&j| j != itself).map(|j| distance(j) + error(j)));
        let (_, &mut limit, _) = bounds.select_nth_unstable_by(k - 1, f32::total_cmp);
        let limit = limit + 4.0 * UNIT * limit.abs();
        found.clear();
        found.extend((0..self.to.n).filter(|&j| j != itself && distance(j) - error(j) <= limit).map(|j| j as u32));
    }

    /// The nearest among the candidates, by their exact distances.
    fn nearest(&self, row: usize, work: &mut Workspace, rows: &mut [u32], distances: &mut [f64]) {
        self.points.copy_point(row, &mut work.point);
        work.found.clear();
        for &candidate in &work.candidates {
            self.reference.copy_point(candidate as usize, &mut work.other);
            work.found.push((self.metric.distance(&work.point, &work.other), candidate));
        }
        work.found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for ((row, distance), &(exact, neighbour)) in rows.iter_mut().zip(distances).zip(&work.found) {
            (*row, *distance) = (neighbour, exact);
        }
    }
}
