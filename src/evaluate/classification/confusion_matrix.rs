//! Which class was taken for which, and the scores that follow from these counts.
//!
//! Rows are true classes, columns predicted ones. With `t_c` true, `p_c` predicted and `h_c` rightly predicted rows of
//! class `c`:
//!
//! ```text
//! accuracy          = sum h_c / N
//! recall_c          = h_c / t_c                balanced accuracy = mean over classes with t_c > 0
//! precision_c       = h_c / p_c
//! F1_c              = 2 h_c / (t_c + p_c)      macro F1 = mean over classes with t_c + p_c > 0
//! ```
//!
//! The F1 of a class that is only true or only predicted is 0. A class that is neither is not seen: its numbers are NaN,
//! and no mean counts it.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Counts of true against predicted classes, `K x K`.
///
/// ```
/// use perturbook::evaluate::classification::ConfusionMatrix;
///
/// let names = ["a", "b", "c"].map(String::from);
/// let matrix = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 1, 1], &names)?;
/// assert_eq!((matrix.accuracy(), matrix.balanced_accuracy()), (0.75, 0.75));
/// assert!((matrix.f1_macro() - (2.0 / 3.0 + 0.8) / 2.0).abs() < 1e-12);
/// assert!(matrix.recall()[2].is_nan()); // class c is not seen
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    names: Vec<String>,
    counts: Array2<u64>,
}

/// Cells that are taken for controls, and controls for cells (SC-VAE, Figure 6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escape {
    /// The control class.
    pub control: String,
    /// For each other class that is seen its share predicted as control: cells that escaped the perturbation.
    pub escaped: Vec<(String, f64)>,
    /// The same over all cells that are no controls; NaN without any.
    pub escaped_overall: f64,
    /// Share of the controls predicted as some perturbation; NaN without controls.
    pub false_perturbed: f64,
}

impl ConfusionMatrix {
    /// Counts rows with these true and predicted classes, as positions in `names`.
    ///
    /// # Errors
    /// When there is no row, there are not as many predictions as truths, or a class has no name.
    pub fn new(truth: &[usize], predicted: &[usize], names: &[String]) -> Result<Self> {
        const PLACE: &str = "confusion matrix";
        if truth.len() != predicted.len() || truth.is_empty() {
            return Err(Error::new(format!("{} predictions for {} rows", predicted.len(), truth.len()))
                .at(PLACE)
                .fix("give one prediction for each row, and at least one row"));
        }
        let mut counts = Array2::zeros((names.len(), names.len()));
        for (row, (&truth, &predicted)) in truth.iter().zip(predicted).enumerate() {
            let Some(count) = counts.get_mut((truth, predicted)) else {
                return Err(Error::new(format!("class {} has no name", truth.max(predicted)))
                    .at(format!("{PLACE}, row {row}"))
                    .fix(format!("use numbers below {}", names.len())));
            };
            *count += 1;
        }
        Ok(Self { names: names.to_vec(), counts })
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The counts, true classes by predicted classes.
    pub fn counts(&self) -> ArrayView2<'_, u64> {
        self.counts.view()
    }

    /// Each row divided by its sum: the share of a true class that is predicted as each class; NaN in rows without counts.
    pub fn row_normalised(&self) -> Array2<f64> {
        let mut shares = self.counts.mapv(|count| count as f64);
        for mut row in shares.rows_mut() {
            let sum = row.sum();
            row.mapv_inplace(|count| count / sum);
        }
        shares
    }

    /// Share of rows on the diagonal.
    pub fn accuracy(&self) -> f64 {
        self.counts.diag().sum() as f64 / self.counts.sum() as f64
    }

    /// Mean recall of the classes that have rows.
    pub fn balanced_accuracy(&self) -> f64 {
        mean_of_defined(&self.recall())
    }

    /// Share of each class that is predicted as such.
    pub fn recall(&self) -> Vec<f64> {
        self.shares(|right, truth, _| right / truth)
    }

