//! Bars: one number for each category, side by side for several series.

use super::axis::{Axis, Tick};
use super::curves::guide;
use super::figure::{Figure, Panel, Shape};
use super::layer::{Beside, Dash, Layer, Stroke, Words};
use super::page::LABEL;
use super::palette::{INK, category};
use super::same_length;
use crate::Result;

/// Share of a category's room that its bars take.
const FILLED: f64 = 0.8;

#[derive(Clone, Debug)]
struct Series {
    name: String,
    values: Vec<f64>,
    errors: Option<(Vec<f64>, Vec<f64>)>,
    marks: Vec<String>,
}

/// A bar chart under construction; a NaN leaves a gap.
///
/// ```
/// use perturbook::figures::Bars;
///
/// let figure = Bars::new("Proximity bias", "chromosome arm", "P(within > between)")
///     .categories(&["1p", "1q"])
///     .series("before", &[0.61, 0.55])
///     .errors(&[0.60, 0.53], &[0.62, 0.57])
///     .marks(&["*", ""], "* p < 0.01, Bonferroni")
///     .reference("no bias", 0.5)
///     .figure()?;
/// assert!(figure.summary().contains("before: 2 bars: 1p 0.61, 1q 0.55"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Bars {
    title: String,
    category: String,
    value: Axis,
    names: Vec<String>,
    series: Vec<Series>,
    references: Vec<(String, f64)>,
    note: String,
    base: f64,
    horizontal: bool,
    sorted: bool,
}

impl Bars {
    /// A chart without bars: what the categories are, and what the bars measure.
    pub fn new(title: &str, category: &str, value: impl Into<Axis>) -> Self {
        Self {
            title: title.to_owned(),
            category: category.to_owned(),
            value: value.into(),
            names: Vec::new(),
            series: Vec::new(),
            references: Vec::new(),
            note: String::new(),
            base: 0.0,
            horizontal: false,
            sorted: false,
        }
    }

    /// Names the categories.
    pub fn categories<S: AsRef<str>>(mut self, names: &[S]) -> Self {
        self.names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        self
    }

    /// Adds a series: one value for each category.
    pub fn series(mut self, name: &str, values: &[f64]) -> Self {
        let (name, values) = (name.to_owned(), values.to_vec());
        self.series.push(Series { name, values, errors: None, marks: Vec::new() });
        self
    }

    /// Draws error bars from `low` to `high` (values, not distances) on the series added last.
    pub fn errors(mut self, low: &[f64], high: &[f64]) -> Self {
        if let Some(series) = self.series.last_mut() {
            series.errors = Some((low.to_vec(), high.to_vec()));
        }
        self
    }

    /// Puts a mark at the end of each bar of the series added last; `meaning` is said below the title.
    pub fn marks<S: AsRef<str>>(mut self, marks: &[S], meaning: &str) -> Self {
        if let Some(series) = self.series.last_mut() {
            series.marks = marks.iter().map(|mark| mark.as_ref().to_owned()).collect();
        }
        meaning.clone_into(&mut self.note);
        self
    }

    /// Adds a dashed line at this value.
    pub fn reference(mut self, name: &str, value: f64) -> Self {
        self.references.push((name.to_owned(), value));
        self
    }

    /// Lets the bars start here instead of at 0, where another value means "nothing".
    pub fn base(mut self, value: f64) -> Self {
        self.base = value;
        self
    }

    /// Lays the bars on their side, the first category on top.
    pub fn horizontal(mut self) -> Self {
        self.horizontal = true;
        self
    }

