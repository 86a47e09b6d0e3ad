//! Haralick's texture features of an object, averaged over four directions (CellProfiler's `Texture`).
//!
//! ```text
//! grey level   floor(levels (x - min) / (max - min)) over the object's own pixels, the largest in the last level
//! p(i, j)      share of pairs of object pixels `scale` apart (right, down, both diagonals) with levels i and j, either way
//! ```
//!
//! Features 1 to 13 of Haralick et al. (1973), levels from 0, logarithms to base 2; the mean over the directions makes
//! them independent of how the cell lies. A constant object has one level, contrast 0 and correlation 1. Of an object
//! without a pair everything is 0.

use ndarray::{Array2, ArrayView2};

/// Names, in the order of [`haralick`].
pub const TEXTURE_NAMES: [&str; 13] = [
    "AngularSecondMoment",
    "Contrast",
    "Correlation",
    "Variance",
    "InverseDifferenceMoment",
    "SumAverage",
    "SumVariance",
    "SumEntropy",
    "Entropy",
    "DifferenceVariance",
    "DifferenceEntropy",
    "InfoMeas1",
    "InfoMeas2",
];

/// The numbers of [`TEXTURE_NAMES`] for pixels `scale` apart and so many grey levels.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::methods::engineered::haralick;
///
/// let board = Array2::from_shape_fn((16, 16), |(y, x)| ((x + y) % 2) as f32);
/// let object = Array2::from_elem((16, 16), true);
/// let texture = haralick(board.view(), &object, 1, 8);
/// assert_eq!(texture[1], 24.5); // 7^2 along rows and columns, 0 along diagonals
/// ```
pub fn haralick(
    image: ArrayView2<'_, f32>,
    object: &Array2<bool>,
    scale: usize,
    levels: usize,
) -> [f64; TEXTURE_NAMES.len()] {
    let mut mean = [0.0; TEXTURE_NAMES.len()];
    let Some(grey) = grey_levels(image, object, levels) else { return mean };
    let step = scale as isize;
    let mut directions = 0.0;
    for step in [(0, step), (step, 0), (step, step), (step, -step)] {
        let Some(pairs) = co_occurrence(&grey, step, levels) else { continue };
        directions += 1.0;
        mean.iter_mut().zip(features(&pairs)).for_each(|(sum, value)| *sum += value);
    }
    mean.map(|sum| if directions > 0.0 { sum / directions } else { 0.0 })
}

/// The grey level of each pixel of the object; none without pixels, levels, or with a pixel that is not finite.
fn grey_levels(image: ArrayView2<'_, f32>, object: &Array2<bool>, levels: usize) -> Option<Array2<Option<usize>>> {
    let inside = || image.iter().zip(object).filter(|(_, inside)| **inside).map(|(&v, _)| f64::from(v));
    let (low, high) = (inside().fold(f64::INFINITY, f64::min), inside().fold(f64::NEG_INFINITY, f64::max));
    if levels == 0 || !low.is_finite() || !high.is_finite() || inside().any(f64::is_nan) {
        return None;
    }
    let level = |value: f64| match high > low {
        true => (((value - low) / (high - low) * levels as f64) as usize).min(levels - 1),
        false => 0,
    };
    Some(Array2::from_shape_fn(image.dim(), |at| object[at].then(|| level(f64::from(image[at])))))
}

/// Shares of pairs of levels; none without a pair.
fn co_occurrence(grey: &Array2<Option<usize>>, (dy, dx): (isize, isize), levels: usize) -> Option<Array2<f64>> {
    let mut counts = Array2::<f64>::zeros((levels, levels));
    let mut pairs = 0.0;
    for ((y, x), &here) in grey.indexed_iter() {
        let (Some(y), Some(x)) = (y.checked_add_signed(dy), x.checked_add_signed(dx)) else { continue };
        if let (Some(i), Some(&Some(j))) = (here, grey.get((y, x))) {
            counts[[i, j]] += 1.0;
            counts[[j, i]] += 1.0;
            pairs += 2.0;
        }
    }
    (pairs > 0.0).then(|| counts / pairs)
}

