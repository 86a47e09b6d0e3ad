//! Logistic regression with a quadratic penalty, fitted to convergence.
//!
//! ```text
//! minimise  1/2 |W|^2 + C sum_i s_i CE_i        s_i = 1, or n / (K n_c) when balanced; intercepts are free
//! ```
//!
//! with softmax over `K` rows of coefficients for three classes or more, and one row for two (see `objective.rs`). L-BFGS
//! comes close, and Newton's steps add the last digits: the fit has converged when no component of the gradient of this
//! objective is larger than the tolerance. Multi-ContrastiveVAE uses `C = 1`, balanced weights and no scaling; its code
//! stops after 100 steps of L-BFGS, which unscaled features seldom converge in, so that its numbers may differ by about 0.01.

use ndarray::{Array1, Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::objective::{Objective, to_probabilities};
use super::{ClassWeight, Classes, LogisticConfig, LogisticFit, Standardiser, lbfgs, newton, predicted};
use crate::evaluate::dense::{finite_matrix, require_labels};
use crate::reduce::Points;
use crate::{Error, Result};

/// A fitted model.
///
/// ```
/// use ndarray::array;
/// use perturbook::evaluate::classification::{Classes, LogisticConfig, LogisticRegression};
///
/// let x = array![[0.0], [1.0], [2.0], [3.0]];
/// let classes = Classes::new(&["control", "control", "hit", "hit"])?;
/// let model = LogisticRegression::fit(&x, &classes, &LogisticConfig::default())?;
/// assert!(model.summary().converged);
/// assert!((model.probabilities(&array![[1.5]])?[[0, 1]] - 0.5).abs() < 1e-8); // half-way
/// assert_eq!(model.predict(&array![[-1.0], [9.0]])?, [0, 1]);
/// # Ok::<(), perturbook::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogisticRegression {
    names: Vec<String>,
    /// The classes that had training rows.
    seen: Vec<usize>,
    coefficients: Array2<f64>,
    intercepts: Array1<f64>,
    standardiser: Option<Standardiser>,
    fit: LogisticFit,
}

impl LogisticRegression {
    /// Fits `points` of these `classes`. A class without a row is known by name, and never predicted.
    ///
    /// A request to stop ends the search where it is; `summary().converged` is then false.
    ///
    /// # Errors
    /// When there is not one class for each point, fewer than two classes have points, a value is not finite, or `C` or the
    /// tolerance is not above 0.
    pub fn fit(points: &dyn Points, classes: &Classes, config: &LogisticConfig) -> Result<Self> {
        let x = finite_matrix(points, "logistic regression")?;
        Self::fit_matrix(x, classes, config)
    }

    /// The same for a matrix that holds finite values only.
    pub(super) fn fit_matrix(x: Array2<f64>, classes: &Classes, config: &LogisticConfig) -> Result<Self> {
        const PLACE: &str = "logistic regression";
        let _stoppable = crate::stop::stoppable();
        require_labels(x.nrows(), classes.len(), PLACE)?;
        for (name, value) in [("C", config.c), ("tolerance", config.tolerance)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::new(format!("{name} is {value}")).at(PLACE).fix("use a number above 0"));
            }
        }
        let counts = classes.counts();
        let seen: Vec<usize> = (0..counts.len()).filter(|&class| counts[class] > 0).collect();
        if seen.len() < 2 {
            return Err(Error::new(format!("all {} points belong to one class", classes.len()))
                .at(PLACE)
                .fix("give points of two classes or more"));
        }
        let (standardiser, x) = match config.standardise {
            true => {
                let standardiser = Standardiser::fit(x.view())?;
                let scaled = standardiser.transform(x.view())?;
                (Some(standardiser), scaled)
            }
            false => (None, x),
        };
        let mut number = vec![0; counts.len()];
        seen.iter().enumerate().for_each(|(k, &class)| number[class] = k);
        let codes: Vec<usize> = classes.codes().iter().map(|&class| number[class]).collect();
        let balanced = |&class: &usize| match config.class_weight {
            ClassWeight::Equal => config.c,
            ClassWeight::Balanced => config.c * x.nrows() as f64 / (seen.len() as f64 * counts[class] as f64),
        };
        let weights: Array1<f64> = classes.codes().iter().map(balanced).collect();
        let objective = Objective::new(x.view(), &codes, seen.len(), weights);
        let found = search(&objective, config);
        let rows = objective.rows();
        let d = x.ncols();
        let point =
            Array2::from_shape_vec((rows, d + 1), found.1.at.to_vec()).map_err(|e| Error::new(e.to_string()))?;
        let mut intercepts = point.column(d).to_owned();
        if rows > 1 {
            // a common shift changes nothing: they are given with sum 0
            intercepts -= intercepts.sum() / rows as f64;
        }
        Ok(Self {
            names: classes.names().to_vec(),
            seen,
            coefficients: point.slice(s![.., ..d]).to_owned(),
            intercepts,
            standardiser,
            fit: found.0,
        })
    }

    /// `K x d` for three classes or more, in the order of those that had training rows; `1 x d` for two, towards the
    /// second. Of standardised columns where those were asked for.
    pub fn coefficients(&self) -> ArrayView2<'_, f64> {
        self.coefficients.view()
    }

    /// One number for each row of coefficients; they sum to 0 for three classes or more.
    pub fn intercepts(&self) -> &Array1<f64> {
        &self.intercepts
    }

    /// The names of all classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How the fit went.
    pub fn summary(&self) -> LogisticFit {
        self.fit
    }

    /// Probability of each class, `n x K`; 0 for classes without training rows.
    ///
    /// # Errors
    /// When there are more or fewer columns than in training, or a value is not finite.
    pub fn probabilities(&self, points: &dyn Points) -> Result<Array2<f64>> {
        self.probabilities_of(finite_matrix(points, "logistic regression")?.view())
    }

    /// The most probable class of each point, as its position in [`LogisticRegression::names`].
    ///
    /// # Errors
    /// As of [`LogisticRegression::probabilities`].
    pub fn predict(&self, points: &dyn Points) -> Result<Vec<usize>> {
        Ok(predicted(self.probabilities(points)?.view()))
    }

    pub(super) fn probabilities_of(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let d = self.coefficients.ncols();
        if x.ncols() != d {
            return Err(Error::new(format!("{} columns, but the model was fitted on {d}", x.ncols()))
                .at("logistic regression")
                .fix("give the columns it was fitted on"));
        }
        let scaled = self.standardiser.as_ref().map(|standardiser| standardiser.transform(x)).transpose()?;
        let x = scaled.as_ref().map_or(x, |scaled| scaled.view());
        let mut p = x.dot(&self.coefficients.t()) + &self.intercepts;
        to_probabilities(&mut p);
        let mut all = Array2::zeros((x.nrows(), self.names.len()));
        if let [first, second] = self.seen[..] {
            all.column_mut(second).assign(&p.column(0));
            all.column_mut(first).assign(&p.column(0).mapv(|p| 1.0 - p));
        } else {
            for (k, &class) in self.seen.iter().enumerate() {
                all.column_mut(class).assign(&p.column(k));
            }
        }
        Ok(all)
    }
}

