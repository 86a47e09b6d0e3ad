//! What logistic regression minimises, with its gradient and the product of its second derivatives with a vector.
//!
//! Over rows `x_i` of class `y_i` with weight `s_i`, coefficients `W` and free intercepts `b`:
//!
//! ```text
//! K > 2:  1/2 |W|_F^2 + C sum_i s_i (ln sum_k exp(w_k x_i + b_k) - (w_y x_i + b_y))      K rows
//! K = 2:  1/2 |w|^2   + C sum_i s_i ln(1 + exp(-t_i (w x_i + b))),   t = +1 for class 1      one row
//! ```
//!
//! The second is not the first with two rows: half the penalty would fall on each (scikit-learn makes the same
//! distinction). A point of the search is `R x (d + 1)` numbers, the intercept last in each of the `R` rows.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, aview2, s};

/// Rows, classes and weights.
pub(super) struct Objective<'a> {
    x: ArrayView2<'a, f64>,
    classes: &'a [usize],
    /// `C s_i`.
    weights: Array1<f64>,
    rows: usize,
}

impl<'a> Objective<'a> {
    /// `classes` are numbers below `n_classes`, all of which occur; `weights` are the `C s_i`.
    pub fn new(x: ArrayView2<'a, f64>, classes: &'a [usize], n_classes: usize, weights: Array1<f64>) -> Self {
        Self { x, classes, weights, rows: if n_classes == 2 { 1 } else { n_classes } }
    }

    /// Rows of coefficients, `R`.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers of a point, `R (d + 1)`.
    pub fn len(&self) -> usize {
        self.rows * (self.x.ncols() + 1)
    }

    /// The rows of a point, `R x (d + 1)`.
    fn shaped<'p>(&self, point: &'p Array1<f64>) -> ArrayView2<'p, f64> {
        let view: ArrayView1<'p, f64> = point.view();
        view.into_shape_with_order((self.rows, self.x.ncols() + 1)).unwrap_or_else(|_| aview2::<f64, 1>(&[]))
    }

    /// `x w + b`, `n x R`.
    fn logits(&self, point: &Array1<f64>) -> Array2<f64> {
        let rows = self.shaped(point);
        let d = self.x.ncols();
        self.x.dot(&rows.slice(s![.., ..d]).t()) + rows.column(d)
    }

    /// Value and gradient at a point.
    pub fn gradient(&self, point: &Array1<f64>) -> (f64, Array1<f64>) {
        let mut residual = self.logits(point);
        let mut loss = 0.0;
        for ((mut row, &class), &weight) in residual.rows_mut().into_iter().zip(self.classes).zip(&self.weights) {
            loss += weight * if self.rows == 1 { binary(&mut row, class) } else { softmax(&mut row, class) };
            row *= weight;
        }
        let squares = self.shaped(point).slice(s![.., ..self.x.ncols()]).iter().map(|w| w * w).sum::<f64>();
        (loss + 0.5 * squares, self.back(&residual, point))
    }

    /// The probabilities at a point, `n x R`; of class 1 where there are two.
    pub fn probabilities(&self, point: &Array1<f64>) -> Array2<f64> {
        let mut logits = self.logits(point);
        to_probabilities(&mut logits);
        logits
    }

    /// Second derivatives times `along`, at the point with these probabilities.
    pub fn curvature(&self, probabilities: &Array2<f64>, along: &Array1<f64>) -> Array1<f64> {
        let mut change = self.logits(along);
        for ((mut row, p), &weight) in change.rows_mut().into_iter().zip(probabilities.rows()).zip(&self.weights) {
            if self.rows == 1 {
                row[0] *= weight * p[0] * (1.0 - p[0]);
            } else {
                let mean = p.dot(&row);
                row.zip_mut_with(&p, |v, &p| *v = weight * p * (*v - mean));
            }
        }
        self.back(&change, along)
    }

    /// From derivatives by logits (`n x R`) to derivatives by a point, and those of its own penalty.
    fn back(&self, by_logits: &Array2<f64>, point: &Array1<f64>) -> Array1<f64> {
        let d = self.x.ncols();
        let mut rows = self.shaped(point).to_owned();
        rows.column_mut(d).fill(0.0);
        let mut weights = rows.slice_mut(s![.., ..d]);
        weights += &by_logits.t().dot(&self.x);
        rows.column_mut(d).assign(&by_logits.sum_axis(Axis(0)));
        Array1::from_iter(rows)
    }
}

