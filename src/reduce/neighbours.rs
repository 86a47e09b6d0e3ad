//! The nearest neighbours of every point, exact.
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

use super::Metric;
use super::metric::norm;
use super::points::{Points, require_finite};
use crate::live::Bar;
use crate::{Error, Result};

/// Largest block of approximate distances, in entries.
const BLOCK: usize = 1 << 22;
/// Operations of a search that takes long enough for a bar.
const LONG: f64 = 1e11;
/// Half the distance from 1 to the next single-precision number.
const UNIT: f32 = f32::EPSILON / 2.0;

/// The `k` nearest other points of each of `n` points.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbours {
    /// Rows of the neighbours, nearest first, `n x k`; equal distances in the order of the rows.
    pub rows: Array2<u32>,
    /// Their distances, `n x k`.
    pub distances: Array2<f64>,
    /// The distance that was used.
    pub metric: Metric,
}

impl Neighbours {
    /// Number of points, `n`.
    pub fn len(&self) -> usize {
        self.rows.nrows()
    }

    /// True when there is no point.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Neighbours of each point, `k`.
    pub fn k(&self) -> usize {
        self.rows.ncols()
    }
}

/// The `k` nearest other points of every point; a point is not its own neighbour, its duplicates are.
///
/// ```
/// use ndarray::array;
/// use perturbook::reduce::{Metric, neighbours};
///
/// let near = neighbours(&array![[0.0], [1.0], [5.0]], 1, Metric::Euclidean)?;
/// assert_eq!(near.rows, array![[1], [0], [1]]);
/// assert_eq!(near.distances, array![[1.0], [1.0], [4.0]]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there are not more than `k` points, `k` is 0, a value is not finite, or the work was stopped.
pub fn neighbours(points: &dyn Points, k: usize, metric: Metric) -> Result<Neighbours> {
    let (n, d) = points.shape();
    if k == 0 || k >= n {
        return Err(Error::new(format!("{n} points do not have {k} neighbours each"))
            .at("neighbours")
            .fix(format!("ask for 1 to {} neighbours", n.saturating_sub(1))));
    }
    if u32::try_from(n).is_err() {
        return Err(Error::new(format!("{n} points are too many to number")).at("neighbours"));
    }
    require_finite(points)?;
    let scaled = Scaled::new(points, metric);
    let block = (BLOCK / n).clamp(16, 512);
    let mut rows = Array2::<u32>::zeros((n, k));
    let mut distances = Array2::<f64>::zeros((n, k));
    let long = 2.0 * (n as f64).powi(2) * d as f64 > LONG;
    let bar = Mutex::new(long.then(|| Bar::new("neighbours", Some(n as u64))));
    let targets = rows.as_slice_mut().zip(distances.as_slice_mut());
    let Some((rows_out, distances_out)) = targets else { return Err(Error::new("a matrix that is not contiguous")) };
    let done: Result<()> =
        rows_out.par_chunks_mut(block * k).zip(distances_out.par_chunks_mut(block * k)).enumerate().try_for_each_init(
            || Workspace::new(d, n),
            |work, (index, (rows, distances))| {
                let first = index * block;
                let size = rows.len() / k;
                scaled.products(first, size, &mut work.products);
                let each = rows.chunks_mut(k).zip(distances.chunks_mut(k)).enumerate();
                for (i, (rows, distances)) in each {
                    let products = &work.products[i * n..(i + 1) * n];
                    scaled.candidates(first + i, products, k, &mut work.bounds, &mut work.candidates);
                    nearest(points, metric, first + i, work, rows, distances);
                }
                let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(bar) = bar.as_mut() {
                    bar.advance(size as u64);
                    if bar.stopped() {
                        return Err(Error::new("the search for neighbours was stopped").fix("run the cell again"));
                    }
                }
                Ok(())
            },
        );
    done?;
    Ok(Neighbours { rows, distances, metric })
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

/// The points in single precision, moved and scaled so that neither the order of distances nor the rounding suffers:
/// unit vectors for cosine distances, centred and with the longest of length 1 for Euclidean ones.
struct Scaled {
    values: Vec<f32>,
    /// Lengths, rounded up.
    norms: Vec<f32>,
    /// Squared lengths of Euclidean points; 0 for cosines, whose distance is `1 - product` alone.
    squares: Vec<f32>,
    n: usize,
    d: usize,
}

impl Scaled {
    fn new(points: &dyn Points, metric: Metric) -> Self {
        let (n, d) = points.shape();
        let mut point = vec![0.0; d];
        let mut centre = vec![0.0; d];
        let mut longest = 1.0;
        if metric == Metric::Euclidean {
            for row in 0..n {
                points.copy_point(row, &mut point);
                centre.iter_mut().zip(&point).for_each(|(sum, v)| *sum += v / n as f64);
            }
            longest = 0.0;
            for row in 0..n {
                points.copy_point(row, &mut point);
                point.iter_mut().zip(&centre).for_each(|(v, c)| *v -= c);
                longest = norm(&point).max(longest);
            }
        }
        let mut scaled = Self { values: vec![0.0; n * d], norms: vec![0.0; n], squares: vec![0.0; n], n, d };
        for row in 0..n {
            points.copy_point(row, &mut point);
            point.iter_mut().zip(&centre).for_each(|(v, c)| *v -= c);
            let by = if metric == Metric::Cosine { norm(&point) } else { longest };
            if by > 0.0 {
                point.iter_mut().for_each(|v| *v /= by);
            }
            let length = norm(&point);
            scaled.norms[row] = (length * 1.000_001) as f32;
            scaled.squares[row] = if metric == Metric::Euclidean { (length * length) as f32 } else { 0.0 };
            let to = &mut scaled.values[row * d..(row + 1) * d];
            to.iter_mut().zip(&point).for_each(|(to, &v)| *to = v as f32);
        }
        scaled
    }

    /// Dot products of `size` rows from `first` on with all rows, `size x n`.
    fn products(&self, first: usize, size: usize, to: &mut Vec<f32>) {
        to.resize(size * self.n, 0.0);
        let block = &self.values[first * self.d..(first + size) * self.d];
        matmul(
            MatMut::from_row_major_slice_mut(to.as_mut_slice(), size, self.n),
            Accum::Replace,
            MatRef::from_row_major_slice(block, size, self.d),
            MatRef::from_row_major_slice(&self.values, self.n, self.d).transpose(),
            1.0,
            Par::Seq,
        );
    }

    /// The rows that may be among the `k` nearest of `row`: those whose smallest possible distance is not above the
    /// `k`-th smallest of the largest possible ones.
    ///
    /// Up to a constant of `row`, the squared distance is `|y|^2 - 2 x.y`, half the bound on both parts.
    fn candidates(&self, row: usize, products: &[f32], k: usize, bounds: &mut Vec<f32>, found: &mut Vec<u32>) {
        let rounding = (self.d + 8) as f32 * UNIT;
        let error = |j: usize| rounding * (2.0 * self.norms[row] * self.norms[j] + self.squares[j]) + f32::MIN_POSITIVE;
        let distance = |j: usize| self.squares[j] - 2.0 * products[j];
        bounds.clear();
        bounds.extend((0..self.n).filter(|&j| j != row).map(|j| distance(j) + error(j)));
        let (_, &mut limit, _) = bounds.select_nth_unstable_by(k - 1, f32::total_cmp);
        let limit = limit + 4.0 * UNIT * limit.abs();
        found.clear();
        found.extend((0..self.n).filter(|&j| j != row && distance(j) - error(j) <= limit).map(|j| j as u32));
    }
}

/// The nearest among the candidates, by their exact distances.
fn nearest(
    points: &dyn Points,
    metric: Metric,
    row: usize,
    work: &mut Workspace,
    rows: &mut [u32],
    distances: &mut [f64],
) {
    points.copy_point(row, &mut work.point);
    work.found.clear();
    for &candidate in &work.candidates {
        points.copy_point(candidate as usize, &mut work.other);
        work.found.push((metric.distance(&work.point, &work.other), candidate));
    }
    work.found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for ((row, distance), &(exact, neighbour)) in rows.iter_mut().zip(distances).zip(&work.found) {
        (*row, *distance) = (neighbour, exact);
    }
}
