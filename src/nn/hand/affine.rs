//! `y = x W^T + b`, with `dW = dy^T x`, `db` the sum of `dy` over rows, and `dx = dy W`.

use pulp::Arch;

use super::{product, rows};
use crate::nn::Linear;
use crate::nn::state::numbers;

/// The numbers of a linear layer.
pub(crate) struct Affine {
    /// `outputs x inputs`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

impl Affine {
    pub(crate) fn of(linear: &Linear) -> Self {
        let weight = linear.weight.val();
        let outputs = weight.dims()[0];
        let bias = linear.bias.as_ref().map_or_else(|| vec![0.0; outputs], |bias| numbers(bias.val()));
        Self::new(numbers(weight), bias)
    }

    /// Of a weight `outputs x inputs` and as many numbers as outputs.
    pub(crate) fn new(weight: Vec<f32>, bias: Vec<f32>) -> Self {
        let inputs = weight.len() / bias.len();
        Self { weight, bias, inputs }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// `rows x inputs` to `rows x outputs`.
    pub(crate) fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut y = product(rows(x, self.inputs), rows(&self.weight, self.inputs).transpose());
        Arch::new().dispatch(|| {
            for row in y.chunks_exact_mut(self.bias.len()) {
                row.iter_mut().zip(&self.bias).for_each(|(y, bias)| *y += bias);
            }
        });
        y
    }

    /// The gradients of weight and bias from that of `y`.
    pub(crate) fn gradients(&self, x: &[f32], slope: &[f32]) -> [Vec<f32>; 2] {
        let weight = product(rows(slope, self.outputs()).transpose(), rows(x, self.inputs));
        let mut bias = vec![0.0; self.outputs()];
        Arch::new().dispatch(|| {
            for row in slope.chunks_exact(bias.len()) {
                bias.iter_mut().zip(row).for_each(|(bias, slope)| *bias += slope);
            }
        });
        [weight, bias]
    }

    /// The gradient of `x` from that of `y`.
    pub(crate) fn onward(&self, slope: &[f32]) -> Vec<f32> {
        product(rows(slope, self.outputs()), rows(&self.weight, self.inputs))
    }
}
