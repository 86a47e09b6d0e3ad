//! Something that consumes images: training steps of a small convolutional VAE, as in `numeric/workloads.rs`.

use burn::tensor::activation::relu;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use ndarray::Array4;
use perturbook::tensor::{Device, Tensor, cpu};

/// Channels after the first and second layer, and length of the code.
const WIDTHS: (usize, usize, usize) = (32, 64, 32);

/// The weights, on the CPU.
pub struct Trainer {
    device: Device,
    kernels: Vec<Tensor<4>>,
    layers: Vec<Tensor<2>>,
}

impl Trainer {
    /// A VAE of images of `channels x height x width`, whose sides are divided by 4 on the way to the code.
    pub fn new((channels, height, width): (usize, usize, usize)) -> Self {
        let (device, flat) = (Device::autodiff(cpu()), WIDTHS.1 * (height / 4) * (width / 4));
        let kernels = [
            [WIDTHS.0, channels, 4, 4],
            [WIDTHS.1, WIDTHS.0, 4, 4],
            [WIDTHS.1, WIDTHS.0, 4, 4],
            [WIDTHS.0, channels, 4, 4],
        ];
        let layers = [[flat, WIDTHS.2], [flat, WIDTHS.2], [WIDTHS.2, flat]];
        Self {
            kernels: kernels.map(|shape| values(shape, &device).require_grad()).into(),
            layers: layers.map(|shape| values(shape, &device).require_grad()).into(),
            device,
        }
    }

    /// Forward, loss, gradients, update; images are `n x channels x height x width`.
    pub fn step(&mut self, images: &Array4<f32>) {
        let (n, channels, height, width) = images.dim();
        let flat = WIDTHS.1 * (height / 4) * (width / 4);
        let pixels = images.as_slice().expect("batches are in C order");
        let images = Tensor::<1>::from_floats(pixels, &self.device).reshape([n, channels, height, width]);
        let shrink = ConvOptions::new([2, 2], [1, 1], [1, 1], 1);
        let grow = ConvTransposeOptions::new([2, 2], [1, 1], [0, 0], [1, 1], 1);
        let (kernels, layers) = (&mut self.kernels, &mut self.layers);
        let x = relu(conv2d(images.clone(), kernels[0].clone(), None, shrink.clone()));
        let x = relu(conv2d(x, kernels[1].clone(), None, shrink)).reshape([n, flat]);
        let mean = x.clone().matmul(layers[0].clone()) * 1e-3;
        let log_variance = x.matmul(layers[1].clone()) * 1e-3;
        let noise = values([n, WIDTHS.2], &self.device);
        let z = mean.clone() + (log_variance.clone() * 0.5).exp() * noise;
        let x = relu(z.matmul(layers[2].clone())).reshape([n, WIDTHS.1, height / 4, width / 4]);
        let x = relu(conv_transpose2d(x, kernels[2].clone(), None, grow.clone()));
        let x = conv_transpose2d(x, kernels[3].clone(), None, grow);
        let divergence = (log_variance.clone().exp() + mean.clone() * mean - log_variance - 1.0).mean();
        let difference = x - images;
        let gradients = ((difference.clone() * difference).mean() + divergence).backward();
        for kernel in kernels.iter_mut() {
            let gradient = kernel.grad(&gradients).expect("every kernel is used");
            *kernel = Tensor::from_inner(kernel.clone().inner() - gradient * 1e-6).require_grad();
        }
        for layer in layers.iter_mut() {
            let gradient = layer.grad(&gradients).expect("every layer is used");
            *layer = Tensor::from_inner(layer.clone().inner() - gradient * 1e-6).require_grad();
        }
        let _ = layers[0].clone().into_data();
    }
}

/// A tensor with values that repeat, the same everywhere.
fn values<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    let n = shape.iter().product::<usize>();
    let numbers: Vec<f32> = (0..n).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect();
    Tensor::<1>::from_floats(numbers.as_slice(), device).reshape(shape)
}
