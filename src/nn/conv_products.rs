//! Convolutions as matrix products, made of tensor operations only: what a GPU uses.
//!
//! ```text
//! taps(x)[image, (channel, kx, ky), (row, column)] = x[image, channel, row stride + ky - padding, column stride + kx - padding]
//! convolution          y = W taps(x)
//! transposed, k = 3, stride 2, padding 1, one more pixel at the end, along each side:
//!     y[2 r] = w[1] x[r],    y[2 r + 1] = w[2] x[r] + w[0] x[r + 1]
//! ```
//!
//! burn computes convolutions on a GPU number by number, and their gradients for weights as convolutions with kernels as
//! large as images, ten times as slow as the products. Pixels outside of the image are 0.

use burn::tensor::{Int, Slice, s};

use super::columns::Kernel;
use crate::tensor::{Backend, Tensor, cat, product};

/// `x` by `weight`, `out x in x k x k`.
pub(super) fn convolved(x: Tensor<4>, weight: Tensor<4>, kernel: Kernel) -> Tensor<4> {
    let [n, _, height, width] = x.dims();
    let [outputs, inputs, side, _] = weight.dims();
    let (rows, columns) = (kernel.steps(height), kernel.steps(width));
    let x = padded(x, [kernel.padding; 2]);
    let x = taps(taps(x, 3, side, kernel.stride, columns), 2, side, kernel.stride, rows);
    let weight = weight.swap_dims(2, 3).reshape([1, outputs, inputs * side * side]);
    product(weight, x.reshape([n, inputs * side * side, rows * columns])).reshape([n, outputs, rows, columns])
}

/// `x` by the transpose of `weight`, `in x out x 3 x 3`, twice as large.
pub(super) fn doubled(x: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    let [n, inputs, rows, columns] = x.dims();
    let outputs = weight.dims()[1];
    let x = taps(taps(padded(x, [0, 1]), 3, 2, 1, columns), 2, 2, 1, rows);
    // Along a side, pixel 2 r reads [x[r], x[r + 1]] with [w[1], 0], pixel 2 r + 1 with [w[2], w[0]].
    let order = || burn::Tensor::<Backend, 1, Int>::from_data([1, 3, 2, 0], &x.device());
    let weight = padded(weight, [0, 1]).select(2, order()).select(3, order());
    // in, out, row's phase, row's tap, column's phase, column's tap
    let weight = weight.reshape([inputs, outputs, 2, 2, 2, 2]).permute([1, 2, 4, 0, 5, 3]);
    let y = product(weight.reshape([1, outputs * 4, inputs * 4]), x.reshape([n, inputs * 4, rows * columns]));
    let y = y.reshape([n, outputs, 2, 2, rows, columns]).permute([0, 1, 4, 2, 5, 3]);
    y.reshape([n, outputs, 2 * rows, 2 * columns])
}

/// `x` with zeros before and after its last two dimensions. burn's `pad` fills memory of the host and uploads it.
fn padded(x: Tensor<4>, [before, after]: [usize; 2]) -> Tensor<4> {
    let [n, channels, height, width] = x.dims();
    if before + after == 0 {
        return x;
    }
    let around = Tensor::zeros([n, channels, height + before + after, width + before + after], &x.device());
    around.slice_assign([0..n, 0..channels, before..before + height, before..before + width], x)
}

/// What each of `side` taps reads along a dimension, in `steps` steps: `n x c x h x w` to `n x (c side) x h' x w'`.
fn taps(x: Tensor<4>, dim: usize, side: usize, stride: usize, steps: usize) -> Tensor<4> {
    let [n, channels, ..] = x.dims();
    let tap = |tap: usize| -> Tensor<5> {
        let mut slices: [Slice; 4] = s![.., .., .., ..];
        slices[dim] = Slice::new(tap as isize, Some((tap + stride * (steps - 1) + 1) as isize), stride as isize);
        x.clone().slice(slices).unsqueeze_dim(2)
    };
    let all = cat((0..side).map(tap).collect(), 2);
    let [.., rows, columns] = all.dims();
    all.reshape([n, channels * side, rows, columns])
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use burn::tensor::module::{conv_transpose2d, conv2d};
    use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};

    use super::*;
    use crate::tensor::{Device, cpu};

    fn numbers(shape: [usize; 4]) -> Tensor<4> {
        let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i * 37 % 101) as f32 * 0.01 - 0.5).collect();
        Tensor::<4>::from_data(TensorData::new(values, shape), &Device::autodiff(cpu())).require_grad()
    }

    /// Both give the same values, and the same gradients of a curved function of them.
    fn agree(x: Tensor<4>, weight: Tensor<4>, found: Tensor<4>, expected: Tensor<4>) {
        assert_eq!(found.dims(), expected.dims());
        assert!((found.clone() - expected.clone()).abs().max().into_scalar() < 1e-5);
        let [found, expected] = [found, expected].map(|y| y.sin().sum().backward());
        for of in [x, weight] {
            let apart = of.grad(&found).unwrap() - of.grad(&expected).unwrap();
            assert!(apart.abs().max().into_scalar() < 1e-4);
        }
    }

    #[test]
    fn products_of_taps_are_convolutions() {
        for [height, width, side, stride, padding] in
            [[7, 6, 3, 2, 1], [8, 8, 3, 1, 1], [5, 9, 4, 2, 1], [6, 6, 3, 3, 0], [6, 3, 5, 1, 2], [4, 4, 1, 2, 0]]
        {
            let (x, weight) = (numbers([2, 3, height, width]), numbers([4, 3, side, side]));
            let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
            let expected = conv2d(x.clone(), weight.clone(), None, options);
            let found = convolved(x.clone(), weight.clone(), Kernel { side, stride, padding });
            agree(x, weight, found, expected);
        }
    }

    #[test]
    fn four_phases_are_the_transposed_convolution() {
        for [height, width] in [[4, 4], [3, 5], [1, 2]] {
            let (x, weight) = (numbers([2, 3, height, width]), numbers([3, 4, 3, 3]));
            let options = ConvTransposeOptions::new([2; 2], [1; 2], [1; 2], [1, 1], 1);
            let expected = conv_transpose2d(x.clone(), weight.clone(), None, options);
            agree(x.clone(), weight.clone(), doubled(x, weight), expected);
        }
    }
}
