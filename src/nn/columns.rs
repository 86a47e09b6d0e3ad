//! The pixels under a kernel, side by side, so that a convolution is a matrix product (im2col); on the CPU, by all threads.
//!
//! ```text
//! columns[image, (channel, ky, kx), (row, column)] = x[image, channel, row stride + ky - padding, column stride + kx - padding]
//! ```
//!
//! Pixels outside of the image are 0. Rows have the order of a kernel's numbers in a convolution's weight.

use burn::tensor::{DType, TensorData};
use rayon::prelude::*;

use crate::tensor::{Tensor, cpu};

/// A kernel's side, stride and padding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kernel {
    pub side: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Kernel {
    /// Positions of the kernel along a side of `pixels`.
    pub fn steps(self, pixels: usize) -> usize {
        (pixels + 2 * self.padding).checked_sub(self.side).map_or(0, |room| room / self.stride + 1)
    }

    /// Every line of a plane's columns that lies in the image: where it lies among the columns, and its first pixel.
    fn each_line(self, [height, width]: [usize; 2], mut work: impl FnMut(std::ops::Range<usize>, usize)) {
        let (rows, wide) = (self.steps(height), self.steps(width));
        for tap in 0..self.side * self.side {
            let (lines, top) = self.inside(tap / self.side, height);
            let (places, left) = self.inside(tap % self.side, width);
            for (i, line) in lines.enumerate() {
                let start = (tap * rows + line) * wide;
                work(start + places.start..start + places.end, (top + i * self.stride) * width + left);
            }
        }
    }

    /// The positions at which the kernel's pixel `tap` lies in the image, and the pixel at the first of them.
    pub fn inside(self, tap: usize, pixels: usize) -> (std::ops::Range<usize>, usize) {
        let steps = self.steps(pixels);
        let first = self.padding.saturating_sub(tap).div_ceil(self.stride).min(steps);
        let last = (pixels + self.padding).saturating_sub(tap).div_ceil(self.stride).clamp(first, steps);
        (first..last, (first * self.stride + tap).saturating_sub(self.padding))
    }
}

/// The columns of images of `f32` on the CPU, `n x (c side side) x (rows columns)`, a constant for gradients; none
/// elsewhere.
pub(super) fn columns(x: &Tensor<4>, kernel: Kernel) -> Option<Tensor<3>> {
    let [n, channels, height, width] = x.dims();
    let side = kernel.side;
    let (rows, wide) = (kernel.steps(height), kernel.steps(width));
    if x.device() != cpu() || x.dtype() != DType::F32 || rows * wide == 0 || n * channels == 0 {
        return None;
    }
    let data = x.to_data();
    let pixels = data.as_slice::<f32>().ok()?;
    let mut out = vec![0f32; n * channels * side * side * rows * wide];
    let planes = out.par_chunks_mut(side * side * rows * wide).zip(pixels.par_chunks(height * width));
    planes.for_each(|(out, plane)| {
        kernel.each_line([height, width], |at, from| line(&mut out[at], &plane[from..], kernel.stride));
    });
    Some(Tensor::from_data(TensorData::new(out, [n, channels * side * side, rows * wide]), &x.device()))
}

fn line(to: &mut [f32], from: &[f32], stride: usize) {
    if stride == 1 {
        to.copy_from_slice(&from[..to.len()]);
    } else {
        to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, &pixel)| *to = pixel);
    }
}

/// The columns of one image, `(c side side) x (rows columns)`.
pub(super) fn unfold(image: &[f32], [height, width]: [usize; 2], kernel: Kernel) -> Vec<f32> {
    let of_plane = kernel.side * kernel.side * kernel.steps(height) * kernel.steps(width);
    let mut out = vec![0f32; image.len() / (height * width) * of_plane];
    for (out, plane) in out.chunks_exact_mut(of_plane).zip(image.chunks_exact(height * width)) {
        kernel.each_line([height, width], |at, from| line(&mut out[at], &plane[from..], kernel.stride));
    }
    out
}

/// Adds the columns to the pixels of an image that they were taken from: the transpose of [`unfold`].
pub(super) fn fold(columns: &[f32], [height, width]: [usize; 2], kernel: Kernel, image: &mut [f32]) {
    let of_plane = kernel.side * kernel.side * kernel.steps(height) * kernel.steps(width);
    for (columns, plane) in columns.chunks_exact(of_plane).zip(image.chunks_exact_mut(height * width)) {
        kernel.each_line([height, width], |at, from| {
            let (columns, pixels) = (&columns[at], &mut plane[from..]);
            if kernel.stride == 1 {
                pixels.iter_mut().zip(columns).for_each(|(pixel, column)| *pixel += column);
            } else {
                pixels.iter_mut().step_by(kernel.stride).zip(columns).for_each(|(pixel, column)| *pixel += column);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::module::conv2d;
    use burn::tensor::ops::ConvOptions;

    #[test]
    fn products_with_columns_are_convolutions() {
        let numbers = |shape: [usize; 4]| {
            let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i * 37 % 101) as f32 * 0.01).collect();
            Tensor::<4>::from_data(TensorData::new(values, shape), &cpu())
        };
        for [height, width, side, stride, padding] in
            [[7, 6, 3, 2, 1], [8, 8, 3, 1, 1], [5, 9, 4, 2, 1], [6, 6, 3, 3, 0], [2, 3, 5, 1, 2], [4, 4, 1, 2, 0]]
        {
            let (x, weight) = (numbers([2, 3, height, width]), numbers([4, 3, side, side]));
            let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
            let expected = conv2d(x.clone(), weight.clone(), None, options);
            let found = columns(&x, Kernel { side, stride, padding }).expect("on the CPU");
            let found = weight.reshape([1, 4, 3 * side * side]).matmul(found).reshape(expected.dims());
            assert!((found - expected).abs().max().into_scalar() < 1e-4, "{height} {width} {side} {stride} {padding}");
        }
        assert!(columns(&numbers([1, 1, 2, 2]), Kernel { side: 3, stride: 1, padding: 0 }).is_none());
    }
}
