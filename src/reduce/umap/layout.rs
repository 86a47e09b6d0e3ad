//! Moving the points of the map until near ones are those that belong together.
//!
//! Each epoch every point `y_i` is pulled towards the other ends of its edges, an edge of membership `w` in `w / max w` of
//! the epochs, and pushed away from points drawn at random (`negatives` for each pull):
//!
//! ```text
//! pull:  -2 a b d^(2(b-1)) / (1 + a d^(2b)) (y_i - y_j)
//! push:   2 b repulsion / ((0.001 + d^2) (1 + a d^(2b))) (y_i - y_j)
//! ```
//!
//! with each coordinate of a step cut to +-4 and a rate that falls linearly to 0 (UMAP, McInnes, Healy and Melville 2018,
//! algorithm 5). An edge pulls at both its ends once for each direction, hence each pull is done twice.
//!
//! Within an epoch every eighth point moves at the same time as others of its turn, and sees all points where they were
//! when the turn began; the random points come from a stream for each point and epoch. So the result does not depend on
//! the number of threads. (With one turn for all, maps of weakly structured data keep fewer neighbours than those of the
//! reference implementation; with eight they keep as many.)

use ndarray::Array2;
use rayon::prelude::*;

use super::power::power;
use super::{Curve, FuzzyGraph};

/// The longest step in one coordinate.
const LONGEST: f32 = 4.0;
/// Squared distance below which two points stand at the same place.
const SMALLEST: f32 = 1e-30;
/// Turns of an epoch.
const TURNS: usize = 8;

/// What the layout needs to know.
pub(super) struct Layout {
    pub(super) curve: Curve,
    pub(super) epochs: usize,
    pub(super) rate: f64,
    pub(super) repulsion: f64,
    pub(super) negatives: usize,
    pub(super) seed: u64,
}

/// One end of an edge, as its point sees it.
struct Pull {
    to: u32,
    /// Epochs between two pulls.
    every: f32,
    /// The epoch of the next one.
    next: f32,
}

impl Layout {
    /// Moves `start` (`n x D`) and calls `epoch` after each epoch; its `false` ends the work early.
    pub(super) fn run<const D: usize>(
        &self,
        graph: &FuzzyGraph,
        start: &Array2<f64>,
        epoch: &mut dyn FnMut(usize, &[[f32; D]]) -> bool,
    ) -> Vec<[f32; D]> {
        let mut points: Vec<[f32; D]> =
            start.rows().into_iter().map(|row| std::array::from_fn(|k| row[k] as f32)).collect();
        let mut moved = Vec::new();
        let mut pulls = self.pulls(graph);
        for done in 0..self.epochs {
            let rate = (self.rate * (1.0 - done as f64 / self.epochs as f64)) as f32;
            for turn in 0..TURNS.min(points.len()) {
                let row = |k: usize| turn + k * TURNS;
                let taking_turns = pulls.par_iter_mut().skip(turn).step_by(TURNS).enumerate();
                taking_turns
                    .map(|(k, pulls)| self.step(row(k), pulls, done, rate, &points))
                    .collect_into_vec(&mut moved);
                for (k, &point) in moved.iter().enumerate() {
                    points[row(k)] = point;
                }
            }
            if !epoch(done + 1, &points) {
                break;
            }
        }
        points
    }

    /// The edges of each point that are strong enough to pull at least once.
    fn pulls(&self, graph: &FuzzyGraph) -> Vec<Vec<Pull>> {
        let strongest = graph.weights.iter().copied().fold(0.0, f64::max);
        let row = |i: usize| {
            let (columns, weights) = graph.row(i);
            let edges = columns.iter().zip(weights).filter(|&(_, &w)| w * self.epochs as f64 >= strongest);
            let pull = |(&to, &w): (&u32, &f64)| {
                let every = (strongest / w) as f32;
                Pull { to, every, next: every }
            };
            edges.map(pull).collect()
        };
        (0..graph.len()).map(row).collect()
    }

    /// Where point `i` stands after its turn.
    fn step<const D: usize>(
        &self,
        i: usize,
        pulls: &mut [Pull],
        epoch: usize,
        rate: f32,
        points: &[[f32; D]],
    ) -> [f32; D] {
        let (a, b, repulsion) = (self.curve.a as f32, self.curve.b as f32, self.repulsion as f32);
        let mut random = Random::new(self.seed, epoch, i);
        let mut point = points[i];
        for pull in pulls.iter_mut().filter(|pull| pull.next <= epoch as f32) {
            pull.next += pull.every;
            for _ in 0..2 {
                let (apart, square) = difference(&point, &points[pull.to as usize]);
                if square > SMALLEST {
                    let raised = power(square, b);
                    shift(&mut point, &apart, -2.0 * a * b * raised / (square * (1.0 + a * raised)), rate);
                }
            }
            for _ in 0..self.negatives {
                let other = random.below(points.len());
                let (apart, square) = difference(&point, &points[other]);
                if other != i && square > SMALLEST {
                    let force = 2.0 * b * repulsion / ((0.001 + square) * (1.0 + a * power(square, b)));
                    shift(&mut point, &apart, force, rate);
                }
            }
        }
        point
    }
}

fn difference<const D: usize>(x: &[f32; D], y: &[f32; D]) -> ([f32; D], f32) {
    let apart: [f32; D] = std::array::from_fn(|k| x[k] - y[k]);
    (apart, apart.iter().map(|v| v * v).sum())
}

fn shift<const D: usize>(point: &mut [f32; D], apart: &[f32; D], force: f32, rate: f32) {
    for (coordinate, v) in point.iter_mut().zip(apart) {
        *coordinate += rate * (force * v).clamp(-LONGEST, LONGEST);
    }
}

/// A stream of random points (SplitMix64) that depends on nothing but seed, epoch and point.
struct Random(u64);

impl Random {
    fn new(seed: u64, epoch: usize, point: usize) -> Self {
        let place = ((epoch as u64) << 32) | point as u64;
        Self(Self(seed ^ place.wrapping_mul(0xD6E8_FEB8_6659_FD93)).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}
