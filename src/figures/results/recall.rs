//! Recall of known relations: curves of several maps, and a table of one percentile.

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::published::PublishedCurve;
use crate::evaluate::{Convention, RecallCurve};
use crate::figures::{Axis, Curves, Figure, Table};
use crate::{Error, Result};

impl Convention {
    /// The convention in words, for titles.
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoSided => "two-sided",
            Self::OneSided => "one-sided",
        }
    }
}

/// Precision against recall of several maps on the same relations, in one convention.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::{Convention, Relations, recall};
/// use perturbook::figures::recall_curves;
/// use perturbook::screen::Profiles;
///
/// let keys = ["A", "B", "C"].map(String::from).to_vec();
/// let p = Profiles::new(keys, array![[1.0, 0.1], [1.0, 0.0], [0.0, 1.0]])?;
/// let known = Relations::from_pairs("CORUM", [("A", "B"), ("B", "C")]);
/// let curve = recall(&p, &known, Convention::OneSided)?;
/// let figure = recall_curves(&[("toy", &curve)], &[])?;
/// assert!(figure.summary().contains("CORUM relations recalled, one-sided"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no curve, or the curves differ in convention: their numbers cannot be compared.
pub fn recall_curves(curves: &[(&str, &RecallCurve)], published: &[PublishedCurve]) -> Result<Figure> {
    let Some((_, first)) = curves.first() else {
        return Err(Error::new("no recall curve to draw").fix("give at least one"));
    };
    let convention = first.convention;
    if let Some((name, other)) = curves.iter().find(|(_, curve)| curve.convention != convention) {
        return Err(Error::new("recall in different conventions cannot be compared")
            .at(format!("{name:?} is {}, the first curve is {}", other.convention.name(), convention.name()))
            .fix("compute all curves with the same Convention"));
    }
    let title = format!("{} relations recalled, {}", first.relations, convention.name());
    let mut figure = Curves::new(&title, Axis::new("recall"), Axis::new("precision"));
    for (name, curve) in curves {
        let recall: Vec<f64> = curve.points.iter().map(|p| p.recall).collect();
        let precision: Vec<f64> = curve.points.iter().map(|p| p.precision).collect();
        figure = figure.points(name, &recall, &precision);
    }
    for curve in published {
        let (recall, precision): (Vec<f64>, Vec<f64>) = curve.points.iter().copied().unzip();
        figure = figure.line(&format!("{} (published)", curve.model), &recall, &precision);
    }
    let ordered_pairs = (first.n_nodes * first.n_nodes.saturating_sub(1)).max(1);
    let known = 2.0 * first.n_edges as f64 / ordered_pairs as f64;
    let (genes, relations) = (first.n_nodes, first.n_edges);
    let percentiles = || first.points.iter().map(|point| point.percentile);
    let (low, high) = (percentiles().fold(f64::INFINITY, f64::min), percentiles().fold(0.0, f64::max));
    let mut caption = format!(
        "{genes} genes, {relations} relations; one point for each percentile from {low} (right) to {high} (left)."
    );
    if !published.is_empty() {
        caption += " Lines without dots: Figure 2A of the Multi-ContrastiveVAE paper, on its own 1,263 genes.";
    }
    Ok(figure.level("random map", known).figure()?.caption(&caption))
}

/// A published number beside one of ours: recall and precision.
pub type Published = Option<(f64, f64)>;

/// Recall and precision of several maps at one percentile, beside what was published.
///
/// # Errors
/// When a curve has no point at this percentile.
pub fn recall_table(percentile: f64, rows: &[(&str, &RecallCurve, Published)]) -> Result<Table> {
    let points = rows.iter().map(|(_, curve, _)| curve.at(percentile)).collect::<Result<Vec<_>>>()?;
    let names: Vec<&str> = rows.iter().map(|(name, ..)| *name).collect();
    let conventions: Vec<&str> = rows.iter().map(|(_, curve, _)| curve.convention.name()).collect();
    let random: Vec<f64> = rows.iter().map(|(_, curve, _)| curve.convention.random_expectation(percentile)).collect();
    let published = |part: fn((f64, f64)) -> f64| -> Vec<f64> {
        rows.iter().map(|(_, _, published)| published.map_or(f64::NAN, part)).collect()
    };
    Table::new(&format!("Recall and precision at percentile {percentile}"))
        .text("map", &names)
        .text("convention", &conventions)
        .number("recall", &points.iter().map(|p| p.recall).collect::<Vec<_>>(), 4)
        .number("precision", &points.iter().map(|p| p.precision).collect::<Vec<_>>(), 4)
        .number("recall, published", &published(|(recall, _)| recall), 4)
        .number("precision, published", &published(|(_, precision)| precision), 4)
        .number("recall, random map", &random, 4)
        .figure()
}

impl Show for RecallCurve {
    fn bundle(&self) -> Bundle {
        figure_or_reason(recall_curves(&[("map", self)], &[]))
    }
}
