//! Tensors with the backend chosen at run time: one compiled library serves the CPU and CUDA.
//!
//! Concrete names for burn's generic types, so that a cell that keeps a tensor compiles none of burn's generics.

mod cat;
mod choice;
mod cuda_parts;
mod kept_kernels;
mod memory;
mod product;
mod unrecorded;

pub use cat::cat;
pub use choice::{DeviceChoice, choose_device};
pub use memory::{MemoryOf, MemoryUse};
pub use product::product;
pub(crate) use unrecorded::{can_go_by_hand, plain, unrecorded_on_cpu};

/// The backend behind every tensor: it sends each operation to the tensor's own device.
pub type Backend = burn::Dispatch;

/// A float tensor of `D` dimensions.
///
/// ```
/// use perturbook::tensor::{Device, Tensor, cpu};
///
/// let x = Tensor::<1>::from_floats([3.0], &Device::autodiff(cpu())).require_grad();
/// let gradients = (x.clone() * x.clone()).backward();
/// let dx = x.grad(&gradients).unwrap().into_data();
/// assert_eq!(dx.to_vec::<f32>().unwrap(), [6.0]); // d(x^2)/dx = 2x
/// ```
pub type Tensor<const D: usize> = burn::Tensor<Backend, D>;

/// Where tensors live; `Device::autodiff(device)` makes one that records gradients.
pub type Device = burn::DispatchDevice;

/// The gradients that `backward()` returns.
pub type Gradients = burn::backend::autodiff::grads::Gradients;

/// The CPU.
pub fn cpu() -> Device {
    Device::Flex(burn::backend::flex::FlexDevice)
}
