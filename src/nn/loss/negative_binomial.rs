//! Likelihood of counts: the negative binomial distribution, alone and with additional zeros.
//!
//! ```text
//! ln NB(x; m, t) = t [ln(t + e) - ln(t + m + e)] + x [ln(m + e) - ln(t + m + e)]
//!                  + ln Gamma(x + t) - ln Gamma(t) - ln Gamma(x + 1),                 e = 1e-8
//! ln ZINB        = ln(p + (1 - p) NB(0)) where x = 0,  ln(1 - p) + ln NB(x) elsewhere,  p = sigmoid(logit)
//! ```
//!
//! `m` is the mean and `t` the inverse dispersion: the variance is `m + m^2 / t`. The formula is that of scVI (Lopez et
//! al. 2018), with its `e`. As it stands, thousands of nats cancel where counts are large, or where `t` is and the
//! distribution becomes Poisson's. With the series of [`ln_gamma`](crate::nn::ln_gamma), its `p` and `r`, and `y = t + 3`,
//! `z = y + x`, `w = x + 4`, what cancels is taken together:
//!
//! ```text
//! ln NB = x ln((m + e) / (t + m + e) z / w) - t ln1p(m / (t + e)) + (y - 1/2) ln1p(x / y) - 7/2 ln w
//!         + ln(p(x + 1) p(t) / p(x + t)) + r(z) - r(y) - r(w) + 4 - ln(2 pi)/2
//! ```
//!
//! Its derivatives are computed beside it in closed form, which costs half of what differentiating every step would. On
//! the CPU, which gains nothing from operations on whole tensors, the plain formula is computed in `f64`.

use burn::tensor::activation::log_sigmoid;

use super::negative_binomial_cpu::on_cpu;
use crate::nn::lgamma::{
    HALF_LN_TWO_PI, SHIFT, constant, product, product_slope, remainder, slope_below_log, with_slope,
};
use crate::tensor::Tensor;

/// What scVI adds inside logarithms.
pub(super) const EPSILON: f64 = 1e-8;

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
    let [x, m, t] = [counts, mean.clone(), dispersion.clone()].map(constant);
    let Parts { value, by_mean, by_dispersion } = on_cpu(&x, &m, &t).unwrap_or_else(|| anywhere(x, m, t));
    with_slope(with_slope(value, mean, by_mean), dispersion, by_dispersion)
}

/// The log-probabilities and their derivatives.
pub(super) struct Parts<const D: usize> {
    pub value: Tensor<D>,
    pub by_mean: Tensor<D>,
    pub by_dispersion: Tensor<D>,
}

/// In tensor operations, for any device and shapes that broadcast.
fn anywhere<const D: usize>(x: Tensor<D>, m: Tensor<D>, t: Tensor<D>) -> Parts<D> {
    let (t_e, y, p_t) = (t.clone() + EPSILON, t.clone() + SHIFT, product(t.clone()));
    let (x_t, z, w) = (x.clone() + t.clone(), x.clone() + y.clone(), x.clone() + 4.0);
    let total = m.clone() + t_e.clone();
    let fall = (m.clone() / t_e.clone()).log1p();
    let rise = (x.clone() / y.clone()).log1p();
    let (one_by_y, one_by_z) = (y.clone().recip(), z.clone().recip());

    let growth = (m.clone() + EPSILON) / total.clone() * (z / w.clone());
    let steps = product(x.clone() + 1.0) * (p_t / product(x_t.clone()));
    let remainders = remainder(one_by_z.clone()) - remainder(one_by_y.clone()) - remainder(w.clone().recip())
        + (4.0 - HALF_LN_TWO_PI);
    let value = x.clone() * growth.log() - t.clone() * fall.clone() + (y - 0.5) * rise.clone() - w.log() * 3.5
        + steps.log()
        + remainders;

    let by_mean = x.clone() / (m.clone() + EPSILON) - x_t.clone() / total.clone();
    let gammas =
        rise + slope_below_log(one_by_z) - slope_below_log(one_by_y) - product_slope(x_t) + product_slope(t.clone());
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
    let present = counts.clone().greater_elem(EPSILON);
    let plain = negative_binomial(counts, mean, dispersion);
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
            let host = on_cpu(&x, &m, &t).expect("on the CPU");
            let tensors = anywhere(x.clone(), m.clone(), t.clone());
            let apart = |a: Tensor<2>, b: Tensor<2>| ((a - b.clone()).abs() / (b.abs() + 1.0)).max().into_scalar();
            assert!(apart(tensors.value, host.value) < 2e-5);
            assert!(apart(tensors.by_mean, host.by_mean) < 2e-5);
            assert!(apart(tensors.by_dispersion * t.clone(), host.by_dispersion * t) < 2e-4);
        }
        assert!(on_cpu(&x, &m.clone().narrow(0, 0, 1), &x).is_none());
    }
}
