//! Devices and tensors off the tape.

use burn::tensor::DType;

use super::{Device, Tensor, cpu};

/// The same device without a record of gradients.
pub(crate) fn plain(device: &Device) -> Device {
    match device {
        Device::Autodiff(inner) => (**inner).clone(),
        other => other.clone(),
    }
}

/// Whether a tensor is of `f32` on a CPU.
pub(crate) fn can_go_by_hand<const D: usize>(x: &Tensor<D>) -> bool {
    x.device() == cpu() && x.dtype() == DType::F32
}

/// The same, and what becomes of it is not recorded.
pub(crate) fn unrecorded_on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
    can_go_by_hand(x) && !matches!(x.device(), Device::Autodiff(_))
}
