//! How far every pixel is from a set of pixels, exactly.
//!
//! First the distance along its own column, then the shortest of `sqrt(dx^2 + column distance^2)` along its row: `side` times
//! as many steps as pixels, which is little for crops.

use ndarray::{Array1, Array2};

/// The distance of each pixel to the nearest pixel of the set, between pixel centres; infinite where the set is empty.
pub(super) fn distance_to(set: &Array2<bool>) -> Array2<f64> {
    let (height, width) = set.dim();
    let mut squares = Array2::from_elem((height, width), f64::INFINITY);
    for x in 0..width {
        let mut sweep = |rows: &mut dyn Iterator<Item = usize>| {
            let mut steps = f64::INFINITY;
            for y in rows {
                steps = if set[[y, x]] { 0.0 } else { steps + 1.0 };
                squares[[y, x]] = squares[[y, x]].min(steps * steps);
            }
        };
        sweep(&mut (0..height));
        sweep(&mut (0..height).rev());
    }
    let mut line = Array1::zeros(width);
    for mut row in squares.rows_mut() {
        line.assign(&row);
        for (x, to) in row.iter_mut().enumerate() {
            let along = line.iter().enumerate();
            *to = along.map(|(from, square)| square + (from as f64 - x as f64).powi(2)).fold(f64::INFINITY, f64::min);
        }
    }
    squares.mapv(f64::sqrt)
}

/// The distance of each pixel of an object to the nearest one outside, which is at least 1; 0 outside. All beyond the
/// border of the image is outside.
pub(super) fn depth(object: &Array2<bool>) -> Array2<f64> {
    let (height, width) = object.dim();
    let outside = Array2::from_shape_fn((height + 2, width + 2), |(y, x)| {
        !(1..=height).contains(&y) || !(1..=width).contains(&x) || !object[[y - 1, x - 1]]
    });
    let padded = distance_to(&outside);
    Array2::from_shape_fn((height, width), |(y, x)| padded[[y + 1, x + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_nearest_pixel() {
        let set = Array2::from_shape_fn((9, 13), |(y, x)| (y * 31 + x * 17) % 23 == 0);
        let members: Vec<(usize, usize)> =
            set.indexed_iter().filter(|(_, in_set)| **in_set).map(|(at, _)| at).collect();
        assert!(members.len() > 2);
        for ((y, x), distance) in distance_to(&set).indexed_iter() {
            let all = members.iter().map(|&(v, u)| (y as f64 - v as f64).hypot(x as f64 - u as f64));
            assert!((all.fold(f64::INFINITY, f64::min) - distance).abs() < 1e-12);
        }
        assert!(distance_to(&Array2::from_elem((2, 2), false)).iter().all(|d| d.is_infinite()));
    }

    #[test]
    fn the_middle_of_a_square_is_deepest() {
        let depths = depth(&Array2::from_elem((5, 5), true));
        assert_eq!((depths[[0, 0]], depths[[2, 2]], depths[[1, 2]]), (1.0, 3.0, 2.0));
    }
}
