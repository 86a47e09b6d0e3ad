//! Likelihood of counts: the negative binomial distribution, alone and with additional zeros.
//!
//! ```text
//! ln NB(x; m, t) = t [ln(t + e) - ln(t + m + e)] + x [ln(m + e) - ln(t + m + e)]
//!                  + ln Gamma(x + t) - ln Gamma(t) - ln Gamma(x + 1),                 e = 1e-8
//! ln ZINB        = ln(p + (1 - p) NB(0)) where x = 0,  ln(1 - p) + ln NB(x) elsewhere,  p = sigmoid(logit)
//! ```
//!
//! `m` is the mean and `t` the inverse dispersion: the variance is `m + m^2 / t`. The formula is that of scVI (Lopez et
//! al. 2018), with its `e`; [`negative_binomial_with`] takes another one, 0 for the law itself. As it stands, thousands
//! of nats cancel where counts are large, or where `t` is and the distribution becomes Poisson's. With the series of
//! [`ln_gamma`](crate::nn::ln_gamma), its `p`, `r` and `k`, and `y = t + k`, `z = y + x`, `w = x + 1 + k`, what cancels
//! is taken together:
//!
//! ```text
//! ln NB = x ln((m + e) / (t + m + e) z / w) - t ln1p(m / (t + e)) + (y - 1/2) ln1p(x / y) - (k + 1/2) ln w
//!         + ln(p(x + 1) p(t) / p(x + t)) + r(z) - r(y) - r(w) + k + 1 - ln(2 pi)/2
//! ```
//!
//! Its derivatives are computed beside it in closed form, which costs half of what differentiating every step would. On
//! the CPU, which gains nothing from operations on whole tensors, `f32` numbers go through the plain formula in `f64`.
//! Tensors of `f64` are computed in the form above, in which little more than rounding is lost.

use burn::tensor::activation::log_sigmoid;

use super::negative_binomial_cpu::on_cpu;
use crate::nn::lgamma::{HALF_LN_TWO_PI, Series, constant, with_slope};
use crate::tensor::Tensor;

/// What scVI adds inside logarithms.
pub const NB_EPSILON: f64 = 1e-8;

/// Counts from which zero inflation has nothing to explain.
const PRESENT: f64 = 1e-8;

/// The log-probability of every count, in nats: `n x genes` counts and means, `1 x genes` or `n x genes` inverse
/// dispersions to `n x genes`. Gradients flow to mean and inverse dispersion.
///
/// ```
/// use perturbook::nn::loss::negative_binomial;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let [x, mean, dispersion] = [1.0, 1.0, 1.0].map(|v| Tensor::<2>::full([1, 1], v, &cpu()));
/// let p = negative_binomial(x, mean, dispersion).exp().into_scalar();
/// assert!((p - 0.25).abs() < 1e-6); // with t = 1 and m = 1: 1/2, 1/4, 1/8, ...
/// ```
pub fn negative_binomial<const D: usize>(counts: Tensor<D>, mean: Tensor<D>, dispersion: Tensor<D>) -> Tensor<D> {
    negative_binomial_with(counts, mean, dispersion, NB_EPSILON)
}

/// The same with another number inside the logarithms than scVI's [`NB_EPSILON`]. With 0, means and inverse dispersions
/// must be positive.
///
/// ```
/// use burn::tensor::{DType, TensorData};
/// use perturbook::nn::loss::negative_binomial_with;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let number = |v: f64| Tensor::<1>::from_data(TensorData::from([v]), (&cpu(), DType::F64));
/// let log = negative_binomial_with(number(2.0), number(1.0), number(1.0), 0.0).into_data().to_vec::<f64>().unwrap();
/// assert!((log[0] - 0.125f64.ln()).abs() < 1e-14);
/// ```
pub fn negative_binomial_with<const D: usize>(
    counts: Tensor<D>,
    mean: Tensor<D>,
    dispersion: Tensor<D>,
    epsilon: f64,
) -> Tensor<D> {
    let [x, m, t] = [counts, mean.clone(), dispersion.clone()].map(constant);
    let on_host = on_cpu(&x, &m, &t, epsilon);
    let Parts { value, by_mean, by_dispersion } = on_host.unwrap_or_else(|| anywhere(x, m, t, epsilon));
    with_slope(with_slope(value, mean, by_mean), dispersion, by_dispersion)
}

/// The log-probabilities and their derivatives.
pub(super) struct Parts<const D: usize> {
    pub value: Tensor<D>,
    pub by_mean: Tensor<D>,
    pub by_dispersion: Tensor<D>,
}

