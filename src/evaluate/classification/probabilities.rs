//! What follows from predicted probabilities: the class, the log loss, whether the truth is among the first.

use ndarray::ArrayView2;

use crate::{Error, Result};

/// The column of the largest probability of each row; of equal ones the first. NaN is never the largest, and a row of
/// nothing else, or of no column, has 0.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::classification::predicted;
///
/// assert_eq!(predicted(array![[0.2, 0.8], [0.5, 0.5]].view()), [1, 0]);
/// ```
pub fn predicted(probabilities: ArrayView2<'_, f64>) -> Vec<usize> {
    let largest = |row: ndarray::ArrayView1<'_, f64>| {
        row.iter()
            .enumerate()
            .fold((0, f64::NEG_INFINITY), |best, (class, &p)| if p > best.1 { (class, p) } else { best })
            .0
    };
    probabilities.rows().into_iter().map(largest).collect()
}

/// Mean cross-entropy `-ln p(true class)` in nats; probabilities below 2.2e-16 count as that, those above 1 as 1.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::classification::log_loss;
///
/// let loss = log_loss(&[0, 1], array![[0.5, 0.5], [0.75, 0.25]].view())?;
/// assert!((loss - (2.0_f64.ln() + 4.0_f64.ln()) / 2.0).abs() < 1e-12);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When there is no row, not one row of probabilities for each truth, a class has no column, or a probability is NaN.
pub fn log_loss(truth: &[usize], probabilities: ArrayView2<'_, f64>) -> Result<f64> {
    check(truth, probabilities, "log loss")?;
    let loss = |(row, &class): (usize, &usize)| -probabilities[[row, class]].clamp(f64::EPSILON, 1.0).ln();
    Ok(truth.iter().enumerate().map(loss).sum::<f64>() / truth.len() as f64)
}

/// Share of the rows whose class is among the `k` most probable ones, 1 where `k` is at least the number of classes; a class that ties with others for the last place
/// counts when fewer than `k` classes are more probable or equal and earlier.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::classification::top_k_accuracy;
///
/// let p = array![[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]];
/// assert_eq!(top_k_accuracy(&[1, 2], p.view(), 2)?, 0.5);
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// As of [`log_loss`], and when `k` is 0.
pub fn top_k_accuracy(truth: &[usize], probabilities: ArrayView2<'_, f64>, k: usize) -> Result<f64> {
    check(truth, probabilities, "top-k accuracy")?;
    if k == 0 {
        return Err(Error::new("no class is among the first 0").at("top-k accuracy").fix("use k of at least 1"));
    }
    let among = |(row, &class): (usize, &usize)| {
        let p = probabilities.row(row);
        let before = p.iter().enumerate().filter(|&(c, &v)| v > p[class] || (v == p[class] && c < class)).count();
        usize::from(before < k)
    };
    Ok(truth.iter().enumerate().map(among).sum::<usize>() as f64 / truth.len() as f64)
}

fn check(truth: &[usize], probabilities: ArrayView2<'_, f64>, place: &str) -> Result<()> {
    let (n, classes) = probabilities.dim();
    if truth.len() != n || n == 0 {
        return Err(Error::new(format!("{n} rows of probabilities for {} rows", truth.len()))
            .at(place.to_owned())
            .fix("give one row of probabilities for each truth, and at least one"));
    }
    if let Some((row, class)) = truth.iter().enumerate().find(|(_, class)| **class >= classes) {
        return Err(Error::new(format!("class {class} has no column")).at(format!("{place}, row {row}")));
    }
    if let Some(((row, class), _)) = probabilities.indexed_iter().find(|(_, p)| p.is_nan()) {
        return Err(Error::new("a probability is NaN")
            .at(format!("{place}, row {row}, class {class}"))
            .fix("drop these rows first"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn impossible_classes_and_certainties_have_defined_answers() {
        let certain = array![[1.0, 0.0]];
        assert_eq!(log_loss(&[0], certain.view()).unwrap(), 0.0);
        assert_eq!(log_loss(&[1], certain.view()).unwrap(), -f64::EPSILON.ln());
        assert!(log_loss(&[2], certain.view()).is_err());
        assert!(log_loss(&[0, 0], certain.view()).is_err());
        assert!(top_k_accuracy(&[0], certain.view(), 0).is_err());
        assert_eq!(top_k_accuracy(&[1], array![[0.5, 0.5]].view(), 1).unwrap(), 0.0);
    }
}
