//! Singular values and eigenvectors, computed on one thread so that a result does not depend on how many there are.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Mat, MatMut, MatRef, Par};
use ndarray::{Array1, Array2, ArrayView2};

use crate::{Error, Result};

/// Eigenvalues of a symmetric matrix in ascending order, and the eigenvectors as columns. Only the lower triangle is
/// read.
pub(crate) fn symmetric_eigen(matrix: ArrayView2<'_, f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let mut vectors = Mat::<f64>::zeros(matrix.nrows(), matrix.nrows());
    let values = eigenvalues(matrix, Some(vectors.as_mut()))?;
    Ok((values, to_array(vectors.as_ref())))
}

/// The eigenvalues alone, in a fraction of the time.
pub(crate) fn symmetric_eigenvalues(matrix: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
    eigenvalues(matrix, None)
}

fn eigenvalues(matrix: ArrayView2<'_, f64>, vectors: Option<MatMut<'_, f64>>) -> Result<Array1<f64>> {
    let n = matrix.nrows();
    let from = Mat::<f64>::from_fn(n, n, |i, j| matrix[[i, j]]);
    let mut values = Diag::<f64>::zeros(n);
    let wanted = if vectors.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let need = self_adjoint_evd_scratch::<f64>(n, wanted, Par::Seq, Default::default());
    let mut buffer = MemBuffer::new(need);
    self_adjoint_evd(from.as_ref(), values.as_mut(), vectors, Par::Seq, MemStack::new(&mut buffer), Default::default())
        .map_err(|_| not_converged("eigenvalues", n, n))?;
    Ok(Array1::from_shape_fn(n, |i| values.column_vector()[i]))
}

/// Singular values of a matrix (`m x n`) in descending order, and the right singular vectors as rows,
/// `min(m, n) x n`.
pub(crate) fn right_singular(matrix: ArrayView2<'_, f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let (m, n) = matrix.dim();
    let size = m.min(n);
    let from = Mat::<f64>::from_fn(m, n, |i, j| matrix[[i, j]]);
    let (mut values, mut vectors) = (Diag::<f64>::zeros(size), Mat::<f64>::zeros(n, size));
    let (left, right) = (ComputeSvdVectors::No, ComputeSvdVectors::Thin);
    let mut buffer = MemBuffer::new(svd_scratch::<f64>(m, n, left, right, Par::Seq, Default::default()));
    let (s, v) = (values.as_mut(), Some(vectors.as_mut()));
    svd(from.as_ref(), s, None, v, Par::Seq, MemStack::new(&mut buffer), Default::default())
        .map_err(|_| not_converged("singular values", m, n))?;
    let values = Array1::from_shape_fn(size, |i| values.column_vector()[i]);
    Ok((values, to_array(vectors.as_ref()).reversed_axes()))
}

/// The symmetric power `A^p` of a symmetric positive definite matrix.
pub(crate) fn symmetric_power(matrix: ArrayView2<'_, f64>, power: f64) -> Result<Array2<f64>> {
    let (values, vectors) = symmetric_eigen(matrix)?;
    if let Some(value) = values.iter().find(|v| **v <= 0.0 || v.is_nan()) {
        return Err(Error::new(format!("an eigenvalue is {value}: the matrix is not positive definite"))
            .fix("add a positive number to its diagonal"));
    }
    Ok((&vectors * &values.mapv(|v| v.powf(power))).dot(&vectors.t()))
}

fn to_array(matrix: MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |(i, j)| matrix[(i, j)])
}

fn not_converged(what: &str, m: usize, n: usize) -> Error {
    Error::new(format!("the {what} of a {m} x {n} matrix did not converge")).fix("check it for extreme values")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_power_of_a_symmetric_matrix_multiplies_back_to_it() {
        let a = array![[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]];
        let root = symmetric_power(a.view(), 0.5).unwrap();
        let inverse = symmetric_power(a.view(), -1.0).unwrap();
        assert!((&root.dot(&root) - &a).iter().all(|v| v.abs() < 1e-12));
        assert!((&inverse.dot(&a) - &Array2::<f64>::eye(3)).iter().all(|v| v.abs() < 1e-12));
        assert!(symmetric_power(array![[0.0]].view(), -0.5).is_err());
        let (alone, (values, _)) = (symmetric_eigenvalues(a.view()).unwrap(), symmetric_eigen(a.view()).unwrap());
        assert!((&alone - &values).iter().all(|v| v.abs() < 1e-12));
    }

    #[test]
    fn right_singular_vectors_diagonalise_the_gram_matrix() {
        for (m, n) in [(7, 4), (4, 7), (5, 5), (1, 3), (3, 1)] {
            let a = Array2::from_shape_fn((m, n), |(i, j)| ((i * 5 + j * 3) % 7) as f64 - 2.5);
            let (s, v) = right_singular(a.view()).unwrap();
            assert_eq!((s.len(), v.dim()), (m.min(n), (m.min(n), n)));
            let gram = v.dot(&a.t()).dot(&a).dot(&v.t());
            for ((i, j), value) in gram.indexed_iter() {
                let want = if i == j { s[i] * s[i] } else { 0.0 };
                assert!((value - want).abs() < 1e-9, "{m} x {n}: {i}, {j}: {value} for {want}");
            }
        }
    }
}
