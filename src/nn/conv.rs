//! Convolutions of square kernels over `n x channels x rows x columns`, and their transposes.
//!
//! burn differentiates a convolution by its weight as a convolution whose kernel is as large as the image, and by its bias
//! on a transposed copy. So on the CPU kernels of single pixels are matrix products, the gradient of a strided convolution's
//! weight is one, and a bias is added to rows; on a GPU every convolution is a product. Numbers are the same but for rounding.

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use rand_chacha::ChaCha8Rng;

use super::Init;
use super::columns::{Kernel, columns};
use super::conv_products::{convolved, doubled};
use super::lgamma::constant;
use super::rows::{image_rows, of_images};
use crate::tensor::{Backend, Device, Tensor, cpu};

/// A convolution.
#[derive(Module, Debug)]
pub struct Conv<B: Burn = Backend> {
    /// `out x in x k x k`.
    pub weight: Param<burn::Tensor<B, 4>>,
    /// One number per output channel.
    pub bias: Option<Param<burn::Tensor<B, 1>>>,
    stride: usize,
    padding: usize,
}

impl Conv {
    /// A convolution of `channels = [in, out]` with a kernel of side `side`, stride 1 and no padding.
    ///
    /// ```
    /// use perturbook::nn::{Conv, Init};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let conv = Conv::new([4, 8], 3, Init::Uniform, &mut rng, &cpu()).strided(2).padded(1);
    /// assert_eq!(conv.forward(Tensor::zeros([2, 4, 64, 64], &cpu())).dims(), [2, 8, 32, 32]);
    /// ```
    pub fn new(channels: [usize; 2], side: usize, init: Init, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let [inputs, outputs] = channels;
        let (fan_in, fan_out) = (inputs * side * side, outputs * side * side);
        let weight = init.weight([outputs, inputs, side, side], fan_in, fan_out, rng, device);
        let bias = init.bias(outputs, fan_in, rng, device);
        Self { weight: Param::from_tensor(weight), bias: Some(Param::from_tensor(bias)), stride: 1, padding: 0 }
    }

    /// The same without a bias.
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }

    /// The same with steps of `stride` pixels.
    pub fn strided(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    /// The same with `padding` zeros on each border.
    pub fn padded(mut self, padding: usize) -> Self {
        self.padding = padding;
        self
    }

    pub(super) fn kernel(&self) -> Kernel {
        Kernel { side: self.weight.dims()[2], stride: self.stride, padding: self.padding }
    }

    /// `n x in x rows x columns` to `n x out x rows' x columns'`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.apply(x, self.bias.as_ref().map(Param::val))
    }

    /// The change of the output for a change `dx` of the input: the same without the bias.
    pub fn tangent(&self, dx: Tensor<4>) -> Tensor<4> {
        self.apply(dx, None)
    }

    fn apply(&self, x: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
        let weight = self.weight.val();
        let options = ConvOptions::new([self.stride; 2], [self.padding; 2], [1, 1], 1);
        let kernel = self.kernel();
        if x.device() != cpu() {
            return with_bias(convolved(x, weight, kernel), bias);
        }
        let y = match (kernel.side, self.stride, self.padding) {
            (1, 1, 0) => of_pixels(x, weight),
            (_, 1, _) => conv2d(x, weight, None, options),
            _ => strided(x, weight, kernel, options),
        };
        with_bias(y, bias)
    }
}

/// A convolution of single pixels: a matrix product for each image.
fn of_pixels(x: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
    let ([n, inputs, rows, columns], outputs) = (x.dims(), weight.dims()[0]);
    let y = weight.reshape([1, outputs, inputs]).matmul(x.reshape([n, inputs, rows * columns]));
    y.reshape([n, outputs, rows, columns])
}

/// A convolution whose gradient for the weight is a matrix product: the second term is 0, and carries only that.
fn strided(x: Tensor<4>, weight: Tensor<4>, kernel: Kernel, options: ConvOptions<2>) -> Tensor<4> {
    let columns = if weight.is_require_grad() { columns(&constant(x.clone()), kernel) } else { None };
    let Some(columns) = columns else { return conv2d(x, weight, None, options) };
    let [outputs, inputs, side, _] = weight.dims();
    let still = constant(weight.clone());
    let y = conv2d(x, still.clone(), None, options);
    let shape = y.dims();
    let moved = (weight - still).reshape([1, outputs, inputs * side * side]).matmul(columns);
    y + moved.reshape(shape)
}

/// Images plus a number for each channel; gradients add up rows on a CPU, and images first on a GPU.
fn with_bias(x: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
    let (shape, Some(bias)) = (x.dims(), bias) else { return x };
    if x.device() != cpu() {
        return x + bias.reshape([1, shape[1], 1, 1]);
    }
    (image_rows(x) + of_images(bias, shape[0])).reshape(shape)
}

/// A transposed convolution: its stride makes the image larger.
#[derive(Module, Debug)]
pub struct ConvTranspose<B: Burn = Backend> {
    /// `in x out x k x k`.
    pub weight: Param<burn::Tensor<B, 4>>,
    /// One number per output channel.
    pub bias: Option<Param<burn::Tensor<B, 1>>>,
    stride: usize,
    padding: usize,
    padding_out: usize,
}

impl ConvTranspose {
    /// A transposed convolution of `channels = [in, out]` that doubles the sides: kernel 3, stride 2, padding 1 and one
    /// more pixel at the end.
    ///
    /// ```
    /// use perturbook::nn::{ConvTranspose, Init};
    /// use perturbook::tensor::{Tensor, cpu};
    /// use rand::SeedableRng;
    ///
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let grow = ConvTranspose::doubling([8, 4], Init::Uniform, &mut rng, &cpu());
    /// assert_eq!(grow.forward(Tensor::zeros([2, 8, 16, 16], &cpu())).dims(), [2, 4, 32, 32]);
    /// ```
    pub fn doubling(channels: [usize; 2], init: Init, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let ([inputs, outputs], side) = (channels, 3);
        let (fan_in, fan_out) = (outputs * side * side, inputs * side * side);
        let weight = init.weight([inputs, outputs, side, side], fan_in, fan_out, rng, device);
        let bias = init.bias(outputs, fan_in, rng, device);
        Self {
            weight: Param::from_tensor(weight),
            bias: Some(Param::from_tensor(bias)),
            stride: 2,
            padding: 1,
            padding_out: 1,
        }
    }

    pub(super) fn kernel(&self) -> Kernel {
        Kernel { side: self.weight.dims()[2], stride: self.stride, padding: self.padding }
    }

    /// `n x in x rows x columns` to `n x out x rows' x columns'`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvTransposeOptions::new([self.stride; 2], [self.padding; 2], [self.padding_out; 2], [1, 1], 1);
        let bias = self.bias.as_ref().map(Param::val);
        let y = if x.device() == cpu() {
            conv_transpose2d(x, self.weight.val(), None, options)
        } else {
            doubled(x, self.weight.val())
        };
        with_bias(y, bias)
    }
}
