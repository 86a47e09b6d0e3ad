//! Neighbours of many points, most of them.
//!
//! ```text
//! random trees            first lists: the nearest within a leaf
//! rounds of descent       neighbours of neighbours, until few lists change
//! check                   the lists of some points against an exact search
//! wider lists             and on, where the check finds too few
//! distances               in double precision, of the points found
//! ```
//!
//! The lists are longer than asked for, since a point that is on nobody's short list is found by nobody. Random points in
//! many dimensions need longer ones than points in clusters; the check says when.
//!
//! Memory: the points once more in single precision, and about `40 k` bytes for each point. Time: `n log n` and a factor
//! that grows with the dimensions the points really fill.

use ndarray::Array2;
use rayon::prelude::*;

use super::coordinates::Coordinates;
use super::descent::{mixed, round};
use super::exact;
use super::forest::Tree;
use super::lists::Lists;
use super::{Found, Metric};
use crate::live::Bar;
use crate::reduce::points::Points;
use crate::{Error, Result};

/// Trees of the first lists.
const TREES: u64 = 8;
/// Points of a leaf, at most; more where lists are long.
const LEAF: usize = 64;
/// The search ends when fewer than this share of all entries changed.
const SETTLED: f64 = 0.001;
/// Rounds between two checks, at most.
const ROUNDS: usize = 24;
/// Points whose neighbours are also looked for exactly.
const CHECKED: usize = 500;
/// Recall at which the search is content.
const ENOUGH: f64 = 0.965;
/// How often lists are made longer, at most.
const WIDER: usize = 4;

/// Whether there are so few points that all pairs are no more work.
pub(super) fn is_needless(n: usize, k: usize) -> bool {
    n < 512 || n < 16 * k
}

pub(super) fn stopped() -> Error {
    Error::new("the search for neighbours was stopped").fix("run the cell again")
}

/// The `k` nearest other points of each point, most of them.
pub(super) fn of_each_other(
    points: &dyn Points,
    k: usize,
    metric: Metric,
    seed: u64,
) -> Result<(Array2<u32>, Array2<f64>, Found)> {
    let (n, _) = points.shape();
    let coordinates = Coordinates::new(points, metric);
    let sample = Sample::draw(points, k, metric, seed)?;
    let mut bar = Bar::new("neighbours, approximately", None);
    let mut lists = Lists::new(n, (k + k / 2).max(20).min(n - 1));
    let leaf = LEAF.max(2 * lists.size + 2);
    for tree in 0..TREES {
        bar.say(format!("tree {} of {TREES}", tree + 1));
        bar.advance(1);
        let tree = Tree::grow(&coordinates, leaf, mixed(seed, tree));
        if !tree.compare(&coordinates, &mut lists, &mut || !bar.stopped()) {
            return Err(stopped());
        }
    }
    let (mut rounds, mut widened) = (0, 0);
    loop {
        for _ in 0..ROUNDS {
            bar.say(format!("round {}", rounds + 1));
            bar.advance(1);
            let seed = mixed(!seed, rounds as u64);
            let changed = round(&coordinates, &mut lists, seed, &mut || !bar.stopped()).ok_or_else(stopped)?;
            rounds += 1;
            if (changed as f64) < SETTLED * lists.entries.len() as f64 {
                break;
            }
        }
        let recall = sample.recall(points, k, metric, &lists);
        let size = (2 * lists.size).min(n - 1);
        if recall >= ENOUGH || widened == WIDER || size == lists.size {
            let (rows, distances) = sorted(points, k, metric, &lists)?;
            return Ok((rows, distances, Found::Approximate { recall, checked: sample.rows.len(), rounds }));
        }
        lists = lists.widened(size);
        widened += 1;
    }
}

/// The entries of one list by their distances in double precision.
fn exactly(points: &dyn Points, metric: Metric, lists: &Lists, row: usize, to: &mut Vec<(f64, u32)>) {
    let (_, d) = points.shape();
    let (mut point, mut other) = (vec![0.0; d], vec![0.0; d]);
    points.copy_point(row, &mut point);
    to.clear();
    for entry in &lists.entries[row * lists.size..(row + 1) * lists.size] {
        if (entry.row as usize) < lists.worst.len() {
            points.copy_point(entry.row as usize, &mut other);
            to.push((metric.distance(&point, &other), entry.row));
        }
    }
    to.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
}

fn sorted(points: &dyn Points, k: usize, metric: Metric, lists: &Lists) -> Result<(Array2<u32>, Array2<f64>)> {
    let (n, _) = points.shape();
    let (mut rows, mut distances) = (vec![0; n * k], vec![0.0; n * k]);
    rows.par_chunks_mut(k).zip(distances.par_chunks_mut(k)).enumerate().for_each_init(
        Vec::new,
        |found, (row, (rows, distances))| {
            exactly(points, metric, lists, row, found);
            for ((row, distance), &(exact, neighbour)) in rows.iter_mut().zip(distances).zip(&*found) {
                (*row, *distance) = (neighbour, exact);
            }
        },
    );
    let shape = |e: ndarray::ShapeError| Error::new(format!("the neighbours have no shape: {e}")).caused_by(e);
    Ok((
        Array2::from_shape_vec((n, k), rows).map_err(shape)?,
        Array2::from_shape_vec((n, k), distances).map_err(shape)?,
    ))
}

/// Points whose farthest true neighbour is known.
struct Sample {
    rows: Vec<usize>,
    farthest: Vec<f64>,
}

impl Sample {
    fn draw(points: &dyn Points, k: usize, metric: Metric, seed: u64) -> Result<Self> {
        let (n, _) = points.shape();
        let mut rows: Vec<usize> = (0..n).collect();
        if n > CHECKED {
            rows.sort_by_cached_key(|&row| (mixed(seed ^ 0xC4EC, row as u64), row));
            rows.truncate(CHECKED);
            rows.sort_unstable();
        }
        // A point is the nearest to itself, at distance 0 like its duplicates: one more, and the rest is the same.
        // Only a zero vector is not near itself under the cosine distance, but then all distances are equal.
        let (_, distances) = exact::among(&Rows { points, rows: &rows }, points, k + 1, metric)?;
        Ok(Self { farthest: distances.column(k).to_vec(), rows })
    }

    /// Share of the first `k` found that are as near as the farthest true neighbour.
    fn recall(&self, points: &dyn Points, k: usize, metric: Metric, lists: &Lists) -> f64 {
        let mut found = Vec::new();
        let mut near = 0;
        for (&row, &farthest) in self.rows.iter().zip(&self.farthest) {
            exactly(points, metric, lists, row, &mut found);
            near += found.iter().take(k).filter(|(distance, _)| *distance <= farthest).count();
        }
        near as f64 / (self.rows.len() * k) as f64
    }
}

/// Some of the points.
struct Rows<'a> {
    points: &'a dyn Points,
    rows: &'a [usize],
}

impl Points for Rows<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.points.shape().1)
    }

    fn copy_point(&self, row: usize, to: &mut [f64]) {
        self.points.copy_point(self.rows[row], to);
    }
}
