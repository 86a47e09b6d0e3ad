//! Pictures of cells as the methods that learn from them read them: one side, intensities in a known range, and the
//! statistics of each batch's controls.
//!
//! ```text
//! screen -> rows -> middle of the image, side x side -> intensities -> (augmentation) -> z-score of the batch's controls
//! ```

mod control;
mod intensity;
mod reader;

pub use control::ControlStatistics;
pub use intensity::Intensity;
pub use reader::Pixels;

use crate::tensor::Device;

/// The same device without and with a record of gradients.
pub(super) fn both_devices(device: &Device) -> (Device, Device) {
    match device {
        Device::Autodiff(inner) => ((**inner).clone(), device.clone()),
        plain => (plain.clone(), Device::autodiff(plain.clone())),
    }
}
