//! Points that may be among the `k` nearest, as far as single precision can tell.
//!
//! Rounding moves a dot product of `d` terms by at most `r |x| |y|`, with `r` a little above `d 2^-24`. Up to a constant
//! of `x`, half the squared distance lies between
//!
//! ```text
//! (1 - r) |y|^2 / 2 - x.y - r |x| |y|   and   (1 + r) |y|^2 / 2 - x.y + r |x| |y|
//! ```
//!
//! (without the squares for cosines). A point is a candidate while its lower bound is not above the `k`-th smallest upper
//! bound seen so far. Lists are cut when they are full; where single precision cannot cut them, among many duplicates,
//! double precision does. So they stay short, and what is left does not depend on the order of the offers.

use super::scaled::UNIT;

/// A point and the bounds of its distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) row: u32,
    pub(super) lower: f32,
    pub(super) upper: f32,
}

/// Sorts candidates of a point by their distances in double precision.
pub(super) type Exactly<'a> = dyn Fn(usize, &[Candidate]) -> Vec<(f64, Candidate)> + 'a;

/// The candidates of a block of points.
pub(super) struct Nearest {
    /// The first of the points.
    first: usize,
    /// What the lower bound of a candidate may be at most, for each point.
    pub(super) limits: Vec<f32>,
    lists: Vec<Vec<Candidate>>,
    k: usize,
    capacity: usize,
}

impl Nearest {
    /// No candidates yet of `size` points.
    pub(super) fn new(first: usize, size: usize, k: usize) -> Self {
        let capacity = k + k / 2 + 16;
        let lists = (0..size).map(|_| Vec::with_capacity(capacity)).collect();
        Self { first, limits: vec![f32::INFINITY; size], lists, k, capacity }
    }

    /// The `k` nearest of the at least `k` that were offered to the point at a place of the block, and their distances.
    pub(super) fn nearest(&mut self, at: usize, exactly: &Exactly<'_>) -> Vec<(f64, Candidate)> {
        self.cut(at, exactly);
        let mut sorted = exactly(self.first + at, &self.lists[at]);
        sorted.truncate(self.k);
        sorted
    }

    /// Takes a candidate, unless `k` others are nearer for sure.
    pub(super) fn offer(&mut self, at: usize, candidate: Candidate, exactly: &Exactly<'_>) {
        if candidate.lower <= self.limits[at] {
            self.lists[at].push(candidate);
            if self.lists[at].len() == self.capacity {
                self.cut(at, exactly);
            }
        }
    }

    fn cut(&mut self, at: usize, exactly: &Exactly<'_>) {
        let (list, limit) = (&mut self.lists[at], &mut self.limits[at]);
        let (_, farthest, _) = list.select_nth_unstable_by(self.k - 1, |a, b| a.upper.total_cmp(&b.upper));
        *limit = limit.min(farthest.upper + 4.0 * UNIT * farthest.upper.abs());
        list.retain(|candidate| candidate.lower <= *limit);
        if list.len() > usize::midpoint(self.k, self.capacity) {
            let sorted = exactly(self.first + at, list);
            list.clear();
            list.extend(sorted.into_iter().take(self.k).map(|(_, candidate)| candidate));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distances that double precision tells apart: those of the higher rows are smaller.
    fn exactly(_: usize, candidates: &[Candidate]) -> Vec<(f64, Candidate)> {
        let mut sorted: Vec<_> = candidates.iter().map(|c| (1.0 - f64::from(c.row) * 1e-9, *c)).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        sorted
    }

    #[test]
    fn lists_stay_short_where_single_precision_tells_nothing() {
        let mut nearest = Nearest::new(5, 1, 3);
        for row in 0..1000 {
            nearest.offer(0, Candidate { row, lower: 0.9, upper: 1.1 }, &exactly);
            assert!(nearest.lists[0].len() < nearest.capacity);
        }
        let rows: Vec<u32> = nearest.nearest(0, &exactly).iter().map(|(_, candidate)| candidate.row).collect();
        assert_eq!(rows, [999, 998, 997]);
    }

    #[test]
    fn what_is_farther_for_sure_is_not_taken() {
        let mut nearest = Nearest::new(0, 1, 2);
        (0..100).for_each(|row| {
            let middle = 1.0 + row as f32;
            nearest.offer(0, Candidate { row, lower: middle - 0.1, upper: middle + 0.1 }, &exactly);
        });
        assert!((nearest.limits[0] - 2.1).abs() < 1e-6);
        assert_eq!(nearest.nearest(0, &exactly).len(), 2);
    }
}
