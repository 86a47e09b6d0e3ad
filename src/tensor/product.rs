//! Products of matrices.
//!
//! A GPU multiplies single-precision matrices in TF32: operands are rounded to ten bits of mantissa (about 5e-4 of their
//! size), sums are kept in single precision. That is precise enough to train with, and several times faster. To compare
//! results with the CPU's, which rounds nothing, `PERTURBOOK_PRODUCTS=exact` multiplies and adds number by number there; it
//! is slow, and needs room for every single product where kernels are not fused.

use std::sync::OnceLock;

use super::{Tensor, cpu};

/// The product of matrices in the last two dimensions; the others agree, or are 1.
///
/// ```
/// use perturbook::tensor::{Tensor, cpu, product};
///
/// let [a, b] = [[[1.0, 2.0]], [[3.0, 4.0]]].map(|m| Tensor::<2>::from_floats(m, &cpu()));
/// assert_eq!(product(a, b.transpose()).into_scalar(), 11.0);
/// ```
///
/// # Panics
/// When sizes do not fit.
pub fn product<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    if exact() && a.device() != cpu() { number_by_number(a, b) } else { a.matmul(b) }
}

fn exact() -> bool {
    static EXACT: OnceLock<bool> = OnceLock::new();
    *EXACT.get_or_init(|| std::env::var("PERTURBOOK_PRODUCTS").is_ok_and(|value| value == "exact"))
}

fn number_by_number<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> Tensor<D> {
    let (left, right) = (a.dims(), b.dims());
    let (n, k, m) = (left[D - 2], left[D - 1], right[D - 1]);
    let with = |rows: usize, columns: usize| -> [usize; D] {
        std::array::from_fn(|d| match D - d {
            2 => rows,
            1 => columns,
            _ => left[d].max(right[d]),
        })
    };
    let (a, b): (Tensor<D>, Tensor<D>) = (a.expand(with(n, k)), b.expand(with(k, m)));
    let matrices = left.iter().zip(right).take(D - 2).map(|(&l, r)| l.max(r)).product();
    (a.reshape([matrices, n, k, 1]) * b.reshape([matrices, 1, k, m])).sum_dim(2).reshape(with(n, m))
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::super::Device;
    use super::*;

    #[test]
    fn numbers_one_by_one_make_the_same_product_with_the_same_gradients() {
        let device = Device::autodiff(cpu());
        let numbers = |shape: [usize; 3]| {
            let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i as f32).sin()).collect();
            Tensor::<3>::from_data(TensorData::new(values, shape), &device)
        };
        for shapes in [[[2, 3, 4], [2, 4, 5]], [[1, 3, 4], [2, 4, 5]], [[2, 3, 4], [1, 4, 1]]] {
            let [a, b] = shapes.map(|shape| numbers(shape).require_grad());
            let (found, expected) = (number_by_number(a.clone(), b.clone()), a.clone().matmul(b.clone()));
            assert!((found.clone() - expected.clone()).abs().max().into_scalar() < 1e-6, "{shapes:?}");
            let (found, expected) = (found.sin().sum().backward(), expected.sin().sum().backward());
            for of in [&a, &b] {
                let apart = of.grad(&found).unwrap() - of.grad(&expected).unwrap();
                assert!(apart.abs().max().into_scalar() < 1e-6, "{shapes:?}");
            }
        }
    }
}
