//! Tensors of `f64` on the CPU, and their values and gradients as arrays.

#![allow(dead_code)] // each test file uses its own part

use burn::tensor::{DType, TensorData};
use ndarray::{ArrayD, Dimension};
use perturbook::tensor::{Device, Gradients, Tensor, cpu};

/// An array as a tensor.
pub fn doubles<const D: usize, S: Dimension>(array: &ndarray::Array<f64, S>, device: &Device) -> Tensor<D> {
    let values: Vec<f64> = array.iter().copied().collect();
    Tensor::from_data(TensorData::new(values, array.shape().to_vec()), (device, DType::F64))
}

/// The same on a device that records, as something to differentiate by.
pub fn leaf<const D: usize, S: Dimension>(array: &ndarray::Array<f64, S>) -> Tensor<D> {
    doubles(array, &Device::autodiff(cpu())).require_grad()
}

/// A tensor's values; it must have kept its precision.
pub fn values<const D: usize>(tensor: Tensor<D>) -> ArrayD<f64> {
    assert_eq!(tensor.dtype(), DType::F64, "the precision was lost on the way");
    let shape = tensor.dims().to_vec();
    ArrayD::from_shape_vec(shape, tensor.into_data().to_vec::<f64>().expect("numbers")).expect("of its shape")
}

/// The number of a tensor of one.
pub fn number<const D: usize>(tensor: Tensor<D>) -> f64 {
    let values = values(tensor);
    assert_eq!(values.len(), 1);
    values.iter().copied().sum()
}

/// The gradient by a leaf.
pub fn gradient<const D: usize>(leaf: &Tensor<D>, gradients: &Gradients) -> ArrayD<f64> {
    values(leaf.grad(gradients).expect("a gradient"))
}
