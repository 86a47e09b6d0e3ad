//! What labels an embedding gives away: technical covariates, functions of genes, features that matter.

use super::classification::classified_figure;
use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::LinearProbe;
use crate::evaluate::classification::{DeltaRecall, GeneFunction, Importance, Scores, TechnicalCovariates};
use crate::figures::{Axis, Bars, Figure, Table};
use crate::{Error, Result};

/// Features beyond which the less important ones are not drawn.
const MOST: usize = 20;

/// One of the scores.
type Number = fn(&Scores) -> f64;

/// How well each technical covariate is read from each space: a panel for AUROC, macro F1 and accuracy (the first two:
/// Multi-ContrastiveVAE, Figure 3B).
///
/// # Errors
/// When there is no entry.
pub fn covariate_bars(read: &TechnicalCovariates) -> Result<Figure> {
    let distinct = |of: fn(&crate::evaluate::classification::CovariateScores) -> &str| {
        let mut names: Vec<&str> = Vec::new();
        for name in read.entries.iter().map(of) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let (spaces, covariates) = (distinct(|entry| &entry.space), distinct(|entry| &entry.covariate));
    if spaces.is_empty() {
        return Err(Error::new("no covariate was read").at("covariate_bars"));
    }
    let numbers: [(&str, &str, Number, f64); 3] = [
        ("Technical variation: AUROC", "macro AUROC", |s| s.auroc, 0.5),
        ("Technical variation: F1", "macro F1", |s| s.f1_macro, 0.0),
        ("Technical variation: accuracy", "accuracy", |s| s.accuracy, 0.0),
    ];
    let mut panels = Vec::with_capacity(numbers.len());
    for (title, label, number, base) in numbers {
        let mut bars = Bars::new(title, "technical covariate", Axis::new(label)).categories(&covariates).base(base);
        for space in &spaces {
            let value = |covariate: &&str| read.of(space, covariate).map_or(f64::NAN, |entry| number(&entry.scores));
            bars = bars.series(space, &covariates.iter().map(value).collect::<Vec<f64>>());
        }
        if base > 0.0 {
            bars = bars.reference("chance", base);
        }
        panels.push(bars.figure()?);
    }
    let skipped: usize = read.entries.iter().map(|entry| entry.skipped).sum();
    let note = if skipped > 0 { format!(" {skipped} batches with too few rows are left out.") } else { String::new() };
    Ok(Figure::grid(panels, 2)?.caption(&format!(
        "Logistic regression on held-out rows, medians where it is fitted within batches.{note} The kind of Figure 3B of the \
         Multi-ContrastiveVAE paper."
    )))
}

impl Show for TechnicalCovariates {
    fn bundle(&self) -> Bundle {
        figure_or_reason(covariate_bars(self))
    }
}

/// Confusion matrix of each space, side by side (Multi-ContrastiveVAE, Figure 4B).
///
/// # Errors
/// When there is no space.
pub fn gene_function_figure(read: &GeneFunction) -> Result<Figure> {
    let panels = read.spaces.iter().map(|(space, read)| classified_figure(&format!("Gene function: {space}"), read));
    let panels = panels.collect::<Result<Vec<Figure>>>()?;
    Ok(Figure::grid(panels, 2)?.caption(&format!(
        "{} of {} rows have a function in {:?}. The kind of Figure 4B of the Multi-ContrastiveVAE paper.",
        read.counts.0, read.counts.1, read.functions
    )))
}

impl Show for GeneFunction {
    fn bundle(&self) -> Bundle {
        figure_or_reason(gene_function_figure(self))
    }
}

/// Difference of recalls for each class, largest first (Multi-ContrastiveVAE, Figure 4C).
///
/// # Errors
/// When a difference is infinite.
pub fn delta_recall_bars(delta: &DeltaRecall) -> Result<Figure> {
    let (names, values): (Vec<&str>, Vec<f64>) = delta.delta.iter().map(|(name, v)| (name.as_str(), *v)).unzip();
    let axis = format!("recall in {} - recall in {}", delta.of, delta.minus);
    let figure = Bars::new("Difference of recall", "function", Axis::new(&axis))
        .categories(&names)
        .series(&format!("{} - {}", delta.of, delta.minus), &values)
        .horizontal()
        .sorted()
        .reference("no difference", 0.0)
        .figure()?;
    Ok(figure.caption(&format!(
        "Right of 0: {} tells more of this function. The kind of Figure 4C of the Multi-ContrastiveVAE paper.",
        delta.of
    )))
}

impl Show for DeltaRecall {
    fn bundle(&self) -> Bundle {
        figure_or_reason(delta_recall_bars(self))
    }
}

/// The most important features, with one standard deviation over the random orders.
///
/// # Errors
/// When there is no feature.
pub fn importance_bars(importance: &Importance) -> Result<Figure> {
    let shown: Vec<_> = importance.features.iter().take(MOST).collect();
    if shown.is_empty() {
        return Err(Error::new("no feature was judged").at("importance_bars"));
    }
    let names: Vec<&str> = shown.iter().map(|feature| feature.name.as_str()).collect();
    let mean: Vec<f64> = shown.iter().map(|feature| feature.lost.mean).collect();
    let mut bars = Bars::new("Permutation importance", "feature", Axis::new("lost accuracy"))
        .categories(&names)
        .series("feature", &mean)
        .horizontal();
    if shown.iter().all(|feature| feature.lost.sd.is_finite()) {
        let side = |sign: f64| shown.iter().map(|f| f.lost.mean + sign * f.lost.sd).collect::<Vec<f64>>();
        bars = bars.errors(&side(-1.0), &side(1.0));
    }
    Ok(bars.figure()?.caption(&format!(
        "{} of {} features, each shuffled {} times; accuracy {:.3} on {} held-out rows. GRAPE chooses the features of its \
         Figure 2 so.",
        shown.len(),
        importance.features.len(),
        importance.repeats,
        importance.accuracy,
        importance.n
    )))
}

impl Show for Importance {
    fn bundle(&self) -> Bundle {
        figure_or_reason(importance_bars(self))
    }
}

impl Show for LinearProbe {
    fn bundle(&self) -> Bundle {
        let names: Vec<String> = (0..self.r2.len()).map(|target| target.to_string()).collect();
        let table = Table::new("What a linear model explains").text("target", &names).number(
            "R² of held-out rows",
            &self.r2,
            3,
        );
        let caption = format!("Fitted on {} rows, measured on {}.", self.n_train, self.n_test);
        figure_or_reason(table.caption(&caption).figure())
    }
}
