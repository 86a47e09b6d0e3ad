//! One convolution of a stack on one image after the other, forward and backward.
//!
//! ```text
//! convolution    y = W unfold(x) + b             dW = dy unfold(x)^T    dx = fold(W^T dy)
//! transposed     y = fold(W^T x) + b             dW = x unfold(dy)^T    dx = W unfold(dy)
//! GELU           a = y Phi(y)                    dy = da (Phi(y) + y phi(y))
//! ```
//!
//! `unfold` puts the pixels under the kernel side by side, `fold` adds them up where they came from.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::nn::columns::{Kernel, fold, unfold};
use crate::nn::gelu::gelu_in_place;
use crate::nn::state::numbers;
use crate::nn::{Conv, ConvTranspose};

/// The numbers of a convolution, and whether a GELU follows.
pub(crate) struct Layer {
    /// The field of the network.
    pub(super) name: &'static str,
    /// `out x (in k k)`, of a transposed one `in x (out k k)`.
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
    kernel: Kernel,
    transposed: bool,
    gelu: bool,
}

/// The sizes of a layer's images.
#[derive(Clone, Copy)]
pub(super) struct Sides {
    /// Height and width of what it reads.
    pub from: [usize; 2],
    /// Of what it gives.
    pub to: [usize; 2],
}

/// The gradients of weight and bias.
pub(super) struct Slopes {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Layer {
    pub(crate) fn of(name: &'static str, conv: &Conv) -> Self {
        let weight = conv.weight.val();
        let [outputs, inputs, ..] = weight.dims();
        let bias = conv.bias.as_ref().map_or_else(|| vec![0.0; outputs], |bias| numbers(bias.val()));
        let weight = numbers(weight);
        Self { name, weight, bias, inputs, outputs, kernel: conv.kernel(), transposed: false, gelu: false }
    }

    pub(crate) fn of_transposed(name: &'static str, conv: &ConvTranspose) -> Self {
        let weight = conv.weight.val();
        let [inputs, outputs, ..] = weight.dims();
        let bias = conv.bias.as_ref().map_or_else(|| vec![0.0; outputs], |bias| numbers(bias.val()));
        let weight = numbers(weight);
        Self { name, weight, bias, inputs, outputs, kernel: conv.kernel(), transposed: true, gelu: false }
    }

    /// The same with a GELU after it.
    pub(crate) fn then_gelu(self) -> Self {
        Self { gelu: true, ..self }
    }

    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// The sizes for images of this height and width.
    pub(super) fn sides(&self, from: [usize; 2]) -> Sides {
        let to = from.map(|side| if self.transposed { side * self.kernel.stride } else { self.kernel.steps(side) });
        Sides { from, to }
    }

    pub(super) fn no_slopes(&self) -> Slopes {
        Slopes { weight: vec![0.0; self.weight.len()], bias: vec![0.0; self.outputs] }
    }

    /// What the layer makes of an image, and the slope of its GELU.
    pub(super) fn forward(&self, x: &[f32], sides: Sides) -> (Vec<f32>, Vec<f32>) {
        let Sides { from, to } = sides;
        let mut y = vec![0.0; self.outputs * to[0] * to[1]];
        y.chunks_exact_mut(to[0] * to[1]).zip(&self.bias).for_each(|(y, &bias)| y.fill(bias));
        if self.transposed {
            let mut columns = vec![0.0; self.taps() * from[0] * from[1]];
            multiply(self.matrix().transpose(), rows(x, self.inputs), &mut columns, Accum::Replace);
            fold(&columns, to, self.kernel, &mut y);
        } else {
            let columns = unfold(x, from, self.kernel);
            multiply(self.matrix(), rows(&columns, self.taps()), &mut y, Accum::Add);
        }
        if !self.gelu {
            return (y, Vec::new());
        }
        let mut slope = vec![0.0; y.len()];
        gelu_in_place(&mut y, &mut slope);
        (y, slope)
    }

    /// Adds an image's share to the gradients of weight and bias, from the gradient `dy` of what the layer gave; and the
    /// gradient of the image where it is `wanted`.
    pub(super) fn backward(
        &self,
        x: &[f32],
        slope: &[f32],
        mut dy: Vec<f32>,
        sides: Sides,
        slopes: &mut Slopes,
        wanted: bool,
    ) -> Vec<f32> {
        let Sides { from, to } = sides;
        dy.iter_mut().zip(slope).for_each(|(dy, slope)| *dy *= slope);
        for (bias, dy) in slopes.bias.iter_mut().zip(dy.chunks_exact(to[0] * to[1])) {
            *bias += dy.iter().sum::<f32>();
        }
        let mut dx = if wanted { vec![0.0; self.inputs * from[0] * from[1]] } else { Vec::new() };
        if self.transposed {
            let columns = unfold(&dy, to, self.kernel);
            let columns = rows(&columns, self.taps());
            multiply(rows(x, self.inputs), columns.transpose(), &mut slopes.weight, Accum::Add);
            if wanted {
                multiply(self.matrix(), columns, &mut dx, Accum::Replace);
            }
        } else {
            let columns = unfold(x, from, self.kernel);
            let dy = rows(&dy, self.outputs);
            multiply(dy, rows(&columns, self.taps()).transpose(), &mut slopes.weight, Accum::Add);
            if wanted {
                let mut columns = columns;
                multiply(self.matrix().transpose(), dy, &mut columns, Accum::Replace);
                fold(&columns, from, self.kernel, &mut dx);
            }
        }
        dx
    }

    /// Rows of what is folded or unfolded.
    fn taps(&self) -> usize {
        let channels = if self.transposed { self.outputs } else { self.inputs };
        channels * self.kernel.side * self.kernel.side
    }

    fn matrix(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.weight, self.weight.len() / self.taps(), self.taps())
    }
}

fn rows(values: &[f32], count: usize) -> MatRef<'_, f32> {
    MatRef::from_row_major_slice(values, count, values.len() / count)
}

fn multiply(left: MatRef<'_, f32>, right: MatRef<'_, f32>, out: &mut [f32], how: Accum) {
    let into = MatMut::from_row_major_slice_mut(out, left.nrows(), right.ncols());
    matmul(into, how, left, right, 1.0, Par::Seq);
}
