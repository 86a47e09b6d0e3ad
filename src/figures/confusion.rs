//! Confusion matrix: how often each class was taken for which.

use ndarray::ArrayView2;

use super::axis::Axis;
use super::figure::{Block, Figure};
use super::layer::{Beside, Layer, Words};
use super::palette::{ON_DARK, ON_LIGHT};
use super::{Heatmap, same_length};
use crate::{Error, Result};

/// Up to so many classes their counts are written into the cells.
const WRITTEN: usize = 16;

/// A confusion matrix under construction: row the true class, column the predicted one.
///
/// ```
/// use ndarray::array;
/// use perturbook::figures::Confusion;
///
/// let counts = array![[8.0, 2.0], [1.0, 9.0]];
/// let figure = Confusion::new("Cell lines", counts.view(), &["HUVEC", "RPE"]).by_row().figure()?;
/// assert!(figure.summary().contains("85.0 % on the diagonal"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Confusion<'a> {
    title: String,
    counts: ArrayView2<'a, f64>,
    classes: Vec<String>,
    by_row: bool,
    log: bool,
}

impl<'a> Confusion<'a> {
    /// A matrix of counts with the names of its classes.
    pub fn new<S: AsRef<str>>(title: &str, counts: ArrayView2<'a, f64>, classes: &[S]) -> Self {
        let classes = classes.iter().map(|class| class.as_ref().to_owned()).collect();
        Self { title: title.to_owned(), counts, classes, by_row: false, log: false }
    }

    /// Divides each row by its sum: the share of a true class that is predicted as each class.
    pub fn by_row(mut self) -> Self {
        self.by_row = true;
        self
    }

    /// Colours by the logarithm, so that rare confusions show; zeros stay grey.
    pub fn log(mut self) -> Self {
        self.log = true;
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When the matrix is not square, has not a name for each class, or holds a negative or missing count.
    pub fn figure(self) -> Result<Figure> {
        let what = format!("confusion matrix {:?}", self.title);
        let (rows, columns) = self.counts.dim();
        same_length(&what, ("rows", rows), ("columns", columns))?;
        same_length(&what, ("rows", rows), ("class names", self.classes.len()))?;
        if let Some(((row, column), count)) = self.counts.indexed_iter().find(|(_, c)| !(c.is_finite() && **c >= 0.0)) {
            return Err(Error::new(format!("{count} is no count"))
                .at(format!("{what}, row {row}, column {column}"))
                .fix("give counts of at least 0"));
        }
        let mut values = self.counts.to_owned();
        if self.by_row {
            for mut row in values.rows_mut() {
                let sum = row.sum();
                row.mapv_inplace(|count| if sum > 0.0 { count / sum } else { f64::NAN });
            }
        }
        let label = if self.by_row { "share of the true class" } else { "cells" };
        let least = values.iter().copied().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let colour = match (self.log, self.by_row) {
            (true, _) if least < most => Axis::new(label).log().limits(least, most),
            (false, true) => Axis::new(label).limits(0.0, 1.0),
            _ => Axis::new(label).limits(0.0, most.max(1.0)),
        };
        let heatmap = Heatmap::sequential(&self.title, values.view(), colour);
        let heatmap = heatmap.axes("predicted class", "true class").names(&self.classes, &self.classes);
        let mut figure = heatmap.figure()?;
        if let Block::One(panel) = &mut figure.block {
            let (total, right) = (self.counts.sum(), self.counts.diag().sum());
            if total > 0.0 {
                panel.note = format!("{:.1} % on the diagonal", 100.0 * right / total);
            }
            let scale = panel.colours().cloned();
            if let (Some(scale), true) = (scale, rows <= WRITTEN) {
                let cell = |((row, column), &value): ((usize, usize), &f64)| {
                    let text = match self.by_row {
                        _ if value.is_nan() => String::new(),
                        true => format!("{value:.2}"),
                        false => format!("{value:.0}"),
                    };
                    // not the ink of the theme: the ground is the cell
                    let ink = if scale.colour(value).is_dark() { ON_DARK } else { ON_LIGHT };
                    ((column as f64 + 0.5, row as f64 + 0.5, text), ink)
                };
                let (placed, colours) = values.indexed_iter().map(cell).unzip();
                let words = Words::new(placed, Beside::On, if rows <= 8 { 12.0 } else { 9.0 });
                panel.layers.push(Layer::Words(Words { colours, ..words }));
            }
        }
        Ok(figure)
    }
}