/// Turns logits into `p - y`, and gives the cross-entropy.
fn softmax(row: &mut ndarray::ArrayViewMut1<'_, f64>, class: usize) -> f64 {
    let largest = row.fold(f64::NEG_INFINITY, |most, v| most.max(*v));
    let own = row[class] - largest;
    row.mapv_inplace(|v| (v - largest).exp());
    let sum = row.sum();
    row.mapv_inplace(|v| v / sum);
    row[class] -= 1.0;
    sum.ln() - own
}

/// The same for one logit, of class 1.
fn binary(row: &mut ndarray::ArrayViewMut1<'_, f64>, class: usize) -> f64 {
    let logit = row[0];
    row[0] = sigmoid(logit) - if class == 1 { 1.0 } else { 0.0 };
    let margin = if class == 1 { logit } else { -logit };
    (-margin.abs()).exp().ln_1p() + (-margin).max(0.0)
}

/// Without overflow on either side.
fn sigmoid(logit: f64) -> f64 {
    let small = (-logit.abs()).exp();
    if logit >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// Softmax of each row, or the logistic function where there is one column.
pub(super) fn to_probabilities(logits: &mut Array2<f64>) {
    if logits.ncols() == 1 {
        return logits.mapv_inplace(sigmoid);
    }
    for mut row in logits.rows_mut() {
        let largest = row.fold(f64::NEG_INFINITY, |most, v| most.max(*v));
        row.mapv_inplace(|v| (v - largest).exp());
        let sum = row.sum();
        row.mapv_inplace(|v| v / sum);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Derivatives by central differences.
    fn agrees(classes: &[usize], n_classes: usize) {
        let x = array![[0.3, -1.0], [1.2, 0.4], [-0.7, 0.9], [0.1, 0.2]];
        let objective = Objective::new(x.view(), classes, n_classes, array![0.5, 1.0, 2.0, 1.5]);
        let at = Array1::from_shape_fn(objective.len(), |i| (i as f64 * 1.3).sin());
        let (_, gradient) = objective.gradient(&at);
        let probabilities = objective.probabilities(&at);
        for i in 0..at.len() {
            let moved = |by: f64| {
                let mut to = at.clone();
                to[i] += by;
                objective.gradient(&to)
            };
            let (up, down) = (moved(1e-5), moved(-1e-5));
            assert!(((up.0 - down.0) / 2e-5 - gradient[i]).abs() < 1e-8);
            let mut along = Array1::zeros(at.len());
            along[i] = 1.0;
            let curvature = objective.curvature(&probabilities, &along);
            let differences = (up.1 - down.1) / 2e-5;
            assert!(curvature.iter().zip(&differences).all(|(a, b)| (a - b).abs() < 1e-8));
        }
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        agrees(&[0, 1, 2, 1], 3);
        agrees(&[0, 1, 1, 0], 2);
    }

    #[test]
    fn far_logits_do_not_overflow() {
        let x = array![[800.0], [-900.0]];
        for (classes, n) in [([0, 1], 2), ([0, 1], 3)] {
            let objective = Objective::new(x.view(), &classes, n, Array1::ones(2));
            let (value, gradient) = objective.gradient(&Array1::ones(objective.len()));
            assert!(value.is_finite() && gradient.iter().all(|g| g.is_finite()));
        }
    }
}
