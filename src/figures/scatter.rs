//! Scatter: points in a plane, coloured by category or by a number.

use super::axis::Axis;
use super::figure::{Figure, Panel, Shape};
use super::layer::{ColourScale, Layer, Marker, Paint};
use super::palette::{Palette, category};
use super::same_length;
use crate::Result;

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
}

#[derive(Clone, Debug)]
struct Series {
    name: Option<String>,
    x: Vec<f64>,
    y: Vec<f64>,
    values: Option<(Vec<f64>, Axis, Palette)>,
    labels: Vec<String>,
}

impl Scatter {
    /// A plot without points; an axis is a label or an [`Axis`].
    pub fn new(title: &str, x: impl Into<Axis>, y: impl Into<Axis>) -> Self {
        Self { title: title.to_owned(), x: x.into(), y: y.into(), series: Vec::new() }
    }

    /// Adds a series of points in one colour.
    pub fn points(mut self, name: &str, x: &[f64], y: &[f64]) -> Self {
        let (name, x, y) = (Some(name.to_owned()), x.to_vec(), y.to_vec());
        self.series.push(Series { name, x, y, values: None, labels: Vec::new() });
        self
    }

    /// Adds points coloured by a number; the axis labels the colour bar.
    pub fn coloured(mut self, x: &[f64], y: &[f64], values: &[f64], colour: impl Into<Axis>, palette: Palette) -> Self {
        let values = Some((values.to_vec(), colour.into(), palette));
        self.series.push(Series { name: None, x: x.to_vec(), y: y.to_vec(), values, labels: Vec::new() });
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
        let mut layers = Vec::new();
        for (i, s) in self.series.into_iter().enumerate() {
            let what = s.name.as_ref().map_or_else(|| "points".to_owned(), |name| format!("points {name:?}"));
            same_length(&what, ("x values", s.x.len()), ("y values", s.y.len()))?;
            if !s.labels.is_empty() {
                same_length(&what, ("x values", s.x.len()), ("names", s.labels.len()))?;
            }
            let paint = match s.values {
                None => Paint::One(category(i)),
                Some((values, axis, palette)) => {
                    same_length(&what, ("x values", s.x.len()), ("colour values", values.len()))?;
                    Paint::Scaled { scale: ColourScale::fitted(axis, palette, values.iter().copied())?, values }
                }
            };
            let labels = if bytes > LABEL_BYTES { Vec::new() } else { s.labels };
            layers.push(Layer::Points { name: s.name, x: s.x, y: s.y, paint, marker: Marker::of(i), size, labels });
        }
        let mut panel = Panel::new(&self.title, self.x, self.y, layers, (0.05, 0.05))?;
        panel.shape = Shape::High(400.0);
        Ok(panel.into())
    }
}
