//! Convolutions on the CPU as one matrix product over all pixels of a batch, with gradients.
//!
//! ```text
//! convolution   rows = pixels of x, n h w x in
//!               windows = rows picked by number, n h' w' x k k in; a pixel of the border is a row of zeros
//!               y = windows W
//! transposed    windows = rows W, n h w k k x out;  y = sum of the windows' rows at the pixels where they fall
//! ```
//!
//! burn's own convolutions on the CPU compute the gradient of the weight as a convolution with a kernel as large as the
//! image, which takes most of a training step. Here both gradients are matrix products, and picking rows is the reverse of
//! summing them, so that burn derives everything. The windows take `k k` times the memory of the image and are kept
//! until the gradients are there; [`Windows::fit`] says whether they should be.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use burn::tensor::{IndexingUpdateOp, Int, TensorData};

use crate::tensor::{Backend, Device, Tensor};

/// Numbers of the windows of one layer, at most: 512 MB.
const MOST: usize = 1 << 27;
/// Lists of row numbers that are kept.
const KEPT: usize = 64;

/// Row numbers on the CPU.
type Rows = burn::Tensor<Backend, 1, Int>;

/// What decides which rows are picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Windows {
    /// Images, rows and columns of what is picked from: the input, or the output of a transposed convolution.
    pub image: [usize; 3],
    /// Rows and columns of the windows.
    pub places: [usize; 2],
    /// Side of the kernel.
    pub kernel: usize,
    /// Pixels between windows.
    pub stride: usize,
    /// Zeros on each border.
    pub padding: usize,
}

impl Windows {
    /// The windows of a convolution of `n` images of `height x width`.
    ///
    /// ```
    /// use perturbook::nn::Windows;
    ///
    /// assert_eq!(Windows::of([2, 64, 64], 3, 2, 1).places, [32, 32]);
    /// ```
    pub fn of(image: [usize; 3], kernel: usize, stride: usize, padding: usize) -> Self {
        let places = |side: usize| (side + 2 * padding).saturating_sub(kernel) / stride.max(1) + 1;
        Self { image, places: [places(image[1]), places(image[2])], kernel, stride, padding }
    }

    /// Whether a convolution of so many channels can be computed here: on the CPU, with windows that are not too large.
    pub fn fit(&self, device: &Device, channels: usize) -> bool {
        let device = match device {
            Device::Autodiff(inner) => inner,
            other => other,
        };
        let pixels = self.image.iter().product::<usize>().max(self.pixels());
        matches!(device, Device::Flex(_)) && pixels < i32::MAX as usize && self.pixels() * channels <= MOST
    }

    /// Number of windows' pixels.
    fn pixels(&self) -> usize {
        self.image[0] * self.places[0] * self.places[1] * self.kernel * self.kernel
    }

    /// The row of each pixel of each window; of those beyond the border the row after the last.
    fn rows(&self) -> Vec<i32> {
        let [n, height, width] = self.image;
        let beyond = (n * height * width) as i32;
        let mut rows = Vec::with_capacity(self.pixels());
        let at = |place: usize, step: usize, side: usize| {
            (place * self.stride + step).checked_sub(self.padding).filter(|&at| at < side)
        };
        for image in 0..n {
            for y in 0..self.places[0] {
                for x in 0..self.places[1] {
                    for ky in 0..self.kernel {
                        let line = at(y, ky, height).map(|y| (image * height + y) * width);
                        rows.extend((0..self.kernel).map(|kx| match (line, at(x, kx, width)) {
                            (Some(line), Some(x)) => (line + x) as i32,
                            _ => beyond,
                        }));
                    }
                }
            }
        }
        rows
    }

    /// The same on a device; kept for the next step.
    fn on(&self, device: &Device) -> Rows {
        static LISTS: LazyLock<Mutex<HashMap<Windows, Arc<Vec<i32>>>>> = LazyLock::new(Mutex::default);
        let list = {
            let mut lists = LISTS.lock().unwrap_or_else(PoisonError::into_inner);
            if lists.len() >= KEPT && !lists.contains_key(self) {
                lists.clear();
            }
            lists.entry(*self).or_insert_with(|| Arc::new(self.rows())).clone()
        };
        Rows::from_data(TensorData::new(list.to_vec(), [list.len()]), device)
    }
}

/// `n x in x h x w` and `out x in x k x k` to `n x out x h' x w'`, without a bias.
///
/// ```
/// use perturbook::nn::conv_by_rows;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let (image, kernel) = (Tensor::<4>::ones([1, 2, 4, 4], &cpu()), Tensor::<4>::ones([3, 2, 3, 3], &cpu()));
/// let y = conv_by_rows(image, kernel, 1, 1);
/// assert_eq!(y.dims(), [1, 3, 4, 4]);
/// assert_eq!(y.max().into_scalar(), 18.0); // 2 channels of 3 x 3; less at the border
/// ```
pub fn conv_by_rows(x: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let [n, inputs, height, width] = x.dims();
    let [outputs, _, kernel, _] = weight.dims();
    let windows = Windows::of([n, height, width], kernel, stride, padding);
    let device = x.device();
    let rows = with_nothing(pixels(x), &device);
    let [high, wide] = windows.places;
    let picked = rows.select(0, windows.on(&device)).reshape([n * high * wide, kernel * kernel * inputs]);
    let weight: Tensor<2> = weight.permute([2, 3, 1, 0]).reshape([kernel * kernel * inputs, outputs]);
    images(picked.matmul(weight), [n, high, wide])
}

/// The transpose: `n x in x h x w` and `in x out x k x k` to `n x out x h' x w'`, without a bias. `size` is `[h', w']`, such
/// that a convolution of images of this size with the same numbers has `h x w` windows.
pub fn conv_transpose_by_rows(
    x: Tensor<4>,
    weight: Tensor<4>,
    stride: usize,
    padding: usize,
    size: [usize; 2],
) -> Tensor<4> {
    let [n, inputs, high, wide] = x.dims();
    let [_, outputs, kernel, _] = weight.dims();
    let [height, width] = size;
    let windows = Windows { image: [n, height, width], places: [high, wide], kernel, stride, padding };
    let device = x.device();
    let weight: Tensor<2> = weight.permute([0, 2, 3, 1]).reshape([inputs, kernel * kernel * outputs]);
    let parts = pixels(x).matmul(weight).reshape([windows.pixels(), outputs]);
    let all = n * height * width;
    let sums =
        Tensor::zeros([all + 1, outputs], &device).select_assign(0, windows.on(&device), parts, IndexingUpdateOp::Add);
    images(sums.narrow(0, 0, all), [n, height, width])
}

/// A row for each pixel of each image.
fn pixels(x: Tensor<4>) -> Tensor<2> {
    let [n, channels, height, width] = x.dims();
    x.permute([0, 2, 3, 1]).reshape([n * height * width, channels])
}

/// Images of rows.
fn images(rows: Tensor<2>, [n, height, width]: [usize; 3]) -> Tensor<4> {
    let channels = rows.dims()[1];
    rows.reshape([n, height, width, channels]).permute([0, 3, 1, 2])
}

/// A row of zeros after the last.
fn with_nothing(rows: Tensor<2>, device: &Device) -> Tensor<2> {
    let channels = rows.dims()[1];
    Tensor::cat(vec![rows, Tensor::zeros([1, channels], device)], 0)
}
