//! Which device models run on, and why.
//!
//! | asked for | what is taken |
//! |---|---|
//! | `auto` | the first GPU where driver, compiler and headers are there and it computes a sum rightly; else the CPU |
//! | `cpu` | the CPU |
//! | `cuda`, `cuda:1` | that GPU, or an error with what is missing |
//!
//! `PERTURBOOK_DEVICE` is asked for where a program or notebook says nothing else.

use std::fmt;

use super::{Device, Tensor, cpu, cuda_parts, kept_kernels};
use crate::{Error, Result};

/// A device, and the reason for it.
#[derive(Clone, Debug)]
pub struct DeviceChoice {
    /// Where tensors live; [`DeviceChoice::recording`] for training.
    pub device: Device,
    /// What it is, and why it was taken.
    pub why: String,
}

impl DeviceChoice {
    /// Chooses a device by one of the words above.
    ///
    /// ```
    /// use perturbook::tensor::DeviceChoice;
    ///
    /// assert_eq!(DeviceChoice::of("cpu")?.to_string(), "device: CPU, as asked for");
    /// assert!(DeviceChoice::of("gpu").unwrap_err().to_string().contains("cuda:1"));
    /// # Ok::<(), perturbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the word is none of these, or a GPU was asked for and cannot be used; what is missing is said.
    pub fn of(asked: &str) -> Result<Self> {
        let on_cpu = |why: String| Self { device: cpu(), why: format!("CPU, {why}") };
        match asked.trim() {
            "cpu" => Ok(on_cpu("as asked for".to_owned())),
            "" | "auto" => Ok(gpu(0).unwrap_or_else(on_cpu)),
            "cuda" => asked_for(0),
            other => match other.strip_prefix("cuda:").and_then(|index| index.parse().ok()) {
                Some(index) => asked_for(index),
                None => Err(Error::new(format!("there is no device {other:?}"))
                    .fix("ask for auto, cpu, cuda, or one of several GPUs such as cuda:1")),
            },
        }
    }

    /// The same device, recording what gradients need.
    pub fn recording(&self) -> Device {
        Device::autodiff(self.device.clone())
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "device: {}", self.why)
    }
}

/// The device that `PERTURBOOK_DEVICE` asks for, or the best there is.
///
/// # Errors
/// As [`DeviceChoice::of`].
pub fn choose_device() -> Result<DeviceChoice> {
    let asked = std::env::var("PERTURBOOK_DEVICE").unwrap_or_default();
    DeviceChoice::of(&asked).map_err(|e| if asked.is_empty() { e } else { e.at("PERTURBOOK_DEVICE") })
}

fn asked_for(index: usize) -> Result<DeviceChoice> {
    gpu(index).map_err(|why| Error::new(format!("GPU {index} cannot be used: {why}")).fix("ask for auto or cpu"))
}

/// A GPU that computes, or why it is not used.
fn gpu(index: usize) -> std::result::Result<DeviceChoice, String> {
    // Looked for before the runtime is called: that would panic without them.
    let Some(driver) = cuda_parts::driver() else {
        return Err("there is no NVIDIA driver".to_owned());
    };
    cuda_parts::nvrtc().map_err(|why| format!("the GPU's compiler NVRTC is missing: {why}"))?;
    cuda_parts::headers().map_err(|why| format!("the CUDA headers are missing: {why}"))?;
    let gpus = cuda_parts::gpus();
    kept_kernels::keep(&gpus, &driver);
    let device = Device::Cuda(burn::backend::cuda::CudaDevice::new(index));
    let computed = {
        let device = device.clone();
        std::thread::Builder::new()
            .name("GPU check".to_owned())
            .spawn(move || Tensor::<1>::from_floats([1.0, 2.0, 4.0], &device).sum().into_scalar())
            .map_err(|e| format!("it cannot be tried: {e}"))?
            .join()
    };
    match computed {
        Ok(7.0) => {
            let what = gpus.get(index).map_or("an NVIDIA GPU", String::as_str);
            Ok(DeviceChoice { device, why: format!("GPU {index}, {what}") })
        }
        Ok(sum) => Err(format!("GPU {index} adds 1, 2 and 4 to {sum}")),
        Err(_) => Err(format!("GPU {index} does not answer")),
    }
}