/// The minimum, and how it was found.
fn search(objective: &Objective<'_>, config: &LogisticConfig) -> (LogisticFit, lbfgs::Minimum) {
    let evaluate = |at: &Array1<f64>| objective.gradient(at);
    let close = lbfgs::minimise(Array1::zeros(objective.len()), evaluate, config.tolerance, config.max_steps);
    let lbfgs_steps = close.steps;
    let curvature_at = |at: &Array1<f64>| {
        let probabilities = objective.probabilities(at);
        move |along: &Array1<f64>| objective.curvature(&probabilities, along)
    };
    let found = newton::polish(close, evaluate, curvature_at, config.tolerance, config.newton_steps);
    let gradient = found.largest();
    let fit = LogisticFit {
        objective: found.value,
        gradient,
        lbfgs_steps,
        newton_steps: found.steps,
        converged: gradient <= config.tolerance,
    };
    (fit, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(n: usize, d: usize) -> (Array2<f64>, Classes) {
        let x = Array2::from_shape_fn((n, d), |(i, j)| {
            ((i * 7 + j * 13 + i * i * j) % 23) as f64 * 100.0f64.powi(j as i32)
        });
        let labels: Vec<String> = (0..n).map(|i| ["a", "b", "c"][(i + i / 5) % 3].to_owned()).collect();
        (x, Classes::new(&labels).unwrap())
    }

    #[test]
    fn columns_of_very_different_scale_converge() {
        let (x, classes) = points(60, 4);
        let config = LogisticConfig { standardise: true, ..LogisticConfig::default() };
        assert!(LogisticRegression::fit(&x, &classes, &config).unwrap().summary().converged);
    }

    #[test]
    fn classes_without_rows_are_never_predicted() {
        let x = ndarray::array![[0.0], [1.0], [2.0], [3.0]];
        let names = ["a", "b", "c"].map(String::from).to_vec();
        let classes = Classes::from_codes(vec![0, 0, 2, 2], names).unwrap();
        let model = LogisticRegression::fit(&x, &classes, &LogisticConfig::default()).unwrap();
        let p = model.probabilities(&x).unwrap();
        assert!(p.column(1).iter().all(|&p| p == 0.0));
        assert!(p.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12));
        assert_eq!(model.predict(&x).unwrap(), [0, 0, 2, 2]);
    }

    #[test]
    fn constant_columns_get_no_weight() {
        let x = ndarray::array![[0.0, 7.0], [1.0, 7.0], [2.0, 7.0], [3.0, 7.0]];
        let classes = Classes::new(&["a", "a", "b", "b"]).unwrap();
        let config = LogisticConfig { standardise: true, ..LogisticConfig::default() };
        let model = LogisticRegression::fit(&x, &classes, &config).unwrap();
        assert_eq!(model.coefficients()[[0, 1]], 0.0);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (x, classes) = points(500, 3);
        let config = LogisticConfig { standardise: true, ..LogisticConfig::default() };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| LogisticRegression::fit(&x, &classes, &config).unwrap())
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn what_cannot_be_fitted_says_so() {
        let (x, classes) = points(6, 2);
        let refused = |config: &LogisticConfig| LogisticRegression::fit(&x, &classes, config).unwrap_err().to_string();
        assert!(refused(&LogisticConfig { c: 0.0, ..LogisticConfig::default() }).contains("C is 0"));
        assert!(refused(&LogisticConfig { tolerance: f64::NAN, ..LogisticConfig::default() }).contains("tolerance"));
        let one = Classes::new(&["a"; 6]).unwrap();
        assert!(LogisticRegression::fit(&x, &one, &LogisticConfig::default()).is_err());
        let few = Classes::new(&["a", "b"]).unwrap();
        assert!(LogisticRegression::fit(&x, &few, &LogisticConfig::default()).is_err());
        let model = LogisticRegression::fit(&x, &classes, &LogisticConfig::default()).unwrap();
        assert!(model.predict(&ndarray::array![[1.0]]).is_err());
    }
}
