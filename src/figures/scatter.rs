//! Scatter: points in a plane, coloured by category or by a number.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::figure::{Figure, Panel, Shape};
use super::layer::{Beside, ColourScale, Layer, Marker, Paint, Words};
use super::page::{SMALL, TICK};
use super::palette::{Palette, Rgb, category};
use super::{density, same_length};
use crate::Result;

/// What is behind the groups that a figure is about.
pub(crate) const BEHIND: Rgb = Rgb(190, 190, 190);

/// Names of points are kept for pointing at while all of them together take less than this.
const LABEL_BYTES: usize = 50_000;

/// A scatter plot under construction; points with NaN are not drawn.
///
/// Each series has a colour of its own, after eight also another shape. Many points become a picture, so that the
/// figure stays small.
///
/// ```
/// use perturbook::figures::Scatter;
///
/// let figure = Scatter::new("UMAP", "UMAP 1", "UMAP 2")
///     .points("ribosome", &[0.0, 1.0], &[2.0, 2.5])
///     .names(&["RPL3", "RPS6"])
///     .figure()?;
/// assert!(figure.summary().contains("ribosome: 2 points"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Scatter {
    title: String,
    x: Axis,
    y: Axis,
    series: Vec<Series>,
    names_on_groups: bool,
}

#[derive(Clone, Debug)]
struct Series {
    name: Option<String>,
    x: Vec<f64>,
    y: Vec<f64>,
    values: Option<(Vec<f64>, Axis, Palette)>,
    colour: Option<Rgb>,
    labels: Vec<String>,
    /// Names of points that stand on the figure.
    shown: Vec<String>,
}

impl Series {
    fn new(x: &[f64], y: &[f64]) -> Self {
        let (labels, shown) = (Vec::new(), Vec::new());
        Self { name: None, x: x.to_vec(), y: y.to_vec(), values: None, colour: None, labels, shown }
    }

    /// The texts that stand beside points.
    fn words(&self) -> Vec<(f64, f64, String)> {
        let row = |name: &String| self.labels.iter().position(|label| label == name);
        let rows = self.shown.iter().filter_map(|name| Some((row(name)?, name)));
        rows.map(|(row, name)| (self.x[row], self.y[row], name.clone())).collect()
    }
}

/// The medians of the points' coordinates.
fn middle(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let median = |values: &[f64]| {
        let sorted = density::sorted(values.iter().copied());
        (!sorted.is_empty()).then(|| density::quantile(&sorted, 0.5))
    };
    median(x).zip(median(y))
}

impl Scatter {
    /// A plot without points; an axis is a label or an [`Axis`].
    pub fn new(title: &str, x: impl Into<Axis>, y: impl Into<Axis>) -> Self {
        Self { title: title.to_owned(), x: x.into(), y: y.into(), series: Vec::new(), names_on_groups: false }
    }

    /// Adds a series of points in one colour.
    pub fn points(mut self, name: &str, x: &[f64], y: &[f64]) -> Self {
        self.series.push(Series { name: Some(name.to_owned()), ..Series::new(x, y) });
        self
    }

    /// Adds a series for each group of points, in the order of their names; the group `behind`, such as controls, comes first
    /// and in grey, below the others.
    ///
    /// ```
    /// use perturbook::figures::Scatter;
    ///
    /// let groups = ["b", "control", "a"];
    /// let map = Scatter::new("UMAP", "UMAP 1", "UMAP 2").groups(&groups, Some("control"), &[0.0; 3], &[1.0; 3])?;
    /// let said = map.figure()?.summary();
    /// assert!(said.find("control: 1 point") < said.find("a: 1 point"), "{said}");
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are not as many names and values as points.
    pub fn groups<S: AsRef<str>>(self, names: &[S], behind: Option<&str>, x: &[f64], y: &[f64]) -> Result<Self> {
        same_length("groups", ("names", names.len()), ("x values", x.len()))?;
        same_length("groups", ("names", names.len()), ("y values", y.len()))?;
        let mut all = self.ordered_groups(names, x, y, |name, _| Some(name) != behind);
        if let Some(series) = all.series.iter_mut().find(|series| behind.is_some() && series.name.as_deref() == behind)
        {
            series.colour = Some(BEHIND);
        }
        Ok(all)
    }

