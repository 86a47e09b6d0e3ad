//! Area under the ROC curve for more than two classes: each class against all others, and the means.

use ndarray::ArrayView2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::confusion_matrix::mean_of_defined;
use super::roc_auc;
use crate::{Error, Result};

/// One-vs-rest areas under ROC curves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneVsRest {
    /// The area of each class; NaN where no row, or every row, belongs to it.
    pub per_class: Vec<f64>,
    /// Unweighted mean of the defined ones.
    pub macro_mean: f64,
    /// Mean of the defined ones weighted by the rows of the class.
    pub weighted: f64,
}

/// Areas for the columns of `scores` (`n x K`), such as probabilities; `truth` holds the column of each row's class.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::classification::one_vs_rest;
///
/// let p = array![[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4], [0.6, 0.2, 0.2]];
/// let areas = one_vs_rest(&[0, 1, 2, 2], p.view())?;
/// assert_eq!(areas.per_class, [1.0, 1.0, 0.75]);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is not one row of scores for each truth, a score is NaN, a class has no column, or all rows belong to one
/// class.
pub fn one_vs_rest(truth: &[usize], scores: ArrayView2<'_, f64>) -> Result<OneVsRest> {
    const PLACE: &str = "one-vs-rest ROC";
    let (n, classes) = scores.dim();
    if truth.len() != n {
        return Err(Error::new(format!("{n} rows of scores for {} rows", truth.len())).at(PLACE));
    }
    if let Some((row, class)) = truth.iter().enumerate().find(|(_, class)| **class >= classes) {
        return Err(Error::new(format!("class {class} has no column of scores")).at(format!("{PLACE}, row {row}")));
    }
    let mut sizes = vec![0usize; classes];
    truth.iter().for_each(|&class| sizes[class] += 1);
    if sizes.iter().filter(|&&size| size > 0).count() < 2 {
        return Err(Error::new("all rows belong to one class").at(PLACE).fix("give rows of two classes or more"));
    }
    let area = |class: usize| {
        if sizes[class] == 0 {
            return Ok(f64::NAN);
        }
        let positive: Vec<bool> = truth.iter().map(|&of| of == class).collect();
        roc_auc(&positive, &scores.column(class).to_vec())
    };
    let per_class = (0..classes).into_par_iter().map(area).collect::<Result<Vec<f64>>>()?;
    let weighted = per_class.iter().zip(&sizes).filter(|(_, size)| **size > 0).map(|(area, &size)| area * size as f64);
    let weighted = weighted.sum::<f64>() / n as f64;
    Ok(OneVsRest { macro_mean: mean_of_defined(&per_class), per_class, weighted })
}
