//! Moving the points of the map until near ones are those that belong together.
//!
//! Each epoch every point `y_i` is pulled towards the other ends of its edges, an edge of membership `w` in `w / max w` of
//! the epochs, and pushed away from other points drawn at random, `negatives` for each pull; see [`forces`](super::forces).
//! The rate falls linearly to 0 (UMAP, McInnes, Healy and Melville 2018, algorithm 5).
//!
//! An edge pulls at both its ends once for each direction, hence each pull counts twice. A pull and the pushes that come
//! with it act at the same time.
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

/// Turns of an epoch.
const TURNS: usize = 8;
/// Points that a thread takes at once.
const CHUNK: usize = 64;

/// What the layout needs to know.
pub(super) struct Layout {
    curve: Curve,
    config: UmapConfig,
    pub(super) epochs: usize,
    rate: f64,
}

/// What moves all points by one epoch.
struct Epoch<'a> {
    /// Its number, from 0.
    number: usize,
    rate: f32,
    seed: u64,
    /// Rounds of a pull and its pushes.
    rounds: &'a [Forces],
}

/// The edges of a point.
struct Edges<'a> {
    to: &'a [u32],
    /// In how many of `2^32` epochs each of them pulls.
    shares: &'a [u32],
    /// The row that the point itself has among those that push it.
    itself: usize,
}

impl Layout {
    pub(super) fn new(config: &UmapConfig, epochs: usize, rate: f64) -> Result<Self> {
        Ok(Self { curve: Curve::fit(config.min_dist, config.spread)?, config: config.clone(), epochs, rate })
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
        let shares = shares(&graph.weights);
        let edges = |i: usize| {
            let range = graph.starts[i]..graph.starts[i + 1];
            Edges { to: &graph.columns[range.clone()], shares: &shares[range], itself: i }
        };
        let rounds = Forces::rounds(self.curve, &self.config, 2);
        for done in 0..self.epochs {
            let now = self.epoch(done, &rounds);
            let mut turn = |turn: usize| {
                let row = |k: usize| turn + k * TURNS;
                let step = |due: &mut Vec<u32>, k| now.step(row(k), points[row(k)], &edges(row(k)), &points, due);
                let rows = (0..(points.len() - turn).div_ceil(TURNS)).into_par_iter().with_min_len(CHUNK);
                rows.map_init(Vec::new, step).collect_into_vec(&mut moved);
                for (k, &point) in moved.iter().enumerate() {
                    points[row(k)] = point;
                }
            };
            // In a thread of the pool, where the next turn begins without waking one.
            rayon::scope(|_| (0..TURNS.min(start.nrows())).for_each(&mut turn));
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
        let k = columns.ncols();
        let (to, shares) = (columns.iter().copied().collect::<Vec<_>>(), shares(weights));
        let rounds = Forces::rounds(self.curve, &self.config, 1);
        for done in 0..self.epochs {
            let now = self.epoch(done, &rounds);
            let step = |due: &mut Vec<u32>, (i, point): (usize, &mut [f32; D])| {
                let range = i * k..(i + 1) * k;
                let edges = Edges { to: &to[range.clone()], shares: &shares[range], itself: usize::MAX };
                *point = now.step(i, *point, &edges, map, due);
            };
            points.par_iter_mut().enumerate().with_min_len(CHUNK).for_each_init(Vec::new, step);
            if !epoch(done + 1) {
                break;
            }
        }
        points
    }

    fn epoch<'a>(&self, number: usize, rounds: &'a [Forces]) -> Epoch<'a> {
        let rate = (self.rate * (1.0 - number as f64 / self.epochs as f64)) as f32;
        Epoch { number, rate, seed: self.config.seed, rounds }
    }
}

/// Memberships over the strongest, as parts of `2^32`.
fn shares<'a>(weights: impl IntoIterator<Item = &'a f64> + Copy) -> Vec<u32> {
    let strongest = weights.into_iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    weights.into_iter().map(|w| (w / strongest * 2.0_f64.powi(32)) as u32).collect()
}

fn positions<const D: usize>(start: &Array2<f64>) -> Vec<[f32; D]> {
    start.rows().into_iter().map(|row| std::array::from_fn(|k| row[k] as f32)).collect()
}

impl Epoch<'_> {
    /// Where the point with stream `i` stands after its turn; `due` is room to work in.
    fn step<const D: usize>(
        &self,
        i: usize,
        mut point: [f32; D],
        edges: &Edges<'_>,
        points: &[[f32; D]],
        due: &mut Vec<u32>,
    ) -> [f32; D] {
        let mut random = Random::new(self.seed, self.number, i);
        let others = points.len() - usize::from(edges.itself < points.len());
        for &to in edges.due(self.number, due) {
            for (round, forces) in self.rounds.iter().enumerate() {
                let at = std::array::from_fn(|lane| {
                    if round + lane == 0 {
                        return points[to as usize];
                    }
                    let other = random.below(others);
                    points[other + usize::from(other >= edges.itself)]
                });
                point = forces.moved(point, &at, self.rate);
            }
        }
        point
    }
}

impl Edges<'_> {
    /// The other ends of the edges that pull in this epoch: those whose share of the epochs until now has passed a whole
    /// number since the last one.
    fn due<'b>(&self, epoch: usize, room: &'b mut Vec<u32>) -> &'b [u32] {
        room.resize(room.len().max(self.to.len()), 0);
        let (epochs, mut count) = ((epoch + 1) as u32, 0);
        for (&to, &share) in self.to.iter().zip(self.shares) {
            room[count] = to;
            count += usize::from(share.wrapping_mul(epochs) < share); // no branch: none could be foreseen
        }
        &room[..count]
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_pulls_in_its_share_of_the_epochs() {
        let (to, shares) = ([0, 1, 2, 3], shares(&[2.0, 1.0, 0.5, 0.001]));
        let edges = Edges { to: &to, shares: &shares, itself: 9 };
        let (mut room, mut pulls) = (Vec::new(), [0; 4]);
        for epoch in 0..200 {
            edges.due(epoch, &mut room).iter().for_each(|&other| pulls[other as usize] += 1);
        }
        assert_eq!(pulls, [199, 100, 50, 0]); // the strongest in all but the first
    }

    #[test]
    fn random_points_are_spread_evenly() {
        let mut counts = [0; 7];
        for point in 0..700 {
            let mut random = Random::new(1, 2, point);
            (0..100).for_each(|_| counts[random.below(7)] += 1);
        }
        assert!(counts.iter().all(|&count| (9_600..10_400).contains(&count)), "{counts:?}");
    }
}
