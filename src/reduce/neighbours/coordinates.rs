//! Points in single precision, compared in pairs.
//!
//! Euclidean points are centred and scaled, those under the cosine distance have length 1; then `|x - y|^2` orders pairs as
//! their distance does. A zero vector under the cosine distance stands at `|x - y|^2 = 2` from every point.

use super::scaled::Frame;
use crate::reduce::Metric;
use crate::reduce::points::Points;

/// Numbers that are worked on side by side; rows are filled up with zeros to a multiple of it.
const LANES: usize = 8;
/// `|x - y|^2` of unit vectors at a right angle.
const RIGHT_ANGLE: f32 = 2.0;

/// The points, `n x width`.
pub(super) struct Coordinates {
    values: Vec<f32>,
    width: usize,
    /// Points without a direction; empty when there is none.
    zero: Vec<bool>,
    pub(super) n: usize,
}

impl Coordinates {
    pub(super) fn new(points: &dyn Points, metric: Metric) -> Self {
        let (n, d) = points.shape();
        let frame = Frame::of(points, None, metric);
        let width = d.next_multiple_of(LANES);
        let mut values = vec![0.0; n * width];
        let mut point = vec![0.0; d];
        let mut zero = vec![false; n];
        for (row, to) in values.chunks_exact_mut(width.max(1)).enumerate() {
            points.copy_point(row, &mut point);
            zero[row] = metric == Metric::Cosine && point.iter().all(|v| *v == 0.0);
            frame.place(&mut point);
            to.iter_mut().zip(&point).for_each(|(to, &v)| *to = v as f32);
        }
        if !zero.contains(&true) {
            zero.clear();
        }
        Self { values, width, zero, n }
    }

    fn row(&self, i: u32) -> &[f32] {
        &self.values[i as usize * self.width..(i as usize + 1) * self.width]
    }

    /// `|x - y|^2`, the same bits for `(i, j)` and `(j, i)`.
    pub(super) fn apart(&self, i: u32, j: u32) -> f32 {
        if !self.zero.is_empty() && (self.zero[i as usize] || self.zero[j as usize]) {
            return RIGHT_ANGLE;
        }
        let mut sums = [0.0f32; LANES];
        for (x, y) in self.row(i).chunks_exact(LANES).zip(self.row(j).chunks_exact(LANES)) {
            for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
                *sum += (x - y) * (x - y);
            }
        }
        total(sums)
    }

    /// The direction from point `j` to point `i`, `width` numbers; false when they are at one place.
    pub(super) fn between(&self, i: u32, j: u32, to: &mut Vec<f32>) -> bool {
        to.clear();
        to.extend(self.row(i).iter().zip(self.row(j)).map(|(x, y)| x - y));
        to.iter().any(|v| *v != 0.0)
    }

    /// How far point `i` lies along a direction.
    pub(super) fn along(&self, i: u32, direction: &[f32]) -> f32 {
        let mut sums = [0.0f32; LANES];
        for (x, y) in self.row(i).chunks_exact(LANES).zip(direction.chunks_exact(LANES)) {
            for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
                *sum += x * y;
            }
        }
        total(sums)
    }
}

fn total(s: [f32; LANES]) -> f32 {
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn squares_order_pairs_as_distances_do() {
        let x = array![[3.0, 4.0], [0.0, 0.0], [4.0, -3.0], [6.0, 8.0]];
        let cosine = Coordinates::new(&x, Metric::Cosine);
        for (i, j, want) in [(0, 3, 0.0), (0, 2, 2.0), (0, 1, 2.0), (1, 1, 2.0)] {
            assert!((cosine.apart(i, j) - want).abs() < 1e-6, "{i}, {j}: {}", cosine.apart(i, j));
        }
        let euclidean = Coordinates::new(&x, Metric::Euclidean);
        assert!((euclidean.apart(1, 3) / euclidean.apart(1, 0) - 4.0).abs() < 1e-5);
        assert_eq!(euclidean.apart(2, 3), euclidean.apart(3, 2));
    }
}