    /// Share of the rows predicted as each class that belong to it; 0 where nothing was predicted.
    pub fn precision(&self) -> Vec<f64> {
        self.shares(|right, truth, predicted| match (truth + predicted > 0.0, predicted > 0.0) {
            (true, false) => 0.0,
            _ => right / predicted,
        })
    }

    /// Harmonic mean of precision and recall of each class; 0 where one of them is undefined.
    pub fn f1(&self) -> Vec<f64> {
        self.shares(|right, truth, predicted| 2.0 * right / (truth + predicted))
    }

    /// Mean F1 of the classes that are true or predicted somewhere.
    pub fn f1_macro(&self) -> f64 {
        mean_of_defined(&self.f1())
    }

    /// How often the others are taken for `control`, and the reverse.
    ///
    /// ```
    /// use perturbook::evaluate::classification::ConfusionMatrix;
    ///
    /// let names = ["NTC", "RPL3"].map(String::from);
    /// let escape = ConfusionMatrix::new(&[0, 0, 1, 1], &[0, 1, 0, 1], &names)?.escape("NTC")?;
    /// assert_eq!((escape.escaped_overall, escape.false_perturbed), (0.5, 0.5));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no class is named so.
    pub fn escape(&self, control: &str) -> Result<Escape> {
        let at = self.names.iter().position(|name| name == control).ok_or_else(|| {
            Error::new(format!("no class is named {control:?}")).at("confusion matrix").fix("look at names()")
        })?;
        let totals: Vec<f64> = self.counts.rows().into_iter().map(|row| row.sum() as f64).collect();
        let taken = |class: usize| self.counts[[class, at]] as f64;
        let others: Vec<usize> = (0..self.names.len()).filter(|&class| class != at && totals[class] > 0.0).collect();
        let all: f64 = others.iter().map(|&class| totals[class]).sum();
        Ok(Escape {
            control: control.to_owned(),
            escaped: others.iter().map(|&class| (self.names[class].clone(), taken(class) / totals[class])).collect(),
            escaped_overall: others.iter().map(|&class| taken(class)).sum::<f64>() / all,
            false_perturbed: (totals[at] - taken(at)) / totals[at],
        })
    }

    /// A number for each class from its right, true and predicted rows.
    fn shares(&self, of: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
        let class = |c: usize| {
            let (truth, predicted) = (self.counts.row(c).sum(), self.counts.column(c).sum());
            of(self.counts[[c, c]] as f64, truth as f64, predicted as f64)
        };
        (0..self.names.len()).map(class).collect()
    }
}

/// The mean of the numbers that are not NaN.
pub(super) fn mean_of_defined(values: &[f64]) -> f64 {
    let defined: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    defined.iter().sum::<f64>() / defined.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_only_predicted_count_as_zero() {
        let names = ["a", "b", "c", "d"].map(String::from);
        let matrix = ConfusionMatrix::new(&[0, 0, 2], &[0, 1, 0], &names).unwrap();
        assert_eq!(matrix.f1()[..3], [0.5, 0.0, 0.0]);
        assert!(matrix.f1()[3].is_nan() && matrix.precision()[3].is_nan());
        assert_eq!(matrix.f1_macro(), 0.5 / 3.0);
        assert_eq!(matrix.precision()[..3], [0.5, 0.0, 0.0]);
        assert_eq!(matrix.balanced_accuracy(), 0.25);
        assert!(matrix.row_normalised().row(1).iter().all(|v| v.is_nan()));
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        let names = ["a"].map(String::from);
        assert!(ConfusionMatrix::new(&[0], &[1], &names).unwrap_err().to_string().contains("class 1 has no name"));
        assert!(ConfusionMatrix::new(&[0], &[], &names).is_err());
        assert!(ConfusionMatrix::new(&[], &[], &names).is_err());
        assert!(ConfusionMatrix::new(&[0], &[0], &names).unwrap().escape("NTC").is_err());
    }
}
