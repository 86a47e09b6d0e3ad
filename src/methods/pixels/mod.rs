//! Pictures of cells as the methods that learn from them read them: one side, intensities in a known range, and the
//! statistics of each batch's controls.
//!
//! ```text
//! screen -> rows -> middle of the image, side x side -> intensities -> (augmentation) -> z-score of the batch's controls
//! ```

mod control;
mod fingerprint;
mod intensity;
mod reader;

pub use control::ControlStatistics;
pub(super) use fingerprint::fingerprint;
pub use intensity::Intensity;
pub use reader::Pixels;

use burn::tensor::TensorData;
use ndarray::{Array2, Array4};

use crate::tensor::{Device, Tensor, plain};
use crate::{Error, Result};

/// The same device without and with a record of gradients.
pub(super) fn both_devices(device: &Device) -> (Device, Device) {
    let inner = plain(device);
    (inner.clone(), Device::autodiff(inner))
}

/// Images as a tensor, `n x channels x height x width`.
pub(super) fn image_tensor(images: Array4<f32>, device: &Device) -> Tensor<4> {
    let (n, channels, height, width) = images.dim();
    let values = match images.is_standard_layout() {
        true => images.into_raw_vec_and_offset().0,
        false => images.iter().copied().collect(),
    };
    Tensor::from_data(TensorData::new(values, [n, channels, height, width]), device)
}

/// A tensor as images.
pub(super) fn tensor_images(tensor: Tensor<4>) -> Result<Array4<f32>> {
    let [n, channels, height, width] = tensor.dims();
    let values = tensor.into_data().convert::<f32>().into_vec().unwrap_or_default();
    Array4::from_shape_vec((n, channels, height, width), values)
        .map_err(|e| Error::new("cannot read a tensor back").caused_by(e))
}

/// A tensor's numbers.
pub(super) fn tensor_matrix(tensor: Tensor<2>) -> Result<Array2<f32>> {
    let [rows, columns] = tensor.dims();
    let values = tensor.into_data().convert::<f32>().into_vec().unwrap_or_default();
    Array2::from_shape_vec((rows, columns), values).map_err(|e| Error::new("cannot read a tensor back").caused_by(e))
}
