//! What many numbers have in common: range, mean, spread, and how many are no numbers.

use super::number;

/// Of the finite values; the others are only counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Statistics {
    /// Number of finite values.
    pub finite: usize,
    /// Number of NaN.
    pub nan: usize,
    /// Number of infinite values.
    pub infinite: usize,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the population (divided by n).
    pub sd: f64,
}

impl Statistics {
    /// In one pass; sums are of differences to the first value, so that a large mean costs no digits.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut nan, mut infinite, mut finite) = (0, 0, 0usize);
        let (mut low, mut high, mut first, mut sum, mut squares) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0, 0.0);
        for value in values {
            if value.is_finite() {
                if finite == 0 {
                    first = value;
                }
                let d = value - first;
                (low, high, finite) = (low.min(value), high.max(value), finite + 1);
                (sum, squares) = (sum + d, squares + d * d);
            } else if value.is_nan() {
                nan += 1;
            } else {
                infinite += 1;
            }
        }
        let n = finite as f64;
        let sd = ((squares - sum * sum / n) / n).max(0.0).sqrt();
        Self { finite, nan, infinite, low, high, mean: first + sum / n, sd }
    }

    /// `min a, mean b, max c`, and how many values are not finite.
    pub fn range(&self) -> String {
        let bad = self.nan + self.infinite;
        let not_finite = if bad > 0 { format!(", {bad} not finite") } else { String::new() };
        if self.finite == 0 {
            return format!("no finite value{not_finite}");
        }
        format!("min {}, mean {}, max {}{not_finite}", number(self.low), number(self.mean), number(self.high))
    }

    /// `min a, mean b, max c, sd d, 2 NaN, 1 infinite`.
    pub fn text(&self) -> String {
        let mut parts = match self.finite {
            0 if self.nan + self.infinite == 0 => vec!["no values".to_owned()],
            0 => vec!["no finite value".to_owned()],
            _ => [("min", self.low), ("mean", self.mean), ("max", self.high), ("sd", self.sd)]
                .map(|(name, value)| format!("{name} {}", number(value)))
                .to_vec(),
        };
        let others = [(self.nan, "NaN"), (self.infinite, "infinite")];
        parts.extend(others.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
        parts.join(", ")
    }
}

/// [`Statistics::range`] of these values.
pub(crate) fn statistics(values: impl Iterator<Item = f64>) -> String {
    Statistics::of(values).range()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finite_values_count() {
        let of = |values: &[f64]| Statistics::of(values.iter().copied()).text();
        assert_eq!(of(&[1.0, 3.0, f64::NAN, f64::INFINITY]), "min 1, mean 2, max 3, sd 1, 1 NaN, 1 infinite");
        assert_eq!(of(&[f64::NAN; 2]), "no finite value, 2 NaN");
        assert_eq!(of(&[]), "no values");
        assert_eq!(of(&[1e9 + 1.0, 1e9 + 3.0]), "min 1.000e9, mean 1.000e9, max 1.000e9, sd 1");
    }
}
