//! Classification: confusion matrices, ROC and precision-recall curves, and what a model was.

use super::figure_or_reason;
use crate::display::{Bundle, Show};
use crate::evaluate::classification::{
    Classes, Classified, ConfusionMatrix, CovariateScores, Escape, LogisticRegression, OneVsRest, PrecisionRecall,
    RandomForest, RocCurve, Scores,
};
use crate::figures::{Axis, Bars, Confusion, Curves, Figure, Table};
use crate::{Error, Result};

/// Shares of true classes that are predicted as each class, with a title of your choice.
///
/// # Errors
/// When the matrix has no class.
pub fn confusion_figure(title: &str, matrix: &ConfusionMatrix) -> Result<Figure> {
    let counts = matrix.counts().mapv(|count| count as f64);
    Confusion::new(title, counts.view(), matrix.names()).by_row().figure()
}

impl Show for ConfusionMatrix {
    fn bundle(&self) -> Bundle {
        figure_or_reason(confusion_figure("Predicted against true classes", self))
    }
}

/// The confusion matrix of predictions on held-out rows, with their scores.
pub(super) fn classified_figure(title: &str, read: &Classified) -> Result<Figure> {
    Ok(confusion_figure(title, &read.confusion)?.caption(&format!(
        "{} held-out rows: accuracy {:.3} (largest class {:.3}), balanced accuracy {:.3}, macro F1 {:.3}, macro AUROC {:.3}.",
        read.rows.len(),
        read.accuracy(),
        read.majority(),
        read.balanced_accuracy(),
        read.f1_macro(),
        read.auroc.macro_mean
    )))
}

impl Show for Classified {
    fn bundle(&self) -> Bundle {
        figure_or_reason(classified_figure("Predicted against true classes", self))
    }
}

/// True against false positives for several scores, such as the two of Figure 5 of the Multi-ContrastiveVAE paper.
///
/// ```
/// use perturbook::evaluate::classification::roc_curve;
/// use perturbook::figures::roc_curves;
///
/// let curve = roc_curve(&[true, false, true, false], &[0.9, 0.5, 0.5, 0.1])?;
/// assert!(roc_curves("Mitotic factors", &[("background norm", &curve)])?.summary().contains("AUC 0.875"));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no curve.
pub fn roc_curves(title: &str, curves: &[(&str, &RocCurve)]) -> Result<Figure> {
    let Some((_, first)) = curves.first() else { return Err(no_curve("roc_curves")) };
    let (positives, negatives) = first.counts;
    let draw = |figure: Curves, (name, curve): &(&str, &RocCurve)| {
        let name = format!("{name} (AUC {:.3})", curve.auc);
        figure.line(&name, &curve.false_positive_rate, &curve.true_positive_rate)
    };
    let figure = curves.iter().fold(Curves::roc(title), draw).figure()?;
    Ok(figure.caption(&format!("{positives} positives, {negatives} negatives; tied scores count half.")))
}

/// Precision against recall for several scores; between two thresholds precision holds its value (steps).
///
/// # Errors
/// When there is no curve.
pub fn precision_recall_curves(title: &str, curves: &[(&str, &PrecisionRecall)]) -> Result<Figure> {
    let Some((_, first)) = curves.first() else { return Err(no_curve("precision_recall_curves")) };
    let (positives, negatives) = first.counts;
    let draw = |figure: Curves, (name, curve): &(&str, &PrecisionRecall)| {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        let mut before = 0.0;
        for (&recall, &precision) in curve.recall.iter().zip(&curve.precision) {
            x.extend([before, recall]);
            y.extend([precision, precision]);
            before = recall;
        }
        figure.line(&format!("{name} (AP {:.3})", curve.average_precision), &x, &y)
    };
    let figure = curves.iter().fold(Curves::precision_recall(title), draw);
    let figure = figure.level("chance", positives as f64 / (positives + negatives) as f64).figure()?;
    Ok(figure.caption(&format!("{positives} positives, {negatives} negatives; tied scores form one threshold.")))
}

fn no_curve(place: &str) -> Error {
    Error::new("no curve to draw").at(place.to_owned()).fix("give at least one")
}

impl Show for RocCurve {
    fn bundle(&self) -> Bundle {
        figure_or_reason(roc_curves("ROC curve", &[("score", self)]))
    }
}

