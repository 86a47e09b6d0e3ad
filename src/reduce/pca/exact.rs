//! All components, from all singular vectors or all eigenvectors.
//!
//! Matrices of up to 4 million values are decomposed as they are; larger ones by the eigenvectors of their smaller Gram
//! matrix, which costs half the digits of the smallest variances. That of a tall matrix is summed over blocks of rows, in
//! an order that does not depend on the number of threads and without a copy of the matrix.

use ndarray::parallel::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use super::{BLOCK, Decomposed, Solver, centred, sum_of_squares};
use crate::Result;
use crate::reduce::eigen::{right_singular, symmetric_eigen};

/// Above this many values a matrix is decomposed by its Gram matrix.
const DIRECT: usize = 1 << 22;

/// Decomposes `x - mean`, and says how.
pub(super) fn decomposed<V: Copy + Into<f64> + Sync>(
    x: ArrayView2<'_, V>,
    mean: &Array1<f64>,
) -> Result<(Decomposed, Solver)> {
    let (n, d) = x.dim();
    if n.saturating_mul(d) <= DIRECT {
        let centred = centred(x, mean);
        let (values, rows) = right_singular(centred.view())?;
        return Ok(((sum_of_squares(centred.view()), values, rows), Solver::SingularVectors));
    }
    let found = if n >= d { by_tall_gram(x, mean)? } else { by_wide_gram(centred(x, mean).view())? };
    Ok((found, Solver::Gram))
}

/// By the eigenvectors of `(x - m)'(x - m)`; no more than one block of rows for each thread is copied.
fn by_tall_gram<V: Copy + Into<f64> + Sync>(x: ArrayView2<'_, V>, mean: &Array1<f64>) -> Result<Decomposed> {
    let blocks: Vec<ArrayView2<'_, V>> = x.axis_chunks_iter(Axis(0), BLOCK).collect();
    let mut gram = Array2::zeros((x.ncols(), x.ncols()));
    for together in blocks.chunks(rayon::current_num_threads().max(1)) {
        let product = |block: &ArrayView2<'_, V>| {
            let block = centred(block.view(), mean);
            block.t().dot(&block)
        };
        let products: Vec<Array2<f64>> = together.par_iter().map(product).collect();
        products.iter().for_each(|product| gram += product);
    }
    let (singular, vectors) = descending(gram.view())?;
    Ok((gram.diag().sum(), singular, vectors.reversed_axes()))
}

/// By the eigenvectors `u` of `xx'` of a centred matrix: the right ones are `x'u / s`. Of no variance there is no
/// direction, and the row stays 0.
fn by_wide_gram(x: ArrayView2<'_, f64>) -> Result<Decomposed> {
    let (singular, vectors) = descending(x.dot(&x.t()).view())?;
    let mut right = vectors.t().dot(&x);
    for mut row in right.rows_mut() {
        let length = row.dot(&row).sqrt();
        row.mapv_inplace(|v| if length > 0.0 { v / length } else { 0.0 });
    }
    Ok((sum_of_squares(x), singular, right))
}

/// Roots of the eigenvalues, largest first, and the eigenvectors as columns.
fn descending(gram: ArrayView2<'_, f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let (values, vectors) = symmetric_eigen(gram)?;
    let singular = values.iter().rev().map(|v| v.max(0.0).sqrt()).collect();
    Ok((singular, vectors.slice(s![.., ..;-1]).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::column_means;
    use super::*;

    fn matrix(n: usize, d: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, d), |(i, j)| {
            let (i, j) = (i as f64, j as f64);
            (i * 0.37 + j).sin() * 3.0 / (1.0 + j) + (i * j * 1.7 + 0.3).cos()
        })
    }

    #[test]
    fn both_ways_agree_for_tall_and_wide_matrices() {
        for (n, d) in [(60, 9), (9, 60), (9000, 4)] {
            let x = matrix(n, d);
            let mean = column_means(x.view());
            let centred = centred(x.view(), &mean);
            let (direct, rows) = right_singular(centred.view()).unwrap();
            let (total, gram, others) =
                if n > d { by_tall_gram(x.view(), &mean) } else { by_wide_gram(centred.view()) }.unwrap();
            assert!((total - direct.mapv(|s| s * s).sum()).abs() < 1e-9 * total);
            for k in 0..n.min(d) - 1 {
                assert!((direct[k] - gram[k]).abs() < 1e-9 * direct[0], "{n} x {d}: value {k}");
                let cosine = rows.row(k).dot(&others.row(k)).abs();
                assert!((cosine - 1.0).abs() < 1e-9, "{n} x {d}: vector {k}: {cosine}");
            }
        }
    }
}
