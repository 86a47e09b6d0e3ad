//! The probabilistic sense check of the proximity-bias filter (Appendix A, Figure 6): if the prior on the means of genes
//! says that rows are centred, raising the density lowers the common part of the rows; under a plain prior it does not.
//!
//! ```text
//! M' = M + p_w tanh(theta),        M: genes x d
//! H  = (1 + eps) I - O / n,        H^-1 = I / (1 + eps) + O / (eps n (1 + eps)),   O all ones
//! objective_H = tr(M'^T H^-1 M'),  objective_I = |M'|^2,   both lowered by Adam on theta
//! ln density  = -objective / 2 - n d ln(2 pi) / 2 - d ln det K / 2,   ln det H = (n - 1) ln(1 + eps) + ln eps
//! ```

use std::f64::consts::PI;

use burn::module::{Module, Param};
use burn::tensor::backend::Backend as Burn;

use crate::tensor::{Backend, Tensor};

/// The prior on the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowPrior {
    /// Independent rows.
    Identity,
    /// Centred rows, with `eps` on the diagonal.
    Centred {
        /// What keeps the covariance invertible.
        epsilon: f64,
    },
}

impl RowPrior {
    /// The inverse of the covariance times `m`, rows x d.
    pub fn solve(self, m: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Identity => m,
            Self::Centred { epsilon } => {
                // O m / n has the mean row in every row.
                let mean = m.clone().mean_dim(0);
                m / (1.0 + epsilon) + mean / (epsilon * (1.0 + epsilon))
            }
        }
    }

    /// `tr(m^T K^-1 m)`.
    pub fn objective(self, m: Tensor<2>) -> Tensor<1> {
        (m.clone() * self.solve(m)).sum()
    }

    /// The log density of a matrix normal distribution at a matrix of `rows x dims` with this objective.
    pub fn log_density(self, objective: f64, rows: usize, dims: usize) -> f64 {
        let (n, d) = (rows as f64, dims as f64);
        let log_det = match self {
            Self::Identity => 0.0,
            Self::Centred { epsilon } => (n - 1.0) * epsilon.ln_1p() + epsilon.ln(),
        };
        -0.5 * objective - 0.5 * n * d * (2.0 * PI).ln() - 0.5 * d * log_det
    }
}

/// The shift of the means: `p_w tanh(theta)`.
#[derive(Module, Debug)]
pub struct Shift<B: Burn = Backend> {
    /// `genes x d`.
    pub theta: Param<burn::Tensor<B, 2>>,
    weight: f64,
}

impl Shift {
    /// A shift of at most `weight`.
    pub fn new(theta: Tensor<2>, weight: f64) -> Self {
        Self { theta: Param::from_tensor(theta), weight }
    }

    /// `m` shifted.
    pub fn of(&self, m: Tensor<2>) -> Tensor<2> {
        m + self.theta.val().tanh() * self.weight
    }
}

/// The mean of the products of different rows over d, as they are and with each row's own mean taken off: how much the
/// rows have in common.
pub fn common_part(m: Tensor<2>) -> [f64; 2] {
    let own = m.clone().mean_dim(1);
    [m.clone(), m - own].map(|m| {
        let [n, d] = m.dims();
        let all = m.clone().sum_dim(0).powi_scalar(2).sum();
        let same = m.powi_scalar(2).sum();
        f64::from((all - same).into_scalar()) / (n * (n - 1) * d) as f64
    })
}