fn features(p: &Array2<f64>) -> [f64; TEXTURE_NAMES.len()] {
    let levels = p.nrows();
    let (mut sums, mut differences) = (vec![0.0; 2 * levels - 1], vec![0.0; levels]);
    let margin: Vec<f64> = p.rows().into_iter().map(|row| row.sum()).collect();
    let mean: f64 = margin.iter().enumerate().map(|(i, share)| i as f64 * share).sum();
    let variance: f64 = margin.iter().enumerate().map(|(i, share)| (i as f64 - mean).powi(2) * share).sum();
    let (mut second, mut inverse, mut product, mut cross) = (0.0, 0.0, 0.0, 0.0);
    for ((i, j), &share) in p.indexed_iter().filter(|(_, share)| **share > 0.0) {
        sums[i + j] += share;
        differences[i.abs_diff(j)] += share;
        second += share * share;
        inverse += share / (1.0 + (i.abs_diff(j) as f64).powi(2));
        product += (i as f64 - mean) * (j as f64 - mean) * share;
        cross -= share * (margin[i] * margin[j]).log2();
    }
    let contrast = differences.iter().enumerate().map(|(n, share)| (n * n) as f64 * share).sum::<f64>();
    let average = |shares: &[f64]| shares.iter().enumerate().map(|(n, share)| n as f64 * share).sum::<f64>();
    let spread = |shares: &[f64]| {
        let mean = average(shares);
        shares.iter().enumerate().map(|(n, share)| (n as f64 - mean).powi(2) * share).sum::<f64>()
    };
    let (own, joint) = (entropy(margin.iter().copied()), entropy(p.iter().copied()));
    [
        second,
        contrast,
        if variance > 0.0 { product / variance } else { 1.0 },
        variance,
        inverse,
        average(&sums),
        spread(&sums),
        entropy(sums.iter().copied()),
        joint,
        spread(&differences),
        entropy(differences.iter().copied()),
        if own > 0.0 { (joint - cross) / own } else { 0.0 },
        // The margins of independent levels have the entropy 2 `own`.
        (1.0 - (-2.0 * std::f64::consts::LN_2 * (2.0 * own - joint)).exp()).max(0.0).sqrt(),
    ]
}

/// In bits.
fn entropy(shares: impl Iterator<Item = f64>) -> f64 {
    -shares.filter(|&share| share > 0.0).map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(side: usize) -> Array2<bool> {
        Array2::from_elem((side, side), true)
    }

    #[test]
    fn a_constant_object_has_no_texture() {
        let texture = haralick(Array2::from_elem((8, 8), 3.0).view(), &whole(8), 2, 16);
        assert_eq!(texture, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn stripes_have_known_contrast_and_entropy() {
        // Rows alternate between two levels: 0 along rows, 1 down and along both diagonals.
        let stripes = Array2::from_shape_fn((32, 32), |(y, _)| (y % 2) as f32);
        let texture = haralick(stripes.view(), &whole(32), 1, 2);
        assert_eq!(texture[1], 0.75);
        assert_eq!(texture[2], -0.5); // 1 along rows, -1 in the three others
        assert!((texture[8] - 1.0).abs() < 1e-9); // two combinations of equal share in every direction
        assert!((texture[4] - (1.0 + 3.0 * 0.5) / 4.0).abs() < 1e-9);
        // At twice the distance all pairs are alike.
        assert_eq!(haralick(stripes.view(), &whole(32), 2, 2)[1], 0.0);
    }

    #[test]
    fn a_turn_of_the_image_changes_nothing() {
        let image = Array2::from_shape_fn((20, 20), |(y, x)| ((y * 7 + x * 3) % 11) as f32 + (y as f32).sin());
        let turned = image.t().slice(ndarray::s![.., ..;-1]).to_owned();
        let [a, b] = [&image, &turned].map(|image| haralick(image.view(), &whole(20), 3, 32));
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn only_pixels_of_the_object_count() {
        let object = Array2::from_shape_fn((16, 16), |(y, x)| y < 8 && x < 8);
        let mut image = Array2::from_shape_fn((16, 16), |(y, x)| ((y + x) % 3) as f32);
        let before = haralick(image.view(), &object, 1, 8);
        image[[12, 12]] = 1e6;
        assert_eq!(before, haralick(image.view(), &object, 1, 8));
        let empty = Array2::from_elem((16, 16), false);
        assert!(haralick(image.view(), &empty, 1, 8).iter().all(|&v| v == 0.0));
        image[[1, 1]] = f32::NAN;
        assert!(haralick(image.view(), &object, 1, 8).iter().all(|&v| v == 0.0));
    }

    #[test]
    fn independent_levels_share_no_information() {
        let image =
            Array2::from_shape_fn((200, 200), |(y, x)| ((y * 7919 + x * 104_729 + y * x * 31) % 101 % 4) as f32);
        let texture = haralick(image.view(), &whole(200), 5, 4);
        assert!(texture[11].abs() < 0.2 && texture[12] < 0.5, "{texture:?}");
    }
}
