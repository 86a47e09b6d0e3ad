//! What the proximity-bias filter lowers: the mean cosine of the genes of each chromosome arm.
//!
//! ```text
//! well mean   sum of keep x / sum of keep over its cells       (Algorithm 1 divides by the number of cells)
//! gene mean   mean of its wells, or of plates of wells
//! arm         (n |u|^2 - 1) / (n - 1),  u = mean of the n unit vectors of its genes: the mean cosine of all pairs
//! loss        mean over arms
//! ```

use burn::tensor::{IndexingUpdateOp, Int, TensorData};

use crate::tensor::{Backend, Device, Tensor};

/// Means of cells `wells x cells x d` weighted by `keep`, `wells x cells`; the weights of a well must not all be 0.
pub fn well_means(cells: Tensor<3>, keep: Tensor<2>) -> Tensor<2> {
    let total = keep.clone().sum_dim(1);
    weighted_sums(cells, keep) / total
}

/// The same divided by the number of cells, as Algorithm 1 is printed.
pub fn well_means_by_count(cells: Tensor<3>, keep: Tensor<2>) -> Tensor<2> {
    let count = cells.dims()[1] as f64;
    weighted_sums(cells, keep) / count
}

fn weighted_sums(cells: Tensor<3>, keep: Tensor<2>) -> Tensor<2> {
    let weights: Tensor<3> = keep.unsqueeze_dim(1);
    weights.matmul(cells).squeeze_dim(1)
}

/// Means of rows by group: `rows x d` to `groups x d`, where `group[i]` is the group of row i. A group without a row has
/// mean 0.
///
/// ```
/// use perturbook::methods::proximity::group_means;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let rows = Tensor::<2>::from_floats([[1.0], [5.0], [3.0]], &cpu());
/// let means = group_means(rows, &[0, 1, 0], 2);
/// assert_eq!(means.into_data().to_vec::<f32>().unwrap(), [2.0, 5.0]);
/// ```
pub fn group_means(rows: Tensor<2>, group: &[usize], groups: usize) -> Tensor<2> {
    if groups * group.len() > DENSE {
        return summed(rows, group, groups);
    }
    averaging(group, groups, &rows.device()).matmul(rows)
}

/// Entries of a matrix of groups x rows up to which means are a product with it.
const DENSE: usize = 1 << 20;

/// The same for many rows in many groups, without that matrix.
fn summed(rows: Tensor<2>, group: &[usize], groups: usize) -> Tensor<2> {
    let (device, dims) = (rows.device(), rows.dims()[1]);
    let mut counts = vec![0.0f32; groups];
    group.iter().for_each(|&g| counts[g] += 1.0);
    counts.iter_mut().for_each(|count| *count = count.max(1.0));
    let numbers: Vec<i64> = group.iter().map(|&g| g as i64).collect();
    let numbers = burn::Tensor::<Backend, 1, Int>::from_data(TensorData::new(numbers, [group.len()]), &device);
    let sums = Tensor::zeros([groups, dims], &device).select_assign(0, numbers, rows, IndexingUpdateOp::Add);
    sums / Tensor::<1>::from_floats(counts.as_slice(), &device).reshape([groups, 1])
}

/// The matrix that averages rows by group, `groups x rows`.
fn averaging(group: &[usize], groups: usize, device: &Device) -> Tensor<2> {
    let mut counts = vec![0.0f32; groups];
    group.iter().for_each(|&g| counts[g] += 1.0);
    let mut weights = vec![0.0f32; groups * group.len()];
    for (row, &g) in group.iter().enumerate() {
        weights[g * group.len() + row] = 1.0 / counts[g];
    }
    Tensor::<1>::from_floats(weights.as_slice(), device).reshape([groups, group.len()])
}

/// The mean cosine of all pairs of different genes of each arm, without the pairs: genes `n x d`, `arm[i]` the arm of
/// gene i. Arms need two genes.
///
/// ```
/// use perturbook::methods::proximity::arm_cosines_of;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let genes = Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 0.0]], &cpu());
/// let cosines = arm_cosines_of(genes, &[0, 0, 1, 1], 2);
/// assert_eq!(cosines.into_data().to_vec::<f32>().unwrap(), [1.0, 0.0]);
/// ```
pub fn arm_cosines_of(genes: Tensor<2>, arm: &[usize], arms: usize) -> Tensor<1> {
    let squares = arm_squares(genes, arm, arms);
    let mut counts = vec![0.0f32; arms];
    arm.iter().for_each(|&a| counts[a] += 1.0);
    let counts = Tensor::<1>::from_floats(counts.as_slice(), &squares.device());
    (counts.clone() * squares - 1.0) / (counts - 1.0)
}

/// The mean cosine of all pairs of each arm with those of a gene and itself.
pub fn arm_squares(genes: Tensor<2>, arm: &[usize], arms: usize) -> Tensor<1> {
    let lengths = genes.clone().powi_scalar(2).sum_dim(1).sqrt();
    let means = group_means(genes / lengths, arm, arms);
    means.powi_scalar(2).sum_dim(1).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::cpu;

    #[test]
    fn means_are_the_same_with_and_without_the_matrix() {
        let device = Device::autodiff(cpu());
        let group: Vec<usize> = (0..50).map(|row| row * row % 7).collect();
        let rows = || {
            let values: Vec<f32> = (0..150).map(|i| (i * 37 % 101) as f32 / 101.0).collect();
            Tensor::<1>::from_floats(values.as_slice(), &device).reshape([50, 3]).require_grad()
        };
        let by = |means: fn(Tensor<2>, &[usize], usize) -> Tensor<2>| {
            let rows: Tensor<2> = rows();
            let means = means(rows.clone(), &group, 8);
            let gradients = means.clone().powi_scalar(2).sum().backward();
            (means.into_data(), rows.grad(&gradients).expect("a gradient").into_data())
        };
        let (dense, sparse) = (by(group_means), by(summed));
        dense.0.assert_approx_eq::<f32>(&sparse.0, Default::default());
        dense.1.assert_approx_eq::<f32>(&sparse.1, Default::default());
    }
}