/// In tensor operations, for any device and shapes that broadcast.
fn anywhere<const D: usize>(x: Tensor<D>, m: Tensor<D>, t: Tensor<D>, epsilon: f64) -> Parts<D> {
    let series = Series::of(&x);
    let shift = series.shift();
    let (t_e, y, p_t) = (t.clone() + epsilon, t.clone() + shift, series.product(t.clone()));
    let (x_t, z, w) = (x.clone() + t.clone(), x.clone() + y.clone(), x.clone() + (shift + 1.0));
    let total = m.clone() + t_e.clone();
    let fall = (m.clone() / t_e.clone()).log1p();
    let rise = (x.clone() / y.clone()).log1p();
    let (one_by_y, one_by_z) = (y.clone().recip(), z.clone().recip());

    let growth = (m.clone() + epsilon) / total.clone() * (z / w.clone());
    let steps = series.product(x.clone() + 1.0) * (p_t / series.product(x_t.clone()));
    let remainders =
        series.remainder(one_by_z.clone()) - series.remainder(one_by_y.clone()) - series.remainder(w.clone().recip())
            + (shift + 1.0 - HALF_LN_TWO_PI);
    let value = x.clone() * growth.log() - t.clone() * fall.clone() + (y - 0.5) * rise.clone()
        - w.log() * (shift + 0.5)
        + steps.log()
        + remainders;

    let by_mean = x.clone() / (m.clone() + epsilon) - x_t.clone() / total.clone();
    let gammas = rise + series.slope_below_log(one_by_z) - series.slope_below_log(one_by_y) - series.product_slope(x_t)
        + series.product_slope(t.clone());
    let by_dispersion = (t * m / t_e - x) / total - fall + gammas;
    Parts { value, by_mean, by_dispersion }
}

/// The same with additional zeros, whose probability is the sigmoid of `zero_logit`, `n x genes`.
///
/// ```
/// use perturbook::nn::loss::zero_inflated_negative_binomial;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let [x, mean, dispersion, logit] = [0.0, 1.0, 1.0, 0.0].map(|v| Tensor::<2>::full([1, 1], v, &cpu()));
/// let p = zero_inflated_negative_binomial(x, mean, dispersion, logit).exp().into_scalar();
/// assert!((p - 0.75).abs() < 1e-6); // 1/2 + 1/2 * 1/2
/// ```
pub fn zero_inflated_negative_binomial<const D: usize>(
    counts: Tensor<D>,
    mean: Tensor<D>,
    dispersion: Tensor<D>,
    zero_logit: Tensor<D>,
) -> Tensor<D> {
    zero_inflated_negative_binomial_with(counts, mean, dispersion, zero_logit, NB_EPSILON)
}

/// The same with another number inside the logarithms, see [`negative_binomial_with`].
pub fn zero_inflated_negative_binomial_with<const D: usize>(
    counts: Tensor<D>,
    mean: Tensor<D>,
    dispersion: Tensor<D>,
    zero_logit: Tensor<D>,
    epsilon: f64,
) -> Tensor<D> {
    let present = counts.clone().greater_elem(PRESENT);
    let plain = negative_binomial_with(counts, mean, dispersion, epsilon);
    // ln(p + (1 - p) NB(0)) = ln NB(0) + softplus(logit - ln NB(0)) - softplus(logit)
    let zeros = softplus(zero_logit.clone() - plain.clone()).mask_fill(present, 0.0);
    plain + zeros - softplus(zero_logit)
}

/// `ln(1 + exp(x))` without overflow.
fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    log_sigmoid(x.neg()).neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu;

    #[test]
    fn both_ways_agree() {
        let numbers = |from: f64, ratio: f64| (0..600).map(move |i| (from * ratio.powi(i % 23 * 7 % 23)) as f32);
        let counts: Vec<f32> = (0..600).map(|i| [0, 1, 3, 20, 800][i * 7 % 5] as f32).collect();
        let row = |values: Vec<f32>| Tensor::<1>::from_floats(values.as_slice(), &cpu()).reshape([4, 150]);
        let (x, m, t) = (row(counts), row(numbers(1e-4, 2.0).collect()), row(numbers(1e-3, 2.4).collect()));
        for t in [t.clone(), t.narrow(0, 0, 1)] {
            let host = on_cpu(&x, &m, &t, NB_EPSILON).expect("on the CPU");
            let tensors = anywhere(x.clone(), m.clone(), t.clone(), NB_EPSILON);
            let apart = |a: Tensor<2>, b: Tensor<2>| ((a - b.clone()).abs() / (b.abs() + 1.0)).max().into_scalar();
            assert!(apart(tensors.value, host.value) < 2e-5);
            assert!(apart(tensors.by_mean, host.by_mean) < 2e-5);
            assert!(apart(tensors.by_dispersion * t.clone(), host.by_dispersion * t) < 2e-4);
        }
        assert!(on_cpu(&x, &m.clone().narrow(0, 0, 1), &x, NB_EPSILON).is_none());
    }
}
