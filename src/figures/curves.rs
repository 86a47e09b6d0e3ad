//! Curves: y against x for one or many series, with reference lines and shaded bands.

use super::axis::Axis;
use super::figure::{Figure, Panel, Shape};
use super::layer::{Dash, Layer, Stroke};
use super::palette::{CATEGORIES, INK, Rgb, category};
use super::{same_length, thin};
use crate::Result;

/// Points of all curves together; longer curves are thinned without changing their outline.
const MOST: usize = 8_000;

#[derive(Clone, Debug)]
enum Item {
    Line { name: String, x: Vec<f64>, y: Vec<f64>, markers: bool },
    Band { name: String, x: Vec<f64>, low: Vec<f64>, high: Vec<f64> },
    Reference { name: String, ends: [(f64, f64); 2] },
    Across { name: String, at: f64, upright: bool },
}

/// A figure of curves under construction; NaN breaks a curve.
///
/// Each name has one colour (a band takes that of the line of the same name); after eight names the lines are dashed,
/// after sixteen dotted.
///
/// ```
/// use perturbook::figures::{Axis, Curves};
///
/// let figure = Curves::new("Loss", "epoch", Axis::new("loss").log())
///     .points("train", &[1.0, 2.0, 3.0], &[4.0, 0.5, 0.1])
///     .band("train", &[1.0, 2.0, 3.0], &[3.0, 0.4, 0.08], &[5.0, 0.6, 0.12])
///     .figure()?;
/// assert!(figure.summary().contains("train: 3 points from (1, 4) to (3, 0.1)"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Curves {
    title: String,
    x: Axis,
    y: Axis,
    right: Option<Axis>,
    /// Names of the series that belong to the axis on the right.
    on_right: Vec<String>,
    square: bool,
    items: Vec<Item>,
}

impl Curves {
    /// A figure without curves; an axis is a label or an [`Axis`].
    pub fn new(title: &str, x: impl Into<Axis>, y: impl Into<Axis>) -> Self {
        let (x, y, items) = (x.into(), y.into(), Vec::new());
        Self { title: title.to_owned(), x, y, right: None, on_right: Vec::new(), square: false, items }
    }

    /// A figure for precision-recall curves: both axes from 0 to 1, in a square.
    pub fn precision_recall(title: &str) -> Self {
        Self { square: true, ..Self::new(title, share("recall"), share("precision")) }
    }

    /// A figure for receiver operating characteristics: both axes from 0 to 1, in a square, with the diagonal of chance.
    pub fn roc(title: &str) -> Self {
        let square = Self::new(title, share("false positive rate"), share("true positive rate"));
        Self { square: true, ..square }.reference("chance", (0.0, 0.0), (1.0, 1.0))
    }

    /// Adds a line through the points.
    pub fn line(mut self, name: &str, x: &[f64], y: &[f64]) -> Self {
        self.items.push(Item::Line { name: name.to_owned(), x: x.to_vec(), y: y.to_vec(), markers: false });
        self
    }

    /// Adds a line with a dot at every point.
    pub fn points(mut self, name: &str, x: &[f64], y: &[f64]) -> Self {
        self.items.push(Item::Line { name: name.to_owned(), x: x.to_vec(), y: y.to_vec(), markers: true });
        self
    }

    /// Shades the area between `low` and `high`, in the colour of the line of the same name.
    pub fn band(mut self, name: &str, x: &[f64], low: &[f64], high: &[f64]) -> Self {
        let (name, x, low, high) = (name.to_owned(), x.to_vec(), low.to_vec(), high.to_vec());
        self.items.push(Item::Band { name, x, low, high });
        self
    }

    /// Moves the series added last, and what else has its name, to a y axis of its own on the right; there is one such
    /// axis, the one given last.
    pub fn on_right(mut self, axis: impl Into<Axis>) -> Self {
        if let Some(Item::Line { name, .. } | Item::Band { name, .. }) = self.items.last() {
            self.on_right.push(name.clone());
        }
        self.right = Some(axis.into());
        self
    }

    /// Adds a dashed line between two points, such as the diagonal of a calibration plot.
    pub fn reference(mut self, name: &str, from: (f64, f64), to: (f64, f64)) -> Self {
        self.items.push(Item::Reference { name: name.to_owned(), ends: [from, to] });
        self
    }

    /// Adds a dashed line at this height.
    pub fn level(mut self, name: &str, y: f64) -> Self {
        self.items.push(Item::Across { name: name.to_owned(), at: y, upright: false });
        self
    }

