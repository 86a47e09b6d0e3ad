//! Neighbours by all distances.
//!
//! All pairs are compared by matrix products in single precision, a tile of rows and columns at a time; see
//! [`Nearest`](super::nearest::Nearest) for which of them are candidates. The candidates' distances are computed in double
//! precision and sorted. The result is that of double precision throughout, whatever the order of the tiles.
//!
//! Among the points themselves `x . y` serves both: only tiles on and above the diagonal are computed, and each offers
//! its rows to its columns and its columns to its rows.
//!
//! Memory: the points once more in single precision, `18 k + 200` bytes for each point and 1 MB for each thread. Time:
//! `n^2 d` operations, `2 m n d` among other points.

use std::sync::{Mutex, PoisonError};

use ndarray::Array2;
use rayon::prelude::*;

use super::nearest::{Candidate, Nearest};
use super::scaled::{Frame, Scaled};
use super::tile::Tile;
use crate::live::Bar;
use crate::reduce::Metric;
use crate::reduce::points::Points;
use crate::{Error, Result};

/// Rows and columns of a tile, at most and at least: products of larger ones are no faster, and one in single precision
/// stays in a core's cache until it was looked through.
const TILE: (usize, usize) = (512, 128);
/// Operations of a search that takes long enough for a bar.
const LONG: f64 = 1e11;

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

impl Pairs<'_> {
    fn search(&self, k: usize) -> Result<Lists> {
        let (m, n) = (self.from.n, self.to.n);
        let threads = rayon::current_num_threads().max(1);
        let tile = n.max(m).div_ceil(4 * threads).clamp(TILE.1, TILE.0);
        let blocks: Vec<Mutex<Nearest>> =
            (0..m).step_by(tile).map(|first| Mutex::new(Nearest::new(first, tile.min(m - first), k))).collect();
        let tiles = self.tiles(blocks.len(), n.div_ceil(tile));
        let long = 2.0 * (m * n) as f64 * self.to.d as f64 > LONG;
        let bar = Mutex::new(long.then(|| Bar::new("neighbours, in tiles", Some(tiles.len() as u64))));
        tiles.par_iter().try_for_each_init(Vec::new, |products, &(row, column)| {
            self.compare(&blocks, (row, column), tile, products);
            let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(bar) = bar.as_mut() {
                bar.advance(1);
                if bar.stopped() {
                    return Err(super::approximate::stopped());
                }
            }
            Ok(())
        })?;
        let mut rows = Array2::<u32>::zeros((m, k));
        let mut distances = Array2::<f64>::zeros((m, k));
        let (Some(rows_out), Some(distances_out)) = (rows.as_slice_mut(), distances.as_slice_mut()) else {
            return Err(Error::new("a matrix that is not contiguous"));
        };
        let out = rows_out.par_chunks_mut(tile * k).zip(distances_out.par_chunks_mut(tile * k));
        blocks.into_par_iter().zip(out).for_each(|(block, (rows, distances))| {
            let mut block = block.into_inner().unwrap_or_else(PoisonError::into_inner);
            let each = rows.chunks_mut(k).zip(distances.chunks_mut(k)).enumerate();
            each.for_each(|(i, (rows, distances))| {
                let found = block.nearest(i, &|row, candidates| self.exactly(row, candidates));
                for ((row, distance), (exact, neighbour)) in rows.iter_mut().zip(distances).zip(found) {
                    (*row, *distance) = (neighbour.row, exact);
                }
            });
        });
        Ok((rows, distances))
    }

    /// Blocks of rows and of columns that are compared. Tiles that follow each other change the lists of other rows,
    /// so that threads seldom wait for each other.
    fn tiles(&self, rows: usize, columns: usize) -> Vec<(usize, usize)> {
        let all = (0..columns).flat_map(|step| (0..rows).map(move |row| (row, (row + step) % columns)));
        all.filter(|(row, column)| !self.same || row <= column).collect()
    }

    /// Offers the columns of a tile to its rows and, where both are the same points, the rows to the columns.
    fn compare(&self, blocks: &[Mutex<Nearest>], (row, column): (usize, usize), tile: usize, products: &mut Vec<f32>) {
        let part = |points: &Scaled, block: usize| block * tile..((block + 1) * tile).min(points.n);
        let tile = Tile { from: self.from, to: self.to, rows: part(self.from, row), columns: part(self.to, column) };
        tile.products(products);
        let lock = |block: usize| blocks[block].lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = lock(row);
        let mut columns = (self.same && row != column).then(|| lock(column));
        tile.offer(products, &mut rows, columns.as_deref_mut(), self.same, &|row, candidates| {
            self.exactly(row, candidates)
        });
    }

    /// Candidates by their distances in double precision, and then by their rows.
    fn exactly(&self, row: usize, candidates: &[Candidate]) -> Vec<(f64, Candidate)> {
        let (mut point, mut other) = (vec![0.0; self.to.d], vec![0.0; self.to.d]);
        self.points.copy_point(row, &mut point);
        let distance = |&candidate: &Candidate| {
            self.reference.copy_point(candidate.row as usize, &mut other);
            (self.metric.distance(&point, &other), candidate)
        };
        let mut found: Vec<(f64, Candidate)> = candidates.iter().map(distance).collect();
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.row.cmp(&b.1.row)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Rows with duplicates, multiples, zero vectors, and one that is far longer than the others.
    fn points(n: usize, d: usize) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
        let mut x = Array2::from_shape_simple_fn((n, d), || rng.random_range(-1.0..1.0));
        for row in (3..n).step_by(5) {
            let twin = x.row(row / 2).to_owned() * f64::from(1 + (row % 2) as u8);
            x.row_mut(row).assign(&twin);
        }
        (n / 2..n / 2 + n / 9).for_each(|row| x.row_mut(row).fill(0.0));
        x.row_mut(n / 3).fill(1e4);
        x
    }

    fn plain(x: &Array2<f64>, y: &Array2<f64>, same: bool, k: usize, metric: Metric) -> Lists {
        let (mut rows, mut distances) = (Array2::zeros((x.nrows(), k)), Array2::zeros((x.nrows(), k)));
        for (i, point) in x.rows().into_iter().enumerate() {
            let others = y.rows().into_iter().enumerate().filter(|&(j, _)| !same || i != j);
            let mut all: Vec<(f64, u32)> =
                others.map(|(j, other)| (metric.distance(&point.to_vec(), &other.to_vec()), j as u32)).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            (0..k).for_each(|at| (distances[[i, at]], rows[[i, at]]) = all[at]);
        }
        (rows, distances)
    }

    #[test]
    fn they_are_those_of_double_precision_at_the_edges_of_tiles_and_on_any_number_of_threads() {
        for (n, k) in [(20, 19), (127, 4), (129, 1), (300, 40), (TILE.1 * 5 + 1, 7)] {
            let (x, y) = (points(n, 6), points(n / 2, 6));
            for metric in [Metric::Cosine, Metric::Euclidean] {
                let (own, other) = (plain(&x, &x, true, k, metric), plain(&y, &x, false, k, metric));
                for threads in [1, 3] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    pool.install(|| {
                        assert_eq!(of_each_other(&x, k, metric).unwrap(), own, "{n} {metric:?} {threads}");
                        assert_eq!(among(&y, &x, k, metric).unwrap(), other, "{n} {metric:?} {threads}");
                    });
                }
            }
        }
    }
}
