//! Tensors: shape, type, device, memory, range, and the values at the corners.
//!
//! Of a large tensor the device computes the range, and only the corner is copied.

use burn::tensor::{BasicOps, Bool, DType, Int, TensorData};
use burn::{Dispatch, Tensor};

use super::corner::Corner;
use super::memory::{memory, shape};
use super::statistics::Statistics;
use super::{Bundle, Element, Show};
use crate::tensor::Device;

/// Values up to which the whole tensor is copied.
const COPIED: usize = 4096;

/// What kept a device from answering.
type Read<T> = Result<T, String>;

/// `CPU`, `CUDA 0`.
pub(super) fn device_name(device: &Device) -> String {
    match device {
        Device::Flex(_) => "CPU".to_owned(),
        Device::Cuda(cuda) => format!("CUDA {}", cuda.index),
        Device::Autodiff(inner) => format!("{}, gradients recorded", device_name(inner)),
    }
}

impl<const D: usize> Show for Tensor<Dispatch, D> {
    /// Waits for what the device is still computing.
    fn bundle(&self) -> Bundle {
        let values = self.clone().detach();
        let device = device_name(&self.device());
        let device = if self.is_require_grad() { format!("{device}, requires grad") } else { device };
        let text = if values.shape().num_elements() <= COPIED {
            read(values.clone()).map(|data| f64::summary(data.iter::<f64>()))
        } else {
            float_statistics(values.clone()).map(|statistics| statistics.text())
        };
        show::<D, _, f64>(values, &device, text)
    }
}

impl<const D: usize> Show for Tensor<Dispatch, D, Int> {
    /// Waits for what the device is still computing.
    fn bundle(&self) -> Bundle {
        let text = if self.shape().num_elements() <= COPIED {
            read(self.clone()).map(|data| i64::summary(data.iter::<i64>()))
        } else {
            int_statistics(self.clone()).map(|statistics| statistics.text())
        };
        show::<D, _, i64>(self.clone(), &device_name(&self.device()), text)
    }
}

impl<const D: usize> Show for Tensor<Dispatch, D, Bool> {
    /// Waits for what the device is still computing.
    fn bundle(&self) -> Bundle {
        let all = self.shape().num_elements();
        let text = if all == 0 {
            Ok(bool::summary(std::iter::empty()))
        } else {
            scalar(self.clone().int().sum()).map(|yes| format!("{yes} of {all} true"))
        };
        show::<D, _, bool>(self.clone(), &device_name(&self.device()), text)
    }
}

fn show<const D: usize, K: BasicOps<Dispatch>, A: Element + burn::tensor::Element>(
    values: Tensor<Dispatch, D, K>,
    device: &str,
    text: Read<String>,
) -> Bundle {
    let sides = values.dims();
    let (kind, bytes) = (format!("{:?}", values.dtype()).to_lowercase(), values.dtype().size());
    let kind = if kind.starts_with("bool") { "bool" } else { &kind };
    let corner = Corner::of(&sides);
    let shown = cut(values, &corner).map(|data| data.map_or(Vec::new(), |data| data.iter::<A>().collect::<Vec<_>>()));
    let (shown, text) = match (shown, text) {
        (Ok(shown), Ok(text)) => (shown, text),
        (Err(error), _) | (_, Err(error)) => return Bundle::text(format!("the device failed: {error}")),
    };
    let size = memory(sides.iter().product::<usize>() * bytes);
    corner.grid(&shown).note(format!("tensor {}, {kind}, {size}, {device}", shape(&sides))).note(text).bundle()
}

/// The values at the corner; none of an empty tensor.
fn cut<const D: usize, K: BasicOps<Dispatch>>(
    mut values: Tensor<Dispatch, D, K>,
    corner: &Corner,
) -> Read<Option<TensorData>> {
    let (rows, columns) = (corner.rows(), corner.columns());
    if columns.is_empty() {
        return Ok(None);
    }
    let sides = values.dims();
    for lead in 0..D.saturating_sub(2) {
        values = values.narrow(lead, 0, 1);
    }
    let device = values.device();
    let mut select = |side: usize, at: Vec<usize>| {
        if at.len() < sides[side] {
            let at: Vec<i64> = at.into_iter().map(|i| i as i64).collect();
            values = values.clone().select(side, Tensor::<Dispatch, 1, Int>::from_ints(at.as_slice(), &device));
        }
    };
    select(D - 1, columns);
    if D > 1 {
        select(D - 2, rows);
    }
    read(values).map(Some)
}

fn read<const D: usize, K: BasicOps<Dispatch>>(values: Tensor<Dispatch, D, K>) -> Read<TensorData> {
    values.try_into_data().map_err(|error| format!("{error:?}"))
}

fn scalar<K: BasicOps<Dispatch>>(value: Tensor<Dispatch, 1, K>) -> Read<f64> {
    Ok(read(value)?.iter::<f64>().next().unwrap_or(f64::NAN))
}

/// Computed where the values lie, in `f32` unless they are `f64`.
fn float_statistics<const D: usize>(values: Tensor<Dispatch, D>) -> Read<Statistics> {
    let values = if values.dtype() == DType::F64 { values } else { values.cast(DType::F32) };
    let bad = values.clone().is_finite().bool_not();
    let all = values.shape().num_elements();
    let not_finite = scalar(bad.clone().int().sum())? as usize;
    let nan = scalar(values.clone().is_nan().int().sum())? as usize;
    let (finite, infinite) = (all - not_finite, not_finite - nan);
    let n = finite as f64;
    let low = scalar(values.clone().mask_fill(bad.clone(), f64::INFINITY).min())?;
    let high = scalar(values.clone().mask_fill(bad.clone(), f64::NEG_INFINITY).max())?;
    let mean = scalar(values.clone().mask_fill(bad.clone(), 0.0).sum())? / n;
    let apart = values.sub_scalar(mean).mask_fill(bad, 0.0);
    let sd = (scalar((apart.clone() * apart).sum())? / n).sqrt();
    Ok(Statistics { finite, nan, infinite, low, high, mean, sd })
}

/// Range exact, mean and spread in `f32`.
fn int_statistics<const D: usize>(values: Tensor<Dispatch, D, Int>) -> Read<Statistics> {
    let (low, high) = (scalar(values.clone().min())?, scalar(values.clone().max())?);
    Ok(Statistics { low, high, ..float_statistics(values.float())? })
}
