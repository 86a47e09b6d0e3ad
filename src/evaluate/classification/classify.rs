//! How well a label can be read from points by logistic regression, on rows it was not fitted on.
//!
//! A model is fitted for each [`Fold`](super::Fold); the scores are those of all tested rows together. With folds, areas
//! under ROC curves compare probabilities of several models.

use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::{
    Classes, ConfusionMatrix, LogisticConfig, LogisticRegression, OneVsRest, Protocol, log_loss, one_vs_rest, predicted,
};
use crate::evaluate::dense::{finite_matrix, require_labels};
use crate::reduce::Points;
use crate::{Error, Result};

/// How a label is read. The default is that of Multi-ContrastiveVAE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassifyConfig {
    /// How models are fitted.
    pub logistic: LogisticConfig,
    /// Which rows are for training, which for the test.
    pub protocol: Protocol,
    /// Seed of the splits.
    pub seed: u64,
}

/// One model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldScore {
    /// Rows it was fitted on.
    pub n_train: usize,
    /// Rows it was tested on.
    pub n_test: usize,
    /// Share of those predicted rightly.
    pub accuracy: f64,
    /// Whether the fit converged.
    pub converged: bool,
}

/// Predictions for the tested rows, and their scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Classified {
    /// Which rows were tested, ascending.
    pub rows: Vec<usize>,
    /// Their classes.
    pub truth: Classes,
    /// Their predicted classes, as positions in `truth.names()`.
    pub predicted: Vec<usize>,
    /// Probability of each class, `rows x K`.
    pub probabilities: Array2<f64>,
    /// True against predicted classes.
    pub confusion: ConfusionMatrix,
    /// One-vs-rest areas under ROC curves.
    pub auroc: OneVsRest,
    /// Mean cross-entropy in nats.
    pub log_loss: f64,
    /// The models.
    pub folds: Vec<FoldScore>,
}

impl Classified {
    /// Share of the tested rows predicted rightly.
    pub fn accuracy(&self) -> f64 {
        self.confusion.accuracy()
    }

    /// Mean recall of the classes.
    pub fn balanced_accuracy(&self) -> f64 {
        self.confusion.balanced_accuracy()
    }

    /// Mean F1 of the classes.
    pub fn f1_macro(&self) -> f64 {
        self.confusion.f1_macro()
    }

    /// Share of the tested rows that belong to the largest class: what always guessing it would give.
    pub fn majority(&self) -> f64 {
        let most = self.truth.counts().into_iter().max().unwrap_or(0);
        most as f64 / self.rows.len().max(1) as f64
    }
}

/// Reads `classes` from `points`; rows of one of the `groups` are never on both sides.
///
/// ```
/// use ndarray::Array2;
/// use perturbook::evaluate::classification::{Classes, ClassifyConfig, classify};
///
/// let x = Array2::from_shape_fn((40, 1), |(i, _)| if i % 2 == 0 { 0.0 } else { 5.0 } + 0.01 * i as f64);
/// let labels: Vec<&str> = (0..40).map(|i| if i % 2 == 0 { "control" } else { "hit" }).collect();
/// let read = classify(&x, &Classes::new(&labels)?, None, &ClassifyConfig::default())?;
/// assert_eq!((read.rows.len(), read.accuracy(), read.auroc.macro_mean), (16, 1.0, 1.0));
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one class, and one group, for each point, a value is not finite, the rows cannot be divided, the test
/// rows belong to one class, or the work was stopped.
pub fn classify(
    points: &dyn Points,
    classes: &Classes,
    groups: Option<&Classes>,
    config: &ClassifyConfig,
) -> Result<Classified> {
    classify_matrix(finite_matrix(points, "classification")?.view(), classes, groups, config)
}

/// The same for a matrix that holds finite values only.
pub(super) fn classify_matrix(
    x: ArrayView2<'_, f64>,
    classes: &Classes,
    groups: Option<&Classes>,
    config: &ClassifyConfig,
) -> Result<Classified> {
    require_labels(x.nrows(), classes.len(), "classification")?;
    let mut tested: Vec<(usize, Vec<f64>)> = Vec::new();
    let mut folds = Vec::new();
    for fold in config.protocol.folds(classes, groups, config.seed)? {
        let train = x.select(Axis(0), &fold.train);
        let model = LogisticRegression::fit_matrix(train, &classes.select(&fold.train), &config.logistic)?;
        if crate::stop::requested() {
            return Err(Error::new("the classification was stopped").fix("run the cell again"));
        }
        let p = model.probabilities_of(x.select(Axis(0), &fold.test).view())?;
        let right = predicted(p.view()).into_iter().zip(&fold.test).filter(|(c, row)| *c == classes.codes()[**row]);
        folds.push(FoldScore {
            n_train: fold.train.len(),
            n_test: fold.test.len(),
            accuracy: right.count() as f64 / fold.test.len() as f64,
            converged: model.summary().converged,
        });
        tested.extend(fold.test.into_iter().zip(p.rows()).map(|(row, p)| (row, p.to_vec())));
    }
    tested.sort_by_key(|(row, _)| *row);
    let (rows, p): (Vec<usize>, Vec<Vec<f64>>) = tested.into_iter().unzip();
    let truth = classes.select(&rows);
    let probabilities = Array2::from_shape_fn((rows.len(), truth.names().len()), |(row, class)| p[row][class]);
    let predicted = predicted(probabilities.view());
    Ok(Classified {
        confusion: ConfusionMatrix::new(truth.codes(), &predicted, truth.names())?,
        auroc: one_vs_rest(truth.codes(), probabilities.view())?,
        log_loss: log_loss(truth.codes(), probabilities.view())?,
        rows,
        truth,
        predicted,
        probabilities,
        folds,
    })
}
