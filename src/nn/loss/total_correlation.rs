//! What two groups of columns share if they were jointly normal: their mutual information, twice.
//!
//! ```text
//! TC = ln det C_z + ln det C_s - ln det C,    C = centred second moments of [z, s], divided by n
//! ```
//!
//! Elimination of the rows of `z` leaves the covariance of `s` given `z`, and the pivots met on the way are those of
//! `C_z`. So `TC` is the sum of the logarithms of the pivots of `C_s` less those of `C_s|z`; the pivots are what
//! Cholesky's factor has on its diagonal, squared.

use crate::tensor::{Tensor, cat, product};
use crate::{Error, Result};

/// The total correlation of `n x p` and `n x q`, one number, in nats (an option of Multi-ContrastiveVAE's reference
/// code).
///
/// ```
/// use perturbook::nn::loss::total_correlation;
/// use perturbook::tensor::{Tensor, cpu};
///
/// let z = Tensor::<2>::from_floats([[1.0], [-1.0], [1.0], [-1.0]], &cpu());
/// let s = Tensor::<2>::from_floats([[1.0], [1.0], [1.0], [-3.0]], &cpu());
/// let shared = total_correlation(z, s)?.into_scalar();
/// assert!((shared - 1.5f32.ln()).abs() < 1e-6); // -ln(1 - r^2) with r^2 = 1/3
/// # Ok::<(), perturbook::Error>(())
/// ```
///
/// # Errors
/// When a part has no column, or there are not more rows than columns in all: the covariance has no inverse then.
pub fn total_correlation(z: Tensor<2>, s: Tensor<2>) -> Result<Tensor<1>> {
    let ([n, p], [rows, q]) = (z.dims(), s.dims());
    if n != rows || n <= p + q || p == 0 || q == 0 {
        return Err(Error::new(format!("{p} + {q} columns of {n} and {rows} rows have no joint covariance to invert"))
            .fix("give both parts the same rows, and more rows than columns"));
    }
    let both = cat(vec![z, s], 1);
    let centred = both.clone() - both.mean_dim(0);
    let moments = product(centred.clone().transpose(), centred) * (1.0 / n as f64);
    let own = moments.clone().slice([p..p + q, p..p + q]);
    let conditional = (0..p).fold(moments, |rest, _| eliminated(rest).1);
    Ok(log_determinant(own) - log_determinant(conditional))
}

/// The first pivot of a square matrix, `1 x 1`, and what its elimination leaves of the others.
fn eliminated(matrix: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let d = matrix.dims()[0];
    let pivot = matrix.clone().slice([0..1, 0..1]);
    let (column, row) = (matrix.clone().slice([1..d, 0..1]), matrix.clone().slice([0..1, 1..d]));
    let rest = matrix.slice([1..d, 1..d]) - column * (row / pivot.clone());
    (pivot, rest)
}

/// The logarithm of the determinant of a positive definite matrix.
fn log_determinant(mut matrix: Tensor<2>) -> Tensor<1> {
    let mut pivots = Vec::new();
    while matrix.dims()[0] > 1 {
        let (pivot, rest) = eliminated(matrix);
        pivots.push(pivot);
        matrix = rest;
    }
    pivots.push(matrix);
    cat(pivots, 0).log().sum()
}
