//! The last digits of a minimum: Newton's steps, each solved by conjugate gradients.
//!
//! Near the minimum values of the function differ by less than rounding, but gradients still tell: a step is taken when it
//! makes the gradient shorter, else halved. Only products of the second derivatives with vectors are needed.

use ndarray::Array1;

use super::lbfgs::Minimum;

/// Halvings of one step.
const HALVINGS: usize = 12;
/// A linear system is solved to this share of its right-hand side.
const RELATIVE: f64 = 1e-4;

/// Goes on from `found` until no component of the gradient is larger than `tolerance`, or a step no longer helps.
///
/// `curvature_at` gives, for a point, the product of the second derivatives there with any vector.
pub(super) fn polish<C: Fn(&Array1<f64>) -> Array1<f64>>(
    mut here: Minimum,
    evaluate: impl Fn(&Array1<f64>) -> (f64, Array1<f64>),
    curvature_at: impl Fn(&Array1<f64>) -> C,
    tolerance: f64,
    max_steps: usize,
) -> Minimum {
    here.steps = 0;
    while here.steps < max_steps && here.largest() > tolerance && !crate::stop::requested() {
        let step = solve(curvature_at(&here.at), -&here.gradient);
        let before = here.gradient.dot(&here.gradient);
        let mut length = 1.0;
        let next = (0..HALVINGS).find_map(|_| {
            let mut at = here.at.clone();
            at.scaled_add(length, &step);
            length *= 0.5;
            let (value, gradient) = evaluate(&at);
            (gradient.dot(&gradient) < before).then_some((at, value, gradient))
        });
        let Some((at, value, gradient)) = next else { break };
        here = Minimum { at, value, gradient, steps: here.steps + 1 };
    }
    here
}

/// The vector that `product` maps to `target`, by conjugate gradients; parts of `target` that no vector is mapped to must
/// be 0 (a shift of all intercepts changes nothing, and the gradient has no such part).
fn solve(product: impl Fn(&Array1<f64>) -> Array1<f64>, target: Array1<f64>) -> Array1<f64> {
    let mut found = Array1::zeros(target.len());
    let mut residual = target;
    let mut direction = residual.clone();
    let mut squares = residual.dot(&residual);
    let enough = RELATIVE * RELATIVE * squares;
    for _ in 0..2 * residual.len() {
        if squares <= enough {
            break;
        }
        let image = product(&direction);
        let bend = direction.dot(&image);
        if bend.is_nan() || bend <= 0.0 {
            break;
        }
        let step = squares / bend;
        found.scaled_add(step, &direction);
        residual.scaled_add(-step, &image);
        let next = residual.dot(&residual);
        direction *= next / squares;
        direction += &residual;
        squares = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_quadratic_function_takes_a_few_steps() {
        let matrix = array![[4.0, 1.0], [1.0, 3.0]];
        let target = array![1.0, 2.0];
        let evaluate = |at: &Array1<f64>| {
            let image = matrix.dot(at);
            (0.5 * at.dot(&image) - at.dot(&target), image - &target)
        };
        let start = array![9.0, -7.0];
        let (value, gradient) = evaluate(&start);
        let from = Minimum { at: start, value, gradient, steps: 0 };
        let found = polish(from, evaluate, |_| |along: &Array1<f64>| matrix.dot(along), 1e-12, 20);
        assert!((&found.at - &array![1.0 / 11.0, 7.0 / 11.0]).iter().all(|v| v.abs() < 1e-12), "{found:?}");
    }
}
