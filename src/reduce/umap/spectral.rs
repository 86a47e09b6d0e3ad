//! Coordinates from the graph itself: the smoothest functions on it.
//!
//! The eigenvectors of the normalised Laplacian `L = I - D^(-1/2) W D^(-1/2)` with the smallest eigenvalues, without the
//! first one, which is `D^(1/2) 1` with eigenvalue 0. They are found by the Lanczos method on `I - L` with full
//! reorthogonalisation, from a seeded start.

use faer::{Mat, Side};
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

use super::FuzzyGraph;
use crate::reduce::metric::{dot, norm};
use crate::{Error, Result};

/// Residual `|L v - lambda v|` at which an eigenvector is good enough.
const RESIDUAL: f64 = 1e-7;
/// Steps between two looks at the residuals, and at most.
const BETWEEN: usize = 20;
const STEPS: usize = 600;
/// Numbers that the directions found so far may take together (1 GB).
const NUMBERS: usize = 1 << 27;

/// Smooth functions on a graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Eigenvalues of the normalised Laplacian, ascending, without the first (0).
    pub eigenvalues: Vec<f64>,
    /// Their eigenvectors of length 1, `n x count`; the entry that is largest in size is positive.
    pub vectors: Array2<f64>,
    /// The largest residual `|L v - lambda v|`.
    pub residual: f64,
}

impl FuzzyGraph {
    /// The `count` smallest eigenvalues of the normalised Laplacian after the first, with their eigenvectors.
    ///
    /// In a graph of several components further eigenvalues are 0, and their eigenvectors only tell components apart.
    ///
    /// # Errors
    /// When `count` is 0, the graph has a point without an edge or not more than `count` points, or the iteration fails.
    pub fn spectrum(&self, count: usize, seed: u64) -> Result<Spectrum> {
        let n = self.len();
        if count == 0 || count >= n {
            return Err(Error::new(format!("a graph of {n} points has no {count} eigenvectors besides the first"))
                .at("spectrum")
                .fix(format!("ask for 1 to {}", n.saturating_sub(1))));
        }
        let degrees: Vec<f64> = (0..n).map(|i| self.row(i).1.iter().sum()).collect();
        if let Some(alone) = degrees.iter().position(|&degree| degree <= 0.0) {
            return Err(Error::new("a point of the graph has no edge").at(format!("row {alone}")));
        }
        let scale: Vec<f64> = degrees.iter().map(|degree| degree.sqrt().recip()).collect();
        let mut first: Vec<f64> = degrees.iter().map(|degree| degree.sqrt()).collect();
        normalise(&mut first);

        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut next: Vec<f64> = (0..n).map(|_| rng.sample(StandardNormal)).collect();
        let mut basis = vec![first];
        let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
        let most = STEPS.min(NUMBERS / n).max(4 * count).min(n - 1);
        orthogonalise(&mut next, &basis);
        normalise(&mut next);
        loop {
            let mut product = self.smooth(&scale, &next);
            diagonal.push(dot(&product, &next));
            basis.push(next);
            orthogonalise(&mut product, &basis);
            let length = normalise(&mut product);
            let step = diagonal.len();
            let ended = step >= most || length < 1e-12;
            if (step >= count && step % BETWEEN == 0) || ended {
                let (values, weights) = tridiagonal(&diagonal, &beside)?;
                let residual = (0..count.min(step)).map(|k| (length * weights[(step - 1, step - 1 - k)]).abs());
                let residual = residual.fold(0.0, f64::max);
                if residual < RESIDUAL || ended {
                    return combined(&basis[1..], &values, &weights, count, residual);
                }
            }
            beside.push(length);
            next = product;
        }
    }

    /// `D^(-1/2) W D^(-1/2) v`.
    fn smooth(&self, scale: &[f64], v: &[f64]) -> Vec<f64> {
        let entry = |i: usize| {
            let (columns, weights) = self.row(i);
            let sum: f64 = columns.iter().zip(weights).map(|(&j, w)| w * scale[j as usize] * v[j as usize]).sum();
            scale[i] * sum
        };
        (0..self.len()).into_par_iter().map(entry).collect()
    }
}

/// Eigenvalues (ascending) and eigenvectors (columns) of the symmetric tridiagonal matrix.
fn tridiagonal(diagonal: &[f64], beside: &[f64]) -> Result<(Vec<f64>, Mat<f64>)> {
    let m = diagonal.len();
    let matrix = Mat::from_fn(m, m, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let eigen = matrix
        .self_adjoint_eigen(Side::Lower)
        .map_err(|e| Error::new(format!("the eigenvectors of the graph were not found: {e:?}")).at("spectrum"))?;
    let values = (0..m).map(|k| eigen.S()[k]).collect();
    Ok((values, eigen.U().to_owned()))
}

/// The eigenvectors of the graph from those of the tridiagonal matrix.
fn combined(basis: &[Vec<f64>], values: &[f64], weights: &Mat<f64>, count: usize, residual: f64) -> Result<Spectrum> {
    let (m, n) = (basis.len(), basis[0].len());
    if m < count {
        return Err(Error::new(format!("only {m} eigenvectors of the graph were found")).at("spectrum"));
    }
    let mut vectors = Array2::<f64>::zeros((n, count));
    for (k, mut column) in vectors.columns_mut().into_iter().enumerate() {
        for (step, direction) in basis.iter().enumerate() {
            let weight = weights[(step, m - 1 - k)];
            column.iter_mut().zip(direction).for_each(|(to, v)| *to += weight * v);
        }
        let largest = column.iter().copied().fold(0.0, |most: f64, v| if v.abs() > most.abs() { v } else { most });
        if largest < 0.0 {
            column.mapv_inplace(|v| -v);
        }
    }
    Ok(Spectrum { eigenvalues: (0..count).map(|k| 1.0 - values[m - 1 - k]).collect(), vectors, residual })
}

/// Scales to length 1 and returns the length there was.
fn normalise(v: &mut [f64]) -> f64 {
    let length = norm(v);
    if length > 0.0 {
        v.iter_mut().for_each(|v| *v /= length);
    }
    length
}

/// Removes the parts along the orthonormal `basis`, twice, for the sake of rounding.
fn orthogonalise(v: &mut [f64], basis: &[Vec<f64>]) {
    for _ in 0..2 {
        for direction in basis {
            let along = dot(v, direction);
            v.iter_mut().zip(direction).for_each(|(v, d)| *v -= along * d);
        }
    }
}
