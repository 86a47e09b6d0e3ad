//! Estimates of density: a smooth curve over values, and the crowdedness around points of a plane.

use std::f64::consts::PI;

/// The finite values in ascending order.
pub(super) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A Gaussian kernel density of sorted values at `points` places, as `(place, density)`.
///
/// Bandwidth by Silverman's rule, `0.9 min(sd, IQR / 1.34) n^(-1/5)`; the places reach three bandwidths beyond the
/// extremes. Empty when fewer than two values differ.
pub(super) fn curve(sorted: &[f64], points: usize) -> Vec<(f64, f64)> {
    let n = sorted.len() as f64;
    let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else { return Vec::new() };
    if low == high {
        return Vec::new();
    }
    let mean = sorted.iter().sum::<f64>() / n;
    let sd = (sorted.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
    let width = 0.9 * if spread > 0.0 { sd.min(spread) } else { sd } * n.powf(-0.2);
    let (from, to) = (low - 3.0 * width, high + 3.0 * width);
    let at = |i: usize| from + (to - from) * i as f64 / (points - 1) as f64;
    let height = |x: f64| {
        // beyond five bandwidths a value adds less than one part in a hundred thousand
        let near = sorted.partition_point(|v| *v < x - 5.0 * width)..sorted.partition_point(|v| *v <= x + 5.0 * width);
        let sum: f64 = sorted[near].iter().map(|v| (-0.5 * ((x - v) / width).powi(2)).exp()).sum();
        sum / (n * width * (2.0 * PI).sqrt())
    };
    (0..points).map(|i| (at(i), height(at(i)))).collect()
}

/// The `p`-quantile of sorted values, interpolated linearly between ranks (type 7, as numpy and R do by default).
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// Cells along a side of the grid over which points are counted.
const GRID: usize = 100;

/// How many points lie around each point: in the 3 x 3 cells of a 100 x 100 grid about it, itself included; NaN for a
/// point that has no place.
pub(super) fn crowding(x: &[f64], y: &[f64]) -> Vec<f64> {
    let (columns, rows) = (cells(x), cells(y));
    let mut counts = vec![0u32; GRID * GRID];
    let places: Vec<Option<(usize, usize)>> = columns.into_iter().zip(rows).map(|(c, r)| c.zip(r)).collect();
    for &(column, row) in places.iter().flatten() {
        counts[row * GRID + column] += 1;
    }
    let around = |(column, row): (usize, usize)| {
        let near = |at: usize| at.saturating_sub(1)..(at + 2).min(GRID);
        near(row)
            .flat_map(|row| near(column).map(move |column| row * GRID + column))
            .map(|i| f64::from(counts[i]))
            .sum()
    };
    places.into_iter().map(|place| place.map_or(f64::NAN, around)).collect()
}

fn cells(values: &[f64]) -> Vec<Option<usize>> {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let scale = if high > low { GRID as f64 / (high - low) } else { 0.0 };
    values.iter().map(|v| v.is_finite().then(|| (((v - low) * scale) as usize).min(GRID - 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_sums_to_one_and_is_highest_where_values_are() {
        let values = sorted((0..500).map(|i| ((i * 7919) % 1000) as f64 / 1000.0));
        let curve = curve(&values, 256);
        let step = curve[1].0 - curve[0].0;
        let sum: f64 = curve.iter().map(|(_, d)| d * step).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        let at = |x: f64| curve.iter().min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs())).unwrap().1;
        assert!((at(0.5) - 1.0).abs() < 0.1 && at(1.3) < 0.05);
        assert!(super::curve(&[2.0, 2.0], 10).is_empty() && super::curve(&sorted([f64::NAN]), 10).is_empty());
    }

    #[test]
    fn quantiles_are_those_of_numpy() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.25), 1.75);
        assert_eq!(quantile(&[1.0, 2.0, 4.0, 8.0], 0.5), 3.0);
        assert_eq!(quantile(&[5.0], 0.9), 5.0);
    }

    #[test]
    fn crowded_points_count_their_neighbours() {
        let counts = crowding(&[0.0, 0.001, 0.002, 1.0, f64::NAN], &[0.0, 0.0, 0.001, 1.0, 0.0]);
        assert_eq!(counts[..4], [3.0, 3.0, 3.0, 1.0]);
        assert!(counts[4].is_nan());
    }
}
