//! L-BFGS: the minimum of a smooth function from its values and gradients (Nocedal 1980; Liu and Nocedal 1989).
//!
//! The last [`MEMORY`] moves and changes of the gradient stand for the second derivatives. Each step is shortened until the
//! value falls by at least `1e-4` of what the slope promises (Armijo), to the minimum of the parabola through what is known
//! of the line. The search ends when no component of the gradient is larger than the tolerance, after the allowed number of
//! steps, at a request to stop, or when rounding hides any further fall of the value.

use std::collections::VecDeque;

use ndarray::Array1;

/// Moves that are remembered.
const MEMORY: usize = 10;
/// Shortenings of one step.
const SHORTENINGS: usize = 40;
/// Part of the promised fall that a step must bring.
const ARMIJO: f64 = 1e-4;

/// Where a search has come to.
#[derive(Clone, Debug)]
pub(super) struct Minimum {
    pub at: Array1<f64>,
    pub value: f64,
    pub gradient: Array1<f64>,
    /// Steps taken.
    pub steps: usize,
}

impl Minimum {
    /// The largest component of the gradient.
    pub fn largest(&self) -> f64 {
        self.gradient.fold(0.0_f64, |most, g| most.max(g.abs()))
    }
}

/// Searches from `start`; `evaluate` gives value and gradient.
pub(super) fn minimise(
    start: Array1<f64>,
    evaluate: impl Fn(&Array1<f64>) -> (f64, Array1<f64>),
    tolerance: f64,
    max_steps: usize,
) -> Minimum {
    let (value, gradient) = evaluate(&start);
    let mut here = Minimum { at: start, value, gradient, steps: 0 };
    let mut memory: VecDeque<Move> = VecDeque::with_capacity(MEMORY + 1);
    while here.steps < max_steps && here.largest() > tolerance && !crate::stop::requested() {
        let mut direction = -towards(&memory, &here.gradient);
        let mut slope = direction.dot(&here.gradient);
        if slope.is_nan() || slope >= 0.0 {
            memory.clear();
            direction = -here.gradient.clone();
            slope = -here.gradient.dot(&here.gradient);
        }
        let first = if memory.is_empty() { 1.0 / here.gradient.dot(&here.gradient).sqrt().max(1.0) } else { 1.0 };
        let Some((at, value, gradient)) = along(&here, &direction, slope, first, &evaluate) else { break };
        let (step, change) = (&at - &here.at, &gradient - &here.gradient);
        let product = step.dot(&change);
        if product > f64::EPSILON * change.dot(&change) {
            memory.push_back(Move { step, change, inverse: 1.0 / product });
        }
        if memory.len() > MEMORY {
            memory.pop_front();
        }
        let fallen = here.value - value;
        here = Minimum { at, value, gradient, steps: here.steps + 1 };
        if fallen <= f64::EPSILON * value.abs() {
            break;
        }
    }
    here
}

struct Move {
    step: Array1<f64>,
    change: Array1<f64>,
    /// `1 / (step . change)`.
    inverse: f64,
}

/// The remembered inverse of the second derivatives times the gradient (two loops).
fn towards(memory: &VecDeque<Move>, gradient: &Array1<f64>) -> Array1<f64> {
    let mut direction = gradient.clone();
    let mut shares = Vec::with_capacity(memory.len());
    for Move { step, change, inverse } in memory.iter().rev() {
        let share = inverse * step.dot(&direction);
        direction.scaled_add(-share, change);
        shares.push(share);
    }
    if let Some(last) = memory.back() {
        direction *= 1.0 / (last.inverse * last.change.dot(&last.change));
    }
    for (Move { step, change, inverse }, share) in memory.iter().zip(shares.into_iter().rev()) {
        let rest = share - inverse * change.dot(&direction);
        direction.scaled_add(rest, step);
    }
    direction
}

/// The first point along the line whose value has fallen enough.
fn along(
    from: &Minimum,
    direction: &Array1<f64>,
    slope: f64,
    first: f64,
    evaluate: &impl Fn(&Array1<f64>) -> (f64, Array1<f64>),
) -> Option<(Array1<f64>, f64, Array1<f64>)> {
    let mut step = first;
    for _ in 0..SHORTENINGS {
        let mut at = from.at.clone();
        at.scaled_add(step, direction);
        let (value, gradient) = evaluate(&at);
        if value.is_finite() && value <= from.value + ARMIJO * step * slope {
            return Some((at, value, gradient));
        }
        let bend = value - from.value - step * slope;
        let shorter = -slope * step / (2.0 * bend);
        step *= if shorter.is_finite() { shorter.clamp(0.1, 0.5) } else { 0.5 };
    }
    None
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_curved_valley_is_followed_to_its_lowest_point() {
        // Rosenbrock's function
        let valley = |at: &Array1<f64>| {
            let (a, b) = (1.0 - at[0], at[1] - at[0] * at[0]);
            (a * a + 100.0 * b * b, array![-2.0 * a - 400.0 * at[0] * b, 200.0 * b])
        };
        let found = minimise(array![-1.2, 1.0], valley, 1e-9, 500);
        assert!((&found.at - &array![1.0, 1.0]).iter().all(|v| v.abs() < 1e-8), "{found:?}");
        assert!(found.steps < 100);
        assert_eq!(minimise(array![-1.2, 1.0], valley, 1e-9, 3).steps, 3);
    }

    #[test]
    fn a_minimum_is_left_alone() {
        let found = minimise(array![0.0], |at| (at[0] * at[0], array![2.0 * at[0]]), 1e-9, 500);
        assert_eq!((found.steps, found.value), (0, 0.0));
    }
}
