//! An axis: what is measured, in which unit, over which range, with which ticks.

use crate::{Error, Result};

/// How values become positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences, equal distances.
    Linear,
    /// Equal ratios, equal distances; values at or below zero have no place.
    Log,
}

/// A labelled position on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Position in data units.
    pub at: f64,
    /// Text; empty for a mark without a label.
    pub label: String,
    /// Length in data units of the group the tick names; where labels collide, the longest groups keep theirs.
    pub span: f64,
}

impl Tick {
    /// A tick for each name; `at` gives the place of the first, 0, of the second, 1, and so on.
    pub(super) fn along<'a>(names: impl IntoIterator<Item = &'a String>, at: impl Fn(f64) -> f64) -> Vec<Self> {
        let tick = |(i, label): (usize, &String)| Self { at: at(i as f64), label: label.clone(), span: 0.0 };
        names.into_iter().enumerate().map(tick).collect()
    }
}

/// A labelled axis, horizontal, vertical or of a colour bar.
///
/// ```
/// use perturbook::figures::Axis;
///
/// let axis = Axis::new("distance").unit("kb").limits(0.0, 1.0);
/// assert_eq!(axis.title(), "distance (kb)");
/// let labels: Vec<String> = axis.ticks(5).into_iter().map(|t| t.label).collect();
/// assert_eq!(labels, ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
/// ```
#[derive(Clone, Debug)]
pub struct Axis {
    label: String,
    unit: Option<String>,
    pub(super) scale: Scale,
    pub(super) limits: Option<(f64, f64)>,
    pub(super) named: Option<Vec<Tick>>,
    pub(super) reversed: bool,
    anchor: Option<f64>,
}

impl From<&str> for Axis {
    fn from(label: &str) -> Self {
        Self::new(label)
    }
}

impl Axis {
    /// A linear axis with this label and a range that fits the data.
    pub fn new(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            unit: None,
            scale: Scale::Linear,
            limits: None,
            named: None,
            reversed: false,
            anchor: None,
        }
    }

    /// The unit, shown in brackets after the label.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = Some(unit.to_owned());
        self
    }

    /// Fixes the range instead of fitting it to the data.
    #[must_use]
    pub fn limits(mut self, low: f64, high: f64) -> Self {
        self.limits = Some((low, high));
        self
    }

    /// Makes the axis logarithmic.
    #[must_use]
    pub fn log(mut self) -> Self {
        self.scale = Scale::Log;
        self
    }

    /// Puts ticks at named places only.
    pub(super) fn named(mut self, ticks: Vec<Tick>) -> Self {
        self.named = Some(ticks);
        self
    }

    /// Runs from the top down.
    pub(super) fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }

    /// Leaves no margin beyond this value when the data end there: bars stand on the axis.
    pub(super) fn anchored(mut self, value: f64) -> Self {
        self.anchor = Some(value);
        self
    }

    /// Label and unit.
    pub fn title(&self) -> String {
        match &self.unit {
            Some(unit) => format!("{} ({unit})", self.label),
            None => self.label.clone(),
        }
    }

    /// The axis with a range: its own, or the smallest that holds `values` and a margin of `pad` times their extent.
    pub(super) fn fitted(mut self, values: impl Iterator<Item = f64>, pad: f64) -> Result<Self> {
        if let Some((low, high)) = self.limits {
            let positive = self.scale == Scale::Linear || low > 0.0;
            if !(low.is_finite() && high.is_finite() && low < high && positive) {
                return Err(Error::new(format!("the axis cannot run from {low} to {high}"))
                    .at(format!("axis {:?}", self.title()))
                    .fix("give finite limits, the lower first; above zero on a logarithmic axis"));
            }
            return Ok(self);
        }
        let log = self.scale == Scale::Log;
        let (low, high) = values
            .filter(|v| v.is_finite() && (!log || *v > 0.0))
            .map(|v| if log { v.log10() } else { v })
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = if low > high {
            (0.0, 1.0)
        } else if high - low <= 1e-12 * low.abs().max(high.abs()) {
            let half = if low == 0.0 || log { 0.5 } else { 0.1 * low.abs() };
            (low - half, high + half)
        } else {
            let margin = |end: f64| if self.anchor == Some(end) { 0.0 } else { pad * (high - low) };
            let (wide_low, wide_high) = (low - margin(low), high + margin(high));
            // a margin does not cross zero: counts and shares have no negative side
            (
                if low >= 0.0 && !log { wide_low.max(0.0) } else { wide_low },
                if high <= 0.0 && !log { wide_high.min(0.0) } else { wide_high },
            )
        };
        // a margin does not leave what an f64 can hold
        let power = |exponent: f64| 10f64.powf(exponent.clamp(-307.0, 308.0));
        self.limits = Some(if log { (power(low), power(high)) } else { (low, high) });
        Ok(self)
    }

    /// The range; 0 to 1 before it is known.
    pub fn range(&self) -> (f64, f64) {
        self.limits.unwrap_or((0.0, 1.0))
    }

    /// Place of a value as a fraction of the axis, 0 at its start; NaN where the scale has no place for it.
    pub(super) fn fraction(&self, value: f64) -> f64 {
        let (low, high) = self.range();
        let t = match self.scale {
            Scale::Linear => (value - low) / (high - low),
            Scale::Log if value > 0.0 => (value / low).ln() / (high / low).ln(),
            Scale::Log => f64::NAN,
        };
        if self.reversed { 1.0 - t } else { t }
    }

    /// True when the range is logarithmic and long enough for ticks at powers of ten.
    pub(super) fn by_decades(&self) -> bool {
        let (low, high) = self.range();
        self.scale == Scale::Log && (high / low).log10() >= 1.0
    }

    /// The ticks: the named ones, or about `wanted` round numbers inside the range.
    pub fn ticks(&self, wanted: usize) -> Vec<Tick> {
        let (low, high) = self.range();
        if let Some(ticks) = &self.named {
            return ticks.iter().filter(|t| (low..=high).contains(&t.at)).cloned().collect();
        }
        let tick = |at: f64, label: String| Tick { at, label, span: 0.0 };
        if self.by_decades() {
            let every = ((high / low).log10() / wanted.max(1) as f64).ceil().max(1.0) as i32;
            let (from, to) = ((low.log10() - 1e-9).ceil() as i32, (high.log10() + 1e-9).floor() as i32);
            return (from..=to).filter(|e| e % every == 0).map(|e| tick(10f64.powi(e), power_of_ten(e))).collect();
        }
        let rough = (high - low) / wanted.max(1) as f64;
        let size = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * size).find(|s| *s >= rough * 0.8).unwrap_or(size);
        let (from, to) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        (from..=to)
            .map(|i| tick(i as f64 * step, tick_label(i as f64 * step, step, low.abs().max(high.abs()))))
            .collect()
    }
}

fn tick_label(value: f64, step: f64, largest: f64) -> String {
    let exponent = largest.log10().floor() as i32;
    let text = if value == 0.0 {
        "0".to_owned()
    } else if !(-3..6).contains(&exponent) {
        let decimals = (f64::from(exponent) - step.log10().floor()).max(0.0) as usize;
        format!("{:.decimals$}×{}", value / 10f64.powi(exponent), power_of_ten(exponent))
    } else {
        let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
        let text = format!("{value:.decimals$}");
        if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    text.replace('-', "−")
}

/// `10⁻³` and the like.
pub(super) fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + (digit as u32 - '0' as u32)).unwrap_or(digit),
    });
    match exponent {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        _ => "10".chars().chain(raised).collect(),
    }
}
