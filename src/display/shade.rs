//! Shades of a column of numbers: white at its smallest value, blue at its largest.

use crate::figures::Rgb;

/// The darkest shade: light enough for dark text.
const DARKEST: Rgb = Rgb(107, 174, 214);

/// From a range of numbers to backgrounds of cells.
pub(crate) struct Shades {
    low: f64,
    high: f64,
}

impl Shades {
    /// Over the range of the finite values.
    pub fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        Self { low, high }
    }

    /// The CSS colour behind a value; empty, which is none, for NaN and infinite ones.
    pub fn of(&self, value: f64) -> String {
        if !value.is_finite() {
            return String::new();
        }
        let t = if self.high > self.low { (value - self.low) / (self.high - self.low) } else { 0.0 };
        Rgb(255, 255, 255).mix(DARKEST, t).hex()
    }
}