    /// Orders the categories by the first series, largest first; a missing value goes last.
    pub fn sorted(mut self) -> Self {
        self.sorted = true;
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When a series has not one value, error and mark for each category, or limits are no range.
    pub fn figure(self) -> Result<Figure> {
        let n = self.names.len();
        for series in &self.series {
            let what = format!("bars {:?}", series.name);
            same_length(&what, ("categories", n), ("values", series.values.len()))?;
            if let Some((low, high)) = &series.errors {
                same_length(&what, ("categories", n), ("lower errors", low.len()))?;
                same_length(&what, ("categories", n), ("upper errors", high.len()))?;
            }
            if !series.marks.is_empty() {
                same_length(&what, ("categories", n), ("marks", series.marks.len()))?;
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        if let (true, Some(first)) = (self.sorted, self.series.first()) {
            let key = |row: usize| if first.values[row].is_nan() { f64::NEG_INFINITY } else { first.values[row] };
            order.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
        }
        let names: Vec<String> = order.iter().map(|&row| self.names[row].clone()).collect();
        let thickness = FILLED / self.series.len().max(1) as f64;
        let (mut layers, mut above) = (Vec::new(), Vec::new());
        for (i, series) in self.series.iter().enumerate() {
            let pick = |values: &[f64]| order.iter().map(|&row| values[row]).collect::<Vec<f64>>();
            let at: Vec<f64> = (0..n).map(|c| c as f64 + thickness * (i as f64 + 0.5) - FILLED / 2.0).collect();
            let values = pick(&series.values);
            let errors = series.errors.as_ref().map(|(low, high)| (pick(low), pick(high)));
            let marks: Vec<String> =
                series.marks.iter().enumerate().map(|(k, _)| series.marks[order[k]].clone()).collect();
            if let Some((low, high)) = &errors {
                above.push(self.error_bars(&at, low, high, thickness));
            }
            if !marks.is_empty() {
                let ends = errors.as_ref().map_or(&values, |(_, high)| high);
                above.push(self.mark_layer(&at, &values, ends, marks));
            }
            layers.push(Layer::Bars {
                name: Some(series.name.clone()),
                at,
                base: self.base,
                values,
                thickness,
                colour: category(i),
                horizontal: self.horizontal,
                labels: names.clone(),
            });
        }
        let ends = (-0.5, n as f64 - 0.5);
        for (name, value) in &self.references {
            let across = [(ends.0, *value), (ends.1, *value)];
            above.push(guide(name, if self.horizontal { across.map(|(a, b)| (b, a)) } else { across }));
        }
        layers.append(&mut above);
        let ticks = Tick::along(&names, |i| i);
        let mut categories = Axis::new(&self.category).named(ticks).limits(-0.5, (n as f64 - 0.5).max(0.5));
        if self.horizontal {
            categories = categories.reversed();
        }
        let value = self.value.anchored(self.base);
        let (x, y) = if self.horizontal { (value, categories) } else { (categories, value) };
        let mut panel = Panel::new(&self.title, x, y, layers, (0.08, 0.08))?;
        panel.note = self.note;
        if self.horizontal {
            panel.shape = Shape::High((n as f64 * 18.0).max(8.0 * self.series.len() as f64 * n as f64).max(120.0));
        }
        Ok(panel.into())
    }

    fn error_bars(&self, at: &[f64], low: &[f64], high: &[f64], thickness: f64) -> Layer {
        let cap = thickness * 0.2;
        let (mut along, mut value) = (Vec::new(), Vec::new());
        for ((&at, &low), &high) in at.iter().zip(low).zip(high) {
            along.extend([at - cap, at + cap, at, at, at - cap, at + cap, f64::NAN]);
            value.extend([low, low, low, high, high, high, f64::NAN]);
        }
        let (x, y) = if self.horizontal { (value, along) } else { (along, value) };
        let stroke = Stroke { colour: INK, width: 1.0, dash: Dash::Solid };
        Layer::stroke(x, y, stroke)
    }

    fn mark_layer(&self, at: &[f64], values: &[f64], ends: &[f64], marks: Vec<String>) -> Layer {
        let up: Vec<f64> = values
            .iter()
            .zip(ends)
            .map(|(&v, &end)| if v.is_nan() { f64::NAN } else { v.max(end).max(self.base) })
            .collect();
        let placed: Vec<(f64, f64, String)> = (at.iter().zip(up).zip(marks))
            .filter(|((_, up), mark)| up.is_finite() && !mark.is_empty())
            .map(|((&at, up), mark)| if self.horizontal { (up, at, mark) } else { (at, up, mark) })
            .collect();
        Layer::Words(Words::new(placed, if self.horizontal { Beside::Right } else { Beside::Above }, LABEL))
    }
}
