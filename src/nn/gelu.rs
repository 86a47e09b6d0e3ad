//! The Gaussian error linear unit, `x Phi(x)`, with `Phi` the distribution function of a standard normal number.
//!
//! ```text
//! y = x Phi(x),    dy/dx = Phi(x) + x phi(x),    phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
//! ```
//!
//! On the CPU both are computed in one pass by all threads, and the tape keeps the slope: `y = x slope + rest` with a
//! constant `rest`. `Phi` is `erfc` by formula 7.1.26 of Abramowitz and Stegun (1964), which is off by at most 1.5e-7 and
//! shares its exponential with `phi`. On a GPU both are made of tensor operations. burn's own is not used: its gradient is
//! that of the approximation by tanh, which moves gradients of whole networks by up to 2e-3 of their largest number.

use burn::tensor::{DType, TensorData};
use pulp::Arch;
use rayon::prelude::*;

use super::lgamma::constant;
use crate::tensor::{Tensor, cpu};

/// `1 / sqrt(2 pi)`.
const BELL: f32 = 0.398_942_3;

/// What one thread does at a time.
const BLOCK: usize = 1 << 13;

/// `x Phi(x)` for every element; any shape.
///
/// ```
/// use perturbook::nn::gelu;
/// use perturbook::tensor::{Device, Tensor, cpu};
///
/// let x = Tensor::<1>::from_floats([1.0], &Device::autodiff(cpu())).require_grad();
/// let y = gelu(x.clone());
/// assert!((y.clone().into_scalar() - 0.841_344_7).abs() < 1e-6); // Phi(1)
/// let slope = x.grad(&y.backward()).unwrap().into_scalar();
/// assert!((slope - 1.083_315_5).abs() < 1e-6); // Phi(1) + phi(1)
/// ```
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let still = constant(x.clone());
    let [slope, rest] = on_cpu(&still).unwrap_or_else(|| elsewhere(still));
    x * slope + rest
}

/// The slope, and what `x` times the slope leaves of the value.
fn elsewhere<const D: usize>(x: Tensor<D>) -> [Tensor<D>; 2] {
    let phi = ((x.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5;
    // At 15 nothing is left of the bell, and infinity times 0 is no number.
    let near = x.clamp(-15.0, 15.0);
    let lean = (near.clone().powi_scalar(2) * -0.5).exp() * near.clone() * BELL;
    [phi + lean.clone(), lean * near.neg()]
}

/// The same in one pass; none unless `x` is of `f32` and on the CPU.
fn on_cpu<const D: usize>(x: &Tensor<D>) -> Option<[Tensor<D>; 2]> {
    let (shape, device) = (x.dims(), x.device());
    if device != cpu() || x.dtype() != DType::F32 {
        return None;
    }
    let data = x.to_data();
    let x = data.as_slice::<f32>().ok()?;
    let mut parts = [(); 2].map(|()| vec![0f32; x.len()]);
    let [slope, rest] = &mut parts;
    let blocks = slope.par_chunks_mut(BLOCK).zip(rest.par_chunks_mut(BLOCK)).zip(x.par_chunks(BLOCK));
    let arch = Arch::new();
    blocks.for_each(|((slope, rest), x)| {
        arch.dispatch(|| {
            for ((slope, rest), &x) in slope.iter_mut().zip(rest.iter_mut()).zip(x) {
                [*slope, *rest] = slope_and_rest(x);
            }
        });
    });
    Some(parts.map(|values| Tensor::from_data(TensorData::new(values, shape), &device)))
}

/// Puts the value in the place of each number, and the slope there into `slope`.
pub(crate) fn gelu_in_place(x: &mut [f32], slope: &mut [f32]) {
    Arch::new().dispatch(|| {
        for (x, slope) in x.iter_mut().zip(slope.iter_mut()) {
            let [lean, rest] = slope_and_rest(*x);
            (*slope, *x) = (lean, *x * lean + rest);
        }
    });
}

/// The slope, and what `x` times the slope leaves of the value. Without branches, so that the loop around it works on several
/// numbers at once.
#[inline(always)]
fn slope_and_rest(x: f32) -> [f32; 2] {
    let size = x.abs();
    let bell = exp_minus(0.5 * size * size);
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * size);
    let series = ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    let tail = 0.5 * series * bell;
    let phi = if x > 0.0 { 1.0 - tail } else { tail };
    // Beyond 14 the bell is below what it starts from, and infinity times 0 is no number.
    let lean = if size < 14.0 { x * bell * BELL } else { 0.0 };
    let slope = phi + lean;
    let rest = if size < 14.0 { x * phi - x * slope } else { 0.0 };
    [slope, rest]
}

/// `exp(-u)` for `u` at least 0, off by at most 3e-7 of it; 0 from 87 on.
#[inline(always)]
pub(crate) fn exp_minus(u: f32) -> f32 {
    // Adding and taking away 1.5 * 2^23 rounds; the low bits of the sum are the whole number.
    const ROUND: f32 = 12_582_912.0;
    let power = u.min(87.0) * -std::f32::consts::LOG2_E;
    let sum = power + ROUND;
    let f = (power - (sum - ROUND)) * std::f32::consts::LN_2;
    let series = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f / 720.0)))));
    let scale = f32::from_bits(sum.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    if u < 87.0 { series * scale } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::function::erf::erfc;

    #[test]
    fn value_and_slope_are_those_of_the_formula() {
        for i in -4_000..=4_000 {
            let x = i as f32 * 0.01;
            let [slope, rest] = slope_and_rest(x);
            let wide = f64::from(x);
            let phi = 0.5 * erfc(-wide / 2f64.sqrt());
            let bell = (-0.5 * wide * wide).exp() * 0.398_942_280_401_432_7;
            for [slope, rest] in [[slope, rest], of_tensors(x)] {
                assert!((f64::from(slope) - phi - wide * bell).abs() < 6e-7, "slope at {x}: {slope}");
                let value = f64::from(x * slope + rest);
                assert!((value - wide * phi).abs() < 3e-7 * wide.abs().max(1.0), "value at {x}: {value}");
            }
        }
        for of in [slope_and_rest, of_tensors] {
            assert_eq!(of(f32::INFINITY), [1.0, 0.0]);
            assert!(of(f32::NAN)[0].is_nan());
        }
    }

    fn of_tensors(x: f32) -> [f32; 2] {
        elsewhere(Tensor::<1>::from_floats([x], &cpu())).map(|t| t.into_scalar())
    }
}
