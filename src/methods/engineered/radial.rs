//! How intensity is spread between an object's middle and its border (CellProfiler's `RadialDistribution`).
//!
//! ```text
//! r          d_middle / (d_middle + d_border): 0 in the middle, the pixel deepest inside the object; near 1 at its border
//! FracAtD    share of the object's intensity in a ring of r
//! MeanFrac   that share divided by the ring's share of the pixels
//! RadialCV   standard deviation of the mean intensities in eight wedges of the ring, divided by their mean
//! ```
//!
//! A ring without pixels, and an object whose intensities do not sum to more than 0, have 0 for all three.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};

use super::distance::depth;

/// Wedges of a ring.
const WEDGES: usize = 8;

/// `FracAtD`, `MeanFrac` and `RadialCV` of each ring, from the inside out.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::methods::engineered::radial_distribution;
///
/// let object = Array2::from_elem((33, 33), true);
/// let rings = radial_distribution(Array2::ones((33, 33)).view(), &object, 4);
/// assert_eq!(rings.len(), 4);
/// assert!((rings.iter().map(|ring| ring[0]).sum::<f64>() - 1.0).abs() < 1e-9);
/// assert!(rings.iter().all(|ring| (ring[1] - 1.0).abs() < 1e-9 && ring[2] < 1e-9)); // even everywhere
/// ```
pub fn radial_distribution(image: ArrayView2<'_, f32>, object: &Array2<bool>, rings: usize) -> Vec<[f64; 3]> {
    let depths = depth(object);
    let mut middle = ((0, 0), 0.0);
    for (at, &depth) in depths.indexed_iter() {
        if depth > middle.1 {
            middle = (at, depth);
        }
    }
    let mut sums = vec![[(0.0f64, 0.0f64); WEDGES]; rings];
    for ((y, x), &depth) in depths.indexed_iter().filter(|(_, depth)| **depth > 0.0) {
        let (dy, dx) = (y as f64 - middle.0.0 as f64, x as f64 - middle.0.1 as f64);
        let from_middle = dy.hypot(dx);
        let ring = ((from_middle / (from_middle + depth) * rings as f64) as usize).min(rings - 1);
        let wedge = (((dy.atan2(dx) / (2.0 * PI) + 0.5) * WEDGES as f64) as usize).min(WEDGES - 1);
        let of = &mut sums[ring][wedge];
        *of = (of.0 + f64::from(image[[y, x]]), of.1 + 1.0);
    }
    let all = |ring: &[(f64, f64); WEDGES]| ring.iter().fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    let (total, pixels) = sums.iter().map(all).fold((0.0, 0.0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    sums.iter()
        .map(|ring| {
            let (intensity, here) = all(ring);
            if here == 0.0 || total <= 0.0 {
                return [0.0; 3];
            }
            let share = intensity / total;
            let means: Vec<f64> = ring.iter().filter(|(_, n)| *n > 0.0).map(|(sum, n)| sum / n).collect();
            let mean = means.iter().sum::<f64>() / means.len() as f64;
            let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / means.len() as f64;
            [share, share / (here / pixels), if mean > 0.0 { variance.sqrt() / mean } else { 0.0 }]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc() -> Array2<bool> {
        Array2::from_shape_fn((41, 41), |(y, x)| (y as f64 - 20.0).hypot(x as f64 - 20.0) <= 18.0)
    }

    #[test]
    fn light_in_the_middle_or_at_the_rim_is_told_apart() {
        let spot =
            Array2::from_shape_fn(
                (41, 41),
                |(y, x)| {
                    if (y as f64 - 20.0).hypot(x as f64 - 20.0) < 4.0 { 1.0f32 } else { 0.0 }
                },
            );
        let rings = radial_distribution(spot.view(), &disc(), 4);
        assert_eq!(rings[0][0], 1.0);
        assert!(rings[0][1] > 10.0);
        let rim = spot.mapv(|v| 1.0 - v);
        assert!(radial_distribution(rim.view(), &disc(), 4)[0][0] < 0.03);
    }

    #[test]
    fn light_on_one_side_varies_around_the_ring() {
        let half = Array2::from_shape_fn((41, 41), |(_, x)| if x > 20 { 1.0f32 } else { 0.0 });
        let rings = radial_distribution(half.view(), &disc(), 4);
        assert!(rings[3][2] > 0.8, "{rings:?}");
    }

    #[test]
    fn darkness_and_nothing_are_0() {
        let none = Array2::from_elem((9, 9), false);
        for rings in [
            radial_distribution(Array2::ones((9, 9)).view(), &none, 3),
            radial_distribution(Array2::zeros((41, 41)).view(), &disc(), 3),
        ] {
            assert!(rings.iter().flatten().all(|&v| v == 0.0));
        }
    }
}
