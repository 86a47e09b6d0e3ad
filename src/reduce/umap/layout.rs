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
//!
//! New points on a finished map are pulled and pushed in the same way by its points, which stand still; there an edge has
//! one direction, and pulls once.

use ndarray::Array2;
use rayon::prelude::*;

use super::forces::Forces;
use super::{Curve, FuzzyGraph, UmapConfig};
use crate::Result;

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
    rounds: Vec<Forces>,
}

/// What moves all points by one epoch: its number, and the rate.
#[derive(Clone, Copy)]
struct Epoch {
    number: usize,
    rate: f32,
}

/// Edges as one of their ends sees them.
struct Pulls {
    pulls: Vec<Pull>,
    /// How often each of them pulls in an epoch.
    times: usize,
    /// The row that the point itself has among those it is pulled to.
    itself: usize,
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
    pub(super) fn new(config: &UmapConfig, epochs: usize, rate: f64) -> Result<Self> {
        let curve = Curve::fit(config.min_dist, config.spread)?;
        let (repulsion, negatives, seed) = (config.repulsion, config.negatives, config.seed);
        let rounds = Forces::rounds(curve, config, 2);
        Ok(Self { rounds, curve, epochs, rate, repulsion, negatives, seed })
    }

    /// Moves `start` (`n x D`) and calls `epoch` after each epoch; its `false` ends the work early.
    pub(super) fn run<const D: usize>(
        &self,
        graph: &FuzzyGraph,
        start: &Array2<f64>,
        epoch: &mut dyn FnMut(usize, &[[f32; D]]) -> bool,
    ) -> Vec<[f32; D]> {
        let mut points = positions(start);
        let mut moved = Vec::new();
        let strongest = graph.weights.iter().copied().fold(0.0, f64::max);
        let pulls = |i: usize| {
            let (columns, weights) = graph.row(i);
            Pulls { pulls: self.pulls(columns.iter().zip(weights), strongest), times: 2, itself: i }
        };
        let mut pulls: Vec<Pulls> = (0..graph.len()).map(pulls).collect();
        for done in 0..self.epochs {
            let now = self.epoch(done);
            for turn in 0..TURNS.min(points.len()) {
                let row = |k: usize| turn + k * TURNS;
                let taking_turns = pulls.par_iter_mut().skip(turn).step_by(TURNS).enumerate();
                taking_turns
                    .map_init(Vec::new, |due, (k, pulls)| self.step(row(k), points[row(k)], pulls, now, &points, due))
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

    /// Moves new points from `start` (`m x D`) on a finished map, to whose points each has edges (`m x k` other ends and
    /// memberships).
    pub(super) fn place<const D: usize>(
        &self,
        (columns, weights): (&Array2<u32>, &Array2<f64>),
        start: &Array2<f64>,
        map: &[[f32; D]],
        epoch: &mut dyn FnMut(usize) -> bool,
    ) -> Vec<[f32; D]> {
        let mut points = positions(start);
        let strongest = weights.iter().copied().fold(0.0, f64::max);
        let edges = columns.rows().into_iter().zip(weights.rows());
        let pulls = edges.map(|(columns, weights)| Pulls {
            pulls: self.pulls(columns.iter().zip(weights), strongest),
            times: 1,
            itself: usize::MAX,
        });
        let mut pulls: Vec<Pulls> = pulls.collect();
        for done in 0..self.epochs {
            let now = self.epoch(done);
            let each = points.par_iter_mut().zip(&mut pulls).enumerate();
            each.for_each_init(Vec::new, |due, (i, (point, pulls))| *point = self.step(i, *point, pulls, now, map, due));
            if !epoch(done + 1) {
                break;
            }
        }
        points
    }

    fn epoch(&self, number: usize) -> Epoch {
        Epoch { number, rate: (self.rate * (1.0 - number as f64 / self.epochs as f64)) as f32 }
    }

    /// The edges of one point that are strong enough to pull at least once.
    fn pulls<'a>(&self, edges: impl Iterator<Item = (&'a u32, &'a f64)>, strongest: f64) -> Vec<Pull> {
        let edges = edges.filter(|&(_, &w)| w > 0.0 && w * self.epochs as f64 >= strongest);
        let pull = |(&to, &w): (&u32, &f64)| {
            let every = (strongest / w) as f32;
            Pull { to, every, next: every }
        };
        edges.map(pull).collect()
    }

    /// Where the point with stream `i` stands after its turn.
    fn step<const D: usize>(
        &self,
        i: usize,
        mut point: [f32; D],
        pulls: &mut Pulls,
        now: Epoch,
        points: &[[f32; D]],
        due: &mut Vec<u32>,
    ) -> [f32; D] {
        pulls.due(now.number, due);
        let mut random = Random::new(self.seed, now.number, i);
        let others = points.len() - usize::from(pulls.itself < points.len());
        for &to in &*due {
            for (round, forces) in self.rounds.iter().enumerate() {
                let at = std::array::from_fn(|lane| {
                    if round + lane == 0 {
                        return points[to as usize];
                    }
                    let other = random.below(others);
                    points[other + usize::from(other >= pulls.itself)]
                });
                point = forces.moved(point, &at, now.rate);
            }
        }
        point
    }
}

impl Pulls {
    /// The other ends of the edges that pull in this epoch.
    fn due(&mut self, epoch: usize, due: &mut Vec<u32>) {
        let now = epoch as f32;
        due.clear();
        due.resize(self.pulls.len(), 0);
        let mut count = 0;
        for pull in &mut self.pulls {
            let pulls = pull.next <= now;
            due[count] = pull.to;
            count += usize::from(pulls);
            pull.next += if pulls { pull.every } else { 0.0 };
        }
        due.truncate(count);
    }
}

fn positions<const D: usize>(start: &Array2<f64>) -> Vec<[f32; D]> {
    start.rows().into_iter().map(|row| std::array::from_fn(|k| row[k] as f32)).collect()
}

/// A stream of random points (a linear congruential generator) that depends on nothing but seed, epoch and point.
struct Random(u64);

impl Random {
    fn new(seed: u64, epoch: usize, point: usize) -> Self {
        let place = ((epoch as u64) << 32) | point as u64;
        let mut z = seed ^ place.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(z ^ (z >> 31))
    }

    /// One of `0..n`, by the upper half of the state.
    #[inline(always)]
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (((self.0 >> 32) * n as u64) >> 32) as usize
    }
}
