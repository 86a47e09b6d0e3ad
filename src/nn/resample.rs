//! Images of half and of double the sides, `n x channels x rows x columns`.
//!
//! ```text
//! halved(x)[i, j]  = mean of x[2i..2i+2, 2j..2j+2]      an odd last row or column is left out
//! doubled(x)[i, j] = x[i / 2, j / 2]                    nearest neighbour
//! ```
//!
//! Both work on each channel alone, so that a convolution of single pixels without bias may as well stand on the smaller
//! side of them, where it costs a quarter.

use burn::tensor::module::{avg_pool2d, interpolate};
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

use crate::tensor::Tensor;

/// The mean of every two by two pixels.
///
/// ```
/// use perturbook::nn::halved;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let image = Tensor::<4>::from_floats([[[[1.0, 2.0], [3.0, 6.0]]]], &cpu());
/// assert_eq!(halved(image).into_scalar(), 3.0);
/// ```
pub fn halved(x: Tensor<4>) -> Tensor<4> {
    avg_pool2d(x, [2, 2], [2, 2], [0, 0], true, false)
}

/// Every pixel four times.
///
/// ```
/// use perturbook::nn::doubled;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let image = Tensor::<4>::from_floats([[[[1.0, 2.0]]]], &cpu());
/// assert_eq!(doubled(image).into_data().to_vec::<f32>().unwrap(), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
/// ```
pub fn doubled(x: Tensor<4>) -> Tensor<4> {
    let [_, _, rows, columns] = x.dims();
    interpolate(x, [2 * rows, 2 * columns], InterpolateOptions::new(InterpolateMode::Nearest))
}