    /// Adds a series for each group of points, by `order` of name and rows, and by name where that is the same.
    pub(crate) fn ordered_groups<S: AsRef<str>, K: Ord>(
        self,
        names: &[S],
        x: &[f64],
        y: &[f64],
        order: impl Fn(&str, &[usize]) -> K,
    ) -> Self {
        let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (row, name) in names.iter().enumerate() {
            rows.entry(name.as_ref()).or_default().push(row);
        }
        let mut groups: Vec<(&str, Vec<usize>)> = rows.into_iter().collect();
        groups.sort_by_key(|(name, rows)| order(name, rows));
        let pick = |values: &[f64], rows: &[usize]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        groups.iter().fold(self, |all, (name, rows)| all.points(name, &pick(x, rows), &pick(y, rows)))
    }

    /// Adds points coloured by a number; the axis labels the colour bar.
    pub fn coloured(mut self, x: &[f64], y: &[f64], values: &[f64], colour: impl Into<Axis>, palette: Palette) -> Self {
        let values = Some((values.to_vec(), colour.into(), palette));
        self.series.push(Series { values, ..Series::new(x, y) });
        self
    }

    /// Adds points coloured by how many lie around them, the most crowded ones on top, so that a cloud of thousands
    /// shows where most of them are.
    pub fn density(self, x: &[f64], y: &[f64]) -> Self {
        let around = density::crowding(x, y);
        let mut order: Vec<usize> = (0..around.len()).collect();
        order.sort_by(|&a, &b| around[a].total_cmp(&around[b]));
        let pick =
            |values: &[f64]| order.iter().map(|&i| values.get(i).copied().unwrap_or(f64::NAN)).collect::<Vec<_>>();
        let colour = Axis::new("points nearby").log();
        self.coloured(&pick(x), &pick(y), &pick(&around), colour, Palette::Sequential)
    }

    /// Gives the series added last this colour.
    pub fn colour(mut self, colour: Rgb) -> Self {
        if let Some(series) = self.series.last_mut() {
            series.colour = Some(colour);
        }
        self
    }

    /// Writes the names of these points of the series added last beside them, as far as there is room, the first ones
    /// first; names that the series does not have are passed over.
    pub fn label<S: AsRef<str>>(mut self, names: &[S]) -> Self {
        if let Some(series) = self.series.last_mut() {
            series.shown = names.iter().map(|name| name.as_ref().to_owned()).collect();
        }
        self
    }

    /// Writes the name of each series over the middle of its points.
    pub fn label_groups(mut self) -> Self {
        self.names_on_groups = true;
        self
    }

    /// Names the points of the series added last.
    pub fn names<S: AsRef<str>>(mut self, names: &[S]) -> Self {
        if let Some(series) = self.series.last_mut() {
            series.labels = names.iter().map(|name| name.as_ref().to_owned()).collect();
        }
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When the columns of a series differ in length, or limits are no range.
    pub fn figure(self) -> Result<Figure> {
        let points: usize = self.series.iter().map(|s| s.x.len()).sum();
        let size = match points {
            0..300 => 7.0,
            300..3_000 => 5.0,
            _ => 3.0,
        };
        let bytes: usize = self.series.iter().flat_map(|s| &s.labels).map(|label| label.len() + 3).sum();
        let (mut layers, mut beside_points, mut over_groups) = (Vec::new(), Vec::new(), Vec::new());
        for (i, s) in self.series.into_iter().enumerate() {
            let what = s.name.as_ref().map_or_else(|| "points".to_owned(), |name| format!("points {name:?}"));
            same_length(&what, ("x values", s.x.len()), ("y values", s.y.len()))?;
            if !s.labels.is_empty() {
                same_length(&what, ("x values", s.x.len()), ("names", s.labels.len()))?;
            }
            beside_points.extend(s.words());
            if let (true, Some(name)) = (self.names_on_groups, &s.name) {
                over_groups.extend(middle(&s.x, &s.y).map(|(x, y)| (x, y, name.clone())));
            }
            let paint = match s.values {
                None => Paint::One(s.colour.unwrap_or_else(|| category(i))),
                Some((values, axis, palette)) => {
                    same_length(&what, ("x values", s.x.len()), ("colour values", values.len()))?;
                    Paint::Scaled { scale: ColourScale::fitted(axis, palette, values.iter().copied())?, values }
                }
            };
            let labels = if bytes > LABEL_BYTES { Vec::new() } else { s.labels };
            layers.push(Layer::Points { name: s.name, x: s.x, y: s.y, paint, marker: Marker::of(i), size, labels });
        }
        for (placed, beside, font) in [(beside_points, Beside::Near, TICK), (over_groups, Beside::Over, SMALL)] {
            if !placed.is_empty() {
                layers.push(Layer::Words(Words::new(placed, beside, font)));
            }
        }
        let mut panel = Panel::new(&self.title, self.x, self.y, layers, (0.05, 0.05))?;
        panel.shape = Shape::Tall;
        Ok(panel.into())
    }
}