    /// Adds a dashed upright line at this x.
    pub fn mark(mut self, name: &str, x: f64) -> Self {
        self.items.push(Item::Across { name: name.to_owned(), at: x, upright: true });
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When the columns of a series differ in length, or limits are no range.
    pub fn figure(self) -> Result<Figure> {
        let mut names: Vec<&str> = Vec::new();
        let series = self.items.iter().filter(|item| matches!(item, Item::Line { .. })).count().max(1);
        for item in &self.items {
            let (Item::Line { name, .. } | Item::Band { name, .. }) = item else { continue };
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut layers = Vec::new();
        for item in &self.items {
            layers.push(match item {
                Item::Line { name, x, y, markers } => {
                    same_length(&format!("curve {name:?}"), ("x values", x.len()), ("y values", y.len()))?;
                    let rows = thin::rows(y, MOST / series);
                    let pick = |values: &[f64]| rows.iter().map(|&row| values[row]).collect();
                    let (colour, dash) = style(&names, name);
                    let stroke = Stroke { colour, width: 2.0, dash };
                    let (x, y, right) = (pick(x), pick(y), self.on_right.contains(name));
                    Layer::Line { name: Some(self.said(name)), x, y, stroke, markers: *markers, data: true, right }
                }
                Item::Band { name, x, low, high } => {
                    let what = format!("band {name:?}");
                    same_length(&what, ("x values", x.len()), ("lower values", low.len()))?;
                    same_length(&what, ("x values", x.len()), ("upper values", high.len()))?;
                    let rows = thin::rows(high, MOST / series);
                    let pick = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
                    let (colour, right) = (style(&names, name).0, self.on_right.contains(name));
                    Layer::band(&self.said(name), &pick(x), &pick(low), &pick(high), colour, right)
                }
                Item::Reference { name, ends } => guide(name, *ends),
                Item::Across { name, at, upright } => {
                    // its ends are set when the ranges are known
                    guide(name, if *upright { [(*at, f64::NAN); 2] } else { [(f64::NAN, *at); 2] })
                }
            });
        }
        // dashed, dotted, dashed: neighbours in the legend differ
        let guides = layers.iter_mut().filter_map(|layer| match layer {
            Layer::Line { stroke, data: false, .. } => Some(stroke),
            _ => None,
        });
        for (stroke, dash) in guides.zip([Dash::Dashed, Dash::Dotted].into_iter().cycle()) {
            stroke.dash = dash;
        }
        // bands lie below lines
        layers.sort_by_key(|layer| !matches!(layer, Layer::Area { .. }));
        let mut panel = Panel::new(&self.title, self.x, self.y, layers, (0.03, 0.05))?;
        if let Some(axis) = self.right {
            panel = panel.with_right(axis, 0.05)?;
        }
        if self.square {
            panel.shape = Shape::Square;
        }
        let (across, up) = (panel.x.range(), panel.y.range());
        for layer in &mut panel.layers {
            if let Layer::Line { x, y, data: false, .. } = layer {
                if x.iter().all(|x| x.is_nan()) {
                    *x = vec![across.0, across.1];
                }
                if y.iter().all(|y| y.is_nan()) {
                    *y = vec![up.0, up.1];
                }
            }
        }
        Ok(panel.into())
    }

    /// The name of a series in the legend.
    fn said(&self, name: &str) -> String {
        if self.on_right.iter().any(|known| known == name) { format!("{name} (right)") } else { name.to_owned() }
    }
}

/// An axis from 0 to 1.
fn share(label: &str) -> Axis {
    Axis::new(label).limits(0.0, 1.0)
}

fn style(names: &[&str], name: &str) -> (Rgb, Dash) {
    let i = names.iter().position(|known| *known == name).unwrap_or(0);
    (category(i), [Dash::Solid, Dash::Dashed, Dash::Dotted][i / CATEGORIES.len() % 3])
}

/// A dashed line that carries no data.
pub(super) fn guide(name: &str, ends: [(f64, f64); 2]) -> Layer {
    Layer::Line {
        name: Some(name.to_owned()),
        x: ends.iter().map(|end| end.0).collect(),
        y: ends.iter().map(|end| end.1).collect(),
        stroke: Stroke { colour: INK, width: 1.2, dash: Dash::Dashed },
        markers: false,
        data: false,
        right: false,
    }
}
