//! Curves that grow point by point: a loss while a model trains.

use crate::display::{Bundle, Grid, Show, aligned};
use crate::figures::{Axis, Curves, Figure};

/// Growing curves.
///
/// ```
/// use perturbook::live::Trace;
///
/// let mut loss = Trace::new("Training", "epoch", "loss");
/// loss.push("train", 1.0, 0.9);
/// loss.push("train", 2.0, 0.5);
/// loss.push("validation", 2.0, 0.7);
/// assert!(loss.figure().unwrap().summary().contains("train: 2 points from (1, 0.9) to (2, 0.5)"));
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    title: String,
    x: Axis,
    y: Axis,
    curves: Vec<Curve>,
    levels: Vec<(String, f64)>,
}

#[derive(Clone, Debug)]
struct Curve {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Trace {
    /// No curves yet; an axis is a label or an [`Axis`].
    pub fn new(title: &str, x: impl Into<Axis>, y: impl Into<Axis>) -> Self {
        Self { title: title.to_owned(), x: x.into(), y: y.into(), curves: Vec::new(), levels: Vec::new() }
    }

    /// Adds a dashed line at this height, to compare with.
    #[must_use]
    pub fn level(mut self, name: &str, y: f64) -> Self {
        self.levels.push((name.to_owned(), y));
        self
    }

    /// Adds a point to the curve of this name, which begins with its first point.
    pub fn push(&mut self, name: &str, x: f64, y: f64) {
        match self.curves.iter_mut().find(|curve| curve.name == name) {
            Some(curve) => {
                curve.x.push(x);
                curve.y.push(y);
            }
            None => self.curves.push(Curve { name: name.to_owned(), x: vec![x], y: vec![y] }),
        }
    }

    /// The last point of the curve of this name.
    pub fn last(&self, name: &str) -> Option<(f64, f64)> {
        let curve = self.curves.iter().find(|curve| curve.name == name)?;
        Some((*curve.x.last()?, *curve.y.last()?))
    }

    /// The numbers behind the curves: for each the number of points, the first, the last and the lowest value, and
    /// where the lowest is. Values that are not finite are no lowest ones.
    ///
    /// ```
    /// use perturbook::live::Trace;
    ///
    /// let mut loss = Trace::new("Training", "epoch", "loss");
    /// [0.9, 0.25, 0.5].iter().zip(1..).for_each(|(&y, epoch)| loss.push("train", f64::from(epoch), y));
    /// assert_eq!(loss.table().plain().lines().last().unwrap(), "train       3    0.9   0.5    0.25         2");
    /// ```
    pub fn table(&self) -> Grid {
        let lowest = |curve: &Curve| {
            let finite = curve.x.iter().zip(&curve.y).filter(|(_, y)| y.is_finite());
            finite.min_by(|a, b| a.1.total_cmp(b.1)).map_or((f64::NAN, f64::NAN), |(&x, &y)| (x, y))
        };
        let numbers = |pick: &dyn Fn(&Curve) -> f64| aligned(&self.curves.iter().map(pick).collect::<Vec<_>>());
        let grid = Grid::new()
            .title(&format!("{}: {}", self.title, self.y.title()))
            .labels("curve", self.curves.iter().map(|curve| curve.name.as_str()))
            .right("points", self.curves.iter().map(|curve| curve.y.len().to_string()))
            .right("first", numbers(&|curve| curve.y[0]))
            .right("last", numbers(&|curve| curve.y[curve.y.len() - 1]))
            .right("lowest", numbers(&|curve| lowest(curve).1))
            .right(&format!("at {}", self.x.title()), numbers(&|curve| lowest(curve).0));
        if self.curves.is_empty() { grid.note("no points yet") } else { grid }
    }

    /// The curves so far as a figure.
    ///
    /// # Errors
    /// When an axis is logarithmic and a value is not positive.
    pub fn figure(&self) -> crate::Result<Figure> {
        let curves = Curves::new(&self.title, self.x.clone(), self.y.clone());
        let draw = |curves: Curves, curve: &Curve| {
            // Dots are for eyes that can tell them apart.
            if curve.x.len() <= 50 {
                curves.points(&curve.name, &curve.x, &curve.y)
            } else {
                curves.line(&curve.name, &curve.x, &curve.y)
            }
        };
        let levels = self.levels.iter().fold(curves, |curves, (name, y)| curves.level(name, *y));
        self.curves.iter().fold(levels, draw).figure()
    }
}

impl Show for Trace {
    fn bundle(&self) -> Bundle {
        match self.figure() {
            // Without points too: empty axes keep the place, so that nothing below them jumps at the first one.
            Ok(figure) => figure.bundle(),
            Err(error) => Bundle::text(format!("{}: {error}", self.title)),
        }
    }
}
