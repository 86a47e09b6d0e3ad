//! Random trees: points of one leaf are near each other more often than not.
//!
//! A node draws two of its points and cuts its points in halves along the direction between them, until no more than a leaf
//! is left. All pairs within a leaf are compared. Halves of one size keep the trees shallow whatever the points are, many
//! equal ones included.
//!
//! Source: Dasgupta and Freund 2008, random projection trees.

use rayon::prelude::*;

use super::coordinates::Coordinates;
use super::descent::mixed;
use super::lists::{Lists, Offers};

/// Points of a node whose halves are cut at the same time.
const TOGETHER: usize = 4096;
/// Draws of two points that are not at one place.
const DRAWS: u64 = 8;
/// Leaves that are compared before their results are taken.
const LEAVES: usize = 1024;

/// All points in the order of one tree's leaves, and where the leaves start (one more entry than leaves).
pub(super) struct Tree {
    order: Vec<u32>,
    starts: Vec<usize>,
}

impl Tree {
    /// A tree whose leaves have more than half of `leaf` points, and at most `leaf`.
    pub(super) fn grow(points: &Coordinates, leaf: usize, seed: u64) -> Self {
        let mut order: Vec<u32> = (0..points.n as u32).collect();
        cut(points, &mut order, leaf, seed);
        let mut starts = vec![0];
        leaves(points.n, leaf, &mut starts);
        Self { order, starts }
    }

    /// Offers the points of each leaf to each other; false from `go_on` ends it early.
    pub(super) fn compare(&self, points: &Coordinates, lists: &mut Lists, go_on: &mut dyn FnMut() -> bool) -> bool {
        let leaves: Vec<&[u32]> = self.starts.windows(2).map(|ends| &self.order[ends[0]..ends[1]]).collect();
        for together in leaves.chunks(LEAVES) {
            let (worst, (part, parts)) = (&lists.worst, lists.parts());
            let offers = together.par_chunks(LEAVES / 16).map(|leaves| {
                let mut offers = Offers::new(parts);
                for leaf in leaves {
                    for (k, &i) in leaf.iter().enumerate() {
                        for &j in &leaf[..k] {
                            offers.pair(worst, part, i, j, points.apart(i, j));
                        }
                    }
                }
                offers
            });
            let offers: Vec<_> = offers.collect();
            lists.take(&offers);
            if !go_on() {
                return false;
            }
        }
        true
    }
}

/// Ends of the leaves of `n` points, after the last of `starts`.
fn leaves(n: usize, leaf: usize, starts: &mut Vec<usize>) {
    if n <= leaf {
        let first = starts.last().copied().unwrap_or(0);
        starts.push(first + n);
    } else {
        leaves(n / 2, leaf, starts);
        leaves(n - n / 2, leaf, starts);
    }
}

/// Sorts points into halves, halves of halves, and so on.
fn cut(points: &Coordinates, order: &mut [u32], leaf: usize, seed: u64) {
    if order.len() <= leaf {
        return;
    }
    let mut direction = Vec::new();
    let drawn = |draw: u64| order[(mixed(seed, draw) % order.len() as u64) as usize];
    let apart = (0..DRAWS).any(|draw| points.between(drawn(2 * draw), drawn(2 * draw + 1), &mut direction));
    let key = |&i: &u32| if apart { points.along(i, &direction) } else { 0.0 };
    let mut keyed: Vec<(f32, u64, u32)> = order.iter().map(|i| (key(i), mixed(seed ^ 1, u64::from(*i)), *i)).collect();
    let half = order.len() / 2;
    keyed.select_nth_unstable_by(half, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    order.iter_mut().zip(&keyed).for_each(|(to, (.., i))| *to = *i);
    let size = order.len();
    drop(keyed);
    let (left, right) = order.split_at_mut(half);
    // The order within a half would depend on how it was selected, and with it the draws.
    left.sort_unstable();
    right.sort_unstable();
    let (seed_left, seed_right) = (mixed(seed, u64::MAX), mixed(seed, u64::MAX - 1));
    if size >= TOGETHER {
        rayon::join(|| cut(points, left, leaf, seed_left), || cut(points, right, leaf, seed_right));
    } else {
        cut(points, left, leaf, seed_left);
        cut(points, right, leaf, seed_right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduce::Metric;
    use ndarray::Array2;

    #[test]
    fn every_point_is_in_one_leaf_and_no_leaf_is_small() {
        let all_equal = Array2::<f64>::ones((1000, 3));
        let spread = Array2::from_shape_fn((1000, 3), |(i, k)| ((i * (k + 3)) as f64).sin());
        for x in [all_equal, spread] {
            let tree = Tree::grow(&Coordinates::new(&x, Metric::Euclidean), 60, 5);
            let mut seen = tree.order.clone();
            seen.sort_unstable();
            assert!(seen.iter().enumerate().all(|(i, &row)| i == row as usize));
            assert!(tree.starts.windows(2).all(|ends| (30..=60).contains(&(ends[1] - ends[0]))));
            assert_eq!(tree.starts.last(), Some(&1000));
        }
    }
}
