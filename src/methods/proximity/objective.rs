//! What the proximity-bias filter lowers: the mean cosine of the genes of each chromosome arm.
//!
//! ```text
//! well mean   sum of keep x / sum of keep over its cells       (Algorithm 1 divides by the number of cells)
//! gene mean   mean of its wells, or of plates of wells, or of experiments of plates of wells
//! arm         (n |u|^2 - 1) / (n - 1),  u = mean of the n unit vectors of its genes: the mean cosine of all pairs
//! loss        mean over arms
//! ```

use std::collections::BTreeMap;

use burn::tensor::{DType, IndexingUpdateOp, Int, TensorData};

use crate::tensor::{Backend, Device, Tensor, product};

/// Means of cells `wells x cells x d` weighted by `keep`, `wells x cells`; the weights of a well must not all be 0.
pub fn well_means(cells: Tensor<3>, keep: Tensor<2>) -> Tensor<2> {
    let total = keep.clone().sum_dim(1);
    weighted_sums(cells, keep) / total
}

/// The same divided by the number of cells, as Algorithm 1 is printed.
pub fn well_means_by_count(cells: Tensor<3>, keep: Tensor<2>) -> Tensor<2> {
    let count = cells.dims()[1] as f64;
    weighted_sums(cells, keep) * count.recip()
}

fn weighted_sums(cells: Tensor<3>, keep: Tensor<2>) -> Tensor<2> {
    let weights: Tensor<3> = keep.unsqueeze_dim(1);
    product(weights, cells).squeeze_dim(1)
}

/// Means of rows by group: `rows x d` to `groups x d`, where `group[i]` is the group of row i. A group without a row
/// has mean 0.
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
    let mut counts = vec![0.0; groups];
    group.iter().for_each(|&g| counts[g] += 1.0);
    let weights: Vec<f64> = group.iter().map(|&g| 1.0 / counts[g]).collect();
    sums(rows, group, &weights, groups)
}

/// Means of wells by gene, nested: wells to plates, plates to experiments, experiments to genes, so that an experiment
/// with many wells does not outvote the others. `wells x d` to `genes x d`; plates are told apart within an experiment.
///
/// ```
/// use perturbook::methods::proximity::{WellOf, nested_means};
/// use perturbook::tensor::{Tensor, cpu};
///
/// let wells = Tensor::<2>::from_floats([[1.0], [3.0], [6.0], [8.0]], &cpu());
/// let of = |experiment, plate| WellOf { gene: 0, experiment, plate };
/// let means = nested_means(wells, &[of(0, 0), of(0, 0), of(0, 1), of(1, 0)], 1);
/// assert_eq!(means.into_scalar(), 6.0); // plates 2 and 6, experiments 4 and 8
/// ```
pub fn nested_means(wells: Tensor<2>, of: &[WellOf], genes: usize) -> Tensor<2> {
    let mut plates: BTreeMap<WellOf, usize> = BTreeMap::new();
    of.iter().for_each(|&well| *plates.entry(well).or_default() += 1);
    let (mut experiments, mut of_gene) = (BTreeMap::<(usize, usize), usize>::new(), vec![0usize; genes]);
    for plate in plates.keys() {
        *experiments.entry((plate.gene, plate.experiment)).or_default() += 1;
    }
    experiments.keys().for_each(|&(gene, _)| of_gene[gene] += 1);
    let weight = |well: &WellOf| {
        let shares = plates[well] * experiments[&(well.gene, well.experiment)] * of_gene[well.gene];
        1.0 / shares as f64
    };
    let weights: Vec<f64> = of.iter().map(weight).collect();
    let gene: Vec<usize> = of.iter().map(|well| well.gene).collect();
    sums(wells, &gene, &weights, genes)
}

/// What a well belongs to, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WellOf {
    /// The gene, below the number of genes.
    pub gene: usize,
    /// The experiment.
    pub experiment: usize,
    /// The plate, within the experiment.
    pub plate: usize,
}

/// Entries of a matrix of groups x rows up to which sums are a product with it.
const DENSE: usize = 1 << 20;

/// The rows of each group, each times its weight, added up: `rows x d` to `groups x d`.
fn sums(rows: Tensor<2>, group: &[usize], weights: &[f64], groups: usize) -> Tensor<2> {
    if groups * group.len() > DENSE {
        return summed(rows, group, weights, groups);
    }
    let mut matrix = vec![0.0; groups * group.len()];
    for (row, (&g, &weight)) in group.iter().zip(weights).enumerate() {
        matrix[g * group.len() + row] = weight;
    }
    product(numbers(matrix, [groups, group.len()], &rows.device(), rows.dtype()), rows)
}

/// The same for many rows in many groups, without that matrix.
fn summed(rows: Tensor<2>, group: &[usize], weights: &[f64], groups: usize) -> Tensor<2> {
    let ([n, dims], device, precision) = (rows.dims(), rows.device(), rows.dtype());
    let weights: Tensor<2> = numbers(weights.to_vec(), [n, 1], &device, precision);
    let of: Vec<i64> = group.iter().map(|&g| g as i64).collect();
    let of = burn::Tensor::<Backend, 1, Int>::from_data(TensorData::new(of, [n]), &device);
    let none: Tensor<2> = numbers(vec![0.0; groups * dims], [groups, dims], &device, precision);
    none.select_assign(0, of, rows * weights, IndexingUpdateOp::Add)
}

/// Numbers as a tensor of this precision.
fn numbers<const D: usize>(values: Vec<f64>, shape: [usize; D], device: &Device, precision: DType) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), (device, precision))
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
    let mut counts = vec![0.0; arms];
    arm.iter().for_each(|&a| counts[a] += 1.0);
    let counts: Tensor<1> = numbers(counts, [arms], &squares.device(), squares.dtype());
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
    fn sums_are_the_same_with_and_without_the_matrix() {
        let device = Device::autodiff(cpu());
        let group: Vec<usize> = (0..50).map(|row| row * row % 7).collect();
        let weights: Vec<f64> = (0..50).map(|row| 1.0 / f64::from(row + 1)).collect();
        let by = |sums: fn(Tensor<2>, &[usize], &[f64], usize) -> Tensor<2>| {
            let values: Vec<f32> = (0..150).map(|i| (i * 37 % 101) as f32 / 101.0).collect();
            let rows: Tensor<2> = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([50, 3]).require_grad();
            let sums = sums(rows.clone(), &group, &weights, 8);
            let gradients = sums.clone().powi_scalar(2).sum().backward();
            (sums.into_data(), rows.grad(&gradients).expect("a gradient").into_data())
        };
        let (dense, sparse) = (by(sums), by(summed));
        dense.0.assert_approx_eq::<f32>(&sparse.0, Default::default());
        dense.1.assert_approx_eq::<f32>(&sparse.1, Default::default());
    }
}