impl Show for PrecisionRecall {
    fn bundle(&self) -> Bundle {
        figure_or_reason(precision_recall_curves("Precision and recall", &[("score", self)]))
    }
}

impl Show for OneVsRest {
    fn bundle(&self) -> Bundle {
        let names: Vec<String> = (0..self.per_class.len()).map(|class| class.to_string()).collect();
        let bars = Bars::new("Each class against the rest", "class", Axis::new("area under the ROC curve"))
            .categories(&names)
            .series("class", &self.per_class)
            .base(0.5)
            .reference("mean", self.macro_mean);
        figure_or_reason(bars.figure())
    }
}

impl Show for Escape {
    fn bundle(&self) -> Bundle {
        let (names, shares): (Vec<&str>, Vec<f64>) = self.escaped.iter().map(|(name, v)| (name.as_str(), *v)).unzip();
        let bars =
            Bars::new("Cells that escaped their perturbation", "perturbation", Axis::new("share taken for controls"))
                .categories(&names)
                .series("predicted control", &shares)
                .horizontal()
                .sorted()
                .reference("all cells", self.escaped_overall);
        figure_or_reason(bars.figure().map(|figure| {
            figure.caption(&format!(
                "Predicted {:?} although perturbed; {:.1} % of the controls are taken for perturbed. From the matrix of the \
                 kind of Figure 6 of the SC-VAE paper.",
                self.control,
                100.0 * self.false_perturbed
            ))
        }))
    }
}

impl Show for Scores {
    fn bundle(&self) -> Bundle {
        let numbers = [
            ("accuracy", self.accuracy),
            ("balanced accuracy", self.balanced_accuracy),
            ("macro F1", self.f1_macro),
            ("macro AUROC", self.auroc),
        ];
        numbers.iter().fold(Table::new("Scores"), |table, (name, v)| table.number(name, &[*v], 3)).bundle()
    }
}

impl Show for CovariateScores {
    fn bundle(&self) -> Bundle {
        let of = |number: fn(&Scores) -> f64| self.each.iter().map(number).collect::<Vec<f64>>();
        let fits: Vec<String> = (1..=self.each.len()).map(|fit| fit.to_string()).collect();
        Table::new(&format!("{} in {}", self.covariate, self.space))
            .text("fit", &fits)
            .number("accuracy", &of(|s| s.accuracy), 3)
            .number("macro F1", &of(|s| s.f1_macro), 3)
            .number("macro AUROC", &of(|s| s.auroc), 3)
            .caption(&format!(
                "median: accuracy {:.3}, macro F1 {:.3}, macro AUROC {:.3}; {} batches left out",
                self.scores.accuracy, self.scores.f1_macro, self.scores.auroc, self.skipped
            ))
            .bundle()
    }
}

impl Show for Classes {
    fn bundle(&self) -> Bundle {
        Table::new(&format!("{} rows in {} classes", self.len(), self.names().len()))
            .text("class", self.names())
            .count("rows", &self.counts())
            .bundle()
    }
}

impl Show for LogisticRegression {
    fn bundle(&self) -> Bundle {
        let fit = self.summary();
        let (rows, d) = self.coefficients().dim();
        let lengths: Vec<f64> = self.coefficients().rows().into_iter().map(|w| w.dot(&w).sqrt()).collect();
        let names: Vec<String> = match self.names() {
            [first, second] => vec![format!("{second} against {first}")],
            names if names.len() == rows => names.to_vec(),
            _ => (0..rows).map(|row| format!("row {row}")).collect(),
        };
        Table::new(&format!("Logistic regression on {d} columns"))
            .text("class", &names)
            .number("length of the coefficients", &lengths, 4)
            .number("intercept", &self.intercepts().to_vec(), 4)
            .caption(&format!(
                "objective {:.6}, largest component of its gradient {:.1e}; {} steps of L-BFGS and {} of Newton's{}",
                fit.objective,
                fit.gradient,
                fit.lbfgs_steps,
                fit.newton_steps,
                if fit.converged { "" } else { ", not converged" }
            ))
            .bundle()
    }
}

impl Show for RandomForest {
    fn bundle(&self) -> Bundle {
        Table::new("Random forest")
            .count("trees", &[self.n_trees()])
            .count("columns", &[self.dims()])
            .count("classes", &[self.names().len()])
            .number("out-of-bag accuracy", &[self.out_of_bag_accuracy()], 4)
            .bundle()
    }
}
