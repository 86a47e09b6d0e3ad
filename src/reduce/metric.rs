//! Distances between points.

use serde::{Deserialize, Serialize};

/// How far apart two points are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// `sqrt(sum (x - y)^2)`.
    #[default]
    Euclidean,
    /// `1 - cos(x, y)`, from 0 to 2; a zero vector is at distance 1 from everything.
    Cosine,
}

impl Metric {
    /// The distance of two points.
    ///
    /// ```
    /// use perturbook::reduce::Metric;
    ///
    /// assert_eq!(Metric::Euclidean.distance(&[0.0, 3.0], &[4.0, 0.0]), 5.0);
    /// assert_eq!(Metric::Cosine.distance(&[0.0, 3.0], &[4.0, 0.0]), 1.0);
    /// ```
    pub fn distance(self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Self::Euclidean => x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt(),
            Self::Cosine => {
                // The three sums side by side: each waits for itself only.
                let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
                for (x, y) in x.iter().zip(y) {
                    (xx, yy, xy) = (xx + x * x, yy + y * y, xy + x * y);
                }
                let lengths = f64::sqrt(xx) * f64::sqrt(yy);
                let cosine = if lengths > 0.0 { xy / lengths } else { 0.0 };
                (1.0 - cosine).clamp(0.0, 2.0)
            }
        }
    }
}

pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

pub(super) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}
