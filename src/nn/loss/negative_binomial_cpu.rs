//! The negative binomial likelihood of `f32` numbers on the CPU: one pass over the counts in `f64`, where nothing of
//! the plain formula cancels that matters, and one logarithm where a count is 0, as most are.

use burn::tensor::{DType, TensorData};
use rayon::prelude::*;

use super::negative_binomial::Parts;
use crate::nn::lgamma::{HALF_LN_TWO_PI, SHIFT};
use crate::tensor::{Device, Tensor, cpu};

/// What depends on the inverse dispersion `t` alone.
#[derive(Clone, Copy)]
struct Gene {
    t: f64,
    ln_t: f64,
    ln_gamma: f64,
    digamma: f64,
    epsilon: f64,
}

impl Gene {
    fn new(t: f32, epsilon: f64) -> Self {
        let t = f64::from(t);
        let [ln_gamma, digamma] = ln_gamma_and_slope(t);
        Self { t, ln_t: (t + epsilon).ln(), ln_gamma, digamma, epsilon }
    }

    /// The log-probability of `x` for the mean `m`, and its derivatives by `m` and `t`.
    fn at(&self, x: f32, m: f32) -> [f32; 3] {
        let (x, m, t, epsilon) = (f64::from(x), f64::from(m), self.t, self.epsilon);
        let total = t + m + epsilon;
        let fall = self.ln_t - total.ln();
        let slope = fall + t / (t + epsilon) - (t + x) / total;
        if x == 0.0 {
            return [t * fall, -t / total, slope].map(|v| v as f32);
        }
        let [upper, upper_slope] = ln_gamma_and_slope(x + t);
        let gammas = upper - self.ln_gamma - ln_gamma_and_slope(x + 1.0)[0];
        let value = t * fall + x * ((m + epsilon) / total).ln() + gammas;
        [value, x / (m + epsilon) - (t + x) / total, slope + upper_slope - self.digamma].map(|v| v as f32)
    }
}

/// As [`ln_gamma`](crate::nn::ln_gamma) and [`digamma`](crate::nn::digamma), to 5e-8.
fn ln_gamma_and_slope(x: f64) -> [f64; 2] {
    let (y, p) = (x + SHIFT, x * (x + 1.0) * (x + 2.0));
    let (ln_y, r) = (y.ln(), y.recip());
    let s = r * r;
    let series = ((1.0 / 1260.0 - s / 1680.0) * s - 1.0 / 360.0) * s + 1.0 / 12.0;
    let slope = (((s / 240.0 - 1.0 / 252.0) * s + 1.0 / 120.0) * s - 1.0 / 12.0) * s - 0.5 * r;
    [(y - 0.5) * ln_y - y + HALF_LN_TWO_PI + series * r - p.ln(), ln_y + slope - ((3.0 * x + 6.0) * x + 2.0) / p]
}

/// The likelihood and its derivatives, if the tensors are of `f32`, on the CPU and have one shape; the inverse
/// dispersions may be one row for all.
pub(super) fn on_cpu<const D: usize>(x: &Tensor<D>, m: &Tensor<D>, t: &Tensor<D>, epsilon: f64) -> Option<Parts<D>> {
    let (shape, device) = (x.dims(), x.device());
    let width = *shape.last()?;
    let per_gene = t.dims()[D - 1] == width && t.dims()[..D - 1].iter().all(|&side| side == 1);
    if device != cpu() || m.dims() != shape || !(per_gene || t.dims() == shape) || width == 0 || x.dtype() != DType::F32
    {
        return None;
    }
    let [x, m, t] = [x, m, t].map(|tensor| tensor.to_data());
    let (x, m, t) = (x.as_slice::<f32>().ok()?, m.as_slice::<f32>().ok()?, t.as_slice::<f32>().ok()?);
    let genes: Vec<Gene> = t.par_iter().map(|&t| Gene::new(t, epsilon)).collect();
    let mut parts = [(); 3].map(|()| vec![0f32; x.len()]);
    let [value, by_mean, by_dispersion] = &mut parts;
    let rows = (value.par_chunks_mut(width), by_mean.par_chunks_mut(width), by_dispersion.par_chunks_mut(width));
    rows.into_par_iter().enumerate().for_each(|(row, (value, by_mean, by_dispersion))| {
        let from = row * width;
        let genes = if per_gene { &genes } else { &genes[from..from + width] };
        for (i, gene) in genes.iter().enumerate() {
            [value[i], by_mean[i], by_dispersion[i]] = gene.at(x[from + i], m[from + i]);
        }
    });
    let tensor = |values: Vec<f32>, device: &Device| Tensor::from_data(TensorData::new(values, shape), device);
    let [value, by_mean, by_dispersion] = parts.map(|values| tensor(values, &device));
    Some(Parts { value, by_mean, by_dispersion })
}
