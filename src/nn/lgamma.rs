//! `ln Gamma` and its derivative for positive numbers, element by element.
//!
//! Stirling's series is accurate for `y >= 3`; the recurrence `Gamma(x + 1) = x Gamma(x)` brings every `x > 0` there:
//!
//! ```text
//! y = x + 3,  p = x (x + 1) (x + 2)
//! ln Gamma(x) = (y - 1/2) ln y - y + ln(2 pi)/2 + r(y) - ln p
//! r(y)        = 1/(12 y) - 1/(360 y^3) + 1/(1260 y^5) - 1/(1680 y^7),     cut off below 5e-8
//! digamma(x)  = ln y - 1/(2 y) + r'(y) - p'/p
//! ```
//!
//! In `f32` and for `x` from 1e-8 to 1e6 the error is at most `1.3e-6 max(1, |value|)`, for both functions.

use crate::tensor::Tensor;

/// `ln(2 pi) / 2`.
pub(crate) const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// What is added to `x` before the series is used.
pub(crate) const SHIFT: f64 = 3.0;

/// `ln Gamma` of every element, with [`digamma`] for its gradient.
///
/// ```
/// use perturbook::nn::ln_gamma;
/// use perturbook::tensor::{Device, Tensor, cpu};
///
/// let x = Tensor::<1>::from_floats([5.0], &Device::autodiff(cpu())).require_grad();
/// let y = ln_gamma(x.clone());
/// assert!((y.clone().into_scalar() - 24f32.ln()).abs() < 1e-6); // Gamma(5) = 4!
/// let slope = x.grad(&y.backward()).unwrap().into_scalar();
/// assert!((slope - 1.506_118).abs() < 1e-6);
/// ```
pub fn ln_gamma<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let plain = constant(x.clone());
    let y = plain.clone() + SHIFT;
    let main = (y.clone() - 0.5) * y.clone().log() - y.clone();
    let value = main + remainder(y.recip()) + HALF_LN_TWO_PI - product(plain.clone()).log();
    with_slope(value, x, digamma(plain))
}

/// The derivative of `ln Gamma` at every element; no gradient flows through it.
///
/// ```
/// use perturbook::nn::digamma;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let y = digamma(Tensor::<1>::from_floats([1.0], &cpu()));
/// assert!((y.into_scalar() + 0.577_215_7).abs() < 1e-6); // minus Euler's constant
/// ```
pub fn digamma<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let x = constant(x);
    let y = x.clone() + SHIFT;
    y.clone().log() + slope_below_log(y.recip()) - product_slope(x)
}

/// `r(y)` of `one_by = 1 / y`.
pub(crate) fn remainder<const D: usize>(one_by: Tensor<D>) -> Tensor<D> {
    let square = one_by.clone() * one_by.clone();
    let series = (square.clone() * (-1.0 / 1680.0) + 1.0 / 1260.0) * square.clone() - 1.0 / 360.0;
    (series * square + 1.0 / 12.0) * one_by
}

/// `r'(y) - 1 / (2 y)` of `one_by = 1 / y`: the digamma function of `y` without its logarithm.
pub(crate) fn slope_below_log<const D: usize>(one_by: Tensor<D>) -> Tensor<D> {
    let square = one_by.clone() * one_by.clone();
    let series = (square.clone() * (1.0 / 240.0) - 1.0 / 252.0) * square.clone() + 1.0 / 120.0;
    (series * square.clone() - 1.0 / 12.0) * square - one_by * 0.5
}

/// `p = x (x + 1) (x + 2)`.
pub(crate) fn product<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    ((x.clone() + 3.0) * x.clone() + 2.0) * x
}

/// `p' / p`.
pub(crate) fn product_slope<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    ((x.clone() * 3.0 + 6.0) * x.clone() + 2.0) / product(x)
}

/// The numbers of `x` alone: what is computed from them is not recorded for gradients.
///
/// Unlike burn's `detach`, which lets a parameter stay one.
pub(crate) fn constant<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.set_require_grad(false)
}

/// `value` with `slope` for its derivative by `x`. Both are constants, so that the many operations behind them are
/// neither recorded nor differentiated.
pub(crate) fn with_slope<const D: usize>(value: Tensor<D>, x: Tensor<D>, slope: Tensor<D>) -> Tensor<D> {
    value + (x.clone() - constant(x)) * slope
}
