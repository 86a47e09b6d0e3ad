//! Terms of the methods' losses. Each returns one number per item of a batch, or one for the batch where it is about
//! the batch as a whole; methods add them up under names.
//!
//! Each computes in the precision of its tensors, gradients too: `f32` as tensors are made by default, `f64` where they
//! were made with `Tensor::from_data(data, (&device, DType::F64))`. Networks train in `f32`; `f64` is for checking.

mod cross_entropy;
mod gaussian;
mod hsic;
mod kl;
mod negative_binomial;
mod negative_binomial_cpu;
mod total_correlation;
mod wasserstein;

pub use cross_entropy::cross_entropy;
pub use gaussian::gaussian_nll;
pub use hsic::{
    Bandwidth, gaussian_kernel, gaussian_norm, hsic, hsic_of_kernels, hsic_root, hsic_times_n, median_squared_distance,
    squared_distances,
};
pub use kl::{kl_from_log_variance, kl_from_variance, kl_to_normal};
pub use negative_binomial::{
    NB_EPSILON, negative_binomial, negative_binomial_with, zero_inflated_negative_binomial,
    zero_inflated_negative_binomial_with,
};
pub use total_correlation::total_correlation;
pub use wasserstein::wasserstein_to_origin;

use crate::tensor::{Tensor, cpu};

/// The sum of each row. On a GPU a thread adds up a row, so that long ones are folded first.
pub(crate) fn row_sums(x: Tensor<2>) -> Tensor<1> {
    const FOLDED: usize = 256;
    let [rows, columns] = x.dims();
    let x = if columns > FOLDED && columns.is_multiple_of(FOLDED) && x.device() != cpu() {
        x.reshape([rows, columns / FOLDED, FOLDED]).sum_dim(1).reshape([rows, FOLDED])
    } else {
        x
    };
    x.sum_dim(1).squeeze_dim(1)
}
