//! Volcano: the effect of each perturbation against how surprising it would be without one.

use super::Scatter;
use super::axis::Axis;
use super::curves::guide;
use super::figure::{Block, Figure};
use super::palette::{GREY, Rgb};
use super::same_length;
use crate::{Error, Result};

/// How many of the most significant hits are named on the figure.
const NAMED: usize = 12;

/// A volcano plot under construction: the effect along x, `-log10 p` up.
///
/// Hits have `p` at most, and an absolute effect at least as large as, the thresholds; without thresholds `p <= 0.05` alone
/// counts. A `p` of 0 is drawn a tenth below the smallest other one, which the note says.
///
/// ```
/// use perturbook::figures::Volcano;
///
/// let figure = Volcano::new("Knockouts", "effect (sd)")
///     .points(&["TP53", "MYC", "ACTB"], &[2.0, -1.5, 0.1], &[1e-8, 1e-4, 0.6])
///     .thresholds(1.0, 0.01)
///     .figure()?;
/// assert!(figure.summary().contains("up: 1 point\n  down: 1 point"));
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Volcano {
    title: String,
    effect: Axis,
    names: Vec<String>,
    effects: Vec<f64>,
    p: Vec<f64>,
    least: f64,
    alpha: f64,
}

impl Volcano {
    /// A figure without points; `effect` labels the x axis.
    pub fn new(title: &str, effect: impl Into<Axis>) -> Self {
        let (names, effects, p) = (Vec::new(), Vec::new(), Vec::new());
        Self { title: title.to_owned(), effect: effect.into(), names, effects, p, least: 0.0, alpha: 0.05 }
    }

    /// Sets the points: name, effect and p-value of each.
    pub fn points<S: AsRef<str>>(mut self, names: &[S], effects: &[f64], p: &[f64]) -> Self {
        self.names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        (self.effects, self.p) = (effects.to_vec(), p.to_vec());
        self
    }

    /// What counts as a hit: an absolute effect of at least `effect`, and a p-value of at most `p`.
    pub fn thresholds(mut self, effect: f64, p: f64) -> Self {
        (self.least, self.alpha) = (effect, p);
        self
    }

    /// The finished figure.
    ///
    /// # Errors
    /// When the columns differ in length, a p-value is not between 0 and 1, or a threshold is out of range.
    pub fn figure(self) -> Result<Figure> {
        let what = format!("volcano {:?}", self.title);
        same_length(&what, ("names", self.names.len()), ("effects", self.effects.len()))?;
        same_length(&what, ("names", self.names.len()), ("p-values", self.p.len()))?;
        if let Some(row) = self.p.iter().position(|p| !p.is_nan() && !(0.0..=1.0).contains(p)) {
            return Err(Error::new(format!("{} is no p-value", self.p[row]))
                .at(format!("{what}, row {row} ({})", self.names[row]))
                .fix("give p-values between 0 and 1, not their logarithms"));
        }
        if !(self.alpha > 0.0 && self.alpha <= 1.0 && self.least >= 0.0) {
            return Err(Error::new(format!("effect {} and p {} are no thresholds", self.least, self.alpha))
                .at(what)
                .fix("give an effect of at least 0 and a p-value above 0"));
        }
        let least = self.p.iter().copied().filter(|p| *p > 0.0).fold(1.0, f64::min) / 10.0;
        let zeros = self.p.iter().filter(|p| **p == 0.0).count();
        let height = |p: f64| -p.max(least).log10();
        let hit = |row: usize| self.p[row] <= self.alpha && self.effects[row].abs() >= self.least;
        let side = |row: usize| match (hit(row), self.effects[row] > 0.0) {
            (false, _) => 2,
            (true, up) => usize::from(!up),
        };
        let mut ranked: Vec<usize> = (0..self.p.len()).filter(|&row| hit(row)).collect();
        ranked.sort_by(|&a, &b| {
            self.p[a].total_cmp(&self.p[b]).then(self.effects[b].abs().total_cmp(&self.effects[a].abs()))
        });
        let named: Vec<&str> = ranked.iter().take(NAMED).map(|&row| self.names[row].as_str()).collect();
        let mut scatter = Scatter::new(&self.title, self.effect.clone(), Axis::new("−log₁₀ p").anchored(0.0));
        let sides = [("up", Rgb(213, 94, 0)), ("down", Rgb(0, 114, 178)), ("not significant", Rgb(170, 170, 170))];
        for (i, (name, colour)) in sides.into_iter().enumerate() {
            let rows: Vec<usize> = (0..self.p.len()).filter(|&row| side(row) == i).collect();
            let x: Vec<f64> = rows.iter().map(|&row| self.effects[row]).collect();
            let y: Vec<f64> = rows.iter().map(|&row| height(self.p[row])).collect();
            let names: Vec<&String> = rows.iter().map(|&row| &self.names[row]).collect();
            scatter = scatter.points(name, &x, &y).names(&names).colour(colour).label(&named);
        }
        let mut figure = scatter.figure()?;
        if let Block::One(panel) = &mut figure.block {
            let (across, up) = (panel.x.range(), panel.y.range());
            let level = height(self.alpha);
            let mut lines = vec![guide("", [(across.0, level), (across.1, level)])];
            if self.least > 0.0 {
                lines.extend([-self.least, self.least].map(|at| guide("", [(at, up.0), (at, up.1)])));
            }
            for line in &mut lines {
                line.unnamed(GREY);
            }
            panel.layers.splice(0..0, lines);
            let thresholds = match self.least > 0.0 {
                true => format!("dashed: p = {}, |effect| = {}", self.alpha, self.least),
                false => format!("dashed: p = {}", self.alpha),
            };
            let zeros = if zeros > 0 { format!("; {zeros} with p = 0 drawn at {least:.1e}") } else { String::new() };
            panel.note = thresholds + &zeros;
        }
        Ok(figure)
    }
}
