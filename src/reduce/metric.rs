//! Distances between points.

use serde::{Deserialize, Serialize};

/// How far apart two points are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// `sqrt(sum (x - y)^2)`, for numbers of any size.
    #[default]
    Euclidean,
    /// `1 - cos(x, y)`, from 0 to 2; a zero vector is at distance 1 from everything.
    Cosine,
}

impl Metric {
    /// The distance of two points, NaN where one holds NaN or has more numbers than the other.
    ///
    /// ```
    /// use perturbook::reduce::Metric;
    ///
    /// assert_eq!(Metric::Euclidean.distance(&[0.0, 3.0], &[4.0, 0.0]), 5.0);
    /// assert_eq!(Metric::Cosine.distance(&[0.0, 3.0], &[4.0, 0.0]), 1.0);
    /// ```
    pub fn distance(self, x: &[f64], y: &[f64]) -> f64 {
        if x.len() != y.len() {
            return f64::NAN;
        }
        match self {
            Self::Euclidean => {
                let square = x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
                if in_range(square) {
                    square.sqrt()
                } else {
                    norm(&x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<_>>())
                }
            }
            Self::Cosine => {
                // The three sums side by side: each waits for itself only.
                let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
                for (x, y) in x.iter().zip(y) {
                    (xx, yy, xy) = (xx + x * x, yy + y * y, xy + x * y);
                }
                let cosine =
                    if in_range(xx) && in_range(yy) { xy / (xx.sqrt() * yy.sqrt()) } else { dot(&unit(x), &unit(y)) };
                (1.0 - cosine).clamp(0.0, 2.0)
            }
        }
    }
}

pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// The length, also where squares are too large or too small for a number.
pub(super) fn norm(x: &[f64]) -> f64 {
    let square = dot(x, x);
    if in_range(square) {
        return square.sqrt();
    }
    let largest = x.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return square.sqrt();
    }
    largest * x.iter().map(|v| (v / largest) * (v / largest)).sum::<f64>().sqrt()
}

/// Whether a sum of squares has kept its digits.
fn in_range(square: f64) -> bool {
    (1e-290..1e290).contains(&square)
}

/// Length 1 or, of a zero vector, 0; by the greatest entry first.
fn unit(x: &[f64]) -> Vec<f64> {
    let largest = x.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let scaled: Vec<f64> = x.iter().map(|v| if largest > 0.0 { v / largest } else { *v }).collect();
    let length = dot(&scaled, &scaled).sqrt();
    scaled.iter().map(|v| if length > 0.0 { v / length } else { *v }).collect()
}
